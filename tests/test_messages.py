"""Our own words are plain, and stand where a translator finds them.

The measure is the Flesch-Kincaid grade, years of school in the United States. Two rules make it one of what a reader
meets:

- A name counts as one short word, as it does for the house rules: a disease, and whatever has a capital letter inside
  a sentence.
- The formula says nothing about a few words. Texts of fewer than eight are measured together with the other short
  ones of their table (or, of the ways to get help, of their country), each as a sentence.
"""

import ast
import re
import string
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import textstat

from askalms import contacts as whom
from askalms.datatypes import Outcome
from askalms.personal_data import Personal
from askalms.texts import load_data, message

SOURCES = Path(__file__).parents[1] / "src" / "askalms"

HARDEST = 6.0
"""Grade."""
LONGEST = 20
"""Words of a sentence."""
FEW = 8
"""Words below which a text is measured together with others."""

FIELDS = {
    "contact": "Call 999",
    "count": "Three",
    "date": "12 March 2015",
    "day": "12",
    "details": "a library, reviewed March 2015",
    "documents": "heart.md",
    "found": "an e-mail address and a full date of birth",
    "host": "localhost",
    "length": "2,001",
    "limit": "2,000",
    "month": "March",
    "number": "2",
    "one": "a phone number",
    "other": "an ID number",
    "page": "3",
    "port": "7860",
    "question": "Is it passed on?",
    "source": "How the heart is checked",
    "sources": "How the heart is checked",
    "text": "The heart may grow weak.",
    "title": "How the heart is checked",
    "topics": "Alström syndrome or ALS",
    "word": "nystagmus",
    "words": "Call 999",
    "address": "https://example.org",
    "year": "2015",
    "years": "11",
}
"""What the fields of messages may be filled with, but for the numbers to call, which are those of every country."""
CODES = ["", *(code for code, _ in whom.countries())]


def _messages() -> Iterator[tuple[str, str]]:
    """Every text of messages.toml, by its table, as it is filled in for every country."""
    for table, entries in load_data("messages").items():
        for text in _texts(entries):
            used = {name for _, name, _, _ in string.Formatter().parse(text)}
            for code in CODES if used & {"emergency", "crisis"} else CODES[:1]:
                yield table, text.strip().format(**FIELDS, **whom.call_words(code))


def _texts(value: object) -> Iterator[str]:
    """All texts in a value of TOML."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    else:
        yield str(value)


def _ways() -> Iterator[tuple[str, str]]:
    """The words of every way to get help, by country."""
    for code in CODES:
        for contact in whom.contacts(Outcome.CRISIS, code):
            yield code, contact.words


def _sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.?!])\s+", text) if s]


def _measured(texts: Iterator[tuple[str, str]]) -> list[str]:
    """The texts to be measured: long ones alone, short ones of a table together."""
    few: dict[str, list[str]] = defaultdict(list)
    long = []
    for table, text in texts:
        if len(text.split()) < FEW:
            few[table].append(text.rstrip(" .!?:") + ".")
        else:
            long.append(text)
    return [*long, *(" ".join(dict.fromkeys(some)) for some in few.values())]


def _named(text: str) -> str:
    """A text with a short word in place of each name."""
    diseases = [name for topic in load_data("topics").values() for name in (topic["name"], *topic["names"])]
    for disease in sorted(diseases, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(disease)}(?!\w)", "Name", text)
    capital = r"[A-ZÄÖÅÉ]\w*"
    return re.sub(rf"(?<=[\w,;)] ){capital}(?:[ -]{capital})*|(?<=\(){capital}", "Name", text)


def _grade(text: str) -> float:
    return float(textstat.flesch_kincaid_grade(_named(text)))


MESSAGES, WAYS = _measured(_messages()), _measured(_ways())


@pytest.mark.parametrize("text", MESSAGES)
def test_messages_are_plain(text: str):
    """Grade 6 or lower, with the numbers of any country."""
    assert _grade(text) <= HARDEST


@pytest.mark.parametrize("text", WAYS)
def test_the_ways_to_get_help_are_plain(text: str):
    """Grade 6 or lower: they are read in fear."""
    assert _grade(text) <= HARDEST


@pytest.mark.parametrize("text", [*MESSAGES, *WAYS])
def test_sentences_are_short(text: str):
    """Twenty words at most."""
    assert all(len(s.split()) <= LONGEST for s in _sentences(text))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("Please call your doctor. She can help you with this.", -3, 4),
        ("Individualised recommendations necessitate multidisciplinary consultation with specialists.", 12, 40),
        ("You can ask about Alström syndrome and call the TelefonSeelsorge.", -3, 6),
    ],
)
def test_the_measure_tells_hard_words_from_plain_ones_and_names(text: str, low: float, high: float):
    """Or the tests above would say nothing."""
    assert low <= _grade(text) <= high


# --- what comes first


def test_an_emergency_says_first_whom_to_call():
    """In its first sentence."""
    assert "999" in _sentences(message("triage.emergency", **whom.call_words("GB")))[0]


def test_a_crisis_says_first_whom_to_talk_to():
    """Then who it is that one can call, and only then all else."""
    first, second, *rest = _sentences(message("triage.crisis", **whom.call_words("GB")))
    assert "talk to a person now" in first
    assert "116 123" in second
    assert any("not have to carry it alone" in s for s in rest)


def test_what_was_found_of_personal_data_is_told_in_a_sentence():
    """Each kind has its words."""
    for kind in Personal:
        told = message("personal_data.leave_out", found=message(f"personal_data.{kind}"))
        assert re.search(r"\b(?:a|an) ", told)


# --- one file for all


@pytest.mark.parametrize(
    "module", ["answering", "contacts", "page", "personal_data", "rendering", "triage", "understanding"]
)
def test_no_sentence_stands_in_the_code(module: str):
    """What is shown to families is in messages.toml: no string of these modules is a run of plain words."""
    tree = ast.parse((SOURCES / f"{module}.py").read_text("utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]
    assert [s for s in strings if re.fullmatch(r"\s*[A-Z][a-z']+(?:,? [A-Za-z']+){2,}[.?!:]?\s*", s)] == []
