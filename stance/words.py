"""The words of an article, with what their shape says. Knows no grammar and no names."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from stance.lexicon import folded

_WORD = re.compile(r"[^\W_]+(?:[-'’ʼ‘`´.\u2060]+[^\W_]+)*")
_POSSESSIVE = re.compile(r"['’][sS]?$")
# What a word may open: a sentence, a line, a quotation or bracket, or what follows a dash.
_OPENING = re.compile(
    r"(?:[.!?…:;][\"”’»“)\]]*[ \u00a0\u202f]+|\n\s*|[\"“„«»‘'(\[]|[ \u00a0][-–—][ \u00a0]*)$"
)
_OPENING_REACH = 6  # characters
_BLANK = re.compile(r"[ \u00a0\u202f]+")
_POSSESSIVE_BLANK = re.compile(r"(?:['’]s?)?[ \u00a0\u202f]+")
# "al-Qirbi", "d'Arc", "O'Brien": small letters, and a capital behind the mark.
_SMALL_PREFIX = re.compile(r"[^\W\d_]{1,4}[-'’]")
_CASELESS = "Lo"  # the letters of scripts without capitals


@dataclass(frozen=True, slots=True)
class Word:
    """A word of an article; a possessive ending is no part of it.

    Attributes:
        start, end: characters of the article.
        key: in lower case, without accents and dots, by which words are compared.
        capital: whether it begins with a capital, or has one behind a prefix ("al-Qirbi").
        shouted: whether it is all capitals, and more than one letter.
        owns: whether a possessive ending follows.
        opens: whether it begins a sentence, a line, or what is quoted or in brackets.
    """

    start: int
    end: int
    key: str
    capital: bool
    shouted: bool
    owns: bool
    opens: bool


def words_of(text: str) -> tuple[Word, ...]:
    """The words of an article, in order."""
    return tuple(_word(text, match.group(), match.start()) for match in _WORD.finditer(text))


def _word(text: str, raw: str, start: int) -> Word:
    owned = _POSSESSIVE.search(raw)
    after = text[start + len(raw) : start + len(raw) + 3]
    owns = owned is not None or _is_plural_possessive(raw, after)
    if owned is not None:
        raw = raw[: owned.start()]
    return Word(
        start=start,
        end=start + len(raw),
        key=folded(raw),
        capital=_is_capital(raw),
        shouted=len(raw) > 1 and raw.isupper(),
        owns=owns,
        opens=start == 0
        or _OPENING.search(text, max(0, start - _OPENING_REACH), start) is not None,
    )


def _is_plural_possessive(raw: str, after: str) -> bool:
    """Whether a mark, a blank and a letter follow an "s": "the sailors' union"."""
    return raw[-1] == "s" and len(after) == 3 and after[0] in "'’" and after[2].isalpha()


def _is_capital(raw: str) -> bool:
    if raw[0].isupper() or unicodedata.category(raw[0]) == _CASELESS:
        return True
    prefix = _SMALL_PREFIX.match(raw)
    return prefix is not None and raw[prefix.end() : prefix.end() + 1].isupper()


def words_within(words: Sequence[Word], start: int, end: int) -> Sequence[Word]:
    """The words that begin in a part of the article."""
    first = bisect_left(words, start, key=lambda word: word.start)
    return words[first : bisect_left(words, end, key=lambda word: word.start)]


def is_joined(text: str, words: Sequence[Word], at: int) -> bool:
    """Whether nothing but a blank stands between a word and the one before it."""
    return _BLANK.fullmatch(text, words[at - 1].end, words[at].start) is not None


def is_owned(text: str, words: Sequence[Word], at: int) -> bool:
    """Whether a blank stands before a word, behind a possessive ending or without one."""
    return _POSSESSIVE_BLANK.fullmatch(text, words[at - 1].end, words[at].start) is not None


def end_with_dot(text: str, word: Word) -> int:
    """Where a word ends, with the last dot of "U.S."."""
    is_short = "." in text[word.start : word.end] and text[word.end : word.end + 1] == "."
    return word.end + is_short
