"""Who may ask now: limits hold for everybody together, a cry for help passes them all, and no question is logged."""

import logging
import threading
from collections.abc import Callable

import anyio
import pytest

from askalms.admission import Admission, Reply
from askalms.datatypes import Outcome
from askalms.settings import AnsweringSettings, ServingSettings, Settings
from askalms.texts import message
from askalms.triage import Verdict
from site_with_fake import FakeAnswerer


def admission(answerer: FakeAnswerer, longest: int = 2000, **limits: int) -> Admission:
    settings = Settings(
        answering=AnsweringSettings(max_question_characters=longest),
        serving=ServingSettings(**limits),  # type: ignore[arg-type]
    )
    return Admission(answerer, settings)


def ask(limited: Admission, *questions: str, visitor: str = "v") -> list[Reply]:
    """Ask one question after the other."""

    async def asking() -> list[Reply]:
        return [await limited.ask(visitor, question) for question in questions]

    return anyio.run(asking)


@pytest.fixture
def answerer() -> FakeAnswerer:
    return FakeAnswerer()


@pytest.fixture(autouse=True)
def cry(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Verdict | None]:
    """A toy triage: one word is a cry for help, another is for a clinician."""

    def triage(question: str) -> Verdict | None:
        if "kill" in question:
            return Verdict(Outcome.CRISIS, "toy")
        return Verdict(Outcome.ASK_CLINICIAN, "toy") if "dose" in question else None

    monkeypatch.setattr("askalms.admission.triage", triage)
    return triage


def test_a_question_is_answered_with_what_was_said_before(answerer: FakeAnswerer):
    """White space around it is left out; the rest goes as it is."""

    async def asking() -> Reply:
        return await admission(answerer).ask("v", "  Why\n so? ", ["Is it inherited?"], as_typed=True)

    reply = anyio.run(asking)
    assert reply.answer and reply.answer.message == "About: Why\n so?"
    assert (reply.refusal, reply.failed, reply.refused) == ("", False, False)
    assert answerer.asked == [("Why\n so?", ("Is it inherited?",))]
    assert answerer.as_typed == [True]


@pytest.mark.parametrize("question", ["", " \n\t "])
def test_nothing_is_not_asked(answerer: FakeAnswerer, question: str):
    """It does not count as a question either."""
    limited = admission(answerer, questions_per_minute=1)
    empty, asked = ask(limited, question, "Why?")
    assert (empty.refusal, empty.refused) == (message("page.no_question"), True)
    assert asked.answer


def test_a_question_may_be_as_long_as_it_may_be(answerer: FakeAnswerer):
    """To the character; a longer one is told both figures."""
    short, long = ask(admission(answerer, longest=1500), "x" * 1500, "x" * 1501)
    assert short.answer
    assert long.refusal == message("page.too_long", length="1,501", limit="1,500")
    assert admission(answerer, longest=1500).longest_question == 1500
    assert len(answerer.asked) == 1


def test_so_many_questions_a_minute_and_no_more(answerer: FakeAnswerer):
    """Of each visitor; others are let through."""
    limited = admission(answerer, questions_per_minute=2)
    replies = ask(limited, "a", "b", "c")
    assert [reply.refusal for reply in replies] == ["", "", message("page.too_often")]
    assert ask(limited, "d", visitor="w")[0].answer
    assert len(answerer.asked) == 3


def test_what_is_too_long_does_not_count(answerer: FakeAnswerer):
    """Who shortens a question can send it at once."""
    replies = ask(admission(answerer, longest=10, questions_per_minute=1), "x" * 11, "x" * 11, "x" * 10)
    assert [reply.refused for reply in replies] == [True, True, False]


@pytest.mark.parametrize(("words", "passes"), [("kill", True), ("dose", False), ("Why?", False)])
def test_only_a_cry_for_help_passes_every_limit(answerer: FakeAnswerer, words: str, passes: bool):
    """However long it is, and however often somebody asked."""
    limited = admission(answerer, longest=20, questions_per_minute=1)
    long, once, often = ask(limited, words + " x" * 20, "Is it inherited?", words)
    assert once.answer
    assert (bool(long.answer), bool(often.answer)) == (passes, passes)


def test_so_many_are_answered_at_once_and_so_many_wait(answerer: FakeAnswerer):
    """The others wait in line and are answered; one more is told to come again, unless it cries for help."""
    limited = admission(answerer, at_once=2, most_waiting=1)
    replies: dict[str, Reply] = {}

    async def one(question: str) -> None:
        replies[question] = await limited.ask("v", question)

    async def everybody() -> None:
        async with anyio.create_task_group() as tasks:
            for question in ("slow 1", "slow 2", "slow 3"):
                tasks.start_soon(one, question)
            while len(answerer.asked) < 2:
                await anyio.sleep(0.01)
            await one("Why?")
            tasks.start_soon(one, "kill")
            await anyio.sleep(0.1)
            assert len(answerer.asked) == 2
            assert replies["Why?"].refusal == message("page.busy")
            answerer.may_answer.set()
        await one("Why not?")

    anyio.run(everybody)
    assert [question for question, reply in replies.items() if reply.refused] == ["Why?"]
    assert len(replies) == 6


def test_who_leaves_the_line_makes_room(answerer: FakeAnswerer):
    """A visitor that waits no longer is not counted as waiting."""
    limited = admission(answerer, at_once=1, most_waiting=1)

    async def everybody() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(limited.ask, "v", "slow")
            while not answerer.asked:
                await anyio.sleep(0.01)
            with anyio.move_on_after(0.05):
                await limited.ask("v", "given up")
            tasks.start_soon(limited.ask, "v", "waits")
            await anyio.sleep(0.05)
            assert (await limited.ask("v", "one too many")).refusal == message("page.busy")
            answerer.may_answer.set()

    anyio.run(everybody)
    assert [question for question, _ in answerer.asked] == ["slow", "waits"]


def test_an_answerer_never_answers_more_at_once_than_it_may():
    """Eight ask together, three are answered at a time."""
    at_work, most = 0, 0
    lock, full = threading.Lock(), threading.Barrier(3)

    class Counting(FakeAnswerer):
        def ask(self, question, history=(), *, as_typed=False):
            nonlocal at_work, most
            with lock:
                at_work += 1
                most = max(most, at_work)
            if int(question) < 6:
                full.wait(20)
            with lock:
                at_work -= 1
            return super().ask(question, history, as_typed=as_typed)

    limited = admission(Counting(), at_once=3)

    async def everybody() -> None:
        async with anyio.create_task_group() as tasks:
            for n in range(8):
                tasks.start_soon(limited.ask, "v", str(n))

    anyio.run(everybody)
    assert most == 3


def test_trouble_is_told_kindly_and_logged_without_the_question(
    answerer: FakeAnswerer, caplog: pytest.LogCaptureFixture
):
    """The operator learns what happened and where, and nothing that was typed; the next question is answered."""
    limited = admission(answerer, at_once=1, most_waiting=0)
    with caplog.at_level(logging.DEBUG):
        broken, fine = ask(limited, "a broken secret", "Why?")
    assert (broken.refusal, broken.failed, broken.refused) == (message("page.trouble"), True, False)
    assert fine.answer
    (record,) = [r for r in caplog.records if r.name.startswith("askalms")]
    assert record.levelno == logging.ERROR
    assert "RuntimeError in " in record.getMessage() and "site_with_fake.py, line " in record.getMessage()
    assert record.exc_info is None
    assert "secret" not in caplog.text


@pytest.mark.slow
def test_a_real_cry_for_help_passes(answerer: FakeAnswerer, monkeypatch: pytest.MonkeyPatch):
    """As the program that is shipped tells one from an ordinary question."""
    from askalms.triage import triage

    monkeypatch.setattr("askalms.admission.triage", triage)
    limited = admission(answerer, longest=60, questions_per_minute=1)
    cry = "I cannot go on any more, I want to die, please somebody help me, I am all alone with this."
    ordinary = "Can you tell me whether the eyes are affected at birth, or only later in a child's life?"
    replies = ask(limited, ordinary, cry, "Is it inherited?", cry)
    assert [bool(reply.answer) for reply in replies] == [False, True, True, True]
