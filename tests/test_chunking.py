"""Documents in pieces: sections, sentences, passages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askalms.chunking import HEADING_OF_DATES, Chunks, chunk
from askalms.datatypes import BlockKind, Document, Provenance
from askalms.furniture import mark_furniture
from askalms.segmentation import markdown_blocks, plain_blocks
from invented_pages import JOURNEY, LIBRARY, SQUASHED, texts


def count_words(text: str) -> int:
    return len(text.split())


def document(text: str, title: str = "Marlow syndrome", is_markdown: bool = False) -> Document:
    blocks = markdown_blocks(text) if is_markdown else plain_blocks(text)
    return Document("page.txt", text, "", ("marlow",), Provenance(title), mark_furniture(text, blocks))


def headings(chunks: Chunks) -> list[tuple[str, str]]:
    return [(s.heading, s.text) for s in chunks.sentences]


# --- promises for every document


@given(texts, st.booleans(), st.integers(5, 40), st.integers(0, 9))
def test_passages_are_whole_sentences_of_one_section(text: str, is_markdown: bool, max_tokens: int, first_row: int):
    """Every sentence of the body in exactly one, none over furniture, none longer than need be."""
    page = document(text, is_markdown=is_markdown)
    chunks = chunk(page, count_words, max_tokens, first_row)
    body = [(n, b, s) for n, b in enumerate(page.blocks) for s in b.sentences]
    assert [(s.block, s.kind, s.start, s.end) for s in chunks.sentences] == [
        (n, b.kind, s.start, s.end) for n, b, s in body
    ]
    assert all(s.text == text[s.start : s.end] for s in chunks.sentences)
    row = first_row
    for passage in chunks.passages:
        assert passage.first_sentence == row < passage.last_sentence
        row = passage.last_sentence
        own = chunks.sentences[passage.first_sentence - first_row : passage.last_sentence - first_row]
        assert (passage.start, passage.end) == (own[0].start, own[-1].end)
        assert passage.text == text[passage.start : passage.end]
        assert passage.passage_id == f"page.txt#{passage.start}-{passage.end}"
        assert len(own) == 1 or count_words(f"{passage.context}\n{passage.text}") <= max_tokens
        around = [s for s in chunks.sections if s.start <= passage.start and passage.end <= s.end]
        assert [s.heading for s in around] == [passage.heading]
        furniture = [b for b in page.blocks if b.kind is BlockKind.FURNITURE]
        assert not any(b.start < passage.end and passage.start < b.end for b in furniture)
    assert row == first_row + len(chunks.sentences)


@given(texts)
def test_sections_lie_in_order_without_overlap(text: str):
    """What stands under one heading stands together."""
    sections = chunk(document(text), count_words, 20).sections
    edges = [edge for s in sections for edge in (s.start, s.end)]
    assert edges == sorted(edges)


# --- sections


def test_headings_of_a_page_without_ranks_stand_side_by_side():
    """And the title, a menu stuck to it, is none of them."""
    chunks = chunk(document(JOURNEY, "What Does the Gene MRLW1 Do? (Marlow Syndrome in Plain Words)"), count_words, 60)
    assert [s.heading for s in chunks.sections] == [
        "",
        "How the gene works",
        "How it is passed on",
        "Conclusion",
        HEADING_OF_DATES,
    ]


def test_ranked_headings_are_joined_from_the_outermost_in():
    """A heading of the same rank replaces the last one and all below it; the title is left out."""
    text = (
        "# Marlow Syndrome\n\nIt is rare.\n\n## Signs\n\n### Ears\n\nThey ring.\n\n### Legs\n\nThey fail.\n\n"
        "## Causes\n\nOne gene."
    )
    chunks = chunk(document(text, is_markdown=True), count_words, 60)
    assert [s.heading for s in chunks.sections] == ["", "Signs > Ears", "Signs > Legs", "Causes"]


def test_a_question_in_front_of_its_answer_ranks_below_all_headings():
    """Side by side with other questions."""
    text = "# Ears\n\nDo they ring? They do. Often so.\n\nDo they hurt? They do not. Never so.\n"
    sections = chunk(document(text, is_markdown=True), count_words, 60).sections
    assert [s.heading for s in sections] == ["Ears > Do they ring?", "Ears > Do they hurt?"]


@pytest.mark.parametrize("heading", ["Living with Marlow syndrome", "Signs of Marlow syndrome"])
def test_a_heading_that_ends_with_the_title_is_kept(heading: str):
    """Only the title itself says nothing new."""
    chunks = chunk(document(f"{heading}\nMany people live well with it."), count_words, 60)
    assert chunks.sections[0].heading == heading


def test_datelines_have_a_heading_of_their_own():
    """Wherever they stand, what stands around them stays under its heading."""
    text = "Signs\nThe ears ring.\nLast reviewed: 2031-05-03\nThey also hurt."
    assert headings(chunk(document(text), count_words, 60)) == [
        ("Signs", "The ears ring."),
        (HEADING_OF_DATES, "Last reviewed: 2031-05-03"),
        ("Signs", "They also hurt."),
    ]


def test_sections_of_a_squashed_page_have_their_headings():
    """No sentence begins with the name of its section."""
    chunks = chunk(document(SQUASHED), count_words, 60)
    assert [s.heading for s in chunks.sections] == [
        "Description",
        "Frequency",
        "Causes",
        "Inheritance",
        HEADING_OF_DATES,
    ]


# --- what sections were written from


def sources(text: str, is_markdown: bool = True) -> list[tuple[str, tuple[str, ...]]]:
    return [(s.heading, s.sources) for s in chunk(document(text, is_markdown=is_markdown), count_words, 60).sections]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("<!-- sources: one -->\n\nThe ears ring.", ("one",)),
        ("The ears ring.\n\n<!-- sources: one, two -->", ("one", "two")),
        ("The ears ring.\n<!--sources:two,one-->\nThey hurt.", ("two", "one")),
        ("<!-- sources: one -->\n\nThe ears ring.\n\n<!-- sources: two, one -->", ("one", "two")),
        ("<!-- sources:\n  one,\n  two words ,,\n-->\n- They ring.\n- They hurt.", ("one", "two words")),
        ("- The ears ring.\n  <!-- sources: one -->\n- They hurt.", ("one",)),
        ("| a | b |\n|---|---|\n| c | d |\n<!-- sources: one -->\n", ("one",)),
        ("The ears ring.\n\n<!-- todo --><!-- sources: one --><!-- sources: two -->", ("one", "two")),
        ("The ears ring.\n\n<!-- sources: -->", ()),
        ("The ears ring.\n\n<!-- written from one -->", ()),
        ("The ears ring.\n\n<!-- sources: one", ()),
        ("The ears ring.\n\n```\n<!-- sources -->\n```", ()),
        ("The ears ring.", ()),
    ],
)
def test_a_section_names_its_sources_in_a_comment(text: str, named: tuple[str, ...]):
    """Anywhere in it, in that order, each once."""
    for end in ("\n", "\r\n", "\r"):
        assert sources(f"## Ears\n\n{text}\n".replace("\n", end)) == [("Ears", named)]


def test_each_section_names_its_own_sources():
    """None is taken over from another one, not even from the heading above."""
    text = (
        "<!-- sources: zero -->\n\n# Marlow syndrome\n\nIt is rare.\n\n## Signs\n\n<!-- sources: one -->\n\n"
        "### Ears\n\nThey ring.\n\n### Legs\n\nThey fail.\n\n<!-- sources: two -->\n\n## Legs\n\nThey ache.\n"
    )
    assert sources(text) == [("", ()), ("Signs > Ears", ()), ("Signs > Legs", ("two",)), ("Legs", ())]


def test_the_line_that_dates_a_page_has_no_sources():
    """It stands in a section of its own, wherever it is."""
    text = "## Ears\n\n<!-- sources: one -->\n\nThe ears ring.\n\nReviewed: May 2026\n"
    assert sources(text) == [("Ears", ("one",)), (HEADING_OF_DATES, ())]


def test_comments_change_nothing_else():
    """Sentences and passages are those of the page without them, at other places."""
    text = "## Ears\n\nThe ears ring.\n\n{}They hurt. They itch.\n"
    bare, noted = (
        chunk(document(text.format(comment), is_markdown=True), count_words, 60)
        for comment in ("", "<!-- sources: one -->\n\n")
    )
    assert headings(bare) == headings(noted)
    assert (noted.sections[0].start, noted.sections[0].end) == (noted.sentences[0].start, noted.sentences[-1].end)


# --- passages


def test_passages_are_as_long_as_fits():
    """Title and heading are counted: 2 + 1 words, and 3 for each sentence, make 9."""
    text = "Signs\nThe ears ring. The legs ache. The head spins. The eyes see."
    passages = chunk(document(text), count_words, 9).passages
    assert [p.text for p in passages] == ["The ears ring. The legs ache.", "The head spins. The eyes see."]
    assert passages[0].context == "Marlow syndrome. Signs"
    assert [(p.first_sentence, p.last_sentence) for p in passages] == [(0, 2), (2, 4)]


def test_a_single_sentence_is_never_cut():
    """However long it is."""
    text = "The ears ring and ring and ring and never stop."
    assert [p.text for p in chunk(document(text), count_words, 5).passages] == [text]


def test_sections_with_the_same_heading_do_not_share_a_passage():
    """They are two sections all the same."""
    text = "Signs\nThe ears ring.\n\nSigns\nThe legs ache."
    assert [p.text for p in chunk(document(text), count_words, 60).passages] == ["The ears ring.", "The legs ache."]


def test_a_passage_does_not_span_furniture():
    """Furniture is never searched."""
    text = "The ears ring at night. It goes away.\n\nClick here to log in.\n\nThe legs ache by day. It comes back."
    assert [p.text for p in chunk(document(text), count_words, 60).passages] == [
        "The ears ring at night. It goes away.",
        "The legs ache by day. It comes back.",
    ]


def test_rows_go_on_from_the_document_before():
    """So that sentences of all documents can be numbered through."""
    chunks = chunk(document("The ears ring. The legs ache."), count_words, 3, first_row=7)
    assert [(p.first_sentence, p.last_sentence) for p in chunks.passages] == [(7, 8), (8, 9)]


def test_list_items_of_a_section_stand_in_one_passage():
    """Each is a sentence, and the passage holds the markers between them as the page does."""
    passage = next(p for p in chunk(document(LIBRARY), count_words, 60).passages if p.text.startswith("MRLS"))
    assert passage.text == "MRLS\n  • Marlow-Finch syndrome"


def test_a_document_of_furniture_has_no_pieces():
    """There is nothing to find in it."""
    assert chunk(document("We use cookies."), count_words, 60) == Chunks((), (), ())
