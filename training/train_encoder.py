"""Train the encoder of sentences, and export it to ONNX.

    python training/train_encoder.py MEDQUAD_FOLDER OUTPUT_FOLDER [--epochs 4]

It begins with the weights of all-MiniLM-L6-v2 and is trained with the questions about single passages,
which were written first. Each question is trained listwise: the sentence that
answers, with its title and heading in front, against five other sentences of its passage and all
sentences of the batch. A second loss on the scaled cosine makes near misses score low, so that a
cosine says whether there is an answer at all. The weights that do best on the validation diseases
are kept; the test diseases are looked at once, at the end.
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
from exporting import export_encoder
from questions import TEST, TRAIN, VALIDATION, Item, quality, read
from sentence_transformers import SentenceTransformer
from torch.nn import functional

from askalms.embedding import model_location
from askalms.settings import STOCK_MODEL

QUESTIONS_A_STEP = 12
OTHERS_OF_PASSAGE = 5
LEARNING_RATE = 3e-5
HEADING_LEFT_OUT = 0.3
"""Share of sentences without their heading, since the headings of real pages differ from these."""
STEPS_BETWEEN_CHECKS = 100
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("medquad", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--epochs", type=float, default=4.0)
    args = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    items = [item for item in read(args.medquad) if not item.document.whole]
    split = {p: [i for i in items if i.part == p] for p in (TRAIN, VALIDATION, TEST)}
    model = SentenceTransformer(model_location(STOCK_MODEL), device="cpu")
    model.max_seq_length = 160
    report = {"stock, test": evaluate(model, split[TEST])}
    checkpoint = args.output / "checkpoint"
    report["learning curve, validation"] = train(model, split[TRAIN], split[VALIDATION], args.epochs, checkpoint)
    report["trained, test"] = evaluate(SentenceTransformer(str(checkpoint), device="cpu"), split[TEST])
    export_encoder(str(checkpoint), args.output)
    (args.output / "report.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


def evaluate(model: SentenceTransformer, items: list[Item]) -> dict[str, float]:
    """Measure the right sentence first, and answerable questions against the others by the best cosine."""
    texts = {text: 0 for item in items for text in item.document.in_context()}
    rows = dict(zip(texts, model.encode(list(texts), normalize_embeddings=True), strict=True))
    asked = model.encode([item.question for item in items], normalize_embeddings=True)
    cosines = [
        np.array([rows[text] @ vector for text in item.document.in_context()])
        for item, vector in zip(items, asked, strict=True)
    ]
    return quality(items, cosines)


def train(
    model: SentenceTransformer, items: list[Item], validation: list[Item], epochs: float, checkpoint: Path
) -> list[dict[str, float]]:
    """Train `model`; the best weights are in `checkpoint` afterwards. Gives the learning curve."""
    steps = int(epochs * len(items) / QUESTIONS_A_STEP)
    scale, slope, bias = (torch.nn.Parameter(torch.tensor(v)) for v in (20.0, 10.0, -5.0))
    optimiser = torch.optim.AdamW(
        [{"params": model.parameters(), "lr": LEARNING_RATE}, {"params": [scale, slope, bias], "lr": 1e-2}]
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / 50) * max(0.05, 1 - step / steps)
    )
    curve: list[dict[str, float]] = []
    order: list[Item] = []
    started = time.monotonic()
    model.train()
    for step in range(steps):
        if len(order) < QUESTIONS_A_STEP:
            order = random.sample(items, len(items))
        batch = [order.pop() for _ in range(QUESTIONS_A_STEP)]
        loss = _loss(model, batch, scale, slope, bias)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        if (step + 1) % STEPS_BETWEEN_CHECKS == 0 or step == steps - 1:
            model.eval()
            found = {"step": step + 1, **evaluate(model, validation)}
            model.train()
            print(found, f"{time.monotonic() - started:.0f} s", flush=True)
            if all(_quality(found) > _quality(c) for c in curve):
                model.save(str(checkpoint))
            curve.append(found)
    return curve


def _quality(found: dict[str, float]) -> float:
    return found["accuracy_at_1"] + found["roc_auc_answerable"]


def _loss(
    model: SentenceTransformer,
    batch: list[Item],
    scale: torch.Tensor,
    slope: torch.Tensor,
    bias: torch.Tensor,
) -> torch.Tensor:
    texts: list[str] = []
    pairs: list[tuple[int, int, float]] = []
    for number, item in enumerate(batch):
        gold = [i for i, answers in enumerate(item.answers) if answers]
        others = [i for i, answers in enumerate(item.answers) if not answers]
        random.shuffle(others)
        chosen = [random.choice(gold)] if gold else []
        with_heading, without_heading = item.document.in_context(), item.document.in_context(with_heading=False)
        for i in chosen + others[: OTHERS_OF_PASSAGE + (not gold)]:
            pairs.append((number, len(texts), float(i in chosen)))
            texts.append((with_heading if random.random() >= HEADING_LEFT_OUT else without_heading)[i])
    cosines = _embed(model, [item.question for item in batch]) @ _embed(model, texts).T
    numbers, columns, labels = (torch.tensor(v) for v in zip(*pairs, strict=True))
    right = labels == 1
    listwise = functional.cross_entropy(cosines[numbers[right]] * scale, columns[right])
    logits = slope * cosines[numbers, columns] + bias
    return listwise + functional.binary_cross_entropy_with_logits(logits, labels, pos_weight=torch.tensor(3.0))


def _embed(model: SentenceTransformer, texts: list[str]) -> torch.Tensor:
    """Embed with gradients; short texts and long ones apart, so that little is padding."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows: dict[int, torch.Tensor] = {}
    for half in (order[: len(order) // 2], order[len(order) // 2 :]):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            embedded = model(model.preprocess([texts[i] for i in half]))["sentence_embedding"]
        rows.update(zip(half, functional.normalize(embedded.float(), dim=-1), strict=True))
    return torch.stack([rows[i] for i in range(len(texts))])


if __name__ == "__main__":
    main()
