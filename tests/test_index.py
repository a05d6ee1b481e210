"""Generations on disk: what is written is what is read, and what is damaged is said to be."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from askalms.corpus import Corpus, load_corpus
from askalms.datatypes import Vector
from askalms.embedding import Encoder, Encoders
from askalms.errors import IndexUnusableError
from askalms.index import Index, open_index, rarity, read_document
from askalms.indexing import build_index, difference, is_up_to_date
from askalms.settings import ChunkingSettings, CorpusSettings, EmbeddingSettings, Settings

TOY = EmbeddingSettings(model="toy", sentence_model="toy")


def test_documents_are_read_back_as_they_were(toy_index: Index, toy_corpus: Corpus):
    """Texts, spans and provenance survive the way to disk and back."""
    assert tuple(toy_index.documents.values()) == toy_corpus.documents


def test_every_sentence_and_passage_is_the_slice_its_offsets_name(toy_index: Index):
    """The promise on which every quote rests."""
    for piece in (*toy_index.sentences, *toy_index.passages):
        assert toy_index.documents[piece.doc_id].text[piece.start : piece.end] == piece.text


def test_a_passage_names_the_rows_of_its_sentences(toy_index: Index):
    """Rows run on from one document to the next."""
    for passage in toy_index.passages:
        inside = toy_index.sentences[passage.first_sentence : passage.last_sentence]
        assert (inside[0].start, inside[-1].end) == (passage.start, passage.end)
        assert {s.doc_id for s in inside} == {passage.doc_id}


def test_search_finds_the_passage_itself_first(toy_index: Index, toy_encoder: Encoder):
    """A passage's own words are nearest to it, with cosine 1."""
    passage = toy_index.passages[1]
    rows, scores = toy_index.search(toy_encoder.encode([f"{passage.context}\n{passage.text}"])[0], 3)
    assert rows[0] == 1
    assert scores[0] == pytest.approx(1.0, abs=1e-5)


def test_search_is_not_padded(toy_index: Index, toy_encoder: Encoder):
    """Asked for more than there is, it gives what there is."""
    vector = toy_encoder.encode(["eyes"])[0]
    rows, scores = toy_index.search(vector, 1000)
    assert sorted(rows.tolist()) == list(range(len(toy_index.passages)))
    assert len(scores) == len(rows)
    only = toy_index.search(vector, 1000, np.array([2], dtype=np.int64))[0]
    assert only.tolist() == [2]


def test_search_in_no_rows_finds_nothing(toy_index: Index):
    """A disease without a passage gives an empty ranking."""
    vector: Vector = np.ones(64, dtype=np.float32)
    assert len(toy_index.search(vector, 5, np.zeros(0, dtype=np.int64))[0]) == 0


def test_the_same_sentence_is_known_in_both_documents(toy_index: Index):
    """The sentence about parents stands in the pages on ALS and on Usher syndrome."""
    both = [rows for words, rows in toy_index.places_of_sentence.items() if words.startswith("Both parents")]
    assert [[toy_index.sentences[row].doc_id for row in rows] for rows in both] == [["als.txt", "usher.md"]]


def test_rarer_terms_weigh_more():
    """The formula by hand: ln(1 + (4 - 1 + 0.5) / (1 + 0.5)) = 1.2040 and ln(1 + 0.5 / 4.5) = 0.1054."""
    weights = rarity({"once": 1, "always": 4}, 4)
    assert weights["once"] == pytest.approx(1.2040, abs=1e-4)
    assert weights["always"] == pytest.approx(0.1054, abs=1e-4)


# --- what documents were written from


@pytest.fixture
def written(tmp_path: Path, toy_encoders: Encoders, toy_settings: Settings) -> Index:
    """An index of one page from three sources, whose sections name two, one, none, and one that is unknown."""
    corpus = tmp_path / "written"
    corpus.mkdir()
    (corpus / "references.toml").write_text(
        "".join(f'[{name}]\ntitle = "{name}"\n' for name in ("one", "two", "three"))
    )
    (corpus / "page.md").write_text(
        "---\ntitle: Okafor syndrome\nsources: [three, two, one]\n---\n"
        "It is rare in all the world.\n\n"
        "## Ears\n\nThe ears ring at night.\n\n<!-- sources: one, two -->\n\nThey ring by day.\n\n"
        "## Legs\n\n<!-- sources: two -->\n\nThe legs grow weak.\n\n"
        "## Eyes\n\n<!-- sources: four -->\n\nThe eyes stay well.\n"
    )
    (corpus / "other.txt").write_text("The feet are cold. The feet are wet.")
    build_index(tmp_path / "i", load_corpus(corpus, CorpusSettings()), toy_encoders, toy_settings)
    return open_index(tmp_path / "i", TOY)


@pytest.mark.parametrize(
    ("words", "sources"),
    [
        ("The ears ring", ["two", "one"]),
        ("They ring by day.", ["two", "one"]),
        ("day.", ["two", "one"]),
        ("The legs", ["two"]),
        # What names no source, or none that the page knows, was written from any of them.
        ("It is rare", ["three", "two", "one"]),
        ("The eyes", ["three", "two", "one"]),
        # So was what no section holds.
        ("## Legs", ["three", "two", "one"]),
        ("title:", ["three", "two", "one"]),
    ],
)
def test_a_place_was_written_from_the_sources_of_its_section(written: Index, words: str, sources: list[str]):
    """In the order of the page, whatever the order in the section."""
    start = written.documents["page.md"].text.index(words)
    assert [r.ref_id for r in written.written_from("page.md", start)] == sources


def test_sources_of_sections_are_read_back_as_they_were(written: Index):
    """As tuples, like all that is frozen."""
    assert [s.sources for s in written.sections["page.md"]] == [(), ("one", "two"), ("two",), ("four",)]
    assert written.written_from("page.md", 10**6) == written.documents["page.md"].provenance.sources


def test_a_page_without_sources_was_written_from_none(written: Index):
    """At any place."""
    assert written.written_from("other.txt", 0) == written.written_from("other.txt", 99) == ()


def test_another_source_is_another_index(tmp_path: Path, toy_encoders: Encoders, toy_settings: Settings):
    """What references.toml says of a source is shown with quotes, so a change of it alone renews the index."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text("---\ntitle: Okafor syndrome\nsources: [one]\n---\nThe ears ring. They hurt.\n")
    for title, fresh in (("Ears", False), ("Ears", True), ("Legs", False)):
        (corpus / "references.toml").write_text(f'[one]\ntitle = "{title}"\n')
        loaded = load_corpus(corpus, CorpusSettings())
        assert is_up_to_date(tmp_path / "i", loaded, toy_settings) is fresh
        build_index(tmp_path / "i", loaded, toy_encoders, toy_settings)
        (shown,) = open_index(tmp_path / "i", TOY).written_from("a.md", 0)
        assert shown.title == title


# --- renewing


def test_an_unchanged_corpus_is_up_to_date(toy_folder: Path, toy_corpus: Corpus, toy_settings: Settings):
    """Nothing to do is recognised without reading a model."""
    assert is_up_to_date(toy_folder, toy_corpus, toy_settings)
    assert not difference(toy_folder, toy_corpus)


def test_other_settings_are_not_up_to_date(toy_folder: Path, toy_corpus: Corpus, toy_settings: Settings):
    """Shorter passages need another index."""
    other = Settings(embedding=toy_settings.embedding, chunking=ChunkingSettings(passage_tokens=20))
    assert not is_up_to_date(toy_folder, toy_corpus, other)


def test_the_difference_names_files(tmp_path: Path, toy_folder: Path):
    """One file is new, one is changed, one is gone, one is as it was."""
    corpus = tmp_path / "corpus"
    shutil.copytree(Path(__file__).parent / "data" / "corpus", corpus)
    (corpus / "new.txt").write_text("Alström syndrome is rare. Alström syndrome is inherited.", "utf-8")
    with (corpus / "als.txt").open("a", encoding="utf-8") as file:
        file.write("\nALS is rare.\n")
    (corpus / "usher.md").unlink()
    change = difference(toy_folder, load_corpus(corpus, CorpusSettings()))
    assert (change.added, change.changed, change.removed) == (("new.txt",), ("als.txt",), ("usher.md",))
    assert change.unchanged == 1


def test_one_generation_before_the_current_is_kept(
    toy_folder: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings
):
    """After three builds two generations are there, and the newest answers."""
    first = (toy_folder / "CURRENT").read_text()
    for _ in range(2):
        build_index(toy_folder, toy_corpus, toy_encoders, toy_settings)
    names = {p.name for p in (toy_folder / "generations").iterdir()}
    assert len(names) == 2
    assert (toy_folder / "CURRENT").read_text().strip() in names
    assert first.strip() not in names


class _Stumbling:
    """An encoder that fails on the way."""

    name = "toy"
    dimension = 64
    max_tokens = 64

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def encode(self, texts, on_done=None):
        raise RuntimeError("out of memory")


def test_a_build_that_fails_leaves_the_old_index(toy_folder: Path, toy_corpus: Corpus, toy_settings: Settings):
    """The index that answered goes on answering, and no half one is left behind."""
    before = (toy_folder / "CURRENT").read_text()
    document = toy_corpus.documents[0]
    renewed = replace(document, provenance=replace(document.provenance, title="Another title"))
    changed = replace(toy_corpus, documents=(renewed, *toy_corpus.documents[1:]))
    with pytest.raises(RuntimeError, match="out of memory"):
        build_index(toy_folder, changed, Encoders(_Stumbling(), _Stumbling()), toy_settings)
    assert (toy_folder / "CURRENT").read_text() == before
    assert len(list((toy_folder / "generations").iterdir())) == 1
    assert open_index(toy_folder, TOY).passages


def test_an_empty_corpus_is_not_indexed(tmp_path: Path, toy_encoders: Encoders, toy_settings: Settings):
    """An index of nothing would answer nothing and say nothing about it."""
    empty = load_corpus(tmp_path, CorpusSettings())
    with pytest.raises(IndexUnusableError, match="no document"):
        build_index(tmp_path / "index", empty, toy_encoders, toy_settings)


# --- what cannot be opened


def _generation(folder: Path) -> Path:
    return folder / "generations" / (folder / "CURRENT").read_text().strip()


def test_no_index_says_how_to_make_one(tmp_path: Path):
    """The message names the folder and the command."""
    with pytest.raises(IndexUnusableError, match=r"there is no index in .*askalms index"):
        open_index(tmp_path, TOY)


@pytest.mark.parametrize("key", ["model", "sentence_model"])
def test_an_index_of_another_model_is_refused(toy_folder: Path, key: str):
    """Vectors of one model mean nothing to another."""
    with pytest.raises(IndexUnusableError, match=rf"embeddings of 'toy', but .*'other'; rebuild .* as {key} under"):
        open_index(toy_folder, replace(TOY, **{key: "other"}))


def test_a_later_format_is_refused(toy_folder: Path):
    """An index of another version of the program says so."""
    path = _generation(toy_folder) / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(IndexUnusableError, match=r"format 99.*rebuild"):
        open_index(toy_folder, TOY)


@pytest.mark.parametrize(
    "name",
    [
        "documents.jsonl",
        "passages.faiss",
        "sentences.npy",
        "headings.npy",
        "headings.json",
        "terms.json",
        "topics.json",
    ],
)
def test_a_damaged_file_is_named(toy_folder: Path, name: str):
    """One byte changed, cut off or gone: never an answer from it, always one plain sentence."""
    path = _generation(toy_folder) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(IndexUnusableError, match=rf"damaged: {name}.*rebuild"):
        open_index(toy_folder, TOY)
    path.write_bytes(bytes(data[:10]))
    with pytest.raises(IndexUnusableError, match=rf"damaged: {name}"):
        open_index(toy_folder, TOY)
    path.unlink()
    with pytest.raises(IndexUnusableError, match=rf"damaged: {name} is missing"):
        open_index(toy_folder, TOY)


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "\x00\xff"])
def test_a_manifest_that_cannot_be_read_is_said_to_be(toy_folder: Path, content: str):
    """A half-written manifest is no traceback."""
    (_generation(toy_folder) / "manifest.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(IndexUnusableError, match="no readable manifest"):
        open_index(toy_folder, TOY)


@pytest.mark.parametrize("key", ["files", "documents", "sentence_model", "fingerprint"])
def test_a_manifest_that_lacks_something_names_it(
    toy_folder: Path, toy_corpus: Corpus, toy_settings: Settings, key: str
):
    """The index cannot be opened, and the next `askalms index` builds it anew."""
    path = _generation(toy_folder) / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest[key]
    path.write_text(json.dumps(manifest))
    with pytest.raises(IndexUnusableError, match=rf"lacks {key}; rebuild"):
        open_index(toy_folder, TOY)
    assert not is_up_to_date(toy_folder, toy_corpus, toy_settings)
    assert len(difference(toy_folder, toy_corpus).added) == 3


@pytest.mark.parametrize("pointer", ["", "../../etc", "gone", "\xff"])
def test_a_pointer_to_nothing_is_said_to_be(toy_folder: Path, pointer: str):
    """CURRENT names a generation that is not there."""
    (toy_folder / "CURRENT").write_bytes(pointer.encode("latin-1"))
    with pytest.raises(IndexUnusableError, match="not there"):
        open_index(toy_folder, TOY)


def test_show_names_the_documents_it_has(toy_folder: Path):
    """A wrong name is answered with the right ones."""
    assert read_document(toy_folder, "als.txt").text.startswith("Amyotrophic")
    with pytest.raises(IndexUnusableError, match=r"no document 'x.txt'; it has als.txt, alstrom.md, usher.md"):
        read_document(toy_folder, "x.txt")
