"""Labelled statements -> train, dev, calibration and test, none of them seen by another.

What may not be torn apart is a unit: statements that share a group or nearly the same words, and
all that these tie together. Knows nothing of files.
"""

import hashlib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from stance.errors import LabelsError
from training.duplicates import near_clusters, words_of
from training.examples import Example

PARTS = ("train", "dev", "calibration", "test")
SHARES = (0.7, 0.1, 0.1, 0.1)
WAYS = ("group", "date")


@dataclass(frozen=True, slots=True)
class Split:
    """The four parts; one whose share is 0 is empty."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    calibration: tuple[Example, ...]
    test: tuple[Example, ...]

    def parts(self) -> Mapping[str, tuple[Example, ...]]:
        """The parts by name, in order."""
        return {name: getattr(self, name) for name in PARTS}


def split_examples(
    examples: Sequence[Example],
    *,
    by: str = "group",
    seed: int,
    shares: tuple[float, float, float, float] = SHARES,
) -> Split:
    """Split examples so that no text, near repeat or group stands on two sides.

    By group, the answers to every question are spread over the parts as far as whole units allow:
    each unit goes where its rarest answer is wanted most (after Sechidis, Tsoumakas and Vlahavas,
    2011). By date, the oldest units are trained on and the newest are the test; a unit is as old as
    its latest statement. The order of the examples plays no part.

    Args:
        examples: what to split.
        by: "group" or "date".
        seed: decides between units that would do equally well.
        shares: of the examples, for each part, 0 or more.

    Raises:
        LabelsError: there are fewer units than parts, or a statement has no date to split by.
        ValueError: `by` or `shares` is none of those.
    """
    if by not in WAYS or min(shares) < 0 or not sum(shares) > 0:
        raise ValueError(f"split by one of {', '.join(WAYS)}, with shares of 0 or more")
    wanted = [n for n, share in enumerate(shares) if share > 0]
    goals = np.array([shares[n] for n in wanted]) / sum(shares)
    if by == "date":
        _check_dates(examples)
    units = _units(examples, seed)
    if len(units) < len(wanted):
        raise LabelsError([_too_few(len(units), [PARTS[n] for n in wanted])])
    divided = _by_date(units, goals) if by == "date" else _by_answers(units, goals)
    parts: list[tuple[Example, ...]] = [()] * len(PARTS)
    for n, members in zip(wanted, divided, strict=True):
        in_order = sorted(members, key=lambda unit: unit.key)
        parts[n] = tuple(example for unit in in_order for example in unit.examples)
    split = Split(*parts)
    check_no_leak(split)
    return split


def check_no_leak(split: Split) -> None:
    """Check that no text, near repeat or group stands in two parts.

    Raises:
        LabelsError: one does; the faults name the rows.
    """
    placed = [(part, one) for part, members in split.parts().items() for one in members]
    ties = {
        "belong to the group {}": [one.group for _, one in placed],
        "have the same words": [words_of(one.statement.text) for _, one in placed],
        "have nearly the same words": near_clusters([o.statement.text for _, o in placed]).tolist(),
    }
    faults: dict[tuple[int, int], str] = {}
    for reason, keys in ties.items():
        first: dict[object, int] = {}
        for n, key in enumerate(keys):
            earlier = first.setdefault(key, n)
            if placed[earlier][0] != placed[n][0]:
                (part, one), (other_part, other) = placed[earlier], placed[n]
                faults.setdefault(
                    (earlier, n),
                    f"{one.name} ({part}) and {other.name} ({other_part}) "
                    f"{reason.format(repr(key))}; keep them on one side of the split",
                )
    if faults:
        raise LabelsError(list(faults.values()))


@dataclass(frozen=True, slots=True)
class _Unit:
    """Examples that stay together.

    Attributes:
        examples: in an order that does not depend on the input's.
        key: a number that the seed and the texts decide; no two units share it.
        answers: what is answered in it, each with how often.
    """

    examples: tuple[Example, ...]
    key: str
    answers: Mapping[object, int] = field(hash=False)

    @property
    def latest(self) -> date:
        """The date of the latest statement; all have one."""
        return max(example.date for example in self.examples if example.date)


def _units(examples: Sequence[Example], seed: int) -> list[_Unit]:
    groups = {group: n for n, group in enumerate(dict.fromkeys(e.group for e in examples))}
    n = len(examples)
    clusters = near_clusters([example.statement.text for example in examples])
    # A graph of three kinds of node: examples, groups, clusters of near repeats.
    ends = [groups[example.group] + n for example in examples], clusters + n + len(groups)
    size = n + len(groups) + int(clusters.max(initial=0)) + 1
    rows = np.concatenate((np.arange(n), np.arange(n)))
    graph = sparse.coo_array(
        (np.ones(2 * n, np.int8), (rows, np.concatenate(ends))), shape=(size, size)
    )
    found: dict[int, list[Example]] = {}
    for unit, example in zip(
        connected_components(graph, directed=False)[1], examples, strict=False
    ):
        found.setdefault(unit, []).append(example)
    return sorted((_unit(members, seed) for members in found.values()), key=lambda unit: unit.key)


def _unit(members: Iterable[Example], seed: int) -> _Unit:
    # Ids and groups may come from the number of a row; texts and labels never do.
    in_order = sorted(members, key=lambda one: (one.statement.text, repr(one.labels), repr(one)))
    digest = hashlib.sha256(str(seed).encode())
    for text in sorted({words_of(one.statement.text) for one in in_order}):
        digest.update(b"\0" + text.encode())
    answers: dict[object, int] = {}
    for example in in_order:
        for label in example.labels:
            answer = (label.question, label.allowed)
            answers[answer] = answers.get(answer, 0) + 1
    answers = answers or {None: len(in_order)}
    return _Unit(tuple(in_order), digest.hexdigest(), answers)


def _by_answers(units: Sequence[_Unit], goals: NDArray[np.float64]) -> list[list[_Unit]]:
    """The units of each part: rarest answers first, each unit where they are wanted most."""
    n_units: dict[object, int] = {}
    n_answers: dict[object, int] = {}
    of_answer: dict[object, list[_Unit]] = {}
    for unit in units:
        for answer, times in unit.answers.items():
            n_units[answer] = n_units.get(answer, 0) + 1
            n_answers[answer] = n_answers.get(answer, 0) + times
            of_answer.setdefault(answer, []).append(unit)
    wanted = {answer: goals * times for answer, times in n_answers.items()}
    room = goals * sum(len(unit.examples) for unit in units)
    parts: list[list[_Unit]] = [[] for _ in goals]
    placed: set[str] = set()
    queue = [(times, repr(answer), answer) for answer, times in n_units.items()]
    heapq.heapify(queue)
    while queue:
        times, name, answer = heapq.heappop(queue)
        left = [unit for unit in of_answer[answer] if unit.key not in placed]
        if len(left) < times:  # others of its units were placed since: ask again later
            if left:
                heapq.heappush(queue, (len(left), name, answer))
            continue
        # Large units first, while there is room for them everywhere.
        for unit in sorted(left, key=lambda unit: (-len(unit.examples), unit.key)):
            part = _best_part(len(unit.examples), wanted[answer], room)
            parts[part].append(unit)
            placed.add(unit.key)
            room[part] -= len(unit.examples)
            for other, count in unit.answers.items():
                wanted[other][part] -= count
    return _none_empty(parts)


def _best_part(size: int, wanted: NDArray[np.float64], room: NDArray[np.float64]) -> int:
    """The part that wants it most, of those with room for half of it; else the one with most."""
    open_parts = [n for n in range(len(room)) if room[n] >= size / 2 - 1e-9]
    if not open_parts:
        return int(room.argmax())
    return max(open_parts, key=lambda n: (round(float(wanted[n]), 9), round(float(room[n]), 9)))


def _none_empty(parts: list[list[_Unit]]) -> list[list[_Unit]]:
    """The parts after each empty one got the smallest unit of the part that has most units."""
    for part in parts:
        if not part:
            fullest = max(parts, key=len)
            smallest = min(fullest, key=lambda unit: (len(unit.examples), unit.key))
            fullest.remove(smallest)
            part.append(smallest)
    return parts


def _by_date(units: Sequence[_Unit], goals: NDArray[np.float64]) -> list[list[_Unit]]:
    """The units of each part, oldest first; each part has one at least."""
    in_order = sorted(units, key=lambda unit: (unit.latest, unit.key))
    sizes = np.cumsum([len(unit.examples) for unit in in_order])
    bounds = [0]
    for n, goal in enumerate(np.cumsum(goals)[:-1], 1):
        nearest = int(np.abs(sizes - goal * sizes[-1]).argmin()) + 1
        bounds.append(min(max(nearest, bounds[-1] + 1), len(in_order) - (len(goals) - n)))
    return [in_order[start:end] for start, end in pairwise([*bounds, len(in_order)])]


def _check_dates(examples: Iterable[Example]) -> None:
    faults = [
        f"{example.place or repr(example.statement.id)}: has no date; give each row one to split "
        "by date"
        for example in examples
        if example.date is None
    ]
    if faults:
        raise LabelsError(faults)


def _too_few(found: int, parts: Sequence[str]) -> str:
    def count(number: int) -> str:
        return "1 group" if number == 1 else f"{number} groups"

    return (
        f"{count(len(parts))} of statements are needed, one at least for {_listed(parts)}, and "
        f"there {'is' if found == 1 else 'are'} {found}; label {count(len(parts) - found)} more "
        "(rows that share a group or nearly the same words count as one)"
    )


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
