"""Text that lost something on its way out of a file is told, and sound text is left alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askalms.corpus import load_corpus
from askalms.damage import Tally, find_damage, is_damaged, tallies
from askalms.datatypes import BlockKind, Damage, DamageKind, Document, Provenance
from askalms.segmentation import plain_blocks
from askalms.settings import CorpusSettings
from made_files import column, pdf

ROOT = Path(__file__).parents[1]


def document(text: str, doc_id: str = "a.txt", page_starts: tuple[int, ...] = ()) -> Document:
    return Document(doc_id, text, "", (), Provenance("Marlow"), tuple(plain_blocks(text)), page_starts)


def damage(text: str, *others: str, names: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Kinds and words of what is damaged in a text beside other ones."""
    documents = [document(text), *(document(other, f"b{n}.txt") for n, other in enumerate(others))]
    found = find_damage(documents, names).get("a.txt", ())
    return [(d.kind.value, text[d.start : d.end]) for d in found]


SOUND = [
    "Marlow syndrome affects the ears, and its first signs differ.",
    "The MRLW1 gene is X-linked; p.Arg12Ter and c.345del are known, as is IFT88.",
    "Take vitamin D, 5 mg per kg, in hepatitis B or type 2 diabetes.",
    "Pre- and postnatal care, short- to long-term, is multi disciplinary and non profit.",
    "It may be post partum or de novo, in vitro or in vivo, et al.",
    "See https://example.org/ofthe or write to inthe@example.org.",
    "MedlinePlus, GeneReviews, PubMed, JavaScript and YouTube are names, as are Marchand and Anderson.",
    "The café’s naïve patients – 38 °C, 5 µg, “so-called” – cost 10 €.",
    "Signs: • bells \uf0b7 drums \ue123 horns.",
    "The qorvinal bells of Nurnimar ring; brachyplatynia is a rare sign.",
    "Granuloma annulare is no illness of the ears.",
    "Whatever the therapist said, the theory and the thermometer stand.",
    "Grade a b c of it, i e the first, a s said.",
    "Alstrom syndrome and Alstroem syndrome are the same.",
    "E.g. this. i.e. that.",
    "",
]


@pytest.mark.parametrize("text", SOUND)
def test_sound_text_is_left_alone(text: str):
    """Rare words, genes, names, compounds, signs and misspellings are no damage."""
    assert damage(text, "Alström syndrome is rare.") == []


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("It may af ect the ears.", "lost ligatures", "af ect"),
        ("Its signs are di erent.", "lost ligatures", "di erent"),
        ("The e ect is small.", "lost ligatures", "e ect"),
        ("An arti cial ear helps.", "lost ligatures", "arti cial"),
        ("This is of great bene t to them.", "lost ligatures", "bene t"),
        ("Go to the of ce.", "lost ligatures", "of ce"),
        ("The syn drome is rare.", "torn words", "syn drome"),
        ("The syn\ndrome is rare.", "torn words", "syn\ndrome"),
        ("They lack in sulin.", "torn words", "in sulin"),
        ("The syn- drome is rare.", "torn words", "syn- drome"),
        ("The s y n d r o m e is rare.", "torn words", "s y n d r o m e"),
        ("The ears of thesyndrome ring.", "glued words", "thesyndrome"),
        ("A child withthe gene is ill.", "glued words", "withthe"),
        ("The syndromeThe ears ring.", "glued words", "syndromeThe"),
        ("Many patientswith it live long. Their patients are old.", "glued words", "patientswith"),
        ("It is called Alstrm syndrome.", "lost letters", "Alstrm"),
        ("It is called Alstr m syndrome.", "lost letters", "Alstr m"),
        ("It is called Alstr?m syndrome.", "lost letters", "Alstr?m"),
        ("They call it Hallgren-Alstrm syndrome.", "lost letters", "Alstrm"),
        ("It is called AlstrÃ¶m syndrome.", "wrong encoding", "Ã¶"),
        ("The patientâ€™s ears ring.", "wrong encoding", "â€™"),
        ("The patientâ\x80\x99s ears ring.", "wrong encoding", "â\x80\x99"),
        ("The e\0ect is small.", "lost characters", "\0"),
        ("The e\ufffdect is small.", "lost characters", "\ufffd"),
        ("The e\ue012ect is small.", "lost characters", "\ue012"),
        ("The patient\x92s ears ring.", "lost characters", "\x92"),
        ("The (cid:12)rst ears ring.", "lost characters", "(cid:12)"),
    ],
)
def test_damage_is_found_where_it_is(text: str, kind: str, words: str):
    """With its kind, and no more of the text than is damaged."""
    assert (kind, words) in damage(text, "Alström syndrome is rare.")


def test_names_of_diseases_tell_what_others_lost():
    """Also where no document holds the name as it should be."""
    text = "It is called Mrløw syndrome, and Ktl syndrome."
    assert damage(text) == []
    assert damage("They call it Mrtlw syndrome.", names=("Mørtlåw syndrome",)) == [("lost letters", "Mrtlw")]


def test_ligatures_that_left_no_gap_show_by_their_number():
    """One may be a slip of the pen; a font loses them all."""
    assert damage("This is a signicant sign.") == []
    assert damage("This is a signicant sign. It is a specic one.") == [
        ("lost ligatures", "signicant"),
        ("lost ligatures", "specic"),
    ]
    assert damage("This is a signifcant sign. It is a frst one. It is benefcial.") != []


def test_a_fragment_that_mostly_stands_elsewhere_is_a_word():
    """An abbreviation, perhaps, which the corpus has and the dictionary has not."""
    text = "He was given an ect today."
    assert damage("Doctors say a ect helps.") == [("lost ligatures", "a ect")]
    assert damage("Doctors say a ect helps.", text, "The ect was short.", "More ect came.") == []


COLUMNS = """\
the small bells ring in both ears      and other bells are larger, though
at night, and nobody who hears         they do not hurt anyone; they were
them for the first time knows          never heard north of the river, or
why they ring, or when they will       so the people there have told their
stop, as they do in the morning        children, who now tell it again."""


def test_lines_across_two_columns_are_mixed():
    """All of them, as every sentence there is one of two halves."""
    text = f"The bells ring.\n\n{COLUMNS}\n\nThe drums beat."
    (kind, words) = damage(text)[0]
    assert (kind, words) == ("mixed columns", COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        "Age of it       Sign\nTwo years old   Bells that ring\nSix years old   Drums that beat\nAny other age   Horns",
        "\n".join(COLUMNS.split("\n")[:3]),
        COLUMNS.replace("      ", " ").replace("     ", " "),
    ],
)
def test_a_table_or_a_few_lines_are_no_columns(text: str):
    """Nor lines with single spaces."""
    assert [kind for kind, _ in damage(text) if kind == "mixed columns"] == []


@given(st.lists(st.text() | st.sampled_from([*SOUND, "af ect", "Alstrm", "Alström", "\n\n", "Ã¶", "\0"]), max_size=6))
def test_damage_is_in_order_and_inside_the_text(parts: list[str]):
    """Whatever the text is; and the same text has the same damage."""
    text = " ".join(parts)
    found = find_damage([document(text)]).get("a.txt", ())
    assert list(found) == sorted(found, key=lambda d: (d.start, d.end, d.kind))
    assert all(0 <= d.start < d.end <= len(text) for d in found)
    assert find_damage([document(text)]).get("a.txt", ()) == found


@given(st.permutations(["The af ect.", "Alström.", "Alstrm is rare.", "An ect today.", "More ect came."]))
def test_the_order_of_documents_does_not_matter(texts: list[str]):
    """So an index that is renewed judges as one that is built anew."""
    by_text = {}
    for text, found in zip(texts, [find_damage([document(t, t) for t in texts])] * len(texts), strict=True):
        by_text[text] = found.get(text, ())
    fixed = find_damage([document(t, t) for t in sorted(texts)])
    assert by_text == {t: fixed.get(t, ()) for t in texts}


def test_what_is_not_quoted_is_not_judged():
    """Menus are full of words that were glued together."""
    whole = document("The ears of thesyndrome ring.")
    furniture = Document(
        "a.txt", whole.text, "", (), Provenance("x"), (type(whole.blocks[0])(BlockKind.FURNITURE, 0, 9),)
    )
    assert find_damage([whole]) != {}
    assert find_damage([furniture]) == {}


def test_a_stretch_is_damaged_where_it_overlaps():
    """To touch is not to overlap."""
    hurt = Document("a", "x" * 20, "", (), Provenance("x"), (), (), (Damage(DamageKind.TORN_WORDS, 5, 9),))
    assert [is_damaged(hurt, *span) for span in ((0, 5), (0, 6), (6, 7), (8, 20), (9, 20))] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_damage_is_counted_by_page_and_kind():
    """With up to three examples, each once, and with what is stuck to them."""
    text = "The af ect (Alstrm), the af ect. Sound.\n\nThe Alstrm. The Alstrm."
    hurt = document(text, page_starts=(0, text.index("The Alstrm.")))
    found = find_damage([hurt], ["Alström"])
    (one, two, three) = tallies(
        [Document("a.txt", text, "", (), hurt.provenance, hurt.blocks, hurt.page_starts, found["a.txt"])]
    )
    assert one == Tally("a.txt", 1, DamageKind.LOST_LIGATURES, 2, 1, ("af ect", "af ect."))
    assert two == Tally("a.txt", 1, DamageKind.LOST_LETTERS, 1, 1, ("(Alstrm),",))
    assert three == Tally("a.txt", 2, DamageKind.LOST_LETTERS, 2, 1, ("Alstrm.",))
    assert tallies([document("Sound.")]) == []


def test_a_corpus_judges_its_documents_together(tmp_path: Path):
    """A word that one lost is known from another, whatever its format."""
    (tmp_path / "a.txt").write_text("Many say Nørthal syndrome. Nørthal syndrome makes bells ring.", "utf-8")
    (tmp_path / "b.pdf").write_bytes(pdf(column("Bells ring."), column("Nrthal syndrome is rare.")))
    first, second = load_corpus(tmp_path, CorpusSettings()).documents
    assert first.damage == ()
    (found,) = second.damage
    assert (found.kind, second.text[found.start : found.end]) == (DamageKind.LOST_LETTERS, "Nrthal")
    assert second.page_at(found.start) == 2


def test_the_library_is_undamaged():
    """Whoever wrote it, no sentence of it is silenced."""
    assert tallies(load_corpus(ROOT / "corpus", CorpusSettings()).documents) == []


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "expected"), [("corpus", set()), ("corpus-extra", {"Alstrm", "Senior-Lken"})])
def test_scraped_pages_are_damaged_only_where_letters_are_missing(folder: str, expected: set[str]):
    """Real pages where they are at hand: every word that is flagged lacks a letter."""
    path = ROOT.parent / "shared" / folder
    if not path.is_dir():
        pytest.skip("the scraped pages are not at hand")
    found = tallies(load_corpus(path, CorpusSettings()).documents)
    assert {example for t in found for example in t.examples} == expected
