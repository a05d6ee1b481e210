"""Adding documents: what is stored under which name, what is noted of it, and that nothing is doubled or lost."""

import io
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest
import tomlkit
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from askalms import adding, cli
from askalms.adding import Addition, Outcome, add
from askalms.corpus import load_corpus
from askalms.errors import AskALMSError, CorpusError, DocumentError, FetchError
from askalms.medlineplus import read_genetics_page
from askalms.settings import CorpusSettings, FetchingSettings, Settings
from test_medlineplus import CONDITION, CONDITION_TEXT
from web import Web, article, page, redirect, status

TODAY = date(2026, 3, 4)
LATER = date(2026, 9, 10)
STEM = "library-example"


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    web.pages["/ears"] = page(article())
    yield web
    web.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    return folder


def _add(web: Web, folder: Path, path: str = "/ears", topic: str = "", today: date = TODAY) -> Addition:
    return add(web.url(path), folder, Settings(), topic=topic, today=today, gate=web)


def _sources(folder: Path) -> dict[str, dict[str, str]]:
    return tomllib.loads((folder / "sources.toml").read_text("utf-8"))


def _state(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the lock, which is empty."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.endswith("lock")}


def _docx() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
    return buffer.getvalue()


# --- a page


def test_a_page_is_stored_as_fetched_with_its_provenance(web: Web, folder: Path):
    """The bytes are the server's; sources.toml says all that is known of them."""
    added = _add(web, folder, topic="alstrom-syndrome")
    assert (added.outcome, added.doc_id) == (Outcome.ADDED, f"{STEM}-ears.html")
    assert (folder / added.doc_id).read_bytes() == article().encode()
    assert _sources(folder) == {
        added.doc_id: {
            "title": "Hearing in the northern islands",
            "publisher": "Island Ears",
            "language": "en",
            "url": web.url("/ears"),
            "fetched": "2026-03-04",
            "topic": "alstrom-syndrome",
        }
    }
    assert added.entry == _sources(folder)[added.doc_id]


def test_the_address_after_redirects_is_the_one_that_is_known(web: Web, folder: Path):
    """An old address renews the page that it leads to."""
    web.pages["/old"] = redirect("/ears")
    assert _add(web, folder, "/old").entry["url"] == web.url("/ears")
    assert _add(web, folder, "/ears").outcome is Outcome.UNCHANGED
    assert _add(web, folder, "/old#x").outcome is Outcome.UNCHANGED
    assert sorted(_state(folder)) == [f"{STEM}-ears.html", "sources.toml"]


def test_the_same_address_again_renews_the_page(web: Web, folder: Path):
    """The name stays, text and dates are renewed, and what people wrote stays."""
    _add(web, folder)
    path = folder / "sources.toml"
    path.write_text("# our notes\n" + path.read_text("utf-8").replace("Island Ears", "Our own name"), "utf-8")
    web.pages["/ears"] = page(article(text="The test is every spring now.", foot="<p>Last reviewed: 2026-08-01</p>"))
    renewed = _add(web, folder, topic="usher-syndrome", today=LATER)
    assert (renewed.outcome, renewed.doc_id) == (Outcome.CHANGED, f"{STEM}-ears.html")
    assert b"every spring now" in (folder / renewed.doc_id).read_bytes()
    entry = _sources(folder)[renewed.doc_id]
    assert (entry["reviewed"], entry["fetched"], entry["publisher"]) == ("2026-08-01", "2026-09-10", "Our own name")
    assert entry["topic"] == "usher-syndrome"
    assert path.read_text("utf-8").startswith("# our notes\n")
    assert len(_state(folder)) == 2


def test_a_page_that_differs_in_what_nobody_sees_is_unchanged(web: Web, folder: Path):
    """Scripts and tokens differ with every request; the stored file stays, so that nothing is indexed anew."""
    _add(web, folder)
    web.pages["/ears"] = page(article(head="<script>var token = 77;</script>"))
    renewed = _add(web, folder, today=LATER)
    assert renewed.outcome is Outcome.UNCHANGED
    assert (folder / renewed.doc_id).read_bytes() == article().encode()
    assert renewed.entry["fetched"] == "2026-09-10"


def test_the_same_page_at_another_address_is_not_added(web: Web, folder: Path):
    """It says which document holds it."""
    _add(web, folder)
    before = _state(folder)
    web.pages["/ears?from=mail"] = page(article())
    again = _add(web, folder, "/ears?from=mail", today=LATER)
    assert (again.outcome, again.doc_id) == (Outcome.DUPLICATE, f"{STEM}-ears.html")
    assert again.notes == (f"It is known as {web.url('/ears')}.",)
    assert _state(folder) == before


def test_a_removed_file_comes_back_under_its_name(web: Web, folder: Path):
    """Its entry was still there."""
    _add(web, folder)
    (folder / f"{STEM}-ears.html").unlink()
    assert _add(web, folder).outcome is Outcome.ADDED
    assert (folder / f"{STEM}-ears.html").exists()


def test_other_pages_with_a_like_name_get_a_number(web: Web, folder: Path):
    """No file is overwritten, whatever the case of its name."""
    (folder / f"{STEM}-EARS.html").write_text("mine")
    web.pages["/Ears/"] = page(article("Another page"))
    assert _add(web, folder).doc_id == f"{STEM}-ears-2.html"
    assert _add(web, folder, "/Ears/").doc_id == f"{STEM}-ears-3.html"
    assert (folder / f"{STEM}-EARS.html").read_text() == "mine"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", f"{STEM}.html"),
        ("/a/../../etc/passwd", f"{STEM}-etc-passwd.html"),
        ("/%2e%2e%2f%2e%2e%2fboot", f"{STEM}-boot.html"),
        ("/a%00b%0ac", f"{STEM}-a-b-c.html"),
        ("/Alstr%C3%B6m.HTML", f"{STEM}-alstrom.html"),
        ("/%E7%9C%BC", f"{STEM}.html"),
        ("/v1.2", f"{STEM}-v1-2.html"),
        ("/show.php?id=7&x=<b>", f"{STEM}-show-php-id-7-x-3cb-3e.html"),
        ("/" + "long-" * 60, f"{STEM}-{'long-' * 13}".rstrip("-")[:80].rstrip("-") + ".html"),
    ],
)
def test_names_are_readable_and_safe(web: Web, folder: Path, path: str, name: str):
    """Small letters, digits and hyphens of the address, inside the folder."""
    web.pages[httpx.URL(web.url(path)).raw_path.decode()] = page(article())
    assert _add(web, folder, path).doc_id == name
    assert (folder / name).read_bytes() == article().encode()


@given(st.text(max_size=200))
def test_any_words_make_a_name_that_every_system_takes(words: str):
    """Never empty, never long, never with a character that means something in a path."""
    stem = adding._stem(words)
    assert 0 < len(stem) <= 90
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not stem.startswith("-")
    assert stem not in {"readme", "license", "licence", "changelog", "con", "nul", "com1"}


# --- what a page says of itself


@pytest.mark.parametrize(
    ("head", "foot", "reviewed"),
    [
        ("", "<p>Last reviewed: 3 May 2023</p>", "2023-05-03"),
        ("", "<div><b>Last updated:</b> <time>2022-11-05</time></div>", "2022-11-05"),
        ('<meta property="article:modified_time" content="2024-02-03T10:00:00Z">', "", "2024-02-03"),
        ('<meta property="article:published_time" content="2019-01-02">', "", "2019-01-02"),
        ("", "<p>Copyright 2026 Island Ears</p><a href='/2025/03/04/x'>News</a>", ""),
    ],
)
def test_the_date_is_what_the_page_states_and_never_a_guess(
    web: Web, folder: Path, head: str, foot: str, reviewed: str
):
    """Its words count first, then what it tells programs; a copyright line is no date of review."""
    web.pages["/ears"] = page(article(head=head, foot=foot))
    assert _add(web, folder).entry.get("reviewed", "") == reviewed


def test_the_licence_is_noted_if_the_page_states_one(web: Web, folder: Path):
    """As a link to the licence."""
    licence = '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>'
    web.pages["/ears"] = page(article(foot=f"<footer>{licence}</footer>"))
    assert _add(web, folder).entry["license"] == "CC BY 4.0"


def test_a_page_in_another_language_is_stored_with_a_word_about_it(web: Web, folder: Path):
    """The maintainer decides."""
    web.pages["/ears"] = page(article().replace('lang="en"', 'lang="da"'))
    added = _add(web, folder)
    assert added.entry["language"] == "da"
    assert added.notes == ("The page says that its language is 'da'; only English is read.",)


# --- formats


@pytest.mark.parametrize(
    ("body", "kind", "path", "suffix"),
    [
        (b"%PDF-1.7\n...", "application/pdf", "/doc", ".pdf"),
        (b"%PDF-1.7\n...", "text/html", "/doc", ".pdf"),
        (b"%PDF-1.7\n...", "application/octet-stream", "/doc.bin", ".pdf"),
        (_docx(), "application/octet-stream", "/doc", ".docx"),
        (_docx(), None, "/doc.docx", ".docx"),
        (b"Plain words.", "text/plain", "/doc.txt", ".txt"),
        (b"# Words", "text/markdown", "/doc.md", ".md"),
        (b"# Words", "text/plain", "/doc.md", ".txt"),
        (b"# Words", None, "/doc.md", ".md"),
        (b"<!doctype html><p>Words", "text/plain", "/doc", ".html"),
        (b"<p>Words of a part of a page", "text/html", "/doc", ".html"),
        (b"Nameless words.", None, "/doc", ".txt"),
    ],
)
def test_the_format_is_told_by_the_bytes_and_then_by_what_is_said(
    web: Web, folder: Path, body: bytes, kind: str | None, path: str, suffix: str
):
    """Servers often name a wrong type, or none."""
    web.pages[path] = page(body, kind)
    added = _add(web, folder, path)
    assert Path(added.doc_id).suffix == suffix
    assert (folder / added.doc_id).read_bytes() == body


def test_a_page_with_a_damaged_character_is_still_a_page(web: Web, folder: Path):
    """It is stored as it is."""
    body = article().encode().replace(b"island", "Å".encode() + b"land\xc3", 1)
    web.pages["/doc"] = page(body)
    assert (folder / _add(web, folder, "/doc").doc_id).read_bytes() == body


@given(st.binary(max_size=300).map(lambda b: b"<html>" + b), st.booleans())
def test_any_bytes_of_a_page_can_be_looked_at(body: bytes, is_old: bool):
    """What a page says of itself is text without line ends, however broken the page."""
    facts = adding._facts_of_html(body if is_old else b"<html>" + b"<div>" * 3000 + body)
    assert all(value == " ".join(value.split()) != "" for value in facts.values())
    read_genetics_page(b"<h1>T</h1><div data-bookmark='x'><h2>Causes</h2>" + b"<div>" * 3000 + body)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (article().encode(), "application/pdf"),
        (b"PK\x03\x04 some other archive", "application/octet-stream"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "text/html"),
        (b"GIF89a\0\0", "image/gif"),
        (bytes(range(256)) * 4, None),
    ],
)
def test_what_is_not_what_it_is_said_to_be_is_not_stored(web: Web, folder: Path, body: bytes, kind: str | None):
    """An error page in place of a PDF, an archive, a picture."""
    web.pages["/doc"] = page(body, kind)
    with pytest.raises(FetchError):
        _add(web, folder, "/doc")
    assert _state(folder) == {}


# --- MedlinePlus Genetics


@pytest.fixture
def medlineplus(web: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    """The test's server in place of medlineplus.gov."""
    fetch = adding.fetch

    def fetch_here(url: str, *args: object, **named: object) -> object:
        path = url.removeprefix("https://medlineplus.gov")
        return replace(fetch(web.url(path), *args, **{**named, "gate": web}), url=url)

    monkeypatch.setattr(adding, "fetch", fetch_here)
    return web


def test_a_genetics_page_is_stored_as_its_own_text(medlineplus: Web, folder: Path):
    """By its short form: text, date, publisher, and the topic that its title names."""
    html = CONDITION.replace("Länte<i>rn</i> syndrome", "Alström syndrome")
    medlineplus.pages["/genetics/condition/alstrom-syndrome/"] = page(html)
    added = add("medlineplus:condition/alstrom-syndrome", folder, Settings(), today=TODAY)
    assert added.doc_id == "medlineplus-gov-genetics-condition-alstrom-syndrome.md"
    assert (folder / added.doc_id).read_text("utf-8") == CONDITION_TEXT.replace("Läntern", "Alström")
    assert added.entry == {
        "url": "https://medlineplus.gov/genetics/condition/alstrom-syndrome/",
        "title": "Alström syndrome",
        "topic": "alstrom-syndrome",
        "publisher": "MedlinePlus Genetics, U.S. National Library of Medicine",
        "reviewed": "2023-05-01",
        "license": "U.S. government text",
        "language": "en",
        "fetched": "2026-03-04",
    }
    loaded = load_corpus(folder, CorpusSettings())
    assert loaded.problems == ()
    assert loaded.documents[0].topics == ("alstrom-syndrome",)
    assert loaded.documents[0].provenance.fetched == "2026-03-04"


def test_a_gene_page_belongs_to_the_disease_that_the_gene_names(medlineplus: Web, folder: Path):
    """A gene of its own is one of a topic's names."""
    html = CONDITION.replace("Länte<i>rn</i> syndrome", "ALMS1 gene")
    medlineplus.pages["/genetics/gene/alms1/"] = page(html)
    assert add("medlineplus:gene/alms1", folder, Settings()).entry["topic"] == "alstrom-syndrome"


def test_a_genetics_page_of_an_unknown_disease_leaves_the_topic_to_the_corpus(medlineplus: Web, folder: Path):
    """Nothing is guessed; --topic says it."""
    medlineplus.pages["/genetics/condition/lantern/"] = page(CONDITION)
    added = add("https://medlineplus.gov/genetics/condition/lantern/", folder, Settings())
    assert "topic" not in added.entry
    assert (
        add("medlineplus:condition/lantern", folder, Settings(), topic="usher-syndrome").entry["topic"]
        == "usher-syndrome"
    )


def test_a_genetics_page_built_otherwise_is_stored_whole_and_that_is_said(medlineplus: Web, folder: Path):
    """The general way is better than nothing."""
    medlineplus.pages["/genetics/gene/lmp1/"] = page(article())
    added = add("medlineplus:gene/lmp1", folder, Settings())
    assert added.doc_id == "medlineplus-gov-genetics-gene-lmp1.html"
    assert "stored whole" in added.notes[0]


def test_a_page_that_changed_its_format_is_not_written_over_the_old_one(medlineplus: Web, folder: Path):
    """Which one is right is for the maintainer to say."""
    medlineplus.pages["/genetics/gene/lmp1/"] = page(CONDITION)
    add("medlineplus:gene/lmp1", folder, Settings())
    before = _state(folder)
    medlineplus.pages["/genetics/gene/lmp1/"] = page(article())
    with pytest.raises(CorpusError, match=r"stored as 'medlineplus-.*\.md' and is \.html now; remove that file"):
        add("medlineplus:gene/lmp1", folder, Settings())
    assert _state(folder) == before


# --- files


def test_a_file_is_stored_once(tmp_path: Path, folder: Path):
    """The second time, and under another name, it is recognised."""
    (tmp_path / "Ears & Eyes.TXT").write_text("Words on ears.")
    (tmp_path / "copy.txt").write_text("Words on ears.")
    added = add(str(tmp_path / "Ears & Eyes.TXT"), folder, Settings(), topic="alstrom-syndrome")
    assert (added.outcome, added.doc_id) == (Outcome.ADDED, "ears-eyes.txt")
    assert _sources(folder) == {"ears-eyes.txt": {"topic": "alstrom-syndrome"}}
    for name in ("Ears & Eyes.TXT", "copy.txt"):
        again = add(str(tmp_path / name), folder, Settings())
        assert (again.outcome, again.doc_id) == (Outcome.DUPLICATE, "ears-eyes.txt")
    assert sorted(_state(folder)) == ["ears-eyes.txt", "sources.toml"]


def test_a_file_without_anything_to_note_needs_no_entry(tmp_path: Path, folder: Path):
    """Its own front matter says it all, and nothing is put before it."""
    (tmp_path / "ears.md").write_text("---\ntitle: Ears\n---\nWords on ears.")
    assert add(str(tmp_path / "ears.md"), folder, Settings()).entry == {}
    assert sorted(_state(folder)) == ["ears.md"]


def test_another_file_of_the_same_name_is_kept_beside_the_first(tmp_path: Path, folder: Path):
    """It may be another state of it or another document; a note says so."""
    source = tmp_path / "ears.txt"
    source.write_text("Words on ears.")
    add(str(source), folder, Settings())
    source.write_text("Other words.")
    added = add(str(source), folder, Settings())
    assert added.doc_id == "ears-2.txt"
    assert added.notes == ("ears.txt was there already and says something else; remove it if it is outdated.",)
    assert (folder / "ears.txt").read_text() == "Words on ears."


def test_a_file_that_lies_in_the_corpus_already_gets_its_topic(folder: Path):
    """Nothing is copied."""
    (folder / "sub").mkdir()
    (folder / "sub" / "ears.txt").write_text("Words on ears.")
    (folder / "aaa.txt").write_text("Words on ears.")
    added = add(str(folder / "sub" / "ears.txt"), folder, Settings(), topic="alstrom-syndrome")
    assert (added.outcome, added.doc_id) == (Outcome.UNCHANGED, "sub/ears.txt")
    assert _sources(folder) == {"sub/ears.txt": {"topic": "alstrom-syndrome"}}


def test_a_file_added_before_learns_its_address(web: Web, tmp_path: Path, folder: Path):
    """A saved page and the fetched one are the same bytes: one document, now with where it comes from."""
    (tmp_path / "saved.html").write_bytes(article().encode())
    add(str(tmp_path / "saved.html"), folder, Settings(), topic="alstrom-syndrome")
    added = _add(web, folder)
    assert (added.outcome, added.doc_id) == (Outcome.UNCHANGED, "saved.html")
    assert _sources(folder)["saved.html"]["url"] == web.url("/ears")
    assert _sources(folder)["saved.html"]["topic"] == "alstrom-syndrome"
    assert len(_state(folder)) == 2


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (None, "nowhere.txt", "there is no file"),
        (b"", "empty.txt", "it is empty"),
        (b"x" * 2000, "large.txt", "more than the 0.001 MB allowed"),
        (b"PK\x03\x04", "zip.pdf", "holds control characters|is said to be .pdf"),
        (b"\0\1\2" * 99, "binary.dat", "NUL bytes"),
    ],
)
def test_a_file_that_cannot_be_stored_is_told_in_a_line(
    tmp_path: Path, folder: Path, content: bytes | None, name: str, said: str
):
    """And nothing is left in the corpus."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DocumentError, match=said) as refused:
        add(str(tmp_path / name), folder, Settings(corpus=CorpusSettings(max_file_megabytes=0.001)))
    assert "\n" not in str(refused.value)
    assert _state(folder) == {}


def test_folders_and_devices_are_no_files(folder: Path):
    """A device might never end."""
    for path in (folder, Path("/dev/zero")):
        with pytest.raises(DocumentError, match="is no file"):
            add(str(path), folder, Settings())


# --- sources.toml


def test_entries_and_comments_stay_as_they_are(web: Web, folder: Path):
    """Only what is new is written, below the rest."""
    old = "\ufeff# by hand\r\n['a b.md']  # the first\r\ntitle = 'A'\r\n\r\n['c.md']\r\ntitle = 'C' # kept\r\n"
    (folder / "sources.toml").write_bytes(old.encode())
    _add(web, folder)
    assert (folder / "sources.toml").read_bytes().startswith(old.encode())
    assert list(tomllib.loads((folder / "sources.toml").read_text("utf-8-sig"))) == [
        "a b.md",
        "c.md",
        f"{STEM}-ears.html",
    ]


_field = st.sampled_from(["title", "topic", "publisher", "url", "reviewed", "license"])
_tables = st.dictionaries(st.text(min_size=1, max_size=12), st.dictionaries(_field, st.text(max_size=20)), max_size=5)


@given(_tables, st.text(min_size=1, max_size=12), st.dictionaries(_field, st.text(max_size=20), min_size=1))
def test_any_entry_goes_into_any_file_and_the_rest_stays(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, dict[str, str]], doc_id: str, entry: dict[str, str]
):
    """Names with dots, quotes, controls: read again, the file says what it said, and the entry."""
    path = tmp_path_factory.mktemp("sources") / "sources.toml"
    path.write_bytes(tomlkit.dumps(tables).encode())
    merged = {**tables.get(doc_id, {}), **entry}
    try:
        written = adding._with_entry(path, doc_id, merged)
    except CorpusError:
        # Two names that only differ in how their accents are stored are one document.
        assert len({adding.unicodedata.normalize("NFC", k) for k in {*tables, doc_id}}) < len({*tables, doc_id})
        return
    found = tomllib.loads(written.decode())
    assert {k: v for k, v in found.items() if v not in tables.values()}.keys() <= {doc_id, *tables}
    assert merged in found.values()


@pytest.mark.parametrize("text", ["title = ", "[a]\ntitel = 'x'\n", "a = 1\n"])
def test_a_sources_toml_that_cannot_be_read_stops_before_anything_is_fetched(web: Web, folder: Path, text: str):
    """What could not be noted is not fetched."""
    (folder / "sources.toml").write_text(text)
    with pytest.raises(CorpusError):
        _add(web, folder)
    assert web.asked == []
    assert _state(folder) == {"sources.toml": text.encode()}


def test_an_unknown_topic_stops_before_anything_is_fetched(web: Web, folder: Path):
    """With the one that may be meant."""
    with pytest.raises(CorpusError, match="did you mean 'alstrom-syndrome'"):
        _add(web, folder, topic="alstrom-syndrom")
    assert web.asked == []


def test_an_entry_that_leads_out_of_the_corpus_is_not_followed(web: Web, folder: Path):
    """A file elsewhere is not overwritten."""
    outside = folder.parent / "outside.html"
    outside.write_text("mine")
    (folder / "sources.toml").write_text(f'["../outside.html"]\nurl = "{web.url("/ears")}"\n')
    with pytest.raises(CorpusError, match="lies outside the corpus"):
        _add(web, folder)
    assert outside.read_text() == "mine"


# --- interrupted, and all at once


@pytest.mark.parametrize(
    "reply", [status(404), status(500), page(b"x", "image/png"), page(b"x", Content_Length="30000000")]
)
def test_a_page_that_does_not_come_leaves_nothing_behind(web: Web, folder: Path, reply: object):
    """Not even an empty sources.toml."""
    web.pages["/ears"] = reply
    with pytest.raises(FetchError):
        _add(web, folder)
    assert list(folder.iterdir()) == []


def test_a_full_disk_leaves_everything_as_it_was(web: Web, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Told in a line."""
    _add(web, folder)
    before = _state(folder)
    web.pages["/ears"] = page(article(text="Something new."))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CorpusError, match=r"cannot be written to \(No space left on device\); nothing was added"):
        _add(web, folder, today=LATER)
    assert _state(folder) == before


KILLED_AT = """
import os, sys
from pathlib import Path
from askalms.adding import add
from askalms.medlineplus import read_genetics_page
from askalms.settings import Settings
points = int(sys.argv[1])
def dying(real):
    def call(*args, **named):
        global points
        points -= 1
        if points < 0:
            os._exit(9)
        return real(*args, **named)
    return call
os.fsync = dying(os.fsync)
Path.replace = dying(Path.replace)
Path.unlink = dying(Path.unlink)
add(sys.argv[2], Path(sys.argv[3]), Settings(), topic="alstrom-syndrome")
"""


@pytest.mark.parametrize("point", range(6))
def test_a_process_killed_while_writing_leaves_whole_files_and_the_next_run_mends_it(
    tmp_path: Path, folder: Path, point: int
):
    """At each write: no half document, a sources.toml that can be read, and adding again leads to the same end."""
    (folder / "other.txt").write_text("Other words stand here.")
    (folder / "sources.toml").write_text('# notes\n["other.txt"]\ntitle = "Other"\n')
    (tmp_path / "ears.html").write_text(article())
    arguments = [sys.executable, "-c", KILLED_AT, str(point), str(tmp_path / "ears.html"), str(folder)]
    ended = subprocess.run(arguments, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)
    assert ended.returncode == 9
    stored = folder / "ears.html"
    assert not stored.exists() or stored.read_text() == article()
    assert not stored.exists() or "ears.html" in _sources(folder), "a new document never stands without its provenance"
    assert _sources(folder)["other.txt"] == {"title": "Other"}
    again = add(str(tmp_path / "ears.html"), folder, Settings(), topic="alstrom-syndrome")
    assert (folder / again.doc_id).read_text() == article()
    assert list(_sources(folder)) == ["other.txt", "ears.html"]
    assert _sources(folder)["ears.html"]["topic"] == "alstrom-syndrome"
    assert sorted(_state(folder)) == ["ears.html", "other.txt", "sources.toml"]


def test_two_at_once_wait_for_each_other(web: Web, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """The second is told who is in its way if that lasts."""
    monkeypatch.setattr(adding, "_LOCK_SECONDS", 0.05)
    with FileLock(folder / ".askalms-add-lock"), pytest.raises(CorpusError, match="another askalms add is writing"):
        _add(web, folder)
    assert _state(folder) == {}
    assert _add(web, folder).outcome is Outcome.ADDED


# --- the command


def _run(monkeypatch: pytest.MonkeyPatch, web: Web, *args: str) -> int:
    monkeypatch.setattr("askalms.fetching.Gate", lambda: web)
    monkeypatch.setattr(sys, "argv", ["askalms", "add", *args])
    with pytest.raises(SystemExit) as ended:
        cli.main()
        sys.exit(0)
    return int(ended.value.code or 0)


def test_the_command_tells_what_was_stored(
    web: Web, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    """Results to stdout, with status 0; what a page says of itself cannot steer the terminal."""
    web.pages["/ears"] = page(article(title="Ears \x1b[31m and red"))
    assert _run(monkeypatch, web, web.url("/ears"), "--corpus", str(folder), "--topic", "alstrom-syndrome") == 0
    out, err = capfd.readouterr()
    assert out.splitlines()[0] == f"added {STEM}-ears.html"
    assert f"  url: {web.url('/ears')}" in out.splitlines()
    assert "  topic: alstrom-syndrome" in out.splitlines()
    assert "\x1b" not in out + err
    assert _run(monkeypatch, web, web.url("/ears"), "--corpus", str(folder)) == 0
    assert capfd.readouterr().out.startswith("unchanged ")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("http://localhost/", "localhost"),
        ("file:///etc/passwd", "no address of the web"),
        ("medlineplus:disease/x", "expected medlineplus:condition/NAME"),
        ("www.example.org/ears", "there is no file 'www.example.org/ears'; an address begins with https://"),
        ("", "is no file"),
    ],
)
def test_the_command_tells_a_problem_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], source: str, said: str
):
    """With status 1, nothing on stdout, and nothing in the corpus."""
    monkeypatch.setattr(sys, "argv", ["askalms", "add", source, "--corpus", str(folder)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capfd.readouterr()
    assert ended.value.code == 1
    assert out == ""
    assert err.startswith("askalms: ")
    assert said in err
    assert err.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_the_command_needs_to_be_told_what_to_add(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Wrong usage has status 2."""
    monkeypatch.setattr(sys, "argv", ["askalms", "add"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2


def test_the_settings_count(web: Web, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Limits and contact of [fetching]."""
    chosen = tmp_path / "mine.toml"
    chosen.write_text('[fetching]\nuser_agent_contact = "me@example.org"\nmax_megabytes = 0.001\n')
    web.pages["/ears"] = page(article(text="words " * 1000))
    assert _run(monkeypatch, web, web.url("/ears"), "--corpus", str(folder), "--settings", str(chosen)) == 1
    assert "me@example.org" in json.dumps(web.asked)


def test_a_missing_corpus_is_told(web: Web, tmp_path: Path):
    """It is not made by accident."""
    with pytest.raises(AskALMSError, match="there is no folder"):
        _add(web, tmp_path / "nowhere")
    assert Settings().fetching == FetchingSettings(30.0, 20.0, "")
