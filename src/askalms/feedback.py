"""What visitors think of an answer, kept on this machine if the operator wants it; and a set of questions made of it.

A line holds the question, which words were quoted, the verdict and a comment: nothing about the person, not even the
time. Questions that tell who somebody is are not kept.
"""

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from askalms.datatypes import Answer, Document, Outcome
from askalms.errors import QuestionFileError
from askalms.personal_data import personal_data

LONGEST_COMMENT = 1000
"""Characters; the rest is cut off."""
CATEGORY = "feedback"

_log = logging.getLogger(__name__)
_writing = threading.Lock()


class Verdict(StrEnum):
    """What a visitor thinks of an answer."""

    HELPED = "helped"
    DID_NOT_HELP = "did_not_help"


def keep_feedback(path: Path, question: str, answer: Answer, verdict: Verdict, comment: str = "") -> bool:
    """Append a line to the file of feedback, which its owner alone may read.

    Args:
        path: As the operator set it.
        question: As typed.
        answer: What was shown.
        verdict: What the visitor thinks of it.
        comment: In the visitor's words.

    Returns:
        Whether it was kept: not if question or comment tell who somebody is, or the file cannot be written, which the
        log says.
    """
    if personal_data(question) or personal_data(comment):
        return False
    record = {
        "question": question,
        "outcome": answer.outcome.value,
        "quotes": [{"document": q.document, "start": q.start, "end": q.end} for q in answer.quotes],
        "verdict": verdict.value,
        "comment": comment[:LONGEST_COMMENT],
    }
    line = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    try:
        with _writing:
            path.touch(mode=0o600, exist_ok=True)
            with path.open("ab") as file:
                file.write(line)
    except OSError as error:
        _log.warning("feedback cannot be kept in %s (%s)", path, error.strerror)
        return False
    return True


def questions_from(path: Path, documents: Mapping[str, Document]) -> Iterator[dict[str, Any]]:
    """Make a set of questions of feedback, each question once, as records of a JSON Lines set.

    What helped expects what came, with the quoted words as gold. Of what did not help nobody knows yet what would be
    right: `expect` is null until somebody has judged it.

    Args:
        path: What `keep_feedback` wrote.
        documents: By id: those of the index; a quote that no longer stands there is left out.

    Raises:
        QuestionFileError: It cannot be read, or a line is no feedback; the line is named.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionFileError(f"the feedback in {str(path)!r} cannot be read ({error})") from None
    records: dict[str, list[dict[str, Any]]] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            record = _record(line, f"{path}:{number}")
            records.setdefault(" ".join(record["question"].split()), []).append(record)
    for number, (question, told) in enumerate(records.items(), 1):
        last = told[-1]
        helped = all(t["verdict"] == Verdict.HELPED for t in told)
        gold = [
            {"doc": q["document"], "quote": documents[q["document"]].text[q["start"] : q["end"]]}
            for q in last["quotes"]
            if q["document"] in documents and q["end"] <= len(documents[q["document"]].text)
        ]
        yield {
            "id": f"{CATEGORY}-{number:03d}",
            "category": CATEGORY,
            "turns": [question],
            "expect": last["outcome"] if helped and (gold or last["outcome"] != Outcome.ANSWER) else None,
            "disease": None,
            "gold": gold if helped else [],
            "notes": "; ".join(dict.fromkeys(filter(None, (f"{t['verdict']}: {t['comment']}" for t in told)))),
        }


def _record(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
        known = isinstance(record["question"], str) and isinstance(record["comment"], str)
        Outcome(record["outcome"]), Verdict(record["verdict"])
        spans = all(isinstance(q["document"], str) and 0 <= q["start"] < q["end"] for q in record["quotes"])
        if known and spans:
            return dict(record)
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise QuestionFileError(f"{where} is no feedback as the page keeps it; remove the line")
