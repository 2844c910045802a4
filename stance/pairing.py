"""Streams of answers beside what they answer. Knows nothing of what is asked."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def with_answers(
    items: Iterable[T], answer_each: Callable[[Iterator[T]], Iterable[R]]
) -> Iterator[tuple[T, R]]:
    """Each item with its answer, lazily, in order; the items may have no end.

    Args:
        items: what is asked.
        answer_each: gives one answer for each item, in order; it may read ahead.
    """
    waiting: deque[T] = deque()

    def noted() -> Iterator[T]:
        for item in items:
            waiting.append(item)
            yield item

    for answer in answer_each(noted()):
        yield waiting.popleft(), answer
