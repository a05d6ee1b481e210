"""What a reader gets out of one file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of one file, and what the file says of itself."""

    text: str
    """All of it; offsets count its characters. Of .txt and .md files it is what they hold, line ends as they are."""
    body_start: int = 0
    """Where the front matter ends."""
    is_markdown: bool = False
    front_matter: Mapping[str, Any] = field(default_factory=dict)
    """What the front matter holds, names and values as in the file; empty without one."""
    sha256: str = ""
    """Of the file's bytes, in hexadecimal."""
    stated: Mapping[str, str] = field(default_factory=dict)
    """What the file's own fields say of it: title, publisher, url, reviewed, license, language; only those that say
    something."""
    page_starts: tuple[int, ...] = ()
    """Where pages 1, 2, ... begin in the text; empty for a format without pages."""
