"""What can go wrong in a way that a user can mend, as exceptions.

Each message says what was found, what was expected and what to do next, in one line that the
command line prints as it is. A programmer's slip stays a `ValueError`.
"""


class AskALMSError(Exception):
    """Anything a user can meet and act on; the message is meant for them."""


class SettingsError(AskALMSError):
    """`askalms.toml` holds a name or a value that is not understood."""


class DataError(AskALMSError):
    """One of the program's own files of data, which anybody may edit, holds what cannot be understood."""


class DocumentError(AskALMSError):
    """One file of the corpus cannot be read; the others can."""


class CorpusError(AskALMSError):
    """The corpus folder as a whole cannot be used."""


class ModelError(AskALMSError):
    """The model that the settings name cannot be loaded."""


class IndexUnusableError(AskALMSError):
    """There is no index, or it is damaged, or another program version or model made it."""


class IndexDamagedError(IndexUnusableError):
    """What is on disk is not what was written; the generation before may still be whole."""


class IndexLockedError(AskALMSError):
    """Another process is writing to the same index."""


class QuestionFileError(AskALMSError):
    """A file of questions holds a line that cannot be understood."""


class FetchError(AskALMSError):
    """A page of the web cannot be fetched, or must not be."""
