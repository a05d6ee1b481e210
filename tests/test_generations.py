"""The folder of an index: what was there goes on answering, whatever befalls the one that comes after it."""

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from askalms.corpus import Corpus
from askalms.embedding import Encoders
from askalms.errors import IndexDamagedError, IndexLockedError, IndexUnusableError
from askalms.generations import (
    check_files,
    current_generation,
    folder_of,
    generation_before,
    read_current,
    read_manifest,
    roll_back,
    writing,
)
from askalms.index import open_index
from askalms.indexing import build_index, is_up_to_date
from askalms.settings import EmbeddingSettings, Settings

HERE = Path(__file__).parent
TOY = EmbeddingSettings(model="toy", sentence_model="toy")


@pytest.fixture
def renewed(toy_folder: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings) -> Path:
    """An index of two generations: of three pages, and of the last two of them, which answers."""
    build_index(toy_folder, replace(toy_corpus, documents=toy_corpus.documents[1:]), toy_encoders, toy_settings)
    return toy_folder


def size(folder: Path, **options: bool) -> int:
    return len(open_index(folder, TOY, **options).documents)


# --- killed, cut off, full, closed


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder in memory, where the system has one, that other users may enter."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def befall(folder: Path, mode: str) -> dict[str, Any]:
    """Let something befall a build at each of its writes, in real processes; see killing.py."""
    paths = os.pathsep.join([str(HERE), str(HERE.parent / "src")])
    command = [sys.executable, str(HERE / "killing.py"), str(folder), mode]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths})
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def assert_old_then_new(states: list[str], old: str = "old") -> None:
    """Once the new index answered, the old one never does again, and nothing else was ever seen."""
    assert states == [old] * states.count(old) + ["new"] * states.count("new")
    assert states.count(old) > 50
    assert states.count("new") > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed as this system cannot")
@pytest.mark.parametrize("mode", ["kill", "cut", "first"])
def test_a_build_killed_at_any_write_leaves_the_old_index_or_the_new(quick_folder: Path, mode: str):
    """As it was asked before and after, at every write, rename and removal; the next build clears what is left.

    "cut" loses by half whatever no fsync has seen onto the disk; in "first" there is no index before.
    """
    told = befall(quick_folder, mode)
    results = told["results"]
    assert {r["code"] for r in results} == {-signal.SIGKILL}
    assert_old_then_new([r["state"] for r in results], "none" if mode == "first" else "old")
    assert {(r["next"], tuple(r["left"])) for r in results} == {("new", ())}
    assert {r["kept"] for r in results} == ({1, 2} if mode == "first" else {2})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed as this system cannot")
def test_a_disk_that_is_full_from_any_write_on_leaves_the_old_index(quick_folder: Path):
    """The message says that it is full, what to do, and that the old index answers; then there is no trace of it."""
    results = befall(quick_folder, "full")["results"]
    assert_old_then_new([r["state"] for r in results])
    for result in results:
        if result["state"] == "old":
            assert result["code"] == 1
            assert "No space left on device" in result["said"]
            assert "make room" in result["said"]
            assert "answer" in result["said"]
        else:
            # Past the switch there is nothing left to fail.
            assert result["code"] == 0
    assert {(r["next"], tuple(r["left"]), r["kept"]) for r in results} == {("new", (), 2)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed as this system cannot")
def test_a_closed_folder_leaves_the_old_index(quick_folder: Path):
    """It can be read and asked; the message names the folder and the way out."""
    (result,) = befall(quick_folder, "closed")["results"]
    assert result["state"] == "old"
    assert f"nothing can be written to '{quick_folder / 'base'}' (Permission denied)" in result["said"]
    assert "--index" in result["said"]


# --- two at once

HOLDING = """
import sys
from pathlib import Path
from askalms.generations import writing

with writing(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_of_two_indexers_the_second_is_told_who_the_first_is(
    renewed: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings
):
    """It writes nothing, the index answers; and once the first is killed its lock is gone."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src")}
    command = [sys.executable, "-c", HOLDING, str(renewed)]
    before = sorted(renewed.rglob("*"))
    with subprocess.Popen(command, stdin=-1, stdout=-1, env=environment, text=True) as first:
        assert first.stdout
        assert first.stdout.readline() == "held\n"
        with pytest.raises(IndexLockedError, match=rf"^process {first.pid} .*is writing.*wait until it is done"):
            build_index(renewed, toy_corpus, toy_encoders, toy_settings)
        with pytest.raises(IndexLockedError, match=rf"process {first.pid} "):
            roll_back(renewed, check_files)
        assert size(renewed) == 2
        first.kill()
    assert {p.name for p in renewed.rglob("*")} - {p.name for p in before} <= {"LOCK", "LOCK.json"}
    build_index(renewed, toy_corpus, toy_encoders, toy_settings)
    assert size(renewed) == 3


def test_a_lock_whose_holder_did_not_say_who_it_is_is_respected(tmp_path: Path):
    """Its note is missing, or no note."""
    with writing(tmp_path):
        for note in (None, "", "[]", '{"process": 1}'):
            path = tmp_path / "LOCK.json"
            path.write_text(note) if note is not None else path.unlink()
            with pytest.raises(IndexLockedError, match=r"^another process is writing"), writing(tmp_path):
                pass


# --- back and forth


def test_rolling_back_leads_to_the_generation_before_and_forward_again(renewed: Path):
    """Both are kept, and each is the one before the other."""
    new = current_generation(renewed)
    old = generation_before(renewed)
    assert (size(renewed), old != new) == (2, True)
    generation, left = roll_back(renewed, check_files)
    assert (generation.name, left, size(renewed)) == (old, new, 3)
    assert (current_generation(renewed), generation_before(renewed)) == (old, new)
    roll_back(renewed, check_files)
    assert (current_generation(renewed), generation_before(renewed), size(renewed)) == (new, old, 2)


def test_a_build_after_a_rollback_keeps_what_answered(
    renewed: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings
):
    """What was rolled back from is removed: the last good one is the one that was gone back to."""
    roll_back(renewed, check_files)
    old, bad = current_generation(renewed), generation_before(renewed)
    build_index(renewed, replace(toy_corpus, documents=toy_corpus.documents[:1]), toy_encoders, toy_settings)
    assert generation_before(renewed) == old
    assert not (renewed / "generations" / bad).exists()
    assert size(renewed) == 1


def test_without_a_generation_before_there_is_nothing_to_go_back_to(toy_folder: Path, tmp_path: Path):
    """After the first build, and without an index; neither writes anything."""
    with pytest.raises(IndexUnusableError, match="keeps no generation before"):
        roll_back(toy_folder, check_files)
    assert size(toy_folder) == 3
    with pytest.raises(IndexUnusableError, match="there is no index"):
        roll_back(tmp_path / "none", check_files)
    assert not (tmp_path / "none").exists()


def test_nothing_is_rolled_back_to_what_is_damaged(renewed: Path):
    """The current generation stays, and the message says so."""
    current, before = current_generation(renewed), generation_before(renewed)
    (folder_of(renewed, before) / "terms.json").write_bytes(b"{}")
    with pytest.raises(IndexUnusableError, match=rf"{before}.*terms\.json is not what was written.*{current}.* stays"):
        roll_back(renewed, check_files)
    assert (current_generation(renewed), size(renewed)) == (current, 2)


@pytest.mark.parametrize("note", [None, "", "[]", "{", '{"x": "y"}', '"x"', "null"])
def test_a_lost_note_of_what_came_before_is_only_that(
    renewed: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings, note: str | None
):
    """The index answers and can be renewed; the next build writes the note again."""
    path = renewed / "BEFORE.json"
    path.write_text(note) if note is not None else path.unlink()
    assert (generation_before(renewed), size(renewed)) == ("", 2)
    current = current_generation(renewed)
    build_index(renewed, toy_corpus, toy_encoders, toy_settings)
    assert generation_before(renewed) == current


def test_what_killed_builds_left_is_removed_before_anything_is_written(
    toy_folder: Path,
    toy_corpus: Corpus,
    toy_encoders: Encoders,
    toy_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
):
    """It may be what fills the disk."""
    left = toy_folder / "generations" / "000007-left"
    left.mkdir()
    (left / "passages.faiss").write_bytes(b"half")
    (toy_folder / "CURRENT.new").write_text("000007-left\n")

    def full(*args: object, **options: object) -> None:
        assert not left.exists()
        assert not (toy_folder / "CURRENT.new").exists()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("askalms.index.np.save", full)
    with pytest.raises(IndexUnusableError, match="No space left on device"):
        build_index(toy_folder, toy_corpus, toy_encoders, toy_settings)
    assert size(toy_folder) == 3


# --- damage

FILES = (
    "manifest.json", "documents.jsonl", "passages.faiss", "sentences.npy", "headings.npy", "headings.json",
    "terms.json", "topics.json", "bm25/data.csc.index.npy", "bm25/vocab.index.json",
)  # fmt: skip


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 4
    path.write_bytes({"emptied": b"", "truncated": data[: len(data) // 2], "flipped": data}[how])


@pytest.mark.parametrize("how", ["emptied", "truncated", "flipped", "removed"])
@pytest.mark.parametrize("name", FILES)
def test_of_a_damaged_generation_nothing_is_answered_but_by_the_one_before(
    renewed: Path,
    toy_corpus: Corpus,
    toy_encoders: Encoders,
    toy_settings: Settings,
    caplog: pytest.LogCaptureFixture,
    name: str,
    how: str,
):
    """The message says what to do, the generation before steps in where it may, and a build mends it."""
    path = folder_of(renewed, current_generation(renewed)) / name
    good = generation_before(renewed)
    path.unlink() if how == "removed" else damage(path, how)
    with pytest.raises(IndexDamagedError, match="rebuild it with `askalms index CORPUS`"):
        open_index(renewed, TOY)
    with caplog.at_level(logging.WARNING):
        assert size(renewed, or_before=True) == 3
    (warning,) = caplog.messages
    assert "`askalms rollback`" in warning
    corpus = replace(toy_corpus, documents=toy_corpus.documents[1:])
    assert not is_up_to_date(renewed, corpus, toy_settings)
    build_index(renewed, corpus, toy_encoders, toy_settings)
    assert size(renewed) == 2
    # Of the two that were there, the one that is whole is kept.
    assert generation_before(renewed) == good
    assert read_manifest(folder_of(renewed, good))


def test_without_a_whole_generation_the_damage_is_told(renewed: Path):
    """Both are damaged: the message is about the one that should answer."""
    for name in (current_generation(renewed), generation_before(renewed)):
        damage(folder_of(renewed, name) / "terms.json", "flipped")
    with pytest.raises(IndexDamagedError, match=r"terms\.json is not what was written"):
        open_index(renewed, TOY, or_before=True)


@pytest.mark.parametrize("how", ["emptied", "truncated", "flipped", "removed"])
def test_a_lost_pointer_loses_no_generation(
    renewed: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings, how: str
):
    """Nothing is guessed: the message says to rebuild, and that keeps the last complete generation."""
    last = current_generation(renewed)
    path = renewed / "CURRENT"
    path.unlink() if how == "removed" else damage(path, how)
    with pytest.raises(IndexUnusableError, match="`askalms index CORPUS`"):
        open_index(renewed, TOY, or_before=True)
    build_index(renewed, toy_corpus, toy_encoders, toy_settings)
    assert size(renewed) == 3
    assert generation_before(renewed) == last


def test_every_change_of_a_manifest_is_noticed(toy_folder: Path):
    """It lists the hashes of all files, and its own."""
    path = folder_of(toy_folder, current_generation(toy_folder)) / "manifest.json"
    data = path.read_bytes()
    digits = [i for i, byte in enumerate(data) if chr(byte) in "3579"]
    for i in digits[:: max(1, len(digits) // 60)]:
        path.write_bytes(data[:i] + bytes([data[i] - 1]) + data[i + 1 :])
        with pytest.raises(IndexUnusableError, match=r"not what was written|format|rebuild"):
            read_manifest(path.parent)


# --- readers


def test_a_reader_whose_generation_is_replaced_reads_the_next(
    toy_folder: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings
):
    """Twice replaced is removed: what it began to read is gone, so it begins anew."""
    read: list[str] = []

    def slow(generation: Path) -> int:
        read.append(generation.name)
        if len(read) == 1:
            for documents in (toy_corpus.documents[1:], toy_corpus.documents[2:]):
                build_index(toy_folder, replace(toy_corpus, documents=documents), toy_encoders, toy_settings)
        return len(read_manifest(generation)["documents"])

    assert read_current(toy_folder, slow) == 1
    assert len(set(read)) == 2


def test_a_reader_s_own_failure_is_its_own(toy_folder: Path):
    """Where nothing was replaced, it is not tried again."""
    with pytest.raises(ZeroDivisionError):
        read_current(toy_folder, lambda generation: 1 // 0)
