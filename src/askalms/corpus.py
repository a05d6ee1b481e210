"""A folder -> documents: which files belong to it, what they are about, and where they come from."""

import difflib
import hashlib
import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askalms.datatypes import Block, BlockKind, Document, Provenance, Reference, Topic
from askalms.errors import CorpusError, DocumentError
from askalms.furniture import mark_furniture
from askalms.readers import Extract, address_in, dates_in, publisher_in, read_file
from askalms.segmentation import is_question, markdown_blocks, plain_blocks
from askalms.settings import CorpusSettings
from askalms.texts import load_data
from askalms.words import fold, words_of

SOURCES_FILE = "sources.toml"
TOPICS_FILE = "topics.toml"
_ABOUT_THE_FOLDER = ("readme", "license", "licence", "changelog", SOURCES_FILE, TOPICS_FILE, "references.toml")
_FIELDS = ("title", "topic", "publisher", "url", "reviewed", "license", "sources")
_TITLE_SEPARATOR = re.compile(r"\s*(?:[:|·»]| [-–—] )\s*")
_JOINED_TITLES = re.compile(r"(?<=[a-z])(?=[A-Z][a-z]+ )")
_SUBTYPE = re.compile(
    r"\b(?:types?|forms?|complex|variant|juvenile|infantile|adult|late onset|early onset|[ivx]+|\d+[a-z]?)\b"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be read, and why."""

    doc_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a folder holds."""

    documents: tuple[Document, ...]
    """Sorted by `doc_id`."""
    topics: Mapping[str, Topic]
    """By id: those of topics.toml, and one for every other disease that has a document."""
    problems: tuple[Problem, ...]
    """Files left out."""


def load_corpus(
    folder: Path, settings: CorpusSettings, on_file: Callable[[int, int, str], None] | None = None
) -> Corpus:
    """Read every document below a folder; one bad file does not stop the others.

    Args:
        folder: The corpus. Hidden files, README and LICENSE are no documents.
        settings: Limits.
        on_file: Called before each file with its number from 1, how many there are, and its name.

    Raises:
        CorpusError: The folder is missing, or its sources.toml or topics.toml cannot be understood.
    """
    if not folder.is_dir():
        raise CorpusError(f"there is no folder {str(folder)!r}; name the folder that holds the documents")
    topics = load_topics(folder)
    sources = _load_sources(folder)
    paths = sorted(_files(folder))
    documents: list[Document] = []
    problems: list[Problem] = []
    for number, (doc_id, path) in enumerate(paths, 1):
        if on_file:
            on_file(number, len(paths), doc_id)
        try:
            extract = read_file(path, int(settings.max_file_megabytes * 1e6))
            document, own_topic = _document(doc_id, path, extract, sources.get(doc_id, {}), topics)
        except DocumentError as error:
            problems.append(Problem(doc_id, str(error)))
            continue
        if own_topic:
            topics.setdefault(own_topic.topic_id, own_topic)
        documents.append(document)
    known = {doc_id for doc_id, _ in paths}
    problems += [
        Problem(doc_id, f"{SOURCES_FILE} describes it, but there is no such file; rename or remove the entry")
        for doc_id in sources
        if doc_id not in known
    ]
    return Corpus(tuple(documents), topics, tuple(problems))


def load_topics(folder: Path) -> dict[str, Topic]:
    """Read the built-in topics and the folder's topics.toml, which may add to them or replace them.

    Raises:
        CorpusError: topics.toml cannot be understood.
    """
    tables: dict[str, Any] = {**load_data("topics"), **_toml(folder / TOPICS_FILE)}
    topics = {}
    for topic_id, table in tables.items():
        try:
            topics[topic_id] = Topic(
                topic_id,
                str(table["name"]),
                tuple(map(str, table["names"])),
                tuple(map(str, table.get("confused_with", ()))),
                bool(table.get("home", False)),
                bool(table.get("of_adults", False)),
            )
        except (KeyError, TypeError) as error:
            raise CorpusError(
                f"{folder / TOPICS_FILE}: [{topic_id}] lacks {error}; a topic has a name and a list of names"
            ) from None
    return topics


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for parent, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(d for d in subfolders if not d.startswith("."))
        for name in names:
            if (
                name.startswith(".")
                or name.lower().split(".")[0] in _ABOUT_THE_FOLDER[:4]
                or name in _ABOUT_THE_FOLDER
            ):
                continue
            path = Path(parent) / name
            yield path.relative_to(folder).as_posix(), path


def _toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); mend it, or move it away to go on without") from None


def _load_sources(folder: Path) -> dict[str, dict[str, Any]]:
    tables = _toml(folder / SOURCES_FILE)
    for doc_id, table in tables.items():
        where = f"{folder / SOURCES_FILE}: [{doc_id!r}]"
        if not isinstance(table, dict):
            raise CorpusError(f'{where} is no table; write ["{doc_id}"] and under it title = "..."')
        _check_fields(table, where)
    return {doc_id: {k: _iso(v) for k, v in table.items()} for doc_id, table in tables.items()}


def _iso(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _check_fields(table: Mapping[str, Any], where: str) -> None:
    for name in table:
        if name not in _FIELDS:
            near = difflib.get_close_matches(name, _FIELDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_FIELDS)}"
            raise CorpusError(f"{where} has {name!r}, which is no field of a document; {hint}")


def _document(
    doc_id: str, path: Path, extract: Extract, source: Mapping[str, Any], topics: Mapping[str, Topic]
) -> tuple[Document, Topic | None]:
    text = extract.text
    raw = markdown_blocks(text, extract.body_start) if extract.is_markdown else plain_blocks(text)
    blocks = mark_furniture(text, raw)
    stated = {**extract.front_matter, **source}
    title = _text_field(stated, "title") or _title_in(text, blocks) or path.stem
    url = _text_field(stated, "url") or address_in(text)
    dated = "\n".join(text[b.start : b.end] for b in blocks if b.kind is BlockKind.DATELINE)
    provenance = Provenance(
        title=title,
        publisher=_text_field(stated, "publisher") or publisher_in(text, url),
        url=url,
        reviewed=_text_field(stated, "reviewed") or dates_in(dated),
        license=_text_field(stated, "license"),
        sources=tuple(_references(stated.get("sources"))),
    )
    chosen, own = _topics_of(stated, title, text, topics)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Document(doc_id, text, digest, chosen, provenance, blocks), own


def _text_field(stated: Mapping[str, Any], name: str) -> str:
    value = stated.get(name)
    if value is None:
        return ""
    if isinstance(value, list | dict):
        raise DocumentError(f"its field {name!r} is a list; expected one line of text")
    return str(value).strip()


def _references(value: Any) -> Iterator[Reference]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            known = {k: str(item.get(k) or "") for k in ("title", "publisher", "url", "reviewed")}
            yield Reference(**known)
        else:
            yield Reference(title=str(item))


# --- titles


def _title_in(text: str, blocks: tuple[Block, ...]) -> str:
    """Find what a page is called: its first heading that is no name of a section."""
    leading = _leading_phrase(text, blocks)
    if leading:
        return leading
    names = load_data("pages")["section_names"]
    for block in blocks[:30]:
        words = " ".join(text[block.start : block.end].split())
        if block.kind is BlockKind.HEADING and fold(words).strip(" :?") not in names:
            return _JOINED_TITLES.split(words)[-1]
    first = text[: max((b.end for b in blocks[:4]), default=0)]
    asked = next((s for s in re.split(r"(?<=[.!?])\s+", " ".join(first.split())) if is_question(s)), "")
    return asked if asked.endswith("?") else ""


def _leading_phrase(text: str, blocks: tuple[Block, ...]) -> str:
    """Find the title in front of a page whose line ends were lost: words before ":" that recur."""
    if not blocks or blocks[0].kind is not BlockKind.FURNITURE or blocks[0].end - blocks[0].start < 200:
        return ""
    phrase = _TITLE_SEPARATOR.split(text[blocks[0].start : blocks[0].start + 200].strip())[0].strip()
    return phrase if 0 < len(phrase.split()) <= 10 and text.count(phrase) >= 3 else ""


# --- topics


def _topics_of(
    stated: Mapping[str, Any], title: str, text: str, topics: Mapping[str, Topic]
) -> tuple[tuple[str, ...], Topic | None]:
    """Decide what a document is about.

    Its own word comes first. A title that is the name of a disease decides next: of a known one, or
    of one that thereby becomes known. What else mentions a known disease is about the one it
    mentions most; a page that mentions none is a topic by itself.
    """
    if stated.get("topic"):
        value = stated["topic"]
        chosen = tuple(map(str, value if isinstance(value, list) else [value]))
        for topic_id in chosen:
            if topic_id not in topics:
                near = difflib.get_close_matches(topic_id, topics, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(topics)}"
                raise DocumentError(f"its topic {topic_id!r} is not in {TOPICS_FILE}; {hint}")
        return chosen, None
    plain = " ".join(words_of(title))
    named = [t for t in topics.values() if any(_contains(plain, name) for name in t.names)]
    exact = next((t for t in named if plain in {" ".join(words_of(n)) for n in t.names}), None)
    if exact:
        return (exact.topic_id,), None
    own = Topic("-".join(plain.replace("'", "").split()), title, _own_names(title, text))
    is_name = bool(stated.get("title")) and len(plain.split()) <= 12 and not title.endswith("?")
    if is_name and (not named or _SUBTYPE.search(plain)):
        return (own.topic_id,), own
    best, count = Counter({t.topic_id: _mentions(text, t) for t in topics.values()}).most_common(1)[0]
    return ((best,), None) if count >= 2 else ((own.topic_id,), own)


def _contains(plain: str, name: str) -> bool:
    return f" {' '.join(words_of(name))} " in f" {plain} "


def _mentions(text: str, topic: Topic) -> int:
    names = "|".join(re.escape(fold(n)) for n in sorted(topic.names, key=len, reverse=True))
    return len(re.findall(rf"(?<![a-z0-9])(?:{names})(?![a-z0-9])", fold(text)))


def _own_names(title: str, text: str) -> tuple[str, ...]:
    """The title, and the short form that the text gives in brackets after it."""
    short = re.search(rf"{re.escape(title)}\s*\(([A-Z][A-Za-z0-9-]{{1,9}})\)", text, re.IGNORECASE)
    return (title, short.group(1)) if short else (title,)
