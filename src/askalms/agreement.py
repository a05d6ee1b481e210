"""Do two sentences of different pages contradict each other?

Only what can be seen without understanding every word: one says that something is unknown and the
other tells it, or both count the same thing and come to different numbers. For that, figures are
read: how many people, and what share of them.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
_BOUND = r"(?P<bound>\b(?:more than|over|at least|fewer than|less than|under|at most|up to)\s+)?(?:about\s+|some\s+)?"
_NUMBER = r"\d{1,12}(?:\.\d{1,12})?"
_WHOLE = r"\d{1,12}\b"
_TO = r"\s*(?:to|and|or|[-–—])\s*"
_PERCENT = re.compile(
    rf"{_BOUND}\b(?P<least>{_NUMBER})(?:\s*(?:%|percent|per cent)?{_TO}(?P<most>{_NUMBER}))?"
    r"[\s-]*(?P<sign>%|(?:percent|per cent)\b)"
)
_ONE_IN = re.compile(
    rf"{_BOUND}\b(?P<part>1)[\s-](?:in|out of)[\s-](?:(?:every|each) )?(?P<whole>{_WHOLE})"
    rf"(?:{_TO}(?:1 in )?(?P<other>{_WHOLE}))?"
)
_SOME_IN = re.compile(
    rf"{_BOUND}\b(?P<least>{_NUMBER})(?:{_TO}(?P<most>{_NUMBER}))?\s+"
    r"(?:in|of|out of|per)\s+(?:(?:every|each) )?(?P<whole>10{1,11})\b"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a sentence gives, or the range in which it lies."""

    least: float
    most: float
    notation: str
    """How it is written: "percent", "%", "1 in", "in 100000"."""

    def is_apart_from(self, other: "Figure") -> bool:
        """Tell whether no number is in both ranges."""
        return self.most < other.least or other.most < self.least


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
    apart = [x.is_apart_from(y) for x in counts_in(one) for y in counts_in(other)]
    return bool(apart) and all(apart)


def counts_in(sentence: str) -> list[Figure]:
    """Find how many people a sentence counts in all; nothing in one that counts a part of them.

    Example:
        >>> [(c.least, c.most) for c in counts_in("Some 500 to 600 people are known worldwide.")]
        [(500.0, 600.0)]
        >>> counts_in("About 500 people a year are found to have it.")
        []
    """
    plain = fold(sentence)
    if _PART.search(plain):
        return []
    found = []
    for count in _COUNT.finditer(plain):
        scale = _SCALES[(count["scale"] or "").strip()]
        least, most = (float(n.replace(",", "")) * scale for n in (count["least"], count["most"] or count["least"]))
        found.append(_bounded(count["bound"], least, most, math.inf, "people"))
    return found


def shares_in(sentence: str) -> list[Figure]:
    """Find the shares and chances that a sentence gives, from 0 to 1.

    Example:
        >>> shares_in("In 25% of pregnancies, or one in four, and in 2 to 5 per 100,000 people.")
        ... # doctest: +NORMALIZE_WHITESPACE
        [Figure(least=0.25, most=0.25, notation='%'), Figure(least=0.25, most=0.25, notation='1 in'),
         Figure(least=2e-05, most=5e-05, notation='in 100000')]
    """
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", fold(sentence))
    plain = re.sub(r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b", lambda w: _digits()[w[0]], plain)
    return [figure for figure in _shares(plain) if 0 <= figure.least <= figure.most <= 1]


def _shares(plain: str) -> Iterator[Figure]:
    for found in _PERCENT.finditer(plain):
        least, most = (float(n) / 100 for n in (found["least"], found["most"] or found["least"]))
        yield _bounded(found["bound"], least, most, 1.0, found["sign"])
    ones = list(_ONE_IN.finditer(plain))
    for found in ones:
        wholes = [int(n) for n in (found["whole"], found["other"]) if n]
        if all(wholes):
            yield _bounded(found["bound"], 1 / max(wholes), 1 / min(wholes), 1.0, "1 in")
    for found in _SOME_IN.finditer(plain):
        if not any(one.start("part") <= found.start("least") < one.end() for one in ones):
            least, most = (float(n) / int(found["whole"]) for n in (found["least"], found["most"] or found["least"]))
            yield _bounded(found["bound"], least, most, 1.0, f"in {found['whole']}")


def _bounded(bound: str | None, least: float, most: float, highest: float, notation: str) -> Figure:
    word = (bound or "").strip()
    if word:
        return Figure(least, highest, notation) if word in _FROM_BELOW else Figure(0.0, most, notation)
    return Figure(least, most, notation)


@cache
def _digits() -> dict[str, str]:
    return {"one": "1", **load_data("house_rules")["numbers"]}


@cache
def _terms_of_names() -> frozenset[str]:
    """Terms that only say which disease is spoken of: sharing them is no sign of speaking about the same thing."""
    names = [name for topic in load_data("topics").values() for name in topic["names"]]
    return frozenset(t for text in (*names, "syndrome disease disorder condition") for t in terms_of(text))
