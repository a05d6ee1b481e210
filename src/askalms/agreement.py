"""Do two sentences of different pages contradict each other?

Only what can be seen without understanding every word: one says that something is unknown and the
other tells it, or both count the same thing and come to different numbers.
"""

import math
import re
from functools import cache

from askalms.lexical import terms_of
from askalms.texts import load_data
from askalms.words import fold

SHARED_TERMS = 0.3
"""Least share of its terms that the shorter sentence has in common with the longer, for them to speak of the same."""

_UNKNOWN = re.compile(
    r"\b(?:unknown|not (?:(?:yet|fully|well|completely|entirely) )*(?:known|understood|clear|been determined)"
    r"|unclear|remains? to be)\b"
)
_PART = re.compile(
    r"\bper \d|\bin \d|\bout of\b|%|\bpercent\b|\b(?:each|every|per|a) year\b"
    r"|\bin (?:the )?(?:united|us|uk|europe|japan|turkey)\b|\bstudy\b|\bsurvey\b|\bour\b"
)
"""Counts of a part, which differ without contradicting each other."""
_COUNT = re.compile(
    r"(?P<bound>\b(?:more than|over|at least|fewer than|less than|under|at most|up to)\s+)?(?:about\s+|some\s+)?"
    r"\b(?P<least>\d[\d,]*)(?:\s+(?:to|and)\s+(?P<most>\d[\d,]*))?\+?\s+(?P<scale>(?:million|thousand)\s+)?(?:\w+\s+){0,3}?"
    r"(?:people|individuals|persons|cases|patients|families|children)\b"
)
_FROM_BELOW = ("more than", "over", "at least")
_SCALES = {"": 1.0, "thousand": 1e3, "million": 1e6}


def contradict(one: str, other: str) -> bool:
    """Tell whether two sentences that answer the same question say different things.

    Example:
        >>> contradict("The protein's function is unknown.", "The function of the protein is to build cilia.")
        True
        >>> contradict("About 500 people are known worldwide.", "Some 900 people worldwide are known to have it.")
        True
        >>> contradict("It is rare.", "About 900 people have it.")
        False
    """
    a, b = fold(one), fold(other)
    terms = [set(terms_of(text)) - _terms_of_names() for text in (one, other)]
    shared = terms[0] & terms[1]
    if not shared:
        return False
    if bool(_UNKNOWN.search(a)) != bool(_UNKNOWN.search(b)):
        return len(shared) >= SHARED_TERMS * min(map(len, terms))
    if _PART.search(a) or _PART.search(b):
        return False
    counts = [[_range(m) for m in _COUNT.finditer(text)] for text in (a, b)]
    apart = [x[1] < y[0] or y[1] < x[0] for x in counts[0] for y in counts[1]]
    return bool(apart) and all(apart)


def _range(count: re.Match[str]) -> tuple[float, float]:
    """The least and the most that a count says."""
    scale = _SCALES[(count["scale"] or "").strip()]
    least = float(count["least"].replace(",", "")) * scale
    most = float((count["most"] or count["least"]).replace(",", "")) * scale
    bound = (count["bound"] or "").strip()
    if bound:
        return (least, math.inf) if bound in _FROM_BELOW else (0.0, most)
    return least, most


@cache
def _terms_of_names() -> frozenset[str]:
    """Terms that only say which disease is spoken of: sharing them is no sign of speaking about the same thing."""
    names = [name for topic in load_data("topics").values() for name in topic["names"]]
    return frozenset(t for text in (*names, "syndrome disease disorder condition") for t in terms_of(text))
