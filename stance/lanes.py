"""Threads that work ahead of or behind another, joined by bounded queues that keep the order.

While the network computes it holds no interpreter lock, so reading and writing cost no time of
their own. A queue is bounded by the weight of what is in it, not by its number: a few long
articles weigh as much as many short ones.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class _Lane(Generic[T]):
    """A queue from one thread to another. An item above the bound passes alone."""

    def __init__(self, weigh: Callable[[T], int], most: int) -> None:
        self._weigh, self._most = weigh, most
        self._changed = Condition()
        self._waiting: deque[tuple[T, int]] = deque()
        self._weight = 0
        self._ended = self._stopped = False
        self._error: BaseException | None = None

    def put(self, item: T) -> bool:
        """Wait for room and put an item in; False where nobody will take it."""
        weight = self._weigh(item)
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or not self._waiting or self._weight + weight <= self._most
            )
            if self._stopped:
                return False
            self._waiting.append((item, weight))
            self._weight += weight
            self._changed.notify_all()
            return True

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more comes; the taker gets what is in, and then the error."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def stop(self) -> None:
        """Nothing more is taken."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended or self._stopped)
                if self._stopped or not self._waiting:
                    break
                item, weight = self._waiting.popleft()
                self._weight -= weight
                self._changed.notify_all()
            yield item
        if self._error is not None and not self._stopped:
            raise self._error


def ahead(source: Iterable[T], weigh: Callable[[T], int], most: int) -> Generator[T, None, None]:
    """The items of a source, in order, which a thread fetches ahead of their use.

    Closing it, or its error, ends the thread and closes the source if that is a generator.

    Args:
        source: iterated in the thread.
        weigh: what an item weighs.
        most: the weight that may wait.

    Raises:
        BaseException: what the source raised, after the items before it.
    """
    lane = _Lane(weigh, most)

    def fetch() -> None:
        error: BaseException | None = None
        items = iter(source)
        try:
            for item in items:
                if not lane.put(item):
                    break
        except BaseException as raised:  # it is raised where the items are used
            error = raised
        finally:
            if close := getattr(items, "close", None):
                close()
            lane.end(error)

    thread = Thread(target=fetch, name="ahead", daemon=True)
    thread.start()
    try:
        yield from lane
    finally:
        lane.stop()
        thread.join()


@contextmanager
def behind(
    consume: Callable[[Iterator[T]], None], weigh: Callable[[T], int], most: int
) -> Iterator[Callable[[T], None]]:
    """A function that hands items to a thread, which consumes them in order.

    When the block ends, by an error too, what was handed over is consumed before it is left.

    Args:
        consume: called once in the thread, with all the items.
        weigh: what an item weighs.
        most: the weight that may wait.

    Raises:
        BaseException: what `consume` raised, from the function or at the end of the block.
    """
    lane = _Lane(weigh, most)
    raised: list[BaseException] = []

    def work() -> None:
        try:
            consume(iter(lane))
        except BaseException as error:  # it is raised where the items come from
            raised.append(error)
        finally:
            lane.stop()

    thread = Thread(target=work, name="behind", daemon=True)
    thread.start()

    def hand(item: T) -> None:
        if not lane.put(item):
            thread.join()
            raise raised[0] if raised else RuntimeError("items are left that nobody consumes")

    try:
        yield hand
    finally:
        lane.end()
        thread.join()
    if raised:
        raise raised[0]
