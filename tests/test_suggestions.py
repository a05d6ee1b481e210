"""A question -> what to ask next: of the same disease, standing alone, and answered when it is asked."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from askalms.answering import Assistant
from askalms.corpus import load_corpus
from askalms.datatypes import Answer, Outcome
from askalms.embedding import Encoders
from askalms.index import innermost, open_index
from askalms.indexing import build_index
from askalms.settings import AnsweringSettings, CorpusSettings, Settings
from askalms.suggestions import MAX_SUGGESTIONS
from conftest import ToyEncoder

HOME = """---
topic: alstrom-syndrome
---
# Alström syndrome

## What does Alström syndrome do to the eyes?

Alström syndrome weakens the eyes.

## Is the sight of the eyes lost in Alström syndrome?

Alström syndrome can take the sight of the eyes.

## What are cilia?

Cilia are tiny hairs on cells.

## How old are children when it begins?

Alström syndrome begins in babies.

## Who tells them?

A nurse tells families of Alström syndrome.

## Is Usher syndrome of the eyes like Alström syndrome of the eyes?

Usher syndrome is another disease of the eyes.

## Are the eyes of Alström syndrome blue?

Where are the eyes?

## Eyes

The eyes need light.
"""
ALS = """---
topic: amyotrophic-lateral-sclerosis
---
# ALS

## What does ALS do to the eyes?

ALS spares the eyes.

## Is it a disease of the eyes?

ALS is no disease of the eyes.

## Which eyes are spared?

ALS spares both eyes.
"""
EYES = "What does Alström syndrome do to the eyes?"


@pytest.fixture
def library(tmp_path: Path, toy_encoders: Encoders, toy_settings: Settings) -> Callable[..., Assistant]:
    """Makes an assistant over pages, one that shows whatever it finds unless the threshold is set."""

    def made(*pages: str, threshold: float = 0.0) -> Assistant:
        (tmp_path / "corpus").mkdir()
        for number, page in enumerate(pages):
            (tmp_path / "corpus" / f"{number}.md").write_text(page, "utf-8")
        build_index(tmp_path / "index", load_corpus(tmp_path / "corpus", CorpusSettings()), toy_encoders, toy_settings)
        index = open_index(tmp_path / "index", toy_settings.embedding)
        chosen = replace(toy_settings, answering=AnsweringSettings(threshold=threshold, max_quotes=1))
        return Assistant(index, toy_encoders, chosen)

    return made


def test_what_to_ask_next_comes_from_headings_nearest_first(library: Callable[..., Assistant]):
    """Of the same disease: no heading of the quote, none without an answer, and none about another disease."""
    answer = library(HOME, ALS).ask(EYES)
    assert [innermost(q.heading) for q in answer.quotes] == [EYES]
    assert answer.ask_next[0] == "Is the sight of the eyes lost in Alström syndrome?"
    assert set(answer.ask_next[1:]) == {"How old are children when Alström syndrome begins?", "What are cilia?"}


def test_a_heading_that_refers_to_its_disease_names_it(library: Callable[..., Assistant]):
    """And one that names none, on a page of a disease that is not at home, would be asked about another: left out."""
    answer = library(HOME, ALS, threshold=1.0).ask("Which eyes does ALS spare?")
    assert set(answer.ask_next) == {
        "What does ALS do to the eyes?",
        "Is amyotrophic lateral sclerosis (ALS) a disease of the eyes?",
    }


def test_what_was_asked_before_is_not_offered(library: Callable[..., Assistant]):
    """However it was written."""
    history = ("is the sight of the eyes lost in Alstrom syndrome", "What are CILIA?")
    answer = library(HOME, ALS).ask(EYES, history)
    assert answer.ask_next == ("How old are children when Alström syndrome begins?",)


def test_a_heading_that_would_be_asked_back_is_not_offered(library: Callable[..., Assistant]):
    """The name ALS1 is one letter from two others, so its question would get a question for an answer."""
    unclear = (
        "# Alström syndrome\n\n## Are the eyes of Alström syndrome those of ALS1?\n\nThe eyes of ALS1 are others.\n"
    )
    answer = library(HOME, unclear).ask(EYES)
    assert answer.ask_next
    assert not any("ALS1" in question for question in answer.ask_next)


def test_questions_that_ask_the_same_are_offered_once(library: Callable[..., Assistant]):
    """The same words in another order mean the same to the encoder."""
    again = "# Alström\n\n## In Alström syndrome, is the sight of the eyes lost?\n\nAlström syndrome can take sight.\n"
    offered = library(HOME, again).ask(EYES).ask_next
    assert sum("sight" in question for question in offered) == 1


def test_silence_offers_what_the_documents_do_answer(library: Callable[..., Assistant]):
    """If the disease has documents; with the threshold at 1, nothing is an answer."""
    silent = library(HOME, ALS, threshold=1.0)
    answer = silent.ask(EYES)
    assert answer.outcome is Outcome.NOT_FOUND
    assert len(answer.ask_next) == MAX_SUGGESTIONS
    assert silent.ask("Is cystic fibrosis a disease of the eyes?").ask_next == ()


def test_a_comparison_offers_questions_about_both(library: Callable[..., Assistant]):
    """Neither disease is the only one."""
    both = (
        "---\ntopic: [alstrom-syndrome, amyotrophic-lateral-sclerosis]\n---\n# Names\n\n"
        "## Are the eyes of Alström syndrome and of ALS alike?\n\nAlström syndrome harms the eyes, ALS spares them.\n"
    )
    assistant = library(HOME, ALS, both)
    question = "Are the eyes of Alström syndrome and of ALS alike?"
    assert question not in assistant.ask(EYES).ask_next
    assert question in assistant.ask("Do Alström syndrome and ALS begin in the eyes?").ask_next


@pytest.mark.parametrize(
    "question", ["", "My son cannot breathe", "Which gene causes it?", "How many mg should I take?", "Write me a poem"]
)
def test_where_nothing_was_looked_up_nothing_is_offered(library: Callable[..., Assistant], question: str):
    """A person in need, or one who is asked back, has other things to read."""
    answer = library(HOME, ALS).ask(question)
    assert answer.outcome not in (Outcome.ANSWER, Outcome.NOT_FOUND)
    assert answer.ask_next == ()


def test_pages_without_questions_offer_none(library: Callable[..., Assistant]):
    """A heading such as "Eyes" asks nothing."""
    answer = library("# Alström syndrome\n\n## Eyes\n\nAlström syndrome weakens the eyes.\n").ask(
        "What about the eyes?"
    )
    assert (answer.outcome, answer.ask_next) == (Outcome.ANSWER, ())


def test_no_text_is_embedded_for_it(library: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch):
    """The question's own vector is compared with those of the index."""
    assistant = library(HOME, ALS)
    embedded: list[str] = []
    encode = ToyEncoder.encode

    def noted(self: ToyEncoder, texts: Sequence[str]) -> object:
        embedded.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(ToyEncoder, "encode", noted)
    assert assistant.ask(EYES).ask_next
    # Once for passages and headings, once for sentences.
    assert embedded == [EYES, EYES]


@pytest.mark.slow
def test_what_the_library_offers_is_answered(real_assistant: Assistant):
    """Ninety-five of a hundred offered questions, asked alone, get an answer; five of six from the very section."""
    questions = ("Is Alström syndrome inherited?", "What is ALS?", "How do ALS and Alström syndrome differ?")
    offered: dict[str, Answer] = {}
    waiting = list(questions)
    while waiting and len(offered) < 60:
        question = waiting.pop(0)
        if question not in offered:
            offered[question] = real_assistant.ask(question)
            waiting += offered[question].ask_next
    followed = {q: a for q, a in offered.items() if q not in questions}
    answered = [q for q, a in followed.items() if a.outcome is Outcome.ANSWER]
    own = [q for q in answered if any(innermost(quote.heading) == q for quote in followed[q].quotes)]
    print(f"{len(followed)} offered, {len(answered)} answered, {len(own)} from their own section")
    assert len(followed) >= 40
    assert len(answered) >= 0.95 * len(followed)
    assert len(own) >= 0.8 * len(followed)
