"""PDF: pages of typeset rows -> running text with the places where its pages begin. Alone in importing pypdf."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from askalms.errors import DocumentError
from askalms.readers.extracts import Extract
from askalms.readers.quiet import silenced
from askalms.readers.statements import fields_of
from askalms.readers.typeset import Row, rows_of_grid, run_across_columns, running_text

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MIN_LETTERS_A_PAGE = 10
"""A file with fewer letters is a scan, or drawings."""
_TRAILER_BYTES = 4096
LETTER_WIDTH = 0.5
"""Of the mean letter, as a share of the size of its font."""

_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00a0": " ", "\t": " "}
)
_BULLET = re.compile(r"(?:^|(?<= {2}))[\x7f\uf0b7\uf0a7\uf076\uf0d8●■▪⁃](?= |$)", re.MULTILINE)
"""A bullet in the fonts of symbols: at the beginning of a row, or of a column of a grid."""
_MADE_BY_A_PROGRAM = re.compile(
    r"^(?:untitled|document\d*|layout \d+|title|slide \d+|print|microsoft \w+ - .*)$"
    r"|\.(?:docx?|pdf|indd|qxd|pptx?|rtf|odt|html?|txt|tex|dvi)$|^[^ ]*[_/\\][^ ]*$",
    re.IGNORECASE,
)


def read_pdf(data: bytes) -> Extract:
    """Read a PDF.

    Raises:
        DocumentError: It is none, cut off, damaged, protected by a password, or holds no text.
    """
    if b"%PDF-" not in data[:1024]:
        raise DocumentError("its name ends with .pdf, but it is none; save it as PDF, or name it as what it is")
    if b"%%EOF" not in data[-_TRAILER_BYTES:]:
        raise DocumentError("it is a PDF that breaks off before its end; fetch it again")
    with _any_trouble():
        reader = _opened(data)
        pages = [_rows(page) for page in reader.pages]
        stated = _stated(reader)
    text, starts = running_text(pages)
    if sum(c.isalpha() for c in text) < MIN_LETTERS_A_PAGE * len(pages):
        raise DocumentError(
            "its pages are pictures without text; run it through text recognition (OCR), or type its text"
        )
    return Extract(text, stated=stated, page_starts=starts)


@contextmanager
def _any_trouble() -> Iterator[None]:
    """Turn whatever pypdf meets in a damaged file into one complaint."""
    try:
        with silenced("pypdf"):
            yield
    except DocumentError:
        raise
    except Exception as error:  # pypdf raises anything from KeyError to RecursionError
        what = " ".join(str(error).split())[:80] or type(error).__name__
        raise DocumentError(f"it is a damaged PDF ({what}); fetch it again, or print it to a new PDF") from None


def _opened(data: bytes) -> "PdfReader":
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    reader = PdfReader(io.BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileNotDecryptedError
        len(reader.pages)
    except (DependencyError, FileNotDecryptedError, NotImplementedError):
        raise DocumentError("it is protected by a password; save a copy without protection") from None
    return reader


def _rows(page: "PageObject") -> list[Row]:
    """Read the rows of a page in the order of the file; where that runs across columns, from top to bottom."""
    rows = _rows_as_written(page)
    try:
        grid = rows_of_grid(_clean(page.extract_text(extraction_mode="layout")))
    except Exception:  # it reads fewer files than the plain mode
        return rows
    return grid if run_across_columns(rows, grid) else rows


def _rows_as_written(page: "PageObject") -> list[Row]:
    rows: list[Row] = []
    pieces: list[_Piece] = []

    def end_row() -> None:
        filled = [piece for piece in pieces if piece.text.strip()]
        text = _clean("".join(piece.text for piece in pieces).strip())
        if text == "•":
            # Drawn apart from its item, which comes next.
            pieces.append(replace(filled[-1], text=" "))
            return
        pieces.clear()
        if text:
            first = max(filled, key=lambda piece: len(piece.text))
            bold = all(piece.bold for piece in filled)
            width = len(text) * LETTER_WIDTH * first.size
            rows.append(Row(text, filled[0].x, width, -filled[0].y, first.size, bold))

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text)):
            if number:
                end_row()
            pieces.append(_Piece.of(line, cm, tm, font, size))

    page.extract_text(visitor_text=visit)
    end_row()
    return rows


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a row in one font."""

    text: str
    x: float
    y: float
    size: float
    bold: bool

    @classmethod
    def of(cls, text: str, cm: list[float], tm: list[float], font: Any, size: float) -> "_Piece":
        # The text matrix places letters in the space that the current matrix places on the page.
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = abs(tm[3] * cm[3] + tm[2] * cm[1]) or 1.0
        name = str((font or {}).get("/BaseFont", ""))
        return cls(text, x, y, round(size * scale, 1), bool(re.search(r"bold|black|heavy", name, re.IGNORECASE)))


def _clean(text: str) -> str:
    # Half of a character can be neither stored nor shown.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _BULLET.sub("•", re.sub(r"\r\n?", "\n", text.translate(_LIGATURES)))


def _stated(reader: "PdfReader") -> dict[str, str]:
    """What the file says of itself. When it was made or printed says nothing of its text, so that is no date."""
    info: Any = reader.metadata or {}
    try:
        xmp: Any = reader.xmp_metadata
    except Exception:  # many are not even XML
        xmp = None
    catalog: Any = reader.trailer["/Root"]
    title = str(info.get("/Title") or "")
    return fields_of(
        title="" if _MADE_BY_A_PROGRAM.search(title.strip()) else title,
        publisher=_first(xmp and xmp.dc_publisher) or _person(str(info.get("/Author") or "")),
        license=_first(xmp and xmp.dc_rights),
        language=str(catalog.get("/Lang") or "") or _first(xmp and xmp.dc_language),
        url=_first(xmp and xmp.dc_source),
    )


def _first(value: Any) -> str:
    values = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return str(values[0]) if values and values[0] else ""


def _person(name: str) -> str:
    """The name of an author; "" for that of an account ("jdoe", "Administrator")."""
    return name if len(name.split()) > 1 else ""
