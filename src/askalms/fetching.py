"""One address of the web -> its bytes: one polite request, and to the open Internet alone.

The rules are checked where the connection is made: the name is resolved once, what it resolves to is
judged, and that very address is connected to. A second answer of the name server changes nothing.
"""

import ipaddress
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self, TypeAlias, TypeVar

import httpcore
import httpx
from protego import Protego

from askalms import __version__
from askalms.errors import FetchError
from askalms.settings import FetchingSettings

MAX_REDIRECTS = 5
MAX_ROBOTS_BYTES = 512_000
"""What stands further down in a robots.txt is not read, as RFC 9309 allows."""
CONNECT_SECONDS = 10.0

_PRODUCT = "AskALMS"
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 65_536
_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?", re.IGNORECASE)
_FORBIDDEN_CHARACTER = re.compile(r"[\x00-\x20\x7f\\]")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

_Read = TypeVar("_Read")
IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Page:
    """What an address gave."""

    url: str
    """After redirects, without a fragment."""
    content_type: str
    """As the server says, in small letters and without parameters; empty if it does not say."""
    body: bytes


class Gate:
    """Where may be connected to: the ports of the web, and addresses that the whole Internet can reach.

    A test that runs a server of its own gives another gate; no setting does.
    """

    def permits_port(self, port: int) -> bool:
        """Tell whether a page may be asked for at this port."""
        return port in (80, 443)

    def permits(self, address: IPAddress) -> bool:
        """Tell whether a connection to this address may be made."""
        return is_public(address)

    def resolve(self, host: str, port: int) -> list[str]:
        """Find the addresses of a host, the preferred one first.

        Raises:
            OSError: The name is not known, or nobody can be asked.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def is_public(address: IPAddress) -> bool:
    """Tell whether an address belongs to the open Internet, an IPv4 address inside an IPv6 one judged for itself.

    Example:
        >>> [is_public(ipaddress.ip_address(a)) for a in ("93.184.215.14", "169.254.169.254", "::ffff:10.0.0.1")]
        [True, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner:
            return is_public(inner)
        if address.is_site_local or address.scope_id:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def fetch(
    url: str,
    settings: FetchingSettings,
    accept: Collection[str],
    *,
    max_bytes: int | None = None,
    gate: Gate | None = None,
    tls: ssl.SSLContext | None = None,
) -> Page:
    """Ask for one page, if the robots.txt of its site allows it.

    No cookies, no proxies, no retries. A few redirects are followed, each by the same rules. The
    servers' certificates are checked.

    Args:
        url: The address; http or https, without a password.
        settings: Limits, and what the server is told of us.
        accept: Content types that are wanted; "" stands for none stated.
        max_bytes: A limit beside that of the settings.
        gate: What may be connected to; by default the open Internet.
        tls: How certificates are checked; by default against the known authorities.

    Raises:
        FetchError: The address is not one to fetch, the site forbids it, or no whole page of a
            wanted type came in time.
    """
    limit = min(int(settings.max_megabytes * 1e6), max_bytes or int(1e12))
    with _Visit(settings, gate or Gate(), tls) as visit:
        return visit.page(url, frozenset(accept), limit)


def user_agent(contact: str = "") -> str:
    """Name the program and its version as it tells servers, and whom to write to.

    Example:
        >>> user_agent("library@example.org").split(maxsplit=1)[1]
        '(single pages, added by hand; library@example.org)'
    """
    told = f"single pages, added by hand; {contact}" if contact else "single pages, added by hand"
    return f"{_PRODUCT}/{__version__} ({told})"


class _Visit:
    """The requests that one page takes: robots.txt, redirects, the page."""

    def __init__(self, settings: FetchingSettings, gate: Gate, tls: ssl.SSLContext | None):
        self._settings = settings
        self._gate = gate
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or httpcore.default_ssl_context(),
            network_backend=_Network(gate, time.monotonic() + settings.timeout_seconds),
        )
        self._headers = {
            "User-Agent": user_agent(settings.user_agent_contact),
            "Accept-Encoding": "gzip",
            "Accept-Language": "en",
        }
        self._rules: dict[str, Protego | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def page(self, url: str, accept: Collection[str], limit: int) -> Page:
        def read(response: httpcore.Response, address: httpx.URL) -> Page:
            _check_status(response.status, address, _header(response, "retry-after"))
            kind = _header(response, "content-type").partition(";")[0].strip().lower()
            if kind not in accept:
                stated = (
                    f"is {kind!r}, which is no kind of document that is read" if kind else "does not say what it is"
                )
                raise FetchError(f"{address} {stated}; expected {', '.join(sorted(filter(None, accept)))}")
            body = b"".join(_body(response, address, limit))
            if not body.strip():
                raise FetchError(f"{address} gave an empty page; open it in a browser to see what it holds")
            return Page(str(address), kind, body)

        return self._ask(url, accept, read, before=self._heed_robots)

    def _ask(
        self,
        url: str,
        accept: Collection[str],
        read: Callable[[httpcore.Response, httpx.URL], _Read],
        before: Callable[[httpx.URL], None] = lambda _: None,
    ) -> _Read:
        """Follow redirects to the end and read what is there; `before` is called before each request."""
        address = checked_address(url, self._gate)
        seen: list[httpx.URL] = []
        while address not in seen and len(seen) <= MAX_REDIRECTS:
            seen.append(address)
            before(address)
            with self._open(address, accept) as response:
                target = self._redirected(response, address)
                if target is None:
                    return read(response, address)
            address = target
        how = "in a circle" if address in seen else f"more than {MAX_REDIRECTS} times"
        raise FetchError(f"{url} redirects {how}; open it in a browser, and use the final address")

    def _redirected(self, response: httpcore.Response, address: httpx.URL) -> httpx.URL | None:
        location = _header(response, "location")
        if response.status not in _REDIRECTS or not location:
            return None
        try:
            target = checked_address(str(address.join(location)), self._gate)
        except (httpx.InvalidURL, ValueError, FetchError) as error:
            raise FetchError(f"{address} redirects to where nothing is fetched from: {error}") from None
        if address.scheme == "https" and target.scheme == "http":
            raise FetchError(f"{address} redirects to {target}, where anyone could change the page on its way to you")
        return target

    def _heed_robots(self, address: httpx.URL) -> None:
        robots = address.copy_with(raw_path=b"/robots.txt")
        origin = str(robots)
        if origin not in self._rules:
            self._rules[origin] = self._read_robots(origin)
        rules = self._rules[origin]
        if rules and not rules.can_fetch(str(address), _PRODUCT):
            raise FetchError(
                f"{robots} asks programs not to fetch {address}; save the page in a browser, and add the file"
            )

    def _read_robots(self, url: str) -> Protego | None:
        """Read the rules of a site; None if it has none.

        After RFC 9309: what cannot be read now forbids everything, what does not exist nothing.
        """

        def read(response: httpcore.Response, address: httpx.URL) -> Protego | None:
            if 400 <= response.status < 500 and response.status != 429:
                return None
            if response.status != 200:
                raise FetchError(
                    f"{address} cannot be read (status {response.status}), so it is not known whether the site "
                    "allows its pages to be fetched; try again later"
                )
            body = b"".join(_body(response, address, MAX_ROBOTS_BYTES, cut=True))
            return Protego.parse(body.decode("utf-8", "replace").removeprefix("\ufeff"))

        return self._ask(url, ("text/plain",), read)

    @contextmanager
    def _open(self, address: httpx.URL, accept: Collection[str]) -> Iterator[httpcore.Response]:
        host = address.host
        headers = {**self._headers, "Host": address.netloc.decode(), "Accept": ", ".join(sorted(filter(None, accept)))}
        try:
            with self._pool.stream("GET", str(address), headers=list(headers.items())) as response:
                yield response
        except httpcore.TimeoutException:
            raise FetchError(
                f"{host} did not give the page within {self._settings.timeout_seconds:g} seconds; try again later, "
                "or raise timeout_seconds under [fetching] in askalms.toml"
            ) from None
        except httpcore.ConnectError as error:
            cause = error.args[0] if error.args else None
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise FetchError(
                    f"the certificate of {host} is not valid ({cause.verify_message}), so the page could be anybody's; "
                    "write to its publisher"
                ) from None
            if isinstance(cause, ssl.SSLError):
                raise FetchError(
                    f"no safe connection to {host} can be made ({cause.reason or 'TLS failed'}); check the address"
                ) from None
            reason = getattr(cause, "strerror", None) or "no connection"
            raise FetchError(
                f"{host} cannot be reached ({reason}); check the address and the connection to the Internet"
            ) from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            raise FetchError(f"the answer of {host} broke off or is not HTTP; try again later") from None


class _Network(httpcore.SyncBackend):
    """Makes the connections: to permitted addresses alone, and with all waiting ended at one moment."""

    def __init__(self, gate: Gate, deadline: float):
        self._gate = gate
        self._deadline = deadline
        self._known: dict[str, list[str]] = {}

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._known[host] = self._known.get(host) or self._resolve(host, port)
        for address in addresses:
            if not self._gate.permits(ipaddress.ip_address(address)):
                raise _not_public(host, address)
        for number, address in enumerate(addresses, 1):
            try:
                wait = _left(self._deadline, timeout or CONNECT_SECONDS)
                stream = super().connect_tcp(address, port, wait, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
            else:
                return _Stream(stream, self._deadline)
        raise FetchError(f"{host} has no address; check how it is written")

    def _resolve(self, host: str, port: int) -> list[str]:
        """Ask for the addresses of a host, and wait no longer than the deadline: the system's own wait has no limit."""
        found: list[str] = []
        errors: list[Exception] = []

        def ask() -> None:
            try:
                found.extend(self._gate.resolve(host, port))
            except (OSError, UnicodeError) as error:
                errors.append(error)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_left(self._deadline))
        if asking.is_alive():
            raise httpcore.ConnectTimeout
        if errors:
            raise FetchError(
                f"there is no address for the name {host}; check how it is written, and the connection to the Internet"
            )
        return found


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float):
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def checked_address(url: str, gate: Gate) -> httpx.URL:
    """Read an address, and refuse one that is not of the open web; its fragment is left out.

    Raises:
        FetchError: It is no address, not http or https, or names a password, an unusual port, a
            number instead of a host, or a machine that is not public.
    """
    shown = repr(url if len(url) <= 200 else url[:200] + "...")
    try:
        address = httpx.URL(url.strip()).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):
        raise FetchError(f"{shown} is no address; expected one such as https://example.org/page") from None
    if address.scheme not in ("http", "https"):
        raise FetchError(f"{shown} is no address of the web; expected http:// or https://")
    if _FORBIDDEN_CHARACTER.search(url.strip()) or not address.host or "%" in address.host:
        raise FetchError(f"{shown} is no address; expected one such as https://example.org/page")
    if address.userinfo:
        raise FetchError(
            f"the address of {address.host} holds a name or a password; leave out what stands before the @"
        )
    usual = {"http": 80, "https": 443}[address.scheme]
    port = usual if address.port is None else address.port
    if not gate.permits_port(port):
        raise FetchError(f"{shown} names port {port}; pages are fetched from ports 80 and 443 alone")
    try:
        literal = ipaddress.ip_address(address.host)
    except ValueError:
        if _NUMBERS.fullmatch(address.host):
            raise FetchError(f"{shown} writes its host as a number; expected a name such as example.org") from None
    else:
        if not gate.permits(literal):
            raise _not_public(address.host, address.host)
    return address.copy_with(port=None) if port == usual else address


def _not_public(host: str, address: str) -> FetchError:
    named = host if host == address else f"{host} ({address})"
    return FetchError(f"{named} is not a public address of the Internet; to add a document of your own, name its file")


def _left(deadline: float, timeout: float | None = None) -> float:
    """Seconds that may still be waited."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left if timeout is None else min(left, timeout)


def _check_status(status: int, address: httpx.URL, retry_after: str) -> None:
    if status == 200:
        return
    if status in (404, 410):
        raise FetchError(f"there is no page at {address} (status {status}); check the address in a browser")
    if status in (401, 403, 451):
        raise FetchError(
            f"{address} is not open to programs (status {status}); save the page in a browser, and add the file"
        )
    when = _wait_told(retry_after) or "try again later"
    if status == 429:
        raise FetchError(f"{address.host} asks not to be asked so often (status 429); {when}")
    if status >= 500:
        raise FetchError(f"{address.host} has a fault and did not give the page (status {status}); {when}")
    raise FetchError(f"{address} gave no page (status {status}); open it in a browser, and use the final address")


def _wait_told(retry_after: str) -> str:
    """Tell when a server wants to be asked again; empty if it does not say so in a known way."""
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= 8:
        return f"try again after {int(retry_after)} seconds"
    try:
        return f"try again after {parsedate_to_datetime(retry_after):%Y-%m-%d %H:%M %Z}".rstrip()
    except ValueError:
        return ""


def _header(response: httpcore.Response, name: str) -> str:
    values = [value for key, value in response.headers if key.lower() == name.encode()]
    return values[0].decode("latin-1").strip() if values else ""


def _body(response: httpcore.Response, address: httpx.URL, limit: int, *, cut: bool = False) -> Iterator[bytes]:
    """Read the body piece by piece, unpacked, and stop at the limit: with an error, or for `cut` with what there is."""
    coding = _header(response, "content-encoding").lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise FetchError(f"{address} is packed as {coding!r}, which was not asked for; try again later")
    length = _header(response, "content-length")
    total = int(length) if length.isdecimal() and not cut else 0
    unpack = zlib.decompressobj(wbits=31) if "gzip" in coding else None
    left = limit + 1
    for packed in response.iter_stream() if total <= limit else ():
        for start in range(0, len(packed), _CHUNK):
            try:
                piece = packed[start : start + _CHUNK]
                piece = unpack.decompress(piece, left) if unpack else piece[:left]
            except zlib.error:
                raise FetchError(f"{address} is damaged: it cannot be unpacked; try again later") from None
            left -= len(piece)
            if left > 0:
                yield piece
            elif cut:
                yield piece[:limit]
                return
            else:
                break
        if left <= 0:
            break
    if left <= 0 or total > limit:
        raise FetchError(
            f"{address} has more than the {limit / 1e6:g} MB allowed; raise max_megabytes under [fetching] and "
            "max_file_megabytes under [corpus] in askalms.toml, if it is worth it"
        )
    if unpack and (not unpack.eof or unpack.unused_data):
        raise FetchError(f"{address} is damaged: what it is packed in has no proper end; try again later")
