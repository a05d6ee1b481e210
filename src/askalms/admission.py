"""Who may ask now: limits of length, rate and crowd before a question reaches the assistant.

The page, the page without script and the endpoint for programs ask through one `Admission`, so a limit holds for
all three together. A cry for help passes every limit. No question is kept, counted by its words or logged.
"""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from askalms.datatypes import URGENT, Answer, Answerer
from askalms.settings import Settings
from askalms.texts import message
from askalms.triage import triage

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a question: an answer, or a kind sentence that says why there is none."""

    answer: Answer | None
    refusal: str = ""
    """Empty where there is an answer."""
    failed: bool = False
    """The assistant could not be asked; the question itself was welcome."""

    @property
    def refused(self) -> bool:
        """The question was not let through."""
        return self.answer is None and not self.failed


class Admission:
    """Lets questions through to whatever answers them."""

    def __init__(self, answerer: Answerer, settings: Settings) -> None:
        """Use one for all pages of a server.

        Args:
            answerer: Asked in a thread of its own for each question; it may raise.
            settings: `serving` has the limits, `answering` the longest question.
        """
        self._answerer = answerer
        self._limit = settings.answering.max_question_characters
        self._most_waiting = settings.serving.most_waiting
        self._at_once = CapacityLimiter(settings.serving.at_once)
        self._rate = RateLimitItemPerMinute(settings.serving.questions_per_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._asked = 0
        """Questions that wait or are being answered."""

    @property
    def longest_question(self) -> int:
        """Characters."""
        return self._limit

    async def ask(self, visitor: str, question: str, history: Sequence[str] = (), *, as_typed: bool = False) -> Reply:
        """Have a question answered as soon as it is its turn.

        Args:
            visitor: Tells one visitor from another: the address a request came from.
            question: As typed.
            history: The visitor's earlier questions, oldest first.
            as_typed: See `Answerer.ask`.
        """
        question = question.strip()
        if not question:
            return Reply(None, message("page.no_question"))
        refusal = self._refusal(visitor, question)
        if refusal and not await run_sync(_is_urgent, question):
            return Reply(None, refusal)
        self._asked += 1
        try:
            ask = partial(self._answerer.ask, question, tuple(history), as_typed=as_typed)
            return Reply(await run_sync(ask, limiter=self._at_once))
        except Exception as error:
            _tell_operator(error)
            return Reply(None, message("page.trouble"), failed=True)
        finally:
            self._asked -= 1

    def _refusal(self, visitor: str, question: str) -> str:
        """Say why a question cannot be looked up now; empty where it can."""
        if len(question) > self._limit:
            return message("page.too_long", length=f"{len(question):,}", limit=f"{self._limit:,}")
        if not self._limiter.hit(self._rate, visitor):
            return message("page.too_often")
        if self._asked >= self._most_waiting + self._at_once.total_tokens:
            return message("page.busy")
        return ""


def visitor_of(request: Any) -> str:
    """Tell one visitor from another by a request, of Starlette or of Gradio; empty where it has no address."""
    return request.client.host if request and request.client else ""


def _is_urgent(question: str) -> bool:
    verdict = triage(question)
    return verdict is not None and verdict.outcome in URGENT


def _tell_operator(error: Exception) -> None:
    """Log what went wrong and where, but not the error's text: it may hold the question."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    _log.error("%s in %s, line %s", type(error).__name__, place.filename, place.lineno)
