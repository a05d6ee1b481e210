"""Whom to reach in an emergency or a crisis, by country, from `data/emergency_numbers.toml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from askalms.datatypes import URGENT, Contact, Outcome
from askalms.errors import DataError
from askalms.texts import load_data

_FILE = "emergency_numbers"
_DEFAULT = "default"
_CODE = re.compile(r"[A-Z]{2}")
_ADDRESS = re.compile(
    r"tel:\+?\d+|sms:\+?\d+(?:\?body=[A-Z0-9%]+)?|https://[\w-]+(?:\.[\w-]+)+(?:/[\w./-]*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Country:
    """How help is reached in one country."""

    name: str
    """In English; empty for what is told where the country is not known."""
    call: Mapping[Outcome, str]
    """Of each urgent outcome, what stands after "call" in a sentence: "999 or 112"."""
    ways: Mapping[Outcome, tuple[Contact, ...]]
    """Of each urgent outcome, the ways to get help, in the order to be tried."""


def contacts(outcome: Outcome, country: str = "") -> tuple[Contact, ...]:
    """Give the ways to reach help, in the order to be tried.

    Args:
        outcome: In a crisis, the ways of an emergency come after those of the crisis; other outcomes have none.
        country: Two letters (ISO 3166); where it is empty or not in the file, the ways of several countries.

    Raises:
        DataError: The file is not what it should be.
    """
    ways = _of(country).ways
    if outcome is Outcome.CRISIS:
        return (*ways[Outcome.CRISIS], *ways[Outcome.EMERGENCY])
    return ways.get(outcome, ())


def call_words(country: str = "") -> dict[str, str]:
    """Give what messages say after "call", by the name of the outcome: {"emergency": "999 or 112", "crisis": ...}.

    Raises:
        DataError: The file is not what it should be.
    """
    return {outcome.value: words for outcome, words in _of(country).call.items()}


def countries() -> list[tuple[str, str]]:
    """Give code and name of each country in the file, sorted by name.

    Raises:
        DataError: The file is not what it should be.
    """
    named = ((code, country.name) for code, country in _countries().items() if code != _DEFAULT)
    return sorted(named, key=lambda c: c[1])


def read_countries(data: Mapping[str, Any]) -> dict[str, Country]:
    """Read the tables of the file, by their codes; "default" is one of them.

    Raises:
        DataError: A table lacks something, holds what is not known, or an address that leads nowhere.
    """
    if _DEFAULT not in data:
        raise _broken(_DEFAULT, "is missing; it is what people get whose country is not known")
    return {code: _country(code, table) for code, table in data.items()}


def _of(country: str) -> Country:
    known = _countries()
    return known.get(country.upper(), known[_DEFAULT])


@cache
def _countries() -> dict[str, Country]:
    return read_countries(load_data(_FILE))


def _country(code: str, table: Any) -> Country:
    if code != _DEFAULT and not _CODE.fullmatch(code):
        raise _broken(code, 'is no country; expected two capital letters, such as "GB"')
    urgent = sorted(outcome.value for outcome in URGENT)
    needed = [*(["name"] if code != _DEFAULT else []), "call", *urgent]
    if not isinstance(table, Mapping) or set(table) != set(needed):
        raise _broken(code, f"must hold {', '.join(needed)}, and nothing else")
    call = table["call"]
    if not isinstance(call, Mapping) or set(call) != set(urgent):
        raise _broken(code, f"must hold call.{' and call.'.join(urgent)}, and no other call")
    name = _words(code, "name", table["name"]) if "name" in needed else ""
    called = {outcome: _words(code, f"call.{outcome.value}", call[outcome.value]) for outcome in URGENT}
    return Country(name, called, {outcome: _ways(code, outcome.value, table[outcome.value]) for outcome in URGENT})


def _ways(code: str, kind: str, entries: Any) -> tuple[Contact, ...]:
    if not isinstance(entries, list) or not entries:
        raise _broken(code, f"{kind} must list at least one way to get help")
    return tuple(_contact(code, kind, entry) for entry in entries)


def _contact(code: str, kind: str, entry: Any) -> Contact:
    if not isinstance(entry, Mapping) or not {"words"} <= set(entry) <= {"words", "address", "speech"}:
        raise _broken(code, f"{kind} holds {entry!r}; expected words and, if there are any, address and speech")
    words = _words(code, f"{kind}.words", entry["words"])
    address, speech = entry.get("address", ""), entry.get("speech", True)
    if not isinstance(address, str) or (address and not _ADDRESS.fullmatch(address)):
        raise _broken(code, f'{kind} holds the address {address!r}; expected one such as "tel:999" or "https://..."')
    if not isinstance(speech, bool):
        raise _broken(code, f"{kind} says speech = {speech!r}; expected true or false")
    return Contact(words, address, speech)


def _words(code: str, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _broken(code, f"{key} is {value!r}; expected words in quotation marks")
    return value


def _broken(code: str, what: str) -> DataError:
    return DataError(f"{_FILE}.toml: [{code}] {what}")
