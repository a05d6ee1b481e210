"""One file of any format -> its text, and what it says of itself."""

import hashlib
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from askalms.errors import DocumentError
from askalms.readers.extracts import Extract
from askalms.readers.html import read_html
from askalms.readers.pdf import read_pdf
from askalms.readers.plain import decode, read_markdown, read_text
from askalms.readers.statements import address_in, dates_in, iso_date, publisher_in
from askalms.readers.word import read_word

__all__ = [
    "MARKDOWN_SUFFIXES",
    "SUFFIXES",
    "TEXT_SUFFIXES",
    "Extract",
    "address_in",
    "dates_in",
    "decode",
    "iso_date",
    "publisher_in",
    "read_bytes",
    "read_file",
]

TEXT_SUFFIXES = (".txt", ".text")
MARKDOWN_SUFFIXES = (".md", ".markdown")

_READERS: dict[str, Callable[[bytes], Extract]] = {
    **dict.fromkeys(TEXT_SUFFIXES, read_text),
    **dict.fromkeys(MARKDOWN_SUFFIXES, read_markdown),
    **dict.fromkeys((".html", ".htm", ".xhtml"), read_html),
    ".pdf": read_pdf,
    ".docx": read_word,
}
SUFFIXES = tuple(_READERS)

_SIGNATURES = (
    (b"%PDF-", "a PDF", "name it .pdf", (".pdf",)),
    (b"PK\x03\x04", "a ZIP archive", "unpack it, or name it .docx if it is a Word document", (".docx",)),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Office file, or one with a password",
        "save it as .docx without a password",
        (),
    ),
    (b"{\\rtf", "an RTF file", "save it as .docx", ()),
    (b"\x1f\x8b", "a gzip archive", "unpack it", ()),
    (b"\x89PNG", "a picture", "type its text, or run it through text recognition", ()),
    (b"\xff\xd8\xff", "a picture", "type its text, or run it through text recognition", ()),
)
"""How files begin, what they are then, what to do, and how their names may end."""


def read_file(path: Path, max_bytes: int) -> Extract:
    """Read a file of the format that its name ends with.

    Args:
        path: The file.
        max_bytes: A larger file is refused unread.

    Raises:
        DocumentError: The file cannot be opened, is too large, or `read_bytes` refuses it.
    """
    _check_suffix(path.suffix)
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
    return read_bytes(data, path.suffix)


def read_bytes(data: bytes, suffix: str) -> Extract:
    """Read what a file holds; the same bytes always give the same text.

    Args:
        data: All bytes of the file.
        suffix: How its name ends: ".pdf", in capitals too.

    Raises:
        DocumentError: The format is unknown, the bytes are of another one, they are damaged or
            protected, or there is no text in them.
    """
    _check_suffix(suffix)
    suffix = suffix.lower()
    if not data:
        raise DocumentError("it is empty; remove it or put its text in")
    for beginning, what, advice, suffixes in _SIGNATURES:
        if data.startswith(beginning) and suffix not in suffixes:
            raise DocumentError(f"its name ends with {suffix}, but it is {what}; {advice}")
    extract = _READERS[suffix](data)
    if not extract.text[extract.body_start :].strip().strip("\ufeff"):
        raise DocumentError("it is empty; remove it or put its text in")
    return replace(extract, sha256=hashlib.sha256(data).hexdigest())


def _check_suffix(suffix: str) -> None:
    if suffix.lower() not in SUFFIXES:
        raise DocumentError(
            f"the format {suffix or '(no suffix)'} is not read; save it as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        )
