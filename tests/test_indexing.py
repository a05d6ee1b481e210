"""From a corpus to the next generation: only what is new is made, and the result is that of building from nothing."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from askalms.answering import Assistant
from askalms.corpus import Corpus, load_corpus
from askalms.datatypes import Answer, Matrix
from askalms.embedding import Encoders
from askalms.generations import current_generation, folder_of, read_manifest
from askalms.index import open_index
from askalms.indexing import Built, build_index, difference, is_up_to_date, seconds_to_build
from askalms.settings import ChunkingSettings, CorpusSettings, Settings
from conftest import ToyEncoder


class Watched(ToyEncoder):
    """A toy encoder that tells what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Matrix:
        self.given += texts
        if on_done:
            on_done(len(texts))
        return np.stack([_toy_vector(text) for text in texts])


@cache
def _toy_vector(text: str) -> Matrix:
    return ToyEncoder().encode([text])[0]


class Renewal:
    """A folder of documents and its index, renewed on demand."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.corpus = folder / "corpus"
        self.index = folder / "index"
        self.settings = settings
        self.corpus.mkdir(parents=True)

    def write(self, doc_id: str, text: str) -> None:
        path = self.corpus / doc_id
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")

    def loaded(self) -> Corpus:
        return load_corpus(self.corpus, CorpusSettings())

    def build(self) -> tuple[Built, list[str]]:
        """Index; give what was done, and the texts that were embedded."""
        encoder = Watched()
        built = build_index(self.index, self.loaded(), Encoders(encoder, encoder), self.settings)
        return built, encoder.given

    def files(self) -> dict[str, str]:
        """Hashes of all files of the current generation, its manifest apart."""
        manifest = read_manifest(folder_of(self.index, current_generation(self.index)))
        return {**manifest["files"], "fingerprint": manifest["fingerprint"]}


EARS = "The ears ring at night. They hurt in the cold."
LEGS = "The legs grow weak. Walking is hard."


@pytest.fixture
def renewal(tmp_path: Path, toy_settings: Settings) -> Renewal:
    """Two pages, indexed."""
    made = Renewal(tmp_path / "renewal", toy_settings)
    made.write("ears.md", f"---\ntitle: Okafor syndrome\n---\n## Ears\n\n{EARS}\n")
    made.write("legs.md", f"---\ntitle: Lindqvist syndrome\n---\n## Legs\n\n{LEGS}\n")
    made.build()
    return made


# --- what is embedded


def test_only_a_new_sentence_and_its_passage_are_embedded(renewal: Renewal):
    """Two texts: the sentence that was added, and the passage that it lengthens."""
    renewal.write("ears.md", f"---\ntitle: Okafor syndrome\n---\n## Ears\n\n{EARS} They itch.\n")
    built, given = renewal.build()
    assert given == [
        "Okafor syndrome. Ears\nThe ears ring at night. They hurt in the cold. They itch.",
        "Okafor syndrome. Ears\nThey itch.",
    ]
    assert (built.embedded, built.documents, built.passages, built.sentences) == (2, 2, 2, 5)
    # One passage, four sentences and two headings were there.
    assert built.reused == 7


def test_a_renamed_document_costs_nothing(renewal: Renewal):
    """The same words under another name, in another folder and at another place in the order."""
    (renewal.corpus / "a").mkdir()
    (renewal.corpus / "legs.md").rename(renewal.corpus / "a" / "first.md")
    change = difference(renewal.index, renewal.loaded())
    assert (change.renamed, change.added, change.removed) == ((("legs.md", "a/first.md"),), (), ())
    assert change
    _, given = renewal.build()
    assert given == []
    opened = open_index(renewal.index, renewal.settings.embedding)
    assert [p.passage_id for p in opened.passages] == ["a/first.md#43-79", "ears.md#40-86"]
    assert {s.doc_id for s in opened.sentences} == {"a/first.md", "ears.md"}


def test_a_removed_document_leaves_no_trace(renewal: Renewal):
    """No file of the new generation holds its name or its words."""
    (renewal.corpus / "legs.md").unlink()
    _, given = renewal.build()
    assert given == []
    generation = folder_of(renewal.index, current_generation(renewal.index))
    for path in (p for p in generation.rglob("*") if p.is_file()):
        data = path.read_bytes()
        assert b"legs" not in data.lower(), path
        assert b"walking" not in data.lower(), path
    opened = open_index(renewal.index, renewal.settings.embedding)
    assert list(opened.documents) == ["ears.md"]
    assert not opened.bm25.scores("legs").any()


def test_the_models_are_not_loaded_where_nothing_is_new(renewal: Renewal):
    """Removing a page does not wait for a model."""

    def load() -> Encoders:
        raise AssertionError("loaded")

    (renewal.corpus / "legs.md").unlink()
    build_index(renewal.index, renewal.loaded(), load, renewal.settings)
    assert len(open_index(renewal.index, renewal.settings.embedding).documents) == 1


def test_a_sentence_in_two_places_is_embedded_once(tmp_path: Path, toy_settings: Settings):
    """Under the same title and heading it is the same text."""
    renewal = Renewal(tmp_path / "r", toy_settings)
    for name in ("a.md", "b.md"):
        renewal.write(name, f"---\ntitle: Okafor syndrome\n---\n{EARS}\n")
    _, given = renewal.build()
    assert len(given) == len(set(given)) == 4


def test_going_back_and_on_again_costs_nothing(renewal: Renewal):
    """Both generations that are kept give what they hold."""
    before = (renewal.corpus / "ears.md").read_text("utf-8")
    renewal.write("ears.md", before + "\nThe ears itch.\n")
    assert renewal.build()[1]
    renewal.write("ears.md", before)
    assert renewal.build()[1] == []


def test_other_limits_of_passages_leave_the_sentences(renewal: Renewal):
    """Passages are cut anew; their sentences are what they were."""
    renewal.settings = replace(renewal.settings, chunking=ChunkingSettings(passage_tokens=16))
    long = " ".join(f"Sentence number {n} is about the ears and the legs of the person." for n in range(4))
    renewal.write("long.md", f"---\ntitle: Okafor syndrome\n---\n{long}\n")
    renewal.build()
    renewal.settings = replace(renewal.settings, chunking=ChunkingSettings(passage_tokens=40))
    _, given = renewal.build()
    assert given
    assert all(text.count("number") == 2 for text in given)


def test_a_model_that_was_trained_anew_is_noticed(tmp_path: Path, toy_settings: Settings):
    """The same folder with other weights: the index is refused, is not up to date, and is embedded as a whole."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"first")
    names = replace(toy_settings.embedding, model=str(model), sentence_model="toy")
    renewal = Renewal(tmp_path / "r", replace(toy_settings, embedding=names))
    renewal.write("ears.md", f"---\ntitle: Okafor syndrome\n---\n{EARS}\n")
    renewal.build()
    assert is_up_to_date(renewal.index, renewal.loaded(), renewal.settings)
    (model / "README.md").write_text("What people read of a model does not change it.")
    assert is_up_to_date(renewal.index, renewal.loaded(), renewal.settings)
    (model / "weights").write_bytes(b"other")
    assert not is_up_to_date(renewal.index, renewal.loaded(), renewal.settings)
    with pytest.raises(Exception, match=r"before its weights changed; rebuild it"):
        open_index(renewal.index, names)
    # The sentences are by another model, which is what it was.
    assert renewal.build()[1] == ["Okafor syndrome\n" + EARS, ""]


IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from killing import build, corpora
from askalms.generations import current_generation, folder_of, read_manifest

folder = Path(sys.argv[1])
build(folder, corpora()["old"])
print(sorted(read_manifest(folder_of(folder, current_generation(folder)))["files"].items()))
"""


def test_every_process_writes_the_same_files(tmp_path: Path):
    """Python orders sets by hashes that differ from process to process; no file depends on that."""
    here = Path(__file__).parent
    told = set()
    for seed in "12":
        paths = os.pathsep.join([str(here), str(here.parent / "src")])
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(tmp_path / seed)]
        told.add(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)
    (files,) = told
    assert "documents.jsonl" in files


# --- what changed


def test_what_is_known_of_a_page_changes_it(renewal: Renewal):
    """Another publisher in sources.toml is shown with every quote, so the page counts as changed."""
    (renewal.corpus / "sources.toml").write_text('["ears.md"]\npublisher = "Example Association"\n')
    change = difference(renewal.index, renewal.loaded())
    assert (change.changed, change.unchanged) == (("ears.md",), 1)
    assert renewal.build()[1] == []


def test_of_two_copies_each_is_renamed_once(renewal: Renewal):
    """Two files with the same bytes go, three come: two are renamed, one is added."""
    words = (renewal.corpus / "ears.md").read_text("utf-8")
    renewal.write("ears2.md", words)
    renewal.build()
    for name in ("ears.md", "ears2.md"):
        (renewal.corpus / name).unlink()
    for name in ("x.md", "y.md", "z.md"):
        renewal.write(name, words)
    change = difference(renewal.index, renewal.loaded())
    assert change.renamed == (("ears.md", "x.md"), ("ears2.md", "y.md"))
    assert (change.added, change.removed, change.changed, change.unchanged) == (("z.md",), (), (), 1)


def test_a_file_that_was_only_touched_is_unchanged(renewal: Renewal):
    """Neither the time nor the place in the folder counts, but the bytes."""
    path = renewal.corpus / "ears.md"
    path.touch()
    assert not difference(renewal.index, renewal.loaded())
    assert is_up_to_date(renewal.index, renewal.loaded(), renewal.settings)


# --- how long it would take


def test_an_unmeasured_speed_gives_no_estimate(renewal: Renewal):
    """Without an index, or after a build too small to tell, nothing is said."""
    assert seconds_to_build(renewal.index.with_name("none"), renewal.loaded(), renewal.settings) is None
    assert seconds_to_build(renewal.index, renewal.loaded(), renewal.settings) is None


def test_the_estimate_grows_with_what_is_new(renewal: Renewal):
    """A new page costs its characters at the measured speed; a renamed one only what every page costs."""
    renewal.write(
        "long.md", "---\ntitle: Okafor syndrome\n---\n" + "".join(f"Part {n} is long.\n\n" for n in range(90))
    )
    renewal.build()
    manifest = read_manifest(folder_of(renewal.index, current_generation(renewal.index)))
    speed = manifest["speed"]
    assert speed["embedding_a_character"] > 0
    (renewal.corpus / "legs.md").rename(renewal.corpus / "renamed.md")
    renamed = seconds_to_build(renewal.index, renewal.loaded(), renewal.settings)
    assert renamed == pytest.approx(3 * speed["rest_of_a_document"])
    renewal.write("new.md", "---\ntitle: Haddad syndrome\n---\nThe nose runs.\n")
    # Once in its passage, once as a sentence: the same text, so embedded once.
    estimate = seconds_to_build(renewal.index, renewal.loaded(), renewal.settings)
    new = len("Haddad syndrome\nThe nose runs.") * speed["embedding_a_character"]
    assert estimate == pytest.approx(4 * speed["rest_of_a_document"] + speed["loading"] + new)


def test_a_small_renewal_keeps_the_speed_that_was_measured(renewal: Renewal):
    """A few words tell nothing about the speed of the model."""
    renewal.write(
        "long.md", "---\ntitle: Okafor syndrome\n---\n" + "".join(f"Part {n} is long.\n\n" for n in range(90))
    )
    renewal.build()
    speeds = []
    for _ in range(2):
        speeds.append(read_manifest(folder_of(renewal.index, current_generation(renewal.index)))["speed"])
        renewal.write("ears.md", "The ears ring. The ears itch.")
        renewal.build()
    assert speeds[0]["embedding_a_character"] == speeds[1]["embedding_a_character"]


# --- any history gives what building from nothing gives

SENTENCES = (
    "The ears ring at night.",
    "Walking is hard after the age of ten.",
    "Okafor syndrome (OKS) is inherited from both parents.",
    "Both parents carry one changed copy.",
    "What causes it?",
    "The QRX1 gene is changed in Okafor syndrome.",
    "Alström syndrome is another disease with early loss of sight.",
    "Nobody knows how common Lindqvist syndrome is.",
    "- The nose runs in winter",
    "## Signs",
    "## What helps",
    "Glasses help some children, and tinted ones help most of them in bright light.",
)
QUESTIONS = ("Which gene is changed in Okafor syndrome?", "What helps?", "How common is Lindqvist syndrome?")
NAMES = ("a.md", "b.txt", "c.md", "sub/a.md", "sub/ö.txt")
TITLES = ("", "Okafor syndrome", "Lindqvist syndrome", "Living with Okafor syndrome")

_texts = st.tuples(st.sampled_from(TITLES), st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5))
_names = st.sampled_from(NAMES)
_acts = st.one_of(
    st.tuples(st.just("put"), _names, _texts),
    st.tuples(st.just("rename"), _names, _names),
    st.tuples(st.just("remove"), _names),
    st.tuples(st.just("describe"), _names, st.sampled_from(TITLES[1:])),
)
_histories = st.lists(st.lists(_acts, min_size=1, max_size=6), min_size=1, max_size=4)


def _act(renewal: Renewal, act: tuple) -> None:
    kind, name, *rest = act
    path = renewal.corpus / name
    if kind == "put":
        title, sentences = rest[0]
        matter = f"---\ntitle: {title}\n---\n" if title and name.endswith(".md") else ""
        renewal.write(name, matter + "\n\n".join(sentences) + "\n")
    elif kind == "describe":
        (renewal.corpus / "sources.toml").write_text(f'["{name}"]\ntitle = "{rest[0]}"\n', "utf-8")
    elif path.is_file() and kind == "rename":
        target = renewal.corpus / rest[0]
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
    elif kind == "remove":
        path.unlink(missing_ok=True)


def _answers(renewal: Renewal) -> list[Answer]:
    encoders = Encoders(Watched(), Watched())
    # Almost any sentence is quoted at this threshold, so that there is something to compare.
    eager = replace(renewal.settings, answering=replace(renewal.settings.answering, threshold=0.01))
    assistant = Assistant(open_index(renewal.index, renewal.settings.embedding), encoders, eager)
    return [replace(assistant.ask(question), elapsed_ms=0.0) for question in QUESTIONS]


@pytest.fixture(scope="module")
def quick_folder() -> Iterator[Path]:
    """A folder in memory, where the system has one: what reaches the disk is not what is tested here."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@settings(max_examples=220, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=_histories)
def test_any_history_gives_what_building_from_nothing_gives(
    quick_folder: Path, toy_settings: Settings, history: list[list[tuple]]
):
    """Adds, changes, renames, removals and other provenance: the same files to the last bit, the same answers.

    And what was embedded on the way was new each time.
    """
    shutil.rmtree(quick_folder / "renewed", ignore_errors=True)
    shutil.rmtree(quick_folder / "fresh", ignore_errors=True)
    renewed = Renewal(quick_folder / "renewed", toy_settings)
    known: list[set[str]] = [set(), set()]
    for step in history:
        for act in step:
            _act(renewed, act)
        if renewed.loaded().documents:
            _, given = renewed.build()
            assert not set(given) & (known[-1] | known[-2])
            opened = open_index(renewed.index, toy_settings.embedding)
            known.append(_texts_of(opened))
    # An empty corpus is not indexed, so there is nothing to compare; such a history does not count.
    assume(renewed.loaded().documents)
    fresh = Renewal(quick_folder / "fresh", toy_settings)
    shutil.copytree(renewed.corpus, fresh.corpus, dirs_exist_ok=True)
    fresh.build()
    assert renewed.files() == fresh.files()
    assert is_up_to_date(renewed.index, fresh.loaded(), toy_settings)
    assert _answers(renewed) == _answers(fresh)


def _texts_of(opened) -> set[str]:
    from askalms.index import Texts

    texts = Texts.of(list(opened.documents.values()), opened.chunks())
    return {*texts.passages, *texts.sentences, *texts.headings}
