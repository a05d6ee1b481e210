"""The five pages that the project was given: what can be quoted of them, and what cannot.

They are no part of the project. The tests are skipped where they do not lie beside it.
"""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from askalms.checking import Concern, Finding, Weight, check_corpus
from askalms.corpus import Corpus, load_corpus
from askalms.datatypes import BlockKind, Document
from askalms.settings import CorpusSettings

SHARED = Path(__file__).parents[2] / "shared"

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the folder ../shared with the given pages is not there")

FURNITURE = re.compile(
    r"\bdoi:|PubMed|\[Internet\]|\b(?:19|20)\d\d[^.]{0,8};\d|\bEpub\b"
    r"|JavaScript|cookie|Skip navigation|https?:|\.gov\b|RSS|Follow us|Site Map|Copyright|Official website"
    r"|Read next|Related (?:pages|reading)|nearby page|Keep moving|Go here|^Learn |^(?:In )?this (?:page|article|guide)"
    r"|links below|resources|in the Handbook|Glossary|\(\s*$|Submit your"
    r"|informational purposes|educational purposes|substitute for|not medical advice|disclaimer"
    r"|TL;DR|Short answer|·|▾",
    re.IGNORECASE,
)
SECTIONS = ("Description", "Frequency", "Causes", "Inheritance", "Overview", "Introduction", "Conclusion", "Summary")
# Menus, headings, teasers, link lists, references and disclaimers: the rest is body.
SENTENCES = {"000": (30, 45), "001": (15, 20), "002": (45, 65), "003": (16, 24), "004": (65, 85)}
TITLES_END = {"000": "Simply)", "001": "syndrome?", "002": "inherited?", "003": "syndrome", "004": "sclerosis"}
REVIEWED = {"000": "2026-03-26", "001": "2026-04-07", "002": "", "003": "2008-08", "004": "2016-03-01"}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus(SHARED / "corpus", CorpusSettings())


def quotable(document: Document) -> list[str]:
    return [
        document.text[s.start : s.end] for b in document.blocks if b.kind is not BlockKind.DATELINE for s in b.sentences
    ]


def test_all_pages_are_read_as_they_are(corpus: Corpus):
    """Five documents, no problem, and the text is the file decoded as UTF-8."""
    assert len(corpus.documents) == 5
    assert corpus.problems == ()
    for document in corpus.documents:
        assert document.text == (SHARED / "corpus" / document.doc_id).read_bytes().decode("utf-8")


def test_nothing_that_can_be_quoted_is_furniture(corpus: Corpus):
    """No navigation, citation, teaser, pointer or disclaimer."""
    found = [s for d in corpus.documents for s in quotable(d) if FURNITURE.search(s)]
    assert found == []


def test_no_section_name_is_stuck_to_a_sentence(corpus: Corpus):
    """The page that lost its line ends is cut at them."""
    stuck = re.compile(rf"(?:{'|'.join(SECTIONS)}) [A-Z]")
    assert [s for d in corpus.documents for s in quotable(d) if stuck.match(s)] == []


def test_what_can_be_quoted_are_sentences(corpus: Corpus):
    """Or items of a list: no headings, no pieces, nothing longer than people read."""
    for document in corpus.documents:
        for block in document.blocks:
            for sentence in block.sentences:
                words = document.text[sentence.start : sentence.end]
                if block.kind is BlockKind.PROSE:
                    assert re.match(r"[(\"]?[A-Z]", words)
                    assert re.search(r"[.?!][\")]?$", words)
                    assert 2 < len(words.split()) < 80
                assert "\n" not in words


def test_the_body_is_all_there(corpus: Corpus):
    """As many sentences as a reader counts on the page, and no two the same paragraph twice."""
    for document in corpus.documents:
        low, high = SENTENCES[document.doc_id[:3]]
        assert low <= len(quotable(document)) <= high


def test_gold_spans_can_be_quoted(corpus: Corpus):
    """At least 97 of 100, list markers aside; the rest lies in reference lists and pointers to links."""
    coverage = {
        d.doc_id: {i for b in d.blocks for s in b.sentences for i in range(s.start, s.end)} for d in corpus.documents
    }
    texts = {d.doc_id: d.text for d in corpus.documents}
    total, lost = 0, []
    for line in (SHARED / "data" / "family" / "dev.jsonl").read_text("utf-8").splitlines():
        question = json.loads(line)
        for gold in question["gold"]:
            text, covered = texts[gold["doc"]], coverage[gold["doc"]]
            total += 1
            if not any(
                all(i in covered for i in range(match.start(), match.end()) if text[i].isalnum())
                for match in re.finditer(re.escape(gold["quote"]), text)
            ):
                lost.append((question["id"], gold["doc"], gold["quote"][:80]))
    print(*lost, sep="\n")
    assert total > 400
    assert len(lost) <= 0.03 * total


def test_pages_say_what_they_are_called_and_when_they_were_reviewed(corpus: Corpus):
    """As the page says it, and in no other page's words."""
    for document in corpus.documents:
        number = document.doc_id[:3]
        assert document.provenance.title.endswith(TITLES_END[number])
        assert len(document.provenance.title.split()) <= 12
        assert document.provenance.reviewed == REVIEWED[number]


def test_pages_are_about_one_disease_each(corpus: Corpus):
    """Four about the one, one about the other."""
    assert [d.topics for d in corpus.documents] == [("alstrom-syndrome",)] * 4 + [("amyotrophic-lateral-sclerosis",)]


def test_neighbouring_pages_keep_their_body():
    """Of the extra pages, hardly a paragraph of more than a line is lost but for pointers to links."""
    corpus = load_corpus(SHARED / "corpus-extra", CorpusSettings())
    assert len(corpus.documents) == 60
    assert corpus.problems == ()
    kept = lost = 0
    for document in corpus.documents:
        for block in document.blocks:
            words = document.text[block.start : block.end]
            if block.kind is BlockKind.FURNITURE and not re.search(
                r"resources|click|MedlinePlus|information", words, re.I
            ):
                lost += len(words.split()) if words.endswith(".") else 0
            elif block.sentences:
                kept += len(words.split())
    assert lost < 0.01 * kept


# --- their care


@pytest.fixture(scope="module")
def findings(corpus: Corpus) -> tuple[Finding, ...]:
    return check_corpus(corpus, 5.0, date(2026, 11, 21))


def places(findings: tuple[Finding, ...], concern: Concern) -> list[tuple[str, list[str]]]:
    """What is told, and the numbers of the pages where."""
    return [(f.detail, [m.doc_id[:3] for m in f.mentions]) for f in findings if f.concern is concern]


def test_the_sentence_on_two_diseases_is_found(findings: tuple[Finding, ...]):
    """It is the only one that stands on two pages, and no two pages are alike."""
    detail = "in 2 documents about different diseases: alstrom-syndrome, amyotrophic-lateral-sclerosis"
    assert places(findings, Concern.SAME_SENTENCE) == [(detail, ["003", "004"])]
    assert places(findings, Concern.PAGES_ALIKE) == []


def test_the_figure_in_two_notations_is_found(findings: tuple[Finding, ...]):
    """It is no contradiction, and there is none."""
    detail = "alstrom-syndrome: 25% is written in 2 ways: %, percent"
    assert places(findings, Concern.NOTATION) == [(detail, ["000", "001"])]
    assert places(findings, Concern.CONTRADICTION) == []


def test_old_pages_and_the_page_without_a_date_are_found(findings: tuple[Finding, ...]):
    """Of 2008 and 2016; three pages do not say who published them."""
    assert [number for _, (number,) in places(findings, Concern.AGE)] == ["003", "004"]
    missing = [(f.weight, f.detail, f.mentions[0].doc_id[:3]) for f in findings if f.concern is Concern.PROVENANCE]
    assert [number for _, detail, number in missing if "no date" in detail] == ["002"]
    assert [number for weight, _, number in missing if weight is Weight.MEND] == ["000", "001", "002"]
    assert len(missing) == 8


def test_the_links_of_the_pages_are_found(findings: tuple[Finding, ...]):
    """Six in the one's list of sources, one among the citations of another; no page's own address."""
    assert sorted(number for _, (number,) in places(findings, Concern.LINK)) == ["000"] * 6 + ["004"]


def test_pages_of_another_library_are_told_from_these(tmp_path: Path):
    """Put together, two of the given pages are there twice; a count that grew is the one contradiction."""
    for folder in ("corpus", "corpus-extra"):
        for path in (SHARED / folder).iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    found = check_corpus(load_corpus(tmp_path, CorpusSettings()), 5.0, date(2026, 11, 21))
    alike = [[m.doc_id for m in f.mentions] for f in found if f.concern is Concern.PAGES_ALIKE and f.weight == "mend"]
    assert [[names[0][:3], *names[1:]] for names in alike] == [
        ["003", "ghr-alstrom-syndrome.md"],
        ["004", "ghr-amyotrophic-lateral-sclerosis.md"],
    ]
    assert places(found, Concern.CONTRADICTION) == [("alstrom-syndrome: 500 against 900 or more", ["003", "ghr"])]
    assert len(places(found, Concern.NOTATION)) <= 6
