"""Texts -> unit vectors: the encoder. Alone in importing sentence-transformers."""

import os
from collections.abc import Callable, Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from askalms.datatypes import Matrix
from askalms.errors import ModelError
from askalms.settings import EmbeddingSettings


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


def load_encoder(settings: EmbeddingSettings) -> Encoder:
    """Load the model that the settings name.

    Raises:
        ModelError: It is neither a folder, nor an installed model package, nor a name that
            sentence-transformers can load.
    """
    return _SentenceTransformerEncoder(settings)


class _SentenceTransformerEncoder:
    """Any model of sentence-transformers, on the processor."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        # Nothing is sent anywhere and nothing fetched behind the user's back.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        self.name = settings.model
        self._batch_size = settings.batch_size
        try:
            model = SentenceTransformer(model_location(settings.model), device="cpu")
        except Exception as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelError(
                f"the model {settings.model!r} cannot be loaded ({reason}); name a folder that holds a "
                "sentence-transformers model, or an installed model package, under [embedding] in askalms.toml"
            ) from None
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


def model_location(name: str) -> str:
    """Find where a model lies: a folder, the weights inside an installed package, or the name itself."""
    if Path(name).is_dir():
        return name
    module = name.replace("-", "_")
    if module.isidentifier() and find_spec(module) is not None:
        folder = files(module) / "model"
        if folder.is_dir():
            return str(folder)
    return name
