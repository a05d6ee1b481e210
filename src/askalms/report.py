"""A run as one HTML file that opens anywhere: figures first, then every question, the serious errors before all.

It needs no network and no script; where script runs, the questions can be filtered. Plots are SVG beside the tables
that hold their numbers.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from askalms.calibration import some_points
from askalms.comparison import Comparison
from askalms.evaluation import MEASURES, SERIOUS
from askalms.metrics import Bin
from askalms.runs import Figure, Judged, Run, write_file
from askalms.texts import templates

WIDTH, HEIGHT, MARGIN = 420, 300, 56
"""Of a plot, in its own units."""
SERIOUS_NAMES = frozenset(error.value for error in SERIOUS)
_MAIN = ("right", "outcome", "hit", "first_quote")
"""Measures of the tables by category and by topic."""


def write_report(run: Run, path: Path, comparison: Comparison | None = None) -> None:
    """Write the report of a run.

    Raises:
        QuestionFileError: The file cannot be written.
    """
    write_file(path, to_html(run, comparison))


def to_html(run: Run, comparison: Comparison | None = None) -> str:
    """Write a run as a page of HTML.

    Args:
        run: What to show.
        comparison: With an earlier run, if there is one.
    """
    graded: dict[str, list[Judged]] = {"serious": [], "wrong": [], "right": []}
    for judged in run.judged:
        graded[grade_of(judged, run.primary)].append(judged)
    ordered = [judged for group in graded.values() for judged in group]
    return (
        _environment()
        .get_template("report.html")
        .render(
            run=run,
            comparison=comparison,
            graded=graded,
            number={judged.question_id: number for number, judged in enumerate(ordered, 1)},
            outcomes=sorted({came for row in run.confusion.values() for came in row}),
            risk_plot=_risk_plot(run) if run.curve else "",
            points=some_points(run.curve) if run.curve else [],
            reliability_plot=_reliability_plot(run.reliability) if run.reliability else "",
            main=_MAIN,
        )
    )


def to_lines(run: Run) -> list[str]:
    """Sum a run up for a terminal, in ten lines at most."""
    wanted = ("right", "outcome", "hit", "first_quote", "urgent_told", "false_alarms", "answered_unsaid", "kept_silent")
    shown = [f for f in run.figures if f.measure in wanted or f.measure not in MEASURES]
    lines = [f"{title_of(f.measure)}: {with_interval(f)}, {f.questions} questions" for f in shown[:7]]
    serious = {error: ids for error, ids in run.errors.items() if error in SERIOUS_NAMES}
    if run.confusion:
        told = "; ".join(f"{error}: {', '.join(ids)}" for error, ids in serious.items())
        lines.append(f"Serious errors: {told or 'none'}")
        lines.append(f"AURC {run.area:.3f}; expected calibration error {run.calibration_error:.3f}")
    cost = run.cost
    paced = f"an answer takes {cost.median_ms:.0f} ms (median), {cost.p95_ms:.0f} ms (95 %); " if cost.median_ms else ""
    lines.append(f"{cost.seconds:.0f} s; {paced}{cost.peak_megabytes:.0f} MB of memory")
    return lines


def grade_of(judged: Judged, primary: str) -> str:
    """Say how bad a question went: "serious", "wrong" or "right"; of a collection, wrong is that nothing was found."""
    if SERIOUS_NAMES & set(judged.errors):
        return "serious"
    return "right" if judged.scores[primary] > 0 else "wrong"


def title_of(measure: str) -> str:
    """Give the title of a measure; those of collections are called as in papers."""
    return MEASURES[measure].title if measure in MEASURES else measure


def with_interval(figure: Figure) -> str:
    """Write a figure with its interval: "0.786 [0.734, 0.837]", to 4 digits for a collection, as papers do."""
    digits = 1 if figure.measure == "quoted_words" else 3 if figure.measure in MEASURES else 4
    value, low, high = (f"{number:.{digits}f}" for number in (figure.value, figure.low, figure.high))
    return f"{value} [{low}, {high}]"


def _risk_plot(run: Run) -> Markup:
    """Draw what is risked by answering more, and where the threshold stands."""
    assert run.curve
    corners = list(zip(run.curve.coverage, run.curve.risk, strict=True))
    least = float(run.system.get("threshold", 0.0))
    answered = [i for i, threshold in enumerate(run.curve.thresholds) if threshold >= least]
    mark = corners[answered[-1]] if answered else None
    drawn = _path(corners) + (_dot(*mark) if mark else "")
    said = f"Risk by coverage; the area under the curve is {run.area:.3f}."
    if mark:
        said += f" At the threshold of {least:.2f}, {mark[0]:.0%} are answered, and {mark[1]:.0%} of these wrong."
    return _plot("risk", said, "Share of questions answered", "Share of answers wrong", drawn)


def _reliability_plot(bins: Sequence[Bin]) -> Markup:
    """Draw how often quotes answer beside how probable they were said to."""
    drawn = _path([(0.0, 0.0), (1.0, 1.0)], "even") + _path([(b.mean_probability, b.share_right) for b in bins])
    drawn += "".join(_dot(b.mean_probability, b.share_right) for b in bins)
    said = "Reliability: how often the best quote answers beside its probability; on the dashed line both are the same."
    return _plot("reliability", said, "Probability", "Share that answers", drawn)


def _plot(name: str, said: str, across: str, up: str, drawn: str) -> Markup:
    """Put axes from 0 to 1 around a drawing, and a text in its place for who cannot see it."""
    ticks = ""
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _place(tick, tick)
        ticks += f'<line class="grid" x1="{x}" y1="{_place(0, 0)[1]}" x2="{x}" y2="{_place(0, 1)[1]}"/>'
        ticks += f'<line class="grid" x1="{_place(0, 0)[0]}" y1="{y}" x2="{_place(1, 0)[0]}" y2="{y}"/>'
        ticks += f'<text x="{x}" y="{HEIGHT - MARGIN + 16}" text-anchor="middle">{tick:g}</text>'
        ticks += f'<text x="{MARGIN - 6}" y="{y + 4}" text-anchor="end">{tick:g}</text>'
    return Markup(
        f'<svg role="img" aria-labelledby="{name}-title" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<title id="{name}-title">{said}</title>{ticks}'
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">{across}</text>'
        f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">{up}</text>{drawn}</svg>'
    )


def _path(corners: Sequence[tuple[float, float]], kind: str = "curve") -> str:
    places = " ".join(f"{x},{y}" for x, y in (_place(*corner) for corner in corners))
    return f'<polyline class="{kind}" points="{places}"/>'


def _dot(x: float, y: float) -> str:
    at = _place(x, y)
    return f'<circle class="dot" cx="{at[0]}" cy="{at[1]}" r="5"/>'


def _place(x: float, y: float) -> tuple[float, float]:
    """Where a point of the unit square lies in the plot."""
    across, up = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    return round(MARGIN + x * across, 1), round(HEIGHT - MARGIN - y * up, 1)


@cache
def _environment() -> Environment:
    environment = templates()
    environment.filters |= {"title_of": title_of, "with_interval": with_interval}
    environment.globals |= {"measures": MEASURES, "serious_names": SERIOUS_NAMES}
    return environment
