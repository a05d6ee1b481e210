"""Test collections with judged documents (BEIR): all their passages searched, and measured.

Alone in importing ir_measures.
A collection brings its own corpus and knows no diseases, so all of it is searched; no passage is left out beforehand
as it is in the product. A record of the corpus is one passage, however long; the encoder reads its beginning.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from askalms.crossencoding import CrossEncoder, Reading
from askalms.datatypes import Matrix, Rows
from askalms.embedding import Encoder
from askalms.errors import QuestionFileError
from askalms.lexical import BM25
from askalms.retrieval import fuse
from askalms.segmentation import split_sentences

MEASURES = ("nDCG@10", "R@10", "R@100", "RR", "AP")
"""As ir_measures writes them; the first is the one that comparisons go by."""
DEPTH = 100
"""Passages taken from each of the two searches, and ranked for a query."""
WORDS_OF_STRETCH = 110
"""Words that are read at once; a passage of an index holds about as many."""
RRF_K = 60
READ_PASSAGES = 20
"""First passages of a ranking that are read with the query."""
EXPECTED = "corpus.jsonl or corpus.jsonl.gz, queries.jsonl and a file in qrels/"

Ranking = Rows
"""Rows of passages, best first."""
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Passages, and queries of which somebody judged what answers them."""

    name: str
    ids: tuple[str, ...]
    """Of the passages, by row."""
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    queries: Mapping[str, str]
    """Those with a relevant passage, by id, in the order of the ids."""
    qrels: Mapping[str, Mapping[str, int]]
    """Of each query the judged passages and their relevance; above 0 is relevant."""
    problems: tuple[str, ...] = ()
    """Lines that cannot be understood, with file and line."""

    @property
    def searched(self) -> list[str]:
        """What the encoder and BM25 get of each passage."""
        return [f"{title}\n{text}" for title, text in zip(self.titles, self.texts, strict=True)]


def is_collection(folder: Path) -> bool:
    """Tell whether a folder is in the BEIR form."""
    corpus = any((folder / name).is_file() for name in ("corpus.jsonl", "corpus.jsonl.gz"))
    return corpus and (folder / "queries.jsonl").is_file() and bool(_qrels_files(folder))


def read_collection(folder: Path) -> Collection:
    """Read a collection; of several files in qrels/ test.tsv is taken or, where there is none, dev.tsv.

    Raises:
        QuestionFileError: It is no such folder, a file cannot be read, or no query has a relevant passage.
    """
    if not is_collection(folder):
        raise QuestionFileError(f"{str(folder)!r} is not a collection in the BEIR form; expected {EXPECTED}")
    problems: list[str] = []
    packed = folder / "corpus.jsonl.gz"
    corpus = packed if packed.is_file() else folder / "corpus.jsonl"
    passages = {r["_id"]: r for r in _records(corpus, problems)}
    texts = {r["_id"]: r["text"] for r in _records(folder / "queries.jsonl", problems)}
    files = _qrels_files(folder)
    chosen = next((f for name in ("test.tsv", "dev.tsv") for f in files if f.name == name), files[0])
    qrels: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(chosen), 1):
        fields = line.split("\t")
        if (number == 1 and fields[-1].strip() == "score") or not line.strip():
            continue
        try:
            query, passage, score = (field.strip() for field in fields)
            judged = qrels.setdefault(query, {})
            judged[passage] = int(score)
        except ValueError:
            problems.append(f"{chosen}:{number} is {line!r}; expected query, passage and a whole number between tabs")
            continue
        if query not in texts or passage not in passages:
            what = f"query {query!r}" if query not in texts else f"passage {passage!r}"
            problems.append(f"{chosen}:{number} names the {what}, which is not in the collection")
            del judged[passage]
    asked = sorted(query for query, judged in qrels.items() if any(score > 0 for score in judged.values()))
    if not asked:
        raise QuestionFileError(f"no query of {str(folder)!r} has a relevant passage; look at {chosen}")
    return Collection(
        folder.resolve().name,
        tuple(passages),
        tuple(str(p.get("title") or "") for p in passages.values()),
        tuple(p["text"] for p in passages.values()),
        {query: texts[query] for query in asked},
        {query: qrels[query] for query in asked},
        tuple(problems),
    )


def corpus_vectors(
    encoder: Encoder, texts: Sequence[str], cache: Path | None = None, on_progress: Progress | None = None
) -> Matrix:
    """Embed passages, or read what an earlier run kept of the same texts and a model of the same name.

    Args:
        encoder: Of passages.
        texts: What it gets.
        cache: Folder where embeddings are kept for the next time; None keeps nothing.
        on_progress: Told how far it is.

    Returns:
        Unit vectors, shape (len(texts), d).
    """
    key = hashlib.sha256(json.dumps([encoder.name, texts]).encode()).hexdigest()[:16]
    kept = cache / f"{key}.npy" if cache else None
    if kept and kept.exists():
        vectors: Matrix = np.load(kept)
        return vectors
    done = 0

    def count(finished: int) -> None:
        nonlocal done
        done += finished
        if on_progress:
            on_progress("Embedding the collection", done, len(texts))

    vectors = encoder.encode(texts, count)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            np.save(file, vectors)
        unfinished.replace(kept)
    return vectors


def search(collection: Collection, encoder: Encoder, vectors: Matrix, weight: float) -> dict[str, dict[str, Ranking]]:
    """Search by vectors, by words, and by both, fused as in the product.

    Args:
        collection: What is searched, and its queries.
        encoder: Of passages.
        vectors: Of the passages, shape (passages, d).
        weight: Of the vectors against the words, from 0 to 1.

    Returns:
        By the name of the search, the ranking of each query.
    """
    bm25 = BM25.build(collection.searched)
    rankings: dict[str, dict[str, Ranking]] = {"dense": {}, "lexical": {}, "fused": {}}
    asked = encoder.encode(list(collection.queries.values()))
    for (query, text), vector in zip(collection.queries.items(), asked, strict=True):
        cosines = vectors @ vector
        dense = np.argsort(-cosines, kind="stable")[:DEPTH]
        scores = bm25.scores(text)
        found = np.flatnonzero(scores > 0)
        lexical = found[np.argsort(-scores[found], kind="stable")][:DEPTH]
        both = fuse((dense, cosines[dense]), (lexical, scores[lexical]), weight)[:DEPTH]
        rankings["dense"][query], rankings["lexical"][query] = dense, lexical
        rankings["fused"][query] = np.array([row for row, _ in both], dtype=np.int64)
    return rankings


def rerank(
    collection: Collection,
    reader: CrossEncoder,
    rankings: Mapping[str, Ranking],
    on_progress: Progress | None = None,
    passages: int = READ_PASSAGES,
) -> dict[str, Ranking]:
    """Read the first passages of each ranking with the query, and fuse their new order with the old.

    A passage counts as its best sentence. Reciprocal ranks are added, those of the old order three times.
    """
    reranked = {}
    for number, (query, ranking) in enumerate(rankings.items()):
        if on_progress:
            on_progress("Reading passages with queries", number, len(rankings))
        first = ranking[:passages]
        readings = [(place, part) for place, row in enumerate(first.tolist()) for part in _stretches(collection, row)]
        scores = np.full(len(first), -np.inf)
        read_together = reader.score(collection.queries[query], [reading for _, reading in readings])
        for (place, _), of_sentences in zip(readings, read_together, strict=True):
            scores[place] = max(scores[place], of_sentences.max())
        reranked[query] = _by_ranks([ranking, ranking, ranking, first[np.argsort(-scores, kind="stable")]])
    return reranked


def measure(collection: Collection, rankings: Mapping[str, Ranking]) -> dict[str, dict[str, float]]:
    """Measure rankings by ir_measures; a query for which nothing was found counts 0.

    Returns:
        By measure, a value for each query of the collection.
    """
    import ir_measures

    run = [
        ir_measures.ScoredDoc(query, passage, -float(rank))
        for query, ranking in rankings.items()
        for rank, passage in enumerate(_names(collection, ranking))
    ]
    measures = [ir_measures.parse_measure(name) for name in MEASURES]
    values = {name: dict.fromkeys(collection.queries, 0.0) for name in MEASURES}
    for found in ir_measures.iter_calc(measures, collection.qrels, run):
        values[str(found.measure)][found.query_id] = float(found.value)
    return values


def trec_run(found: Mapping[str, Sequence[str]], tag: str) -> Iterator[str]:
    """Write rankings as the lines of a run in TREC format: query, Q0, passage, rank, score, tag."""
    for query, passages in found.items():
        for rank, passage in enumerate(passages, 1):
            yield f"{query} Q0 {passage} {rank} {-rank} {tag}"


def trec_qrels(collection: Collection) -> Iterator[str]:
    """Write the judged relevances as lines in TREC format: query, 0, passage, relevance."""
    for query, judged in collection.qrels.items():
        for passage, relevance in judged.items():
            yield f"{query} 0 {passage} {relevance}"


def _names(collection: Collection, ranking: Ranking) -> list[str]:
    return [collection.ids[row] for row in ranking.tolist()]


def _by_ranks(rankings: Sequence[Ranking]) -> Ranking:
    """Merge rankings by reciprocal rank fusion.

    Source:
        Cormack, Clarke and Buettcher, SIGIR 2009, doi:10.1145/1571941.1572114.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking.tolist(), 1):
            scores[row] = scores.get(row, 0.0) + 1 / (RRF_K + rank)
    return np.array(sorted(scores, key=lambda row: (-scores[row], row)), dtype=np.int64)


def _stretches(collection: Collection, row: int) -> list[Reading]:
    """Part a passage into runs of whole sentences, of at most so many words or of one sentence."""
    text = collection.texts[row]
    parts: list[list[str]] = []
    room = 0
    for span in split_sentences(text, 0, len(text)):
        sentence = text[span.start : span.end]
        length = len(sentence.split())
        if length > room or not parts:
            parts.append([])
            room = WORDS_OF_STRETCH
        parts[-1].append(sentence)
        room -= length
    return [Reading(collection.titles[row], tuple(part)) for part in parts]


def _qrels_files(folder: Path) -> list[Path]:
    return sorted((folder / "qrels").glob("*.tsv"))


def _records(path: Path, problems: list[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict) and all(isinstance(record.get(name), str) for name in ("_id", "text")):
            yield record
        else:
            problems.append(f'{path}:{number} is no record; expected {{"_id": "...", "text": "..."}}')


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise QuestionFileError(f"{str(path)!r} cannot be read ({error}); expected UTF-8 text") from None
    # Not splitlines: a text may hold a line separator of its own.
    return text.split("\n")
