"""A page of MedlinePlus Genetics -> the text that is the page's own, as Markdown.

Such a page is a row of sections that can be opened and closed (an element with `data-bookmark`, in it
a heading h2 and the text), among menus and lists of links. A page without these marks is read by
the names of its headings; one that has neither is left to the general reading of HTML.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import trafilatura
from lxml.html import HtmlElement

from askalms.errors import FetchError
from askalms.readers import iso_date
from askalms.segmentation import DATED

PUBLISHER = "MedlinePlus Genetics, U.S. National Library of Medicine"
LICENSE = "U.S. government text"

_SHORT_FORM = re.compile(r"medlineplus:(condition|gene)/([a-z0-9-]+)/?", re.IGNORECASE)
_PATH = re.compile(r"/genetics/(?:condition|gene)/[^/]+/?")
_OWN_SECTIONS = (
    "description", "frequency", "causes", "inheritance", "normal function", "health conditions related", "other names"
)  # fmt: skip
_LINKS_FOLLOW = re.compile(r"\b(?:resources|references|learn more|related genes|citation)\b", re.IGNORECASE)
_BLOCKS = (
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h3", "h4", "h5", "h6", "li", "ol", "p",
    "section", "table", "tr", "ul",
)  # fmt: skip
_UNREAD = ("aside", "button", "figure", "footer", "form", "h2", "nav", "noscript", "script", "style", "svg", "template")
_LAST_UPDATED = re.compile(rf"(?=last){DATED}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GeneticsPage:
    """What a condition or gene page says."""

    title: str
    text: str
    """Markdown: the title, the sections with their headings, and the date as the page words it."""
    updated: str
    """ISO date; empty if the page does not tell."""


def address_of(short_form: str) -> str:
    """Spell out a short form.

    Raises:
        FetchError: It is none.

    Example:
        >>> address_of("medlineplus:condition/alstrom-syndrome")
        'https://medlineplus.gov/genetics/condition/alstrom-syndrome/'
    """
    found = _SHORT_FORM.fullmatch(short_form.strip())
    if not found:
        raise FetchError(
            f"{short_form!r} is no page of MedlinePlus Genetics; expected medlineplus:condition/NAME or "
            "medlineplus:gene/NAME, with the name as in the page's address"
        )
    return f"https://medlineplus.gov/genetics/{found[1].lower()}/{found[2].lower()}/"


def is_genetics_page(url: str) -> bool:
    """Tell whether an address is that of a condition or gene page."""
    parts = urlsplit(url)
    return parts.hostname in ("medlineplus.gov", "www.medlineplus.gov") and bool(_PATH.fullmatch(parts.path))


def read_genetics_page(html: bytes) -> GeneticsPage | None:
    """Take the title and the sections from a page, words and headings as they are.

    Lists of links, references and what belongs to the site are left out.

    Returns:
        None if the page is not built as such pages are.
    """
    root = trafilatura.load_html(html)
    if root is None:
        return None
    title = _words(next(root.iter("h1"), None))
    sections = list(_marked_sections(root) or _named_sections(root)) if title else []
    if not any(heading.lower().startswith(_OWN_SECTIONS) and blocks for heading, blocks in sections):
        return None
    dated = _LAST_UPDATED.search(" ".join(" ".join(root.itertext()).split()))
    parts = [f"# {title}"]
    for heading, blocks in sections:
        parts += [f"## {heading}", *blocks] if blocks else []
    parts += [dated.group()] if dated else []
    return GeneticsPage(title, "\n\n".join(parts) + "\n", iso_date(dated["date"]) if dated else "")


def _marked_sections(root: HtmlElement) -> list[tuple[str, list[str]]]:
    found = []
    for element in root.xpath("//*[@data-bookmark][not(ancestor::*[@data-bookmark])]"):
        heading = _words(next(element.iter("h2"), None))
        if heading and not _LINKS_FOLLOW.search(heading):
            found.append((heading, list(_blocks([element]))))
    return found


def _named_sections(root: HtmlElement) -> Iterator[tuple[str, list[str]]]:
    for heading in root.iter("h2"):
        if _words(heading).lower().startswith(_OWN_SECTIONS):
            following = []
            for sibling in heading.itersiblings():
                if not isinstance(sibling.tag, str):
                    continue
                if sibling.tag in ("h1", "h2") or sibling.find(".//h2") is not None:
                    break
                following.append(sibling)
            yield _words(heading), list(_blocks(following))


def _blocks(elements: list[HtmlElement]) -> Iterator[str]:
    """Give the paragraphs, list items and lower headings below some elements, in order, each on one line.

    A block that is a link and nothing else leads away from the page, and so does all below a
    heading that announces links.
    """
    for start, text, linked in _runs(elements):
        if start.startswith("#") and _LINKS_FOLLOW.search(text):
            return
        if not linked or start == "- ":
            yield start + text


def _runs(elements: list[HtmlElement]) -> Iterator[tuple[str, str, bool]]:
    """Cut the text of some elements where a block begins or ends: its Markdown mark, its words, is it all a link."""
    pieces: list[tuple[str, bool]] = []

    def cut(mark: str) -> Iterator[tuple[str, str, bool]]:
        text = " ".join("".join(piece for piece, _ in pieces).split())
        linked = all(is_link for piece, is_link in pieces if piece.strip())
        pieces.clear()
        if text:
            yield mark, text, linked

    def walk(element: HtmlElement, mark: str, in_link: bool) -> Iterator[tuple[str, str, bool]]:
        if isinstance(element.tag, str) and element.tag not in _UNREAD:
            is_block = element.tag in _BLOCKS
            own = _mark(element.tag) or mark
            if is_block:
                yield from cut(mark)
            inside_link = in_link or element.tag == "a"
            pieces.append((element.text or "", inside_link))
            for child in element:
                yield from walk(child, own, inside_link)
                pieces.append((child.tail or "", inside_link))
            if is_block:
                yield from cut(own)
        pieces.append((" " if element.tag in ("td", "th") else "", in_link))

    for element in elements:
        yield from walk(element, "", False)
    yield from cut("")


def _mark(tag: str) -> str:
    if tag == "li":
        return "- "
    return "#" * int(tag[1]) + " " if re.fullmatch(r"h[3-6]", tag) else ""


def _words(element: HtmlElement | None) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""
