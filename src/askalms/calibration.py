"""Judged questions -> the threshold of silence for a stated rate of error, by cross-validation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import tomlkit
from tomlkit.exceptions import TOMLKitError

from askalms.datatypes import Outcome
from askalms.errors import QuestionFileError, SettingsError
from askalms.evaluation import Judgement
from askalms.metrics import SEED, RiskCoverage, bootstrap, risk_coverage
from askalms.runs import LOOKED_UP

FOLDS = 5
ERRORS_TO_SEE = 3
"""A set in which the stated rate means fewer wrong answers than this cannot tell it from a lower one."""
FEWEST = 50
"""Questions that expect an answer, and least of all that are looked up."""
FEWEST_UNSAID = 10
"""Questions to which the documents hold no answer: without them silence is never tried."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A threshold, and what it does to questions that it was not fitted to."""

    threshold: float
    """Of all questions."""
    by_fold: tuple[float, ...]
    """Of all questions but one part, which it was tried on."""
    error_rate: float
    """Share of the held-back answers that are wrong."""
    error_interval: tuple[float, float]
    """95 %, bootstrap."""
    coverage: float
    """Share of the held-back questions that are answered."""
    questions: int
    curve: RiskCoverage


def calibrate(judgements: Sequence[Judgement], error_rate: float) -> Calibration:
    """Find the lowest threshold at which at most a stated share of the answers is wrong.

    Wrong is an answer whose most probable quote is not gold; so is every answer to what the documents do not say.
    Questions that ask for anything else than an answer or silence do not count.

    Args:
        judgements: Of answers, and of what was withheld where there was silence.
        error_rate: Largest share of wrong answers, above 0 and below 1.

    Raises:
        QuestionFileError: There are too few questions for that rate, or no threshold reaches it.
    """
    tried = [j for j in judgements if j.item.expect in LOOKED_UP]
    pairs = [(j.probability, not j.best_hit) for j in tried]
    unsaid = sum(j.item.expect is Outcome.NOT_FOUND for j in tried)
    needed = max(FEWEST, round(ERRORS_TO_SEE / error_rate))
    if len(tried) - unsaid < needed or unsaid < FEWEST_UNSAID:
        raise QuestionFileError(
            f"the set holds {len(tried) - unsaid} questions that expect an answer and {unsaid} that expect silence; "
            f"for an error rate of {error_rate:g} it takes {needed} and {FEWEST_UNSAID}; add questions, or allow more"
        )
    order = list(range(len(pairs)))
    Random(SEED).shuffle(order)
    by_fold, answered = [], []
    for fold in range(FOLDS):
        held_back = set(order[fold::FOLDS])
        threshold = _lowest([pairs[i] for i in order if i not in held_back], error_rate)
        by_fold.append(threshold)
        answered += [wrong for probability, wrong in (pairs[i] for i in sorted(held_back)) if probability >= threshold]
    threshold = _lowest(pairs, error_rate)
    values = [float(wrong) for wrong in answered]
    return Calibration(
        threshold,
        tuple(by_fold),
        sum(values) / len(values) if values else 0.0,
        bootstrap(values) if values else (0.0, 0.0),
        len(values) / len(pairs),
        len(pairs),
        risk_coverage([p for p, _ in pairs], [wrong for _, wrong in pairs]),
    )


def write_threshold(calibration: Calibration, path: Path, questions: str) -> None:
    """Write the threshold to a settings file, with the curve in comments; all else in the file stays.

    Args:
        calibration: What was fitted.
        path: The settings file; made if it is missing.
        questions: Name of the set, for the comment.

    Raises:
        SettingsError: The file cannot be read or written.
    """
    try:
        whole = tomlkit.parse(path.read_text("utf-8-sig")) if path.exists() else tomlkit.document()
        table = whole.get("answering")
        if table is None:
            table = tomlkit.table()
            whole["answering"] = table
        value = tomlkit.item(round(calibration.threshold, 4))
        value.comment(told(calibration, questions))
        table["threshold"] = value
        unfinished = path.with_name(f"{path.name}.unfinished")
        unfinished.write_text(tomlkit.dumps(whole), "utf-8")
        unfinished.replace(path)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(f"the threshold cannot be written to {str(path)!r} ({error})") from None


def told(calibration: Calibration, questions: str) -> str:
    """Say on one line what the threshold does, with some points of the curve."""
    low, high = calibration.error_interval
    points = ", ".join(
        f"{threshold:.2f}: {coverage:.2f} answered, {risk:.2f} wrong"
        for threshold, coverage, risk in some_points(calibration.curve)
    )
    return (
        f"fitted to {calibration.questions} questions of {questions}; cross-validated: {calibration.coverage:.2f} "
        f"answered, {calibration.error_rate:.2f} of these wrong [{low:.2f}, {high:.2f}]; curve: {points}"
    )


def some_points(curve: RiskCoverage, steps: int = 10) -> list[tuple[float, float, float]]:
    """Give threshold, coverage and risk where coverage passes each tenth."""
    points = list(zip(curve.thresholds, curve.coverage, curve.risk, strict=True))
    passed = (next((p for p in points if p[1] >= step / steps), None) for step in range(1, steps + 1))
    return list(dict.fromkeys(p for p in passed if p))


def _lowest(pairs: Sequence[tuple[float, bool]], error_rate: float) -> float:
    curve = risk_coverage([p for p, _ in pairs], [wrong for _, wrong in pairs])
    kept = [
        threshold
        for threshold, risk in zip(curve.thresholds, curve.risk, strict=True)
        if risk <= error_rate and threshold > 0
    ]
    if not kept:
        least = min(curve.risk)
        raise QuestionFileError(
            f"at no threshold are at most {error_rate:g} of the answers wrong; the lowest share is {least:.3f}"
        )
    # Rounded down as it is written, so that the answers it was fitted to stay.
    return int(min(kept) * 10_000) / 10_000
