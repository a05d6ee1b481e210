"""The program's own words: every fixed sentence a person reads, from `data/messages.toml`.

Kept apart from the code so that a nurse can edit them and a translator can replace them.
"""

import tomllib
from collections.abc import Sequence
from functools import cache, reduce
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from askalms.errors import DataError

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def load_data(name: str) -> dict[str, Any]:
    """Read `src/askalms/data/<name>.toml`, once.

    Raises:
        FileNotFoundError: The package has no such file.
        DataError: It is not TOML.
    """
    text = (files("askalms") / "data" / f"{name}.toml").read_text("utf-8")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{name}.toml is not TOML ({error}); put quotation marks and brackets back") from None


def message(key: str, **values: object) -> str:
    """Give the sentence called `key` ("answering.not_found"), with `values` filled in.

    Raises:
        KeyError: There is no such sentence, or one of its {fields} has no value.
    """
    section, name = key.split(".")
    text = load_data("messages")[section][name]
    return str(text).strip().format(**values)


def joined(key: str, parts: Sequence[str]) -> str:
    """Join the words of a list by the sentence `key`, which has the fields {one} and {other}.

    Raises:
        KeyError: There is no such sentence.
        TypeError: The list is empty.
    """
    return reduce(lambda one, other: message(key, one=one, other=other), parts)


def templates() -> "Environment":
    """Give a new environment for the templates of `web/`: every value is escaped, and a missing one is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("askalms", "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
