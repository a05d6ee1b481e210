"""Where an extracted text does not say what its page says: lost letters, glued and torn words, mixed columns.

A word is damaged only if it is unknown *and* one small repair makes it a known one, so a rare word,
a gene or a misspelling is left alone. Known are the dictionary and the words of the corpus itself.
Nothing is repaired: what is damaged is told, and never quoted.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise

from askalms.datatypes import Damage, DamageKind, Document, Span
from askalms.texts import load_data
from askalms.words import english_words, fold, is_english

_LIGATURES = ("ff", "fi", "fl", "ffi", "ffl")
_LIGATURE = re.compile(r"(?=(ffi|ffl|ff|fi|fl))")
_IN_A_GAP = ("f", *_LIGATURES, "ft", "tt", "ti")
"""What a gap inside a word may have held: fonts have single glyphs for these."""
_TWO_LINKS = re.compile(r"(?:of|in|to|on|by|at|for|from|with|and|is|as|that)(?:the|this|these|their|an?)")
_MIN_LETTERS = 4
"""Fewest letters of a word that may have lost some, or be glued to another."""
_MIN_SHRUNK = 2
"""So many different words of a document must lack a ligature: a font loses them all, a slip of the pen is one."""
_MIN_MIXED_LINES = 4
MAX_EXAMPLES = 3
MAX_EXAMPLE_CHARACTERS = 60

_WORD = re.compile(r"(?<![\w@/.&\\])[^\W\d_]+(?![\w@/\\]|\.\w)")
_MAY_BE_ADDRESS = re.compile(r"://|www\.|@")
_ADDRESS = re.compile(r"\S*(?:://|www\.|@)\S*")
_GAP = re.compile(r"[ \t\xa0]{1,2}|[ \t]*(?:\r\n|\r|\n)[ \t]*")
# Private characters alone are the icons and bullets of a font; inside a word they are letters.
_NO_CHARACTER = re.compile(
    r"[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffd\ufffe\uffff]|(?<=\w)[\ue000-\uf8ff](?=\w)|\(cid:\d+\)"
)
_HIGH = re.compile(r"[^\x00-\x7f]{2,}")
_LETTER_BY_LETTER = re.compile(r"(?<![\w'’])[a-z](?: [a-z]){4,}(?![\w'’])")
_HYPHEN = re.compile(r"(?<![\w-])([^\W\d_]{2,})- ([a-z]{2,})\b")
_AFTER_A_HYPHEN = ("and", "or", "to", "nor", "but")
_WIDE_GAP = re.compile(r"(?<=\S) {3,}(?=\S)")
_LINE = re.compile(r"[^\r\n]+")


def find_damage(documents: Sequence[Document], names: Iterable[str] = ()) -> dict[str, tuple[Damage, ...]]:
    """Find the damaged stretches in the sentences of documents.

    Args:
        documents: All of a corpus: the words of one tell what another lost.
        names: More words that are whole: names of diseases.

    Returns:
        By `doc_id`, in order; without the documents that have none.
    """
    sentences = [[_tokens(d.text, s) for b in d.blocks for s in b.sentences] for d in documents]
    words = _Words.of((t for tokens in sentences for sentence in tokens for t in sentence), names)
    gaps = [list(_gaps(d.text, tokens)) for d, tokens in zip(documents, sentences, strict=True)]
    torn = Counter(word for found in gaps for gap in found for word in {gap.first, gap.second})
    result: dict[str, tuple[Damage, ...]] = {}
    for d, tokens, candidates in zip(documents, sentences, gaps, strict=True):
        spans = [s for b in d.blocks for s in b.sentences]
        found = [
            *(damage for span in spans for damage in _characters(d.text, span)),
            *(damage for span in spans for damage in _with_holes(d.text, span, words)),
            *(damage for span in spans for damage in _hyphens(d.text, span)),
            *(damage for sentence in tokens for damage in _single_words(sentence, words)),
            *_shrunk(tokens, words),
            *(gap.damage for gap in candidates if gap.is_between_fragments(torn, words.counts)),
            *_mixed_columns(d.text, spans),
        ]
        if found:
            result[d.doc_id] = tuple(sorted(set(found), key=lambda f: (f.start, f.end, f.kind)))
    return result


def is_damaged(document: Document, start: int, end: int) -> bool:
    """Tell whether a stretch of a document overlaps what is damaged."""
    return any(d.start < end and start < d.end for d in document.damage)


@dataclass(frozen=True, slots=True)
class Tally:
    """Damage of one kind on one page of a document."""

    doc_id: str
    page: int
    """From 1; 0 if the document has no pages."""
    kind: DamageKind
    count: int
    sentences: int
    """How many are not quoted because of it."""
    examples: tuple[str, ...]
    """The damaged words, up to three, as they stand."""


def tallies(documents: Iterable[Document]) -> list[Tally]:
    """Count the damage of documents by page and kind, in their order."""
    found: list[Tally] = []
    for document in documents:
        spans = [s for block in document.blocks for s in block.sentences]
        by_place: dict[tuple[int, DamageKind], list[Damage]] = {}
        for damage in document.damage:
            by_place.setdefault((document.page_at(damage.start), damage.kind), []).append(damage)
        for (page, kind), group in by_place.items():
            hit = sum(any(d.start < s.end and s.start < d.end for d in group) for s in spans)
            words = dict.fromkeys(_around(document.text, d) for d in group)
            found.append(Tally(document.doc_id, page, kind, len(group), hit, tuple(words)[:MAX_EXAMPLES]))
    return found


def _around(text: str, damage: Damage) -> str:
    """The damaged words as they stand, those that they are part of included; the first ones of a long stretch."""
    start, end = damage.start, damage.end
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    words = " ".join(text[start:end].split())
    return words if len(words) <= MAX_EXAMPLE_CHARACTERS else f"{words[:MAX_EXAMPLE_CHARACTERS]}..."


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Words:
    """What words the corpus has."""

    counts: Counter[str]
    """How often each stands in it, in small letters."""
    shorn: Mapping[str, str]
    """Those with letters beyond ASCII, by what is left without these."""
    holes: re.Pattern[str] | None
    """The same, with a hole where each of those letters was; None if there are none."""

    @classmethod
    def of(cls, tokens: Iterable[_Token], names: Iterable[str]) -> "_Words":
        counts = Counter(t.word.lower() for t in tokens)
        named = {t.word.lower() for name in names for t in _tokens(name, Span(0, len(name)))}
        shorn: dict[str, str] = {}
        holes: list[str] = []
        for word in sorted(w for w in counts.keys() | named if not w.isascii() and not _garbled(w)):
            left = "".join(c for c in word if c.isascii())
            if len(left) < _MIN_LETTERS:
                continue
            shorn[left] = word
            if word[0].isascii() and word[-1].isascii():
                holes.append("".join(c if c.isascii() else r"[ ?\ufffd]" for c in word))
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(holes)})(?!\w)", re.IGNORECASE) if holes else None
        return cls(counts, shorn, pattern)


@dataclass(frozen=True, slots=True)
class _Gap:
    """Two words that would be one without the gap between them."""

    first: str
    second: str
    damage: Damage

    def is_between_fragments(self, torn: Counter[str], counts: Counter[str]) -> bool:
        """Tell a torn word from two of which one is rare: a fragment stands mostly beside a gap."""
        return any(2 * torn[w] > counts[w] for w in (self.first, self.second) if not _is_known(w))


@cache
def _language(name: str) -> tuple[str, ...]:
    return tuple(load_data("language")[name])


@cache
def _is_known(word: str) -> bool:
    return word in _language("short_words") if len(word) <= 2 else is_english(fold(word))


def _tokens(text: str, span: Span) -> list[_Token]:
    tokens = [_Token(m.group(), m.start(), m.end()) for m in _WORD.finditer(text, span.start, span.end)]
    if not _MAY_BE_ADDRESS.search(text, span.start, span.end):
        return tokens
    addresses = [m.span() for m in _ADDRESS.finditer(text, span.start, span.end)]
    return [t for t in tokens if not any(start <= t.start < end for start, end in addresses)]


# --- characters


def _characters(text: str, span: Span) -> Iterator[Damage]:
    for match in _NO_CHARACTER.finditer(text, span.start, span.end):
        yield Damage(DamageKind.LOST_CHARACTERS, *match.span())
    for match in _HIGH.finditer(text, span.start, span.end):
        if _garbled(match.group()):
            yield Damage(DamageKind.WRONG_ENCODING, *match.span())


def _garbled(text: str) -> bool:
    """Tell whether the bytes of UTF-8 were taken for those of Windows-1252: "Ã¶" for "ö"."""
    for run in _HIGH.findall(text):
        try:
            # Windows-1252 leaves five bytes undefined, which programs take for controls.
            data = b"".join(c.encode("latin-1") if c <= "\xff" else c.encode("cp1252") for c in run)
            data.decode("utf-8")
        except UnicodeError:
            continue
        return True
    return False


# --- words


def _single_words(sentence: list[_Token], words: _Words) -> Iterator[Damage]:
    for token in sentence:
        word = token.word.lower()
        if len(word) < _MIN_LETTERS or _is_known(word):
            continue
        if word in words.shorn:
            yield Damage(DamageKind.LOST_LETTERS, token.start, token.end)
        elif _is_glued(token.word, words.counts):
            yield Damage(DamageKind.GLUED_WORDS, token.start, token.end)


def _is_glued(word: str, counts: Counter[str]) -> bool:
    joint = re.fullmatch(r"([a-z]{3,})([A-Z][a-z]{2,})", word)
    if joint:
        return all(_is_known(part.lower()) for part in joint.groups())
    if not word.islower():
        # "Marchand" is a name.
        return False
    if _TWO_LINKS.fullmatch(word):
        return True
    for link in _language("never_inside"):
        rest = word.removeprefix(link)
        if rest != word and len(rest) >= _MIN_LETTERS and _is_known(rest):
            return True
        rest = word.removesuffix(link)
        # "annulare" is no "annul are": what stands before a link is a word that the corpus has.
        if rest != word and len(rest) >= _MIN_LETTERS and _is_known(rest) and counts[rest] >= counts[word]:
            return True
    return False


def _with_holes(text: str, span: Span, words: _Words) -> Iterator[Damage]:
    if words.holes:
        for match in words.holes.finditer(text, span.start, span.end):
            yield Damage(DamageKind.LOST_LETTERS, *match.span())


def _shrunk(sentences: Sequence[Sequence[_Token]], words: _Words) -> list[Damage]:
    """Find words whose ligatures left no gap: "signicant", "signifcant"."""
    found = [t for sentence in sentences for t in sentence if t.word[1:].islower() and _lacks_ligature(t, words.counts)]
    if len({token.word.lower() for token in found}) < _MIN_SHRUNK:
        return []
    return [Damage(DamageKind.LOST_LIGATURES, token.start, token.end) for token in found]


def _lacks_ligature(token: _Token, counts: Counter[str]) -> bool:
    word = token.word.lower()
    whole = _without_ligature().get(word, ())
    # What the corpus has more often than the word that it may have been is a word of its own.
    return len(word) >= _MIN_LETTERS and not _is_known(word) and any(counts[word] <= counts[w] + 3 for w in whole)


@cache
def _without_ligature() -> Mapping[str, tuple[str, ...]]:
    """English words that have ligatures, by what is left of them without one, or without a letter of one."""
    found: dict[str, list[str]] = {}
    for word in english_words():
        for match in _LIGATURE.finditer(word):
            start, end = match.span(1)
            for kept in ("", *({"f"} if len(match.group(1)) > 1 else ())):
                found.setdefault(word[:start] + kept + word[end:], []).append(word)
    return {left: tuple(words) for left, words in found.items()}


# --- gaps


def _gaps(text: str, sentences: Sequence[Sequence[_Token]]) -> Iterator[_Gap]:
    for sentence in sentences:
        for first, second in pairwise(sentence):
            a, b = first.word.lower(), second.word
            if (_is_known(a) and _is_known(b.lower())) or not b.islower():
                continue
            if not (first.word[1:].islower() or len(a) == 1) or not _GAP.fullmatch(text, first.end, second.start):
                continue
            if a in _language("prefixes") and (_is_known(b) or len(a) >= _MIN_LETTERS):
                continue
            kind = _closed(a, b)
            if kind:
                yield _Gap(a, b, Damage(kind, first.start, second.end))


def _closed(a: str, b: str) -> DamageKind | None:
    """Tell what is lost between two stretches of letters if they are one word; None if they are not."""
    unknown = [w for w in (a, b) if not _is_known(w)]
    if len(unknown) == 1 and len(unknown[0]) == 1:
        return None
    if any(_is_known(a + lost + b) for lost in _IN_A_GAP if len(a + lost + b) > _MIN_LETTERS):
        return DamageKind.LOST_LIGATURES
    if len(a + b) > _MIN_LETTERS and _is_known(a + b):
        return DamageKind.TORN_WORDS
    return None


def _hyphens(text: str, span: Span) -> Iterator[Damage]:
    for match in _LETTER_BY_LETTER.finditer(text, span.start, span.end):
        yield Damage(DamageKind.TORN_WORDS, *match.span())
    for match in _HYPHEN.finditer(text, span.start, span.end):
        a, b = match.group(1).lower(), match.group(2)
        if (
            a not in _language("prefixes")
            and b not in _AFTER_A_HYPHEN
            and not (_is_known(a) and _is_known(b))
            and _is_known(a + b)
        ):
            yield Damage(DamageKind.TORN_WORDS, *match.span())


# --- columns


def _mixed_columns(text: str, spans: Sequence[Span]) -> Iterator[Damage]:
    """Find lines that run across two columns: a wide gap in each, with prose that goes on below on both sides."""
    lines = list(_LINE.finditer(text))
    halves = [_halves(line) for line in lines]
    for is_split, run in groupby(zip(lines, halves, strict=True), key=lambda pair: pair[1] is not None):
        found = list(run)
        if not is_split or len(found) < _MIN_MIXED_LINES:
            continue
        sides = list(zip(*(half for _, half in found if half), strict=True))
        if all(sum(part[0].islower() for part in side) * 2 > len(side) for side in sides):
            start, end = found[0][0].start(), found[-1][0].end()
            if any(s.start < end and start < s.end for s in spans):
                yield Damage(DamageKind.MIXED_COLUMNS, start, end)


def _halves(line: re.Match[str]) -> tuple[str, str] | None:
    gaps = list(_WIDE_GAP.finditer(line.group()))
    if len(gaps) != 1:
        return None
    left, right = line.group()[: gaps[0].start()].strip(), line.group()[gaps[0].end() :].strip()
    return (left, right) if len(left.split()) >= 3 and len(right.split()) >= 3 else None
