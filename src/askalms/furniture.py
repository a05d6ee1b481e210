"""Blocks -> what a page has to say, and what is page furniture.

Furniture is navigation, teasers of other pages, lists of links and references, notices about the
site, and texts that stand twice. It is told by general signals: the shape of a sentence, words of
web sites and of citations, repetition, and position (after the heading of a reference list little
else follows). The words are in `data/pages.toml`.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from askalms.datatypes import Block, BlockKind, Span
from askalms.segmentation import DATE, DATED, SENTENCE_END
from askalms.texts import load_data

MAX_QUOTABLE_WORDS = 100
"""A longer "sentence" is a list whose separators were lost."""

_CITATION = re.compile(
    r"\b(?:19|20)\d\d(?: ?[A-Z][a-z]{2})?(?:[ -]?\d{1,2})?;(?:\d+| \d+ ?[(:])"  # 2005 Mar 28;165
    r"|\bdoi:|\bdoi\.org|\bPMID\b|\bPMC\d{5,}|\bISBN\b|\bEpub\b|\[Internet\]|\bet al\.,? \(?(?:19|20)\d\d"
    r"|\bCitation on PubMed|\bNo abstract available"
)
_AUTHOR = re.compile(r"\b([A-Z][\w'’-]+) [A-Z]{1,3}(?=[,.;])")
_SEPARATOR = re.compile(r"\s(?:[;|·•→»›/])\s")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_LOST_LINK = re.compile(r"\(\s*(?:$|\)(?!-)|in the [A-Z])")
_WORD = re.compile(r"\w[\w'’-]*")
_ENDED = re.compile(rf"{SENTENCE_END}$")
_ONLY_A_DATE = re.compile(DATE, re.IGNORECASE)
_DATED = re.compile(rf"\b(?=(?:page\s+)?last\s){DATED}", re.IGNORECASE)
_PAGE_OF_CITATIONS = 3
"""So many citations close together are a reference list, even where no heading says so."""


def mark_furniture(text: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Tell the body of a page from its furniture.

    Args:
        text: The document.
        blocks: All its blocks, in order, from `segmentation`.

    Returns:
        Blocks in order, without overlap, covering what `blocks` covered but for labels ("TL;DR:").
        What is furniture has that kind and no sentences; a block of which a part is furniture is
        cut into several.
    """
    judged = _without_link_lists(text, [_judge(text, block) for block in blocks])
    judged = _after_the_end(text, judged)
    judged = _without_repeats(text, judged)
    return tuple(piece for block, keep in judged for piece in _cut(text, block, keep))


_Judged = tuple[Block, tuple[bool, ...]]
"""A block, and for each of its sentences (or for itself, if it has none) whether it is body."""


def _judge(text: str, block: Block) -> _Judged:
    block = _without_label(text, block)
    if block.kind in (BlockKind.FURNITURE, BlockKind.DATELINE):
        return block, (block.kind is BlockKind.DATELINE,) * max(1, len(block.sentences))
    if block.kind is BlockKind.HEADING:
        line = text[block.start : block.end]
        # "On this page:" announces links; "This page" may well be a title.
        return block, (not _is_furniture_line(line) and not (line.endswith(":") and _is_teaser(line)),)
    sentences = [text[s.start : s.end] for s in block.sentences]
    keep = [not _is_furniture_sentence(s, block.kind) for s in sentences]
    if len(sentences) <= 3 and _is_teaser(sentences[0]):
        keep = [False] * len(keep)
    if block.kind is BlockKind.LIST_ITEM and any(_is_citation(s) for s in sentences):
        keep = [False] * len(keep)
    if len(sentences) <= 4 and _has_authors(sentences[0]):
        keep = [False] * len(keep)
    return block, _smoothed(keep)


def _smoothed(keep: list[bool]) -> tuple[bool, ...]:
    """A lone sentence between furniture is furniture; so is a stretch that is furniture for the most."""
    if keep.count(False) > len(keep) / 2:
        return (False,) * len(keep)
    return tuple(
        kept and not (0 < i < len(keep) - 1 and not keep[i - 1] and not keep[i + 1]) for i, kept in enumerate(keep)
    )


# --- one sentence


@cache
def _phrases(name: str) -> re.Pattern[str]:
    words = sorted(load_data("pages")[name], key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)


def _is_citation(sentence: str) -> bool:
    return bool(_CITATION.search(sentence)) or _has_authors(sentence)


def _has_authors(sentence: str) -> bool:
    # "Vitamin A, Vitamin D" are no two authors.
    return len(set(_AUTHOR.findall(sentence))) >= 2


def _is_furniture_line(line: str) -> bool:
    """Judge a heading, or a line without an end."""
    return (
        not any(c.isalpha() for c in line)
        or bool(_ONLY_A_DATE.fullmatch(line))
        or _is_citation(line)
        or bool(_phrases("interface_phrases").search(line))
        or len(_SEPARATOR.findall(line)) >= 2
        or bool(_ADDRESS.match(line))
        or bool(_LOST_LINK.search(line))
    )


def _is_furniture_sentence(sentence: str, kind: BlockKind) -> bool:
    words: list[str] = _WORD.findall(sentence)
    if _is_furniture_line(sentence) or len(words) > MAX_QUOTABLE_WORDS:
        return True
    if any(_phrases(p).search(sentence) for p in ("disclaimer_phrases", "pointer_phrases")):
        return True
    if len({w.lower().removesuffix("s") for w in _phrases("page_words").findall(sentence)}) >= 2:
        return True
    if _is_teaser(sentence):
        return True
    site_words = {w.lower() for w in _phrases("interface_words").findall(sentence)}
    if len(site_words) >= 2 or (_ADDRESS.search(sentence) and len(words) < 15):
        return True
    if kind is not BlockKind.PROSE or _ENDED.search(sentence) or sentence.endswith(":"):
        return False
    # Without an end it is prose that was cut off, or titles of pages one after the other.
    capitals = sum(w[0].isupper() or w[0].isdigit() for w in words)
    return capitals > len(words) * (0.6 if len(words) <= 20 else 0.2)


def _is_teaser(sentence: str) -> bool:
    return bool(_phrases("teaser_openings").match(sentence.lstrip("([ ")))


def _without_label(text: str, block: Block) -> Block:
    if not block.sentences:
        return block
    first = block.sentences[0]
    match = _label_pattern().match(text, first.start, first.end)
    if not match or match.end() >= first.end:
        return block
    return replace(block, start=match.end(), sentences=(Span(match.end(), first.end), *block.sentences[1:]))


@cache
def _label_pattern() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, load_data("pages")["labels"]), key=len, reverse=True))
    return re.compile(rf"[*_]*(?:{names})[*_]*:[*_]*\s+(?=\S)", re.IGNORECASE)


# --- position


def _without_link_lists(text: str, judged: list[_Judged]) -> list[_Judged]:
    """Judge list items by the line that announces them: a pointer's list is a list of links."""
    result: list[_Judged] = []
    announced = False
    for block, keep in judged:
        if block.kind is not BlockKind.LIST_ITEM:
            announced = not keep[-1] and text[block.start : block.end].endswith(":")
        elif announced:
            keep = (False,) * len(keep)
        result.append((block, keep))
    return result


def _after_the_end(text: str, judged: list[_Judged]) -> list[_Judged]:
    """Judge by what came before: nothing follows the end of a page but more of its furniture.

    The end is the heading of a list of sources or of other pages, or a run of citations. It holds
    until a heading of the same rank, or one over two sentences that look like body.
    """
    result: list[_Judged] = []
    ended_at: int | None = None
    references = _start_of_references(text, judged)
    for i, (block, keep) in enumerate(judged):
        if block.kind is BlockKind.HEADING and keep[0]:
            outranks = ended_at is not None and 0 < block.level <= ended_at
            if _is_end_heading(text[block.start : block.end]):
                ended_at = block.level or 99
            elif ended_at is not None and (outranks or _speaks(judged, i)):
                ended_at = None
        elif i == references:
            ended_at = 99
        if ended_at is not None and block.kind is not BlockKind.DATELINE:
            keep = (False,) * len(keep)
        result.append((block, keep))
    return result


def _start_of_references(text: str, judged: list[_Judged]) -> int | None:
    """Find the first block of a list of references that no heading announces."""
    cited = [
        i for i, (block, keep) in enumerate(judged) if not any(keep[:1]) and _is_citation(text[block.start : block.end])
    ]
    runs = zip(cited, cited[_PAGE_OF_CITATIONS - 1 :], strict=False)
    return next((first for first, last in runs if last - first <= 2 * _PAGE_OF_CITATIONS), None)


def _is_end_heading(heading: str) -> bool:
    plain = re.sub(r"[^\w\s]", "", heading).strip().lower()
    for phrase in load_data("pages")["end_headings"]:
        if plain == phrase or (" " in phrase and re.search(rf"\b{re.escape(phrase)}\b", plain)):
            return True
    return False


def _speaks(judged: list[_Judged], heading: int) -> bool:
    """Tell whether at least two sentences of body stand under this heading."""
    count = 0
    for block, keep in judged[heading + 1 :]:
        if block.kind is BlockKind.HEADING:
            break
        if block.kind is not BlockKind.DATELINE:
            count += sum(keep)
    return count >= 2


# --- repetition


def _without_repeats(text: str, judged: list[_Judged]) -> list[_Judged]:
    """Of a paragraph that stands twice the later is body: the earlier is its announcement."""
    result: list[_Judged] = []
    later: dict[str, int] = {}
    for block, keep in reversed(judged):
        said = [
            " ".join(text[s.start : s.end].split()).lower()
            for s, kept in zip(block.sentences, keep, strict=False)
            if kept and not text[s.start : s.end].endswith("?")
        ]
        if block.kind is BlockKind.PROSE and said and all(s in later for s in said):
            keep = (False,) * len(keep)
        elif block.kind is BlockKind.PROSE:
            later.update(dict.fromkeys(said, 1))
        result.append((block, keep))
    return result[::-1]


# --- the result


def _cut(text: str, block: Block, keep: tuple[bool, ...]) -> list[Block]:
    """Give a judged block as blocks of one kind each."""
    if not block.sentences:
        kind = block.kind if keep[0] else BlockKind.FURNITURE
        return [replace(block, kind=kind)] if keep[0] else _with_dates(text, Span(block.start, block.end))
    pieces: list[Block] = []
    i = 0
    while i < len(keep):
        j = i
        while j < len(keep) and keep[j] == keep[i]:
            j += 1
        run = block.sentences[i:j]
        if keep[i]:
            pieces.append(Block(block.kind, run[0].start, run[-1].end, block.level, run))
        else:
            pieces.extend(_with_dates(text, Span(run[0].start, run[-1].end)))
        i = j
    return pieces


def _with_dates(text: str, span: Span) -> list[Block]:
    """Furniture, but for the words in it that date the page."""
    pieces: list[Block] = []
    at = span.start
    for match in _DATED.finditer(text, span.start, span.end):
        if at < match.start():
            pieces.append(Block(BlockKind.FURNITURE, at, match.start()))
        date = Span(match.start(), match.end())
        pieces.append(Block(BlockKind.DATELINE, date.start, date.end, sentences=(date,)))
        at = match.end()
    if at < span.end:
        pieces.append(Block(BlockKind.FURNITURE, at, span.end))
    return pieces
