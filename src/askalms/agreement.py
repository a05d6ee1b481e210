"""Do two sentences of different pages contradict each other?

Only what can be seen without understanding every word: one says that something is unknown and the
other tells it, or both count the same thing and come to different numbers.
"""

import re

from askalms.lexical import terms_of
from askalms.words import fold

SHARED_TERMS = 0.3
"""Least share of its terms that the shorter of two counts has in common with the longer, for them to count the same."""

_UNKNOWN = re.compile(
    r"\b(?:unknown|not (?:(?:yet|fully|well|completely|entirely) )*(?:known|understood|clear|been determined)"
    r"|unclear|remains? to be)\b"
)
_SCALE = re.compile(r"\bper \d|\bin \d|\bout of\b|%|\bpercent\b")
_COUNT = re.compile(
    r"\b(\d[\d,]*)(?:\s+to\s+\d[\d,]*)?\+?\s+((?:million|thousand)\s+)?(?:\w+\s+){0,3}?"
    r"(?:people|individuals|persons|cases|patients|families|children)\b"
)


def contradict(one: str, other: str) -> bool:
    """Tell whether two sentences that answer the same question say different things.

    Example:
        >>> contradict("The protein's function is unknown.", "The protein builds cilia.")
        True
        >>> contradict("About 500 people are known worldwide.", "Some 900 people worldwide are known to have it.")
        True
        >>> contradict("It is rare.", "About 900 people have it.")
        False
    """
    a, b = fold(one), fold(other)
    shared = set(terms_of(one)) & set(terms_of(other))
    if bool(_UNKNOWN.search(a)) != bool(_UNKNOWN.search(b)):
        return bool(shared)
    if _SCALE.search(a) or _SCALE.search(b):
        return False
    counts = [{(m[1].replace(",", ""), (m[2] or "").strip()) for m in _COUNT.finditer(text)} for text in (a, b)]
    least = min(len(set(terms_of(one))), len(set(terms_of(other))))
    return bool(all(counts) and not counts[0] & counts[1] and len(shared) >= SHARED_TERMS * least)
