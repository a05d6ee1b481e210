"""(Query, sentence) -> probability."""

import json
from importlib.resources import files

import numpy as np
import pytest

from askalms.embedding import Encoder
from askalms.reranking import FEATURES, Candidate, Reranker, cannot_stand_alone, load_reranker, sentence_features

RARITY = {"eye": 2.0, "syndrom": 0.5, "heart": 2.0}


def _feature(name: str, query: str, candidate: Candidate, encoder: Encoder) -> float:
    vector = encoder.encode([query])[0]
    features = sentence_features(query, vector, [candidate], encoder.encode([candidate.text]), RARITY)
    return float(features[0, FEATURES.index(name)])


def test_overlap_weighs_terms_by_rarity(toy_encoder: Encoder):
    """Of "eye" (2.0) and "syndrome" (0.5) the sentence holds the first: 2 / 2.5."""
    candidate = Candidate("Both eyes are affected.", "A page")
    assert _feature("overlap_beyond_heading", "eyes in the syndrome", candidate, toy_encoder) == pytest.approx(0.8)


def test_words_of_the_heading_are_not_asked_for_again(toy_encoder: Encoder):
    """The heading holds "eyes", so only "syndrome" is left, and the sentence lacks it."""
    candidate = Candidate("Both eyes are affected.", "Eyes")
    assert _feature("overlap_beyond_heading", "eyes in the syndrome", candidate, toy_encoder) == 0.0


@pytest.mark.parametrize(
    ("query", "sentence", "name"),
    [
        ("How many people have it?", "About 900 people have it.", "asks_number_has_it"),
        ("How many people have it?", "People have it.", "asks_number_lacks_it"),
        ("When does it begin?", "It begins in childhood.", "asks_time_has_it"),
        ("At what age?", "It is rare.", "asks_time_lacks_it"),
        ("Why is that?", "Because of a gene.", "asks_reason_has_it"),
        ("Why is that?", "It is rare.", "asks_reason_lacks_it"),
    ],
)
def test_the_kind_of_answer_is_noticed(toy_encoder: Encoder, query: str, sentence: str, name: str):
    """A number, an age, a reason: asked for, and there or not."""
    assert _feature(name, query, Candidate(sentence, "A page"), toy_encoder) == 1.0


@pytest.mark.parametrize("sentence", ["This is rare.", "It begins early.", "However, some differ.", "(They grow.)"])
def test_sentences_that_point_back_cannot_stand_alone(sentence: str):
    """What they point to is in the sentence before."""
    assert cannot_stand_alone(sentence)


@pytest.mark.parametrize("sentence", ["Thistles grow.", "Italy is far.", "Alström syndrome is rare.", ""])
def test_other_sentences_can_stand_alone(sentence: str):
    """Words that only begin alike are no pointers."""
    assert not cannot_stand_alone(sentence)


def test_probabilities_are_those_of_a_logistic_model():
    """Weight 2 on the first feature and bias -1: 1 / (1 + e^1) and 1 / (1 + e^-1)."""
    weights = np.zeros(len(FEATURES), dtype=np.float32)
    weights[0] = 2.0
    features = np.zeros((2, len(FEATURES)), dtype=np.float32)
    features[1, 0] = 1.0
    found = Reranker(weights, -1.0, 0.5).probabilities(features)
    assert found.tolist() == pytest.approx([0.26894, 0.73106], abs=1e-4)


def test_a_heading_that_asks_the_question_speaks_for_what_follows():
    """At a cosine of 1 the log-odds grow by 0.15 * 20 for the first sentence, and by 0.15 * 10 for another."""
    plain = Reranker(np.zeros(len(FEATURES), dtype=np.float32), 0.0, 0.5)
    features = np.zeros((3, len(FEATURES)), dtype=np.float32)
    cosines = np.array([1.0, 1.0, 0.84], dtype=np.float32)
    found = plain.probabilities(features, cosines, np.array([True, False, True]))
    assert found.tolist() == pytest.approx([0.95257, 0.81757, 0.5], abs=1e-4)


def test_the_shipped_weights_are_for_these_features():
    """The file names every feature, says what it was fitted with, and how well it did."""
    data = json.loads((files("askalms") / "data" / "reranker.json").read_text("utf-8"))
    assert tuple(data["weights"]) == FEATURES
    assert 0 < load_reranker().threshold < 1
    assert data["cross_validated"]["questions"] > 1000


def test_no_candidates_give_no_rows(toy_encoder: Encoder):
    """An empty ranking is scored without a complaint."""
    none = np.zeros((0, 64), dtype=np.float32)
    assert sentence_features("eyes", none.sum(axis=0), [], none, RARITY).shape == (0, len(FEATURES))
