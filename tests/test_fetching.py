"""Fetching one page: politely, from the open Internet alone, and with an end to every wait."""

import gzip
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from askalms.errors import FetchError
from askalms.fetching import MAX_REDIRECTS, Gate, Page, checked_address, fetch, is_public
from askalms.settings import FetchingSettings
from web import HOST, Web, article, page, redirect, status

ACCEPT = ("text/html", "application/pdf", "text/plain")


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    web.pages["/"] = page(article())
    yield web
    web.close()


def _fetch(web: Web, url: str = "", **settings: float | str) -> Page:
    return fetch(url or web.url(), FetchingSettings(**settings), ACCEPT, gate=web)


def _refusal(web: Web, url: str = "", **settings: float | str) -> str:
    """Fetch what must not come; give what is said, which is one line."""
    with pytest.raises(FetchError) as refused:
        _fetch(web, url, **settings)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# --- manners


def test_a_page_comes_with_its_address_type_and_bytes(web: Web):
    """The bytes are those of the server; the type is without its parameters."""
    found = _fetch(web)
    assert found == Page(web.url(), "text/html", article().encode())


def test_one_request_for_robots_txt_and_one_for_the_page(web: Web):
    """No more is asked for, and in this order."""
    _fetch(web, web.url("/#middle"))
    assert [path for path, _ in web.asked] == ["/robots.txt", "/"]


def test_the_server_is_told_who_asks_and_gets_no_cookie(web: Web):
    """Program, version and contact stand in the user agent; what a server wants remembered is forgotten."""
    web.pages["/start"] = status(302, Location="/", Set_Cookie="visitor=7")
    _fetch(web, web.url("/start"), user_agent_contact="library@example.org")
    for _, headers in web.asked:
        assert headers["User-Agent"].startswith("AskALMS/0.")
        assert "library@example.org" in headers["User-Agent"]
        assert headers["Host"] == f"{HOST}:{web.port}"
        assert "Cookie" not in headers


@pytest.mark.parametrize(
    "rules",
    [
        "User-agent: *\nDisallow: /",
        "User-agent: askalms\nDisallow: /private",
        "User-agent: *\nAllow: /private/open\nDisallow: /*.html$",
        "\ufeffUser-agent: *\nDisallow: /private",
    ],
)
def test_robots_txt_is_obeyed(web: Web, rules: str):
    """A site that asks programs to stay away is asked for nothing else."""
    web.pages["/robots.txt"] = page(rules, "text/plain")
    web.pages["/private/a.html"] = page(article())
    assert "asks programs not to fetch" in _refusal(web, web.url("/private/a.html"))
    assert web.paths() == []


def test_robots_txt_that_allows_or_is_not_there_lets_the_page_come(web: Web):
    """Rules for other programs, and the status 404, forbid nothing."""
    web.pages["/robots.txt"] = page("User-agent: OtherBot\nDisallow: /\n", "text/plain")
    assert _fetch(web).body
    web.pages["/robots.txt"] = status(403)
    assert _fetch(web).body


@pytest.mark.parametrize("code", [500, 503, 429])
def test_a_robots_txt_that_cannot_be_read_forbids_all(web: Web, code: int):
    """It is not known what the site wants, so it is not asked."""
    web.pages["/robots.txt"] = status(code)
    assert f"status {code}" in _refusal(web)
    assert web.paths() == []


def test_only_the_beginning_of_an_endless_robots_txt_is_read(web: Web):
    """Half a megabyte of rules is read, and holds."""
    web.pages["/robots.txt"] = page("User-agent: *\nDisallow: /private\n" + "# so be it\n" * 200_000, "text/plain")
    assert _fetch(web).body
    assert "asks programs not to" in _refusal(web, web.url("/private"))


def test_the_robots_txt_of_a_site_redirected_to_counts(web: Web):
    """Another host has its own rules."""
    web.pages["/away"] = redirect(web.url("/", host="other.example"))
    _fetch(web, web.url("/away"))
    assert [path for path, _ in web.asked] == ["/robots.txt", "/away", "/robots.txt", "/"]


# --- redirects


def test_a_redirect_is_followed_and_its_address_kept(web: Web):
    """The address is that at the end, without the fragment."""
    web.pages["/old"] = redirect("/new?part=2#end", 301)
    web.pages["/new?part=2"] = page(article())
    assert _fetch(web, web.url("/old")).url == web.url("/new?part=2")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("http://10.0.0.7/", "not a public address"),
        ("http://169.254.169.254/latest/meta-data/", "not a public address"),
        ("http://[::1]/", "not a public address"),
        ("http://inside.example/", "not a public address"),
        ("file:///etc/passwd", "no address of the web"),
        ("gopher://library.example/", "no address of the web"),
        ("http://user:word@library.example/", "holds a name or a password"),
        ("http://library.example:22/", "names port 22"),
        ("http://2130706433/", "as a number"),
        ("http://[half", "is no address"),
    ],
)
def test_every_redirect_is_judged_like_the_first_address(web: Web, target: str, said: str):
    """A page cannot send us where we would not have gone."""
    web.addresses["inside.example"] = ["192.168.1.1"]
    web.pages["/trap"] = redirect(target)
    assert said in _refusal(web, web.url("/trap"))
    assert web.paths() == ["/trap"]


def test_circles_and_long_chains_of_redirects_end(web: Web):
    """A circle is told at its second round; a chain may have five."""
    web.pages |= {"/a": redirect("/b"), "/b": redirect("/a")}
    assert "in a circle" in _refusal(web, web.url("/a"))
    web.pages |= {f"/{n}": redirect(f"/{n + 1}") for n in range(20)}
    web.asked.clear()
    assert f"more than {MAX_REDIRECTS} times" in _refusal(web, web.url("/0"))
    assert len(web.paths()) == MAX_REDIRECTS + 1


# --- addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1", "fe80::1%eth0",
        "fc00::1", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:192.168.0.1",
        "::127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2001:0:7f00:1::",
    ],
)  # fmt: skip
def test_addresses_that_are_not_of_the_open_internet_are_refused(address: str):
    """Private, loopback, link-local, shared, multicast, reserved, unspecified; and an IPv4 one of these inside IPv6."""
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_addresses_of_the_open_internet_are_permitted(address: str):
    """Ordinary servers, also behind a translation of IPv4 to IPv6."""
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_inside_ipv6(address: ipaddress.IPv4Address):
    """Writing it as IPv6 opens no way in."""
    assert is_public(ipaddress.IPv6Address(f"::ffff:{address}")) == is_public(address)
    assert is_public(ipaddress.IPv6Address(f"64:ff9b::{address}")) == is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://0177.0.0.1/", "http://0x7f000001/", "http://2130706433/", "http://0/",
        "http://127.0.0.1./", "http://[::ffff:7f00:1]/", "http://[fe80::1%25eth0]/", "https://user@example.org/",
        "https://example.org:8080/", "https://example.org:0/", "ftp://example.org/", "file:///etc/passwd",
        "data:text/html,x", "javascript:alert(1)", "http://", "https:///path", "https://exa mple.org/", "http://example.org\\@127.0.0.1/",
        "http://example.org/\r\nHost: x", "http://１２７.0.0.1/", "https://example.org:99999999/",
        "example.org/page", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_open_web_is_refused_before_anything_is_asked(url: str):
    """No name is looked up and no connection made."""

    class Closed(Gate):
        def resolve(self, host: str, port: int) -> list[str]:
            raise AssertionError("was looked up")

    with pytest.raises(FetchError):
        fetch(url, FetchingSettings(), ACCEPT, gate=Closed())


@given(st.text(max_size=60).map(lambda t: f"http://{t}") | st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused(text: str):
    """What is taken for an address has a host, no password, and a port of the web."""
    try:
        address = checked_address(text, Gate())
    except FetchError as error:
        assert "\n" not in str(error)
    else:
        assert address.scheme in ("http", "https")
        assert address.host
        assert not address.userinfo
        assert address.port in (None, 80, 443)


def test_a_name_that_leads_to_this_machine_is_refused():
    """With the gate that users have, and the real way to look names up."""
    with pytest.raises(FetchError, match=r"localhost \((127\.0\.0\.1|::1)\) is not a public address"):
        fetch("http://localhost/", FetchingSettings(), ACCEPT)


def test_a_name_with_one_private_address_among_public_ones_is_refused(web: Web):
    """It would be luck which of them is connected to."""
    web.addresses[HOST] = ["127.0.0.1", "10.0.0.1"]
    assert f"{HOST} (10.0.0.1) is not a public address" in _refusal(web)
    assert web.asked == []


def test_the_address_that_was_judged_is_connected_to(web: Web, monkeypatch: pytest.MonkeyPatch):
    """A name server that answers otherwise the second time (DNS rebinding) is not asked a second time."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    connected = []
    connect = socket.create_connection
    monkeypatch.setattr(web, "resolve", lambda host, port: next(answers))
    monkeypatch.setattr(
        socket, "create_connection", lambda to, *a, **k: connected.append(to[0]) or connect(to, *a, **k)
    )
    _fetch(web)
    assert set(connected) == {"127.0.0.1"}


def test_the_next_address_of_a_name_is_tried(web: Web, monkeypatch: pytest.MonkeyPatch):
    """A host whose first address is out of reach is still reached."""
    web.addresses[HOST] = ["2606:2800:21f::1", "127.0.0.1"]
    connect = socket.create_connection

    def one_is_down(to: tuple[str, int], *args: object, **named: object) -> socket.socket:
        if ":" in to[0]:
            raise OSError(101, "Network is unreachable")
        return connect(to, *args, **named)

    monkeypatch.setattr(socket, "create_connection", one_is_down)
    assert _fetch(web).body


def test_proxies_of_the_environment_are_not_used(web: Web, monkeypatch: pytest.MonkeyPatch):
    """Behind a proxy nobody could tell what is connected to."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert _fetch(web).body


# --- what may go wrong on the way


@pytest.mark.parametrize(
    ("code", "headers", "said"),
    [
        (404, {}, "there is no page at"),
        (410, {}, "there is no page at"),
        (403, {}, "is not open to programs (status 403); save the page in a browser"),
        (500, {}, "has a fault"),
        (503, {"Retry_After": "Fri, 01 Jan 2027 08:00:00 GMT"}, "try again after 2027-01-01 08:00"),
        (429, {"Retry_After": "120"}, "try again after 120 seconds"),
        (429, {"Retry_After": "\x1b[31mnow"}, "asks not to be asked so often (status 429); try again later"),
        (429, {}, "try again later"),
        (302, {}, "gave no page (status 302)"),
        (206, {}, "gave no page (status 206)"),
    ],
)
def test_a_page_that_does_not_come_is_told_with_what_to_do(web: Web, code: int, headers: dict[str, str], said: str):
    """And the server is not asked again."""
    web.pages["/page"] = status(code, b"no", **headers)
    assert said in _refusal(web, web.url("/page"))
    assert web.paths() == ["/page"]


@pytest.mark.parametrize("kind", ["image/png", "video/mp4", "application/json", "text/html-sandboxed", None])
def test_another_content_type_is_refused_unread(web: Web, kind: str | None):
    """The body may be endless; it is not waited for."""
    web.pages["/page"] = page(b"x" * 5_000_000, kind)
    assert "expected application/pdf, text/html, text/plain" in _refusal(web, web.url("/page"))


def test_an_empty_page_is_refused(web: Web):
    """There is nothing to store."""
    web.pages["/page"] = page(" \n")
    assert "gave an empty page" in _refusal(web, web.url("/page"))


def test_a_large_page_is_refused_by_what_it_says_of_its_length(web: Web):
    """Before its body is read."""
    web.pages["/page"] = page(article(), Content_Length="50000000")
    assert "has more than the 20 MB allowed" in _refusal(web, web.url("/page"))


def test_an_endless_page_ends_at_the_limit(web: Web):
    """The limit counts what comes, whatever the server says of it."""
    chunk = b"fa0\r\n" + b"x" * 4000 + b"\r\n"

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            while not web.stopped.is_set():
                handler.wfile.write(chunk)
        except OSError:
            handler.close_connection = True

    web.pages["/page"] = reply
    assert "has more than the 0.5 MB allowed" in _refusal(web, web.url("/page"), max_megabytes=0.5)


def test_a_packed_page_is_unpacked(web: Web):
    """Servers may send gzip."""
    web.pages["/page"] = page(gzip.compress(article().encode()), Content_Encoding="gzip")
    assert _fetch(web, web.url("/page")).body == article().encode()


def test_a_small_file_that_unpacks_to_a_huge_one_ends_at_the_limit(web: Web):
    """The limit counts unpacked bytes."""
    web.pages["/page"] = page(gzip.compress(b"\0" * 60_000_000), Content_Encoding="gzip")
    assert "has more than the 1 MB allowed" in _refusal(web, web.url("/page"), max_megabytes=1.0)


@pytest.mark.parametrize(
    ("body", "coding", "said"),
    [
        (gzip.compress(b"words " * 10_000)[:-20], "gzip", "has no proper end"),
        (gzip.compress(b"words") + b"and more", "gzip", "has no proper end"),
        (b"no gzip at all", "gzip", "cannot be unpacked"),
        (b"words", "br", "packed as 'br'"),
        (gzip.compress(gzip.compress(b"words")), "gzip, gzip", "packed as 'gzip, gzip'"),
    ],
)
def test_a_damaged_or_oddly_packed_page_is_refused(web: Web, body: bytes, coding: str, said: str):
    """Part of a page is never taken for the whole."""
    web.pages["/page"] = page(body, Content_Encoding=coding)
    assert said in _refusal(web, web.url("/page"))


def test_a_page_that_breaks_off_is_refused(web: Web):
    """It promised more bytes than came."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        page(article(), Content_Length="100000")(handler)
        handler.close_connection = True

    web.pages["/page"] = reply
    assert "broke off or is not HTTP" in _refusal(web, web.url("/page"))


def test_a_page_that_says_it_is_shorter_is_taken_at_its_word(web: Web):
    """What follows belongs to no answer, and does not get into the page."""
    web.pages["/page"] = page(b"<html>short" + b"x" * 100, Content_Length="11")
    assert _fetch(web, web.url("/page")).body == b"<html>short"


def test_what_is_not_http_is_refused(web: Web):
    """Some other service answers at the port."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 mail.example ESMTP\r\n" * 10)
        handler.close_connection = True

    web.pages["/page"] = reply
    assert "broke off or is not HTTP" in _refusal(web, web.url("/page"))


@pytest.mark.parametrize("part", ["robots", "headers", "body"])
def test_a_server_that_drips_is_left_at_the_time_limit(web: Web, part: str):
    """However little comes at a time, all of it together has the time that the settings allow."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        beginning = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        handler.wfile.write(beginning + (b"\r\n" if part == "body" else b"X-Slow: "))
        try:
            while not web.stopped.wait(0.02):
                handler.wfile.write(b"x")
                handler.wfile.flush()
        except OSError:
            handler.close_connection = True

    web.pages["/robots.txt" if part == "robots" else "/"] = reply
    assert "did not give the page within 0.3 seconds; try again later" in _refusal(web, timeout_seconds=0.3)


def test_a_name_server_that_is_silent_is_left_at_the_time_limit(web: Web, monkeypatch: pytest.MonkeyPatch):
    """The system itself would wait much longer."""
    monkeypatch.setattr(web, "resolve", lambda host, port: web.stopped.wait(30) and [])
    assert "did not give the page within 0.2 seconds" in _refusal(web, timeout_seconds=0.2)


def test_no_network_is_told_in_a_line(web: Web, monkeypatch: pytest.MonkeyPatch):
    """No name can be looked up."""

    def nobody(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(web, "resolve", nobody)
    assert f"no address for the name {HOST}" in _refusal(web)


def test_a_server_that_is_down_is_told_in_a_line(web: Web):
    """The connection is refused."""
    web.close()
    assert f"{HOST} cannot be reached (Connection refused)" in _refusal(web)


# --- certificates


def _secured(web: Web, names: str) -> trustme.CA:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(names).configure_cert(context)
    web.server.socket = context.wrap_socket(web.server.socket, server_side=True)
    return authority


def test_a_certificate_is_checked_for_the_name_not_the_number(web: Web):
    """The connection goes to a number, but the certificate speaks of the name."""
    context = ssl.create_default_context()
    _secured(web, HOST).configure_trust(context)
    url = web.url(scheme="https")
    assert fetch(url, FetchingSettings(), ACCEPT, gate=web, tls=context).url == url
    with pytest.raises(FetchError, match=r"certificate of other\.example is not valid"):
        fetch(web.url(host="other.example", scheme="https"), FetchingSettings(), ACCEPT, gate=web, tls=context)


def test_a_certificate_of_an_unknown_authority_is_refused(web: Web):
    """With the authorities that users have."""
    _secured(web, HOST)
    assert f"certificate of {HOST} is not valid" in _refusal(web, web.url(scheme="https"))


def test_a_server_that_speaks_no_tls_is_refused(web: Web):
    """The address says https, the server does not."""
    assert f"no safe connection to {HOST}" in _refusal(web, web.url(scheme="https"))


def test_a_redirect_from_https_to_http_is_refused(web: Web):
    """What was asked for safely is not taken unsafely."""
    context = ssl.create_default_context()
    _secured(web, HOST).configure_trust(context)
    web.pages["/down"] = redirect(web.url("/"))
    with pytest.raises(FetchError, match="anyone could change the page"):
        fetch(web.url("/down", scheme="https"), FetchingSettings(), ACCEPT, gate=web, tls=context)
