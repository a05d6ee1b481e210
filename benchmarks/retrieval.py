"""Measure how well passages are found: nDCG@10 and recall@10 on test collections in the BEIR form.

    python benchmarks/retrieval.py FOLDER... [--cache CACHE] [--bf16] [--queries N] [--candidates N]

Measured are the encoder of passages that the settings name, BM25, both fused as in a search, and the
first passages of that read together with the question. Every collection is searched whole: BEIR knows
no topics, so nothing is left out beforehand as it is in the product. Tables go to stdout, progress to stderr.
"""

import argparse
import gzip
import hashlib
import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import ir_measures
import numpy as np
import torch
from ir_measures import R, nDCG

from askalms.crossencoding import CrossEncoder, Reading, load_cross_encoder
from askalms.datatypes import Matrix, Rows
from askalms.embedding import Encoder, load_encoder
from askalms.errors import AskALMSError
from askalms.lexical import BM25
from askalms.retrieval import fuse
from askalms.segmentation import split_sentences
from askalms.settings import DEFAULT_RERANKER, load_settings

MEASURES = (nDCG @ 10, R @ 10)
DEPTH = 100
"""Passages taken from each of the two searches."""
WORDS_OF_STRETCH = 110
"""Words that are read at once; a passage of an index holds about as many."""
RESAMPLES = 10_000
RRF_K = 60
SEED = 1959
EXPECTED = "corpus.jsonl or corpus.jsonl.gz, queries.jsonl and qrels/dev.tsv"

Run = Mapping[str, Rows]
"""Rows of passages by query id, best first."""
Measured = Mapping[str, np.ndarray]
"""One number for each query, by the name of the measure."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Passages, and queries of which somebody judged what answers them."""

    name: str
    ids: tuple[str, ...]
    """Of the passages, by row."""
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    queries: Mapping[str, str]
    """Those with a relevant passage, by id."""
    qrels: tuple[ir_measures.Qrel, ...]
    judged: int
    """Queries with a relevant passage before a sample was drawn."""

    @property
    def searched(self) -> list[str]:
        """What the encoder and BM25 get of each passage."""
        return [f"{title}\n{text}" for title, text in zip(self.titles, self.texts, strict=True)]


def main() -> int:
    """Measure every folder that holds a collection; 1 if one does not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", metavar="FOLDER", nargs="*", type=Path, help=f"holds {EXPECTED}")
    parser.add_argument("--cache", type=Path, help="folder where the vectors of a corpus are kept")
    parser.add_argument("--bf16", action="store_true", help="encode in bfloat16: faster where the processor has it")
    parser.add_argument("--queries", type=int, help="measure a sample of so many queries, always the same")
    parser.add_argument("--candidates", type=int, default=20, help="passages read with the question")
    args = parser.parse_args()
    if not args.folders:
        print(f"skipped: no folder was named; expected one that holds {EXPECTED}", file=sys.stderr)
        return 1
    present = [folder for folder in args.folders if _holds_collection(folder)]
    for folder in args.folders:
        if folder not in present:
            print(f"skipped: {folder} is not a folder that holds {EXPECTED}", file=sys.stderr)
    if present:
        settings = load_settings()
        encoder = load_encoder(settings.embedding.model)
        reader = load_cross_encoder(DEFAULT_RERANKER)
    for folder in present:
        collection = read(folder, args.queries)
        vectors = corpus_vectors(encoder, collection.searched, args.cache, args.bf16)
        runs = search(collection, encoder, vectors, settings.retrieval.dense_weight)
        reranked = rerank(collection, reader, runs["fused"], args.candidates)
        runs[f"fused, {args.candidates} reranked"] = reranked
        print(table(collection, encoder, {name: measure(collection, run) for name, run in runs.items()}), flush=True)
    return int(len(present) < len(args.folders))


def read(folder: Path, sample: int | None) -> Collection:
    """Read a collection; of its queries, in the order of their ids, a sample if there are more than `sample`."""
    passages = _records(folder / "corpus.jsonl")
    lines = (folder / "qrels" / "dev.tsv").read_text("utf-8").splitlines()[1:]
    qrels = [ir_measures.Qrel(query, passage, int(score)) for query, passage, score in map(str.split, lines)]
    texts = {record["_id"]: record["text"] for record in _records(folder / "queries.jsonl")}
    judged = sorted({q.query_id for q in qrels if q.relevance > 0} & texts.keys())
    chosen = sorted(random.Random(SEED).sample(judged, sample)) if sample and sample < len(judged) else judged
    queries = {query: texts[query] for query in chosen}
    return Collection(
        name=folder.resolve().name,
        ids=tuple(p["_id"] for p in passages),
        titles=tuple(p.get("title") or "" for p in passages),
        texts=tuple(p["text"] for p in passages),
        queries=queries,
        qrels=tuple(q for q in qrels if q.query_id in queries),
        judged=len(judged),
    )


def corpus_vectors(encoder: Encoder, texts: Sequence[str], cache: Path | None, bf16: bool) -> Matrix:
    """Embed the passages, or read what an earlier run kept of the same texts and a model of the same name.

    Returns:
        Unit vectors, shape (len(texts), d).
    """
    key = hashlib.sha256(json.dumps([encoder.name, bf16, texts]).encode()).hexdigest()[:16]
    kept = cache / f"{key}.npy" if cache else None
    if kept and kept.exists():
        vectors: Matrix = np.load(kept)
        return vectors
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        vectors = encoder.encode(texts, progress("passages encoded", len(texts)))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            np.save(file, vectors)
        unfinished.replace(kept)
    return vectors


def search(collection: Collection, encoder: Encoder, vectors: Matrix, weight: float) -> dict[str, Run]:
    """Search by vectors, by words, and by both, fused with that weight of the vectors."""
    index = faiss.IndexFlatIP(encoder.dimension)
    index.add(vectors)
    cosines, nearest = index.search(encoder.encode(list(collection.queries.values())), min(DEPTH, len(vectors)))
    bm25 = BM25.build(collection.searched)
    runs: dict[str, dict[str, Rows]] = {"dense": {}, "BM25": {}, "fused": {}}
    for (query, text), dense, near in zip(collection.queries.items(), nearest, cosines, strict=True):
        scores = bm25.scores(text)
        found = np.flatnonzero(scores > 0)
        lexical = found[np.argsort(-scores[found], kind="stable")][:DEPTH]
        runs["dense"][query], runs["BM25"][query] = dense, lexical
        both = fuse((dense, near), (lexical, scores[lexical]), weight)
        runs["fused"][query] = np.array([row for row, _ in both], dtype=np.int64)
    return dict(runs)


def rerank(collection: Collection, reader: CrossEncoder, run: Run, candidates: int) -> Run:
    """Read the first passages of a run with the question, and fuse their new order with the old.

    A passage counts as its best sentence. Reciprocal ranks are added, those of the old order three times.
    """
    reranked = {}
    count = progress("queries reranked", len(run))
    for query, ranking in run.items():
        first = ranking[:candidates]
        readings = [(place, part) for place, row in enumerate(first) for part in stretches(collection, row)]
        scores = np.full(len(first), -np.inf)
        read_together = reader.score(collection.queries[query], [reading for _, reading in readings])
        for (place, _), of_sentences in zip(readings, read_together, strict=True):
            scores[place] = max(scores[place], of_sentences.max())
        reranked[query] = by_ranks([ranking, ranking, ranking, first[np.argsort(-scores, kind="stable")]])
        count(1)
    return reranked


def by_ranks(rankings: Sequence[Rows]) -> Rows:
    """Merge rankings by reciprocal rank fusion.

    Source:
        Cormack, Clarke and Buettcher, SIGIR 2009, doi:10.1145/1571941.1572114.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking.tolist(), 1):
            scores[row] = scores.get(row, 0.0) + 1 / (RRF_K + rank)
    return np.array(sorted(scores, key=lambda row: (-scores[row], row)), dtype=np.int64)


def stretches(collection: Collection, row: int) -> list[Reading]:
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


def measure(collection: Collection, run: Run) -> Measured:
    """Measure a run; a query for which nothing was found counts 0."""
    scored = [
        ir_measures.ScoredDoc(query, collection.ids[row], float(-rank))
        for query, ranking in run.items()
        for rank, row in enumerate(ranking)
    ]
    found = {(str(m.measure), m.query_id): m.value for m in ir_measures.iter_calc(MEASURES, collection.qrels, scored)}
    return {
        str(name): np.array([found.get((str(name), query), 0.0) for query in collection.queries]) for name in MEASURES
    }


def interval(differences: np.ndarray) -> tuple[float, float]:
    """Where the mean difference lies with 95 % confidence, by the bootstrap over queries (percentiles).

    Source:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    draw, n = np.random.default_rng(SEED), len(differences)
    means = [differences[draw.integers(n, size=n)].mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def table(collection: Collection, encoder: Encoder, measured: Mapping[str, Measured]) -> str:
    """Write the means of the four ways to search and two differences between them as Markdown."""
    dense, bm25, both, reranked = measured.values()
    better = {m: max(dense[m], bm25[m], key=np.mean) for m in both}
    compared = {"reranked minus fused": (reranked, both), "fused minus the better of dense and BM25": (both, better)}
    rows = [[name, *(f"{values.mean():.4f}" for values in of.values())] for name, of in measured.items()]
    for name, (one, other) in compared.items():
        rows.append([name, *(_difference(one[m] - other[m]) for m in both)])
    header = [["", *both], ["---", *["---:"] * len(both)]]
    lines = [f"| {' | '.join(row)} |" for row in [*header, *rows]]
    sampled = f" of {collection.judged:,}" if len(collection.queries) < collection.judged else ""
    title = f"### {collection.name}: {len(collection.queries):,}{sampled} queries, {len(collection.ids):,} passages"
    models = (
        f"Encoder {encoder.name}, reranker {DEFAULT_RERANKER}. Differences: mean [95 % interval], paired bootstrap."
    )
    return "\n".join([title, "", models, "", *lines, ""])


def progress(what: str, total: int) -> Callable[[int], None]:
    """Make a function that is told how many more are done, and shows it."""
    done = 0

    def count(finished: int) -> None:
        nonlocal done
        done += finished
        print(f"\r{done:,} of {total:,} {what}", end="\n" if done == total else "", file=sys.stderr, flush=True)

    return count


def _difference(differences: np.ndarray) -> str:
    low, high = interval(differences)
    return f"{differences.mean():+.4f} [{low:+.4f}, {high:+.4f}]"


def _holds_collection(folder: Path) -> bool:
    corpus = any((folder / name).is_file() for name in ("corpus.jsonl", "corpus.jsonl.gz"))
    return corpus and (folder / "queries.jsonl").is_file() and (folder / "qrels" / "dev.tsv").is_file()


def _records(path: Path) -> list[dict[str, str]]:
    packed = path.with_name(f"{path.name}.gz")
    text = path.read_text("utf-8") if path.exists() else gzip.decompress(packed.read_bytes()).decode("utf-8")
    # Not splitlines: a text may hold a line separator of its own.
    return [json.loads(line) for line in text.split("\n") if line.strip()]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AskALMSError as error:
        sys.exit(f"askalms: {error}")
