"""What in a question tells who somebody is: such a question is not looked up.

Numbers alone tell little: a result, an article and a phone may have as many digits. So they count if
they are written as only numbers of that kind are, or if they pass its check and words nearby say what
they are; the words are in `data/personal_data.toml`.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib import import_module

from askalms.contacts import countries
from askalms.texts import load_data
from askalms.words import fold, words_of

BEFORE, AFTER = 60, 30
"""Characters around a number in which words may say what it is."""
WORDS_TO_BIRTH = 6
"""Most words between a date and the word that makes it that of a birth."""
LEAST_DIGITS_NAMED, LEAST_DIGITS_ALONE = 9, 10
"""Of a phone number without a country's code, where words say what it is and where they do not; where they do, fewer
will do if they are grouped as the country groups them."""

MOST_TRIES = 50
"""Numbers of a question that are tried, in each country: more of them are no question, and would take long."""


class Personal(StrEnum):
    """A kind of personal data."""

    EMAIL = "email"
    PHONE = "phone"
    IDENTITY_NUMBER = "identity_number"
    BIRTH_DATE = "birth_date"


_IDENTITY_NUMBERS = (
    # Name in stdnum; how it is written if that alone tells what it is; how it may be written where words tell it.
    ("at.vnr", "", r"\d{4}[ -]?\d{6}"),
    ("au.tfn", "", r"\d{3}[ -]?\d{3}[ -]?\d{3}"),
    ("be.nn", r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", r"\d{6}[ -]?\d{3}[ -]?\d\d"),
    ("br.cpf", r"\d{3}\.\d{3}\.\d{3}-\d\d", r"\d{11}"),
    ("ca.sin", r"\d{3}-\d{3}-\d{3}", r"\d{3} ?\d{3} ?\d{3}"),
    ("ch.ssn", r"756\.\d{4}\.\d{4}\.\d\d", r"756\d{10}"),
    ("de.idnr", "", r"\d\d ?\d{3} ?\d{3} ?\d{3}"),
    ("dk.cpr", r"\d{6}-\d{4}", r"\d{6} ?\d{4}"),
    ("es.dni", r"\d{8}-?[a-z]", r"\d{8} [a-z]"),
    ("es.nie", r"[xyz]-?\d{7}-?[a-z]", ""),
    ("fi.hetu", r"\d{6}[-+a-fu-y]\d{3}[\da-y]", ""),
    ("fr.nir", r"[12] ?\d\d ?\d\d ?\d[\dab] ?\d{3} ?\d{3} ?\d\d", ""),
    ("gb.nhs", "", r"\d{3}[ -]?\d{3}[ -]?\d{4}"),
    ("ie.pps", "", r"\d{7} ?[a-w][a-iw]?"),
    ("in_.aadhaar", "", r"\d{4}[ -]?\d{4}[ -]?\d{4}"),
    ("in_.pan", "", r"[a-z]{5}\d{4}[a-z]"),
    ("it.codicefiscale", r"[a-z]{3} ?[a-z]{3} ?\w\w[a-z]\w\w ?[a-z]\w{3}[a-z]", ""),
    ("mx.curp", r"[a-z]{4}\d{6}[hmx][a-z]{5}\w\d", ""),
    ("nl.bsn", "", r"\d{4}[. ]?\d\d[. ]?\d{3}"),
    ("no.fodselsnummer", r"\d{6} \d{5}", r"\d{11}"),
    ("nz.ird", "", r"\d{2,3}[ -]?\d{3}[ -]?\d{3}"),
    ("pl.pesel", "", r"\d{11}"),
    ("pt.nif", "", r"\d{3} ?\d{3} ?\d{3}"),
    ("se.personnummer", r"(?:19|20)?\d{6}[-+]\d{4}", r"(?:19|20)?\d{10}"),
    ("us.ssn", r"\d{3}-\d\d-\d{4}", r"\d{3} ?\d\d ?\d{4}"),
    ("za.idnr", "", r"\d{6} ?\d{4} ?\d{3}"),
)
_NATIONAL_INSURANCE = r"(?!bg|gb|kn|nk|nt|tn|zz)[a-ceghj-prstw-z][a-ceghj-nprstw-z] ?\d\d ?\d\d ?\d\d ?[a-d]"
"""A number of the United Kingdom: stdnum does not know it, for it has no check, only a shape of its own."""

_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]+@(?:[\w-]+\.)+[a-z]{2,}")
_ADDRESS_OR_REFERENCE = re.compile(r"(?:https?://|www\.)\S+|\b10\.\d{4,9}/\S+")
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d(?:\W{1,3}(?:19|20)\d\d)+(?!\d)")
_MANY_DIGITS = re.compile(r"\d(?:[\s().,/-]{0,3}\d){6}")

_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19|20)\d\d"
_FULL_DATE = re.compile(
    rf"""(?<![\w.,/-])(?:
        {_YEAR}([-/.\s]){_DAY}\1{_DAY}
        | {_DAY}([-/.\s]|\.\s){_DAY}\2{_YEAR}
        | {_DAY}([-/.]){_DAY}\3\d\d
        | {_DAY}(?:st|nd|rd|th)?[\s.-]*(?:of\s+)?{_MONTH}[\s.,-]*{_YEAR}
        | {_MONTH}[\s.-]*{_DAY}(?:st|nd|rd|th)?[\s.,-]+{_YEAR}
    )(?!\w|[-/]\d)""",
    re.VERBOSE,
)
_DOB = re.compile(r"\bd\.\s?o\.\s?b\b\.?")
_SENTENCE_END = re.compile(r"[.?!](?=\s)")


def personal_data(question: str) -> tuple[Personal, ...]:
    """Find what tells who somebody is: an e-mail address, a phone number, a national number, a full date of birth.

    Args:
        question: As typed.

    Returns:
        The kinds found, each once, in the order of their list.
    """
    text = _DOB.sub("dob", fold(question).translate(_DASHES))
    found = set(_numbers(text)) if any(c.isdigit() for c in text) else set()
    if "@" in text and _EMAIL.search(text):
        found.add(Personal.EMAIL)
    return tuple(kind for kind in Personal if kind in found)


def _numbers(text: str) -> Iterator[Personal]:
    """Find the kinds that are made of digits."""
    text = _ADDRESS_OR_REFERENCE.sub(" ", text)
    if any(_is_of_birth(text, m) for m in _FULL_DATE.finditer(text)):
        yield Personal.BIRTH_DATE
    text = _YEARS.sub(" ", _FULL_DATE.sub(" ", text))
    numbers = list(_identity_numbers(text))
    if numbers:
        yield Personal.IDENTITY_NUMBER
    # One country's number of a person may look like a phone of another country.
    for start, end in numbers:
        text = text[:start] + " " * (end - start) + text[end:]
    if _MANY_DIGITS.search(text) and _has_phone(text):
        yield Personal.PHONE


def _is_of_birth(text: str, date: re.Match[str]) -> bool:
    """Tell whether the words around a full date, in the same sentence, make it the day of somebody's birth."""
    before = " ".join(words_of(_SENTENCE_END.split(text[: date.start()])[-1])[-WORDS_TO_BIRTH:])
    after = " ".join(words_of(_SENTENCE_END.split(text[date.end() :])[0])[:WORDS_TO_BIRTH])
    other = _words("other_date")
    said = list(_words("birth").finditer(before))
    if said and not other.search(before[said[-1].end() :]):
        return True
    says = _words("is_birth").search(after)
    return says is not None and not other.search(after[: says.start()])


def _identity_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Find numbers that a country gives to a person: where each starts and ends."""
    for match in _bounded(_NATIONAL_INSURANCE).finditer(text):
        yield match.span()
    for kind, alone, told in _IDENTITY_NUMBERS:
        for written in filter(None, (alone, told)):
            for match in _bounded(written).finditer(text):
                if (written is alone or _is_near("identity", text, *match.span())) and _is_valid(kind, match.group()):
                    yield match.span()


def _is_valid(kind: str, number: str) -> bool:
    return bool(import_module(f"stdnum.{kind}").is_valid(number))


def _has_phone(text: str) -> bool:
    """Tell whether a text holds the phone number of a person: written as one, or with words that say what it is."""
    from phonenumbers import Leniency, PhoneNumberMatcher, PhoneNumberType, number_type

    places: dict[tuple[int, int], bool] = {}
    free: set[int] = set()
    for country in (None, *(code for code, _ in countries())):
        valid = list(PhoneNumberMatcher(text, country, Leniency.VALID, MOST_TRIES))
        grouped = {m.start for m in valid and PhoneNumberMatcher(text, country, Leniency.EXACT_GROUPING, MOST_TRIES)}
        for match in valid:
            place = (match.start, match.end)
            places[place] = places.get(place, False) or match.start in grouped
            if number_type(match.number) == PhoneNumberType.TOLL_FREE:
                free.add(match.start)
    # Numbers that are free to call are those of organisations.
    return any(start not in free and _is_phone(text, start, end, grouped) for (start, end), grouped in places.items())


def _is_phone(text: str, start: int, end: int, grouped: bool) -> bool:
    """Tell whether what may be a phone number is one; `grouped` as in the country where it is one."""
    written = text[start:end]
    if written.startswith(("+", "00")):
        return True
    digits = sum(c.isdigit() for c in written)
    if _is_near("phone", text, start, end):
        return grouped or digits >= LEAST_DIGITS_NAMED
    return grouped and digits >= LEAST_DIGITS_ALONE and (written[0] == "0" or not set("()-").isdisjoint(written))


def _is_near(name: str, text: str, start: int, end: int) -> bool:
    """Tell whether words of a list stand around a place."""
    around = f"{text[max(0, start - BEFORE) : start]} {text[end : end + AFTER]}"
    return _words(name).search(around) is not None


@cache
def _words(name: str) -> re.Pattern[str]:
    words = sorted(map(fold, load_data("personal_data")[name]), key=len, reverse=True)
    return re.compile(rf"(?<![\w'])(?:{'|'.join(map(re.escape, words))})(?!\w)")


@cache
def _bounded(number: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.+/-])(?:{number})(?![\w>]|[-./]\w)")
