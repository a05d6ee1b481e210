"""The house rules: what a maintainer should mend in the documents that the project wrote itself.

A document that names sources was written from them, so house rules hold for it: each sentence is
short and can be quoted alone, each section names what it was written from, no number is without a
source, and no words are a source's own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import Indel

from askalms.chunking import HEADING_OF_DATES, Chunks, chunk, sources_in
from askalms.corpus import Corpus
from askalms.datatypes import Block, BlockKind, Document, Reference, Section, Sentence
from askalms.errors import CorpusError, DocumentError
from askalms.lexical import terms_of
from askalms.readers import SUFFIXES, read_file
from askalms.segmentation import line_of, split_sentences
from askalms.settings import CheckingSettings
from askalms.texts import load_data
from askalms.words import fold, words_of

_NUMBER = re.compile(r"[a-z]*\d[a-z0-9]*(?:\.\d+)?")
_ONE_IN = re.compile(r"\b(?:one|1) (?:in|out of)(?: every)? (\d{1,6})\b")
_SHORTEST_NEAR_COPY = 8
"""Words: shorter sentences that say the same are alike by nature."""
_NEAR_COPY = 0.8
"""Share of words in the same order, of both sentences together, above which one is nearly the other."""
_ANY_NAME = "name"
"""What a name counts as when words are compared or their syllables counted: one short word."""


class Rule(StrEnum):
    """A house rule."""

    LONG_SENTENCE = "long sentence"
    POINTS_ELSEWHERE = "points elsewhere"
    """It opens with a word such as "this", or speaks of a place on the page."""
    NAMES_NOTHING = "names nothing"
    """It names neither its disease nor anything that its heading names."""
    NEVER_QUOTED = "never quoted"
    """It reads like furniture of a page, so no answer will hold it."""
    NO_SOURCE = "no source"
    UNKNOWN_SOURCE = "unknown source"
    UNLISTED_SOURCE = "unlisted source"
    """A section names it, the document's list does not, or the other way round."""
    NUMBER_WITHOUT_SOURCE = "number without source"
    SHARED_WORDS = "shared words"
    """A run of words is a source's own."""
    NEAR_COPY = "near copy"
    HARD_TO_READ = "hard to read"


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where a rule is broken."""

    doc_id: str
    line: int
    """From 1; 0 where it is about the whole document."""
    rule: Rule
    detail: str
    text: str = ""
    """The sentence or heading it is about."""


@dataclass(frozen=True, slots=True)
class PageFigures:
    """What a document is like."""

    doc_id: str
    sections: int
    sentences: int
    words: int
    grade: float
    """Flesch-Kincaid grade: years of school in the United States; names and explained words count as one short word."""
    sources: int


@dataclass(frozen=True, slots=True)
class HouseReport:
    """What was found in the documents that name sources."""

    pages: tuple[PageFigures, ...]
    """Of the documents that name sources; no other is checked."""
    breaches: tuple[Breach, ...]
    """In the order of documents and lines."""
    not_at_hand: tuple[str, ...]
    """Ids of the references whose copies were not given, so nothing was compared with them."""


def read_originals(folders: Iterable[Path], max_megabytes: float) -> dict[str, str]:
    """Read the copies of sources: file name -> text without front matter.

    Raises:
        CorpusError: A folder is missing, or a file in it cannot be read.
    """
    originals: dict[str, str] = {}
    for folder in folders:
        if not folder.is_dir():
            raise CorpusError(f"there is no folder {str(folder)!r}; name the folder that holds copies of the sources")
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()):
            try:
                extract = read_file(path, int(max_megabytes * 1e6))
            except DocumentError as error:
                raise CorpusError(f"the source {str(path)!r}: {error}") from None
            originals[path.name] = extract.text[extract.body_start :]
    return originals


def check_house_rules(
    corpus: Corpus, settings: CheckingSettings, originals: Mapping[str, str] | None = None, only: str = ""
) -> HouseReport:
    """Hold the documents of a corpus that name sources against the house rules.

    Args:
        corpus: As `load_corpus` gives it.
        settings: Limits.
        originals: Copies of the sources, as `read_originals` gives them. Without them numbers and
            words are compared with nothing.
        only: `doc_id` of the one document to check; all if empty.
    """
    copies = originals or {}
    written = [d for d in corpus.documents if d.provenance.sources and only in ("", d.doc_id)]
    terms = _explained_terms(corpus, settings.glossary)
    names = _Names(
        [
            *(name for topic in corpus.topics.values() for name in (topic.name, *topic.names)),
            *(part for r in corpus.references.values() for part in (r.title, r.publisher)),
            *terms,
        ]
    )
    compared = _Originals(copies, names, settings.max_shared_words) if copies else None
    pages, breaches = [], []
    used: set[str] = set()
    for document in written:
        chunks = chunk(document, len, len(document.text))
        used.update(source for section in chunks.sections for source in section.sources)
        grade = _grade(chunks.sentences, names)
        pages.append(_figures(document, chunks, grade))
        found = [
            *_style(document, chunks, corpus, settings),
            *_never_quoted(document, corpus.references),
            *_provenance(document, chunks, corpus.references),
            *(_numbers(document, chunks, corpus.references, copies) if copies else ()),
            *(compared.shared(document, chunks) if compared else ()),
        ]
        if grade > settings.max_grade:
            found.append(Breach(document.doc_id, 0, Rule.HARD_TO_READ, f"grade {grade:.1f} of {settings.max_grade:g}"))
        breaches += sorted(found, key=lambda f: f.line)
    missing = sorted(r.ref_id for r in corpus.references.values() if r.ref_id in used and r.copy not in ("", *copies))
    return HouseReport(tuple(pages), tuple(breaches), tuple(missing))


def _figures(document: Document, chunks: Chunks, grade: float) -> PageFigures:
    words = sum(len(s.text.split()) for s in chunks.sentences)
    sources = {source for section in chunks.sections for source in section.sources}
    return PageFigures(document.doc_id, len(chunks.sections), len(chunks.sentences), words, grade, len(sources))


def _at(document: Document, sentence: Sentence, rule: Rule, detail: str) -> Breach:
    return Breach(
        document.doc_id, line_of(document.text, sentence.start), rule, detail, " ".join(sentence.text.split())
    )


# --- style


def _style(document: Document, chunks: Chunks, corpus: Corpus, settings: CheckingSettings) -> Iterator[Breach]:
    own = [_named(n) for t in document.topics if t in corpus.topics for n in corpus.topics[t].names]
    for sentence in chunks.sentences:
        if sentence.kind is BlockKind.DATELINE:
            continue
        length = len(sentence.text.split())
        if length > settings.max_sentence_words:
            yield _at(document, sentence, Rule.LONG_SENTENCE, f"{length} words of {settings.max_sentence_words}")
        pointing = _pointing(sentence.text)
        if pointing:
            yield _at(document, sentence, Rule.POINTS_ELSEWHERE, f'"{pointing}" is about what a quote does not show')
        plain = _named(sentence.text)
        subjects = set(terms_of(sentence.heading))
        if not any(name in plain for name in own) and subjects.isdisjoint(terms_of(sentence.text)):
            yield _at(document, sentence, Rule.NAMES_NOTHING, "it names no disease, and nothing of its heading")


def _named(text: str) -> str:
    """The folded words of a text between spaces, the "'s" of its names left out."""
    words = (word.removesuffix("'s") for word in words_of(text))
    return f" {' '.join(words)} "


def _pointing(sentence: str) -> str:
    """Find the words by which a sentence leans on what stands around it; "" if there are none."""
    rules = load_data("house_rules")
    if sentence.startswith(("Yes, ", "No, ")):
        return sentence.split(",")[0].lower()
    plain = f"{' '.join(words_of(sentence))} "
    opener = max((o for o in rules["openers"] if plain.startswith(f"{o} ")), key=len, default="")
    return opener or next((p for p in rules["places"] if f" {p} " in f" {plain}"), "")


def _grade(sentences: Sequence[Sentence], names: "_Names") -> float:
    import textstat

    text = " ".join(names.replaced(s.text).rstrip(" .!?:;") + "." for s in sentences)
    return float(textstat.flesch_kincaid_grade(text)) if text else 0.0


def _explained_terms(corpus: Corpus, glossary: str) -> list[str]:
    """The words that the glossary explains: its headings."""
    return [
        document.text[block.start : block.end]
        for document in corpus.documents
        if document.doc_id == glossary
        for block in document.blocks
        if block.kind is BlockKind.HEADING and block.level > 2
    ]


def _never_quoted(document: Document, references: Mapping[str, Reference]) -> Iterator[Breach]:
    """Find what is taken for furniture, but for what the project says of itself: who wrote the page, and when."""
    furniture = [b for b in document.blocks if b.kind is BlockKind.FURNITURE]
    for block in furniture:
        text = document.text[block.start : block.end]
        after = next((b for b in furniture if b.start > block.start), block)
        named = sources_in(document.text[after.start : after.end])
        of_itself = bool(named) and all(s in references and not references[s].copy for s in named)
        if not text.startswith("<!--") and not of_itself:
            detail = "it reads like furniture of a page, such as a pointer or a notice"
            yield Breach(
                document.doc_id, line_of(document.text, block.start), Rule.NEVER_QUOTED, detail, " ".join(text.split())
            )


# --- provenance


def _provenance(document: Document, chunks: Chunks, references: Mapping[str, Reference]) -> Iterator[Breach]:
    listed = {r.ref_id for r in document.provenance.sources if r.ref_id}
    for reference in document.provenance.sources:
        if not reference.ref_id:
            detail = f"{reference.title!r} is not in references.toml"
            yield Breach(document.doc_id, 1, Rule.UNKNOWN_SOURCE, detail)
    for section in chunks.sections:
        line = line_of(document.text, section.start)
        if not section.sources and section.heading != HEADING_OF_DATES:
            yield Breach(document.doc_id, line, Rule.NO_SOURCE, "add <!-- sources: ... --> below it", section.heading)
        for source in section.sources:
            if source not in references:
                detail = f"{source!r} is not in references.toml"
                yield Breach(document.doc_id, line, Rule.UNKNOWN_SOURCE, detail, section.heading)
            elif source not in listed:
                detail = f"{source!r} is not among the sources at the top"
                yield Breach(document.doc_id, line, Rule.UNLISTED_SOURCE, detail, section.heading)
    for source_id in sorted(listed - {source for section in chunks.sections for source in section.sources}):
        yield Breach(document.doc_id, 1, Rule.UNLISTED_SOURCE, f"no section names {source_id!r}")


# --- numbers


def _numbers(
    document: Document, chunks: Chunks, references: Mapping[str, Reference], copies: Mapping[str, str]
) -> Iterator[Breach]:
    for section in chunks.sections:
        sources = [references[s] for s in section.sources if s in references]
        if not sources or any(r.copy and r.copy not in copies for r in sources):
            continue
        known = _numbers_in("\n".join(_all_said(r, copies) for r in sources))
        for sentence in _of_section(chunks, section):
            for number in sorted(_numbers_in(sentence.text) - known):
                detail = f"{number} is in none of {', '.join(section.sources)}"
                yield _at(document, sentence, Rule.NUMBER_WITHOUT_SOURCE, detail)


def _of_section(chunks: Chunks, section: Section) -> list[Sentence]:
    return [s for s in chunks.sentences if section.start <= s.start < section.end]


def _all_said(reference: Reference, copies: Mapping[str, str]) -> str:
    dates = f"{reference.reviewed} {reference.as_of}".replace("-", " ")
    return "\n".join((reference.title, reference.publisher, dates, copies.get(reference.copy, "")))


def _numbers_in(text: str) -> set[str]:
    """Every token with a digit in it, numbers in words included; "1 in 4" is 25 as in "25 percent".

    Example:
        >>> sorted(_numbers_in("One in four, 25%, or 1,500 people with C9orf72; twenty do not."))
        ['1500', '20', '25', 'c9orf72']
    """
    spelled = load_data("house_rules")["numbers"]
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", fold(text))
    plain = re.sub(r"[a-z]+", lambda word: spelled.get(word[0], word[0]), plain)
    plain = _ONE_IN.sub(lambda found: f"{100 / int(found[1]):g}" if int(found[1]) else "", plain)
    # "05" in a date is "5" in words.
    return {re.sub(r"^0+(?=\d)", "", n) for n in _NUMBER.findall(plain)} - {"1"}


# --- words of others


class _Names:
    """Names and fixed terms, which anybody has to use."""

    def __init__(self, names: Iterable[str]) -> None:
        spelled = sorted({n.strip() for n in names if n.strip()}, key=len, reverse=True)
        self._written = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, spelled))})(?!\w)", re.IGNORECASE)
        plain = sorted({" ".join(words_of(n)) for n in spelled} - {""}, key=len, reverse=True)
        self._plain = re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, plain))})(?!\S)")

    def replaced(self, text: str) -> str:
        """The text with a short word in place of each name."""
        return self._written.sub(_ANY_NAME, text)

    def words(self, text: str) -> list[str]:
        """The folded words of a text, each name being one of them."""
        return self._plain.sub(lambda n: n[0].replace(" ", "_"), " ".join(words_of(text))).split()


class _Originals:
    """The copies of the sources, ready to be compared with."""

    def __init__(self, copies: Mapping[str, str], names: _Names, max_shared_words: int) -> None:
        self._names = names
        self._length = max_shared_words + 1
        self._runs: dict[tuple[str, ...], str] = {}
        self._sentences: list[list[str]] = []
        self._files: list[str] = []
        for name, text in copies.items():
            words = names.words(text)
            self._runs.update(dict.fromkeys(self._runs_of(words), name))
            for span in split_sentences(text, 0, len(text)):
                self._sentences.append(names.words(text[span.start : span.end]))
                self._files.append(name)

    def _runs_of(self, words: Sequence[str]) -> Iterator[tuple[str, ...]]:
        return (tuple(words[i : i + self._length]) for i in range(len(words) - self._length + 1))

    def shared(self, document: Document, chunks: Chunks) -> Iterator[Breach]:
        """Find the runs of words and the sentences that a document has in common with a source."""
        for block in document.blocks:
            if block.kind is not BlockKind.FURNITURE:
                yield from self._shared_runs(document, block)
        yield from self._near_copies(document, chunks)

    def _shared_runs(self, document: Document, block: Block) -> Iterator[Breach]:
        words = self._names.words(document.text[block.start : block.end])
        end = 0
        for i, run in enumerate(self._runs_of(words)):
            if run in self._runs and i >= end:
                end = i + self._length
                detail = f"{self._length} or more words as in {self._runs[run]}"
                yield Breach(
                    document.doc_id, line_of(document.text, block.start), Rule.SHARED_WORDS, detail, " ".join(run)
                )

    def _near_copies(self, document: Document, chunks: Chunks) -> Iterator[Breach]:
        long = [(s, w) for s in chunks.sentences if len(w := self._names.words(s.text)) >= _SHORTEST_NEAR_COPY]
        if not long or not self._sentences:
            return
        alike = process.cdist(
            [words for _, words in long],
            self._sentences,
            scorer=Indel.normalized_similarity,
            score_cutoff=_NEAR_COPY,
        )
        for (sentence, _), row in zip(long, alike, strict=True):
            nearest = int(row.argmax())
            if row[nearest] > 0:
                detail = f"{row[nearest]:.0%} the words of a sentence in {self._files[nearest]}"
                yield _at(document, sentence, Rule.NEAR_COPY, detail)
