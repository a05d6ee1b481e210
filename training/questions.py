"""The questions to train with, and which of them to keep apart.

`documents.jsonl` and `questions.jsonl` beside this file hold ids, offsets and questions, but no
text: that is MedQuAD's (github.com/abachaa/MedQuAD, CC BY 4.0), in the BEIR form.
"""

import gzip
import json
import random
import re
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

TERMS_IN_GLOSSARY = 12
ASKED_OF_GLOSSARY = 8
ASKED_IN_VAIN = 0.3
MISSPELLED = 0.2
_EXPLAINED = re.compile(r"([^(),;:]{8,90}) \(([a-z][a-z]+(?: [a-z]+){0,2})\)")
_DEFINED = re.compile(r"^(?:the )?(.{4,60}?) is (?:a|an|the|one of) ", re.IGNORECASE)
_BEFORE_A_DESCRIPTION = re.compile(
    r".*\b(?:and|or|include|includes|including|have|has|had|by|called|as|with|is|are|was|be|develop|develops|experience"
    r"|cause|causes|caused|from|to|in|may|can|affected|individuals|people|also|an?|the|their|severe|some)\b",
    re.IGNORECASE,
)
_ASK_THE_MEANING = (
    "What is {}?",
    "what does {} mean",
    "{} meaning",
    "{} - what is that?",
    "Please explain the word {}.",
    "the doctor said {}. what is it?",
    "can you tell me in plain words what {} is",
    "What do they mean by {}?",
)
_ASK_THE_NAME = (
    "What is {} called?",
    "what's the medical word for {}",
    "what do doctors call it: {}",
    "Which word do they use for {}?",
    "is there a name for {}?",
)


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
    only_for: str = ""
    """The part that it is made for; by its disease if empty."""

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


def about_words(items: Sequence[Item], seed: int) -> list[Item]:
    """Make questions about the meaning of words, and about the word for a meaning.

    The documents are glossaries of sentences that explain a word in brackets, or say what a disease is, each from
    another page; so nothing but the word tells the right sentence. Those of the test part are made of its pages.
    """
    maker = random.Random(seed)
    made: list[Item] = []
    for part in (TRAIN, VALIDATION, TEST):
        pages = {i.document.document_id: i.document for i in items if i.part == part and i.document.whole}
        explained = [entry for page in pages.values() for entry in _explanations(page)]
        maker.shuffle(explained)
        for start in range(0, len(explained) - TERMS_IN_GLOSSARY, TERMS_IN_GLOSSARY):
            entries = list(
                {term: (term, *rest) for term, *rest in explained[start : start + TERMS_IN_GLOSSARY]}.values()
            )
            others = [
                e for e in explained[: start + 400 : 7] if not any(e[0] in said.lower() for _, _, said in entries)
            ]
            sections = tuple(
                Section(term if maker.random() < 0.7 else "glossary", (said,)) for term, _, said in entries
            )
            title = maker.choice(("Words explained", "Glossary", "Medical words", "Rare diseases in short"))
            document = Document(f"glossary {part} {start}", title, sections, True, part)
            for _ in range(ASKED_OF_GLOSSARY):
                in_vain = bool(others) and maker.random() < ASKED_IN_VAIN
                term, meaning, _ = maker.choice(others if in_vain else entries)
                by_name = not meaning or maker.random() < 0.6
                asked = maker.choice(_ASK_THE_MEANING if by_name else _ASK_THE_NAME).format(
                    term if by_name else meaning
                )
                if maker.random() < MISSPELLED:
                    asked = _misspelled(asked, maker)
                answers = tuple(not in_vain and term in said.lower() for _, _, said in entries)
                made.append(Item(asked, document, answers, "word"))
    return made


def _explanations(page: Document) -> Iterator[tuple[str, str, str]]:
    """Give words that a page explains: word, meaning (empty if it cannot be cut out), sentence."""
    for sentence in page.sentences:
        defined = _DEFINED.match(sentence)
        if defined and defined[1].lower() in page.disease.lower():
            yield defined[1].lower(), "", sentence
        for found in _EXPLAINED.finditer(sentence):
            meaning = _BEFORE_A_DESCRIPTION.sub("", found[1]).strip()
            yield found[2], meaning if 2 <= len(meaning.split()) <= 7 else "", sentence


def _misspelled(text: str, maker: random.Random) -> str:
    """Leave out, double or swap letters inside one of the longer words."""
    words = text.split()
    long = [i for i, word in enumerate(words) if len(word) > 5]
    if long:
        i, word = long[-1], words[long[-1]]
        at = maker.randrange(1, len(word) - 2)
        words[i] = maker.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            )
        )
    return " ".join(words).lower()


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
    if document.only_for:
        return document.only_for
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
