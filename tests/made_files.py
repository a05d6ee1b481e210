"""Files of every format, made as the tests need them, whole and broken."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import docx
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

Line = tuple[float, float, float, str]
"""x and y of a line of type, in points from the lower left corner, its size, and its text."""

LEFT, RIGHT, TOP, STEP = 60, 320, 760, 14


def column(text: str, x: float = LEFT, top: float = TOP, size: float = 10) -> list[Line]:
    """Lines of one column; a blank line leaves a gap, and "# " makes larger letters."""
    lines: list[Line] = []
    for number, line in enumerate(text.splitlines()):
        if line:
            lines.append((x, top - STEP * number, 16 if line.startswith("# ") else size, line.removeprefix("# ")))
    return lines


def pdf(*pages: Sequence[Line], info: Mapping[str, str] | None = None, language: str = "", font: str = "") -> bytes:
    """A PDF with these lines on its pages, each drawn in the order given.

    Args:
        pages: The lines of each page.
        info: Title, Author and the like.
        language: Of the whole document.
        font: Entries of the font beside its name.
    """
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding {font} >>".encode())
    numbers = []
    for lines in pages:
        drawn = b"".join(
            b"BT /F1 %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET\n" % (size, x, y, _escaped(text)) for x, y, size, text in lines
        )
        numbers.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (len(objects) + 2)
        )
        objects.append(b"<< /Length %d >>\nstream\n%sendstream" % (len(drawn), drawn))
    kids = " ".join(f"{n} 0 R" for n in numbers)
    objects[1] = f"<< /Type /Pages /Kids [{kids}] /Count {len(numbers)} >>".encode()
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    xref = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref))
    if not info and not language:
        return out.getvalue()
    writer = PdfWriter(clone_from=PdfReader(out))
    writer.add_metadata({f"/{name}": value for name, value in (info or {}).items()})
    if language:
        writer.root_object[NameObject("/Lang")] = TextStringObject(language)
    return _written(writer)


def encrypted(data: bytes, password: str) -> bytes:
    """The same PDF, which opens with a password; with an empty one, for everybody."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    return _written(writer)


def word(*blocks: tuple[str, str] | list[list[str]], **properties: str) -> bytes:
    """A Word document of paragraphs (style, text) and tables (rows of cells)."""
    document = docx.Document()
    for name, value in properties.items():
        setattr(document.core_properties, name, value)
    for block in blocks:
        if isinstance(block, list):
            table = document.add_table(len(block), len(block[0]))
            for row, cells in zip(table.rows, block, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(block[1], style=block[0])
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def changed_word(data: bytes, old: str, new: str) -> bytes:
    """The same Word document, with a piece of its XML replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            content = before.read(part)
            if part.filename == "word/document.xml":
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode())
            after.writestr(part.filename, content)
    return out.getvalue()


def archive(**parts: bytes) -> bytes:
    """A ZIP archive; `word__document_xml` becomes word/document.xml."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


def page(body: str, head: str = "", attributes: str = ' lang="en"') -> str:
    """A web page with menu, script, style and a cookie banner around its main part."""
    return f"""<!DOCTYPE html>
<html{attributes}><head>{head}<style>p {{ color: red }}</style><script>var tracker = "on";</script></head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/all">All pages</a></li></ul></nav>
<div class="cookie-banner" id="cookies"><p>We use cookies. <button>Accept cookies</button></p></div>
<main>{body}</main>
<footer><p>Norland Library. All rights reserved.</p><script>track();</script></footer></body></html>"""


def _escaped(text: str) -> bytes:
    for mark in ("\\", "(", ")"):
        text = text.replace(mark, "\\" + mark)
    return text.encode("cp1252")


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
