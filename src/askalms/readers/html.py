"""HTML: a web page -> Markdown of what it has to say. Alone in importing trafilatura."""

import re
from collections.abc import Iterator
from typing import Any

from askalms.errors import DocumentError
from askalms.readers.extracts import Extract
from askalms.readers.markup import heading, item, paragraph, table
from askalms.readers.plain import decode
from askalms.readers.quiet import silenced
from askalms.readers.statements import dates_in, fields_of

_DECLARED = re.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARED_WITHIN = 4096
"""Bytes from the beginning in which a page names its encoding."""
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_TAG = re.compile(r"<[A-Za-z!/?]")
_DATES = {"extensive_search": False, "min_date": "1995-01-01", "max_date": "2099-12-31"}
"""Only dates that a page's head states, and not those that stand somewhere in its text."""
_MAX_DATELINE = 80
_UNSEEN = ("script", "style", "noscript", "template")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "summary")
_LICENSE_NAMES = ("dcterms.license", "dc.rights", "dcterms.rights")
_ENOUGH = 30
"""Letters and digits by which the text below a heading is known again."""
_NEW_LINE = re.compile(r"[.!?:]\s*$")


def read_html(data: bytes) -> Extract:
    """Read a web page: its main text as Markdown, headings, lists and tables kept; menus and scripts left out.

    Raises:
        DocumentError: It is no HTML, its letters cannot be told, or there is no text in it.
    """
    from lxml import html as lxml_html

    source = _XML_DECLARATION.sub("", _decoded(data).lstrip("\ufeff").replace("\0", "\ufffd"))
    if not _TAG.search(source):
        raise DocumentError("its name ends as that of a web page, but it holds no HTML; name it .txt if it is text")
    try:
        with silenced("trafilatura"), silenced("htmldate"):
            found = _main_part(lxml_html.document_fromstring(source))
        tree = lxml_html.document_fromstring(source)
    except Exception as error:  # a page may be broken in ways that no parser foresees
        what = " ".join(str(error).split())[:80]
        raise DocumentError(f"it is no HTML that can be read ({what}); save the page again") from None
    blocks = [] if found is None else [block for block in _blocks(found.body) if block]
    if not any(c.isalpha() for block in blocks for c in block):
        raise DocumentError(
            "it is a web page without text, or scripts fetch its text; open it, and save what you see as .txt or .pdf"
        )
    for element in list(tree.iter(*_UNSEEN)):
        element.drop_tree()
    text = "\n\n".join(_with_lost_headings(blocks, tree))
    return Extract(f"{text}\n", is_markdown=True, stated=_stated(tree, found))


def _main_part(tree: Any) -> Any:
    """Find what a page has to say; None if nothing."""
    import trafilatura
    from trafilatura.settings import use_config

    config = use_config()
    # As it is, a page of few words counts as none, and is taken with its menus and without its headings.
    for limit in ("MIN_EXTRACTED_SIZE", "MIN_OUTPUT_SIZE"):
        config.set("DEFAULT", limit, "1")
    found = trafilatura.bare_extraction(
        tree,
        fast=True,
        favor_recall=True,
        include_comments=False,
        include_formatting=False,
        include_images=False,
        include_links=False,
        include_tables=True,
        with_metadata=True,
        date_extraction_params=_DATES,
        config=config,
    )
    return found if getattr(found, "body", None) is not None else None


# --- bytes


def _decoded(data: bytes) -> str:
    """Turn the bytes of a page into text.

    A byte-order mark decides. What is valid UTF-8 beyond ASCII is UTF-8, whatever the page declares;
    else its declaration counts, and without a usable one Windows-1252, as browsers do.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return decode(data)
    for encoding, beginning in (("utf-16-le", b"<\0"), ("utf-16-be", b"\0<")):
        if data.lstrip().startswith(beginning):
            return data.decode(encoding, "replace")
    declared = _DECLARED.search(data[:_DECLARED_WITHIN])
    encodings = ["utf-8"]
    if declared:
        encodings.append(declared.group(1).decode("ascii", "replace"))
    for encoding in encodings:
        try:
            # Latin-1 on the web means Windows-1252.
            return data.decode("cp1252" if encoding.lower() in ("iso-8859-1", "latin-1", "latin1") else encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return decode(data)


# --- text


def _blocks(element: Any, depth: int = 0) -> Iterator[str]:
    """Give the blocks of what trafilatura found, as Markdown."""
    if element.text:
        yield from _paragraphs(element.text)
    for child in element:
        if child.tag == "head":
            rank = str(child.get("rend", "h2"))[-1:]
            yield heading(" ".join(child.itertext()), int(rank) if rank.isdecimal() else 2)
        elif child.tag == "list":
            yield "\n".join(_items(child, depth))
        elif child.tag == "table":
            yield from table([[" ".join(cell.itertext()) for cell in row.iter("cell")] for row in child.iter("row")])
        elif child.tag in ("p", "ab", "code", "fw", "ref", "hi", "span", "del"):
            yield from _paragraphs(_text(child))
        else:
            yield from _blocks(child, depth)
        if child.tail:
            yield from _paragraphs(child.tail)


def _items(element: Any, depth: int) -> Iterator[str]:
    for child in element:
        if child.tag == "list":
            yield from _items(child, depth + 1)
            continue
        inner = [c for c in child if c.tag == "list"]
        words = _text(child, skip="list").replace("\n", " ")
        if words.strip():
            yield item(words, depth)
        for deeper in inner:
            yield from _items(deeper, depth + 1)


def _text(element: Any, skip: str = "") -> str:
    """All words of an element, with line ends where it breaks lines."""
    parts = [(element.text or "").replace("\n", " ")]
    for child in element:
        if child.tag == "lb":
            parts.append("\n")
        elif child.tag != skip:
            parts.append(_text(child, skip))
        parts.append((child.tail or "").replace("\n", " "))
    return "".join(parts)


def _paragraphs(text: str) -> Iterator[str]:
    """Cut at the line breaks that end a thought, or part lines as they are."""
    run = ""
    for line in text.split("\n"):
        begins = bool(run) and (not line.strip() or bool(_NEW_LINE.search(run)) or not line.strip()[0].islower())
        if begins and run.strip():
            yield paragraph(run)
            run = ""
        run = f"{run} {line}"
    if run.strip():
        yield paragraph(run)


def _with_lost_headings(blocks: list[str], tree: Any) -> list[str]:
    """Put headings back that were left out where a page does not mark its main part, each above its text."""
    kept = {_letters(block) for block in blocks if block.startswith("#")}
    result = list(blocks)
    after = 0
    for level, words, below in _headings(tree):
        if not _letters(words) or _letters(words) in kept or not below:
            continue
        below_it = (i for i in range(after, len(result)) if _begins_alike(result[i], below))
        place = next((i for i in below_it if not result[i].startswith("#")), None)
        made = heading(words, level)
        if place is not None and (place == 0 or result[place - 1] != made):
            result.insert(place, made)
            after = place + 1
    return result


def _headings(tree: Any) -> list[tuple[int, str, str]]:
    """Give the headings of a page: level, words, and the letters that stand below up to the next one."""
    from lxml import etree

    found: list[tuple[int, str, str]] = []
    inside = None
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start" and inside is None and element.tag in _HEADINGS:
            inside = element
            level = int(element.tag[1]) if element.tag[1].isdecimal() else 3
            found.append((level, element.text_content(), ""))
        if event == "end" and element is inside:
            inside = None
        text = element.text if event == "start" else element.tail
        if found and inside is None and text and isinstance(element.tag, str):
            level, words, below = found[-1]
            if len(below) < _ENOUGH:
                found[-1] = (level, words, below + _letters(text))
    for number in range(len(found) - 2, -1, -1):
        level, words, below = found[number]
        if not below and found[number + 1][0] > level:
            found[number] = (level, words, found[number + 1][2])
    return found


def _begins_alike(block: str, below: str) -> bool:
    letters = _letters(block)
    shared = min(len(letters), len(below), _ENOUGH)
    return shared > 0 and letters[:shared] == below[:shared]


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


# --- what it says of itself


def _stated(tree: Any, found: Any) -> dict[str, str]:
    titles = [" ".join(h.text_content().split()) for h in tree.iter("h1")]
    own = [title for title in titles if title]
    return fields_of(
        title=own[0] if len(own) == 1 else found.title or "",
        publisher=found.sitename or found.author or "",
        url=found.url or "",
        reviewed=_dateline(tree) or found.date or "",
        license=found.license or _license(tree),
        language=tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "",
    )


def _license(tree: Any) -> str:
    """The licence that the head of a page names, as its name or address; "" if it names none."""
    links = (link.get("href") for link in tree.iter("link") if (link.get("rel") or "").lower() == "license")
    named = (m.get("content") for m in tree.iter("meta") if (m.get("name") or "").lower() in _LICENSE_NAMES)
    return next((str(value) for value in (*named, *links) if value), "")


def _dateline(tree: Any) -> str:
    """Find a date that the page tells in a line of its own, in its foot perhaps, which is no main text."""
    lines = (" ".join(e.text_content().split()) for e in tree.iter("p", "div", "span", "li", "time", "td", "footer"))
    return dates_in("\n".join(line for line in lines if len(line) <= _MAX_DATELINE))
