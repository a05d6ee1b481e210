"""How words are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askalms.words import fold, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alström", "ALSTROM"),
        ("Alstro\u0308m", "Alström"),
        ("Senior-Løken", "senior-loken"),
        ("Straße", "strasse"),
        ("Kidney’s", "kidney's"),
        ("Kidney´s", "kidney's"),
        ("Al\u00adström", "Alström"),
        ("Al\u200bström", "Alström"),
        ("\ufeffAlström", "Alström"),
        ("ﬁbrosis", "fibrosis"),
    ],
)
def test_spellings_of_one_word_fold_to_the_same(one: str, other: str):
    """Case, accents however stored, missing letters, apostrophes and unseen characters do not matter."""
    assert fold(one) == fold(other)


def test_different_words_stay_different():
    """Folding takes off accents, not letters."""
    assert fold("ALS") != fold("ALMS")


@given(st.text())
def test_folding_twice_changes_nothing(text: str):
    """What is folded is in its final form."""
    assert fold(fold(text)) == fold(text)


def test_words_come_in_order_and_keep_their_apostrophes():
    """Punctuation parts words, an apostrophe inside one does not."""
    assert words_of("It's Gehrig’s (ALS): 2p13.1!") == ["it's", "gehrig's", "als", "2p13", "1"]


def test_a_text_without_words_has_none():
    """Nothing is made up."""
    assert words_of("") == words_of(" …?! ") == []
