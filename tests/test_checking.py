"""The care of any corpus: what is found, how it is weighed, and what is let be."""

import random
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from askalms.checking import Concern, Finding, Weight, check_corpus
from askalms.corpus import Corpus, load_corpus
from askalms.datatypes import Document, Provenance, Topic
from askalms.segmentation import plain_blocks
from askalms.settings import CorpusSettings
from invented_pages import ALL, texts

TODAY = date(2031, 6, 1)
TOPICS = """\
[marlow]
name = "Marlow syndrome"
names = ["Marlow syndrome", "MRLS"]
home = true

[okafor]
name = "Okafor disease"
names = ["Okafor disease", "OKD"]
"""
HEAD = (
    "---\ntitle: {0}\ntopic: {1}\npublisher: P\nurl: https://p.example/{0}\nreviewed: 2031-01\nlicense: free\n{2}---\n"
)
OWN = "sources: [falls]\n"
"""Front matter of a page in the house's own words."""


def page(text: str, topic: str = "marlow", title: str = "One", more: str = "") -> str:
    """A page of which all is known."""
    return HEAD.format(title, topic, more) + text + "\n"


def look(folder: Path, topics: str = TOPICS, only: str = "", **pages: str) -> tuple[Finding, ...]:
    """Write pages (`a__md` becomes a.md), read them, and tell what is found; of empty topics, those of its own."""
    for name, text in {"topics.toml": topics, **pages}.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")
    (folder / "references.toml").write_text('[falls]\ntitle = "Falls"\nreviewed = "2031"\n')
    corpus = load_corpus(folder, CorpusSettings())
    assert corpus.problems == ()
    found = check_corpus(corpus, 5.0, TODAY, only)
    return tuple(f for f in found if "built-in topics" not in f.detail and f.detail != "'okafor' of topics.toml")


def of(findings: tuple[Finding, ...], concern: Concern) -> list[Finding]:
    return [f for f in findings if f.concern is concern]


def places(finding: Finding) -> list[tuple[str, int]]:
    return [(m.doc_id, m.line) for m in finding.mentions]


# --- provenance


def test_pages_of_which_all_is_known_are_let_be(tmp_path: Path):
    """One for each topic, each with words of its own."""
    found = look(tmp_path, a__md=page("MRLS is rare."), b__md=page("OKD is rare.", "okafor"))
    assert found == ()


def test_an_empty_corpus_lacks_nothing():
    """Not even its home topic."""
    assert check_corpus(Corpus((), {"m": Topic("m", "M", ("M",), home=True)}, {}, ()), 5.0, TODAY) == ()


def test_what_is_missing_of_the_provenance_is_told_by_weight(tmp_path: Path):
    """Nobody named, or a file's name for a title, is to be mended; a page need not say the rest."""
    bare = look(tmp_path, page__txt="Marlow syndrome is rare.\n\nMarlow syndrome hurts.\n")
    assert [(f.weight, f.detail, places(f)) for f in of(bare, Concern.PROVENANCE)] == [
        (Weight.MEND, "title is the name of the file, no publisher", [("page.txt", 0)]),
        (Weight.KNOW, "no address, no date, no licence", [("page.txt", 0)]),
    ]


def test_a_title_from_the_page_is_guessed(tmp_path: Path):
    """It is told, so that somebody may look at it."""
    text = "---\npublisher: P\nlicense: free\nurl: https://p.example\nreviewed: 2031\n---\n"
    text += "# Marlow syndrome\n\nIt is rare.\n"
    assert [f.detail for f in look(tmp_path, a__md=text)] == ["title guessed: 'Marlow syndrome'"]


def test_a_page_that_names_its_sources_needs_no_address(tmp_path: Path):
    """The sources have theirs."""
    text = page("MRLS is rare.", more=OWN).replace("url: https://p.example/One\n", "")
    assert look(tmp_path, a__md=text) == ()
    (found,) = look(tmp_path, a__md=text.replace(OWN, ""))
    assert found.detail == "no address"


@pytest.mark.parametrize(("reviewed", "found"), [("2026-06-02", []), ("2026-06-01", [5]), ("2010", [21])])
def test_a_page_is_old_from_the_age_in_the_settings(tmp_path: Path, reviewed: str, found: list[int]):
    """Whole years to the day."""
    ages = look(tmp_path, a__md=page("MRLS is rare.").replace("2031-01", reviewed))
    assert [f.detail for f in ages] == [f"the page of {reviewed} is {years} years old" for years in found]
    assert {f.weight for f in ages} <= {Weight.KNOW}


def test_an_old_source_is_told_once_with_all_pages_written_from_it(tmp_path: Path):
    """One without a date is told as well."""
    sources = "sources:\n- title: Old\n  reviewed: '2020-03'\n- title: Undated\n"
    found = look(tmp_path, a__md=page("MRLS is rare.", more=sources), b__md=page("MRLS hurts.", more=sources))
    assert [(f.detail, places(f)) for f in found] == [
        ("the source 'Old' of 2020-03 is 11 years old", [("a.md", 0), ("b.md", 0)]),
        ("the source 'Undated' has no date", [("a.md", 0), ("b.md", 0)]),
    ]


# --- topics


def test_a_home_topic_without_a_document_is_to_be_mended(tmp_path: Path):
    """Other topics of the folder are only told."""
    topics = TOPICS + '[finch]\nname = "Finch disease"\nnames = ["Finch disease"]\n'
    found = of(look(tmp_path, topics, a__md=page("OKD is rare.", "okafor")), Concern.EMPTY_TOPIC)
    assert [f.weight for f in found] == [Weight.MEND, Weight.KNOW]
    assert "Marlow syndrome" in found[0].detail
    assert found[1].detail == "'finch' of topics.toml"


def test_one_home_topic_with_a_document_is_enough(tmp_path: Path):
    """The built-in one may stay empty."""
    assert of(look(tmp_path, a__md=page("MRLS hurts.")), Concern.EMPTY_TOPIC)[1:] == []


def test_a_page_about_no_known_topic_is_to_be_mended_if_its_title_was_guessed(tmp_path: Path):
    """A stated title names a new disease; a guessed one may be anything, and no question will find the page."""
    text = "Our club met in spring. We walked by the sea.\n"
    head = "---\npublisher: P\n{}---\n# Club news\n\n"
    known = page("MRLS is rare.")
    for title, weight in (("", Weight.MEND), ("title: Club news\n", Weight.KNOW)):
        (found,) = of(look(tmp_path, a__md=known, b__md=head.format(title) + text), Concern.UNKNOWN_TOPIC)
        assert (found.weight, places(found)) == (weight, [("b.md", 0)])
        assert "'Club news'" in found.detail


# --- the same words

LONG = "Cells of the inner ear die early in most people with this disease."
BODY = [
    f"The {part} of people with this disease may be hurt by it."
    for part in ("ears", "eyes", "legs", "arms", "lungs", "nose")
]


def test_a_sentence_in_several_documents_is_told_with_its_lines(tmp_path: Path):
    """Whatever its accents and spaces; and whether the documents are about one disease."""
    found = look(tmp_path, a__md=page(f"MRLS is rare.\n\n{LONG}"), b__md=page(f"{LONG.replace(' ', '  ')} It hurts."))
    assert [(f.concern, f.weight, f.detail, places(f)) for f in found] == [
        (Concern.SAME_SENTENCE, Weight.KNOW, "in 2 documents about marlow", [("a.md", 11), ("b.md", 9)])
    ]
    (found,) = look(tmp_path, b__md=page(f"OKD is rare. {LONG}", "okafor"))
    assert found.detail == "in 2 documents about different diseases: marlow, okafor"
    assert {m.text for m in found.mentions} == {LONG}


def test_short_sentences_and_dates_are_the_same_by_nature(tmp_path: Path):
    """Nor is what stands twice on one page."""
    same = "There is no cure.\n\nLast reviewed: 4 May 2031\n"
    assert (
        look(tmp_path, a__md=page(f"{same}\n{LONG} It is so.\n\n## B\n\n{LONG}"), b__md=page(f"{same}\n\nIt hurts."))
        == ()
    )


def test_the_same_text_twice_is_to_be_mended(tmp_path: Path):
    """Under any name and front matter, about one disease or two; its sentences are not told again."""
    text = " ".join(BODY)
    found = look(tmp_path, a__md=page(text), b__txt=text, c__md=page(text, "okafor"))
    (same,) = of(found, Concern.PAGES_ALIKE)
    assert (same.weight, places(same)) == (Weight.MEND, [("a.md", 0), ("b.txt", 0), ("c.md", 0)])
    assert same.detail.startswith("the same text, about different diseases: ")
    assert of(found, Concern.SAME_SENTENCE) == []


@pytest.mark.parametrize(
    ("shared", "topic", "weight", "share"),
    [
        (6, "marlow", Weight.MEND, "all"),
        (5, "marlow", Weight.MEND, "at least 83%"),
        (4, "marlow", Weight.KNOW, "at least 67%"),
        (5, "okafor", Weight.KNOW, "at least 83%"),
    ],
)
def test_pages_that_share_most_sentences_are_alike(tmp_path: Path, shared: int, topic: str, weight: Weight, share: str):
    """Of the shorter page; nearly all of them, on one disease, make one of the pages needless."""
    other = [*BODY[:shared], *(s.replace("people", "men") for s in BODY[shared:]), "It is so.", "It will pass."]
    (found,) = of(look(tmp_path, a__md=page(" ".join(BODY)), b__md=page(" ".join(other), topic)), Concern.PAGES_ALIKE)
    assert found.weight is weight
    assert found.detail.startswith(f"they share {share}")
    assert ("different diseases" in found.detail) == (topic == "okafor")


def test_pages_that_share_half_of_their_sentences_are_not_alike(tmp_path: Path):
    """The sentences are told one by one instead; two shared ones are too few to tell."""
    half = [*BODY[:3], *(s.replace("people", "men") for s in BODY[3:])]
    found = look(tmp_path, a__md=page(" ".join(BODY)), b__md=page(" ".join(half)))
    assert [f.concern for f in found] == [Concern.SAME_SENTENCE] * 3
    found = look(tmp_path, a__md=page(" ".join(BODY[:2])), b__md=page(" ".join([*BODY[:2], "It is so."])))
    assert of(found, Concern.PAGES_ALIKE) == []


# --- numbers


def numbers(folder: Path, *sentences: str, own: bool = False, topic: str = "marlow") -> list[Finding]:
    """What is told of the figures in two pages, one sentence each; the first is about Marlow syndrome."""
    more = OWN if own else ""
    pages = [page(text, t, more=more) for text, t in zip(sentences, ["marlow", topic], strict=True)]
    found = look(folder, a__md=pages[0], b__md=pages[1])
    return [f for f in found if f.concern in (Concern.CONTRADICTION, Concern.NOTATION)]


@pytest.mark.parametrize(
    ("one", "other", "detail"),
    [
        (
            "About 70 people with MRLS are known worldwide.",
            "More than 90 people worldwide are known to have Marlow syndrome.",
            "70 against 90 or more",
        ),
        ("Deafness comes in 40% of children.", "Deafness comes in 70 percent of children.", "40% against 70%"),
        (
            "Marlow syndrome occurs in 1 in 50,000 newborns.",
            "MRLS occurs in about 1 in 200,000 to 300,000 newborns.",
            "0.002% against 0.000333333% to 0.0005%",
        ),
    ],
)
def test_figures_of_the_same_that_are_apart_contradict(tmp_path: Path, one: str, other: str, detail: str):
    """In the words of others it is good to know; in the house's own it is to be mended."""
    (found,) = numbers(tmp_path, one, other)
    assert (found.concern, found.weight, found.detail) == (Concern.CONTRADICTION, Weight.KNOW, f"marlow: {detail}")
    assert places(found) == [("a.md", 9), ("b.md", 9)]
    (found,) = numbers(tmp_path, one, other, own=True)
    assert found.weight is Weight.MEND


def test_one_document_may_contradict_itself(tmp_path: Path):
    """Then both places are in it."""
    text = "About 70 people worldwide are known to have it.\n\nSome 90 people worldwide are known to have it."
    (found,) = look(tmp_path, a__md=page(text))
    assert (found.concern, places(found)) == (Concern.CONTRADICTION, [("a.md", 9), ("a.md", 11)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("About 70 people are known worldwide.", "At least 60 people are known worldwide."),
        ("About 70 people were known worldwide in 2008.", "About 90 people were known worldwide in 2016."),
        ("About 70 people are known worldwide.", "About 90 people a year are known worldwide."),
        ("About 70 people with OKD are known worldwide.", "About 90 people with MRLS are known worldwide."),
        ("Deafness comes in 40% of children.", "Deafness does not come in 70% of children."),
        ("Most forms, 90 percent of cases, are mild ones.", "Severe forms, 10 percent of cases, are mild ones."),
        ("Changes in the MRLW1 gene are behind 40% of cases.", "Changes in the MRLW2 gene are behind 20% of cases."),
        ("Type 1 makes up 40% of all known families.", "Type 2 makes up 20% of all known families."),
        ("Deafness comes in 40% of children.", "Blindness comes in 70% of children."),
        ("Deafness comes in 40% of children in Norland.", "Deafness comes in 70% of children in Sudland."),
    ],
)
def test_figures_of_different_things_do_not_contradict(tmp_path: Path, one: str, other: str):
    """Bounds that meet, years, diseases, the rest, forms, genes, types, signs and places."""
    assert numbers(tmp_path, one, other) == []


def test_figures_on_different_diseases_do_not_contradict(tmp_path: Path):
    """What a page is about counts where the sentence names nothing."""
    pair = ("About 70 people are known worldwide.", "About 90 people are known worldwide.")
    assert numbers(tmp_path, *pair, topic="okafor") == []
    assert len(numbers(tmp_path, *pair)) == 1


def test_parts_that_one_page_sets_side_by_side_do_not_contradict(tmp_path: Path):
    """They come to no more than the whole."""
    parts = "The common form makes up 70% of cases. The rare form makes up {}% of cases."
    for second, found in ((20, 0), (40, 1)):
        text = parts.format(second).replace("rare form", "common form")
        assert len(of(look(tmp_path, a__md=page(text)), Concern.CONTRADICTION)) == found


@pytest.mark.parametrize("other", ["25 percent", "25 per cent", "1 in 4", "one in four"])
def test_the_same_figure_written_in_two_ways_is_told_apart(tmp_path: Path, other: str):
    """It is no contradiction, and good to know."""
    one = "Each child of two carriers has a 25% chance of the disease."
    (found,) = numbers(tmp_path, one, f"Two carriers pass the disease on to a child with a chance of {other}.")
    assert (found.concern, found.weight) == (Concern.NOTATION, Weight.KNOW)
    assert found.detail.startswith("marlow: 25% is written in 2 ways: ")
    assert places(found) == [("a.md", 9), ("b.md", 9)]


@pytest.mark.parametrize(
    "other",
    [
        "Two carriers pass the disease on to each child with a chance of 25%.",
        "Two carriers pass the disease on to each child with a chance of 25%, or 25 percent.",
        "Deafness is found in 25 percent of grandparents.",
    ],
)
def test_one_notation_or_another_subject_is_let_be(tmp_path: Path, other: str):
    """A sentence that gives both ways helps the reader."""
    assert numbers(tmp_path, "Each child of two carriers has a 25% chance of the disease.", other) == []


def test_names_that_lost_their_letters_are_known(tmp_path: Path):
    """A copy that lost its accents speaks of the same disease."""
    topics = TOPICS.replace("Okafor disease", "Ökåfor disease")
    text = "About {} people with {} are known worldwide."
    found = look(
        tmp_path,
        topics,
        a__md=page(text.format(70, "Ökåfor disease")),
        b__md=page(text.format(90, "kfor disease")),
        c__md=page("OKD hurts.", "okafor"),
    )
    assert [f.detail for f in found] == ["okafor: 70 against 90"]


# --- links


def test_the_links_of_a_page_are_listed_with_their_lines(tmp_path: Path):
    """Without the stop after them, each once for a page, and without the page's own address."""
    text = (
        "See https://a.example/x_(y).\n\n[More](http://b.example/?q=1#z), or www.c.example.\n\n"
        "Again https://a.example/x_(y), <https://d.example/ä>, https://p.example/One and http://.\n\nMRLS is rare."
    )
    found = look(
        tmp_path,
        a__md=page(text),
        b__md=page(
            "OKD: www.c.example\n\nOKD is rare.",
            "okafor",
        ),
    )
    assert {f.detail: places(f) for f in of(found, Concern.LINK)} == {
        "https://a.example/x_(y)": [("a.md", 9)],
        "http://b.example/?q=1#z": [("a.md", 11)],
        "www.c.example": [("a.md", 11), ("b.md", 9)],
        "https://d.example/ä": [("a.md", 13)],
    }
    assert {f.weight for f in of(found, Concern.LINK)} == {Weight.KNOW}


# --- the whole


def test_findings_stand_in_the_order_of_concerns_with_what_to_mend_first(tmp_path: Path):
    """And one document's findings can be asked for alone."""
    found = look(tmp_path, a__txt="MRLS is rare.", b__md=page(f"{LONG} OKD hurts.", "okafor"), c__md=page(LONG))
    keys = [(list(Concern).index(f.concern), f.weight is Weight.KNOW) for f in found]
    assert keys == sorted(keys)
    alone = look(tmp_path, only="a.txt")
    assert alone == tuple(f for f in found if any(m.doc_id == "a.txt" for m in f.mentions))


@given_settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(ALL), texts), min_size=1, max_size=5))
def test_whatever_pages_hold_mentions_are_of_their_lines(pages: list[str]):
    """No page makes the check fail, and each sentence told begins on the line told."""
    documents = [document(f"{n}.txt", text) for n, text in enumerate(pages)]
    documents = [d for d in documents if d.blocks]
    texts_of = {d.doc_id: d.text for d in documents}
    for finding in check_corpus(corpus_of(documents), 5.0, TODAY):
        for mention in finding.mentions:
            if mention.text:
                line = texts_of[mention.doc_id].replace("\r\n", "\n").replace("\r", "\n").split("\n")[mention.line - 1]
                assert mention.text.split()[0] in line


def document(doc_id: str, text: str, topic: str = "marlow") -> Document:
    provenance = Provenance(doc_id, "P", "https://p.example", "2031-01", "free")
    return Document(doc_id, text, "", (topic,), provenance, tuple(plain_blocks(text)))


def corpus_of(documents: list[Document]) -> Corpus:
    topics = {t: Topic(t, f"{t} disease", (f"{t} disease",), home=True) for t in {d.topics[0] for d in documents}}
    return Corpus(tuple(documents), topics, {}, ())


def test_two_thousand_pages_are_checked_and_every_planted_fault_is_found():
    """Forty diseases of fifty pages, each page with a sentence of its site and ten of its own."""
    chance = random.Random(7)
    words = [f"{a}{b}" for a in ("bo", "ka", "li", "mu", "ne", "ro", "sa", "ti") for b in ("dan", "fer", "gol", "hin")]

    def said() -> str:
        many = chance.choice(["25% of", "many"])
        return f"{' '.join(chance.sample(words, 9)).capitalize()} in {many} {chance.choice(words)}."

    texts_of = [
        " ".join(["This site is read by people all over the world.", *(said() for _ in range(10))]) for _ in range(2000)
    ]
    texts_of[1001] = texts_of[1]  # another disease
    texts_of[40] = texts_of[0] + " It hurts."  # the same disease
    texts_of[5] += " About 70 people are known worldwide."
    texts_of[45] += " Some 90 people are known worldwide."
    documents = [document(f"{n:04}.txt", text, f"d{n % 40}") for n, text in enumerate(texts_of)]
    found = check_corpus(corpus_of(documents), 5.0, TODAY)
    alike = of(found, Concern.PAGES_ALIKE)
    assert [[m.doc_id for m in f.mentions] for f in alike] == [["0001.txt", "1001.txt"], ["0000.txt", "0040.txt"]]
    (site,) = of(found, Concern.SAME_SENTENCE)
    assert len(site.mentions) == 2000
    assert [f.detail for f in of(found, Concern.CONTRADICTION)] == ["d5: 70 against 90"]
    assert Counter(f.concern for f in found)[Concern.NOTATION] == 0
