"""Packing wastes little, loses nothing, and lays out what the network is told it gets."""

import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.packing import PADDING_GROUP, Group, Rows, fill_rows, lay_out, split_questions
from stance.render import Block

lengths_and_budget = st.tuples(st.lists(st.integers(1, 30), max_size=40), st.integers(1, 24))


def block(length: int, token: int = 7) -> Block:
    return Block((token,) * length)


def group(statement: int, *questions: int) -> Group:
    return Group(block(statement), tuple(map(block, questions)))


@pytest.fixture
def small() -> Rows:
    """Two groups in the first row, one shorter group in the second."""
    first = Group(Block((10, 11, 12)), (Block((20, 21)), Block((30,))))
    second = Group(Block((40, 41)), (Block((50, 51)),))
    third = Group(Block((60,)), (Block((70, 71, 72)),))
    return lay_out([[first, second], [third]])


def test_blocks_stand_one_after_another_and_the_rest_is_zero(small: Rows) -> None:
    assert small.input_ids.tolist() == [
        [10, 11, 12, 20, 21, 30, 40, 41, 50, 51],
        [60, 70, 71, 72, 0, 0, 0, 0, 0, 0],
    ]


def test_positions_restart_in_each_block(small: Rows) -> None:
    assert small.position_ids.tolist() == [
        [0, 1, 2, 0, 1, 0, 0, 1, 0, 1],
        [0, 0, 1, 2, 0, 0, 0, 0, 0, 0],
    ]


def test_groups_are_counted_in_their_row_and_padding_is_of_group_minus_one(small: Rows) -> None:
    assert PADDING_GROUP == -1
    assert small.group.tolist() == [
        [0, 0, 0, 0, 0, 0, 1, 1, 1, 1],
        [0, 0, 0, 0, -1, -1, -1, -1, -1, -1],
    ]


def test_a_statement_is_block_zero_and_its_questions_count_from_one(small: Rows) -> None:
    assert small.block.tolist() == [
        [0, 0, 0, 1, 1, 2, 0, 0, 1, 1],
        [0, 1, 1, 1, 0, 0, 0, 0, 0, 0],
    ]


def test_the_first_token_of_each_question_is_pointed_at(small: Rows) -> None:
    assert small.first.tolist() == [[3, 5, 8], [1, 0, 0]]
    assert small.n_questions.tolist() == [3, 1]


def test_the_network_gets_five_arrays_of_32_bit_integers(small: Rows) -> None:
    inputs = small.inputs()

    assert list(inputs) == ["input_ids", "position_ids", "group", "block", "first"]
    assert {array.dtype for array in inputs.values()} == {np.dtype(np.int32)}


def test_a_group_is_as_long_as_its_blocks_together() -> None:
    assert len(group(10, 3, 4)) == 17
    assert len(group(10)) == 10


@given(
    st.lists(st.lists(st.lists(st.integers(1, 6), min_size=2, max_size=4), min_size=1), min_size=1)
)
@settings(max_examples=50, deadline=None)
def test_every_block_can_be_read_back_from_the_arrays(shapes: list[list[list[int]]]) -> None:
    tokens = iter(range(1, 10**9))
    rows = [
        [
            Group(statement, tuple(questions))
            for statement, *questions in (
                [Block(tuple(next(tokens) for _ in range(n))) for n in lengths] for lengths in row
            )
        ]
        for row in shapes
    ]

    laid = lay_out(rows)

    for r, row in enumerate(rows):
        for g, members in enumerate(row):
            for b, written in enumerate((members.statement, *members.questions)):
                here = (laid.group[r] == g) & (laid.block[r] == b)
                assert laid.input_ids[r, here].tolist() == list(written.ids)
                assert laid.position_ids[r, here].tolist() == list(range(len(written)))
        starts = [question.ids[0] for members in row for question in members.questions]
        assert laid.n_questions[r] == len(starts)
        assert laid.input_ids[r, laid.first[r, : len(starts)]].tolist() == starts


@given(lengths_and_budget)
@settings(deadline=None)
def test_every_group_is_in_exactly_one_row(given_: tuple[list[int], int]) -> None:
    lengths, budget = given_

    rows = fill_rows(lengths, budget)

    assert sorted(g for row in rows for g in row) == list(range(len(lengths)))


@given(lengths_and_budget)
@settings(deadline=None)
def test_no_row_is_over_the_budget_unless_one_group_alone_is(
    given_: tuple[list[int], int],
) -> None:
    lengths, budget = given_

    rows = fill_rows(lengths, budget)

    over = [row for row in rows if sum(lengths[g] for g in row) > budget]
    assert [row for row in over if len(row) > 1] == []


@given(lengths_and_budget)
@settings(deadline=None)
def test_two_rows_are_never_left_that_would_fit_in_one(given_: tuple[list[int], int]) -> None:
    lengths, budget = given_

    used = [sum(lengths[g] for g in row) for row in fill_rows(lengths, budget)]

    assert all(a + b > budget for n, a in enumerate(used) for b in used[:n])


@pytest.mark.parametrize(
    ("lengths", "rows"),
    [
        pytest.param([3, 9, 4, 7, 1], [[1, 4], [3, 0], [2]], id="from the longest down"),
        pytest.param([5, 3, 3, 2], [[0, 1, 3], [2]], id="what is left is counted"),
        pytest.param([5, 5, 5], [[0, 1], [2]], id="equals keep their order"),
        pytest.param([2, 30, 8], [[1], [2, 0]], id="one over the budget is alone"),
    ],
)
def test_each_group_goes_into_the_first_row_that_has_room(
    lengths: list[int], rows: list[list[int]]
) -> None:
    assert fill_rows(lengths, budget=10) == rows


def test_no_groups_need_no_rows() -> None:
    assert fill_rows([], budget=10) == []


@pytest.mark.parametrize("questions", [4, 16, 44, 172], ids=["tone", "one", "three", "twelve"])
def test_less_than_five_in_a_hundred_tokens_are_padding_on_statements_of_the_news(
    questions: int,
) -> None:
    rng = random.Random(5)
    lengths = [questions + 2 + min(510, int(rng.lognormvariate(3.6, 0.5))) for _ in range(128)]

    rows = fill_rows(lengths, 256)

    laid = sorted((sum(lengths[g] for g in row) for row in rows), reverse=True)
    computed = sum(len(laid[n : n + 4]) * laid[n] for n in range(0, len(laid), 4))
    assert 1 - sum(lengths) / computed < 0.05


@pytest.mark.parametrize(
    ("statement", "questions", "budget", "parts"),
    [
        pytest.param(10, [5, 5], 20, [[0, 1]], id="all fit"),
        pytest.param(10, [5, 6], 20, [[0], [1]], id="one too many"),
        pytest.param(10, [4, 4, 4, 2, 8], 20, [[0, 1], [2, 3], [4]], id="greedy in order"),
        pytest.param(10, [30, 2], 20, [[0], [1]], id="a question over the budget is alone"),
        pytest.param(2, [30, 2], 20, [[0], [1]], id="short statement and long question"),
        pytest.param(20, [5] * 5, 20, [[0, 1, 2, 3], [4]], id="the statement fills the budget"),
        pytest.param(30, [10] * 4, 20, [[0, 1, 2], [3]], id="the statement is over the budget"),
        pytest.param(10, [], 20, [], id="no questions"),
    ],
)
def test_questions_are_split_where_the_budget_is_full(
    statement: int, questions: list[int], budget: int, parts: list[list[int]]
) -> None:
    assert split_questions(block(statement), list(map(block, questions)), budget) == parts


@given(st.integers(2, 300), st.lists(st.integers(2, 100), max_size=40), st.integers(1, 256))
@settings(deadline=None)
def test_all_questions_are_kept_in_order_and_no_part_is_empty(
    statement: int, questions: list[int], budget: int
) -> None:
    parts = split_questions(block(statement), list(map(block, questions)), budget)

    assert [n for part in parts for n in part] == list(range(len(questions)))
    assert all(parts)


@given(st.integers(2, 128), st.lists(st.integers(2, 64), min_size=1, max_size=40))
@settings(deadline=None)
def test_no_part_is_over_the_budget_where_statement_and_question_have_half_each(
    statement: int, questions: list[int]
) -> None:
    parts = split_questions(block(statement), list(map(block, questions)), 256)

    assert max(statement + used(questions, part) for part in parts) <= 256
    assert all(
        statement + used(questions, [*part, after[0]]) > 256 for part, after in pairwise(parts)
    )


def used(questions: list[int], part: Sequence[int]) -> int:
    return sum(questions[n] for n in part)
