"""A folder -> documents: which files belong to it, what they are about, and where they come from."""

import difflib
import json
import os
import re
import tomllib
import unicodedata
from collections import UserDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from askalms.damage import find_damage
from askalms.datatypes import Block, BlockKind, Document, Provenance, Reference, Topic
from askalms.errors import CorpusError, DocumentError
from askalms.furniture import mark_furniture
from askalms.readers import Extract, address_in, dates_in, iso_date, publisher_in, read_file
from askalms.segmentation import is_question, markdown_blocks, plain_blocks
from askalms.settings import CorpusSettings
from askalms.texts import load_data
from askalms.words import fold, words_of

SOURCES_FILE = "sources.toml"
TOPICS_FILE = "topics.toml"
REFERENCES_FILE = "references.toml"
_ABOUT_THE_FOLDER = ("readme", "license", "licence", "changelog", SOURCES_FILE, TOPICS_FILE, REFERENCES_FILE)
_FIELDS = ("title", "topic", "publisher", "url", "reviewed", "license", "sources", "fetched", "language")
_REFERENCE_FIELDS = ("title", "publisher", "url", "reviewed", "as_of", "license", "public_domain", "copy")
_TOPIC_FIELDS = ("name", "names", "confused_with", "home", "of_adults")
_NOTHING = (None, "", "~", "null")
"""Values that YAML takes for none."""
_TITLE_SEPARATOR = re.compile(r"\s*(?:[:|·»]| [-–—] )\s*")
_JOINED_TITLES = re.compile(r"(?<= )\S*[a-z]{2}(?=[A-Z][a-z]+ )")
_SUBTYPE = re.compile(
    r"\b(?:type|form|complex|variant|juvenile|infantile|adult|late onset|early onset|[ivx]+|\d+[a-z]?)\b"
)
_DISEASE = re.compile(r"\b(?:syndrome|disease|disorder|deficiency|dystrophy|anomaly)\b")
_RUN = re.compile(r"[a-z0-9]+")
_NO_NAME = re.compile(
    r"\b(?:a|about|an|and|are|as|by|do|does|for|how|if|in|is|of|on|or|the|to|what|when|why|with)\b|[:?!]"
)


MAX_WORDS_OF_A_NAME = 12


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
    references: Mapping[str, Reference]
    """By id: those of references.toml, which documents name as what they were written from."""
    problems: tuple[Problem, ...]
    """Files left out."""
    own_topics: frozenset[str] = frozenset()
    """Ids of the topics that neither the program nor topics.toml names: they are their documents' own titles."""


def load_corpus(
    folder: Path, settings: CorpusSettings, on_file: Callable[[int, int, str], None] | None = None
) -> Corpus:
    """Read every document below a folder; one bad file does not stop the others.

    What sources.toml says of a file counts more than its front matter, and that more than what the
    page says of itself. Links to what lies outside the folder are not followed. Damage is told by
    the words of the whole folder, so a document may be judged otherwise beside other ones.

    Args:
        folder: The corpus. Hidden files, README and LICENSE are no documents.
        settings: Limits.
        on_file: Called before each file with its number from 1, how many there are, and its name.

    Raises:
        CorpusError: The folder is missing or closed, or its sources.toml, topics.toml or
            references.toml cannot be understood.
    """
    if not folder.is_dir():
        raise CorpusError(f"there is no folder {str(folder)!r}; name the folder that holds the documents")
    topics = _Topics(load_topics(folder))
    known_topics = frozenset(topics)
    sources = load_sources(folder)
    references = load_references(folder)
    paths, problems = document_files(folder)
    documents: list[Document] = []
    for number, (doc_id, path) in enumerate(paths, 1):
        if on_file:
            on_file(number, len(paths), doc_id)
        try:
            if path.is_symlink() and not _is_within(folder, path):
                raise DocumentError("it is a link to a file outside the corpus; put the file itself here")
            extract = read_file(path, int(settings.max_file_megabytes * 1e6))
            document, own_topic = _document(doc_id, extract, sources.get(_composed(doc_id), {}), topics, references)
        except DocumentError as error:
            problems.append(Problem(doc_id, str(error)))
            continue
        if own_topic:
            topics.setdefault(own_topic.topic_id, own_topic)
        documents.append(document)
    known = {_composed(doc_id) for doc_id, _ in paths}
    problems += [
        Problem(doc_id, f"{SOURCES_FILE} describes it, but there is no such file; rename or remove the entry")
        for doc_id in sources
        if doc_id not in known
    ]
    damage = find_damage(documents, [name for topic in topics.values() for name in topic.names])
    judged = tuple(replace(d, damage=damage.get(d.doc_id, ())) for d in documents)
    return Corpus(judged, dict(topics), references, tuple(problems), frozenset(topics) - known_topics)


def load_topics(folder: Path) -> dict[str, Topic]:
    """Read the built-in topics and the folder's topics.toml, which may add to them or replace them.

    Raises:
        CorpusError: topics.toml cannot be understood.
    """
    path = folder / TOPICS_FILE
    added = _toml(path)
    for topic_id, table in added.items():
        _check_topic(table, f"{path}: [{topic_id}]")
    topics = {
        topic_id: Topic(
            topic_id,
            table["name"],
            tuple(table["names"]),
            tuple(table.get("confused_with", ())),
            table.get("home", False),
            table.get("of_adults", False),
        )
        for topic_id, table in {**load_data("topics"), **added}.items()
    }
    for topic_id, other in ((t.topic_id, other) for t in topics.values() for other in t.confused_with):
        if other not in topics:
            hint = _hint(other, topics)
            raise CorpusError(f"{path}: [{topic_id}] is confused with {other!r}, which is no topic; {hint}")
    return topics


def load_references(folder: Path) -> dict[str, Reference]:
    """Read the folder's references.toml: the pages that its documents were written from, by id.

    Raises:
        CorpusError: It cannot be understood.
    """
    path = folder / REFERENCES_FILE
    references: dict[str, Reference] = {}
    for ref_id, table in _toml(path).items():
        where = f"{path}: [{ref_id}]"
        if not isinstance(table, dict) or not isinstance(table.get("title"), str) or not table["title"].strip():
            raise CorpusError(f'{where} has no title; write [{ref_id}] and under it title = "..."')
        for name, value in table.items():
            if name not in _REFERENCE_FIELDS:
                raise CorpusError(f"{where} has {name!r}, which is no field of it; {_hint(name, _REFERENCE_FIELDS)}")
            if not isinstance(value, bool if name == "public_domain" else str):
                expected = "true or false" if name == "public_domain" else "a text in quotation marks"
                raise CorpusError(f"{where}: {name} is {value!r}; expected {expected}")
        references[ref_id] = Reference(**{**table, "ref_id": ref_id})
    return references


def _check_topic(table: Any, where: str) -> None:
    if not isinstance(table, dict):
        raise CorpusError(f"{where} is no table; write [name-of-the-topic] and under it name and names")
    for name in table:
        if name not in _TOPIC_FIELDS:
            raise CorpusError(f"{where} has {name!r}, which is no field of a topic; {_hint(name, _TOPIC_FIELDS)}")
    if not isinstance(table.get("name"), str) or not words_of(table["name"]):
        raise CorpusError(f'{where} has no name; write name = "..." as in a sentence')
    for field in ("names", "confused_with"):
        value = table.get(field, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and words_of(v) for v in value):
            raise CorpusError(f'{where}: {field} is {value!r}; expected a list such as ["...", "..."]')
    if not table.get("names"):
        raise CorpusError(f'{where} has no names; write names = ["..."] with all that people call it')
    for field in ("home", "of_adults"):
        if not isinstance(table.get(field, False), bool):
            raise CorpusError(f"{where}: {field} is {table[field]!r}; expected true or false")


def _hint(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def document_files(folder: Path) -> tuple[list[tuple[str, Path]], list[Problem]]:
    """List the files that may be documents, sorted by `doc_id`, and what of the folder cannot be read."""
    found: list[tuple[str, Path]] = []
    problems: list[Problem] = []

    def cannot_open(error: OSError) -> None:
        path = Path(error.filename)
        reason = f"the folder cannot be opened ({error.strerror}); check its permissions"
        if path == folder:
            raise CorpusError(f"{folder}: {reason}")
        problems.append(Problem(_doc_id(folder, path), reason))

    for parent, subfolders, names in os.walk(folder, onerror=cannot_open):
        subfolders[:] = [d for d in subfolders if not d.startswith(".")]
        for path in (Path(parent) / name for name in subfolders):
            if path.is_symlink():
                reason = "it is a link to a folder, and those are not followed; put the folder itself here"
                problems.append(Problem(_doc_id(folder, path), reason))
        for name in names:
            if name.startswith(".") or name.lower().split(".")[0] in _ABOUT_THE_FOLDER[:4] or name in _ABOUT_THE_FOLDER:
                continue
            path = Path(parent) / name
            doc_id = _doc_id(folder, path)
            if "\ufffd" in doc_id:
                problems.append(Problem(doc_id, "its name is not UTF-8; rename it"))
            else:
                found.append((doc_id, path))
    return sorted(found), sorted(problems, key=lambda p: p.doc_id)


def _doc_id(folder: Path, path: Path) -> str:
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")


def _is_within(folder: Path, path: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _composed(name: str) -> str:
    """Some systems store "ö" in a file's name as two characters."""
    return unicodedata.normalize("NFC", name)


def _toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError, OSError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); mend it, or move it away to go on without") from None


def load_sources(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the folder's sources.toml: where its documents come from, by `doc_id`.

    Raises:
        CorpusError: It cannot be understood.
    """
    tables = _toml(folder / SOURCES_FILE)
    for doc_id, table in tables.items():
        where = f"{folder / SOURCES_FILE}: [{doc_id!r}]"
        if not isinstance(table, dict):
            raise CorpusError(f'{where} is no table; write ["{doc_id}"] and under it title = "..."')
        _check_fields(table, where)
    return {_composed(doc_id): table for doc_id, table in tables.items()}


def _check_fields(table: Mapping[str, Any], where: str) -> None:
    for name in table:
        if name not in _FIELDS:
            raise CorpusError(f"{where} has {name!r}, which is no field of a document; {_hint(name, _FIELDS)}")


def _document(
    doc_id: str,
    extract: Extract,
    source: Mapping[str, Any],
    topics: "_Topics",
    references: Mapping[str, Reference],
) -> tuple[Document, Topic | None]:
    text = extract.text
    raw = markdown_blocks(text, extract.body_start) if extract.is_markdown else plain_blocks(text)
    blocks = mark_furniture(text, raw)
    if not any(block.sentences for block in blocks):
        raise DocumentError("nothing in it can be quoted: it holds headings, links or references alone; add its text")
    stated = {**extract.front_matter, **source}
    own = extract.stated
    title = _text_field(stated, "title") or own.get("title") or _title_in(text, blocks) or Path(doc_id).stem
    url = _text_field(stated, "url") or own.get("url") or address_in(text)
    dated = "\n".join(text[b.start : b.end] for b in blocks if b.kind is BlockKind.DATELINE)
    provenance = Provenance(
        title=title,
        publisher=_text_field(stated, "publisher") or own.get("publisher") or publisher_in(text, url),
        url=url,
        fetched=iso_date(_text_field(stated, "fetched")),
        title_guessed=not (_text_field(stated, "title") or own.get("title")),
        reviewed=iso_date(_text_field(stated, "reviewed")) or dates_in(dated) or own.get("reviewed", ""),
        license=_text_field(stated, "license") or own.get("license", ""),
        sources=tuple(_references(stated.get("sources"), references)),
        language=_text_field(stated, "language") or own.get("language", ""),
    )
    try:
        json.dumps(asdict(provenance), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # YAML lets a text say "\ud800", which is no character and cannot be written down again.
        raise DocumentError("its title or sources hold half of a character; write them anew") from None
    chosen, own_topic = _topics_of(stated, title, text, topics)
    document = Document(doc_id, text, extract.sha256, chosen, provenance, blocks, extract.page_starts)
    return document, own_topic


def _text_field(stated: Mapping[str, Any], name: str) -> str:
    value = stated.get(name)
    if value in _NOTHING:
        return ""
    if isinstance(value, list | dict):
        raise DocumentError(f"its field {name!r} is a list; expected one line of text")
    return " ".join(str(value).split())


def _references(value: Any, known: Mapping[str, Reference]) -> Iterator[Reference]:
    if isinstance(value, dict):
        raise DocumentError("its field 'sources' holds names and values; expected a list such as [one, two]")
    for item in value if isinstance(value, list) else [value] if value not in _NOTHING else []:
        if isinstance(item, dict):
            title, publisher, url, reviewed = (
                str(item.get(k) or "") for k in ("title", "publisher", "url", "reviewed")
            )
            yield Reference(title, publisher, url, reviewed)
        else:
            yield known.get(str(item), Reference(title=str(item)))


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
            return _unjoined(words, text)
    first = text[: max((b.end for b in blocks[:4]), default=0)]
    asked = next((s for s in re.split(r"(?<=[.!?])\s+", " ".join(first.split())) if is_question(s)), "")
    return asked if asked.endswith("?") else ""


def _unjoined(heading: str, text: str) -> str:
    """Leave out the menu that is stuck to a title ("Signs and CausesWhat Is It"), but leave names as they are."""
    joint = _JOINED_TITLES.search(heading)
    fused = heading[joint.start() :].split()[0] if joint else ""
    return heading[joint.end() :] if joint and text.count(fused) == 1 else heading


def _leading_phrase(text: str, blocks: tuple[Block, ...]) -> str:
    """Find the title in front of a page whose line ends were lost: words before ":" that recur."""
    if not blocks or blocks[0].kind is not BlockKind.FURNITURE or blocks[0].end - blocks[0].start < 200:
        return ""
    phrase = _TITLE_SEPARATOR.split(text[blocks[0].start : blocks[0].start + 200].strip())[0].strip()
    return phrase if 0 < len(phrase.split()) <= 10 and text.count(phrase) >= 3 else ""


# --- topics


def _topics_of(
    stated: Mapping[str, Any], title: str, text: str, topics: "_Topics"
) -> tuple[tuple[str, ...], Topic | None]:
    """Decide what a document is about.

    Its own word comes first. A title that is the name of a disease decides next: of a known one, or
    of one that thereby becomes known. What else mentions a known disease is about the one it
    mentions most; a page that mentions none is a topic by itself.
    """
    if stated.get("topic"):
        value = stated["topic"]
        chosen = tuple(dict.fromkeys(map(str, value if isinstance(value, list) else [value])))
        for topic_id in chosen:
            if topic_id not in topics:
                raise DocumentError(f"its topic {topic_id!r} is not in {TOPICS_FILE}; {_hint(topic_id, topics)}")
        return chosen, None
    plain = " ".join(words_of(title))
    named = [t for t in topics.near(fold(title)) if any(_contains(plain, name) for name in t.names)]
    exact = next((t for t in named if plain in {" ".join(words_of(n)) for n in t.names}), None)
    if exact:
        return (exact.topic_id,), None
    folded = fold(text)
    own = _own_topic(title, text, folded)
    counts = {t.topic_id: _mentions(folded, t) for t in topics.near(folded)}
    is_subtype = named and _SUBTYPE.search(plain) and not _NO_NAME.search(title.lower())
    # A title that the text seldom repeats is a sentence about something, not the name of a disease.
    is_new = (
        not named
        and stated.get("title")
        and not title.endswith("?")
        and _mentions(folded, own) >= max(counts.values(), default=0)
    )
    if (is_subtype or is_new) and len(plain.split()) <= MAX_WORDS_OF_A_NAME:
        return (own.topic_id,), own
    best = max(counts, key=lambda t: counts[t], default="")
    is_other = not named and _DISEASE.search(own.name.lower()) and not _NO_NAME.search(own.name.lower())
    if counts.get(best, 0) < 2 or (is_other and _mentions(folded, own) > counts[best]):
        return (own.topic_id,), own
    return (best,), None


class _Topics(UserDict[str, Topic]):
    """Topics by id, and by words of their names: with thousands of them, a text is held against few."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        self._by_run: dict[str, list[tuple[int, str]]] = {}
        super().__init__(topics)

    def __setitem__(self, topic_id: str, topic: Topic) -> None:
        if topic_id not in self.data:
            for name in topic.names:
                run = max(_RUN.findall(fold(name)), key=len, default="")
                self._by_run.setdefault(run, []).append((len(self.data), topic_id))
        self.data[topic_id] = topic

    def near(self, folded: str) -> list[Topic]:
        """Give the topics that may be named in a folded text, in order: all others are not."""
        runs = {*_RUN.findall(folded), ""}
        found = {place for run in runs for place in self._by_run.get(run, ())}
        return [self.data[topic_id] for _, topic_id in sorted(found)]


@cache
def _folded(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fold(n) for n in sorted(names, key=len, reverse=True))


@cache
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, _folded(names)))})(?![a-z0-9])")


@cache
def _plain(name: str) -> str:
    return f" {' '.join(words_of(name))} "


def _contains(plain: str, name: str) -> bool:
    return _plain(name) in f" {plain} "


def _mentions(folded: str, topic: Topic) -> int:
    # Most topics that are asked for are not there, and looking for a text is quicker than for a pattern.
    if not any(name in folded for name in _folded(topic.names)):
        return 0
    return len(_pattern(topic.names).findall(folded))


def _own_topic(title: str, text: str, folded: str) -> Topic:
    """Make a topic of a title: what stands before ":" if that names a disease, and its short form in the text."""
    head = _TITLE_SEPARATOR.split(title)[0]
    name = head if _DISEASE.search(head.lower()) else title
    short = None
    if any(rest.lstrip().startswith("(") for rest in folded.split(fold(name) or name)[1:]):
        short = re.search(rf"{re.escape(name)}\s*\(([A-Z][A-Za-z0-9-]{{1,9}})\)", text, re.IGNORECASE)
    topic_id = "-".join(" ".join(words_of(name)).replace("'", "").split()) or name
    return Topic(topic_id, name, (name, short.group(1)) if short else (name,))
