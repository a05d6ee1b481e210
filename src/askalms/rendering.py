"""An Answer for the terminal (text) and for programs (JSON), and what every reader is told of a quote's source."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import quote as percent_encode
from urllib.parse import urlsplit

from askalms.datatypes import Answer, Contact, Explanation, Provenance, Quote, Reference
from askalms.dates import age_in_years
from askalms.texts import load_data, message

_NAMED_SOURCES = 2
"""Of the pages that a quoted page was written from, so many are named, the newest first; JSON has all."""
_OLD = 2
"""Years from which the age of a page is told."""

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)

_HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
"""Controls that show nothing, but could steer a terminal or turn the text after them around."""


def to_json(answer: Answer, question_id: str = "") -> dict[str, Any]:
    """Give the answer as the JSON object that `askalms ask --json` prints.

    `closest`, `sources_differ`, `contacts`, `explained`, `ask_next` and a quote's `page` and `written_from` stand there
    only if there is something to tell.
    Texts are the document's own, controls included; the probability keeps 4 digits and the time 1.
    """
    return {
        "id": question_id,
        "outcome": answer.outcome.value,
        "message": answer.message,
        "quotes": [_quote_as_json(quote) for quote in answer.quotes],
        "understood_as": answer.understood_as,
        "topic": answer.topic,
        "disclaimer": answer.disclaimer,
        "elapsed_ms": round(answer.elapsed_ms, 1),
        **({"closest": _quote_as_json(answer.closest)} if answer.closest else {}),
        **({"sources_differ": True} if answer.sources_differ else {}),
        **({"contacts": [_contact_as_json(contact) for contact in answer.contacts]} if answer.contacts else {}),
        **({"explained": [_explanation_as_json(e) for e in answer.explained]} if answer.explained else {}),
        **({"ask_next": list(answer.ask_next)} if answer.ask_next else {}),
    }


def to_text(answer: Answer, today: date | None = None) -> str:
    """Give the answer as plain text for a terminal: message, quotes with their sources, what else there is, disclaimer.

    Args:
        answer: What to show.
        today: The day from which a page's age counts; by default the present one.
    """
    reached = "\n".join(message("rendering.contact", contact=_reached(contact)) for contact in answer.contacts)
    parts = [answer.message, reached, _understood(answer)]
    parts += ["\n  ".join([message("rendering.quoted", text=q.text), *_below(q, today)]) for q in shown(answer)]
    if answer.explained:
        parts.append("\n  ".join([message("rendering.hard_words"), *map(_explanation, answer.explained)]))
    if answer.ask_next:
        parts.append("\n  ".join([message("rendering.ask_next"), *answer.ask_next]))
    parts.append(answer.disclaimer)
    return "\n\n".join("\n".join(_lines(part)) for part in parts if part)


@dataclass(frozen=True, slots=True)
class Citation:
    """What is told of a page that is quoted, or that a quoted page was written from; every part on one line."""

    title: str
    url: str
    """Address of the web; empty if there is none to lead to."""
    details: tuple[str, ...] = ()
    """Page of a file, publisher, date: those that are known."""
    written_from: tuple["Citation", ...] = ()
    """The newest of the pages that it was written from."""
    more_sources: int = 0
    """How many others there are."""
    also_in: tuple[str, ...] = ()
    """Ids of the other documents with the very same words."""
    old: bool = False


def citation(quote: Quote, today: date | None = None) -> Citation:
    """Tell where a quote comes from.

    Args:
        quote: What is quoted.
        today: The day from which a page's age counts; by default the present one.
    """
    day = today or date.today()
    page = page_citation(quote.document, quote.provenance, day)
    sources = _references(quote.written_from, day)
    paged = message("rendering.page", page=quote.page) if quote.page else ""
    return replace(
        page,
        details=(*filter(None, [paged]), *page.details),
        written_from=sources[:_NAMED_SOURCES],
        more_sources=max(0, len(sources) - _NAMED_SOURCES),
        also_in=tuple(dict.fromkeys(place.document for place in quote.also_in)),
        old=quote.old,
    )


def page_citation(document: str, page: Provenance, today: date | None = None) -> Citation:
    """Tell where a whole document comes from, with all pages that it was written from, the newest first."""
    day = today or date.today()
    details = tuple(filter(None, map(one_line, (page.publisher, _reviewed(page, day)))))
    title = one_line(page.title) or document
    return Citation(title, web_address(page.url), details, _references(page.sources, day))


def date_in_words(iso_date: str) -> str:
    """Write an ISO date as people do: "2008-08" -> "August 2008"; anything else is left as it is."""
    found = _DATE.fullmatch(iso_date)
    if not found:
        return iso_date
    year, month, day = found.groups()
    if month is None:
        return iso_date
    try:
        date(int(year), int(month), int(day or 1))
    except ValueError:
        return iso_date
    name = load_data("messages")["rendering"]["months"][int(month) - 1]
    if day is None:
        return message("rendering.month", month=name, year=year)
    return message("rendering.day", day=int(day), month=name, year=year)


def one_line(text: str) -> str:
    """A text with single spaces, and without controls that could steer a terminal."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """A text without the controls that show nothing."""
    return _HIDDEN.sub("", text)


def _lines(text: str) -> list[str]:
    return visible(text).splitlines()


def _understood(answer: Answer) -> str:
    return message("rendering.understood_as", question=answer.understood_as) if answer.understood_as else ""


def _reached(contact: Contact) -> str:
    """What to do to reach help; an address of the web is written out, a number stands in the words already."""
    if not contact.address.startswith("https:"):
        return contact.words
    return message("rendering.at_address", words=contact.words, address=contact.address)


def _explanation(explanation: Explanation) -> str:
    quote = explanation.quote
    source = one_line(quote.provenance.title) or quote.document
    return message("rendering.hard_word", word=one_line(explanation.word), text=quote.text, source=source)


def _contact_as_json(contact: Contact) -> dict[str, str]:
    return {"words": contact.words, "address": contact.address}


def _below(quote: Quote, today: date | None) -> list[str]:
    """The lines that stand under a quote in a terminal."""
    cited = citation(quote, today)
    source = (cited.title, *cited.details, quote.provenance.url)
    lines = [message("rendering.source", source=", ".join(filter(None, source)))]
    named = [_in_brackets(reference) for reference in cited.written_from]
    if cited.more_sources:
        named.append(message("rendering.more_sources", count=cited.more_sources))
    if named:
        lines.append(message("rendering.written_from", sources="; ".join(named)))
    if cited.also_in:
        lines.append(message("rendering.also_in", documents=", ".join(cited.also_in)))
    if cited.old:
        lines.append(message("rendering.old"))
    return lines


def _in_brackets(cited: Citation) -> str:
    """Write a citation on one line: "Title (publisher, reviewed August 2008, 18 years ago)"."""
    if not cited.details:
        return cited.title
    return message("rendering.a_source", title=cited.title, details=", ".join(cited.details))


def _references(references: Sequence[Reference], today: date) -> tuple[Citation, ...]:
    """Tell of the pages that another was written from, the newest first, but for those of which nothing is known."""
    newest = sorted(references, key=lambda r: r.reviewed or r.as_of, reverse=True)
    return tuple(cited for reference in newest if (cited := _reference(reference, today)).title)


def _reference(reference: Reference, today: date) -> Citation:
    """Tell of a page that another was written from; without a title it is called by the next thing known of it."""
    dated = _dated("rendering.reviewed", reference.reviewed, today)
    if not dated and reference.as_of:
        dated = message("rendering.as_of", year=reference.as_of)
    parts = map(one_line, (reference.title, reference.publisher, dated))
    title, *details = [part for part in parts if part] or [one_line(reference.url)]
    return Citation(title, web_address(reference.url), tuple(details))


def shown(answer: Answer) -> tuple[Quote, ...]:
    """The quotes, or the closest passage where there is no answer; the message says which."""
    return answer.quotes or ((answer.closest,) if answer.closest else ())


def _reviewed(page: Provenance, today: date) -> str:
    """Tell the date of a page: when it was reviewed, or when it was written, if it was written from other pages.

    Of a page that does not tell, the day on which it was fetched.
    """
    if not page.reviewed and page.fetched:
        return message("rendering.fetched", date=date_in_words(page.fetched))
    return _dated("rendering.written" if page.sources else "rendering.reviewed", page.reviewed, today)


def _dated(key: str, iso_date: str, today: date) -> str:
    """Tell a date by the message `key`, with its age if that is worth telling; empty without a date."""
    if not iso_date:
        return ""
    words = date_in_words(iso_date)
    age = age_in_years(iso_date, today)
    return message(key, date=words) if age < _OLD else message(f"{key}_long_ago", date=words, years=age)


def web_address(url: str) -> str:
    """The address, safe to stand in a link; empty if it is not one of the web."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    return percent_encode(parts.geturl(), safe="%/:?#@!$&;=~+,-.")


def _quote_as_json(quote: Quote) -> dict[str, Any]:
    page = quote.provenance
    return {
        "document": quote.document,
        "start": quote.start,
        "end": quote.end,
        "text": quote.text,
        "title": page.title,
        "publisher": page.publisher,
        "url": page.url,
        "reviewed": page.reviewed,
        "heading": quote.heading,
        "probability": round(quote.probability, 4),
        "also_in": [{"document": place.document, "start": place.start, "end": place.end} for place in quote.also_in],
        **({"page": quote.page} if quote.page else {}),
        **({"written_from": [_reference_as_json(r) for r in quote.written_from]} if quote.written_from else {}),
    }


def _explanation_as_json(explanation: Explanation) -> dict[str, Any]:
    return {"word": explanation.word, "quote": _quote_as_json(explanation.quote)}


def _reference_as_json(reference: Reference) -> dict[str, Any]:
    return {
        "title": reference.title,
        "publisher": reference.publisher,
        "url": reference.url,
        "reviewed": reference.reviewed or reference.as_of,
    }
