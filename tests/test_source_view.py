"""A document -> what a page shows: nothing lost, nothing doubled, and every possible quote has its address."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from askalms.answering import Assistant
from askalms.chunking import chunk
from askalms.corpus import load_corpus
from askalms.datatypes import BlockKind, Document, Provenance, Quote
from askalms.furniture import mark_furniture
from askalms.index import Index
from askalms.questions import read_questions
from askalms.quoting import whole_thought
from askalms.segmentation import markdown_blocks, plain_blocks
from askalms.settings import CorpusSettings
from askalms.source_view import BlockGroup, Run, Shown, SourceView, TextBlock, anchor, source_address, source_view

ROOT = Path(__file__).parents[1]
SCRAPED = ROOT.parent / "shared" / "corpus"


def _blocks(shown: Sequence[Shown]) -> Iterator[TextBlock]:
    for one in shown:
        if isinstance(one, BlockGroup):
            yield from _blocks(one.blocks)
        else:
            yield one


def _groups(shown: Sequence[Shown]) -> Iterator[BlockGroup]:
    for one in shown:
        if isinstance(one, BlockGroup):
            yield one
            yield from _groups(one.blocks)


def _runs(runs: Sequence[Run]) -> Iterator[Run]:
    for run in runs:
        yield run
        yield from _runs(run.parts)


def _said(block: TextBlock) -> str:
    return "".join(run.text for run in block.runs)


def _whole(shown: Sequence[Shown]) -> str:
    return "".join(block.gap + _said(block) for block in _blocks(shown))


def _elements(view: SourceView) -> dict[str, str]:
    """What each element with an id shows; a mark shows nothing."""
    runs = [run for block in _blocks(view.blocks) for run in _runs(block.runs) if run.anchor]
    groups = {g.anchor: _whole(g.blocks).removeprefix(next(_blocks(g.blocks)).gap) for g in _groups(view.blocks)}
    assert max(Counter([*groups, *(run.anchor for run in runs)]).values(), default=1) == 1
    return {**groups, **{run.anchor: run.text for run in runs}}


def _check(index: Index, document: Document) -> SourceView:
    """Hold the view of a document against what it promises."""
    view = source_view(index, document.doc_id)
    assert _whole(view.blocks) + view.gap == document.text
    for block in _blocks(view.blocks):
        for run in _runs(block.runs):
            assert not run.parts or "".join(part.text for part in run.parts) == run.text
    elements = _elements(view)
    for name, text in elements.items():
        start, end = map(int, name.split("-"))
        assert text in ("", document.text[start:end])
    for row in index.rows_of_document[document.doc_id]:
        sentence = index.sentences[row]
        assert elements[anchor(sentence.start, sentence.end)] == sentence.text
        first, last = whole_thought(index, row)
        assert anchor(index.sentences[first].start, index.sentences[last].end) in elements
    return view


@pytest.fixture
def indexed(toy_index: Index) -> Callable[..., Index]:
    """Puts documents in place of those of an index, without embedding them."""

    def made(*documents: Document) -> Index:
        chunks = [chunk(d, len, len(d.text)) for d in documents]
        return replace(
            toy_index,
            documents={d.doc_id: d for d in documents},
            sections={d.doc_id: c.sections for d, c in zip(documents, chunks, strict=True)},
            sentences=tuple(s for c in chunks for s in c.sentences),
        )

    return made


def _document(text: str, is_markdown: bool = True) -> Document:
    raw = markdown_blocks(text) if is_markdown else plain_blocks(text)
    return Document("page.md", text, "", ("alstrom-syndrome",), Provenance("Page"), mark_furniture(text, raw))


@pytest.fixture
def view(indexed: Callable[..., Index]) -> Callable[..., SourceView]:
    """Lays out a text, and holds the view against its promises."""

    def made(text: str, is_markdown: bool = True) -> SourceView:
        document = _document(text, is_markdown)
        return _check(indexed(document), document)

    return made


_PIECES = st.sampled_from(
    [
        "Alström syndrome is rare. ", "This is true. ", "It is so. ", "They know. ", "Is it? ", "TL;DR: ", "ears ",
        "\n", "\n\n", "\r\n", "# ", "## Eyes\n", "- ", "1. ", "* one\n* two\n", "• ", "> ", "**Bold**\n", "| a | b |\n",
        "|---|---|\n", "<!-- sources: a -->\n", "```\ncode\n```\n", "[x]: https://example.org\n", "---\n", "===\n",
        "Share this page. ", "Last updated: 2020-01-01\n", "12. ", "a) ", "    ", "\ufeff", "References\n",
    ]
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(_PIECES | st.text(max_size=6), max_size=25).map("".join), is_markdown=st.booleans())
@example(text="---\na: b\n---\n# Eyes\n\nThey see.", is_markdown=False)
def test_nothing_of_a_text_is_lost_or_doubled(indexed: Callable[..., Index], text: str, is_markdown: bool):
    """Gaps and runs give it back, and every sentence and every whole thought has one element."""
    document = _document(text, is_markdown)
    _check(indexed(document), document)


@pytest.mark.parametrize("folder", [ROOT / "corpus", SCRAPED], ids=["library", "scraped"])
def test_nothing_of_a_document_is_lost_or_doubled(indexed: Callable[..., Index], folder: Path):
    """Of the library, and of pages as they are scraped."""
    if not folder.is_dir():
        pytest.skip("../shared/corpus is not on this machine")
    documents = load_corpus(folder, CorpusSettings()).documents
    index = indexed(*documents)
    assert documents
    for document in documents:
        _check(index, document)


def test_marks_of_markdown_are_not_shown(view: Callable[..., SourceView]):
    """Number signs, bullets, numbers of lists and stars around a heading stand in the gaps."""
    text = (
        "# Page #\n\n- Eyes see.\n- Ears hear it all.\n\n3. Noses smell.\n\n**Skin**\n\n> Skin feels.\n\nLungs\n-----\n"
    )
    blocks = list(_blocks(view(text).blocks))
    assert [(b.kind, b.level, _said(b)) for b in blocks] == [
        (BlockKind.HEADING, 1, "Page"),
        (BlockKind.LIST_ITEM, 0, "Eyes see."),
        (BlockKind.LIST_ITEM, 0, "Ears hear it all."),
        (BlockKind.LIST_ITEM, 0, "Noses smell."),
        (BlockKind.HEADING, 0, "Skin"),
        (BlockKind.PROSE, 0, "Skin feels."),
        (BlockKind.HEADING, 2, "Lungs"),
    ]


def test_front_matter_and_comments_are_not_shown(indexed: Callable[..., Index], tmp_path: Path):
    """Title and publisher are told as the page wants to; comments are for maintainers."""
    text = (
        '---\ntitle: "Eyes"\npublisher: "Library"\n---\n\n# Eyes\n\nEyes see.\n\n<!-- sources: a, b -->\n\nEyes tire.\n'
    )
    (tmp_path / "eyes.md").write_text(text, "utf-8")
    (document,) = load_corpus(tmp_path, CorpusSettings()).documents
    view = _check(indexed(document), document)
    assert [_said(b) for b in _blocks(view.blocks)] == ["Eyes", "Eyes see.", "Eyes tire."]
    assert [b.kind for b in _blocks(view.blocks)] == [BlockKind.HEADING, BlockKind.PROSE, BlockKind.PROSE]
    assert (view.document, view.provenance.publisher) == ("eyes.md", "Library")


def test_furniture_is_there_and_told(view: Callable[..., SourceView]):
    """So are words that are in no block, such as a label; neither can be quoted, so they have no address."""
    shown = view("# Eyes\n\nTL;DR: Eyes see far and wide.\n\nShare this page\n")
    assert [(b.kind, _said(b)) for b in _blocks(shown.blocks)] == [
        (BlockKind.HEADING, "Eyes"),
        (BlockKind.FURNITURE, "TL;DR:"),
        (BlockKind.PROSE, "Eyes see far and wide."),
        (BlockKind.FURNITURE, "Share this page"),
    ]
    assert list(_elements(shown).values()) == ["Eyes see far and wide."]


def test_sentences_that_are_quoted_together_nest(view: Callable[..., SourceView]):
    """The one that cannot stand alone is within the run that it is quoted with, and has an address of its own."""
    (block,) = _blocks(view("Eyes see far. This is known. Ears hear.").blocks)
    parts = (Run("Eyes see far.", "0-13"), Run(" "), Run("This is known.", "14-28"))
    together = Run("Eyes see far. This is known.", "0-28", parts)
    assert block.runs == (together, Run(" "), Run("Ears hear.", "29-39"))


def test_runs_that_overlap_get_a_mark_where_the_later_begins(view: Callable[..., SourceView]):
    """Of four sentences, the last is quoted with the two before it, and the third with the first two."""
    (block,) = _blocks(view("Eyes see far. This is so. It is known. They tire.").blocks)
    outer, gap, last = block.runs
    assert (outer.anchor, gap.text, last.text) == ("0-38", " ", "They tire.")
    inner, _, third = outer.parts
    assert (inner.anchor, third.text) == ("0-25", "It is known.")
    assert [part.anchor for part in inner.parts] == ["0-13", "", "14-49", "14-25"]
    assert inner.parts[2] == Run("", "14-49")


def test_a_list_that_is_quoted_whole_is_a_group(view: Callable[..., SourceView]):
    """Its items are blocks within it; a sentence that needs the last item gets a mark there."""
    shown = view("# Names\n\n- ALMS\n- Alström\n\nThese are known.\n")
    heading, group, prose = shown.blocks
    assert isinstance(heading, TextBlock) and isinstance(group, BlockGroup) and isinstance(prose, TextBlock)
    assert group.anchor == "11-25"
    assert [_said(b) for b in _blocks(group.blocks)] == ["ALMS", "Alström"]
    last = list(_blocks(group.blocks))[1]
    assert last.runs == (Run("", "18-43"), Run("Alström", "18-25"))


def test_an_address_leads_to_the_quote_in_its_document():
    """What an address cannot hold is written in its way."""
    quote = Quote("sub/my page #1.md", 3, 10, "Eyes see", Provenance("Eyes"), "", 1.0)
    assert source_address(quote) == "source/sub/my%20page%20%231.md#3-10"


def test_an_unknown_document_is_an_error(toy_index: Index):
    """The page says that there is none."""
    with pytest.raises(KeyError):
        source_view(toy_index, "none.md")


@pytest.mark.slow
def test_every_quote_is_found_at_its_address(real_assistant: Assistant):
    """Whatever a family asks: the element with the quote's id shows the quote, and nothing else."""
    index = real_assistant.index
    elements = {doc_id: _elements(source_view(index, doc_id)) for doc_id in index.documents}
    quotes = []
    for item in list(read_questions(ROOT / "evaluation" / "questions.jsonl"))[::6]:
        answer = real_assistant.ask(item.turns[-1], item.turns[:-1])
        quotes += [*answer.quotes, *(e.quote for e in answer.explained), *((answer.closest,) if answer.closest else ())]
    assert len(quotes) > 50
    for quote in quotes:
        assert elements[quote.document][anchor(quote.start, quote.end)] == quote.text
