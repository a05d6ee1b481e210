"""What one generation holds: written, read back, searched. Alone in importing faiss.

manifest.json      models, settings, counts, hashes of documents and files
documents.jsonl    every document with its pieces, one a line
passages.faiss     embeddings of the passages, by row
sentences.npy      of the sentences; headings.npy of the headings that headings.json lists
bm25/, terms.json  words of passages and sentences, counted
topics.json        the diseases
"""

import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from askalms.chunking import Chunks
from askalms.damage import is_damaged
from askalms.datatypes import Document, Matrix, Passage, Reference, Rows, Section, Sentence, Topic, Vector
from askalms.embedding import weights_of
from askalms.errors import IndexDamagedError, IndexUnusableError
from askalms.generations import (
    REBUILD,
    check_files,
    folder_of,
    generation_before,
    read_current,
    read_manifest,
)
from askalms.lexical import BM25, stems_of
from askalms.settings import EmbeddingSettings
from askalms.words import skeleton, words_of

_log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""


class _Record(msgspec.Struct):
    """A line of documents.jsonl."""

    document: Document
    chunks: Chunks


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

    def chunks(self) -> list[Chunks]:
        """The pieces of each document, in the order of the documents."""
        sentences = {d: tuple(group) for d, group in groupby(self.sentences, lambda s: s.doc_id)}
        passages = {d: tuple(group) for d, group in groupby(self.passages, lambda p: p.doc_id)}
        return [Chunks(self.sections[d], sentences.get(d, ()), passages.get(d, ())) for d in self.documents]

    def passage_vectors(self) -> Matrix:
        """Embeddings of the passages, by row."""
        vectors: Matrix = self._passage_vectors.reconstruct_n(0, len(self.passages))
        return vectors

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
    def rows_of_document(self) -> Mapping[str, range]:
        """Rows of the sentences of each document, by its id."""
        rows = {doc_id: range(0) for doc_id in self.documents}
        for doc_id, group in groupby(range(len(self.sentences)), lambda row: self.sentences[row].doc_id):
            found = list(group)
            rows[doc_id] = range(found[0], found[-1] + 1)
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


@dataclass(frozen=True, slots=True)
class Texts:
    """What is embedded and counted of documents, in the order of the rows."""

    passages: list[str]
    sentences: list[str]
    headings: list[str]
    """Each once, sorted."""

    @classmethod
    def of(cls, documents: Sequence[Document], chunks: Sequence[Chunks]) -> "Texts":
        """Put the passages and sentences of documents into their context."""
        titles = {d.doc_id: d.provenance.title for d in documents}
        return cls(
            [in_context(p.title, p.heading, p.text) for c in chunks for p in c.passages],
            [in_context(titles[s.doc_id], s.heading, s.text) for c in chunks for s in c.sentences],
            sorted({innermost(s.heading) for c in chunks for s in c.sentences}),
        )


@dataclass(frozen=True, slots=True)
class Vectors:
    """The embeddings of `Texts`, row by row."""

    passages: Matrix
    sentences: Matrix
    headings: Matrix


def write_contents(
    generation: Path,
    documents: Sequence[Document],
    chunks: Sequence[Chunks],
    topics: Sequence[Topic],
    texts: Texts,
    vectors: Vectors,
) -> None:
    """Write everything but the manifest. The same arguments give the same bytes.

    Args:
        generation: An empty folder.
        documents: In the order of their rows.
        chunks: Of each document.
        topics: All, those without documents included.
        texts: Of the documents and chunks.
        vectors: Of the texts.
    """
    # torch, where the encoder uses it, must be imported before faiss: the two bring OpenMP each.
    import faiss

    store = faiss.IndexFlatIP(vectors.passages.shape[1])
    store.add(vectors.passages)
    (generation / "passages.faiss").write_bytes(faiss.serialize_index(store).tobytes())
    np.save(generation / "sentences.npy", vectors.sentences)
    np.save(generation / "headings.npy", vectors.headings)
    (generation / "headings.json").write_text(json.dumps(texts.headings, ensure_ascii=False), "utf-8")
    BM25.build(texts.passages).save(generation / "bm25")
    (generation / "terms.json").write_text(json.dumps(_counts(texts.sentences), ensure_ascii=False), "utf-8")
    with (generation / "documents.jsonl").open("wb") as file:
        for document, pieces in zip(documents, chunks, strict=True):
            file.write(msgspec.json.encode(_Record(document, pieces)) + b"\n")
    (generation / "topics.json").write_bytes(msgspec.json.format(msgspec.json.encode(topics), indent=1))


def _counts(sentences: Sequence[str]) -> dict[str, Any]:
    """Count in how many sentences (with their headings) each word and each term stands."""
    words: Counter[str] = Counter()
    terms: Counter[str] = Counter()
    for text in sentences:
        found = set(words_of(text))
        words.update(found)
        terms.update(set(stems_of(found)))
    return {"sentences": len(sentences), "words": dict(sorted(words.items())), "terms": dict(sorted(terms.items()))}


def open_index(folder: Path, settings: EmbeddingSettings, *, or_before: bool = False) -> Index:
    """Open the current generation; if it is replaced and removed meanwhile, the one that is current then.

    Args:
        folder: Where indexes live.
        settings: Name the models that will embed the questions.
        or_before: If the current generation is damaged, open the one before it and log a warning.

    Raises:
        IndexUnusableError: There is none, it is damaged, or other models or another program made it.
    """
    try:
        return read_current(folder, lambda generation: open_generation(generation, settings))
    except IndexDamagedError as error:
        before = generation_before(folder) if or_before else ""
        if not before:
            raise
        try:
            index = open_generation(folder_of(folder, before), settings)
        except IndexUnusableError:
            raise error from None
        _log.warning(
            "%s. Until then the generation before it answers (made %s); `askalms rollback` makes it the current one",
            error,
            index.manifest["created"],
        )
        return index


def open_generation(generation: Path, settings: EmbeddingSettings) -> Index:
    """Open one generation, current or not.

    Raises:
        IndexUnusableError: It is damaged, or other models or another program made it.
    """
    check_models(read_manifest(generation), settings)
    check_files(generation)
    index = load_contents(generation)
    # Without its files BM25 would be read as that of texts without words, and say nothing of it.
    if gone := [name for name in index.manifest["files"] if not (generation / name).is_file()]:
        raise IndexDamagedError(f"the index is damaged: {gone[0]} was removed while it was opened; {REBUILD}")
    return index


def check_models(manifest: Mapping[str, Any], settings: EmbeddingSettings) -> None:
    """See that the models of the settings made an index, with the weights that they have now.

    Raises:
        IndexUnusableError: Others did.
    """
    for key, name in (("model", settings.model), ("sentence_model", settings.sentence_model)):
        if manifest[key] != name:
            raise IndexUnusableError(
                f"the index holds embeddings of {manifest[key]!r}, but the settings name {name!r}; {REBUILD}, "
                f"or name the old one as {key} under [embedding] in askalms.toml"
            )
        if manifest["weights"][key] != weights_of(name):
            raise IndexUnusableError(
                f"the index holds embeddings of {name!r} as it was before its weights changed; {REBUILD}"
            )


def read_document(folder: Path, doc_id: str) -> Document:
    """Read one document as the index holds it.

    Raises:
        IndexUnusableError: There is no usable index, or it has no such document.
    """
    documents = read_current(folder, _documents_of)
    if doc_id not in documents:
        raise IndexUnusableError(f"the index has no document {doc_id!r}; it has {', '.join(sorted(documents)[:20])}")
    return documents[doc_id]


def _documents_of(generation: Path) -> Mapping[str, Document]:
    read_manifest(generation)
    return _read_documents(generation)[0]


def load_contents(generation: Path) -> Index:
    """Read a generation whose files were compared with their hashes.

    Raises:
        IndexDamagedError: Its parts cannot be read, or do not fit together.
    """
    manifest = read_manifest(generation)
    try:
        index = _load(generation, manifest)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise IndexDamagedError(f"the index is damaged: it cannot be read ({error}); {REBUILD}") from None
    counts = len(index.documents), len(index.passages), len(index.sentences)
    if counts != (len(manifest["documents"]), manifest["passages"], manifest["sentences"]):
        raise IndexDamagedError(f"the index is damaged: it holds other things than its manifest says; {REBUILD}")
    shapes = index.passage_vectors().shape, index.sentence_vectors.shape
    if shapes != ((counts[1], manifest["dimension"]), (counts[2], manifest["sentence_dimension"])):
        raise IndexDamagedError(f"the index is damaged: its parts do not fit together; {REBUILD}")
    return index


def _load(generation: Path, manifest: Mapping[str, Any]) -> Index:
    import faiss

    documents, chunks = _read_documents(generation)
    passages = tuple(p for c in chunks for p in c.passages)
    vectors: NDArray[np.float32] = np.load(generation / "sentences.npy", mmap_mode="r")
    store = faiss.deserialize_index(np.frombuffer((generation / "passages.faiss").read_bytes(), dtype=np.uint8))
    counts = json.loads((generation / "terms.json").read_text("utf-8"))
    headings = json.loads((generation / "headings.json").read_text("utf-8"))
    topics = msgspec.json.decode((generation / "topics.json").read_bytes(), type=list[Topic])
    if store.ntotal != len(passages):
        raise ValueError(f"{store.ntotal} embeddings of {len(passages)} passages")
    return Index(
        manifest,
        documents,
        {doc_id: c.sections for doc_id, c in zip(documents, chunks, strict=True)},
        tuple(s for c in chunks for s in c.sentences),
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
    decoder = msgspec.json.Decoder(_Record)
    try:
        with (generation / "documents.jsonl").open("rb") as file:
            records = [decoder.decode(line) for line in file]
    except (OSError, ValueError):
        raise IndexDamagedError(f"the index is damaged: its documents cannot be read; {REBUILD}") from None
    return {r.document.doc_id: r.document for r in records}, [r.chunks for r in records]
