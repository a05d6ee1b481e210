"""A corpus -> the next generation of its index: what is new is embedded, all else is taken from the generation before.

The result does not depend on what was there: the same rows, the same vectors to the last bit, the same files as from
nothing. It may, because an embedding depends on its text and the weights of the model alone (`Encoder.encode`).
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from askalms import chunking, index, lexical, words
from askalms.chunking import Chunks, chunk, passage_id
from askalms.corpus import Corpus
from askalms.datatypes import Document, Matrix, Vector
from askalms.embedding import Encoder, Encoders, weights_of
from askalms.errors import IndexDamagedError, IndexUnusableError
from askalms.generations import (
    FORMAT,
    check_files,
    current_generation,
    discard,
    folder_of,
    generation_before,
    new_generation,
    read_manifest,
    seal,
    switch,
    writing,
)
from askalms.index import Progress, Texts, Vectors, load_contents, write_contents
from askalms.settings import Settings
from askalms.verification import lost_documents, misfits_of

_ENOUGH_TO_MEASURE = 1000
"""Characters from which the time that embedding them took says something."""
_TOKENS_OF_A_WORD = 1.4


@dataclass(frozen=True, slots=True)
class Difference:
    """What a corpus holds that an index does not, and the other way round; lists of `doc_id`."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    """Their file is another, or what is known of it: its topic, its publisher, ..."""
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    """Old and new name of a file that is the same byte for byte."""
    unchanged: int

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.renamed)


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did."""

    generation: str
    documents: int
    passages: int
    sentences: int
    embedded: int
    """Texts that were new: passages, sentences and headings."""
    reused: int
    """Texts whose embedding was there."""
    seconds: float


def difference(folder: Path, corpus: Corpus) -> Difference:
    """Compare a corpus with the current generation, by what the files hold."""
    try:
        manifest = read_manifest(folder_of(folder, current_generation(folder)))
    except IndexUnusableError:
        manifest = {"documents": {}, "records": {}}
    old: Mapping[str, str] = manifest["documents"]
    new = {d.doc_id: d.sha256 for d in corpus.documents}
    gone: dict[str, list[str]] = {}
    for doc_id in sorted(old.keys() - new.keys(), reverse=True):
        gone.setdefault(old[doc_id], []).append(doc_id)
    renamed = tuple(
        (gone[new[doc_id]].pop(), doc_id) for doc_id in sorted(new.keys() - old.keys()) if gone.get(new[doc_id])
    )
    records = {d.doc_id: _content_of(d) for d in corpus.documents if d.doc_id in old}
    changed = tuple(
        sorted(k for k, record in records.items() if (new[k], record) != (old[k], manifest["records"].get(k)))
    )
    return Difference(
        tuple(sorted(new.keys() - old.keys() - {after for _, after in renamed})),
        changed,
        tuple(sorted(old.keys() - new.keys() - {before for before, _ in renamed})),
        renamed,
        len(records) - len(changed),
    )


def is_up_to_date(
    folder: Path, corpus: Corpus, settings: Settings, calibration: Mapping[str, Any] | None = None
) -> bool:
    """Tell whether building again would give what the current generation holds already."""
    try:
        generation = folder_of(folder, current_generation(folder))
        manifest = read_manifest(generation)
        check_files(generation)
    except IndexUnusableError:
        return False
    return bool(manifest["fingerprint"] == _fingerprint(corpus, settings, calibration))


def seconds_to_build(folder: Path, corpus: Corpus, settings: Settings) -> float | None:
    """Estimate how long `build_index` would take, from the speed of the last builds; None if none was measured."""
    known = _Known(folder, settings)
    if not known.speed:
        return None
    limit = settings.chunking.passage_tokens
    chunks = _cut(corpus.documents, known, lambda d: chunk(d, _count_roughly, limit), _ignore)
    texts = Texts.of(corpus.documents, chunks)
    new = {(known.passage_weights, t) for t in known.new_passages(texts)}
    new |= {(known.sentence_weights, t) for t in known.new_sentences(texts)}
    seconds = len(corpus.documents) * known.speed["rest_of_a_document"]
    if new:
        seconds += known.speed["loading"] + known.speed["embedding_a_character"] * sum(len(t) for _, t in new)
    return float(seconds)


def build_index(
    folder: Path,
    corpus: Corpus,
    encoders: Encoders | Callable[[], Encoders],
    settings: Settings,
    on_progress: Progress | None = None,
    calibration: Mapping[str, Any] | None = None,
) -> Built:
    """Build a generation, check it, and make it the current one.

    Args:
        folder: Where indexes live; made if missing.
        corpus: The documents; at least one.
        encoders: Those that the settings name; or what loads them, called only if there is something new.
        settings: Kept in the manifest.
        on_progress: Told how far it is.
        calibration: The threshold of silence and its error rates, which are published in the manifest.

    Returns:
        What was done.

    Raises:
        IndexLockedError: Another process is writing to the folder.
        IndexUnusableError: There is no document, nothing can be written, or what was written does not read back the
            same. The index that was there goes on answering.
    """
    if not corpus.documents:
        raise IndexUnusableError("the corpus holds no document that can be read, so there is nothing to index")
    with writing(folder):
        try:
            return _build(
                folder,
                corpus,
                _Models(encoders, settings.chunking.passage_tokens),
                settings,
                on_progress or _ignore,
                calibration or {},
            )
        except OSError as error:
            raise IndexUnusableError(
                f"the index cannot be written to {str(folder)!r} ({error.strerror or error}); the one before goes on "
                "answering; make room or mend the permissions, and index again"
            ) from None


def _build(
    folder: Path,
    corpus: Corpus,
    models: "_Models",
    settings: Settings,
    report: Progress,
    calibration: Mapping[str, Any],
) -> Built:
    started = time.perf_counter()
    known = _Known(folder, settings)
    chunks = _cut(corpus.documents, known, models.cut, report)
    texts = Texts.of(corpus.documents, chunks)
    embedded = _embed(texts, known, models, report)
    vectors = Vectors(
        _rows(known.of_passages, texts.passages),
        _rows(known.of_sentences, texts.sentences),
        _rows(known.of_passages, texts.headings),
    )
    generation = new_generation(folder)
    try:
        report("Writing", 0, 2)
        write_contents(generation, corpus.documents, chunks, list(corpus.topics.values()), texts, vectors)
        manifest = {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": settings.embedding.model,
            "dimension": vectors.passages.shape[1],
            "sentence_model": settings.embedding.sentence_model,
            "sentence_dimension": vectors.sentences.shape[1],
            "weights": {"model": known.passage_weights, "sentence_model": known.sentence_weights},
            "settings": settings.as_dict(),
            "calibration": calibration,
            "fingerprint": _fingerprint(corpus, settings, calibration),
            "cut_by": known.cut_by,
            "passages": len(texts.passages),
            "sentences": len(texts.sentences),
            "documents": {d.doc_id: d.sha256 for d in corpus.documents},
            "records": {d.doc_id: _content_of(d) for d in corpus.documents},
        }
        spent = time.perf_counter() - started - models.loading - models.embedding
        seal(generation, {**manifest, "speed": models.speed(known.speed, spent / len(corpus.documents))})
        report("Checking", 1, 2)
        _check(generation, known)
        switch(folder, generation)
        report("Checking", 2, 2)
    except BaseException:
        discard(folder, generation)
        raise
    seconds = time.perf_counter() - started
    counts = len(corpus.documents), len(texts.passages), len(texts.sentences)
    wanted = len(texts.passages) + len(texts.headings) + len(texts.sentences)
    return Built(generation.name, *counts, embedded, wanted - embedded, seconds)


def _check(generation: Path, known: "_Known") -> None:
    """Read a generation back and see that each document is found by what was embedded of it.

    Raises:
        IndexDamagedError: It is not what it should be.
    """
    check_files(generation)
    written = load_contents(generation)
    for flaw in (
        *misfits_of(written),
        *lost_documents(
            written, lambda texts: _rows(known.of_passages, texts), lambda texts: _rows(known.of_sentences, texts)
        ),
    ):
        raise IndexDamagedError(
            f"the new index is not what was meant to be written ({flaw}), so the one before goes on answering; "
            "index again, and if it is said again, report it"
        )


def _cut(
    documents: Sequence[Document], known: "_Known", cut: Callable[[Document], Chunks], report: Progress
) -> list[Chunks]:
    """Cut documents, or take the pieces of one that says the same; number their sentences through."""
    chunks: list[Chunks] = []
    row = 0
    for i, document in enumerate(documents):
        report("Cutting", i, len(documents))
        pieces = known.chunks.get(_content_of(document)) or cut(document)
        chunks.append(_placed(pieces, document.doc_id, row))
        row += len(pieces.sentences)
    report("Cutting", len(documents), len(documents))
    return chunks


def _placed(pieces: Chunks, doc_id: str, row: int) -> Chunks:
    """Give pieces the name of their document, and the row of its first sentence."""
    shift = row - pieces.passages[0].first_sentence if pieces.passages else 0
    sentences, passages = pieces.sentences, pieces.passages
    if any(s.doc_id != doc_id for s in sentences[:1]):
        sentences = tuple(replace(s, doc_id=doc_id) for s in sentences)
        passages = tuple(replace(p, doc_id=doc_id, passage_id=passage_id(doc_id, p.start, p.end)) for p in passages)
    if shift:
        passages = tuple(
            replace(p, first_sentence=p.first_sentence + shift, last_sentence=p.last_sentence + shift) for p in passages
        )
    return replace(pieces, sentences=sentences, passages=passages)


def _embed(texts: Texts, known: "_Known", models: "_Models", report: Progress) -> int:
    """Embed what is new, each text once; give how many texts that were."""
    passages = known.new_passages(texts)
    sentences = known.new_sentences(texts)
    if known.passage_weights == known.sentence_weights:
        there = set(passages)
        sentences = [t for t in sentences if t not in there]
    done = 0

    def count(finished: int) -> None:
        nonlocal done
        done += finished
        report("Embedding", done, len(passages) + len(sentences))

    count(0)
    if passages:
        known.of_passages.update(zip(passages, models.encode("passages", passages, count), strict=True))
    if sentences:
        known.of_sentences.update(zip(sentences, models.encode("sentences", sentences, count), strict=True))
    return len(passages) + len(sentences)


def _ignore(what: str, done: int, total: int) -> None:
    """Take no notice of progress."""


def _rows(vectors: Mapping[str, Vector], texts: Sequence[str]) -> Matrix:
    return np.stack([vectors[text] for text in texts])


def _count_roughly(text: str) -> int:
    return int(_TOKENS_OF_A_WORD * len(text.split()))


def _content_of(document: Document) -> str:
    """Hash all that a document says and that is known of it, but not its name."""
    return hashlib.sha256(msgspec.json.encode(replace(document, doc_id=""))).hexdigest()


def _fingerprint(corpus: Corpus, settings: Settings, calibration: Mapping[str, Any] | None) -> str:
    """Hash all that decides what an index holds, the provenance and topics beside the files included."""
    parts = {
        "format": FORMAT,
        "program": _program(),
        "weights": [weights_of(settings.embedding.model), weights_of(settings.embedding.sentence_model)],
        "settings": {k: v for k, v in settings.as_dict().items() if k in ("chunking", "embedding")},
        "calibration": calibration or {},
        "documents": [[d.doc_id, _content_of(d)] for d in corpus.documents],
        "topics": list(corpus.topics.values()),
    }
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


@cache
def _program() -> str:
    """Hash the modules that decide how a document is cut and counted: when they change, it is cut anew."""
    sources = (Path(str(module.__file__)).read_bytes() for module in (chunking, index, lexical, words))
    return hashlib.sha256(b"".join(sources)).hexdigest()


class _Known:
    """What the generations on disk hold that need not be made again: embeddings by text, pieces by document."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.passage_weights = weights_of(settings.embedding.model)
        self.sentence_weights = weights_of(settings.embedding.sentence_model)
        self.cut_by = [_program(), self.passage_weights, settings.chunking.passage_tokens]
        self.chunks: dict[str, Chunks] = {}
        """By the hash of what their document says."""
        self.speed: Mapping[str, float] = {}
        """In seconds; empty if never measured with these models."""
        self.of_passages: dict[str, Vector] = {}
        """Embeddings of passages and headings by their text."""
        self.of_sentences = self.of_passages if self.passage_weights == self.sentence_weights else {}
        try:
            names = (generation_before(folder), current_generation(folder))
        except IndexUnusableError:
            return
        for name in names:
            # A generation that is damaged, or that another program wrote, is as good as none.
            with suppress(IndexUnusableError):
                self._take(folder_of(folder, name))

    def _take(self, generation: Path) -> None:
        check_files(generation)
        old = load_contents(generation)
        weights = old.manifest["weights"]
        chunks = old.chunks()
        texts = Texts.of(list(old.documents.values()), chunks)
        if weights["model"] == self.passage_weights:
            self.of_passages.update(zip(texts.passages, old.passage_vectors(), strict=True))
            self.of_passages.update(old.headings)
        if weights["sentence_model"] == self.sentence_weights:
            self.of_sentences.update(zip(texts.sentences, np.asarray(old.sentence_vectors), strict=True))
        if old.manifest["cut_by"] == self.cut_by:
            self.chunks.update(zip(map(_content_of, old.documents.values()), chunks, strict=True))
        if weights == {"model": self.passage_weights, "sentence_model": self.sentence_weights}:
            self.speed = old.manifest["speed"]

    def new_passages(self, texts: Texts) -> list[str]:
        """Passages and headings without an embedding, each once, in their order."""
        return list(dict.fromkeys(t for t in (*texts.passages, *texts.headings) if t not in self.of_passages))

    def new_sentences(self, texts: Texts) -> list[str]:
        """Sentences without an embedding, each once, in their order."""
        return list(dict.fromkeys(t for t in texts.sentences if t not in self.of_sentences))


class _Models:
    """The encoders, loaded when they are needed first; it knows what time they took."""

    def __init__(self, encoders: Encoders | Callable[[], Encoders], passage_tokens: int) -> None:
        self._given = encoders
        self._passage_tokens = passage_tokens
        self.loading = 0.0
        """Seconds that loading took."""
        self.embedding = 0.0
        """Seconds that embedding took."""
        self._characters = 0

    @cached_property
    def _encoders(self) -> Encoders:
        started = time.perf_counter()
        encoders = self._given if isinstance(self._given, Encoders) else self._given()
        self.loading = time.perf_counter() - started
        return encoders

    def cut(self, document: Document) -> Chunks:
        """Cut a document for the encoder of passages."""
        encoder = self._encoders.passages
        return chunk(document, encoder.count_tokens, min(self._passage_tokens, encoder.max_tokens))

    def encode(self, kind: str, texts: Sequence[str], on_done: Callable[[int], None]) -> Matrix:
        """Embed texts with the encoder of "passages" or of "sentences"."""
        encoder: Encoder = getattr(self._encoders, kind)
        started = time.perf_counter()
        vectors = encoder.encode(texts, on_done)
        self.embedding += time.perf_counter() - started
        self._characters += sum(map(len, texts))
        return vectors

    def speed(self, before: Mapping[str, float], rest_of_a_document: float) -> dict[str, float]:
        """Give what builds take, in seconds: as measured now, or before where this one did too little to tell."""
        if self._characters < _ENOUGH_TO_MEASURE:
            return {**before, "rest_of_a_document": rest_of_a_document} if before else {}
        return {
            "loading": self.loading or before.get("loading", 0.0),
            "embedding_a_character": self.embedding / self._characters,
            "rest_of_a_document": rest_of_a_document,
        }
