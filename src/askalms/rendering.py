"""An Answer for its three readers: the page (Markdown), the terminal (text), programs (JSON).

Quotes come from any web page, so on their way to the page they are data: every character that
Markdown or HTML could take for a mark is written as a character reference.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from urllib.parse import quote as percent_encode
from urllib.parse import urlsplit

from askalms.datatypes import Answer, Explanation, Provenance, Quote, Reference
from askalms.dates import age_in_years
from askalms.texts import load_data, message

_NAMED_SOURCES = 2
"""Of the pages that a quoted page was written from, so many are named in a text, the newest first; JSON has all."""
_OLD = 2
"""Years from which the age of a page is told."""

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)

_HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
"""Controls that show nothing, but could steer a terminal or turn the text after them around."""

_MARKUP = re.compile(
    r"""[#$%&*+:<=>@\[\\\]^_`{|}~]
    | (?<!\w)- | -(?!\w)  # not in "X-linked", where it marks nothing
    | (?<=\d)[.)]         # "1." and "1)" would start a list
    | \.(?=\w)            # "www." would start a link
    """,
    re.VERBOSE,
)


def to_json(answer: Answer, question_id: str = "") -> dict[str, Any]:
    """Give the answer as the JSON object that `askalms ask --json` prints.

    `closest`, `sources_differ`, `explained`, `ask_next` and a quote's `page` and `written_from` stand there only if
    there is something to tell.
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
        **({"explained": [_explanation_as_json(e) for e in answer.explained]} if answer.explained else {}),
        **({"ask_next": list(answer.ask_next)} if answer.ask_next else {}),
    }


def to_text(answer: Answer, today: date | None = None) -> str:
    """Give the answer as plain text for a terminal: message, quotes with their sources, hard words, disclaimer.

    Args:
        answer: What to show.
        today: The day from which a page's age counts; by default the present one.
    """
    parts = [answer.message, _understood(answer)]
    for quote in _shown(answer):
        below = _below(quote, [*_source(quote, today), quote.provenance.url], today)
        parts.append("\n  ".join([message("rendering.quoted", text=quote.text), *below]))
    if answer.explained:
        parts.append("\n  ".join([message("rendering.hard_words"), *map(_explanation, answer.explained)]))
    if answer.ask_next:
        parts.append("\n  ".join([message("rendering.ask_next"), *answer.ask_next]))
    parts.append(answer.disclaimer)
    return "\n\n".join("\n".join(_lines(part)) for part in parts if part)


def to_markdown(answer: Answer, today: date | None = None) -> str:
    """Give the answer as Markdown for the page: message first, then quotes, disclaimer last.

    A reader of the Markdown sees each quote in a blockquote, character by character and line by
    line as in the document; only controls that show nothing are left out. The markup is all ours:
    paragraphs, blockquotes, line breaks, and links to sources that have a web address.

    Args:
        answer: What to show.
        today: The day from which a page's age counts; by default the present one.
    """
    parts = [as_markdown(answer.message), as_markdown(_understood(answer))]
    for quote in _shown(answer):
        parts.append("\n".join(f"> {line}".rstrip() for line in as_markdown(quote.text).split("\n")))
        title, *rest = map(as_markdown, _source(quote, today))
        linked = _linked(title, quote.provenance.url)
        parts.append("\\\n".join(_below(quote, [linked, *rest], today, as_markdown, _linked)))
    parts.append(as_markdown(answer.disclaimer))
    return "\n\n".join(part for part in parts if part)


def as_markdown(text: str) -> str:
    """Write plain text such that Markdown shows it as it is, line breaks included.

    An empty line parts paragraphs; space at the ends of a line is left out.
    """
    lines = [_escaped(line.strip()) for line in _lines(text)]
    paragraphs = re.split(r"\n{2,}", "\n".join(lines).strip("\n"))
    return "\n\n".join(paragraph.replace("\n", "\\\n") for paragraph in paragraphs)


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
    return " ".join(_HIDDEN.sub("", text).split())


def _lines(text: str) -> list[str]:
    return _HIDDEN.sub("", text).splitlines()


def _escaped(line: str) -> str:
    return _MARKUP.sub(lambda mark: f"&#{ord(mark[0])};", line)


def _understood(answer: Answer) -> str:
    return message("rendering.understood_as", question=answer.understood_as) if answer.understood_as else ""


def _explanation(explanation: Explanation) -> str:
    quote = explanation.quote
    source = one_line(quote.provenance.title) or quote.document
    return message("rendering.hard_word", word=one_line(explanation.word), text=quote.text, source=source)


def _source(quote: Quote, today: date | None) -> list[str]:
    """Title, publisher and date of a quote's page, each on one line, without those that nobody tells."""
    page = quote.provenance
    paged = message("rendering.page", page=quote.page) if quote.page else ""
    parts = (page.title, paged, page.publisher, _reviewed(page, today or date.today()))
    title, *rest = map(one_line, parts)
    return [title or quote.document, *filter(None, rest)]


def _below(
    quote: Quote,
    source: Iterable[str],
    today: date | None,
    write: Callable[[str], str] = str,
    link: Callable[[str, str], str] = lambda title, _: title,
) -> list[str]:
    """The lines that stand under a quote: its source, what that was written from, and where else the same words are."""
    lines = [message("rendering.source", source=", ".join(filter(None, source)))]
    newest = sorted(quote.written_from, key=lambda r: r.reviewed or r.as_of, reverse=True)
    named = [n for r in newest if (n := _reference(r, today or date.today(), write, link))]
    if len(named) > _NAMED_SOURCES:
        named[_NAMED_SOURCES:] = [message("rendering.more_sources", count=len(named) - _NAMED_SOURCES)]
    if named:
        lines.append(message("rendering.written_from", sources="; ".join(named)))
    documents = dict.fromkeys(place.document for place in quote.also_in)
    if documents:
        lines.append(message("rendering.also_in", documents=write(", ".join(documents))))
    if quote.old:
        lines.append(write(message("rendering.old")))
    return lines


def _reference(reference: Reference, today: date, write: Callable[[str], str], link: Callable[[str, str], str]) -> str:
    """A page that another was written from, on one line: "Title (publisher, reviewed August 2008, 18 years ago)".

    A page without a title is named by the next thing known of it; empty if nothing is.
    """
    dated = _dated("rendering.reviewed", reference.reviewed, today)
    if not dated and reference.as_of:
        dated = message("rendering.as_of", year=reference.as_of)
    parts = map(one_line, (reference.title, reference.publisher, dated))
    told = [write(part) for part in parts if part] or [write(one_line(reference.url))]
    title, details = told[0] and link(told[0], reference.url), ", ".join(told[1:])
    return message("rendering.a_source", title=title, details=details) if details else title


def _linked(title: str, url: str) -> str:
    """A title in Markdown, as a link if there is an address of the web to lead to."""
    address = _web_address(url)
    return f"[{title}](<{address}>)" if address else title


def _shown(answer: Answer) -> tuple[Quote, ...]:
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


def _web_address(url: str) -> str:
    """The address, safe to stand in a Markdown link; empty if it is not one of the web."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    return percent_encode(parts.geturl(), safe="%/:?#@!$&;=~+,-.").replace("&", "&amp;")


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
