"""What must be said before anything is looked up: emergency, crisis, "ask your clinician".

The rules are phrases in `data/triage.toml`, tried in the order of their urgency; the first kind of
which a rule fires decides.
"""

import re
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz, process

from askalms.datatypes import Outcome
from askalms.texts import load_data
from askalms.words import fold, is_english, words_of

MENDED_LETTERS = 3
MENDED_LIKENESS = 80
"""Words of so many letters are taken for a word of the rules that is so like them, from 0 to 100."""

_ORDER = (Outcome.CRISIS, Outcome.EMERGENCY, Outcome.ASK_CLINICIAN, Outcome.OUT_OF_SCOPE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a question needs before, or instead of, an answer."""

    outcome: Outcome
    rule: str
    """Name of the rule that fired."""


@dataclass(frozen=True, slots=True)
class _Rule:
    outcome: Outcome
    name: str
    all_of: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None


def triage(question: str) -> Verdict | None:
    """Tell what must be said at once to a question; None lets it through.

    Args:
        question: As typed.
    """
    text = _spelled(" ".join(fold(question).split()))
    for rule in _rules():
        fires = all(pattern.search(text) for pattern in rule.all_of)
        if fires and not (rule.unless and rule.unless.search(text)):
            return Verdict(rule.outcome, rule.name)
    return None


def _spelled(text: str) -> str:
    """Mend words that are not of English, but near one of the rules: people in fear do not type well."""

    def mend(match: re.Match[str]) -> str:
        word = match.group()
        if len(word) < MENDED_LETTERS or word in _vocabulary() or is_english(word):
            return word
        near = process.extractOne(word, _vocabulary(), scorer=fuzz.ratio, score_cutoff=MENDED_LIKENESS)
        return str(near[0]) if near else word

    return re.sub(r"[a-z']+", mend, text)


@cache
def _vocabulary() -> frozenset[str]:
    data = load_data("triage")
    lines = [line for outcome in _ORDER for table in data[outcome.value] for line in table["all_of"]]
    phrases = [p for line in lines if not isinstance(line, str) for p in line]
    return frozenset(w for phrase in phrases for w in words_of(phrase) if len(w) >= MENDED_LETTERS)


@cache
def _rules() -> tuple[_Rule, ...]:
    data = load_data("triage")
    lists = data["lists"]
    rules = []
    for outcome in _ORDER:
        for table in data[outcome.value]:
            lines = [lists[line[1:]] if isinstance(line, str) else line for line in table["all_of"]]
            unless = table.get("unless")
            rules.append(_Rule(outcome, table["name"], tuple(map(_any_of, lines)), _any_of(unless) if unless else None))
    return tuple(rules)


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(fold(p)).replace(r"\*", r"\w*") for p in phrases)
    return re.compile(rf"(?<![\w'])(?:{alternatives})(?!\w)")
