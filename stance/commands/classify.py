"""`stance classify`: statements from a text or a file -> a table, JSON or a file of results."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from stance.arguments import OK, SOME_ROWS_FAILED, add_model, add_questions
from stance.classifier import Classifier
from stance.domain import Result, Statement
from stance.errors import MOST_FAULTS_SHOWN
from stance.issues import read_catalogue

_TABLE_ROWS = 100


def add_classify(parser: argparse.ArgumentParser) -> None:
    """The arguments of `stance classify`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--text", help="one statement")
    what.add_argument(
        "file", nargs="?", metavar="FILE",
        help="JSONL, CSV, Parquet or plain lines; - is standard input",
    )  # fmt: skip
    parser.add_argument("--format", choices=("jsonl", "csv", "parquet", "lines"))
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="NAME",
        help="with --text: ask how it speaks of NAME",
    )
    add_questions(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write .jsonl, .csv or .parquet")
    add_model(parser)
    parser.set_defaults(run=_classify, refuse=parser.error)


def _classify(options: argparse.Namespace) -> int:
    if options.target and options.text is None:
        options.refuse("--target goes with --text; in a file, a row names its own targets")
    issues = read_catalogue(options.issues).ask(options.issue, options.proposition)
    classifier = Classifier.open(options.models, options.model, options.threads)
    classifier.check(issues, options.coverage)
    read = _Readable(options)
    n_results = _show(classifier.classify(read, issues, options.coverage), options)
    if not read.n_faults:
        return OK
    more = f", the first {MOST_FAULTS_SHOWN} shown" if read.n_faults > MOST_FAULTS_SHOWN else ""
    print(f"stance: {n_results} rows answered, {read.n_faults} not{more}", file=sys.stderr)
    return SOME_ROWS_FAILED


class _Readable:
    """The statements that can be read, lazily; what cannot be is said and counted."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.n_faults = 0

    def __iter__(self) -> Iterator[Statement]:
        from stance.statement_files import RowFault, read_statements

        options = self._options
        if options.text is not None:
            yield Statement(options.text, targets=tuple(options.target))
            return
        path = None if options.file == "-" else Path(options.file)
        for row in read_statements(path, sys.stdin.buffer, options.format):
            if not isinstance(row, RowFault):
                yield row
                continue
            self.n_faults += 1
            if self.n_faults <= MOST_FAULTS_SHOWN:
                print(f"stance: {row}", file=sys.stderr)


def _show(results: Iterable[Result], options: argparse.Namespace) -> int:
    """Print or write the results as was asked; how many they were."""
    if options.out or options.json:
        return _write(results, options)
    from stance import terminal

    n_results = 0
    named = bool(options.issue or options.proposition)
    pending = iter(results)
    while window := list(islice(pending, _TABLE_ROWS)):
        n_results += len(window)
        terminal.print_results(window, show_unrelated=named)
    return n_results


def _write(results: Iterable[Result], options: argparse.Namespace) -> int:
    from stance import terminal
    from stance.result_files import result_file

    n_results = 0
    with ExitStack() as stack:
        writer = stack.enter_context(result_file(options.out)) if options.out else None
        shown = bool(options.out) or not sys.stdout.isatty()
        count = stack.enter_context(terminal.progress(shown=shown))
        for n_results, result in enumerate(results, 1):
            if writer:
                writer.write(result)
            else:
                print(json.dumps(result.to_json(), ensure_ascii=False))
            count(n_results)
    if options.out:
        print(f"stance: {n_results} statements scored into {options.out}", file=sys.stderr)
    return n_results
