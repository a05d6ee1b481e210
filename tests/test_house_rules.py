"""The house rules: what is found, and what is let be."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from askalms.corpus import Corpus, load_corpus
from askalms.datatypes import Provenance
from askalms.errors import CorpusError
from askalms.house_rules import (
    Breach,
    HouseReport,
    Rule,
    _grade,
    _Names,
    _numbers_in,
    check_house_rules,
    read_originals,
)
from askalms.settings import CheckingSettings, CorpusSettings
from invented_pages import ALL, texts

TOPICS = '[marlow]\nname = "Marlow syndrome"\nnames = ["Marlow syndrome", "MRLS"]\n'
REFERENCES = """\
[falls]
title = "Falls in Early Life"
publisher = "Norland Library of Health"
reviewed = "2029-08"
copy = "falls.txt"

[walks]
title = "Long walks"
as_of = "2012"
copy = "walks.txt"

[house]
title = "The house"
"""
NOTHING_SAID = {"falls.txt": "Nobody knows.", "walks.txt": "Nobody cares."}


def front(sources: str = "[falls]") -> str:
    """Five lines."""
    return f"---\ntitle: Marlow syndrome\ntopic: marlow\nsources: {sources}\n---\n"


def section(text: str, heading: str = "Balance", sources: str = "falls") -> str:
    return f"## {heading}\n\n<!-- sources: {sources} -->\n\n{text}\n\n"


def library(folder: Path, **pages: str) -> Corpus:
    """Write pages (`a__md` becomes a.md) beside topics and references, and read them."""
    files = {"topics.toml": TOPICS, "references.toml": REFERENCES}
    files |= {name.replace("__", "."): text for name, text in pages.items()}
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("utf-8", "replace"))
    return load_corpus(folder, CorpusSettings())


def check(folder: Path, page: str, copies: dict[str, str] | None = None, **limits: object) -> tuple[Breach, ...]:
    """What is found in one page."""
    settings = CheckingSettings(**{"max_grade": 99.0, **limits})  # type: ignore[arg-type]
    corpus = library(folder, page__md=page)
    assert corpus.problems == ()
    return check_house_rules(corpus, settings, copies).breaches


def rules(folder: Path, text: str, copies: dict[str, str] | None = None, **limits: object) -> list[Rule]:
    """The rules that a section with this text breaks."""
    return [f.rule for f in check(folder, front() + section(text), copies, **limits)]


def test_a_page_that_keeps_the_rules_is_let_be(tmp_path: Path):
    """Its figures are told all the same: 3 + 3 words in two sentences, each a short one or a name."""
    corpus = library(tmp_path, page__md=front() + section("Marlow syndrome hurts. MRLS is rare."))
    report = check_house_rules(corpus, CheckingSettings(), {"falls.txt": "Nobody knows."})
    assert (report.breaches, report.not_at_hand) == ((), ())
    (page,) = report.pages
    assert (page.doc_id, page.sections, page.sentences, page.words, page.sources) == ("page.md", 1, 2, 6, 1)


@pytest.mark.parametrize("sources", ["", "sources: []\n", "sources: ~\n"])
def test_pages_that_name_no_sources_are_left_alone(tmp_path: Path, sources: str):
    """Nobody in the house wrote them."""
    bad = f"---\ntitle: A\ntopic: marlow\n{sources}---\n## Signs\n\nThis is {'very ' * 30}bad in 1999.\n"
    corpus = library(tmp_path, page__md=bad, other__txt="This is bad. This is very bad.")
    assert check_house_rules(corpus, CheckingSettings(max_grade=0.0), {"falls.txt": bad}) == HouseReport((), (), ())


def test_an_empty_corpus_has_nothing_to_mend(tmp_path: Path):
    """With copies or without."""
    corpus = library(tmp_path)
    for copies in (None, {}, NOTHING_SAID):
        assert check_house_rules(corpus, CheckingSettings(), copies) == HouseReport((), (), ())


def test_findings_stand_in_the_order_of_documents_and_lines(tmp_path: Path):
    """What is about the whole document comes first in it."""
    corpus = library(
        tmp_path,
        b__md=front("[falls, walks]") + section("Those with MRLS fall.") + section("Ears ring."),
        a__md=front() + section("This hurts in MRLS."),
    )
    found = check_house_rules(corpus, CheckingSettings(max_grade=-9.0)).breaches
    assert [(f.doc_id, f.line, f.rule) for f in found] == [
        ("a.md", 0, Rule.HARD_TO_READ),
        ("a.md", 10, Rule.POINTS_ELSEWHERE),
        ("b.md", 0, Rule.HARD_TO_READ),
        ("b.md", 1, Rule.UNLISTED_SOURCE),
        ("b.md", 10, Rule.POINTS_ELSEWHERE),
        ("b.md", 16, Rule.NAMES_NOTHING),
    ]


def test_only_one_document_is_checked_if_one_is_named(tmp_path: Path):
    """The copies that others need are not missed, but the glossary is read."""
    bad = section("Ears ring.", sources="walks")
    corpus = library(tmp_path, a__md=front("[walks]") + bad, b__md=front() + section("Ears ring."))
    report = check_house_rules(corpus, CheckingSettings(), only="b.md")
    assert [p.doc_id for p in report.pages] == ["b.md"]
    assert {f.doc_id for f in report.breaches} == {"b.md"}
    assert report.not_at_hand == ("falls",)
    assert check_house_rules(corpus, CheckingSettings(), only="c.md") == HouseReport((), (), ())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path, end: str):
    """Whatever ends them; a sentence is found on the line where it begins."""
    page = front() + section("MRLS hurts a lot and for a\nlong time. This hurts\nin MRLS. Ears ring.")
    found = check(tmp_path, page.replace("\n", end))
    assert [(f.line, f.rule, f.text) for f in found] == [
        (11, Rule.POINTS_ELSEWHERE, "This hurts in MRLS."),
        (12, Rule.NAMES_NOTHING, "Ears ring."),
    ]


# --- style


@pytest.mark.parametrize(("words", "found"), [(25, []), (26, [Rule.LONG_SENTENCE])])
def test_a_sentence_has_25_words_at_most(tmp_path: Path, words: int, found: list[Rule]):
    """White space parts them, and the name of the disease is two."""
    assert rules(tmp_path, f"Marlow syndrome is {'so ' * (words - 4)}bad.") == found


def test_the_length_of_sentences_can_be_set(tmp_path: Path):
    """The detail tells both numbers."""
    (found,) = check(tmp_path, front() + section("Marlow syndrome is rare."), max_sentence_words=3)
    assert (found.rule, found.detail) == (Rule.LONG_SENTENCE, "4 words of 3")


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("This hurts in MRLS.", "this"),
        ("It’s a sign of MRLS.", "it's"),
        ("THEIR ears ring in MRLS.", "their"),
        ("In this way MRLS hurts.", "in this"),
        ("“For example,” MRLS hurts.", "for example"),
        ("However, MRLS hurts.", "however"),
        ("MRLS hurts, as described above.", "described above"),
        ("MRLS has the following signs.", "the following"),
    ],
)
def test_a_sentence_must_not_point_elsewhere(tmp_path: Path, sentence: str, words: str):
    """Whoever reads a quote does not see what stands around it; the longest opener is told."""
    (found,) = check(tmp_path, front() + section(sentence))
    assert (found.rule, found.detail) == (Rule.POINTS_ELSEWHERE, f'"{words}" is about what a quote does not show')


@pytest.mark.parametrize(
    "sentence",
    [
        "There is no cure for MRLS.",
        "Both ears ring in MRLS.",
        "Thistles and items do not cause MRLS.",
        "People with MRLS say that this hurts.",
        "Hearing goes in MRLS, following falls from above.",
    ],
)
def test_a_word_that_only_looks_as_if_it_pointed_is_free(tmp_path: Path, sentence: str):
    """Openers count as whole words at the beginning, places as whole phrases."""
    assert rules(tmp_path, sentence) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "MARLOW SYNDROME hurts.",
        "MRLS hurts.",
        "Many live with MRLS’s signs.",
        "Most people lose their balance.",
        "A few never balanced well.",
    ],
)
def test_a_sentence_that_names_the_disease_or_its_subject_can_stand_alone(tmp_path: Path, sentence: str):
    """By any name, with "'s" or without; the subject is what the heading names, in any form of the word."""
    assert rules(tmp_path, sentence) == []


@pytest.mark.parametrize("sentence", ["Ears ring.", "Alström syndrome is another matter.", "The syndrome hurts."])
def test_a_sentence_must_name_what_it_is_about(tmp_path: Path, sentence: str):
    """Another disease, or a part of the name, is not it."""
    assert rules(tmp_path, sentence) == [Rule.NAMES_NOTHING]


def test_before_the_first_heading_only_the_disease_counts(tmp_path: Path):
    """There is no subject to name."""
    page = f"{front()}<!-- sources: falls -->\n\nMarlow syndrome hurts. The ears ring.\n"
    assert [f.text for f in check(tmp_path, page)] == ["The ears ring."]


def test_all_headings_above_a_sentence_tell_its_subject(tmp_path: Path):
    """Not only the nearest."""
    page = f"{front()}## Balance\n\n{section('Balance goes. Ears ring. Night falls.', '').replace('##', '### Ears')}"
    assert [f.text for f in check(tmp_path, page)] == ["Night falls."]


def test_a_page_of_unknown_disease_is_held_to_its_headings(tmp_path: Path):
    """A topic that is no disease of topics.toml is named after the page itself."""
    corpus = library(tmp_path, a__md=f"---\ntitle: Okafor syndrome\nsources: [falls]\n---\n{section('Ears ring.')}")
    assert [f.rule for f in check_house_rules(corpus, CheckingSettings()).breaches] == [Rule.NAMES_NOTHING]
    named = library(
        tmp_path, a__md=f"---\ntitle: Okafor syndrome\nsources: [falls]\n---\n{section('Okafor syndrome hurts.')}"
    )
    assert check_house_rules(named, CheckingSettings()).breaches == ()


def test_the_line_that_dates_a_page_is_no_sentence_of_it(tmp_path: Path):
    """It needs no source and no name."""
    page = front() + section("MRLS hurts.") + "Published: May 2026\n"
    assert check(tmp_path, page) == ()


@pytest.mark.parametrize(
    "furniture", ["Click here to log in.", "MRLS hurts much.\n\nMRLS hurts much.", "<div>MRLS</div>"]
)
def test_what_no_answer_will_hold_is_told(tmp_path: Path, furniture: str):
    """What a page of the web has around its text, what stands twice, and HTML; comments are meant to be unseen."""
    page = f"{front()}## Balance\n\nMRLS is rare.\n\n{furniture}\n\n<!-- sources: falls -->\n\n<!-- mend this -->\n"
    (found,) = check(tmp_path, page)
    assert (found.line, found.rule, found.text) == (10, Rule.NEVER_QUOTED, furniture.split("\n")[0])


def test_what_the_house_says_of_itself_may_be_furniture(tmp_path: Path):
    """A text whose sources below have no copy tells who wrote the page; no family asks for that."""
    text = "## Balance\n\nMRLS is rare.\n\n<!-- sources: falls -->\n\n## Us\n\nClick here.\n\n<!-- sources: {} -->\n"
    never = [
        [f.rule for f in check(tmp_path, front() + text.format(s))] for s in ("house", "falls", "house, falls", "")
    ]
    assert [Rule.NEVER_QUOTED in found for found in never] == [False, True, True, True]


def test_reading_grades_follow_the_formula():
    """0.39 * words per sentence + 11.8 * syllables per word - 15.59; "vestibular" has four syllables."""
    names = _Names(["Falls"])
    corpus_of = {
        "Ears ring.": 0.39 * 2 + 11.8 - 15.59,
        "Ears ring all night. Legs hurt a lot.": 0.39 * 4 + 11.8 - 15.59,
        "Vestibular.": 0.39 + 11.8 * 4 - 15.59,
    }
    for text, grade in corpus_of.items():
        sentences = _sentences(text)
        assert _grade(sentences, names) == pytest.approx(grade, abs=0.01)
    assert _grade([], names) == 0.0


def _sentences(text: str):
    from askalms.chunking import chunk
    from askalms.datatypes import Document
    from askalms.segmentation import plain_blocks

    document = Document("a.txt", text, "", ("marlow",), Provenance("A"), tuple(plain_blocks(text)))
    return chunk(document, len, 999).sentences


def test_a_page_may_be_as_hard_to_read_as_the_limit_and_no_harder(tmp_path: Path):
    """Two sentences of four short words, MRLS being one: 0.39 * 4 + 11.8 - 15.59 = -2.23, whatever it is called."""
    for name in ("MRLS", "Marlow syndrome"):
        page = front() + section(f"{name} can hurt much. {name} does not last.")
        assert [f.rule for f in check(tmp_path, page, max_grade=-2.22)] == []
        (found,) = check(tmp_path, page, max_grade=-2.24)
        assert (found.line, found.rule, found.detail) == (0, Rule.HARD_TO_READ, "grade -2.2 of -2.24")


GLOSSARY = (
    "---\ntitle: Words explained\ntopic: marlow\n---\n## Words\n\n### {term}\n\nA part of the ear. It is small.\n"
)


def test_a_word_that_the_glossary_explains_is_a_short_one(tmp_path: Path):
    """Its headings below the second rank are the explained words; those above are not."""
    page = front() + section("The labyrinthine membrane hurts in MRLS.")

    def grade(**pages: str) -> float:
        return (
            check_house_rules(library(tmp_path, page__md=page, **pages), CheckingSettings(), only="page.md")
            .pages[0]
            .grade
        )

    hard = grade()
    assert grade(words__md=GLOSSARY.format(term="Labyrinthine membrane")) == hard
    (tmp_path / "words.md").rename(tmp_path / "words-explained.md")
    easy = 0.39 * 5 + 11.8 - 15.59
    assert grade() == pytest.approx(easy, abs=0.01)
    (tmp_path / "words-explained.md").write_text(GLOSSARY.format(term="Labyrinthine membrane").replace("###", "##"))
    assert grade() == hard > easy


# --- provenance


def test_a_section_must_name_its_sources(tmp_path: Path):
    """The finding stands where its first sentence does, under its heading."""
    page = front() + section("MRLS hurts.") + "## Ears\n\nThe ears ring.\n"
    assert check(tmp_path, page) == (
        Breach("page.md", 14, Rule.NO_SOURCE, "add <!-- sources: ... --> below it", "Ears"),
    )


def test_a_section_without_a_sentence_needs_no_source(tmp_path: Path):
    """There is nothing to be told."""
    assert check(tmp_path, front() + section("MRLS hurts.") + "## Ears\n\n## Legs\n") == ()


def test_a_section_may_only_name_known_sources(tmp_path: Path):
    """Both a slip in the id and one that the head of the page leaves out are told, with the heading."""
    page = front() + section("MRLS hurts.", sources="falls, fall, walks")
    assert [(f.line, f.rule, f.detail, f.text) for f in check(tmp_path, page)] == [
        (10, Rule.UNKNOWN_SOURCE, "'fall' is not in references.toml", "Balance"),
        (10, Rule.UNLISTED_SOURCE, "'walks' is not among the sources at the top", "Balance"),
    ]


@pytest.mark.parametrize("sources", ["[falls, fall]", "\n- falls\n- title: fall\n  url: https://a.example"])
def test_the_head_of_a_page_may_only_name_known_sources(tmp_path: Path, sources: str):
    """Neither an unknown id nor a description of its own."""
    found = check(tmp_path, front(sources) + section("MRLS hurts."))
    assert [(f.line, f.rule, f.detail) for f in found] == [(1, Rule.UNKNOWN_SOURCE, "'fall' is not in references.toml")]


def test_every_source_at_the_head_of_a_page_is_used(tmp_path: Path):
    """By at least one section."""
    found = check(tmp_path, front("[walks, falls, house]") + section("MRLS hurts."))
    assert [(f.line, f.rule, f.detail) for f in found] == [
        (1, Rule.UNLISTED_SOURCE, "no section names 'house'"),
        (1, Rule.UNLISTED_SOURCE, "no section names 'walks'"),
    ]


# --- numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("None, and nobody.", set()),
        ("Two of 12.5 percent", {"2", "12.5"}),
        ("twelve, Half, twenty", {"12", "50", "20"}),
        ("one in four, 1 in 4, One out of every four, 25%", {"25"}),
        ("1 in 1,500", {"0.0666667"}),
        ("1,500,000 or 1500000", {"1500000"}),
        ("on 05 May 2029, aged 5", {"5", "2029"}),
        ("the genes MRLW1 and MRLW2, ages 3-7", {"mrlw1", "mrlw2", "3", "7"}),
        ("one ear, 1 ear, 01", set()),
        ("0.5 and 00 and 007", {"0.5", "0", "7"}),
        ("21 in 4", {"21", "4"}),
        ("1 in 0", set()),
        ("1 in 10,000,000", {"10000000"}),
        (f"1 in {'9' * 5000}", {"9" * 5000}),
        ("٣ ears, ² ears", {"٣", "2"}),
        ("", set()),
    ],
)
def test_numbers_are_the_same_in_figures_and_in_words(text: str, numbers: set[str]):
    """A share is its percentage, thousands may be parted, and one is no number, since "one" is an article too."""
    assert _numbers_in(text) == numbers


@pytest.mark.parametrize(
    ("said", "written", "missing"),
    [
        ("Some 70 people have it.", "MRLS is known in 70 people.", []),
        ("Some 70 people have it.", "MRLS is known in 71 people.", ["71"]),
        ("Some 700 people have it.", "MRLS is known in 70 people.", ["70"]),
        ("It starts at the age of three.", "MRLS begins at 3.", []),
        ("It starts at the age of 3.", "MRLS begins at three.", []),
        ("One in four falls.", "In MRLS 25 percent fall.", []),
        ("25% fall.", "In MRLS 1 in 4 falls.", []),
        ("25% fall.", "In MRLS 1 in 5 falls.", ["20"]),
        ("1,500 fell.", "In MRLS 1500 fell.", []),
        ("The gene is MRLW1.", "In MRLS the gene is MRLW2, not mrlw1.", ["mrlw2"]),
        ("Both ears ring.", "In MRLS one ear or 1 leg hurts.", []),
        ("Nobody counted.", "MRLS was found in 2031 in 9 people.", ["2031", "9"]),
    ],
)
def test_a_number_needs_a_source(tmp_path: Path, said: str, written: str, missing: list[str]):
    """It stands in a source of its section, in whatever form; each that does not is told."""
    found = check(tmp_path, front() + section(written), {"falls.txt": said})
    assert [(f.rule, f.detail, f.line) for f in found] == [
        (Rule.NUMBER_WITHOUT_SOURCE, f"{number} is in none of falls", 10) for number in missing
    ]


def test_what_references_say_of_a_source_is_said_by_it(tmp_path: Path):
    """Its title, publisher and date hold numbers as well."""
    page = front("[falls, walks]") + section("MRLS was seen in August, 2029, 8 and 2012.", sources="falls, walks")
    assert check(tmp_path, page, NOTHING_SAID) == ()


def test_the_sources_of_another_section_are_no_source(tmp_path: Path):
    """Each section stands on its own."""
    page = front("[falls, walks]") + section("MRLS hurts 5.") + section("MRLS takes 5.", sources="walks")
    found = check(tmp_path, page, {"falls.txt": "5 of them.", "walks.txt": "Nobody cares."})
    assert [(f.line, f.detail) for f in found] == [(16, "5 is in none of walks")]


def test_where_a_copy_is_not_at_hand_numbers_are_not_compared(tmp_path: Path):
    """The missing one might hold them; it is told which are missing, by id, if a page needs them."""
    page = front("[walks, falls, house]") + section("MRLS hurts 5.", sources="walks, house") + section("MRLS takes 5.")
    corpus = library(tmp_path, page__md=page)
    report = check_house_rules(corpus, CheckingSettings(), {"falls.txt": "Nobody knows."})
    assert [(f.line, f.rule) for f in report.breaches] == [(16, Rule.NUMBER_WITHOUT_SOURCE)]
    assert report.not_at_hand == ("walks",)


def test_a_source_that_has_no_copy_holds_no_number(tmp_path: Path):
    """What the house says of itself is no source of facts, and nothing is missing."""
    page = front("[house]") + section("MRLS hurts 5.", sources="house")
    report = check_house_rules(library(tmp_path, page__md=page), CheckingSettings(), NOTHING_SAID)
    assert [f.detail for f in report.breaches] == ["5 is in none of house"]
    assert report.not_at_hand == ()


def test_without_copies_nothing_is_compared(tmp_path: Path):
    """But it is told which would be needed."""
    page = front("[falls, house]") + section("MRLS hurts 5.") + section("MRLS hurts 7.", sources="house")
    for copies in (None, {}):
        report = check_house_rules(library(tmp_path, page__md=page), CheckingSettings(), copies)
        assert (report.breaches, report.not_at_hand) == ((), ("falls",))


# --- words of others


EIGHT = "people fall often when they walk in fog"
"""Eight words in a row that a source may have as well."""


def shared(folder: Path, text: str, source: str, **limits: object) -> list[str]:
    found = check(folder, front() + section(text), {"falls.txt": source}, **limits)
    return [f.detail for f in found if f.rule is Rule.SHARED_WORDS]


@pytest.mark.parametrize(
    ("said", "written", "found"),
    [
        (f"We saw that {EIGHT}.", f"In MRLS {EIGHT}.", 0),
        (f"We saw {EIGHT} alone.", f"In MRLS {EIGHT} alone.", 1),
        (f"We saw {EIGHT} ALÓNE.", f"In MRLS {EIGHT.upper()}: alone!", 1),
        (f"We saw {EIGHT}. Alone they stay.", f"In MRLS {EIGHT} alone.", 1),
        (f"We saw {EIGHT} every day of the year, alas.", f"In MRLS {EIGHT} every day of the year, alas.", 1),
        (f"We saw {EIGHT}, {EIGHT}, it seems.", f"In MRLS {EIGHT}, {EIGHT}, it seems.", 2),
    ],
)
def test_eight_words_in_a_row_may_be_shared_and_no_more(tmp_path: Path, said: str, written: str, found: int):
    """Without regard to case, accents and points; a longer run is told once for every nine words."""
    assert (
        shared(tmp_path, f"{written} Much of MRLS is yet unknown.", f"{said}")
        == ["9 or more words as in falls.txt"] * found
    )


@pytest.mark.parametrize(
    "name",
    ["Marlow syndrome", "Falls in Early Life", "Norland Library of Health", "balance of the inner ear"],
)
def test_a_name_is_one_word(tmp_path: Path, name: str):
    """Of a disease, a page, a publisher or an explained thing: nobody can say it otherwise."""
    library(tmp_path, **{"words-explained__md": GLOSSARY.format(term="Balance of the inner ear")})
    seven = "people fall when they walk in fog"
    source = f"They say {name.upper()} {seven}."
    assert shared(tmp_path, f"In MRLS {name} {seven} at night.", source) == []
    (tmp_path / "words-explained.md").unlink(missing_ok=True)


def test_a_name_beside_eight_words_is_one_too_many(tmp_path: Path):
    """It is one word, not none."""
    source = f"They say Marlow syndrome {EIGHT}."
    assert len(shared(tmp_path, f"In balance Marlow syndrome {EIGHT} at night.", source)) == 1


def test_how_many_words_may_be_shared_can_be_set(tmp_path: Path):
    """The detail tells the number."""
    source = f"They say {EIGHT}."
    found = shared(tmp_path, f"In MRLS {EIGHT} at night.", source, max_shared_words=7)
    assert found == ["8 or more words as in falls.txt"]


def test_headings_are_words_as_well_but_comments_are_not(tmp_path: Path):
    """What cannot be quoted can be copied; the finding gives the line and the words."""
    heading = "Children who often fall and walk with a stick"
    page = front() + section("Children fall.", heading) + f"<!-- {heading} -->\n"
    (found,) = check(tmp_path, page, {"falls.txt": f"{heading}"})
    assert (found.line, found.rule, found.text) == (6, Rule.SHARED_WORDS, heading.lower())


@pytest.mark.parametrize(
    ("written", "found"),
    [
        # Ten words each: of twenty, 16 in the same order are 80 percent.
        ("MRLS people often fall when they walk in thick fog.", ["100% the words"]),
        ("MRLS people never fall when they walk in thick fog.", ["90% the words"]),
        ("MRLS people never fall when they walk in white fog.", []),
        ("Fog in walk they when fall often people with MRLS.", []),
        # Seven words each.
        ("MRLS people dislike to walk in fog.", []),
        # Eight words each.
        ("MRLS people dislike to walk in thick fog.", ["100% the words"]),
    ],
)
def test_a_sentence_is_not_nearly_one_of_a_source(tmp_path: Path, written: str, found: list[str]):
    """It may have 80 percent of its words in the same order, and no more, where it has eight words or more."""
    source = (
        "MRLS people often fall when they walk in thick fog. MRLS people dislike to walk in fog. "
        "MRLS people dislike to walk in thick fog."
    )
    near = check(tmp_path, front() + section(written), {"falls.txt": source}, max_shared_words=99)
    assert [(f.rule, f.line, f.text) for f in near] == [(Rule.NEAR_COPY, 10, written)] * len(found)
    assert [f.detail for f in near] == [f"{part} of a sentence in falls.txt" for part in found]


def test_the_nearest_copy_is_told(tmp_path: Path):
    """Of several, the one with the most words."""
    copies = {
        "falls.txt": "MRLS people never fall when they walk in thick fog at night.",
        "walks.txt": "MRLS people often fall when they walk in white fog.",
    }
    written = "MRLS people often fall when they walk in thick fog."
    (found,) = check(tmp_path, front() + section(written), copies, max_shared_words=99)
    assert found.detail == "90% the words of a sentence in walks.txt"


def test_copies_that_no_page_names_are_compared_with_too(tmp_path: Path):
    """Words of others stay theirs."""
    sentence = "MRLS people often fall when they walk in thick fog."
    found = check(tmp_path, front() + section(sentence), {"other.txt": sentence})
    assert [f.rule for f in found] == [Rule.SHARED_WORDS, Rule.NEAR_COPY]


# --- copies of the sources


def test_copies_are_read_without_their_front_matter(tmp_path: Path):
    """By the name of the file, from subfolders too; other formats are no copies."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.md").write_bytes(b"---\ntitle: A\n---\nEars ring.\r\n")
    (tmp_path / "sub" / "b.TXT").write_text("---\ntitle: B\n---\n")
    (tmp_path / "c.png").write_bytes(b"\0")
    assert read_originals([tmp_path], 1.0) == {"a.md": "Ears ring.\r\n", "b.TXT": "---\ntitle: B\n---\n"}
    assert read_originals([], 1.0) == {}


def test_a_copy_that_cannot_be_read_is_an_error(tmp_path: Path):
    """To leave it out would be to compare with less than was asked for."""
    with pytest.raises(CorpusError, match=r"there is no folder '.*nowhere'; name the folder that holds copies"):
        read_originals([tmp_path / "nowhere"], 1.0)
    (tmp_path / "a.txt").write_bytes(b"a\0b")
    with pytest.raises(CorpusError, match=r"the source '.*a\.txt': it holds NUL bytes"):
        read_originals([tmp_path], 1.0)


# --- promises for every document


@given_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=texts, copy=texts, end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_whatever_a_page_holds_it_is_checked(tmp_path: Path, text: str, copy: str, end: str):
    """Findings name lines of the page, in their order, and sentences that stand there."""
    page = (front("[falls, nowhere, house]") + section("MRLS hurts.", sources="falls, nowhere") + text).replace(
        "\n", end
    )
    corpus = library(tmp_path, page__md=page)
    assume(not corpus.problems)
    report = check_house_rules(corpus, CheckingSettings(), {"falls.txt": copy})
    lines = [f.line for f in report.breaches]
    assert lines == sorted(lines)
    assert all(0 <= line <= len(page.replace("\r\n", "\n").replace("\r", "\n").split("\n")) for line in lines)
    assert len(report.pages) == 1
    assert report.pages[0].sentences >= 1


def test_a_page_is_no_copy_of_itself_without_a_sentence(tmp_path: Path):
    """Copies that hold nothing but signs are compared with like any other."""
    for copy in ("", "\ufeff", "…", "---\n***"):
        assert rules(tmp_path, "MRLS hurts and hurts and hurts and hurts again.", {"falls.txt": copy}) == []


@pytest.mark.parametrize("text", ALL)
def test_a_page_that_is_its_own_source_is_found_out(tmp_path: Path, text: str):
    """Taken over word by word, it holds nothing but words of others."""
    corpus = library(tmp_path, page__md=front() + text)
    found = [f.rule for f in check_house_rules(corpus, CheckingSettings(), {"falls.txt": text}).breaches]
    assert Rule.SHARED_WORDS in found
    assert Rule.NUMBER_WITHOUT_SOURCE not in found
