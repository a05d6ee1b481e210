"""Pages of MedlinePlus Genetics: their own text, taken out of what surrounds it. All sentences are invented."""

import pytest

from askalms.errors import FetchError
from askalms.medlineplus import address_of, is_genetics_page, read_genetics_page

CONDITION = """<!DOCTYPE html>
<html lang="en" class="nojs us"><head><meta charset="utf-8"><title>Lantern syndrome: MedlinePlus Genetics</title>
<script>var page = "Description";</script></head><body>
<nav><ul><li><a href="/genetics/">Genetics</a></li></ul></nav>
<article><div class="page-title"><h1 itemprop="name">Länte<i>rn</i> syndrome</h1></div>
<div class="mp-exp exp-full" data-bookmark="description">
  <div class="mp-exh"><h2>Description</h2><div class="exp-ctrl"><button>Expand Section</button></div></div>
  <section><div class="mp-content"><p>Lantern syndrome makes the   eyes of people
     <a href="/x">glow</a> at dusk.</p><p>It begins<br>in spring.</p>
     <ul><li>a bright left eye</li><li><p>a bright right eye</p></li></ul>Loose words stay.</div></section>
</div>
<div class="mp-exp exp-full" data-bookmark="frequency"><div class="mp-exh"><h2>Frequency</h2></div>
  <section><div class="mp-content"><p>One in 70 lighthouse keepers has it.</p></div></section></div>
<div class="mp-exp exp-full" data-bookmark="causes"><div class="mp-exh"><h2>Causes</h2></div>
  <section><div class="mp-content"><p>Changes in the <i>LMP1</i> gene cause it.</p></div>
  <div class="related-genes"><h3>Learn more about the gene associated with Lantern syndrome</h3>
  <ul><li><a href="/genetics/gene/lmp1/">LMP1</a></li></ul></div></section></div>
<div class="mp-exp exp-full" data-bookmark="inheritance"><div class="mp-exh"><h2>Inheritance</h2></div>
  <section><div class="mp-content"><p>Both parents carry one changed copy.</p></div></section></div>
<div class="mp-exp exp-full" data-bookmark="synonyms"><div class="mp-exh"><h2>Other Names for This Condition</h2></div>
  <section><div class="mp-content"><ul><li>Glow-eye disease</li><li>LMPS</li></ul></div></section></div>
<div class="mp-exp exp-full" data-bookmark="resources">
  <div class="mp-exh"><h2>Additional Information &amp; Resources</h2></div>
  <section><div class="mp-content"><h3>Patient Support</h3>
  <ul><li><a href="https://a.example">Lamps</a></li></ul></div></section></div>
<div class="mp-exp exp-full" data-bookmark="references"><div class="mp-exh"><h2>References</h2></div>
  <section><div class="mp-content"><ul><li>Wick A, Oil B. On glow. J Lamps. 2001.
  <a href="#">Citation on PubMed</a></li></ul></div></section></div>
</article>
<div class="side"><p>Topics in this series were added in 2019.</p></div>
<footer><div id="page-info"><div>Last updated <time>May 1, 2023</time></div>
<div>Page last updated on 9 July 2024</div></footer>
</body></html>"""

CONDITION_TEXT = """# Läntern syndrome

## Description

Lantern syndrome makes the eyes of people glow at dusk.

It begins

in spring.

- a bright left eye

- a bright right eye

Loose words stay.

## Frequency

One in 70 lighthouse keepers has it.

## Causes

Changes in the LMP1 gene cause it.

## Inheritance

Both parents carry one changed copy.

## Other Names for This Condition

- Glow-eye disease

- LMPS

Last updated May 1, 2023
"""

GENE = """<html><head><meta charset="utf-8"></head><body><h1>LMP1 gene</h1><h2>lamp protein 1</h2>
<div class="mp-exp" data-bookmark="function"><h2>Normal Function</h2><section><div class="mp-content">
<p>The LMP1 gene tells cells when to glow.</p></div></section></div>
<div class="mp-exp" data-bookmark="conditions"><h2>Health Conditions Related to Genetic Changes</h2>
<section><div class="mp-content"><h3>Lantern syndrome</h3><p>Fifty changes in this gene are known.</p>
<p><a href="/c">More About This Health Condition</a></p></div></section></div></body></html>"""


def test_a_condition_page_becomes_its_sections_and_its_date():
    """Headings, paragraphs, lists and the date stay; menus, buttons, lists of links and references go."""
    page = read_genetics_page(CONDITION.encode())
    assert page is not None
    assert page.text == CONDITION_TEXT
    assert (page.title, page.updated) == ("Läntern syndrome", "2023-05-01")


def test_a_gene_page_keeps_the_conditions_under_their_names():
    """A heading of the third level stays; a paragraph that is only a link leads away."""
    page = read_genetics_page(GENE.encode())
    assert page is not None
    assert page.title == "LMP1 gene"
    assert page.updated == ""
    assert "### Lantern syndrome\n\nFifty changes in this gene are known.\n" in page.text
    assert "More About" not in page.text


def test_a_page_without_marks_is_read_by_the_names_of_its_headings():
    """The site may lose its attributes one day."""
    plain = GENE.replace("data-bookmark", "data-other")
    page, marked = read_genetics_page(plain.encode()), read_genetics_page(GENE.encode())
    assert page is not None
    assert page == marked


@pytest.mark.parametrize(
    "html",
    [
        b"", b"\0\1\2", b"<html></html>", b"plain words", b"<h1>Lantern syndrome</h1><p>Nothing else.</p>",
        b"<h2>Description</h2><p>No title.</p>", b"<h1>T</h1><div data-bookmark='x'><h2>Description</h2></div>",
        b"<h1>T</h1><div data-bookmark='x'><h2>Weather</h2><p>Rain.</p></div>",
    ],
)  # fmt: skip
def test_a_page_that_is_built_otherwise_is_left_to_the_general_way(html: bytes):
    """Nothing is made up of what is not understood."""
    assert read_genetics_page(html) is None


@pytest.mark.parametrize(
    ("short", "address"),
    [
        ("medlineplus:condition/usher-syndrome", "https://medlineplus.gov/genetics/condition/usher-syndrome/"),
        ("MedlinePlus:Gene/ALMS1/", "https://medlineplus.gov/genetics/gene/alms1/"),
    ],
)
def test_short_forms_are_spelled_out(short: str, address: str):
    """And lead to what is known as such a page."""
    assert address_of(short) == address
    assert is_genetics_page(address)


@pytest.mark.parametrize(
    "short",
    [
        "medlineplus:",
        "medlineplus:disease/x",
        "medlineplus:condition/",
        "medlineplus:gene/a/b",
        "medlineplus:gene/../x",
    ],
)
def test_what_is_no_short_form_is_refused(short: str):
    """With the forms that there are."""
    with pytest.raises(FetchError, match="expected medlineplus:condition/NAME or medlineplus:gene/NAME"):
        address_of(short)


@pytest.mark.parametrize(
    "url",
    [
        "https://medlineplus.gov/genetics/condition/", "https://medlineplus.gov/ency/article/1.htm",
        "https://medlineplus.gov.example/genetics/gene/alms1/", "https://medlineplus.gov/genetics/understanding/testing/",
    ],
)  # fmt: skip
def test_other_pages_are_no_genetics_pages(url: str):
    """Other sites, and other parts of the same site."""
    assert not is_genetics_page(url)
