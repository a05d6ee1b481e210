"""(Query, sentence) -> the probability that the sentence answers.

A logistic model over a dozen signals: how near the sentence is to the question by the encoder of
sentences, how many of those words of the question that its heading lacks it holds itself, and
whether it is of the kind that is asked for (a number, an age, a reason). The weights are in
`data/reranker.json`; the program that fits them is `training/fit_reranker.py`. What stands under a
heading that asks the very question is preferred.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from askalms.datatypes import Matrix, Vector
from askalms.lexical import terms_of
from askalms.words import fold

FEATURES = (
    "cosine",
    "overlap_beyond_heading",
    "asks_number_has_it",
    "asks_number_lacks_it",
    "asks_time_has_it",
    "asks_time_lacks_it",
    "asks_reason_has_it",
    "asks_reason_lacks_it",
    "cannot_stand_alone",
    "log_words",
    "is_question",
    "query_share_beyond_heading",
)
"""Names of the features, in the order of the columns."""

ASKS_THE_SAME = 0.85
"""A heading at least this near to the question (cosine) asks it: the page itself offers what follows as the answer."""

ANSWERS_FIRST, ANSWERS_LATER = 20.0, 10.0
"""Added to the log-odds of the first sentence under such a heading, and of the others, per unit of nearness beyond."""

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|often|common|likely|rare|big|long|high)\b|\bchances?\b|\bodds\b|\brisk\b|\bpercent"
    r"|\bprevalence|\bfrequency\b|\bproportion\b|\bshare\b"
)
_ASKS_TIME = re.compile(r"\bwhen\b|\bwhat age\b|\bhow old\b|\bhow (?:long|soon)\b|\bage\b|\bonset\b|\bstart|\bbegin")
_ASKS_REASON = re.compile(r"\bwhy\b|\bcause[sd]?\b|\bhow come\b|\bwhat makes\b|\breasons?\b|\bdue\b")
_HAS_NUMBER = re.compile(
    r"\b\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|half|percent|hundred|thousand|million|rare|common)\b"
)
_HAS_TIME = re.compile(
    r"\bage[sd]?\b|\byears?\b|\bmonths?\b|\bweeks?\b|\bbirth\b|\bchildhood\b|\binfan|\badult|\badolescen|\bteen|\bdecade"
    r"|\bearly\b|\blater?\b|\bbegin|\bonset\b|\bpuberty\b|\bnewborn"
)
_HAS_REASON = re.compile(r"\bbecause\b|\bcause[sd]?\b|\bdue\b|\bresult|\blead(?:s|ing)?\b|\breasons?\b|\bwhy\b")
_CANNOT_STAND_ALONE = re.compile(
    r"\W*(?:this|that|these|those|it|its|they|their|he|she|such|however|also|but|and|for example|in addition"
    r"|therefore|thus|other|the other|in these|in those|in this|because of (?:its|this))\b"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, with what it stands under."""

    text: str
    context: str
    """Title and heading."""


@dataclass(frozen=True)
class Reranker:
    """Weights of the logistic model."""

    weights: Vector
    """Shape (len(FEATURES),)."""
    bias: float
    threshold: float
    """Least probability of an answer, as calibrated."""

    def probabilities(
        self,
        features: NDArray[np.float32],
        heading_cosines: Vector | None = None,
        opens: NDArray[np.bool_] | None = None,
    ) -> Vector:
        """Turn features into probabilities.

        Args:
            features: From `sentence_features`, shape (n, len(FEATURES)).
            heading_cosines: How near each sentence's heading is to the question, shape (n,).
            opens: Whether each sentence is the first under its heading, shape (n,).

        Returns:
            Shape (n,), from 0 to 1.
        """
        logits: Vector = features @ self.weights + np.float32(self.bias)
        if heading_cosines is not None and opens is not None:
            beyond = np.maximum(0, heading_cosines - ASKS_THE_SAME)
            logits = logits + np.where(opens, ANSWERS_FIRST, ANSWERS_LATER) * beyond
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)


@cache
def load_reranker() -> Reranker:
    """Read the weights that come with the program.

    Raises:
        ValueError: The file was made for other features.
    """
    data = json.loads((files("askalms") / "data" / "reranker.json").read_text("utf-8"))
    if tuple(data["weights"]) != FEATURES:
        raise ValueError("reranker.json was fitted for other features; run training/fit_reranker.py")
    return Reranker(
        np.array(list(data["weights"].values()), dtype=np.float32), float(data["bias"]), float(data["threshold"])
    )


def cannot_stand_alone(sentence: str) -> bool:
    """Tell whether a sentence opens with a word that points to the one before it.

    Example:
        >>> cannot_stand_alone("This situation is rare."), cannot_stand_alone("ALS is rare.")
        (True, False)
    """
    return bool(_CANNOT_STAND_ALONE.match(fold(sentence)))


def sentence_features(
    query: str,
    query_vector: Vector,
    candidates: Sequence[Candidate],
    vectors: Matrix,
    rarity: Mapping[str, float],
) -> NDArray[np.float32]:
    """Measure how candidates fit a query.

    Args:
        query: The query's text.
        query_vector: Its embedding, shape (d,), unit length.
        candidates: Sentences.
        vectors: Embedding of each with its title and heading, shape (n, d), unit length.
        rarity: Weight of each stemmed term: higher for rarer ones; 0 for a term not in it.

    Returns:
        Shape (n, len(FEATURES)).
    """
    asked = fold(query)
    kinds = [(p.search(asked) is not None) for p in (_ASKS_NUMBER, _ASKS_TIME, _ASKS_REASON)]
    unknown = max(rarity.values(), default=1.0)
    weights = {t: rarity.get(t, unknown) for t in terms_of(query)}
    cosines = vectors @ query_vector
    rows = []
    for i, candidate in enumerate(candidates):
        own = set(terms_of(candidate.text))
        heading = set(terms_of(candidate.context))
        beyond = {t: w for t, w in weights.items() if t not in heading}
        folded = fold(candidate.text)
        row = [
            float(cosines[i]),
            _share(beyond, own, nothing=0.5),
        ]
        for asks, pattern in zip(kinds, (_HAS_NUMBER, _HAS_TIME, _HAS_REASON), strict=True):
            has = pattern.search(folded) is not None
            row += [float(asks and has), float(asks and not has)]
        row += [
            float(cannot_stand_alone(candidate.text)),
            math.log(max(1, len(candidate.text.split()))),
            float(candidate.text.endswith("?")),
            sum(beyond.values()) / (sum(weights.values()) or 1.0),
        ]
        rows.append(row)
    return np.array(rows, dtype=np.float32).reshape(len(candidates), len(FEATURES))


def _share(weights: Mapping[str, float], terms: set[str], nothing: float = 0.0) -> float:
    total = sum(weights.values())
    return sum(w for t, w in weights.items() if t in terms) / total if total else nothing
