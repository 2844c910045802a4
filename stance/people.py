"""The persons whom an article names, as it names them. Knows nothing of who says what.

The longest form of a name in the article is the person's name; shorter ones that fit it
("Lisiecka", "Nina Stepanivna") are uses of it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from stance.given_names import gender_by_name
from stance.lexicon import lexicon
from stance.names import NameUse, bare, fits
from stance.roles import Role
from stance.words import Word

Bearer = TypeVar("Bearer")

GENDERED = {"he": -1.0, "his": -1.0, "himself": -1.0, "she": 1.0, "her": 1.0, "herself": 1.0}

_PRONOUN_NEAR = 25  # words
_SURE = 0.3  # of a gender
_MOST_USES = 50


@dataclass(slots=True)
class Person:
    """Someone named in the article.

    Attributes:
        name: the fullest name, as it stands there.
        keys: its words, folded.
        uses: where it stands, in whole or in part, in order.
        gender: from -1 (surely a man) to 1 (surely a woman), by titles, kinship and given name.
    """

    name: str
    keys: tuple[str, ...]
    uses: list[NameUse] = field(default_factory=list)
    gender: float = 0.0

    @property
    def roles(self) -> list[Role]:
        """All that is said of the person, in order."""
        return [role for use in self.uses for role in use.roles]


class Names(Generic[Bearer]):
    """Who bears which name, to find those whom a short form of it may mean."""

    def __init__(self) -> None:
        self._by_word: defaultdict[str, list[tuple[tuple[str, ...], Bearer]]] = defaultdict(list)

    def add(self, keys: tuple[str, ...], bearer: Bearer) -> None:
        """Take in one more, by the words of the name in full."""
        for key in dict.fromkeys(map(bare, keys)):
            self._by_word[key].append((keys, bearer))

    def fitting(self, keys: Sequence[str]) -> list[Bearer]:
        """Those whom words may mean, in the order in which they were added."""
        known = self._by_word.get(bare(keys[-1]), ())
        return [bearer for full, bearer in known if fits(keys, full)]


def people(words: Sequence[Word], uses: Sequence[NameUse], text: str) -> list[Person]:
    """The persons named in an article, in the order of their first use.

    Args:
        words: the words of the article.
        uses: all the names in it.
        text: the article.
    """
    names = Names[Person]()
    persons: list[Person] = []
    for use in sorted(uses, key=lambda one: (-len(one.keys), one.start)):
        certain = not use.loose if len(use.keys) > 1 else use.told
        if certain and not names.fitting(use.keys):
            persons.append(Person(text[use.start : use.end], use.keys))
            names.add(use.keys, persons[-1])
    several = []
    for use in uses:
        owners = names.fitting(use.keys)
        if len(owners) > 1:
            several.append((use, owners))
        for owner in owners[:1] if len(owners) == 1 else ():
            owner.uses.append(use)
    for person in persons:
        person.gender = _gender(words, person)
    for use, owners in several:
        _owner(use, owners).uses.append(use)
    persons = [one for one in persons if one.uses and not all(use.placed for use in one.uses)]
    for person in persons:
        person.uses.sort(key=lambda use: use.start)
        person.gender = _gender(words, person)
    return sorted(persons, key=lambda person: person.uses[0].start)


def _owner(use: NameUse, fitting: Sequence[Person]) -> Person:
    """Whose use it is: of several, who is called so most often before, and then most lately."""
    fitting = [one for one in fitting if one.keys == use.keys] or fitting
    if use.gender:
        agreeing = [one for one in fitting if use.gender * one.gender >= 0] or fitting
        fitting = [one for one in agreeing if use.gender * one.gender > _SURE] or agreeing
    known = [one for one in fitting if one.uses and one.uses[0].start < use.start]
    return max(known or fitting[:1], key=lambda one: _familiar(one, use))


def _familiar(person: Person, use: NameUse) -> tuple[int, int]:
    """How often a person is called by one word before a use, and where last."""
    before = [one for one in person.uses[-_MOST_USES:] if one.start < use.start]
    return sum(len(one.keys) == 1 for one in before), max((u.start for u in before), default=-1)


def _gender(words: Sequence[Word], person: Person) -> float:
    score = 0.0
    for use in person.uses:
        score += 2 * use.gender + 0.4 * _pronoun_behind(words, use)
        score += 2 * sum(lexicon().gender.get(role.noun, 0.0) for role in use.roles)
    score += 1.5 * gender_by_name(person.keys)
    return max(-1.0, min(1.0, score / 2))


def _pronoun_behind(words: Sequence[Word], use: NameUse) -> float:
    """What the next pronoun says, where no other name and no whole sentence stands between."""
    at = bisect_left(words, use.end, key=lambda word: word.start)
    for word in words[at : at + _PRONOUN_NEAR]:
        if word.key in GENDERED:
            return GENDERED[word.key]
        if word.opens or (word.capital and word.key not in lexicon().peoples):
            break
    return 0.0
