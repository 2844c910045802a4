"""The `stance` command: its parser, put together from the commands, and its exit code."""

import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from stance.arguments import FAILED, STOPPED, CommandParser
from stance.errors import StanceError


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 done, 1 failed, 2 wrong usage, 3 done but for some rows.

    `score` differs, see docs/operations.md.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    parser = _parser()
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        refuse = getattr(options, "refuse", parser.error)
        refuse(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        code = options.run(options)
        sys.stdout.flush()
    except StanceError as error:
        print(f"stance: {error}", file=sys.stderr)
        code = FAILED
    except KeyboardInterrupt:
        print("stance: stopped", file=sys.stderr)
        code = STOPPED
    except OSError as error:
        # What is left in the buffer would be written again at exit, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"stance: cannot be written: {error.strerror or error}", file=sys.stderr)
        code = FAILED
    sys.exit(code)


def _parser() -> CommandParser:
    # Each brings only what its arguments need; the rest is imported when it is run.
    from stance.commands.analyze import add_analyze
    from stance.commands.classify import add_classify
    from stance.commands.models import add_bundles
    from stance.commands.report import add_report
    from stance.commands.score import add_score
    from stance.commands.serve import add_serve
    from training.commands import add_benchmark, add_evaluate, add_train

    parser = CommandParser(
        prog="stance", description="Who is for or against what, in political statements."
    )
    parser.add_argument("--version", action="version", version=f"stance {version('stance')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, add, what_it_does in (
        ("classify", add_classify, "score statements on issues"),
        ("analyze", add_analyze, "find who says what in an article, and score it on issues"),
        ("models", add_bundles, "list, show, verify, promote or roll back bundles"),
        ("score", add_score, "score an archive of news into Parquet tables"),
        ("report", add_report, "make a report of a scored archive (extra: archive)"),
        ("serve", add_serve, "answer over HTTP"),
        ("train", add_train, "train a bundle on labelled statements (extra: train)"),
        ("evaluate", add_evaluate, "measure a bundle on labelled statements (extra: train)"),
        ("benchmark", add_benchmark, "train and score on a public benchmark (extra: train)"),
    ):
        add(commands.add_parser(name, help=what_it_does))
    return parser


if __name__ == "__main__":
    main()
