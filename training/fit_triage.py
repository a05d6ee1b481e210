"""Fit the classifier that tells messages that need help at once, or a clinician, from questions.

    python training/fit_triage.py [--write]

The examples are in triage_examples.toml; the questions of questions.jsonl are harmless ones. A logistic
model over the embeddings of a message is fitted, and cross-validated over the examples.
"""

import argparse
import hashlib
import json
import random
import tomllib
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from askalms.settings import DEFAULT_MODEL, DEFAULT_SENTENCE_MODEL
from askalms.triage import HARMLESS, KINDS, decide, embedded

HERE = Path(__file__).parent
EXAMPLES = HERE / "triage_examples.toml"
QUESTIONS_USED = 5000
WEIGHT_OF_QUESTION = 1.0
"""A question about another disease counts so much of an example."""
INVERSE_REGULARISATION = 20.0
FOLDS = 5
SEED = 1959


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write src/askalms/data/triage.json")
    args = parser.parse_args()
    data = tomllib.loads(EXAMPLES.read_text("utf-8"))
    examples = [(kind, text) for kind in (*KINDS, HARMLESS) for text in data[kind]["examples"]]
    random.Random(SEED).shuffle(examples)
    used, kept_apart = _questions()
    vectors = embedded([text for _, text in examples])
    questions = embedded(used)
    kinds = [kind for kind, _ in examples]
    probabilities = np.zeros((len(examples), len(KINDS) + 1))
    fold_of = np.arange(len(examples)) % FOLDS
    for fold in range(FOLDS):
        model = _fit(vectors[fold_of != fold], [k for k, f in zip(kinds, fold_of, strict=True) if f != fold], questions)
        probabilities[fold_of == fold] = model.predict_proba(vectors[fold_of == fold])
    whole = _fit(vectors, kinds, questions)
    report = {
        "examples": _confusion(kinds, probabilities),
        "questions about other diseases": _confusion(
            [HARMLESS] * len(kept_apart), whole.predict_proba(embedded(kept_apart))
        ),
    }
    print(json.dumps(report, indent=1))
    if args.write:
        record = {
            "encoders": [DEFAULT_SENTENCE_MODEL, DEFAULT_MODEL],
            "examples_sha256": hashlib.sha256(EXAMPLES.read_bytes()).hexdigest(),
            "cross_validated": report,
            "kinds": [*KINDS, HARMLESS],
            "bias": [round(float(b), 4) for b in whole.intercept_],
            "weights": [[round(float(w), 3) for w in row] for row in whole.coef_],
        }
        target = HERE.parent / "src" / "askalms" / "data" / "triage.json"
        target.write_text(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def _questions() -> tuple[list[str], list[str]]:
    """Give questions to fit with, and others, about other documents, to measure false alarms with."""
    records = [json.loads(line) for line in (HERE / "questions.jsonl").read_text("utf-8").splitlines()]
    used = [r["question"] for r in records if zlib.crc32(r["document"].encode()) % 4]
    apart = [r["question"] for r in records if not zlib.crc32(r["document"].encode()) % 4]
    chosen = random.Random(SEED)
    return chosen.sample(used, min(QUESTIONS_USED, len(used))), chosen.sample(
        apart, min(QUESTIONS_USED // 2, len(apart))
    )


def _fit(vectors: np.ndarray, kinds: Sequence[str], questions: np.ndarray) -> LogisticRegression:
    """Fit; the classes are the places in (*KINDS, HARMLESS)."""
    order = [*KINDS, HARMLESS]
    labels = [*map(order.index, kinds), *[order.index(HARMLESS)] * len(questions)]
    weights = [*[1.0] * len(kinds), *[WEIGHT_OF_QUESTION] * len(questions)]
    model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=3000)
    return model.fit(np.concatenate([vectors, questions]), labels, sample_weight=weights)


def _confusion(kinds: Sequence[str], probabilities: np.ndarray) -> dict[str, dict[str, int]]:
    """Count what each kind is taken for."""
    counts = Counter((kind, decide(row.tolist()) or HARMLESS) for kind, row in zip(kinds, probabilities, strict=True))
    return {k: {d: n for (a, d), n in sorted(counts.items()) if a == k} for k in dict.fromkeys(kinds)}


if __name__ == "__main__":
    main()
