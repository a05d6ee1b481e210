"""Fit the weights of the reranker, and the threshold below which it is silent.

    python training/fit_reranker.py QUESTIONS_FOLDER [--write]

QUESTIONS_FOLDER holds passages.jsonl and questions.jsonl: questions of families about other
diseases than those of the library, each with the sentences of its passage that answer it, or with
none. All figures are from cross-validation by disease: a disease is wholly in one fold.
"""

import argparse
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from askalms.embedding import load_encoder
from askalms.index import in_context, rarity
from askalms.lexical import terms_of
from askalms.reranking import FEATURES, Candidate, sentence_features
from askalms.settings import EmbeddingSettings

FOLDS = 5
SEED = 1959
WANTED_SILENCE = 0.5
"""Share of the questions without an answer, about the right disease, that must stay unanswered."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="write src/askalms/data/reranker.json")
    args = parser.parse_args()
    features, labels, diseases = measure(args.folder)
    fold_of = folds(diseases)
    probabilities: list[np.ndarray] = [np.zeros(0)] * len(features)
    for fold in range(FOLDS):
        weights, bias = fit(
            [(x, y) for x, y, d in zip(features, labels, diseases, strict=True) if fold_of[d] != fold]
        )
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
            "encoder": EmbeddingSettings().model,
            "cross_validated": report,
            "threshold": round(threshold, 4),
            "bias": round(float(bias), 5),
            "weights": {name: round(float(w), 5) for name, w in zip(FEATURES, weights, strict=True)},
        }
        target = Path(__file__).parents[1] / "src" / "askalms" / "data" / "reranker.json"
        target.write_text(json.dumps(data, indent=1) + "\n", "utf-8")


def measure(folder: Path) -> tuple[list[np.ndarray], list[np.ndarray], list[str]]:
    """Give, for every question, the features and labels of its passage's sentences, and its disease."""
    passages = {p["passage_id"]: p for p in map(json.loads, (folder / "passages.jsonl").open(encoding="utf-8"))}
    questions = [json.loads(line) for line in (folder / "questions.jsonl").open(encoding="utf-8")]
    encoder = load_encoder(EmbeddingSettings())
    texts: list[str] = []
    counts: Counter[str] = Counter()
    for p in passages.values():
        p["first"] = len(texts)
        p["said"] = [p["text"][a:b] for a, b in p["sentences"]]
        texts += [in_context(p["title"], p["question_type"], s) for s in p["said"]]
        counts.update(t for s in p["said"] for t in set(terms_of(s)))
    vectors = encoder.encode(texts)
    asked = encoder.encode([q["question"] for q in questions])
    weights = rarity(counts, len(texts))
    features, labels, diseases = [], [], []
    for question, vector in zip(questions, asked, strict=True):
        p = passages[question["passage_id"]]
        said = p["said"]
        candidates = [
            Candidate(
                s,
                f"{p['title']}. {p['question_type']}",
                said[i - 1] if i else "",
                said[i + 1] if i + 1 < len(said) else "",
            )
            for i, s in enumerate(said)
        ]
        rows = vectors[p["first"] : p["first"] + len(said)]
        features.append(sentence_features(question["question"], vector, candidates, rows, weights))
        gold = {(g["start"], g["end"]) for g in question["gold"]}
        labels.append(np.array([tuple(s) in gold for s in p["sentences"]]))
        diseases.append(p["title"])
    return features, labels, diseases


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
