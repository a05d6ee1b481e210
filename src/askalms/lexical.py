"""BM25 over folded, stemmed words. Alone in importing bm25s."""

import logging
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray

from askalms.datatypes import Vector
from askalms.texts import load_data
from askalms.words import words_of

logging.getLogger("bm25s").setLevel(logging.WARNING)

STOP_WORDS = frozenset(load_data("language")["stop_words"])
"""Words too common to tell one text from another."""


def terms_of(text: str) -> list[str]:
    """The words of a text as BM25 counts them: folded, without stop words, stemmed.

    Example:
        >>> terms_of("How is Alström syndrome inherited?")
        ['alstrom', 'syndrom', 'inherit']
    """
    return stems_of(words_of(text))


def stems_of(words: Iterable[str]) -> list[str]:
    """The same for words that are folded already, in their order.

    Example:
        >>> stems_of(["the", "eyes"])
        ['eye']
    """
    return [_stem(w.removesuffix("'s")) for w in words if w not in STOP_WORDS]


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    # A stemmer must not be used by two threads at once, so each word gets its own.
    return str(Stemmer.Stemmer("english").stemWord(word))


class BM25:
    """Scores texts for a query.

    Source:
        Robertson and Zaragoza, 2009, doi:10.1561/1500000019, in the variant of Lucene.
    """

    def __init__(self, scorer: Any, size: int) -> None:
        self._scorer = scorer
        self._size = size

    @classmethod
    def build(cls, texts: Sequence[str]) -> "BM25":
        """Count the words of `texts`; a text's row is its place. The same texts give the same files."""
        # Terms are numbered as they come: bm25s itself would number them in the order of a set.
        numbers: dict[str, int] = {}
        terms = [[numbers.setdefault(term, len(numbers)) for term in terms_of(text)] for text in texts]
        if not numbers:
            return cls(None, len(texts))
        scorer = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        scorer.index((terms, numbers), show_progress=False)
        return cls(scorer, len(texts))

    def scores(self, query: str) -> Vector:
        """Score every text for a query.

        Returns:
            Scores, shape (number of texts,); 0 for a text that shares no term with the query.
        """
        terms = [t for t in terms_of(query) if self._scorer is not None and t in self._scorer.vocab_dict]
        if not terms:
            return np.zeros(self._size, dtype=np.float32)
        scored: NDArray[np.float32] = self._scorer.get_scores(terms)
        return scored.astype(np.float32, copy=False)

    def save(self, folder: Path) -> None:
        """Write it to a new folder."""
        folder.mkdir()
        if self._scorer is not None:
            self._scorer.save(str(folder))

    @classmethod
    def load(cls, folder: Path, size: int) -> "BM25":
        """Read what `save` wrote; `size` is the number of texts."""
        if not any(folder.iterdir()):
            return cls(None, size)
        return cls(bm25s.BM25.load(str(folder)), size)
