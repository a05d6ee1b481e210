"""An Answer as HTML: every value is text, addresses lead to the web alone, and no line end breaks out of a block."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from askalms.datatypes import Answer, Contact, Explanation, Outcome, Place, Provenance, Reference
from askalms.hypertext import article, asset, fragment, spoken
from askalms.rendering import one_line
from askalms.source_view import source_address
from askalms.texts import message
from site_with_fake import ANSWER, EMERGENCY, NOTHING, QUOTE

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "' onmouseover=alert(1) x='",
    "</blockquote></figure></article><h1>x</h1>",
    "{{ 7 * 7 }} {% raw %} {# x #}",
    "a\n\n# heading\n\n<b>",
    "&lt;b&gt; &amp; &copy;",
    "<!-- x --> <![CDATA[ ]]>",
    "[x](javascript:alert(1)) **b**",
]
anything = st.text() | st.text(alphabet="<>&\"'{}%#/=-! \t\r\n\x0b\x0c\x85\u2028abx1") | st.sampled_from(HOSTILE)


class Shown(HTMLParser):
    """What a browser would make of HTML: its elements in order with their attributes, and all that is text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("br", "input", "link", "meta"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.text[tag] = self.text.get(tag, "") + data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")

    handle_pi = unknown_decl = handle_comment

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"

    def values(self, tag: str, attribute: str) -> list[str | None]:
        return [attributes.get(attribute) for name, attributes in self.elements if name == tag]


def seen(text: str) -> str:
    """The characters of a text that a person can see."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", text)


def skeleton(shown: Shown) -> list[tuple[str, list[str]]]:
    return [(tag, sorted(attributes)) for tag, attributes in shown.elements if tag != "br"]


@given(question=anything, text=anything, title=anything, word=anything, following=anything)
@example(question="\n\n<h1>", text="</p>", title='"', word="<b>", following='"><script>')
def test_whatever_is_said_makes_no_element(question: str, text: str, title: str, word: str, following: str):
    """Question, quotes, titles and all else are text: the elements and their attributes are always the same."""
    quote = replace(
        QUOTE,
        text=text,
        document=title,
        provenance=Provenance(f"T{title}", f"P{word}", "https://example.org/page", f"R{title}"),
        also_in=(Place(f"a{title}", 0, 1),),
        written_from=(Reference(f"W{word}", title, "https://a.example", word), Reference(f"V{word}")),
    )
    answer = Answer(
        Outcome.ANSWER,
        f"M{text}",
        (quote,),
        explained=(Explanation(word, quote),),
        ask_next=(following,),
        contacts=(Contact(f"C{word}", "tel:112"),),
        understood_as=f"U{question}",
        disclaimer=f"D{text}",
    )
    html = article(3, question, answer)
    shown = Shown(html)
    plainest = Shown(article(3, "q", replace(answer, quotes=(replace(quote, text="t"),))))
    assert skeleton(shown) == skeleton(plainest)
    assert seen(text) in seen(shown.text.get("blockquote", ""))
    assert seen(question) in seen(shown.text["h3"])
    assert seen(f"T{title}") in seen(shown.text["figcaption"])
    assert shown.values("button", "value")[0] == question
    assert "\n" not in html and "\r" not in html


@given(
    st.text() | st.sampled_from(["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://[x", " http:"])
)
def test_only_web_addresses_become_links(url: str):
    """A link leads to http or https, or there is none."""
    quote = replace(QUOTE, provenance=replace(QUOTE.provenance, url=url), written_from=(Reference("x", url=url),))
    links = Shown(article(1, "q", Answer(Outcome.ANSWER, "m", (quote,)))).values("a", "href")
    assert links.pop() == source_address(quote)
    assert all(link and link.startswith(("http://", "https://")) for link in links)


@pytest.mark.parametrize(
    ("document", "address"),
    [
        ("003.txt", "source/003.txt#0-67"),
        ("sub/7 & 8.md", "source/sub/7%20%26%208.md#0-67"),
        ("a?b#c.md", "source/a%3Fb%23c.md#0-67"),
        ("Ä\n.md", "source/%C3%84%0A.md#0-67"),
    ],
)
def test_a_quote_leads_to_its_place_in_its_document(document: str, address: str):
    """Whatever the file is called; the address works below any other."""
    assert source_address(replace(QUOTE, document=document)) == address


def test_lines_of_a_quote_are_kept_and_blank_ends_are_not():
    """Each line end is a break; the chat page would take an empty line for the end of the HTML."""
    text = "\n Signs are:\r\n- sight\x0b- hearing\u2028\n\nEnd \n"
    html = article(1, "q", Answer(Outcome.ANSWER, "m", (replace(QUOTE, text=text),)))
    assert "<blockquote><p>Signs are:<br>- sight<br>- hearing<br><br><br>End</p></blockquote>" in html


def test_what_cannot_be_seen_is_not_written():
    """Controls, and what turns the direction of writing around."""
    html = article(1, "q\u202e\x1b", Answer(Outcome.ANSWER, "m\x00", (replace(QUOTE, text="t\u2066\x07"),)))
    assert not re.search(r"[\x00\x07\x1b\u202e\u2066]", html.replace('value="q\u202e\x1b"', ""))


def test_a_turn_without_an_answer_says_why():
    """Headed like every other."""
    shown = Shown(article(2, "Why?", None, "No <luck>"))
    assert skeleton(shown) == [("article", ["class"]), ("h3", ["id"]), ("p", [])]
    assert shown.text["h3"] == message("page.answer_to", number=2, question="Why?")
    assert shown.text["p"] == "No <luck>"


def test_the_closest_passage_is_shown_but_cannot_be_taken_along():
    """It is no answer, so it is not offered for the clinic."""
    shown = Shown(article(1, "q", NOTHING))
    assert seen(shown.text["blockquote"]) == seen(QUOTE.text)
    assert shown.values("input", "type") == []
    assert Shown(article(1, "q", ANSWER)).values("input", "value") == ["003.txt#0-67", "sub/7 & 8.md#0-67"]


def test_help_comes_before_anything_else():
    """Who is in danger reads the message and whom to reach, not a quote."""
    html = article(1, "q", replace(EMERGENCY, quotes=(QUOTE,), understood_as="u"))
    places = [html.index(words) for words in (EMERGENCY.message, "tel:112", "Understood as", "<blockquote>")]
    assert places == sorted(places)


def test_a_screen_reader_is_told_message_contacts_quotes_and_their_pages():
    """In the order in which they stand, without what can be looked up later."""
    said = spoken(ANSWER)
    # The chat page would take an empty line for the end of what is not shown.
    assert said.startswith(f"{ANSWER.message} {QUOTE.text} From: Alström syndrome. Signs are: - loss of sight -")
    assert said.endswith("From: A page without address.")
    assert spoken(NOTHING) == f"{NOTHING.message} {QUOTE.text} From: Alström syndrome."
    assert spoken(EMERGENCY) == " ".join([EMERGENCY.message, *(contact.words for contact in EMERGENCY.contacts)])
    assert "\u202e" not in spoken(replace(ANSWER, message="x\u202ey"))


@given(anything)
def test_what_comes_back_to_be_asked_again_is_what_was_typed(typed: str):
    """Every space and line end of it, in the box and in what goes along."""
    values = {"told": "", "turns": [], "picks": False, "limit": 1, "examples": [], "words": {}, "root": "./"}
    shown = Shown(fragment("plain", kept=typed, history=[typed], **values))
    # A browser takes both kinds of line ends for the same.
    lines = typed.replace("\r\n", "\n").replace("\r", "\n")
    assert shown.text.get("textarea", "").replace("\r\n", "\n").replace("\r", "\n") == lines
    assert [v for v in shown.values("input", "value") if v is not None] == [typed]


def test_own_files_are_read_and_no_others_exist():
    """Style sheets and scripts of `web/`."""
    assert ":focus-visible" in asset("turns.css")
    with pytest.raises(FileNotFoundError):
        asset("none.css")


def test_one_line_is_what_the_heading_of_a_turn_keeps():
    """A question of several lines is asked in one heading."""
    shown = Shown(article(1, "one\ntwo\r\n\r\nthree", None, "x"))
    assert one_line(shown.text["h3"]) == "Answer 1: one two three"
