"""Query -> ranked hits: dense and lexical search over passages, fused."""

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
        Hits, best first, at most `settings.passages`. The score is from 0 to 1.
    """
    allowed = allowed_rows(index, query)
    dense = index.search(vector, settings.depth, allowed)
    lexical = _best_by_words(index, query, settings.depth, allowed)
    fused = fuse(dense, lexical, settings.dense_weight)[: settings.passages]
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


def fuse(dense: tuple[Rows, Vector], lexical: tuple[Rows, Vector], dense_weight: float) -> list[tuple[int, float]]:
    """Merge two rankings by a weighted mean of their scores, each stretched from 0 (its last row) to 1 (its first).

    Args:
        dense: Rows and their cosines, best first.
        lexical: Rows and their scores by words, best first.
        dense_weight: Weight of the first, from 0 to 1; the second has the rest.

    Returns:
        Every row that stands in any ranking, with its score, best first; ties in the order of the rows.

    Source:
        Bruch, Gai and Ingber, "An analysis of fusion functions for hybrid retrieval", 2023, doi:10.1145/3596512.

    Example:
        >>> first = np.array([7, 3]), np.array([0.9, 0.5], dtype=np.float32)
        >>> second = np.array([3, 5]), np.array([8.0, 2.0], dtype=np.float32)
        >>> fuse(first, second, dense_weight=0.25)
        [(3, 0.75), (7, 0.25), (5, 0.0)]
    """
    fused: dict[int, float] = {}
    for (rows, scores), weight in ((dense, dense_weight), (lexical, 1 - dense_weight)):
        for row, score in zip(rows.tolist(), _stretched(scores), strict=True):
            fused[row] = fused.get(row, 0.0) + weight * score
    return sorted(fused.items(), key=lambda item: (-item[1], item[0]))


def _stretched(scores: Vector) -> list[float]:
    if not len(scores):
        return []
    least, most = float(scores.min()), float(scores.max())
    return [(float(s) - least) / (most - least) if most > least else 1.0 for s in scores]


def _best_by_words(index: Index, query: Query, depth: int, allowed: Rows | None) -> tuple[Rows, Vector]:
    scores = index.bm25.scores(" ".join((query.text, *query.clinical)))
    rows = np.arange(len(scores)) if allowed is None else allowed
    rows = rows[scores[rows] > 0]
    best = rows[np.argsort(-scores[rows], kind="stable")][:depth]
    return best, scores[best]
