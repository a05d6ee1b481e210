"""DOCX: a Word document -> Markdown: headings, lists, tables. Alone in importing python-docx."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from askalms.errors import DocumentError
from askalms.readers.extracts import Extract
from askalms.readers.markup import heading, item, paragraph, table
from askalms.readers.statements import fields_of

MAX_UNPACKED_BYTES = 200_000_000
MAX_XML_BYTES = 30_000_000
"""A book of a thousand pages has a tenth of it."""
_MAIN_PART = "word/document.xml"
_MAX_DEPTH = 50
"""Tables in tables and frames in frames: so deep they are no text."""
_HEADING = re.compile(r"heading (\d)|(title)$", re.IGNORECASE)


def read_word(data: bytes) -> Extract:
    """Read a Word document: its text as it stands now, without what was deleted, comments, heads and feet.

    Raises:
        DocumentError: It is no Word document, damaged, swells beyond measure when unpacked, or holds no text.
    """
    _check_archive(data)
    import docx

    try:
        document = docx.Document(io.BytesIO(data))
        blocks = list(filter(None, _blocks(document.element.body, document)))
        properties = document.core_properties
        stated = fields_of(
            title=properties.title or "",
            publisher=properties.author if len((properties.author or "").split()) > 1 else "",
            language=properties.language or "",
        )
    except Exception as error:  # python-docx raises what its XML parser and its own lookups raise
        what = " ".join(str(error).split())[:80] or type(error).__name__
        raise DocumentError(f"it is a damaged Word document ({what}); open it in Word and save it again") from None
    return Extract("".join(_spaced(blocks)), is_markdown=True, stated=stated)


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise DocumentError("it is no Word document, or it breaks off before its end; save it as .docx again") from None
    if _MAIN_PART not in {part.filename for part in parts}:
        raise DocumentError("it is a ZIP archive, but no Word document; unpack it, or save it as .docx")
    xml = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    if xml > MAX_XML_BYTES or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise DocumentError(
            f"unpacked it has {sum(part.file_size for part in parts) / 1e6:,.0f} MB, which no document has; "
            "save its text as a new .docx"
        )
    if any(part.flag_bits & 1 for part in parts):
        raise DocumentError("it is protected by a password; save a copy without protection")


def _spaced(blocks: list[str]) -> Iterator[str]:
    """Part blocks by empty lines, but not the items of a list."""
    for number, block in enumerate(blocks):
        if number:
            together = block.lstrip().startswith("- ") and blocks[number - 1].lstrip().startswith("- ")
            yield "\n" if together else "\n\n"
        yield block
    yield "\n"


def _blocks(element: Any, document: Any, depth: int = 0) -> Iterator[str]:
    """Give the blocks below an element, those in content controls and accepted insertions included."""
    from docx.oxml.ns import qn
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    if depth > _MAX_DEPTH:
        return
    for child in element:
        if child.tag == qn("w:p"):
            yield _paragraph(Paragraph(child, document))
        elif child.tag == qn("w:tbl"):
            yield from table(_cells(Table(child, document)))
        elif child.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:ins"), qn("w:smartTag")):
            yield from _blocks(child, document, depth + 1)


def _cells(found: Any) -> list[list[str]]:
    rows: list[list[str]] = []
    for row in found.rows:
        # A cell that spans several columns comes once for each of them.
        cells = {id(cell._tc): cell for cell in row.cells}
        rows.append([" ".join(_text(p._p) for p in cell.paragraphs) for cell in cells.values()])
    return rows


def _paragraph(found: Any) -> str:
    text = _text(found._p)
    if not text.strip():
        return ""
    style = (found.style.name if found.style is not None else "") or ""
    rank = _HEADING.match(style)
    if rank:
        return heading(text, 1 if rank.group(2) else int(rank.group(1)))
    numbering = found._p.pPr.numPr if found._p.pPr is not None else None
    if numbering is not None or style.lower().startswith("list "):
        level = numbering.ilvl.val if numbering is not None and numbering.ilvl is not None else 0
        return item(text, level)
    return paragraph(text)


def _text(element: Any) -> str:
    """The words of a paragraph, links and accepted insertions included; deleted ones have another tag."""
    from docx.oxml.ns import qn

    ends = (qn("w:tab"), qn("w:br"), qn("w:cr"))
    words = {qn("w:t"): None, qn("w:noBreakHyphen"): "-", **dict.fromkeys(ends, " ")}
    fallback = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
    copies = {id(e) for f in element.iter(fallback) for e in f.iter()}
    parts = [words[e.tag] or e.text or "" for e in element.iter(*words) if id(e) not in copies]
    return " ".join("".join(parts).split())
