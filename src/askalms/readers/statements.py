"""What a page says of itself in its own words: its date, its address, who is behind it."""

import re
from datetime import date
from urllib.parse import urlsplit

from askalms.segmentation import DATE, DATED

_DATE = re.compile(DATE, re.IGNORECASE)
_DATED = re.compile(rf"\b{DATED}", re.IGNORECASE)
_ADDRESS = re.compile(r"\bURL of this page:\s*(https?://\S+)", re.IGNORECASE)
_SERVICE = re.compile(r"\bA service of (?:the )?([A-Z][\w.,& -]+?(?: of [A-Z]\w+)?)\s*(?:[®©™]|$)", re.MULTILINE)
_UNSEEN = re.compile(r"[\0-\x08\x0e-\x1f\x7f\ufeff\ufffd]")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def dates_in(text: str) -> str:
    """Find when a page says that it was reviewed, or else last changed, as an ISO date; "" if nowhere.

    Example:
        >>> dates_in("Reviewed: August 2008. Published: May 4, 2009")
        '2008-08'
    """
    order = ("reviewed", "updated", "modified", "revised", "published")
    found = [(order.index(m["act"].lower()), iso_date(m["date"])) for m in _DATED.finditer(re.sub(r"[*_]", "", text))]
    kind = min((rank for rank, day in found if day), default=0)
    return max((day for rank, day in found if rank == kind), default="")


def iso_date(words: str) -> str:
    """Write a date as "2016-03-01", "2016-03" or "2016", as exact as it is known; "" if it is none.

    Example:
        >>> iso_date("March 1, 2016"), iso_date("August 2008"), iso_date("2026-03-26")
        ('2016-03-01', '2008-08', '2026-03-26')
    """
    found = _DATE.search(words)
    if not found:
        return ""
    parts = re.findall(r"\d+", found.group())
    named = next((i for i, m in enumerate(_MONTHS, 1) if re.search(rf"\b{m}", found.group().lower())), None)
    if named:
        *day, year = parts
        parts = [year, f"{named:02d}", *(f"{int(d):02d}" for d in day[:1])]
    while parts:
        try:
            date(*map(int, [*parts, "1", "1"][:3]))
        except ValueError:
            parts.pop()
        else:
            break
    return "-".join(parts)


def address_in(text: str) -> str:
    """Find the address that a page states as its own; "" if it states none."""
    match = _ADDRESS.search(text)
    return match.group(1).rstrip(".,;)") if match else ""


def publisher_in(text: str, url: str) -> str:
    """Find who a page says is behind it, or else the site of its address; "" if neither is known."""
    match = _SERVICE.search(text)
    if match:
        return match.group(1).strip()
    return (urlsplit(url).hostname or "").removeprefix("www.")


def fields_of(
    title: str = "", publisher: str = "", url: str = "", reviewed: str = "", license: str = "", language: str = ""
) -> dict[str, str]:
    """Put what a file's own fields say in order: one line each, without those that say nothing usable."""
    fields = {
        "title": title,
        "publisher": publisher,
        "url": url if re.match(r"https?://[^\s/]", url.strip()) else "",
        "reviewed": iso_date(reviewed),
        "license": license,
        "language": match.group().lower() if (match := re.match(r"[A-Za-z]{2}(?![A-Za-z])", language.strip())) else "",
    }
    lines = {name: " ".join(_UNSEEN.sub("", value).split()) for name, value in fields.items()}
    return {name: line for name, line in lines.items() if line}
