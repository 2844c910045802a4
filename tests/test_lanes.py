"""Threads ahead and behind keep the order, the bound and the error."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count, islice

import pytest

from stance.lanes import ahead, behind


def weight(item: int) -> int:
    return item


def one(_: object) -> int:
    return 1


def test_items_come_in_order_from_another_thread() -> None:
    names: set[str] = set()

    def source() -> Iterator[int]:
        for n in range(1000):
            names.add(threading.current_thread().name)
            yield n

    assert list(ahead(source(), one, 8)) == list(range(1000))
    assert names == {"ahead"}


def test_no_more_waits_than_the_bound() -> None:
    n_fetched = 0

    def endless() -> Iterator[int]:
        nonlocal n_fetched
        while True:
            n_fetched += 1
            yield n_fetched

    with closing(ahead(endless(), one, 5)) as items:
        assert next(items) == 1
        time.sleep(0.1)
        assert n_fetched <= 1 + 5 + 1  # taken, waiting, in hand


def test_an_item_above_the_bound_passes_alone() -> None:
    assert list(ahead([1, 1000, 1], weight, 10)) == [1, 1000, 1]


def test_an_error_comes_after_the_items_before_it() -> None:
    def failing() -> Iterator[int]:
        yield from range(3)
        raise OSError("gone")

    seen = []
    with pytest.raises(OSError, match="gone"):  # noqa: PT012 - what came before counts too
        for item in ahead(failing(), one, 8):
            seen += [item]

    assert seen == [0, 1, 2]


def test_closing_ends_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            yield from count()
        finally:
            closed.set()

    before = threading.active_count()
    with closing(ahead(endless(), one, 2)) as items:
        assert list(islice(items, 3)) == [0, 1, 2]

    assert closed.is_set()
    assert threading.active_count() == before


def test_lanes_can_follow_each_other() -> None:
    with closing(ahead(iter(range(500)), one, 3)) as first:
        doubled = (2 * n for n in first)
        with closing(ahead(doubled, one, 3)) as second:
            assert list(second) == [2 * n for n in range(500)]


def test_what_was_handed_over_is_consumed_in_order() -> None:
    taken: list[int] = []

    with behind(taken.extend, one, 4) as hand:
        for n in range(100):
            hand(n)

    assert taken == list(range(100))


def test_what_was_handed_over_before_an_error_is_consumed() -> None:
    taken: list[int] = []

    with pytest.raises(KeyError), behind(taken.extend, one, 100) as hand:  # noqa: PT012
        for n in range(50):
            hand(n)
        raise KeyError

    assert taken == list(range(50))


@pytest.mark.parametrize("n_items", [1, 1000], ids=["at the end", "on the way"])
def test_the_error_of_the_consumer_is_raised_to_who_hands_over(n_items: int) -> None:
    def fail(items: Iterator[int]) -> None:
        next(items)
        raise OSError("full")

    with pytest.raises(OSError, match="full"), behind(fail, one, 2) as hand:  # noqa: PT012
        for n in range(n_items):
            hand(n)


def test_a_slow_consumer_holds_the_producer_back() -> None:
    n_taken, worst = 0, 0

    def slowly(items: Iterator[int]) -> None:
        nonlocal n_taken
        for _ in items:
            time.sleep(0.002)
            n_taken += 1

    with behind(slowly, one, 3) as hand:
        for n in range(50):
            hand(n)
            worst = max(worst, n - n_taken)

    assert worst <= 3 + 1
