"""What tells who somebody is, and what only looks like it."""

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from askalms.personal_data import Personal, personal_data

ROOT = Path(__file__).parents[1]

EMAILS = [
    "My address is anna.meyer@example.org, is it inherited?",
    "write to me: tom+alms@mail.example.co.uk",
    "ANNA@EXAMPLE.ORG",
    "(jo_smith99@example.com)",
    "e-mail:anna@example.org.",
]
PHONES = [
    # United Kingdom
    "Please call me on 07700 900123",
    "our number 020 7946 0018",
    "07700 900123",
    "Mobile: +44 7911 123456, does my son have it?",
    # United States
    "ring me at (202) 555-0143 tonight",
    "my phone is 202-555-0143",
    "My phone number: 202.555.0143",
    "my number is 2025550143",
    "+1-202-555-0143",
    # Germany, France, Australia, Ireland, Sweden, Norway, Denmark, India
    "+49 30 901820",
    "call 0049 30 901820 please",
    "tel: 030/901820",
    "06 12 34 56 78 is my number",
    "contact me: +33 6 12 34 56 78",
    "you can reach me on 0412 345 678",
    "my mobile is 087 123 4567",
    "call my husband 070-123 45 67",
    "mobile +47 40 61 23 45",
    "ring 32 12 34 56",
    "whatsapp me +91 98765 43210",
]
IDENTITY_NUMBERS = [
    "My SSN is 123-45-6789",
    "123-45-6789 is my daughter",
    "social security number 123456789",
    "NHS number 943 476 5919",
    "his nhs no: 9434765919",
    "my national insurance number AB123456C",
    "NI number AB 12 34 56 C",
    "numéro de sécurité sociale 2 95 10 99 126 111 93",
    "my tax ID is 36 574 261 809",
    "DNI 54362315-K",
    "NIE X-2482300W",
    "codice fiscale RCCMNL83S18D969H",
    "BSN 111222333",
    "personnummer 880320-0016",
    "19880320-0016",
    "fødselsnummer 151086 95088",
    "CPR 211062-5629",
    "hetu 131052-308T",
    "PESEL 44051401359",
    "rijksregisternummer 85.07.30-033.28",
    "AHV 756.9217.0769.85",
    "my SIN is 046 454 286",
    "TFN 123 456 782",
    "my aadhaar is 2341 2341 2346",
    "PAN card ACUPA7085R",
    "PPS number 6433435F",
    "ID number 7503305044089",
    "CPF 390.533.447-05",
    "CURP BOXW310820HNERXN09",
    "svnr 1237 010180",
    "NIF 501 964 843",
    "IRD number 49-091-850",
]
BIRTH_DATES = [
    "My son was born on 12/03/2015",
    "dob 12-03-2015",
    "D.O.B. 12.3.15",
    "date of birth: 2015-03-12",
    "she was born 12 March 2015 and has wobbly eyes",
    "born March 12th, 2015",
    "His birthday is the 12th of March 2015",
    "12 March 2015 is my daughter's birthday",
    "on 3rd May 2019 our baby was born",
    "birthdate 03/12/15",
    "born at St Mary's hospital on Mar 12 2015",
    "DOB: 12 03 2015",
    "I gave birth on 1 Jan 2020. Is it inherited?",
    "my son Tom, born 12/03/2015, cannot see",
]
FOUND = [
    *((q, Personal.EMAIL) for q in EMAILS),
    *((q, Personal.PHONE) for q in PHONES),
    *((q, Personal.IDENTITY_NUMBER) for q in IDENTITY_NUMBERS),
    *((q, Personal.BIRTH_DATE) for q in BIRTH_DATES),
]

HARMLESS = [
    # genes and their variants
    "What does c.10775del p.Thr3592fs mean?",
    "c.10775del",
    "p.Thr3592fs",
    "Is c.2816T>A p.(Leu939Ter) in ALMS1 known?",
    "NM_015120.4(ALMS1):c.11107C>T",
    "chr2:73385902A>G",
    "chr2:73,385,902-73,610,793 deletion",
    "g.73385902_73610793del",
    "GRCh38 73385902",
    "rs1052161226 in ALMS1",
    "Where is 2p13.1?",
    "ALMS1 has 23 exons and 4,169 amino acids, 461.2 kDa",
    "C9orf72 GGGGCC 30 60 1000",
    "What is 46,XX or 46,XY?",
    # catalogues and literature
    "Is OMIM 203800 the same as ORPHA:64?",
    "ICD Q87.8 or G12.21",
    "ICD-10 E34.8 ICD-11 5A61.0",
    "SNOMED 63702009, LOINC 2345-7, UMLS C0268425",
    "ENSG00000116127",
    "doi 10.1016/j.ymgme.2011.09.012",
    "https://doi.org/10.1038/s41431-020-0605-0",
    "PMID: 25741868, 17594715 and 12345678",
    "PMC3188637 or GeneReviews NBK1267",
    "ISBN 978-3-16-148410-0",
    "ORCID 0000-0002-1825-0097",
    "NCT03746522",
    "https://www.ncbi.nlm.nih.gov/books/NBK1267/",
    "see www.example.org/2015/03/12/0612345678",
    "Nature Genetics 31(1):74-78, 2002",
    "EN ISO 13485:2016",
    # how many, how often, how old
    "Does it affect 1 in 1,000,000 people or 1 in 500,000?",
    "450 to 1,200 people between 1959 and 2007",
    "chance 25 % or 1/4",
    "1000000000 dollars for research",
    "123456789",
    "between ages 3-12 or 13-18",
    "At what age 10 11 12 13 14 15 16",
    "My son is 12, my daughter 15, my niece 3 and my cousin 2015 born",
    "She was born 3 weeks early and weighed 3200 g",
    "My son was born in 2015",
    "born in March 2015",
    # dates of other things
    "Was the page reviewed 12 March 2015?",
    "The page was last updated on 03/12/2015. Is that old?",
    "Is the page of 12 March 2015 on babies born with it still right?",
    "born with it, says the article of 12 March 2015",
    "Are children born after 1 January 2015 tested?",
    "My son was born blind. The doctor saw him on 12 March 2015.",
    "The study of 12/03/2015 had 1,234,567 people",
    "scan on 12/03/2015 and 14/05/2016",
    "seen on 12.03.2015, call again on 14.05.2016",
    "next appointment 12 March 2027",
    "my call of 2015-03-12 was not answered",
    "MRI 2019 2020",
    "my phone shows MRI 2019 2020 2021",
    # numbers that everybody may call
    "Should I call 112, 999 or 911?",
    "Is 116 123 the number to call?",
    "Can I call 988 or text 741741?",
    "call 0800 111 0 111",
    "what is 13 11 14",
    # results and doses
    "his result was 4155552671",
    "result 9434765919",
    "ALT 90, AST 120, GGT 45, CK 1250",
    "blood sugar 180 190 200 210",
    "his oxygen was 88 89 90 91 92 93",
    "white cell count 250000000",
    "metformin 500 mg 2 x 1000 mg",
    "insulin 10-12-14 units",
    "eGFR 45 ml/min/1.73m2",
    "BMI 31.5, weight 45.2 kg, height 123.5 cm",
    "visual acuity 20/200 or 6/60",
    "hearing 40-70 dB at 500-4000 Hz",
    "ALSFRS 40 38 36 34 32",
    "sample 20150312-0016",
    "is it a sin to have 046 454 287",
    # no number at all
    "What does @ mean in a report?",
    "",
]


@pytest.mark.parametrize(("question", "kind"), FOUND)
def test_what_tells_who_somebody_is_is_found(question: str, kind: Personal):
    """That kind, and no other."""
    assert personal_data(question) == (kind,)


@pytest.mark.parametrize("question", HARMLESS)
def test_what_only_looks_like_it_is_let_through(question: str):
    """A question that is not looked up for nothing helps nobody."""
    assert personal_data(question) == ()


def test_several_kinds_are_told_once_each():
    """In the order in which the message names them."""
    text = "Tom, born 12/03/2015, tom@example.org, tom2@example.org, +44 7911 123456, SSN 123-45-6789"
    assert personal_data(text) == tuple(Personal)


@pytest.mark.parametrize(
    "question", ["My SSN is 123‑45‑6789", "call +44\u00a07911\u00a0123456", "dob １２/０３/２０１５"]
)
def test_unusual_characters_hide_nothing(question: str):
    """Hyphens that do not break, spaces that do not break, wide digits."""
    assert len(personal_data(question)) == 1


def test_nothing_of_a_question_is_logged(caplog: pytest.LogCaptureFixture):
    """What must not be searched must not be kept either."""
    caplog.set_level(logging.DEBUG)
    personal_data("Tom, born 12/03/2015, tom@example.org, +44 7911 123456, SSN 123-45-6789")
    assert not caplog.records


@pytest.mark.parametrize("text", ["1 " * 10_000, "1" * 2000, "123-45-" * 280, "a@" * 1000, "(202) 555-0143 " * 130])
def test_many_numbers_do_not_hold_up_the_page(text: str):
    """Only so many are tried; without that bound, some of these take seconds."""
    personal_data("call 07700 900123")
    started = time.perf_counter()
    personal_data(text)
    assert time.perf_counter() - started < 1


def _turns(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(line)
        yield from record.get("turns") or [record["question"]]


@pytest.mark.parametrize(
    "path", ["evaluation/questions.jsonl", "evaluation/held_back.jsonl", "training/questions.jsonl"]
)
def test_no_question_of_our_sets_holds_personal_data(path: str):
    """They were written without any, so whatever is found there is found wrongly."""
    assert [q for q in _turns(ROOT / path) if personal_data(q)] == []
