"""Pieces of a structured document -> Markdown, as `segmentation.markdown_blocks` reads it."""

import re
from collections.abc import Iterator, Sequence

MAX_CELL_CHARACTERS = 400
"""A table with a longer cell holds the layout of a page, not data."""

_WOULD_BE_MARKUP = re.compile(r"(?=>|#{1,6}(?:\s|$)|`{3}|~{3}|<[A-Za-z!/?]|\||[=*_-]{2,}\s*$|(?:[*_-] ?){3,}$)")
_WORD_JOINER = "\u2060"


def paragraph(text: str) -> str:
    """A paragraph; one that begins like a mark of Markdown gets an unseen character in front, as it is none."""
    line = " ".join(text.split())
    return _WORD_JOINER + line if _WOULD_BE_MARKUP.match(line) else line


def heading(text: str, level: int) -> str:
    """A heading of level 1 to 6."""
    return f"{'#' * min(max(level, 1), 6)} {' '.join(text.split())}"


def item(text: str, depth: int = 0) -> str:
    """An item of a list, `depth` lists deep."""
    return f"{'  ' * depth}- {paragraph(text)}"


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table, its first row as the head; one that only arranges a page becomes its paragraphs."""
    filled = [[" ".join(cell.split()) for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        return
    width = max(map(len, filled))
    if width == 1 or any(len(cell) > MAX_CELL_CHARACTERS for row in filled for cell in row):
        yield from (paragraph(cell) for row in filled for cell in row if cell)
        return
    lines = [_row([*row, *[""] * (width - len(row))]) for row in filled]
    yield "\n".join([lines[0], _row(["---"] * width), *lines[1:]])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '¦') for cell in cells)} |"
