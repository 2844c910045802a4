"""What `stance score` does: reads, scores, and tells the counts."""

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from stance.archive import Columns, Reading, shards
from stance.arguments import OK, RECORDS_FAILED, STOPPED
from stance.commands.score import COLUMNS
from stance.errors import MOST_FAULTS_SHOWN
from stance.issues import read_catalogue
from stance.parts import part_path
from stance.scoring import Summary, score
from stance.scoring_models import Device, RunModels
from stance.scoring_progress import progress
from stance.scoring_run import Run, Settings
from stance.terminal import on_one_line


def score_archive(options: argparse.Namespace) -> int:
    """Score an archive as the arguments of `stance score` say; the exit code."""
    reading = Reading(
        Columns(**{field: getattr(options, f"{field}_column") for field in COLUMNS}),
        file_format=options.format,
        encoding=options.encoding,
        statements=options.statements,
    )
    models = RunModels.find(
        options.models,
        options.model,
        options.extractor,
        statements=options.statements,
        device=Device(options.device),
        threads=options.threads,
    )
    run = Run(models.classifier, models.extractor, _settings(options, reading, models))
    try:
        summary = _run(options, reading, models, run)
    except KeyboardInterrupt:
        _say("stopped; what is finished is kept: give the same command again")
        return STOPPED
    _tell(summary, options.out)
    if summary.counts.failed <= options.max_errors:
        return OK
    _say(f"failed records {summary.counts.failed:,}, more than --max-errors {options.max_errors:,}")
    return RECORDS_FAILED


def _settings(options: argparse.Namespace, reading: Reading, models: RunModels) -> Settings:
    asked = read_catalogue(options.issues).ask(options.issue, options.proposition)
    once = {issue.proposition: issue for issue in reversed(asked)}
    return Settings(
        tuple(reversed(once.values())),
        options.coverage,
        keep_unrelated=options.all,
        device=models.computed_on,
        reading=reading.told(),
        limit=options.limit,
    )


def _run(options: argparse.Namespace, reading: Reading, models: RunModels, run: Run) -> Summary:
    with progress(sys.stderr) as tally:
        pieces = shards(options.inputs, reading, tell=_say)
        return score(pieces, models.open(options.out, run), tally)


def _say(words: str) -> None:
    print(f"stance: {on_one_line(words)}", file=sys.stderr)


def _tell(summary: Summary, out: Path) -> None:
    """What came of it, and what went wrong where."""
    counts = summary.counts
    shown = list(islice(_errors(summary, out), MOST_FAULTS_SHOWN))
    for error in shown:
        at = "" if error["offset"] is None else f", offset {error['offset']}"
        _say(f"{error['file']}{at}: {error['reason']}")
    if (more := counts.errors - len(shown)) > 0:
        _say(f"and {more:,} more errors; all are in {out / 'errors'}")
    if summary.n_superseded:
        _say(
            f"{summary.n_superseded:,} earlier parts were taken out, since their files have changed"
        )
    for reason, n in sorted(summary.skipped.items(), key=lambda one: (-one[1], one[0])):
        _say(f"skipped {n:,}: {reason}")
    print(counts)
    print(f"{counts.statements:,} statements, {counts.stances:,} stances, {counts.errors:,} errors")
    print(
        f"{out}, run {summary.run}: shards {summary.n_shards:,}, of which now scored"
        f" {summary.n_scored:,}"
    )


def _errors(summary: Summary, out: Path) -> Iterator[dict[str, Any]]:
    for name in summary.with_errors:
        with pq.ParquetFile(part_path(out, "errors", summary.run, name)) as file:
            for batch in file.iter_batches(columns=["file", "offset", "reason"]):
                yield from batch.to_pylist()
