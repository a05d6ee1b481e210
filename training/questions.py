"""The questions to train with, and which of them to keep apart."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from askalms.index import in_context

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True, slots=True)
class Item:
    """A question, the sentences of its passage, and which of them answer it."""

    question: str
    disease: str
    heading: str
    sentences: tuple[str, ...]
    answers: tuple[bool, ...]

    def in_context(self, i: int, with_heading: bool = True) -> str:
        """Sentence `i` with title and heading in front, as it is embedded."""
        return in_context(self.disease, self.heading if with_heading else "", self.sentences[i])


def read(folder: Path) -> list[Item]:
    """Read passages.jsonl and questions.jsonl.

    A passage has `passage_id, title, question_type, text, sentences` (offsets), a question
    `passage_id, question, gold` (`start, end` of each answering sentence; none if none answers).
    """
    lines = (folder / "passages.jsonl").read_text("utf-8").splitlines()
    passages = {p["passage_id"]: p for p in map(json.loads, lines)}
    items = []
    for line in (folder / "questions.jsonl").read_text("utf-8").splitlines():
        question = json.loads(line)
        passage = passages[question["passage_id"]]
        gold = {(g["start"], g["end"]) for g in question["gold"]}
        items.append(
            Item(
                question["question"],
                passage["title"],
                passage["question_type"],
                tuple(passage["text"][a:b] for a, b in passage["sentences"]),
                tuple((a, b) in gold for a, b in passage["sentences"]),
            )
        )
    return items


def parts(items: list[Item]) -> dict[str, str]:
    """Deal out the diseases: seven tenths to train with, one to validate, two for the test."""
    diseases = sorted({item.disease for item in items})
    np.random.RandomState(1).shuffle(diseases)
    return {disease: TEST if i % 10 < 2 else VALIDATION if i % 10 == 2 else TRAIN for i, disease in enumerate(diseases)}
