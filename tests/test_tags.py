"""Tags are written and read back, and the best ones are legal."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.tags import OUTSIDE, TAGS, Part, WordSpan, beginning, best_tags, read_tags, write_tags

B_SOURCE, B_CUE, B_CONTENT = (beginning(part) for part in Part)


def is_legal(tags: tuple[int, ...]) -> bool:
    """An inside follows the beginning or the inside of the same part."""
    inside = {beginning(part) + 1 for part in Part}
    return all(
        tag not in inside or before in (tag - 1, tag) for before, tag in pairwise((0, *tags))
    )


def test_a_tag_is_outside_or_the_beginning_or_the_inside_of_a_part() -> None:
    assert TAGS == (
        "outside",
        "beginning of source", "inside of source",
        "beginning of cue", "inside of cue",
        "beginning of content", "inside of content",
    )  # fmt: skip


logits = st.lists(
    st.lists(st.floats(-4, 4, width=16), min_size=7, max_size=7), min_size=1, max_size=3
)


@given(logits)
@settings(max_examples=60, deadline=None)
def test_the_best_tags_are_the_best_of_all_that_are_legal(rows: list[list[float]]) -> None:
    array = np.array(rows)

    found = best_tags(array)

    every = [tags for tags in product(range(7), repeat=len(rows)) if is_legal(tags)]
    best = max(sum(row[tag] for row, tag in zip(rows, tags, strict=True)) for tags in every)
    assert is_legal(tuple(found))
    total = sum(row[tag] for row, tag in zip(rows, found, strict=True))
    assert math.isclose(total, best, abs_tol=1e-9)


def test_an_inside_needs_a_beginning_however_likely_it_is() -> None:
    certain_inside = np.full((2, 7), -9.0)
    certain_inside[:, B_CONTENT + 1] = 0

    assert best_tags(certain_inside) == [B_CONTENT, B_CONTENT + 1]


def test_no_word_has_no_tag() -> None:
    assert best_tags(np.empty((0, 7))) == []


words = st.lists(st.tuples(st.sampled_from(Part), st.integers(0, 2), st.integers(1, 3)), max_size=6)


@given(words)
@settings(deadline=None)
def test_spans_that_are_written_are_read_back(steps: list[tuple[Part, int, int]]) -> None:
    spans, at = [], 0
    for part, gap, length in steps:
        spans.append(WordSpan(part, at + gap, at + gap + length))
        at += gap + length

    tags, told = write_tags(spans, at + 1)

    assert read_tags(tags.tolist()) == spans
    assert told == {span: span for span in spans}


def test_of_two_spans_that_want_one_word_the_earlier_has_it() -> None:
    long, late, inner = (
        WordSpan(Part.CONTENT, 0, 3), WordSpan(Part.SOURCE, 2, 5), WordSpan(Part.CUE, 1, 2),
    )  # fmt: skip

    tags, told = write_tags([inner, late, long], 5)

    assert tags.tolist() == [B_CONTENT, B_CONTENT + 1, B_CONTENT + 1, B_SOURCE, B_SOURCE + 1]
    assert told == {long: long, late: WordSpan(Part.SOURCE, 3, 5)}


def test_a_span_that_is_given_twice_is_told_once() -> None:
    source = WordSpan(Part.SOURCE, 1, 2)

    tags, told = write_tags([source, source], 2)

    assert tags.tolist() == [OUTSIDE, B_SOURCE]
    assert told == {source: source}


@pytest.mark.parametrize("part", Part)
def test_spans_that_touch_stay_apart(part: Part) -> None:
    spans = [WordSpan(part, 0, 2), WordSpan(part, 2, 3)]

    assert read_tags(write_tags(spans, 3)[0].tolist()) == spans
