"""The chat page and the plain one in a real browser: what a visitor sees and does, and what never happens."""

import json
import logging
import re
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, Page, expect

import askalms.page
from askalms.hypertext import spoken
from askalms.rendering import to_json
from askalms.serving import Server, build_site
from askalms.settings import ServingSettings, Settings
from askalms.texts import message
from site_with_fake import (
    ANSWER,
    BOTH,
    EMERGENCY,
    EXAMPLES,
    QUOTE,
    SECOND,
    FakeAnswerer,
    ask,
    box,
    send_too_much,
    status,
    wait_for_page,
)

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
Served = tuple[FakeAnswerer, str]

both_pages = pytest.mark.parametrize("path", BOTH, ids=["chat", "plain"])

PHONE_AT_400_PERCENT = {"width": 320, "height": 256}
ALONE = {"locale": "en-GB"}
"""A browser of their own."""


# --- an answer


@both_pages
def test_an_answer_shows_the_quote_and_links_its_source(visit: Visit, path: str):
    """The quote stands in a blockquote, under it who says so, when it was reviewed, and all else that is known."""
    answer = ask(visit(path), "Is it inherited?")
    expect(answer.locator("blockquote")).to_have_text([QUOTE.text, re.compile("Signs are")])
    source = answer.locator("figcaption").first
    expect(source).to_contain_text("From: Alström syndrome, Genetics Home Reference, reviewed August 2008")
    expect(source).to_contain_text(re.compile(r"Written from: Falls \(Norland Library, .*\); Walks"))
    expect(source).to_contain_text("Also in: 001.txt")
    expect(source).to_contain_text(message("rendering.old"))
    links = {"Alström syndrome": "https://example.org/page", "Falls": "https://a.example/falls"}
    for name, address in links.items():
        expect(source.get_by_role("link", name=name)).to_have_attribute("href", address)
    expect(answer.locator("figcaption").nth(1).get_by_role("link")).to_have_text([message("page.show_in_page")])
    expect(answer).to_contain_text(ANSWER.disclaimer)


@both_pages
def test_lines_of_a_quote_stay_lines(visit: Visit, path: str):
    """A list in a document reads as one."""
    answer = ask(visit(path), "Is it inherited?")
    expect(answer.locator("blockquote").nth(1)).to_have_text(SECOND.text, use_inner_text=True)


@both_pages
def test_an_answer_is_an_article_headed_by_its_question(visit: Visit, path: str):
    """Who jumps from heading to heading finds every question, numbered, and its answer under it."""
    page = visit(path)
    ask(page, "Is it inherited?")
    ask(page, "Why?")
    headings = [message("page.answer_to", number=n, question=q) for n, q in enumerate(["Is it inherited?", "Why?"], 1)]
    expect(page.get_by_role("article").get_by_role("heading", level=3)).to_have_text(headings)
    expect(page.get_by_role("heading", level=1)).to_have_text("AskALMS")
    expect(page.get_by_role("article").first).to_contain_text("About: Is it inherited?")


@both_pages
def test_hard_words_are_explained_on_demand(visit: Visit, path: str):
    """Closed at first; a press opens them."""
    answer = ask(visit(path), "Is it inherited?")
    expect(answer.locator("dd")).to_be_hidden()
    answer.get_by_text(message("rendering.hard_words")).click()
    expect(answer.locator("dt")).to_have_text("copy")
    expect(answer.locator("dd")).to_contain_text("A copy is one of two.")


@both_pages
def test_in_an_emergency_help_is_one_press_away(visit: Visit, path: str):
    """Each contact leads where it says, in the order to be tried; nothing stands before the message."""
    answer = ask(visit(path), "help")
    expect(answer.locator("h3 + p")).to_have_text(EMERGENCY.message)
    told = answer.locator(":scope > .contacts li")
    expect(told).to_have_text([c.words for c in sorted(EMERGENCY.contacts, key=lambda c: not c.speech)])
    expect(answer.locator("h3 + p + .contacts")).to_be_visible()
    expect(answer.get_by_role("link", name="Call 112")).to_have_attribute("href", "tel:112")
    expect(answer.get_by_role("link", name="Text 112")).to_have_attribute("href", "sms:112")


@both_pages
def test_an_answer_can_be_copied_with_its_sources(visit: Visit, path: str):
    """Quotes, sources and their addresses, without the names of buttons; that it was done is told."""
    page = visit(path)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "Is it inherited?").get_by_role("button", name=message("page.copy")).click()
    expect(status(page)).to_have_text(message("page.copied"))
    expect(page.locator("#status")).to_have_text(message("page.copied"))
    expect(page.locator("#status.unseen, #status .unseen")).to_have_count(0)
    copied = page.evaluate("navigator.clipboard.readText()")
    for expected in (QUOTE.text, "Answer 1: Is it inherited?", "Alström syndrome (https://example.org/page)"):
        assert expected in copied
    for unwanted in ("page.copy", "page.as_typed", "page.pick", "page.show_in_page", "rendering.ask_next"):
        assert message(unwanted) not in copied
    assert "How is it found?" not in copied


@both_pages
def test_a_sheet_for_the_clinic_is_offered_once_there_is_a_quote(visit: Visit, path: str):
    """It opens in a window of its own, since the conversation would be lost."""
    page = visit(path)
    sheet = page.get_by_role("button", name=message("page.make_sheet"))
    expect(sheet).to_be_hidden()
    ask(page, "something unknown")
    expect(sheet).to_be_hidden()
    answer = ask(page, "Is it inherited?")
    expect(sheet).to_be_visible()
    expect(page.locator("#clinic")).to_have_attribute("target", "_blank")
    expect(answer.get_by_role("checkbox")).to_have_count(2)
    ask(page, "help")
    expect(sheet).to_be_visible()


# --- asking


@both_pages
def test_the_page_says_what_it_is_before_anything_is_asked(visit: Visit, path: str):
    """Heading, purpose and disclaimer are there from the start, and every control has a name."""
    page = visit(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("AskALMS")
    for key in ("page.what_it_is", "page.what_it_is_not", "answering.disclaimer"):
        expect(page.get_by_text(message(key))).to_be_visible()
    controls = page.locator("button:visible, a:visible, input:visible, textarea:visible").all()
    assert len(controls) > 3 + len(EXAMPLES)
    for control in controls:
        expect(control).to_have_accessible_name(re.compile(r"\w"))


@both_pages
@pytest.mark.parametrize("way", ["Enter", "button", "example"])
def test_after_an_answer_the_box_is_empty_enabled_and_has_the_focus(visit: Visit, path: str, way: str):
    """The next question can be typed at once, however the last one was sent."""
    page = visit(path)
    if way == "example":
        page.get_by_role("button", name=EXAMPLES[0]).click()
    else:
        box(page).fill("Is it inherited?")
        if way == "Enter":
            box(page).press("Enter")
        else:
            page.get_by_role("button", name=message("page.send"), exact=True).click()
    expect(page.locator(".turn")).to_be_visible()
    expect(box(page)).to_have_value("")
    expect(box(page)).to_be_enabled()
    expect(box(page)).to_be_focused()


@both_pages
def test_what_is_typed_while_waiting_is_kept(visit: Visit, answerer: FakeAnswerer, path: str):
    """An answer that arrives late does not wipe out the next question, and sending that too early loses neither."""
    page = visit(path)
    box(page).fill("a slow one")
    box(page).press("Enter")
    expect(status(page)).to_have_text(message("page.looking"))
    expect(box(page)).to_have_value("")
    box(page).press_sequentially("And then")
    box(page).press("Enter")
    answerer.may_answer.set()
    expect(page.locator(".turn")).to_contain_text("About: a slow one")
    expect(box(page)).to_have_value("And then")
    expect(box(page)).to_be_focused()
    box(page).press("Enter")
    expect(page.locator(".turn")).to_have_count(2)
    assert answerer.asked == [("a slow one", ()), ("And then", ("a slow one",))]


@both_pages
def test_what_is_offered_is_asked_with_one_press(visit: Visit, answerer: FakeAnswerer, path: str):
    """Examples and next questions go as they are written, once, and leave alone what stands half typed in the box."""
    page = visit(path)
    box(page).fill("half a quest")
    offered = [*EXAMPLES, *ANSWER.ask_next]
    for number, question in enumerate(offered, start=1):
        page.get_by_role("button", name=question).first.click()
        expect(page.locator(".turn h3")).to_have_count(number)
        expect(page.locator(".turn h3").last).to_contain_text(question)
        expect(box(page)).to_have_value("half a quest")
    assert [question for question, _ in answerer.asked] == offered
    assert not any(answerer.as_typed)


@both_pages
def test_a_question_can_be_taken_as_it_was_typed(visit: Visit, answerer: FakeAnswerer, path: str):
    """Who was understood wrongly has the very same words looked up, with one press."""
    page = visit(path)
    answer = ask(page, "Is 'it' <b>inherited</b> & \"why\"?")
    expect(answer).to_contain_text("Understood as: Is Alström syndrome inherited?")
    answer.get_by_role("button", name=message("page.as_typed")).click()
    expect(page.locator(".turn")).to_have_count(2)
    assert [question for question, _ in answerer.asked] == ["Is 'it' <b>inherited</b> & \"why\"?"] * 2
    assert answerer.as_typed == [False, True]


@both_pages
def test_each_question_is_asked_with_the_earlier_ones(visit: Visit, answerer: FakeAnswerer, path: str):
    """Oldest first, exactly as typed, and only the visitor's own words; what failed or was refused is left out."""
    page = visit(path)
    for question in ("What is *it*?", "a broken one", "Why?"):
        ask(page, question)
    send_too_much(page)
    ask(page, "And then?")
    assert answerer.asked == [
        ("What is *it*?", ()),
        ("a broken one", ("What is *it*?",)),
        ("Why?", ("What is *it*?",)),
        ("And then?", ("What is *it*?", "Why?")),
    ]
    expect(page.locator(".turn h3").first).to_have_text("Answer 1: What is *it*?")


@both_pages
def test_visitors_do_not_share_anything(visit: Visit, answerer: FakeAnswerer, path: str):
    """Two visitors at the same time: neither waits for, sees or inherits the other's questions."""
    first, second = visit(path, **ALONE), visit(path, **ALONE)
    box(first).fill("a slow one")
    box(first).press("Enter")
    expect(status(first)).to_have_text(message("page.looking"))
    ask(second, "Is it inherited?")
    answerer.may_answer.set()
    expect(first.locator(".turn")).to_contain_text("About: a slow one")
    ask(first, "Why?")
    assert answerer.asked == [("a slow one", ()), ("Is it inherited?", ()), ("Why?", ("a slow one",))]
    expect(second.locator(".turn h3")).to_have_text(["Answer 1: Is it inherited?"])


def start_anew(page: Page) -> None:
    """Press what begins a new conversation, and wait until it has begun."""
    new = page.get_by_role("button", name=message("page.new_conversation"))
    with page.expect_navigation():
        new.or_(page.get_by_role("link", name=message("page.new_conversation"))).click()
    wait_for_page(page)


@both_pages
def test_a_new_conversation_forgets_the_old_one(visit: Visit, answerer: FakeAnswerer, path: str):
    """After the press, nothing is shown, and nothing goes with the next question."""
    page = visit(path)
    ask(page, "Is it inherited?")
    start_anew(page)
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "Why?")
    assert answerer.asked[-1] == ("Why?", ())


@both_pages
def test_an_answer_under_way_does_not_bring_a_forgotten_conversation_back(
    visit: Visit, answerer: FakeAnswerer, path: str
):
    """A late answer is dropped once the visitor has started anew, and the next question is answered."""
    page = visit(path)
    box(page).fill("a slow one")
    box(page).press("Enter")
    expect(status(page)).to_have_text(message("page.looking"))
    start_anew(page)
    answerer.may_answer.set()
    ask(page, "Why?")
    expect(page.locator(".turn h3")).to_have_text(["Answer 1: Why?"])
    assert answerer.asked == [("a slow one", ()), ("Why?", ())]


# --- what is no answer


@both_pages
def test_trouble_is_told_kindly_and_logged_without_the_question(
    visit: Visit, answerer: FakeAnswerer, caplog: pytest.LogCaptureFixture, path: str
):
    """The visitor reads a sentence, the operator sees what and where, and the conversation goes on."""
    page = visit(path)
    with caplog.at_level(logging.DEBUG):
        answer = ask(page, "a broken secret")
    expect(answer.locator("p")).to_have_text(message("page.trouble"))
    expect(status(page)).to_have_text(message("page.trouble"))
    expect(box(page)).to_be_focused()
    assert "RuntimeError in " in caplog.text
    assert "secret" not in caplog.text
    ask(page, "Why?")
    assert answerer.asked[-1] == ("Why?", ())


@both_pages
def test_a_lost_connection_is_told_kindly(visit: Visit, answerer: FakeAnswerer, path: str):
    """The question stays in the box; once the connection is back, questions are answered again."""
    page = visit(path, **ALONE)
    ask(page, "Is it inherited?")
    page.context.set_offline(True)
    box(page).fill("Why?")
    box(page).press("Enter")
    for place in (status(page), page.locator("#status")):
        expect(place).to_have_text(message("page.trouble"))
    expect(page.locator("#status")).to_be_in_viewport()
    expect(page.locator("#status.unseen, #status .unseen")).to_have_count(0)
    expect(box(page)).to_have_value("Why?")
    expect(page.get_by_text("reconnect").first).to_be_hidden()
    if path:
        page.context.set_offline(False)
        box(page).press("Enter")
        expect(page.locator(".turn h3")).to_have_text(["Answer 1: Is it inherited?", "Answer 2: Why?"])
        assert answerer.asked[-1] == ("Why?", ("Is it inherited?",))
    else:
        # Gradio begins anew as soon as it reaches its server.
        with page.expect_navigation():
            page.context.set_offline(False)
        wait_for_page(page)
        ask(page, "Why?")


@both_pages
def test_a_question_that_is_too_long_stays_in_the_box(visit: Visit, answerer: FakeAnswerer, path: str):
    """The visitor sees how long it is and how long it may be, and can shorten it; its lines are kept."""
    page = visit(path)
    typed = send_too_much(page, "One line.\n\n  Another <b>&amp;\n")
    expect(page.locator("#status")).to_be_visible()
    expect(box(page)).to_have_value(typed)
    expect(box(page)).to_be_focused()
    expect(page.locator(".turn")).to_have_count(0)
    assert answerer.asked == []


@both_pages
def test_an_empty_box_is_not_asked(visit: Visit, answerer: FakeAnswerer, path: str):
    """Send without a question tells what to do."""
    page = visit(path)
    page.get_by_role("button", name=message("page.send"), exact=True).click()
    expect(page.locator("#status")).to_have_text(message("page.no_question"))
    expect(page.locator("#status")).to_be_visible()
    assert answerer.asked == []


@pytest.fixture(scope="module")
def patience(toy_triage: None) -> tuple[FakeAnswerer, Server]:
    """A site that answers one question at a time, with nobody waiting, and five a minute of one visitor."""
    answerer = FakeAnswerer()
    limits = ServingSettings(at_once=1, most_waiting=0, questions_per_minute=5)
    with closing(Server(build_site(answerer, Settings(serving=limits), examples=()), "127.0.0.1")) as server:
        yield answerer, server


def test_too_much_at_once_and_too_often_are_refused_kindly(patience: tuple[FakeAnswerer, Server], chromium: Browser):
    """On both pages the question stays in the box, to be sent again later; a cry for help always passes."""
    answerer, server = patience
    with chromium.new_context() as context:
        chat, plain = context.new_page(), context.new_page()
        for page, path in ((chat, ""), (plain, "plain")):
            page.goto(server.address + path)
            wait_for_page(page)
        box(chat).fill("a slow one")
        box(chat).press("Enter")
        expect(status(chat)).to_have_text(message("page.looking"))
        box(plain).fill("Why?")
        box(plain).press("Enter")
        expect(plain.locator("#status")).to_have_text(message("page.busy"))
        expect(box(plain)).to_have_value("Why?")
        answerer.may_answer.set()
        expect(chat.locator(".turn")).to_be_visible()
        for _ in range(3):
            ask(chat, "Is it inherited?")
        for page in (chat, plain):
            box(page).fill("And then?")
            box(page).press("Enter")
            expect(page.locator("#status")).to_have_text(message("page.too_often"))
            expect(box(page)).to_have_value("And then?")
        assert len(answerer.asked) == 4
        for page in (chat, plain):
            ask(page, "I want to kill myself")


# --- what stays here


@both_pages
def test_nothing_leaves_the_machine(visit: Visit, served: Served, path: str):
    """Every request of a whole visit goes to the address that the page came from, and no address holds the question."""
    page = visit(path, **ALONE)
    requests: list[str] = []
    page.context.on("request", lambda request: requests.append(request.url))
    page.reload()
    wait_for_page(page)
    ask(page, "an unspeakable one")
    page.get_by_role("button", name=EXAMPLES[0]).click()
    expect(page.locator(".turn")).to_have_count(2)
    outside = [url for url in requests if not url.startswith((served[1], "data:", "blob:"))]
    assert len(requests) >= 4
    assert outside == []
    assert not any("unspeakable" in url for url in requests)


@both_pages
def test_the_browser_itself_refuses_other_machines_and_foreign_scripts(visit: Visit, path: str):
    """Even a script on the page could send a question nowhere else, and none can be smuggled in as text."""
    page = visit(path)
    assert page.evaluate(
        """async () => {
            const seen = [];
            document.addEventListener("securitypolicyviolation", (event) => seen.push(event.violatedDirective));
            new Image().src = "http://localhost:9/picture.png";
            fetch("http://localhost:9/").catch(() => 0);
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            const button = document.createElement("button");
            button.setAttribute("onclick", "window.ran = true");
            document.body.append(button);
            button.click();
            const form = document.createElement("form");
            form.action = "http://localhost:9/";
            document.body.append(form);
            form.submit();
            await new Promise((resolve) => setTimeout(resolve, 300));
            for (const made of [script, button, form]) made.remove();
            return [window.ran ?? false, [...new Set(seen)].sort()];
        }"""
    ) == [False, ["connect-src", "form-action", "img-src", "script-src-attr", "script-src-elem"]]


@both_pages
def test_nothing_is_kept_in_the_browser(visit: Visit, path: str):
    """No storage, database, cookie or history entry knows what was asked."""
    page = visit(path, **ALONE)
    ask(page, "Is it a secret?")
    kept = """async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie,
        await indexedDB.databases(), await caches.keys(), history.state, location.href])"""
    assert "secret" not in page.evaluate(kept)
    assert page.evaluate("async () => (await indexedDB.databases()).length + (await caches.keys()).length") == 0
    assert page.context.cookies() == []
    page.reload()
    wait_for_page(page)
    expect(box(page)).to_have_value("")
    expect(page.locator(".turn")).to_have_count(0)


# --- for people who do not see, or use no mouse


LISTEN = """() => {
    window.heard = [];
    const regions = "[role=status], [role=alert], [role=log], [aria-live], output";
    new MutationObserver((changes) => changes.forEach((change) => {
        const changed = change.target, element = changed.closest ? changed : changed.parentElement;
        const region = element?.closest(regions);
        if (!region || region.ariaLive === "off" || !region.checkVisibility()) return;
        const said = region.textContent.trim();
        if (said && said !== window.heard.at(-1)) window.heard.push(said);
    })).observe(document.documentElement, { subtree: true, childList: true, characterData: true });
}"""


@both_pages
def test_one_voice_tells_that_it_looks_and_then_the_answer(visit: Visit, answerer: FakeAnswerer, path: str):
    """A screen reader hears two things at most for each question, and no log that reads itself out."""
    page = visit(path)
    page.evaluate(LISTEN)

    def heard() -> list[str]:
        said: list[str] = page.evaluate("window.heard.splice(0)")
        return said

    box(page).fill("a slow one")
    box(page).press("Enter")
    expect(status(page)).to_have_text(message("page.looking"))
    answerer.may_answer.set()
    answer = to_json(ANSWER) | {"message": "About: a slow one"}
    expect(status(page)).to_contain_text(f"{answer['message']} {QUOTE.text}")
    assert heard() == [message("page.looking"), status(page).text_content()]
    ask(page, "help")
    assert heard() == [message("page.looking"), spoken(EMERGENCY)]
    ask(page, "a broken one")
    assert heard() == [message("page.looking"), message("page.trouble")]
    send_too_much(page)
    assert heard() == [message("page.looking"), message("page.too_long", length="2,001", limit="2,000")]


def test_a_conversation_does_not_grow_without_end(visit: Visit, monkeypatch: pytest.MonkeyPatch):
    """The oldest turns are forgotten; the others keep their numbers."""
    monkeypatch.setattr(askalms.page, "REMEMBERED", 2)
    page = visit()
    ask(page, "first")
    ask(page, "second")
    box(page).fill("third")
    box(page).press("Enter")
    expect(page.locator(".turn h3")).to_have_text(["Answer 2: second", "Answer 3: third"])


def test_the_log_of_the_chat_has_a_name_and_does_not_read_itself_out(visit: Visit):
    """Who wants to read it anew finds it by its name."""
    page = visit()
    ask(page, "Is it inherited?")
    expect(page.get_by_role("log", name=message("page.conversation"))).to_have_attribute("aria-live", "off")


@both_pages
def test_the_keyboard_alone_is_enough_from_start_to_finish(visit: Visit, answerer: FakeAnswerer, path: str):
    """Tab leads through everything in reading order with a thick mark, and Enter or Space does it."""
    page = visit(path)

    def tab_to(name: str, key: str = "Tab") -> list[str]:
        """Press a key until something of that name has the focus; give the names on the way."""
        passed: list[str] = []
        while not passed or name not in passed[-1]:
            assert len(passed) < 40, passed
            page.keyboard.press(key)
            focused = page.locator(":focus")
            passed.append(focused.evaluate("e => (e.labels?.[0] ?? e).innerText.trim()"))
            expect(focused).to_have_css("outline-style", "solid")
            expect(focused).to_have_css("outline-width", "3px")
        return passed

    first = [message("page.plain"), message("page.skip_to_question")] if not path else [message("page.skip_to_content")]
    on_the_way = tab_to(EXAMPLES[1])
    assert on_the_way[: len(first)] == first
    expected = [message("page.question"), message("page.send"), message("page.new_conversation"), *EXAMPLES]
    assert [name.split("\n")[0] for name in on_the_way[-5:]] == expected
    page.keyboard.press("Space")
    expect(page.locator(".turn")).to_have_count(1)
    page.keyboard.type("Why?")
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(2)
    back = [
        message("page.make_sheet"),
        message("page.print"),
        message("page.copy"),
        ANSWER.ask_next[1],
        ANSWER.ask_next[0],
        message("rendering.hard_words"),
        message("page.pick"),
    ]
    for name in back:
        assert len(tab_to(name, "Shift+Tab")) == 1
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox").nth(3)).to_be_checked()
    tab_to(message("rendering.hard_words"))
    page.keyboard.press("Enter")
    expect(page.locator(".turn").last.locator("dd")).to_be_visible()
    tab_to(message("page.as_typed"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(3)
    assert answerer.as_typed == [False, False, True]
    expect(box(page)).to_be_focused()


@both_pages
def test_the_shortcut_leads_past_the_beginning(visit: Visit, path: str):
    """One press of Enter, one of Tab, and the question can be typed, or the page is read from its main part."""
    page = visit(path)
    page.keyboard.press("Tab")
    if not path:
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(box(page)).to_be_focused()


@both_pages
def test_the_page_is_english_whatever_the_browser_speaks(visit: Visit, path: str):
    """A screen reader pronounces the words in the language they are written in."""
    page = visit(path, locale="de-DE")
    ask(page, "Is it inherited?")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.locator("[lang]:not([lang=en])").count() == 0
    assert not re.search(r"Löschen|Eingabe|Ausführen", page.content())


@both_pages
def test_nothing_scrolls_sideways_or_inside_at_400_percent(visit: Visit, path: str):
    """At 320 by 256 pixels long words wrap, and answers lie in the page, not in a box of their own."""
    page = visit(path, viewport=PHONE_AT_400_PERCENT)
    ask(page, "a long one")
    ask(page, "W" * 500)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    inner = """() => [...document.querySelectorAll("#conversation, #conversation *")].filter((element) =>
        /auto|scroll|hidden/.test(getComputedStyle(element).overflow)
        && element.scrollHeight > element.clientHeight + 1).length"""
    assert page.evaluate(inner) == 0


@both_pages
def test_an_answer_is_read_from_its_beginning(visit: Visit, path: str):
    """After a long answer its question stands at the top of the window, the answer under it."""
    page = visit(path, viewport=PHONE_AT_400_PERCENT)
    ask(page, "Is it inherited?")
    ask(page, "a long one")
    page.wait_for_function("Math.abs([...document.querySelectorAll('.turn')].at(-1).getBoundingClientRect().top) < 2")


@both_pages
def test_a_refusal_is_on_the_screen(visit: Visit, path: str):
    """Far down a long conversation, the visitor sees why nothing came."""
    page = visit(path, viewport=PHONE_AT_400_PERCENT)
    ask(page, "a long one")
    send_too_much(page)
    expect(page.locator("#status")).to_be_in_viewport()


@both_pages
def test_text_grows_with_the_letter_size_of_the_browser(visit: Visit, path: str):
    """Who has set their browser to twice the size gets everything in twice the size."""
    page = visit(path, reduced_motion="reduce")
    ask(page, "Is it inherited?")
    page.get_by_text(message("rendering.hard_words")).click()
    send_too_much(page)
    sizes = """() => Object.fromEntries([...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility() && [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .map((one, i) => [`${i} ${one.localName} ${one.innerText.slice(0, 20)}`,
                          parseFloat(getComputedStyle(one).fontSize)]))"""
    before = page.evaluate(sizes)
    page.add_style_tag(content="html { font-size: 200% !important }")
    after = page.evaluate(sizes)
    assert len(before) > 20
    assert {name: size for name, size in before.items() if size < 16} == {}
    assert after == {name: 2 * size for name, size in before.items()}


# --- without script, and for programs


def test_the_chat_page_is_of_use_without_script(visit: Visit, answerer: FakeAnswerer):
    """A form is there at once, and leads to the page that needs none."""
    page = visit(java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("AskALMS")
    box(page).fill("Is it inherited?")
    page.get_by_role("button", name=message("page.send")).click()
    expect(page.locator(".turn blockquote").first).to_have_text(QUOTE.text)
    assert urlsplit(page.url).path == "/plain"
    assert answerer.asked == [("Is it inherited?", ())]


def test_programs_ask_through_one_documented_endpoint(served: Served, answerer: FakeAnswerer):
    """`/ask` takes a question with its history and gives the JSON of the command line; nothing else is offered."""
    client = Client(served[1], verbose=False)
    endpoints = client.view_api(return_format="dict")
    assert list(endpoints["named_endpoints"]) == ["/ask"]
    names = [each["parameter_name"] for each in endpoints["named_endpoints"]["/ask"]["parameters"]]
    assert names == ["question", "history", "as_typed"]
    assert endpoints["unnamed_endpoints"] == {}
    found = client.predict(question=" Is it inherited? ", api_name="/ask")
    assert found | {"message": ""} == json.loads(json.dumps(to_json(ANSWER))) | {"message": ""}
    client.predict(question="Why?", history=["Is it inherited?"], as_typed=True, api_name="/ask")
    assert answerer.asked == [("Is it inherited?", ()), ("Why?", ("Is it inherited?",))]
    assert answerer.as_typed == [False, True]
    for question, told in {
        "a broken one": message("page.trouble"),
        " ": message("page.no_question"),
        "x" * 2001: message("page.too_long", length="2,001", limit="2,000"),
    }.items():
        with pytest.raises(AppError, match=re.escape(told)):
            client.predict(question=question, api_name="/ask")
