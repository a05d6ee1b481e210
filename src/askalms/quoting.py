"""Sentence -> quote: with the sentences that it needs to be understood, undamaged, and proven."""

import logging
import re
from dataclasses import replace
from datetime import date

from askalms.datatypes import BlockKind, Place, Quote, Sentence
from askalms.dates import age_in_years
from askalms.index import Index
from askalms.reranking import cannot_stand_alone

_log = logging.getLogger(__name__)

MAX_JOINED = 3
"""Most sentences that are joined to one quote so that it can stand alone."""
SHORT_ITEM = 5
"""An item of a list with no more words is quoted with its list: alone, it would look like the only one."""


def may_be_quoted(index: Index, row: int) -> bool:
    """Tell whether a sentence may answer: no question, dateline or announcement of a list, and nothing damaged.

    Nor may it need another sentence that is damaged.
    """
    sentence = index.sentences[row]
    if sentence.text.endswith(("?", ":")) or sentence.kind is BlockKind.DATELINE:
        return False
    return not index.damaged_sentences or is_undamaged(index, *whole_thought(index, row))


def is_undamaged(index: Index, first: int, last: int) -> bool:
    """Tell whether no sentence from row `first` to `last` is damaged."""
    return index.damaged_sentences.isdisjoint(range(first, last + 1))


def whole_thought(index: Index, row: int) -> tuple[int, int]:
    """Widen a sentence that cannot stand alone to the ones before it; a list item to its list.

    Returns:
        Rows of the first and the last sentence.
    """
    sentences = index.sentences
    first = last = row
    if sentences[row].kind is BlockKind.LIST_ITEM and len(sentences[row].text.split()) <= SHORT_ITEM:
        while first > 0 and _same_list(index, sentences[first - 1], sentences[first]):
            first -= 1
        while last + 1 < len(sentences) and _same_list(index, sentences[last], sentences[last + 1]):
            last += 1
        return first, last
    while first > 0 and last - first + 1 < MAX_JOINED and cannot_stand_alone(sentences[first].text):
        before = sentences[first - 1]
        if not _adjoin(index, before, sentences[first]):
            break
        first -= 1
    return first, last


def quoted(index: Index, first: int, last: int, probability: float, old_after_years: float) -> Quote | None:
    """Make a quote of the sentences from row `first` to `last`.

    Args:
        index: What is quoted.
        first: Row of its first sentence.
        last: Row of its last one, of the same document.
        probability: That it answers the question.
        old_after_years: The age from which its page is old.

    Returns:
        None if one of the sentences is damaged, or is not what its document says at its place.
    """
    start, end = index.sentences[first], index.sentences[last]
    document = index.documents[start.doc_id]
    if not is_undamaged(index, first, last):
        return None
    for sentence in index.sentences[first : last + 1]:
        if document.text[sentence.start : sentence.end] != sentence.text:
            _log.error("%s does not say what its sentence at %d says", document.doc_id, sentence.start)
            return None
    page = document.provenance
    age = age_in_years(page.reviewed, date.today())
    quote = Quote(
        document.doc_id,
        start.start,
        end.end,
        document.text[start.start : end.end],
        page,
        start.heading,
        probability,
        old=bool(page.reviewed) and age >= old_after_years,
        written_from=index.written_from(document.doc_id, start.start),
        page=document.page_at(start.start),
    )
    return replace(quote, also_in=_elsewhere(index, quote)) if first == last else quote


def _elsewhere(index: Index, quote: Quote) -> tuple[Place, ...]:
    """Find the other documents in which the very same sentence stands."""
    same = index.places_of_sentence[" ".join(quote.text.split())]
    found: dict[str, Place] = {}
    for other in same:
        sentence = index.sentences[other]
        if sentence.doc_id != quote.document:
            found.setdefault(sentence.doc_id, Place(sentence.doc_id, sentence.start, sentence.end))
    return tuple(found.values())


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
