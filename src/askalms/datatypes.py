"""The records that flow through the program: frozen, and each field with its rule.

Offsets count characters (code points) of `Document.text`; every span obeys
`document.text[span.start:span.end] == span's text`.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float32]
Matrix: TypeAlias = NDArray[np.float32]
Rows: TypeAlias = NDArray[np.int64]


class Outcome(StrEnum):
    """What kind of reply a question gets."""

    ANSWER = "answer"
    NOT_FOUND = "not_found"
    CLARIFY = "clarify"
    EMERGENCY = "emergency"
    CRISIS = "crisis"
    ASK_CLINICIAN = "ask_clinician"
    OUT_OF_SCOPE = "out_of_scope"


URGENT = (Outcome.CRISIS, Outcome.EMERGENCY)
"""Somebody needs help now."""


class BlockKind(StrEnum):
    """What a stretch of a page is, as a reader of the page would say."""

    HEADING = "heading"
    PROSE = "prose"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    DATELINE = "dateline"
    """When the page was written or reviewed, as the page itself says."""
    FURNITURE = "furniture"
    """Navigation, teasers, reference lists, cookie lines: never quoted."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of a document's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item, table row or piece of page furniture."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """Depth of a heading, from 1; 0 where the page does not tell, and for all else."""
    sentences: tuple[Span, ...] = ()
    """The quotable units of the block, in order, inside it; empty for headings and furniture."""


class DamageKind(StrEnum):
    """How a text was damaged on its way out of a file."""

    LOST_CHARACTERS = "lost characters"
    LOST_LIGATURES = "lost ligatures"
    LOST_LETTERS = "lost letters"
    WRONG_ENCODING = "wrong encoding"
    GLUED_WORDS = "glued words"
    TORN_WORDS = "torn words"
    MIXED_COLUMNS = "mixed columns"


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a document's text that does not say what its page says."""

    kind: DamageKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A source that a document says it was written from."""

    title: str
    publisher: str = ""
    url: str = ""
    reviewed: str = ""
    """ISO date, as exact as known; empty if the source does not tell."""
    as_of: str = ""
    """Of a source without a date: the year that its text is from."""
    license: str = ""
    public_domain: bool = False
    copy: str = ""
    """File name of the copy that the facts were checked against."""
    ref_id: str = ""
    """Its name in references.toml; empty if it is described in the document itself."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a document comes from; an empty string where nobody says."""

    title: str
    publisher: str = ""
    url: str = ""
    reviewed: str = ""
    """ISO date, as exact as known: "2008-08" or "2016-03-01"."""
    license: str = ""
    sources: tuple[Reference, ...] = ()
    title_guessed: bool = False
    """Nobody stated the title: it was taken from the page, or is the name of the file."""
    fetched: str = ""
    """ISO date of the day on which the page was fetched from `url`; empty for what was not fetched."""
    language: str = ""
    """ISO 639-1 code of the language that the file says it is in: "en"."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the corpus."""

    doc_id: str
    """Path below the corpus folder, with forward slashes."""
    text: str
    sha256: str
    """Of the file's bytes, in hexadecimal."""
    topics: tuple[str, ...]
    """Topic ids; more than one only for a page that sets diseases side by side."""
    provenance: Provenance
    blocks: tuple[Block, ...]
    """In order, without overlap."""
    page_starts: tuple[int, ...] = ()
    """Where its pages 1, 2, ... begin in the text; empty if the file has no pages."""
    damage: tuple[Damage, ...] = ()
    """In order; a sentence that overlaps one of them is searched but never quoted."""

    def page_at(self, offset: int) -> int:
        """The page, from 1, on which character `offset` stands; 0 if the file has no pages."""
        return bisect_right(self.page_starts, offset)


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading."""

    heading: str
    """Headings from the outermost to the innermost, joined by " > "; empty before the first."""
    start: int
    """Where its first sentence starts."""
    end: int
    """Where its last sentence ends."""
    sources: tuple[str, ...] = ()
    """Ids of the references it names as what it was written from."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest unit that is scored and quoted."""

    doc_id: str
    start: int
    end: int
    text: str
    heading: str
    block: int
    """Index of its block in the document."""
    kind: BlockKind


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one section: the unit that is embedded and retrieved."""

    passage_id: str
    """`doc_id#start-end`."""
    doc_id: str
    start: int
    end: int
    title: str
    heading: str
    text: str
    first_sentence: int
    """Row of its first sentence among all sentences of the index."""
    last_sentence: int
    """Row after its last one."""

    @property
    def context(self) -> str:
        """Title and heading on one line: searched with the passage, never quoted."""
        return f"{self.title}. {self.heading}" if self.heading else self.title


@dataclass(frozen=True, slots=True)
class Topic:
    """A disease that documents are about, and the names people give it."""

    topic_id: str
    name: str
    """As written in a sentence: "Alström syndrome"."""
    names: tuple[str, ...]
    """Everything it is called, genes of its own included; matched without regard to case and accents."""
    confused_with: tuple[str, ...] = ()
    """Ids of topics that people mistake it for."""
    home: bool = False
    """The library is for families with it: a question that names no disease is taken to mean it."""
    of_adults: bool = False
    """It seldom begins in childhood, so a child said to have it may have what it is confused with."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person typed, with what was said before."""

    text: str
    history: tuple[str, ...] = ()
    """The earlier questions of the conversation, oldest first."""


@dataclass(frozen=True, slots=True)
class Query:
    """What retrieval gets: the question understood."""

    text: str
    """Complete without the conversation, spelling mended."""
    topics: tuple[str, ...]
    """Ids of the diseases it asks about; empty where none is named or implied."""
    spelled_out: str = ""
    """`text` with the abbreviations of diseases written out, as the encoders understand it best."""
    clinical: tuple[str, ...] = ()
    """What pages call the things that are asked about in everyday words."""
    rewritten: bool = False
    """`text` says something else than what was typed, so the person is told."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a query."""

    passage: Passage
    score: float
    """Higher is better; comparable within one ranking only."""
    rank: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the same words stand in another document."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quote:
    """An unbroken run of one document, proven equal to it when the answer was made."""

    document: str
    start: int
    end: int
    text: str
    provenance: Provenance
    heading: str
    probability: float
    """That the quote answers the question, from 0 to 1."""
    also_in: tuple[Place, ...] = ()
    old: bool = False
    """Its page is older than the settings call up to date."""
    written_from: tuple[Reference, ...] = ()
    """What its section was written from, if its page tells."""
    page: int = 0
    """The page, from 1, on which it begins; 0 if its document has no pages."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a document says a word means."""

    word: str
    """As it stands in a quote of the answer."""
    quote: Quote


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach help."""

    words: str
    """What to do: "Call 999", "Text SHOUT to 85258"."""
    address: str = ""
    """Where a press leads: `tel:`, `sms:` or `https:`; empty where no link does it."""
    speech: bool = True
    """It needs a person who can hear and speak."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to one question."""

    outcome: Outcome
    message: str
    """What the person reads, without the quotes."""
    quotes: tuple[Quote, ...] = ()
    """Best first; at most four, and 150 quoted words."""
    closest: Quote | None = None
    """Where no document answers: the passage that comes nearest, which is not an answer."""
    sources_differ: bool = False
    """The quotes do not agree, so they stand in the order of their dates, newest first."""
    explained: tuple[Explanation, ...] = ()
    """Hard words of the quotes that a document explains, the least used first; at most four. They are offered, not
    said, so their words do not count to the quoted ones."""
    ask_next: tuple[str, ...] = ()
    """Questions that the documents answer as well, from their headings."""
    contacts: tuple[Contact, ...] = ()
    """In an emergency or a crisis: whom to reach, in the order to be tried."""
    understood_as: str = ""
    topic: str = ""
    """Id of the topic the answer is about; empty where there is none."""
    disclaimer: str = ""
    elapsed_ms: float = 0.0


class Answerer(Protocol):
    """Anything that answers: the Assistant, or a fake in a test of the page."""

    def ask(self, question: str, history: tuple[str, ...] = (), *, as_typed: bool = False) -> Answer:
        """Answer one question; `history` holds the earlier ones, oldest first.

        `as_typed` looks for the words as they stand: nothing is completed from earlier turns, no spelling mended.
        """
        ...
