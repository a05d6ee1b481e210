"""The searchable structure on disk, in generations. Alone in importing faiss.

    index/CURRENT             name of the generation that answers
    index/generations/NAME/   manifest.json, documents.jsonl, terms.json, bm25/,
                              passages.faiss, sentences.npy, headings.npy, headings.json, topics.json

A generation is written beside the old one, read back and compared, and becomes the current one by
one atomic rename of CURRENT. The one before it is kept.
"""

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from askalms.chunking import Chunks, chunk
from askalms.corpus import Corpus
from askalms.damage import is_damaged
from askalms.datatypes import (
    Block,
    BlockKind,
    Damage,
    DamageKind,
    Document,
    Matrix,
    Passage,
    Provenance,
    Reference,
    Rows,
    Section,
    Sentence,
    Span,
    Topic,
    Vector,
)
from askalms.embedding import Encoders
from askalms.errors import IndexUnusableError
from askalms.lexical import BM25, terms_of
from askalms.settings import EmbeddingSettings, Settings
from askalms.words import skeleton, words_of

FORMAT = 1
"""Raised when a generation of an older program can no longer be read."""
_KEPT_GENERATIONS = 2
_MANIFEST = ("model", "dimension", "sentence_model", "fingerprint", "passages", "sentences", "documents", "files")
"""What a manifest must hold, beside its format."""
_REBUILD = "rebuild it with `askalms index CORPUS`"

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a corpus holds that an index does not, and the other way round; lists of `doc_id`."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True)
class Index:
    """One generation, opened: what retrieval and answering read.

    Its files may be removed while it is open: the one that stays mapped (sentences.npy) is kept by the system
    until it is let go, all others are read whole.
    """

    manifest: Mapping[str, Any]
    documents: Mapping[str, Document]
    sections: Mapping[str, tuple[Section, ...]]
    sentences: tuple[Sentence, ...]
    """By row."""
    passages: tuple[Passage, ...]
    """By row."""
    topics: Mapping[str, Topic]
    sentence_vectors: Matrix
    """Of each sentence with its title and heading, shape (sentences, d)."""
    headings: Mapping[str, Vector]
    """Embedding of each innermost heading by the encoder of passages: two questions that ask the same are near."""
    bm25: BM25
    """Over passages with their title and heading."""
    words: Mapping[str, int]
    """In how many sentences (with their headings) each folded word stands."""
    rarity: Mapping[str, float]
    """Inverse frequency of each stemmed term among the sentences."""
    _passage_vectors: Any
    generation: str
    """Its name, as CURRENT gives it."""

    def search(self, vector: Vector, k: int, rows: Rows | None = None) -> tuple[Rows, Vector]:
        """Find the nearest passages.

        Args:
            vector: Embedding of the query, shape (d,), unit length.
            k: How many at most.
            rows: Only these rows are searched; None searches all.

        Returns:
            Rows and their cosines, best first; both shorter than k if there are fewer passages.
        """
        import faiss

        if not self.passages or (rows is not None and not len(rows)):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        chosen = None if rows is None else faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows))  # type: ignore[call-arg]
        scores, found = self._passage_vectors.search(vector[None, :], min(k, len(self.passages)), params=chosen)
        # faiss pads with row -1 where it finds fewer than k.
        present = found[0] >= 0
        return found[0][present], scores[0][present]

    def written_from(self, doc_id: str, start: int) -> tuple[Reference, ...]:
        """What the section of a document that holds character `start` was written from.

        A section that names no sources was written from any of its page's.
        """
        sources = self.documents[doc_id].provenance.sources
        section = next((s for s in self.sections[doc_id] if s.start <= start < s.end), None)
        named = {} if section is None else dict.fromkeys(section.sources)
        return tuple(r for r in sources if r.ref_id in named) or sources

    @cached_property
    def passages_of_topic(self) -> Mapping[str, Rows]:
        """Rows of the passages of each topic, by topic id."""
        return self._rows_by_topic([p.doc_id for p in self.passages])

    @cached_property
    def passage_of_sentence(self) -> Rows:
        """Row of the passage that each sentence stands in, by the row of the sentence."""
        rows = np.zeros(len(self.sentences), dtype=np.int64)
        for row, passage in enumerate(self.passages):
            rows[passage.first_sentence : passage.last_sentence] = row
        return rows

    @cached_property
    def sentences_of_topic(self) -> Mapping[str, Rows]:
        """Rows of the sentences of each topic, by topic id."""
        return self._rows_by_topic([s.doc_id for s in self.sentences])

    def _rows_by_topic(self, doc_ids: Sequence[str]) -> Mapping[str, Rows]:
        rows: dict[str, list[int]] = {topic_id: [] for topic_id in self.topics}
        for row, doc_id in enumerate(doc_ids):
            for topic_id in self.documents[doc_id].topics:
                rows.setdefault(topic_id, []).append(row)
        return {topic_id: np.array(found, dtype=np.int64) for topic_id, found in rows.items()}

    @cached_property
    def copies_of_sentence(self) -> Mapping[str, tuple[int, ...]]:
        """Rows of all sentences with the same letters, by their `skeleton`."""
        rows: dict[str, list[int]] = {}
        for row, sentence in enumerate(self.sentences):
            rows.setdefault(skeleton(sentence.text), []).append(row)
        return {letters: tuple(found) for letters, found in rows.items()}

    @cached_property
    def damaged_sentences(self) -> frozenset[int]:
        """Rows of the sentences whose text was damaged on its way out of the file: searched, never quoted."""
        return frozenset(
            row for row, s in enumerate(self.sentences) if is_damaged(self.documents[s.doc_id], s.start, s.end)
        )

    @cached_property
    def places_of_sentence(self) -> Mapping[str, tuple[int, ...]]:
        """Rows of all sentences with the same words, by those words with single spaces."""
        rows: dict[str, list[int]] = {}
        for row, sentence in enumerate(self.sentences):
            rows.setdefault(" ".join(sentence.text.split()), []).append(row)
        return {words: tuple(found) for words, found in rows.items()}


def in_context(title: str, heading: str, text: str) -> str:
    """Put title and heading in front of a text, as it is embedded and searched."""
    return f"{title}. {heading}\n{text}" if heading else f"{title}\n{text}"


def innermost(heading: str) -> str:
    """Give the last part of a heading path."""
    return heading.rsplit(" > ", 1)[-1]


def rarity(counts: Mapping[str, int], total: int) -> dict[str, float]:
    """Weigh terms by how few of `total` texts hold them: the inverse document frequency of BM25."""
    return {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in counts.items()}


def difference(folder: Path, corpus: Corpus) -> Difference:
    """Compare a corpus with the current generation, by the hashes of the files."""
    try:
        old: Mapping[str, str] = _read_manifest(_current(folder))["documents"]
    except IndexUnusableError:
        old = {}
    new = {d.doc_id: d.sha256 for d in corpus.documents}
    return Difference(
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(k for k in new.keys() & old.keys() if new[k] != old[k])),
        tuple(sorted(old.keys() - new.keys())),
        sum(new[k] == old[k] for k in new.keys() & old.keys()),
    )


def is_up_to_date(
    folder: Path, corpus: Corpus, settings: Settings, calibration: Mapping[str, Any] | None = None
) -> bool:
    """Tell whether building again would give what the current generation holds already."""
    try:
        generation = _current(folder)
        manifest = _read_manifest(generation)
        _check_files(generation)
    except IndexUnusableError:
        return False
    return bool(manifest["fingerprint"] == _fingerprint(corpus, settings, calibration))


def build_index(
    folder: Path,
    corpus: Corpus,
    encoders: Encoders,
    settings: Settings,
    on_progress: Progress | None = None,
    calibration: Mapping[str, Any] | None = None,
) -> None:
    """Build a generation, check it, and make it the current one.

    Args:
        folder: Where indexes live; made if missing.
        corpus: The documents; at least one.
        encoders: Embed passages and sentences.
        settings: Kept in the manifest.
        on_progress: Told how far it is.
        calibration: The threshold of silence and its error rates, which are published in the manifest.

    Raises:
        IndexUnusableError: There is no document, or what was written does not read back the same.
    """
    if not corpus.documents:
        raise IndexUnusableError("the corpus holds no document that can be read, so there is nothing to index")
    report = on_progress or _ignore
    encoder = encoders.passages
    limit = min(settings.chunking.passage_tokens, encoder.max_tokens)
    chunks: list[Chunks] = []
    rows = 0
    for i, document in enumerate(corpus.documents):
        report("Cutting", i, len(corpus.documents))
        chunks.append(chunk(document, encoder.count_tokens, limit, rows))
        rows += len(chunks[-1].sentences)
    report("Cutting", len(corpus.documents), len(corpus.documents))
    generation = _new_generation(folder)
    try:
        _write(generation, corpus, chunks, encoders, settings, report, calibration or {})
        _check_files(generation)
        _load(generation)
        _switch(folder, generation)
    except OSError as error:
        shutil.rmtree(generation, ignore_errors=True)
        raise IndexUnusableError(
            f"the index cannot be written to {str(folder)!r} ({error.strerror or error}); the one before goes on "
            "answering; make room or mend the permissions, and index again"
        ) from None
    except BaseException:
        shutil.rmtree(generation, ignore_errors=True)
        raise
    _remove_old(generation)


def _ignore(what: str, done: int, total: int) -> None:
    """Take no notice of progress."""


def current_generation(folder: Path) -> str:
    """Name the generation that answers. Cheap: reads one short file, and opens nothing.

    Raises:
        IndexUnusableError: There is none, or its name cannot be read.
    """
    pointer = folder / "CURRENT"
    if not pointer.is_file():
        raise IndexUnusableError(f"there is no index in {str(folder)!r}; make one with `askalms index CORPUS`")
    try:
        return pointer.read_text("utf-8", errors="replace").strip()
    except OSError as error:
        raise IndexUnusableError(f"{pointer} cannot be read ({error.strerror}); check its permissions") from None


def open_index(folder: Path, settings: EmbeddingSettings) -> Index:
    """Open the current generation; if it is replaced and removed meanwhile, the one that is current then.

    Args:
        folder: Where indexes live.
        settings: Name the models that will embed the questions.

    Raises:
        IndexUnusableError: There is none, it is damaged, or other models or another program made it.
    """
    return _read_current(folder, lambda generation: _open(generation, settings))


def _open(generation: Path, settings: EmbeddingSettings) -> Index:
    manifest = _read_manifest(generation)
    for key, name in (("model", settings.model), ("sentence_model", settings.sentence_model)):
        if manifest[key] != name:
            raise IndexUnusableError(
                f"the index holds embeddings of {manifest[key]!r}, but the settings name {name!r}; {_REBUILD}, "
                f"or name the old one as {key} under [embedding] in askalms.toml"
            )
    _check_files(generation)
    index = _load(generation)
    # Without its files BM25 would be read as that of texts without words, and say nothing of it.
    if gone := [name for name in manifest["files"] if not (generation / name).is_file()]:
        raise IndexUnusableError(f"the index is damaged: {gone[0]} was removed while it was opened; {_REBUILD}")
    return index


def read_document(folder: Path, doc_id: str) -> Document:
    """Read one document as the index holds it.

    Raises:
        IndexUnusableError: There is no usable index, or it has no such document.
    """
    documents = _read_current(folder, _documents_of)
    if doc_id not in documents:
        raise IndexUnusableError(f"the index has no document {doc_id!r}; it has {', '.join(sorted(documents)[:20])}")
    return documents[doc_id]


def _documents_of(generation: Path) -> Mapping[str, Document]:
    _read_manifest(generation)
    return _read_documents(generation)[0]


# --- generations


def _read_current(folder: Path, read: Callable[[Path], T]) -> T:
    """Read of the current generation, and of its successor if it is replaced and removed under the reader's hands."""
    while True:
        name = current_generation(folder)
        try:
            return read(_named(folder, name))
        except Exception:
            if current_generation(folder) == name:
                raise


def _new_generation(folder: Path) -> Path:
    try:
        generations = folder / "generations"
        generations.mkdir(parents=True, exist_ok=True)
        number = 1 + max((_number(p) for p in generations.iterdir()), default=0)
        generation = Path(tempfile.mkdtemp(prefix=f"{number:06d}-", dir=generations))
        # A service may run as another user than the one who indexes.
        generation.chmod(0o755)
        return generation
    except OSError as error:
        raise IndexUnusableError(
            f"nothing can be written to {str(folder)!r} ({error.strerror}); name another folder with --index"
        ) from None


def _number(generation: Path) -> int:
    digits = generation.name.split("-")[0]
    return int(digits) if digits.isdecimal() else 0


def _switch(folder: Path, generation: Path) -> None:
    pointer = folder / f"CURRENT.{generation.name}"
    with pointer.open("w", encoding="utf-8") as file:
        file.write(generation.name + "\n")
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(folder / "CURRENT")


def _remove_old(current: Path) -> None:
    complete = (p for p in current.parent.iterdir() if p != current and (p / "manifest.json").is_file())
    others = sorted(complete, key=_number, reverse=True)
    for generation in others[_KEPT_GENERATIONS - 1 :]:
        shutil.rmtree(generation, ignore_errors=True)


def _current(folder: Path) -> Path:
    return _named(folder, current_generation(folder))


def _named(folder: Path, name: str) -> Path:
    generation = folder / "generations" / name
    if not name or Path(name).name != name or not generation.is_dir():
        raise IndexUnusableError(
            f"the index in {str(folder)!r} points to a generation {name!r} that is not there; {_REBUILD}"
        )
    return generation


def _fingerprint(corpus: Corpus, settings: Settings, calibration: Mapping[str, Any] | None) -> str:
    """Hash all that decides what an index holds, the provenance and topics beside the files included."""
    parts = {
        "format": FORMAT,
        "settings": {k: v for k, v in settings.as_dict().items() if k in ("chunking", "embedding")},
        "calibration": calibration or {},
        "documents": [
            [
                d.doc_id,
                d.sha256,
                # The same file may give another text when its reader changes.
                hashlib.sha256(d.text.encode()).hexdigest(),
                d.topics,
                asdict(d.provenance),
                list(map(asdict, d.blocks)),
                d.page_starts,
                list(map(asdict, d.damage)),
            ]
            for d in corpus.documents
        ],
        "topics": [asdict(t) for t in corpus.topics.values()],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=list).encode()).hexdigest()


# --- writing


def _write(
    generation: Path,
    corpus: Corpus,
    chunks: Sequence[Chunks],
    encoders: Encoders,
    settings: Settings,
    report: Progress,
    calibration: Mapping[str, Any],
) -> None:
    passages = [p for c in chunks for p in c.passages]
    sentences = [s for c in chunks for s in c.sentences]
    titles = {d.doc_id: d.provenance.title for d in corpus.documents}
    texts = [in_context(p.title, p.heading, p.text) for p in passages]
    said = [in_context(titles[s.doc_id], s.heading, s.text) for s in sentences]
    headings = sorted({innermost(s.heading) for s in sentences})
    done = 0

    def count(finished: int) -> None:
        nonlocal done
        done += finished
        report("Embedding", done, len(texts) + len(said) + len(headings))

    count(0)
    passage_vectors = encoders.passages.encode(texts, count)
    heading_vectors = encoders.passages.encode(headings, count)
    sentence_vectors = encoders.sentences.encode(said, count)

    # torch, where the encoder uses it, must be imported before faiss: the two bring OpenMP each.
    import faiss

    report("Writing", 0, 1)
    store = faiss.IndexFlatIP(encoders.passages.dimension)
    store.add(passage_vectors)
    faiss.write_index(store, str(generation / "passages.faiss"))
    np.save(generation / "sentences.npy", sentence_vectors)
    np.save(generation / "headings.npy", heading_vectors)
    (generation / "headings.json").write_text(json.dumps(headings, ensure_ascii=False), "utf-8")
    BM25.build(texts).save(generation / "bm25")
    counts = {
        "sentences": len(said),
        "words": Counter(word for text in said for word in set(words_of(text))),
        "terms": Counter(term for text in said for term in set(terms_of(text))),
    }
    (generation / "terms.json").write_text(json.dumps(counts, ensure_ascii=False), "utf-8")
    with (generation / "documents.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for document, pieces in zip(corpus.documents, chunks, strict=True):
            record = {"document": asdict(document), "chunks": asdict(pieces)}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    (generation / "topics.json").write_text(
        json.dumps([asdict(t) for t in corpus.topics.values()], ensure_ascii=False, indent=1), "utf-8"
    )
    manifest = {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": encoders.passages.name,
        "dimension": encoders.passages.dimension,
        "sentence_model": encoders.sentences.name,
        "settings": settings.as_dict(),
        "calibration": calibration,
        "fingerprint": _fingerprint(corpus, settings, calibration),
        "passages": len(passages),
        "sentences": len(sentences),
        "documents": {d.doc_id: d.sha256 for d in corpus.documents},
        "files": {p.relative_to(generation).as_posix(): _digest(p) for p in _files(generation)},
    }
    (generation / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
    report("Writing", 1, 1)


def _files(generation: Path) -> list[Path]:
    return sorted(p for p in generation.rglob("*") if p.is_file() and p.name != "manifest.json")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- reading


def _read_manifest(generation: Path) -> Mapping[str, Any]:
    try:
        manifest: Mapping[str, Any] = json.loads((generation / "manifest.json").read_text("utf-8"))
        version = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError):
        raise IndexUnusableError(
            f"the index generation {generation.name!r} has no readable manifest; {_REBUILD}"
        ) from None
    if version != FORMAT:
        raise IndexUnusableError(
            f"the index has format {version}, but this version of AskALMS reads format {FORMAT}; {_REBUILD}"
        )
    if missing := [key for key in _MANIFEST if key not in manifest]:
        raise IndexUnusableError(
            f"the manifest of index generation {generation.name!r} lacks {', '.join(missing)}; {_REBUILD}"
        )
    return manifest


def _check_files(generation: Path) -> None:
    expected: Mapping[str, str] = _read_manifest(generation)["files"]
    for name, digest in expected.items():
        path = generation / name
        if not path.is_file():
            raise IndexUnusableError(f"the index is damaged: {name} is missing; {_REBUILD}")
        try:
            found = _digest(path)
        except OSError as error:
            raise IndexUnusableError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
        if found != digest:
            raise IndexUnusableError(f"the index is damaged: {name} is not what was written; {_REBUILD}")


def _load(generation: Path) -> Index:
    import faiss

    manifest = _read_manifest(generation)
    documents, chunks = _read_documents(generation)
    passages = tuple(p for c in chunks for p in c.passages)
    sentences = tuple(s for c in chunks for s in c.sentences)
    vectors: NDArray[np.float32] = np.load(generation / "sentences.npy", mmap_mode="r")
    store = faiss.read_index(str(generation / "passages.faiss"))
    counts = json.loads((generation / "terms.json").read_text("utf-8"))
    headings = json.loads((generation / "headings.json").read_text("utf-8"))
    topics = [Topic(**_tuples(t)) for t in json.loads((generation / "topics.json").read_text("utf-8"))]
    if not (
        len(passages) == manifest["passages"] == store.ntotal
        and len(sentences) == manifest["sentences"] == len(vectors)
        and store.d == manifest["dimension"]
    ):
        raise IndexUnusableError(f"the index is damaged: its parts do not fit together; {_REBUILD}")
    return Index(
        manifest,
        documents,
        {doc_id: c.sections for doc_id, c in zip(documents, chunks, strict=True)},
        sentences,
        passages,
        {t.topic_id: t for t in topics},
        vectors,
        dict(zip(headings, np.load(generation / "headings.npy"), strict=True)),
        BM25.load(generation / "bm25", len(passages)),
        counts["words"],
        rarity(counts["terms"], counts["sentences"]),
        store,
        generation.name,
    )


def _read_documents(generation: Path) -> tuple[dict[str, Document], list[Chunks]]:
    documents: dict[str, Document] = {}
    chunks: list[Chunks] = []
    try:
        with (generation / "documents.jsonl").open(encoding="utf-8", newline="\n") as file:
            for line in file:
                record = json.loads(line)
                document = _document(record["document"])
                documents[document.doc_id] = document
                chunks.append(_chunks(record["chunks"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise IndexUnusableError(f"the index is damaged: its documents cannot be read; {_REBUILD}") from None
    return documents, chunks


def _document(record: dict[str, Any]) -> Document:
    provenance = record["provenance"]
    references = tuple(Reference(**r) for r in provenance["sources"])
    blocks = tuple(
        Block(BlockKind(b["kind"]), b["start"], b["end"], b["level"], tuple(Span(**s) for s in b["sentences"]))
        for b in record["blocks"]
    )
    return Document(
        record["doc_id"],
        record["text"],
        record["sha256"],
        tuple(record["topics"]),
        Provenance(**{**provenance, "sources": references}),
        blocks,
        tuple(record.get("page_starts", ())),
        tuple(Damage(DamageKind(d["kind"]), d["start"], d["end"]) for d in record.get("damage", ())),
    )


def _chunks(record: dict[str, Any]) -> Chunks:
    return Chunks(
        tuple(Section(**_tuples(s)) for s in record["sections"]),
        tuple(Sentence(**{**s, "kind": BlockKind(s["kind"])}) for s in record["sentences"]),
        tuple(Passage(**p) for p in record["passages"]),
    )


def _tuples(record: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
