"""Arguments that several commands have, and their types. Knows nothing of what the commands do."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from stance.bundle import models_dir
from stance.conformal import level_of
from stance.errors import InputError

# Exit codes; see docs/operations.md. Of `score`, whose 2 is told apart from wrong usage.
OK, FAILED, WRONG_USAGE, SOME_ROWS_FAILED, STOPPED = 0, 1, 2, 3, 130
RECORDS_FAILED = 2


class CommandParser(argparse.ArgumentParser):
    """The arguments of a command.

    Attributes:
        wrong_usage: the exit code where they are wrong.
    """

    wrong_usage = WRONG_USAGE

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, and exit."""
        self.print_usage(sys.stderr)
        self.exit(self.wrong_usage, f"{self.prog}: error: {message}\n")


def add_issues(parser: argparse.ArgumentParser) -> None:
    """The argument that replaces the default catalogue."""
    parser.add_argument("--issues", type=Path, metavar="FILE", help="an issue catalogue (TOML)")


def add_questions(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what is asked of each statement."""
    parser.add_argument(
        "--issue", action="append", default=[], metavar="ID", help="an issue of the catalogue"
    )
    parser.add_argument(
        "--proposition", action="append", default=[], metavar="P", help="a proposition of your own"
    )
    add_issues(parser)
    parser.add_argument(
        "--coverage",
        type=coverage,
        metavar="C",
        help="give the set of labels that holds the truth that often, 0.5 to 0.99",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which bundle answers, and with how many threads."""
    parser.add_argument("--model", metavar="NAME", help="a bundle; default: the one in DEFAULT")
    add_models(parser)
    add_threads(parser)


def add_extractor(parser: argparse.ArgumentParser) -> None:
    """The argument that says which bundle finds statements."""
    parser.add_argument(
        "--extractor",
        metavar="NAME",
        help="a bundle that finds statements; default: the one in EXTRACTOR",
    )


def add_models(parser: argparse.ArgumentParser) -> None:
    """The argument that says where the bundles are."""
    parser.add_argument("--models", type=Path, default=models_dir(), metavar="DIR")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """The argument that says with how many threads the engine computes."""
    parser.add_argument(
        "--threads", type=number(1, 1024), metavar="N",
        help="of the engine; default: all that may be used",
    )  # fmt: skip


def number(least: int, most: int) -> Callable[[str], int]:
    """The type of an argument that is a whole number in a range."""

    def whole(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a number from {least} to {most}")
        return int(text)

    return whole


def coverage(text: str) -> float:
    """The type of an argument that says how often a set of labels is to hold the truth."""
    try:
        share = float(text)
        level_of(share)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    except InputError as error:
        raise argparse.ArgumentTypeError(error.reason) from None
    return share
