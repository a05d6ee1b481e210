"""Query -> hits."""

import numpy as np
import pytest

from askalms.datatypes import Query
from askalms.embedding import Encoder
from askalms.index import Index
from askalms.retrieval import fuse, retrieve
from askalms.settings import RetrievalSettings

SETTINGS = RetrievalSettings(depth=50, passages=3)


def _ranking(**scores: float) -> tuple[np.ndarray, np.ndarray]:
    rows = [int(name.removeprefix("row")) for name in scores]
    return np.array(rows, dtype=np.int64), np.array(list(scores.values()), dtype=np.float32)


def test_fusion_is_a_weighted_mean_of_stretched_scores():
    """Row 3 is halfway in the first ranking and first in the second: 0.6 * 0.5 + 0.4 * 1."""
    fused = dict(fuse(_ranking(row7=0.9, row3=0.7, row2=0.5), _ranking(row3=12.0, row5=2.0), dense_weight=0.6))
    assert fused[3] == pytest.approx(0.7)
    assert fused[7] == pytest.approx(0.6)
    assert fused[2] == fused[5] == 0.0


def test_the_only_row_of_a_ranking_has_its_full_weight():
    """There is nothing to stretch it against."""
    assert fuse(_ranking(row4=0.2), _ranking(), dense_weight=0.6) == [(4, pytest.approx(0.6))]


def test_fusion_of_nothing_is_nothing():
    """Two empty rankings give an empty one."""
    assert fuse(_ranking(), _ranking(), dense_weight=0.5) == []


def test_ranks_count_from_one_and_scores_fall(toy_index: Index, toy_encoder: Encoder):
    """The order of hits is that of their ranks."""
    query = Query("Which gene is changed in Alström syndrome?", ())
    hits = retrieve(toy_index, query, toy_encoder.encode([query.text])[0], SETTINGS)
    assert [h.rank for h in hits] == [1, 2, 3]
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert "ALMS1 gene" in hits[0].passage.text


def test_only_passages_about_the_topic_are_found(toy_index: Index, toy_encoder: Encoder):
    """The words are those of the page on Usher syndrome, but the question is about ALS."""
    query = Query("hearing and sight taken by the syndrome", ("amyotrophic-lateral-sclerosis",))
    hits = retrieve(toy_index, query, toy_encoder.encode([query.text])[0], SETTINGS)
    assert {h.passage.doc_id for h in hits} == {"als.txt"}


def test_a_topic_without_documents_finds_nothing(toy_index: Index, toy_encoder: Encoder):
    """No other disease's page stands in for it."""
    query = Query("sight", ("no-such-disease",))
    assert retrieve(toy_index, query, toy_encoder.encode([query.text])[0], SETTINGS) == []
