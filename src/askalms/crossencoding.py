"""(Question, passage) -> how well each of its sentences answers: the cross-encoder reads both together.

Our own model reads a question with a whole passage at once. A sentence is scored by the mean of its
tokens against the mean of the question's, both as they came out of the joint pass, so it is seen with
its title, its heading and its neighbours. Any cross-encoder of sentence-transformers can take its
place; it reads the question with each sentence in turn.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from askalms.datatypes import Matrix, Vector
from askalms.embedding import first_line, model_location, onnx_session
from askalms.errors import ModelError

MAX_QUESTION_TOKENS = 64
MAX_SENTENCE_TOKENS = 120
MAX_TOKENS = 400
"""Of question, title, heading and sentences together."""

NOTHING, QUESTION = -2, -1
"""What a token belongs to, if not to a sentence."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A passage as it is read: its sentences in order, and what they stand under."""

    context: str
    """Title and heading."""
    sentences: tuple[str, ...]


class CrossEncoder(Protocol):
    """Reads a question and a passage together."""

    @property
    def name(self) -> str:
        """What the model is called."""
        ...

    def score(self, question: str, readings: Sequence[Reading]) -> list[Vector]:
        """Score sentences.

        Args:
            question: What is asked, with the disease named in full.
            readings: Passages.

        Returns:
            For each passage the log-odds that each of its sentences answers, shape (number of sentences,).
        """
        ...


def load_cross_encoder(name: str) -> CrossEncoder:
    """Load a model.

    Args:
        name: "askalms-reranker", a folder, an installed model package, or a name that
            sentence-transformers knows.

    Raises:
        ModelError: It is none of these.
    """
    try:
        location = Path(model_location(name))
        if (location / "model.onnx").is_file():
            return _JointReader(name, location)
        return _PairReader(name, str(location))
    except Exception as error:
        raise ModelError(
            f"the cross-encoder {name!r} cannot be loaded ({first_line(error)}); name a folder that holds a "
            'cross-encoder of sentence-transformers under [reranking] in askalms.toml, or "none" to do without'
        ) from None


def joined(
    tokenize: Callable[[str], list[int]], ends: tuple[int, int], question: str, reading: Reading
) -> tuple[list[int], list[int]]:
    """Write a question and a passage as one row of tokens.

    Args:
        tokenize: Gives the tokens of a text, without those that mark its ends.
        ends: The tokens that open the row and that close each part of it.
        question: What is asked; cut after `MAX_QUESTION_TOKENS`.
        reading: The passage; a sentence is cut after `MAX_SENTENCE_TOKENS`, the whole after `MAX_TOKENS`.

    Returns:
        The tokens, and for each token the number of the sentence it belongs to, `QUESTION` or `NOTHING`.
    """
    asked = tokenize(question)[:MAX_QUESTION_TOKENS]
    context = tokenize(reading.context)[:MAX_QUESTION_TOKENS]
    tokens = [ends[0], *asked, ends[1], *context]
    owners = [NOTHING, *[QUESTION] * len(asked), *[NOTHING] * (1 + len(context))]
    for number, sentence in enumerate(reading.sentences):
        own = tokenize(sentence)[:MAX_SENTENCE_TOKENS]
        tokens += own
        owners += [number] * len(own)
    return [*tokens[: MAX_TOKENS - 1], ends[1]], [*owners[: MAX_TOKENS - 1], NOTHING]


def pooling(owners: Sequence[int], sentences: int) -> Matrix:
    """Make the matrix that takes the mean of each part's tokens.

    Args:
        owners: Of each token, from `joined`.
        sentences: How many there are; one whose tokens were all cut off gets zeros.

    Returns:
        Shape (1 + sentences, len(owners)); the first row is for the question.
    """
    matrix = np.zeros((1 + sentences, len(owners)), dtype=np.float32)
    for column, owner in enumerate(owners):
        if owner >= QUESTION:
            matrix[owner + 1, column] = 1
    matrix /= np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return matrix


class _JointReader:
    """Our own model, run by onnxruntime: one passage a run, passages side by side."""

    def __init__(self, name: str, folder: Path) -> None:
        from tokenizers import Tokenizer

        self.name = name
        self._session = onnx_session(folder)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        opening, *_, closing = tokenizer.encode("").ids
        self._ends = (opening, closing)
        self._pool = ThreadPoolExecutor(os.cpu_count())

    def score(self, question: str, readings: Sequence[Reading]) -> list[Vector]:
        return list(self._pool.map(lambda reading: self._score_one(question, reading), readings))

    def _score_one(self, question: str, reading: Reading) -> Vector:
        if not reading.sentences:
            return np.zeros(0, dtype=np.float32)
        tokens, owners = joined(self._tokens, self._ends, question, reading)
        feed = {
            "input_ids": np.array([tokens], dtype=np.int64),
            "pooling": pooling(owners, len(reading.sentences))[np.newaxis],
        }
        scores: Vector = self._session.run(None, feed)[0][0]
        # A sentence that did not fit in was not read.
        return np.where(np.isin(np.arange(len(scores)), owners), scores, np.float32(-10)).astype(np.float32)

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


class _PairReader:
    """Any cross-encoder of sentence-transformers with one output, on the processor."""

    def __init__(self, name: str, location: str) -> None:
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import CrossEncoder as PairModel
        from torch.nn import Identity

        self.name = name
        self._raw = Identity()
        self._model: Any = PairModel(location, device="cpu")
        if self._model.num_labels != 1:
            raise ValueError(f"it gives {self._model.num_labels} numbers for a pair; expected 1")

    def score(self, question: str, readings: Sequence[Reading]) -> list[Vector]:
        pairs = [(question, f"{r.context}: {sentence}") for r in readings for sentence in r.sentences]
        if not pairs:
            return [np.zeros(0, dtype=np.float32) for _ in readings]
        scores = self._model.predict(pairs, activation_fn=self._raw, convert_to_numpy=True, show_progress_bar=False)
        ends = np.cumsum([len(r.sentences) for r in readings])[:-1]
        return [np.asarray(part, dtype=np.float32) for part in np.split(np.asarray(scores).ravel(), ends)]
