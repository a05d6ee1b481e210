"""Text -> blocks and sentences: where headings, paragraphs, list items and sentences begin and end.

Pure functions of one text. They say what shape a stretch has; whether it is worth quoting is
decided in `furniture`.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from askalms.datatypes import Block, BlockKind, Span
from askalms.texts import load_data

MAX_HEADING_WORDS = 14
MAX_HEADING_CHARACTERS = 120
SQUASHED_CHARACTERS = 2500
"""A longer line is a whole page whose line ends were lost, so that headings stand inside it."""
JOINED_CHARACTERS = 400
"""A longer paragraph may be several, with headings between their sentences."""

_LINE = re.compile(r"[^\r\n]+")
_LINE_END = re.compile(r"\r\n|\r|\n")
_LIST_MARKER = re.compile(r"[ \t\xa0]*(?:[•‣▪◦·*+–—-]|\(?\d{1,2}[.)]|\(?[a-z][.)])[ \t\xa0]+(?=\S)")
_RULE = re.compile(r"\s*([-=_*~#.•·|+ ])\1{2,}\s*")
_ENDS_SENTENCE = re.compile(r"[.!?…:;][\"'”’)\]]*\s*$")
# With the marks of footnotes, whose brackets may be lost: "ill.[1]", "ill.¹", "childhood.1,2".
SENTENCE_END = (
    r"(?<![.!?…])[.!?…]+[\"'”’)\]]*"
    r"(?:(?:\[\d+(?:[,–-]\d+)*\])+|[¹²³⁰-⁹]+|(?<=[a-z]{4}\.)\d{1,2}(?:[,–-]\d{1,2})*)?"
)
_BOUNDARY = re.compile(rf"{SENTENCE_END}(?=\s|$)")
_FOLLOWING = re.compile(r"\s*(\S.{0,60})", re.DOTALL)
_OPENER = re.compile(r"[\"'“‘(\[*_]*[A-ZÀ-ÖØ-Þ0-9]")
_QUESTION_WORD = re.compile(
    r"(?:what|how|why|when|where|which|who|is|are|do|does|did|can|could|should|will|was|were)\b", re.IGNORECASE
)
_MARKERS = re.compile(r"(?:[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?))*")
_BOLD_LINE = re.compile(r"(\*\*|__)([^\s*_][^*_\r\n]*?)[.:]?\1:?")
_LEAVES = ("heading_open", "paragraph_open", "tr_open", "html_block", "fence", "code_block", "hr")
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
)
_YEAR = r"(?:19|20)\d\d"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
DATE = rf"(?<!\d)(?:{_YEAR}-\d\d(?:-\d\d)?|(?:{_DAY}\.?\s+)?{_MONTH}(?:\s+{_DAY},?)?,?\s+{_YEAR}|{_YEAR})(?![\d-])"
DATED = (
    r"(?:(?:page|last|medically)\s+)*(?P<act>reviewed|updated|modified|revised|published)"
    rf"(?:\s+on|\s+by\s[^:]{{1,80}}?)?(?:\s*:\s*|\s+)(?P<date>{DATE})"
)
"""What a page says of its own age: "Last reviewed: 2026-03-26", "Reviewed by Dr. Lee on 3 May 2020"."""
_DATELINE = re.compile(rf"{DATED}\.?", re.IGNORECASE)


def is_question(text: str) -> bool:
    """Tell whether `text` asks: it ends with a question mark, or opens as a question and is short."""
    text = text.strip().rstrip("\"'”’)")
    if text.endswith("?"):
        return True
    return bool(_QUESTION_WORD.match(text)) and text.endswith(".") and len(text.split()) <= 7 and "," not in text


def is_dateline(text: str) -> bool:
    """Tell whether `text` says when the page was written, and nothing else; emphasis marks do not count."""
    return bool(_DATELINE.fullmatch(re.sub(r"[*_]", "", text).strip()))


def split_sentences(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Cut a stretch of prose into sentences, without the white space between them.

    A full stop after an abbreviation, an initial or inside a number does not end a sentence. An
    opening of one or two words ("Yes.") stays with what it opens.

    Args:
        text: The document.
        start: Where the stretch begins, in characters.
        end: Where it ends.

    Returns:
        Spans in order, without overlap; every character of the stretch that is not white space is
        in exactly one of them.
    """
    cuts = [start]
    for match in _BOUNDARY.finditer(text, start, end):
        following = _FOLLOWING.match(text, match.end(), end)
        if following and _is_boundary(text, cuts[-1], match, following.group(1)):
            cuts.append(match.end())
    cuts.append(end)
    spans = [_strip(text, a, b) for a, b in pairwise(cuts)]
    return tuple(_with_short_openings([s for s in spans if s.start < s.end], text))


def line_of(text: str, at: int) -> int:
    """The line, from 1, in which a character stands, as an editor counts lines."""
    return len(_LINE_END.findall(text, 0, at)) + 1


def plain_blocks(text: str) -> list[Block]:
    """Cut plain text into blocks by blank lines, line shapes and hard-wrapped lines.

    Returns:
        Blocks in order, without overlap. Kinds used: heading, prose, list item, table row, dateline.
    """
    blocks: list[Block] = []
    for paragraph in _paragraphs(text):
        span = _strip(text, paragraph[0].start, paragraph[-1].end)
        line = text[span.start : span.end]
        marker = _LIST_MARKER.match(text, paragraph[0].start, span.end)
        content = _strip(text, marker.end(), span.end) if marker else span
        if content.start == content.end:
            continue
        if is_dateline(line):
            blocks.append(Block(BlockKind.DATELINE, span.start, span.end, sentences=(span,)))
        elif _RULE.fullmatch(line):
            continue
        elif marker:
            blocks.append(_text_block(text, BlockKind.LIST_ITEM, content))
        elif line.count("|") >= 2 or line.count("\t") >= 2:
            blocks.append(Block(BlockKind.TABLE_ROW, span.start, span.end, sentences=(span,)))
        elif len(paragraph) == 1 and _looks_like_heading(line):
            blocks.append(Block(BlockKind.HEADING, span.start, span.end))
        elif len(line) > JOINED_CHARACTERS:
            blocks.extend(_unsquash(text, span))
        else:
            blocks.append(_text_block(text, BlockKind.PROSE, span))
    return _open_questions(text, _announced_lists(text, blocks))


def markdown_blocks(text: str, start: int = 0) -> list[Block]:
    """Cut Markdown into blocks.

    Args:
        text: The document.
        start: Where the body begins, after any front matter; the beginning of a line.

    Returns:
        Blocks in order, without overlap. HTML, code and rules are furniture.
    """
    lines = _line_starts(text, start)
    blocks: list[Block] = []
    in_list = 0
    for token in _markdown().parse(text[start:]):
        in_list += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if token.map is None or token.type not in _LEAVES:
            continue
        span = _strip(text, lines[token.map[0]], lines[token.map[1]])
        content = _strip(text, _after_markers(text, span), span.end)
        if token.type == "heading_open":
            content = _heading_words(text, content, token)
        if content.start == content.end:
            continue
        if token.type == "heading_open":
            blocks.append(Block(BlockKind.HEADING, content.start, content.end, level=int(token.tag[1:])))
        elif token.type == "tr_open":
            blocks.append(Block(BlockKind.TABLE_ROW, content.start, content.end, sentences=(content,)))
        elif token.type != "paragraph_open":
            blocks.append(Block(BlockKind.FURNITURE, content.start, content.end))
        elif is_dateline(text[content.start : content.end]):
            blocks.append(Block(BlockKind.DATELINE, content.start, content.end, sentences=(content,)))
        elif not in_list and (bold := _BOLD_LINE.fullmatch(text, content.start, content.end)):
            blocks.append(Block(BlockKind.HEADING, *bold.span(2)))
        elif not in_list and _is_label(text[content.start : content.end]):
            blocks.append(Block(BlockKind.HEADING, content.start, content.end))
        else:
            kind = BlockKind.LIST_ITEM if in_list else BlockKind.PROSE
            blocks.append(_text_block(text, kind, content))
    return _open_questions(text, blocks)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table").disable("inline")


def _text_block(text: str, kind: BlockKind, span: Span) -> Block:
    return Block(kind, span.start, span.end, sentences=split_sentences(text, span.start, span.end))


def _strip(text: str, start: int, end: int) -> Span:
    while start < end and (text[start].isspace() or text[start] == "\ufeff"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


# --- sentences


@cache
def _openers() -> frozenset[str]:
    return frozenset(load_data("language")["openers"])


@cache
def _abbreviations() -> tuple[frozenset[str], ...]:
    data = load_data("language")
    return tuple(frozenset(data[kind]) for kind in ("before_a_word", "before_a_number", "anywhere"))


def _is_boundary(text: str, start: int, match: re.Match[str], following: str) -> bool:
    if not _OPENER.match(following):
        return False
    if match.group() not in (".", '."', ".'", ".”", ".’"):
        return True
    before = re.split(r"[\s(\[“\"']", text[max(start, match.start() - 60) : match.start()])[-1].lower()
    always, numbered, sometimes = _abbreviations()
    if before in always or (before in numbered and following[0].isdigit()):
        return False
    next_word = re.match(r"\W*(\w+)", following)
    opens = bool(next_word) and next_word is not None and next_word.group(1).lower() in _openers()
    if before in sometimes:
        return opens
    is_initial = len(before) == 1 and before.isalpha() and text[match.start() - 1].isupper()
    return opens or not is_initial


def _with_short_openings(spans: list[Span], text: str) -> Iterator[Span]:
    start: int | None = None
    for span in spans:
        begin = span.start if start is None else start
        if span is not spans[-1] and len(text[begin : span.end].split()) <= 2:
            start = begin
            continue
        start = None
        yield Span(begin, span.end)


# --- plain text


def _paragraphs(text: str) -> Iterator[list[Span]]:
    """Lines that belong together: one line, or the lines of a hard-wrapped paragraph."""
    run: list[Span] = []
    for match in _LINE.finditer(text):
        line = Span(match.start(), match.end())
        if not match.group().strip():
            continue
        if run and not (_adjoin(text, run[-1], line) and _goes_on(text, run, line)):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _adjoin(text: str, line: Span, following: Span) -> bool:
    between = text[line.end : following.start]
    return between in ("\n", "\r\n", "\r")


def _goes_on(text: str, run: list[Span], following: Span) -> bool:
    """Tell whether the next line is the same paragraph, cut where the line was full."""
    line = text[run[-1].start : run[-1].end].strip()
    after = text[following.start : following.end]
    if _LIST_MARKER.match(after) or is_dateline(line) or is_dateline(after):
        return False
    after = after.strip()
    first = after.split(maxsplit=1)[0]
    if len(line) < SQUASHED_CHARACTERS and _ENDS_SENTENCE.search(line) and not after[0].islower():
        # A full line that happens to end a sentence still goes on in a wrapped paragraph.
        return len(run) > 1 and len(line) <= 100 and _was_full(run, first)
    if after[0].islower():
        return True
    return len(line) <= 100 and len(after) <= 100 and len(line) >= 50 and _was_full(run, first)


def _was_full(run: list[Span], next_word: str) -> bool:
    width = max(span.end - span.start for span in run[-50:])
    last = run[-1].end - run[-1].start
    return 50 <= width <= 100 and last + 1 + len(next_word) > max(width, 60)


def _looks_like_heading(line: str) -> bool:
    words = line.split()
    if len(words) > MAX_HEADING_WORDS or len(line) > MAX_HEADING_CHARACTERS:
        return False
    if not any(c.isalpha() for c in line) or line[0].islower() or line[0] in "[(<{":
        return False
    if _is_label(line) or line.rstrip("\"'”’)").endswith("?"):
        return True
    return not re.search(rf"(?:{SENTENCE_END}|[:;,])$", line)


def _is_label(line: str) -> bool:
    """Tell whether a line is no more than a name for what follows it ("Signs include:")."""
    return line.endswith(":") and len(line.split()) <= 3 and line[0].isupper()


def _announced_lists(text: str, blocks: list[Block]) -> list[Block]:
    """Make list items of lines without an end that a colon announces.

    The list goes on as long as its lines are evenly parted. The last of them is a heading, though,
    if a paragraph stands under it just as near.
    """
    result: list[Block] = []
    announced = False
    parted = False
    for before, block, following in zip([None, *blocks], blocks, [*blocks[1:], None], strict=False):
        if before is not None and text[before.end - 1] == ":":
            announced, parted = True, _parted(text, before, block)
        announced = announced and _may_be_item(text, block)
        if announced:
            ends = following is None or _parted(text, block, following) != parted
            if ends or (following is not None and _may_be_item(text, following)):
                block = _text_block(text, BlockKind.LIST_ITEM, Span(block.start, block.end))
            announced = not ends
        result.append(block)
    return result


def _may_be_item(text: str, block: Block) -> bool:
    line = text[block.start : block.end]
    return block.kind in (BlockKind.HEADING, BlockKind.PROSE) and not re.search(rf"(?:{SENTENCE_END}|:)$", line)


def _parted(text: str, block: Block, following: Block) -> bool:
    return len(re.findall(r"\r\n|\r|\n", text[block.end : following.start])) > 1


def _unsquash(text: str, span: Span) -> list[Block]:
    """Cut a whole page on one line, or paragraphs run together, at the section names inside.

    A section name shows by the sentence that ends before it and the one that begins after it. Where
    there are several, menus and lists may stand before more of them, which then show by a word
    after them that opens sentences, or by the beginning of the page standing there again.
    """
    page = text[span.start : span.end]
    named = [m for m in _section_name_pattern().finditer(page) if _begins_sentence(page[m.end() : m.end() + 400])]
    sure = [m for m in named if _ENDS_SENTENCE.search(page[max(0, m.start(1) - 9) : m.start(1)] or ".")]
    if len(page) > SQUASHED_CHARACTERS or len(sure) > 1:
        sure += [m for m in named if m not in sure and _opens(page, m.end())]
    cuts = sorted((span.start + m.start(1), span.start + m.end(1)) for m in sure)
    blocks = []
    at = span.start
    for start, end in [*cuts, (span.end, span.end)]:
        part = _strip(text, at, start)
        if part.start < part.end:
            blocks.append(_text_block(text, BlockKind.PROSE, part))
        if start < end:
            blocks.append(Block(BlockKind.HEADING, start, end))
        at = end
    return blocks


@cache
def _section_name_pattern() -> re.Pattern[str]:
    names = sorted(load_data("pages")["section_names"], key=len, reverse=True)
    alternatives = "|".join(re.escape(name[0].upper() + name[1:]) for name in names)
    # "Types I and II" begins a sentence.
    return re.compile(rf"(?:(?<=\s)|^)({alternatives})\s+(?![B-Z]\b|[IVX]+\b)(?=[A-Z])")


def _begins_sentence(following: str) -> bool:
    """Tell whether a sentence follows, and not more names of links."""
    words = [w for w in following.split()[1:9] if w[0].isalpha()]
    return sum(w[0].islower() for w in words) * 2 >= len(words) > 2


def _opens(page: str, at: int) -> bool:
    first = re.sub(r"\W", "", page[at : at + 60].split()[0]).lower()
    return first in _openers() or page.startswith(page[:12], at)


def _open_questions(text: str, blocks: list[Block]) -> list[Block]:
    """Make a question that opens a paragraph the heading of what answers it."""
    result: list[Block] = []
    for block in blocks:
        first = block.sentences[0] if block.sentences else None
        if (
            block.kind is BlockKind.PROSE
            and first is not None
            and len(block.sentences) > 1
            and text[first.start : first.end].endswith("?")
        ):
            rest = block.sentences[1:]
            result.append(Block(BlockKind.HEADING, first.start, first.end))
            result.append(Block(block.kind, rest[0].start, block.end, sentences=rest))
        else:
            result.append(block)
    return result


# --- Markdown


def _line_starts(text: str, start: int) -> list[int]:
    # markdown-it takes \n and \r\n and \r for line ends, and so must the map back.
    starts = [start, *(m.end() for m in re.finditer(r"\r\n|\r|\n", text[start:]))]
    return [starts[0], *(start + s for s in starts[1:]), len(text)]


def _after_markers(text: str, span: Span) -> int:
    match = _MARKERS.match(text, span.start, span.end)
    return match.end() if match else span.start


def _heading_words(text: str, span: Span, token: Token) -> Span:
    """Leave out what makes a line a heading: number signs, or the line below it."""
    words = text[span.start : span.end]
    if token.markup in ("=", "-"):
        start, end = 0, len(re.split(r"[\r\n]+[^\r\n]*$", words)[0])
    else:
        opening = re.match(r"#+", words)
        closing = re.search(r"(?:^|[ \t])#+$", words)
        start, end = opening.end() if opening else 0, closing.start() if closing else len(words)
    return _strip(text, span.start + start, span.start + max(start, end))
