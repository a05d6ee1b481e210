"""Whatever is wrong with an index is told, each thing in one line."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from askalms.corpus import Corpus
from askalms.datatypes import Matrix
from askalms.embedding import Encoder, Encoders
from askalms.errors import IndexDamagedError, IndexUnusableError
from askalms.generations import current_generation, folder_of, generation_before
from askalms.index import Index
from askalms.indexing import build_index
from askalms.settings import EmbeddingSettings, Settings
from askalms.verification import lost_documents, misfits_of, verify

TOY = EmbeddingSettings(model="toy", sentence_model="toy")


@pytest.fixture
def renewed(toy_folder: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings) -> Path:
    build_index(toy_folder, replace(toy_corpus, documents=toy_corpus.documents[1:]), toy_encoders, toy_settings)
    return toy_folder


def problems(folder: Path, encoders: Encoders) -> list[str]:
    return list(verify(folder, TOY, lambda settings: encoders))


def test_a_whole_index_has_no_problems(renewed: Path, toy_encoders: Encoders):
    """And every document is asked by both encoders."""
    told: list[tuple[str, int, int]] = []
    assert list(verify(renewed, TOY, lambda settings: toy_encoders, lambda *p: told.append(p))) == []
    assert told[-1] == ("Asking each document", 4, 4)


def test_every_damaged_file_is_a_line(renewed: Path, toy_encoders: Encoders):
    """Of the generation that answers, and of the one before it."""
    current, before = current_generation(renewed), generation_before(renewed)
    (folder_of(renewed, current) / "terms.json").write_bytes(b"{}")
    (folder_of(renewed, current) / "headings.npy").unlink()
    (folder_of(renewed, before) / "documents.jsonl").write_bytes(b"")
    assert problems(renewed, toy_encoders) == [
        f"the generation that answers ({current}) is damaged: headings.npy is missing",
        f"the generation that answers ({current}) is damaged: terms.json is not what was written",
        f"the generation before ({before}) is damaged, so nothing can be rolled back to it: "
        "documents.jsonl is not what was written",
    ]


def test_a_lost_generation_is_a_line(renewed: Path, toy_encoders: Encoders):
    """The pointer names a folder that is not there."""
    (renewed / "CURRENT").write_text("gone\n")
    (problem,) = problems(renewed, toy_encoders)
    assert "points to a generation 'gone' that is not there" in problem


def test_no_index_is_no_list_of_problems(tmp_path: Path, toy_encoders: Encoders):
    """There is nothing to check."""
    with pytest.raises(IndexUnusableError, match="there is no index"):
        problems(tmp_path, toy_encoders)


def test_another_model_is_a_line(renewed: Path, toy_encoders: Encoders):
    """The settings name one that did not make the index."""
    settings = replace(TOY, model="other")
    (problem,) = list(verify(renewed, settings, lambda s: toy_encoders))
    assert "the settings name 'other'" in problem


def test_offsets_that_lie_are_told(toy_index: Index):
    """A sentence moved by one character, and one of a document that is not there."""
    first, second, *rest = toy_index.sentences
    moved = replace(first, start=first.start + 1)
    strange = replace(second, doc_id="ghost.md")
    told = list(misfits_of(replace(toy_index, sentences=(moved, strange, *rest))))
    assert told[:2] == [
        f"'als.txt': the sentence from {moved.start} to {moved.end} is not what stands there",
        "a sentence is of 'ghost.md', a document that the index does not hold",
    ]


def test_rows_that_lead_astray_are_told(toy_index: Index):
    """A passage that names the rows of its neighbour."""
    first, second, *rest = toy_index.passages
    astray = replace(second, first_sentence=first.first_sentence)
    assert any(
        "names rows of other sentences" in t for t in misfits_of(replace(toy_index, passages=(first, astray, *rest)))
    )


def test_what_nothing_points_to_is_told(toy_index: Index):
    """A document without sentences, a heading without an embedding."""
    ghost = replace(toy_index.documents["als.txt"], doc_id="ghost.md")
    emptied = replace(toy_index, documents={**toy_index.documents, "ghost.md": ghost}, headings={})
    told = list(misfits_of(emptied))
    assert "'ghost.md' has no sentence, so it can never be found" in told
    assert any(t.startswith("the heading ") for t in told)
    assert list(misfits_of(toy_index)) == []


def _shifted(index: Index) -> Index:
    return replace(index, sentence_vectors=np.roll(index.sentence_vectors, 5, axis=0))


def test_shifted_rows_are_found_by_asking(toy_index: Index, toy_encoder: Encoder):
    """Every file may be what was written, and every vector stand beside the sentence of another document."""
    assert list(lost_documents(toy_index, toy_encoder.encode, toy_encoder.encode)) == []
    lost = list(lost_documents(_shifted(toy_index), toy_encoder.encode, toy_encoder.encode))
    assert lost
    assert all("is not found by its own sentence" in told for told in lost)


def test_shifted_passages_are_found_by_asking(toy_index: Index, toy_encoder: Encoder):
    """The search over passages is asked as well."""
    import faiss

    store = faiss.IndexFlatIP(64)
    store.add(np.roll(toy_index.passage_vectors(), 3, axis=0))
    lost = list(lost_documents(replace(toy_index, _passage_vectors=store), toy_encoder.encode, toy_encoder.encode))
    assert lost
    assert all("is not found by its own passage" in told for told in lost)


def test_vectors_of_another_model_are_found_by_asking(renewed: Path, toy_encoder: Encoder):
    """The same name, but it takes one text for the other; or what it gives are no numbers."""

    class Other:
        name, dimension, max_tokens = "toy", 64, 64
        count_tokens = toy_encoder.count_tokens
        factor = 1.0

        def encode(self, texts: Sequence[str], on_done: object = None) -> Matrix:
            return toy_encoder.encode(texts)[::-1] * np.float32(self.factor)

    other = Other()
    for factor in (1.0, float("nan")):
        other.factor = factor
        told = problems(renewed, Encoders(other, other))
        assert {t.split(" ")[0] for t in told} == {"'alstrom.md'", "'usher.md'"}


def test_a_build_whose_rows_are_shifted_is_not_switched_to(
    toy_folder: Path,
    toy_corpus: Corpus,
    toy_encoders: Encoders,
    toy_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
):
    """As a fault of ours would make it: the old index goes on answering, and nothing is left behind."""
    before = current_generation(toy_folder)
    write = np.save
    monkeypatch.setattr(np, "save", lambda path, rows, **options: write(path, np.roll(rows, 5, axis=0), **options))
    with pytest.raises(IndexDamagedError, match=r"is not found by its own sentence.*the one before goes on answering"):
        build_index(toy_folder, toy_corpus, toy_encoders, toy_settings)
    assert current_generation(toy_folder) == before
    assert [p.name for p in (toy_folder / "generations").iterdir()] == [before]
