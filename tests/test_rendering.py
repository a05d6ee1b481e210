"""An answer for the terminal and for programs, and what every reader is told of a quote's source."""

import json
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from askalms.datatypes import Answer, Contact, Explanation, Outcome, Place, Provenance, Quote, Reference
from askalms.rendering import Citation, citation, date_in_words, one_line, shown, to_json, to_text, visible, web_address
from askalms.texts import message

TODAY = date(2026, 11, 21)

PAGE = Provenance(
    title="Alström syndrome",
    publisher="Genetics Home Reference",
    url="https://example.org/condition/alstrom-syndrome",
    reviewed="2008-08",
)
QUOTE = Quote(
    document="003.txt",
    start=120,
    end=178,
    text="Both parents of a child with Muckle disease carry one changed copy.",
    provenance=PAGE,
    heading="Alström syndrome > Inheritance",
    probability=0.934567,
    also_in=(Place("001.txt", 1, 59), Place("001.txt", 90, 148), Place("sub/007.md", 2, 60)),
)
ANSWER = Answer(
    outcome=Outcome.ANSWER,
    message="One page answers this:",
    quotes=(QUOTE,),
    understood_as="Is Alström syndrome inherited?",
    topic="alstrom-syndrome",
    disclaimer="These are quotes, not medical advice.",
    elapsed_ms=41.04,
)

anything = st.text() | st.text(alphabet="<>&*_`~[]()!#-+=|:\\/.\"'@$% \t\n\r\x1b\u202ew1ax")


def seen(text: str) -> str:
    """The characters of a text that a person can see."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", text)


def test_text_of_an_answer():
    """The terminal shows the same, with the address written out."""
    assert (
        to_text(ANSWER, TODAY)
        == """\
One page answers this:

Understood as: Is Alström syndrome inherited?

“Both parents of a child with Muckle disease carry one changed copy.”
  From: Alström syndrome, Genetics Home Reference, reviewed August 2008, 18 years ago, \
https://example.org/condition/alstrom-syndrome
  Also in: 001.txt, sub/007.md

These are quotes, not medical advice."""
    )


def test_json_of_an_answer():
    """The keys of the contract, in its order; what a page says of itself stands beside the quote."""
    found = to_json(ANSWER, "q7")
    assert found == {
        "id": "q7",
        "outcome": "answer",
        "message": "One page answers this:",
        "quotes": [
            {
                "document": "003.txt",
                "start": 120,
                "end": 178,
                "text": "Both parents of a child with Muckle disease carry one changed copy.",
                "title": "Alström syndrome",
                "publisher": "Genetics Home Reference",
                "url": "https://example.org/condition/alstrom-syndrome",
                "reviewed": "2008-08",
                "heading": "Alström syndrome > Inheritance",
                "probability": 0.9346,
                "also_in": [
                    {"document": "001.txt", "start": 1, "end": 59},
                    {"document": "001.txt", "start": 90, "end": 148},
                    {"document": "sub/007.md", "start": 2, "end": 60},
                ],
            }
        ],
        "understood_as": "Is Alström syndrome inherited?",
        "topic": "alstrom-syndrome",
        "disclaimer": "These are quotes, not medical advice.",
        "elapsed_ms": 41.0,
    }
    assert list(found)[:2] == ["id", "outcome"]


def test_json_tells_what_is_no_plain_answer():
    """The closest passage stands apart from the quotes, with the same keys; pages that differ are told."""
    silent = to_json(Answer(Outcome.NOT_FOUND, "Nothing.", closest=replace(QUOTE, old=True)))
    assert silent["quotes"] == []
    assert silent["closest"] == to_json(ANSWER)["quotes"][0]
    assert to_json(replace(ANSWER, sources_differ=True))["sources_differ"] is True
    json.dumps(silent)


NEAREST = Answer(Outcome.NOT_FOUND, "No answer. Below is the closest passage.", closest=replace(QUOTE, also_in=()))


def test_the_closest_passage_is_shown_after_the_message():
    """With its source; the message before it says that it is no answer."""
    text = to_text(NEAREST, TODAY)
    assert text.startswith("No answer. Below is the closest passage.\n\n“Both parents of a child")
    assert "From: Alström syndrome, Genetics Home Reference, reviewed August 2008" in text
    assert shown(NEAREST) == (NEAREST.closest,)


def test_where_there_are_quotes_no_other_passage_is_shown():
    """An answer and what is no answer never stand together."""
    both = replace(ANSWER, closest=replace(QUOTE, text="Something else."))
    assert "Something else." not in to_text(both, TODAY)
    assert shown(both) == ANSWER.quotes


def test_an_old_page_is_called_old_under_its_quote():
    """Under that quote alone."""
    old = message("rendering.old")
    answer = replace(ANSWER, quotes=(replace(QUOTE, old=True, text="First."), replace(QUOTE, text="Second.")))
    text = to_text(answer, TODAY)
    assert text.count(old) == 1
    assert text.index("First.") < text.index(old) < text.index("Second.")
    assert [citation(quote, TODAY).old for quote in answer.quotes] == [True, False]
    assert old not in to_text(ANSWER, TODAY)


def test_an_old_closest_passage_is_called_old_too():
    """It is no answer, but it is read."""
    answer = replace(NEAREST, closest=replace(QUOTE, old=True))
    assert message("rendering.old") in to_text(answer, TODAY)


@given(anything)
def test_json_holds_a_quote_character_by_character(text: str):
    """Programs get the bytes of the document, controls included."""
    answer = replace(ANSWER, quotes=(replace(QUOTE, text=text),))
    assert json.loads(json.dumps(to_json(answer)))["quotes"][0]["text"] == text


@given(st.text())
def test_no_document_steers_the_terminal(text: str):
    """Escape sequences, carriage returns and reversed writing of a document do not reach the terminal."""
    printed = to_text(replace(ANSWER, quotes=(replace(QUOTE, text=text),)), TODAY)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printed)
    assert seen(text) in seen(printed)


# --- whom to reach


URGENT = Answer(
    Outcome.CRISIS,
    "Please talk to a person now.",
    contacts=(
        Contact("Call Listeners on 116 123", "tel:116123"),
        Contact("Text HEAR to 85258", "sms:85258?body=HEAR", speech=False),
        Contact("Chat with Listeners", "https://listeners.example", speech=False),
        Contact("Ask a neighbour"),
    ),
    disclaimer="Not medical advice.",
)


def test_text_lists_whom_to_reach_under_the_message():
    """In their order; the address of a web page is written out, since nobody can press it."""
    assert to_text(URGENT, TODAY) == (
        "Please talk to a person now.\n\n"
        "- Call Listeners on 116 123\n- Text HEAR to 85258\n- Chat with Listeners: https://listeners.example\n"
        "- Ask a neighbour\n\n"
        "Not medical advice."
    )


def test_json_tells_whom_to_reach():
    """Words and address of each; nothing where there is nobody to reach."""
    assert to_json(URGENT)["contacts"] == [
        {"words": "Call Listeners on 116 123", "address": "tel:116123"},
        {"words": "Text HEAR to 85258", "address": "sms:85258?body=HEAR"},
        {"words": "Chat with Listeners", "address": "https://listeners.example"},
        {"words": "Ask a neighbour", "address": ""},
    ]
    assert "contacts" not in to_json(ANSWER)


# --- hard words, and what to ask next


HARD_WORD = replace(QUOTE, document="words.md", text="A copy is one of two.", probability=0.0, also_in=())
HELPFUL = replace(
    ANSWER,
    explained=(Explanation("changed copy", HARD_WORD),),
    ask_next=("What are cilia?", "Who checks the eyes?"),
)


def test_text_tells_hard_words_and_what_to_ask_next():
    """Under the quotes: the word, its explanation, where that stands; then the questions; the disclaimer stays last."""
    *_, words, questions, disclaimer = to_text(HELPFUL, TODAY).split("\n\n")
    assert words == "Hard words:\n  changed copy: “A copy is one of two.” From: Alström syndrome"
    assert questions == "You could ask next:\n  What are cilia?\n  Who checks the eyes?"
    assert disclaimer == ANSWER.disclaimer


def test_json_tells_hard_words_and_what_to_ask_next():
    """An explanation is a quote like any other; without them the keys are missing."""
    found = to_json(HELPFUL)
    quote = {**to_json(ANSWER)["quotes"][0], "document": "words.md", "text": HARD_WORD.text, "also_in": []}
    assert found["explained"] == [{"word": "changed copy", "quote": {**quote, "probability": 0.0}}]
    assert found["ask_next"] == ["What are cilia?", "Who checks the eyes?"]
    assert not {"explained", "ask_next"} & to_json(ANSWER).keys()


@given(st.text())
def test_no_word_and_no_heading_steers_the_terminal(text: str):
    """They come from documents as well."""
    explanation = Explanation(text, replace(HARD_WORD, text=text))
    printed = to_text(replace(ANSWER, explained=(explanation,), ask_next=(text,)), TODAY)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printed)


# --- what a page was written from


WRITTEN = replace(
    QUOTE,
    provenance=replace(PAGE, sources=(Reference("Falls"),)),
    written_from=(
        Reference("Falls: a [guide]", "Norland Library", "https://a.example/falls?a=1&b=2", "2008-08", as_of="2012"),
        Reference("Walks", url="https://b.example", as_of="2012", license="CC BY 4.0", copy="w.txt", ref_id="walks"),
        Reference("Sticks", "Norland Health", reviewed="2026-11"),
        Reference("Stones"),
    ),
)


def test_text_tells_what_a_page_was_written_from():
    """Between its source and where else its words are: the two newest, and how many more."""
    lines = to_text(Answer(Outcome.ANSWER, "Found:", (WRITTEN,)), TODAY).splitlines()
    assert lines[2:] == [
        "“Both parents of a child with Muckle disease carry one changed copy.”",
        "  From: Alström syndrome, Genetics Home Reference, written August 2008, 18 years ago, "
        "https://example.org/condition/alstrom-syndrome",
        "  Written from: Sticks (Norland Health, reviewed November 2026); Walks (text of about 2012); and 2 more",
        "  Also in: 001.txt, sub/007.md",
    ]


def test_json_tells_what_a_page_was_written_from():
    """After all else of the quote, as much as a reader sees; the year of a text stands for its date."""
    found = to_json(Answer(Outcome.ANSWER, "Found:", (WRITTEN,)))["quotes"][0]
    assert list(found)[-2:] == ["also_in", "written_from"]
    assert found["written_from"] == [
        {
            "title": "Falls: a [guide]",
            "publisher": "Norland Library",
            "url": "https://a.example/falls?a=1&b=2",
            "reviewed": "2008-08",
        },
        {"title": "Walks", "publisher": "", "url": "https://b.example", "reviewed": "2012"},
        {"title": "Sticks", "publisher": "Norland Health", "url": "", "reviewed": "2026-11"},
        {"title": "Stones", "publisher": "", "url": "", "reviewed": ""},
    ]


def test_a_page_that_names_no_sources_says_nothing_of_them():
    """Neither in words nor as an empty list."""
    assert "Written from" not in to_text(ANSWER, TODAY)
    assert "written_from" not in to_json(ANSWER)["quotes"][0]


def test_the_closest_passage_tells_what_it_was_written_from():
    """It is read like a quote."""
    answer = replace(NEAREST, closest=WRITTEN)
    assert "Written from: Sticks" in to_text(answer, TODAY)
    assert len(to_json(answer)["closest"]["written_from"]) == 4


@pytest.mark.parametrize(
    ("reference", "named", "details"),
    [
        (
            Reference("", "Norland Library", "https://a.example", "2008"),
            "Norland Library",
            ("reviewed 2008, 18 years ago",),
        ),
        (Reference(" \u202e", "", "https://a.example", as_of="2012"), "text of about 2012", ()),
        (Reference("", url="https://a.example"), "https://a.example", ()),
    ],
)
def test_a_source_without_a_title_is_named_by_what_is_known_of_it(
    reference: Reference, named: str, details: tuple[str, ...]
):
    """A link that shows nothing cannot be followed."""
    quote = replace(WRITTEN, written_from=(reference,))
    assert citation(quote, TODAY).written_from == (Citation(named, "https://a.example", details),)


def test_a_source_of_which_nothing_is_known_is_not_told():
    """Nor does it leave an empty place among the others."""
    nothing = Reference("", license="CC BY 4.0")
    among = replace(WRITTEN, written_from=(nothing, Reference("Falls"), nothing))
    assert citation(among, TODAY).written_from == (Citation("Falls", ""),)
    answer = Answer(Outcome.ANSWER, "Found:", (among,))
    assert re.search(r"^ *Written from: Falls$", to_text(answer, TODAY), re.MULTILINE)
    alone = replace(answer, quotes=(replace(WRITTEN, written_from=(nothing,)),))
    assert "Written from" not in to_text(alone, TODAY)


@given(title=anything, publisher=anything, url=anything, reviewed=anything, as_of=anything)
@example(title="", publisher="", url="javascript:alert(1)", reviewed="{title}", as_of="{")
@example(title="a\nb", publisher="\x1b[31m", url="https://x.example/)>", reviewed="\u202e", as_of="*")
def test_every_part_of_a_citation_is_one_line_without_controls(
    title: str, publisher: str, url: str, reviewed: str, as_of: str
):
    """Whatever a page or references.toml says of itself."""
    reference = Reference(title, publisher, url, reviewed, as_of)
    page = Provenance(title, publisher, url, reviewed)
    cited = citation(replace(WRITTEN, provenance=page, written_from=(reference,), also_in=()), TODAY)
    for part in (cited, *cited.written_from):
        assert part.url == web_address(url)
        for words in (part.title, *part.details):
            assert words == one_line(words) != ""
    assert cited.title == (one_line(title) or WRITTEN.document)
    printed = to_text(Answer(Outcome.ANSWER, "Found:", (replace(WRITTEN, written_from=(reference,)),)), TODAY)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printed)
    assert len(printed.splitlines()) <= 6


# --- citations


def test_a_citation_tells_all_that_is_known_of_a_page():
    """Title, address, publisher and date; the newest sources in full, the others counted; other documents once each."""
    assert citation(WRITTEN, TODAY) == Citation(
        title="Alström syndrome",
        url="https://example.org/condition/alstrom-syndrome",
        details=("Genetics Home Reference", "written August 2008, 18 years ago"),
        written_from=(
            Citation("Sticks", "", ("Norland Health", "reviewed November 2026")),
            Citation("Walks", "https://b.example", ("text of about 2012",)),
        ),
        more_sources=2,
        also_in=("001.txt", "sub/007.md"),
    )


def test_a_page_that_was_written_from_others_is_never_called_reviewed():
    """Not even where the quoted part does not say which of them it was written from."""
    own = replace(QUOTE, provenance=replace(PAGE, sources=(Reference("Falls"),)), also_in=())
    assert citation(own, TODAY).details[-1] == "written August 2008, 18 years ago"
    assert citation(own, TODAY).written_from == ()


def test_a_citation_of_a_page_of_which_nothing_is_known_names_the_file():
    """Nobody can check a quote whose source has no name."""
    assert citation(replace(QUOTE, provenance=Provenance(" \u202e"), also_in=()), TODAY) == Citation("003.txt", "")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.org/a?b=1&copy;=2#c", "https://example.org/a?b=1&copy;=2#c"),
        (" HTTP://example.org/ä b ", "http://example.org/%C3%A4%20b"),
        ("https://example.org/\"><b>'(x)", "https://example.org/%22%3E%3Cb%3E%27%28x%29"),
        ("https://example.org/100%25", "https://example.org/100%25"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil.example", ""),
        ("https:", ""),
        ("https://[x", ""),
        ("", ""),
    ],
)
def test_only_addresses_of_the_web_are_led_to(url: str, address: str):
    """An ampersand stays one; what could end an attribute is written as a percent sign and figures."""
    assert web_address(url) == address


@given(st.text())
def test_no_address_breaks_out_of_its_link(path: str):
    """White space, brackets, quotation marks and controls of an address stay inside it."""
    assert not re.search(r"[\s\"'<>()\x00-\x1f\x7f-\U0010ffff]", web_address(f"https://example.org/{path}"))


def test_what_shows_nothing_is_left_out_and_all_else_stays():
    """Line ends, tabs and the separators that Python takes for line ends are seen."""
    assert visible("a\x00\x1b\u202eb\n\t\x0b\x85\u2028c\u2066") == "ab\n\t\x0b\x85\u2028c"


def test_one_line_holds_no_line_end_and_no_control():
    """All white space is one space."""
    assert one_line(" a\r\n b\u2028c\x1b[31m\u202e d\x85e\x00 ") == "a b c[31m d e"
    assert one_line("\x1b \n") == ""


@pytest.mark.parametrize("outcome", [Outcome.EMERGENCY, Outcome.CRISIS])
def test_help_comes_before_anything_else(outcome: Outcome):
    """Who is in danger reads the number to call first, not a quote."""
    answer = replace(ANSWER, outcome=outcome, message="Call 112 now.")
    assert to_text(answer, TODAY).startswith("Call 112 now.\n")


def test_a_page_without_title_is_named_by_its_file():
    """Nobody can check a quote whose source has no name."""
    quote = replace(QUOTE, provenance=Provenance(title=" \u202e"), also_in=())
    answer = Answer(Outcome.ANSWER, "Found:", (quote,))
    assert to_text(answer, TODAY).endswith("\n  From: 003.txt")


@pytest.mark.parametrize(
    ("iso", "words"),
    [
        ("2008", "2008"),
        ("2008-08", "August 2008"),
        ("2016-03-01", "1 March 2016"),
        ("", ""),
        ("2008-13", "2008-13"),
        ("2015-02-30", "2015-02-30"),
        ("0000-01", "0000-01"),
        ("٢٠٠٨-٠٨", "٢٠٠٨-٠٨"),
        ("August 2008", "August 2008"),
        ("2008-08\n", "2008-08\n"),
    ],
)
def test_dates_are_written_as_people_write_them(iso: str, words: str):
    """Month by name; what is no date stays as it is."""
    assert date_in_words(iso) == words


@pytest.mark.parametrize(
    ("reviewed", "told"),
    [
        ("2008-08", "reviewed August 2008, 18 years ago"),
        ("2008-12", "reviewed December 2008, 17 years ago"),
        ("2024-11-21", "reviewed 21 November 2024, 2 years ago"),
        ("2024-11-22", "reviewed 22 November 2024"),
        ("2024", "reviewed 2024, 2 years ago"),
        ("2026-12", "reviewed December 2026"),
        ("last spring", "reviewed last spring"),
        ("2008-13", "reviewed 2008-13"),
    ],
)
def test_the_age_of_a_page_is_told_from_two_years_on(reviewed: str, told: str):
    """Whole years count, from the date as exact as it is known."""
    quote = replace(QUOTE, provenance=Provenance("T", reviewed=reviewed), also_in=())
    answer = Answer(Outcome.ANSWER, "Found:", (quote,))
    assert to_text(answer, TODAY).endswith(f"From: T, {told}")


def test_a_fetched_page_without_a_date_tells_the_day_of_fetching():
    """A date of review, where there is one, says more."""
    dateless = replace(QUOTE, provenance=replace(PAGE, reviewed="", fetched="2026-03-04"), also_in=())
    assert "no date; as it was on 4 March 2026" in to_text(replace(ANSWER, quotes=(dateless,)), TODAY)
    dated = replace(QUOTE, provenance=replace(PAGE, fetched="2026-03-04"), also_in=())
    assert "as it was on" not in to_text(replace(ANSWER, quotes=(dated,)), TODAY)


def test_a_page_is_told_after_the_title_where_there_is_one():
    """In text, and in JSON only there."""
    paged = replace(ANSWER, quotes=(replace(QUOTE, page=3),))
    assert "From: Alström syndrome, page 3, Genetics Home Reference, " in to_text(paged, TODAY)
    assert citation(paged.quotes[0], TODAY).details[:2] == ("page 3", "Genetics Home Reference")
    assert to_json(paged)["quotes"][0]["page"] == 3
    assert "page 0" not in to_text(ANSWER, TODAY)
    assert "page" not in to_json(ANSWER)["quotes"][0]


def test_one_or_two_sources_are_told_in_full():
    """Title, publisher and date of each."""
    few = replace(WRITTEN, written_from=WRITTEN.written_from[:1])
    told = "Written from: Falls: a [guide] (Norland Library, reviewed August 2008, 18 years ago)\n"
    assert told in to_text(Answer(Outcome.ANSWER, "Found:", (few,)), TODAY)
