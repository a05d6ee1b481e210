"""What must be said before anything is looked up: emergency, crisis, "ask your clinician".

Two ways lead to a verdict. A classifier compares the meaning of a message with that of some hundred
examples, so that wordings nobody thought of are caught; its weights are in `data/triage.json`, made by
`training/fit_triage.py`. And there are rules of phrases in `data/triage.toml`, which a nurse can edit.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from rapidfuzz import fuzz, process

from askalms.datatypes import URGENT, Matrix, Outcome, Vector
from askalms.embedding import load_encoder
from askalms.settings import DEFAULT_MODEL, DEFAULT_SENTENCE_MODEL
from askalms.texts import load_data
from askalms.words import fold, is_english, words_of

MENDED_LETTERS = 3
MENDED_LIKENESS = 80
"""Words of so many letters are taken for a word of the rules that is so like them, from 0 to 100."""

KINDS = (*URGENT, Outcome.ASK_CLINICIAN, Outcome.OUT_OF_SCOPE)
"""In the order of their urgency."""
HARMLESS = "harmless"

LEAST_URGENT = 0.3
"""Least probability of a crisis and an emergency together at which one is declared; a missed one is the worst error."""
LIKELY = {Outcome.ASK_CLINICIAN: 0.75, Outcome.OUT_OF_SCOPE: 0.9}
"""Least probability of another kind; what is out of scope finds no answer anyway, so there is no hurry to say so."""

SURE = 0.95
"""From this probability on, nothing can excuse a crisis or an emergency; below, a phrase of `unless` can."""

LEAST_WORDS = 3
"""Fewer words do not tell what is meant, so only the phrases are looked for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a question needs before, or instead of, an answer."""

    outcome: Outcome
    rule: str
    """Name of the rule that fired, or "meaning"."""


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
    by_phrase, excused = _by_phrase(question)
    meant = _probabilities(question) if len(words_of(question)) >= LEAST_WORDS else [0.0] * len(KINDS) + [1.0]
    kind = decide(meant)
    doubtful = kind in excused or (by_phrase and by_phrase.outcome is Outcome.OUT_OF_SCOPE)
    if by_phrase and by_phrase.outcome in URGENT:
        return by_phrase
    if kind in URGENT and not (doubtful and sum(meant[:2]) < SURE):
        return Verdict(kind, "meaning")
    if by_phrase:
        return by_phrase
    if kind is Outcome.ASK_CLINICIAN and _speaks_of_somebody(question):
        return Verdict(kind, "meaning")
    return Verdict(kind, "meaning") if kind is Outcome.OUT_OF_SCOPE else None


def decide(probabilities: Sequence[float]) -> Outcome | None:
    """Choose a kind by the probabilities of `KINDS` and, last, of a harmless question; None for the latter."""
    crisis, emergency, *others, _ = probabilities
    if crisis + emergency >= LEAST_URGENT:
        return Outcome.CRISIS if crisis >= emergency else Outcome.EMERGENCY
    likely = [(p, kind) for p, kind in zip(others, KINDS[2:], strict=True) if p >= LIKELY[kind]]
    return max(likely)[1] if likely else None


def _probabilities(question: str) -> list[float]:
    """Give the probabilities of `KINDS` and of a harmless question."""
    weights, bias = _classifier()
    logits = weights @ embedded([question])[0] + bias
    odds = np.exp(logits - logits.max())
    return [float(p) for p in odds / odds.sum()]


def embedded(messages: Sequence[str]) -> Matrix:
    """Embed messages by both encoders that come with the program: one knows what is asked, the other what it is about.

    Returns:
        Shape (n, 768): unit vectors of the encoder of sentences, and beside them those of the encoder of passages.
    """
    return np.concatenate(
        [load_encoder(name).encode(messages) for name in (DEFAULT_SENTENCE_MODEL, DEFAULT_MODEL)], axis=1
    )


@cache
def _classifier() -> tuple[Matrix, Vector]:
    record = json.loads((files("askalms") / "data" / "triage.json").read_text("utf-8"))
    return np.array(record["weights"], dtype=np.float32), np.array(record["bias"], dtype=np.float32)


def _speaks_of_somebody(question: str) -> bool:
    """Tell whether a message is about a person, as those for a clinician are, and nothing that holds for everybody."""
    lists, text = load_data("triage")["lists"], fold(question)
    return bool(_any_of(lists["person"]).search(text)) and not _any_of(lists["of_everybody"]).search(text)


def _by_phrase(question: str) -> tuple[Verdict | None, frozenset[Outcome]]:
    """Try the rules: give the most urgent one that fires, and the kinds for which one would, but for its `unless`."""
    text = _spelled(" ".join(fold(question).split()))
    excused: set[Outcome] = set()
    for rule in _rules():
        if all(pattern.search(text) for pattern in rule.all_of):
            if not (rule.unless and rule.unless.search(text)):
                return Verdict(rule.outcome, rule.name), frozenset(excused)
            excused.add(rule.outcome)
    return None, frozenset(excused)


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
    lines = [line for outcome in KINDS for table in data[outcome.value] for line in table["all_of"]]
    phrases = [p for line in lines if not isinstance(line, str) for p in line]
    return frozenset(w for phrase in phrases for w in words_of(phrase) if len(w) >= MENDED_LETTERS)


@cache
def _rules() -> tuple[_Rule, ...]:
    data = load_data("triage")
    lists = data["lists"]
    rules = []
    for outcome in KINDS:
        for table in data[outcome.value]:
            lines = [lists[line[1:]] if isinstance(line, str) else line for line in table["all_of"]]
            unless = table.get("unless")
            rules.append(_Rule(outcome, table["name"], tuple(map(_any_of, lines)), _any_of(unless) if unless else None))
    return tuple(rules)


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(fold(p)).replace(r"\*", r"\w*") for p in phrases)
    return re.compile(rf"(?<![\w'])(?:{alternatives})(?!\w)")
