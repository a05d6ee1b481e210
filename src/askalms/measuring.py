"""A set of questions in any form -> a run: the index that it needs, the asking, the figures."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from askalms.bench import Bench, ablated
from askalms.collection import (
    MEASURES,
    Collection,
    Ranking,
    corpus_vectors,
    measure,
    read_collection,
    rerank,
    search,
    trec_qrels,
    trec_run,
)
from askalms.crossencoding import load_cross_encoder
from askalms.embedding import load_encoder
from askalms.errors import QuestionFileError
from askalms.evaluation import Judgement, Progress, evaluate, located
from askalms.questions import Item, QuestionSet, read_question_set
from askalms.runs import Figure, Run, cost_of, figures_of, run_of, run_of_collection, scores_of, write_file
from askalms.settings import DEFAULT_RERANKER, NO_RERANKER, Settings

ABLATED = ("right", "outcome", "hit", "first_quote", "other_disease", "answered_unsaid", "kept_silent")
"""Measures of the table of an ablation."""


def measure_questions(
    path: Path,
    index: Path,
    settings: Settings,
    on_progress: Progress,
    *,
    cache: Path | None = None,
    ablation: bool = False,
) -> Run:
    """Ask a set of questions, and sum up what came.

    A folder in the BEIR form and a file of SQuAD bring their own texts and are asked about these; all other sets are
    asked about the index.

    Args:
        path: Of the set.
        index: Folder of the index.
        settings: Of what answers.
        on_progress: Told how far it is.
        cache: Folder where the embeddings of texts that a set brings along are kept for the next time.
        ablation: Do the same with parts left out.

    Raises:
        QuestionFileError: The set cannot be read.
        IndexUnusableError, ModelError: As for an assistant.
    """
    if path.is_dir():
        return _measure_collection(read_collection(path), settings, on_progress, cache, ablation)
    found = read_question_set(path)
    with opened(path, found, index, settings, on_progress, cache) as bench:
        started = time.perf_counter()
        judgements, lost = judged(found, bench, on_progress)
        names = [name for topic in bench.index.topics.values() for name in (topic.name, *topic.names)]
        documents = bench.index.documents
        run = run_of(path.name, judgements, documents, bench.description(), found.problems, lost, names)
        cost = cost_of(started, [j.answer.elapsed_ms for j in judgements])
        table = _ablation(judgements, bench, on_progress) if ablation else {}
    return replace(run, cost=cost, ablation=table)


@contextmanager
def opened(
    path: Path, found: QuestionSet, index: Path, settings: Settings, on_progress: Progress, cache: Path | None = None
) -> Iterator[Bench]:
    """Open the index that a set is asked about: the one that is named or, if the set brings its texts, one of these."""
    if not found.articles:
        yield Bench.open(index, settings)
        return
    with TemporaryDirectory() as scratch:
        name = path.name.split(".")[0]
        folder = (cache or Path(scratch)) / name
        yield Bench.of_articles(name, found.articles, folder, settings, on_progress)


def judged(found: QuestionSet, bench: Bench, on_progress: Progress) -> tuple[list[Judgement], list[str]]:
    """Ask and judge a set; and tell of gold that stands in no document of the index."""
    documents = bench.index.documents
    items, lost = located(found.items, documents)
    return evaluate(bench.assistant(), documents, items, on_progress, bench.never_silent()), lost


def write_trec(path: Path, run: Run, beside: Path) -> None:
    """Write the run and the qrels of a collection in TREC format, called like a file and beside it.

    Args:
        path: Folder of the collection.
        run: What was measured.
        beside: The file of the run: "a.json" gives "a.run" and "a.qrels".
    """
    collection = read_collection(path)
    found = {j.question_id: j.ranking for j in run.judged}
    write_file(beside.with_suffix(".run"), "".join(f"{line}\n" for line in trec_run(found, "askalms")))
    write_file(beside.with_suffix(".qrels"), "".join(f"{line}\n" for line in trec_qrels(collection)))


def failures(run: Run, floors: Sequence[str]) -> list[str]:
    """Tell which figures of a run are below what was asked of them.

    Args:
        run: What was measured.
        floors: Such as "right=0.9".

    Raises:
        QuestionFileError: One names no figure of the run where more is better, or no number.
    """
    low = []
    for floor in floors:
        name, _, number = floor.partition("=")
        figure = run.figure(name)
        try:
            least = float(number)
        except ValueError:
            least = math.nan
        if figure is None or not figure.may_be_floored or math.isnan(least):
            known = ", ".join(f.measure for f in run.figures if f.may_be_floored)
            raise QuestionFileError(f"{floor!r} is no figure and number; expected one of {known}, as in right=0.9")
        if figure.value < least:
            low.append(f"{name} is {figure.value:.4f}, below {least:g}")
    return low


def _ablation(judgements: Sequence[Judgement], bench: Bench, on_progress: Progress) -> dict[str, tuple[Figure, ...]]:
    items: list[Item] = [j.item for j in judgements]
    table = {}
    for name, assistant in ablated(bench).items():
        found = evaluate(assistant, bench.index.documents, items, on_progress)
        table[name] = figures_of([scores_of(j) for j in found], ABLATED)
    return table


def _measure_collection(
    collection: Collection, settings: Settings, on_progress: Progress, cache: Path | None, ablation: bool
) -> Run:
    started = time.perf_counter()
    encoder = load_encoder(settings.embedding.model)
    vectors = corpus_vectors(encoder, collection.searched, cache, on_progress)
    weight = settings.retrieval.dense_weight
    rankings: dict[str, dict[str, Ranking]] = search(collection, encoder, vectors, weight)
    system = {"encoder": encoder.name, "dense_weight": weight, "passages": len(collection.ids)}
    run = run_of_collection(collection, rankings["fused"], system)
    if ablation:
        name = settings.reranking.model if settings.reranking.model != NO_RERANKER else DEFAULT_RERANKER
        reader = load_cross_encoder(name)
        rankings["fused, the first passages reranked"] = rerank(collection, reader, rankings["fused"], on_progress)
    values = {name: measure(collection, ranking) for name, ranking in rankings.items()} if ablation else {}
    table = {
        name: figures_of([{m: of[m][query] for m in of} for query in collection.queries], MEASURES)
        for name, of in values.items()
    }
    return replace(run, cost=cost_of(started, []), ablation=table)
