"""Files of questions: what is understood, and what is said about the rest."""

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from askalms.datatypes import Outcome
from askalms.errors import QuestionFileError
from askalms.questions import Article, Gold, Item, QuestionSet, article_id, read_question_set, read_questions


def read(folder: Path, *lines: Any, judged: bool = False) -> list[Item]:
    """Write objects as lines of a file, and read it."""
    path = folder / "q.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return list(read_question_set(path).items if judged else read_questions(path))


def refusal(folder: Path, line: str, judged: bool = False) -> str:
    """What is said of a line that stands below a good one and an empty one."""
    path = folder / "q.jsonl"
    path.write_text('{"question": "Is it rare?", "expect": "answer"}\n\n' + line + "\n", "utf-8")
    if judged:
        found = read_question_set(path)
        assert [item.turns for item in found.items] == [("Is it rare?",)]
        (said,) = found.problems
    else:
        with pytest.raises(QuestionFileError) as caught:
            list(read_questions(path))
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


# --- sets to be judged


def test_a_broken_line_is_named_and_the_rest_is_read(tmp_path: Path):
    """With file and line; a second question with the same id is left out as well."""
    path = tmp_path / "q.jsonl"
    good = [json.dumps({"id": name, "question": f"{name}?", "expect": "answer"}) for name in "abca"]
    path.write_text("\n".join([good[0], "{", good[1], '{"question": 1}', good[2], good[3]]))
    found = read_question_set(path)
    assert [item.question_id for item in found.items] == ["a", "b", "c"]
    assert [problem.split(" ")[0] for problem in found.problems] == [f"{path}:2", f"{path}:4", f"{path}:6"]
    assert "has the id 'a', which another question has" in found.problems[2]


def test_a_set_without_any_question_is_refused(tmp_path: Path):
    """With what is wrong with its first line, if there is one."""
    path = tmp_path / "q.jsonl"
    path.write_text("\n\n")
    with pytest.raises(QuestionFileError, match="holds no question"):
        read_question_set(path)
    path.write_text("{\n[")
    with pytest.raises(QuestionFileError, match=r"q\.jsonl:1 is not JSON"):
        read_question_set(path)


def test_a_set_may_be_packed(tmp_path: Path):
    """Lines are counted as if it were not; what is no archive is refused."""
    path = tmp_path / "q.jsonl.gz"
    path.write_bytes(gzip.compress(b'\n{"question": "A?", "expect": "crisis"}'))
    assert read_question_set(path).items == (Item("2", ("A?",), expect=Outcome.CRISIS),)
    path.write_bytes(b"A?")
    with pytest.raises(QuestionFileError, match="cannot be read"):
        read_question_set(path)


TABLE = [
    ["Question", "Expected outcome", "Words of the expected quote", "Page", "Disease", "notes"],
    ["Is MRLS rare?", "answer", "It is rare.", "", "als", "as I would say"],
    ["", "", "", "", "", ""],
    ["Does it hurt?", "", "It hurts.\nIt does hurt.", "a.md", "", ""],
    ["Who won?", "Out of scope", "", "", "", ""],
    ["What now?", "perhaps", "", "", "", ""],
    ["Is it old?", "answer", "", "", "", ""],
]
READ = (
    Item("2", ("Is MRLS rare?",), "", Outcome.ANSWER, (), "als", (Gold("", "It is rare."),)),
    Item(
        "4", ("Does it hurt?",), "", Outcome.ANSWER, (), "", (Gold("a.md", "It hurts."), Gold("a.md", "It does hurt."))
    ),
    Item("5", ("Who won?",), "", Outcome.OUT_OF_SCOPE),
)


def _csv(rows: list[list[str]], delimiter: str) -> str:
    return "".join(delimiter.join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path, delimiter: str, encoding: str):
    """Heads in any words of a nurse; a quote alone expects an answer; several stand below each other in a cell."""
    path = tmp_path / "q.csv"
    rows = [[*row[:5], "Løken"] if n else row for n, row in enumerate(TABLE)]
    path.write_bytes(_csv([*rows[:2], *rows[3:]], delimiter).encode(encoding))
    found = read_question_set(path)
    # Without the empty row all stand one higher, and a cell of two lines makes the file a line longer.
    assert [item.turns for item in found.items] == [item.turns for item in READ]
    assert [item.gold for item in found.items] == [item.gold for item in READ]
    assert [item.question_id for item in found.items] == ["2", "3", "5"]
    assert [problem.split(" ")[0].rstrip(":") for problem in found.problems] == [f"{path}:6", f"{path}:7"]


def test_a_workbook_is_read_like_a_table(tmp_path: Path):
    """Its first sheet; numbers are what the rows are called."""
    book = openpyxl.Workbook()
    for row in TABLE:
        book.active.append(row)
    book.create_sheet("other").append(["question"])
    path = tmp_path / "q.xlsx"
    book.save(path)
    found = read_question_set(path)
    assert found.items == READ
    assert found.problems == (
        f"{path}:6 expects 'perhaps'; known are {', '.join(Outcome)}",
        f"{path}:7 expects an answer, but has no quote; copy the words that answer there",
    )


def test_what_is_no_table_of_questions_is_refused(tmp_path: Path):
    """A table without the column, an empty one, and a file that only has the name of a workbook."""
    path = tmp_path / "q.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(QuestionFileError, match=r"q\.csv:1 has no column 'question'"):
        read_question_set(path)
    path.write_text("")
    with pytest.raises(QuestionFileError, match="holds no question"):
        read_question_set(path)
    with pytest.raises(QuestionFileError, match="cannot be read"):
        read_question_set(tmp_path / "gone.csv")
    broken = tmp_path / "q.xlsx"
    broken.write_text("question")
    with pytest.raises(QuestionFileError, match="save the table"):
        read_question_set(broken)


SQUAD = {
    "data": [
        {
            "title": "Rare_falls",
            "paragraphs": [
                {
                    "context": "Falls are rare.",
                    "qas": [
                        {"id": "a", "question": "Are they?", "answers": [{"text": "rare", "answer_start": 10}] * 2}
                    ],
                },
                {
                    "context": "Falls hurt. Falls end.",
                    "qas": [
                        {"id": "b", "question": "Who falls?", "is_impossible": True, "answers": []},
                        {"id": "c", "question": "What ends?", "answers": [{"text": "Falls", "answer_start": 12}]},
                        {"id": "d", "question": "When?", "answers": [{"text": "never", "answer_start": 0}]},
                        {"question": "No id?"},
                    ],
                },
                {"context": 1},
            ],
        }
    ]
}


def test_squad_brings_its_texts_and_gold_knows_its_place(tmp_path: Path):
    """Paragraphs follow each other with an empty line between; without an answer, silence is right."""
    path = tmp_path / "dev.json.gz"
    path.write_bytes(gzip.compress(json.dumps(SQUAD).encode()))
    found = read_question_set(path)
    text = "Falls are rare.\n\nFalls hurt. Falls end."
    assert found == QuestionSet(
        (
            Item("a", ("Are they?",), "Rare_falls", Outcome.ANSWER, gold=(Gold(article_id(0), "rare", start=10),)),
            Item("b", ("Who falls?",), "Rare_falls", Outcome.NOT_FOUND),
            Item("c", ("What ends?",), "Rare_falls", Outcome.ANSWER, gold=(Gold(article_id(0), "Falls", start=29),)),
        ),
        (
            f"{path}: article 1, paragraph 2, question 3: the answer 'never' does not stand at 0 of its paragraph",
            f"{path}: article 1, paragraph 2, question 4 is no question; expected its id, question and answers",
            f"{path}: article 1, paragraph 3 is no paragraph; expected its context and its qas",
        ),
        (Article("Rare falls", text),),
    )
    assert text[29:34] == "Falls"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"data": 7}', '{"data": [7]}', '{"data": [{"title": "a"}]}'])
def test_what_is_no_squad_file_is_refused(tmp_path: Path, text: str):
    """Whatever else it is."""
    path = tmp_path / "dev.json"
    path.write_text(text)
    with pytest.raises(QuestionFileError, match="is no SQuAD file"):
        read_question_set(path)
