"""The server: the page without script, what every response is sent with, limits, health, and ports."""

import contextlib
import logging
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

import askalms.page
from askalms.errors import AskALMSError
from askalms.serving import MOST_BYTES, MOST_TURNS, Server, build_site, is_open_to_others
from askalms.settings import ServingSettings, Settings
from askalms.texts import load_data, message
from site_with_fake import ANSWER, EXAMPLES, PATIENT, QUOTE, FakeAnswerer, ask, box, wait_for_page

Served = tuple[FakeAnswerer, str]
Visit = Callable[..., Page]


@pytest.fixture
def client(served: Served, answerer: FakeAnswerer) -> Iterator[httpx.Client]:
    """Sends single requests to the site around the fake."""
    with httpx.Client(base_url=served[1], timeout=20) as one:
        yield one


# --- the page without script


@pytest.fixture
def plain(visit: Visit) -> Page:
    """The plain page in a browser without script."""
    return visit("plain", java_script_enabled=False)


def send(page: Page, question: str) -> None:
    """Type a question and press the button."""
    box(page).fill(question)
    page.get_by_role("button", name=message("page.send"), exact=True).click()


@pytest.mark.browser
def test_without_script_every_question_is_asked_with_the_earlier_ones(plain: Page, answerer: FakeAnswerer):
    """The page itself carries them; its headings count on, and only the newest answer is shown."""
    for question in ('What is *it*, "now"?', "Why?\n\n  Second line", "And then?"):
        send(plain, question)
    assert answerer.asked == [
        ('What is *it*, "now"?', ()),
        ("Why?\n\n  Second line", ('What is *it*, "now"?',)),
        ("And then?", ('What is *it*, "now"?', "Why?\n\n  Second line")),
    ]
    expect(plain.locator(".turn h3")).to_have_text(["Answer 3: And then?"])
    expect(plain.locator("blockquote").first).to_have_text(QUOTE.text)
    expect(box(plain)).to_have_value("")


@pytest.mark.browser
def test_without_script_what_is_offered_is_asked_with_one_press(plain: Page, answerer: FakeAnswerer):
    """Examples, next questions and the words as they were typed; what stands in the box stays."""
    box(plain).fill("half a\n  quest")
    for name in (EXAMPLES[0], ANSWER.ask_next[0], message("page.as_typed")):
        plain.get_by_role("button", name=name).click()
        expect(box(plain)).to_have_value("half a\n  quest")
    assert [question for question, _ in answerer.asked] == [EXAMPLES[0], *ANSWER.ask_next[:1] * 2]
    assert answerer.as_typed == [False, False, True]


@pytest.mark.browser
def test_without_script_what_is_refused_stays_in_the_box(plain: Page, answerer: FakeAnswerer):
    """The reason is read first, and the conversation goes on."""
    send(plain, "Is it inherited?")
    typed = "One line.\n\n  Another <b>&amp;\n" + "x" * 2000
    send(plain, typed)
    told = message("page.too_long", length=f"{len(typed):,}", limit="2,000")
    expect(plain.get_by_role("status")).to_have_text(told)
    expect(plain.get_by_role("status")).to_be_visible()
    expect(box(plain)).to_have_value(typed)
    send(plain, " ")
    expect(plain.get_by_role("status")).to_have_text(message("page.no_question"))
    send(plain, "Why?")
    assert answerer.asked == [("Is it inherited?", ()), ("Why?", ("Is it inherited?",))]


@pytest.mark.browser
def test_without_script_trouble_is_told_kindly(plain: Page, answerer: FakeAnswerer):
    """It is forgotten with the next question."""
    send(plain, "a broken one")
    expect(plain.locator(".turn p")).to_have_text(message("page.trouble"))
    send(plain, "Why?")
    assert answerer.asked[-1] == ("Why?", ())


@pytest.mark.browser
def test_without_script_a_new_conversation_forgets_the_old_one(plain: Page, answerer: FakeAnswerer):
    """One press, and nothing goes along any more."""
    send(plain, "Is it inherited?")
    plain.get_by_role("link", name=message("page.new_conversation")).click()
    expect(plain.locator(".turn")).to_have_count(0)
    send(plain, "Why?")
    assert answerer.asked[-1] == ("Why?", ())


@pytest.mark.browser
def test_without_script_the_answer_is_on_the_screen(visit: Visit):
    """The page that comes with it begins there."""
    page = visit("plain", java_script_enabled=False, viewport={"width": 320, "height": 256})
    send(page, "Is it inherited?")
    expect(page.locator(".turn h3")).to_be_in_viewport()


@pytest.mark.browser
def test_the_plain_page_is_light(served: Served, chromium: Browser):
    """Three requests and 50 KB at most, and one request more for an answer."""
    with chromium.new_context() as context:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        requests, received = [], []
        session.on("Network.requestWillBeSent", lambda event: requests.append(event["request"]["url"]))
        session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        page.goto(served[1] + "plain")
        wait_for_page(page)
        page.wait_for_load_state("networkidle")
        loaded = [url for url in requests if url.startswith("http")]
        assert len(loaded) <= 3
        assert sum(received) < 50_000
        ask(page, "Is it inherited?")
        assert len([url for url in requests if url.startswith("http")]) == len(loaded) + 1
        assert sum(received) < 70_000


def test_at_most_so_many_earlier_questions_go_along(client: httpx.Client, answerer: FakeAnswerer):
    """The newest ones; the page does not grow without end."""
    turns = [f"question {n}" for n in range(MOST_TURNS + 5)]
    reply = client.post("plain", data={"question": "Why?", "turn": turns})
    assert answerer.asked == [("Why?", tuple(turns[-MOST_TURNS:]))]
    assert len(re.findall('name="turn"', reply.text)) == MOST_TURNS


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"question": "Why?", "number": "9" * 5000},
        {"question": "Why?", "number": "٣"},
        {"question": "Why?", "number": "-1"},
        {"question": "\x00\ud7ff\ufffe"},
        {"next": "", "as_typed": "", "turn": [""]},
        {"turn": ["x"] * 900},
    ],
)
def test_a_form_that_no_browser_sends_is_no_trouble(client: httpx.Client, form: dict[str, str | list[str]]):
    """Whatever stands in it, a page comes back."""
    reply = client.post("plain", data=form)
    assert reply.status_code == 200
    assert "<h1>AskALMS</h1>" in reply.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"question=%FF%FE", "application/x-www-form-urlencoded"),
        (b'{"question": "Why?"}', "application/json"),
        (b"", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="question"; filename="f"\r\n\r\nWhy?\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--", "multipart/form-data"),
    ],
)
def test_a_body_that_no_browser_sends_is_no_trouble(client: httpx.Client, body: bytes, kind: str):
    """It is answered, or refused as not understood."""
    assert client.post("plain", content=body, headers={"content-type": kind}).status_code in (200, 400)


def test_a_question_in_an_address_is_not_asked(client: httpx.Client, answerer: FakeAnswerer):
    """Addresses end up in logs and histories, so the page takes none from there."""
    assert "canary" not in client.get("plain?question=canary&turn=canary&next=canary").text
    assert answerer.asked == []


# --- what every response is sent with


def policy_of(reply: httpx.Response) -> dict[str, list[str]]:
    rules = [rule.split() for rule in reply.headers["content-security-policy"].split(";")]
    return {name: sources for name, *sources in rules}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 200),
        ("plain", 200),
        ("accessibility", 200),
        ("healthz", 200),
        ("askalms/site.css", 200),
        ("askalms/nothing.css", 404),
        ("nothing/here", 404),
        ("config", 200),
        ("gradio_api/info", 200),
        ("gradio_api/upload", 404),
    ],
)
def test_every_response_is_protected(client: httpx.Client, path: str, status: int):
    """Scripts of the server alone, nothing from elsewhere, no frames, no guessing of types, no address handed on."""
    reply = client.get(path)
    assert reply.status_code == status
    policy = policy_of(reply)
    assert policy["default-src"] == ["'self'"]
    own, nonce = policy["script-src"]
    assert (own, nonce[:7]) == ("'self'", "'nonce-")
    assert policy["object-src"] == ["'none'"]
    for directive in ("base-uri", "form-action", "frame-ancestors"):
        assert policy[directive] == ["'self'"]
    assert "connect-src" not in policy
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cross-origin-opener-policy"] == "same-origin"
    assert "microphone=()" in reply.headers["permissions-policy"]
    assert "server" not in reply.headers
    assert "set-cookie" not in reply.headers


def test_the_scripts_of_the_chat_are_known_by_a_new_secret_each_time(client: httpx.Client):
    """No script can know beforehand how to be let in, and none stands in an attribute."""
    secrets = set()
    for _ in range(2):
        reply = client.get("")
        scripts = re.findall(r"<script\b[^>]*>", reply.text)
        found = {re.search(r' nonce="([^"]+)"', script) for script in scripts}
        assert None not in found
        (nonce,) = {match[1] for match in found if match}
        assert f"'nonce-{nonce}'" in policy_of(reply)["script-src"]
        secrets.add(nonce)
        assert not re.search(r"<[^>]*\son\w+=", re.sub(r"(?s)<script.*?</script>", "", reply.text))
    assert len(secrets) == 2


def test_pages_name_no_other_machine(client: httpx.Client, served: Served):
    """Neither fonts nor previews nor scripts of others, not even as links."""
    for path in ("", "plain", "accessibility"):
        named = re.findall(r"https?://([\w.-]+)", client.get(path).text)
        assert set(named) <= {urlsplit(served[1]).hostname}


@pytest.mark.parametrize("path", ["", "plain", "accessibility"])
def test_no_page_is_kept_by_what_lies_between(client: httpx.Client, path: str):
    """Not by the browser, not by a proxy: an answer is nobody else's."""
    assert client.get(path).headers["cache-control"] == "no-store"
    if path == "plain":
        assert client.post(path, data={"question": "Why?"}).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["plain", "accessibility"])
def test_links_of_a_page_work_below_any_address(client: httpx.Client, path: str):
    """A proxy may give the site a folder of its host."""
    links = re.findall(r'\b(?:href|src|action)="([^"]*)"', client.get(path).text)
    assert links
    assert [link for link in links if link.startswith("/")] == []


@pytest.mark.parametrize(
    ("name", "kind", "holds"),
    [
        ("site.css", "text/css", "blockquote"),
        ("chat.css", "text/css", ".gradio-container"),
        ("plain.js", "text/javascript", "withTools"),
        ("chat.js", "text/javascript", "withTools"),
    ],
)
def test_style_sheets_and_scripts_come_from_files(client: httpx.Client, name: str, kind: str, holds: str):
    """Each as what it is."""
    reply = client.get(f"askalms/{name}")
    assert reply.headers["content-type"].split(";")[0] == kind
    assert holds in reply.text


@pytest.mark.parametrize("name", ["answer.html", "..%2Fpage.py", "..%2F..%2Fpage.py", "turns.css", ""])
def test_no_other_file_is_sent(client: httpx.Client, name: str):
    """Templates and code stay where they are."""
    assert client.get(f"askalms/{name}").status_code == 404


# --- limits


def test_a_body_that_no_question_can_have_is_refused(client: httpx.Client, answerer: FakeAnswerer):
    """Whether its length is told beforehand or not, on the page and at the endpoint."""
    question = b"question=" + b"x" * MOST_BYTES
    form = {"content-type": "application/x-www-form-urlencoded"}
    pieces = [question[i : i + 10_000] for i in range(0, len(question), 10_000)]
    for content in (question, iter(pieces)):
        reply = client.post("plain", content=content, headers=form)
        assert (reply.status_code, reply.text) == (413, message("page.too_large"))
    reply = client.post("gradio_api/call/ask", content=iter(pieces), headers={"content-type": "application/json"})
    assert reply.status_code == 413
    assert answerer.asked == []


def test_a_body_in_pieces_is_read_whole(client: httpx.Client, answerer: FakeAnswerer):
    """A proxy may send it so."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    client.post("plain", content=iter([b"quest", b"ion=Wh", b"y%3F"]), headers=form)
    assert answerer.asked == [("Why?", ())]


@pytest.mark.parametrize(("proxies", "believed"), [("", False), ("127.0.0.1", True), ("192.0.2.1", False)])
def test_a_visitor_is_told_by_the_address_that_a_known_proxy_names(proxies: str, believed: bool):
    """Anybody else could claim to be a new visitor with every question."""
    once = Settings(serving=ServingSettings(questions_per_minute=1, proxies=proxies))
    site = build_site(FakeAnswerer(), once, examples=())
    with closing(Server(site, "127.0.0.1", proxies=proxies)) as server:
        replies = [
            httpx.post(f"{server.address}plain", data={"question": "Why?"}, headers={"x-forwarded-for": visitor}).text
            for visitor in ("198.51.100.1", "198.51.100.2", "198.51.100.1")
        ]
    refused = [message("page.too_often") in reply for reply in replies]
    assert refused == [False, not believed, True]


# --- other pages


def test_health_without_an_index_is_told():
    """The server is there, and that is all there is to say."""
    with closing(Server(build_site(FakeAnswerer(), PATIENT, examples=()), "127.0.0.1")) as server:
        assert httpx.get(f"{server.address}healthz").json() == {"ready": True}


def test_the_statement_of_accessibility_tells_what_was_tested_and_whom_to_write_to(client: httpx.Client):
    """All parts of it; the contact only where the operator has set one."""
    text = client.get("accessibility").text
    for part in load_data("messages")["accessibility"]:
        assert f"<h2>{part['heading']}</h2>" in text
        for point in part.get("points", []):
            assert f"<li>{point}</li>" in text
    assert "reach the people" not in text
    named = Settings(serving=ServingSettings(contact="help@example.org"))
    with closing(Server(build_site(FakeAnswerer(), named, examples=()), "127.0.0.1")) as server:
        assert message("page.contact", contact="help@example.org") in httpx.get(f"{server.address}accessibility").text


def test_questions_to_begin_with_come_from_the_messages_unless_others_are_given():
    """The operator's own, or those of the library."""
    with closing(Server(build_site(FakeAnswerer(), PATIENT), "127.0.0.1")) as server:
        text = httpx.get(f"{server.address}plain").text
    for example in load_data("messages")["page"]["example_questions"]:
        assert f'name="next" value="{example}"' in text


def test_a_protocol_without_its_package_is_told(monkeypatch: pytest.MonkeyPatch):
    """In one line that says what to install."""
    monkeypatch.setattr(askalms.page, "find_spec", lambda name: None)
    with pytest.raises(AskALMSError, match=r"install askalms\[mcp\]"):
        build_site(FakeAnswerer(), PATIENT, examples=(), mcp=True)


# --- addresses


def test_a_port_in_use_is_told_in_one_line(served: Served):
    """Who starts the page twice learns which port to change."""
    port = urlsplit(served[1]).port
    with pytest.raises(AskALMSError, match=f"port {port}"):
        Server(build_site(FakeAnswerer(), PATIENT, examples=()), "127.0.0.1", port)


def test_an_address_of_another_machine_is_told_in_one_line():
    """Nobody can listen there."""
    with pytest.raises(AskALMSError, match=r"192\.0\.2\.1"):
        Server(build_site(FakeAnswerer(), PATIENT, examples=()), "192.0.2.1")


def test_host_and_port_are_taken_from_the_environment_of_gradio(monkeypatch: pytest.MonkeyPatch):
    """As hosts of such pages set them; what is named in the call counts more."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(port))
    site = build_site(FakeAnswerer(), PATIENT, examples=())
    with closing(Server(site)) as server:
        assert server.address == f"http://localhost:{port}/"
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").json() == {"ready": True}
        with pytest.raises(AskALMSError, match=f"127.0.0.1, port {port}"):
            Server(site, "127.0.0.1")


def test_closing_does_not_wait_for_pages_that_are_open(caplog: pytest.LogCaptureFixture):
    """A chat page holds a connection for as long as it is open; it is let go without complaint."""
    server = Server(build_site(FakeAnswerer(), PATIENT, examples=()), "127.0.0.1")
    with httpx.Client(base_url=server.address) as client, client.stream("GET", "gradio_api/heartbeat/x") as beat:
        assert beat.status_code == 200
        closer = threading.Thread(target=server.close)
        closer.start()
        closer.join(30)
        assert not closer.is_alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.address)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_closing_does_not_wait_for_an_answer_that_never_comes():
    """Neither for the one nor for those who wait in line behind it."""
    answerer = FakeAnswerer()
    server = Server(build_site(answerer, PATIENT, examples=()), "127.0.0.1")

    def ask_in_vain() -> None:
        with contextlib.suppress(httpx.HTTPError):
            httpx.post(f"{server.address}plain", data={"question": "a slow one"}, timeout=60)

    asker = threading.Thread(target=ask_in_vain)
    asker.start()
    while not answerer.asked:
        time.sleep(0.01)
    closer = threading.Thread(target=server.close)
    closer.start()
    closer.join(15)
    stuck = closer.is_alive()
    answerer.may_answer.set()
    asker.join()
    assert not stuck


def test_an_interrupted_program_closes_its_server():
    """Ctrl+C ends the wait, in order and without a word."""
    server = Server(build_site(FakeAnswerer(), PATIENT, examples=()), "127.0.0.1")
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        server.wait()
    except KeyboardInterrupt:
        pytest.fail("it was not closed")
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.address)


@pytest.mark.parametrize(
    ("host", "is_open"),
    [("127.0.0.1", False), ("127.1.2.3", False), ("localhost", False), ("::1", False), ("0.0.0.0", True), ("::", True)],
)
def test_it_is_known_whether_other_machines_can_reach_an_address(host: str, is_open: bool):
    """Only what begins with 127, ::1 and the name for them stay inside."""
    assert is_open_to_others(host) is is_open
