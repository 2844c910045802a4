"""Token blocks -> packed rows under a token budget. Knows token ids and no text.

A group is one statement with its questions. A row holds one or more whole groups; attention stays
inside a group, so that a packed answer is the answer alone. Two small integer arrays, `group` and
`block`, say who may see whom; the network makes them into a mask:

    a token sees another of the same group that is in the statement (block 0) or in its own block.

So the statement sees itself, and a question sees the statement and itself, never another question.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stance.render import Block

PADDING_GROUP = -1


@dataclass(frozen=True, slots=True)
class Group:
    """One statement block and the question blocks that are asked of it in one row."""

    statement: Block
    questions: tuple[Block, ...]

    def __len__(self) -> int:
        return len(self.statement) + sum(map(len, self.questions))


@dataclass(frozen=True, slots=True)
class Rows:
    """Packed rows as the network reads them; every array is int32.

    Attributes:
        input_ids, position_ids: (rows, length); positions restart at 0 in every block.
        group: (rows, length), the number of the group in its row; -1 is padding.
        block: (rows, length), 0 in a statement, 1 and up in its questions.
        first: (rows, questions), where each question's first token is; 0 where a row has fewer.
        n_questions: (rows,), how many of `first` count.
    """

    input_ids: NDArray[np.int32]
    position_ids: NDArray[np.int32]
    group: NDArray[np.int32]
    block: NDArray[np.int32]
    first: NDArray[np.int32]
    n_questions: NDArray[np.int32]

    def inputs(self) -> dict[str, NDArray[np.int32]]:
        """The arrays by the names of the network's inputs."""
        return self.token_inputs() | {"block": self.block, "first": self.first}

    def token_inputs(self) -> dict[str, NDArray[np.int32]]:
        """The arrays of a network that answers for every token, as a tagger's does."""
        names = ("input_ids", "position_ids", "group")
        return {name: getattr(self, name) for name in names}


def split_questions(statement: Block, questions: Sequence[Block], budget: int) -> list[list[int]]:
    """Divide the questions of one statement among as few groups as fit the budget.

    Answers do not depend on the division. A statement that fills the budget by itself still gets
    as many tokens of questions as it has, so that it is not read again for each one.

    Returns:
        the indices of the questions of each group, in order.
    """
    room = max(budget - len(statement), len(statement))
    parts: list[list[int]] = []
    used = room + 1
    for n, question in enumerate(questions):
        if used + len(question) > room:
            parts.append([])
            used = 0
        parts[-1].append(n)
        used += len(question)
    return parts


def fill_rows(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Assign groups to rows: first fit, longest first. A group over the budget has its own row.

    Returns:
        the indices of the groups of each row; rows from the fullest first item down.
    """
    rows: list[list[int]] = []
    room: list[int] = []
    for n in sorted(range(len(lengths)), key=lambda n: -lengths[n]):
        for row, left in enumerate(room):
            if lengths[n] <= left:
                rows[row].append(n)
                room[row] -= lengths[n]
                break
        else:
            rows.append([n])
            room.append(budget - lengths[n])
    return rows


def even_rows(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Divide groups among the fewest rows of about the budget, all nearly as long.

    Longest first, each into the emptiest row (Graham, "Bounds on Multiprocessing Timing Anomalies",
    1969). A batch that goes through the network whole has no last, half-empty row so; a row may
    pass the budget by a part of a group.

    Returns:
        the indices of the groups of each row.
    """
    n_rows = max(1, min(len(lengths), -(-sum(lengths) // budget)))
    rows: list[list[int]] = [[] for _ in range(n_rows)]
    emptiest = [(0, n) for n in range(n_rows)]
    for g in sorted(range(len(lengths)), key=lambda g: -lengths[g]):
        filled, n = heapq.heappop(emptiest)
        rows[n].append(g)
        heapq.heappush(emptiest, (filled + lengths[g], n))
    return rows


def batches(
    rows: Sequence[Sequence[int]], lengths: Sequence[int], budget: int
) -> Iterator[list[Sequence[int]]]:
    """Rows that go through the network together: the longest first, up to a budget of tokens.

    Args:
        rows: the indices of the groups of each row.
        lengths: of the groups.
    """
    filled = [sum(lengths[g] for g in row) for row in rows]
    order = sorted(range(len(rows)), key=lambda r: -filled[r])
    while order:
        size = max(1, budget // filled[order[0]])
        yield [rows[r] for r in order[:size]]
        order = order[size:]


class Batches:
    """Groups in batches of rows, in the order in which they go through a network.

    Args:
        groups: what is packed.
        row_tokens: the most of one row, but for a group that has more.
        batch_tokens: of the rows that go through the network together.
    """

    def __init__(self, groups: Sequence[Group], row_tokens: int, batch_tokens: int) -> None:
        lengths = [len(group) for group in groups]
        self._groups = groups
        self._batches = list(batches(fill_rows(lengths, row_tokens), lengths, batch_tokens))
        self._n_answered = 0

    @property
    def is_answered(self) -> bool:
        """Whether the answers of all rows have come."""
        return self._n_answered == len(self._batches)

    def rows(self) -> Iterator[Rows]:
        """The batches, in order."""
        for batch in self._batches:
            yield lay_out([[self._groups[g] for g in row] for row in batch])

    def next_answered(self) -> list[Sequence[int]]:
        """The numbers of the groups in each row of the next batch, whose answer has come."""
        self._n_answered += 1
        return self._batches[self._n_answered - 1]


def lay_out(rows: Sequence[Sequence[Group]]) -> Rows:
    """Write rows of groups into arrays, padded to the longest row."""
    length = max(sum(map(len, row)) for row in rows)
    width = max(sum(len(group.questions) for group in row) for row in rows)
    shape = (len(rows), length)
    arrays = {name: np.zeros(shape, np.int32) for name in ("input_ids", "position_ids", "block")}
    group = np.full(shape, PADDING_GROUP, np.int32)
    first = np.zeros((len(rows), width), np.int32)
    n_questions = np.zeros(len(rows), np.int32)
    for r, row in enumerate(rows):
        at = 0
        for g, members in enumerate(row):
            for b, block in enumerate((members.statement, *members.questions)):
                end = at + len(block)
                arrays["input_ids"][r, at:end] = block.ids
                arrays["position_ids"][r, at:end] = range(len(block))
                arrays["block"][r, at:end] = b
                group[r, at:end] = g
                if b:
                    first[r, n_questions[r]] = at
                    n_questions[r] += 1
                at = end
    return Rows(group=group, first=first, n_questions=n_questions, **arrays)
