"""Whom to reach: the ways of each country, and what is said of a file that is broken."""

import re
from typing import Any

import pytest

from askalms import texts
from askalms.contacts import call_words, contacts, countries, read_countries
from askalms.datatypes import Contact, Outcome
from askalms.errors import DataError

CODES = ["", *(code for code, _ in countries())]
"""Of all countries, and of none."""


def test_each_way_is_an_entry_of_its_own():
    """A call, a text with a word, and one that needs no hearing."""
    crisis = contacts(Outcome.CRISIS, "GB")
    assert crisis[0] == Contact("Call Samaritans on 116 123", "tel:116123", speech=True)
    assert crisis[1] == Contact("Text SHOUT to 85258", "sms:85258?body=SHOUT", speech=False)
    assert contacts(Outcome.EMERGENCY, "us")[0] == Contact("Call 911", "tel:911")


@pytest.mark.parametrize("code", CODES)
def test_in_a_crisis_the_ways_of_an_emergency_come_last(code: str):
    """Who thinks of suicide may be in danger, and may be unable to call."""
    emergency, crisis = contacts(Outcome.EMERGENCY, code), contacts(Outcome.CRISIS, code)
    assert crisis[-len(emergency) :] == emergency
    assert len(crisis) > len(emergency)


@pytest.mark.parametrize("outcome", [o for o in Outcome if o not in (Outcome.EMERGENCY, Outcome.CRISIS)])
def test_other_outcomes_have_nobody_to_reach(outcome: Outcome):
    """Only an emergency and a crisis do."""
    assert contacts(outcome, "GB") == ()


@pytest.mark.parametrize("country", ["", "ZZ", "Atlantis", "default"])
def test_an_unknown_country_gets_the_ways_of_several(country: str):
    """The words for an emergency name no one number as the right one."""
    assert contacts(Outcome.EMERGENCY, country)[0] == Contact(
        "Call the emergency number where you are (112, 911 or 999)"
    )
    assert call_words(country)["emergency"] == "your local emergency number (112, 911 or 999)"


def test_countries_are_sorted_by_their_names():
    """Codes of two letters; what is told without a country is none."""
    found = countries()
    names = [name for _, name in found]
    assert ("GB", "United Kingdom") in found
    assert names == sorted(set(names))
    assert all(re.fullmatch("[A-Z]{2}", code) for code, _ in found)


@pytest.mark.parametrize("code", CODES)
def test_what_messages_say_agrees_with_the_list(code: str):
    """Every number of the sentence is one of the list, so that nobody mends only one of them."""
    for outcome in (Outcome.EMERGENCY, Outcome.CRISIS):
        listed = " ".join(c.words for c in contacts(outcome, code))
        for number in re.findall(r"\d[\d -]*\d", call_words(code)[outcome.value]):
            assert number in listed


@pytest.mark.parametrize("code", CODES)
def test_a_press_dials_the_number_that_is_read(code: str):
    """The digits of an address stand in its words, in their order, and so does the word of a text."""
    for contact in contacts(Outcome.CRISIS, code):
        kind, _, rest = contact.address.partition(":")
        number, _, body = rest.partition("?body=")
        if kind in ("tel", "sms"):
            assert number in re.sub(r"(?<=\d)[ -](?=\d)", "", contact.words)
            assert body in contact.words
        assert contact.words.startswith({"tel": "Call ", "sms": "Text "}.get(kind, ""))


@pytest.mark.parametrize("code", CODES)
def test_a_text_needs_no_speech_and_a_call_does(code: str):
    """But for one on which an answer by text is awaited."""
    for contact in contacts(Outcome.CRISIS, code):
        if contact.address.startswith("sms:"):
            assert not contact.speech
        if contact.address.startswith("tel:"):
            assert contact.speech == ("wait for a text" not in contact.words)


def test_where_the_country_is_unknown_there_is_a_way_without_speech():
    """Alström syndrome takes the hearing."""
    assert not all(c.speech for c in contacts(Outcome.EMERGENCY))
    assert not all(c.speech for c in contacts(Outcome.CRISIS))


# --- a broken file


def _table(**changes: Any) -> dict[str, Any]:
    whole = {
        "name": "Norland",
        "call": {"emergency": "1", "crisis": "2"},
        "emergency": [{"words": "Call 1", "address": "tel:1"}],
        "crisis": [{"words": "Text 2", "address": "sms:2", "speech": False}],
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


DEFAULT = _table(name=None)


def test_a_whole_file_is_read():
    """As the tables say."""
    found = read_countries({"default": DEFAULT, "NL": _table()})
    assert found["NL"].name == "Norland"
    assert found["NL"].call == {Outcome.EMERGENCY: "1", Outcome.CRISIS: "2"}
    assert found["NL"].ways[Outcome.CRISIS] == (Contact("Text 2", "sms:2", speech=False),)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": None}, "must hold name, call, crisis, emergency"),
        ({"name": " "}, "name is ' '"),
        ({"hours": "all day"}, "and nothing else"),
        ({"call": "1"}, "call.crisis and call.emergency"),
        ({"call": {"emergency": "1"}}, "call.crisis and call.emergency"),
        ({"call": {"emergency": "1", "crisis": 2}}, "call.crisis is 2"),
        ({"crisis": []}, "crisis must list at least one way"),
        ({"crisis": "Call 2"}, "crisis must list at least one way"),
        ({"emergency": [{"address": "tel:1"}]}, "expected words"),
        ({"emergency": [{"words": ""}]}, "emergency.words is ''"),
        ({"emergency": [{"words": "Call 1", "adress": "tel:1"}]}, "adress"),
        ({"emergency": [{"words": "Call 1", "address": "1"}]}, "address '1'"),
        ({"emergency": [{"words": "Call 1", "address": "tel:one"}]}, "address 'tel:one'"),
        ({"emergency": [{"words": "Chat", "address": "http://a.example"}]}, "address 'http://a.example'"),
        ({"emergency": [{"words": "Chat", "address": "javascript:alert(1)"}]}, "address 'javascript:alert(1)'"),
        ({"emergency": [{"words": "Call 1", "speech": "no"}]}, "speech = 'no'"),
    ],
)
def test_what_is_wrong_is_told_with_the_country(changes: dict[str, Any], told: str):
    """In one line that names the file, the country and what was expected."""
    with pytest.raises(DataError, match=re.escape(told)) as error:
        read_countries({"default": DEFAULT, "NL": _table(**changes)})
    assert str(error.value).startswith("emergency_numbers.toml: [NL] ")


@pytest.mark.parametrize("code", ["UKX", "gb", "Norland"])
def test_a_country_has_two_capital_letters(code: str):
    """Others would never be found."""
    with pytest.raises(DataError, match="two capital letters"):
        read_countries({"default": DEFAULT, code: _table()})


def test_there_must_be_ways_for_an_unknown_country():
    """Most people are asked nothing of their country."""
    with pytest.raises(DataError, match="default"):
        read_countries({"NL": _table()})


def test_a_file_that_is_no_toml_is_told(monkeypatch: pytest.MonkeyPatch):
    """A lost quotation mark is the likeliest slip."""

    class Broken:
        def __truediv__(self, _: str) -> "Broken":
            return self

        def read_text(self, _: str) -> str:
            return 'name = "Norland'

    monkeypatch.setattr(texts, "files", lambda _: Broken())
    with pytest.raises(DataError, match="is not TOML"):
        texts.load_data.__wrapped__("emergency_numbers")
