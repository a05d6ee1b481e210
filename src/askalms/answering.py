"""The Assistant: question -> answer."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from askalms.agreement import contradict
from askalms.contacts import call_words, contacts
from askalms.crossencoding import Reading
from askalms.datatypes import (
    URGENT,
    Answer,
    BlockKind,
    Outcome,
    Query,
    Question,
    Quote,
    Topic,
    Vector,
)
from askalms.embedding import Encoders, load_encoders
from askalms.glossary import Glossary
from askalms.index import Index, innermost, open_index
from askalms.lexical import STOP_WORDS
from askalms.personal_data import personal_data
from askalms.quoting import may_be_quoted, quoted, whole_thought
from askalms.reranking import Candidate, Reranker, load_reranker, sentence_features
from askalms.retrieval import nearest_sentences, retrieve
from askalms.settings import Settings, load_settings
from askalms.suggestions import Suggestions
from askalms.texts import joined, load_data, message
from askalms.triage import Verdict, triage
from askalms.understanding import NamesOfDiseases, about, courtesy, find_mentions, is_other_language, understand
from askalms.words import fold, is_rare, skeleton, words_of

RELATIVE_THRESHOLD = 0.75
"""A further quote must be at least this share as probable as the best one."""
MAX_QUOTES = 4
"""Most quotes of any answer."""
TURNS_AFTER_A_CRY = 3
"""So many turns later, what only goes on from a cry for help is still taken for one."""
MAX_WORDS_OF_A_CRY = 8
"""A longer question after an emergency is taken for one of its own."""
MOST_KEYWORDS = 2
"""So few words of content may be a word to be explained."""
OF_ONE_SIDE = 0.5
"""Where a question sets two things side by side, a quote about one of them needs this share of the threshold."""
NEAR = 0.3
"""What has this share of the threshold is offered as the closest passage, not as an answer."""
OF_OTHER_PAGE = 0.05
"""Least probability of what another page says, where it is asked whether the pages agree."""
SAME_WORDS = 0.7
"""Two quotes of which the shorter has this share of its words in the longer say the same."""

_IS_NOT = r"\b(?:is not|are not|not a sign of|(?:a|another|two) different diseases? (?:from|than)|other than) "
_ASKS_FOR_A_WORD = re.compile(
    r"\b(?:what(?:'s|s| is| are|'re| was| were| does| do)|wat(?:s| is)?|mean|means|meant|meaning|explain(?:ed)?"
    r"|define|definition|called|call|name of|names? for|words? for|term|in plain words)\b"
)
_ABOUT_THE_PAGE = re.compile(
    r"\b(?:page|article|site|website|document|text)s?\b.*\b(?:review|updat|dated?\b|how old|old\b|written|published)"
    r"|\b(?:review|updat|written|published|how old|date of)\w*\b.*\b(?:page|article|site|website|document|text)\b"
)
_COMPARES_PAGES = re.compile(
    r"\b(?:pages?|sources?|documents?|sites?|articles?)\b[^.?!]*\b(?:agree|disagree|differ|contradict|the same thing)"
    r"|\b(?:agree|disagree|differ|contradict)\w*\b[^.?!]*\b(?:pages?|sources?|documents?|sites?|articles?)\b"
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence of the index, and the probability that it answers."""

    row: int
    probability: float


@dataclass(frozen=True, slots=True)
class _Found:
    """Quotes that answer, best first; without any, what came nearest."""

    quotes: list[Quote]
    differ: bool = False
    """Their pages contradict each other."""
    nearest: Scored | None = None
    asked: Vector | None = None
    """Embedding of the question by the encoder of passages; None if none was needed."""


class Assistant:
    """Answers questions with quotes from one index."""

    def __init__(self, index: Index, encoders: Encoders, settings: Settings, reranker: Reranker | None = None) -> None:
        """Use `Assistant.open`, unless the parts are made already.

        Args:
            index: What is quoted.
            encoders: Those that made the index.
            settings: Limits and thresholds.
            reranker: Scores sentences; None takes the one that comes with the program.

        Raises:
            DataError: The file of whom to reach is not what it should be.
        """
        self.index = index
        self._encoders = encoders
        self._settings = settings
        self._reranker = reranker or load_reranker(settings.embedding.sentence_model, settings.reranking.model)
        self._names_of = NamesOfDiseases(index.topics)
        self._suggestions = Suggestions(index, self._names_of)
        self._glossary = Glossary(index, self._names_of)
        # Read here, so that a broken file is told before anybody needs it.
        country = settings.answering.country
        self._call_words = call_words(country)
        self._contacts = {outcome: contacts(outcome, country) for outcome in URGENT}
        self._candidates: dict[int, Candidate] = {}

    @classmethod
    def open(cls, index: str | Path = "index", settings: Settings | None = None) -> "Assistant":
        """Open the current generation of an index folder, and load the model that made it.

        Raises:
            IndexUnusableError: There is no index, it is damaged, or another model made it.
            ModelError: The model cannot be loaded.
            SettingsError: askalms.toml cannot be understood.
            DataError: The file of whom to reach is not what it should be.
        """
        chosen = settings or load_settings()
        opened = open_index(Path(index), chosen.embedding, or_before=True)
        return cls(opened, load_encoders(chosen.embedding), chosen)

    def ask(self, question: str, history: Sequence[str] = (), *, as_typed: bool = False) -> Answer:
        """Answer one question; `history` holds the earlier ones, oldest first. Never raises for any text.

        `as_typed` looks for the words as they stand: nothing is completed from earlier turns, no spelling mended, no
        clinical word searched for an everyday one. Earlier turns count only for whether somebody needs help now.
        """
        started = time.perf_counter()
        # Half of a character, as broken input may hold, cannot be encoded later on.
        turns = [t.encode("utf-8", "replace").decode("utf-8").replace("\0", " ").strip() for t in (*history, question)]
        answer = self._answer(Question(turns[-1], tuple(turns[:-1])), as_typed)
        elapsed = (time.perf_counter() - started) * 1000
        return replace(answer, disclaimer=message("answering.disclaimer"), elapsed_ms=elapsed)

    def _answer(self, question: Question, as_typed: bool) -> Answer:
        limit = self._settings.answering.max_question_characters
        if not question.text:
            return Answer(Outcome.CLARIFY, message("answering.empty"))
        verdict = triage(question.text)
        if verdict is None or verdict.outcome not in URGENT:
            verdict = self._still_urgent(question) or verdict
        if verdict and verdict.outcome in URGENT:
            reached = self._contacts[verdict.outcome]
            return Answer(verdict.outcome, self._first_things(f"triage.{verdict.outcome}"), contacts=reached)
        if len(question.text) > limit:
            text = message("answering.too_long", length=len(question.text), limit=limit)
            return Answer(Outcome.CLARIFY, text)
        personal = personal_data(question.text)
        if personal:
            kinds = joined("answering.both", [message(f"personal_data.{kind}") for kind in personal])
            return Answer(Outcome.CLARIFY, message("personal_data.leave_out", found=kinds))
        polite = courtesy(question.text)
        if polite:
            return Answer(Outcome.CLARIFY, self._first_things(f"courtesy.{polite}"))
        if is_other_language(question.text, self.index.words):
            return Answer(Outcome.OUT_OF_SCOPE, self._first_things("answering.english_only"))
        if verdict:
            return Answer(verdict.outcome, self._first_things(f"triage.{verdict.outcome}"))
        # What was not looked up is not taken up again, and thanks between two questions part nothing.
        earlier = tuple(turn for turn in question.history if not (personal_data(turn) or courtesy(turn)))
        question = replace(question, history=earlier)
        understood = understand(question, self.index.topics, self.index.words, as_typed=as_typed)
        if understood.ask_back:
            text = message("answering.clarify", topics=self._names(understood.ask_back, "answering.either"))
            return Answer(Outcome.CLARIFY, text)
        query = self._with_implied_topic(understood.query)
        shown = query.text if query.rewritten else ""
        topic = query.topics[0] if len(query.topics) == 1 else ""
        if not self._has_pages(query, understood.unknown_disease):
            text = message("answering.other_disease", topics=self._names(self._about(), "answering.both"))
            return Answer(Outcome.NOT_FOUND, text, understood_as=shown, topic=topic)
        found = self._found(query, understood.sides)
        quotes = found.quotes
        if quotes and not topic and not understood.sides:
            of_document = self.index.documents[quotes[0].document].topics
            topic = next((t for t in self._home() if t in of_document), of_document[0])
        topics = (topic,) if topic else query.topics or self._home()
        turns = (*question.history, question.text, query.text)
        ask_next = () if found.asked is None else self._suggestions.next_to(found.asked, topics, quotes, turns)
        if not quotes:
            closest = self._closest(found.nearest)
            text = message("answering.closest" if closest else "answering.not_found")
            return Answer(Outcome.NOT_FOUND, text, closest=closest, ask_next=ask_next, understood_as=shown, topic=topic)
        text = message("answering.sources_differ") if found.differ else _announcement(quotes)
        return Answer(
            Outcome.ANSWER,
            text,
            tuple(quotes),
            sources_differ=found.differ,
            explained=self._glossary.explained(quotes, topics, self._settings.answering.old_after_years),
            ask_next=ask_next,
            understood_as=shown,
            topic=topic,
        )

    def _first_things(self, key: str) -> str:
        """Give a message that comes before any search, with the numbers to call filled in."""
        return message(key, topics=self._names(self._about(), "answering.either"), **self._call_words)

    def _has_pages(self, query: Query, unknown_disease: bool) -> bool:
        """Tell whether there are documents about a disease that the query names; True where it names none."""
        if not query.topics:
            return not unknown_disease
        return any(len(self.index.passages_of_topic.get(t, ())) for t in query.topics)

    def _with_implied_topic(self, query: Query) -> Query:
        """Take a question that names no disease to be about the one whose pages alone have a rare word of it."""
        if query.topics:
            return query
        for word in words_of(query.text):
            if word not in self.index.words or not is_rare(word):
                continue
            rows = np.flatnonzero(self.index.bm25.scores(word))
            about_it = {self.index.documents[self.index.passages[row].doc_id].topics for row in rows.tolist()}
            if len(about_it) == 1 and not set(topics := next(iter(about_it))) & set(self._home()):
                return replace(query, topics=topics)
        return query

    def _still_urgent(self, question: Question) -> Verdict | None:
        """Tell whether one of the last questions was a cry for help, and those after it only go on from it."""
        after = question.text
        for before in reversed(question.history[-TURNS_AFTER_A_CRY:]):
            if len(after.split()) > MAX_WORDS_OF_A_CRY or find_mentions(after, self.index.topics):
                return None
            verdict = triage(before)
            if verdict and verdict.outcome in URGENT:
                return verdict
            after = before
        return None

    # --- finding

    def _found(self, query: Query, sides: Sequence[Query]) -> _Found:
        """Find quotes that answer."""
        if sides:
            return self._of_each_side(query, sides)
        topics = query.topics or self._home()
        if _ABOUT_THE_PAGE.search(fold(query.text)):
            dates = self._datelines(query.text, topics)
            if dates:
                return _Found(self._composed(dates))
        compares = _COMPARES_PAGES.search(fold(query.text)) is not None
        if compares:
            query = _without_comparison(query)
        asked = self._embedded(query)
        scored = self._scored(replace(query, topics=topics), asked)
        good = self._good(scored)
        if good and not query.topics:
            # Where several diseases are at home, the best sentence decides, and no other is quoted beside it.
            topics = self._document_topics(good[0].row)
            good = [s for s in good if set(self._document_topics(s.row)) & set(topics)]
        nearest = scored[0] if scored else None
        other = self._other_view(good, scored if compares else good, compares)
        if other is None:
            return _Found(self._composed(good), nearest=nearest, asked=asked)
        pair = sorted((good[0], other), key=lambda s: self._date(s.row), reverse=True)
        both = [quote for scored in pair for quote in self._composed([scored], 1, sides=2)]
        if len(both) < 2 or self._settings.answering.max_quotes < 2:
            return _Found(self._composed(good), nearest=nearest, asked=asked)
        differ = contradict(*(self.index.sentences[s.row].text for s in pair))
        rest = [] if compares else [s for s in good[1:] if s is not other]
        return _Found(self._composed(rest, kept=both), differ, asked=asked)

    def _of_each_side(self, query: Query, sides: Sequence[Query]) -> _Found:
        """Find a quote about several diseases at once, and quotes about each, which take turns."""
        each = max(1, MAX_QUOTES // len(sides))
        asked = self._embedded(query)
        named = [s for s in self._good(self._scored(query, asked)) if self._names_all(s.row, query.topics)]
        of_all = self._composed(named, 1, 1 + len(sides))
        most = min(max(self._settings.answering.max_quotes, len(sides) + len(of_all)), MAX_QUOTES)
        scored = [self._scored(side, self._embedded(side)) for side in sides]
        ranked = [self._composed(self._good(s, OF_ONE_SIDE), each, len(of_all) + len(sides)) for s in scored]
        turns = (quote for rank in zip_longest(*ranked) for quote in rank if quote)
        apart = [quote for quote in turns if not any(_says_the_same(quote, q) for q in of_all)]
        quotes = [*of_all, *apart][:most]
        nearest = max((s[0] for s in scored if s), key=lambda s: s.probability, default=None)
        return _Found(quotes, nearest=nearest, asked=asked)

    def _other_view(self, good: Sequence[Scored], others: Sequence[Scored], compares: bool) -> Scored | None:
        """Find what a page with another date says: what contradicts the best sentence or, if asked for, in any case."""
        date_of_best = self._date(good[0].row) if good else ""
        if not date_of_best:
            return None
        best = self.index.sentences[good[0].row]
        least = OF_OTHER_PAGE if compares else self._least() * NEAR
        apart = [s for s in others if self._date(s.row) not in ("", date_of_best) and s.probability >= least]
        contradicting = (s for s in apart if contradict(best.text, self.index.sentences[s.row].text))
        return next(contradicting, apart[0] if apart and compares else None)

    def _date(self, row: int) -> str:
        return self.index.documents[self.index.sentences[row].doc_id].provenance.reviewed

    def _closest(self, nearest: Scored | None) -> Quote | None:
        """Quote what comes nearest to an answer without being one; None if nothing is near."""
        if nearest is None or nearest.probability < self._least() * NEAR:
            return None
        return next(iter(self._composed([nearest])), None)

    def _embedded(self, query: Query) -> Vector:
        """Embed a query as passages and headings are."""
        vector: Vector = self._encoders.passages.encode([query.spelled_out])[0]
        return vector

    def _scored(self, query: Query, near: Vector) -> list[Scored]:
        """Score the sentences of the best passages and the nearest ones of all, best first.

        Args:
            query: What is asked.
            near: Its embedding by the encoder of passages, shape (d,).
        """
        hits = retrieve(self.index, query, near, self._settings.retrieval)
        vector = self._encoders.sentences.encode([query.spelled_out])[0]
        closest = nearest_sentences(self.index, query, vector, self._settings.retrieval.sentences)
        inside = (row for h in hits for row in range(h.passage.first_sentence, h.passage.last_sentence))
        subject = _subject_of(query, self.index.topics, self._names_of)
        allowed = (row for row in chain(inside, closest.tolist()) if self._may_speak(row, subject))
        rows = sorted({copy for row in allowed if (copy := self._intact(row)) is not None})
        if not rows:
            return []
        candidates = [self._candidate(row) for row in rows]
        vectors = self.index.sentence_vectors[rows]
        features = sentence_features(query.text, vector, candidates, vectors, self.index.rarity)
        headings = [innermost(self.index.sentences[row].heading) for row in rows]
        asked = np.array([self.index.headings[h] @ near if h else 0.0 for h in headings], dtype=np.float32)
        opens = np.array([self._opens_section(row) for row in rows])
        probabilities = self._reranker.signals.probabilities(features, asked, opens)
        if self._reranker.cross_encoder and self._reranker.together:
            scores = self._read(query.spelled_out, rows, probabilities)
            read = np.flatnonzero(~np.isnan(scores))
            rows = [rows[i] for i in read]
            features = np.column_stack([features[read], scores[read]])
            probabilities = self._reranker.together.probabilities(features, asked[read], opens[read])
        order = np.argsort(-probabilities, kind="stable")
        return [Scored(rows[i], float(probabilities[i])) for i in order]

    def _read(self, question: str, rows: Sequence[int], promise: Vector) -> Vector:
        """Read the most promising passages with the question.

        Args:
            question: What is asked.
            rows: Candidates.
            promise: Of each, how probable it seems so far, shape (len(rows),).

        Returns:
            The score of each candidate, shape (len(rows),); not a number for those that were not read.
        """
        assert self._reranker.cross_encoder
        passage_of = self.index.passage_of_sentence[rows]
        ranked = list(dict.fromkeys(passage_of[np.argsort(-promise, kind="stable")].tolist()))
        passages = [self.index.passages[row] for row in ranked[: self._settings.reranking.passages]]
        readings = [
            Reading(p.context, tuple(s.text for s in self.index.sentences[p.first_sentence : p.last_sentence]))
            for p in passages
        ]
        found = {
            passage.first_sentence + i: score
            for passage, scores in zip(passages, self._reranker.cross_encoder.score(question, readings), strict=True)
            for i, score in enumerate(scores.tolist())
        }
        return np.array([found.get(row, np.nan) for row in rows], dtype=np.float32)

    def _may_speak(self, row: int, subject: "_Subject") -> bool:
        """Tell whether a sentence is about one of the topics: the disease that it names first, if it names any.

        In a document about several diseases, a sentence that names none is about what its heading names first;
        where that names none either, as in a glossary, it may only tell what a word means: the word of its heading,
        or, if no disease is named, any. One that says of itself that it is about another disease must be asked for by
        a rare word of its own.
        """
        sentence = self.index.sentences[row]
        if subject.is_disclaimed(sentence.text) and subject.rare_words.isdisjoint(words_of(sentence.text)):
            return False
        first = self._names_of.first_in(sentence.text)
        if len(self._document_topics(row)) > 1:
            term = innermost(sentence.heading)
            is_asked_for = subject.of_words and bool(term) and subject.words.issuperset(words_of(term))
            first = first or self._names_of.first_in(term)
            if is_asked_for or first is None:
                return is_asked_for or (subject.of_words and not subject.names_disease)
        return first is None or not subject.topics or subject.includes(first)

    def _names_all(self, row: int, topics: Sequence[str]) -> bool:
        return set(topics) <= self._names_of.all_in(self.index.sentences[row].text)

    def _intact(self, row: int) -> int | None:
        """Give a sentence that may answer: this one or, if it is damaged, its best copy; None if there is none."""
        if row in self.index.damaged_sentences:
            row = self._best_copy(row)
        return row if may_be_quoted(self.index, row) else None

    def _candidate(self, row: int) -> Candidate:
        if row not in self._candidates:
            sentence = self.index.sentences[row]
            title = self.index.documents[sentence.doc_id].provenance.title
            self._candidates[row] = Candidate(sentence.text, f"{title}. {sentence.heading}")
        return self._candidates[row]

    def _opens_section(self, row: int) -> bool:
        before = self.index.sentences[row - 1] if row else None
        sentence = self.index.sentences[row]
        return before is None or (before.doc_id, before.heading) != (sentence.doc_id, sentence.heading)

    def _least(self) -> float:
        threshold = self._settings.answering.threshold
        return self._reranker.threshold if threshold < 0 else threshold

    def _good(self, scored: Sequence[Scored], share: float = 1.0) -> list[Scored]:
        """Keep those that are probable enough; `share` lowers what is asked of them."""
        least = self._least() * share
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

    def _composed(
        self, good: Sequence[Scored], most: int = 0, sides: int = 1, kept: Sequence[Quote] = ()
    ) -> list[Quote]:
        """Make quotes of sentences: whole thoughts, no two alike, within the limits.

        Args:
            good: Sentences, best first.
            most: Most quotes; 0 takes the number that the settings allow.
            sides: Of how many lists like this one the answer will be made.
            kept: Quotes that stand before these.
        """
        limits = self._settings.answering
        quotes = list(kept)
        words = sum(len(words_of(q.text)) for q in kept)
        for scored in good:
            if len(quotes) >= (most or limits.max_quotes):
                break
            first, last = whole_thought(self.index, self._best_copy(scored.row))
            quote = quoted(self.index, first, last, scored.probability, limits.old_after_years)
            if quote is None:
                continue
            count = len(words_of(quote.text))
            if words + count > limits.max_quoted_words // sides or any(_says_the_same(quote, q) for q in quotes):
                continue
            quotes.append(quote)
            words += count
        return quotes

    def _best_copy(self, row: int) -> int:
        """Of the undamaged copies of a sentence on the same disease, choose that of the newest page."""
        copies = self.index.copies_of_sentence[skeleton(self.index.sentences[row].text)]
        topics = set(self._document_topics(row))
        same = [r for r in copies if topics & set(self._document_topics(r)) and may_be_quoted(self.index, r)]
        return max(same, key=lambda r: (self._date(r), r == row), default=row)

    # --- topics

    def _home(self) -> tuple[str, ...]:
        """The diseases that a question is taken to mean that names none."""
        return tuple(t.topic_id for t in self.index.topics.values() if t.home)

    def _about(self) -> tuple[str, ...]:
        return about(self.index.topics)

    def _names(self, topic_ids: Sequence[str], joint: str) -> str:
        return joined(joint, [self.index.topics[t].name for t in topic_ids])

    def _document_topics(self, row: int) -> tuple[str, ...]:
        return self.index.documents[self.index.sentences[row].doc_id].topics


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a query is about, as far as it decides which sentences may answer it."""

    topics: tuple[str, ...]
    parts: frozenset[str]
    """Ids of the topics, and of those whose names are part of theirs: a page on a subtype names the disease itself."""
    names_disease: bool
    words: frozenset[str]
    """Folded, without the names of diseases."""
    rare_words: frozenset[str]
    of_words: bool
    """It may ask for the meaning of a word, or the word for a meaning."""
    disclaimer: re.Pattern[str] | None
    """Says of what it stands in that it is not about one of the topics."""

    def is_disclaimed(self, text: str) -> bool:
        """Tell whether a text says that what it speaks of is not one of the topics."""
        return bool(self.disclaimer and self.disclaimer.search(fold(text)))

    def includes(self, topic_id: str) -> bool:
        """Tell whether what is said of a disease holds for one of the topics."""
        return topic_id in self.parts


def _subject_of(query: Query, topics: Mapping[str, Topic], names_of: NamesOfDiseases) -> _Subject:
    named = [topics[t] for t in query.topics if t in topics]
    names = [re.escape(fold(name)) for topic in named for name in topic.names]
    wholes = [names_of.plain[topic.topic_id] for topic in named]
    return _Subject(
        query.topics,
        frozenset(query.topics).union(t for t, name in names_of.plain.items() if any(name in w for w in wholes)),
        bool(names_of.all_in(query.text)),
        frozenset(words_of(names_of.left_out_of(query.text))),
        frozenset(w for w in words_of(query.text) if is_rare(w) and not w.startswith(("alstr", "alms"))),
        _asks_for_a_word(query.text),
        re.compile(rf"{_IS_NOT}(?:{'|'.join(names)})(?!\w)") if names else None,
    )


def _asks_for_a_word(question: str) -> bool:
    """Tell whether a question may be about the meaning of a word, or the word for a meaning."""
    content = [w for w in words_of(question) if w not in STOP_WORDS]
    return len(content) <= MOST_KEYWORDS or _ASKS_FOR_A_WORD.search(fold(question)) is not None


def _says_the_same(a: Quote, b: Quote) -> bool:
    if a.document == b.document and a.start < b.end and b.start < a.end:
        return True
    shorter, longer = sorted((set(words_of(a.text)), set(words_of(b.text))), key=len)
    return len(shorter & longer) >= SAME_WORDS * len(shorter)


def _without_comparison(query: Query) -> Query:
    """Ask only what the pages are to be compared about."""

    def rest(text: str) -> str:
        said = [part for part in re.split(r"(?<=[.?!])\s+", text) if not _COMPARES_PAGES.search(fold(part))]
        return " ".join(said) or text

    return replace(query, text=rest(query.text), spelled_out=rest(query.spelled_out))


def _announcement(quotes: Sequence[Quote]) -> str:
    documents = {q.document for q in quotes}
    if len(quotes) == 1:
        return message("answering.one_quote")
    if len(documents) == 1:
        return message("answering.several_quotes_one_page")
    return message("answering.several_pages", count=load_data("messages")["answering"]["counts"][len(documents)])
