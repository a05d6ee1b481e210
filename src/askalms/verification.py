"""Does a generation hold what it should: every offset, every row, and every document found by its own words?"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from askalms.datatypes import Document, Matrix, Passage, Sentence
from askalms.embedding import Encoders
from askalms.errors import IndexUnusableError
from askalms.generations import current_generation, damaged_files, folder_of, generation_before, read_manifest
from askalms.index import Index, Progress, check_models, in_context, innermost, load_contents
from askalms.settings import EmbeddingSettings

Embed = Callable[[Sequence[str]], Matrix]
"""Gives the embeddings of texts."""

_EQUAL = 1e-5
"""Cosines that differ by less are the same: the same words may stand in several documents."""
_AT_ONCE = 256


def verify(
    folder: Path,
    settings: EmbeddingSettings,
    load_encoders: Callable[[EmbeddingSettings], Encoders],
    on_progress: Progress | None = None,
) -> Iterator[str]:
    """Check the current generation as a whole, and the files of the one before it.

    Args:
        folder: Where the index lives.
        settings: Name the models that made it.
        load_encoders: Loads them; called if the files are whole.
        on_progress: Told how far it is.

    Returns:
        What is wrong, each a sentence of one line.

    Raises:
        IndexUnusableError: There is no index.
        ModelError: A model cannot be loaded.
    """
    name = current_generation(folder)
    before = generation_before(folder)
    files_are_whole = False
    try:
        generation = folder_of(folder, name)
        damage = [f"the generation that answers ({name}) is damaged: {d}" for d in damaged_files(generation)]
        yield from damage
        files_are_whole = not damage
        check_models(read_manifest(generation), settings)
    except IndexUnusableError as error:
        yield str(error)
    else:
        if files_are_whole:
            yield from _verified(generation, settings, load_encoders, on_progress)
    if before:
        try:
            for found in damaged_files(folder_of(folder, before)):
                yield f"the generation before ({before}) is damaged, so nothing can be rolled back to it: {found}"
        except IndexUnusableError as error:
            yield f"the generation before ({before}) cannot be rolled back to: {error}"


def _verified(
    generation: Path,
    settings: EmbeddingSettings,
    load_encoders: Callable[[EmbeddingSettings], Encoders],
    on_progress: Progress | None,
) -> Iterator[str]:
    try:
        index = load_contents(generation)
    except IndexUnusableError as error:
        yield str(error)
        return
    misfits = list(misfits_of(index))
    yield from misfits
    if misfits:
        return
    encoders = load_encoders(settings)
    done = 0

    def count(finished: int) -> None:
        nonlocal done
        done += finished
        if on_progress:
            on_progress("Asking each document", done, 2 * len(index.documents))

    yield from lost_documents(
        index,
        lambda texts: encoders.passages.encode(texts, count),
        lambda texts: encoders.sentences.encode(texts, count),
    )


def misfits_of(index: Index) -> Iterator[str]:
    """Tell of every sentence and passage that is not the slice its offsets name, and of every row that leads astray."""
    for kind, pieces in (("sentence", index.sentences), ("passage", index.passages)):
        for piece in pieces:
            document = index.documents.get(piece.doc_id)
            if document is None:
                yield f"a {kind} is of {piece.doc_id!r}, a document that the index does not hold"
            elif not _is_slice(document, piece):
                yield f"{piece.doc_id!r}: the {kind} from {piece.start} to {piece.end} is not what stands there"
    told_twice = len(index.sentences)
    for passage in reversed(index.passages):
        inside = index.sentences[passage.first_sentence : passage.last_sentence]
        if (
            passage.last_sentence != told_twice
            or not inside
            or {s.doc_id for s in inside} != {passage.doc_id}
            or (inside[0].start, inside[-1].end) != (passage.start, passage.end)
        ):
            yield f"{passage.doc_id!r}: the passage from {passage.start} to {passage.end} names rows of other sentences"
        told_twice = passage.first_sentence
    for doc_id in index.documents.keys() - {s.doc_id for s in index.sentences}:
        yield f"{doc_id!r} has no sentence, so it can never be found"
    for heading in {innermost(s.heading) for s in index.sentences} - index.headings.keys():
        yield f"the heading {heading!r} has no embedding"


def lost_documents(index: Index, embed_passages: Embed, embed_sentences: Embed) -> Iterator[str]:
    """Ask each document its longest sentence, and the passage around it; tell of those that others answer better.

    Args:
        index: The generation.
        embed_passages: Gives the embeddings of passages in their context.
        embed_sentences: The same for sentences.
    """
    longest: dict[str, int] = {}
    rows: dict[str, list[int]] = {}
    for row, sentence in enumerate(index.sentences):
        rows.setdefault(sentence.doc_id, []).append(row)
        best = longest.setdefault(sentence.doc_id, row)
        if len(sentence.text) > len(index.sentences[best].text):
            longest[sentence.doc_id] = row
    asked = [index.sentences[row] for row in longest.values()]
    titles = {doc_id: document.provenance.title for doc_id, document in index.documents.items()}
    embedded = embed_sentences([in_context(titles[s.doc_id], s.heading, s.text) for s in asked])
    for start in range(0, len(asked), _AT_ONCE):
        cosines = embedded[start : start + _AT_ONCE] @ index.sentence_vectors.T
        for sentence, found in zip(asked[start:], cosines, strict=False):
            # Written so that what is no number is told as well.
            if not found[rows[sentence.doc_id]].max() >= found.max() - _EQUAL:
                yield f"{sentence.doc_id!r} is not found by its own sentence {sentence.text[:60]!r}"
    around = [index.passages[index.passage_of_sentence[row]] for row in longest.values()]
    vectors = index.passage_vectors()
    own: dict[str, list[int]] = {}
    for row, passage in enumerate(index.passages):
        own.setdefault(passage.doc_id, []).append(row)
    embedded = embed_passages([in_context(p.title, p.heading, p.text) for p in around])
    for passage, vector in zip(around, embedded, strict=True):
        best_score = index.search(vector, 1)[1]
        if not (len(best_score) and (vectors[own[passage.doc_id]] @ vector).max() >= best_score[0] - _EQUAL):
            yield f"{passage.doc_id!r} is not found by its own passage {passage.text[:60]!r}"


def _is_slice(document: Document, piece: Sentence | Passage) -> bool:
    return 0 <= piece.start < piece.end and document.text[piece.start : piece.end] == piece.text
