"""The `stance` command. The one place that may see every room; each command opens what it needs."""

import argparse
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import NoReturn

from stance.bundle import bundle_names, default_name, models_dir, open_bundle, verify
from stance.classifier import Classifier
from stance.domain import Statement
from stance.errors import MOST_FAULTS_SHOWN, MissingExtraError, StanceError
from stance.issues import read_catalogue

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
    classify.add_argument("--json", action="store_true", help="one JSON object a line")
    classify.add_argument("--out", type=Path, metavar="FILE", help="write .jsonl, .csv or .parquet")
    _add_model(classify)
    classify.set_defaults(run=_classify, refuse=classify.error)

    models = commands.add_parser("models", help="list, show or verify model bundles")
    models_commands = models.add_subparsers(required=True, metavar="COMMAND")
    for name, what_it_does in (
        ("list", "the bundles and the default one"),
        ("show", "a bundle's manifest and measured quality"),
        ("verify", "check every file of a bundle"),
    ):
        command = models_commands.add_parser(name, help=what_it_does)
        command.add_argument("--models", type=Path, default=models_dir(), metavar="DIR")
        if name != "list":
            command.add_argument("name", nargs="?", help="default: the one that is served")
        command.set_defaults(run={"list": _list, "show": _show, "verify": _verify}[name])

    serve = commands.add_parser("serve", help="answer over HTTP")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_number(0, 65535), default=8000)
    _add_issues(serve)
    _add_model(serve)
    serve.set_defaults(run=_serve)

    train = commands.add_parser("train", help="train a bundle by a recipe (extra: train)")
    train.add_argument("recipe", type=Path, help="a TOML file")
    train.add_argument("--data", type=Path, metavar="DIR", help="your copies of public sets")
    train.add_argument(
        "--base", default="all-MiniLM-L6-v2", help="encoder or network to start from"
    )
    train.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the new bundle")
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="measure a bundle on labelled statements")
    evaluate.add_argument("labels", type=Path, nargs="+", metavar="LABELS")
    evaluate.add_argument("--json", action="store_true", help="the whole report as JSON")
    evaluate.add_argument("--predictions", type=Path, metavar="FILE", help="write each prediction")
    _add_issues(evaluate)
    _add_model(evaluate)
    evaluate.set_defaults(run=_evaluate)
    return parser


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a number from {least} to {most}")
        return int(text)

    return number


def _add_issues(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--issues", type=Path, metavar="FILE", help="an issue catalogue (TOML)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="NAME", help="a bundle; default: the one in DEFAULT")
    parser.add_argument("--models", type=Path, default=models_dir(), metavar="DIR")
    parser.add_argument(
        "--threads", type=_number(1, 1024), metavar="N", help="default: all that may be used"
    )


def _classify(options: argparse.Namespace) -> int:
    from stance import terminal
    from stance.result_files import result_file
    from stance.statement_files import RowFault, read_statements

    if options.target and options.text is None:
        options.refuse("--target goes with --text; in a file, a row names its own targets")
    issues = read_catalogue(options.issues).ask(options.issue, options.proposition)
    classifier = Classifier.open(options.models, options.model, options.threads)
    classifier.check(issues)
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

    results = classifier.classify(readable(), issues)
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
    served = default_name(options.models)
    for name in bundle_names(options.models):
        bundle = open_bundle(options.models, name)
        mark = "*" if name == served else " "
        print(f"{mark} {name}  {bundle.digest[:12]}  {bundle.manifest.get('description', '')}")
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


def _serve(options: argparse.Namespace) -> int:
    import uvicorn

    from api.app import create_app
    from api.settings import read_settings

    given = {
        key: getattr(options, key)
        for key in ("models", "model", "issues", "threads")
        if getattr(options, key) is not None
    }
    _log()
    app = create_app(read_settings(**given))
    print(f"stance: http://{options.host}:{options.port}/docs", file=sys.stderr)
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning")
    return OK


def _train(options: argparse.Namespace) -> int:
    with _training():
        from training.train import train
    _log()
    print(train(options.recipe, options.data, options.base, options.out))
    return OK


def _evaluate(options: argparse.Namespace) -> int:
    with _training():
        from training import evaluate
        from training.examples import read_examples
    catalogue = read_catalogue(options.issues)
    examples = [one for path in options.labels for one in read_examples(path, catalogue)]
    classifier = Classifier.open(options.models, options.model, options.threads)
    answered = evaluate.answer(classifier, examples)
    if options.predictions:
        evaluate.write_predictions(answered, options.predictions)
    report = evaluate.report(answered, classifier.name)
    print(json.dumps(report, ensure_ascii=False) if options.json else evaluate.summary(report))
    return OK


def _log() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("stance").setLevel(logging.INFO)


@contextmanager
def _training() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"this command ({error.name} is not installed)", "train") from None


if __name__ == "__main__":
    main()
