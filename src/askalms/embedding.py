"""Texts -> unit vectors: the encoders. Alone in importing sentence-transformers and onnxruntime."""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from askalms.datatypes import Matrix, Vector
from askalms.errors import ModelError
from askalms.settings import DEFAULT_MODEL, DEFAULT_RERANKER, DEFAULT_SENTENCE_MODEL, EmbeddingSettings

_SHIPPED = {DEFAULT_MODEL: "passages", DEFAULT_SENTENCE_MODEL: "sentences", DEFAULT_RERANKER: "reranker"}
"""Models that come with the program, and their folders in `models/`."""
_REPORTED_AT_ONCE = 32
"""Texts that are embedded between two reports of progress."""


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
        """Embed texts, each by itself: its embedding is the same to the last bit, whatever is embedded with it.

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
    passages = load_encoder(settings.model)
    if settings.sentence_model == settings.model:
        return Encoders(passages, passages)
    return Encoders(passages, load_encoder(settings.sentence_model))


def load_encoder(name: str) -> Encoder:
    """Load a model.

    Args:
        name: "askalms-sentences", a folder, an installed model package, or a name that
            sentence-transformers knows. A folder with model.onnx and tokenizer.json is run by
            onnxruntime, anything else by sentence-transformers.

    Raises:
        ModelError: It is none of these.
    """
    try:
        return _kept(name) if name in _SHIPPED else _loaded(name)
    except Exception as error:
        raise ModelError(
            f"the model {name!r} cannot be loaded ({first_line(error)}); name a folder that holds a "
            "sentence-transformers model, or an installed model package, under [embedding] in askalms.toml"
        ) from None


@cache
def _kept(name: str) -> Encoder:
    """Load a model that comes with the program once, since triage and search share it."""
    return _loaded(name)


def _loaded(name: str) -> Encoder:
    location = Path(model_location(name))
    if (location / "model.onnx").is_file():
        return _OnnxEncoder(name, location)
    return _SentenceTransformerEncoder(name, str(location))


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
    """Any model of sentence-transformers, on the processor.

    Texts are encoded one by one: padded to the length of others, a text gets an embedding that differs in its last
    bits. On a processor that is no slower.
    """

    def __init__(self, name: str, location: str) -> None:
        # Nothing is sent anywhere and nothing fetched behind the user's back.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        self.name = name
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
        for start in range(0, len(texts), _REPORTED_AT_ONCE):
            batch = list(texts[start : start + _REPORTED_AT_ONCE])
            parts.append(
                self._model.encode(
                    batch,
                    batch_size=1,
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


def weights_of(name: str) -> str:
    """Tell which weights a model has, without loading it: an index made with others must be made again.

    Returns:
        A hash of the files of a model that comes with the program or lies in a folder; name and version of a package;
        name and commit of what sentence-transformers fetched; for anything else, the name.
    """
    if name not in _SHIPPED and not Path(name).is_dir():
        try:
            return f"{name} {version(name)}"
        except (PackageNotFoundError, ValueError):
            pass
    location = Path(model_location(name))
    if not location.is_dir():
        return _fetched(name)
    hashed = hashlib.sha256()
    try:
        for path in sorted(p for p in location.rglob("*") if p.is_file() and p.suffix != ".md"):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            hashed.update(f"{path.relative_to(location).as_posix()}\n{digest}\n".encode())
    except OSError as error:
        raise ModelError(f"the model {name!r} cannot be read ({error}); check the files of its folder") from None
    return hashed.hexdigest()


def _fetched(name: str) -> str:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for repository in (name, f"sentence-transformers/{name}"):
        try:
            found = try_to_load_from_cache(repository, "config.json")
        except HFValidationError:
            continue
        if isinstance(found, str):
            return f"{name} {Path(found).parent.name}"
    return name
