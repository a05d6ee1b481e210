"""One index and its encoders, and assistants that answer from it with one setting or another."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from askalms import __version__
from askalms.answering import Assistant, Scored
from askalms.corpus import Corpus, load_corpus
from askalms.datatypes import Query, Topic, Vector
from askalms.embedding import Encoders, load_encoders
from askalms.index import Index, Progress, open_index
from askalms.indexing import build_index
from askalms.questions import Article, article_id
from askalms.reranking import Reranker, load_reranker
from askalms.settings import NO_RERANKER, CorpusSettings, Settings


class Bench:
    """One index and its encoders, and assistants that answer from it with one setting or another."""

    def __init__(self, index: Index, encoders: Encoders, settings: Settings) -> None:
        self.index = index
        self.settings = settings
        self._encoders = encoders
        self._reranker: Callable[[str], Reranker] = cache(
            lambda name: load_reranker(settings.embedding.sentence_model, name)
        )

    @classmethod
    def open(cls, folder: Path, settings: Settings) -> "Bench":
        """Open the current generation of an index folder.

        Raises:
            IndexUnusableError, ModelError: As for an assistant.
        """
        return cls(open_index(folder, settings.embedding, or_before=True), load_encoders(settings.embedding), settings)

    @classmethod
    def of_articles(
        cls,
        name: str,
        articles: Sequence[Article],
        folder: Path,
        settings: Settings,
        on_progress: Progress | None = None,
    ) -> "Bench":
        """Make an index of the texts that a set of questions brings along, or renew it.

        Args:
            name: Of the set.
            articles: Its texts.
            folder: Where the index is kept.
            settings: Name the models.
            on_progress: Told how far it is.
        """
        encoders = load_encoders(settings.embedding)
        build_index(folder, article_corpus(name, articles, settings.corpus), encoders, settings, on_progress)
        return cls(open_index(folder, settings.embedding), encoders, settings)

    def assistant(self, settings: Settings | None = None, kind: type[Assistant] = Assistant) -> Assistant:
        """Make an assistant; the settings must name the models of the index."""
        chosen = settings or self.settings
        return kind(self.index, self._encoders, chosen, self._reranker(chosen.reranking.model))

    def never_silent(self) -> Assistant:
        """Make one that shows its best quotes, however improbable: what the threshold withholds."""
        return self.assistant(replace(self.settings, answering=replace(self.settings.answering, threshold=0.0)))

    def description(self) -> dict[str, Any]:
        """Say what answers: program, index, models and threshold."""
        chosen = self.settings
        least = chosen.answering.threshold
        return {
            "program": __version__,
            "generation": self.index.generation,
            "documents": len(self.index.documents),
            "sentences": len(self.index.sentences),
            "models": [chosen.embedding.model, chosen.embedding.sentence_model, chosen.reranking.model],
            "threshold": self._reranker(chosen.reranking.model).threshold if least < 0 else least,
        }


class _Unguarded(Assistant):
    """An assistant whose search does not keep to the disease that is asked about."""

    def _scored(self, query: Query, near: Vector) -> list[Scored]:
        return super()._scored(replace(query, topics=()), near)


def ablated(bench: Bench) -> dict[str, Assistant]:
    """Make the assistants that show what each part is good for, from search by meaning alone to the whole."""
    chosen = bench.settings
    unread = replace(chosen, reranking=replace(chosen.reranking, model=NO_RERANKER))

    def searching(**how: Any) -> Assistant:
        return bench.assistant(replace(unread, retrieval=replace(chosen.retrieval, **how)))

    return {
        "dense alone": searching(dense_weight=1.0),
        "lexical alone": searching(dense_weight=0.0, sentences=0),
        "fused": bench.assistant(unread),
        "fused and reranked (as shipped)": bench.assistant(),
        "as shipped, without the guard of topics": bench.assistant(kind=_Unguarded),
    }


def article_corpus(name: str, articles: Sequence[Article], settings: CorpusSettings) -> Corpus:
    """Make documents of the texts that a set of questions brings along: all about one subject, the set's name."""
    with TemporaryDirectory() as folder:
        for number, article in enumerate(articles):
            (Path(folder) / article_id(number)).write_text(article.text, "utf-8", newline="")
        corpus = load_corpus(Path(folder), settings)
    titles = {article_id(number): article.title for number, article in enumerate(articles)}
    documents = tuple(
        replace(d, topics=(name,), provenance=replace(d.provenance, title=titles[d.doc_id] or d.provenance.title))
        for d in corpus.documents
    )
    return replace(corpus, documents=documents, topics={name: Topic(name, name, (name,), home=True)})
