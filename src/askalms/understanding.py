"""Question + history -> query: which disease is meant, what "it" refers to, how it is spelled."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Levenshtein

from askalms.datatypes import Query, Question, Topic
from askalms.lexical import STOP_WORDS
from askalms.texts import load_data
from askalms.words import RARE, commonness, english_near, fold, is_english, is_rare, words_of

NAME_SIMILARITY = 80
"""Least likeness, from 0 to 100, of a misspelled name to the name it is taken for."""
WORD_SIMILARITY = 80
"""The same for any other word of the corpus; a little less for a short one with the right first letter."""
SHORT_NAME = 5
"""A name of fewer letters is taken only as it is written: one letter makes another of it."""
LONG_WORD = 7
"""Letters from which a misspelled word of the corpus shows that a text is English."""
MOST_TURNS = 4
"""Earlier turns that a question may be completed from."""
ENGLISH_SHARE = 0.6
"""At more than this share of English words, a text is English, whatever it looks like."""

LONGEST_COURTESY = 12
"""Words of a message that may be nothing but a greeting or thanks."""

_TOKEN = re.compile(r"\w+(?:['’]\w+)?", re.UNICODE)
_SETS_SIDE_BY_SIDE = re.compile(
    r"\bsame as\b|\bshort for\b|\bconfus|\bmixed up\b|\bdifferent from\b|\bthe same thing\b"
)
_REFERS_BACK = re.compile(
    r"\b(?:it|its|this|that|they|them|their|these|those|the disease|the condition|the syndrome)\b"
)
_REFERENT = re.compile(
    r"\b(?:it|this disease|this condition|this syndrome|the disease|the condition|the syndrome)\b", re.I
)
_NAMED_DISEASE = re.compile(r"([\w'-]+) (?:syndrome|disease|disorder)s?\b")
_EMPTY_IT = re.compile(
    r"\bit (?:possible|true|ok|okay|safe|normal|important|necessary|too late|take|takes|took|help|helps)\b", re.I
)
_ELLIPSIS = re.compile(
    r"^\W*(?:and|what about|how about|also|so|but)\b\W*(?:what about|how about|for|with|in|about)?\W*", re.I
)
_EACH_ONE = (
    (re.compile(r"\bhow (?:do|does|are|is) \0 differ(?:ent)?\b", re.I), "what is \0"),
    (re.compile(r"\bwhich (?:one |of them |disease |condition )?(?:is|are) (?:more |less )(\w+)", re.I), r"how \1 is"),
    (re.compile(r"\bwhat(?:'s| is| are) the (?:main )?differences? between\b", re.I), "what is"),
    (re.compile(r"\bwhat (?:do|does) (.*?) have in common\b", re.I), r"what is \1"),
    (re.compile(r"\bdo both\b", re.I), "does"),
    (re.compile(r"\b(?:are|is) both\b", re.I), "is"),
    (
        re.compile(
            r"[ ,]*\b(?:differently|different|differ|both|each|respectively|compared (?:to|with)|versus|vs\.?)",
            re.I,
        ),
        "",
    ),
)
"""Words that set two diseases side by side, and what they become in a question about one of them."""
_BETWEEN = "and|or|to|from|with|in|for|the|vs|versus|than|as|of"
_MEASURED_AGAINST = re.compile(
    r"[ ,]*\b(?:than|compared (?:to|with)|versus|vs\.?|unlike|as opposed to)(?: [^,;.?\0]*)? \0,?", re.I
)
"""What one of two diseases is held against: "rarer than ALS"."""
_CLAUSE = re.compile(r"\s*(?:[,;.]|\b(?:and|but|while|or)\b)")
_ASKS = re.compile(
    r"\b(?:what|who|which|when|where|why|how|is|are|was|were|do|does|did|can|could|will|would|should|has|have)\b"
)
_ASKS_WHAT_IT_IS = re.compile(r"(?:what|who)(?:'s| is| are| was)\b")
_CHILD = re.compile(
    r"\b(?:year old|month old|s?he(?:'s| is) (?:only |just )?(?:[1-9]|1[0-7])"
    r"|(?:my|our) (?:\w+ )?(?:son|daughter|boy|girl|child|kid|baby|toddler))\b"
)
_NEGATED = re.compile(r"\b(?:not|isn't|wasn't|rather than|instead of)(?: (?:the|a|an|my|his|her))? $")
_ONE_OR_OTHER = re.compile(r"\s*(?:/|\bor\b)\s*(?:the |was it |is it )?")
_HEARSAY = re.compile(
    r"\b(?:told|tell|said|says|say|heard|hear|letter|form|report|note|doctor|nurse|phone|line|catch|thing|diagnos\w+"
    r"|not sure|unsure|don't know|either)\b"
)
"""Words of one who does not know which of two names it was."""
_CORRECTS = re.compile(
    r"\b(?:i meant|i mean|meant|sorry,? (?:i|not)|no,? (?:i meant|not)|wrong (?:one|disease|illness|name|thing))\b"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A disease named in a question."""

    topic_id: str
    start: int
    end: int
    name: str
    """The name that it was taken for."""
    exact: bool
    """It is written as in the list of names, but for case and accents."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a question was taken for."""

    query: Query
    ask_back: tuple[str, ...] = ()
    """Ids of the topics to choose from, where answering would be guessing."""
    sides: tuple[Query, ...] = ()
    """The same question about each of several diseases, where an answer needs a quote about each."""
    unknown_disease: bool = False
    """It names a disease by a name of its own, and none of the topics."""


def understand(
    question: Question, topics: Mapping[str, Topic], words: Mapping[str, int], *, as_typed: bool = False
) -> Understanding:
    """Make a query of a question.

    Args:
        question: What was typed, and what was before.
        topics: All topics that documents are about, and those of topics.toml.
        words: The folded words of the corpus; others are compared with them for their spelling.
        as_typed: Search for the words as they stand, without what was before. Only the diseases that they name are
            found as always, misspelled ones included, so that no other disease answers for them.
    """
    if as_typed:
        return _as_typed(question.text, topics, words)
    text = _plain(question.text)
    mentions = find_mentions(text, topics)
    named = _named(text, mentions)
    typed = text
    text = _spelled(_with_names(text, mentions), words, topics)
    if fold(text) != fold(typed):
        named = _named(text, find_mentions(text, topics))
    carried = _carried_topics(question.history, topics) if not named else ()
    if question.history:
        *earlier, last = question.history[-MOST_TURNS:]
        before = understand(Question(last, tuple(earlier)), topics, words).query.text
        text = _completed(text, named, carried, before, topics)
    if _CORRECTS.search(fold(typed)) and len(named) > 1:
        named = named[-1:]
    if len(named) == 1 and topics[named[0]].confused_with and _SETS_SIDE_BY_SIDE.search(fold(typed)):
        named = _distinct((*named, *topics[named[0]].confused_with))
    ask_back = _ask_back(typed, mentions, named, carried, question.history, topics)
    query = Query(
        text,
        named or carried,
        _spelled_out(text, topics),
        _clinical(text, words),
        rewritten=fold(text) != fold(typed),
    )
    unknown = not query.topics and _names_unknown_disease(text)
    return Understanding(query, ask_back, _sides(query, topics), unknown)


def _plain(typed: str) -> str:
    """What was typed, with single spaces and without marks that nobody sees."""
    return " ".join(unicodedata.normalize("NFC", typed).replace("\u00ad", "").replace("\u200b", "").split())


def _as_typed(typed: str, topics: Mapping[str, Topic], words: Mapping[str, int]) -> Understanding:
    understood = understand(Question(typed), topics, words)
    text = _plain(typed)
    query = Query(text, understood.query.topics, text)
    return replace(understood, query=query, sides=_sides(query, topics))


def _named(text: str, mentions: Sequence[Mention]) -> tuple[str, ...]:
    """Give the diseases that a question is about: those it names, but for "not the ALS one" beside another."""
    meant = [m for m in mentions if not _NEGATED.search(fold(text[: m.start]))]
    return _distinct(m.topic_id for m in meant or mentions)


def _sides(query: Query, topics: Mapping[str, Topic]) -> tuple[Query, ...]:
    return tuple(_side(query, t, topics) for t in query.topics) if len(query.topics) > 1 else ()


def _side(query: Query, topic_id: str, topics: Mapping[str, Topic]) -> Query:
    """Ask a question about several diseases about one of them, and leave out that it compares."""
    name = topics[topic_id].name
    if _SETS_SIDE_BY_SIDE.search(fold(query.text)):
        text = f"What is {name}?"
        return replace(query, text=text, topics=(topic_id,), spelled_out=text)
    text, mark = query.text, "\0"
    for mention in reversed(find_mentions(text, topics)):
        text = text[: mention.start] + mark + text[mention.end :]
    text = re.sub(rf"{mark}(?:\W*(?:\b(?:{_BETWEEN})\b\W*)*{mark})+", mark, text)
    if text.count(mark) > 1:
        text = _MEASURED_AGAINST.sub("", text).strip()
    if text.count(mark) > 1:
        # The other disease has a clause of its own, which asks the same.
        first, last = text.index(mark), text.rindex(mark)
        ends = [m.start() for m in _CLAUSE.finditer(text, first, last)]
        text = text[: ends[-1]] if ends else text
    for pattern, plain in _EACH_ONE:
        text = pattern.sub(plain, text)
    text = " ".join(re.sub(r"\bis, ", "is ", text).replace(mark, name).strip(" ,;?.").split()) + "?"
    return replace(query, text=text, topics=(topic_id,), spelled_out=_spelled_out(text, topics))


def _spelled_out(text: str, topics: Mapping[str, Topic]) -> str:
    """Write the name of a disease in place of the abbreviation that stands in brackets in its name."""
    for mention in reversed(find_mentions(text, topics)):
        name = topics[mention.topic_id].name
        if f"({fold(mention.name)})" in fold(name) and name not in text:
            text = text[: mention.start] + name + text[mention.end :]
    return text


def find_mentions(text: str, topics: Mapping[str, Topic]) -> list[Mention]:
    """Find the diseases that a text names, misspelled ones included, in the order of the text.

    Of mentions that overlap, the longest counts: "Usher syndrome type 1B" is not "Usher syndrome".
    """
    tokens = list(_TOKEN.finditer(text))
    folded = [" ".join(words_of(t.group())) for t in tokens]
    found: list[tuple[int, float, Mention]] = []
    names = _names(tuple(topics.values()))
    for size in range(min(8, len(tokens)), 0, -1):
        for i in range(len(tokens) - size + 1):
            window = " ".join(folded[i : i + size])
            match = names.exact.get(window) or names.exact.get(window.removesuffix("'s"))
            score = 101.0
            if not match and size <= 4:
                match, score = _nearest_name(window, names, size)
            if match:
                mention = Mention(match[0], tokens[i].start(), tokens[i + size - 1].end(), match[1], score > 100)
                found.append((mention.end - mention.start, score, mention))
    chosen: list[Mention] = []
    for _, _, mention in sorted(found, key=lambda f: (f[1] <= 100, -f[0], -f[1])):
        if all(mention.end <= m.start or m.end <= mention.start for m in chosen):
            chosen.append(mention)
    return sorted(chosen, key=lambda m: m.start)


def standing_alone(question: str, topic: Topic) -> str:
    """Name the disease in a question that names none and may refer to it; empty if it refers to something else.

    Example:
        >>> als = Topic("als", "ALS", ("ALS",))
        >>> [standing_alone(q, als) for q in ("Is it inherited?", "What are cilia?", "Who gets them?")]
        ['Is ALS inherited?', 'What are cilia?', '']
    """
    if _EMPTY_IT.search(question) or not _REFERS_BACK.search(fold(question)):
        return question
    return _naming(question, topic) if _REFERENT.search(question) else ""


class NamesOfDiseases:
    """Finds the diseases that a document speaks of, by the names as they are written.

    `plain` has the folded name of each topic, by its id.
    """

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        """Look for the names of these topics."""
        self.plain = {t.topic_id: fold(t.name) for t in topics.values()}
        self._topic_of = {fold(name): t.topic_id for t in topics.values() for name in t.names}
        names = sorted(self._topic_of, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)")

    def first_in(self, text: str) -> str | None:
        """Id of the disease named first; None if none is."""
        match = self._pattern.search(fold(text))
        return self._topic_of[match.group()] if match else None

    def all_in(self, text: str) -> set[str]:
        """Ids of all diseases named."""
        return {self._topic_of[name] for name in self._pattern.findall(fold(text))}

    def left_out_of(self, text: str) -> str:
        """The folded text without the names."""
        return self._pattern.sub(" ", fold(text))


def about(topics: Mapping[str, Topic]) -> tuple[str, ...]:
    """Ids of the diseases that the library is about: the home topics, and what they are confused with."""
    home = [t for t in topics.values() if t.home]
    return _distinct([*(t.topic_id for t in home), *(other for t in home for other in t.confused_with)])


@dataclass(frozen=True, slots=True)
class _Names:
    exact: dict[str, tuple[str, str]]
    """Folded name -> topic id, name."""
    long: dict[int, list[str]]
    """Folded names of SHORT_NAME letters or more, by how many words they have."""


@lru_cache(maxsize=8)
def _names(topics: tuple[Topic, ...]) -> _Names:
    exact: dict[str, tuple[str, str]] = {}
    long: dict[int, list[str]] = {}
    for topic in topics:
        for name in topic.names:
            plain = " ".join(words_of(name))
            exact.setdefault(plain, (topic.topic_id, name))
            # Only what the library is about is worth guessing at: a wrong guess names a wrong disease.
            if len(plain) >= SHORT_NAME and (topic.home or topic.confused_with):
                long.setdefault(len(plain.split()), []).append(plain)
    return _Names(exact, long)


def _nearest_name(window: str, names: _Names, size: int) -> tuple[tuple[str, str] | None, float]:
    if len(window) < SHORT_NAME or (size == 1 and (window in STOP_WORDS or not window[0].isalpha())):
        return None, 0.0
    best = process.extractOne(window, names.long.get(size, []), scorer=fuzz.ratio, score_cutoff=NAME_SIMILARITY)
    if not best or (size == 1 and (is_english(window) or window[0] != best[0][0])):
        return None, 0.0
    # "Heart disease" is no slip of "Charcot disease": another word of English was meant.
    pairs = zip(window.split(), best[0].split(), strict=True)
    if size > 1 and any(is_english(said) and not said.startswith(named.removesuffix("'s")) for said, named in pairs):
        return None, 0.0
    return names.exact[best[0]], best[1]


def _names_unknown_disease(text: str) -> bool:
    """Tell whether a text names a disease by a name of its own ("Miller syndrome"), not by an organ or an adjective."""
    ordinary = load_data("language")["before_disease"]
    return any(m.group(1) not in ordinary for m in _NAMED_DISEASE.finditer(fold(text)))


def _distinct(ids: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


# --- spelling


def _with_names(text: str, mentions: Sequence[Mention]) -> str:
    """Write misspelled names as they should be."""
    for mention in reversed(mentions):
        if not mention.exact:
            text = text[: mention.start] + mention.name + text[mention.end :]
    return re.sub(r"(?i)\b(alstr\w+) syndrom\b", r"\1 syndrome", text)


def _spelled(text: str, words: Mapping[str, int], topics: Mapping[str, Topic]) -> str:
    """Mend words that are neither of English nor of the corpus, but near one of them."""
    names = {w for t in topics.values() for name in t.names for w in words_of(name)}
    choices: list[str] | None = None
    for match in reversed(list(_TOKEN.finditer(text))):
        word = fold(match.group())
        # A capital inside a sentence is a name, and names are not mended.
        is_name = match.start() > 0 and match.group()[0].isupper() and not text.isupper()
        if is_name or len(word) < 4 or not word.isalpha() or word in words or word in names or is_english(word):
            continue
        if choices is None:
            choices = [w for w in words if len(w) >= 4 and w.isalpha()]
        best = _nearest_word(word, choices, words)
        if best:
            text = text[: match.start()] + best + text[match.end() :]
    return text


def _nearest_word(word: str, choices: Sequence[str], words: Mapping[str, int]) -> str | None:
    """Give the word that was meant: the fewest slips away, then the one that the corpus and people use most."""
    likeness = WORD_SIMILARITY - 5 if len(word) < 6 else WORD_SIMILARITY
    near = process.extract(word, choices, scorer=fuzz.ratio, score_cutoff=likeness, limit=8)
    close = [n for n in near if n[1] >= WORD_SIMILARITY or n[0][0] == word[0]]
    # Two letters changed about are one slip ("thier"), though they make two words less alike than a letter put in.
    slips = {str(n[0]): OSA.distance(word, n[0]) for n in close}
    if min(slips.values(), default=2) > 0:
        slips |= {w: 1 for w, occurrences in english_near(word).items() if occurrences >= RARE}

    def use(found: str) -> float:
        return math.log10(1 + commonness(found)) + 1.5 * math.log10(1 + words.get(found, 0))

    return min(slips, key=lambda w: (slips[w], w[0] != word[0], -use(w))) if slips else None


def _nearest_known(word: str, known: Mapping[str, int]) -> bool:
    """Tell whether a word is a long one of the corpus, misspelled."""
    if len(word) < LONG_WORD or word in known or is_english(word):
        return False
    return process.extractOne(word, known.keys(), scorer=fuzz.ratio, score_cutoff=WORD_SIMILARITY) is not None


# --- everyday words


def _clinical(text: str, words: Mapping[str, int]) -> tuple[str, ...]:
    """Give what pages call the things a question speaks of in everyday words, as far as the corpus has the words."""
    said = f" {' '.join(words_of(text))} "
    found = [t for phrase, terms in _lay_words().items() if f" {phrase} " in said for t in terms]
    return _distinct(t for t in found if f" {t} " not in said and all(w in words for w in words_of(t)))


@cache
def _lay_words() -> Mapping[str, tuple[str, ...]]:
    """What people say, and what pages say instead; the longer phrases first."""
    pairs = [pair for table in load_data("lay_words").values() for pair in table.items()]
    return {" ".join(words_of(said)): tuple(meant) for said, meant in sorted(pairs, key=lambda p: -len(p[0]))}


# --- languages


def is_other_language(text: str, known: Mapping[str, int]) -> bool:
    """Tell whether a text is written in another language than English.

    Args:
        text: What was typed.
        known: Folded words that count as English ones: those of the corpus.
    """
    letters = [c for c in text if c.isalpha()]
    foreign = [c for c in letters if not unicodedata.name(c, "LATIN").startswith(("LATIN", "FEMININE", "MASCULINE"))]
    if len(letters) >= 3 and len(foreign) > len(letters) / 2:
        return True
    words = [w for part in words_of(text) for w in part.split("'") if w.isalpha()]
    small = set(load_data("language")["other_languages"])
    foreign_words = sum(w in small for w in words)
    if not foreign_words:
        return False
    if foreign_words == 1 and any(_nearest_known(w, known) for w in words if w not in small):
        return False
    english = sum(w not in small and (w in known or w in STOP_WORDS or is_english(w)) for w in words) / len(words)
    if english > ENGLISH_SHARE or (foreign_words == 1 and english > ENGLISH_SHARE * 2 / 3):
        return False
    from py3langid import classify

    return bool(classify(text)[0] != "en")


# --- greetings and thanks


def courtesy(text: str) -> str:
    """Tell whether a message is nothing but a "greeting" or "thanks"; empty if it may ask something."""
    plain = fold(text)
    words = words_of(plain)
    if len(words) > LONGEST_COURTESY or any(c.isalnum() and not c.isascii() for c in plain):
        return ""
    said, courtesies = " ".join(map(_courteous, words)), _courtesies()
    if not courtesies.whole.fullmatch(said):
        return ""
    return next((kind for kind, phrases in courtesies.kinds if phrases.search(said)), "")


@dataclass(frozen=True, slots=True)
class _Courtesies:
    kinds: tuple[tuple[str, re.Pattern[str]], ...]
    """The kind that decides comes first: "hello, and thanks" thanks."""
    whole: re.Pattern[str]
    words: frozenset[str]


@cache
def _courtesies() -> _Courtesies:
    data = load_data("language")
    of_kind = {"thanks": data["thanks"], "greeting": data["greetings"]}
    phrases = [p for listed in (*of_kind.values(), data["beside_courtesies"]) for p in listed]
    kinds = tuple((kind, re.compile(rf"\b{_any_of(listed)}\b")) for kind, listed in of_kind.items())
    whole = re.compile(rf"{_any_of(phrases)}(?: {_any_of(phrases)})*")
    return _Courtesies(kinds, whole, frozenset(w for p in phrases for w in words_of(p)))


def _any_of(phrases: Sequence[str]) -> str:
    return f"(?:{'|'.join(re.escape(' '.join(words_of(p))) for p in sorted(phrases, key=len, reverse=True))})"


def _courteous(word: str) -> str:
    """Mend a word of a greeting or of thanks: letters held down too long ("hellooo"), or one slip ("thnaks")."""
    known = _courtesies().words
    short = re.sub(r"(.)\1{2,}", r"\1", word)
    if word in known or short in known or len(short) < 4 or is_english(short):
        return short if short in known else word
    return next((w for w in sorted(known) if len(w) >= 4 and OSA.distance(short, w) == 1), word)


# --- what was said before


def _carried_topics(history: Sequence[str], topics: Mapping[str, Topic]) -> tuple[str, ...]:
    """The disease that was last spoken of."""
    for turn in reversed(history):
        named = _distinct(m.topic_id for m in find_mentions(turn, topics))
        if named:
            return named[-1:] if _CORRECTS.search(fold(turn)) or len(named) == 1 else named
    return ()


def _completed(
    text: str,
    named: tuple[str, ...],
    carried: tuple[str, ...],
    before: str,
    topics: Mapping[str, Topic],
) -> str:
    """Complete a question that only makes sense after the one before, which is given complete."""
    content = [w for w in words_of(text) if w not in STOP_WORDS and w not in ("about", "also")]
    names = {w for t in named for name in topics[t].names for w in words_of(name)}
    new = [w for w in content if w not in names]
    repeats = frozenset(load_data("language")["only_repeats"])
    plain = fold(text)
    opening = _ELLIPSIS.match(plain)
    if named:
        asks_again = opening and not _ASKS_WHAT_IT_IS.match(plain, opening.end()) and repeats.issuperset(new)
        corrects = _CORRECTS.search(plain) and repeats.issuperset(new)
        return (_swapped(before, named[-1], topics) or text) if asks_again or corrects else text
    if _EMPTY_IT.search(text):
        return text
    elliptical = opening and not _ASKS.search(plain, opening.end())
    if elliptical or (_REFERS_BACK.search(plain) and (len(new) <= 2 or not carried) and not _REFERENT.search(text)):
        return f"{before} {text}"
    if _REFERENT.search(text):
        if len(carried) == 1:
            return _naming(text, topics[carried[0]])
        return text if carried else f"{before} {text}"
    return text


def _naming(text: str, topic: Topic) -> str:
    """Name a disease where a text first refers to it."""
    return _REFERENT.sub(lambda _: topic.name, text, count=1)


def _swapped(question: str, topic_id: str, topics: Mapping[str, Topic]) -> str:
    """Ask an earlier question about another disease."""
    mentions = find_mentions(question, topics)
    if not mentions:
        return ""
    last = mentions[-1]
    return question[: last.start] + topics[topic_id].name + question[last.end :]


# --- asking back


def _ask_back(
    typed: str,
    mentions: Sequence[Mention],
    named: tuple[str, ...],
    carried: tuple[str, ...],
    history: Sequence[str],
    topics: Mapping[str, Topic],
) -> tuple[str, ...]:
    """Decide whether to ask which disease is meant, and give the choices."""
    home = about(topics)
    between = _between_short_names(typed, mentions, topics)
    if between:
        return between
    said = next((turn for turn in (typed, *reversed(history)) if find_mentions(turn, topics)), "")
    either = _one_or_other(said, topics)
    if either and (said == typed or not named):
        return either
    plain = fold(typed)
    content = [w for w in words_of(typed) if w not in STOP_WORDS]
    refers = _REFERS_BACK.search(plain)
    if not named and not carried and not history and len(content) <= 3 and refers:
        # "What are cilia, and where are they?" says itself what it speaks of, by a word that few people use.
        spoken_of = any(map(is_rare, words_of(plain[: refers.start()])))
        return () if spoken_of else home
    if len(named) == 1 and topics[named[0]].of_adults and _CHILD.search(plain):
        # A short name that is one letter from another, said of a child: it may well be the other.
        others = [t for t in topics[named[0]].confused_with if not topics[t].of_adults]
        apart = [t for t in others if any(_one_letter_apart(m.name, n) for m in mentions for n in topics[t].names)]
        if apart and all(_is_short(m.name) for m in mentions):
            return (apart[0], named[0])
    return ()


def _between_short_names(typed: str, mentions: Sequence[Mention], topics: Mapping[str, Topic]) -> tuple[str, ...]:
    """Find a word that is no name, but one letter from short names of two diseases ("ALS1")."""
    taken = {(m.start, m.end) for m in mentions}
    for token in _TOKEN.finditer(typed):
        word = fold(token.group())
        if token.span() in taken or not 3 <= len(word) <= SHORT_NAME or (word.isalpha() and is_english(word)):
            continue
        near = _distinct(
            t.topic_id
            for t in map(topics.__getitem__, about(topics))
            for n in t.names
            if _is_short(n) and _one_letter_apart(word, n)
        )
        if len(near) > 1:
            return near
    return ()


def _one_or_other(text: str, topics: Mapping[str, Topic]) -> tuple[str, ...]:
    """Find two short names between which somebody cannot decide: "they said ALS or ALMS", "ALS/ALMS"."""
    plain = fold(text)
    if _SETS_SIDE_BY_SIDE.search(plain):
        return ()
    short = [m for m in find_mentions(text, topics) if _is_short(m.name)]
    for one, other in pairwise(short):
        gap = fold(text[one.end : other.start])
        unsure = "/" in gap or _HEARSAY.search(plain)
        if unsure and one.topic_id != other.topic_id and _ONE_OR_OTHER.fullmatch(gap):
            return (one.topic_id, other.topic_id)
    return ()


def _is_short(name: str) -> bool:
    return len(name) <= SHORT_NAME and " " not in name


def _one_letter_apart(a: str, b: str) -> bool:
    return _is_short(a) and _is_short(b) and Levenshtein.distance(fold(a), fold(b)) == 1
