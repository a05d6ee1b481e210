"""Quotes -> what their hard words mean: exact, of the right disease, and only what is hard."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from askalms.answering import Assistant
from askalms.corpus import load_corpus
from askalms.embedding import Encoders
from askalms.glossary import Glossary
from askalms.index import Index, open_index
from askalms.indexing import build_index
from askalms.quoting import quoted
from askalms.settings import AnsweringSettings, CorpusSettings, Settings
from askalms.understanding import NamesOfDiseases

GLOSSARY = """---
title: Words
topic: [alstrom-syndrome, amyotrophic-lateral-sclerosis]
---
# Words

## Alström syndrome

Alström syndrome is a rare condition.

## Amyotrophic lateral sclerosis (ALS)

Amyotrophic lateral sclerosis (ALS) is a disease of nerves.

## Cardiomyopathy

A cardiomyopathy is a weak heart.

## Dilated cardiomyopathy

Dilated cardiomyopathy is a wide and weak heart.

## Ciliopathy

A ciliopathy comes from faulty cilia.

## Kidney failure (renal failure)

Kidney failure (renal failure) means that kidneys stop. This is a second sentence.

## Nystagmus

Nystagmus means that eyes move by themselves.

## Dysphagia

Dysphagia means that chewing is hard, as in ALS.

## Photophobia

Photophobia means that light hurts.

## Water

Water is what rivers are made of.
"""


ALSTROM = "alstrom-syndrome"


@pytest.fixture
def library(tmp_path: Path, toy_encoders: Encoders, toy_settings: Settings) -> Callable[..., Index]:
    """Makes an index of a glossary and a page on Alström syndrome."""

    def made(text: str, glossary: str = GLOSSARY) -> Index:
        (tmp_path / "corpus").mkdir()
        (tmp_path / "corpus" / "words.md").write_text(glossary, "utf-8")
        (tmp_path / "corpus" / "page.md").write_text(f"---\ntopic: {ALSTROM}\n---\n# Page\n\n{text}\n", "utf-8")
        build_index(tmp_path / "index", load_corpus(tmp_path / "corpus", CorpusSettings()), toy_encoders, toy_settings)
        return open_index(tmp_path / "index", toy_settings.embedding)

    return made


def _explained(index: Index, document: str = "page.md", topics: tuple[str, ...] = (ALSTROM,)) -> dict[str, str]:
    """Every word that is explained where all sentences of a document are quoted, with its explanation."""
    rows = [row for row, sentence in enumerate(index.sentences) if sentence.doc_id == document]
    quotes = [quote for row in rows if (quote := quoted(index, row, row, 1.0, 5.0))]
    found = Glossary(index, NamesOfDiseases(index.topics)).explained(quotes, topics, 5.0)
    for explanation in found:
        quote = explanation.quote
        assert index.documents[quote.document].text[quote.start : quote.end] == quote.text
        assert any(explanation.word in q.text for q in quotes)
    return {e.word: e.quote.text for e in found}


def test_a_hard_word_is_explained_as_it_stands_in_the_quote(library: Callable[..., Index]):
    """In the plural, with a capital, by another name; the first sentence alone explains it."""
    assert _explained(library("Nystagmus, ciliopathies and renal failure occur in Alström syndrome.")) == {
        "Nystagmus": "Nystagmus means that eyes move by themselves.",
        "ciliopathies": "A ciliopathy comes from faulty cilia.",
        "renal failure": "Kidney failure (renal failure) means that kidneys stop.",
    }


def test_the_longest_term_counts(library: Callable[..., Index]):
    """Dilated cardiomyopathy is not explained as any cardiomyopathy."""
    found = _explained(library("Alström syndrome brings dilated cardiomyopathy."))
    assert found == {"dilated cardiomyopathy": "Dilated cardiomyopathy is a wide and weak heart."}


def test_the_rarest_words_come_first_and_no_more_than_four(library: Callable[..., Index]):
    """By how often people use the rarest word of a term; those used alike, in the order of the quotes."""
    text = "Alström syndrome: kidney failure, photophobia, ciliopathy, nystagmus and cardiomyopathy are part of it."
    assert list(_explained(library(text))) == ["ciliopathy", "cardiomyopathy", "photophobia", "nystagmus"]


def test_a_common_word_is_not_explained(library: Callable[..., Index]):
    """Everybody knows it."""
    assert _explained(library("Alström syndrome needs water.")) == {}


def test_what_a_quote_explains_itself_is_not_explained_again(library: Callable[..., Index]):
    """In brackets behind the word or before it, or by "means"; an abbreviation in brackets explains nothing."""
    text = (
        "Alström syndrome brings nystagmus (eyes that move), light that hurts (photophobia), a ciliopathy, which means "
        "faulty cells, and dilated cardiomyopathy (DCM)."
    )
    assert list(_explained(library(text))) == ["dilated cardiomyopathy"]


def test_a_word_whose_explanation_is_quoted_is_not_explained(library: Callable[..., Index]):
    """The reader has it before the eyes."""
    assert _explained(library("Alström syndrome is rare."), "words.md") == {}


@pytest.mark.parametrize(
    "sentence",
    [
        "Alström syndrome is rare.",
        "Alström syndrome is never ALS, which is another disease.",
        "Dysphagia is no part of Alström syndrome.",
    ],
)
def test_no_explanation_brings_another_disease_in(library: Callable[..., Index], sentence: str):
    """The name asked about needs none; the other one, and what is explained by it, would mix the two up."""
    assert _explained(library(sentence)) == {}


def test_another_disease_named_in_a_quote_is_explained(library: Callable[..., Index]):
    """If it is none that the disease asked about is confused with; no part of its name is a word of its own."""
    glossary = (
        f"{GLOSSARY}\n## Usher syndrome\n\nUsher syndrome takes sight.\n\n## Syndrome\n\nA syndrome is many signs.\n"
    )
    index = library("Alström syndrome is not Usher syndrome, nor Wolfram syndrome.", glossary)
    assert _explained(index) == {"Usher syndrome": "Usher syndrome takes sight."}


def test_a_page_with_other_headings_is_no_glossary(library: Callable[..., Index]):
    """Where most headings are not the words that their text opens with, no heading is a term."""
    page = "# Page\n\n## Nystagmus\n\nNystagmus means that eyes move.\n\n## Care\n\nAsk.\n\n## Tests\n\nThey vary.\n"
    assert _explained(library("Nystagmus occurs in Alström syndrome.", page)) == {}


def test_a_glossary_about_other_diseases_explains_nothing(library: Callable[..., Index]):
    """Its words may mean something else there."""
    other = GLOSSARY.replace("[alstrom-syndrome, amyotrophic-lateral-sclerosis]", "wolfram-syndrome")
    assert _explained(library("Nystagmus occurs in Alström syndrome.", other)) == {}


def test_a_damaged_explanation_is_not_given(library: Callable[..., Index]):
    """As no damaged text is."""
    damaged = GLOSSARY.replace("that eyes move by themselves", "an ef ect of the eyes")
    assert _explained(library("Nystagmus occurs in Alström syndrome, with an effect.", damaged)) == {}


def test_explanations_do_not_count_to_the_quoted_words(
    library: Callable[..., Index], toy_encoders: Encoders, toy_settings: Settings
):
    """They are offered, so the longest answer is explained as well."""
    index = library("Nystagmus occurs in Alström syndrome.")
    limits = AnsweringSettings(threshold=0.0, max_quotes=1, max_quoted_words=10)
    answer = Assistant(index, toy_encoders, replace(toy_settings, answering=limits)).ask("Does nystagmus occur?")
    assert [q.text for q in answer.quotes] == ["Nystagmus occurs in Alström syndrome."]
    assert [e.word for e in answer.explained] == ["Nystagmus"]
    assert sum(len(q.text.split()) for q in (*answer.quotes, answer.explained[0].quote)) > 10
