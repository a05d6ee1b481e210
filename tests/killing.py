"""Ends a build at each of its writes, in real processes, and tells what the index is then. Started by tests.

    python killing.py FOLDER MODE

MODE says what befalls the build at the n-th write, for every n:

    kill    its process is killed
    cut     the same, and what no fsync has seen onto the disk is lost by half, as after a power cut
    full    the disk is full from there on
    first   as kill, where there was no index before
    closed  once only: the folder is closed to the user

Prints one JSON object: the number of writes, and a list with what followed each.
"""

import errno
import json
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

# A forked process must not inherit threads of which only the locks are left.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", HF_HUB_OFFLINE="1")

from askalms.answering import Assistant
from askalms.corpus import Corpus, load_corpus
from askalms.embedding import Encoders
from askalms.errors import AskALMSError, IndexUnusableError
from askalms.index import open_index
from askalms.indexing import build_index
from askalms.settings import CorpusSettings, EmbeddingSettings, RerankingSettings, Settings
from conftest import TOY_CORPUS, ToyEncoder

SETTINGS = Settings(
    embedding=EmbeddingSettings(model="toy", sentence_model="toy"), reranking=RerankingSettings(model="none")
)
ENCODERS = Encoders(ToyEncoder(), ToyEncoder())
QUESTION = "Which gene is changed in Alström syndrome?"
TITLES = {"old": "Alström syndrome in short", "new": "Alström syndrome anew"}
_WRITES = ("write", "writelines", "tofile", "fsync", "flush", "truncate")


def corpora() -> dict[str, Corpus]:
    """The toy corpus, and the same with another title of the page that answers the question, and a page less."""
    old = load_corpus(TOY_CORPUS, CorpusSettings())
    documents = [d for d in old.documents if d.doc_id != "usher.md"]
    renewed = [
        replace(d, provenance=replace(d.provenance, title=TITLES["new"])) if d.doc_id == "alstrom.md" else d
        for d in documents
    ]
    return {"old": old, "new": replace(old, documents=tuple(renewed))}


def build(folder: Path, corpus: Corpus) -> None:
    build_index(folder, corpus, ENCODERS, SETTINGS)


def state(folder: Path) -> str:
    """Ask the index, as a reader would: "old" or "new" by what it quotes, "none" where there is none."""
    try:
        index = open_index(folder, SETTINGS.embedding)
    except IndexUnusableError as error:
        return "none" if "there is no index" in str(error) else f"broken: {error}"
    answer = Assistant(index, ENCODERS, SETTINGS).ask(QUESTION)
    titles = {q.provenance.title for q in answer.quotes}
    said = next((name for name, title in TITLES.items() if titles == {title}), f"broken: {titles}")
    whole = len(index.documents) == {"old": 3, "new": 2}.get(said)
    return said if whole else f"broken: {said} with {len(index.documents)} documents"


class Writes:
    """Counts what this process does to files below a folder, and does something at one of these points."""

    def __init__(self, folder: Path, happen: Callable[["Writes"], None]) -> None:
        self.count = 0
        self.unseen: set[str] = set()
        """Files with content that no fsync has seen onto the disk."""
        self._folder = str(folder)
        self._happen = happen
        self._busy = False
        sys.addaudithook(self._audit)
        sys.setprofile(self._profile)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._busy:
            return
        path = os.fspath(arguments[0]) if arguments and isinstance(arguments[0], str | os.PathLike) else ""
        if event == "open":
            flags = arguments[2]
            if path.startswith(self._folder) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self._point()
                self.unseen.add(path)
        elif event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"):
            # rmtree names what it removes below an open folder, so relative paths count as well.
            self._point()
            if event == "os.rename" and path in self.unseen:
                self.unseen.remove(path)
                self.unseen.add(os.fspath(arguments[1]))

    def _profile(self, frame: Any, event: str, function: Any) -> None:
        if event != "c_call" or self._busy or function.__name__ not in _WRITES:
            return
        name = getattr(getattr(function, "__self__", None), "name", "")
        if function.__name__ in ("fsync", "tofile") or str(name).startswith(self._folder):
            self._point()
            if function.__name__ == "fsync":
                self._busy = True
                local = frame.f_locals
                seen = Path(f"/proc/self/fd/{local['descriptor']}").readlink()
                self.unseen.discard(str(seen))
                self._busy = False

    def _point(self) -> None:
        self._busy = True
        self.count += 1
        try:
            self._happen(self)
        finally:
            self._busy = False


def at(n: int, mode: str) -> Callable[[Writes], None]:
    """Say what happens at the n-th point."""

    def happen(writes: Writes) -> None:
        if mode == "full":
            if writes.count >= n:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        elif writes.count == n:
            if mode == "cut":
                for path in map(Path, writes.unseen):
                    if path.is_file():
                        os.truncate(path, path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    return happen


def forked(work: Callable[[], str]) -> tuple[int, str]:
    """Do something in a process of its own; give how it ended, and what it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        said, code = "", 0
        try:
            said = work()
        except AskALMSError as error:
            said, code = str(error), 1
        except BaseException as error:
            said, code = f"{type(error).__name__}: {error}", 2
        os.write(writing, said.encode())
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def renew_with(folder: Path, happen: Callable[[Writes], None], corpus: Corpus) -> tuple[int, str]:
    def work() -> str:
        writes = Writes(folder, happen)
        try:
            build(folder, corpus)
        finally:
            sys.setprofile(None)
        return str(writes.count)

    return forked(work)


def main(folder: Path, mode: str) -> dict[str, Any]:
    known = corpora()
    base, work = folder / "base", folder / "work"
    base.mkdir()
    if mode != "first":
        # Twice, so that there is a generation to be removed.
        build(base, known["new"])
        build(base, known["old"])
    if mode == "closed":
        return closed(base, known["new"])

    def afresh() -> None:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(base, work)

    afresh()
    code, said = renew_with(work, lambda writes: None, known["new"])
    assert (code, state(work)) == (0, "new"), said
    points = int(said)
    results = []
    for n in range(1, points + 1):
        afresh()
        code, said = renew_with(work, at(n, mode), known["new"])
        found = state(work)
        build(work, known["new"])
        left = sorted(p.name for p in work.iterdir() if p.name not in ("CURRENT", "BEFORE.json", "generations", "LOCK"))
        kept = len(list((work / "generations").iterdir()))
        results.append({"code": code, "said": said, "state": found, "next": state(work), "left": left, "kept": kept})
    return {"points": points, "results": results}


def closed(base: Path, corpus: Corpus) -> dict[str, Any]:
    """Renew an index in a folder that the user may read but not write."""
    # What is imported when it is first used must be there before the rights are given away.
    state(base)

    def work() -> str:
        if os.geteuid() == 0:
            os.setuid(65534)
        try:
            build(base, corpus)
        except AskALMSError as error:
            return json.dumps({"said": str(error), "state": state(base)})
        return json.dumps({"said": "", "state": state(base)})

    for path in (base, *base.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        code, said = forked(work)
    finally:
        for path in (base, *base.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    return {"points": 1, "results": [{"code": code, **json.loads(said)}]}


if __name__ == "__main__":
    # Each of hundreds of Assistants would say that the threshold was not fitted for the toy encoder.
    logging.getLogger("askalms").setLevel(logging.ERROR)
    print(json.dumps(main(Path(sys.argv[1]).resolve(), sys.argv[2])))
