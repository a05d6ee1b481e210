"""Measure how long an answer takes, and which stage takes how much of it.

    python benchmarks/latency.py [--index INDEX] [--questions N]

The stages are timed from outside, by wrapping the functions that they are made of, so they depend on the
names of some private functions of `askalms.answering`. A stage does not count what another stage
does within it.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from askalms import answering
from askalms.answering import Assistant
from askalms.corpus import load_corpus
from askalms.embedding import Encoders, load_encoders
from askalms.errors import AskALMSError
from askalms.indexing import build_index
from askalms.settings import Settings, load_settings

CORPUS = Path(__file__).parent.parent / "corpus"

WARM_UP = ("What is the ALMS1 gene for?", "My doctor spoke of ALS. Which nerves does it harm?")
QUESTIONS = (
    ("Why do the eyes of my baby not bear bright light?",),
    ("Both of us carry the gene change. How likely is it that our next child has Alström syndrome?",),
    ("What is ALMS?", "And how rare is it?"),
    ("Can the heart be affected in Alstrom syndrom?",),
    ("Which test shows whether my daughter has Alström syndrome?",),
    ("Do people with Alström syndrome get diabetes, and when?",),
    ("Is ALS handed down in families?",),
    ("What is the difference between ALMS and ALS?",),
    ("At what age do hearing problems begin in Alström syndrome?",),
    ("Which school is best for a child with Alström syndrome?",),
    ("What is the treatment of Usher syndrome?",),
    ("My son cannot breathe and his lips are blue, what shall I do?",),
)
"""Turns of conversations; the last turn is timed. Most are looked up; the last two end before that."""

STAGES = ("triage", "understanding", "encoding the question", "retrieval", "signals", "reading together", "composing")
FUNCTIONS = {
    "triage": "triage",
    "understand": "understanding",
    "is_other_language": "understanding",
    "find_mentions": "understanding",
    "retrieve": "retrieval",
    "nearest_sentences": "retrieval",
}
"""Of `askalms.answering`, and the stage of each."""
METHODS = {"_scored": "signals", "_read": "reading together", "_composed": "composing"}
"""Of the Assistant, and the stage of each."""


class Timer:
    """Adds up the time that each stage takes by itself."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._within: list[float] = []

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function so that its time counts for a stage."""

        def run(*args: Any, **kwargs: Any) -> Any:
            self._within.append(0.0)
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                elapsed = time.perf_counter() - started
                self.seconds[stage] += elapsed - self._within.pop()
                if self._within:
                    self._within[-1] += elapsed

        return run


class TimedEncoder:
    """Another encoder, timed where the Assistant calls it; triage, which has it from elsewhere, counts for itself."""

    def __init__(self, encoder: Any, timer: Timer) -> None:
        self._encoder = encoder
        self.encode = timer.timed("encoding the question", encoder.encode)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)


def main() -> None:
    """Open or build an index, ask, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--index", type=Path, help="folder of an index; one of corpus/ is built unless named")
    parser.add_argument("--questions", type=int, default=5 * len(QUESTIONS), help="how many to ask, in turn")
    args = parser.parse_args()
    settings = load_settings()
    with tempfile.TemporaryDirectory() as folder:
        index = args.index or built(Path(folder), settings)
        print(table(*asked(Assistant.open(index, settings), max(1, args.questions))))


def built(folder: Path, settings: Settings) -> Path:
    """Build an index of the corpus that comes with the program."""
    print("building an index", file=sys.stderr)
    build_index(folder, load_corpus(CORPUS, settings.corpus), load_encoders(settings.embedding), settings)
    return folder


def asked(assistant: Assistant, number: int) -> tuple[list[dict[str, float]], str]:
    """Ask questions of a warm assistant.

    Returns:
        The milliseconds of each stage and of the whole, for each question; and what was asked of what.
    """
    for question in WARM_UP:
        assistant.ask(question)
    timer = Timer()
    for name, stage in FUNCTIONS.items():
        setattr(answering, name, timer.timed(stage, getattr(answering, name)))
    for name, stage in METHODS.items():
        setattr(assistant, name, timer.timed(stage, getattr(assistant, name)))
    own = assistant._encoders
    assistant._encoders = Encoders(TimedEncoder(own.passages, timer), TimedEncoder(own.sentences, timer))
    times = []
    outcomes: Counter[str] = Counter()
    for i in range(number):
        *history, question = QUESTIONS[i % len(QUESTIONS)]
        timer.seconds.clear()
        started = time.perf_counter()
        answer = assistant.ask(question, history)
        whole = time.perf_counter() - started
        outcomes[answer.outcome.value] += 1
        rest = whole - sum(timer.seconds.values())
        seconds = {**{s: timer.seconds[s] for s in STAGES}, "the rest": rest, "the whole answer": whole}
        times.append({stage: 1000 * taken for stage, taken in seconds.items()})
    kinds = ", ".join(f"{count} {kind}" for kind, count in outcomes.most_common())
    passages, documents = len(assistant.index.passages), len(assistant.index.documents)
    return times, f"{number} questions ({kinds}) over {passages:,} passages of {documents} documents"


def table(times: Sequence[dict[str, float]], what: str) -> str:
    """Write the times as Markdown; a question that a stage was not needed for counts 0 in it."""
    total = sum(t["the whole answer"] for t in times)
    lines = [f"{what}, {os.cpu_count()} processors", ""]
    lines += ["| stage | median, ms | 90th percentile, ms | share of all time |", "| --- | ---: | ---: | ---: |"]
    for stage in times[0]:
        taken = np.array([t[stage] for t in times])
        median, late = np.percentile(taken, [50, 90])
        lines.append(f"| {stage} | {median:.1f} | {late:.1f} | {taken.sum() / total:.1%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except AskALMSError as error:
        sys.exit(f"askalms: {error}")
