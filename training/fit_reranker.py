"""Fit the weights of the reranker, and the threshold below which it is silent.

    python training/fit_reranker.py QUESTIONS_FOLDER [--write]

Only diseases that the encoder of sentences was not trained with are used. All figures are from
cross-validation by disease: a disease is wholly in one fold.
"""

import argparse
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
from questions import TRAIN, Item, parts, read
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from askalms.embedding import load_encoder
from askalms.index import rarity
from askalms.lexical import terms_of
from askalms.reranking import FEATURES, Candidate, sentence_features
from askalms.settings import DEFAULT_SENTENCE_MODEL

FOLDS = 5
SEED = 1959
WANTED_SILENCE = 0.8
"""Share of the questions about the right disease, but without an answer, that must stay unanswered."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="write src/askalms/data/reranker.json")
    args = parser.parse_args()
    everything = read(args.folder)
    part = parts(everything)
    items = [item for item in everything if part[item.disease] != TRAIN]
    features = measure(items, everything)
    labels = [np.array(item.answers) for item in items]
    diseases = [item.disease for item in items]
    fold_of = folds(diseases)
    probabilities: list[np.ndarray] = [np.zeros(0)] * len(items)
    for fold in range(FOLDS):
        weights, bias = fit([(x, y) for x, y, d in zip(features, labels, diseases, strict=True) if fold_of[d] != fold])
        for i, disease in enumerate(diseases):
            if fold_of[disease] == fold:
                probabilities[i] = 1 / (1 + np.exp(-(features[i] @ weights + bias)))
    best = np.array([p.max() for p in probabilities])
    answerable = np.array([y.any() for y in labels])
    right = [bool(y[p.argmax()]) for p, y in zip(probabilities, labels, strict=True) if y.any()]
    threshold = float(np.quantile(best[~answerable], WANTED_SILENCE))
    report = {
        "questions": len(labels),
        "accuracy_at_1": round(float(np.mean(right)), 4),
        "roc_auc_answerable": round(float(roc_auc_score(answerable, best)), 4),
        "silent_without_answer": round(float((best[~answerable] < threshold).mean()), 4),
        "silent_with_answer": round(float((best[answerable] < threshold).mean()), 4),
    }
    print(json.dumps(report, indent=1))
    if args.write:
        weights, bias = fit(list(zip(features, labels, strict=True)))
        data = {
            "encoder": DEFAULT_SENTENCE_MODEL,
            "cross_validated": report,
            "threshold": round(threshold, 4),
            "bias": round(float(bias), 5),
            "weights": {name: round(float(w), 5) for name, w in zip(FEATURES, weights, strict=True)},
        }
        target = Path(__file__).parents[1] / "src" / "askalms" / "data" / "reranker.json"
        target.write_text(json.dumps(data, indent=1) + "\n", "utf-8")


def measure(items: list[Item], everything: list[Item]) -> list[np.ndarray]:
    """Give, for every item, the features of its passage's sentences; rarity is that among all passages."""
    passages = {item.sentences for item in everything}
    counts = Counter(t for said in passages for s in said for t in set(terms_of(s)))
    weights = rarity(counts, sum(map(len, passages)))
    encoder = load_encoder(DEFAULT_SENTENCE_MODEL)
    texts = list({item.in_context(i): 0 for item in items for i in range(len(item.sentences))})
    row_of = dict(zip(texts, range(len(texts)), strict=True))
    vectors = encoder.encode(texts)
    asked = encoder.encode([item.question for item in items])
    features = []
    for item, vector in zip(items, asked, strict=True):
        said = item.sentences
        candidates = [Candidate(s, f"{item.disease}. {item.heading}") for s in said]
        rows = vectors[[row_of[item.in_context(i)] for i in range(len(said))]]
        features.append(sentence_features(item.question, vector, candidates, rows, weights))
    return features


def folds(diseases: list[str]) -> dict[str, int]:
    """Deal the diseases out to the folds."""
    names = sorted(set(diseases))
    random.Random(SEED).shuffle(names)
    return {name: i % FOLDS for i, name in enumerate(names)}


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
