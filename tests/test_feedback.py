"""What visitors think: what is kept, what never is, and the questions that are made of it."""

import json
import stat
from pathlib import Path

import pytest

from askalms.datatypes import Answer, Document, Outcome, Provenance, Quote
from askalms.errors import QuestionFileError
from askalms.feedback import LONGEST_COMMENT, Verdict, keep_feedback, questions_from

TEXT = "MRLS is rare. It hurts."
DOCUMENTS = {"a.md": Document("a.md", TEXT, "", (), Provenance("A"), ())}
RARE = Quote("a.md", 0, 13, TEXT[:13], Provenance("A"), "", 0.9)
ANSWER = Answer(Outcome.ANSWER, "One page answers this:", (RARE,))


def test_a_line_holds_the_question_and_nothing_about_the_person(tmp_path: Path):
    """Neither when nor from where; the quote is kept by its place; only the owner may read the file."""
    path = tmp_path / "feedback.jsonl"
    assert keep_feedback(path, "Is it rare?", ANSWER, Verdict.HELPED, "x" * 2000)
    (line,) = path.read_text("utf-8").splitlines()
    assert json.loads(line) == {
        "question": "Is it rare?",
        "outcome": "answer",
        "quotes": [{"document": "a.md", "start": 0, "end": 13}],
        "verdict": "helped",
        "comment": "x" * LONGEST_COMMENT,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("question", "comment"), [("I am jo@mail.example", ""), ("Is it?", "Call me: jo@mail.example")]
)
def test_what_tells_who_somebody_is_is_not_kept(tmp_path: Path, question: str, comment: str):
    """Neither in the question nor in the comment."""
    path = tmp_path / "feedback.jsonl"
    assert not keep_feedback(path, question, ANSWER, Verdict.DID_NOT_HELP, comment)
    assert not path.exists()


def test_a_file_that_cannot_be_written_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """The log says so, without the question."""
    assert not keep_feedback(tmp_path, "Is it rare?", ANSWER, Verdict.HELPED)
    assert "feedback cannot be kept" in caplog.text and "rare" not in caplog.text


def test_questions_are_made_of_feedback(tmp_path: Path):
    """Each once; what helped expects what came; of what did not help, even once, nobody knows yet."""
    path = tmp_path / "feedback.jsonl"
    gone = Answer(Outcome.ANSWER, "", (Quote("gone.md", 0, 5, "Gone.", Provenance(""), "", 0.9),))
    keep_feedback(path, "Is it rare?", ANSWER, Verdict.HELPED)
    keep_feedback(path, "Is it  rare?", ANSWER, Verdict.HELPED, "thanks")
    keep_feedback(path, "Does it hurt?", ANSWER, Verdict.HELPED)
    keep_feedback(path, "Does it hurt?", ANSWER, Verdict.DID_NOT_HELP, "half\nof it \ud800")
    keep_feedback(path, "Who won?", Answer(Outcome.OUT_OF_SCOPE, ""), Verdict.HELPED)
    keep_feedback(path, "What is gone?", gone, Verdict.HELPED)
    made = list(questions_from(path, DOCUMENTS))
    assert [(r["id"], r["turns"], r["expect"]) for r in made] == [
        ("feedback-001", ["Is it rare?"], "answer"),
        ("feedback-002", ["Does it hurt?"], None),
        ("feedback-003", ["Who won?"], "out_of_scope"),
        ("feedback-004", ["What is gone?"], None),
    ]
    assert [r["gold"] for r in made] == [[{"doc": "a.md", "quote": "MRLS is rare."}], [], [], []]
    assert made[1]["notes"] == "helped: ; did_not_help: half\nof it ?"


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"question": "A?"}', "7"])
def test_a_line_that_is_no_feedback_is_named(tmp_path: Path, line: str):
    """And so is a file that is not there."""
    path = tmp_path / "feedback.jsonl"
    keep_feedback(path, "Is it rare?", ANSWER, Verdict.HELPED)
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(QuestionFileError, match=r"feedback\.jsonl:2 is no feedback"):
        list(questions_from(path, DOCUMENTS))
    with pytest.raises(QuestionFileError, match="cannot be read"):
        list(questions_from(tmp_path, DOCUMENTS))
