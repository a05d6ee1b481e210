"""The Assistant: question -> answer."""

import logging
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from askalms.datatypes import (
    Answer,
    BlockKind,
    Outcome,
    Place,
    Query,
    Question,
    Quote,
    Sentence,
    Topic,
)
from askalms.embedding import Encoders, load_encoders
from askalms.index import Index, innermost, open_index
from askalms.reranking import Candidate, Reranker, cannot_stand_alone, load_reranker, sentence_features
from askalms.retrieval import nearest_sentences, retrieve
from askalms.settings import Settings, load_settings
from askalms.texts import load_data, message
from askalms.triage import Verdict, triage
from askalms.understanding import about, find_mentions, names_unknown_disease, understand
from askalms.words import fold, words_of

_log = logging.getLogger(__name__)

RELATIVE_THRESHOLD = 0.5
"""A further quote must be at least this share as probable as the best one."""
MAX_QUOTES = 4
"""Most quotes of any answer."""
MAX_JOINED = 3
"""Most sentences that are joined to one quote so that it can stand alone."""
MAX_WORDS_OF_A_CRY = 8
"""A longer question after an emergency is taken for one of its own."""
SAME_WORDS = 0.7
"""Two quotes of which the shorter has this share of its words in the longer say the same."""

_ABOUT_THE_PAGE = re.compile(
    r"\b(?:page|article|site|website|document|text)s?\b.*\b(?:review|updat|dated?\b|how old|old\b|written|published)"
    r"|\b(?:review|updat|written|published|how old|date of)\w*\b.*\b(?:page|article|site|website|document|text)\b"
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence of the index, and the probability that it answers."""

    row: int
    probability: float


class Assistant:
    """Answers questions with quotes from one index."""

    def __init__(self, index: Index, encoders: Encoders, settings: Settings, reranker: Reranker | None = None) -> None:
        """Use `Assistant.open`, unless the parts are made already.

        Args:
            index: What is quoted.
            encoders: Those that made the index.
            settings: Limits and thresholds.
            reranker: Scores sentences; None takes the one that comes with the program.
        """
        self.index = index
        self._encoders = encoders
        self._settings = settings
        self._reranker = reranker or load_reranker()
        self._names_of = _NamesOfDiseases(index.topics)

    @classmethod
    def open(cls, index: str | Path = "index", settings: Settings | None = None) -> "Assistant":
        """Open the current generation of an index folder, and load the model that made it.

        Raises:
            IndexUnusableError: There is no index, it is damaged, or another model made it.
            ModelError: The model cannot be loaded.
            SettingsError: askalms.toml cannot be understood.
        """
        chosen = settings or load_settings()
        opened = open_index(Path(index), chosen.embedding)
        return cls(opened, load_encoders(chosen.embedding), chosen)

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer one question; `history` holds the earlier ones, oldest first. Never raises for any text."""
        started = time.perf_counter()
        # Half of a character, as broken input may hold, cannot be encoded later on.
        turns = [t.encode("utf-8", "replace").decode("utf-8").replace("\0", " ").strip() for t in (*history, question)]
        answer = self._answer(Question(turns[-1], tuple(turns[:-1])))
        elapsed = (time.perf_counter() - started) * 1000
        return replace(answer, disclaimer=message("answering.disclaimer"), elapsed_ms=elapsed)

    def _answer(self, question: Question) -> Answer:
        limit = self._settings.answering.max_question_characters
        if not question.text:
            return Answer(Outcome.CLARIFY, message("answering.empty"))
        verdict = triage(question.text) or self._still_urgent(question)
        if verdict:
            text = message(f"triage.{verdict.outcome}", topics=self._names(self._about(), "or"))
            return Answer(verdict.outcome, text)
        if len(question.text) > limit:
            text = message("answering.too_long", length=len(question.text), limit=limit)
            return Answer(Outcome.CLARIFY, text)
        understood = understand(question, self.index.topics, self.index.words)
        if understood.ask_back:
            text = message("answering.clarify", topics=self._names(understood.ask_back, "or"))
            return Answer(Outcome.CLARIFY, text)
        query = understood.query
        shown = query.text if query.rewritten else ""
        topic = query.topics[0] if len(query.topics) == 1 else ""
        if not self._has_pages(query):
            text = message("answering.other_disease", topics=self._names(self._about(), "and"))
            return Answer(Outcome.NOT_FOUND, text, understood_as=shown, topic=topic)
        quotes = self._quotes(query, understood.sides)
        if not quotes:
            return Answer(Outcome.NOT_FOUND, message("answering.not_found"), understood_as=shown, topic=topic)
        if not topic and not understood.sides:
            of_document = self.index.documents[quotes[0].document].topics
            topic = next((t for t in self._home() if t in of_document), of_document[0])
        return Answer(Outcome.ANSWER, _announcement(quotes), tuple(quotes), shown, topic)

    def _has_pages(self, query: Query) -> bool:
        """Tell whether there are documents about a disease that the query names; True where it names none."""
        if not query.topics:
            return not names_unknown_disease(query.text)
        return any(len(self.index.passages_of_topic.get(t, ())) for t in query.topics)

    def _still_urgent(self, question: Question) -> Verdict | None:
        """Tell whether the question before was a cry for help, and this one only goes on from it."""
        if not question.history or len(question.text.split()) > MAX_WORDS_OF_A_CRY:
            return None
        if find_mentions(question.text, self.index.topics):
            return None
        before = triage(question.history[-1])
        return before if before and before.outcome in (Outcome.EMERGENCY, Outcome.CRISIS) else None

    # --- finding

    def _quotes(self, query: Query, sides: Sequence[Query]) -> list[Quote]:
        if sides:
            ranked = [self._good(self._scored(side)) for side in sides]
            alternating = [scored for rank in zip_longest(*ranked) for scored in rank if scored]
            return self._composed(alternating, len(sides))
        topics = query.topics or self._home()
        if _ABOUT_THE_PAGE.search(fold(query.text)):
            dates = self._datelines(query.text, topics)
            if dates:
                return self._composed(dates)
        good = self._good(self._scored(replace(query, topics=topics)))
        if good and not query.topics:
            # Where several diseases are at home, the best sentence decides, and no other is quoted beside it.
            topics = self._document_topics(good[0].row)
            good = [s for s in good if set(self._document_topics(s.row)) & set(topics)]
        return self._composed(good)

    def _scored(self, query: Query) -> list[Scored]:
        """Score the sentences of the best passages and the nearest ones of all, best first."""
        near = self._encoders.passages.encode([query.spelled_out])[0]
        hits = retrieve(self.index, query, near, self._settings.retrieval)
        vector = self._encoders.sentences.encode([query.spelled_out])[0]
        closest = nearest_sentences(self.index, query, vector, self._settings.retrieval.sentences)
        inside = (row for h in hits for row in range(h.passage.first_sentence, h.passage.last_sentence))
        allowed = (row for row in chain(inside, closest.tolist()) if self._may_speak(row, query.topics))
        rows, candidates = _candidates(self.index, allowed)
        if not rows:
            return []
        vectors = self.index.sentence_vectors[rows]
        features = sentence_features(query.text, vector, candidates, vectors, self.index.rarity)
        headings = [innermost(self.index.sentences[row].heading) for row in rows]
        asked = np.array([self.index.headings[h] @ near if h else 0.0 for h in headings], dtype=np.float32)
        opens = np.array([self._opens_section(row) for row in rows])
        probabilities = self._reranker.probabilities(features, asked, opens)
        order = np.argsort(-probabilities, kind="stable")
        return [Scored(rows[i], float(probabilities[i])) for i in order]

    def _may_speak(self, row: int, topics: Sequence[str]) -> bool:
        """Tell whether a sentence is about one of the topics: the disease that it names first, if it names any.

        In a document about several diseases, a sentence that names none is about what its heading names first.
        """
        sentence = self.index.sentences[row]
        first = self._names_of.first_in(sentence.text)
        if first is None and len(self._document_topics(row)) > 1:
            first = self._names_of.first_in(sentence.heading)
        return first is None or not topics or first in topics or self._names_of.is_part(first, topics)

    def _opens_section(self, row: int) -> bool:
        before = self.index.sentences[row - 1] if row else None
        sentence = self.index.sentences[row]
        return before is None or (before.doc_id, before.heading) != (sentence.doc_id, sentence.heading)

    def _good(self, scored: Sequence[Scored]) -> list[Scored]:
        threshold = self._settings.answering.threshold
        least = self._reranker.threshold if threshold < 0 else threshold
        if not scored or scored[0].probability < least:
            return []
        least = max(least, scored[0].probability * RELATIVE_THRESHOLD)
        return [s for s in scored if s.probability >= least]

    def _datelines(self, question: str, topics: Sequence[str]) -> list[Scored]:
        """Find what pages say of their own dates, that of the page nearest to the question first."""
        sentences = self.index.sentences
        rows = [
            row
            for row, sentence in enumerate(sentences)
            if sentence.kind is BlockKind.DATELINE and set(self._document_topics(row)) & set(topics)
        ]
        if not rows:
            return []
        nearness = self.index.sentence_vectors[rows] @ self._encoders.sentences.encode([question])[0]
        return [Scored(rows[i], float(max(0.0, nearness[i]))) for i in np.argsort(-nearness, kind="stable")]

    # --- composing

    def _composed(self, good: Sequence[Scored], sides: int = 1) -> list[Quote]:
        """Make quotes of sentences: whole thoughts, no two alike, within the limits."""
        limits = self._settings.answering
        quotes: list[Quote] = []
        words = 0
        for scored in good:
            if len(quotes) == (limits.max_quotes if sides == 1 else max(limits.max_quotes, min(sides, MAX_QUOTES))):
                break
            first, last = self._whole_thought(scored.row)
            quote = self._quote(first, last, scored.probability)
            if quote is None:
                continue
            count = len(words_of(quote.text))
            if words + count > limits.max_quoted_words or any(_says_the_same(quote, q) for q in quotes):
                continue
            quotes.append(quote)
            words += count
        return quotes

    def _whole_thought(self, row: int) -> tuple[int, int]:
        """Widen a sentence that cannot stand alone to the ones before it; a list item to its list."""
        sentences = self.index.sentences
        first = last = row
        if sentences[row].kind is BlockKind.LIST_ITEM and len(sentences[row].text.split()) <= 5:
            while first > 0 and _same_list(self.index, sentences[first - 1], sentences[first]):
                first -= 1
            while last + 1 < len(sentences) and _same_list(self.index, sentences[last], sentences[last + 1]):
                last += 1
            return first, last
        while first > 0 and last - first + 1 < MAX_JOINED and cannot_stand_alone(sentences[first].text):
            before = sentences[first - 1]
            if not _adjoin(self.index, before, sentences[first]):
                break
            first -= 1
        return first, last

    def _quote(self, first: int, last: int, probability: float) -> Quote | None:
        """Make a quote of the sentences from row `first` to `last`; None if they are not what the document says."""
        start, end = self.index.sentences[first], self.index.sentences[last]
        document = self.index.documents[start.doc_id]
        for sentence in self.index.sentences[first : last + 1]:
            if document.text[sentence.start : sentence.end] != sentence.text:
                _log.error("%s does not say what its sentence at %d says", document.doc_id, sentence.start)
                return None
        text = document.text[start.start : end.end]
        quote = Quote(document.doc_id, start.start, end.end, text, document.provenance, start.heading, probability)
        return replace(quote, also_in=self._elsewhere(quote)) if first == last else quote

    def _elsewhere(self, quote: Quote) -> tuple[Place, ...]:
        """Find the other documents in which the very same sentence stands."""
        same = self.index.places_of_sentence[" ".join(quote.text.split())]
        found: dict[str, Place] = {}
        for other in same:
            sentence = self.index.sentences[other]
            if sentence.doc_id != quote.document:
                found.setdefault(sentence.doc_id, Place(sentence.doc_id, sentence.start, sentence.end))
        return tuple(found.values())

    # --- topics

    def _home(self) -> tuple[str, ...]:
        """The diseases that a question is taken to mean that names none."""
        return tuple(t.topic_id for t in self.index.topics.values() if t.home)

    def _about(self) -> tuple[str, ...]:
        return about(self.index.topics)

    def _names(self, topic_ids: Sequence[str], joined_by: str) -> str:
        return f" {joined_by} ".join(self.index.topics[t].name for t in topic_ids)

    def _document_topics(self, row: int) -> tuple[str, ...]:
        return self.index.documents[self.index.sentences[row].doc_id].topics


class _NamesOfDiseases:
    """Finds the disease that a text names first, by the names as they are written."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        self._topic_of = {fold(name): t.topic_id for t in topics.values() for name in t.names}
        self._plain = {t.topic_id: fold(t.name) for t in topics.values()}
        names = sorted(self._topic_of, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)")

    def first_in(self, text: str) -> str | None:
        """Id of the disease named first; None if none is."""
        match = self._pattern.search(fold(text))
        return self._topic_of[match.group()] if match else None

    def is_part(self, topic_id: str, topics: Sequence[str]) -> bool:
        """Tell whether a disease's name is part of one of theirs: a page on a subtype names the disease itself."""
        return any(self._plain[topic_id] in self._plain.get(t, "") for t in topics)


def _candidates(index: Index, rows: Iterable[int]) -> tuple[list[int], list[Candidate]]:
    """Give those sentences that may be quotes, each with what it stands under, and their rows."""
    chosen: list[int] = []
    candidates: list[Candidate] = []
    for row in sorted(set(rows)):
        sentence = index.sentences[row]
        # A question is no answer, and what announces a list says nothing without it.
        if sentence.text.endswith(("?", ":")) or sentence.kind is BlockKind.DATELINE:
            continue
        title = index.documents[sentence.doc_id].provenance.title
        chosen.append(row)
        candidates.append(Candidate(sentence.text, f"{title}. {sentence.heading}"))
    return chosen, candidates


def _same_list(index: Index, before: Sentence, after: Sentence) -> bool:
    """Tell whether two list items follow each other, with nothing but a list marker between them."""
    if (before.doc_id, before.heading, before.kind, after.kind) != (
        after.doc_id,
        after.heading,
        BlockKind.LIST_ITEM,
        BlockKind.LIST_ITEM,
    ):
        return False
    between = index.documents[before.doc_id].text[before.end : after.start]
    return len(re.findall(r"\w+", between)) <= 1 and len(between.strip()) <= 4


def _adjoin(index: Index, before: Sentence, after: Sentence) -> bool:
    """Tell whether nothing but white space stands between two sentences of one section."""
    if (before.doc_id, before.heading) != (after.doc_id, after.heading) or after.kind is not BlockKind.PROSE:
        return False
    return not index.documents[before.doc_id].text[before.end : after.start].strip()


def _says_the_same(a: Quote, b: Quote) -> bool:
    if a.document == b.document and a.start < b.end and b.start < a.end:
        return True
    shorter, longer = sorted((set(words_of(a.text)), set(words_of(b.text))), key=len)
    return len(shorter & longer) >= SAME_WORDS * len(shorter)


def _announcement(quotes: Sequence[Quote]) -> str:
    documents = {q.document for q in quotes}
    if len(quotes) == 1:
        return message("answering.one_quote")
    if len(documents) == 1:
        return message("answering.several_quotes_one_page")
    return message("answering.several_pages", count=load_data("messages")["answering"]["counts"][len(documents)])
