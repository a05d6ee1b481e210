"""What the tests share: a toy encoder, a corpus of three pages, the real index of corpus/, and a site to visit."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import numpy as np
import pytest

os.environ["HF_HUB_OFFLINE"] = "1"

from askalms.answering import Assistant
from askalms.corpus import Corpus, load_corpus
from askalms.datatypes import Matrix, Outcome
from askalms.embedding import Encoders, load_encoders
from askalms.index import Index, open_index
from askalms.indexing import build_index
from askalms.lexical import terms_of
from askalms.settings import CorpusSettings, EmbeddingSettings, RerankingSettings, Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from site_with_fake import FakeAnswerer

# A busy machine is no fault of the code.
hypothesis.settings.register_profile("askalms", deadline=None)
hypothesis.settings.load_profile("askalms")

ROOT = Path(__file__).parents[1]
WIDE = {"width": 1280, "height": 900}
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


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """The system's Chromium, with nothing that would reach out by itself."""
    from playwright.sync_api import expect, sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        pytest.fail("no Chromium found; these tests need one: install it, e.g. `apt-get install chromium`")
    switches = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    arguments = [f"--{switch}" for switch in f"{switches} disable-component-update disable-sync".split()]
    # A busy machine is no fault of the pages.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def toy_triage() -> Iterator[None]:
    """A cry for help is told by one word, without loading models."""
    from askalms.triage import Verdict

    def triage(question: str) -> Verdict | None:
        return Verdict(Outcome.CRISIS, "toy") if "kill" in question else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("askalms.admission.triage", triage)
        yield


@pytest.fixture(scope="module")
def served(toy_triage: None) -> "Iterator[tuple[FakeAnswerer, str]]":
    """All pages around a fake, on a free port; nobody asks too often."""
    from askalms.serving import Server, build_site
    from site_with_fake import EXAMPLES, PATIENT, FakeAnswerer

    answerer = FakeAnswerer()
    with closing(Server(build_site(answerer, PATIENT, examples=EXAMPLES), "127.0.0.1")) as server:
        yield answerer, server.address


@pytest.fixture
def answerer(served: "tuple[FakeAnswerer, str]") -> "FakeAnswerer":
    """The fake behind the pages, as if new."""
    answerer, _ = served
    answerer.forget()
    return answerer


@pytest.fixture(scope="module")
def window(chromium: "Browser") -> "Page":
    """A window with the settings that most visitors have, used again and again: it need not fetch and compile anew."""
    return chromium.new_context().new_page()


@pytest.fixture
def visit(
    served: "tuple[FakeAnswerer, str]", answerer: "FakeAnswerer", chromium: "Browser", window: "Page"
) -> "Iterator[Callable[..., Page]]":
    """Open a page as a new visitor; with further settings, in a browser of their own.

    `viewport` and `reduced_motion` are set without one.
    """
    from site_with_fake import wait_for_page

    contexts = []

    def open_page(
        path: str = "",
        *,
        viewport: Any = WIDE,
        reduced_motion: Any = "no-preference",
        **settings: Any,
    ) -> "Page":
        page = window
        if settings:
            contexts.append(chromium.new_context(**settings))
            page = contexts[-1].new_page()
        page.set_default_timeout(30_000)
        page.set_viewport_size(viewport)
        page.emulate_media(reduced_motion=reduced_motion)
        page.goto(served[1] + path)
        if settings.get("java_script_enabled", True):
            wait_for_page(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
