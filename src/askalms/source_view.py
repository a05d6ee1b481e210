"""A document -> what a page needs to show it, with every possible quote under an address of its own.

A quote is found at `/source/DOCUMENT#START-END`. A browser goes to the element with that id by itself and can mark it
with the CSS of `:target`, so each sentence, and each run of them that may be quoted together, gets its id here.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote as percent_encode

from askalms.datatypes import Block, BlockKind, Document, Provenance, Quote, Span
from askalms.index import Index
from askalms.quoting import whole_thought
from askalms.readers.plain import front_matter_end

_COMMENT = re.compile(r"(?:<!--(?:(?!-->).)*-->\s*)+", re.DOTALL)
_MARKER = re.compile(r"[^\w\r\n]*(?:\w{1,9}[.)])?[^\w\r\n]*")
"""What may stand before a block on its line without being a word: "## ", "- ", "> 12. "."""
_LINE_ENDS = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of the text of a block."""

    text: str
    anchor: str = ""
    """Id of the element that shows it, "start-end", if a quote may be just this; empty for what stands between.

    A run without text marks where a quote begins that ends in the middle of another, or in another block.
    """
    parts: tuple["Run", ...] = ()
    """The shorter runs that it is made of, in order; empty if it is not divided."""


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A heading, paragraph, list item, table row, dateline or piece of page furniture."""

    kind: BlockKind
    """Furniture is never quoted, so a page may fold it."""
    gap: str
    """What stands before it in the document and is not shown: line ends, marks of headings and lists, comments."""
    runs: tuple[Run, ...]
    level: int = 0
    """Depth of a heading, from 1; 0 where the document does not tell, and for all else."""


@dataclass(frozen=True, slots=True)
class BlockGroup:
    """Blocks that may be quoted together, such as a whole list."""

    anchor: str
    blocks: tuple["Shown", ...]


Shown: TypeAlias = TextBlock | BlockGroup


@dataclass(frozen=True, slots=True)
class SourceView:
    """A document as a page shows it.

    The gap and the runs of every block in turn, and the gap at the end, give back the document's text.
    """

    document: str
    provenance: Provenance
    blocks: tuple[Shown, ...]
    gap: str
    """What stands after the last block."""


def source_view(index: Index, doc_id: str) -> SourceView:
    """Lay out a document.

    Args:
        index: That holds it.
        doc_id: Its id.

    Raises:
        KeyError: The index has no such document.
    """
    document = index.documents[doc_id]
    blocks = list(_blocks(document))
    layout = _sorted_out(_quotable(index, doc_id), blocks)
    shown = []
    at = 0
    for block in blocks:
        runs = _runs(document.text, block, layout.runs.get(block.start, ()), layout.marks)
        shown.append(TextBlock(block.kind, document.text[at : block.start], runs, block.level))
        at = block.end
    return SourceView(doc_id, document.provenance, _grouped(shown, blocks, layout.groups), document.text[at:])


def anchor(start: int, end: int) -> str:
    """Name the element that shows a quote.

    Example:
        >>> anchor(120, 310)
        '120-310'
    """
    return f"{start}-{end}"


def source_address(quote: Quote) -> str:
    """Give the address at which a page shows a quote in its document, relative to the pages for questions."""
    return f"source/{percent_encode(quote.document)}#{anchor(quote.start, quote.end)}"


def _quotable(index: Index, doc_id: str) -> set[Span]:
    """Every stretch of a document that a quote may be: its sentences, and what these need to be understood."""
    rows = index.rows_of_document[doc_id]
    runs = {(row, row) for row in rows} | {whole_thought(index, row) for row in rows}
    return {Span(index.sentences[first].start, index.sentences[last].end) for first, last in runs}


def _blocks(document: Document) -> Iterator[Block]:
    """The blocks to be shown: without comments, and with words that are in no block, as furniture."""
    at = front_matter_end(document.text)
    if any(block.start < at for block in document.blocks[:1]):
        # No front matter, but a plain text that looks alike.
        at = 0
    for block in document.blocks:
        yield from _stray_words(document.text, at, block.start)
        is_furniture = block.kind is BlockKind.FURNITURE
        if not is_furniture or not _COMMENT.fullmatch(document.text, block.start, block.end):
            yield block
        at = block.end
    yield from _stray_words(document.text, at, len(document.text))


def _stray_words(text: str, start: int, end: int) -> Iterator[Block]:
    """Words between two blocks, such as a label; the mark of a list item is none."""
    line = max((m.end() for m in _LINE_ENDS.finditer(text, start, end)), default=start)
    if _MARKER.fullmatch(text, line, end):
        end = line
    between = text[start:end]
    if re.search(r"\w", between):
        first = start + len(between) - len(between.lstrip())
        yield Block(BlockKind.FURNITURE, first, first + len(between.strip()))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Runs that may be quoted, sorted out such that those that are to hold text nest."""

    groups: Sequence[Span]
    """Of several whole blocks."""
    runs: Mapping[int, Sequence[Span]]
    """Within a block, by the start of the block."""
    marks: Mapping[int, Sequence[Span]]
    """Those that nest in nothing, by their own start."""


def _sorted_out(spans: Iterable[Span], blocks: Sequence[Block]) -> _Layout:
    """Of runs that overlap, the one that begins first holds text; of those that begin alike, the longest."""
    starts, ends = [block.start for block in blocks], {block.end for block in blocks}
    groups: list[Span] = []
    runs: dict[int, list[Span]] = {}
    marks: dict[int, list[Span]] = {}
    around: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        block = blocks[bisect_right(starts, span.start) - 1]
        is_inside = span.end <= block.end
        is_of_blocks = span.start == block.start and span.end in ends
        while around and around[-1].end <= span.start:
            around.pop()
        if not (is_inside or is_of_blocks) or (around and around[-1].end < span.end):
            marks.setdefault(span.start, []).append(span)
            continue
        around.append(span)
        (runs.setdefault(block.start, []) if is_inside else groups).append(span)
    return _Layout(groups, runs, marks)


def _runs(
    text: str, within: Span | Block, spans: Sequence[Span], marks: Mapping[int, Sequence[Span]]
) -> tuple[Run, ...]:
    """Divide a stretch of a text into the runs that it holds and what stands between them."""
    runs: list[Run] = []
    at = within.start
    first = 0
    while first < len(spans):
        span = spans[first]
        last = next((i for i in range(first + 1, len(spans)) if spans[i].start >= span.end), len(spans))
        if at < span.start:
            runs.append(Run(text[at : span.start]))
        # A run that begins where the one around it does comes after the marks of that place.
        if isinstance(within, Block) or span.start > within.start:
            runs += [Run("", anchor(m.start, m.end)) for m in marks.get(span.start, ())]
        parts = _runs(text, span, spans[first + 1 : last], marks) if last > first + 1 else ()
        runs.append(Run(text[span.start : span.end], anchor(span.start, span.end), parts))
        at, first = span.end, last
    if at < within.end:
        runs.append(Run(text[at : within.end]))
    return tuple(runs)


def _grouped(shown: Sequence[TextBlock], blocks: Sequence[Block], groups: Sequence[Span]) -> tuple[Shown, ...]:
    """Put blocks that may be quoted together into groups.

    Args:
        shown: The blocks as they are shown.
        blocks: The same as they stand in the document.
        groups: Each from the start of a block to the end of one, in order, nested.
    """
    grouped: list[Shown] = []
    row = 0
    while row < len(blocks):
        if groups and groups[0].start == blocks[row].start:
            group, rest = groups[0], groups[1:]
            last = next((i for i in range(row, len(blocks)) if blocks[i].start >= group.end), len(blocks))
            inside = [g for g in rest if g.start < group.end]
            grouped.append(
                BlockGroup(anchor(group.start, group.end), _grouped(shown[row:last], blocks[row:last], inside))
            )
            groups, row = rest[len(inside) :], last
        else:
            grouped.append(shown[row])
            row += 1
    return tuple(grouped)
