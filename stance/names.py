"""Where an article names persons. Knows nothing of which of the names are the same person's.

A name is a run of capitalised words (with particles, initials and hyphens) that stands in no list
of places, bodies and things. What stands beside it says the role, and often the gender.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from stance.lexicon import lexicon, singulars
from stance.roles import PLACING, Role, head_of_office, is_portfolio, outset_of, roles_beside
from stance.words import Word, is_joined

_CALLED = frozenset(("the", "a", "so-called", "called", "named", "dubbed"))
_QUOTED = re.compile(r" [\"“„«‘'‚‹ \u00a0]+")
_DOT = re.compile(r"\.[ \u00a0]?")
_ARABIC_ARTICLES = frozenset(("al", "el", "ul", "as", "ad", "an", "ar", "at", "az"))
_INSIDE = PLACING - {"from", "to", "of", "for"} | {"into", "towards"}
_SAID = frozenset(("said", "says", "adds", "asks", "told", "tells", "writes", "wrote"))


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name at one place of an article.

    Attributes:
        start, end: the name without titles.
        keys: its words, folded.
        outset: where the titles in front begin ("Prime Minister", "prosecutor").
        titles: their words, folded.
        roles: what is said of the person there.
        owns: whether a possessive ending follows.
        opens: whether the name begins a sentence.
        loose: whether it may be no name: one word that begins a sentence, one behind "the", or one
            in capitals.
        placed: whether "in" or "near" stands before it, so that it may be a place.
        told: whether the article says that it is a person's: "his niece, Carine,".
    """

    start: int
    end: int
    keys: tuple[str, ...]
    outset: int
    titles: tuple[str, ...]
    roles: tuple[Role, ...]
    owns: bool
    opens: bool
    loose: bool
    placed: bool
    told: bool

    @property
    def gender(self) -> float:
        """What the titles say: -1 a man, 1 a woman, 0 nothing."""
        said = sum(lexicon().gender.get(title, 0.0) for title in self.titles)
        return max(-1.0, min(1.0, said))


def bare(key: str) -> str:
    """A word of a name without an Arabic article: "harrasi" for "al-harrasi"."""
    return key[3:] if key[2:3] == "-" and key[:2] in _ARABIC_ARTICLES else key


def fits(short: Sequence[str], full: Sequence[str]) -> bool:
    """Whether words may be a short form of a name: in its order, and none added."""
    rest = iter([bare(key) for key in full])
    return all(bare(key) in rest for key in short)


class Placed(Protocol):
    """What begins somewhere in an article."""

    @property
    def start(self) -> int:
        """The character."""


Thing = TypeVar("Thing", bound=Placed)


def starting_within(things: Sequence[Thing], start: int, end: int) -> Sequence[Thing]:
    """Those of several in order that begin in a part of the article."""
    first = bisect_left(things, start, key=lambda one: one.start)
    return things[first : bisect_left(things, end, key=lambda one: one.start)]


def name_uses(text: str, words: Sequence[Word]) -> list[NameUse]:
    """Every run of words that may be a person's name, in order."""
    small = frozenset(word.key for word in words if not word.capital)
    uses = [use for run in _runs(text, words) for use in _read_run(text, words, run, small)]
    return _with_known(_without_openers(text, uses))


def _runs(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """First and last word of each run of capitalised words, with particles inside."""
    at = 0
    while at < len(words):
        last = at
        while words[at].capital and (ahead := _next_of_run(text, words, last)):
            last = ahead
        if words[at].capital:
            yield at, last
        at = last + 1


def _next_of_run(text: str, words: Sequence[Word], last: int) -> int | None:
    """The number of the next capitalised word that belongs to the run of a word."""
    particles = lexicon().particles
    ahead = last + 1
    while ahead < len(words) and words[ahead].key in particles and not words[ahead].capital:
        ahead += 1
    if ahead >= len(words) or not words[ahead].capital:
        return None
    if not all(_belongs(text, words, at) for at in range(last + 1, ahead + 1)):
        return None
    one, other = words[last], words[ahead]
    is_initial = min(len(one.key), len(other.key)) == 1
    return ahead if one.shouted == other.shouted or is_initial else None


def _belongs(text: str, words: Sequence[Word], at: int) -> bool:
    """Whether nothing but a blank, or the dot of an initial or title, stands before a word."""
    before = words[at - 1]
    if is_joined(text, words, at):
        return True
    is_short = len(before.key) == 1 or before.key in lexicon().titles
    return is_short and _DOT.fullmatch(text, before.end, words[at].start) is not None


def _read_run(
    text: str, words: Sequence[Word], run: tuple[int, int], small: frozenset[str]
) -> Iterator[NameUse]:
    """The names in a run; `small` are the words that the article writes without a capital."""
    at, last = run
    while at <= last:
        end = at
        while end < last and not _splits(words, end + 1):
            end += 1
        start = at
        while start <= end and _begins_no_name(words, start, end):
            start += 1
        at = end + 1
        start = max(start, _inner_title(words, start, end))
        behind_titles = _behind_titles(words, start, end, small)
        name = max(behind_titles, _behind_office(text, words, start, end))
        if name > end or (name == end and len(words[name].key) == 1):
            continue
        if not _is_thing(words, start, name, end):
            yield _use(text, words, start, name, end)


def _begins_no_name(words: Sequence[Word], at: int, last: int) -> bool:
    """Whether a word is a small one, or of the calendar and no given name ("Jan Kowalski")."""
    lists, key = lexicon(), words[at].key
    if key in lists.calendar:
        is_given = key in lists.given and at < last and words[at + 1].key not in lists.given
        return not is_given
    return key in lists.small and (words[at].opens or key == "i")


def _splits(words: Sequence[Word], at: int) -> bool:
    """Whether a word of the calendar breaks a run, and is no surname ("Theresa May")."""
    lists, key = lexicon(), words[at].key
    return key == "i" or (key in lists.calendar and words[at - 1].key not in lists.given)


def _behind_titles(words: Sequence[Word], first: int, last: int, small: frozenset[str]) -> int:
    """Where the name begins behind titles, offices and the names of peoples."""
    lists = lexicon()
    name = first
    for at in range(first, last + 1):
        key = words[at].key
        is_surname = at == last > first and words[at - 1].key in lists.given
        if (key in lists.titles or lists.calls_person(key)) and not is_surname:
            name = at + 1
    while name < last and words[name].key in lists.peoples:
        name += 1
    if name == first < last and words[first + 1].key in lists.given:
        name += words[first].key in small and words[first].key not in lists.given
    return name


def _inner_title(words: Sequence[Word], first: int, last: int) -> int:
    """Where "Don Agapito" begins in "Saint Rita Don Agapito"; the first word where nothing does."""
    lists = lexicon()
    for at in range(last - 1, first + 1, -1):
        before = words[at - 1].key
        is_part = before in lists.titles or lists.calls_person(before) or before in lists.peoples
        if words[at].key in lists.titles and not is_part:
            return at
    return first


def _behind_office(text: str, words: Sequence[Word], first: int, last: int) -> int:
    """Where the name begins in "State Warren Buchholz" behind "Secretary of"."""
    name = first
    while name < last and is_portfolio(words[name].key):
        name += 1
    if name > first and head_of_office(text, words, name) < first:
        return name
    return first


def _is_thing(words: Sequence[Word], first: int, name: int, last: int) -> bool:
    """Whether a run of capitals is a place, a body or a thing."""
    lists = lexicon()
    keys = [word.key for word in words[name : last + 1]]
    peoples = [word.key in lists.peoples for word in words[first:name]]
    is_place = all(key in lists.places | lists.peoples | lists.small for key in keys)
    is_people = any(one in lists.peoples for one in singulars(keys[-1]))
    if is_place or is_people or (len(keys) == 1 and keys[0] in lists.bodies):
        return True
    if any(key in lists.given for key in keys[:-1]) or not all(peoples):
        return False
    is_body = any(key in lists.bodies or lists.is_paper(key) for key in keys)
    is_thing = any(key in lists.things for key in keys[1:] or keys)
    begins_thing = bool(peoples) or keys[0] in lists.first_of_things or keys[-1] in lists.places
    return is_body or is_thing or begins_thing


def _use(text: str, words: Sequence[Word], first: int, name: int, last: int) -> NameUse:
    lists = lexicon()
    head = head_of_office(text, words, name) if name > first else first
    outset = first
    if head < first:
        outset = outset_of(text, words, name)
    elif not any(word.key in lists.titles for word in words[first:name]):
        outset = outset_of(text, words, first)
    titled = any(word.key not in lists.peoples for word in words[outset:name])
    before = words[outset - 1].key if outset and is_joined(text, words, outset) else ""
    keys = tuple(word.key for word in words[name : last + 1])
    is_shouted = all(word.shouted or len(word.key) == 1 for word in words[name : last + 1])
    is_first = len(keys) == 1 and words[name].opens and not titled
    is_the = outset == name and (before == "the" or _is_called(text, words, name))
    loose = is_shouted or is_first or is_the
    roles = tuple(roles_beside(text, words, outset, name, last))
    return NameUse(
        start=words[name].start,
        end=words[last].end,
        keys=keys,
        outset=words[outset].start,
        titles=tuple(word.key for word in words[outset:name]),
        roles=roles,
        owns=words[last].owns,
        opens=words[name].opens and not titled,
        loose=loose,
        placed=before in _INSIDE and not titled,
        told=not loose and (titled or (bool(roles) and before not in PLACING)),
    )


def _is_called(text: str, words: Sequence[Word], name: int) -> bool:
    """Whether a name is that of a thing: the "Day Zero clause", a boat called "Yaay Fatou"."""
    if not name or words[name - 1].key not in _CALLED:
        return False
    return _QUOTED.fullmatch(text, words[name - 1].end, words[name].start) is not None


def _without_openers(text: str, uses: Sequence[NameUse]) -> list[NameUse]:
    """The uses, rid of a verb that begins the sentence: "Tell Nilufar", "Free Kaveh Daneshvar"."""
    known = {use.keys for use in uses if not use.opens and len(use.keys) > 1}
    known |= {keys[:1] for keys in known}
    surnames = {keys[-1] for keys in known}
    found = []
    for use in uses:
        gap = re.match(r"\w+\W+", text[use.start : use.end])
        if gap and _has_opener(use, known, surnames):
            start = use.start + gap.end()
            found.append(
                replace(use, start=start, outset=start, keys=use.keys[1:], loose=False, opens=False)
            )
        else:
            found.append(use)
    return found


def _has_opener(use: NameUse, known: set[tuple[str, ...]], surnames: set[str]) -> bool:
    first, rest = use.keys[0], use.keys[1:]
    if not use.opens or not rest or first in lexicon().given or use.keys in known:
        return False
    is_verb = first.endswith("ed") or first in _SAID
    return rest in known or (is_verb and len(rest) == 1 and rest[0] in surnames)


def _with_known(uses: Sequence[NameUse]) -> list[NameUse]:
    """The uses; one word is surely a name where it is part of a name of several."""
    known = {bare(key) for use in uses if len(use.keys) > 1 and not use.loose for key in use.keys}
    return [
        replace(use, loose=use.loose and not use.opens, told=True)
        if len(use.keys) == 1 and bare(use.keys[0]) in known
        else use
        for use in uses
    ]
