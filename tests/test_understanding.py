"""Question + history -> query."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from askalms.corpus import load_topics
from askalms.datatypes import Question, Topic
from askalms.texts import load_data
from askalms.understanding import Understanding, courtesy, find_mentions, is_other_language, understand
from askalms.words import fold, words_of

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
    [
        "ALS",
        "als",
        "amyotrophic lateral sclerosis",
        "amiotrophic latteral sclerosis",
        "Lou Gerigs disease",
        "lou gehrigs",
        "MND",
    ],
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


@pytest.mark.parametrize("text", ["heart disease", "Can they get a heart disease?", "chart disease"])
def test_another_word_of_english_is_no_slip_of_a_name(topics: Mapping[str, Topic], text: str):
    """Heart disease is two letters from Charcot disease, another name of ALS; nobody means that by it."""
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
    assert understood.sides[1].text == "Which is rarer, Alström syndrome?"


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Do both ALS and ALMS run in families?", "does {} run in families?"),
        ("At what age does ALS begin, and when does Alström begin?", "At what age does {} begin?"),
        ("Which gene causes ALS and which gene causes Alström syndrome?", "Which gene causes {}?"),
        ("Do ALS and Alström syndrome affect hearing differently?", "Do {} affect hearing?"),
        ("Which is more painful, ALS or Alström?", "how painful is {}?"),
        ("What is the difference between ALS and Alström syndrome?", "what is {}?"),
        ("What do ALS and Alström have in common?", "what is {}?"),
        ("How do ALS and Alström syndrome differ?", "what is {}?"),
        ("How are Lou Gehrig's disease and Alström different?", "what is {}?"),
        ("Is ALS the same as Alström syndrome?", "What is {}?"),
        ("Is ALS more painful than Alström?", "Is {} more painful?"),
        ("Compared with ALS, how painful is Alström?", "how painful is {}?"),
        ("Where do people with ALS live compared to people with ALMS?", "Where do people with {} live?"),
        ("Is ALS, unlike Alström syndrome, a disease of adults?", "Is {} a disease of adults?"),
        ("Can ALS be inherited, or can Alström syndrome?", "Can {} be inherited?"),
    ],
)
def test_each_side_of_a_comparison_is_asked_about_alone(topics: Mapping[str, Topic], question: str, asked: str):
    """The same question with one disease in it, by its full name, and no word left that sets them side by side."""
    sides = {side.topics: side.text for side in _understood(topics, question).sides}
    names = {(ALS,): "amyotrophic lateral sclerosis (ALS)", (ALSTROM,): "Alström syndrome"}
    assert sides == {topic: asked.format(name) for topic, name in names.items()}


def test_a_comparison_of_three_has_three_sides(topics: Mapping[str, Topic]):
    """In the order in which they are named."""
    sides = _understood(topics, "Which is worse, ALS or Usher syndrome or Alström syndrome?").sides
    assert [side.topics for side in sides] == [(ALS,), ("usher-syndrome",), (ALSTROM,)]
    for side in sides:
        assert {m.topic_id for m in find_mentions(side.text, topics)} == set(side.topics)


def test_one_disease_has_no_sides(topics: Mapping[str, Topic]):
    """There is nothing to set beside it, however often it is named."""
    assert _understood(topics, "Is ALS, also called Lou Gehrig's disease, inherited?").sides == ()
    assert _understood(topics, "Is it inherited or not?").sides == ()


def test_a_disease_taken_for_another_is_set_beside_it(topics: Mapping[str, Topic]):
    """The one that is meant, but not named, gets its say."""
    understood = _understood(topics, "Is Alström syndrome short for something?")
    assert [side.topics for side in understood.sides] == [(ALSTROM,), (ALS,)]


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


# --- everyday words


@pytest.mark.parametrize(
    ("question", "clinical"),
    [
        ("Why does she have dancing eyes?", {"nystagmus", "ocular"}),
        ("DANCING EYES", {"nystagmus", "ocular"}),
        ("Is nystagmus the same as dancing eyes?", {"ocular"}),
        ("Is he sensitive to light?", {"photophobia"}),
        ("An eyesore, a conveyed light", set()),
        ("Why does she like to dance? Eyes", {"ocular"}),
        ("", set()),
    ],
)
def test_everyday_words_are_searched_for_as_pages_write_them(
    topics: Mapping[str, Topic], question: str, clinical: set[str]
):
    """Whole phrases only; no word that was typed, and none that the corpus lacks ("light sensitivity")."""
    words = {**WORDS, **dict.fromkeys(["nystagmus", "photophobia", "ocular", "light"], 1)}
    query = understand(Question(question), topics, words).query
    assert set(query.clinical) == clinical
    assert len(query.clinical) == len(clinical)


def test_words_that_the_corpus_lacks_are_not_searched_for(topics: Mapping[str, Topic]):
    """They would find nothing."""
    assert understand(Question("Why does she have dancing eyes?"), topics, {}).query.clinical == ()


def test_the_list_of_everyday_words_is_well_formed():
    """At least 200 phrases, each once, of one to four words in small letters, and something to say for each."""
    pairs = [pair for table in load_data("lay_words").values() for pair in table.items()]
    phrases = [" ".join(words_of(phrase)) for phrase, _ in pairs]
    assert len(pairs) >= 200
    assert sorted(set(phrases)) == sorted(phrases)
    assert [phrase for phrase, _ in pairs] == phrases
    assert all(1 <= len(phrase.split()) <= 4 for phrase in phrases)
    for phrase, terms in pairs:
        assert isinstance(terms, list)
        assert terms, phrase
        assert len(set(terms)) == len(terms), phrase
        assert all(term == term.lower().strip() and words_of(term) and fold(term) != phrase for term in terms), phrase


# --- languages


@pytest.mark.parametrize(
    "text",
    [
        "Ist das Alström-Syndrom heilbar und wer kann uns helfen?",
        "Meine Tochter hört schlecht. Wird das noch schlimmer?",
        "¿Es contagioso el síndrome de Alström?",
        "Mi hija no oye bien, ¿qué hago?",
        "Le syndrome d'Alström est-il contagieux ?",
        "Pourquoi ma fille a-t-elle toujours faim ?",
        "La malattia di Alström è contagiosa? Mia figlia non sente",
        "Is het syndroom van Alström besmettelijk? Mijn dochter is moe",
        "アルストレム症候群はうつりますか",
        "阿尔斯特伦综合征会传染吗",
        "Заразен ли синдром Альстрёма?",
        "هل متلازمة ألستروم معدية؟",
        "알스트롬 증후군은 전염되나요",
    ],
)
def test_other_languages_are_noticed(text: str):
    """Whatever the script, and though the disease is named."""
    assert is_other_language(text, WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "is almstrom contajous",
        "wat helps agenst the tirednes",
        "my dauhgter cant here anymoar pls help",
        "ths is hrd 2 typ wth one hand",
        "DCM hypertriglyceridaemia NAFLD acanthosis nigricans",
        "cone-rod dystrophy nystagmus ERG",
        "ALMS1 c.10775delC p.Thr3592fs",
        "MI risk",
        "Alström",
        "amyotrophic",
        "Does Dr. de la Cruz in La Paz know ALS?",
        "What does a 'déjà vu' have to do with it?",
        "Is α-synuclein part of it?",
        "Is 病 the sign for illness?",
        "",
        "?",
        "12345",
        "🙂🙂🙂",
    ],
)
def test_english_is_english_however_it_is_typed(text: str):
    """Slips, clinical terms, names, a foreign word, and what has no language."""
    assert not is_other_language(text, {})


def test_no_question_of_the_training_is_another_language():
    """Of 2,000 questions none is sent away, even where the corpus knows none of its words."""
    with (Path(__file__).parents[1] / "training" / "questions.jsonl").open(encoding="utf-8") as file:
        questions = [json.loads(line)["question"] for line, _ in zip(file, range(2000), strict=False)]
    assert len(questions) == 2000
    assert [q for q in questions if is_other_language(q, {})] == []


# --- what was said before


@pytest.mark.parametrize(
    "text",
    [
        "And for girls?",
        "And the one that starts in the throat?",
        "what about the mild sort",
        "Also at night?",
        "How about for women?",
    ],
)
def test_a_fragment_takes_the_question_before_with_it(topics: Mapping[str, Topic], text: str):
    """Nothing is asked in it, so what was asked before is."""
    query = _understood(topics, text, "Is ALS painful?").query
    assert query.text == f"Is ALS painful? {text}"
    assert query.topics == (ALS,)
    assert query.rewritten


def test_a_fragment_after_a_follow_up_takes_the_whole(topics: Mapping[str, Topic]):
    """What "it" was stays known."""
    query = _understood(topics, "And in boys?", "What is ALS?", "Does it hurt?").query
    assert query.text == "Does amyotrophic lateral sclerosis (ALS) hurt? And in boys?"


@pytest.mark.parametrize(
    ("text", "disease"), [("And is there a test?", ALS), ("And what is Usher syndrome?", "usher-syndrome")]
)
def test_a_whole_question_is_not_completed_though_it_opens_with_and(
    topics: Mapping[str, Topic], text: str, disease: str
):
    """It asks for itself."""
    query = _understood(topics, text, "Is ALS painful?").query
    assert (query.text, query.topics) == (text, (disease,))


@pytest.mark.parametrize("text", ["What does it look like?", "Can it be seen under a microscope?", "Where is it?"])
def test_it_without_a_disease_takes_the_question_before(topics: Mapping[str, Topic], text: str):
    """No disease was named before either, so "it" is what was asked about."""
    understood = _understood(topics, text, "Why do cilia matter?")
    assert understood.query.text == f"Why do cilia matter? {text}"
    assert understood.query.topics == ()
    assert understood.ask_back == ()


def test_it_that_means_nothing_takes_no_disease(topics: Mapping[str, Topic]):
    """In "is it safe to", "it" is no disease."""
    text = "Is it safe to fly?"
    query = _understood(topics, text, "What is ALS?").query
    assert (query.text, query.topics) == (text, (ALS,))


def test_it_after_two_diseases_means_both(topics: Mapping[str, Topic]):
    """The person said no more than that."""
    understood = _understood(topics, "Is it inherited?", "Are ALS and Alström syndrome painful?")
    assert [side.topics for side in understood.sides] == [(ALS,), (ALSTROM,)]


def test_only_the_last_disease_is_carried(topics: Mapping[str, Topic]):
    """The one before it is no longer spoken of."""
    assert _understood(topics, "Is it inherited?", "What is ALS?", "What is Alström?").query.topics == (ALSTROM,)


# --- what people really type


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("is ther a tretment for blindnes", "is the a treatment for blindness"),
        ("is alström heriditary", "is alström hereditary"),
        ("peple are diffrent", "people are different"),
    ],
)
def test_words_that_the_corpus_lacks_are_mended_to_english_ones(topics: Mapping[str, Topic], typed: str, meant: str):
    """The fewest slips count first, then how common a word is."""
    assert _understood(topics, typed).query.text == meant


@pytest.mark.parametrize(
    ("before", "after", "meant"),
    [
        (
            "How is ALS inherited?",
            "what about alström then, does that go the same way?",
            "How is Alström syndrome inherited?",
        ),
        (
            "How many people have ALS?",
            "oh sorry wrong illness. meant alström",
            "How many people have Alström syndrome?",
        ),
        ("How many people have ALS?", "And what is alström?", "And what is alström?"),
    ],
)
def test_a_question_is_asked_again_about_another_disease(
    topics: Mapping[str, Topic], before: str, after: str, meant: str
):
    """If nothing else is asked of it."""
    assert _understood(topics, after, before).query.text == meant


@pytest.mark.parametrize("question", ["hyperphagia - what does that mean", "What are cilia and where are they found?"])
def test_that_may_stand_for_a_rare_word_before_it(topics: Mapping[str, Topic], question: str):
    """So there is no need to ask back."""
    assert _understood(topics, question).ask_back == ()


@pytest.mark.parametrize("question", ["is it inherited?", "how common is it?"])
def test_it_alone_is_asked_back(topics: Mapping[str, Topic], question: str):
    """Nobody can tell what it is."""
    assert _understood(topics, question).ask_back


@pytest.mark.parametrize(
    "question",
    [
        "What is ALS / ALMS?",
        "they told us it is ALS or ALMS, I did not catch it",
        "how long do people live with the als/alms thing",
        "The letter says ALS, but she's 4 and hardly sees.",
    ],
)
def test_one_name_or_the_other_is_asked_back(topics: Mapping[str, Topic], question: str):
    """To guess would be to speak of the wrong disease half of the time."""
    assert set(_understood(topics, question).ask_back) == {ALSTROM, ALS}


def test_one_name_or_the_other_is_asked_back_in_later_turns_as_well(topics: Mapping[str, Topic]):
    """Until one of them is named."""
    heard = "on the phone I heard ALS or ALMS"
    assert _understood(topics, "do you get it from your parents?", heard).ask_back
    assert not _understood(topics, "it was ALMS. do you get it from your parents?", heard).ask_back


@pytest.mark.parametrize("question", ["Is ALS or ALMS more common?", "Is ALS/ALMS the same as Alström syndrome?"])
def test_a_comparison_is_not_asked_back(topics: Mapping[str, Topic], question: str):
    """It is about both."""
    assert _understood(topics, question).ask_back == ()


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("nan has ALS, not the Alstrom one. is it in our blood?", (ALS,)),
        ("my sister has multiple sclerosis NOT als", ("multiple-sclerosis",)),
        ("why is it not ALS?", (ALS,)),
    ],
)
def test_what_it_is_not_is_not_asked_about(topics: Mapping[str, Topic], question: str, named: tuple[str, ...]):
    """Unless nothing else is named."""
    assert _understood(topics, question).query.topics == named


# --- greetings and thanks


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "Hi!",
        "Good morning",
        "good mornig",
        "helo",
        "hellooo",
        "Hello, how are you?",
        "hi all",
        "hi AskALMS",
        "hi :)",
    ],
)
def test_a_greeting_is_known(text: str):
    """Slips and smileys are forgiven."""
    assert courtesy(text) == "greeting"


@pytest.mark.parametrize(
    "text",
    [
        "thanks",
        "thx",
        "thnaks",
        "tahnk you",
        "Thank you so much!!",
        "ok thanks",
        "ok",
        "no thanks",
        "great, thank you",
        "thanks 🙏",
        "Thank you very much for your help",
        "thanks a lot, that was very helpful",
        "I am so grateful",
        "hello and thanks",
        "cheers",
        "THANK YOU",
    ],
)
def test_thanks_are_known(text: str):
    """With a greeting beside them as well."""
    assert courtesy(text) == "thanks"


@pytest.mark.parametrize(
    "text",
    [
        "hello, is it inherited?",
        "hi my son has ALMS",
        "thanks, and the heart?",
        "thank you. What is ALS?",
        "hello help",
        "please help",
        "good morning, my son cannot see",
        "how are you treated",
        "how are people diagnosed",
        "thanks for nothing",
        "hello Alström",
        "hi als",
        "morning stiffness",
        "good",
        "you",
        "hello 你好",
        "hell",
        "thankless",
        "so much pain",
        "ok is it inherited",
        "am i ok",
        "are we ok",
        "is it ok",
        "I see",
        "hearing",
        "goodbye forever",
        "goodbye everybody, thank you for everything",
        "who are you",
        "",
        "?",
        "🙏",
        "thank " * 50,
    ],
)
def test_what_may_ask_something_is_no_courtesy(text: str):
    """One other word is enough."""
    assert courtesy(text) == ""


# --- as typed


def _as_typed(topics: Mapping[str, Topic], text: str) -> Understanding:
    return understand(Question(text, ("What is ALS?",)), topics, WORDS, as_typed=True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("is almstrom inherrited", (ALSTROM,)),
        ("does alms give kids wobbly eyes", (ALSTROM,)),
        ("what is  ALS", (ALS,)),
        ("wat is usher syndrom", ("usher-syndrome",)),
        ("what are the kidnees for", ()),
        ("and the kidneys?", ()),
    ],
)
def test_words_are_searched_for_as_they_were_typed(topics: Mapping[str, Topic], text: str, named: tuple[str, ...]):
    """No word is mended, added or taken from earlier turns; the diseases named are found as always."""
    query = _as_typed(topics, text).query
    plain = " ".join(text.split())
    assert (query.text, query.spelled_out, query.clinical, query.rewritten) == (plain, plain, (), False)
    assert query.topics == named


def test_what_is_asked_back_is_asked_back_as_typed_as_well(topics: Mapping[str, Topic]):
    """A name between two diseases stays unclear; without the turns before, so does "it"."""
    assert set(_as_typed(topics, "what is the ALS1 gene").ask_back) == {ALSTROM, ALS}
    assert set(_as_typed(topics, "Is it inherited?").ask_back) == {ALSTROM, ALS}


def test_a_comparison_as_typed_asks_about_each_side(topics: Mapping[str, Topic]):
    """Each disease has its own pages, so each needs a question of its own; its other words stay as typed."""
    understood = _as_typed(topics, "Do alms and ALS harm the kidnees?")
    assert understood.query.text == "Do alms and ALS harm the kidnees?"
    assert [side.topics for side in understood.sides] == [(ALSTROM,), (ALS,)]
    assert all("kidnees" in side.text for side in understood.sides)


@pytest.mark.parametrize("as_typed", [False, True])
@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Is Miller syndrome inherited?", True),
        ("is millr sindrome inherrited", True),
        ("Is Usher syndrome inherited?", False),
        ("Is the disease inherited?", False),
    ],
)
def test_a_disease_without_a_topic_is_noticed(topics: Mapping[str, Topic], text: str, unknown: bool, as_typed: bool):
    """However it is spelled, and whether or not the spelling is mended for the search."""
    words = {**WORDS, "syndrome": 9}
    assert understand(Question(text), topics, words, as_typed=as_typed).unknown_disease is unknown
