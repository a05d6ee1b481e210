"""A page that goes over to a renewed index while it answers: no question is dropped, none answered from two indexes."""

import gc
import itertools
import json
import logging
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import askalms.index
from askalms import reloading
from askalms.answering import Assistant
from askalms.corpus import load_corpus
from askalms.datatypes import Answer, Answerer, Matrix
from askalms.embedding import Encoders
from askalms.errors import IndexUnusableError
from askalms.generations import current_generation
from askalms.index import open_index, read_document
from askalms.indexing import build_index
from askalms.lexical import BM25
from askalms.reloading import LiveAssistant
from askalms.rendering import to_json
from askalms.settings import (
    AnsweringSettings,
    CorpusSettings,
    EmbeddingSettings,
    RerankingSettings,
    ServingSettings,
    Settings,
)
from conftest import ROOT, ToyEncoder

PATIENCE = 120
"""Seconds after which something is taken to hang."""

TOY = EmbeddingSettings(model="toy", sentence_model="toy")
BY_HAND = Settings(
    embedding=TOY,
    reranking=RerankingSettings(model="none"),
    answering=AnsweringSettings(threshold=0.3, max_quotes=4),
    serving=ServingSettings(check_seconds=3600),
)
"""Only `refresh` looks whether there is a new generation."""
BY_ITSELF = replace(BY_HAND, serving=ServingSettings(check_seconds=0.01))

QUESTIONS = (
    "How many children with Alström syndrome did the Okafor clinic count?",
    "Which colour has the booklet on Alström syndrome?",
    "When is the heart checked in Alström syndrome?",
    "Where do families with Alström syndrome meet?",
    "Who keeps the register of Alström syndrome?",
    "What is on the list of Alström syndrome?",
)


def write_pages(corpus: Path, revision: int) -> None:
    """Write a corpus that says its revision in every sentence; names, order and number of its pages change, too."""
    corpus.mkdir(parents=True)
    pages = {
        f"{'dhmq'[revision % 4]}-heart.md": f"The heart is checked every {revision + 3} months, by list {revision}. "
        f"A nurse keeps list {revision} of the heart.",
        f"{'nbxe'[revision % 4]}-register.md": f"The Okafor clinic counted {revision + 200} children with Alström "
        f"syndrome for list {revision}. Ward {revision} keeps the register of Alström syndrome.",
        "family.md": f"Families with Alström syndrome meet in hall {revision}. "
        f"The booklet on Alström syndrome has colour number {revision}.",
    }
    for number in range(1 + revision * 3 % 5):
        pages[f"a{number}.md"] = (
            f"Room {number} is painted for list {revision}. Lamp {number} hangs in hall {revision}."
        )
    for name, text in pages.items():
        title = f"List {revision}, {name[:-3]}"
        (corpus / name).write_text(f'---\ntitle: "{title}"\ntopic: alstrom-syndrome\n---\n\n# {title}\n\n{text}\n')


def index_pages(folder: Path, corpus: Path, encoder: ToyEncoder | None = None) -> None:
    """Build a generation of a corpus and make it the current one."""
    encoder = encoder or ToyEncoder()
    named = replace(BY_HAND, embedding=EmbeddingSettings(model=encoder.name, sentence_model=encoder.name))
    build_index(folder, load_corpus(corpus, CorpusSettings()), Encoders(encoder, encoder), named)


def said(answer: Mapping[str, Any] | Answer) -> str:
    """All that a person or a program is told, but for the time that it took."""
    record = to_json(answer) if isinstance(answer, Answer) else dict(answer)
    del record["elapsed_ms"]
    return json.dumps(record, sort_keys=True)


@pytest.fixture
def encoders() -> Encoders:
    encoder = ToyEncoder()
    return Encoders(encoder, encoder)


@pytest.fixture
def renew(tmp_path: Path) -> Callable[..., str]:
    """Build the next generation in tmp_path/index; give its name."""
    revisions = itertools.count()

    def renewed(encoder: ToyEncoder | None = None) -> str:
        corpus = tmp_path / "corpora" / str(revision := next(revisions))
        write_pages(corpus, revision)
        index_pages(tmp_path / "index", corpus, encoder)
        return current_generation(tmp_path / "index")

    return renewed


@pytest.fixture
def live(tmp_path: Path, renew: Callable[..., str], encoders: Encoders) -> Iterator[LiveAssistant]:
    """It answers from revision 0, and looks for another only when told to."""
    renew()
    with closing(LiveAssistant(tmp_path / "index", encoders, BY_HAND)) as assistant:
        yield assistant


def meeting_place(assistant: Answerer) -> str:
    """The revision in which the families meet in the hall of that number."""
    return assistant.ask(QUESTIONS[3]).quotes[0].text.removeprefix("Families with Alström syndrome meet in hall ")


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "askalms.reloading" and r.levelno >= logging.WARNING]


# --- under load


def expected_answers(tmp_path: Path, revisions: int) -> list[Mapping[str, str]]:
    """Build every revision from nothing; give its answers."""
    answers = []
    for revision in range(revisions):
        corpus, folder = tmp_path / "revisions" / str(revision), tmp_path / "references" / str(revision)
        write_pages(corpus, revision)
        index_pages(folder, corpus)
        encoder = ToyEncoder()
        assistant = Assistant(open_index(folder, TOY), Encoders(encoder, encoder), BY_HAND)
        answers.append({question: said(assistant.ask(question)) for question in QUESTIONS})
    for question in QUESTIONS:
        # Else an answer would not tell which generation gave it.
        assert len({a[question] for a in answers}) == revisions
        assert all(json.loads(a[question])["outcome"] == "answer" for a in answers)
    return answers


def index_in_a_loop(folder: Path, corpora: Sequence[Path], turns: Any, done: Any) -> None:
    """What the indexing process does: one revision after the other, each as soon as its turn has come."""
    for corpus in corpora:
        turns.acquire()
        index_pages(folder, corpus)
        done.release()


def asked_under_load(
    asks: Sequence[Callable[[str], Mapping[str, Any] | Answer]],
    folder: Path,
    expected: Sequence[Mapping[str, str]],
    corpora: Sequence[Path],
    *,
    least: int,
    at_once: int,
    is_current: Callable[[], bool],
) -> tuple[int, list[str], set[int]]:
    """Ask from several threads while another process indexes.

    Args:
        asks: How each thread asks.
        folder: The index.
        expected: Of each revision, the answer to each question.
        corpora: Revisions from 1 on, to be indexed one after the other.
        least: Questions to be asked at least.
        at_once: How many revisions are indexed without a pause. In each pause the last of them is waited for, and
            questions go on.
        is_current: Tells whether the newest generation answers.

    Returns:
        Number of questions, what went wrong, and the revisions that answered.
    """
    finished = threading.Event()
    count = itertools.count(1)
    asked = 0
    wrong: list[str] = []
    seen: set[int] = set()

    def enough(questions: int) -> bool:
        return asked >= questions

    def keep_asking(ask: Callable[[str], Mapping[str, Any] | Answer], first: int) -> None:
        nonlocal asked
        newest = 0
        for question in itertools.islice(itertools.cycle(QUESTIONS), first, None):
            if finished.is_set():
                return
            try:
                answer = said(ask(question))
                fitting = [r for r, answers in enumerate(expected) if answers[question] == answer]
                if not fitting:
                    wrong.append(f"no revision answers {question!r} with {answer}")
                elif fitting[-1] < newest:
                    wrong.append(f"revision {fitting} answered after {newest}")
                elif len(fitting) == 1:
                    newest = fitting[0]
                    seen.add(newest)
            except Exception as error:
                wrong.append(repr(error))
            asked = next(count)

    process_of = multiprocessing.get_context("spawn")
    turns, done = process_of.Semaphore(0), process_of.Semaphore(0)
    indexer = process_of.Process(target=index_in_a_loop, args=(folder, corpora, turns, done))
    indexer.start()
    askers = [threading.Thread(target=keep_asking, args=(ask, n)) for n, ask in enumerate(asks)]
    for asker in askers:
        asker.start()
    try:
        pauses = range(0, len(corpora), at_once)
        wait_until(partial(enough, len(askers)))
        for start in pauses:
            burst = corpora[start : start + at_once]
            for _ in burst:
                turns.release()
            for _ in burst:
                assert done.acquire(timeout=PATIENCE)
            wait_until(is_current)
            wait_until(partial(enough, asked + least // len(pauses)))
        indexer.join(PATIENCE)
    finally:
        finished.set()
        indexer.kill()
        for asker in askers:
            asker.join()
    assert indexer.exitcode == 0
    return asked, wrong, seen


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def test_no_question_is_dropped_or_answered_wrong_while_the_index_is_renewed(
    tmp_path: Path, encoders: Encoders, caplog: pytest.LogCaptureFixture
):
    """2,000 questions of four threads while another process indexes 20 revisions: each answer is that of one revision.

    An answer is right if it is, to the last quote, source and offset, the answer of one revision that was
    built from nothing, and no older one than the same thread was given before.
    """
    folder = tmp_path / "index"
    expected = expected_answers(tmp_path, 21)
    corpora = [tmp_path / "revisions" / str(revision) for revision in range(21)]
    index_pages(folder, corpora[0])
    with closing(LiveAssistant(folder, encoders, BY_ITSELF)) as live:
        asked, wrong, seen = asked_under_load(
            [live.ask] * 4,
            folder,
            expected,
            corpora[1:],
            least=2000,
            at_once=2,
            is_current=lambda: live.current.index.generation == current_generation(folder),
        )
        assert wrong == []
        assert asked >= 2000
        # Of two that follow each other at once, the first may never have answered.
        assert set(range(0, 21, 2)) <= seen
        # That a generation was overtaken while it was opened is nothing to be told.
        assert warnings_in(caplog) == []
        assert [said(live.ask(q)) for q in QUESTIONS] == [expected[20][q] for q in QUESTIONS]


def test_the_page_itself_answers_right_while_the_index_is_renewed(tmp_path: Path, encoders: Encoders):
    """The same through the page's address for programs, with fewer questions."""
    from gradio_client import Client

    from askalms.serving import Server, build_site

    folder = tmp_path / "index"
    expected = expected_answers(tmp_path, 7)
    corpora = [tmp_path / "revisions" / str(revision) for revision in range(7)]
    index_pages(folder, corpora[0])
    with closing(LiveAssistant(folder, encoders, BY_ITSELF)) as live:
        patient = replace(BY_ITSELF, serving=ServingSettings(questions_per_minute=100_000))
        site = build_site(live, patient, library=lambda: live.current.index, examples=())
        with closing(Server(site, "127.0.0.1")) as server:
            clients = [Client(server.address, verbose=False) for _ in range(3)]
            asked, wrong, seen = asked_under_load(
                [lambda q, client=client: client.predict(question=q, api_name="/ask") for client in clients],
                folder,
                expected,
                corpora[1:],
                least=120,
                at_once=1,
                is_current=lambda: live.current.index.generation == current_generation(folder),
            )
    assert wrong == []
    assert asked >= 120
    assert seen == set(range(7))


# --- the switch


def test_a_new_generation_answers_once_it_is_looked_for(live: LiveAssistant, renew: Callable[..., str]):
    """Until then the old one does; a second look finds nothing new."""
    renew()
    assert meeting_place(live) == "0."
    assert live.refresh()
    assert meeting_place(live) == "1."
    assert not live.refresh()


def test_it_is_looked_for_without_being_told(tmp_path: Path, renew: Callable[..., str], encoders: Encoders):
    """Nobody has to ask, or to call anything."""
    renew()
    with closing(LiveAssistant(tmp_path / "index", encoders, BY_ITSELF)) as live:
        name = renew()
        wait_until(lambda: live.current.index.generation == name)
        assert meeting_place(live) == "1."


def test_after_closing_it_answers_from_the_last_generation(
    tmp_path: Path, renew: Callable[..., str], encoders: Encoders
):
    """The thread has ended; answers go on."""
    renew()
    live = LiveAssistant(tmp_path / "index", encoders, BY_ITSELF)
    watchers = [t for t in threading.enumerate() if t.name == "askalms-index"]
    live.close()
    assert not any(t.is_alive() for t in watchers)
    renew()
    assert meeting_place(live) == "0."


def test_the_thread_ends_with_the_last_reference(tmp_path: Path, renew: Callable[..., str], encoders: Encoders):
    """Who forgets to close it leaves neither a thread nor an index behind."""
    renew()
    before = set(threading.enumerate())
    live = LiveAssistant(tmp_path / "index", encoders, BY_ITSELF)
    (thread,) = set(threading.enumerate()) - before
    index = weakref.ref(live.current.index)
    del live
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert index() is None


def test_a_program_ends_while_its_index_is_looked_after(tmp_path: Path, renew: Callable[..., str]):
    """At once, in order and in silence, though nothing was closed."""
    renew()
    program = (
        "import sys; from pathlib import Path; from conftest import *; from test_reloading import *\n"
        "live = LiveAssistant(Path(sys.argv[1]), Encoders(ToyEncoder(), ToyEncoder()), BY_ITSELF)\n"
        "(Path(sys.argv[1]) / 'CURRENT').unlink(); print(meeting_place(live))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}
    command = [sys.executable, "-c", program, str(tmp_path / "index")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (0, "0.\n")
    assert "Fatal" not in done.stderr
    assert "Traceback" not in done.stderr


def test_models_are_loaded_once(tmp_path: Path, renew: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    """Every generation is searched and read with the same ones."""
    loaded = []
    load_reranker = reloading.load_reranker
    monkeypatch.setattr(
        reloading, "load_encoders", lambda s: loaded.append("encoders") or Encoders(ToyEncoder(), ToyEncoder())
    )
    monkeypatch.setattr(reloading, "load_reranker", lambda *names: loaded.append("reranker") or load_reranker(*names))
    monkeypatch.setattr("askalms.answering.load_reranker", lambda *names: pytest.fail("loaded again"))
    renew()
    with closing(LiveAssistant.open(tmp_path / "index", BY_HAND)) as live:
        renew()
        assert live.refresh()
        assert live.ask(QUESTIONS[0]).quotes
    assert sorted(loaded) == ["encoders", "reranker"]


class PausingEncoder(ToyEncoder):
    """Waits in the middle of a question that speaks of the booklet, until it may go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.may_go_on = threading.Event()

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Matrix:
        if len(texts) == 1 and "booklet" in texts[0]:
            self.reached.set()
            assert self.may_go_on.wait(PATIENCE)
        return super().encode(texts, on_done)


def test_a_question_under_way_keeps_to_its_generation_which_is_then_let_go(tmp_path: Path, renew: Callable[..., str]):
    """Switched in its middle, its files removed: it ends as it began, and the old index leaves memory with it."""
    renew()
    encoder = PausingEncoder()
    with closing(LiveAssistant(tmp_path / "index", Encoders(encoder, encoder), BY_HAND)) as live:
        old = weakref.ref(live.current.index)
        vectors = weakref.ref(live.current.index.sentence_vectors)
        place = tmp_path / "index" / "generations" / live.current.index.generation
        answers = []
        asker = threading.Thread(target=lambda: answers.append(live.ask(QUESTIONS[1])))
        # What is freed must not depend on when the collector runs.
        gc.disable()
        try:
            asker.start()
            assert encoder.reached.wait(PATIENCE)
            renew()
            renew()
            assert live.refresh()
            assert not place.exists()
            assert meeting_place(live) == "2."
            assert old() is not None
            encoder.may_go_on.set()
            asker.join(PATIENCE)
            assert answers[0].quotes[0].text == "The booklet on Alström syndrome has colour number 0."
            assert (old(), vectors()) == (None, None)
        finally:
            gc.enable()
            encoder.may_go_on.set()


def test_an_idle_generation_is_let_go_with_the_switch(live: LiveAssistant, renew: Callable[..., str]):
    """Nobody asks: of the old index nothing stays, though every one before answered."""
    for _ in range(3):
        live.ask(QUESTIONS[0])
        old = weakref.ref(live.current.index)
        renew()
        gc.disable()
        try:
            assert live.refresh()
            assert old() is None
        finally:
            gc.enable()


# --- what cannot be taken up


def damage(folder: Path) -> None:
    """Change what the current generation says."""
    path = folder / "generations" / current_generation(folder) / "documents.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Alstr", b"Olstr"))


def test_a_damaged_index_is_told_once_and_not_taken_up(
    live: LiveAssistant, renew: Callable[..., str], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """The old one goes on; the next good one is taken up."""
    old = live.current.index.generation
    renew()
    damage(tmp_path / "index")
    assert [live.refresh() for _ in range(3)] == [False] * 3
    assert meeting_place(live) == "0."
    (warning,) = warnings_in(caplog)
    assert f"generation {old} goes on answering" in warning
    assert "documents.jsonl is not what was written" in warning
    renew()
    assert live.refresh()
    assert meeting_place(live) == "2."


def test_an_index_of_another_model_is_not_taken_up(
    live: LiveAssistant, renew: Callable[..., str], caplog: pytest.LogCaptureFixture
):
    """Vectors of two models cannot be compared; the message names both."""
    other = ToyEncoder()
    other.name = "another"
    renew(other)
    assert not live.refresh()
    assert meeting_place(live) == "0."
    assert "'another', but the settings name 'toy'" in warnings_in(caplog)[0]


def test_an_index_that_opens_but_cannot_answer_is_not_taken_up(
    live: LiveAssistant, renew: Callable[..., str], caplog: pytest.LogCaptureFixture
):
    """The model has the right name, but other dimensions: the trial question finds it out before a visitor does."""
    other = ToyEncoder()
    other.dimension = 32
    renew(other)
    assert not live.refresh()
    assert meeting_place(live) == "0."
    assert len(warnings_in(caplog)) == 1


def test_without_a_pointer_the_old_index_goes_on(
    live: LiveAssistant, renew: Callable[..., str], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """The folder is gone, then there is another: told once, then taken up."""
    shutil.rmtree(tmp_path / "index")
    assert [live.refresh() for _ in range(3)] == [False] * 3
    assert meeting_place(live) == "0."
    (warning,) = warnings_in(caplog)
    assert "there is no index" in warning
    renew()
    assert live.refresh()
    assert meeting_place(live) == "1."


def test_what_arrives_after_its_pointer_is_taken_up_when_it_is_there(
    live: LiveAssistant,
    renew: Callable[..., str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    """An index that is copied from another machine is tried again after a while, and complained of once."""
    monkeypatch.setattr(reloading, "RETRY_SECONDS", 0)
    name = renew()
    generation = tmp_path / "index" / "generations" / name
    generation.rename(tmp_path / "not-here-yet")
    assert [live.refresh() for _ in range(3)] == [False] * 3
    (tmp_path / "not-here-yet").rename(generation)
    assert live.refresh()
    assert meeting_place(live) == "1."
    assert len(warnings_in(caplog)) == 1


def test_a_damaged_index_is_left_alone_for_a_while(
    live: LiveAssistant, renew: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Reading and hashing it again at every look would be work for nothing."""
    opened = []
    monkeypatch.setattr(reloading, "open_index", lambda *args: opened.append(args) or open_index(*args))
    renew()
    damage(tmp_path / "index")
    for _ in range(3):
        live.refresh()
    assert len(opened) == 1


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["good", "damaged", "other model", "no pointer", "back"]), max_size=6))
def test_whatever_happens_to_the_index_the_last_good_one_answers(events: list[str]):
    """Any sequence of renewals, damage and steps back: after each look the last that could be opened answers."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        folder = root / "index"
        write_pages(root / "0", 0)
        index_pages(folder, root / "0")
        encoder, other = ToyEncoder(), ToyEncoder()
        other.name = "another"
        with closing(LiveAssistant(folder, Encoders(encoder, encoder), BY_HAND)) as live:
            answering = 0
            good = {current_generation(folder): 0}
            for revision, event in enumerate(events, 1):
                if event == "no pointer":
                    (folder / "CURRENT").unlink(missing_ok=True)
                elif event == "back":
                    there = [n for n in good if (folder / "generations" / n).is_dir()]
                    if there:
                        (folder / "CURRENT").write_text(there[0] + "\n")
                        answering = good[there[0]]
                else:
                    write_pages(root / str(revision), revision)
                    index_pages(folder, root / str(revision), other if event == "other model" else encoder)
                    if event == "good":
                        good[current_generation(folder)] = answering = revision
                    if event == "damaged":
                        damage(folder)
                live.refresh()
                assert meeting_place(live) == f"{answering}."


# --- an indexer beside


def test_an_open_index_outlives_its_files(live: LiveAssistant, tmp_path: Path):
    """The indexer may remove a generation that somebody reads: every part of it is in memory, or held open."""
    before = [said(live.ask(question)) for question in QUESTIONS]
    shutil.rmtree(tmp_path / "index")
    assert [said(live.ask(question)) for question in QUESTIONS] == before


@pytest.mark.parametrize("step", ["read_manifest", "check_files", "_load", "_read_documents"])
def test_a_generation_that_is_removed_while_it_is_opened_gives_way_to_the_next(
    tmp_path: Path, renew: Callable[..., str], monkeypatch: pytest.MonkeyPatch, step: str
):
    """Two renewals between any two steps of the opening: what is opened is the newest, not an error."""
    first = renew()
    original = getattr(askalms.index, step)

    def overtaken(generation: Path, *args: Any) -> Any:
        if generation.name == first:
            monkeypatch.setattr(askalms.index, step, original)
            renew()
            renew()
            assert not generation.exists()
        return original(generation, *args)

    monkeypatch.setattr(askalms.index, step, overtaken)
    index = open_index(tmp_path / "index", TOY)
    assert index.generation == current_generation(tmp_path / "index") != first
    assert "hall 2." in index.documents["family.md"].text


def test_a_half_removed_generation_is_not_taken_for_one_without_words(
    tmp_path: Path, renew: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    """The files of BM25 are gone already, their folder not yet: the next generation is opened."""
    first = renew()
    load = BM25.load

    def overtaken(folder: Path, size: int) -> BM25:
        if folder.parent.name == first:
            monkeypatch.setattr(BM25, "load", load)
            renew()
            renew()
            folder.mkdir(parents=True)
        return load(folder, size)

    monkeypatch.setattr(BM25, "load", overtaken)
    index = open_index(tmp_path / "index", TOY)
    assert index.generation != first
    assert index.bm25.scores("hall").any()


def test_a_document_is_read_from_the_next_generation_if_its_own_is_removed(
    tmp_path: Path, renew: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    """`askalms show` beside an indexer."""
    renew()
    original = askalms.index._read_documents

    def overtaken(generation: Path) -> Any:
        monkeypatch.setattr(askalms.index, "_read_documents", original)
        renew()
        renew()
        return original(generation)

    monkeypatch.setattr(askalms.index, "_read_documents", overtaken)
    assert "hall 2." in read_document(tmp_path / "index", "family.md").text


class StuckEncoder(ToyEncoder):
    """Embeds nothing before it may."""

    def __init__(self, reached: Any, may_go_on: Any) -> None:
        self.reached, self.may_go_on = reached, may_go_on

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Matrix:
        self.reached.set()
        assert self.may_go_on.wait(PATIENCE)
        return super().encode(texts, on_done)


def index_haltingly(folder: Path, corpus: Path, reached: Any, may_go_on: Any) -> None:
    """What the indexing process does: it stops in the middle of its work until it may go on."""
    index_pages(folder, corpus, StuckEncoder(reached, may_go_on))


def test_an_indexer_at_work_locks_no_reader_out(live: LiveAssistant, tmp_path: Path):
    """While another process is in the middle of indexing, the index can be opened, read and asked."""
    folder, corpus = tmp_path / "index", tmp_path / "renewed"
    write_pages(corpus, 9)
    process_of = multiprocessing.get_context("spawn")
    reached, may_go_on = process_of.Event(), process_of.Event()
    indexer = process_of.Process(target=index_haltingly, args=(folder, corpus, reached, may_go_on))
    indexer.start()
    try:
        assert reached.wait(PATIENCE)
        assert open_index(folder, TOY).generation == live.current.index.generation
        assert "hall 0." in read_document(folder, "family.md").text
        assert not live.refresh()
        assert meeting_place(live) == "0."
        may_go_on.set()
        indexer.join(PATIENCE)
        assert indexer.exitcode == 0
        assert live.refresh()
        assert meeting_place(live) == "9."
    finally:
        indexer.kill()


@pytest.mark.parametrize("pointer", ["", "\n", "../elsewhere", "000009-gone"])
def test_a_pointer_to_nothing_is_an_error_and_no_endless_search(
    tmp_path: Path, renew: Callable[..., str], pointer: str
):
    """Only a pointer that moves is followed."""
    renew()
    (tmp_path / "index" / "CURRENT").write_text(pointer)
    with pytest.raises(IndexUnusableError, match="that is not there; rebuild it"):
        open_index(tmp_path / "index", TOY)


# --- the command line


def test_the_served_page_goes_over_to_a_new_index(
    tmp_path: Path, renew: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """`askalms serve` hands the pages what looks after the index; they say nothing of the switch, their health does."""
    from starlette.testclient import TestClient

    import askalms.serving
    from askalms.cli import main

    heard = []

    class Server:
        """Asks instead of being asked."""

        address = "http://127.0.0.1:1/"

        def __init__(self, site: Any, *address: Any) -> None:
            self.site = site

        def wait(self) -> None:
            client = TestClient(self.site)
            heard.append(client.post("plain", data={"question": QUESTIONS[3]}).text)
            name = renew()
            wait_until(lambda: client.get("healthz").json()["generation"] == name)
            heard.append(client.post("plain", data={"question": QUESTIONS[3]}).text)

    renew()
    settings = tmp_path / "a.toml"
    settings.write_text(
        '[embedding]\nmodel = "toy"\nsentence_model = "toy"\n[reranking]\nmodel = "none"\n'
        "[serving]\ncheck_seconds = 0.01\n"
    )
    monkeypatch.setattr(reloading, "load_encoders", lambda s: Encoders(ToyEncoder(), ToyEncoder()))
    monkeypatch.setattr(askalms.serving, "Server", Server)
    monkeypatch.setattr(
        sys,
        "argv",
        ["askalms", "serve", "--index", str(tmp_path / "index"), "--settings", str(settings), "--host", "0.0.0.0"],
    )
    with pytest.raises(SystemExit) as done:
        main()
    assert done.value.code in (0, None)
    answers = [re.search("meet in hall ([0-9])", page) for page in heard]
    assert [found and found[1] for found in answers] == ["0", "1"]
    assert heard[0].replace("hall 0", "hall 1").replace("List 0", "List 1").replace("list 0", "list 1") == heard[1]
    assert re.search(r"answers at .*not encrypted", capsys.readouterr().err, re.DOTALL)
