"""Scores an archive into a folder of Parquet parts, exactly once, and takes up where it stopped.

The local engine: one process. Why the result is right after a kill, a full disk or two runs at
once is told in docs/archive-format.md.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from filelock import FileLock, Timeout

from stance.archive.records import Read
from stance.copies import Originals
from stance.counts import Counts
from stance.durable import resumable
from stance.ledger import Ledger
from stance.parts import Part, part_path
from stance.scored_records import Shard
from stance.scoring_progress import Tally
from stance.scoring_run import Run
from stance.shard_scoring import Planned, Work, score_shards

_ASK_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run over some shards came to.

    Attributes:
        run: its key.
        counts: of all these shards, whoever scored them and when.
        skipped: how many records were passed over, by reason.
        n_shards: how many they are.
        n_scored: how many of them this run scored.
        n_superseded: how many finished parts were taken out, since their file has other shards now.
        with_errors: the names of the parts that have errors, in the order of their shards.
    """

    run: str
    counts: Counts
    skipped: Mapping[str, int]
    n_shards: int
    n_scored: int
    n_superseded: int
    with_errors: Sequence[str] = ()


def score(shards: Iterable[Shard], work: Work, tally: Tally | None = None) -> Summary:
    """Score all shards that are not finished, in order.

    Args:
        shards: the input; a shard that comes twice counts once.
        work: models, settings and folder.
        tally: told how it goes.

    Raises:
        InputError: a proposition or the coverage does not fit the model.
        FileError: a file cannot be read or written. What is finished is kept.
    """
    tally = tally or Tally()
    settings = work.run.settings
    work.classifier.check(settings.issues, settings.coverage)

    def score_all(
        todo: Sequence[Shard], originals: Originals, enter: Callable[[Part], None]
    ) -> None:
        planned = (Planned(shard, lambda _, content: originals.is_copy(content)) for shard in todo)
        score_shards(work, planned, enter, tally.counted)

    return score_with(score_all, shards, work.out, work.run, tally)


# Makes the part of each shard that it is given, and hands over each as soon as its files are in
# place; one at a time, in any order. A shard's copies are those that the originals know once they
# have been asked for all shards before it, in order.
Engine = Callable[[Sequence[Shard], Originals, Callable[[Part], None]], None]


def score_with(
    engine: Engine, shards: Iterable[Shard], out: Path, run: Run, tally: Tally
) -> Summary:
    """Score all shards that are not finished, on an engine.

    Args:
        engine: makes the parts.
        shards: the input; a shard that comes twice counts once.
        out: the folder of the scored archive.
        run: the models and settings; that the issues fit the model was checked.
        tally: told how it goes.

    Raises:
        FileError: a file cannot be read or written. What is finished is kept.
    """
    if run.settings.limit is not None:
        shards = first_records(shards, run.settings.limit)
    by_part = {run.part_name(shard.identity): shard for shard in shards}
    with _alone_in(out, tally):
        ledger = Ledger(out, run)
        superseded = _superseded(ledger, by_part)
        ledger.drop(ledger.damaged() | superseded)
        ledger.sweep()
        n_scored = 0

        def enter(part: Part) -> None:
            nonlocal n_scored
            ledger.enter(part)
            n_scored += 1
            tally.finished(part.counts)

        while True:
            finished = [part.counts for name, part in ledger.parts.items() if name in by_part]
            tally.started(len(by_part), len(finished), sum(finished, Counts()))
            todo = [shard for name, shard in by_part.items() if name not in ledger.parts]
            with closing(_originals(ledger, out, run)) as originals:
                engine(todo, originals, enter)
                orphaned = originals.parts_with_orphans() & by_part.keys()
            if not orphaned:
                break
            ledger.drop(orphaned)
        parts = [ledger.parts[name] for name in by_part]
    counts = sum((part.counts for part in parts), Counts())
    skipped = sum((Counter(part.skipped) for part in parts), Counter[str]())
    with_errors = tuple(part.name for part in parts if part.counts.errors)
    return Summary(run.key, counts, skipped, len(parts), n_scored, len(superseded), with_errors)


def first_records(shards: Iterable[Shard], n: int) -> list[Shard]:
    """The shards that hold the first n records, the last of them cut; reads no more than those."""
    kept: list[Shard] = []
    for shard in shards:
        if n <= 0:
            break
        n_records = sum(1 for _ in islice(shard.records(), n + 1))
        kept.append(shard if n_records <= n else _Beginning(shard, n))
        n -= n_records
    return kept


@dataclass(frozen=True, slots=True)
class _Beginning:
    """The first records of a shard."""

    whole: Shard
    n_records: int

    @property
    def identity(self) -> str:
        return f"{self.whole.identity}[:{self.n_records}]"

    @property
    def file(self) -> str:
        return self.whole.file

    def records(self) -> Iterator[Read]:
        return islice(self.whole.records(), self.n_records)


@contextmanager
def _alone_in(out: Path, tally: Tally) -> Iterator[None]:
    """The folder, when no other run is at work there."""
    with resumable(out):
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / ".lock", poll_interval=_ASK_AGAIN_S)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tally.waiting()
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _superseded(ledger: Ledger, shards: Mapping[str, Shard]) -> set[str]:
    """The finished parts whose file now has other shards."""
    files = {shard.file for shard in shards.values()}
    return {
        name for name, part in ledger.parts.items() if part.file in files and name not in shards
    }


def _originals(ledger: Ledger, out: Path, run: Run) -> Originals:
    originals = Originals()
    for name in sorted(ledger.parts):
        originals.add_finished(name, part_path(out, "articles", run.key, name))
    return originals
