"""Train the cross-encoder that scores the sentences of a passage, and export it to ONNX.

    python training/train_reranker.py MEDQUAD_FOLDER ENCODER_CHECKPOINT OUTPUT_FOLDER [--epochs 1.6]

It begins with the weights of the trained encoder of sentences, and with a score that is useful before
any training: the cosine of the mean token of the question and of the sentence, as they come out of
the joint pass. A linear layer that begins at zero is added to it. For each question one or two stretches
of its page that hold an answer are read, and one or two that hold none. The loss is listwise over all
their sentences and "none of them", with a binary loss beside it. The weights that do best on the
validation diseases are kept; the test diseases are looked at once, at the end.
"""

import argparse
import json
import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from exporting import quantized
from questions import TEST, TRAIN, VALIDATION, Item, about_words, quality, read, stretches
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from askalms.crossencoding import Reading, joined, pooling

QUESTIONS_A_STEP = 12
LEARNING_RATE, LEARNING_RATE_OF_HEAD = 5e-5, 2e-3
WORDS_OF_STRETCH = (45, 80, 115, 150)
"""A stretch has at most so many words, drawn anew each time, so that a sentence is seen among other neighbours."""
WORDS_WHEN_MEASURED = 110
HEADING_LEFT_OUT = 0.3
FROM_ANOTHER_PAGE = 0.25
"""How often a stretch of another question's page is read as well: it never answers."""
STEPS_BETWEEN_CHECKS = 150
CHECKED_PAGES = 4
"""One in so many of the questions about whole pages is used for the learning curve, to save time."""
SEED = 0

Example = tuple[list[int], list[int], list[bool]]
"""Tokens, what each belongs to, and which sentences answer."""


class Reader(torch.nn.Module):
    """MiniLM and a score for each sentence."""

    def __init__(self, location: str) -> None:
        super().__init__()
        self.bert = AutoModel.from_pretrained(location, attn_implementation="eager")
        size = self.bert.config.hidden_size
        self.head = torch.nn.Linear(2 * size, 1)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)
        self.scale = torch.nn.Parameter(torch.tensor(10.0))
        self.bias = torch.nn.Parameter(torch.tensor(-6.0))

    def forward(self, input_ids: torch.Tensor, pooling: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Score sentences; shapes (rows, tokens), (rows, 1 + sentences, tokens) -> (rows, sentences)."""
        mask = torch.ones_like(input_ids) if mask is None else mask
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not torch.jit.is_tracing()):
            hidden = self.bert(
                input_ids=input_ids, attention_mask=mask, token_type_ids=torch.zeros_like(input_ids)
            ).last_hidden_state
        means = functional.normalize(pooling @ hidden.float(), dim=-1, eps=1e-6)
        asked, said = means[:, :1], means[:, 1:]
        # The factors give both parts entries of about unit size.
        parts = torch.cat([asked * said * 20, said * 4], dim=-1)
        score: torch.Tensor = self.scale * (asked * said).sum(-1) + self.bias + self.head(parts)[..., 0]
        return score


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("medquad", type=Path)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--epochs", type=float, default=1.6)
    args = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    items = read(args.medquad)
    items += about_words(items, SEED)
    split = {p: [i for i in items if i.part == p] for p in (TRAIN, VALIDATION, TEST)}
    pages = [i for i in split[VALIDATION] if i.document.whole]
    split[VALIDATION] = [i for i in split[VALIDATION] if not i.document.whole] + pages[::CHECKED_PAGES]
    args.output.mkdir(parents=True, exist_ok=True)
    examples = Examples(AutoTokenizer.from_pretrained(args.encoder))
    reader = Reader(str(args.encoder))
    report: dict[str, Any] = {"questions to train with": len(split[TRAIN])}
    best = args.output / "best.pt"
    report["learning curve, validation"] = train(reader, examples, split[TRAIN], split[VALIDATION], args.epochs, best)
    reader.load_state_dict(torch.load(best))
    report["test"] = evaluate(reader, examples, split[TEST])
    export(reader, args.encoder, args.output)
    (args.output / "report.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


class Examples:
    """Makes rows of tokens of questions and stretches of documents."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ends = (tokenizer.cls_token_id, tokenizer.sep_token_id)
        self._known: dict[str, list[int]] = {}

    def of(self, item: Item, words: int, with_heading: bool = True) -> list[Example]:
        """Cut the document into stretches of whole sentences of one section, and join each with the question."""
        made, first = [], 0
        for section in item.document.sections:
            for stretch in stretches(section.sentences, words):
                said = section.sentences[stretch.start : stretch.stop]
                heading = f"{item.document.disease}. {section.heading}" if with_heading else item.document.disease
                tokens, owners = joined(self._tokenize, self._ends, item.question, Reading(heading, said))
                made.append((tokens, owners, list(item.answers[first + stretch.start : first + stretch.stop])))
            first += len(section.sentences)
        return made

    def _tokenize(self, text: str) -> list[int]:
        if text not in self._known:
            self._known[text] = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return self._known[text]


def scores(reader: Reader, examples: Sequence[Example]) -> list[torch.Tensor]:
    """Score the sentences of each example, shape (sentences,); rows of like length are read together."""
    order = sorted(range(len(examples)), key=lambda i: len(examples[i][0]))
    size = max(1, (len(order) + 1) // 2) if reader.training else 32
    found: dict[int, torch.Tensor] = {}
    for start in range(0, len(order), size):
        part = order[start : start + size]
        rows = [examples[i] for i in part]
        length, most = max(len(r[0]) for r in rows), max(len(r[2]) for r in rows)
        tokens, mask = (
            torch.zeros(len(rows), length, dtype=torch.long),
            torch.zeros(len(rows), length, dtype=torch.long),
        )
        means = torch.zeros(len(rows), 1 + most, length)
        for number, (ids, owners, answers) in enumerate(rows):
            tokens[number, : len(ids)] = torch.tensor(ids)
            mask[number, : len(ids)] = 1
            means[number, : 1 + len(answers), : len(ids)] = torch.from_numpy(pooling(owners, len(answers)))
        scored = reader(tokens, means, mask)
        found.update({i: row[: len(examples[i][2])] for i, row in zip(part, scored, strict=True)})
    return [found[i] for i in range(len(examples))]


@torch.no_grad()
def evaluate(reader: Reader, examples: Examples, items: Sequence[Item]) -> dict[str, dict[str, float]]:
    """Measure the right sentence first, and answerable questions against the others by the best score."""
    reader.eval()
    report = {}
    for name, whole in (("passages", False), ("whole pages", True)):
        chosen = [i for i in items if i.document.whole == whole]
        made = [examples.of(item, WORDS_WHEN_MEASURED) for item in chosen]
        scored = iter(scores(reader, [e for of_item in made for e in of_item]))
        values = [torch.cat([next(scored) for _ in of_item]).numpy() for of_item in made]
        report[name] = quality(chosen, values)
    return report


def train(
    reader: Reader, examples: Examples, items: list[Item], validation: list[Item], epochs: float, best: Path
) -> list[dict[str, Any]]:
    """Train; the best weights are in the file `best` afterwards. Gives the learning curve."""
    steps = int(epochs * len(items) / QUESTIONS_A_STEP)
    head = [p for name, p in reader.named_parameters() if not name.startswith("bert")]
    optimiser = torch.optim.AdamW(
        [{"params": reader.bert.parameters(), "lr": LEARNING_RATE}, {"params": head, "lr": LEARNING_RATE_OF_HEAD}]
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / 60) * max(0.02, 1 - step / steps)
    )
    curve: list[dict[str, Any]] = []
    order: list[Item] = []
    started, lost = time.monotonic(), 0.0
    for step in range(steps):
        if len(order) < QUESTIONS_A_STEP:
            order = random.sample(items, len(items))
        reader.train()
        loss = _loss(reader, examples, [order.pop() for _ in range(QUESTIONS_A_STEP)])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        lost += loss.item()
        if (step + 1) % STEPS_BETWEEN_CHECKS == 0 or step == steps - 1:
            found = {"step": step + 1, **evaluate(reader, examples, validation)}
            print(
                found,
                f"of {steps}, loss {lost / STEPS_BETWEEN_CHECKS:.3f}, {time.monotonic() - started:.0f} s",
                flush=True,
            )
            lost = 0.0
            if all(_quality(found) > _quality(c) for c in curve):
                torch.save(reader.state_dict(), best)
            curve.append(found)
    return curve


def _quality(found: dict[str, Any]) -> float:
    return sum(found[k]["accuracy_at_1"] + found[k]["roc_auc_answerable"] for k in ("passages", "whole pages"))


def _loss(reader: Reader, examples: Examples, batch: Sequence[Item]) -> torch.Tensor:
    chosen: list[Example] = []
    numbers: list[int] = []
    for number, item in enumerate(batch):
        if random.random() < FROM_ANOTHER_PAGE:
            other = random.choice(batch)
            if other.document.disease != item.document.disease:
                asked_elsewhere = Item(item.question, other.document, (False,) * len(other.answers), item.style)
                chosen.append(random.choice(examples.of(asked_elsewhere, random.choice(WORDS_OF_STRETCH))))
                numbers.append(number)
        made = examples.of(item, random.choice(WORDS_OF_STRETCH), random.random() >= HEADING_LEFT_OUT)
        random.shuffle(made)
        with_answer = [e for e in made if any(e[2])]
        without = [e for e in made if not any(e[2])]
        taken = [*with_answer[:2], *without[:2]][:3] if with_answer else without[:2]
        chosen += taken
        numbers += [number] * len(taken)
    scored = scores(reader, chosen)
    total = torch.zeros(())
    for number in range(len(batch)):
        own = [i for i, n in enumerate(numbers) if n == number]
        values = torch.cat([scored[i] for i in own])
        right = torch.tensor([float(answers) for i in own for answers in chosen[i][2]])
        none = torch.tensor([0.0 if right.any() else 1.0])
        all_values, all_right = torch.cat([values, torch.zeros(1)]), torch.cat([right, none])
        listwise = torch.logsumexp(all_values, 0) - torch.logsumexp(all_values.masked_fill(all_right == 0, -1e4), 0)
        binary = functional.binary_cross_entropy_with_logits(
            values, right, pos_weight=torch.tensor(2.0), reduction="sum"
        )
        total = total + listwise + binary / 6
    return total / len(batch)


def export(reader: Reader, encoder: Path, output: Path) -> None:
    """Write model.onnx and tokenizer.json, all weights in 8 bits.

    Scores are compared within a question and weighed anew afterwards, so they lose nothing by it that
    can be measured, unlike the embeddings of the encoder; and reading takes less than half the time.
    """
    reader.eval()
    tokens, means = torch.tensor([[101, 2054, 2003, 102, 2023, 102]]), torch.zeros(1, 2, 6)
    means[0, 0, 1:3], means[0, 1, 4] = 0.5, 1.0
    whole = output / "whole.onnx"
    torch.onnx.export(
        reader,
        (tokens, means),
        str(whole),
        input_names=["input_ids", "pooling"],
        output_names=["scores"],
        dynamic_axes={
            "input_ids": {0: "rows", 1: "tokens"},
            "pooling": {0: "rows", 1: "parts", 2: "tokens"},
            "scores": {0: "rows", 1: "sentences"},
        },
        opset_version=17,
        dynamo=False,
    )
    onnx.save(quantized(whole, ["Gather", "MatMul", "Gemm"]), output / "model.onnx")
    AutoTokenizer.from_pretrained(encoder).save_pretrained(output / "tokenizer")
    shutil.copy(output / "tokenizer" / "tokenizer.json", output / "tokenizer.json")


if __name__ == "__main__":
    main()
