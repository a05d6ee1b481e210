"""The web server: the chat page, the page without script, documents to look quotes up in, and their protection.

Every page comes with a security policy under which only the server's own scripts run and nothing is loaded from
elsewhere. Questions travel in the body of a request, never in an address, and are not logged.
"""

import os
import re
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from askalms.admission import Admission, Reply, visitor_of
from askalms.datatypes import Answerer, Quote
from askalms.errors import AskALMSError
from askalms.hypertext import asset, fragment, source_page, spoken
from askalms.index import Index
from askalms.page import build_page, dressed, mount
from askalms.quoting import quoted, whole_thought
from askalms.rendering import date_in_words
from askalms.settings import Settings
from askalms.source_view import source_view
from askalms.texts import load_data, message

FIRST_PORT, PORTS = 7860, 100
"""Where no port is named, the first free one of so many is taken."""
MOST_BYTES = 100_000
"""Of the body of a request: several times the longest question with its history."""
MOST_PICKED = 50
"""Quotes on a sheet for the clinic."""
MOST_TURNS = 20
"""Earlier questions that the page without script carries along."""
GRACE_SECONDS = 2
"""What is under way when a server is closed may end within so long."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def build_site(
    answerer: Answerer,
    settings: Settings,
    *,
    library: Callable[[], Index] | None = None,
    examples: Sequence[str] | None = None,
    mcp: bool = False,
) -> FastAPI:
    """Put all pages together.

    Args:
        answerer: Asked for each question.
        settings: Limits of `serving` and `answering`.
        library: Gives the index that is quoted now, to look quotes up in; None where there is none to show.
        examples: Questions to offer; by default those of `data/messages.toml`.
        mcp: Offer the endpoint for programs as a tool of the Model Context Protocol, too.
    """
    if examples is None:
        examples = load_data("messages")["page"]["example_questions"]
    admission = Admission(answerer, settings)
    app = FastAPI(openapi_url=None)

    @app.get("/plain")
    async def plain_page(request: Request) -> HTMLResponse:
        return _page("plain", request, **_plain(admission, examples))

    @app.post("/plain")
    async def ask_plainly(request: Request) -> HTMLResponse:
        form = await request.form()
        history = [str(turn).replace("\r\n", "\n") for turn in form.getlist("turn")][-MOST_TURNS:]
        # A form sends every line end as two characters.
        typed, following, literal, number = (
            str(form.get(name, "")).replace("\r\n", "\n") for name in ("question", "next", "as_typed", "number")
        )
        pressed = literal or following
        question = pressed or typed
        reply = await admission.ask(visitor_of(request), question, history, as_typed=bool(literal))
        done = not pressed and not reply.refused
        turn = _PlainTurn(
            int(number[:6]) if number.isdecimal() else len(history) + 1,
            question.strip(),
            reply,
            kept="" if done else typed,
        )
        return _page("plain", request, **_plain(admission, examples, history, turn))

    @app.get("/source/{document:path}")
    async def source(document: str, request: Request) -> HTMLResponse:
        index = library() if library else None
        if index is None or document not in index.documents:
            return _page("missing", request, 404)
        return _page("source", request, **source_page(source_view(index, document)))

    @app.get("/sheet")
    @app.post("/sheet")
    async def sheet(request: Request) -> HTMLResponse:
        index = library() if library else None
        form = await request.form()
        picked = [str(address) for address in form.getlist("quote")][:MOST_PICKED]
        old_after = settings.answering.old_after_years
        quotes = [quote for one in dict.fromkeys(picked) if index and (quote := _picked(index, one, old_after))]
        today = date_in_words(date.today().isoformat())
        return _page("sheet", request, picked=quotes, today=today)

    @app.get("/accessibility")
    async def accessibility(request: Request) -> HTMLResponse:
        parts = load_data("messages")["accessibility"]
        told = [{"paragraphs": [], "points": [], **part} for part in parts]
        return _page("accessibility", request, parts=told, contact=settings.serving.contact)

    @app.get("/healthz")
    async def health() -> JSONResponse:
        index = library() if library else None
        known = {"generation": index.generation, "documents": len(index.documents)} if index else {}
        return JSONResponse({"ready": True, **known})

    @app.get("/askalms/{name}")
    async def own_file(name: str) -> Response:
        if name not in _FILES:
            return PlainTextResponse(message("page.no_such_page"), 404)
        text = "".join(map(asset, _FILES[name]))
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return Response(text, media_type=kind, headers={"cache-control": "max-age=3600"})

    app.state.let_go = mount(app, build_page(admission, examples=examples), mcp=mcp)
    app.add_middleware(_Protection)
    return app


_FILES = {
    "site.css": ("turns.css", "site.css"),
    "plain.js": ("turns.js", "plain.js"),
    "chat.css": ("turns.css", "chat.css"),
    "chat.js": ("turns.js", "chat.js"),
}
"""What is sent under `/askalms/`, and the files of `web/` that it is made of."""


class Server:
    """A site that is being served, by a thread of its own."""

    def __init__(self, app: FastAPI, host: str | None = None, port: int | None = None, proxies: str = "") -> None:
        """Start to serve, and return once requests are taken.

        Args:
            app: From `build_site`.
            host: Address to listen on; by default GRADIO_SERVER_NAME, or this machine only.
            port: By default GRADIO_SERVER_PORT, or the first free one from 7860.
            proxies: Addresses of proxies, with commas between, that are believed when they tell a visitor's address.

        Raises:
            AskALMSError: The port is in use, or the address is not one of this machine.
        """
        host = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
        named = os.environ.get("GRADIO_SERVER_PORT")
        listening = _listen(host, port or (int(named) if named else None))
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies or None,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = _UvicornServer(config)
        # Not the end of the thread: Python 3.11 takes a thread for ended if the wait for it was interrupted.
        self._ended = threading.Event()
        threading.Thread(target=self._serve, args=(listening,), name="askalms-server", daemon=True).start()
        while not self._server.started and not self._ended.wait(0.01):
            pass
        shown = f"[{host}]" if ":" in host else "localhost" if host == "0.0.0.0" else host
        self.address = f"http://{shown}:{listening.getsockname()[1]}/"

    def wait(self) -> None:
        """Wait until the server is closed; Ctrl+C closes it."""
        try:
            self._ended.wait()
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """Stop to serve."""
        self._server.should_exit = True
        self._ended.wait()

    def _serve(self, listening: socket.socket) -> None:
        try:
            self._server.run(sockets=[listening])
        finally:
            self._ended.set()


class _UvicornServer(uvicorn.Server):
    """Lets go of the pages that are open before it stops, as it would wait for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.let_go()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def is_open_to_others(host: str) -> bool:
    """Tell whether other machines can reach what listens on an address."""
    return host not in ("localhost", "::1") and not host.startswith("127.")


def _listen(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for tried in [port] if port else range(FIRST_PORT, FIRST_PORT + PORTS):
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, tried))
            listening.listen()
        except OSError as error:
            listening.close()
            failed = error
            continue
        return listening
    raise AskALMSError(message("page.not_served", host=host, port=port or FIRST_PORT)) from failed


def _picked(index: Index, address: str, old_after_years: float) -> Quote | None:
    """Read a quote again from its address, "document#start-end"; None if there is none, as in an index made anew."""
    found = _ADDRESS.fullmatch(address)
    if not found:
        return None
    document, start, end = found[1], int(found[2]), int(found[3])
    rows = index.rows_of_document.get(document, ())
    first = next((row for row in rows if index.sentences[row].start == start), None)
    last = next((row for row in rows if index.sentences[row].end == end), None)
    if first is None or last is None or whole_thought(index, last) not in [(first, last), (last, last)]:
        return None
    return quoted(index, first, last, 0.0, old_after_years)


_ADDRESS = re.compile(r"(.+)#(\d{1,9})-(\d{1,9})", re.ASCII)


# --- the page without script


class _PlainTurn(NamedTuple):
    number: int
    question: str
    reply: Reply
    kept: str
    """What stays in the box."""


def _plain(
    admission: Admission, examples: Sequence[str], history: Sequence[str] = (), turn: _PlainTurn | None = None
) -> dict[str, Any]:
    """Give what the template of the plain page needs."""
    told = ""
    turns: list[dict[str, Any]] = []
    if turn and turn.reply.refused:
        told = turn.reply.refusal
    elif turn:
        answer = turn.reply.answer
        told = spoken(answer) if answer else turn.reply.refusal
        turns = [{"number": turn.number, "question": turn.question, "answer": answer, "trouble": turn.reply.refusal}]
        history = history if turn.reply.failed else [*history, turn.question][-MOST_TURNS:]
    names = ("looking", "copy", "print", "copied", "trouble")
    return {
        "turns": turns,
        "history": history,
        "told": told,
        "kept": turn.kept if turn else "",
        "picks": any(one["answer"] and one["answer"].quotes for one in turns),
        "limit": admission.longest_question,
        "examples": examples,
        "words": {name: message(f"page.{name}") for name in names},
    }


def _page(name: str, request: Request, status: int = 200, **values: Any) -> HTMLResponse:
    """Write a page whose links work below any address that a proxy gives the site."""
    root = "../" * (request.url.path.removeprefix(request.scope.get("root_path", "")).count("/") - 1) or "./"
    return HTMLResponse(fragment(name, root=root, **values), status, {"cache-control": "no-store"})


# --- protection

_CLOSED = tuple(
    f"/gradio_api/{way}" for way in ("upload", "file", "proxy", "stream", "runs", "run-history", "deep_link")
)
"""Ways into Gradio that the page does not need: they take or give files, fetch from elsewhere, or remember."""


class _Protection:
    """Sends the headers that protect visitors, and refuses bodies that no question can have."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        protected = _with_headers(send, nonce)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path.startswith(_CLOSED):
            await PlainTextResponse(message("page.no_such_page"), 404)(scope, receive, protected)
            return
        body = await _body(scope, receive)
        if body is None:
            await PlainTextResponse(message("page.too_large"), 413)(scope, receive, protected)
            return
        is_chat = path == "/" and scope["method"] == "GET"
        await self._app(scope, body, _Dressing(protected, nonce).send if is_chat else protected)


async def _body(scope: Scope, receive: Receive) -> Receive | None:
    """Read the body of a request, to be received again; None where it is too large, told beforehand or not."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if length.isdigit() and int(length) > MOST_BYTES:
        return None
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            break
        body += event.get("body", b"")
        more = event.get("more_body", False)
        if len(body) > MOST_BYTES:
            return None
    whole = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receiving() -> Message:
        return next(whole, None) or await receive()

    return receiving


class _Dressing:
    """Holds the chat page of Gradio back until it is whole, and completes it."""

    def __init__(self, send: Send, nonce: str) -> None:
        self._send = send
        self._nonce = nonce
        self._start: Message | None = None
        self._body = b""

    async def send(self, event: Message) -> None:
        if event["type"] == "http.response.start":
            self._start = event
            return
        self._body += event.get("body", b"")
        if event.get("more_body") or self._start is None:
            return
        kept = [(k, v) for k, v in self._start["headers"] if k not in (b"content-length", b"cache-control")]
        kind = dict(kept).get(b"content-type", b"")
        body = dressed(self._body.decode(), self._nonce).encode() if kind.startswith(b"text/html") else self._body
        length = (b"content-length", str(len(body)).encode())
        headers = [*kept, length, (b"cache-control", b"no-store")]
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _with_headers(send: Send, nonce: str) -> Send:
    policy = "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            # Gradio writes styles into its elements.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        ]
    )
    protecting = [
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]

    async def sending(event: Message) -> None:
        if event["type"] == "http.response.start":
            event = {**event, "headers": [*event["headers"], *protecting]}
        await send(event)

    return sending
