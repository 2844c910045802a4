"""`stance score`: an archive of news -> Parquet tables, exactly once, and the counts of it."""

import argparse
import signal
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from stance.archive import Columns, Format, Reading, shards
from stance.arguments import (
    FAILED,
    OK,
    RECORDS_FAILED,
    STOPPED,
    CommandParser,
    add_extractor,
    add_model,
    add_questions,
    number,
)
from stance.errors import MOST_FAULTS_SHOWN
from stance.issues import read_catalogue
from stance.parts import part_path
from stance.scoring import Summary, score
from stance.scoring_models import Device, RunModels
from stance.scoring_progress import progress
from stance.scoring_run import Run, Settings
from stance.terminal import on_one_line

_MOST = 2**62
_COLUMNS = {
    "text": "of the text",
    "id": "of the key",
    "title": "of the title",
    "outlet": "of the outlet",
    "date": "of the date",
    "speaker": "with --statements: of the speaker",
}


def add_score(parser: CommandParser) -> None:
    """The arguments of `stance score`."""
    # Its 2 says that records failed: whoever waits for it must not take a slip for that.
    parser.wrong_usage = FAILED
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT",
        help="folders and files of articles, mixed, packed or not; also s3:// and gs://",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=_folder, required=True, metavar="DIR",
        help="where the tables go; the same command again goes on there",
    )  # fmt: skip
    parser.add_argument(
        "--statements", action="store_true", help="the input is statements, not articles"
    )
    _add_reading(parser)
    add_questions(parser)
    parser.add_argument(
        "--all", action="store_true", help="keep the stances of unrelated statements too"
    )
    parser.add_argument(
        "--limit", type=number(1, _MOST), metavar="N", help="read the first N records only"
    )
    parser.add_argument(
        "--max-errors", type=number(0, _MOST), default=0, metavar="N",
        help=f"exit with {RECORDS_FAILED} if more than N records fail (default 0)",
    )  # fmt: skip
    _add_device(parser)
    add_extractor(parser)
    add_model(parser)
    parser.set_defaults(run=_score, refuse=parser.error)


def _folder(text: str) -> Path:
    if "://" in text:
        raise argparse.ArgumentTypeError(
            f"{text} is a URL; the tables are written into a folder: name one of this machine or"
            " one that is mounted here"
        )
    return Path(text)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", type=Format, choices=list(Format), metavar="F",
        help=f"of all files: {', '.join(Format)}; default: told by name and content",
    )  # fmt: skip
    parser.add_argument("--encoding", metavar="E", help="of JSON, CSV and text; default: UTF-8")
    for field, of_what in _COLUMNS.items():
        parser.add_argument(
            f"--{field}-column", metavar="NAME",
            help=f"the column or key {of_what}; a dot leads inside; default: guessed, and told",
        )  # fmt: skip


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", type=Device, choices=list(Device), default=Device.CPU, metavar="D",
        help="what computes: cpu (default), or cuda (extra: gpu)",
    )  # fmt: skip


def _score(options: argparse.Namespace) -> int:
    _check(options)
    # What ends a container is to be taken like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    reading = Reading(
        Columns(**{field: getattr(options, f"{field}_column") for field in _COLUMNS}),
        file_format=options.format,
        encoding=options.encoding,
        statements=options.statements,
    )
    models = RunModels.find(
        options.models,
        options.model,
        options.extractor,
        statements=options.statements,
        device=options.device,
        threads=options.threads,
    )
    run = Run(models.classifier, models.extractor, _settings(options, reading))
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


def _check(options: argparse.Namespace) -> None:
    if options.statements and options.extractor:
        options.refuse("--extractor finds statements; with --statements they are given")
    if options.speaker_column and not options.statements:
        options.refuse("--speaker-column goes with --statements; in articles speakers are found")
    out = options.out.resolve()
    for given in options.inputs:
        if "://" not in given and out.is_relative_to(Path(given).resolve()):
            options.refuse(
                f"--out {options.out} lies in {given}, and the next run would read it; name a"
                " folder beside it"
            )


def _settings(options: argparse.Namespace, reading: Reading) -> Settings:
    asked = read_catalogue(options.issues).ask(options.issue, options.proposition)
    once = {issue.proposition: issue for issue in reversed(asked)}
    return Settings(
        tuple(reversed(once.values())),
        options.coverage,
        keep_unrelated=options.all,
        device=str(options.device),
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
