"""Texts -> unit vectors: the encoders. Alone in importing sentence-transformers and onnxruntime."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from askalms.datatypes import Matrix, Vector
from askalms.errors import ModelError
from askalms.settings import DEFAULT_RERANKER, DEFAULT_SENTENCE_MODEL, EmbeddingSettings

_SHIPPED = {DEFAULT_SENTENCE_MODEL: "sentences", DEFAULT_RERANKER: "reranker"}
"""Models that come with the program, and their folders in `models/`."""


class Encoder(Protocol):
    """Turns text into embeddings."""

    @property
    def name(self) -> str:
        """What the model is called; an index made by another is refused."""
        ...

    @property
    def dimension(self) -> int:
        """Components of an embedding."""
        ...

    @property
    def max_tokens(self) -> int:
        """Most tokens it reads of one text."""
        ...

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, those that mark its ends included."""
        ...

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Matrix:
        """Embed texts.

        Args:
            texts: What to embed; what exceeds `max_tokens` is cut off.
            on_done: Called with the number of texts finished since the last call.

        Returns:
            Unit vectors, shape (len(texts), dimension), in the order of `texts`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Encoders:
    """The two encoders of an index: finding a passage and picking its sentence are different jobs."""

    passages: Encoder
    sentences: Encoder


def load_encoders(settings: EmbeddingSettings) -> Encoders:
    """Load the models that the settings name; one model named twice is loaded once.

    Raises:
        ModelError: One of them cannot be loaded.
    """
    passages = load_encoder(settings.model, settings.batch_size)
    if settings.sentence_model == settings.model:
        return Encoders(passages, passages)
    return Encoders(passages, load_encoder(settings.sentence_model, settings.batch_size))


def load_encoder(name: str, batch_size: int = 32) -> Encoder:
    """Load a model.

    Args:
        name: "askalms-sentences", a folder, an installed model package, or a name that
            sentence-transformers knows. A folder with model.onnx and tokenizer.json is run by
            onnxruntime, anything else by sentence-transformers.
        batch_size: Texts encoded at once, where the engine gains by it.

    Raises:
        ModelError: It is none of these.
    """
    try:
        if name in _SHIPPED:
            return _shipped(name)
        location = Path(model_location(name))
        if (location / "model.onnx").is_file():
            return _OnnxEncoder(name, location)
        return _SentenceTransformerEncoder(name, str(location), batch_size)
    except Exception as error:
        raise ModelError(
            f"the model {name!r} cannot be loaded ({first_line(error)}); name a folder that holds a "
            "sentence-transformers model, or an installed model package, under [embedding] in askalms.toml"
        ) from None


@cache
def _shipped(name: str) -> "_OnnxEncoder":
    """Load a model that comes with the program once, since triage and search share it."""
    return _OnnxEncoder(name, Path(model_location(name)))


class _OnnxEncoder:
    """A model exported to ONNX with its pooling.

    Texts are encoded one by one: with dynamic quantisation, the embedding of a text in a batch
    depends on the other texts in it.
    """

    def __init__(self, name: str, folder: Path) -> None:
        from tokenizers import Tokenizer

        self.name = name
        self._session = onnx_session(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.dimension = int(self._session.get_outputs()[0].shape[1])
        self.max_tokens = 256

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text).ids)

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Matrix:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if len(texts) == 1:
            rows[0] = self._encode_one(texts[0])
            return rows
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for i, row in enumerate(pool.map(self._encode_one, texts)):
                rows[i] = row
                if on_done:
                    on_done(1)
        return rows

    def _encode_one(self, text: str) -> Vector:
        ids = self._tokenizer.encode(text).ids
        if len(ids) > self.max_tokens:
            ids = [*ids[: self.max_tokens - 1], ids[-1]]
        tokens = np.array([ids], dtype=np.int64)
        feed = {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        embedding: Vector = self._session.run(None, feed)[0][0]
        return embedding


class _SentenceTransformerEncoder:
    """Any model of sentence-transformers, on the processor."""

    def __init__(self, name: str, location: str, batch_size: int) -> None:
        # Nothing is sent anywhere and nothing fetched behind the user's back.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        self.name = name
        self._batch_size = batch_size
        model = SentenceTransformer(location, device="cpu")
        self._model: Any = model
        self.dimension = int(model.get_embedding_dimension() or 0)
        self.max_tokens = int(model.max_seq_length or 512)

    def count_tokens(self, text: str) -> int:
        return len(self._model.tokenizer(text, truncation=False, verbose=False)["input_ids"])

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Matrix:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        parts = []
        step = self._batch_size * 8
        for start in range(0, len(texts), step):
            batch = list(texts[start : start + step])
            parts.append(
                self._model.encode(
                    batch,
                    batch_size=self._batch_size,
                    normalize_embeddings=True,
                    convert_to_numpy=True,
                    show_progress_bar=False,
                )
            )
            if on_done:
                on_done(len(batch))
        return np.concatenate(parts).astype(np.float32, copy=False)


def onnx_session(folder: Path) -> Any:
    """Open a folder's model.onnx, for use from several threads.

    Threads within one short text cost more than they gain; texts run side by side instead.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])


def first_line(error: Exception) -> str:
    """The first line of what a library says went wrong, or else the kind of error."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def model_location(name: str) -> str:
    """Find where a model lies: with the program, in a folder, in an installed package, or under its name."""
    if name in _SHIPPED:
        return str(files("askalms") / "models" / _SHIPPED[name])
    if Path(name).is_dir():
        return name
    module = name.replace("-", "_")
    if module.isidentifier() and find_spec(module) is not None:
        folder = files(module) / "model"
        if folder.is_dir():
            return str(folder)
    return name
