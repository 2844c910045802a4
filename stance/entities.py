"""Who is in an article: persons and bodies, and which of them stand near a place.

Knows nothing of how they are found, and of who speaks.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from stance.lexicon import lexicon
from stance.mentions import Mention
from stance.people import Names, Person
from stance.roles import Role

_RELATIONS = frozenset(("colleague", "predecessor", "successor", "friend", "rival", "neighbour"))
_DOCTOR = frozenset(("dr",))
_CELL = 10_000  # characters; who stands further than one or two of them away is not looked at


@dataclass(slots=True, eq=False)
class Entity:
    """A person or body that may speak.

    Attributes:
        name: the fullest mention, as it stands in the article.
        keys: its words, folded, without an article in front.
        person: who it is, where it has a person's name.
        gender: from -1, a man, to 1, a woman.
        plural: whether it is several.
        nouns: what it is called: "minister", "ministry".
        hints: what it may be called, by what stands near its name.
        near: what it or another may be called, by what stands behind its name or pronoun.
        seen: where it begins in the article, in order, but not inside direct speech.
        heard: where it begins inside direct speech.
        spoke: the numbers of the attributions that are its.
        asked: how many of them are questions.
        by_name: in how many the words beside the cue name it.
        is_hint: whether it is taken to be a person whom the article names.
        roles: what the article says of a person, in order.
    """

    name: str
    keys: tuple[str, ...]
    person: Person | None = None
    gender: float = 0.0
    plural: bool = False
    nouns: set[str] = field(default_factory=set)
    hints: set[str] = field(default_factory=set)
    near: set[str] = field(default_factory=set)
    seen: list[int] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    spoke: list[int] = field(default_factory=list)
    asked: int = 0
    by_name: int = 0
    is_hint: bool = False
    roles: Sequence[Role] = ()

    @property
    def is_human(self) -> bool:
        """Whether it is one human being."""
        if self.person is not None:
            return True
        return not self.plural and any(lexicon().calls_person(noun) for noun in self.nouns)

    def is_in(self, start: int, end: int) -> bool:
        """Whether it begins in a part of the article."""
        return any(_any_within(starts, start, end) for starts in (self.seen, self.heard))

    def is_heard(self, start: int, end: int) -> bool:
        """Whether it begins in direct speech in a part of the article."""
        return _any_within(self.heard, start, end)

    def last_seen(self, before: int) -> int | None:
        """Where it began last before a character; None where it did not."""
        at = bisect_left(self.seen, before)
        return self.seen[at - 1] if at else None


class Cast:
    """The persons and bodies of an article.

    Attributes:
        persons: those whom the article names, in order.
        bodies: all else that may speak, by its words.
    """

    def __init__(self) -> None:
        self.persons: list[Entity] = []
        self.bodies: dict[tuple[str, ...], Entity] = {}
        self._names = Names[Entity]()
        self._number: dict[Entity, int] = {}
        self._cells: defaultdict[int, set[Entity]] = defaultdict(set)

    def add_person(self, entity: Entity) -> None:
        """Take in a person."""
        self._number[entity] = len(self._number)
        self.persons.append(entity)
        self._names.add(entity.keys, entity)

    def add_body(self, entity: Entity) -> None:
        """Take in a body; after all persons."""
        self._number[entity] = len(self._number)
        self.bodies[entity.keys] = entity

    def place(self, entity: Entity, start: int, *, heard: bool = False) -> None:
        """Say that an entity stands somewhere; `heard` inside direct speech."""
        insort(entity.heard if heard else entity.seen, start)
        self._cells[start // _CELL].add(entity)

    def fitting(self, keys: Sequence[str]) -> list[Entity]:
        """The persons whom the words of a name may mean, in order."""
        return self._names.fitting(keys)

    def near(self, at: int) -> list[Entity]:
        """Who stands near a character: persons first, in the order in which they were added."""
        cell = at // _CELL
        found = set[Entity]().union(*(self._cells.get(n, ()) for n in (cell - 1, cell, cell + 1)))
        return sorted(found, key=self._number.__getitem__)


def _any_within(starts: Sequence[int], start: int, end: int) -> bool:
    at = bisect_left(starts, start)
    return at < len(starts) and starts[at] < end


def role_of(entity: Entity, mention: Mention) -> Role | None:
    """The office of a person: as told beside the cue, or where the article first tells it.

    What says more than a rank or a relation goes before; "Dr" alone is none.
    """
    roles = [role for role in entity.roles if role.keys != _DOCTOR]
    beside = [role for role in roles if mention.start <= role.start < mention.end]
    told = [*beside, *roles]
    return min(told, key=_weight, default=None)


def _weight(role: Role) -> int:
    is_relation = role.noun in lexicon().kin or role.noun in _RELATIONS
    return 2 * role.is_rank + is_relation
