"""The command line as a user meets it: what it prints where, and how it ends."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from askalms import cli
from askalms.answering import Assistant
from askalms.bench import Bench
from askalms.datatypes import Outcome
from askalms.embedding import Encoders
from askalms.feedback import Verdict, keep_feedback
from askalms.settings import Settings, load_settings
from made_files import column, pdf

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
def answering(
    monkeypatch: pytest.MonkeyPatch, toy_assistant: Assistant, toy_encoders: Encoders, toy_settings: Settings
) -> None:
    """The toy assistant and its index in place of those that the command would open."""
    bench = Bench(toy_assistant.index, toy_encoders, toy_settings)
    monkeypatch.setattr(Assistant, "open", classmethod(lambda cls, index, settings: toy_assistant))
    monkeypatch.setattr(Bench, "open", classmethod(lambda cls, index, settings: bench))


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


@pytest.mark.usefixtures("toy_model")
def test_index_tells_what_is_damaged(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """By document, page and kind, with examples; the sound sentences answer, and the status is 0."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "good.txt").write_text("Alström syndrome is rare. Alström syndrome is inherited.", "utf-8")
    pages = (column("Bells ring."), column("Alstrm syndrome has an ef ect. It is rare."))
    (corpus / "bad[b].pdf").write_bytes(pdf(*pages))
    assert _run(monkeypatch, "index", corpus, "--index", tmp_path / "i") == 0
    told = capfd.readouterr().err
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in told.splitlines() if "bad[b].pdf" in line]
    assert ["bad[b].pdf", "2", "lost letters", "1", "1", "Alstrm"] in rows
    assert ["bad[b].pdf", "2", "lost ligatures", "1", "1", "ef ect."] in rows
    assert len(rows) == 2
    assert "good.txt" not in told
    assert _run(monkeypatch, "show", "bad[b].pdf", "--index", tmp_path / "i") == 0
    assert capfd.readouterr().out == "Bells ring.\n\nAlstrm syndrome has an ef ect. It is rare."


@pytest.mark.usefixtures("toy_model")
def test_strict_lets_no_damage_into_the_index(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """The old index stays; once the text is mended, it is built."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    page = corpus / "a.txt"
    page.write_text("Alström syndrome is rare. It is inherited.", "utf-8")
    args = ("index", corpus, "--index", tmp_path / "i", "--strict")
    assert _run(monkeypatch, *args) == 0
    before = (tmp_path / "i" / "CURRENT").read_text()
    page.write_text("Alström syndrome is rare. It has an ef ect.", "utf-8")
    for more in ((), ("--dry-run",)):
        capfd.readouterr()
        assert _run(monkeypatch, *args, *more) == 1
        told = capfd.readouterr()
        assert "the text of 1 documents is damaged, and --strict allows none; the index stays as it was" in told.err
        assert "ef ect" in told.err
        assert (tmp_path / "i" / "CURRENT").read_text() == before
    page.write_text("Alström syndrome is rare. It has an effect.", "utf-8")
    assert _run(monkeypatch, *args) == 0
    assert (tmp_path / "i" / "CURRENT").read_text() != before


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


@pytest.mark.usefixtures("toy_model")
def test_names_that_look_like_markup_are_only_names(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """In progress and in complaints; a hint that has brackets keeps them."""
    corpus = tmp_path / "corpus"
    (corpus / "[").mkdir(parents=True)
    (corpus / "[" / "x].txt").write_text("Alström syndrome is rare. Alström syndrome is inherited.", "utf-8")
    (corpus / "[red]:b:.txt").write_text("Alström syndrome is rare. " * 100, "utf-8")
    (tmp_path / "s.toml").write_text("[corpus]\nmax_file_megabytes = 0.001\n")
    assert _run(monkeypatch, "index", corpus, "--index", tmp_path / "i", "--settings", tmp_path / "s.toml") == 1
    captured = capfd.readouterr()
    assert "added [/x].txt" in captured.out
    assert "[red]:b:.txt" in captured.err
    assert "[corpus]" in captured.err


PAGES = {
    "ears.md": "---\ntitle: Okafor syndrome\n---\nThe ears ring at night. They hurt in the cold.\n",
    "legs.md": "---\ntitle: Lindqvist syndrome\n---\nThe legs grow weak. Walking is hard.\n",
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy_model: None) -> Path:
    """A folder with a corpus of two pages, indexed with the toy encoder."""
    (tmp_path / "askalms.toml").write_text('[embedding]\nmodel = "toy"\nsentence_model = "toy"\n')
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    for name, text in PAGES.items():
        (tmp_path / "corpus" / name).write_text(text, "utf-8")
    assert _run(monkeypatch, "index") == 0
    return tmp_path


def test_index_tells_what_it_did(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], small: Path):
    """What is renamed is neither added nor removed, and the table at the end has what was embedded."""
    capfd.readouterr()
    (small / "corpus" / "legs.md").rename(small / "corpus" / "feet\n.md")
    with (small / "corpus" / "ears.md").open("a") as file:
        file.write("\n\nThey itch.\n")
    assert _run(monkeypatch, "index") == 0
    captured = capfd.readouterr()
    assert captured.out.splitlines() == [
        "changed ears.md",
        "renamed legs.md to feet .md",
        "0 added, 1 changed, 0 removed, 1 renamed, 0 unchanged",
    ]
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in captured.err.splitlines() if "│" in line]
    assert ["changed", "1"] in rows
    assert ["renamed", "1"] in rows
    assert ["in the index now", "2"] in rows
    assert "2 passages, 5 sentences; 2 texts embedded, 6 embeddings kept; " in captured.err


def test_a_dry_run_tells_how_long_it_would_take_once_that_is_known(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], small: Path
):
    """After two sentences nothing is known; after a long page it is."""
    new = small / "corpus" / "long.md"
    new.write_text("---\ntitle: Haddad syndrome\n---\n" + "".join(f"Part {n} is long.\n\n" for n in range(90)))
    assert _run(monkeypatch, "index", "--dry-run") == 0
    assert "take" not in capfd.readouterr().out
    assert _run(monkeypatch, "index") == 0
    before = sorted((small / "index").rglob("*"))
    new.write_text("Something else is written here. Nothing of it was there.")
    capfd.readouterr()
    assert _run(monkeypatch, "index", "--dry-run") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[:2] == ["changed long.md", "would be 0 added, 1 changed, 0 removed, 2 unchanged"]
    assert re.fullmatch(r"this would take about \d+ s", lines[2])
    assert sorted((small / "index").rglob("*")) == before


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "1 s"), (89.4, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")]
)
def test_times_are_told_as_people_say_them(seconds: float, told: str):
    """Seconds, minutes or hours, and no digit that nobody can use."""
    assert cli._duration(seconds) == told


def test_rollback_goes_back_and_forth(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], small: Path):
    """It says what answers now and what is kept; the first index has nothing before it."""
    capfd.readouterr()
    assert _run(monkeypatch, "rollback") == 1
    assert "keeps no generation before" in capfd.readouterr().err
    (small / "corpus" / "legs.md").unlink()
    assert _run(monkeypatch, "index") == 0
    capfd.readouterr()
    for documents in (2, 1):
        assert _run(monkeypatch, "rollback") == 0
        told = capfd.readouterr().out
        assert re.fullmatch(
            rf"generation \S+ answers again: {documents} documents, made \S+; \S+ is kept, and `askalms rollback` "
            r"leads back to it\n",
            told,
        )
        assert _run(monkeypatch, "show", "legs.md") == 2 - documents
        capfd.readouterr()


def test_verify_tells_every_problem_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], small: Path
):
    """Status 0 and one line if all is well; else a line for each problem on stdout, and status 1."""
    capfd.readouterr()
    assert _run(monkeypatch, "verify") == 0
    assert re.fullmatch(r"generation \S+ is whole: 2 documents, 2 passages, 4 sentences\n", capfd.readouterr().out)
    for path in (small / "index").rglob("headings.*"):
        path.write_bytes(b"")
    assert _run(monkeypatch, "verify") == 1
    lines = capfd.readouterr().out.splitlines()
    assert [line.split("damaged: ")[1] for line in lines] == [
        "headings.json is not what was written",
        "headings.npy is not what was written",
    ]


def test_a_second_indexer_is_sent_away_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], small: Path
):
    """It names the first, and the index answers."""
    from askalms.generations import writing

    (small / "corpus" / "legs.md").unlink()
    capfd.readouterr()
    with writing(small / "index"):
        assert _run(monkeypatch, "index") == 1
        assert _run(monkeypatch, "rollback") == 1
        captured = capfd.readouterr()
        assert f"process {os.getpid()}" in captured.err
        assert _run(monkeypatch, "show", "legs.md") == 0


# --- evaluate


GENE = {
    "id": "gene",
    "category": "fact",
    "question": "Which gene is changed in Alström syndrome?",
    "expect": "answer",
    "disease": "alstrom",
    "gold": [{"doc": "alstrom.md", "quote": "Changes in the ALMS1 gene"}],
}
FOOTBALL = {"id": "ball", "category": "other", "question": "Which football club is best?", "expect": "answer"}
WRONG = {
    **GENE,
    "id": "wrong",
    "category": "fact",
    "gold": [{"doc": "als.txt", "quote": "Changes"}],
    "expect": "clarify",
}


def _questions(folder: Path, *items: object) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items), "utf-8")
    return path


@pytest.mark.usefixtures("answering")
def test_evaluate_tells_the_figures_in_ten_lines(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Each with its interval and how many questions it is of; wrong answers are no failure."""
    questions = [GENE, {**GENE, "id": "wrong", "expect": "clarify", "gold": []}, {**FOOTBALL, "expect": "emergency"}]
    assert _run(monkeypatch, "evaluate", _questions(tmp_path, *questions)) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) <= 10
    assert re.fullmatch(r"Right: 0\.333 \[0\.000, 1\.000\], 3 questions", lines[0])
    assert "Serious errors: missed emergency or crisis: ball" in lines
    assert re.search(r"an answer takes \d+ ms \(median\), \d+ ms \(95 %\); \d+ MB of memory$", lines[-1])


@pytest.mark.usefixtures("answering")
def test_evaluate_lists_what_was_not_right_when_asked(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Figures by category; what was expected, what came, the question and the first quote, one question a line."""
    questions = _questions(tmp_path, {**FOOTBALL, "expect": "emergency"}, GENE, {**WRONG, "gold": []})
    assert _run(monkeypatch, "evaluate", questions) == 0
    assert "expected emergency" not in capfd.readouterr().out
    assert _run(monkeypatch, "evaluate", questions, "--show") == 0
    lines = capfd.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if line.startswith("│ fact")]
    assert rows[0] == ["fact", "2", "0.500 [0.000, 1.000]", "0.500 [0.000, 1.000]", "1.000 [1.000, 1.000]"]
    told = [line for line in lines if ": expected" in line]
    assert len(told) == 2
    assert re.fullmatch(r"ball: expected emergency, got \w+: 'Which football club is best\?' ->", told[0])
    assert told[1].startswith("wrong: expected clarify, got answer: 'Which gene is changed in Alström syndrome?' -> \"")
    assert told[1].endswith('"Changes in the ALMS1 gene cause Alström syndrome."')
    assert "missed emergency or crisis: 1 (ball)" in lines


@pytest.mark.usefixtures("answering")
def test_evaluate_goes_on_past_broken_lines_and_names_them(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """With status 1 at the end; gold that stands in no document is told as well."""
    path = _questions(tmp_path, GENE, {**GENE, "id": "b", "expect": "gold"}, {**GENE, "id": "c", "gold": [
        {"doc": "alstrom.md", "quote": "not there"}]})  # fmt: skip
    assert _run(monkeypatch, "evaluate", path) == 1
    captured = capfd.readouterr()
    assert "Right: 0.500" in captured.out
    assert captured.err.splitlines() == [
        f"{path}:2 expects 'gold'; known are {', '.join(Outcome)}",
        "c: of 1 quotes that would answer, 1 stand in no document, such as 'not there'",
    ]


@pytest.mark.usefixtures("answering")
def test_evaluate_fails_below_a_figure_and_worse_than_a_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """With status 1, naming the figure and the questions that broke; against itself no run is worse."""
    both = _questions(tmp_path, GENE, {**GENE, "id": "same"})
    run, report = tmp_path / "run.json", tmp_path / "report.html"
    assert _run(monkeypatch, "evaluate", both, "--json", run, "--fail-under", "right=1", "--fail-under", "hit=0.5") == 0
    assert _run(monkeypatch, "evaluate", both, "--baseline", run, "--no-worse-than", run) == 0
    assert "worse: 0 of 2" in capfd.readouterr().out
    broken = _questions(tmp_path, GENE, {**GENE, "id": "same", "expect": "not_found"})
    told = ("--no-worse-than", run, "--fail-under", "right=0.9", "--report", report)
    assert _run(monkeypatch, "evaluate", broken, *told) == 1
    captured = capfd.readouterr()
    assert "worse: 1 of 2: same" in captured.out
    assert captured.err.strip() == f"askalms: right is 0.5000, below 0.9; the run is worse than {run}: same"
    assert "1 went better" not in report.read_text("utf-8") and "0 went better and 1 worse" in report.read_text("utf-8")
    assert _run(monkeypatch, "evaluate", broken, "--fail-under", "false_alarms=0.1") == 1
    assert "expected one of right, outcome," in capfd.readouterr().err
    assert _run(monkeypatch, "evaluate", broken, "--baseline", both) == 1
    assert "is no run to compare with" in capfd.readouterr().err


@pytest.mark.usefixtures("answering")
def test_evaluate_shows_what_each_part_is_good_for(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Five ways to search, one row each."""
    assert _run(monkeypatch, "evaluate", _questions(tmp_path, GENE), "--ablation") == 0
    rows = [line.split("│")[1].strip() for line in capfd.readouterr().out.splitlines() if line.startswith("│")]
    assert rows == [
        "dense alone",
        "lexical alone",
        "fused",
        "fused and reranked (as shipped)",
        "as shipped, without the guard of topics",
    ]


@pytest.mark.usefixtures("answering")
def test_calibrate_refuses_a_small_set(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """And writes nothing."""
    monkeypatch.chdir(tmp_path)
    assert _run(monkeypatch, "calibrate", _questions(tmp_path, GENE)) == 1
    assert "it takes 50 and 10" in capfd.readouterr().err
    assert not (tmp_path / "askalms.toml").exists()


@pytest.mark.usefixtures("answering")
def test_calibrate_writes_the_threshold_to_the_settings(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """With --dry-run it only tells; the settings can be read afterwards."""
    monkeypatch.chdir(tmp_path)
    items = [{**GENE, "id": f"a{n}"} for n in range(50)]
    items += [{**FOOTBALL, "id": f"b{n}", "expect": "not_found"} for n in range(10)]
    path = _questions(tmp_path, *items)
    assert _run(monkeypatch, "calibrate", path, "--dry-run", "--error-rate", "0.2") == 0
    assert not (tmp_path / "askalms.toml").exists()
    assert _run(monkeypatch, "calibrate", path, "--error-rate", "0.2") == 0
    assert re.search(
        r"threshold 0\.\d{4} .* cross-validated over 60 questions: 0\.833 answered", capfd.readouterr().out
    )
    assert 0 < load_settings().answering.threshold < 1


@pytest.mark.usefixtures("answering")
def test_feedback_becomes_a_set_of_questions(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, toy_assistant: Assistant
):
    """What helped can be evaluated at once; what did not is for somebody to judge."""
    monkeypatch.setattr("askalms.index.open_index", lambda *args, **how: toy_assistant.index)
    kept = tmp_path / "feedback.jsonl"
    for question, verdict in ((GENE["question"], Verdict.HELPED), ("Which club?", Verdict.DID_NOT_HELP)):
        assert keep_feedback(kept, str(question), toy_assistant.ask(str(question)), verdict)
    assert _run(monkeypatch, "evaluate", "--from-feedback", kept) == 0
    made = tmp_path / "made.jsonl"
    made.write_text(capfd.readouterr().out, "utf-8")
    assert _run(monkeypatch, "evaluate", made) == 1
    captured = capfd.readouterr()
    assert "Right: 1.000 [1.000, 1.000], 1 questions" in captured.out
    assert f"{made}:2 expects None" in captured.err


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize("odd", ["[/x]", "[red]x", ":b:", "a b", "\ud800", "", "日本"])
def test_evaluate_prints_any_id_and_category_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, odd: str
):
    """No markup, no pictures, and half of a character as a question mark."""
    crisis = {"id": odd, "category": odd, "question": f"Which football club? {odd}", "expect": "crisis"}
    assert _run(monkeypatch, "evaluate", _questions(tmp_path, crisis), "--show") == 0
    out = capfd.readouterr().out
    seen = odd.encode("utf-8", "replace").decode()
    assert f"{seen}: expected crisis" in out
    assert f"missed emergency or crisis: 1 ({seen})" in out


@pytest.mark.usefixtures("answering")
def test_evaluate_keeps_to_a_line_whatever_a_question_holds(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Ends of lines and controls are left out."""
    hostile = {"id": "a\n\x1b[31mb", "category": "c\r\nd\x1b[0m", "question": "A\n\x1b[2JB", "expect": "crisis"}
    assert _run(monkeypatch, "evaluate", _questions(tmp_path, hostile, GENE), "--show") == 0
    out = capfd.readouterr().out
    assert "\x1b" not in out
    assert "│ c d[0m " in out
    assert "missed emergency or crisis: 1 (a [31mb)" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("", "holds no question; expected one JSON object a line, or a table"),
        ("\n\n", "holds no question; expected one JSON object a line, or a table"),
        ("{", "questions.jsonl:1 is not JSON"),
        ('{"question": "A?"}', "questions.jsonl:1 expects None; known are answer, not_found"),
        ('{"question": "A?", "expect": "answer", "gold": [1]}', "questions.jsonl:1: a gold span is 1; expected"),
    ],
)
def test_evaluate_refuses_questions_before_it_opens_an_index(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, text: str | None, said: str
):
    """In one line, with status 1."""
    questions = tmp_path / "questions.jsonl"
    if text is not None:
        questions.write_text(text)
    assert _run(monkeypatch, "evaluate", questions, "--index", tmp_path / "none") == 1
    captured = capfd.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert said in captured.err


def test_evaluate_needs_an_index_and_questions(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Without the one it is status 1, without the other wrong usage."""
    assert _run(monkeypatch, "evaluate", _questions(tmp_path, GENE), "--index", tmp_path / "none") == 1
    assert "there is no index" in capfd.readouterr().err
    assert _run(monkeypatch, "evaluate") == 2
    assert _run(monkeypatch, "evaluate", "a", "--from-feedback", "b") == 2


# --- check


REFERENCES = '[falls]\ntitle = "Falls"\ncopy = "falls.txt"\n[walks]\ntitle = "Walks"\ncopy = "walks.txt"\n'
HEAD = "---\ntitle: Alström syndrome\ntopic: alstrom-syndrome\npublisher: The house\nsources: [falls]\n---\n"
GOOD = f"{HEAD}## Ears\n\n<!-- sources: falls -->\n\nAlström syndrome takes the hearing of 5 in all.\n"
BAD = GOOD.replace("Alström syndrome takes the hearing", "This takes the hearing")


def _library(folder: Path, **pages: str) -> Path:
    """A folder of documents (`a__md` becomes a.md) beside a folder with a copy of one of their two sources."""
    (folder / "copies").mkdir()
    (folder / "copies" / "falls.txt").write_text("There are 5 of them.")
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, text in {"references__toml": REFERENCES, **pages}.items():
        (corpus / name.replace("__", ".")).write_text(text, "utf-8")
    return corpus


def test_check_finds_nothing_in_good_documents(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Their figures, and that there is nothing to mend; the rules are not for a page that names no sources."""
    other = "---\ntitle: Alström syndrome\npublisher: Others\n---\nThis is bad. It is very bad."
    corpus = _library(tmp_path, a__md=GOOD, other__md=other)
    assert _run(monkeypatch, "check", corpus, "--sources", tmp_path / "copies") == 0
    captured = capfd.readouterr()
    lines = captured.out.splitlines()
    end = lines.index("0 rules of the house broken in 1 documents that name sources")
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines[:end] if "│" in line]
    assert [row[:4] + row[5:] for row in rows] == [["a.md", "1", "1", "9", "1"]]
    assert lines[-1] == "0 things to mend and 4 to know in 2 documents"
    assert "compared" not in captured.out
    assert captured.err == ""


def test_check_tells_each_finding_on_a_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """As compilers do: file, line, rule, detail and the words; status 1."""
    corpus = _library(tmp_path, a__md=BAD.replace("5", "7"), b__md=GOOD.replace("[falls]", "[walks, falls]"))
    assert _run(monkeypatch, "check", corpus, "--sources", tmp_path / "copies") == 1
    lines = capfd.readouterr().out.split("Missing provenance")[0].splitlines()
    words = '"This takes the hearing of 7 in all."'
    assert lines[-5:] == [
        f'a.md:11: points elsewhere ("this" is about what a quote does not show): {words}',
        f"a.md:11: names nothing (it names no disease, and nothing of its heading): {words}",
        f"a.md:11: number without source (7 is in none of falls): {words}",
        "b.md:1: unlisted source (no section names 'walks')",
        "4 rules of the house broken in 2 documents that name sources",
    ]


def test_check_tells_what_was_not_compared(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Everything without --sources, and otherwise what has no copy there; neither is a finding."""
    corpus = _library(tmp_path, a__md=GOOD.replace("falls", "walks"))
    assert _run(monkeypatch, "check", corpus) == 0
    assert "were compared with no source; name copies of them with --sources" in capfd.readouterr().out
    more = tmp_path / "more"
    more.mkdir()
    assert _run(monkeypatch, "check", corpus, "--sources", tmp_path / "copies", "--sources", more) == 0
    assert "Without a copy, so not compared: walks" in capfd.readouterr().out
    (more / "walks.txt").write_text("Nobody counted.")
    assert _run(monkeypatch, "check", corpus, "--sources", tmp_path / "copies", "--sources", more) == 1
    assert "5 is in none of walks" in capfd.readouterr().out


def test_check_json_holds_the_whole_report(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Figures, findings and what was not compared; the status is the same."""
    corpus = _library(tmp_path, a__md=BAD, b__md=GOOD.replace("falls", "walks"))
    assert _run(monkeypatch, "check", corpus, "--json") == 1
    whole = json.loads(capfd.readouterr().out)
    assert list(whole) == ["house_rules", "findings", "left_out"]
    assert whole["findings"][0] == {
        "concern": "missing provenance",
        "weight": "know",
        "detail": "no date, no licence",
        "mentions": [{"doc_id": "a.md", "line": 0, "text": ""}],
    }
    assert whole["left_out"] == []
    report = whole["house_rules"]
    assert list(report) == ["pages", "breaches", "not_at_hand"]
    assert [list(page) for page in report["pages"]] == [
        ["doc_id", "sections", "sentences", "words", "grade", "sources"]
    ] * 2
    assert report["breaches"][0] == {
        "doc_id": "a.md",
        "line": 11,
        "rule": "points elsewhere",
        "detail": '"this" is about what a quote does not show',
        "text": "This takes the hearing of 5 in all.",
    }
    assert report["not_at_hand"] == ["falls", "walks"]
    assert _run(monkeypatch, "check", corpus, "--json", "--only", "b.md") == 0
    alone = json.loads(capfd.readouterr().out)
    assert alone["house_rules"]["breaches"] == []
    assert {mention["doc_id"] for finding in alone["findings"] for mention in finding["mentions"]} == {"b.md"}


def test_check_of_one_document_leaves_the_others_out(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """A name that is not there is told."""
    corpus = _library(tmp_path, a__md=BAD, b__md=GOOD)
    assert _run(monkeypatch, "check", corpus, "--only", "b.md") == 0
    assert "a.md:" not in capfd.readouterr().out
    assert _run(monkeypatch, "check", corpus, "--only", "c.md") == 1
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == f"askalms: '{corpus}' has no document 'c.md' that can be read\n"


def test_check_tells_what_to_mend_and_what_to_know_of_any_page(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """A table for each concern; only something to mend, or a file that cannot be read, makes the status 1."""
    page = "Alström syndrome is rare.\n\nAlström syndrome is watched by a team of many doctors.\n"
    corpus = _library(tmp_path, a__txt=page, b__md=f"---\ntitle: Two\npublisher: B\n---\n{page}It has no cure.\n")
    assert _run(monkeypatch, "check", corpus, "--only", "b.md") == 0
    assert _run(monkeypatch, "check", corpus) == 1
    capfd.readouterr()
    assert _run(monkeypatch, "check", corpus) == 1
    out = capfd.readouterr().out
    assert "Missing provenance: 3" in out
    assert "│ mend │ a.txt │ title is the name of the file, no publisher " in out
    assert "│ know │ b.md  │ no address, no date, no licence " in out
    assert out.splitlines()[-1] == "1 things to mend and 4 to know in 2 documents"
    (corpus / "a.txt").write_text("")
    assert _run(monkeypatch, "check", corpus, "--json") == 1
    report = json.loads(capfd.readouterr().out)
    assert [p["doc_id"] for p in report["left_out"]] == ["a.txt"]
    assert {f["weight"] for f in report["findings"]} == {"know"}
    (corpus / "a.txt").unlink()
    assert _run(monkeypatch, "check", corpus) == 0


def test_check_cuts_long_tables_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """Thirty rows, and how many more there are; the JSON has all."""
    links = "\n\n".join(
        f"Alström syndrome is told of by page {n} of https://a.example/{n} and by others." for n in range(42)
    )
    corpus = _library(tmp_path, a__md=f"---\ntitle: One\npublisher: A\n---\nAlström syndrome is rare.\n\n{links}\n")
    assert _run(monkeypatch, "check", corpus) == 0
    out = capfd.readouterr().out
    assert out.count("https://a.example/") == 30
    assert "and 12 more; --json gives all" in out
    assert _run(monkeypatch, "check", corpus, "--json") == 0
    found = json.loads(capfd.readouterr().out)["findings"]
    assert sum(f["concern"] == "links that pages cite" for f in found) == 42


def test_check_obeys_the_settings(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path):
    """Its limits are those of [checking]."""
    corpus = _library(tmp_path, a__md=GOOD)
    (tmp_path / "s.toml").write_text("[checking]\nmax_sentence_words = 8\n")
    assert _run(monkeypatch, "check", corpus, "--settings", tmp_path / "s.toml") == 1
    assert "a.md:11: long sentence (9 words of 8)" in capfd.readouterr().out


def test_check_of_a_document_that_cannot_be_read_fails(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """The others are checked, and the reason stands apart."""
    corpus = _library(tmp_path, a__md=GOOD, b__md="")
    assert _run(monkeypatch, "check", corpus) == 1
    captured = capfd.readouterr()
    assert "0 things to mend and 3 to know in 1 documents" in captured.out
    assert "b.md" in captured.err
    assert "it is empty" in captured.err


def test_check_of_an_empty_folder_has_nothing_to_mend(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    """There are no rules to break."""
    assert _run(monkeypatch, "check", tmp_path) == 0
    assert capfd.readouterr().out == "0 things to mend and 0 to know in 0 documents\n"


@pytest.mark.parametrize("name", ["[/b].md", "[b]x.md", ":b:.md", "two\nlines.md", f"{'long-' * 30}.md"])
def test_check_prints_any_name_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str
):
    """On one line, beside all of its figures."""
    corpus = _library(tmp_path)
    path = corpus / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(BAD.replace("all.", "all\x1b[31m."), "utf-8")
    assert _run(monkeypatch, "check", corpus) == 1
    out = capfd.readouterr().out
    seen = " ".join(name.split())
    (row,) = [line for line in out.split("Missing provenance")[0].splitlines() if line.startswith("│")]
    assert [cell.strip() for cell in row.split("│")[1:5]] == [seen, "1", "1", "8"]
    assert f"\n{seen}:11: points elsewhere (" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nowhere"], "there is no folder 'nowhere'; name the folder that holds the documents"),
        (["corpus", "--sources", "nowhere"], "there is no folder 'nowhere'; name the folder that holds copies"),
        (["corpus", "--sources", "bad"], "the source 'bad/a.txt': it is empty"),
        (["corpus", "--settings", "nowhere"], "there is no settings file nowhere"),
        (["bad"], "bad/references.toml: [falls] has no title"),
    ],
)
def test_what_check_cannot_use_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, args: list[str], said: str
):
    """What is missing or wrong, and what to do."""
    _library(tmp_path, a__md=GOOD)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.txt").write_text("")
    (tmp_path / "bad" / "references.toml").write_text("falls = 1\n")
    monkeypatch.chdir(tmp_path)
    assert _run(monkeypatch, "check", *args) == 1
    captured = capfd.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert captured.err.startswith(f"askalms: {said}")


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
