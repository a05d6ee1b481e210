"""Questions about Alström syndrome, answered with exact quotes from trusted pages."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# torch and faiss let idle threads spin. On a busy machine with few cores a spinning thread keeps the
# one that works from its core: an answer of 25 ms took 500. Read when either library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

if TYPE_CHECKING:
    from askalms.answering import Assistant
    from askalms.datatypes import Answer, Answerer, Outcome, Provenance, Quote
    from askalms.errors import AskALMSError
    from askalms.reloading import LiveAssistant
    from askalms.settings import Settings, load_settings

__version__ = "0.1.0"

_HOME = {
    "Answer": "datatypes",
    "Answerer": "datatypes",
    "AskALMSError": "errors",
    "Assistant": "answering",
    "LiveAssistant": "reloading",
    "Outcome": "datatypes",
    "Provenance": "datatypes",
    "Quote": "datatypes",
    "Settings": "settings",
    "load_settings": "settings",
}

__all__ = [
    "Answer",
    "Answerer",
    "AskALMSError",
    "Assistant",
    "LiveAssistant",
    "Outcome",
    "Provenance",
    "Quote",
    "Settings",
    "load_settings",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used, so that the command line starts at once."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"askalms.{_HOME[name]}"), name)
