"""Typeset rows -> running text: columns in reading order, running heads left out, line ends undone.

Pure functions of the rows of each page. Where these come from is the business of `pdf`.
"""

import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from askalms.words import fold, is_english

MIN_COLUMN_ROWS = 4
"""Fewer rows side by side are no columns."""
MIN_COLUMN_WORDS = 3
"""A column of prose has more words in a row, at the median; a column of a table has fewer."""
SHARE_OF_PAGES = 0.4
"""A head or foot that stands on this share of the pages is a running one."""
WIDE_STEP = 1.3
"""A step to the next row that is wider than the usual one by this factor parts paragraphs."""
LEEWAY = 0.95
"""A row was cut where the next word would have reached beyond this share of the column's width."""
NEIGHBOURS = 4
"""Rows above and below a row that tell how wide its column is there."""

_PAGE_NUMBER = re.compile(r"\W*(?:(?:page|p\.)\s*)?(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:of|/)\s*\d{1,4})?\W*", re.IGNORECASE)
_MARKER = re.compile(r"(?:[•‣▪◦·–*]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+\S")
_ENDS = re.compile(r"[.!?…:;][\"'”’)\]]*(?:\[\d+\]|\d{1,2})?$")
_BROKEN_WORD = re.compile(r"([^\W\d_]+)([-\xad\u2010])$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WIDE_GAP = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of type; the unit of length is any, but the same for a page."""

    text: str
    x: float
    """Where it begins."""
    width: float
    top: float
    """How far below the upper edge of the page it stands."""
    size: float = 0.0
    """Of its letters; 0 if unknown."""
    bold: bool = False

    @property
    def end(self) -> float:
        """Where it ends."""
        return self.x + self.width

    @property
    def letter(self) -> float:
        """Mean width of a letter."""
        return self.width / max(len(self.text), 1)


def rows_of_grid(grid: str) -> list[Row]:
    """Read rows from lines in which a letter's place tells where on the paper it stands."""
    return [
        Row(line.strip(), len(line) - len(line.lstrip()), len(line.strip()), number)
        for number, line in enumerate(grid.split("\n"))
        if line.strip()
    ]


def run_across_columns(rows: Sequence[Row], grid: Sequence[Row]) -> bool:
    """Tell whether rows were read straight across the columns that a grid of the same page shows."""
    gutter = _gutter(grid)
    if gutter is None:
        return False
    read = "\n".join(_squeezed(row.text) for row in rows)
    halves = [_cut(row, gutter) for row in grid if not _crosses(row, gutter)]
    side_by_side = [_squeezed(a.text + b.text) for a, b in halves if a and b]
    return sum(both in read for both in side_by_side) * 2 > len(side_by_side)


def running_text(pages: Sequence[Sequence[Row]]) -> tuple[str, tuple[int, ...]]:
    """Make one text of typeset pages.

    A paragraph that goes on in the next column or on the next page stays one; a word that was
    broken at the end of a row is joined; paragraphs are parted by an empty line.

    Args:
        pages: The rows of each, column by column, or all from top to bottom.

    Returns:
        The text, and where each page begins in it.
    """
    kept = _without_running_heads(pages)
    words = {w.lower() for rows in kept for row in rows for w in _FIRST_WORD.findall(row.text)}
    text = ""
    starts: list[int] = []
    for rows in kept:
        begun = False
        for run in (run for column in _in_reading_order(rows) for run in _paragraphs(column)):
            paragraph = _of_rows(run, words)
            if text and _goes_on(text[text.rfind("\n") + 1 :], paragraph):
                text = _joined(text, paragraph, words)
            else:
                text = f"{text}\n\n{paragraph}" if text else paragraph
            if not begun:
                starts.append(len(text) - len(paragraph))
            begun = True
        if not begun:
            starts.append(len(text))
    return text, tuple(starts)


def _squeezed(text: str) -> str:
    return "".join(text.split())


# --- running heads


def _without_running_heads(pages: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """Leave out what stands at the head or foot of many pages, and page numbers there."""
    edges = [_edges(rows) for rows in pages]
    counts = Counter(shape for tops, rows in zip(edges, pages, strict=True) for shape in _shapes(rows, tops))
    least = max(2, SHARE_OF_PAGES * len(pages))
    return [
        [
            row
            for row in rows
            if row.top not in tops or not (counts[_shape(row)] >= least or _PAGE_NUMBER.fullmatch(row.text))
        ]
        for tops, rows in zip(edges, pages, strict=True)
    ]


def _edges(rows: Sequence[Row]) -> set[float]:
    tops = sorted({row.top for row in rows})
    # Of a page of few rows, no more than the first and the last.
    depth = 2 if len(tops) > 6 else 1
    return {*tops[:depth], *tops[-depth:]}


def _shapes(rows: Sequence[Row], tops: set[float]) -> set[str]:
    return {_shape(row) for row in rows if row.top in tops}


def _shape(row: Row) -> str:
    # The title of a document may be the running head of its other pages, in smaller letters.
    return f"{row.size:.0f} " + re.sub(r"\d+", "#", " ".join(row.text.split()))


# --- columns


def _in_reading_order(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Give the columns of a page: where rows stand side by side, and where they go on further up."""
    column: list[Row] = []
    for row in rows:
        if column and row.top < column[-1].top - max(row.size, column[-1].size):
            yield from _side_by_side(column)
            column = []
        column.append(row)
    yield from _side_by_side(column)


def _side_by_side(rows: list[Row]) -> Iterator[list[Row]]:
    """Give the columns of a band one after the other; a row across the gutter ends the band."""
    gutter = _gutter(rows)
    if gutter is None:
        yield rows
        return
    for crosses, band in groupby(rows, key=lambda row: _crosses(row, gutter)):
        if crosses:
            yield list(band)
            continue
        halves = [_cut(row, gutter) for row in band]
        for side in (0, 1):
            yield from _side_by_side([part for half in halves if (part := half[side])])


def _gutter(rows: Sequence[Row]) -> int | None:
    """Find where the right one of two columns of prose begins; None if there is one column, or a table."""
    if any(row.letter != 1 for row in rows):
        # Not on a grid, so not side by side.
        return None
    starts: Counter[int] = Counter()
    for row in rows:
        starts.update({int(row.x), *(int(row.x) + m.end() for m in _WIDE_GAP.finditer(row.text))})
    left = min((row.x for row in rows), default=0)
    width = max((row.end for row in rows), default=0) - left
    for start, count in sorted(starts.items(), key=lambda item: (-item[1], item[0])):
        if count < MIN_COLUMN_ROWS or not 0.2 <= (start - left) / max(width, 1) <= 0.8:
            continue
        halves = [_cut(row, start) for row in rows if not _crosses(row, start)]
        if len(halves) * 2 < len(rows) or sum(a is not None and b is not None for a, b in halves) < MIN_COLUMN_ROWS:
            continue
        if all(_is_prose([part for half in halves if (part := half[side])]) for side in (0, 1)):
            return start
    return None


def _is_prose(rows: Sequence[Row]) -> bool:
    return len(rows) >= MIN_COLUMN_ROWS and statistics.median(len(row.text.split()) for row in rows) > MIN_COLUMN_WORDS


def _crosses(row: Row, gutter: int) -> bool:
    """Tell whether a row on a grid has text on both sides of the gutter and in it."""
    at = gutter - int(row.x)
    return row.x < gutter < row.end and row.text[max(0, at - 2) : at].strip() != ""


def _cut(row: Row, gutter: int) -> tuple[Row | None, Row | None]:
    at = gutter - int(row.x)
    if at <= 0:
        return None, row
    left, right = row.text[:at].rstrip(), row.text[at:].lstrip()
    beginning = row.x + len(row.text) - len(right)
    return (
        replace(row, text=left, width=len(left)),
        replace(row, text=right, x=beginning, width=len(right)) if right else None,
    )


# --- paragraphs


def _paragraphs(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Give the rows of each paragraph of a column."""
    steps = sorted(round(b.top - a.top) for a, b in pairwise(rows) if b.top - a.top >= 1)
    step = max(statistics.mode(steps), 1) if steps else 1
    run: list[Row] = []
    for number, row in enumerate(rows):
        near = rows[max(0, number - NEIGHBOURS) : number + NEIGHBOURS]
        if run and _parted(run[-1], row, step, max(r.end for r in near)):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _parted(before: Row, row: Row, step: float, column_end: float) -> bool:
    """Tell whether a row begins a paragraph."""
    if _MARKER.match(row.text) or before.bold != row.bold or abs(before.size - row.size) > 0.1 * row.size:
        return True
    first_word = row.letter * (len(row.text.split(maxsplit=1)[0]) + 1)
    was_full = before.end + first_word > LEEWAY * column_end
    if row.top - before.top > WIDE_STEP * step:
        return not (was_full and row.text[0].islower())
    ended = bool(_ENDS.search(before.text))
    if not was_full:
        return ended or not row.text[0].islower()
    return ended and row.x >= before.x + 1.5 * row.letter


def _of_rows(rows: Sequence[Row], words: set[str]) -> str:
    text = ""
    for row in rows:
        line = " ".join(row.text.split())
        text = _joined(text, line, words) if text else line
    return text


def _goes_on(before: str, after: str) -> bool:
    """Tell whether a paragraph stops in the middle of a sentence that the next one takes up."""
    if _MARKER.match(after) or _ENDS.search(before) or len(before.split()) < 4:
        return False
    return after[0].islower()


def _joined(before: str, after: str, words: set[str]) -> str:
    """Join a row to the next one, and the halves of a word that was broken between them.

    Args:
        before: Text up to the end of a row.
        after: Text from the beginning of the next row on.
        words: What words the document has.
    """
    broken, first = _BROKEN_WORD.search(before), _FIRST_WORD.match(after)
    if not broken or not first:
        return f"{before}{after}" if re.search(r"\w-$", before) else f"{before} {after}"
    a, b = broken.group(1).lower(), first.group().lower()
    if broken.group(2) == "\xad" or (first.group()[0].islower() and not _is_compound(a, b, words)):
        return before[:-1] + after
    return before + after


def _is_compound(a: str, b: str, words: set[str]) -> bool:
    """Tell "long-term" from a word that was broken at the end of a row."""
    if a + b in words or is_english(fold(a + b)):
        return False
    return len(a) == 1 or (is_english(fold(a)) and is_english(fold(b)))
