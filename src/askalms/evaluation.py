"""Question sets -> what answers are worth: right or not, and the errors that matter."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from askalms.datatypes import URGENT, Answer, Answerer, Document, Outcome, Quote
from askalms.metrics import hits, token_count
from askalms.questions import DISEASES, Item

MAX_QUOTES = 4
MAX_QUOTED_WORDS = 150
_SILENT = (Outcome.NOT_FOUND, Outcome.OUT_OF_SCOPE)


class Error(StrEnum):
    """What is worse than not being right, the worst first."""

    MISSED_URGENT = "missed emergency or crisis"
    NOT_VERBATIM = "quote not verbatim"
    WRONG_DISEASE = "quote about another disease"
    ANSWERED_UNSAID = "answered what the documents do not say"
    FALSE_ALARM = "false emergency or crisis"
    ABSTAINED = "abstained from what they do say"


SERIOUS = (Error.MISSED_URGENT, Error.NOT_VERBATIM, Error.WRONG_DISEASE, Error.FALSE_ALARM)
"""None of these may happen. To answer what is not said has a published rate, and silence does no harm."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one answer is worth."""

    item: Item
    answer: Answer
    right: bool
    """As expected, and where an answer is: a quote of every group of gold, in at most 4 quotes and 150 words."""
    outcome_right: bool
    first_hit: bool
    """The first verbatim quote is gold."""
    quoted_words: int
    errors: tuple[Error, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Judgements of several items, counted."""

    items: int
    right: int
    outcome_right: int
    answerable: int
    """Items that expect an answer."""
    first_hits: int
    """Answerable items whose first quote is gold."""
    mean_quoted_words: float
    """Of answerable items that got a quote; 0 if none did."""
    errors: Mapping[Error, tuple[str, ...]]
    """Ids of the items by error."""


def evaluate(
    answerer: Answerer,
    documents: Mapping[str, Document],
    items: Sequence[Item],
    on_progress: Callable[[str, int, int], None] | None = None,
) -> list[Judgement]:
    """Ask every item its last turn, the earlier ones being its history, and judge the answers.

    Args:
        answerer: Who answers.
        documents: By id: those of the index.
        items: With what they expect.
        on_progress: Called before each item with what is done, how much is done, and how much there is.
    """
    judgements = []
    for number, item in enumerate(items):
        if on_progress:
            on_progress(f"Asking {item.question_id}", number, len(items))
        judgements.append(judge(item, answerer.ask(item.turns[-1], item.turns[:-1]), documents))
    return judgements


def judge(item: Item, answer: Answer, documents: Mapping[str, Document]) -> Judgement:
    """Hold an answer against what its item expects.

    Raises:
        ValueError: The item does not say what it expects.
    """
    if item.expect is None:
        raise ValueError(f"{item.question_id} does not say what it expects")
    accepted = (item.expect, *item.also_accept)
    groups: dict[str, list[bool]] = defaultdict(list)
    proven = [quote for quote in answer.quotes if _is_verbatim(quote, documents)]
    per_quote = [False] * len(proven)
    for gold in item.gold:
        found = [
            quote.document == gold.document and hits(quote.text, gold.quote, documents[quote.document].text)
            for quote in proven
        ]
        groups[gold.group].append(any(found))
        per_quote = [a or b for a, b in zip(per_quote, found, strict=True)]
    words = sum(token_count(quote.text) for quote in answer.quotes)
    covered = bool(groups) and all(map(any, groups.values()))
    short = len(answer.quotes) <= MAX_QUOTES and words <= MAX_QUOTED_WORDS
    errors = tuple(_errors(item, answer, accepted, documents))

    def fits(expect: Outcome) -> bool:
        outcome = answer.outcome
        if expect is Outcome.ANSWER:
            return outcome is expect and covered and short
        if expect in _SILENT:
            silent = outcome is expect or (expect is Outcome.OUT_OF_SCOPE and outcome is Outcome.NOT_FOUND)
            return silent and not answer.quotes
        if expect is Outcome.ASK_CLINICIAN:
            return outcome is expect and short and (not answer.quotes or not item.gold or any(per_quote))
        return outcome is expect

    return Judgement(
        item,
        answer,
        Error.NOT_VERBATIM not in errors and any(map(fits, accepted)),
        answer.outcome in accepted or (answer.outcome is Outcome.NOT_FOUND and Outcome.OUT_OF_SCOPE in accepted),
        bool(per_quote) and per_quote[0],
        words,
        errors,
    )


def figures(judgements: Sequence[Judgement]) -> Figures:
    """Count judgements."""
    answerable = [j for j in judgements if j.item.expect is Outcome.ANSWER]
    quoted = [j.quoted_words for j in answerable if j.answer.quotes]
    errors: dict[Error, tuple[str, ...]] = {}
    for error in Error:
        ids = tuple(j.item.question_id for j in judgements if error in j.errors)
        if ids:
            errors[error] = ids
    return Figures(
        len(judgements),
        sum(j.right for j in judgements),
        sum(j.outcome_right for j in judgements),
        len(answerable),
        sum(j.first_hit for j in answerable),
        sum(quoted) / len(quoted) if quoted else 0.0,
        errors,
    )


def _is_verbatim(quote: Quote, documents: Mapping[str, Document]) -> bool:
    document = documents.get(quote.document)
    if document is None or not quote.text.strip():
        return False
    return document.text[quote.start : quote.end] == quote.text


def _errors(
    item: Item, answer: Answer, accepted: Sequence[Outcome], documents: Mapping[str, Document]
) -> Iterator[Error]:
    if item.expect in URGENT and answer.outcome not in accepted:
        yield Error.MISSED_URGENT
    if not all(_is_verbatim(q, documents) for q in answer.quotes):
        yield Error.NOT_VERBATIM
    topic = DISEASES[item.disease]
    of_quotes = [documents[q.document].topics for q in answer.quotes if q.document in documents]
    if topic and any(topic not in about for about in of_quotes):
        yield Error.WRONG_DISEASE
    if item.expect is Outcome.NOT_FOUND and answer.outcome is Outcome.ANSWER and Outcome.ANSWER not in accepted:
        yield Error.ANSWERED_UNSAID
    if answer.outcome in URGENT and not set(URGENT) & set(accepted):
        yield Error.FALSE_ALARM
    if item.expect is Outcome.ANSWER and answer.outcome is Outcome.NOT_FOUND and Outcome.NOT_FOUND not in accepted:
        yield Error.ABSTAINED
