"""(Query, sentence) -> probability."""

import json
import logging
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from askalms import reranking
from askalms.crossencoding import Reading
from askalms.datatypes import Vector
from askalms.embedding import Encoder
from askalms.reranking import (
    FEATURES,
    READ,
    Candidate,
    LogisticModel,
    Reranker,
    calibrations,
    cannot_stand_alone,
    load_reranker,
    published,
    sentence_features,
)
from askalms.settings import DEFAULT_RERANKER, DEFAULT_SENTENCE_MODEL, NO_RERANKER

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
    found = LogisticModel(weights, -1.0, 0.5).probabilities(features)
    assert found.tolist() == pytest.approx([0.26894, 0.73106], abs=1e-4)


def test_a_heading_that_asks_the_question_speaks_for_what_follows():
    """At a cosine of 1 the log-odds grow by 0.15 * 20 for the first sentence, and by 0.15 * 10 for another."""
    plain = LogisticModel(np.zeros(len(FEATURES), dtype=np.float32), 0.0, 0.5)
    features = np.zeros((3, len(FEATURES)), dtype=np.float32)
    cosines = np.array([1.0, 1.0, 0.84], dtype=np.float32)
    found = plain.probabilities(features, cosines, np.array([True, False, True]))
    assert found.tolist() == pytest.approx([0.95257, 0.81757, 0.5], abs=1e-4)


def test_no_candidates_give_no_rows(toy_encoder: Encoder):
    """An empty ranking is scored without a complaint."""
    none = np.zeros((0, 64), dtype=np.float32)
    assert sentence_features("eyes", none.sum(axis=0), [], none, RARITY).shape == (0, len(FEATURES))


def test_what_is_counted_of_a_sentence_does_not_depend_on_what_was_asked_before(toy_encoder: Encoder):
    """A candidate remembers its own words, never those of a question."""
    kept = Candidate("About 900 people have it because of a gene.", "A page. Numbers")
    for query in ("How many people?", "Why?", "When?", "gene", "How many people?"):
        vector = toy_encoder.encode([query])[0]
        vectors = toy_encoder.encode([kept.text])
        new = Candidate(kept.text, kept.context)
        again, first = (sentence_features(query, vector, [c], vectors, RARITY) for c in (kept, new))
        assert again.tolist() == first.tolist()


# --- what was fitted


def _record(encoder: str, reranker: str, features: Sequence[str], threshold: float) -> dict[str, Any]:
    weights = {name: float(i) for i, name in enumerate(features)}
    return {
        "sentence_model": encoder,
        "reranker": reranker,
        "threshold": threshold,
        "bias": -1.5,
        "weights": weights,
        "cross_validated": {"questions": 10},
    }


class _Reader:
    """A cross-encoder by name only."""

    def __init__(self, name: str) -> None:
        self.name = name

    def score(self, question: str, readings: Sequence[Reading]) -> list[Vector]:
        return [np.zeros(len(r.sentences), dtype=np.float32) for r in readings]


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Weights for the encoder "mine", alone and with the cross-encoder "reader"."""
    records = [
        _record("mine", NO_RERANKER, FEATURES, 0.11),
        _record("mine", "reader", (*FEATURES, READ), 0.22),
    ]
    by_name = {(r["sentence_model"], r["reranker"]): r for r in records}
    monkeypatch.setattr(reranking, "calibrations", lambda: by_name)
    monkeypatch.setattr(reranking, "load_cross_encoder", _Reader)
    caplog.set_level(logging.WARNING)
    return caplog


def test_a_fitted_pair_is_loaded_as_fitted(fitted: pytest.LogCaptureFixture):
    """Both models have their own weights, the second one's threshold counts, and there is nothing to warn of."""
    found = load_reranker("mine", "reader")
    assert found.cross_encoder is not None
    assert found.cross_encoder.name == "reader"
    assert found.signals.weights.tolist() == list(range(len(FEATURES)))
    assert found.together is not None
    assert found.together.weights.tolist() == list(range(len(FEATURES) + 1))
    assert (found.together.bias, found.together.threshold, found.threshold) == (-1.5, 0.22, 0.22)
    assert fitted.messages == []


def test_without_a_cross_encoder_the_signals_decide(fitted: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    """No cross-encoder is loaded for "none", and the threshold is that of the signals."""
    monkeypatch.delattr(reranking, "load_cross_encoder")
    found = load_reranker("mine", NO_RERANKER)
    assert (found.cross_encoder, found.together, found.threshold) == (None, None, 0.11)
    assert fitted.messages == []


def test_an_encoder_without_weights_is_told(fitted: pytest.LogCaptureFixture):
    """Those of the stock encoder serve, and the log says what to set."""
    found = load_reranker("another", NO_RERANKER)
    assert found.signals.weights.tolist() == list(range(len(FEATURES)))
    assert len(fitted.messages) == 1
    assert "'another'; set answering.threshold yourself" in fitted.messages[0]


def test_a_cross_encoder_without_weights_is_taken_at_its_word(fitted: pytest.LogCaptureFixture):
    """Its score is the log-odds whatever the signals say: 2 -> 1 / (1 + e^-2); from 0.5 on it is an answer."""
    found = load_reranker("mine", "foreign")
    assert found.cross_encoder is not None
    assert found.cross_encoder.name == "foreign"
    assert found.together is not None
    features = np.array([[9.0] * len(FEATURES) + [2.0], [-9.0] * len(FEATURES) + [0.0]], dtype=np.float32)
    assert found.together.probabilities(features).tolist() == pytest.approx([0.88080, 0.5], abs=1e-4)
    assert found.threshold == 0.5
    assert len(fitted.messages) == 1
    assert "'foreign' with 'mine'; set answering.threshold yourself" in fitted.messages[0]


def test_weights_for_other_features_are_refused(monkeypatch: pytest.MonkeyPatch):
    """Weights in another order would be silently wrong."""
    record = _record("mine", NO_RERANKER, FEATURES[::-1], 0.1)
    monkeypatch.setattr(reranking, "calibrations", lambda: {("mine", NO_RERANKER): record})
    with pytest.raises(ValueError, match=r"fitted for other features; run training/fit_reranker\.py"):
        load_reranker("mine", NO_RERANKER)


def test_the_threshold_is_that_of_the_last_model():
    """The signals alone decide only where nothing else does."""
    signals = LogisticModel(np.zeros(len(FEATURES), dtype=np.float32), 0.0, 0.3)
    together = LogisticModel(np.zeros(len(FEATURES) + 1, dtype=np.float32), 0.0, 0.6)
    assert Reranker(signals).threshold == 0.3
    assert Reranker(signals, _Reader("r"), together).threshold == 0.6


def test_the_shipped_weights_are_for_these_features():
    """One record for each pair of models that is shipped; each names every feature and has a threshold."""
    records = json.loads((files("askalms") / "data" / "reranker.json").read_text("utf-8"))
    pairs = [(r["sentence_model"], r["reranker"]) for r in records]
    assert len(set(pairs)) == len(pairs)
    assert {(DEFAULT_SENTENCE_MODEL, NO_RERANKER), (DEFAULT_SENTENCE_MODEL, DEFAULT_RERANKER)} <= set(pairs)
    for record in records:
        expected = FEATURES if record["reranker"] == NO_RERANKER else (*FEATURES, READ)
        assert tuple(record["weights"]) == expected
        assert 0 < record["threshold"] < 1
        assert np.isfinite([record["bias"], *record["weights"].values()]).all()
        assert "cross_validated" in record


def test_what_is_published_is_what_was_fitted():
    """Names, threshold and measures of a pair, without its weights; nothing for a pair that was not fitted."""
    record = calibrations()[DEFAULT_SENTENCE_MODEL, NO_RERANKER]
    found = published(DEFAULT_SENTENCE_MODEL, NO_RERANKER)
    assert found == {k: v for k, v in record.items() if k not in ("weights", "bias")}
    assert found["threshold"] == load_reranker(DEFAULT_SENTENCE_MODEL, NO_RERANKER).threshold
    assert published("another", "foreign") == {}
