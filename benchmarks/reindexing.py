"""Measure what renewing an index costs, beside building it: N documents are indexed, some are changed, and again.

    python benchmarks/reindexing.py MEDQUAD [--documents N] [--changed N]

MEDQUAD is a folder with MedQuAD's corpus.jsonl or corpus.jsonl.gz in the BEIR form. Its answers become Markdown
files in a temporary folder. Both runs do what `askalms index` does, each in a new process that loads the models.
"""

import argparse
import gzip
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

from askalms.corpus import load_corpus
from askalms.embedding import load_encoders
from askalms.errors import AskALMSError
from askalms.generations import current_generation, folder_of, read_manifest
from askalms.indexing import Built, build_index, difference, is_up_to_date
from askalms.settings import Settings

SEED = 20
GOAL = 0.05
"""Share of a full build that a renewal after changing one document in a hundred may take."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One run of the indexer, in seconds."""

    reading: float
    comparing: float
    building: float
    """Loading the models included."""
    built: Built

    @property
    def total(self) -> float:
        """All of it."""
        return self.reading + self.comparing + self.building


def main() -> int:
    """Run the benchmark; give the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("medquad", type=Path, help="folder with corpus.jsonl or corpus.jsonl.gz")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--changed", type=int, default=0, help="how many are changed; one in a hundred unless named")
    args = parser.parse_args()
    changed = args.changed or max(1, args.documents // 100)
    with tempfile.TemporaryDirectory() as folder:
        corpus, index = Path(folder) / "corpus", Path(folder) / "index"
        corpus.mkdir()
        written = write_documents(args.medquad, corpus, args.documents)
        if not written:
            print(f"{args.medquad} holds no corpus.jsonl or corpus.jsonl.gz", file=sys.stderr)
            return 1
        full = in_new_process(corpus, index)
        indexed = sorted(read_manifest(folder_of(index, current_generation(index)))["documents"])
        for doc_id in random.Random(SEED).sample(indexed, min(changed, len(indexed))):
            change(corpus / doc_id)
        renewed = in_new_process(corpus, index)
    print(table(full, renewed))
    share = renewed.total / full.total
    print(f"\nRenewing takes {share:.1%} of a full build (goal for one document in a hundred: under {GOAL:.0%}).")
    return 0


def write_documents(medquad: Path, corpus: Path, wanted: int) -> list[Path]:
    """Write that many answers, chosen at random but the same every time, as files; leave out those without prose."""
    records = list(_records(medquad))
    random.Random(SEED).shuffle(records)
    written: list[Path] = []
    for record in records:
        if len(written) == wanted:
            break
        # Shorter ones are mostly debris of web pages, which no index takes.
        if len(record["text"]) > 200:
            path = corpus / f"{len(written):05d}.md"
            text = f"---\ntitle: {json.dumps(record['title'], ensure_ascii=False)}\n---\n{record['text']}\n"
            path.write_text(text, "utf-8")
            written.append(path)
    return written


def change(path: Path) -> None:
    """Add a sentence to a document."""
    with path.open("a", encoding="utf-8") as file:
        file.write("\n\nFamilies say that a written plan for the school day helps them most.\n")


def in_new_process(corpus: Path, index: Path) -> Timed:
    """Time a run that has nothing in memory from one before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(timed, corpus, index).result()


def timed(corpus: Path, index: Path) -> Timed:
    """Do what `askalms index` does."""
    settings = Settings()
    times = [time.perf_counter()]
    loaded = load_corpus(corpus, settings.corpus)
    times.append(time.perf_counter())
    difference(index, loaded)
    if is_up_to_date(index, loaded, settings):
        raise AskALMSError("nothing was changed, so there is nothing to measure")
    times.append(time.perf_counter())
    built = build_index(index, loaded, lambda: load_encoders(settings.embedding), settings)
    times.append(time.perf_counter())
    return Timed(*(after - before for before, after in pairwise(times)), built)


def table(full: Timed, renewed: Timed) -> str:
    """Set the two runs side by side, in Markdown."""
    rows = [
        ("documents in the index", full.built.documents, renewed.built.documents),
        ("texts embedded", full.built.embedded, renewed.built.embedded),
        ("embeddings kept", full.built.reused, renewed.built.reused),
        ("reading, s", f"{full.reading:.2f}", f"{renewed.reading:.2f}"),
        ("comparing, s", f"{full.comparing:.2f}", f"{renewed.comparing:.2f}"),
        ("building, s", f"{full.building:.2f}", f"{renewed.building:.2f}"),
        ("all, s", f"{full.total:.2f}", f"{renewed.total:.2f}"),
    ]
    lines = ["| | full | renewed |", "| --- | ---: | ---: |"]
    return "\n".join([*lines, *(f"| {name} | {a} | {b} |" for name, a, b in rows)])


def _records(medquad: Path) -> Iterator[dict[str, str]]:
    for name, opened in (("corpus.jsonl", open), ("corpus.jsonl.gz", gzip.open)):
        if (medquad / name).is_file():
            with opened(medquad / name, "rt", encoding="utf-8") as lines:
                yield from map(json.loads, lines)
            return


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AskALMSError as error:
        print(f"reindexing: {error}", file=sys.stderr)
        sys.exit(1)
