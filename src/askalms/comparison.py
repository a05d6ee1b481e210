"""Two runs of the same questions -> what got better, what got worse, and whether that may be chance."""

from collections.abc import Sequence
from dataclasses import dataclass

from askalms.errors import QuestionFileError
from askalms.evaluation import MEASURES, SERIOUS
from askalms.metrics import randomisation_test
from askalms.runs import Judged, Run


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure in both runs, over the questions that count in both."""

    measure: str
    before: float
    after: float
    p_value: float
    """How probable so large a difference is by chance alone: paired randomisation test, two-sided."""
    questions: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run beside an earlier one."""

    measure: str
    """The one that decides what is better."""
    paired: int
    """Questions that both runs have, in the same words."""
    better: tuple[str, ...]
    """Ids, in the order of the run."""
    worse: tuple[str, ...]
    new_errors: tuple[tuple[str, str], ...]
    """Question and serious error that the earlier run did not have."""
    differences: tuple[Difference, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    @property
    def is_worse(self) -> bool:
        """A question that was right is not any more, or a serious error is new; of a collection, the mean fell."""
        fell = any(d.measure == self.measure and d.after < d.before for d in self.differences)
        return fell or bool(self.new_errors) or (self.measure in MEASURES and bool(self.worse))


def compare(before: Run, after: Run) -> Comparison:
    """Set two runs side by side, question by question.

    Raises:
        QuestionFileError: They have no question in common, or were measured otherwise.
    """
    if before.primary != after.primary:
        raise QuestionFileError(f"one run is measured by {before.primary}, the other by {after.primary}")
    earlier = {j.question_id: j for j in before.judged}
    pairs = [(earlier[j.question_id], j) for j in after.judged if _is_same(earlier.get(j.question_id), j)]
    if not pairs:
        raise QuestionFileError(f"{before.questions!r} and {after.questions!r} have no question in common")
    shared = {j.question_id for _, j in pairs}
    serious = {error.value for error in SERIOUS}
    moved = [(j.question_id, j.scores[after.primary] - e.scores[after.primary]) for e, j in pairs]
    return Comparison(
        after.primary,
        len(pairs),
        tuple(name for name, change in moved if change > 0),
        tuple(name for name, change in moved if change < 0),
        tuple((j.question_id, e) for old, j in pairs for e in j.errors if e in serious and e not in old.errors),
        tuple(d for figure in after.figures if (d := _difference(figure.measure, pairs))),
        tuple(j.question_id for j in before.judged if j.question_id not in shared),
        tuple(j.question_id for j in after.judged if j.question_id not in shared),
    )


def _is_same(one: Judged | None, other: Judged) -> bool:
    return one is not None and one.turns == other.turns


def _difference(measure: str, pairs: Sequence[tuple[Judged, Judged]]) -> Difference | None:
    values = [(a.scores[measure], b.scores[measure]) for a, b in pairs if measure in a.scores and measure in b.scores]
    if not values:
        return None
    n = len(values)
    p_value = randomisation_test([b - a for a, b in values])
    return Difference(measure, sum(a for a, _ in values) / n, sum(b for _, b in values) / n, p_value, n)
