"""Fit the weights of the reranker, and the threshold below which it is silent.

    python training/fit_reranker.py MEDQUAD_FOLDER [--write]

Only questions about diseases that the models were not trained with are used. All figures are from
cross-validation by disease: a disease is wholly in one fold. Beside the models that are shipped,
the baselines are measured on the same questions.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from questions import TEST, TRAIN, Item, about_words, quality, read, stretches
from sklearn.linear_model import LogisticRegression

from askalms.crossencoding import Reading, load_cross_encoder
from askalms.embedding import load_encoder
from askalms.index import rarity
from askalms.lexical import terms_of
from askalms.reranking import FEATURES, READ, Candidate, sentence_features
from askalms.settings import DEFAULT_MODEL, DEFAULT_RERANKER, DEFAULT_SENTENCE_MODEL, NO_RERANKER

FOLDS = 5
SEED = 1959
WANTED_SILENCE = 0.9
"""Share of the questions about the right disease, but without an answer on its page, that must stay unanswered."""
WORDS_OF_STRETCH = 110
"""Words that are read at once; a passage of an index holds about as many."""
BINS = 10

Rows = list[np.ndarray]
"""Of each question, one row for each sentence."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("medquad", type=Path)
    parser.add_argument("--write", action="store_true", help="write src/askalms/data/reranker.json")
    args = parser.parse_args()
    everything = read(args.medquad)
    everything += about_words(everything, SEED)
    items = [item for item in everything if item.part != TRAIN]
    lexical = _bm25(items)
    records = []
    cosines: dict[str, Rows] = {}
    for sentence_model in (DEFAULT_MODEL, DEFAULT_SENTENCE_MODEL):
        features = measure(items, everything, sentence_model)
        cosines[sentence_model] = [f[:, 0] for f in features]
        _show(f"{sentence_model}, cosine", items, cosines[sentence_model])
        records.append(_fitted(items, features, sentence_model, NO_RERANKER))
    _show("BM25", items, lexical)
    fused = [_fused(a, b) for a, b in zip(cosines[DEFAULT_MODEL], lexical, strict=True)]
    _show("BM25 and stock cosine, fused", items, fused)
    scores = read_together(items)
    _show(f"{DEFAULT_RERANKER}, score", items, scores)
    together = [np.column_stack([f, s]) for f, s in zip(features, scores, strict=True)]
    records.append(_fitted(items, together, DEFAULT_SENTENCE_MODEL, DEFAULT_RERANKER))
    if args.write:
        target = Path(__file__).parents[1] / "src" / "askalms" / "data" / "reranker.json"
        target.write_text(json.dumps(records, indent=1) + "\n", "utf-8")


def measure(items: Sequence[Item], everything: Sequence[Item], model: str) -> Rows:
    """Give, for every item, the features of its document's sentences; rarity is that among all documents."""
    documents = {item.document.document_id: item.document for item in everything}.values()
    counts = Counter(t for d in documents for s in d.sentences for t in set(terms_of(s)))
    weights = rarity(counts, sum(len(d.sentences) for d in documents))
    encoder = load_encoder(model)
    texts = list({text: 0 for item in items for text in item.document.in_context()})
    row_of = dict(zip(texts, range(len(texts)), strict=True))
    vectors = encoder.encode(texts)
    asked = encoder.encode([item.question for item in items])
    features = []
    for item, vector in zip(items, asked, strict=True):
        candidates = [
            Candidate(said, f"{item.document.disease}. {section.heading}")
            for section in item.document.sections
            for said in section.sentences
        ]
        rows = vectors[[row_of[text] for text in item.document.in_context()]]
        features.append(sentence_features(item.question, vector, candidates, rows, weights))
    return features


def read_together(items: Sequence[Item]) -> Rows:
    """Score every sentence by the cross-encoder."""
    reader = load_cross_encoder(DEFAULT_RERANKER)
    found = []
    for item in items:
        readings = [
            Reading(f"{item.document.disease}. {section.heading}", section.sentences[part.start : part.stop])
            for section in item.document.sections
            for part in stretches(section.sentences, WORDS_OF_STRETCH)
        ]
        found.append(np.concatenate(reader.score(item.question, readings)))
    return found


def _bm25(items: Sequence[Item]) -> Rows:
    """Score the sentences of each document, with title and heading, by BM25 among themselves."""
    known: dict[str, Any] = {}
    found = []
    for item in items:
        texts = item.document.in_context()
        if item.document.document_id not in known:
            index = bm25s.BM25()
            index.index([terms_of(t) or ["-"] for t in texts], show_progress=False)
            known[item.document.document_id] = index
        index = known[item.document.document_id]
        terms = [t for t in terms_of(item.question) if t in index.vocab_dict]
        found.append(index.get_scores(terms) if terms else np.zeros(len(texts), dtype=np.float32))
    return found


def _fused(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    ranks = [np.argsort(np.argsort(-x, kind="stable"), kind="stable") for x in (a, b)]
    return np.asarray(sum(1 / (60 + r) for r in ranks), dtype=np.float32)


def _fitted(items: Sequence[Item], features: Rows, sentence_model: str, reranker: str) -> dict[str, Any]:
    """Fit a model, and measure it by cross-validation."""
    labels = [np.array(item.answers) for item in items]
    fold_of = folds([item.document.disease for item in items])
    in_fold = np.array([fold_of[item.document.disease] for item in items])
    probabilities: Rows = [np.zeros(0)] * len(items)
    for fold in range(FOLDS):
        weights, bias = calibrated([(features[i], labels[i]) for i in np.flatnonzero(in_fold != fold)])
        for i in np.flatnonzero(in_fold == fold):
            probabilities[i] = 1 / (1 + np.exp(-(features[i] @ weights + bias)))
    report = _show(f"{sentence_model} with {reranker}, logistic", items, probabilities)
    best = np.array([p.max() for p in probabilities])
    right = np.array([bool(y[p.argmax()]) for p, y in zip(probabilities, labels, strict=True)])
    answerable = np.array([item.answerable for item in items])
    whole = np.array([item.document.whole for item in items])
    threshold = float(np.quantile(best[~answerable & whole], WANTED_SILENCE))
    shown = best >= threshold
    report |= {
        "silent_without_answer": round(float((~shown)[~answerable].mean()), 4),
        "silent_with_answer": round(float((~shown)[answerable].mean()), 4),
        "shown_and_right": round(float(right[shown].mean()), 4),
        "expected_calibration_error": round(_calibration_error(best, right), 4),
        "reliability": _reliability(best, right),
    }
    print(json.dumps({k: v for k, v in report.items() if k not in ("passages", "whole_pages")}), f"{threshold=:.4f}")
    weights, bias = calibrated(list(zip(features, labels, strict=True)))
    names = FEATURES if reranker == NO_RERANKER else (*FEATURES, READ)
    return {
        "sentence_model": sentence_model,
        "reranker": reranker,
        "cross_validated": report,
        "threshold": round(threshold, 4),
        "bias": round(float(bias), 5),
        "weights": {name: round(float(w), 5) for name, w in zip(names, weights, strict=True)},
    }


def _show(name: str, items: Sequence[Item], scores: Rows) -> dict[str, Any]:
    """Print and give the right sentence first, and answerable questions against the others by the best score."""
    report: dict[str, Any] = {"questions": len(items)}
    for kind, whole, part in (("test_fifth", False, TEST), ("passages", False, ""), ("whole_pages", True, "")):
        chosen = [i for i, item in enumerate(items) if item.document.whole == whole and part in ("", item.part)]
        report[kind] = quality([items[i] for i in chosen], [scores[i] for i in chosen])
    print(name, json.dumps(report))
    return report


def _reliability(best: np.ndarray, right: np.ndarray) -> list[dict[str, float]]:
    """Compare the probability of the best sentence with how often it was right, in bins of equal width."""
    bins = np.minimum((best * BINS).astype(int), BINS - 1)
    return [
        {
            "from": b / BINS,
            "questions": int((bins == b).sum()),
            "mean_probability": round(float(best[bins == b].mean()), 3),
            "share_right": round(float(right[bins == b].mean()), 3),
        }
        for b in range(BINS)
        if (bins == b).any()
    ]


def _calibration_error(best: np.ndarray, right: np.ndarray) -> float:
    rows = _reliability(best, right)
    return sum(abs(r["mean_probability"] - r["share_right"]) * r["questions"] for r in rows) / len(best)


def folds(diseases: Sequence[str]) -> dict[str, int]:
    """Deal the diseases out to the folds."""
    names = sorted(set(diseases))
    random.Random(SEED).shuffle(names)
    return {name: i % FOLDS for i, name in enumerate(names)}


def calibrated(rows: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, float]:
    """Fit a logistic model, and stretch it so that the best sentence of a question is right as often as it says.

    Source:
        Platt 1999, "Probabilistic outputs for support vector machines".
    """
    weights, bias = fit(rows)
    logits = [features @ weights + bias for features, _ in rows]
    best = np.array([[row.max()] for row in logits])
    right = [bool(labels[row.argmax()]) for row, (_, labels) in zip(logits, rows, strict=True)]
    line = LogisticRegression(C=1e6).fit(best, right)
    return weights * line.coef_[0, 0], float(bias * line.coef_[0, 0] + line.intercept_[0])


def fit(rows: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, float]:
    """Fit a logistic model; the weights are for features as they are, not standardised."""
    x = np.vstack([features for features, _ in rows])
    y = np.concatenate([labels for _, labels in rows])
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    model = LogisticRegression(max_iter=1000).fit((x - mean) / spread, y)
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - mean @ weights)


if __name__ == "__main__":
    main()
