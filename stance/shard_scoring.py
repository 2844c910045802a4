"""The shard function: shards in, finished parts out, in order. Every engine runs this one.

    reading  --records-->  finding statements  --statements-->  scoring  --rows-->  writing

Each arrow is a bounded queue and each step a thread, so reading is ahead of the network and writing
behind it. A batch never crosses a shard, so a part does not depend on the others.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stance.classifier import Classifier
from stance.counts import Counts
from stance.domain import Result, Statement
from stance.lanes import ahead, behind
from stance.parts import Part, PartDraft
from stance.scored_records import Case, ExtractEach, Shard, close, opened, search
from stance.scoring_run import Run

# About the bytes of records, and of results, that may wait.
_AHEAD = 4_000_000
_BEHIND = 4_000_000
# Articles whose statements are found together, so that the extractor can fill its batches: their
# number and characters; and those that are ahead of their scoring. A kill costs the work on both.
_PORTION_ARTICLES, _PORTION_CHARACTERS = 16, 64_000
_SEARCHED_AHEAD = 16


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker needs besides shards.

    Attributes:
        out: the folder of the scored archive.
        run: what its models and settings are.
        extract_each: finds the statements of articles, some of one shard at a time; called in a
            thread of its own.
        classifier: scores them.
    """

    out: Path
    run: Run
    extract_each: ExtractEach
    classifier: Classifier


@dataclass(frozen=True, slots=True)
class Planned:
    """A shard to be done.

    Attributes:
        shard: what is read.
        is_copy: told the number of a record, from 1, and the hash of its text; called once for
            each that has a word, in order.
    """

    shard: Shard
    is_copy: Callable[[int, str], bool]


@dataclass(frozen=True, slots=True)
class _Begin:
    """Before the first record of a shard."""

    shard: Shard


@dataclass(frozen=True, slots=True)
class _End:
    """After the last record of a shard: without it, the shard was broken off."""


_Mark = _Begin | _End


def score_shard(
    work: Work, shard: Shard, copies: frozenset[int], watch: Callable[[Counts], None] | None = None
) -> Part:
    """Make the part of one shard; its files are in place, and it is to be entered in the ledger.

    Args:
        work: models, settings and folder.
        shard: what is read.
        copies: the numbers of the records that are copies, see `stance.copies.copies_among`.
        watch: told each record's counts; from another thread.

    Raises:
        FileError: its files cannot be written.
    """
    parts: list[Part] = []
    planned = Planned(shard, lambda number, _: number in copies)
    score_shards(work, [planned], parts.append, watch or _nobody)
    return parts[0]


def contents_of(shard: Shard) -> list[str | None]:
    """The hash of each record's text; None for one that cannot be read or has no word."""
    everything = Planned(shard, lambda _, __: True)
    return [
        case.article["content"] if case.article else None
        for case in _read([everything])
        if isinstance(case, Case)
    ]


def score_shards(
    work: Work,
    planned: Iterable[Planned],
    finished: Callable[[Part], None],
    watch: Callable[[Counts], None],
) -> None:
    """Make the parts of shards, in order, reading ahead across their borders.

    Args:
        work: models, settings and folder.
        planned: the shards; read ahead of their turn.
        finished: told each part once its files are in place; from another thread.
        watch: told each record's counts; from another thread.

    Raises:
        FileError: a file cannot be written; the parts before are finished.
    """

    def write(items: Iterator[Case | _Mark]) -> None:
        _write(items, work, finished, watch)

    with (
        closing(ahead(_read(planned), _weight, _AHEAD)) as read,
        closing(ahead(_searched(read, work), _weight_searched, _AHEAD)) as searched,
        behind(write, _weight_scored, _BEHIND) as hand,
    ):
        for item in _scored(searched, work):
            hand(item)


def _nobody(_: Counts) -> None:
    """Nobody watches."""


def _weight(item: Case | _Mark) -> int:
    return item.weight if isinstance(item, Case) else 0


def _weight_searched(item: Case | _Mark) -> int:
    return max(_weight(item), _AHEAD // _SEARCHED_AHEAD)


def _weight_scored(item: Case | _Mark) -> int:
    # An end is handed over when all before it is taken: by then the part before is written. So a
    # kill costs one shard that was done, however slow the disk is.
    return _BEHIND if isinstance(item, _End) else _weight(item)


def _read(planned: Iterable[Planned]) -> Iterator[Case | _Mark]:
    for plan in planned:
        yield _Begin(plan.shard)
        for number, record in enumerate(plan.shard.records(), 1):
            yield opened(plan.shard, number, record, partial(plan.is_copy, number))
        yield _End()


def _searched(items: Iterable[Case | _Mark], work: Work) -> Iterator[Case | _Mark]:
    for portion in _portions(items):
        search([item for item in portion if isinstance(item, Case)], work.extract_each)
        yield from portion


def _portions(items: Iterable[Case | _Mark]) -> Iterator[list[Case | _Mark]]:
    """Items that are searched together; they are of one shard, and of it they always are these."""
    portion: list[Case | _Mark] = []
    n_characters = 0
    for item in items:
        portion.append(item)
        if isinstance(item, Case) and item.unsearched:
            n_characters += len(item.unsearched.text)
        is_full = len(portion) >= _PORTION_ARTICLES or n_characters >= _PORTION_CHARACTERS
        if is_full or not isinstance(item, Case):
            yield portion
            portion, n_characters = [], 0


def _scored(items: Iterator[Case | _Mark], work: Work) -> Iterator[Case | _Mark]:
    for begin in items:
        yield begin
        in_shard = _Shard(items)
        yield from _scored_cases(in_shard, work)
        if in_shard.ended:
            yield _End()


class _Shard:
    """The statements of one shard's cases, and those cases that wait for their results."""

    def __init__(self, items: Iterator[Case | _Mark]) -> None:
        self._items = items
        self.waiting: deque[Case] = deque()
        self.ended = False

    def statements(self) -> Iterator[Statement]:
        for item in self._items:
            if not isinstance(item, Case):
                self.ended = True
                return
            self.waiting.append(item)
            yield from item.statements


def _scored_cases(shard: _Shard, work: Work) -> Iterator[Case]:
    settings = work.run.settings
    results: list[Result] = []
    for result in work.classifier.classify(shard.statements(), settings.issues, settings.coverage):
        while not shard.waiting[0].statements:
            yield shard.waiting.popleft()
        results.append(result)
        if len(results) == len(shard.waiting[0].statements):
            case = shard.waiting.popleft()
            case.results, results = results, []
            yield case
    yield from shard.waiting


def _write(
    items: Iterator[Case | _Mark],
    work: Work,
    finished: Callable[[Part], None],
    watch: Callable[[Counts], None],
) -> None:
    for begin in items:
        assert isinstance(begin, _Begin)
        shard = begin.shard
        with PartDraft(work.out, work.run, shard.identity, shard.file) as draft:
            counts, skipped = Counts(), Counter[str]()
            for item in items:
                if not isinstance(item, Case):
                    finished(draft.publish(counts, skipped))
                    break
                close(item, work.run.settings.keep_unrelated)
                for table, rows in item.tables().items():
                    draft.add(table, rows)
                if item.skipped is not None:
                    skipped[item.skipped] += 1
                counts += item.counts()
                watch(item.counts())
