"""Of whom "the former" and "the latter" speak. Knows nothing of other words for a speaker."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from stance.entities import Cast, Entity
from stance.layout import Layout
from stance.nominals import Nominal

Pair = tuple[Entity, Entity]

_JOINED = re.compile(r"(?:[^.;:!?]{0,40})?,? and (?:[^.;:!?]{0,40})?", re.DOTALL)
_NEAR_PAIR = 600  # characters
_TURNS = 50


class Pairs:
    """The pairs of an article, each told when it is asked for."""

    def __init__(self, text: str, cast: Cast, layout: Layout, described: Sequence[Nominal]) -> None:
        """Take in an article.

        Args:
            text: the article.
            cast: who is in it.
            layout: its parts.
            described: the descriptions in it.
        """
        self._text = text
        self._cast = cast
        self._layout = layout
        self._placed = self._all_placed(described)
        self._last: tuple[int, dict[str, Pair]] = (-_NEAR_PAIR, {})

    def of(self, at: int, order: Sequence[Entity | None]) -> dict[str, Pair]:
        """Of whom they may speak, by how: joined by "and", or who stood or spoke last, in order.

        "The latter" soon after "the former" is of the same two.
        """
        place, known = self._last
        if 0 <= at - place < _NEAR_PAIR:
            return known
        stood = [(seen, one) for one in self._cast.near(at) if (seen := self._stood(one, at)) >= 0]
        stood.sort(key=lambda placed: placed[0])
        spoke = list(dict.fromkeys(one for one in reversed(order[-_TURNS:]) if one))[:2]
        lasts = {
            "joined": self._joined(at),
            "stood": [one for _, one in stood[-2:]],
            "spoke": spoke[::-1],
        }
        pairs = {how: (last[0], last[1]) for how, last in lasts.items() if len(last) > 1}
        if "joined" in pairs:
            pairs = {"joined": pairs["joined"]}
        self._last = (at, pairs)
        return pairs

    def _all_placed(self, described: Sequence[Nominal]) -> list[tuple[int, int, Entity]]:
        """Where each person and body stands, in order; an office stands for who alone holds it."""
        found = [
            (use.start, use.end, one)
            for one in self._cast.persons
            if one.person is not None
            for use in one.person.uses
            if not use.owns
        ]
        holders: defaultdict[str, list[Entity]] = defaultdict(list)
        for one in self._cast.persons:
            for noun in one.nouns:
                holders[noun].append(one)
        for told in described:
            body = self._cast.bodies.get(told.keys)
            who = holders.get(told.noun, [])
            if body is not None:
                found.append((told.start, told.end, who[0] if len(who) == 1 else body))
        return sorted(found, key=lambda placed: placed[:2])

    def _joined(self, at: int) -> list[Entity]:
        """The last two before a place, shortly, that "and" joins, in no content."""
        last = bisect_left(self._placed, at, key=lambda placed: placed[0])
        for n in range(last - 1, 0, -1):
            (_, end, one), (start, _, other) = self._placed[n - 1 : n + 1]
            if at - start > _NEAR_PAIR:
                break
            is_pair = one is not other and _JOINED.fullmatch(self._text[end:start])
            if is_pair and not self._layout.is_content(start):
                return [one, other]
        return []

    def _stood(self, entity: Entity, at: int) -> int:
        """Where it stood last before, shortly and in no content; -1 where it did not."""
        if not (entity.person or entity.spoke or not entity.nouns):
            return -1
        first = bisect_left(entity.seen, at - _NEAR_PAIR + 1)
        near = entity.seen[first : bisect_left(entity.seen, at)]
        return next((start for start in reversed(near) if not self._layout.is_content(start)), -1)
