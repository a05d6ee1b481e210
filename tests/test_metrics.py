"""What a quote is worth beside the words that would answer."""

import pytest
from hypothesis import given

from askalms.datatypes import Span
from askalms.metrics import hits, occurrences, token_count, tokens_at
from invented_pages import texts

PAGE = "MRLS is rare. It hurts. MRLS is rare. It is old."


def test_tokens_are_told_apart_by_their_places():
    """Words that stand twice are two; a word that the span cuts counts from the cut."""
    assert tokens_at("is it, is it", Span(0, 12)) == {0, 3, 7, 10}
    assert tokens_at("is it, is it", Span(1, 4)) == {1, 3}
    assert tokens_at("is it, is it", Span(5, 7)) == set()
    assert tokens_at("", Span(0, 9)) == set()


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("…", 0), ("X-linked", 2), ("it's 1,500", 4), ("Løken’s øre", 3), ("a_b", 1)],
)
def test_tokens_are_runs_of_letters_and_digits(text: str, count: int):
    """Points and hyphens part them, underscores do not."""
    assert token_count(text) == count


def test_every_place_is_found():
    """Overlapping ones too, and none of nothing."""
    assert [s.start for s in occurrences("aa", "aaaa")] == [0, 1, 2]
    assert list(occurrences("MRLS is rare.", PAGE)) == [Span(0, 13), Span(24, 37)]
    assert list(occurrences("", PAGE)) == list(occurrences("b", "aaaa")) == list(occurrences("a", "")) == []


@pytest.mark.parametrize(
    ("quote", "gold", "hit"),
    [
        ("MRLS is rare.", "MRLS is rare.", True),
        ("MRLS is rare.", "rare", True),
        # Two of the four words, and one of three.
        ("It hurts.", "It hurts. MRLS is", True),
        ("rare. It hurts.", "is rare", True),
        ("rare. It hurts.", "MRLS is rare", False),
        # The same words elsewhere on the page are another place.
        ("It is old.", "It hurts", False),
        ("is", "is rare. It is old", False),
        # The gold words stand twice, and the quote covers them where they stand the second time.
        ("MRLS is rare. It is old.", "MRLS is rare.", True),
        ("It is old.", "rare. It", True),
    ],
)
def test_a_quote_hits_with_half_of_the_tokens_where_they_stand(quote: str, gold: str, hit: bool):
    """At any of the places where the one and the other stand."""
    assert hits(quote, gold, PAGE) is hit


@pytest.mark.parametrize(
    ("quote", "gold", "text"),
    [("", "MRLS", PAGE), ("MRLS", "", PAGE), ("MRLS", "MRLS", ""), ("MRLS", "falls", PAGE), ("falls", "MRLS", PAGE)],
)
def test_what_the_page_does_not_hold_is_no_hit(quote: str, gold: str, text: str):
    """Neither an empty quote, nor gold that is not there."""
    assert not hits(quote, gold, text)


@given(texts)
def test_a_text_hits_itself(text: str):
    """And a page holds all its tokens."""
    assert hits(text, text, text) == bool(text)
    assert len(tokens_at(text, Span(0, len(text)))) == token_count(text)
