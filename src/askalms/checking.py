"""The care of any corpus: what a maintainer should mend in it, and what is good to know.

To mend is what an edit of the corpus's own files mends: nobody named as the source of a page, a page
that is there twice, a page that no question finds, own words that contradict each other. What is in
the words of others, or a matter of judgement, is told and no more.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askalms.agreement import SHARED_TERMS, Figure, counts_in, shares_in
from askalms.corpus import Corpus
from askalms.datatypes import BlockKind, Document, Span, Topic
from askalms.dates import age_in_years
from askalms.lexical import terms_of
from askalms.segmentation import line_of
from askalms.texts import load_data
from askalms.words import skeleton, words_of

_SHORTEST_REPEAT = 6
"""Words: shorter sentences ("There is no cure.") are the same by nature."""
_MOST = 0.5
"""Share of the sentences of the shorter of two pages above which they are alike."""
_NEARLY_ALL = 0.8
"""Share above which one of two pages about the same disease is one too many."""
_FEWEST_SHARED = 3
_WORDS_OF_A_SITE = 50
"""A sentence in more pages than this is the site's own, and makes no two pages alike."""
_SAME_STATEMENT = 0.8
"""Least share of its terms that the shorter sentence has in common with the longer, to give a figure for the same."""
_SAME_TERMS = 0.5
"""Least share of all terms of both that they have in common for that."""
_MAX_LOOKS = 50
"""Most likely counterparts of a sentence that are looked at closely."""

_ADDRESS = re.compile(r"(?:https?://|\bwww\.)(?:[^\s<>\"“”()\[\]{}]|\([^\s()]*\))+", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NAME = re.compile(r"(?<![.!?:] )(?<!^)\b(?:[A-Z][\w-]*|\w*[A-Za-z]\d\w*)|\b[Tt]ypes? (?:[IVX]+|\d+)\w*", re.ASCII)
_MONTH = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*")
_FILLING = frozenset(
    terms_of(
        "more most than over at least fewer less under up to only just very about approximately roughly estimated"
        " almost percent per cent percentage share chance each every condition disease disorder syndrome"
    )
)
"""Terms that say nothing of what a figure is about."""
_NOT = re.compile(r"\b(?:not|no|never|none|without|unaffected|remaining|other|another|rest)\b|n['’]t\b", re.IGNORECASE)
"""Of whole and rest, one sentence gives the one and one the other."""


class Weight(StrEnum):
    """What a finding asks for."""

    MEND = "mend"
    KNOW = "know"


class Concern(StrEnum):
    """What a finding is about."""

    PROVENANCE = "missing provenance"
    UNKNOWN_TOPIC = "no known topic"
    EMPTY_TOPIC = "topic without documents"
    PAGES_ALIKE = "pages alike"
    SAME_SENTENCE = "same sentence in several documents"
    CONTRADICTION = "contradiction by number"
    NOTATION = "same figure in two notations"
    AGE = "sources past their age"
    LINK = "links that pages cite"


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a document."""

    doc_id: str
    line: int
    """From 1; 0 where it is about the whole document."""
    text: str = ""
    """The sentence that stands there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend or to know."""

    concern: Concern
    weight: Weight
    detail: str
    mentions: tuple[Mention, ...] = ()
    """Where it shows, in the order of documents."""


def check_corpus(corpus: Corpus, old_after_years: float, today: date, only: str = "") -> tuple[Finding, ...]:
    """Look after all documents of a corpus, scraped pages included.

    Args:
        corpus: As `load_corpus` gives it.
        old_after_years: The age from which a page or source is past its time.
        today: The day to count ages from.
        only: `doc_id` of the one document whose findings are wanted; all if empty.

    Returns:
        Findings in the order of `Concern`, within each what is to be mended first.
    """
    sentences = _sentences(corpus.documents)
    alike = list(_pages_alike(corpus.documents))
    statements = list(_statements(sentences, corpus))
    found = [
        *_provenance(corpus.documents),
        *_topics(corpus),
        *alike,
        *_same_sentences(sentences, [{m.doc_id for m in finding.mentions} for finding in alike]),
        *_contradictions(statements),
        *_notations(statements),
        *_ages(corpus.documents, old_after_years, today),
        *_links(corpus.documents),
    ]
    order = list(Concern)
    wanted = [f for f in found if not only or any(m.doc_id == only for m in f.mentions)]
    return tuple(sorted(wanted, key=lambda f: (order.index(f.concern), f.weight is Weight.KNOW)))


# --- what is known of a document


def _provenance(documents: Iterable[Document]) -> Iterator[Finding]:
    for document in documents:
        page = document.provenance
        is_file_name = page.title_guessed and page.title == Path(document.doc_id).stem
        missing = {
            Weight.MEND: (
                ("title is the name of the file", is_file_name),
                ("no publisher", not page.publisher),
            ),
            Weight.KNOW: (
                (f"title guessed: {page.title!r}", page.title_guessed and not is_file_name),
                # What a document was written from has the addresses.
                ("no address", not page.url and not page.sources),
                ("no date", not page.reviewed),
                ("no licence", not page.license),
            ),
        }
        for weight, fields in missing.items():
            said = ", ".join(name for name, is_missing in fields if is_missing)
            if said:
                yield Finding(Concern.PROVENANCE, weight, said, (Mention(document.doc_id, 0),))


def _ages(documents: Iterable[Document], old_after_years: float, today: date) -> Iterator[Finding]:
    users: dict[tuple[str, str], list[Mention]] = defaultdict(list)
    for document in documents:
        page = document.provenance
        age = age_in_years(page.reviewed, today)
        if page.reviewed and age >= old_after_years:
            detail = f"the page of {page.reviewed} is {age} years old"
            yield Finding(Concern.AGE, Weight.KNOW, detail, (Mention(document.doc_id, 0),))
        for source in page.sources:
            users[source.ref_id or source.title, source.reviewed or source.as_of].append(Mention(document.doc_id, 0))
    for (name, day), mentions in sorted(users.items()):
        age = age_in_years(day, today)
        if not day:
            yield Finding(Concern.AGE, Weight.KNOW, f"the source {name!r} has no date", tuple(mentions))
        elif age >= old_after_years:
            detail = f"the source {name!r} of {day} is {age} years old"
            yield Finding(Concern.AGE, Weight.KNOW, detail, tuple(mentions))


def _topics(corpus: Corpus) -> Iterator[Finding]:
    for document in corpus.documents:
        own = next((t for t in document.topics if t in corpus.own_topics), None)
        if own:
            name = corpus.topics[own].name
            # A title that somebody stated is the name of a disease; one that was guessed may be anything.
            guessed = document.provenance.title_guessed
            detail = f"only questions that name {name!r} find it" + ("; write its topic" if guessed else "")
            weight = Weight.MEND if guessed else Weight.KNOW
            yield Finding(Concern.UNKNOWN_TOPIC, weight, detail, (Mention(document.doc_id, 0),))
    used = {topic for document in corpus.documents for topic in document.topics}
    empty = [topic for topic in corpus.topics.values() if topic.topic_id not in used] if corpus.documents else []
    homes = [topic for topic in corpus.topics.values() if topic.home]
    if homes and all(topic in empty for topic in homes):
        names = " or ".join(topic.name for topic in homes)
        detail = f"the home topic: a question that names no disease is about {names}, and no document is"
        yield Finding(Concern.EMPTY_TOPIC, Weight.MEND, detail)
        empty = [topic for topic in empty if not topic.home]
    built_in = load_data("topics")
    for topic in empty:
        if topic.topic_id not in built_in:
            yield Finding(Concern.EMPTY_TOPIC, Weight.KNOW, f"{topic.topic_id!r} of topics.toml")
    known = sorted(topic.topic_id for topic in empty if topic.topic_id in built_in)
    if known:
        detail = f"{len(known)} built-in topics, so that questions about them get no quote: {', '.join(known)}"
        yield Finding(Concern.EMPTY_TOPIC, Weight.KNOW, detail)


def _links(documents: Iterable[Document]) -> Iterator[Finding]:
    places: dict[str, dict[str, Mention]] = defaultdict(dict)
    for document in documents:
        own = {document.provenance.url, *(source.url for source in document.provenance.sources)}
        start = document.blocks[0].start if document.blocks else 0
        for match in _ADDRESS.finditer(document.text, start):
            address = match.group().rstrip(".,;:!?*_'’|")
            if "." in address and not {address, address.rstrip("/")} & {url.rstrip("/") for url in own} - {""}:
                line = line_of(document.text, match.start())
                places[address].setdefault(document.doc_id, Mention(document.doc_id, line))
    for address, mentions in sorted(places.items()):
        yield Finding(Concern.LINK, Weight.KNOW, address, tuple(mentions.values()))


# --- the same words


_Places = dict[str, list[tuple[Document, Span]]]
"""Skeleton of a sentence -> where it stands."""


def _sentences(documents: Iterable[Document]) -> _Places:
    places: _Places = defaultdict(list)
    for document in documents:
        for span in _spans(document):
            places[skeleton(document.text[span.start : span.end])].append((document, span))
    return places


def _spans(document: Document) -> Iterator[Span]:
    """The sentences of a document, but for those that only date it."""
    return (s for block in document.blocks if block.kind is not BlockKind.DATELINE for s in block.sentences)


def _mention(document: Document, span: Span) -> Mention:
    text = " ".join(document.text[span.start : span.end].split())
    return Mention(document.doc_id, line_of(document.text, span.start), text)


def _same_sentences(sentences: _Places, alike: Sequence[set[str]]) -> Iterator[Finding]:
    """Find sentences that stand in several documents, other than only in pages that are alike as a whole."""
    found: list[tuple[int, bool, Finding]] = []
    groups: dict[str, list[set[str]]] = defaultdict(list)
    for group in alike:
        for doc_id in group:
            groups[doc_id].append(group)
    for places in sentences.values():
        first = {document.doc_id: (document, span) for document, span in reversed(places)}
        document, span = places[0]
        if len(first) < 2 or any(first.keys() <= g for g in groups[document.doc_id]):
            continue
        if len(document.text[span.start : span.end].split()) < _SHORTEST_REPEAT:
            continue
        of = _diseases([d for d, _ in first.values()])
        mentions = tuple(_mention(*first[doc_id]) for doc_id in sorted(first))
        finding = Finding(Concern.SAME_SENTENCE, Weight.KNOW, f"in {len(first)} documents {of}", mentions)
        found.append((-len(first), "different" not in of, finding))
    yield from (finding for *_, finding in sorted(found, key=lambda f: (f[1], f[0], f[2].mentions[0].doc_id)))


def _diseases(documents: Sequence[Document]) -> str:
    """Say whether documents are about one disease."""
    common = set(documents[0].topics).intersection(*(d.topics for d in documents[1:]))
    if common:
        return f"about {', '.join(sorted(common))}"
    topics = sorted({topic for d in documents for topic in d.topics})
    more = f" and {len(topics) - 4} more" if len(topics) > 4 else ""
    return f"about different diseases: {', '.join(topics[:4])}{more}"


def _pages_alike(documents: Sequence[Document]) -> Iterator[Finding]:
    """Find pages with the same text, and pages that share most of their sentences."""
    same: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        same[skeleton(document.text[document.blocks[0].start :])].append(document)
    for group in same.values():
        if len(group) > 1:
            detail = f"the same text, {_diseases(group)}; keep one of them"
            yield Finding(Concern.PAGES_ALIKE, Weight.MEND, detail, _whole(group))
    pages = [group[0] for group in same.values()]
    said = [{skeleton(page.text[span.start : span.end]) for span in _spans(page)} for page in pages]
    shares = _shares_of_sentences(said)
    kinds: dict[tuple[bool, bool], dict[tuple[int, int], float]] = defaultdict(dict)
    for (one, other), share in shares.items():
        is_of_one_disease = not set(pages[one].topics).isdisjoint(pages[other].topics)
        kinds[is_of_one_disease, is_of_one_disease and share >= _NEARLY_ALL][one, other] = share
    for (_, is_one_too_many), joined in sorted(kinds.items(), reverse=True):
        for rows in _connected(joined):
            least = min(share for (one, _), share in joined.items() if one in rows)
            alike = [pages[row] for row in rows]
            much = "all" if least == 1 else f"at least {least:.0%} of the"
            detail = f"they share {much} sentences of the shorter one, {_diseases(alike)}"
            if is_one_too_many:
                yield Finding(Concern.PAGES_ALIKE, Weight.MEND, f"{detail}; keep the better one", _whole(alike))
            else:
                yield Finding(Concern.PAGES_ALIKE, Weight.KNOW, detail, _whole(alike))


def _whole(documents: Iterable[Document]) -> tuple[Mention, ...]:
    return tuple(Mention(document.doc_id, 0) for document in documents)


def _shares_of_sentences(pages: Sequence[set[str]]) -> dict[tuple[int, int], float]:
    """Give the pairs of pages that share most sentences of the shorter, with that share; rows in order."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, said in enumerate(pages):
        for sentence in said:
            rows[sentence].append(row)
    own = {sentence for sentence, found in rows.items() if len(found) <= _WORDS_OF_A_SITE}
    sizes = [len(said & own) for said in pages]
    shared = Counter(pair for sentence in own for pair in combinations(rows[sentence], 2))
    shares = {(a, b): n / min(sizes[a], sizes[b]) for (a, b), n in shared.items() if n >= _FEWEST_SHARED}
    return {pair: share for pair, share in shares.items() if share > _MOST}


def _connected(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Groups of rows that pairs join, each sorted."""
    group: dict[int, list[int]] = {}
    for a, b in pairs:
        one, other = group.setdefault(a, [a]), group.setdefault(b, [b])
        if one is not other:
            one += other
            group.update(dict.fromkeys(other, one))
    return sorted(sorted(rows) for rows in {id(rows): rows for rows in group.values()}.values())


# --- numbers


@dataclass(frozen=True, slots=True)
class _Statement:
    """A sentence that gives figures for one disease."""

    places: tuple[tuple[Document, Span], ...]
    topic: str
    terms: frozenset[str]
    """What it speaks of, numbers and the disease left out."""
    names: frozenset[str]
    """Places, genes, types and the like: sentences that differ in them speak of different things."""
    years: frozenset[str]
    is_of_the_rest: bool
    """It says of whom something is not so."""
    counts: tuple[Figure, ...]
    shares: tuple[Figure, ...]

    @property
    def in_own_words(self) -> bool:
        """It was written from sources, so it can be put in other words."""
        return any(document.provenance.sources for document, _ in self.places)


def _statements(sentences: _Places, corpus: Corpus) -> Iterator[_Statement]:
    subjects = _Subjects(corpus.topics, corpus.own_topics)
    for places in sentences.values():
        document, span = places[0]
        text = document.text[span.start : span.end]
        if not re.search(r"\d|\bone\b", text, re.IGNORECASE):
            continue
        counts, shares = tuple(counts_in(text)), tuple(shares_in(text))
        topic = subjects.of(text, places) if counts or shares else ""
        if topic:
            disease = subjects.terms_of(topic)
            terms = frozenset(t for t in terms_of(text) if not t.isdigit()) - disease - _FILLING
            names = {n.casefold() for n in _NAME.findall(text) if not _MONTH.fullmatch(n.casefold())}
            names = {n for n in names if not set(terms_of(n)) <= disease}
            years = frozenset(_YEAR.findall(text))
            of_the_rest = bool(_NOT.search(text))
            yield _Statement(tuple(places), topic, terms, frozenset(names), years, of_the_rest, counts, shares)


class _Subjects:
    """Which disease a sentence speaks of."""

    def __init__(self, topics: Mapping[str, Topic], own: frozenset[str]) -> None:
        self._terms = {topic.topic_id: self._terms_of_name(topic) for topic in topics.values()}
        # Names that were given come last, so that they win over those that a document made of its title.
        ordered = sorted(topics.values(), key=lambda t: t.topic_id not in own)
        spelled = ((name, t.topic_id) for t in ordered for n in t.names for name in (n, _with_lost_letters(n)))
        self._names = {tuple(words_of(name)): topic_id for name, topic_id in spelled}
        self._longest = max(map(len, self._names), default=0)

    def of(self, text: str, places: Sequence[tuple[Document, Span]]) -> str:
        """The disease that a sentence names, or else its pages are about; "" if there are several."""
        topics = self._named(words_of(text)) or set(places[0][0].topics).intersection(*(d.topics for d, _ in places))
        return next(iter(topics)) if len(topics) == 1 else ""

    def _named(self, words: Sequence[str]) -> set[str]:
        plain = [word.removesuffix("'s") for word in words]
        found, at = set(), 0
        while at < len(plain):
            length = next((n for n in range(self._longest, 0, -1) if tuple(plain[at : at + n]) in self._names), 0)
            if length:
                found.add(self._names[tuple(plain[at : at + length])])
            at += length or 1
        return found

    def terms_of(self, topic_id: str) -> frozenset[str]:
        """The terms of a disease's name and of what is short for it; its genes are no names of it here."""
        return self._terms[topic_id]

    @staticmethod
    def _terms_of_name(topic: Topic) -> frozenset[str]:
        short = [name for name in topic.names if _is_short_for(name, topic.name)]
        return frozenset(terms_of(" ".join([topic.name, _with_lost_letters(topic.name), *short])))


def _is_short_for(short: str, name: str) -> bool:
    """Tell whether the letters of one stand in the other in that order, as those of "ALMS" do."""
    letters = iter(skeleton("".join(words_of(name))))
    return short[:1].casefold() == name[:1].casefold() and all(c in letters for c in short.casefold())


def _with_lost_letters(name: str) -> str:
    """A name as copies spell it that lost their accented letters: "Alstrm"."""
    return " ".join(map(skeleton, name.split()))


def _contradictions(statements: Sequence[_Statement]) -> Iterator[Finding]:
    """Pair sentences that speak of the same and give figures apart, each with the one that is most like it."""
    for figures in ("counts", "shares"):
        by_topic: dict[str, list[tuple[_Statement, Figure]]] = defaultdict(list)
        for statement in statements:
            given: tuple[Figure, ...] = getattr(statement, figures)
            if len(given) == 1:
                by_topic[statement.topic].append((statement, given[0]))
        for topic, group in sorted(by_topic.items()):
            for one, other in _apart(group):
                (a, x), (b, y) = group[one], group[other]
                weight = Weight.MEND if a.in_own_words and b.in_own_words else Weight.KNOW
                detail = f"{topic}: {_shown(x)} against {_shown(y)}"
                mentions = (_mention(*a.places[0]), _mention(*b.places[0]))
                yield Finding(Concern.CONTRADICTION, weight, detail, mentions)


def _apart(group: Sequence[tuple[_Statement, Figure]]) -> Iterator[tuple[int, int]]:
    least = np.array([figure.least for _, figure in group])
    most = np.array([figure.most for _, figure in group])
    sizes = np.array([len(statement.terms) for statement, _ in group])
    for row, others, shared in _overlaps([statement.terms for statement, _ in group]):
        smaller = np.minimum(sizes[others], sizes[row])
        together = sizes[others] + sizes[row] - shared
        fits = (shared >= 2) & (shared >= _SAME_STATEMENT * smaller) & (shared >= _SAME_TERMS * together)
        fits &= (least[others] > most[row]) | (most[others] < least[row])
        likeliest = np.argsort(-(shared / together)[fits], kind="stable")[:_MAX_LOOKS]
        one = group[row][0]
        for other in others[fits][likeliest].tolist():
            if _speak_of_the_same(one, group[other][0]) and not _parts_of_a_whole(group[row], group[other]):
                yield row, other
                break


def _speak_of_the_same(one: _Statement, other: _Statement) -> bool:
    each_says_when = one.years and other.years and one.years != other.years
    return one.names == other.names and one.is_of_the_rest == other.is_of_the_rest and not each_says_when


def _parts_of_a_whole(one: tuple[_Statement, Figure], other: tuple[_Statement, Figure]) -> bool:
    """Tell whether two shares add up, as those of a disease's forms do that a page tells one after the other."""
    (a, x), (b, y) = one, other
    if "people" in (x.notation, y.notation):
        return False
    side_by_side = {d.doc_id for d, _ in a.places} & {d.doc_id for d, _ in b.places}
    adds_up = abs(x.least + y.most - 1) < 0.01 and abs(x.most + y.least - 1) < 0.01
    return adds_up or (bool(side_by_side) and 0.01 < x.least + y.least <= 1)


def _notations(statements: Sequence[_Statement]) -> Iterator[Finding]:
    """Find figures that one sentence writes as "25%" and another, on the same, as "25 percent" or "1 in 4"."""
    by_figure: dict[tuple[str, float, float], list[tuple[_Statement, frozenset[str]]]] = defaultdict(list)
    for statement in statements:
        notations: dict[tuple[float, float], set[str]] = defaultdict(set)
        for share in statement.shares:
            notations[round(share.least, 9), round(share.most, 9)].add(share.notation)
        for (least, most), written in notations.items():
            by_figure[statement.topic, least, most].append((statement, frozenset(written)))
    for (topic, least, most), group in sorted(by_figure.items(), key=lambda item: item[0]):
        if len({written for _, written in group}) < 2:
            continue
        rows: set[int] = set()
        for row, others, shared in _overlaps([statement.terms for statement, _ in group]):
            sizes = np.array([len(group[other][0].terms) for other in others])
            near = others[(shared >= 3) & (shared >= SHARED_TERMS * np.minimum(sizes, len(group[row][0].terms)))]
            rows.update(r for o in near.tolist() if group[row][1].isdisjoint(group[o][1]) for r in (row, o))
        if rows:
            ways = sorted({notation for row in rows for notation in group[row][1]})
            detail = f"{topic}: {_shown(Figure(least, most, '%'))} is written in {len(ways)} ways: {', '.join(ways)}"
            mentions = sorted((_mention(*group[row][0].places[0]) for row in rows), key=lambda m: (m.doc_id, m.line))
            yield Finding(Concern.NOTATION, Weight.KNOW, detail, tuple(mentions))


def _overlaps(term_sets: Sequence[frozenset[str]]) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """Give for each set the later ones that have two terms or more in common with it, and how many.

    Inverted lists find them, so sets that share nothing are never compared.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for row, terms in enumerate(term_sets):
        for term in terms:
            rows[term].append(row)
    postings = {term: np.array(found) for term, found in rows.items() if len(found) > 1}
    for row, terms in enumerate(term_sets):
        lists = [postings[term] for term in terms if term in postings]
        if len(lists) < 2:
            continue
        together = np.concatenate(lists)
        # Long lists are counted, which takes a step for each set; short ones are sorted.
        if len(together) * 8 > len(term_sets):
            counts = np.bincount(together, minlength=len(term_sets))
            others = np.flatnonzero(counts[row + 1 :] > 1) + row + 1
            shared = counts[others]
        else:
            others, shared = np.unique(together[together > row], return_counts=True)
            others, shared = others[shared > 1], shared[shared > 1]
        if len(others):
            yield row, others, shared


def _shown(figure: Figure) -> str:
    """A figure as a person would write it."""
    if figure.notation == "people":
        least, most, highest = f"{figure.least:,.0f}", f"{figure.most:,.0f}", np.inf
    else:
        least, most, highest = f"{100 * figure.least:g}%", f"{100 * figure.most:g}%", 1.0
    if figure.least == figure.most:
        return least
    if figure.most == highest:
        return f"{least} or more"
    return f"{least} to {most}" if figure.least else f"{most} or less"
