"""BM25: folded, stemmed words."""

from pathlib import Path

import pytest

from askalms.lexical import BM25, terms_of


@pytest.mark.parametrize("word", ["Alström", "ALSTROM", "alstrom", "Alstro\u0308m"])
def test_spellings_of_a_name_are_one_term(word: str):
    """The umlaut, its absence and its two encodings count as the same letter."""
    assert terms_of(word) == ["alstrom"]


def test_inflected_words_are_one_term():
    """A question in other forms of the words finds the page."""
    assert terms_of("inherited inheriting inherits") == ["inherit"] * 3


def test_a_text_without_a_common_term_scores_zero():
    """Nothing in common is nothing found, not a small score."""
    scores = BM25.build(["eyes and ears", "heart"]).scores("kidney")
    assert scores.tolist() == [0.0, 0.0]


def test_the_text_with_the_rarer_term_scores_higher():
    """Both texts hold one word of the question; the one that no other text holds weighs more."""
    bm25 = BM25.build(["syndrome eyes", "syndrome heart", "syndrome liver"])
    scores = bm25.scores("syndrome of the heart")
    assert scores.argmax() == 1
    assert scores[0] == scores[2] > 0


def test_scores_are_the_same_after_saving(tmp_path: Path):
    """What is read back ranks as what was built."""
    texts = ["Alström syndrome is inherited", "nerve cells", ""]
    built = BM25.build(texts)
    built.save(tmp_path / "bm25")
    read = BM25.load(tmp_path / "bm25", len(texts))
    assert read.scores("inherited nerves").tolist() == built.scores("inherited nerves").tolist()


@pytest.mark.parametrize("texts", [[], [""], ["the of and"]])
def test_a_corpus_without_terms_finds_nothing(texts: list[str], tmp_path: Path):
    """No text, an empty one, and one of stop words alone are searched without a complaint."""
    BM25.build(texts).save(tmp_path / "bm25")
    assert BM25.load(tmp_path / "bm25", len(texts)).scores("Alström").tolist() == [0.0] * len(texts)
