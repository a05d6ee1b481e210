"""Test collections: what is read, how it is searched, and that its figures are those of ir_measures."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import ir_measures
import numpy as np
import pytest

from askalms.collection import (
    MEASURES,
    Collection,
    corpus_vectors,
    is_collection,
    measure,
    read_collection,
    rerank,
    search,
    trec_qrels,
    trec_run,
)
from askalms.crossencoding import Reading
from askalms.datatypes import Vector
from askalms.errors import QuestionFileError
from askalms.measuring import measure_questions, write_trec
from askalms.runs import run_of_collection
from askalms.settings import Settings
from conftest import ToyEncoder

PASSAGES = {
    "p1": "Eels sleep in rivers.",
    "p2": "Owls hunt at night.",
    "p3": "Owls sleep by day. Eels do not.",
    "p4": "Rivers freeze.",
}
QUERIES = {"q1": "When do owls sleep?", "q2": "Do rivers freeze?", "q3": "Is anything judged?", "q4": "Xylophones"}
QRELS = {"q1": {"p3": 2, "p2": 1, "p1": 0}, "q2": {"p4": 1}, "q3": {"p1": 0}, "q4": {"p1": 1}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in the BEIR form."""
    (tmp_path / "beir" / "qrels").mkdir(parents=True)
    folder = tmp_path / "beir"
    lines = [json.dumps({"_id": name, "title": name, "text": text}) for name, text in PASSAGES.items()]
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (folder / "queries.jsonl").write_text(
        "".join(json.dumps({"_id": name, "text": text}) + "\n" for name, text in QUERIES.items())
    )
    judged = [f"{query}\t{passage}\t{score}\n" for query, of in QRELS.items() for passage, score in of.items()]
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(judged))
    return folder


def test_queries_with_a_relevant_passage_are_asked(folder: Path):
    """A passage judged 0 is known, but not relevant; test.tsv goes before dev.tsv."""
    assert is_collection(folder) and not is_collection(folder / "qrels")
    found = read_collection(folder)
    assert (found.name, found.ids, found.texts[3]) == ("beir", ("p1", "p2", "p3", "p4"), "Rivers freeze.")
    assert list(found.queries) == ["q1", "q2", "q4"]
    assert found.qrels["q1"] == QRELS["q1"]
    assert found.problems == ()
    (folder / "qrels" / "test.tsv").write_text("q2\tp4\t1\n")
    assert list(read_collection(folder).queries) == ["q2"]


def test_broken_lines_are_named_and_the_rest_is_read(folder: Path):
    """In each of the files."""
    with (folder / "queries.jsonl").open("a") as file:
        file.write('{\n{"_id": 5, "text": "?"}\n')
    with (folder / "qrels" / "dev.tsv").open("a") as file:
        file.write("q1 p1 1\nq1\tp9\t1\nq9\tp1\t1\nq1\tp2\tmuch\n")
    found = read_collection(folder)
    assert list(found.queries) == ["q1", "q2", "q4"]
    assert [problem.split(" ")[0].rsplit("/", 1)[1] for problem in found.problems] == [
        *("queries.jsonl:5", "queries.jsonl:6", "dev.tsv:8", "dev.tsv:9", "dev.tsv:10", "dev.tsv:11")
    ]
    (folder / "qrels" / "dev.tsv").write_text("q1\tp1\t0\n")
    with pytest.raises(QuestionFileError, match=r"no query of .* has a relevant passage"):
        read_collection(folder)
    with pytest.raises(QuestionFileError, match="is not a collection"):
        read_collection(folder / "qrels")


@pytest.fixture
def collection(folder: Path) -> Collection:
    return read_collection(folder)


def test_figures_are_those_of_ir_measures(collection: Collection, folder: Path, tmp_path: Path):
    """Of the files in TREC format, read back by ir_measures itself; what is not found at all counts 0."""
    encoder = ToyEncoder()
    rankings = search(collection, encoder, encoder.encode(collection.searched), 0.5)
    assert set(rankings) == {"dense", "lexical", "fused"}
    run = run_of_collection(collection, rankings["lexical"], {})
    write_trec(folder, run, tmp_path / "run.json")
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "run.qrels")))
    ranked = list(ir_measures.read_trec_run(str(tmp_path / "run.run")))
    theirs = ir_measures.calc_aggregate([ir_measures.parse_measure(name) for name in MEASURES], qrels, ranked)
    assert {f.measure: round(f.value, 9) for f in run.figures} == {str(m): round(v, 9) for m, v in theirs.items()}
    assert run.figures[0].questions == 3
    assert run.judged[2].scores == dict.fromkeys(MEASURES, 0.0)


def test_a_ranking_is_measured_as_can_be_worked_out(collection: Collection):
    """The passages judged 1 and 2 come second and third: precisions 1/2 and 2/3."""
    rankings = {"q1": np.array([0, 1, 2]), "q2": np.array([3]), "q4": np.array([], dtype=np.int64)}
    found = measure(collection, rankings)
    assert found["AP"] == {"q1": pytest.approx((1 / 2 + 2 / 3) / 2), "q2": 1.0, "q4": 0.0}
    assert found["RR"] == {"q1": 0.5, "q2": 1.0, "q4": 0.0}
    assert list(trec_run({"q2": ["p4", "p1"]}, "us")) == ["q2 Q0 p4 1 -1 us", "q2 Q0 p1 2 -2 us"]
    assert next(trec_qrels(collection)) == "q1 0 p3 2"


class _Owls:
    """Prefers sentences with owls."""

    name = "owls"

    def score(self, question: str, readings: Sequence[Reading]) -> list[Vector]:
        return [np.array([float("Owls" in s) for s in r.sentences], dtype=np.float32) for r in readings]


def test_reading_can_move_what_was_found():
    """The owl from rank 12 is read first: 3/72 + 1/61 is more than 3/69 + 1/70 of rank 9, less than that of rank 8."""
    texts = (*["Eels sleep."] * 11, "Owls sleep.")
    ids = tuple(f"p{n}" for n in range(12))
    collection = Collection("owls", ids, ("",) * 12, texts, {"q": "Owls?"}, {"q": {"p11": 1}})
    rankings = {"q": np.arange(12)}
    assert rerank(collection, _Owls(), rankings)["q"].tolist() == [*range(8), 11, 8, 9, 10]
    assert rerank(collection, _Owls(), rankings, passages=11)["q"].tolist() == list(range(12))


def test_embeddings_are_kept_for_the_next_time(collection: Collection, tmp_path: Path):
    """The encoder is not asked again; of other texts it is."""
    encoder = ToyEncoder()
    first = corpus_vectors(encoder, collection.searched, tmp_path / "cache")

    class _Fails(ToyEncoder):
        def encode(self, *args: object) -> None:  # type: ignore[override]
            raise AssertionError("asked again")

    assert np.array_equal(corpus_vectors(_Fails(), collection.searched, tmp_path / "cache"), first)
    with pytest.raises(AssertionError, match="asked again"):
        corpus_vectors(_Fails(), ["other"], tmp_path / "cache")


def test_a_folder_is_evaluated_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """No index is needed; with an ablation every search has its row."""
    monkeypatch.setattr("askalms.measuring.load_encoder", lambda name: ToyEncoder())
    monkeypatch.setattr("askalms.measuring.load_cross_encoder", lambda name: _Owls())
    run = measure_questions(folder, folder / "none", Settings(), lambda *told: None, ablation=True)
    assert run.primary == "nDCG@10"
    assert [f.measure for f in run.figures] == list(MEASURES)
    assert list(run.ablation) == ["dense", "lexical", "fused", "fused, the first passages reranked"]
    assert run.ablation["fused"] == run.figures
    assert run.judged[1].quotes[0].document == "p4" and run.judged[1].quotes[0].gold


def test_queries_without_words_of_the_collection_find_nothing_by_words(collection: Collection):
    """A search by words has no ranking then; one by meaning always has."""
    encoder = ToyEncoder()
    rankings = search(collection, encoder, encoder.encode(collection.searched), 0.5)
    assert rankings["lexical"]["q4"].tolist() == []
    assert sorted(rankings["dense"]["q4"].tolist()) == [0, 1, 2, 3]
