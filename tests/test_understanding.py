"""Question + history -> query."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from askalms.corpus import load_topics
from askalms.datatypes import Question, Topic
from askalms.understanding import Understanding, find_mentions, understand

ALSTROM = "alstrom-syndrome"
ALS = "amyotrophic-lateral-sclerosis"
WORDS = dict.fromkeys(["inherited", "cilia", "primary", "kidneys", "hearing", "carriers", "diabetes"], 3)


@pytest.fixture(scope="module")
def topics(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Topic]:
    """The built-in topics, and a page's own."""
    own = [
        Topic("usher-syndrome", "Usher syndrome", ("Usher syndrome",)),
        Topic("usher-syndrome-type-1b", "Usher syndrome, type 1B", ("Usher syndrome, type 1B",)),
    ]
    folder: Path = tmp_path_factory.mktemp("corpus")
    return {**load_topics(folder), **{t.topic_id: t for t in own}}


def _understood(topics: Mapping[str, Topic], text: str, *history: str) -> Understanding:
    return understand(Question(text, history), topics, WORDS)


@pytest.mark.parametrize(
    "name",
    [
        "Alström",
        "alstrom",
        "ALSTROEM",
        "alstroms",
        "almstrom",
        "Alstrm",
        "alstom syndrom",
        "ALMS",
        "alms1",
        "Alström’s",
    ],
)
def test_spellings_of_alstrom_are_understood(topics: Mapping[str, Topic], name: str):
    """Accents, abbreviations, the gene and usual slips all mean the disease."""
    assert _understood(topics, f"what is {name}").query.topics == (ALSTROM,)


@pytest.mark.parametrize(
    "name",
    ["ALS", "als", "amyotrophic lateral sclerosis", "amiotrophic latteral sclerosis", "Lou Gerigs disease", "MND"],
)
def test_spellings_of_als_are_understood(topics: Mapping[str, Topic], name: str):
    """Its abbreviation, its other names and usual slips."""
    assert _understood(topics, f"what is {name}?").query.topics == (ALS,)


@pytest.mark.parametrize(
    "text", ["also", "all of us", "false alarm", "ask Alma", "alas", "Palms and balms", "a maelstrom"]
)
def test_other_words_are_no_disease(topics: Mapping[str, Topic], text: str):
    """Near misses in everyday English name nothing."""
    assert find_mentions(text, topics) == []


def test_the_longer_name_counts(topics: Mapping[str, Topic]):
    """A subtype is not the disease it is a type of."""
    mentions = find_mentions("Is Usher syndrome type 1B the worst?", topics)
    assert [m.topic_id for m in mentions] == ["usher-syndrome-type-1b"]


def test_two_diseases_make_a_comparison(topics: Mapping[str, Topic]):
    """Each side is to be answered."""
    understood = _understood(topics, "Which is rarer, ALS or Alström syndrome?")
    assert understood.query.topics == (ALS, ALSTROM)
    assert [side.topics for side in understood.sides] == [(ALS,), (ALSTROM,)]
    assert understood.sides[1].text == "Which is rarer, Alström syndrome or Alström syndrome?"


def test_abbreviations_are_spelled_out_for_the_encoders(topics: Mapping[str, Topic]):
    """The person sees what was typed; the encoders see the name. A gene is no abbreviation of its disease."""
    query = _understood(topics, "What is ALS?").query
    assert (query.text, query.rewritten) == ("What is ALS?", False)
    assert query.spelled_out == "What is amyotrophic lateral sclerosis (ALS)?"
    assert _understood(topics, "What is ALMS1?").query.spelled_out == "What is ALMS1?"


def test_misspelled_words_are_mended_and_told(topics: Mapping[str, Topic]):
    """Words near one of the corpus are written as there, and the person sees it."""
    query = _understood(topics, "is almstrom inherrited").query
    assert query.text == "is Alström inherited"
    assert query.rewritten


def test_a_correct_question_is_left_alone(topics: Mapping[str, Topic]):
    """British spelling and everyday words are not mended towards the corpus."""
    text = "Why does my neighbour's boy with ALS need specialised paediatric care and Mr Holstrom a colourful chair?"
    query = _understood(topics, text).query
    assert query.text == text
    assert not query.rewritten


def test_it_is_the_disease_spoken_of(topics: Mapping[str, Topic]):
    """A pronoun takes the disease of the turn before."""
    query = _understood(topics, "Is it inherited?", "What is Alström syndrome?").query
    assert query.text == "Is Alström syndrome inherited?"
    assert query.topics == (ALSTROM,)


def test_a_complete_question_is_not_added_to(topics: Mapping[str, Topic]):
    """It may still be about the disease of the turn before, which limits where it is looked up."""
    query = _understood(topics, "What are the odds for the next baby?", "Is Alström syndrome inherited?").query
    assert (query.text, query.topics, query.rewritten) == ("What are the odds for the next baby?", (ALSTROM,), False)


def test_what_about_asks_the_question_again(topics: Mapping[str, Topic]):
    """The question before, with the other disease in it."""
    query = _understood(topics, "And ALS?", "How many people have Alström syndrome?").query
    assert query.topics == (ALS,)
    assert query.text.startswith("How many people have amyotrophic lateral sclerosis")


def test_a_correction_takes_the_disease_meant(topics: Mapping[str, Topic]):
    """The disease said by mistake is forgotten."""
    query = _understood(topics, "Sorry, not ALS, I meant Alström. Is it inherited?", "I read a page on ALS").query
    assert query.topics == (ALSTROM,)


def test_it_without_a_disease_is_asked_back(topics: Mapping[str, Topic]):
    """Nothing was said before, so both diseases are offered."""
    assert set(_understood(topics, "Which gene causes it?").ask_back) == {ALSTROM, ALS}


def test_a_name_between_two_is_asked_back(topics: Mapping[str, Topic]):
    """ALS1 is one letter from ALS and one from ALMS1."""
    assert set(_understood(topics, "what is the ALS1 gene").ask_back) == {ALSTROM, ALS}


def test_als_in_a_child_is_asked_back(topics: Mapping[str, Topic]):
    """A disease of adults said of a small child may be a slip for the other."""
    assert _understood(topics, "My 4 year old has ALS, what now?").ask_back == (ALSTROM, ALS)
    assert _understood(topics, "My 4 year old has Alström, what now?").ask_back == ()
    assert _understood(topics, "My 60 year old has amyotrophic lateral sclerosis, what now?").ask_back == ()


@pytest.mark.parametrize("text", ["", "?", "🙂🙂", "\u202e\u200b", "a" * 1999, "ALS " * 400, "<b>ALS</b>"])
def test_no_text_is_too_odd(topics: Mapping[str, Topic], text: str):
    """Whatever is typed gives a query."""
    assert _understood(topics, text, text).query.text is not None
