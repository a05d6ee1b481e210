"""Files of questions: what is understood, and what is said about the rest."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from askalms.datatypes import Outcome
from askalms.errors import QuestionFileError
from askalms.questions import Gold, Item, read_questions


def read(folder: Path, *lines: Any, judged: bool = False) -> list[Item]:
    """Write objects as lines of a file, and read it."""
    path = folder / "q.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return list(read_questions(path, judged))


def refusal(folder: Path, line: str, judged: bool = False) -> str:
    """What is said of a line that stands below a good one and an empty one."""
    path = folder / "q.jsonl"
    path.write_text('{"question": "Is it rare?", "expect": "answer"}\n\n' + line + "\n", "utf-8")
    with pytest.raises(QuestionFileError) as caught:
        list(read_questions(path, judged))
    said = str(caught.value)
    assert said.startswith(f"{path}:3")
    return said


def test_a_question_has_one_turn_and_a_dialogue_several(tmp_path: Path):
    """Nothing is expected of either."""
    assert read(tmp_path, {"id": "a", "question": "Is it rare?"}, {"id": "b", "turns": ["MRLS?", "Is it rare?"]}) == [
        Item("a", ("Is it rare?",)),
        Item("b", ("MRLS?", "Is it rare?")),
    ]


def test_a_question_without_an_id_has_the_number_of_its_line(tmp_path: Path):
    """Empty lines count; an id may be a number, and 0 is one."""
    path = tmp_path / "q.jsonl"
    path.write_text('\n{"question": "A?"}\n   \n{"id": null, "question": "B?"}\n{"id": 0, "question": "C?"}', "utf-8")
    assert [item.question_id for item in read_questions(path)] == ["2", "4", "0"]


def test_turns_count_more_than_a_question(tmp_path: Path):
    """Where both are given."""
    assert read(tmp_path, {"question": "A?", "turns": ["B?", ""]})[0].turns == ("B?", "")


def test_a_judged_question_says_what_would_be_right(tmp_path: Path):
    """Outcomes are known by name; gold without a group is of one."""
    line = {
        "id": "a",
        "category": "contrast",
        "turns": ["Is MRLS rare?"],
        "expect": "answer",
        "also_accept": ["clarify", "not_found"],
        "disease": "als",
        "gold": [{"doc": "a.md", "quote": "It is."}, {"doc": "b.md", "quote": "No.", "group": "b"}],
        "notes": "no matter",
    }
    assert read(tmp_path, line, judged=True) == [
        Item(
            "a",
            ("Is MRLS rare?",),
            "contrast",
            Outcome.ANSWER,
            (Outcome.CLARIFY, Outcome.NOT_FOUND),
            "als",
            (Gold("a.md", "It is."), Gold("b.md", "No.", "b")),
        )
    ]


def test_what_is_not_to_be_judged_may_expect_anything(tmp_path: Path):
    """It is only asked."""
    assert read(tmp_path, {"question": "A?", "expect": "gold", "gold": 7, "also_accept": None}) == [Item("1", ("A?",))]


def test_only_what_matters_need_be_said(tmp_path: Path):
    """An expectation alone is enough; null says nothing."""
    (item,) = read(tmp_path, {"question": "A?", "expect": "crisis", "category": None, "disease": None}, judged=True)
    assert item == Item("1", ("A?",), expect=Outcome.CRISIS)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_they_like(tmp_path: Path, end: str):
    """With a byte-order mark in front or without; other separators of lines are part of a question."""
    path = tmp_path / "q.jsonl"
    lines = ['{"question": "A\u2028B\x85C\x0bD?"}'.replace("\x0b", "\\u000b"), '{"question": "E?"}']
    for mark in ("", "\ufeff"):
        path.write_bytes((mark + end.join(lines)).encode())
        assert [item.turns for item in read_questions(path)] == [("A\u2028B\x85C\x0bD?",), ("E?",)]


def test_standard_input_is_read_like_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """And called "-" in messages."""
    monkeypatch.setattr(sys, "stdin", io.StringIO('\ufeff{"question": "A?"}\n{"question": "B?"}\n'))
    assert [item.turns for item in read_questions(Path("-"))] == [("A?",), ("B?",)]
    monkeypatch.setattr(sys, "stdin", io.StringIO("{"))
    with pytest.raises(QuestionFileError, match=r"^-:1 is not JSON"):
        list(read_questions(Path("-")))


def test_an_empty_file_holds_no_question(tmp_path: Path):
    """Which is no error yet."""
    assert read(tmp_path) == []


@pytest.mark.parametrize("data", [None, b"\xff\xfe{", b'{"question": "\xe4"}'])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, data: bytes | None):
    """Missing, a folder, or not UTF-8."""
    path = tmp_path / "q.jsonl"
    if data is not None:
        path.write_bytes(data)
    for refused in (path, tmp_path):
        with pytest.raises(QuestionFileError, match=r"the questions in '.*' cannot be read .*; expected UTF-8 text"):
            list(read_questions(refused))


@pytest.mark.parametrize(
    "line", ["{", "Is it rare?", "{'question': 'A?'}", "\ufeff{}", "[" * 100_000, f'{{"id": {"9" * 5000}}}']
)
def test_a_line_that_is_not_json_is_refused(tmp_path: Path, line: str):
    """However deep or long."""
    assert "is not JSON" in refusal(tmp_path, line)


@pytest.mark.parametrize(
    "line",
    [
        *("[]", "null", "7", '"A?"', "{}", '{"question": null}', '{"question": ["A?"]}', '{"turns": []}'),
        *('{"turns": "A?"}', '{"turns": [1]}', '{"turns": null, "question": "A?"}', '{"turns": ["A?", null]}'),
    ],
)
def test_a_line_without_a_question_is_refused(tmp_path: Path, line: str):
    """The message shows how one is written."""
    assert 'holds no question; expected {"id": ..., "question": "..."}, or' in refusal(tmp_path, line)


@pytest.mark.parametrize("expect", ["null", '"Answer"', '""', "7", "[]", '["answer"]', '{"a": 1}'])
def test_an_unknown_expectation_is_refused(tmp_path: Path, expect: str):
    """Known ones are listed; so are they where one is accepted as well."""
    known = "known are answer, not_found, clarify, emergency, crisis, ask_clinician, out_of_scope"
    assert known in refusal(tmp_path, f'{{"question": "A?", "expect": {expect}}}', judged=True)
    line = f'{{"question": "A?", "expect": "answer", "also_accept": ["crisis", {expect}]}}'
    assert known in refusal(tmp_path, line, judged=True)


@pytest.mark.parametrize("disease", ['"measles"', "7", '["als"]', '{"als": 1}'])
def test_an_unknown_disease_is_refused(tmp_path: Path, disease: str):
    """Otherwise a quote about another would not be noticed."""
    line = f'{{"question": "A?", "expect": "not_found", "disease": {disease}}}'
    assert "known are alstrom, als, both, and null" in refusal(tmp_path, line, judged=True)


@pytest.mark.parametrize("field", ["also_accept", "gold"])
@pytest.mark.parametrize("value", ["null", '"answer"', "7", "{}"])
def test_what_is_a_list_must_be_one(tmp_path: Path, field: str, value: str):
    """Even if it holds one thing only."""
    line = f'{{"question": "A?", "expect": "answer", "{field}": {value}}}'
    assert "also_accept and gold are lists" in refusal(tmp_path, line, judged=True)


@pytest.mark.parametrize(
    "gold",
    [
        *("null", '"It is."', "[]", '{"doc": "a.md"}', '{"quote": "It is."}', '{"doc": "a.md", "quote": ""}'),
        *('{"doc": "", "quote": "It is."}', '{"doc": 1, "quote": "It is."}', '{"doc": "a.md", "quote": ["It is."]}'),
    ],
)
def test_gold_names_a_document_and_its_words(tmp_path: Path, gold: str):
    """The message shows how it is written."""
    line = f'{{"question": "A?", "expect": "answer", "gold": [{{"doc": "a.md", "quote": "It is."}}, {gold}]}}'
    assert 'expected {"doc": "...", "quote": "..."}' in refusal(tmp_path, line, judged=True)
