"""The Assistant of a folder whose index is renewed while it answers.

The generation that answers is one reference, replaced in one assignment once the new one is open, checked
and has answered a trial question. A question keeps to the Assistant that it began with.
"""

import logging
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

from askalms.answering import Assistant
from askalms.datatypes import Answer
from askalms.embedding import Encoders, load_encoders
from askalms.errors import AskALMSError
from askalms.generations import current_generation
from askalms.index import open_index
from askalms.reranking import Reranker, load_reranker
from askalms.settings import Settings, load_settings

RETRY_SECONDS = 60.0
"""How long an index that could not be taken up is left alone: it may be a copy that has not all arrived."""

_log = logging.getLogger(__name__)


class LiveAssistant:
    """Answers from the current generation of a folder, and goes over to a new one by itself.

    A thread looks every `[serving] check_seconds` whether the folder names another generation. It ends with
    `close`, with the program, or with the last reference to this object.
    """

    def __init__(self, folder: Path, encoders: Encoders, settings: Settings, reranker: Reranker | None = None) -> None:
        """Use `LiveAssistant.open`, unless the models are loaded already.

        Args:
            folder: Where the index lives.
            encoders: Those that the settings name; every generation is searched with them.
            settings: Limits and thresholds.
            reranker: Scores sentences; None takes the one that the settings name.

        Raises:
            IndexUnusableError: There is no index, it is damaged, or another model made it.
        """
        self._folder = folder
        self._encoders = encoders
        self._settings = settings
        self._reranker = reranker or load_reranker(settings.embedding.sentence_model, settings.reranking.model)
        self._looking = threading.Lock()
        self._refused = ""
        self._refused_until = 0.0
        self._current = self._opened()
        stop = threading.Event()
        arguments = (weakref.ref(self), stop, settings.serving.check_seconds)
        thread = threading.Thread(target=_watch, args=arguments, name="askalms-index", daemon=True)
        self._end = weakref.finalize(self, _end, stop, thread)
        thread.start()

    @classmethod
    def open(cls, index: str | Path = "index", settings: Settings | None = None) -> "LiveAssistant":
        """Load the models, open the current generation of an index folder, and begin to watch the folder.

        Raises:
            IndexUnusableError: There is no index, it is damaged, or another model made it.
            ModelError: The model cannot be loaded.
            SettingsError: askalms.toml cannot be understood.
        """
        chosen = settings or load_settings()
        return cls(Path(index), load_encoders(chosen.embedding), chosen)

    @property
    def current(self) -> Assistant:
        """The Assistant of the generation that answers now; hold it, and it stays the same."""
        return self._current

    def ask(self, question: str, history: Sequence[str] = (), *, as_typed: bool = False) -> Answer:
        """Answer one question wholly from the generation that is current when it is asked."""
        return self._current.ask(question, history, as_typed=as_typed)

    def refresh(self) -> bool:
        """Look now whether there is another generation, and take it up; without this it is done within seconds.

        What cannot be taken up is logged once, and the old generation goes on answering.

        Returns:
            Whether another generation answers from now on.
        """
        with self._looking:
            name = ""
            try:
                name = current_generation(self._folder)
                if name == self._current.index.generation:
                    self._refused_until = 0.0
                    return False
                if name == self._refused and time.monotonic() < self._refused_until:
                    return False
                fresh = self._opened()
            except Exception as error:
                self._refuse(name, error)
                return False
            self._current = fresh
            self._refused_until = 0.0
            documents = len(fresh.index.documents)
            _log.info("index generation %s answers from now on (%d documents)", fresh.index.generation, documents)
            return True

    def close(self) -> None:
        """Stop looking for new generations; the current one goes on answering."""
        self._end()

    def _opened(self) -> Assistant:
        """Open the current generation beside the one that answers, and see it answer."""
        index = open_index(self._folder, self._settings.embedding)
        fresh = Assistant(index, self._encoders, self._settings, self._reranker)
        # Also counts what is counted at the first question, so that no visitor waits for it.
        title = next(iter(index.documents.values())).provenance.title
        fresh.ask(f"What is {title}?")
        return fresh

    def _refuse(self, name: str, error: Exception) -> None:
        """Leave a generation alone for a while; `name` is empty where CURRENT itself cannot be read."""
        told = self._refused_until and name == self._refused
        self._refused = name
        self._refused_until = time.monotonic() + RETRY_SECONDS
        if not told:
            answering = self._current.index.generation
            reason = str(error) if isinstance(error, AskALMSError) else f"{type(error).__name__}: {error}"
            _log.warning("generation %s goes on answering, as what replaced it is of no use: %s", answering, reason)


def _watch(answerer: "weakref.ref[LiveAssistant]", stop: threading.Event, seconds: float) -> None:
    while not stop.wait(seconds):
        live = answerer()
        if live is None:
            return
        live.refresh()
        # Between two looks nothing here keeps it alive.
        del live


def _end(stop: threading.Event, thread: threading.Thread) -> None:
    stop.set()
    # The program must not end while libraries in C work for the thread. It may be the thread itself that lets go last.
    if thread is not threading.current_thread() and thread.is_alive():
        thread.join()
