"""What a run says of itself."""

import io
import time

from stance.counts import Counts
from stance.scoring_progress import Tally, progress

RECORD = Counts(read=1, scored=1, statements=10)


class Clock:
    """Stands until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_known_at_first() -> None:
    assert Tally().line() == "looking at the input"


def test_a_run_that_waits_for_another_says_so() -> None:
    tally = Tally()
    tally.waiting()

    assert "another run is at work" in tally.line()


def test_how_much_how_fast_and_how_long_still() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.started(4, 0, Counts())
    clock.now = 10.0
    for _ in range(100):
        tally.counted(RECORD)
    assert tally.line().endswith("0 of 4 shards, time left not known yet")

    tally.finished(Counts(read=100, scored=100, statements=1000))

    assert tally.line() == (
        "100 articles (10.0/s), 1,000 statements (100.0/s), 0 errors, 1 of 4 shards, 0:00:30 left"
    )


def test_what_was_done_before_counts_but_not_for_the_rate() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.started(3, 2, Counts(read=200, scored=150, failed=50, errors=50))
    clock.now = 5.0
    for _ in range(50):
        tally.counted(RECORD)

    line = tally.line()

    assert line.startswith("250 articles (10.0/s), 500 statements (100.0/s), 50 errors, 2 of 3")
    assert line.endswith("0:00:05 left")


def test_a_log_gets_a_line_now_and_then() -> None:
    log = io.StringIO()

    with progress(log, every_s=0.02) as tally:
        tally.started(1, 0, Counts())
        time.sleep(0.2)

    lines = log.getvalue().splitlines()
    assert 1 <= len(lines) <= 10
    assert lines[0].startswith("stance: ")


def test_a_short_run_writes_nothing_into_a_log() -> None:
    log = io.StringIO()

    with progress(log):
        pass

    assert log.getvalue() == ""


def test_a_terminal_shows_the_line() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()

    with progress(terminal) as tally:
        tally.waiting()
        time.sleep(0.4)

    assert "another run is at work" in terminal.getvalue()
