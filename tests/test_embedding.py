"""The encoder: the shipped model, one from a folder, and what cannot be loaded."""

import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from askalms.embedding import Encoder, Encoders, load_encoder, load_encoders, model_location, weights_of
from askalms.errors import ModelError
from askalms.settings import DEFAULT_RERANKER, DEFAULT_SENTENCE_MODEL, STOCK_MODEL, EmbeddingSettings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def real_encoder(real_encoders: Encoders) -> Encoder:
    """The stock model, by sentence-transformers."""
    return real_encoders.passages


def test_embeddings_are_unit_vectors_in_the_order_of_the_texts(real_encoder: Encoder):
    """Each text alone gives what it gives among others."""
    texts = ["Alström syndrome is inherited.", "", "x " * 1000, "Wie geht es Ihnen?", "\0🙂"]
    together = real_encoder.encode(texts)
    assert together.shape == (5, real_encoder.dimension) == (5, 384)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    for text, row in zip(texts, together, strict=True):
        assert float(real_encoder.encode([text])[0] @ row) == pytest.approx(1.0, abs=1e-4)


def test_texts_of_like_meaning_are_nearer(real_encoder: Encoder):
    """The question is nearer to its answer than to a sentence about the weather."""
    asked, answer, other = real_encoder.encode(
        ["Is it passed on in the family?", "The disease is inherited.", "It will rain tomorrow."]
    )
    assert asked @ answer > asked @ other + 0.2


def test_no_texts_give_no_rows(real_encoder: Encoder):
    """An empty corpus has embeddings of the right width."""
    assert real_encoder.encode([]).shape == (0, 384)


def test_progress_counts_every_text_once(real_encoder: Encoder):
    """The bar ends where it should."""
    done: list[int] = []
    real_encoder.encode(["a"] * 600, done.append)
    assert sum(done) == 600
    assert len(done) > 1


def test_tokens_are_those_of_the_model(real_encoder: Encoder):
    """Two for the ends, one for each of two common words."""
    assert real_encoder.count_tokens("hello world") == 4
    assert real_encoder.max_tokens == 256


def test_a_model_in_a_folder_is_loaded(tmp_path: Path, real_encoder: Encoder):
    """Any sentence-transformers model on disk will do; ours with the same weights gives nearly the same vectors."""
    folder = tmp_path / "my-model"
    folder.symlink_to(model_location(STOCK_MODEL))
    other = load_encoder(str(folder))
    assert other.name == str(folder)
    text = ["Alström syndrome"]
    assert float((other.encode(text) * real_encoder.encode(text)).sum()) > 0.999


@pytest.mark.parametrize("name", ["no-such/model", "no such model", "json"])
def test_a_model_that_is_not_there_is_told_in_one_line(name: str):
    """The name that was found, and what could be named instead."""
    with pytest.raises(ModelError, match=rf"the model '{name}' cannot be loaded") as raised:
        load_encoder(name)
    assert "\n" not in str(raised.value)


def test_a_folder_without_a_model_is_told_in_one_line(tmp_path: Path):
    """An empty folder is no model."""
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(str(tmp_path))


@pytest.mark.parametrize("kind", ["passages", "sentences"])
def test_an_embedding_does_not_depend_on_the_other_texts(real_encoders: Encoders, kind: str):
    """Alone, among others, in another order: the same bytes, so that a renewed index equals a new one."""
    encoder: Encoder = getattr(real_encoders, kind)
    texts = ["Alström syndrome is inherited.", "x " * 1000, "", "What is ALS?", "Wie geht es Ihnen?", "\0🙂"]
    together = encoder.encode(texts)
    backwards = encoder.encode(texts[::-1])[::-1]
    for text, row, other in zip(texts, together, backwards, strict=True):
        alone = encoder.encode([text])[0]
        assert row.tobytes() == other.tobytes() == alone.tobytes()
        assert float(alone @ alone) == pytest.approx(1.0, abs=1e-4)


# --- what is known of a model without loading it


def test_the_weights_of_what_comes_with_the_program_are_its_files():
    """A model that is trained anew has the same name."""
    assert re.fullmatch("[0-9a-f]{64}", weights_of(DEFAULT_SENTENCE_MODEL))
    assert weights_of(DEFAULT_SENTENCE_MODEL) != weights_of(DEFAULT_RERANKER)


def test_the_weights_of_a_package_are_its_version():
    """Its files are as the package index has them."""
    assert weights_of(STOCK_MODEL) == f"{STOCK_MODEL} {version(STOCK_MODEL)}"


def test_the_weights_of_a_folder_are_its_files_and_their_names(tmp_path: Path):
    """Another byte, another name or another file makes another model; another text about it does not."""
    seen = set()
    for name, data in (("a", b"1"), ("a", b"2"), ("b", b"2"), ("sub", b"")):
        (tmp_path / name).write_bytes(data)
        seen.add(weights_of(str(tmp_path)))
    assert len(seen) == 4
    (tmp_path / "README.md").write_text("It is a good model.")
    assert weights_of(str(tmp_path)) in seen


@pytest.mark.parametrize("name", ["toy", "no-such/model", "a/b/c", "../x", "", "."])
def test_of_an_unknown_model_only_the_name_is_known(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever stands in the settings, it is the loading that complains."""
    monkeypatch.chdir(tmp_path)
    assert weights_of(name)


def test_a_fetched_model_is_known_by_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As the cache has it, under its short name as well; another commit is another model."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--sentence-transformers--tiny"
    for commit in ("1" * 40, "2" * 40):
        (folder / "snapshots" / commit).mkdir(parents=True)
        (folder / "snapshots" / commit / "config.json").write_text("{}")
        (folder / "refs").mkdir(exist_ok=True)
        (folder / "refs" / "main").write_text(commit)
        assert weights_of("tiny") == f"tiny {commit}"
        assert weights_of("sentence-transformers/tiny") == f"sentence-transformers/tiny {commit}"


# --- the shipped model for sentences


def test_the_answer_is_nearer_than_its_neighbours(real_encoders: Encoders):
    """Trained for it: the sentence that answers, not the one that repeats the question's words."""
    asked, answer, echo = real_encoders.sentences.encode(
        [
            "At what age does the hearing loss in Muckle syndrome begin?",
            "Muckle syndrome\nMost children hear less from about ten years on.",
            "Muckle syndrome\nHearing loss in Muckle syndrome is a sign of the disease.",
        ]
    )
    assert asked @ answer > asked @ echo


def test_a_model_named_twice_is_loaded_once():
    """One model for both jobs takes its memory once."""
    name = "askalms-sentences"
    both = load_encoders(EmbeddingSettings(model=name, sentence_model=name))
    assert both.passages is both.sentences
