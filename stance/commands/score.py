"""`stance score`: its arguments, and whether they go together. What is done is in `score_run`."""

import argparse
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from stance.arguments import (
    FAILED,
    RECORDS_FAILED,
    CommandParser,
    add_extractor,
    add_model,
    add_questions,
    number,
)

if TYPE_CHECKING:
    from stance.archive import Format

_MOST = 2**62
# The values of `stance.archive.Format` and of `stance.scoring_models.Device`: whoever asks for
# another command shall not wait for what reads archives.
FORMATS = ("jsonl", "json", "ninjs", "csv", "parquet", "text", "html", "warc")
DEVICES = ("cpu", "cuda")
COLUMNS = {
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
        "--format", type=_format, metavar="F",
        help=f"of all files: {', '.join(FORMATS)}; default: told by name and content",
    )  # fmt: skip
    parser.add_argument("--encoding", metavar="E", help="of JSON, CSV and text; default: UTF-8")
    for field, of_what in COLUMNS.items():
        parser.add_argument(
            f"--{field}-column", metavar="NAME",
            help=f"the column or key {of_what}; a dot leads inside; default: guessed, and told",
        )  # fmt: skip


def _format(word: str) -> "Format":
    from stance.archive import Format

    if word not in FORMATS:
        raise argparse.ArgumentTypeError(f"invalid Format value: {word!r}")
    return Format(word)


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", choices=DEVICES, default=DEVICES[0], metavar="D",
        help="what computes: cpu (default), or cuda (extra: gpu)",
    )  # fmt: skip


def _score(options: argparse.Namespace) -> int:
    from stance.commands.score_run import score_archive

    _check(options)
    # What ends a container is to be taken like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return score_archive(options)


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
