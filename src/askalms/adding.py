"""A page of the web, or a file, -> one more document of the corpus, with where it comes from in sources.toml."""

import difflib
import hashlib
import io
import itertools
import os
import re
import shutil
import ssl
import tomllib
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import tomlkit
from filelock import FileLock, Timeout
from tomlkit.exceptions import TOMLKitError

from askalms.corpus import SOURCES_FILE, TOPICS_FILE, document_files, load_sources, load_topics
from askalms.datatypes import Topic
from askalms.errors import CorpusError, DocumentError, FetchError
from askalms.fetching import Gate, fetch
from askalms.medlineplus import LICENSE, PUBLISHER, address_of, is_genetics_page, read_genetics_page
from askalms.readers import decode, read_bytes
from askalms.settings import Settings
from askalms.words import fold, words_of

_SUFFIX_OF_TYPE = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/octet-stream": "",
    "": "",
}
"""Content types that are stored; "" where only the bytes can tell what it is."""
_SUFFIX_OF_NAME = {
    ".html": ".html", ".htm": ".html", ".xhtml": ".html", ".pdf": ".pdf", ".docx": ".docx",
    ".md": ".md", ".markdown": ".md", ".txt": ".txt", ".text": ".txt",
}  # fmt: skip
_MAX_STEM = 80
_NO_STEM = re.compile(r"(?:readme|licen[cs]e|changelog|con|prn|aux|nul|com\d|lpt\d)")
"""Names that the corpus takes for files about the folder, or that some systems keep for themselves."""
_IS_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_ORDER = ("title", "topic", "publisher", "url", "reviewed", "fetched", "license", "language")
_UNFINISHED = ".askalms-add-"
_LOCK_SECONDS = 10.0


class Outcome(StrEnum):
    """What became of what was to be added."""

    ADDED = "added"
    CHANGED = "changed"
    """It was there; the page says something else now."""
    UNCHANGED = "unchanged"
    """It was there, and says the same."""
    DUPLICATE = "duplicate"
    """Another document of the corpus has the very same content, so nothing was added."""


@dataclass(frozen=True, slots=True)
class Addition:
    """What was done."""

    outcome: Outcome
    doc_id: str
    """The document that holds the content now."""
    entry: Mapping[str, Any]
    """What sources.toml says of it now."""
    notes: tuple[str, ...] = ()
    """What a maintainer should know, a sentence each."""


@dataclass(frozen=True, slots=True)
class _Find:
    """What is to be stored."""

    body: bytes
    suffix: str
    stem: str
    facts: Mapping[str, str]
    """What is known of it, by the fields of sources.toml."""
    notes: tuple[str, ...] = ()
    path: Path | None = None
    """Where the file lies, if it was one."""


def add(
    source: str,
    folder: Path,
    settings: Settings,
    *,
    topic: str = "",
    today: date | None = None,
    gate: Gate | None = None,
    tls: ssl.SSLContext | None = None,
) -> Addition:
    """Store a page or a file in the corpus, or renew it.

    The same address keeps its file's name and what people wrote into sources.toml; what changed
    is the text, the date and the day on which it was fetched. The files are replaced in one step
    each, when both are complete.

    Args:
        source: An address, `medlineplus:condition/NAME`, `medlineplus:gene/NAME`, or the path of a file.
        folder: The corpus.
        settings: Limits.
        topic: What it is about: an id of the topics.
        today: The day that is noted; by default the present one.
        gate: What may be connected to, as in `fetch`.
        tls: How certificates are checked, as in `fetch`.

    Raises:
        AskALMSError: Nothing was stored: the page cannot be fetched, the file not be read, the
            corpus not be written, or the topic is not known.
    """
    if not folder.is_dir():
        raise CorpusError(f"there is no folder {str(folder)!r}; name the folder of the documents with --corpus")
    topics = load_topics(folder)
    load_sources(folder)
    if topic and topic not in topics:
        near = difflib.get_close_matches(topic, topics, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"describe it in {folder / TOPICS_FILE}"
        raise CorpusError(f"there is no topic {topic!r}; {hint}")
    if source.lower().startswith("medlineplus:"):
        source = address_of(source)
    if re.match(r"https?:|[a-z][a-z0-9+.-]*://", source.strip(), re.IGNORECASE):
        find = _from_web(source, settings, topics, gate, tls)
        find = replace(find, facts={**find.facts, "fetched": (today or date.today()).isoformat()})
    else:
        find = _from_file(Path(source), settings)
    return _stored(folder, find, topic)


def _from_web(
    url: str, settings: Settings, topics: Mapping[str, Topic], gate: Gate | None, tls: ssl.SSLContext | None
) -> _Find:
    limit = int(settings.corpus.max_file_megabytes * 1e6)
    page = fetch(url, settings.fetching, _SUFFIX_OF_TYPE.keys(), max_bytes=limit, gate=gate, tls=tls)
    parts = urlsplit(page.url)
    named = _SUFFIX_OF_NAME.get(Path(unquote(parts.path)).suffix.lower(), "")
    try:
        suffix = _suffix(page.body, _SUFFIX_OF_TYPE[page.content_type] or named)
    except DocumentError as error:
        raise FetchError(f"what {page.url} gave cannot be stored: {error}") from None
    path = Path(unquote(parts.path))
    stem = _stem(
        f"{(parts.hostname or '').removeprefix('www.')} {path.with_suffix('') if named else path} {parts.query}"
    )
    find = _Find(page.body, suffix, stem, {"url": page.url})
    if suffix != ".html":
        return find
    if is_genetics_page(page.url):
        genetics = read_genetics_page(page.body)
        if genetics:
            facts = {
                "title": genetics.title,
                "topic": _topic_named(genetics.title, topics),
                "publisher": PUBLISHER,
                "reviewed": genetics.updated,
                "license": LICENSE,
                "language": "en",
            }
            return replace(find, body=genetics.text.encode(), suffix=".md", facts={**find.facts, **_known(facts)})
        note = "The page is not built as pages of MedlinePlus Genetics are, so it was stored whole, as any other page."
        find = replace(find, notes=(note,))
    facts = _facts_of_html(page.body)
    language = facts.get("language", "en")
    if not language.lower().startswith("en"):
        find = replace(
            find, notes=(*find.notes, f"The page says that its language is {language!r}; only English is read.")
        )
    return replace(find, facts={**facts, **find.facts})


def _from_file(path: Path, settings: Settings) -> _Find:
    shown = repr(str(path))
    limit = settings.corpus.max_file_megabytes
    try:
        if not path.exists():
            raise DocumentError(f"there is no file {shown}; an address begins with https://")
        if not path.is_file():
            raise DocumentError(f"{shown} is no file; name one file, or an address")
        if path.stat().st_size > limit * 1e6:
            raise DocumentError(
                f"{shown} has more than the {limit:g} MB allowed; "
                "cut it up, or raise max_file_megabytes under [corpus] in askalms.toml"
            )
        body = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{shown} cannot be opened ({error.strerror}); check its permissions") from None
    try:
        suffix = _suffix(body, _SUFFIX_OF_NAME.get(path.suffix.lower(), ""))
    except DocumentError as error:
        raise DocumentError(f"{shown} cannot be stored: {error}") from None
    facts = _facts_of_html(body) if suffix == ".html" else {}
    return _Find(body, suffix, _stem(path.stem), facts, path=path)


# --- what it is


def _suffix(body: bytes, stated: str) -> str:
    """Tell the format of a document by its bytes and what is said of it, as the suffix of its file's name.

    Raises:
        DocumentError: It is empty, of no known format, or not what is said of it.
    """
    if not body.strip():
        raise DocumentError("it is empty")
    if b"%PDF-" in body[:1024]:
        found = ".pdf"
    elif _is_docx(body):
        found = ".docx"
    else:
        # A page with a damaged character is still a page; its reader sees to that.
        is_html = bool(_IS_HTML.search(body[:4096].replace(b"\0", b"")))
        if not is_html:
            decode(body)
        found = ".html" if is_html and stated != ".md" else stated or ".txt"
    if stated in (".pdf", ".docx") and found != stated:
        raise DocumentError(f"it is said to be {stated} but is not; open it to see what it is")
    return found


def _is_docx(body: bytes) -> bool:
    try:
        return body.startswith(b"PK") and "word/document.xml" in zipfile.ZipFile(io.BytesIO(body)).namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _facts_of_html(body: bytes) -> dict[str, str]:
    """Find what a page of the web says of itself: title, publisher, date, licence, language.

    A page that cannot be read says nothing; `askalms index` tells why.
    """
    try:
        stated = read_bytes(body, ".html").stated
    except DocumentError:
        return {}
    return _known({name: stated.get(name) for name in _ORDER if name != "url"})


def _says_the_same(old: bytes, new: bytes, suffix: str) -> bool:
    """Compare two states of a document; of HTML, the visible text alone, as the rest differs with every request."""
    if old == new or suffix != ".html":
        return old == new
    try:
        return read_bytes(old, suffix).text == read_bytes(new, suffix).text
    except DocumentError:
        return False


def _topic_named(title: str, topics: Mapping[str, Topic]) -> str:
    """Find the topic that a title names and nothing else ("ALMS1 gene" names Alström syndrome); "" if there is none."""
    name = " ".join(words_of(title)).removesuffix(" gene")
    return next((t.topic_id for t in topics.values() if name in {" ".join(words_of(n)) for n in t.names}), "")


def _known(facts: Mapping[str, str | None]) -> dict[str, str]:
    return {name: " ".join(value.split()) for name, value in facts.items() if value and value.strip()}


def _stem(words: str) -> str:
    """Make a file's name of an address or a title: small letters, digits and hyphens.

    Example:
        >>> _stem("example.org /Syndromes/Alström"), _stem("../../README")
        ('example-org-syndromes-alstrom', 'document-readme')
    """
    stem = "-".join(re.findall(r"[a-z0-9]+", fold(words)))[:_MAX_STEM].strip("-")
    if stem and not _NO_STEM.fullmatch(stem):
        return stem
    return f"document-{stem or hashlib.sha256(words.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


# --- where it goes


def _stored(folder: Path, find: _Find, topic: str) -> Addition:
    try:
        with FileLock(folder / f"{_UNFINISHED}lock", timeout=_LOCK_SECONDS):
            for left_over in folder.glob(f"{_UNFINISHED}*.tmp"):
                left_over.unlink()
            return _placed(folder, find, topic)
    except Timeout:
        raise CorpusError(f"another askalms add is writing to {str(folder)!r}; try again when it is done") from None
    except OSError as error:
        raise CorpusError(
            f"{str(folder)!r} cannot be written to ({error.strerror or error}); nothing was added; "
            "check its permissions and the space on the disk"
        ) from None


def _placed(folder: Path, find: _Find, topic: str) -> Addition:
    sources = load_sources(folder)
    given = _known({"topic": topic})
    doc_id = next((d for d, entry in sources.items() if _same_address(entry.get("url"), find.facts.get("url"))), "")
    if doc_id:
        return _renewed(folder, find, doc_id, sources[doc_id], given)
    twin = _twin(folder, find)
    if twin:
        return _recognised(folder, find, twin, sources.get(twin, {}), given)
    doc_id = _free_name(folder, find, sources)
    notes = find.notes
    if find.path and Path(doc_id).stem != find.stem:
        other = f"{find.stem}{find.suffix}"
        notes = (*notes, f"{other} was there already and says something else; remove it if it is outdated.")
    entry = _merged(find.facts, sources.get(doc_id, {}), given)
    _write(folder, doc_id, entry, find.body, is_new=True)
    return Addition(Outcome.ADDED, doc_id, entry, notes)


def _recognised(folder: Path, find: _Find, doc_id: str, known: Mapping[str, Any], given: Mapping[str, str]) -> Addition:
    """Take note of content that a document of the corpus has already."""
    is_known_as_another = bool(known.get("url")) and "url" in find.facts
    outcome, notes, entry = Outcome.DUPLICATE, find.notes, _merged(known, given)
    if is_known_as_another:
        notes = (*notes, f"It is known as {known['url']}.")
    elif "url" in find.facts:
        notes = (*notes, "It was there without its address, which is written down now.")
        outcome, entry = Outcome.UNCHANGED, _merged(find.facts, known, given)
    elif find.path and find.path.samefile(folder / doc_id):
        outcome, entry = Outcome.UNCHANGED, _merged(find.facts, known, given)
    if entry != known:
        _write(folder, doc_id, entry, None)
    return Addition(outcome, doc_id, entry, notes)


def _renewed(folder: Path, find: _Find, doc_id: str, known: Mapping[str, Any], given: Mapping[str, str]) -> Addition:
    path = folder / doc_id
    if not path.resolve().is_relative_to(folder.resolve()):
        raise CorpusError(f"{SOURCES_FILE} says that this page is {doc_id!r}, which lies outside the corpus; mend that")
    if _SUFFIX_OF_NAME.get(path.suffix.lower()) != find.suffix:
        raise CorpusError(
            f"the page was stored as {doc_id!r} and is {find.suffix} now; remove that file and its entry in "
            f"{SOURCES_FILE}, and add the page again"
        )
    old = path.read_bytes() if path.is_file() else None
    same = old is not None and _says_the_same(old, find.body, find.suffix)
    renewed = {name: find.facts[name] for name in ("url", "reviewed", "fetched") if name in find.facts}
    entry = _merged(find.facts, known, renewed, given)
    _write(folder, doc_id, entry, None if same else find.body)
    outcome = Outcome.ADDED if old is None else Outcome.UNCHANGED if same else Outcome.CHANGED
    return Addition(outcome, doc_id, entry, find.notes)


def _merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Put facts together, the later ones over the earlier, in the order in which people look for them."""
    merged = {name: value for part in parts for name, value in part.items()}
    return {name: merged[name] for name in sorted(merged, key=lambda n: (*_ORDER, n).index(n))}


def _same_address(known: Any, found: str | None) -> bool:
    if not isinstance(known, str) or not found:
        return False
    a, b = (urlsplit(url.strip())._replace(fragment="") for url in (known, found))
    return (a.scheme, a.netloc.lower(), a.path or "/", a.query) == (b.scheme, b.netloc.lower(), b.path or "/", b.query)


def _twin(folder: Path, find: _Find) -> str:
    """Find a document of the corpus with the very same bytes, the file itself first; "" if there is none."""
    twins = []
    for doc_id, path in document_files(folder)[0]:
        try:
            if path.is_file() and path.stat().st_size == len(find.body) and path.read_bytes() == find.body:
                twins.append((not (find.path and path.samefile(find.path)), doc_id))
        except OSError:
            continue  # askalms index tells of files that cannot be read
    return min(twins)[1] if twins else ""


def _free_name(folder: Path, find: _Find, sources: Mapping[str, Mapping[str, Any]]) -> str:
    """Find a name that no file has, and no entry for a page; an entry for a file may wait for just this one."""
    described = {doc_id.lower() for doc_id, entry in sources.items() if find.path is None or entry.get("url")}
    taken = {path.name.lower() for path in folder.iterdir()} | described
    names = (f"{find.stem}{'' if n == 1 else f'-{n}'}{find.suffix}" for n in itertools.count(1))
    return next(name for name in names if name not in taken)


def _write(folder: Path, doc_id: str, entry: Mapping[str, Any], body: bytes | None, *, is_new: bool = False) -> None:
    """Write an entry of sources.toml, and the document if `body` is given: both complete before either is seen.

    Should the power fail between the two: an entry whose file is missing is told by askalms index and mended by
    adding the page again, and a changed text keeps its earlier, older date.
    """
    path = (folder / SOURCES_FILE).resolve()
    changes = [(path, _with_entry(path, doc_id, entry))] if entry else []
    if body is not None:
        changes.insert(len(changes) if is_new else 0, (folder / doc_id, body))
    prepared: list[tuple[Path, Path]] = []
    try:
        for number, (target, data) in enumerate(changes):
            unfinished = folder / f"{_UNFINISHED}{number}.tmp"
            prepared.append((unfinished, target))
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, unfinished)
        for unfinished, target in prepared:
            unfinished.replace(target)
    finally:
        for unfinished, _ in prepared:
            unfinished.unlink(missing_ok=True)


def _with_entry(path: Path, doc_id: str, entry: Mapping[str, Any]) -> bytes:
    """Give sources.toml with one entry written or renewed; all else, comments too, stays as it is."""
    old = path.read_bytes() if path.exists() else b""
    mark = b"\xef\xbb\xbf" if old.startswith(b"\xef\xbb\xbf") else b""
    text = old.decode("utf-8-sig")
    before = tomllib.loads(text)
    key = next((k for k in before if unicodedata.normalize("NFC", k) == unicodedata.normalize("NFC", doc_id)), doc_id)
    wanted = {**before, key: dict(entry)}
    try:
        document = tomlkit.parse(text)
        table: Any = document.get(key)
        if table is None:
            if text.strip():
                document.add(tomlkit.nl())
            table = document.add(key, tomlkit.table())[key]
        for name, value in entry.items():
            if before.get(key, {}).get(name) != value:
                table[name] = value
        written = tomlkit.dumps(document)
        is_right = tomllib.loads(written) == wanted
    except (TOMLKitError, tomllib.TOMLDecodeError):
        is_right = False
    if not is_right:
        lines = "; ".join(f"{name} = {tomlkit.item(value).as_string()}" for name, value in entry.items())
        raise CorpusError(f"{path} is written in a way that cannot be added to; write into it [{doc_id!r}] and {lines}")
    return mark + written.encode()
