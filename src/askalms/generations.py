"""The folder of an index: its generations, which of them answers, and who may write.

    index/CURRENT             name of the generation that answers
    index/BEFORE.json         which generation answered before which
    index/LOCK                held by the process that writes; LOCK.json tells who that is
    index/generations/NAME/   manifest.json, and the files that it lists with their hashes

A generation is written beside the others, sealed, checked, and becomes the current one by one atomic rename
of CURRENT. Every file and folder is on the disk before that, so a power cut leaves the one or the other.
"""

import getpass
import hashlib
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import filelock

from askalms.errors import IndexDamagedError, IndexLockedError, IndexUnusableError

FORMAT = 2
"""Raised when a generation of an older program can no longer be read."""
REBUILD = "rebuild it with `askalms index CORPUS`"

_KEYS = ("model", "dimension", "sentence_model", "fingerprint", "passages", "sentences", "documents", "files")
"""What a manifest must hold, beside its format and the hash of itself."""
_SEAL = "manifest_sha256"
_UNFINISHED = ".new"

T = TypeVar("T")


# --- which generation answers


def current_generation(folder: Path) -> str:
    """Name the generation that answers. Cheap: reads one short file, and opens nothing.

    Raises:
        IndexUnusableError: There is none, or its name cannot be read.
    """
    path = folder / "CURRENT"
    if not path.is_file():
        raise IndexUnusableError(f"there is no index in {str(folder)!r}; make one with `askalms index CORPUS`")
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError as error:
        raise IndexUnusableError(f"{path} cannot be read ({error.strerror}); check its permissions") from None


def generation_before(folder: Path) -> str:
    """Name the generation that answered before the current one; "" if none is kept.

    Raises:
        IndexUnusableError: There is no current one.
    """
    current = current_generation(folder)
    try:
        before = json.loads((folder / "BEFORE.json").read_text("utf-8"))[current]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return before if isinstance(before, str) else ""


def folder_of(folder: Path, name: str) -> Path:
    """Find the folder of a generation.

    Raises:
        IndexDamagedError: It is not there.
    """
    generation = folder / "generations" / name
    if not name or Path(name).name != name or not generation.is_dir():
        raise IndexDamagedError(
            f"the index in {str(folder)!r} points to a generation {name!r} that is not there; {REBUILD}"
        )
    return generation


def read_current(folder: Path, read: Callable[[Path], T]) -> T:
    """Read of the current generation, and of its successor if it is replaced and removed under the reader's hands."""
    while True:
        name = current_generation(folder)
        try:
            return read(folder_of(folder, name))
        except Exception:
            if current_generation(folder) == name:
                raise


# --- writing


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the folder against all other writers; the system lets go of it when the process ends, however it ends.

    Raises:
        IndexLockedError: Another process holds it.
        IndexUnusableError: Nothing can be written there.
    """
    holder = folder / "LOCK.json"
    lock = filelock.FileLock(folder / "LOCK", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise IndexLockedError(
            f"{_holder(holder)} is writing to the index in {str(folder)!r}; wait until it is done, or end it and try "
            "again; meanwhile the index answers as before"
        ) from None
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        with suppress(OSError):
            holder.write_text(json.dumps(_myself()), "utf-8")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def new_generation(folder: Path) -> Path:
    """Make the folder of a new generation, and remove what earlier writers left behind; the lock must be held.

    Raises:
        IndexUnusableError: Nothing can be written there.
    """
    try:
        generations = folder / "generations"
        generations.mkdir(exist_ok=True)
        _remove_leftovers(folder)
        number = 1 + max((_number(p) for p in generations.iterdir()), default=0)
        generation = Path(tempfile.mkdtemp(prefix=f"{number:06d}-", dir=generations))
        # A service may run as another user than the one who indexes.
        generation.chmod(0o755)
        return generation
    except OSError as error:
        raise _unwritable(folder, error) from None


def seal(generation: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest with the hashes of all files, and see all of it onto the disk."""
    files = sorted(p for p in generation.rglob("*") if p.is_file())
    digests = {p.relative_to(generation).as_posix(): _digest(p) for p in files}
    sealed = {"format": FORMAT, **manifest, "files": digests}
    path = generation / "manifest.json"
    path.write_text(json.dumps({**sealed, _SEAL: _hash_of(sealed)}, ensure_ascii=False, indent=1), "utf-8")
    folders = (p for p in generation.rglob("*") if p.is_dir())
    for written in (*files, path, *folders, generation, generation.parent):
        _flush(written)


def switch(folder: Path, generation: Path) -> None:
    """Make a checked generation the current one, keep the last good one before it, and remove all others.

    Raises:
        OSError: The old generation is the current one still.
    """
    _point(folder, generation.name, _last_good(folder, generation.name))
    with suppress(OSError):
        _remove_leftovers(folder)


def discard(folder: Path, generation: Path) -> None:
    """Remove a generation that was not finished; the current one is never removed."""
    with suppress(IndexUnusableError):
        if current_generation(folder) == generation.name:
            return
    shutil.rmtree(generation, ignore_errors=True)


def roll_back(folder: Path, check: Callable[[Path], object]) -> tuple[Path, str]:
    """Make the generation before the current one, which is kept: a second time leads back.

    Args:
        folder: Where the index lives.
        check: Raises an `IndexUnusableError` if a generation must not answer.

    Returns:
        The generation that answers from now on, and the name of the one that did.

    Raises:
        IndexLockedError: Another process is writing.
        IndexUnusableError: There is no generation before, or it cannot answer, or nothing can be written.
    """
    current_generation(folder)
    with writing(folder):
        current, before = current_generation(folder), generation_before(folder)
        if not before:
            raise IndexUnusableError(
                f"the index in {str(folder)!r} keeps no generation before {current!r}, so it cannot go back"
            )
        try:
            generation = folder_of(folder, before)
            check(generation)
        except IndexUnusableError as error:
            raise IndexUnusableError(
                f"the generation before, {before!r}, cannot answer ({error}); {current!r} stays the current one"
            ) from None
        try:
            _point(folder, before, current)
        except OSError as error:
            raise _unwritable(folder, error) from None
    return generation, current


def _point(folder: Path, current: str, before: str) -> None:
    # For a moment both are told: what comes before the old current one, and what comes before the new.
    told = {current: before}
    with suppress(IndexUnusableError):
        told[current_generation(folder)] = generation_before(folder)
    _replace(folder / "BEFORE.json", json.dumps(told))
    _flush(folder)
    _replace(folder / "CURRENT", f"{current}\n")
    # From here on the new one answers, whether or not the folder can be seen onto the disk at once.
    with suppress(OSError):
        _flush(folder)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + _UNFINISHED)
    temporary.write_text(text, "utf-8")
    _flush(temporary)
    temporary.replace(path)


def _last_good(folder: Path, new: str) -> str:
    """Name the generation to go back to from a new one: the current one, or if that is damaged the one before it."""
    complete = sorted(_complete(folder), key=_number, reverse=True)
    names = _named(folder) or [p.name for p in complete if p.name != new]
    for name in names:
        with suppress(IndexUnusableError):
            check_files(folder / "generations" / name)
            return name
    return names[0] if names else ""


def _remove_leftovers(folder: Path) -> None:
    """Remove what no pointer names: generations that were replaced, and those of writers that were killed."""
    for path in folder.glob(f"*{_UNFINISHED}"):
        with suppress(OSError):
            path.unlink()
    # Where the pointer is lost, whatever is complete is kept: one of them was the last good one.
    kept = _named(folder) or [p.name for p in _complete(folder)]
    for path in list((folder / "generations").iterdir()):
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _named(folder: Path) -> list[str]:
    """Name the generations that the pointer names and that are there, the current one first."""
    try:
        names = (current_generation(folder), generation_before(folder))
    except IndexUnusableError:
        return []
    return [name for name in names if name and (folder / "generations" / name).is_dir()]


def _complete(folder: Path) -> list[Path]:
    return [p for p in (folder / "generations").iterdir() if (p / "manifest.json").is_file()]


def _number(generation: Path) -> int:
    digits = generation.name.split("-")[0]
    return int(digits) if digits.isdecimal() else 0


def _unwritable(folder: Path, error: OSError) -> IndexUnusableError:
    return IndexUnusableError(
        f"nothing can be written to {str(folder)!r} ({error.strerror or error}); mend the permissions or make room, or "
        "name another folder with --index; an index that is there answers as before"
    )


def _myself() -> dict[str, Any]:
    user = ""
    # Where a process runs under a number that has no name, it stays empty.
    with suppress(OSError, KeyError, ImportError):
        user = getpass.getuser()
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"process": os.getpid(), "user": user, "host": socket.gethostname(), "since": since}


def _holder(path: Path) -> str:
    try:
        told = json.loads(path.read_text("utf-8"))
        since = datetime.fromisoformat(told["since"]).astimezone()
        user = f" of {told['user']}" if told["user"] else ""
        return f"process {int(told['process'])}{user} on {told['host']} (since {since:%Y-%m-%d %H:%M:%S})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _flush(path: Path) -> None:
    """See a file or folder onto the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:
        # Some systems do not open folders.
        if path.is_dir():
            return
        raise
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- is it what was written?


def read_manifest(generation: Path) -> Mapping[str, Any]:
    """Read the manifest of a generation.

    Raises:
        IndexDamagedError: It cannot be read, lacks something, or is not what was written.
        IndexUnusableError: Another version of the program wrote it.
    """
    try:
        manifest: dict[str, Any] = json.loads((generation / "manifest.json").read_text("utf-8"))
        version = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError):
        raise IndexDamagedError(
            f"the index generation {generation.name!r} has no readable manifest; {REBUILD}"
        ) from None
    if version != FORMAT:
        raise IndexUnusableError(
            f"the index has format {version}, but this version of AskALMS reads format {FORMAT}; {REBUILD}"
        )
    if missing := [key for key in (*_KEYS, _SEAL) if key not in manifest]:
        raise IndexDamagedError(
            f"the manifest of index generation {generation.name!r} lacks {', '.join(missing)}; {REBUILD}"
        )
    if manifest.pop(_SEAL) != _hash_of(manifest):
        raise IndexDamagedError(f"the index is damaged: its manifest is not what was written; {REBUILD}")
    return manifest


def damaged_files(generation: Path) -> Iterator[str]:
    """Tell of each file of a generation that is missing, unreadable, or not what was written, in a sentence.

    Raises:
        IndexUnusableError: The manifest cannot be read.
    """
    for name, digest in read_manifest(generation)["files"].items():
        path = generation / name
        try:
            if not path.is_file():
                yield f"{name} is missing"
            elif _digest(path) != digest:
                yield f"{name} is not what was written"
        except OSError as error:
            yield f"{name} cannot be read ({error.strerror})"


def check_files(generation: Path) -> None:
    """Compare every file of a generation with its hash.

    Raises:
        IndexDamagedError: One is not what was written.
    """
    for damage in damaged_files(generation):
        raise IndexDamagedError(f"the index is damaged: {damage}; {REBUILD}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_of(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
