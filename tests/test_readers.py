"""Files of every make -> text, and what they say of themselves."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askalms.errors import DocumentError
from askalms.readers import address_in, dates_in, decode, iso_date, publisher_in, read_file
from invented_pages import LIBRARY, SQUASHED

MEGABYTE = 1_000_000


def refusal(path: Path, max_bytes: int = MEGABYTE) -> str:
    with pytest.raises(DocumentError) as caught:
        read_file(path, max_bytes)
    return str(caught.value)


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
    """They are text, without NUL, or they are refused."""
    try:
        text = decode(data)
    except DocumentError:
        return
    assert "\0" not in text


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


@pytest.mark.parametrize("name", ["page.pdf", "page", "page.txt~", "page.md.exe"])
def test_other_formats_are_refused(tmp_path: Path, name: str):
    """The message names those that are read."""
    assert "is not read; save it as .txt or .text or .md" in refusal(written(tmp_path, b"It is rare.", name))


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
