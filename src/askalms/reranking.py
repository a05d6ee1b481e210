"""(Query, sentence) -> the probability that the sentence answers.

Two steps. A logistic model over a dozen signals scores every candidate: how near the sentence is to the
question by the encoder of sentences, how many of those words of the question that its heading lacks it
holds itself, and whether it is of the kind that is asked for (a number, an age, a reason). The passages
with the best candidates are then read by the cross-encoder, whose score joins the signals in a second
logistic model: that one says how probable an answer is. The weights and thresholds, one set for each
pair of models, are in `data/reranker.json`; the program that fits them is `training/fit_reranker.py`.
"""

import json
import logging
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askalms.crossencoding import CrossEncoder, load_cross_encoder
from askalms.datatypes import Matrix, Vector
from askalms.lexical import terms_of
from askalms.settings import NO_RERANKER
from askalms.words import fold

_log = logging.getLogger(__name__)

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
    "lacks_code_asked_for",
)
"""Names of the features, in the order of the columns."""

READ = "read_together"
"""Name of the feature that the second model has beside these: the score of the cross-encoder."""

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
_CODE = re.compile(r"\b(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{3,}\b")
"""A gene or the like: letters and digits in one word ("sod1")."""
_CANNOT_STAND_ALONE = re.compile(
    r"\W*(?:this|that|these|those|it|its|they|their|he|she|such|however|also|but|and|for example|in addition"
    r"|therefore|thus|other|the other|in these|in those|in this|because of (?:its|this))\b"
)


@dataclass(frozen=True)
class Candidate:
    """A sentence that may answer, with what it stands under; what is counted of it is counted once."""

    text: str
    context: str
    """Title and heading."""

    @cached_property
    def terms(self) -> frozenset[str]:
        """Stemmed terms of the sentence."""
        return frozenset(terms_of(self.text))

    @cached_property
    def context_terms(self) -> frozenset[str]:
        """Stemmed terms of title and heading."""
        return _terms_of_context(self.context)

    @cached_property
    def has(self) -> tuple[bool, ...]:
        """Whether it tells a number, a time, a reason."""
        folded = fold(self.text)
        return tuple(pattern.search(folded) is not None for pattern in (_HAS_NUMBER, _HAS_TIME, _HAS_REASON))

    @cached_property
    def codes(self) -> frozenset[str]:
        """Genes and the like that it names, its heading included."""
        return frozenset(_CODE.findall(fold(f"{self.context} {self.text}")))

    @cached_property
    def own(self) -> tuple[float, float, float]:
        """The features that do not depend on the question: from "cannot_stand_alone" to "is_question"."""
        words = math.log(max(1, len(self.text.split())))
        return float(cannot_stand_alone(self.text)), words, float(self.text.endswith("?"))


@lru_cache(maxsize=10_000)
def _terms_of_context(context: str) -> frozenset[str]:
    return frozenset(terms_of(context))


@dataclass(frozen=True)
class LogisticModel:
    """Features -> probability."""

    weights: Vector
    """Shape (number of features,)."""
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
            features: Shape (n, number of features).
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


@dataclass(frozen=True)
class Reranker:
    """What scores sentences: the signals; the cross-encoder, if there is one; and the model that its score joins."""

    signals: LogisticModel
    cross_encoder: CrossEncoder | None = None
    together: LogisticModel | None = None

    @property
    def threshold(self) -> float:
        """Least probability of an answer, as calibrated for these models."""
        return (self.together or self.signals).threshold


def load_reranker(sentence_model: str, reranker: str) -> Reranker:
    """Load the cross-encoder that the settings name, and the weights fitted for it and the encoder of sentences.

    For models that no weights were fitted for, those of the stock encoder serve, and the score of a foreign
    cross-encoder is taken for log-odds as it is; the log says so.

    Args:
        sentence_model: Name of the encoder of sentences.
        reranker: Name of the cross-encoder, or "none".

    Raises:
        ModelError: The cross-encoder cannot be loaded.
        ValueError: reranker.json was made for other features.
    """
    fitted = calibrations()
    without = fitted.get((sentence_model, NO_RERANKER))
    if without is None:
        _log.warning(
            "the threshold was not fitted for the encoder %r; set answering.threshold yourself", sentence_model
        )
        without = next(record for (_, name), record in fitted.items() if name == NO_RERANKER)
    signals = _model(without, FEATURES)
    if reranker == NO_RERANKER:
        return Reranker(signals)
    record = fitted.get((sentence_model, reranker))
    if record is not None:
        return Reranker(signals, load_cross_encoder(reranker), _model(record, (*FEATURES, READ)))
    _log.warning("no weights were fitted for %r with %r; set answering.threshold yourself", reranker, sentence_model)
    alone = np.array([0.0] * len(FEATURES) + [1.0], dtype=np.float32)
    return Reranker(signals, load_cross_encoder(reranker), LogisticModel(alone, 0.0, 0.5))


@cache
def calibrations() -> dict[tuple[str, str], dict[str, Any]]:
    """Read what was fitted, by the names of the encoder of sentences and of the cross-encoder."""
    records = json.loads((files("askalms") / "data" / "reranker.json").read_text("utf-8"))
    return {(record["sentence_model"], record["reranker"]): record for record in records}


def published(sentence_model: str, reranker: str) -> dict[str, Any]:
    """Give the threshold of silence and what it was measured to do, for the manifest of an index.

    Args:
        sentence_model: Name of the encoder of sentences.
        reranker: Name of the cross-encoder, or "none".

    Returns:
        Empty if nothing was fitted for these models.
    """
    record = calibrations().get((sentence_model, reranker), {})
    return {k: record[k] for k in ("sentence_model", "reranker", "threshold", "cross_validated") if k in record}


def _model(record: Mapping[str, Any], features: tuple[str, ...]) -> LogisticModel:
    if tuple(record["weights"]) != features:
        raise ValueError("reranker.json was fitted for other features; run training/fit_reranker.py")
    weights = np.array(list(record["weights"].values()), dtype=np.float32)
    return LogisticModel(weights, float(record["bias"]), float(record["threshold"]))


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
    codes = set(_CODE.findall(asked))
    cosines = vectors @ query_vector
    rows = []
    for cosine, candidate in zip(cosines.tolist(), candidates, strict=True):
        beyond = {t: w for t, w in weights.items() if t not in candidate.context_terms}
        row = [cosine, _share(beyond, candidate.terms, nothing=0.5)]
        for asks, has in zip(kinds, candidate.has, strict=True):
            row += [float(asks and has), float(asks and not has)]
        row += [*candidate.own, sum(beyond.values()) / (sum(weights.values()) or 1.0)]
        row.append(float(bool(codes) and not codes & candidate.codes))
        rows.append(row)
    return np.array(rows, dtype=np.float32).reshape(len(candidates), len(FEATURES))


def _share(weights: Mapping[str, float], terms: frozenset[str], nothing: float = 0.0) -> float:
    total = sum(weights.values())
    return sum(w for t, w in weights.items() if t in terms) / total if total else nothing
