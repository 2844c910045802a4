"""What an article calls bodies, papers and persons: "the Omani foreign ministry", "Egypt".

By rules over words, without a parser. Knows nothing of who speaks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stance.lexicon import lexicon
from stance.roles import ARTICLES, BEHIND_HEAD, PLACING
from stance.words import Word, is_joined, is_owned

_LONGEST = 7  # words
_OPENING_WORDS = "the a an this its his her their our two three one former senior"
_OPENS = frozenset(_OPENING_WORDS.split())
_INSIDE = frozenset(("former", "first", "own"))
_OPENS_PLACE = frozenset(("south", "north", "new", "the"))


@dataclass(frozen=True, slots=True)
class Nominal:
    """A description at one place of an article.

    Attributes:
        start, end: where it stands.
        keys: its words, folded, without an article in front.
        noun: the word that says what it is; "" of a country or capital.
    """

    start: int
    end: int
    keys: tuple[str, ...]
    noun: str


def nominals(text: str, words: Sequence[Word]) -> list[Nominal]:
    """All of them, in order."""
    found = [*_descriptions(text, words), *_places(text, words)]
    return sorted(found, key=lambda one: one.start)


def _descriptions(text: str, words: Sequence[Word]) -> Iterator[Nominal]:
    at = 0
    while at < len(words):
        last, noun = _extent(text, words, at)
        if noun:
            last = _with_of(text, words, last)
            first = at + (words[at].key in ARTICLES)
            keys = tuple(word.key for word in words[first : last + 1])
            yield Nominal(words[at].start, words[last].end, keys, noun)
        at = last + 1


def _extent(text: str, words: Sequence[Word], first: int) -> tuple[int, str]:
    """The last word of a description that begins there, and its noun; "" where none begins."""
    lists = lexicon()
    word = words[first]
    if word.opens and lists.calls_person(word.key) and lists.is_plural(word.key):
        return first, word.key
    last, noun = first, ""
    if not (word.key in _OPENS or word.owns or word.key in lists.peoples):
        return last, noun
    for at in range(first + 1, min(first + _LONGEST, len(words))):
        key = words[at].key
        if not is_owned(text, words, at) or key in BEHIND_HEAD:
            break
        if key in lists.small and key not in _INSIDE:
            break
        if key in lists.bodies or lists.calls_person(key) or lists.is_paper(key):
            last, noun = at, key
        elif lists.calls_person(noun) and not words[last].owns and key not in lists.portfolios:
            break
    return last, noun


def _with_of(text: str, words: Sequence[Word], last: int) -> int:
    """The last word of "the government of Sri Lanka", from that of "the government"."""
    at = last + 1
    if at + 1 >= len(words) or words[at].key not in ("of", "for") or not is_joined(text, words, at):
        return last
    at += 1 + (words[at + 1].key == "the" and at + 2 < len(words))
    if not words[at].capital:
        return last
    while at + 1 < len(words) and words[at + 1].capital and is_joined(text, words, at + 1):
        at += 1
    return at


def _places(text: str, words: Sequence[Word]) -> Iterator[Nominal]:
    """Countries and capitals, which may speak as well, but not "in Egypt"."""
    places = lexicon().places
    at = 0
    while at < len(words):
        first, last = words[at], at
        while (
            first.capital
            and last + 1 < len(words)
            and words[last + 1].capital
            and words[last + 1].key in places
            and is_joined(text, words, last + 1)
        ):
            last += 1
        is_place = first.key in places or (last > at and first.key in _OPENS_PLACE)
        is_where = at > 0 and words[at - 1].key in PLACING
        if first.capital and is_place and not words[last].owns and not is_where:
            keys = tuple(word.key for word in words[at : last + 1])
            yield Nominal(first.start, words[last].end, keys, "")
        at = last + 1
