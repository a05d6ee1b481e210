"""Judgements -> a run: figures with their intervals, curves, and every question; written to a file and read back."""

import hashlib
import math
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from askalms.collection import MEASURES as RETRIEVAL_MEASURES
from askalms.collection import Collection, Ranking, measure
from askalms.datatypes import Document, Outcome
from askalms.errors import QuestionFileError
from askalms.evaluation import MEASURES, Judgement, errors_of, is_gold
from askalms.metrics import Bin, RiskCoverage, bootstrap, expected_calibration_error, reliability, risk_coverage
from askalms.questions import DISEASES

FORMAT = 1
"""Of a run in a file; another one is refused."""
LOOKED_UP = (Outcome.ANSWER, Outcome.NOT_FOUND)
"""Outcomes between which the threshold decides."""
SHOWN_PASSAGES = 5
"""So many of the passages found for a query are kept with it."""
SHOWN_CHARACTERS = 300
"""So much of each."""


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of a measure over the questions that count."""

    measure: str
    value: float
    low: float
    """Where the mean of such questions lies with 95 % confidence, by the bootstrap."""
    high: float
    questions: int

    @property
    def may_be_floored(self) -> bool:
        """More of it is better."""
        return self.measure in RETRIEVAL_MEASURES or MEASURES[self.measure].higher_is_better is True


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote as a run keeps it."""

    document: str
    title: str
    heading: str
    text: str
    probability: float
    gold: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A question, what came, and what it is worth: all that a report and a comparison need."""

    question_id: str
    turns: tuple[str, ...]
    category: str = ""
    topic: str = ""
    """What it is about: an id, "both", or empty where it is about none or any."""
    expect: str = ""
    also_accept: tuple[str, ...] = ()
    gold: tuple[tuple[str, str], ...] = ()
    """Document and words of what would rightly answer; of a collection: the relevant passages and their titles."""
    outcome: str = ""
    message: str = ""
    understood_as: str = ""
    quotes: tuple[Quoted, ...] = ()
    """Of a collection: the first passages that were found."""
    ranking: tuple[str, ...] = ()
    """Of a collection: ids of all passages that were found, best first."""
    errors: tuple[str, ...] = ()
    probability: float = 0.0
    best_hit: bool = False
    scores: Mapping[str, float] = field(default_factory=dict)
    """By measure; those for which the question counts."""


@dataclass(frozen=True, slots=True)
class Grade:
    """How hard a message is to read."""

    message: str
    grade: float
    """Flesch-Kincaid: years of school."""
    times: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took; the one part of it that is not the same twice."""

    seconds: float = 0.0
    median_ms: float = 0.0
    """Of an answer."""
    p95_ms: float = 0.0
    peak_megabytes: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """Judged questions and their figures, as written to a file."""

    questions: str
    """Name of the set."""
    sha256: str
    """Of the set as it was understood."""
    primary: str
    """The measure that comparisons go by."""
    system: Mapping[str, Any]
    """Program, index, models and threshold."""
    figures: tuple[Figure, ...]
    judged: tuple[Judged, ...]
    by_category: Mapping[str, tuple[Figure, ...]] = field(default_factory=dict)
    by_topic: Mapping[str, tuple[Figure, ...]] = field(default_factory=dict)
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """What was expected -> what came -> how often."""
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ids of the questions by error, the worst first."""
    curve: RiskCoverage | None = None
    """Over the questions that expect an answer or silence."""
    area: float = 0.0
    """Under that curve (AURC)."""
    reliability: tuple[Bin, ...] = ()
    calibration_error: float = 0.0
    """Expected, of the probability of the best quote (ECE)."""
    messages: tuple[Grade, ...] = ()
    ablation: Mapping[str, tuple[Figure, ...]] = field(default_factory=dict)
    """By what was left out."""
    problems: tuple[str, ...] = ()
    """What of the set was left out."""
    lost: tuple[str, ...] = ()
    """Questions of which some gold stands in no document."""
    cost: Cost = Cost()
    format: int = FORMAT

    def figure(self, name: str) -> Figure | None:
        """Give a figure over all questions; None where none counts."""
        return next((f for f in self.figures if f.measure == name), None)


def write_run(run: Run, path: Path) -> None:
    """Write a run as JSON.

    Raises:
        QuestionFileError: The file cannot be written.
    """
    write_file(path, msgspec.json.format(msgspec.json.encode(run), indent=1).decode("utf-8"))


def read_run(path: Path) -> Run:
    """Read what `write_run` wrote.

    Raises:
        QuestionFileError: It is something else, or of another version of the program.
    """
    try:
        run = msgspec.json.decode(path.read_bytes(), type=Run)
    except (OSError, ValueError) as error:
        raise QuestionFileError(
            f"{str(path)!r} is no run to compare with ({error}); make one with `askalms evaluate ... --json FILE`"
        ) from None
    if run.format != FORMAT:
        raise QuestionFileError(f"{str(path)!r} was written by another version of the program; make the run again")
    return run


def write_file(path: Path, text: str) -> None:
    """Write a file that the user named.

    Raises:
        QuestionFileError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise QuestionFileError(f"{str(path)!r} cannot be written ({error.strerror}); name another file") from None


def run_of(
    name: str,
    judgements: Sequence[Judgement],
    documents: Mapping[str, Document],
    system: Mapping[str, Any],
    problems: Sequence[str] = (),
    lost: Sequence[str] = (),
    names: Sequence[str] = (),
) -> Run:
    """Sum up judgements; what it took, and an ablation, are for the caller to add.

    Args:
        name: Of the set.
        judgements: At least one.
        documents: By id: those of the index.
        system: Says what answered.
        problems: What of the set was left out.
        lost: Questions of which some gold stands in no document.
        names: Of diseases; each counts as one short word where the grade of a message is taken.
    """
    judged = tuple(_judged(j, documents) for j in judgements)
    scores = [j.scores for j in judged]
    looked_up = [j for j in judgements if j.item.expect in LOOKED_UP]
    curve = risk_coverage([j.probability for j in looked_up], [not j.best_hit for j in looked_up])
    found = [j for j in looked_up if j.probability > 0]
    bins = reliability([j.probability for j in found], [j.best_hit for j in found])
    confusion: dict[str, Counter[str]] = defaultdict(Counter)
    for j in judged:
        confusion[j.expect][j.outcome] += 1
    return Run(
        name,
        _hash_of([(j.question_id, j.turns, j.expect, j.also_accept, j.gold) for j in judged]),
        "right",
        system,
        figures_of(scores, MEASURES),
        judged,
        _grouped(judged, lambda j: j.category),
        _grouped(judged, lambda j: j.topic),
        {o.value: dict(confusion[o.value]) for o in Outcome if o.value in confusion},
        {error.value: ids for error, ids in errors_of(judgements).items()},
        curve if looked_up else None,
        curve.area,
        bins,
        expected_calibration_error(bins),
        _graded(Counter(j.message for j in judged), names),
        problems=tuple(problems),
        lost=tuple(lost),
    )


def run_of_collection(
    collection: Collection,
    rankings: Mapping[str, Ranking],
    system: Mapping[str, Any],
) -> Run:
    """Measure the rankings of a collection's queries; what it took, and an ablation, are for the caller to add."""
    values = measure(collection, rankings)
    titles = dict(zip(collection.ids, collection.titles, strict=True))

    def passage(row: int, query: str) -> Quoted:
        text = collection.texts[row][:SHOWN_CHARACTERS]
        relevant = collection.qrels[query].get(collection.ids[row], 0) > 0
        return Quoted(collection.ids[row], collection.titles[row], "", text, 0.0, relevant)

    judged = tuple(
        Judged(
            query,
            (text,),
            gold=tuple((p, titles[p]) for p, relevance in collection.qrels[query].items() if relevance > 0),
            quotes=tuple(passage(row, query) for row in rankings[query][:SHOWN_PASSAGES].tolist()),
            ranking=tuple(collection.ids[row] for row in rankings[query].tolist()),
            scores={name: values[name][query] for name in values},
        )
        for query, text in collection.queries.items()
    )
    return Run(
        collection.name,
        _hash_of([(j.question_id, j.turns, j.gold) for j in judged]),
        RETRIEVAL_MEASURES[0],
        system,
        figures_of([j.scores for j in judged], RETRIEVAL_MEASURES),
        judged,
        problems=collection.problems,
    )


def figures_of(scores: Sequence[Mapping[str, float]], names: Iterable[str]) -> tuple[Figure, ...]:
    """Give the mean of each measure over the questions that have it; a measure that none has is left out."""
    found = []
    for name in names:
        values = [s[name] for s in scores if name in s]
        if values:
            found.append(Figure(name, sum(values) / len(values), *bootstrap(values), len(values)))
    return tuple(found)


def scores_of(judgement: Judgement) -> dict[str, float]:
    """Give the measures for which a question counts."""
    found = ((name, measure.of(judgement)) for name, measure in MEASURES.items())
    return {name: value for name, value in found if value is not None}


def cost_of(started: float, milliseconds: Sequence[float]) -> Cost:
    """Tell what a run took.

    Args:
        started: By `time.perf_counter`.
        milliseconds: Of each answer.
    """
    ordered = sorted(milliseconds) or [0.0]
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
    seconds = time.perf_counter() - started
    return Cost(round(seconds, 1), round(ordered[len(ordered) // 2], 1), round(p95, 1), _peak_megabytes())


def _judged(j: Judgement, documents: Mapping[str, Document]) -> Judged:
    item, answer = j.item, j.answer
    return Judged(
        item.question_id,
        item.turns,
        item.category,
        DISEASES[item.disease] or item.disease,
        item.expect.value if item.expect else "",
        tuple(o.value for o in item.also_accept),
        tuple((g.document, g.quote) for g in item.gold),
        answer.outcome.value,
        answer.message,
        answer.understood_as,
        tuple(
            Quoted(
                q.document,
                q.provenance.title,
                q.heading,
                q.text,
                round(q.probability, 4),
                any(is_gold(q, g, documents) for g in item.gold),
            )
            for q in answer.quotes
        ),
        (),
        tuple(e.value for e in j.errors),
        round(j.probability, 4),
        j.best_hit,
        scores_of(j),
    )


def _grouped(judged: Sequence[Judged], group: Callable[[Judged], str]) -> dict[str, tuple[Figure, ...]]:
    """Give the figures of each group; none where there is one group alone."""
    members: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    for j in judged:
        members[group(j)].append(j.scores)
    return {name: figures_of(members[name], MEASURES) for name in sorted(members)} if len(members) > 1 else {}


def _graded(messages: Mapping[str, int], names: Sequence[str]) -> tuple[Grade, ...]:
    """Tell how hard the messages are to read, the hardest first."""
    import textstat

    longest_first = sorted(filter(None, names), key=len, reverse=True)
    name = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
    graded = []
    for message, times in messages.items():
        if message:
            plain = name.sub("name", message) if longest_first else message
            graded.append(Grade(message, round(float(textstat.flesch_kincaid_grade(plain)), 1), times))
    return tuple(sorted(graded, key=lambda g: (-g.grade, g.message)))


def _hash_of(questions: object) -> str:
    return hashlib.sha256(msgspec.json.encode(questions)).hexdigest()


def _peak_megabytes() -> float:
    try:
        import resource
    except ImportError:  # Windows does not have it.
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
