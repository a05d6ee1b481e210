"""A question -> what to ask next: the headings that ask something else about the same disease."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from askalms.datatypes import Question, Quote, Vector
from askalms.index import Index, innermost
from askalms.quoting import may_be_quoted
from askalms.reranking import ASKS_THE_SAME
from askalms.understanding import NamesOfDiseases, standing_alone, understand
from askalms.words import words_of

MAX_SUGGESTIONS = 3
"""Most questions that are offered at once."""


@dataclass(frozen=True)
class _Heading:
    """A heading that asks."""

    text: str
    question: str
    """The same, with the disease named where it only refers to it."""
    topics: frozenset[str]
    """Ids of the diseases that it asks about."""

    @cached_property
    def spoken(self) -> frozenset[str]:
        """Both as they are compared."""
        return frozenset((_spoken(self.text), _spoken(self.question)))


class Suggestions:
    """The questions that the headings of an index ask, and that what stands below them may answer."""

    def __init__(self, index: Index, names_of: NamesOfDiseases) -> None:
        """The headings are read when they are first asked for.

        Args:
            index: Whose headings.
            names_of: The diseases that documents are about.
        """
        self._index = index
        self._names_of = names_of
        self._understood: dict[str, bool] = {}

    def next_to(
        self, question: Vector, topics: Sequence[str], quotes: Iterable[Quote], turns: Iterable[str]
    ) -> tuple[str, ...]:
        """Give questions that the documents answer as well, the nearest first.

        None asks the same as the question or as another of them, none was asked before, and none is the heading of a
        quote.

        Args:
            question: Its embedding by the encoder of passages, shape (d,), unit length.
            topics: The diseases it is about; only questions about these are given.
            quotes: What was quoted.
            turns: The questions of the conversation.

        Returns:
            At most MAX_SUGGESTIONS.
        """
        known = {_spoken(said) for said in (*turns, *(innermost(q.heading) for q in quotes))}
        chosen = dict.fromkeys(h for t in topics for h in self._of_topic.get(t, ()) if h.topics.issubset(topics))
        headings = [h for h in chosen if known.isdisjoint(h.spoken)]
        if not headings:
            return ()
        vectors = np.stack([self._index.headings[h.text] for h in headings])
        nearness = vectors @ question
        found: list[int] = []
        for row in np.argsort(-nearness, kind="stable").tolist():
            is_other = nearness[row] < ASKS_THE_SAME and all(vectors[row] @ vectors[r] < ASKS_THE_SAME for r in found)
            if is_other and self._is_understood(headings[row].question):
                found.append(row)
            if len(found) == MAX_SUGGESTIONS:
                break
        return tuple(headings[row].question for row in found)

    def _is_understood(self, question: str) -> bool:
        """Tell whether a question, asked alone, is taken as it stands: not asked back, and nothing in it mended."""
        if question not in self._understood:
            understood = understand(Question(question), self._index.topics, self._index.words)
            self._understood[question] = not understood.ask_back and not understood.query.rewritten
        return self._understood[question]

    @cached_property
    def _of_topic(self) -> dict[str, list[_Heading]]:
        """The headings that ask about each disease, by its id."""
        index = self._index
        seen: set[tuple[str, tuple[str, ...]]] = set()
        found: dict[str, list[_Heading]] = {}
        for row, sentence in enumerate(index.sentences):
            text, topics = innermost(sentence.heading), index.documents[sentence.doc_id].topics
            if not text.endswith("?") or (text, topics) in seen or not may_be_quoted(index, row):
                continue
            seen.add((text, topics))
            if heading := self._heading(text, topics):
                for topic in heading.topics:
                    found.setdefault(topic, []).append(heading)
        return found

    def _heading(self, text: str, topics: tuple[str, ...]) -> _Heading | None:
        """Make a question of a heading; None if, asked alone, it would not be about the diseases of its document."""
        named = self._names_of.all_in(text)
        if named:
            return _Heading(text, text, frozenset(named)) if named.issubset(topics) else None
        topic = self._index.topics[topics[0]]
        question = standing_alone(text, topic) if len(topics) == 1 else ""
        if not question or (question == text and not topic.home):
            return None
        return _Heading(text, question, frozenset(topics))


def _spoken(question: str) -> str:
    return " ".join(words_of(question))
