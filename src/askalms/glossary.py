"""Quotes -> what their hard words mean, in the words of a glossary.

A glossary is told by its shape: a document whose headings are terms, each opening the sentence below it
("Cataract": "A cataract means that ...").
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from askalms.datatypes import Explanation, Quote, Sentence
from askalms.index import Index, innermost
from askalms.quoting import quoted
from askalms.understanding import NamesOfDiseases
from askalms.words import commonness, fold, words_of

MAX_EXPLAINED = 4
"""Most words that are explained for one answer."""
MAX_WORDS_OF_A_TERM = 5
"""A longer heading is no term."""
LEAST_TERMS = 3
"""Fewer explained terms make no glossary."""
LEAST_SHARE = 0.8
"""Share of the sections of a glossary, at least, that explain their heading."""
COMMON = 10_000
"""A word that occurs more often in the dictionary's own texts, some 6 times in a million words, is no hard one."""

_TOKEN = re.compile(r"\w+(?:['’]\w+)?", re.UNICODE)
_BRACKETS = re.compile(r"\(([^)]*)\)")
_BEFORE_A_TERM = ("a", "an", "the", "in")
_EXPLAINS_ITSELF = re.compile(r"\s*\([^)]*[a-z]{2}[^)]*\)|,?\s+(?:which\s+)?means?\b")
"""After a word: what says what it means. An abbreviation in brackets does not."""
_PARTED = re.compile(r"[^\w\s'’-]")

_Term = tuple[str, ...]
"""The folded words of a term, the last one without the ending of its plural."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A term in a quote."""

    term: _Term
    word: str
    """As it stands there."""


class Glossary:
    """What the glossaries of an index explain."""

    def __init__(self, index: Index, names_of: NamesOfDiseases) -> None:
        """The glossaries are looked for when they are first asked for.

        Args:
            index: Whose documents.
            names_of: The diseases that documents are about.
        """
        self._index = index
        self._names_of = names_of
        self._names = {tuple(words_of(name)) for topic in index.topics.values() for name in topic.names}
        self._longest = max(MAX_WORDS_OF_A_TERM, max(map(len, self._names), default=0))

    def explained(
        self, quotes: Sequence[Quote], topics: Collection[str], old_after_years: float
    ) -> tuple[Explanation, ...]:
        """Explain the hard words of an answer's quotes, those first that people use least.

        Not explained are common words, the names of the diseases that the answer is about, any name of one that
        these are confused with, parts of a name, and what the quotes explain themselves. No explanation names another
        disease, unless it explains that name.

        Args:
            quotes: Those of the answer.
            topics: Ids of the diseases that it is about.
            old_after_years: The age from which the page of an explanation is old.

        Returns:
            At most MAX_EXPLAINED. An explanation is no answer, so its probability is 0.
        """
        found: dict[_Term, _Found] = {}
        themselves: set[_Term] = set()
        for quote in quotes:
            for match, explains_itself in self._terms_in(quote.text):
                found.setdefault(match.term, match)
                if explains_itself:
                    themselves.add(match.term)
        hard = [f for term, f in found.items() if term not in themselves and not _is_common(term)]
        explanations: dict[tuple[str, int], Explanation] = {}
        for match in sorted(hard, key=lambda f: _use(f.term)):
            if explanation := self._explanation(match, quotes, set(topics), old_after_years):
                explanations.setdefault((explanation.quote.document, explanation.quote.start), explanation)
            if len(explanations) == MAX_EXPLAINED:
                break
        return tuple(explanations.values())

    def _explanation(
        self, match: _Found, quotes: Sequence[Quote], topics: set[str], old_after_years: float
    ) -> Explanation | None:
        named = self._names_of.all_in(match.word)
        own = [self._index.topics[t] for t in topics if t in self._index.topics]
        if any(match.term in _terms(topic.name) or named & set(topic.confused_with) for topic in own):
            return None
        for row in self._rows[match.term]:
            sentence = self._index.sentences[row]
            of_document = self._index.documents[sentence.doc_id].topics
            if topics.isdisjoint(of_document) or not self._names_of.all_in(sentence.text) <= topics | named:
                continue
            if any(_overlap(quote, sentence) for quote in quotes):
                return None
            quote = quoted(self._index, row, row, 0.0, old_after_years)
            if quote:
                return Explanation(match.word, quote)
        return None

    def _terms_in(self, text: str) -> Iterator[tuple[_Found, bool]]:
        """Find the terms in a text, and whether it explains them itself; of names and terms, the longest counts."""
        tokens = list(_TOKEN.finditer(text))
        words = [fold(t.group()) for t in tokens]
        at = 0
        while at < len(tokens):
            size = next((n for n in range(self._longest, 1, -1) if self._is_known(words[at : at + n])), 1)
            start, end = tokens[at].start(), tokens[min(at + size, len(tokens)) - 1].end()
            term = _singular(words[at : at + size])
            if term in self._rows and not _PARTED.search(text, start, end):
                is_bracketed = text[:start].endswith("(") and text[end:].startswith(")")
                yield _Found(term, text[start:end]), is_bracketed or bool(_EXPLAINS_ITSELF.match(text, end))
            at += size

    def _is_known(self, words: list[str]) -> bool:
        """Tell whether words are a term or the name of a disease."""
        return _singular(words) in self._rows or tuple(words) in self._names

    @cached_property
    def _rows(self) -> dict[_Term, list[int]]:
        """Rows of the sentences that explain each term, in the order of the documents."""
        opening: dict[str, list[int]] = {}
        before = ("", "")
        for row, sentence in enumerate(self._index.sentences):
            if (sentence.doc_id, sentence.heading) != before:
                opening.setdefault(sentence.doc_id, []).append(row)
            before = (sentence.doc_id, sentence.heading)
        rows: dict[_Term, list[int]] = {}
        for openings in opening.values():
            explained = [row for row in openings if _explains_its_heading(self._index.sentences[row])]
            if len(explained) < max(LEAST_TERMS, LEAST_SHARE * len(openings)):
                continue
            for row in explained:
                for term in _terms(innermost(self._index.sentences[row].heading)):
                    rows.setdefault(term, []).append(row)
        return rows


def _terms(heading: str) -> list[_Term]:
    """The term that a heading is, and those in brackets behind it: "Kidney failure (renal failure)"."""
    names = [_BRACKETS.sub(" ", heading), *_BRACKETS.findall(heading)]
    return [_singular(words) for name in names if 0 < len(words := words_of(name)) <= MAX_WORDS_OF_A_TERM]


def _explains_its_heading(sentence: Sentence) -> bool:
    heading = innermost(sentence.heading)
    terms = _terms(heading)
    if not terms or heading.endswith("?"):
        return False
    words = words_of(sentence.text)
    words = words[1:] if words and words[0] in _BEFORE_A_TERM else words
    return _singular(words[: len(terms[0])]) == terms[0]


def _singular(words: Sequence[str]) -> _Term:
    """A term without the ending of a plural; what is no plural loses it on both sides that are compared."""
    if not words:
        return ()
    last = words[-1].removesuffix("'s")
    last = f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s")
    return (*words[:-1], last)


def _use(term: _Term) -> int:
    """How often people use the rarest word of a term."""
    return min((max(commonness(w), commonness(f"{w}s")) for w in term if w.isalpha()), default=0)


def _is_common(term: _Term) -> bool:
    return len(term) == 1 and _use(term) > COMMON


def _overlap(quote: Quote, sentence: Sentence) -> bool:
    return quote.document == sentence.doc_id and quote.start < sentence.end and sentence.start < quote.end
