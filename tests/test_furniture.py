"""What of a page can be quoted, and what is its furniture."""

import re

import pytest
from hypothesis import given

from askalms.datatypes import Block, BlockKind
from askalms.furniture import mark_furniture
from askalms.segmentation import markdown_blocks, plain_blocks
from invented_pages import ALL, ANSWERED_TWICE, JOURNEY, LIBRARY, SQUASHED, texts


def page(text: str) -> tuple[Block, ...]:
    return mark_furniture(text, plain_blocks(text))


def quotable(text: str, blocks: tuple[Block, ...] | None = None) -> list[str]:
    return [
        text[s.start : s.end] for b in blocks or page(text) for s in b.sentences if b.kind is not BlockKind.DATELINE
    ]


def of_kind(text: str, kind: BlockKind) -> list[str]:
    return [text[b.start : b.end] for b in page(text) if b.kind is kind]


BODY = "The gene MRLW1 keeps the ear upright. Both parents carry one changed copy."


def between(text: str) -> list[str]:
    """Give what is quotable of a text that stands as a paragraph of its own between two of body."""
    first, last = "It was told of long ago.", "Some 70 people are known."
    found = quotable(f"{first} {BODY}\n\n{text}\n\n{BODY[:37]} {last}")
    return found[3:-2]


# --- promises for every text


@given(texts)
def test_marked_blocks_of_plain_text_lie_in_order(text: str):
    """Furniture has no sentences, and all else has its own, in order, inside it."""
    check(text, plain_blocks(text))


@given(texts)
def test_marked_blocks_of_markdown_lie_in_order(text: str):
    """The same for Markdown."""
    check(text, markdown_blocks(text))


def check(text: str, blocks: list[Block]) -> None:
    marked = mark_furniture(text, blocks)
    at = 0
    for block in marked:
        assert at <= block.start < block.end <= len(text)
        at = block.start
        assert bool(block.sentences) is (block.kind not in (BlockKind.HEADING, BlockKind.FURNITURE))
        for sentence in block.sentences:
            assert at <= sentence.start < sentence.end <= block.end
            at = sentence.end
        at = block.end
    # Every sentence is kept as it is, is furniture as a whole, or lost a label or a date.
    inside = {i for b in marked for i in range(b.start, b.end)}
    for block in blocks:
        lost = "".join(text[i] for s in block.sentences for i in range(s.start, s.end) if i not in inside).strip()
        assert lost == "" or re.fullmatch(r"[*_]*[\w;.\s]+[*_]*:[*_]*", lost)


# --- whole pages


def test_of_a_page_with_menus_teasers_and_sources_the_body_is_left():
    """Headings head, the date dates, and nothing else can be quoted."""
    assert quotable(JOURNEY) == [
        "MRLW1 is the gene behind Marlow syndrome.",
        "It tells cells how to fold a small protein.",
        "Every cell reads MRLW1 many times a day.",
        "The protein keeps the inner ear in balance.",
        "Children with two changed copies fall more often than others.",
        "Marlow syndrome is passed on in a recessive way.",
        "Both parents carry one changed copy.",
        "MRLW1 is at the root of Marlow syndrome.",
        "Balance training helps many children.",
    ]
    assert of_kind(JOURNEY, BlockKind.HEADING)[1:] == ["How the gene works", "How it is passed on", "Conclusion"]
    assert of_kind(JOURNEY, BlockKind.DATELINE) == ["Last reviewed: 2031-05-03"]


def test_of_a_text_that_stands_twice_the_later_is_left():
    """The earlier announces it, with a label that nobody needs to read."""
    assert quotable(ANSWERED_TWICE) == [
        "Marlow syndrome is a rare disorder of balance.",
        "It starts before the age of three.",
        "A change in both copies of MRLW1 starts it.",
        "Nothing that a parent did brings it on.",
    ]
    assert ANSWERED_TWICE.index("Marlow syndrome is") < page(ANSWERED_TWICE)[3].start
    assert of_kind(ANSWERED_TWICE, BlockKind.DATELINE) == ["Last updated: 2030-11-02"]


def test_of_a_library_page_glossary_pointers_and_references_are_furniture():
    """The list of other names is body: only what a pointer announces is a list of links."""
    assert quotable(LIBRARY) == [
        "Marlow syndrome is very rare; some 70 people are known in the world.",
        "MRLS",
        "Marlow-Finch syndrome",
    ]
    assert of_kind(LIBRARY, BlockKind.DATELINE) == [
        "Reviewed August 2029",
        "Reviewed: August 2029",
        "Published: May 4, 2030",
    ]


def test_of_a_page_squashed_on_one_line_the_sections_are_left():
    """Menus before it, the catalogue of genes inside it and the broken reference list after it are furniture."""
    assert of_kind(SQUASHED, BlockKind.HEADING) == ["Description", "Frequency", "Causes", "Inheritance"]
    found = quotable(SQUASHED)
    assert found[0] == "Marlow syndrome (MRLS) is a disorder of the inner ear that makes people lose their balance."
    assert found[11:] == [
        "About 70 people in the world are known to have the disorder.",
        "It is found in all countries where doctors looked for it.",
        "Changes in the gene MRLW1 cause the disorder.",
        "The gene tells cells how to fold a protein that keeps small hairs in the inner ear upright.",
        "Without the protein the hairs lean over and send the wrong message to the brain.",
        "The disorder is passed on in a recessive way, which means that each cell holds two changed copies.",
        "The parents carry one changed copy each and have no signs.",
    ]
    assert of_kind(SQUASHED, BlockKind.DATELINE) == ["Last updated March 1, 2028"]


@pytest.mark.parametrize("text", ALL)
def test_nothing_quotable_looks_like_furniture(text: str):
    """No navigation, citation, teaser or disclaimer, and no heading stuck to a sentence."""
    furniture = re.compile(
        r"doi:|PubMed|Learn (?:how|more)|JavaScript|Skip nav|\d;\d|TL;DR|https?:|substitute|purposes"
    )
    assert [s for s in quotable(text) if furniture.search(s)] == []
    assert [s for s in quotable(text) if re.match(r"(?:Description|Frequency|Causes|Inheritance)\b", s)] == []


# --- single signals


@pytest.mark.parametrize(
    "line",
    [
        "Please enable JavaScript to use the sharing features.",
        "We use cookies to make this site better.",
        "Home · Signs · Causes · Contact",
        "Log in or sign up for our newsletter.",
        "All rights reserved.",
        "Finch AB, Marlow CD. Falls in early life.",
        "J Balance. 2001 Feb 3;4(2):11-9.",
        "The gene folds a protein. doi: 10.1000/ae.2009.1.",
        "Learn how families plan their days.",
        "Click here to see the list of clinics.",
        "For more information see the page of the clinic.",
        "More information about travel is on another page.",
        "This text is for educational purposes only.",
        "It is no substitute for professional medical advice.",
        "See How are conditions named? ( in the Handbook.",
        "https://example.org/marlow",
        "March 4, 2031",
        "***",
        "Ear Disorders Balance Problems Marlow Syndrome Norland Library Health Topics",
        "This guide links to the pages of the archive.",
    ],
)
def test_furniture_is_told_by_its_own_words_or_shape(line: str):
    """Even between paragraphs of body."""
    assert between(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "Children need vitamin A, vitamin D and vitamin E.",
        "Doctors look for Hepatitis B, Hepatitis C, and other causes.",
        "There are two treatment groups: Stage I, Stage II.",
        "Go to the emergency room at once if your child cannot be woken.",
        "Visit your doctor once a year.",
        "Research is ongoing to learn more about the disorder.",
        "The scan gives the doctor more information about the site of the damage.",
        "Russell-Silver syndrome (RSS) is another disorder.",
        "They may want to share this with their teacher.",
        "A person may sign up for a trial.",
        "The surgeon removes one section of the bone and joins the other section.",
        "In early life the signs are few.[1]",
        "Though the rash comes first, in about one child of three the pain in the joints is there for as many as 14 "
        "days before the rash is.1",
        "Call the clinic right away if your child has a fever, is very tired, does not want to drink, or falls more "
        "often than on other days",
        "The drug is available from the pharmacy.",
        "The first signs that a family is told to look for in a child of one or two years are these:",
        "Two proteins are called beta ()-actin and gamma ()-actin.",
        "Patients were seen in 1995; 20 of them were children.",
    ],
)
def test_body_is_not_taken_for_furniture(line: str):
    """Honest sentences that share a word or a shape with it."""
    assert between(line) == [line]


def test_a_sentence_of_more_than_a_hundred_words_is_a_list_that_lost_its_shape():
    """One hundred words can still be read."""
    assert len(between("Ear " + "and ear " * 49 + "it hurts.")) == 0
    assert len(between("It " + "hurts " * 98 + "now.")) == 1


@pytest.mark.parametrize("label", ["TL;DR: ", "Short answer: ", "**Note:** ", "A: ", "Key point:  "])
def test_a_label_is_cut_off_the_sentence_behind_it(label: str):
    """The quote begins with what it says."""
    assert between(f"{label}Both ears are affected.") == ["Both ears are affected."]


def test_a_short_teaser_is_furniture_as_a_whole():
    """Its second sentence invites as well, though it looks like body."""
    assert between("Learn how families plan their days. A warm guide with lists.") == []


def test_a_lone_sentence_between_furniture_is_furniture():
    """Nobody writes body like that."""
    assert between("We use cookies. The ears ring. Log in to go on.") == []


def test_body_beside_one_furniture_sentence_is_kept():
    """The paragraph is cut around it."""
    assert between("The ears ring. It comes and goes. Click here to see a list.") == [
        "The ears ring.",
        "It comes and goes.",
    ]


def test_the_items_that_a_pointer_announces_are_links():
    """Those that a sentence of the body announces are body."""
    assert between("The following resources may help:\n- The Marlow Foundation\n- Ear Clinic of Norland") == []
    assert between("Many children may have:\n- falls on stairs\n- ringing ears") == [
        "Many children may have:",
        "falls on stairs",
        "ringing ears",
    ]


def test_a_short_announcement_heads_its_list():
    """The word alone is no sentence, but what it announces is body."""
    assert between("Signs:\n- Falls on stairs\n- Ringing ears") == ["Falls on stairs", "Ringing ears"]


def test_after_the_heading_of_sources_nothing_is_body():
    """Until a heading with at least two sentences under it."""
    text = f"{BODY}\n\nReferences\nThe Book of Ears\nIt was printed long ago.\n\nOutlook\n{BODY[:37]} The ears ring.\n"
    assert quotable(text) == [*re.split(r"(?<=\.) ", BODY), BODY[:37], "The ears ring."]


def test_in_markdown_a_heading_of_the_same_rank_ends_the_sources():
    """Even with a single sentence under it; one below them does not."""
    text = "# A\n\nThe ears ring.\n\n## Sources\n\nA book.\n\n### Old ones\n\nA letter.\n\n## Outlook\n\nIt is mild.\n"
    assert quotable(text, mark_furniture(text, markdown_blocks(text))) == ["The ears ring.", "It is mild."]


def test_three_citations_in_a_row_begin_a_reference_list():
    """What stands among them is furniture too, without any heading."""
    cited = "\n".join(f"- Finch AB, Marlow CD. Falls. J Balance. 200{i};4(2):11-9." for i in range(3))
    assert quotable(f"{BODY}\n\n{cited}\nThe Book of Ears was printed long ago.") == re.split(r"(?<=\.) ", BODY)


def test_one_citation_does_not_end_a_page():
    """A single source may stand anywhere."""
    assert between("Finch AB, Marlow CD. Falls. J Balance. 2001;4(2):11-9.\n\nThe ears ring.") == ["The ears ring."]


def test_headings_of_the_web_site_are_furniture():
    """They would head what is not under them."""
    text = f"Follow us\n{BODY}\n\nOn this page:\nSigns\nCauses\n\n{BODY[:37]} The ears ring."
    assert of_kind(text, BlockKind.HEADING) == []
    assert "Signs" not in quotable(text)


def test_a_page_of_nothing_but_furniture_has_no_sentence():
    """Nothing is kept for the sake of keeping something."""
    assert quotable("Menu | Search | Log in\n\nWe use cookies.\n\nReferences\nA book.") == []
