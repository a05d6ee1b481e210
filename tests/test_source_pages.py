"""The pages about documents: a quote in the text it comes from, and a sheet of quotes for the clinic."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from askalms.answering import Assistant
from askalms.datatypes import Quote
from askalms.index import Index
from askalms.serving import MOST_PICKED, build_site
from askalms.settings import Settings
from askalms.source_view import source_address
from askalms.texts import message


@pytest.fixture
def client(toy_assistant: Assistant, toy_settings: Settings) -> Iterator[TestClient]:
    site = build_site(toy_assistant, toy_settings, library=lambda: toy_assistant.index)
    with TestClient(site) as client:
        yield client


@pytest.fixture
def quote(toy_index: Index) -> Quote:
    """A sentence of the toy corpus that needs the one before it."""
    document = next(d for d in toy_index.documents.values() if "This pattern is called recessive." in d.text)
    text = "Alström syndrome is inherited from both parents. This pattern is called recessive."
    start = document.text.index(text)
    return Quote(document.doc_id, start, start + len(text), text, document.provenance, "", 1.0)


def shown(html: str) -> str:
    """What a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def test_a_quote_stands_in_its_document_under_its_own_address(client: TestClient, quote: Quote):
    """The element that the address names holds the quote, whole, and what stands around it is there as well."""
    path, anchor = source_address(quote).split("#")
    page = client.get(f"/{path}")
    assert page.status_code == 200
    marked = page.text.split(f'<span id="{anchor}">')[1]
    assert shown(marked).startswith(quote.text)
    assert "Changes in the ALMS1 gene cause Alström syndrome." in shown(page.text)
    assert "Test Library, reviewed May 2020" in shown(page.text)
    assert 'href="https://library.example/alstrom"' in page.text


def test_headings_of_a_document_are_headings_of_its_page(client: TestClient, quote: Quote):
    """One first level, the page's title; none is left out on the way down; no mark of Markdown is shown."""
    page = client.get(f"/{source_address(quote)}").text
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert "##" not in shown(page)


def test_what_is_never_quoted_is_folded(client: TestClient, quote: Quote):
    """Page furniture is there, so that nothing of the page is hidden, but not in the way."""
    page = client.get(f"/{source_address(quote)}").text
    folded = re.search(r"<details>(.*?)</details>", page)
    assert folded and "Share this page" in folded[1]


@pytest.mark.parametrize("path", ["nothing.md", "../pyproject.toml", "%2e%2e/pyproject.toml", "a/b/c", "%00"])
def test_no_other_file_is_shown(client: TestClient, path: str):
    """Only documents of the index have a page."""
    page = client.get(f"/source/{path}")
    assert page.status_code == 404
    assert "hatchling" not in page.text


def test_a_document_is_data_on_its_page(
    toy_assistant: Assistant, toy_settings: Settings, quote: Quote, monkeypatch: pytest.MonkeyPatch
):
    """Its title, address and text are escaped, and an address that is none of the web leads nowhere."""
    index = toy_assistant.index
    document = index.documents[quote.document]
    evil = '"><script>window.ran = true</script>'
    hostile = replace(
        document,
        text=document.text.replace("Share this page", f"Share {evil}"),
        provenance=replace(document.provenance, title=evil, publisher=evil, url="javascript:alert(1)"),
    )
    stored: Any = SimpleNamespace(
        documents={quote.document: hostile},
        sentences=index.sentences,
        rows_of_document=index.rows_of_document,
        damaged_sentences=index.damaged_sentences,
    )
    with TestClient(build_site(toy_assistant, toy_settings, library=lambda: stored)) as client:
        page = client.get(f"/{source_address(quote)}").text
    assert "<script>window" not in page
    assert "javascript:" not in page
    assert evil in unescape(page)


def test_a_sheet_holds_the_picked_quotes_with_their_full_sources(client: TestClient, quote: Quote):
    """Each once, in the order picked, with title, date and address written out."""
    address = f"{quote.document}#{quote.start}-{quote.end}"
    page = client.post("/sheet", data={"quote": [address, address]})
    said = shown(page.text)
    assert said.count(quote.text) == 1
    assert "reviewed May 2020" in said
    assert "https://library.example/alstrom" in said


def test_a_sheet_shows_nothing_but_quotes(client: TestClient, quote: Quote):
    """What is no whole quote of a document is left out: a wrong address must not make the page say anything."""
    wrong = [
        f"{quote.document}#{quote.start}-{quote.end - 1}",
        f"{quote.document}#{quote.start + 1}-{quote.end}",
        f"{quote.document}#0-99999",
        "nothing.md#0-10",
        "<script>#1-2",
        "",
        "#",
        f"{quote.document}#{'9' * 400}-1",
    ]
    page = client.post("/sheet", data={"quote": wrong})
    assert page.status_code == 200
    assert "<blockquote>" not in page.text
    assert message("page.sheet_empty") in shown(page.text)
    assert "<script>" not in page.text


def test_a_sheet_has_an_end(client: TestClient, quote: Quote):
    """However many addresses are sent, so many are looked at."""
    address = f"{quote.document}#{quote.start}-{quote.end}"
    page = client.post("/sheet", data={"quote": [*(f"x#{i}-{i}" for i in range(MOST_PICKED)), address]})
    assert "<blockquote>" not in page.text


def test_an_empty_sheet_says_what_to_do(client: TestClient):
    """Opened by its address alone."""
    assert message("page.sheet_empty") in shown(client.get("/sheet").text)


def test_health_tells_what_answers(client: TestClient, toy_index: Index):
    """Ready, which generation, how many documents; nothing about visitors."""
    assert client.get("/healthz").json() == {
        "ready": True,
        "generation": toy_index.generation,
        "documents": len(toy_index.documents),
    }


@pytest.mark.parametrize("way", ["upload", "file=/etc/passwd", "proxy=https://example.org", "runs", "stream/x"])
def test_ways_into_gradio_that_the_page_does_not_need_are_closed(client: TestClient, way: str):
    """No file is taken or given, nothing is fetched from elsewhere, and nothing is remembered."""
    for ask in (client.get, client.post):
        assert ask(f"/gradio_api/{way}").status_code == 404


def test_a_body_that_no_question_can_have_is_refused(client: TestClient):
    """Before it is read."""
    assert client.post("/plain", data={"question": "x" * 200_000}).status_code == 413
