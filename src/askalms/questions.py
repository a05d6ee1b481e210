"""A file of questions -> items: what to ask, and where it is known what would be right."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askalms.datatypes import Outcome
from askalms.errors import QuestionFileError

DISEASES = {"alstrom": "alstrom-syndrome", "als": "amyotrophic-lateral-sclerosis", "both": "", "": ""}
"""Short names of what a question is about -> id of the topic; empty where quotes may be about any."""


@dataclass(frozen=True, slots=True)
class Gold:
    """Words of a document that would rightly answer."""

    document: str
    quote: str
    group: str = ""
    """Of each group one is needed; all are of one if none is named."""


@dataclass(frozen=True, slots=True)
class Item:
    """A dialogue whose last turn is to be answered."""

    question_id: str
    turns: tuple[str, ...]
    category: str = ""
    expect: Outcome | None = None
    """None: nobody has said what would be right, so it can be asked, but not judged."""
    also_accept: tuple[Outcome, ...] = ()
    disease: str = ""
    gold: tuple[Gold, ...] = ()


def read_questions(path: Path, judged: bool = False) -> Iterator[Item]:
    """Read a file of questions, one JSON object a line.

    Args:
        path: The file; "-" is standard input.
        judged: Every item must say what is expected.

    Raises:
        QuestionFileError: It cannot be read, or a line is no question; the line is named.
    """
    try:
        text = sys.stdin.read().removeprefix("\ufeff") if str(path) == "-" else path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionFileError(
            f"the questions in {str(path)!r} cannot be read ({error}); expected UTF-8 text"
        ) from None
    # Only "\n" ends a line of JSON Lines: a question may hold other line separators.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _item(line, number, f"{path}:{number}", judged)


def _item(line: str, number: int, where: str, judged: bool) -> Item:
    try:
        record: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise QuestionFileError(f"{where} is not JSON ({error}); expected one object a line") from None
    turns = record.get("turns", [record.get("question")]) if isinstance(record, dict) else []
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
        raise QuestionFileError(
            f'{where} holds no question; expected {{"id": ..., "question": "..."}}, or {{"id": ..., "turns": ["..."]}}'
        )
    question_id = str(number if record.get("id") is None else record["id"])
    if not judged:
        return Item(question_id, tuple(turns))
    also = record.get("also_accept", [])
    gold = record.get("gold", [])
    if not isinstance(also, list) or not isinstance(gold, list):
        raise QuestionFileError(f"{where}: also_accept and gold are lists; compare the line with one that works")
    disease = record.get("disease") or ""
    if not isinstance(disease, str) or disease not in DISEASES:
        known = ", ".join(filter(None, DISEASES))
        raise QuestionFileError(f"{where}: the disease is {disease!r}; known are {known}, and null for none")
    return Item(
        question_id,
        tuple(turns),
        str(record.get("category") or ""),
        _outcome(record.get("expect"), where),
        tuple(_outcome(name, where) for name in also),
        disease,
        tuple(_gold(entry, where) for entry in gold),
    )


def _outcome(name: Any, where: str) -> Outcome:
    try:
        return Outcome(name)
    except ValueError:
        known = ", ".join(outcome.value for outcome in Outcome)
        raise QuestionFileError(f"{where} expects {name!r}; known are {known}") from None


def _gold(entry: Any, where: str) -> Gold:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(k), str) and entry[k] for k in ("doc", "quote")):
        raise QuestionFileError(f'{where}: a gold span is {entry!r}; expected {{"doc": "...", "quote": "..."}}')
    return Gold(entry["doc"], entry["quote"], str(entry.get("group") or ""))
