"""One file of any format -> its text, and what it says of itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from charset_normalizer import from_bytes

from askalms.errors import DocumentError
from askalms.segmentation import DATE

MARKDOWN_SUFFIXES = (".md", ".markdown")
TEXT_SUFFIXES = (".txt", ".text")
SUFFIXES = TEXT_SUFFIXES + MARKDOWN_SUFFIXES

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_FRONT_MATTER = re.compile(
    r"\ufeff?---[ \t]*(?:\r\n|\r|\n)(.*?)(?:^|(?<=[\r\n]))---[ \t]*(?:\r\n|\r|\n|$)", re.DOTALL
)
_DATED = re.compile(
    rf"\b(?:last |page )*(reviewed|updated|modified|revised|published)(?: on)?:? ({DATE})", re.IGNORECASE
)
_ADDRESS = re.compile(r"\bURL of this page:\s*(https?://\S+)", re.IGNORECASE)
_SERVICE = re.compile(r"\bA service of (?:the )?([A-Z][\w.,& -]+?(?: of [A-Z]\w+)?)\s*(?:[®©™]|$)", re.MULTILINE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Extract:
    """What a reader got out of one file."""

    text: str
    """All of it; offsets count its characters, line ends as they are in the file."""
    body_start: int
    """Where the front matter ends."""
    is_markdown: bool
    front_matter: Mapping[str, Any]
    """What the front matter holds, names as in the file; empty without one."""


def read_file(path: Path, max_bytes: int) -> Extract:
    """Read a .txt or .md file.

    Args:
        path: The file.
        max_bytes: A larger file is refused unread.

    Raises:
        DocumentError: The file cannot be read, is too large, empty, binary, of another format, or
            its front matter is not YAML.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DocumentError(
            f"the format {path.suffix or '(no suffix)'} is not read; save it as {' or '.join(SUFFIXES)}"
        )
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise DocumentError(
                f"it has {size / 1e6:.1f} MB, more than the {max_bytes / 1e6:g} MB allowed; "
                "cut it up, or raise max_file_megabytes under [corpus] in askalms.toml"
            )
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"it cannot be opened ({error.strerror}); check its permissions") from None
    text = decode(data)
    if not text.strip().strip("\ufeff"):
        raise DocumentError("it is empty; remove it or put its text in")
    is_markdown = path.suffix.lower() in MARKDOWN_SUFFIXES
    front_matter, body_start = _front_matter(text) if is_markdown else ({}, 0)
    return Extract(text, body_start, is_markdown, front_matter)


def decode(data: bytes) -> str:
    """Turn the bytes of a text file into text; what is valid UTF-8 is taken for it.

    Raises:
        DocumentError: The bytes are no text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                # The mark of UTF-8 stays, since offsets count it; UTF-16's is part of its encoding.
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise DocumentError(f"it begins as {encoding} but goes on otherwise; save it as UTF-8") from None
    if b"\0" in data:
        raise DocumentError("it holds NUL bytes, so it is no text file (or a damaged one); save it as UTF-8 text")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        guess = from_bytes(data).best()
        if guess is None:
            raise DocumentError("its encoding cannot be told; save it as UTF-8") from None
        text = str(guess)
    controls = sum(c < " " and c not in "\t\n\r\f\v" for c in text[:10_000])
    if controls > len(text[:10_000]) * 0.02:
        raise DocumentError("it holds control characters as binary files do; save it as UTF-8 text")
    return text


def dates_in(text: str) -> str:
    """Find when a page says that it was reviewed, or else last changed, as an ISO date; "" if nowhere.

    Example:
        >>> dates_in("Reviewed: August 2008. Published: May 4, 2009")
        '2008-08'
    """
    order = ("reviewed", "updated", "modified", "revised", "published")
    found = [(order.index(m.group(1).lower()), iso_date(m.group(2))) for m in _DATED.finditer(text)]
    if not found:
        return ""
    kind = min(rank for rank, _ in found)
    return max(day for rank, day in found if rank == kind)


def iso_date(words: str) -> str:
    """Write a date as "2016-03-01", "2016-03" or "2016", as exact as it is known; "" if it is none.

    Example:
        >>> iso_date("March 1, 2016"), iso_date("August 2008"), iso_date("2026-03-26")
        ('2016-03-01', '2008-08', '2026-03-26')
    """
    numeric = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", words.strip())
    if numeric:
        return "-".join(part for part in numeric.groups() if part)
    year = re.search(r"\b\d{4}\b", words)
    if not year:
        return ""
    month = next((i for i, m in enumerate(_MONTHS, 1) if re.search(rf"\b{m}", words.lower())), None)
    if month is None:
        return year.group()
    day = re.search(r"\b(\d{1,2})\b", words.replace(year.group(), ""))
    return f"{year.group()}-{month:02d}" + (f"-{int(day.group(1)):02d}" if day else "")


def address_in(text: str) -> str:
    """Find the address that a page states as its own; "" if it states none."""
    match = _ADDRESS.search(text)
    return match.group(1) if match else ""


def publisher_in(text: str, url: str) -> str:
    """Find who a page says is behind it, or else the site of its address; "" if neither is known."""
    match = _SERVICE.search(text)
    if match:
        return match.group(1).strip()
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _front_matter(text: str) -> tuple[Mapping[str, Any], int]:
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, 0
    try:
        data = yaml.safe_load(match.group(1))
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 2}" if where else ""
        raise DocumentError(f"its front matter is not YAML{line}; compare it with a document that works") from None
    if data is None:
        return {}, match.end()
    if not isinstance(data, dict):
        raise DocumentError("its front matter is not a list of names and values (title: ..., topic: ...)")
    return {str(name): _plain(value) for name, value in data.items()}, match.end()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return value
