"""Query -> ranked hits: dense and lexical search over passages, fused by rank."""

from collections.abc import Sequence

import numpy as np

from askalms.datatypes import Hit, Query, Rows, Vector
from askalms.index import Index
from askalms.settings import RetrievalSettings


def retrieve(index: Index, query: Query, vector: Vector, settings: RetrievalSettings) -> list[Hit]:
    """Find the passages that fit a query best, among those about its topics.

    Args:
        index: What to search.
        query: Its text is searched by words; its topics, if any, say which documents may be found.
        vector: Embedding of the query's text, shape (d,), unit length.
        settings: How many.

    Returns:
        Hits, best first, at most `settings.passages`. The score is that of reciprocal rank fusion.
    """
    allowed = allowed_rows(index, query)
    dense, _ = index.search(vector, settings.depth, allowed)
    lexical = _best_by_words(index, query, settings.depth, allowed)
    fused = fuse([dense, lexical], settings.rrf_k)[: settings.passages]
    return [Hit(index.passages[row], score, rank) for rank, (row, score) in enumerate(fused, 1)]


def nearest_sentences(index: Index, query: Query, vector: Vector, k: int) -> Rows:
    """Find the sentences nearest to a query, whatever passage they stand in.

    Args:
        index: What to search.
        query: Its topics, if any, say which documents may be found.
        vector: Embedding of its text by the encoder of sentences, shape (d,), unit length.
        k: How many at most.

    Returns:
        Rows of sentences, nearest first.
    """
    if not query.topics:
        cosines = index.sentence_vectors @ vector
        return np.argsort(-cosines, kind="stable")[:k]
    found = [index.sentences_of_topic.get(t, np.zeros(0, dtype=np.int64)) for t in query.topics]
    rows = np.unique(np.concatenate(found))
    return rows[np.argsort(-(index.sentence_vectors[rows] @ vector), kind="stable")[:k]]


def allowed_rows(index: Index, query: Query) -> Rows | None:
    """Rows of the passages about the query's topics; None where it has none, so all are allowed."""
    if not query.topics:
        return None
    found = [index.passages_of_topic.get(t, np.zeros(0, dtype=np.int64)) for t in query.topics]
    return np.unique(np.concatenate(found))


def fuse(rankings: Sequence[Rows], k: float) -> list[tuple[int, float]]:
    """Merge rankings by reciprocal rank fusion.

    Args:
        rankings: Rows, best first; a row stands at most once in each.
        k: Constant added to every rank.

    Returns:
        Every row that stands in any ranking, with its fused score, best first; ties in the order of
        the rows.

    Source:
        Cormack, Clarke and Buettcher, SIGIR 2009, doi:10.1145/1571941.1572114.

    Example:
        >>> [row for row, _ in fuse([np.array([7, 3]), np.array([3, 5])], k=60)]
        [3, 7, 5]
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking.tolist(), 1):
            scores[row] = scores.get(row, 0.0) + 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _best_by_words(index: Index, query: Query, depth: int, allowed: Rows | None) -> Rows:
    scores = index.bm25.scores(" ".join((query.text, *query.clinical)))
    rows = np.arange(len(scores)) if allowed is None else allowed
    rows = rows[scores[rows] > 0]
    return rows[np.argsort(-scores[rows], kind="stable")][:depth]
