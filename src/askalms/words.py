"""How words are compared: without regard to case, accents and the letters that keyboards lack."""

import re
import unicodedata
from functools import cache
from typing import Any

RARE = 1000
"""A word that occurs less often than this in the dictionary's own texts is one that few people use."""

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
# Hyphenation marks and the like stand inside words, unseen; apostrophes come in many shapes.
_UNSEEN = str.maketrans(
    {"\u00ad": "", "\u200b": "", "\u2060": "", "\ufeff": "", "’": "'", "‘": "'", "ʼ": "'", "´": "'", "′": "'"}
)
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


def fold(text: str) -> str:
    """Small letters without accents: "Alström" and "ALSTROM" become the same.

    Example:
        >>> fold("Alström Syndrome, Senior-Løken")
        'alstrom syndrome, senior-loken'
    """
    plain = unicodedata.normalize("NFKD", text.translate(_UNSEEN)).casefold().translate(_LETTERS)
    return plain if plain.isascii() else "".join(c for c in plain if not unicodedata.combining(c))


def words_of(text: str) -> list[str]:
    """The folded words of a text, in order; "Gehrig's" stays one word.

    Example:
        >>> words_of("Lou Gehrig’s disease: C9orf72!")
        ['lou', "gehrig's", 'disease', 'c9orf72']
    """
    return _WORD.findall(fold(text))


def skeleton(text: str) -> str:
    """Letters and digits of ASCII only: the same for a text and a copy of it that lost its accents or its spacing.

    Example:
        >>> skeleton("Alström  syndrome.") == skeleton("Alstrm syndrome .")
        True
    """
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def is_english(word: str) -> bool:
    """Tell whether a folded word is one of English, British spelling included, whatever the corpus holds."""
    plain = word.removesuffix("'s")
    american = [plain.replace(a, b) for a, b in (("is", "iz"), ("our", "or"), ("ae", "e"), ("oe", "e"), ("tre", "ter"))]
    forms = [plain, *american]
    return bool(_dictionary().known([*forms, *(f.removesuffix("s") for f in forms)]))


def english_near(word: str) -> dict[str, int]:
    """Give the English words that are one slip of the keyboard from a folded word, with how common they are.

    Returns:
        Occurrences of each in the dictionary's own texts, some 1.6 billion words.
    """
    known = _dictionary()
    return {w: known.word_frequency[w] for w in known.candidates(word) or () if w != word}


def commonness(word: str) -> int:
    """Occurrences of a folded word in the dictionary's own texts; 0 for a word that it does not have."""
    return int(_dictionary().word_frequency[word])


def is_rare(word: str) -> bool:
    """Tell whether a folded word is one that few people use, such as the name of an illness; a number is none."""
    return word.isalpha() and commonness(word) < RARE


def english_words() -> frozenset[str]:
    """All words of the dictionary, in small letters."""
    return frozenset(_dictionary().word_frequency.words())


@cache
def _dictionary() -> Any:
    from spellchecker import SpellChecker

    return SpellChecker(language="en", distance=1)
