"""How a run over an archive goes, in one line: it changes on a terminal, is repeated in a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from stance.counts import Counts

_SECONDS_BETWEEN_LINES = 30.0


class Tally:
    """Counts what a run did, and says it in a line. For several threads.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._waiting = False
        self._since: float | None = None
        self._n_shards = self._n_finished = 0
        self._n_records = 0  # of the finished shards
        self._before = self._now = Counts()

    def waiting(self) -> None:
        """Another run is at work in the folder, and this one waits for its end."""
        with self._lock:
            self._waiting = True

    def started(self, n_shards: int, n_finished: int, counts: Counts) -> None:
        """The input has so many shards, of which so many are finished, with these counts."""
        with self._lock:
            self._waiting, self._since = False, self._clock()
            self._n_shards, self._n_finished, self._n_records = n_shards, n_finished, counts.read
            self._before, self._now = counts, Counts()

    def counted(self, counts: Counts) -> None:
        """Records were scored."""
        with self._lock:
            self._now += counts

    def finished(self, counts: Counts) -> None:
        """A shard is finished, with these counts, which were told before."""
        with self._lock:
            self._n_finished += 1
            self._n_records += counts.read

    def line(self) -> str:
        """Records, statements, how fast, errors, shards and the time left."""
        with self._lock:
            if self._waiting:
                return "another run is at work in this folder; waiting for it to end"
            if self._since is None:
                return "looking at the input"
            seconds = max(self._clock() - self._since, 1e-9)
            whole = self._before + self._now
            return (
                f"{whole.read:,} articles ({self._now.read / seconds:,.1f}/s),"
                f" {whole.statements:,} statements ({self._now.statements / seconds:,.1f}/s),"
                f" {whole.errors:,} errors, {self._n_finished:,} of {self._n_shards:,} shards,"
                f" {self._left(seconds)}"
            )

    def _left(self, seconds: float) -> str:
        """What is left, if the shards to come are as the finished ones, and as fast as so far."""
        if not self._n_records or not self._now.read:
            return "time left not known yet"
        to_come = self._n_shards * self._n_records / self._n_finished
        to_come -= (self._before + self._now).read
        left = max(0.0, to_come) * seconds / self._now.read
        return f"{timedelta(seconds=round(left))} left"


@contextmanager
def progress(stream: TextIO, every_s: float = _SECONDS_BETWEEN_LINES) -> Iterator[Tally]:
    """A tally whose line is shown while the block runs.

    Args:
        stream: where; a terminal has one line that changes, anything else a new line now and then.
        every_s: seconds between lines where it is no terminal.
    """
    tally = Tally()
    if stream.isatty():
        console = Console(file=stream)
        with Live(get_renderable=lambda: Text(tally.line()), console=console, transient=True):
            yield tally
        return
    over = Event()

    def tell() -> None:
        while not over.wait(every_s):
            print(f"stance: {tally.line()}", file=stream, flush=True)

    thread = Thread(target=tell, name="progress", daemon=True)
    thread.start()
    try:
        yield tally
    finally:
        over.set()
        thread.join()
