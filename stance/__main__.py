"""The `stance` command. The one place that may see every room; each command opens what it needs."""

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import NoReturn

from stance.bundle import default_name, models_dir, open_bundle, open_each, verify
from stance.classifier import Classifier
from stance.domain import Statement
from stance.errors import (
    MOST_FAULTS_SHOWN,
    BundleError,
    StanceError,
)
from stance.issues import read_catalogue
from stance.promotion import roll_back

OK, FAILED, SOME_ROWS_FAILED = 0, 1, 3
_TABLE_ROWS = 100


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 done, 1 failed, 2 wrong usage, 3 done but for some rows."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    options = _parser().parse_args(argv)
    try:
        code = options.run(options)
        sys.stdout.flush()
    except StanceError as error:
        print(f"stance: {error}", file=sys.stderr)
        code = FAILED
    except KeyboardInterrupt:
        print("stance: stopped", file=sys.stderr)
        code = 130
    except OSError as error:
        # What is left in the buffer would be written again at exit, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"stance: cannot be written: {error.strerror or error}", file=sys.stderr)
        code = FAILED
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    from training.commands import (
        add_benchmark,
        add_evaluate,
        add_promote,
        add_train,
        coverage,
        number,
    )

    parser = argparse.ArgumentParser(
        prog="stance", description="Who is for or against what, in political statements."
    )
    parser.add_argument("--version", action="version", version=f"stance {version('stance')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    classify = commands.add_parser("classify", help="score statements on issues")
    what = classify.add_mutually_exclusive_group(required=True)
    what.add_argument("--text", help="one statement")
    what.add_argument(
        "file", nargs="?", metavar="FILE",
        help="JSONL, CSV, Parquet or plain lines; - is standard input",
    )  # fmt: skip
    classify.add_argument("--format", choices=("jsonl", "csv", "parquet", "lines"))
    classify.add_argument(
        "--issue", action="append", default=[], metavar="ID", help="an issue of the catalogue"
    )
    classify.add_argument(
        "--proposition", action="append", default=[], metavar="P", help="a proposition of your own"
    )
    classify.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="NAME",
        help="with --text: ask how it speaks of NAME",
    )
    _add_issues(classify)
    classify.add_argument(
        "--coverage",
        type=coverage,
        metavar="C",
        help="give the set of labels that holds the truth that often, 0.5 to 0.99",
    )
    classify.add_argument("--json", action="store_true", help="one JSON object a line")
    classify.add_argument("--out", type=Path, metavar="FILE", help="write .jsonl, .csv or .parquet")
    _add_model(classify)
    classify.set_defaults(run=_classify, refuse=classify.error)

    models = commands.add_parser("models", help="list, show, verify, promote or roll back bundles")
    models_commands = models.add_subparsers(required=True, metavar="COMMAND")
    for name, run, what_it_does in (
        ("list", _list, "the bundles and the default one"),
        ("show", _show, "a bundle's manifest and measured quality"),
        ("verify", _verify, "check every file of a bundle"),
        ("rollback", _rollback, "serve again what was served before"),
    ):
        command = models_commands.add_parser(name, help=what_it_does)
        command.add_argument("--models", type=Path, default=models_dir(), metavar="DIR")
        if name in ("show", "verify"):
            command.add_argument("name", nargs="?", help="default: the one that is served")
        command.set_defaults(run=run)
    add_promote(models_commands.add_parser("promote", help="serve a bundle, if it is no worse"))

    serve = commands.add_parser("serve", help="answer over HTTP")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=number(0, 65535), default=8000)
    _add_issues(serve)
    _add_model(serve)
    serve.set_defaults(run=_serve)

    for name, add, what_it_does in (
        ("train", add_train, "train a bundle on labelled statements (extra: train)"),
        ("evaluate", add_evaluate, "measure a bundle on labelled statements (extra: train)"),
        ("benchmark", add_benchmark, "train and score on a public benchmark (extra: train)"),
    ):
        add(commands.add_parser(name, help=what_it_does))
    return parser


def _add_issues(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--issues", type=Path, metavar="FILE", help="an issue catalogue (TOML)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    from training.commands import add_threads

    parser.add_argument("--model", metavar="NAME", help="a bundle; default: the one in DEFAULT")
    parser.add_argument("--models", type=Path, default=models_dir(), metavar="DIR")
    add_threads(parser)


def _classify(options: argparse.Namespace) -> int:
    from stance import terminal
    from stance.result_files import result_file
    from stance.statement_files import RowFault, read_statements

    if options.target and options.text is None:
        options.refuse("--target goes with --text; in a file, a row names its own targets")
    issues = read_catalogue(options.issues).ask(options.issue, options.proposition)
    classifier = Classifier.open(options.models, options.model, options.threads)
    classifier.check(issues, options.coverage)
    n_faults = n_results = 0

    def readable() -> Iterator[Statement]:
        nonlocal n_faults
        if options.text is not None:
            yield Statement(options.text, targets=tuple(options.target))
            return
        path = None if options.file == "-" else Path(options.file)
        for row in read_statements(path, sys.stdin.buffer, options.format):
            if isinstance(row, RowFault):
                n_faults += 1
                if n_faults <= MOST_FAULTS_SHOWN:
                    print(f"stance: {row}", file=sys.stderr)
            else:
                yield row

    results = classifier.classify(readable(), issues, options.coverage)
    if options.out or options.json:
        with ExitStack() as stack:
            writer = stack.enter_context(result_file(options.out)) if options.out else None
            count = stack.enter_context(
                terminal.progress(shown=bool(options.out) or not sys.stdout.isatty())
            )
            for n_results, result in enumerate(results, 1):
                if writer:
                    writer.write(result)
                else:
                    print(json.dumps(result.to_json(), ensure_ascii=False))
                count(n_results)
        if options.out:
            print(f"stance: {n_results} statements scored into {options.out}", file=sys.stderr)
    else:
        named = bool(options.issue or options.proposition)
        while window := list(islice(results, _TABLE_ROWS)):
            n_results += len(window)
            terminal.print_results(window, show_unrelated=named)
    if n_faults:
        print(
            f"stance: {n_results} rows answered, {n_faults} not"
            + (f", the first {MOST_FAULTS_SHOWN} shown" if n_faults > MOST_FAULTS_SHOWN else ""),
            file=sys.stderr,
        )
        return SOME_ROWS_FAILED
    return OK


def _list(options: argparse.Namespace) -> int:
    served = _served_now(options.models)
    for name, bundle in open_each(options.models):
        mark = "*" if name == served else " "
        if isinstance(bundle, BundleError):
            print(f"{mark} {name}  broken: {bundle}")
        else:
            print(f"{mark} {name}  {bundle.digest[:12]}  {bundle.manifest.get('description', '')}")
    open_bundle(options.models)  # a default that is broken, or none, is a failure
    return OK


def _show(options: argparse.Namespace) -> int:
    bundle = verify(options.models, options.name)
    report = bundle.folder / "report.json"
    shown = {
        "name": bundle.name,
        "digest": bundle.digest,
        **bundle.manifest,
        "report": json.loads(report.read_text()) if report.is_file() else None,
    }
    print(json.dumps(shown, indent=2, ensure_ascii=False))
    return OK


def _verify(options: argparse.Namespace) -> int:
    bundle = verify(options.models, options.name)
    print(f"{bundle.name}: {len(bundle.manifest['files'])} files are what the manifest says")
    return OK


def _rollback(options: argparse.Namespace) -> int:
    former = _served_now(options.models)
    print(f"{former or 'none'} -> {roll_back(options.models)}")
    return OK


def _served_now(models: Path) -> str | None:
    with suppress(BundleError):
        return default_name(models)
    return None


def _serve(options: argparse.Namespace) -> int:
    import uvicorn

    from api.app import create_app
    from api.hangup import hangups_held
    from api.settings import read_settings
    from training.commands import show_log

    given = {
        key: getattr(options, key)
        for key in ("models", "model", "issues", "threads")
        if getattr(options, key) is not None
    }
    show_log()
    with hangups_held():
        app = create_app(read_settings(**given))
        print(f"stance: http://{options.host}:{options.port}/docs", file=sys.stderr)
        uvicorn.run(app, host=options.host, port=options.port, log_level="warning")
    return OK


if __name__ == "__main__":
    main()
