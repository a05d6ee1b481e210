"""Files of every make -> text, and what they say of themselves."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askalms.errors import DocumentError
from askalms.readers import (
    SUFFIXES,
    Extract,
    address_in,
    dates_in,
    decode,
    iso_date,
    publisher_in,
    read_bytes,
    read_file,
)
from askalms.readers.typeset import Row, rows_of_grid, running_text
from invented_pages import LIBRARY, SQUASHED
from made_files import LEFT, RIGHT, STEP, TOP, archive, changed_word, column, encrypted, page, pdf, word

MEGABYTE = 1_000_000


def refusal(path: Path, max_bytes: int = MEGABYTE) -> str:
    with pytest.raises(DocumentError) as caught:
        read_file(path, max_bytes)
    return str(caught.value)


def refusal_of(data: bytes, suffix: str) -> str:
    with pytest.raises(DocumentError) as caught:
        read_bytes(data, suffix)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def paragraphs(extract: Extract) -> list[str]:
    return extract.text.strip().split("\n\n")


def written(folder: Path, data: bytes, name: str = "page.txt") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


# --- bytes


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_utf8_is_read_as_it_is(text: str):
    """Every character of the file is a character of the text."""
    assert decode(text.encode("utf-8")) == text


@given(st.text(st.sampled_from("aö.\n\r\t\v\f\u0085\u2028 ")))
def test_line_ends_stay_as_they_are(text: str):
    """Offsets count them, so none is changed."""
    assert decode(text.encode("utf-8")) == text


def test_the_byte_order_mark_of_utf8_is_a_character():
    """Whoever decodes the file as UTF-8 counts it as well."""
    assert decode(b"\xef\xbb\xbfAlstr\xc3\xb6m") == "\ufeffAlström"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_with_its_mark_is_read(encoding: str):
    """The mark tells the order of the bytes, and is no part of the text."""
    assert decode("\ufeffAlström 😀\r\n".encode(encoding)) == "Alström 😀\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "Alström syndrome",
        "It’s rare – “very” rare… at 38 °C, costs 5 €, says Løken.",
        "Fièvre à 39 °C : appelez le médecin. " * 20,
        "Größere Übersicht",
    ],
)
def test_what_is_not_utf8_is_windows_1252(text: str):
    """So are most old pages, Latin-1 included; a guess by frequency takes "38 °C" for Korean."""
    assert decode(text.encode("cp1252")) == text


def test_a_damaged_character_of_utf8_is_told_with_its_line():
    """To take the whole file for another encoding would garble every other letter."""
    data = "Alström\nLøken\nBjörk".encode().replace("ø".encode(), b"\xc3")
    with pytest.raises(DocumentError, match="damaged character in line 2"):
        decode(data + "äöüß".encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Alstr\0m", "NUL bytes"),
        (b"\xef\xbb\xbfAlstr\0m", "NUL bytes"),
        ("Alström".encode("utf-16-le"), "NUL bytes"),
        ("\ufeffAlström".encode("utf-32-le"), "NUL bytes"),
        (b"\xff\xfeA", "begins as UTF-16 but goes on otherwise"),
        (bytes(range(1, 32)) * 9, "control characters"),
        (b"\x81\x8d", "encoding cannot be told"),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes, reason: str):
    """With the reason and what to do."""
    with pytest.raises(DocumentError, match=rf"{reason}.*save it as UTF-8"):
        decode(data)


@given(st.binary())
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes):
    """They are text, almost without NUL, or they are refused."""
    try:
        text = decode(data)
    except DocumentError:
        return
    assert text.count("\0") * 100 <= len(text)


def test_a_few_nul_bytes_are_lost_letters():
    """As programs leave them that take text out of a PDF; where they are many, it is no text."""
    text = "The e\0ect on the ears is small. " + "The ears ring at night. " * 9
    assert decode(text.encode()) == text
    with pytest.raises(DocumentError, match="NUL bytes"):
        decode((text + "\0" * 9).encode())


# --- files


def test_a_text_file_is_read_with_its_hash(tmp_path: Path):
    """The hash is that of the bytes from which the text came."""
    data = b"\xef\xbb\xbfAlstr\xc3\xb6m.\r\nRare."
    extract = read_file(written(tmp_path, data), MEGABYTE)
    assert (extract.text, extract.body_start, extract.is_markdown) == ("\ufeffAlström.\r\nRare.", 0, False)
    assert extract.sha256 == hashlib.sha256(data).hexdigest()
    assert extract.front_matter == {}


@pytest.mark.parametrize("name", ["a b.txt", "alström.md", "two\nlines.TEXT", "x.MARKDOWN", "a.b.md"])
def test_names_may_hold_anything(tmp_path: Path, name: str):
    """The suffix decides, in capitals too."""
    assert read_file(written(tmp_path, b"It is rare.", name), MEGABYTE).text == "It is rare."


@pytest.mark.parametrize("name", ["page.odt", "page", "page.txt~", "page.md.exe"])
def test_other_formats_are_refused(tmp_path: Path, name: str):
    """The message names those that are read."""
    assert "is not read; save it as .txt, .text, .md, .markdown, .html, .htm, .xhtml, .pdf or .docx" in refusal(
        written(tmp_path, b"It is rare.", name)
    )


def test_a_file_at_the_limit_is_read_and_one_above_it_is_not(tmp_path: Path):
    """The limit is told, with the setting that raises it."""
    assert read_file(written(tmp_path, b"x" * 1000), 1000).text == "x" * 1000
    said = refusal(written(tmp_path, b"x" * 1001), 1000)
    assert "it has 0.001001 MB, more than the 0.001 MB allowed" in said
    assert "max_file_megabytes" in said


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n", b"\xff\xfe"])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes):
    """White space and marks are nothing to quote."""
    assert "it is empty" in refusal(written(tmp_path, data))


def test_front_matter_without_a_body_is_an_empty_file(tmp_path: Path):
    """There is nothing to quote."""
    assert "it is empty" in refusal(written(tmp_path, b"---\ntitle: x\n---\n\n", "page.md"))


def test_a_folder_is_no_file(tmp_path: Path):
    """Even if its name ends as that of a file."""
    (tmp_path / "page.txt").mkdir()
    assert "it is no file but a folder" in refusal(tmp_path / "page.txt")


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    """It would never end."""
    os.mkfifo(tmp_path / "page.txt")
    assert "it is no file but a folder, pipe" in refusal(tmp_path / "page.txt")


def test_a_link_to_nowhere_cannot_be_opened(tmp_path: Path):
    """The reason is the system's."""
    (tmp_path / "page.txt").symlink_to(tmp_path / "gone.txt")
    assert "cannot be opened (No such file or directory)" in refusal(tmp_path / "page.txt")


def test_a_closed_file_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The message says to look at the permissions."""

    def closed(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, b"It is rare.")
    monkeypatch.setattr(Path, "read_bytes", closed)
    assert "(Permission denied); check the file and its permissions" in refusal(path)


# --- front matter


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_body_begins_after_the_front_matter(tmp_path: Path, end: str, mark: str):
    """For every line end, and behind a byte-order mark."""
    text = f"{mark}---{end}title: Marlow{end}---  {end}# Body{end}---{end}"
    extract = read_file(written(tmp_path, text.encode(), "page.md"), MEGABYTE)
    assert extract.text == text
    assert text[extract.body_start :] == f"# Body{end}---{end}"
    assert extract.front_matter == {"title": "Marlow"}


def test_values_of_front_matter_stay_as_they_are_written(tmp_path: Path):
    """A date is no date to guess at, a title "No" is not false, and an impossible date is no crash."""
    text = "---\ntitle: No\nreviewed: 2016-13-45\nlicense: 1.10\nurl:\nsources:\n- reviewed: 2016-03\n---\nx\n"
    assert read_file(written(tmp_path, text.encode(), "page.md"), MEGABYTE).front_matter == {
        "title": "No",
        "reviewed": "2016-13-45",
        "license": "1.10",
        "url": "",
        "sources": [{"reviewed": "2016-03"}],
    }


def test_empty_front_matter_says_nothing(tmp_path: Path):
    """It is left out of the body all the same."""
    extract = read_file(written(tmp_path, b"---\n# nothing\n---\nx\n", "page.md"), MEGABYTE)
    assert (extract.front_matter, extract.text[extract.body_start :]) == ({}, "x\n")


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("title: a: b", r"is not YAML in line 2;"),
        ("title: x\nurl: [", r"is not YAML in line 4;"),
        ("title: !!python/object:os.system x\n? [a]\n: b", r"is not YAML"),
        ("- a\n- b", r"is not a list of names and values"),
        ("just words", r"is not a list of names and values"),
    ],
)
def test_bad_front_matter_is_refused(tmp_path: Path, front: str, reason: str):
    """With the line of the file, where that is known."""
    with pytest.raises(DocumentError, match=f"its front matter {reason}"):
        read_file(written(tmp_path, f"---\n{front}\n---\nx\n".encode(), "page.md"), MEGABYTE)


def test_front_matter_that_does_not_end_is_refused(tmp_path: Path):
    """Its fields would be quoted as the body."""
    assert "has no end" in refusal(written(tmp_path, b"---\ntitle: Marlow\n\nIt is rare.\n", "page.md"))


def test_a_rule_on_the_first_line_is_no_front_matter(tmp_path: Path):
    """Where no field stands below it."""
    assert read_file(written(tmp_path, b"---\nIt is rare.\n", "page.md"), MEGABYTE).body_start == 0


def test_plain_text_has_no_front_matter(tmp_path: Path):
    """What looks like it is text of the page."""
    assert read_file(written(tmp_path, b"---\ntitle: x\n---\nx\n"), MEGABYTE).body_start == 0


# --- what a page says of itself


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2026-03-26", "2026-03-26"),
        ("March 1, 2016", "2016-03-01"),
        ("1 March 2016", "2016-03-01"),
        ("3rd May, 2020", "2020-05-03"),
        ("August 2008", "2008-08"),
        ("Sept. 2011", "2011-09"),
        ("2008", "2008"),
        ("about 2016 (no date in the text)", "2016"),
        ("it may be 2016", "2016"),
        ("2016-03-01 10:15:00", "2016-03-01"),
        ("2016-02-31", "2016-02"),
        ("Feb 30, 2016", "2016-02"),
        ("2016-13", "2016"),
        ("20160301", ""),
        ("1016", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_dates_are_as_exact_as_they_are_known(words: str, expected: str):
    """A day that does not exist leaves its month, a month that does not exist its year."""
    assert iso_date(words) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Last reviewed: 2026-03-26", "2026-03-26"),
        ("Reviewed August 2008", "2008-08"),
        ("Last updated March 1, 2016", "2016-03-01"),
        ("**Last reviewed:** May 2020", "2020-05"),
        ("Medically reviewed by Dr. Finch on 3 May 2020", "2020-05-03"),
        ("Reviewed: August 2008\nPublished: May 4, 2009", "2008-08"),
        ("Published: May 4, 2009\nLast updated: 2012", "2012"),
        ("Reviewed: August 2008\nReviewed: May 2009", "2009-05"),
        ("Reviewed: soon\nPublished: 2009", "2009"),
        ("It was told of in 2009.", ""),
    ],
)
def test_the_date_of_a_review_counts_most_and_the_latest_of_a_kind(text: str, expected: str):
    """Then the change, then the publication."""
    assert dates_in(text) == expected


def test_the_address_is_the_one_that_the_page_calls_its_own():
    """Without the full stop after it; other addresses are other pages."""
    assert address_in(SQUASHED) == "https://norlandplus.example/genetics/marlow-syndrome/"
    assert address_in("URL of this page: http://a.example/b.") == "http://a.example/b"
    assert address_in("See https://a.example/b.") == ""


def test_the_publisher_is_who_the_page_is_a_service_of_or_else_its_site():
    """Or nobody."""
    assert publisher_in(LIBRARY, "") == "Norland Library of Health"
    assert publisher_in("It is rare.", "https://www.norlandplus.example/genetics") == "norlandplus.example"
    assert publisher_in("It is rare.", "") == ""


# --- every format

BELLS = "Marlow syndrome makes small bells ring in both ears. It seldom hurts."
MADE = {
    ".txt": BELLS.encode(),
    ".md": BELLS.encode(),
    ".html": page(f"<p>{BELLS}</p>").encode(),
    ".pdf": pdf(column(BELLS)),
    ".docx": word(("Normal", BELLS)),
}


@pytest.mark.parametrize("suffix", MADE)
def test_the_same_bytes_give_the_same_text(suffix: str):
    """Offsets of an old answer still point to the same words; the hash is that of the bytes."""
    first, second = read_bytes(MADE[suffix], suffix), read_bytes(MADE[suffix], suffix.upper())
    assert first == second
    assert BELLS in first.text
    assert first.sha256 == hashlib.sha256(MADE[suffix]).hexdigest()


def test_libraries_of_formats_are_imported_only_for_their_files():
    """Whoever asks a question waits for none of them."""
    code = (
        "import sys, askalms.corpus; print([m for m in ('docx', 'lxml', 'pypdf', 'trafilatura') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("suffix", MADE)
@pytest.mark.parametrize("other", MADE)
def test_a_file_named_as_another_format_is_refused_or_is_text(suffix: str, other: str):
    """Nothing but a complaint comes out of it, and never the bytes of an archive as text."""
    try:
        text = read_bytes(MADE[suffix], other).text
    except DocumentError:
        return
    assert "PK" not in text
    assert "endobj" not in text


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(data=st.binary(max_size=200))
def test_no_bytes_make_any_reader_fail_otherwise(suffix: str, data: bytes):
    """They are read, or they are refused."""
    try:
        read_bytes(data, suffix)
    except DocumentError as error:
        assert str(error)


@pytest.mark.parametrize("suffix", [".html", ".pdf", ".docx"])
@given(st.data())
def test_no_damaged_file_makes_its_reader_fail_otherwise(suffix: str, draw: st.DataObject):
    """Some bytes of a good one are changed, or its end is missing."""
    data = bytearray(MADE[suffix])
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=20)):
        data[place] = draw.draw(st.integers(0, 255))
    try:
        read_bytes(bytes(data[: draw.draw(st.integers(1, len(data)))]), suffix)
    except DocumentError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("data", "suffix", "reason"),
    [
        (b"", ".pdf", "it is empty"),
        (archive(a=b"x"), ".pdf", "its name ends with .pdf, but it is a ZIP archive; unpack it"),
        (MADE[".pdf"], ".txt", "its name ends with .txt, but it is a PDF; name it .pdf"),
        (MADE[".pdf"], ".docx", "its name ends with .docx, but it is a PDF; name it .pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), ".docx", "an old Office file, or one with a password"),
        (b"\x89PNG\r\n", ".html", "it is a picture; type its text"),
        (b"just text", ".pdf", "its name ends with .pdf, but it is none"),
        (b"just text", ".docx", "it is no Word document"),
        (b"just text", ".html", "it holds no HTML; name it .txt"),
    ],
)
def test_a_file_says_by_its_beginning_what_it_is(data: bytes, suffix: str, reason: str):
    """What its name claims is checked, and the message says what to do."""
    assert reason in refusal_of(data, suffix)


# --- web pages

MARLOW = """<h1>Marlow syndrome</h1>
<p>Marlow syndrome is a <b>rare</b> condition of the <a href="/ears">ears</a>.</p>
<h2>How is it passed on?</h2><p>Both parents carry one changed copy.</p>
<h3>Numbers</h3>
<ul><li>One in a thousand families<ul><li>mostly by the sea</li></ul></li><li>More girls than boys</li></ul>
<table><tr><th>Age</th><th>Sign</th></tr><tr><td>2</td><td>bells ring</td></tr></table>"""


def test_headings_lists_and_tables_of_a_page_are_kept():
    """Menu, scripts, styles, cookies and the foot are not."""
    extract = read_bytes(page(MARLOW).encode(), ".html")
    assert extract.is_markdown
    assert paragraphs(extract) == [
        "# Marlow syndrome",
        "Marlow syndrome is a rare condition of the ears.",
        "## How is it passed on?",
        "Both parents carry one changed copy.",
        "### Numbers",
        "- One in a thousand families\n  - mostly by the sea\n- More girls than boys",
        "| Age | Sign |\n| --- | --- |\n| 2 | bells ring |",
    ]


def test_headings_are_kept_where_a_page_does_not_mark_its_main_part():
    """Those of the foot have no text that is kept, and are none."""
    menu = "".join(f"<li><a href='/{n}'>Menu item {n}</a></li>" for n in range(20))
    source = f"""<html><body><ul>{menu}</ul><div><h1>Marlow syndrome</h1><h2>In short</h2>
    <div>Small bells ring in both ears.</div>
    <h2>How long?</h2><div>For years, they say, <span>or more</span>.</div>
    <details><summary>Who hears them?</summary><p>Whole families do.</p></details></div>
    <footer><h2>Imprint</h2></footer></body></html>"""
    assert paragraphs(read_bytes(source.encode(), ".html")) == [
        "# Marlow syndrome",
        "## In short",
        "Small bells ring in both ears.",
        "## How long?",
        "For years, they say, or more.",
        "### Who hears them?",
        "Whole families do.",
    ]


def test_a_page_says_what_it_is_in_its_head():
    """Title, site, address, date, licence and language."""
    head = """<title>Marlow syndrome - Norland Library</title><link rel="canonical" href="https://norland.example/marlow">
    <meta property="og:site_name" content="Norland Library"><meta name="author" content="Ann Finch">
    <meta property="article:modified_time" content="2024-05-03T10:00:00Z">
    <link rel="license" href="https://creativecommons.org/licenses/by/4.0/">"""
    extract = read_bytes(page(f"<p>{BELLS}</p>", head, ' lang="en-GB"').encode(), ".htm")
    assert extract.stated["title"].startswith("Marlow syndrome")
    assert {k: v for k, v in extract.stated.items() if k != "title"} == {
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "publisher": "Norland Library",
        "url": "https://norland.example/marlow",
        "reviewed": "2024-05-03",
        "language": "en",
    }


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("", '<a rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/">licence</a>', "CC BY-SA 4.0"),
        ('<meta name="dcterms.license" content="Norland Open Licence 2">', "", "Norland Open Licence 2"),
        ("", "All rights reserved.", None),
    ],
)
def test_the_licence_of_a_page_is_the_one_that_it_names(head: str, body: str, expected: str | None):
    """In its head, or by a link that says so."""
    extract = read_bytes(page(f"<p>{BELLS}</p><p>{body}</p>", head).encode(), ".html")
    assert extract.stated.get("license") == expected


def test_a_dateline_of_a_page_counts_more_than_its_head():
    """The head may tell when the page was moved; the line tells when somebody read it."""
    head = '<meta property="article:modified_time" content="2024-05-03">'
    source = page(f"<h1>Marlow</h1><p>{BELLS}</p>", head).replace("Norland Library.", "Last reviewed: May 2020.")
    assert read_bytes(source.encode(), ".html").stated["reviewed"] == "2020-05"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "/marlow", "https:///x", ""])
def test_what_is_no_address_of_the_web_is_none(address: str):
    """It would become a link."""
    head = f'<link rel="canonical" href="{address}">'
    assert "url" not in read_bytes(page(f"<p>{BELLS}</p>", head).encode(), ".html").stated


@pytest.mark.parametrize(
    "declared", ["", '<meta charset="{}">', '<meta http-equiv="x" content="text/html; charset={}">']
)
@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-16-le"])
def test_a_page_is_decoded_whether_it_names_its_encoding_or_not(declared: str, encoding: str):
    """Latin-1 on the web means Windows-1252, which has the dashes as well."""
    said = "Bjørk’s größte Glocke – 38 °C."
    if encoding == "iso-8859-1":
        said = said.replace("’", "").replace("–", "-")
    source = page(f"<p>{BELLS} {said}</p>", declared.format(encoding))
    assert said in read_bytes(source.encode(encoding), ".html").text


@pytest.mark.parametrize("declared", ["utf-8", "shift-jis-of-the-moon", "iso-8859-1"])
def test_a_page_that_names_the_wrong_encoding_is_decoded_by_its_bytes(declared: str):
    """UTF-8 shows by itself, and so does what is none."""
    source = page("<p>Bjørk rings.</p>", f'<meta charset="{declared}">')
    assert "Bjørk rings." in read_bytes(source.encode("utf-8"), ".html").text
    assert "Bjørk rings." in read_bytes(source.encode("cp1252"), ".html").text


def test_xhtml_with_a_declaration_of_xml_is_read():
    """The declaration speaks of bytes that are text by now."""
    source = '<?xml version="1.0" encoding="utf-8"?>\n' + page(f"<p>{BELLS}</p>")
    assert BELLS in read_bytes(source.encode(), ".xhtml").text


@pytest.mark.parametrize(
    "body", ["", "<div id='app'></div><script>render('Marlow syndrome')</script>", "<img src='x'>"]
)
def test_a_page_without_text_is_refused(body: str):
    """As are those whose scripts fetch it."""
    source = f"<html><head><title>Marlow</title><style>a{{}}</style></head><body>{body}</body></html>"
    assert "without text, or scripts fetch its text; open it, and save" in refusal_of(source.encode(), ".html")


def test_scripts_and_styles_are_never_text():
    """Wherever they stand."""
    body = f"<p>{BELLS}</p><script>alert('boo')</script><style>.x{{}}</style><p onclick='boo()'>It goes on.</p>"
    text = read_bytes(page(body).encode(), ".html").text
    assert "boo" not in text
    assert ".x" not in text
    assert "It goes on." in text


@pytest.mark.parametrize("line", ["> 5 bells are many.", "# 1 of all bells.", "| a |", "===", "<b>5</b> of 9", "- - -"])
def test_a_paragraph_like_a_mark_of_markdown_stays_one(line: str):
    """What begins with ">" would be taken for a citation, and lose its sign."""
    escaped = line.replace("<b>", "&lt;b&gt;").replace("</b>", "&lt;/b&gt;").replace("> ", "&gt; ")
    text = read_bytes(page(f"<p>{BELLS}</p><p>{escaped}</p><p>{BELLS[::-1]}</p>").encode(), ".html").text
    assert f"\n\n\u2060{line}\n\n" in text


# --- PDF


def test_pages_of_a_pdf_are_known():
    """Each begins where its first word stands."""
    extract = read_bytes(pdf(column("Bells ring in\nboth ears."), [], column("They stop at noon.")), ".pdf")
    assert extract.text == "Bells ring in both ears.\n\nThey stop at noon."
    assert extract.text[extract.page_starts[2] :] == "They stop at noon."
    assert extract.page_starts[0] == 0
    assert extract.page_starts[1] <= extract.page_starts[2]


def test_a_sentence_may_go_on_over_the_page():
    """The page begins inside of the paragraph."""
    extract = read_bytes(pdf(column("The small bells ring in both"), column("ears at night.")), ".pdf")
    assert extract.text == "The small bells ring in both ears at night."
    assert extract.text[extract.page_starts[1] :] == "ears at night."


LEFT_COLUMN = """The small bells of Marlow
ring in both ears at night,
and the ringing goes on for
an hour or more until it is
over. Nobody knows why they
ring, nor why they stop."""
RIGHT_COLUMN = """Other bells are larger and
ring by day, though they do
not hurt the ears of anyone
who lives far away from the
sea. They were never heard
north of the great river."""


@pytest.mark.parametrize("by_rows", [False, True])
def test_two_columns_are_read_one_after_the_other(by_rows: bool):
    """Also where the file draws row by row, across the columns."""
    left, right = column(LEFT_COLUMN), column(RIGHT_COLUMN, RIGHT)
    drawn = [line for pair in zip(left, right, strict=True) for line in pair] if by_rows else left + right
    text = read_bytes(pdf(drawn), ".pdf").text
    assert " ".join(text.split()) == " ".join(f"{LEFT_COLUMN} {RIGHT_COLUMN}".split())


def test_a_title_across_two_columns_stays_before_them():
    """And what stands below them across both stays behind."""
    across = "All of this was told by the people of Marlow, who have heard the bells since they were born by the sea."
    below = TOP - 9 * STEP
    head, foot = (LEFT, TOP + 20, 10, across), (LEFT, below, 10, across)
    pairs = zip(column(LEFT_COLUMN), column(RIGHT_COLUMN, RIGHT), strict=True)
    text = read_bytes(pdf([head, *(line for pair in pairs for line in pair), foot]), ".pdf").text
    flat = " ".join(text.split())
    assert flat == " ".join(f"{across} {LEFT_COLUMN} {RIGHT_COLUMN} {across}".split())


def test_a_table_is_read_row_by_row():
    """Its cells are no columns of prose."""
    rows = [("two years", "bells"), ("four years", "drums"), ("six years", "horns"), ("eight years", "pipes")] * 2
    lines = [
        line
        for number, (age, sign) in enumerate(rows)
        for line in ((LEFT, TOP - STEP * number, 10, age), (RIGHT, TOP - STEP * number, 10, sign))
    ]
    flat = " ".join(read_bytes(pdf(lines), ".pdf").text.split())
    assert flat == " ".join(f"{age} {sign}" for age, sign in rows)


def test_running_heads_and_feet_are_left_out():
    """What stands on most pages at the edge, and numbers of pages; a title in larger letters stays."""
    pages = [
        [
            (LEFT, 810, 8, f"Norland Bulletin {number}"),
            *column("# Marlow syndrome\n\n" * (number == 1) + f"Part {number} of the story is about small bells."),
            (LEFT, 30, 8, f"page {number} of 4"),
        ]
        for number in range(1, 5)
    ]
    text = read_bytes(pdf(*pages), ".pdf").text
    assert "Bulletin" not in text
    assert "of 4" not in text
    assert text.startswith("Marlow syndrome\n\nPart 1 of the story is about small bells.\n\nPart 2 of")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("Marlow syn-\ndrome is rare.", "Marlow syndrome is rare."),
        ("It is a long-\nterm illness.", "It is a long-term illness."),
        ("It is X-\nlinked, they say.", "It is X-linked, they say."),
        ("It is called Marlow-\nFinch syndrome.", "It is called Marlow-Finch syndrome."),
        ("The qorvi-\nnal bells are qorvinal.", "The qorvinal bells are qorvinal."),
        ("The qorvi-\nnal bells ring.", "The qorvinal bells ring."),
        ("The gene is C9-\nrelated as is MRLW1.", "The gene is C9-related as is MRLW1."),
        ("It lasts from one -\nor two - years.", "It lasts from one - or two - years."),
    ],
)
def test_words_that_were_broken_at_the_end_of_a_row_are_joined(rows: str, expected: str):
    """The hyphen of a compound stays."""
    assert read_bytes(pdf(column(rows)), ".pdf").text == expected


def test_paragraphs_headings_and_items_stay_apart():
    """By gaps, larger letters, bullets, and rows that end early."""
    text = """# What is Marlow syndrome?
Marlow syndrome makes bells ring in the
ears of whole families at night.
It is rare.

Signs

\u2022 Bells that ring in both of the
ears when it is dark
\u2022 Drums"""
    assert paragraphs(read_bytes(pdf(column(text)), ".pdf")) == [
        "What is Marlow syndrome?",
        "Marlow syndrome makes bells ring in the ears of whole families at night.",
        "It is rare.",
        "Signs",
        "\u2022 Bells that ring in both of the ears when it is dark",
        "\u2022 Drums",
    ]


def test_a_pdf_says_what_it_is():
    """Title, author and language; when it was printed says nothing of its text."""
    info = {"Title": "Marlow  syndrome", "Author": "Ann Finch", "CreationDate": "D:20240503100000Z"}
    stated = read_bytes(pdf(column(BELLS), info=info, language="en-GB"), ".pdf").stated
    assert stated == {"title": "Marlow syndrome", "publisher": "Ann Finch", "language": "en"}


@pytest.mark.parametrize("title", ["Microsoft Word - a.doc", "untitled", "marlow_2.indd", "Document1", "C:\\x\\marlow"])
def test_the_name_that_a_program_gives_is_no_title(title: str):
    """Nor is the name of an account an author."""
    assert read_bytes(pdf(column(BELLS), info={"Title": title, "Author": "jdoe"}), ".pdf").stated == {}


def test_a_pdf_with_a_password_is_refused_and_one_that_opens_for_all_is_read():
    """The message says to save a copy without."""
    whole = pdf(column(BELLS))
    assert "protected by a password; save a copy without" in refusal_of(encrypted(whole, "secret"), ".pdf")
    assert read_bytes(encrypted(whole, ""), ".pdf").text == BELLS


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_pdf_that_breaks_off_is_refused(share: float):
    """Whatever could still be read of it would look whole."""
    data = pdf(column(BELLS), column(BELLS))
    assert "breaks off before its end; fetch it again" in refusal_of(data[: int(len(data) * share)], ".pdf")


def test_a_pdf_of_pictures_is_refused():
    """With what to do."""
    assert "its pages are pictures without text; run it through text recognition" in refusal_of(pdf([], []), ".pdf")


def test_a_pdf_that_is_nonsense_inside_is_refused():
    """In one line."""
    assert "damaged PDF" in refusal_of(b"%PDF-1.7\nnonsense\n%%EOF", ".pdf")


ROWS = st.lists(
    st.builds(
        Row,
        st.text("abc -.", min_size=1, max_size=9).map(lambda s: "x" + s.strip()),
        st.integers(0, 50),
        st.integers(1, 50),
        st.integers(0, 30),
        st.sampled_from([0, 8, 10]),
        st.booleans(),
    ),
    max_size=12,
)


@given(st.lists(ROWS, max_size=4))
def test_no_letter_of_typeset_rows_is_lost_but_at_the_edge(pages: list[list[Row]]):
    """Whatever the rows are, their letters come out in some order, and pages begin in theirs."""
    text, starts = running_text(pages)
    assert len(starts) == len(pages)
    assert list(starts) == sorted(starts)
    assert all(0 <= start <= len(text) for start in starts)
    marked = [
        [Row(f"y{number}.{row.text}", row.x, row.width, row.top) for number, row in enumerate(rows)]
        for rows in pages[:1]
    ]
    found = running_text(marked)[0]
    assert all(f"y{number}." in found for number in range(len(marked[0]) if marked else 0))


def test_the_rows_of_a_grid_know_their_places():
    """Empty ones are left out, but counted."""
    assert rows_of_grid("ab\n\n  c d") == [Row("ab", 0, 2, 0), Row("c d", 2, 3, 2)]


# --- Word


def test_headings_lists_and_tables_of_a_word_document_are_kept():
    """In their order."""
    data = word(
        ("Title", "Marlow syndrome"),
        ("Heading 1", "Signs"),
        ("Normal", "Small bells ring."),
        ("List Bullet", "by night"),
        ("List Number", "by day"),
        [["Age", "Sign"], ["2", "bells | drums"]],
        ("Heading 2", "Numbers"),
        ("Normal", "> 5 bells are many."),
        title="All about Marlow",
        author="Ann Finch",
        language="en-GB",
    )
    extract = read_bytes(data, ".docx")
    assert paragraphs(extract) == [
        "# Marlow syndrome",
        "# Signs",
        "Small bells ring.",
        "- by night\n- by day",
        "| Age | Sign |\n| --- | --- |\n| 2 | bells ¦ drums |",
        "## Numbers",
        "\u2060> 5 bells are many.",
    ]
    assert extract.stated == {"title": "All about Marlow", "publisher": "Ann Finch", "language": "en"}


def test_word_gives_the_text_as_it_stands_now():
    """With links, accepted insertions and content controls; without what was deleted."""
    data = word(("Normal", "The bells ring."))
    run = "<w:r><w:t>The bells ring.</w:t></w:r>"
    changed = (
        "<w:r><w:t xml:space='preserve'>The </w:t></w:r>"
        "<w:del w:id='1' w:author='x'><w:r><w:delText>loud </w:delText></w:r></w:del>"
        "<w:ins w:id='2' w:author='x'><w:r><w:t xml:space='preserve'>small </w:t></w:r></w:ins>"
        "<w:hyperlink><w:r><w:t>bells</w:t></w:r></w:hyperlink>"
        "<w:r><w:br/><w:t>ring.</w:t></w:r>"
    )
    assert read_bytes(changed_word(data, run, changed), ".docx").text == "The small bells ring.\n"
    control = "<w:sdt><w:sdtContent><w:p><w:r><w:t>The drums beat.</w:t></w:r></w:p></w:sdtContent></w:sdt><w:sectPr"
    assert "The drums beat." in read_bytes(changed_word(data, "<w:sectPr", control), ".docx").text


def test_a_bomb_in_a_word_document_is_not_unpacked():
    """A few kilobytes that would become more than a book can be."""
    bomb = archive(word__document_xml=b" " * 31_000_000)
    assert len(bomb) < 100_000
    assert "unpacked it has 31 MB, which no document has" in refusal_of(bomb, ".docx")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (archive(a_txt=b"x"), "it is a ZIP archive, but no Word document"),
        (archive(word__document_xml=b"<x"), "it is a damaged Word document"),
        (MADE[".docx"][:2000], "it is no Word document, or it breaks off"),
        (word(("Normal", " ")), "it is empty"),
    ],
)
def test_what_is_no_word_document_is_refused(data: bytes, reason: str):
    """With the reason."""
    assert reason in refusal_of(data, ".docx")
