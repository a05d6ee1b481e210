"""Pure functions: what a quote is worth beside the spans that would answer, and how sure one may be of a figure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askalms.datatypes import Span

RESAMPLES = 2000
SEED = 1959
"""Chance begins here each time, so that a figure is the same twice in a row."""

_TOKEN = re.compile(r"\w+")


def tokens_at(text: str, span: Span) -> set[int]:
    """Positions of the word tokens that start inside a span."""
    return {m.start() for m in _TOKEN.finditer(text, span.start, span.end)}


def token_count(text: str) -> int:
    """How many word tokens a text has."""
    return len(_TOKEN.findall(text))


def occurrences(part: str, text: str) -> Iterator[Span]:
    """Every place where the words stand in a text, overlapping ones included."""
    at = text.find(part) if part else -1
    while at >= 0:
        yield Span(at, at + len(part))
        at = text.find(part, at + 1)


def places_of_words(part: str, text: str) -> Iterator[Span]:
    r"""Every place where the words stand in a text, whatever white space is between them.

    Example:
        >>> list(places_of_words("is rare", "It is\nrare."))
        [Span(start=3, end=10)]
    """
    words = part.split()
    if words:
        for found in re.finditer(r"\s+".join(map(re.escape, words)), text):
            yield Span(*found.span())


def hits(quote: str, gold: str, text: str) -> bool:
    """Tell whether a quote covers at least half of the gold span's tokens, by position, anywhere in a text.

    Example:
        >>> page = "It is rare. It is old."
        >>> hits("It is rare.", "rare", page), hits("It is old.", "It is rare", page)
        (True, False)
    """
    quoted = list(occurrences(quote, text))
    return any(covers(q, g, text) for g in occurrences(gold, text) for q in quoted)


def covers(quote: Span, gold: Span, text: str) -> bool:
    """Tell whether one stretch of a text covers at least half of the tokens of another.

    Example:
        >>> covers(Span(3, 15), Span(6, 18), "It is not rare. It is old.")
        True
    """
    wanted = tokens_at(text, gold)
    return 2 * len(wanted & tokens_at(text, quote)) >= len(wanted)


def bootstrap(values: Sequence[float], resamples: int = RESAMPLES) -> tuple[float, float]:
    """Tell where the mean lies with 95 % confidence, by the bootstrap over questions (percentiles).

    Where all values are the same, so are both ends: a handful of questions that all went well proves little.

    Args:
        values: One for each question; at least one.
        resamples: How often so many questions are drawn anew.

    Source:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    drawn, n = np.random.default_rng(SEED), len(values)
    array = np.asarray(values, dtype=np.float64)
    means = array[drawn.integers(n, size=(resamples, n))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def randomisation_test(differences: Sequence[float], resamples: int = 10_000) -> float:
    """Tell how probable a mean difference as large as this one is, if it were chance which of the two is better.

    Each question's difference gets a random sign.

    Args:
        differences: Of the two systems on the same question.
        resamples: How often the signs are drawn.

    Returns:
        The two-sided p value, above 0; 1 where nothing differs.

    Source:
        Smucker, Allan and Carterette, CIKM 2007, doi:10.1145/1321440.1321528.
    """
    moved = np.asarray([d for d in differences if d], dtype=np.float64)
    if not len(moved):
        return 1.0
    drawn = np.random.default_rng(SEED)
    observed = abs(moved.sum()) - 1e-9
    as_large = sum(
        abs((moved * drawn.choice((-1.0, 1.0), size=len(moved))).sum()) >= observed for _ in range(resamples)
    )
    return float((as_large + 1) / (resamples + 1))


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """What is risked by answering more: points by falling threshold."""

    thresholds: tuple[float, ...]
    coverage: tuple[float, ...]
    """Share of the questions that are answered at each threshold."""
    risk: tuple[float, ...]
    """Share of those answered that are answered wrong."""

    @property
    def area(self) -> float:
        """The area under the curve (AURC): the mean risk over all coverages; lower is better, 0 without questions."""
        widths = np.diff(np.concatenate([[0.0], self.coverage]))
        return float(widths @ np.asarray(self.risk, dtype=np.float64)) if self.risk else 0.0


def risk_coverage(confidences: Sequence[float], wrong: Sequence[bool]) -> RiskCoverage:
    """Draw the curve of a system that answers where it is sure enough; equally sure answers stand or fall together.

    Args:
        confidences: Of the answer to each question, from 0 to 1.
        wrong: Whether each answer would be wrong.

    Source:
        Geifman and El-Yaniv, NeurIPS 2017, arXiv:1705.08500.

    Example:
        >>> risk_coverage([0.9, 0.2, 0.2, 0.6], [False, True, False, True])
        RiskCoverage(thresholds=(0.9, 0.6, 0.2), coverage=(0.25, 0.5, 1.0), risk=(0.0, 0.5, 0.5))
    """
    order = np.argsort(-np.asarray(confidences, dtype=np.float64), kind="stable")
    sure = np.asarray(confidences, dtype=np.float64)[order]
    errors = np.cumsum(np.asarray(wrong, dtype=np.float64)[order])
    last = [i for i in range(len(sure)) if i + 1 == len(sure) or sure[i + 1] != sure[i]]
    return RiskCoverage(
        tuple(float(sure[i]) for i in last),
        tuple((i + 1) / len(sure) for i in last),
        tuple(float(errors[i]) / (i + 1) for i in last),
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same probability."""

    low: float
    high: float
    count: int
    mean_probability: float
    share_right: float


def reliability(probabilities: Sequence[float], right: Sequence[bool], bins: int = 10) -> tuple[Bin, ...]:
    """Set probabilities beside what came true, in bins of the same width; empty bins are left out."""
    said = np.asarray(probabilities, dtype=np.float64)
    came = np.asarray(right, dtype=np.float64)
    places: NDArray[np.int64] = np.minimum((said * bins).astype(np.int64), bins - 1)
    found = []
    for place in range(bins):
        inside = places == place
        if inside.any():
            means = float(said[inside].mean()), float(came[inside].mean())
            found.append(Bin(place / bins, (place + 1) / bins, int(inside.sum()), *means))
    return tuple(found)


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Give the mean distance between what was said and what came true, weighted by how often; 0 without answers.

    Source:
        Guo et al., ICML 2017, arXiv:1706.04599.

    Example:
        >>> bins = reliability([0.95, 0.85, 0.15, 0.05], [True, True, False, True])
        >>> round(expected_calibration_error(bins), 4)  # (0.05 + 0.15 + 0.15 + 0.95) / 4
        0.325
    """
    total = sum(b.count for b in bins)
    return sum(b.count * abs(b.mean_probability - b.share_right) for b in bins) / total if total else 0.0
