"""The command line as a user meets it: what it prints where, and how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from askalms import cli
from askalms.answering import Assistant

ROOT = Path(__file__).parents[1]
TOY_CORPUS = ROOT / "tests" / "data" / "corpus"
KEYS = [
    "id", "outcome", "message", "quotes", "understood_as", "topic", "disclaimer", "elapsed_ms"
]  # fmt: skip
QUOTE_KEYS = [
    "document", "start", "end", "text", "title", "publisher", "url", "reviewed", "heading", "probability", "also_in"
]  # fmt: skip


def _run(monkeypatch: pytest.MonkeyPatch, *args: str | Path) -> int:
    """Run the command line in this process; give its exit status."""
    monkeypatch.setattr(sys, "argv", ["askalms", *map(str, args)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
        sys.exit(0)
    return int(ended.value.code or 0)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, toy_assistant: Assistant) -> None:
    """The toy assistant in place of the one that the command would open."""
    monkeypatch.setattr(Assistant, "open", classmethod(lambda cls, index, settings: toy_assistant))


# --- ask


@pytest.mark.usefixtures("answering")
def test_ask_prints_quotes_with_their_source(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """The answer goes to stdout, and nothing else does."""
    assert _run(monkeypatch, "ask", "Which gene is changed in Alström syndrome?") == 0
    out = capfd.readouterr().out
    assert "Changes in the ALMS1 gene cause Alström syndrome." in out
    assert "Alström syndrome in short" in out
    assert "https://library.example/alstrom" in out
    assert "not medical advice" in out


@pytest.mark.usefixtures("answering")
def test_ask_json_has_exactly_the_fields_of_the_contract(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    """Programs rely on the names and their order."""
    assert _run(monkeypatch, "ask", "--json", "Which gene is changed in Alström syndrome?") == 0
    answer = json.loads(capfd.readouterr().out)
    assert list(answer) == KEYS
    assert list(answer["quotes"][0]) == QUOTE_KEYS


@pytest.mark.usefixtures("answering")
def test_a_batch_is_answered_in_its_order(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """One JSON object a line, in and out; of several turns the last is answered."""
    lines = [
        {"id": "b", "question": "I want to die"},
        {"id": "a", "turns": ["What is Alström syndrome?", "Is it inherited?"]},
    ]
    questions = tmp_path / "questions.jsonl"
    questions.write_text("\n\n".join(map(json.dumps, lines)), "utf-8")
    assert _run(monkeypatch, "ask", "--batch", questions) == 0
    answers = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [a["id"] for a in answers] == ["b", "a"]
    assert [a["outcome"] for a in answers] == ["crisis", "answer"]
    assert answers[1]["understood_as"] == "Is Alström syndrome inherited?"


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', '{"turns": []}', '{"turns": [1]}', '{"question": null}'])
def test_a_line_that_is_no_question_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, line: str
):
    """File and line, what was expected, and status 1 before anything is answered."""
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"id": "1", "question": "x"}\n' + line + "\n", "utf-8")
    assert _run(monkeypatch, "ask", "--batch", questions) == 1
    captured = capfd.readouterr()
    assert captured.out == ""
    assert f"{questions}:2" in captured.err.replace("\n", "")
    assert "expected" in captured.err


@pytest.mark.parametrize(
    "args", [["ask"], ["ask", "x", "--batch", "y"], ["fly"], ["serve", "--port", "0"], ["ask", "--x"]]
)
def test_wrong_usage_ends_with_2(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], args: list[str]):
    """Unknown commands, options and combinations."""
    assert _run(monkeypatch, *args) == 2
    assert capfd.readouterr().out == ""


def test_no_index_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """What is missing, and the command that makes it."""
    assert _run(monkeypatch, "ask", "Is it inherited?", "--index", tmp_path / "none") == 1
    captured = capfd.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "askalms index" in captured.err


# --- index


@pytest.fixture
def toy_model(monkeypatch: pytest.MonkeyPatch, toy_encoders: object) -> None:
    """The toy encoder in place of the model that settings name."""
    monkeypatch.setattr("askalms.embedding.load_encoders", lambda settings: toy_encoders)


@pytest.mark.usefixtures("toy_model")
def test_index_tells_what_was_added(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path):
    """Each file on a line, then the sums; the second time there is nothing to do."""
    assert _run(monkeypatch, "index", TOY_CORPUS, "--index", tmp_path / "i") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines == [
        "added als.txt",
        "added alstrom.md",
        "added usher.md",
        "3 added, 0 changed, 0 removed, 0 unchanged",
    ]
    before = (tmp_path / "i" / "CURRENT").read_text()
    assert _run(monkeypatch, "index", TOY_CORPUS, "--index", tmp_path / "i") == 0
    assert "up to date" in capfd.readouterr().out
    assert (tmp_path / "i" / "CURRENT").read_text() == before


@pytest.mark.usefixtures("toy_model")
def test_a_dry_run_writes_nothing(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path):
    """It tells what would be added."""
    assert _run(monkeypatch, "index", TOY_CORPUS, "--index", tmp_path / "i", "--dry-run") == 0
    assert "would be 3 added" in capfd.readouterr().out
    assert not (tmp_path / "i").exists()


@pytest.mark.usefixtures("toy_model")
def test_a_bad_file_is_listed_and_the_others_are_indexed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Status 1 at the end, but the good page answers."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "good.txt").write_text("Alström syndrome is rare. Alström syndrome is inherited.", "utf-8")
    (corpus / "bad\nname.txt").write_bytes(b"\0\1\2")
    assert _run(monkeypatch, "index", corpus, "--index", tmp_path / "i") == 1
    captured = capfd.readouterr()
    assert "added good.txt" in captured.out
    assert "bad\\nname.txt" in captured.err
    assert "NUL" in captured.err
    assert _run(monkeypatch, "show", "good.txt", "--index", tmp_path / "i") == 0
    assert capfd.readouterr().out == "Alström syndrome is rare. Alström syndrome is inherited."


@pytest.mark.parametrize("make", [False, True])
def test_an_empty_or_missing_folder_is_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, make: bool
):
    """Nothing to index is a problem, not an empty index."""
    folder = tmp_path / "corpus"
    if make:
        folder.mkdir()
    assert _run(monkeypatch, "index", folder, "--index", tmp_path / "i") == 1
    assert "folder" in capfd.readouterr().err or make
    assert not (tmp_path / "i" / "CURRENT").exists()


# --- the real thing


def test_nothing_heavy_is_imported_to_say_how_it_is_used():
    """The help, and a wrong usage, come at once."""
    code = (
        "import sys; from askalms import cli\n"
        "try: cli.app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'faiss', 'gradio', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.slow
def test_index_and_ask_as_separate_processes(real_folder: Path):
    """The shipped corpus, the shipped model, a cold start: a proven quote on stdout, nothing on stderr."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "askalms.cli",
            "ask",
            "Is Alström syndrome inherited?",
            "--json",
            "--index",
            real_folder,
        ],
        check=True,
        capture_output=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    answer = json.loads(done.stdout)
    quote = answer["quotes"][0]
    text = (ROOT / "corpus" / quote["document"]).read_bytes().decode("utf-8")
    assert answer["outcome"] == "answer"
    assert text[quote["start"] : quote["end"]] == quote["text"]
    assert done.stderr == b""
