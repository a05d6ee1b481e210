"""One file of any format -> its text, and what it says of itself."""

import hashlib
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from askalms.errors import DocumentError
from askalms.segmentation import DATE, DATED

MARKDOWN_SUFFIXES = (".md", ".markdown")
TEXT_SUFFIXES = (".txt", ".text")
SUFFIXES = TEXT_SUFFIXES + MARKDOWN_SUFFIXES

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*(?:\r\n|\r|\n)(.*?)(?:^|(?<=[\r\n]))---[ \t]*(?:\r\n|\r|\n|$)", re.DOTALL)
_OPEN_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*[\r\n]+\w+:[ \r\n]")
_DATE = re.compile(DATE, re.IGNORECASE)
_DATED = re.compile(rf"\b{DATED}", re.IGNORECASE)
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
    """What the front matter holds, names and values as in the file; empty without one."""
    sha256: str
    """Of the file's bytes, in hexadecimal."""


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
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError("it is no file but a folder, pipe or device; move it out of the corpus")
        if status.st_size > max_bytes:
            raise DocumentError(
                f"it has {status.st_size / 1e6:g} MB, more than the {max_bytes / 1e6:g} MB allowed; "
                "cut it up, or raise max_file_megabytes under [corpus] in askalms.toml"
            )
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"it cannot be opened ({error.strerror}); check the file and its permissions") from None
    text = decode(data)
    is_markdown = path.suffix.lower() in MARKDOWN_SUFFIXES
    front_matter, body_start = _front_matter(text) if is_markdown else ({}, 0)
    if not text[body_start:].strip().strip("\ufeff"):
        raise DocumentError("it is empty; remove it or put its text in")
    return Extract(text, body_start, is_markdown, front_matter, hashlib.sha256(data).hexdigest())


def decode(data: bytes) -> str:
    """Turn the bytes of a text file into text.

    What is valid UTF-8 is taken for it, its byte-order mark being a character of the text; UTF-16
    needs its mark, which is none. All else is Windows-1252, as browsers take it.

    Raises:
        DocumentError: The bytes are no text.
    """
    text = _decoded(data)
    if "\0" in text:
        raise DocumentError("it holds NUL bytes, so it is no text file, or a damaged one; save it as UTF-8 text")
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


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise DocumentError("it begins as UTF-16 but goes on otherwise; save it as UTF-8") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        rest = data.decode("utf-8", "replace")
        damaged = rest.count("\ufffd")
        if sum(c > "\x7f" for c in rest) > 2 * damaged:
            line = data[: error.start].count(b"\n") + 1
            raise DocumentError(f"it is UTF-8 with a damaged character in line {line}; mend that") from None
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        raise DocumentError("its encoding cannot be told; save it as UTF-8") from None


def _front_matter(text: str) -> tuple[Mapping[str, Any], int]:
    match = _FRONT_MATTER.match(text)
    if not match:
        if _OPEN_FRONT_MATTER.match(text):
            raise DocumentError("its front matter has no end; put a line --- below it")
        return {}, 0
    try:
        # Every value stays the text it is: to YAML, 2016-13-01 is an error and the title "No" is false.
        data = yaml.load(match.group(1), Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 2}" if where else ""
        raise DocumentError(f"its front matter is not YAML{line}; compare it with a document that works") from None
    if not data:
        return {}, match.end()
    if not isinstance(data, dict):
        raise DocumentError("its front matter is not a list of names and values (title: ..., topic: ...)")
    return data, match.end()
