"""Pure functions of one answer: what a quote is worth beside the spans that would answer."""

import re
from collections.abc import Iterator

from askalms.datatypes import Span

_TOKEN = re.compile(r"\w+")


def tokens_at(text: str, span: Span) -> set[int]:
    """Positions of the word tokens that start inside a span."""
    return {m.start() for m in _TOKEN.finditer(text, span.start, span.end)}


def token_count(text: str) -> int:
    """How many word tokens a text has."""
    return len(_TOKEN.findall(text))


def occurrences(part: str, text: str) -> Iterator[Span]:
    """Every place where the words stand in a text, overlapping ones included."""
    at = text.find(part) if part else -1
    while at >= 0:
        yield Span(at, at + len(part))
        at = text.find(part, at + 1)


def hits(quote: str, gold: str, text: str) -> bool:
    """Tell whether a quote covers at least half of the gold span's tokens, by position, anywhere in a text.

    Example:
        >>> page = "It is rare. It is old."
        >>> hits("It is rare.", "rare", page), hits("It is old.", "It is rare", page)
        (True, False)
    """
    quoted = [tokens_at(text, place) for place in occurrences(quote, text)]
    for place in occurrences(gold, text):
        wanted = tokens_at(text, place)
        if any(2 * len(wanted & tokens) >= len(wanted) for tokens in quoted):
            return True
    return False
