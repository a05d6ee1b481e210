"""The chat page in a real browser: what a visitor sees, what the keyboard does, and what never happens."""

import logging
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, Page, expect, sync_playwright

from askalms.datatypes import Answer, Outcome, Provenance, Quote
from askalms.errors import AskALMSError
from askalms.page import LONGEST_QUESTION, build_page, launch
from askalms.texts import message

pytestmark = pytest.mark.browser

EXAMPLES = ("Is it inherited?", "What does the gene ALMS1 do?")

QUOTE = Quote(
    document="003.txt",
    start=0,
    end=62,
    text="Both parents of a child with Muckle disease carry one changed copy.",
    provenance=Provenance("Alström syndrome", "Genetics Home Reference", "https://example.org/page", "2008-08"),
    heading="Inheritance",
    probability=0.9,
)
ANSWER = Answer(Outcome.ANSWER, "One page answers this:", (QUOTE,), disclaimer="Not medical advice.")

HOSTILE = (
    "<script>window.ran = true</script>",
    "<img src=x onerror='window.ran = true'>",
    "![](https://evil.example/picture.png)",
    "[click](javascript:window.ran=true) <https://evil.example>",
    "https://evil.example www.evil.example a@b.example",
    "<style>* { display: none }</style>",
    "# Heading\n---\n```mermaid\ngraph TD\n```",
    "a | b\n--|--\n$$x$$ \\(y\\) %%%LATEX_BLOCK_0%%% &lt;b&gt; &copy; *a* _b_ ~~c~~",
    "- one\n- two\n1. three\n    four\\",
)


class FakeAnswerer:
    """Answers by what the question says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.may_answer = threading.Event()

    def ask(self, question: str, history: tuple[str, ...] = ()) -> Answer:
        self.asked.append((question, history))
        if "slow" in question:
            assert self.may_answer.wait(20)
        if "broken" in question:
            raise RuntimeError(f"cannot answer {question!r}")
        if "hostile" in question:
            quotes = tuple(replace(QUOTE, text=text) for text in HOSTILE)
            return replace(ANSWER, quotes=quotes, understood_as=HOSTILE[0])
        if "long" in question:
            return replace(ANSWER, quotes=(replace(QUOTE, text="ALMS1" * 60 + " long" * 400),))
        return replace(ANSWER, message=f"About: {question}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, with nothing that would reach out by itself."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        pytest.fail("no Chromium found; these tests need one: install it, e.g. `apt-get install chromium`")
    switches = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    arguments = [f"--{switch}" for switch in f"{switches} disable-component-update disable-sync".split()]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FakeAnswerer, str]]:
    """A page around a fake, on a free port."""
    answerer = FakeAnswerer()
    page = build_page(answerer, examples=EXAMPLES)
    yield answerer, launch(page, "127.0.0.1")
    page.close(verbose=False)


@pytest.fixture
def answerer(served: tuple[FakeAnswerer, str]) -> FakeAnswerer:
    """The fake behind the page, as if new."""
    answerer, _ = served
    answerer.asked.clear()
    answerer.may_answer.clear()
    return answerer


Visit = Callable[..., Page]


@pytest.fixture
def visit(served: tuple[FakeAnswerer, str], answerer: FakeAnswerer, chromium: Browser) -> Iterator[Visit]:
    """Open the page as a new visitor, with the settings of their browser."""
    contexts = []

    def open_page(**settings: Any) -> Page:
        contexts.append(chromium.new_context(**settings))
        page = contexts[-1].new_page()
        page.goto(served[1])
        expect(page.locator("#status")).to_have_role("status")
        return page

    yield open_page
    for context in contexts:
        context.close()


def box(page: Page):
    """The question box, found by its label."""
    return page.get_by_role("textbox", name=message("page.question"))


def ask(page: Page, question: str) -> None:
    """Type a question, press Enter and wait for the answer."""
    before = page.get_by_test_id("bot").count()
    box(page).fill(question)
    box(page).press("Enter")
    expect(page.get_by_test_id("bot")).to_have_count(before + 1)


def test_an_answer_shows_the_quote_and_links_its_source(visit: Visit):
    """The quote stands in a blockquote, under it who says so, when it was reviewed, and the address."""
    page = visit()
    ask(page, "Is it inherited?")
    expect(page.get_by_role("log").locator("blockquote")).to_have_text(QUOTE.text)
    source = page.locator("blockquote + p")
    expect(source).to_contain_text("Genetics Home Reference, reviewed August 2008")
    expect(source.get_by_role("link", name="Alström syndrome")).to_have_attribute("href", "https://example.org/page")


def test_the_page_says_what_it_is_before_anything_is_asked(visit: Visit):
    """Heading, purpose and disclaimer are there from the start, and every control has a name."""
    page = visit()
    expect(page.get_by_role("heading", level=1)).to_have_text("AskALMS")
    for key in ("page.what_it_is", "page.what_it_is_not", "answering.disclaimer"):
        expect(page.get_by_text(message(key))).to_be_visible()
    controls = page.locator("button:visible, a:visible, input:visible, textarea:visible").all()
    assert len(controls) == 3 + len(EXAMPLES)
    for control in controls:
        expect(control).to_have_accessible_name(re.compile(r"\w"))


@pytest.mark.parametrize("way", ["Enter", "button", "example"])
def test_after_an_answer_the_box_is_empty_enabled_and_has_the_focus(visit: Visit, way: str):
    """The next question can be typed at once, however the last one was sent."""
    page = visit()
    if way == "example":
        page.get_by_role("button", name=EXAMPLES[0]).click()
    else:
        box(page).fill("Is it inherited?")
        if way == "Enter":
            box(page).press("Enter")
        else:
            page.get_by_role("button", name="Send").click()
    expect(page.locator("blockquote")).to_be_visible()
    expect(box(page)).to_have_value("")
    expect(box(page)).to_be_enabled()
    expect(box(page)).to_be_focused()


def test_what_is_typed_while_waiting_is_kept(visit: Visit, answerer: FakeAnswerer):
    """An answer that arrives late does not wipe out the next question."""
    page = visit()
    box(page).fill("a slow one")
    box(page).press("Enter")
    expect(page.locator("#status")).to_have_text(message("page.looking"))
    expect(box(page)).to_have_value("")
    box(page).press_sequentially("And then")
    answerer.may_answer.set()
    expect(page.get_by_test_id("bot")).to_be_visible()
    expect(box(page)).to_have_value("And then")
    expect(box(page)).to_be_focused()


def test_an_example_is_asked_with_one_click(visit: Visit, answerer: FakeAnswerer):
    """Each example has its button, and is asked once, as it is written."""
    page = visit()
    for number, example in enumerate(EXAMPLES, start=1):
        page.get_by_role("button", name=example).click()
        expect(page.get_by_test_id("bot")).to_have_count(number)
        expect(page.get_by_test_id("user").last).to_have_text(example)
    assert [question for question, _ in answerer.asked] == list(EXAMPLES)


def test_each_question_is_asked_with_the_earlier_ones(visit: Visit, answerer: FakeAnswerer):
    """Oldest first, exactly as typed, and only the visitor's own words."""
    page = visit()
    for question in ("What is *it*?", "Why?", "And then?"):
        ask(page, question)
    assert answerer.asked == [
        ("What is *it*?", ()),
        ("Why?", ("What is *it*?",)),
        ("And then?", ("What is *it*?", "Why?")),
    ]
    expect(page.get_by_test_id("user").first).to_have_text("What is *it*?")


def test_visitors_do_not_share_anything(visit: Visit, answerer: FakeAnswerer):
    """Two visitors at the same time: neither waits for, sees or inherits the other's questions."""
    first, second = visit(), visit()
    box(first).fill("a slow one")
    box(first).press("Enter")
    expect(first.locator("#status")).to_have_text(message("page.looking"))
    ask(second, "Is it inherited?")
    answerer.may_answer.set()
    expect(first.get_by_test_id("bot")).to_contain_text("About: a slow one")
    ask(first, "Why?")
    assert answerer.asked == [("a slow one", ()), ("Is it inherited?", ()), ("Why?", ("a slow one",))]
    expect(second.get_by_test_id("user")).to_have_text(["Is it inherited?"])


def test_a_new_conversation_forgets_the_old_one(visit: Visit, answerer: FakeAnswerer):
    """After the button, nothing is shown, and nothing goes with the next question."""
    page = visit()
    ask(page, "Is it inherited?")
    page.get_by_role("button", name=message("page.new_conversation")).click()
    expect(page.get_by_test_id("user")).to_have_count(0)
    ask(page, "Why?")
    assert answerer.asked[-1] == ("Why?", ())


def test_an_answer_under_way_does_not_bring_a_forgotten_conversation_back(visit: Visit, answerer: FakeAnswerer):
    """A late answer is dropped once the visitor has started anew, and the next question is answered."""
    page = visit()
    box(page).fill("a slow one")
    box(page).press("Enter")
    expect(page.locator("#status")).to_have_text(message("page.looking"))
    page.get_by_role("button", name=message("page.new_conversation")).click()
    expect(page.get_by_test_id("user")).to_have_count(0)
    answerer.may_answer.set()
    ask(page, "Why?")
    expect(page.get_by_test_id("user")).to_have_text(["Why?"])
    assert answerer.asked == [("a slow one", ()), ("Why?", ())]


def test_trouble_is_told_kindly_and_logged_without_the_question(
    visit: Visit, answerer: FakeAnswerer, caplog: pytest.LogCaptureFixture
):
    """The visitor reads a sentence, the operator sees what and where, and the conversation goes on."""
    page = visit()
    with caplog.at_level(logging.DEBUG):
        ask(page, "a broken secret")
    expect(page.get_by_test_id("bot")).to_have_text(message("page.trouble"))
    expect(box(page)).to_be_focused()
    assert "RuntimeError in " in caplog.text
    assert "secret" not in caplog.text
    ask(page, "Why?")
    assert answerer.asked[-1] == ("Why?", ())


def test_a_question_that_is_too_long_stays_in_the_box(visit: Visit, answerer: FakeAnswerer):
    """The visitor is told how long it is and how long it may be, and can shorten it."""
    page = visit()
    box(page).fill("x" * (LONGEST_QUESTION + 1))
    box(page).press("Enter")
    expect(page.locator("#status")).to_have_text(message("page.too_long", length="2,001", limit="2,000"))
    expect(box(page)).to_have_value("x" * (LONGEST_QUESTION + 1))
    assert answerer.asked == []


def test_an_empty_box_is_not_asked(visit: Visit, answerer: FakeAnswerer):
    """Send without a question tells what to do."""
    page = visit()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#status")).to_have_text(message("page.no_question"))
    assert answerer.asked == []


def test_no_document_can_run_or_load_anything(visit: Visit):
    """Scripts, pictures, links and Markdown of a document are shown as the text that they are."""
    page = visit()
    ask(page, "a hostile <b onclick='window.ran = true'>one</b>")
    log = page.get_by_role("log")
    for blockquote, text in zip(log.locator("blockquote").all(), HOSTILE, strict=True):
        lines = [line.strip() for line in text.splitlines()]
        expect(blockquote).to_have_text("\n".join(lines), use_inner_text=True)
    made = log.locator(".prose *").evaluate_all("all => [...new Set(all.map(one => one.localName))].sort()")
    assert made == ["a", "blockquote", "br", "p"]
    assert log.locator("a").evaluate_all("all => [...new Set(all.map(one => one.href))]") == [
        "https://example.org/page"
    ]
    assert page.evaluate("window.ran") is None


def test_nothing_leaves_the_machine(visit: Visit, served: tuple[FakeAnswerer, str]):
    """Every request of a whole visit goes to the address that the page came from."""
    page = visit()
    requests: list[str] = []
    page.context.on("request", lambda request: requests.append(request.url))
    page.reload()
    ask(page, "a hostile one")
    page.get_by_role("button", name=EXAMPLES[0]).click()
    expect(page.get_by_test_id("bot")).to_have_count(2)
    assert len(requests) > 10
    assert {urlsplit(url).netloc for url in requests if not url.startswith(("data:", "blob:"))} == {
        urlsplit(served[1]).netloc
    }


def test_the_browser_itself_refuses_other_machines(visit: Visit):
    """Even a script on the page could send a question nowhere else."""
    page = visit()
    refused = """() => new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => resolve(event.blockedURI));
        const picture = new Image();
        picture.onerror = () => setTimeout(resolve, 500, "nothing");
        picture.src = "http://localhost:9/picture.png";
    })"""
    assert page.evaluate(refused) == "http://localhost:9/picture.png"


def test_nothing_is_kept_in_the_browser(visit: Visit):
    """No storage, database, cookie or history entry knows what was asked."""
    page = visit()
    ask(page, "Is it a secret?")
    kept = """async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie,
        await indexedDB.databases(), await caches.keys(), history.state, location.href])"""
    assert "secret" not in page.evaluate(kept)
    assert page.evaluate("async () => (await indexedDB.databases()).length + (await caches.keys()).length") == 0
    page.reload()
    expect(box(page)).to_have_value("")
    expect(page.get_by_test_id("user")).to_have_count(0)


def test_one_voice_tells_how_far_it_is(visit: Visit, answerer: FakeAnswerer):
    """A screen reader hears two short sentences for each question, and no log that reads itself out."""
    page = visit()
    page.evaluate(
        """() => {
            window.heard = [];
            const regions = "[role=status], [role=alert], [role=log], [aria-live]";
            new MutationObserver((changes) => changes.forEach((change) => {
                const changed = change.target, element = changed.closest ? changed : changed.parentElement;
                const region = element?.closest(regions);
                if (!region || region.ariaLive === "off") return;
                const said = region.innerText.trim();
                if (said && said !== window.heard.at(-1)) window.heard.push(said);
            })).observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    box(page).fill("a slow one")
    box(page).press("Enter")
    expect(page.locator("#status")).to_have_text(message("page.looking"))
    answerer.may_answer.set()
    expect(page.locator("#status")).to_have_text(message("page.ready"))
    assert page.evaluate("window.heard") == [message("page.looking"), message("page.ready")]
    expect(page.get_by_role("log", name=message("page.conversation"))).to_have_attribute("aria-live", "off")
    expect(page.get_by_role("group", name=message("page.answer"))).to_contain_text("About: a slow one")


def test_the_keyboard_alone_is_enough(visit: Visit):
    """Tab goes through everything in reading order with a thick mark, and Enter or Space does it."""
    page = visit()
    order = []
    for _ in range(3 + len(EXAMPLES)):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        order.append(focused.inner_text() or focused.get_attribute("enterkeyhint"))
        expect(focused).to_have_css("outline-style", "solid")
        expect(focused).to_have_css("outline-width", "3px")
    assert order == ["send", "Send", "New conversation", *EXAMPLES]
    page.keyboard.press("Space")
    expect(page.get_by_test_id("bot")).to_have_count(1)
    page.keyboard.type("Why?")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("bot")).to_have_count(2)
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("link", name="Alström syndrome").last).to_be_focused()


def test_the_page_is_english_whatever_the_browser_speaks(visit: Visit):
    """A screen reader pronounces the words in the language they are written in."""
    page = visit(locale="de-DE")
    ask(page, "Is it inherited?")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_nothing_scrolls_sideways_or_inside_at_400_percent(visit: Visit):
    """At 320 by 256 pixels long words wrap, and answers lie in the page, not in a box of their own."""
    page = visit(viewport={"width": 320, "height": 256})
    ask(page, "a long one")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    inner = """() => [...document.querySelectorAll("#conversation, #conversation *")].filter((element) =>
        /auto|scroll|hidden/.test(getComputedStyle(element).overflow)
        && element.scrollHeight > element.clientHeight + 1).length"""
    assert page.evaluate(inner) == 0


def test_an_answer_is_read_from_its_beginning(visit: Visit):
    """After a long answer the question stands at the top of the window, the answer under it."""
    page = visit(viewport={"width": 320, "height": 256})
    ask(page, "Is it inherited?")
    ask(page, "a long one")
    expect(page.locator("#status")).to_have_text(message("page.ready"))
    page.wait_for_function(
        "Math.abs([...document.querySelectorAll('.user-row')].at(-1).getBoundingClientRect().top) < 2"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_a_contrast_of_seven_to_one(visit: Visit, scheme: str):
    """All text that is shown, in light and in dark, even where something is faded."""
    page = visit(color_scheme=scheme)
    ask(page, "Is it inherited?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#status")).to_have_text(message("page.no_question"))
    found = page.evaluate(
        """() => {
            const parse = (colour) => {
                const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
                return { rgb: [r, g, b], a };
            };
            const over = (top, a, under) => top.map((value, i) => value * a + under[i] * (1 - a));
            const light = (rgb) => rgb.map((v) => v / 255)
                .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const ground = (element) => {
                const { rgb, a } = parse(getComputedStyle(element).backgroundColor);
                const under = element.parentElement ? ground(element.parentElement) : [255, 255, 255];
                return over(rgb, a, under);
            };
            const faded = (element) => element
                ? getComputedStyle(element).opacity * faded(element.parentElement) : 1;
            const ratios = {};
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const element = walker.currentNode.parentElement, words = walker.currentNode.data.trim();
                if (!words || !element.checkVisibility() || element.closest(".sr-only")) continue;
                const behind = ground(element), { rgb, a } = parse(getComputedStyle(element).color);
                const ink = over(rgb, a * faded(element), behind);
                const [low, high] = [light(behind), light(ink)].sort((x, y) => x - y);
                ratios[words] = (high + 0.05) / (low + 0.05);
            }
            return ratios;
        }"""
    )
    assert QUOTE.text in found
    assert {words: ratio for words, ratio in found.items() if ratio < 7} == {}


def test_everything_to_press_is_large_enough(visit: Visit):
    """Buttons and the box are at least 44 pixels high and wide, on a phone as well."""
    page = visit(viewport={"width": 390, "height": 844})
    for control in page.locator("button:visible, textarea:visible").all():
        size = control.bounding_box()
        assert size
        assert min(size["width"], size["height"]) >= 44


def test_text_grows_with_the_letter_size_of_the_browser(visit: Visit):
    """Who has set their browser to twice the size gets everything in twice the size."""
    page = visit(reduced_motion="reduce")
    ask(page, "Is it inherited?")
    sizes = """() => ["h1", "h2", "#introduction p", "blockquote p", "[data-testid=user] p", "#status *",
        "textarea", "#question span", "#question .info-text", "#send", ".example"].map((selector) =>
        parseFloat(getComputedStyle(document.querySelector(selector)).fontSize))"""
    before = page.evaluate(sizes)
    page.add_style_tag(content="html { font-size: 200% !important }")
    assert min(before) >= 16
    assert page.evaluate(sizes) == [2 * size for size in before]


def test_programs_ask_through_one_documented_endpoint(served: tuple[FakeAnswerer, str], answerer: FakeAnswerer):
    """`/ask` takes a question and gives the JSON of the command line; nothing else is offered."""
    client = Client(served[1], verbose=False)
    endpoints = client.view_api(return_format="dict")
    assert list(endpoints["named_endpoints"]) == ["/ask"]
    assert endpoints["unnamed_endpoints"] == {}
    found = client.predict(question="Is it inherited?", api_name="/ask")
    assert found["outcome"] == "answer"
    assert found["quotes"][0]["text"] == QUOTE.text
    with pytest.raises(AppError, match=re.escape(message("page.trouble"))):
        client.predict(question="a broken one", api_name="/ask")
    with pytest.raises(AppError, match=re.escape(message("page.no_question"))):
        client.predict(question=" ", api_name="/ask")


def test_a_port_in_use_is_told_in_one_line(served: tuple[FakeAnswerer, str], answerer: FakeAnswerer):
    """Who starts the page twice learns which port to change."""
    port = urlsplit(served[1]).port
    with pytest.raises(AskALMSError, match=f"port {port}"):
        launch(build_page(answerer), "127.0.0.1", port)
