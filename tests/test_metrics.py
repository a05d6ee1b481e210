"""What a quote is worth beside the words that would answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askalms.datatypes import Span
from askalms.metrics import (
    Bin,
    bootstrap,
    covers,
    expected_calibration_error,
    hits,
    occurrences,
    places_of_words,
    randomisation_test,
    reliability,
    risk_coverage,
    token_count,
    tokens_at,
)
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


def test_words_are_found_whatever_stands_between_them():
    """Ends of lines and several spaces are white space; other words are none, and nothing stands nowhere."""
    assert list(places_of_words(" is   rare. ", "It is\r\nrare. It is not rare. It is rare.")) == [
        Span(3, 12),
        Span(32, 40),
    ]
    assert list(places_of_words(" ", "It is rare.")) == []
    assert list(places_of_words("a.c", "abc")) == []


def test_a_stretch_is_covered_by_half_of_its_tokens():
    """By position: the same word elsewhere does not help."""
    assert covers(Span(0, 4), Span(0, 7), PAGE)
    assert not covers(Span(24, 28), Span(0, 4), PAGE)


# --- how sure one may be


def test_an_interval_holds_the_mean_and_is_the_same_twice():
    """For 80 of 100 it is about 0.72 to 0.88, as the binomial distribution says."""
    values = [1.0] * 80 + [0.0] * 20
    low, high = bootstrap(values)
    assert (low, high) == bootstrap(values)
    assert abs(low - 0.72) < 0.015 and abs(high - 0.88) < 0.015
    assert bootstrap([1.0] * 7) == (1.0, 1.0)


def test_a_difference_that_chance_makes_easily_is_not_significant():
    """Three of three in one direction come in a quarter of all draws; twenty of twenty almost never."""
    assert abs(randomisation_test([1.0] * 3) - 0.25) < 0.02
    assert randomisation_test([1.0] * 20) < 0.001
    assert randomisation_test([1.0, -1.0] * 10) == 1.0
    assert randomisation_test([0.0] * 5) == randomisation_test([]) == 1.0
    assert randomisation_test([1.0] * 3) == randomisation_test([0.0, 1.0, 1.0, 0.0, 1.0])


def test_the_area_under_the_curve_is_the_mean_risk():
    """Answers 0.9 right, 0.6 wrong, then two that are equally sure: 1/4 * 0 + 1/4 * 1/2 + 1/2 * 1/2."""
    curve = risk_coverage([0.2, 0.9, 0.2, 0.6], [True, False, False, True])
    assert curve.thresholds == (0.9, 0.6, 0.2)
    assert curve.area == 0.375
    assert risk_coverage([], []).area == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_at_full_coverage_the_risk_is_the_share_of_errors(answers: list[tuple[float, bool]]):
    """Nobody is dropped, and the order of the questions does not matter."""
    curve = risk_coverage([p for p, _ in answers], [w for _, w in answers])
    assert curve.coverage[-1] == 1.0
    assert curve.risk[-1] == sum(w for _, w in answers) / len(answers)
    assert 0 <= curve.area <= 1
    turned = risk_coverage([p for p, _ in answers[::-1]], [w for _, w in answers[::-1]])
    assert turned == curve


def test_bins_hold_what_was_said_and_what_came_true():
    """The ends belong to the first and the last; empty bins are left out."""
    bins = reliability([0.0, 0.05, 1.0, 0.95], [False, True, True, True])
    assert bins == (Bin(0.0, 0.1, 2, 0.025, 0.5), Bin(0.9, 1.0, 2, 0.975, 1.0))
    # (2 * 0.475 + 2 * 0.025) / 4
    assert expected_calibration_error(bins) == pytest.approx(0.25)
    assert reliability([], []) == ()
    assert expected_calibration_error(()) == 0.0
