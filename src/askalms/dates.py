"""ISO dates, as exact as known: "2008", "2008-08", "2016-03-01"."""

import re
from datetime import date

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)


def age_in_years(iso_date: str, today: date) -> int:
    """Whole years from a date to today, the unknown parts of the date ignored; 0 where it is no date.

    Example:
        >>> age_in_years("2008-08", date(2026, 11, 21)), age_in_years("2025-12", date(2026, 11, 21))
        (18, 0)
    """
    found = _DATE.fullmatch(iso_date)
    if not found:
        return 0
    year, *month_and_day = [int(part) for part in found.groups() if part]
    try:
        date(year, *[*month_and_day, 1, 1][:2])
    except ValueError:
        return 0
    not_yet_this_year = (today.month, today.day)[: len(month_and_day)] < tuple(month_and_day)
    return today.year - year - not_yet_this_year
