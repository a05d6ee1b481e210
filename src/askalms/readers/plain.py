"""Plain text and Markdown: bytes -> text as it is, and its front matter."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from askalms.errors import DocumentError
from askalms.readers.extracts import Extract

MAX_SHARE_OF_NULS = 0.01
"""Up to here NUL bytes are letters that were lost on the way; beyond, the file is no text."""

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*(?:\r\n|\r|\n)(.*?)(?:^|(?<=[\r\n]))---[ \t]*(?:\r\n|\r|\n|$)", re.DOTALL)
_OPEN_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*[\r\n]+\w+:[ \r\n]")


def read_text(data: bytes) -> Extract:
    """Read plain text.

    Raises:
        DocumentError: As in `decode`.
    """
    return Extract(decode(data))


def read_markdown(data: bytes) -> Extract:
    """Read Markdown, with front matter or without.

    Raises:
        DocumentError: As in `decode`, or the front matter is not YAML.
    """
    text = decode(data)
    front_matter, body_start = _front_matter(text)
    return Extract(text, body_start, True, front_matter)


def decode(data: bytes) -> str:
    """Turn the bytes of a text file into text.

    What is valid UTF-8 is taken for it, its byte-order mark being a character of the text; UTF-16
    needs its mark, which is none. All else is Windows-1252, as browsers take it.

    Raises:
        DocumentError: The bytes are no text.
    """
    text = _decoded(data)
    if text.count("\0") > len(text) * MAX_SHARE_OF_NULS:
        raise DocumentError("it holds NUL bytes, so it is no text file, or a damaged one; save it as UTF-8 text")
    controls = sum(c < " " and c not in "\0\t\n\r\f\v" for c in text[:10_000])
    if controls > len(text[:10_000]) * 0.02:
        raise DocumentError("it holds control characters as binary files do; save it as UTF-8 text")
    return text


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


def front_matter_end(text: str) -> int:
    """Where the body of a Markdown text begins: after its front matter, or at once if it has none."""
    match = _FRONT_MATTER.match(text)
    return match.end() if match else 0


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
