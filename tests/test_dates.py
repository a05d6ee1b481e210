"""How old a page is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askalms.dates import age_in_years

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("reviewed", "age"),
    [
        ("2021", 5),
        ("2021-11", 5),
        ("2021-12", 4),
        ("2021-11-21", 5),
        ("2021-11-22", 4),
        ("2021-10-30", 5),
        ("2026-01", 0),
        ("2026", 0),
    ],
)
def test_whole_years_count(reviewed: str, age: int):
    """From the date as exact as it is known."""
    assert age_in_years(reviewed, TODAY) == age


@pytest.mark.parametrize(("today", "age"), [(date(2025, 2, 28), 0), (date(2025, 3, 1), 1), (date(2028, 2, 29), 4)])
def test_a_leap_day_has_its_year_full_in_march(today: date, age: int):
    """There is no 29 February in 2025."""
    assert age_in_years("2024-02-29", today) == age


@pytest.mark.parametrize(
    "text",
    [
        "",
        "last spring",
        "2008-13",
        "2008-00",
        "2015-02-30",
        "0000",
        "2008-1-1",
        "2008-08\n",
        "٢٠٠٨",
        "August 2008",
        "20080801",
    ],
)
def test_what_is_no_date_has_no_age(text: str):
    """A page whose date nobody can read is not called old."""
    assert age_in_years(text, TODAY) == 0


@given(st.dates(max_value=TODAY))
def test_more_exact_dates_differ_by_less_than_a_year(day: date):
    """Year, month and day of one date give ages that are no more than one apart."""
    exact, month, year = (age_in_years(day.isoformat()[:size], TODAY) for size in (10, 7, 4))
    assert 0 <= exact <= month <= year <= exact + 1


@given(st.text())
def test_no_text_is_too_odd(text: str):
    """Whatever a page says of its date gives a number."""
    assert isinstance(age_in_years(text, TODAY), int)
