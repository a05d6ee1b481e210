"""What must be said before anything is looked up: emergency, crisis, "ask your clinician".

The rules are phrases in `data/triage.toml`, tried in the order of their urgency; the first kind of
which a rule fires decides.
"""

import re
from dataclasses import dataclass
from functools import cache

from askalms.datatypes import Outcome
from askalms.texts import load_data
from askalms.words import fold

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
    text = " ".join(fold(question).split())
    for rule in _rules():
        fires = all(pattern.search(text) for pattern in rule.all_of)
        if fires and not (rule.unless and rule.unless.search(text)):
            return Verdict(rule.outcome, rule.name)
    return None


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
