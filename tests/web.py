"""A small web of one's own: a server on this machine, and a gate that lets through to it alone."""

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

from askalms.fetching import Gate, IPAddress

HOST = "library.example"

Reply: TypeAlias = Callable[[BaseHTTPRequestHandler], None]


class Web(Gate):
    """Pages by path, what was asked for, and the gate to them; every name leads to this server."""

    def __init__(self) -> None:
        self.pages: dict[str, Reply] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.asked.append((self.path, dict(self.headers.items())))
                web.pages.get(self.path, status(404))(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # Clients that leave in the middle are the point of many tests.
        self.server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        self.port = self.server.server_port
        self.stopped = threading.Event()
        self.addresses: dict[str, list[str]] = {}
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, path: str = "/", host: str = HOST, scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def permits_port(self, port: int) -> bool:
        return port == self.port or super().permits_port(port)

    def permits(self, address: IPAddress) -> bool:
        return str(address) == "127.0.0.1" or super().permits(address)

    def resolve(self, host: str, port: int) -> list[str]:
        return self.addresses.get(host, ["127.0.0.1"])

    def paths(self) -> list[str]:
        """What was asked for, robots.txt left out."""
        return [path for path, _ in self.asked if path != "/robots.txt"]


def page(body: bytes | str, content_type: str | None = "text/html; charset=utf-8", **headers: str) -> Reply:
    data = body.encode() if isinstance(body, str) else body
    return status(200, data, **({"Content_Type": content_type} if content_type else {}), **headers)


def status(code: int, body: bytes = b"", **headers: str) -> Reply:
    """Reply with a status; an underscore in a header's name stands for a hyphen."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:
            handler.close_connection = True

    return reply


def redirect(location: str, code: int = 302) -> Reply:
    return status(code, Location=location)


def article(title: str = "Hearing in the northern islands", text: str = "", head: str = "", foot: str = "") -> str:
    """A page of the web with a menu, invented."""
    text = text or "Children of the northern islands are asked to a hearing test every second spring."
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} | Island Ears</title>'
        f'<meta property="og:site_name" content="Island Ears">{head}</head><body><nav><a href="/">Home</a></nav>'
        f"<main><h1>{title}</h1><p>{text}</p>{foot}</main></body></html>"
    )
