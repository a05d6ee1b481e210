"""Query -> hits."""

import numpy as np
import pytest

from askalms.datatypes import Query
from askalms.embedding import Encoder
from askalms.index import Index
from askalms.retrieval import fuse, retrieve
from askalms.settings import RetrievalSettings

SETTINGS = RetrievalSettings(depth=50, passages=3)


def test_fusion_adds_reciprocal_ranks():
    """Row 3 is second and first: 1/62 + 1/61."""
    fused = dict(fuse([np.array([7, 3]), np.array([3, 5])], k=60))
    assert fused[3] == pytest.approx(1 / 62 + 1 / 61)
    assert fused[7] == pytest.approx(1 / 61)


def test_fusion_of_nothing_is_nothing():
    """Two empty rankings give an empty one."""
    assert fuse([np.zeros(0, dtype=np.int64)] * 2, k=60) == []


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
