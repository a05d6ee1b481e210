"""Where sentences, paragraphs, list items and headings begin and end."""

import pytest
from hypothesis import given

from askalms.datatypes import Block, BlockKind
from askalms.segmentation import (
    JOINED_CHARACTERS,
    is_dateline,
    is_question,
    markdown_blocks,
    plain_blocks,
    split_sentences,
)
from invented_pages import texts


def sentences(text: str) -> list[str]:
    return [text[s.start : s.end] for s in split_sentences(text, 0, len(text))]


def plain(text: str) -> list[tuple[str, str]]:
    return [(b.kind.value, text[b.start : b.end]) for b in plain_blocks(text)]


def markdown(text: str) -> list[tuple[str, str]]:
    return [(b.kind.value, text[b.start : b.end]) for b in markdown_blocks(text)]


def uncovered(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> str:
    """Give what of a stretch is in no span, white space and byte-order marks aside."""
    covered = {i for a, b in spans for i in range(a, b)}
    return "".join(c for i, c in enumerate(text[start:end], start) if i not in covered).strip("\ufeff").strip()


def check(text: str, blocks: list[Block]) -> None:
    """Blocks lie in order in the text; their sentences lie in order in them and leave nothing out."""
    at = 0
    for block in blocks:
        assert at <= block.start < block.end <= len(text)
        at = block.start
        for sentence in block.sentences:
            assert at <= sentence.start < sentence.end <= block.end
            assert not text[sentence.start].isspace()
            assert not text[sentence.end - 1].isspace()
            at = sentence.end
        if block.kind in (BlockKind.HEADING, BlockKind.FURNITURE):
            assert block.sentences == ()
        else:
            assert uncovered(text, block.start, block.end, [(s.start, s.end) for s in block.sentences]) == ""
        at = block.end


# --- sentences


@given(texts, texts, texts)
def test_every_character_is_in_exactly_one_sentence(before: str, text: str, after: str):
    """White space aside; and nothing outside the stretch is touched."""
    whole = before + text + after
    start, end = len(before), len(before + text)
    spans = split_sentences(whole, start, end)
    assert uncovered(whole, start, end, [(s.start, s.end) for s in spans]) == ""
    edges = [start, *(edge for s in spans for edge in (s.start, s.end)), end]
    assert edges == sorted(edges)


def test_an_empty_stretch_has_no_sentence():
    """Neither has one of white space."""
    assert split_sentences("abc", 1, 1) == ()
    assert split_sentences(" \n ", 0, 3) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Some signs, e.g. Falls, come early.",
        "Many have it (i.e. Most children).",
        "Dr. Marlow told of it first.",
        "It was told of by Marlow et al. In no other place is it known.",
        "The U.S. Library keeps a list.",
        "Carl H. Marlow and J. B. Finch told of it.",
        "The dose was 3.5 mg or 0.5 ml.",
        "The child is seen at 9 a.m. Mondays.",
        "It is shown in Fig. 3 and in No. 12.",
        "The gene lies at 2p13.1 of chromosome 2.",
        "See example.org for more.",
        "It may take months ... or years.",
        "The list is in vol. 2 of the book.",
        "He asked why? and got no answer.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(text: str):
    """After abbreviations, initials, inside numbers and before small letters."""
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Marlow syndrome is rare.", "Both ears are affected."),
        ("Why do children fall?", "The ear sends the wrong message."),
        ("Never stop the drops at once!", "Ask the clinic first."),
        ("It may take months...", "Then it stops."),
        ("The ears ring (in most people).", "It comes and goes."),
        ("The ears ring.", "(This is called tinnitus.)"),
        ("(Few people have it.)", "Most are children."),
        ('The doctor said "wait and see."', "Many do."),
        ("The doctor said “wait and see.”", "Many do."),
        ("The family was told of it.[1][2]", "It was the first."),
        ("The family was told of it.[3,4]", "It was the first."),
        ("The family was told of it.¹", "It was the first."),
        ("It begins in early childhood.1,2", "It was the first."),
        ("It is common in the U.S.", "The reason is not known."),
        ("Children need vitamin D.", "It is in fish."),
        ("They met at 9 a.m.", "The next day they met again."),
        ("The short answer is no.", "Vaccines do not bring it on."),
        ("It has 70 people.", "12 of them are adults."),
        ("It lies on chromosome 2.", "“Both copies” must be changed."),
        ("One line ends here.", "*Another* begins."),
        ("Über alles ist es selten.", "Ärzte kennen es kaum."),
    ],
)
def test_a_sentence_ends_where_the_next_begins(first: str, second: str):
    """Quotes, brackets and the marks of footnotes belong to the sentence that they close."""
    assert sentences(f"{first} {second}") == [first, second]


def test_a_line_end_inside_a_sentence_does_not_end_it():
    """A hard-wrapped sentence is one unbroken run of the text, line ends and all."""
    assert sentences("It is\r\nrare. Most\nare children.") == ["It is\r\nrare.", "Most\nare children."]


def test_a_short_opening_stays_with_what_follows():
    """A lone "Yes." answers nothing; with the sentence after it, it does."""
    assert sentences("Yes. It is passed on. No. Not ever. It never is.") == [
        "Yes. It is passed on.",
        "No. Not ever.",
        "It never is.",
    ]


def test_a_short_closing_stands_alone():
    """There is nothing after it to stay with."""
    assert sentences("Is it passed on by parents? Yes.") == ["Is it passed on by parents?", "Yes."]


def test_cutting_takes_time_in_proportion_to_the_text():
    """A page of 200,000 sentences in one paragraph, or of dots, is no trap."""
    assert len(split_sentences("It is so. " * 50_000, 0, 500_000)) == 50_000
    assert len(split_sentences("." * 200_000, 0, 200_000)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Is it rare?", True),
        ("“Is it rare?”", True),
        ("What is the gene.", True),
        ("What it does is to keep the ear upright, so that nobody falls.", False),
        ("It is rare.", False),
        ("", False),
    ],
)
def test_questions_are_told_by_their_end_or_their_opening(text: str, expected: bool):
    """A scraped page may have lost the question mark."""
    assert is_question(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "Last reviewed: 2026-03-26",
        "Reviewed August 2008",
        "Last updated March 1, 2016.",
        "Page last updated: 1 March 2016",
        "Last medically reviewed on March 3rd, 2020",
        "Medically reviewed by Dr. J. Finch on 3 May 2020",
        "Published: Sept. 2011",
        "**Last reviewed:** 2019",
        "Last\u00a0modified:\u00a02026-03",
    ],
)
def test_lines_that_date_the_page_are_known(text: str):
    """In the ways that pages write it."""
    assert is_dateline(text)


@pytest.mark.parametrize(
    "text", ["Reviewed 1000 people", "Last reviewed: soon", "It was published in May 2009 by Finch.", "2026-03-26"]
)
def test_other_lines_do_not_date_the_page(text: str):
    """A number or a date alone says nothing of a review."""
    assert not is_dateline(text)


# --- plain text


@given(texts)
def test_blocks_of_plain_text_lie_in_order_and_leave_nothing_of_a_paragraph_out(text: str):
    """Whatever the characters and the line ends."""
    check(text, plain_blocks(text))


@given(texts)
def test_blocks_of_plain_text_leave_nothing_out_but_markers_and_rules(text: str):
    """What is in no block has no letter or number that could be a word of the page."""
    rest = uncovered(text, 0, len(text), [(b.start, b.end) for b in plain_blocks(text)])
    assert all(len(word.strip("().")) < 3 for word in rest.split() if any(c.isalnum() for c in word))


def test_headings_paragraphs_and_questions_are_told_apart():
    """A short line without an end is a heading, and so is a question."""
    assert plain("Causes\nThe gene MRLW1 is changed.\n\nIs it rare?\n\nIt is very rare.") == [
        ("heading", "Causes"),
        ("prose", "The gene MRLW1 is changed."),
        ("heading", "Is it rare?"),
        ("prose", "It is very rare."),
    ]


def test_a_question_that_opens_a_paragraph_heads_it():
    """The answer is what can be quoted."""
    assert plain("Is it rare? It is very rare. Some 70 people have it.") == [
        ("heading", "Is it rare?"),
        ("prose", "It is very rare. Some 70 people have it."),
    ]


@pytest.mark.parametrize("marker", ["-", "*", "•", "–", "1.", "2)", "(3)", "a)", "  ·"])
def test_list_markers_are_left_out(marker: str):
    """The item is what stands after the marker, and every item its own block."""
    text = f"{marker} Falls are frequent.\n{marker} Ears ring."
    assert plain(text) == [("list_item", "Falls are frequent."), ("list_item", "Ears ring.")]


def test_lines_announced_by_a_colon_are_list_items():
    """They look like headings, but nothing stands under them; after a gap the list has ended."""
    assert plain("Parents may see one of these:\nFalls\nRinging in the ears\n\nTreatment\nThere is none yet.") == [
        ("prose", "Parents may see one of these:"),
        ("list_item", "Falls"),
        ("list_item", "Ringing in the ears"),
        ("heading", "Treatment"),
        ("prose", "There is none yet."),
    ]


def test_the_line_above_a_paragraph_is_its_heading_even_in_an_announced_list():
    """Without gaps, the last short line before a paragraph may head it."""
    assert plain("Signs include:\nFalls\nRinging ears\nTreatment\nThere is none yet.")[2:] == [
        ("list_item", "Ringing ears"),
        ("heading", "Treatment"),
        ("prose", "There is none yet."),
    ]


def test_table_rows_are_units():
    """A row is quoted whole, since its cells say nothing apart."""
    assert plain("Age\tSign\tShare\n2 | falls | most\nThat is all.") == [
        ("table_row", "Age\tSign\tShare"),
        ("table_row", "2 | falls | most"),
        ("prose", "That is all."),
    ]


def test_rules_are_nothing():
    """A line of dashes parts paragraphs and is none."""
    assert plain("It is rare.\n-----\nIt is mild.") == [("prose", "It is rare."), ("prose", "It is mild.")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_hard_wrapped_paragraph_is_one_block(end: str):
    """Lines that were cut where they were full go on, for every kind of line end."""
    lines = [
        "Marlow syndrome is a disorder of the inner ear that makes people",
        "lose their balance. The first falls come before the age of three,",
        "but in some families much later.",
    ]
    assert plain(end.join(lines)) == [("prose", end.join(lines))]
    assert len(plain_blocks(end.join(lines))[0].sentences) == 2


def test_an_empty_line_ends_a_paragraph():
    """Whatever stands on the two sides of it."""
    assert plain("It is\n\nrare.") == [("heading", "It is"), ("prose", "rare.")]


@pytest.mark.parametrize("text", ["", "\n", " \t ", "\ufeff", "- \ufeff", "\u2028\x85", "-----"])
def test_a_page_without_words_has_no_blocks(text: str):
    """White space, byte-order marks and rules are none."""
    assert plain_blocks(text) == []


def test_datelines_are_blocks_of_their_own():
    """Wherever they stand."""
    assert plain("Causes\nLast reviewed: 2031-05-03\nThe gene is changed.")[1] == (
        "dateline",
        "Last reviewed: 2031-05-03",
    )


FILLER = "The ears are checked once a year in most clinics, and more often in small children. "


def test_section_names_inside_a_paragraph_are_headings():
    """Sections that were run together show by a name between the end of a sentence and the next beginning."""
    text = FILLER * (1 + JOINED_CHARACTERS // len(FILLER)) + "Frequency About 70 people in the world have it."
    assert plain(text)[1:] == [("heading", "Frequency"), ("prose", "About 70 people in the world have it.")]


@pytest.mark.parametrize(
    "sentence",
    [
        "Types I and II have the same signs and the same course.",
        "Treatment is not known to help.",
        "The Frequency Study Group of the clinic asked 70 people about their falls.",
        "Genetics Home Reference Library Norland City",
    ],
)
def test_words_that_only_look_like_section_names_cut_no_sentence(sentence: str):
    """A name of a section may open a sentence or be part of another name."""
    text = FILLER * (1 + JOINED_CHARACTERS // len(FILLER)) + sentence
    assert [kind for kind, _ in plain(text)] == ["prose"]


# --- Markdown


@given(texts)
def test_blocks_of_markdown_lie_in_order_and_leave_nothing_of_a_paragraph_out(text: str):
    """Whatever is nested in what, and whatever the line ends."""
    check(text, markdown_blocks(text))


@given(texts, texts)
def test_what_stands_before_the_body_is_left_alone(front: str, body: str):
    """Blocks of a body are the same behind front matter, only further on."""
    front += "\n"
    alone = [(b.kind, b.start, b.end) for b in markdown_blocks(body)]
    behind = [(b.kind, b.start - len(front), b.end - len(front)) for b in markdown_blocks(front + body, len(front))]
    assert behind == alone


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_markdown_has_the_same_blocks_for_every_line_end(end: str):
    """The parser's lines are the lines of the file."""
    text = end.join(
        [
            "# Marlow syndrome",
            "",
            "Signs",
            "-----",
            "",
            "* Falls",
            "  * on stairs",
            "",
            "> It is rare.",
            "> It is mild.",
        ]
    )
    assert markdown(text) == [
        ("heading", "Marlow syndrome"),
        ("heading", "Signs"),
        ("list_item", "Falls"),
        ("list_item", "on stairs"),
        ("prose", f"It is rare.{end}> It is mild."),
    ]
    assert [b.level for b in markdown_blocks(text)] == [1, 2, 0, 0, 0]


def test_other_separators_are_no_line_ends_of_markdown():
    """A form feed or a line separator inside a line does not move what comes after."""
    assert markdown("It is\x0brare.\x0c\u2028\x85\x1c\n\n# Signs\n\nFalls come.") == [
        ("prose", "It is\x0brare."),
        ("heading", "Signs"),
        ("prose", "Falls come."),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("## Signs ##", "Signs"),
        ("# Vitamin C#", "Vitamin C#"),
        ("Signs\n===", "Signs"),
        ("Early\nsigns\n---", "Early\nsigns"),
        ("> # Signs", "Signs"),
        ("> Signs\n> ---", "Signs"),
        ("- # Signs", "Signs"),
        ("**Signs**", "Signs"),
        ("__Signs:__", "Signs"),
        ("Signs include:", "Signs include:"),
    ],
)
def test_a_heading_is_its_words_alone(text: str, words: str):
    """Without the marks that make it one, in lists and quotations too."""
    assert markdown(text) == [("heading", words)]


@pytest.mark.parametrize("text", ["#", "## ##", "# \n", "", "\x0b", "\ufeff", "[a]: https://example.org"])
def test_markdown_without_words_has_no_blocks(text: str):
    """An empty heading is none."""
    assert markdown_blocks(text) == []


def test_nested_list_items_are_blocks_of_their_own():
    """Each without its markers, and a second paragraph of an item is one more."""
    assert markdown("- Falls\n  1. on stairs\n\n     and on sand\n- - Ringing") == [
        ("list_item", "Falls"),
        ("list_item", "on stairs"),
        ("list_item", "and on sand"),
        ("list_item", "Ringing"),
    ]


def test_rows_of_markdown_tables_are_units():
    """The line that makes it a table is not one of them."""
    assert markdown("| Age | Sign |\n| --- | --- |\n| 2 | falls |") == [
        ("table_row", "| Age | Sign |"),
        ("table_row", "| 2 | falls |"),
    ]


@pytest.mark.parametrize("text", ["<div>\nIt is rare.\n</div>", "<!-- It is rare. -->", "```\nIt is rare.\n```", "***"])
def test_html_code_and_rules_are_furniture(text: str):
    """They are no words of the page."""
    assert [kind for kind, _ in markdown(text)] == ["furniture"]


def test_deep_nesting_is_no_trap():
    """A file made to break the parser is read in no time."""
    for text in ("> " * 5000 + "x", "- " * 3000 + "x", "[" * 50_000, "*a " * 50_000):
        check(text, markdown_blocks(text))
