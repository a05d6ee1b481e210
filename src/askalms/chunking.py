"""Document -> sections, sentences, passages; each knows its offsets."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from askalms.datatypes import Block, BlockKind, Document, Passage, Section, Sentence
from askalms.words import fold

HEADING_OF_DATES = "When this page was last reviewed or updated"
"""What the datelines of a page stand under, wherever they stand on it."""

_SOURCES = re.compile(r"<!--\s*sources:(.*?)-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Chunks:
    """One document in pieces, each list in the order of the text."""

    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]


def chunk(document: Document, count_tokens: Callable[[str], int], max_tokens: int, first_row: int = 0) -> Chunks:
    """Cut a document.

    Every character of its body that is not white space or a list marker is in exactly one sentence,
    and every sentence in exactly one passage. A passage never leaves its section and never spans
    furniture. It is as long as fits, and longer than `max_tokens` only where a single sentence is.

    Args:
        document: The document, its furniture marked.
        count_tokens: Counts the tokens of a text as the encoder does.
        max_tokens: Most tokens of a passage together with its title and heading.
        first_row: Row of the document's first sentence among all sentences of the index.
    """
    sections: list[Section] = []
    sentences: list[Sentence] = []
    passages: list[Passage] = []
    for heading, numbered in _sections(document):
        bodies = [(n, block) for n, block in numbered if block.kind is not BlockKind.FURNITURE]
        found = [s for number, block in bodies for s in _sentences(document, number, block, heading)]
        if found:
            sections.append(Section(heading, found[0].start, found[-1].end, _sources(document, numbered)))
            passages += _passages(document, found, count_tokens, max_tokens, first_row + len(sentences))
            sentences += found
    return Chunks(tuple(sections), tuple(sentences), tuple(passages))


def passage_id(doc_id: str, start: int, end: int) -> str:
    """Name a passage."""
    return f"{doc_id}#{start}-{end}"


def _sections(document: Document) -> Iterator[tuple[str, list[tuple[int, Block]]]]:
    """Give each heading with the numbered blocks under it."""
    path: list[tuple[int, str]] = []
    run: list[tuple[int, Block]] = []
    for number, block in enumerate(document.blocks):
        if block.kind is BlockKind.HEADING:
            yield _joined(document, path), run
            run = []
            words = " ".join(document.text[block.start : block.end].split())
            # A page that does not rank its headings has them side by side, below those that it ranks.
            level = block.level or 99
            path = [*((rank, w) for rank, w in path if rank < level), (level, words)]
        elif block.kind is BlockKind.DATELINE:
            yield _joined(document, path), run
            yield HEADING_OF_DATES, [(number, block)]
            run = []
        else:
            run.append((number, block))
    yield _joined(document, path), run


def _sources(document: Document, numbered: list[tuple[int, Block]]) -> tuple[str, ...]:
    """Find the references that a section names in a comment, as `<!-- sources: one, two -->`."""
    comments = [document.text[b.start : b.end] for _, b in numbered if b.kind is BlockKind.FURNITURE]
    return tuple(dict.fromkeys(source for comment in comments for source in sources_in(comment)))


def sources_in(comment: str) -> list[str]:
    """Read the ids of references in a comment.

    Example:
        >>> sources_in("<!-- sources: one, two -->")
        ['one', 'two']
    """
    named = (name.strip() for found in _SOURCES.findall(comment) for name in found.split(","))
    return [name for name in named if name]


def _joined(document: Document, path: list[tuple[int, str]]) -> str:
    return " > ".join(words for _, words in path if not _is_title(words, document.provenance.title))


def _is_title(heading: str, title: str) -> bool:
    """Tell whether a heading is the page's title, alone or with the end of a menu stuck to it ("NewsTitle")."""
    before = heading.removesuffix(title)
    return fold(heading) == fold(title) or (before != heading and before[-1].islower() and title[0].isupper())


def _sentences(document: Document, number: int, block: Block, heading: str) -> Iterator[Sentence]:
    for span in block.sentences:
        yield Sentence(
            document.doc_id,
            span.start,
            span.end,
            document.text[span.start : span.end],
            heading,
            number,
            block.kind,
        )


def _passages(
    document: Document,
    sentences: list[Sentence],
    count_tokens: Callable[[str], int],
    max_tokens: int,
    first_row: int,
) -> Iterator[Passage]:
    def passage(first: int, last: int) -> Passage:
        start, end = sentences[first].start, sentences[last - 1].end
        return Passage(
            passage_id(document.doc_id, start, end),
            document.doc_id,
            start,
            end,
            document.provenance.title,
            sentences[first].heading,
            document.text[start:end],
            first_row + first,
            first_row + last,
        )

    first = 0
    for i in range(1, len(sentences) + 1):
        if i < len(sentences) and not _furniture_between(document, sentences[i - 1], sentences[i]):
            longer = passage(first, i + 1)
            if count_tokens(f"{longer.context}\n{longer.text}") <= max_tokens:
                continue
        yield passage(first, i)
        first = i


def _furniture_between(document: Document, before: Sentence, after: Sentence) -> bool:
    return any(b.kind is BlockKind.FURNITURE for b in document.blocks[before.block + 1 : after.block])
