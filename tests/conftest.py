"""What the tests share: a toy encoder, a corpus of three pages, and the real index of corpus/."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import hypothesis
import numpy as np
import pytest

os.environ["HF_HUB_OFFLINE"] = "1"

from askalms.answering import Assistant
from askalms.corpus import Corpus, load_corpus
from askalms.datatypes import Matrix
from askalms.embedding import Encoders, load_encoders
from askalms.index import Index, open_index
from askalms.indexing import build_index
from askalms.lexical import terms_of
from askalms.settings import CorpusSettings, EmbeddingSettings, RerankingSettings, Settings

# A busy machine is no fault of the code.
hypothesis.settings.register_profile("askalms", deadline=None)
hypothesis.settings.load_profile("askalms")

ROOT = Path(__file__).parents[1]
TOY_CORPUS = ROOT / "tests" / "data" / "corpus"


class ToyEncoder:
    """A bag of words: every term has a direction of its own, so texts are near that share terms."""

    name = "toy"
    dimension = 64
    max_tokens = 64

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Matrix:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for term in terms_of(text):
                seed = int.from_bytes(hashlib.sha256(term.encode()).digest()[:4])
                row += np.random.default_rng(seed).standard_normal(self.dimension)
            row /= np.linalg.norm(row) or 1.0
        if on_done:
            on_done(len(texts))
        return rows


@pytest.fixture(scope="session")
def toy_encoder() -> ToyEncoder:
    return ToyEncoder()


@pytest.fixture(scope="session")
def toy_encoders(toy_encoder: ToyEncoder) -> Encoders:
    return Encoders(toy_encoder, toy_encoder)


@pytest.fixture(scope="session")
def toy_settings() -> Settings:
    return Settings(
        embedding=EmbeddingSettings(model="toy", sentence_model="toy"), reranking=RerankingSettings(model="none")
    )


@pytest.fixture(scope="session")
def toy_corpus() -> Corpus:
    return load_corpus(TOY_CORPUS, CorpusSettings())


@pytest.fixture
def toy_folder(tmp_path: Path, toy_corpus: Corpus, toy_encoders: Encoders, toy_settings: Settings) -> Path:
    """A folder with an index of the toy corpus."""
    folder = tmp_path / "index"
    build_index(folder, toy_corpus, toy_encoders, toy_settings)
    return folder


@pytest.fixture
def toy_index(toy_folder: Path, toy_settings: Settings) -> Index:
    return open_index(toy_folder, toy_settings.embedding)


@pytest.fixture
def toy_assistant(toy_index: Index, toy_encoders: Encoders, toy_settings: Settings) -> Assistant:
    return Assistant(toy_index, toy_encoders, toy_settings)


@pytest.fixture(scope="session")
def real_encoders() -> Encoders:
    return load_encoders(EmbeddingSettings())


@pytest.fixture(scope="session")
def real_folder(tmp_path_factory: pytest.TempPathFactory, real_encoders: Encoders) -> Path:
    """A folder with an index of corpus/ made with the models that are shipped."""
    folder = tmp_path_factory.mktemp("real") / "index"
    build_index(folder, load_corpus(ROOT / "corpus", CorpusSettings()), real_encoders, Settings())
    return folder


@pytest.fixture(scope="session")
def real_assistant(real_folder: Path, real_encoders: Encoders) -> Assistant:
    return Assistant(open_index(real_folder, EmbeddingSettings()), real_encoders, Settings())
