"""An Answer as HTML: the same for the chat page and for the page that works without script.

What comes from documents and visitors is data: the templates in `web/` escape every value, and addresses of the
web are let through only as such. The chat page takes this HTML as Markdown, in which a block of HTML ends at an empty
line; so it is written on one line.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from askalms.contacts import contacts, countries
from askalms.datatypes import Answer, BlockKind, Contact, Outcome
from askalms.rendering import citation, one_line, page_citation, shown, visible
from askalms.source_view import BlockGroup, Shown, SourceView, TextBlock, source_address
from askalms.texts import message, templates

_SPACE = re.compile(r"[ \t\r\n]")


def article(number: int, question: str, answer: Answer | None, trouble: str = "") -> str:
    """Write one turn: what was asked, and what there is to say.

    Args:
        number: Of the turn, from 1.
        question: As typed.
        answer: What to show; None where the question could not be looked up.
        trouble: Says why, if so.

    Returns:
        HTML on one line.
    """
    return _render("article.html", number=number, question=question, answer=answer, trouble=trouble)


def fragment(name: str, **values: object) -> str:
    """Write a page, or a part of one.

    Args:
        name: Of its template in `web/`, without ".html".
        values: What the template needs.

    Returns:
        HTML on one line.
    """
    return _render(f"{name}.html", **values)


def spoken(answer: Answer) -> str:
    """Write what a screen reader says of an answer at once: message, each quote and its page's title, on one line."""
    quotes = (f"{quote.text} {message('rendering.source', source=citation(quote).title)}." for quote in shown(answer))
    return one_line(" ".join([answer.message, *(c.words for c in answer.contacts), *quotes]))


def source_page(view: SourceView) -> dict[str, Any]:
    """Give what the template of a document needs."""
    levels: dict[TextBlock, int] = {}
    for block in _headings(view.blocks):
        # The title of the page is the first level, and none is left out on the way down.
        levels[block] = min(max(block.level, 1) + 1, list(levels.values())[-1] + 1 if levels else 2, 6)
    return {"view": view, "levels": levels, "source": page_citation(view.document, view.provenance)}


@cache
def asset(name: str) -> str:
    """Give a file of `web/`: a style sheet or a script.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return (files("askalms") / "web" / name).read_text("utf-8")


def _headings(blocks: Sequence[Shown]) -> Iterator[TextBlock]:
    for block in blocks:
        if isinstance(block, BlockGroup):
            yield from _headings(block.blocks)
        elif block.kind is BlockKind.HEADING:
            yield block


def _lines(text: str) -> Markup:
    """Keep the line breaks of a text."""
    return Markup("<br>").join(escape(line.strip()) for line in visible(text).strip().splitlines())


def _verbatim(text: str) -> Markup:
    """Keep every space and line end of a value that is to come back as it was typed."""
    return Markup(_SPACE.sub(lambda space: f"&#{ord(space[0])};", escape(text)))


def _render(name: str, **values: object) -> str:
    return re.sub(rf"{_SPACE.pattern}+", " ", _environment().get_template(name).render(values)).strip()


def _by_country(outcome: Outcome) -> list[tuple[str, tuple[Contact, ...]]]:
    """Give the ways to reach help in every country, by its name."""
    return [(name, contacts(outcome, code)) for code, name in countries()]


@cache
def _environment() -> Environment:
    environment = templates()
    environment.globals |= {
        "m": message,
        "citation": citation,
        "shown": shown,
        "source_address": source_address,
        "by_country": _by_country,
    }
    environment.filters |= {"lines": _lines, "verbatim": _verbatim, "visible": visible}
    return environment
