"""The questions to train with, and which of them to keep apart.

`documents.jsonl` and `questions.jsonl` beside this file hold ids, offsets and questions, but no
text: that is MedQuAD's (github.com/abachaa/MedQuAD, CC BY 4.0), in the BEIR form.
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from askalms.index import in_context

TRAIN, VALIDATION, TEST = "train", "validation", "test"
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and the sentences under it."""

    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """A page about one disease, or one passage of it."""

    document_id: str
    disease: str
    sections: tuple[Section, ...]
    whole: bool
    """All sections of the page, as against a passage of it."""

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Those of all sections, in order."""
        return tuple(s for section in self.sections for s in section.sentences)

    def in_context(self, with_heading: bool = True) -> list[str]:
        """Every sentence with title and heading in front, as it is embedded."""
        return [
            in_context(self.disease, section.heading if with_heading else "", sentence)
            for section in self.sections
            for sentence in section.sentences
        ]


@dataclass(frozen=True)
class Item:
    """A question about a document, and which of the document's sentences answer it."""

    question: str
    document: Document
    answers: tuple[bool, ...]
    style: str

    @property
    def answerable(self) -> bool:
        """Some sentence answers."""
        return any(self.answers)

    @property
    def part(self) -> str:
        """What the question may be used for; a disease is wholly in one part."""
        return part_of(self.document)


def read(medquad: Path) -> list[Item]:
    """Read all questions.

    Args:
        medquad: Folder with MedQuAD's corpus.jsonl or corpus.jsonl.gz, in the BEIR form.

    Raises:
        FileNotFoundError: There is no corpus in it.
        KeyError: It lacks a record that the questions are about.
    """
    documents = {d.document_id: d for d in _documents(medquad)}
    items = []
    for line in (HERE / "questions.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        document, gold = documents[record["document"]], set(record["gold"])
        answers = tuple(i in gold for i in range(len(document.sentences)))
        items.append(Item(record["question"], document, answers, record["style"]))
    return items


def stretches(sentences: Sequence[str], words: int) -> list[range]:
    """Part sentences into runs of at most so many words, or of one sentence."""
    starts, count = [0], 0
    for i, sentence in enumerate(sentences):
        length = len(sentence.split())
        if count and count + length > words:
            starts.append(i)
            count = 0
        count += length
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(sentences)], strict=True)]


def quality(items: Sequence[Item], scores: Sequence[np.ndarray]) -> dict[str, float]:
    """Measure the right sentence first, and answerable questions against the others by the best score.

    Args:
        items: Questions.
        scores: Of each, one number for each sentence of its document.
    """
    pairs = list(zip(items, scores, strict=True))
    first = [item.answers[int(row.argmax())] for item, row in pairs if item.answerable]
    best = [row.max() for _, row in pairs]
    return {
        "questions": len(items),
        "accuracy_at_1": round(float(np.mean(first)), 4),
        "roc_auc_answerable": round(float(roc_auc_score([item.answerable for item in items], best)), 4),
    }


def part_of(document: Document) -> str:
    """Tell the part of a document's disease.

    Of passages, seven tenths of the diseases are to train with, one to validate, two for the test; of
    whole pages eight, one and one.
    """
    if document.whole:
        return {0: TEST, 1: VALIDATION}.get(zlib.crc32(document.disease.encode()) % 10, TRAIN)
    return _parts_of_passages()[document.document_id]


@cache
def _parts_of_passages() -> dict[str, str]:
    records = [json.loads(line) for line in (HERE / "documents.jsonl").read_text("utf-8").splitlines()]
    disease_of = {r["document"]: r["disease"] for r in records if not r["whole"]}
    diseases = sorted(set(disease_of.values()))
    np.random.RandomState(1).shuffle(diseases)
    names = {
        disease: TEST if i % 10 < 2 else VALIDATION if i % 10 == 2 else TRAIN for i, disease in enumerate(diseases)
    }
    return {document: names[disease] for document, disease in disease_of.items()}


def _documents(medquad: Path) -> Iterator[Document]:
    path = medquad / "corpus.jsonl"
    lines = path.read_text("utf-8") if path.exists() else gzip.decompress((medquad / "corpus.jsonl.gz").read_bytes())
    records = {r["_id"]: r for r in map(json.loads, lines.splitlines())}
    for line in (HERE / "documents.jsonl").read_text("utf-8").splitlines():
        document = json.loads(line)
        sections = []
        for section in document["sections"]:
            record = records[section["record"]]
            said = tuple(record["text"][a:b] for a, b in section["sentences"])
            sections.append(Section(record["metadata"]["question_type"], said))
        yield Document(document["document"], document["disease"], tuple(sections), document["whole"])
