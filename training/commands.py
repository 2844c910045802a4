"""The commands that train, measure and promote. What they need is imported when one is run."""

import argparse
import json
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stance.arguments import OK, STOPPED, add_issues, add_models, add_threads, coverage, number
from stance.errors import MissingExtraError
from stance.issues import read_catalogue

_SEEDS = 3


def add_train(parser: argparse.ArgumentParser) -> None:
    """The arguments of `stance train`."""
    parser.add_argument(
        "labels", type=Path, nargs="*", metavar="LABELS",
        help="labelled statements: JSONL, CSV or Parquet; none if the recipe names its sources",
    )  # fmt: skip
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--from",
        dest="parent",
        metavar="MODEL",
        help="the bundle to go on from; `default` (and default, with LABELS)",
    )
    start.add_argument("--base", metavar="ENCODER", help="an encoder: a folder, or a hub name")
    parser.add_argument("--recipe", type=Path, metavar="FILE", help="how to train (TOML)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="your copies of public sets")
    parser.add_argument("--name", help="of the new bundle; default: date, start and labels")
    parser.add_argument("--split-by", choices=("group", "date"), default="group")
    parser.add_argument(
        "--seed", type=number(0, 2**32 - 1), default=0, help="of the split (default 0)"
    )
    broken_off = parser.add_mutually_exclusive_group()
    broken_off.add_argument("--resume", action="store_true", help="go on with a broken-off run")
    broken_off.add_argument("--restart", action="store_true", help="throw a broken-off run away")
    parser.add_argument("--doubts", type=Path, metavar="FILE",
                        help="write the rows whose labels look wrong, to review (CSV)")  # fmt: skip
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: a GPU where one is")
    _add_reading(parser)
    add_models(parser)
    add_threads(parser)
    parser.set_defaults(run=_train)


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """The arguments of `stance evaluate`."""
    parser.add_argument("labels", type=Path, nargs="+", metavar="LABELS")
    parser.add_argument("--model", metavar="NAME", help="a bundle; default: the one in DEFAULT")
    parser.add_argument(
        "--coverage", type=coverage, metavar="C", help="of the prediction sets (default 0.9)"
    )
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="write each prediction")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the report as HTML")
    _add_reading(parser)
    add_models(parser)
    add_threads(parser)
    parser.set_defaults(run=_evaluate)


def add_promote(parser: argparse.ArgumentParser) -> None:
    """The arguments of `stance models promote`."""
    parser.add_argument("name")
    parser.add_argument("--force", action="store_true", help="even if it is measured as worse")
    add_models(parser)
    add_threads(parser)
    parser.set_defaults(run=_promote)


def add_benchmark(parser: argparse.ArgumentParser) -> None:
    """The arguments of `stance benchmark`."""
    parser.add_argument("set", choices=("vast", "semeval2016", "newsmtsc"))
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="your copies; without them, the hub is asked"
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--from", dest="parent", metavar="MODEL")
    start.add_argument("--base", metavar="ENCODER")
    parser.add_argument("--recipe", type=Path, metavar="FILE")
    parser.add_argument(
        "--seeds", type=number(0, 100), default=_SEEDS, metavar="N",
        help="how often to train (default 3); 0 scores the bundle of --from as it is",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: a GPU where one is")
    add_models(parser)
    parser.set_defaults(run=_benchmark)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    add_issues(parser)
    parser.add_argument(
        "--skip-faulty", action="store_true", help="leave faulty rows out instead of refusing"
    )


def _train(options: argparse.Namespace) -> int:
    with _extra():
        from training.encoders import DEFAULT_ENCODER
        from training.extraction import TrainedExtractor, train_extractor
        from training.material import LabelFiles
        from training.order import Order
        from training.recipe import ExtractionRecipe, read_recipe
        from training.train import Trained, train
        from training.world import join_world, leave_world
    show_log()
    files = LabelFiles(
        tuple(options.labels),
        read_catalogue(options.issues),
        options.split_by,
        options.seed,
        options.skip_faulty,
    )
    # Labels alone go on from what is served; a recipe alone begins from an encoder.
    parent = options.parent or ("default" if options.labels and not options.base else None)
    order = Order(
        options.models, files, parent, options.base or DEFAULT_ENCODER, options.recipe,
        options.data, options.name, options.resume, options.restart, options.threads,
        options.doubts,
    )  # fmt: skip
    # What ends a container, or several processes, is to be taken like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    recipe = read_recipe(options.recipe) if options.recipe else None
    try:
        world = join_world(options.device)
        if isinstance(recipe, ExtractionRecipe):
            done: Trained | TrainedExtractor | None = train_extractor(order, recipe, world)
        else:
            done = train(order, world)
    except KeyboardInterrupt:
        print("stance: stopped; what was trained is kept: go on with --resume", file=sys.stderr)
        return STOPPED
    finally:
        leave_world()
    if done is None:  # another process tells
        return OK
    print(done.summary())
    print(f"serve it:  stance models promote {done.name}")
    return OK


def _evaluate(options: argparse.Namespace) -> int:
    with _extra():
        from training import evaluate
        from training.label_files import read_labels
        from training.measure import measure_labels, write_page
    reading = read_labels(
        options.labels, read_catalogue(options.issues), skip_faulty=options.skip_faulty
    )
    _say_faults(reading.faults)
    measured = measure_labels(
        options.models, options.model, reading.examples, options.coverage, options.threads
    )
    [(answered, report)] = zip(measured.answered.values(), measured.reports.values(), strict=True)
    if options.predictions:
        evaluate.write_predictions(answered, options.predictions)
    if options.page:
        write_page(measured, report["model"], options.page)
    print(json.dumps(report, ensure_ascii=False) if options.json else evaluate.summary(report))
    return OK


def _promote(options: argparse.Namespace) -> int:
    with _extra():
        from training.promote import promote
    print(promote(options.models, options.name, force=options.force, threads=options.threads))
    return OK


def _benchmark(options: argparse.Namespace) -> int:
    with _extra():
        from training.benchmark import benchmark
        from training.world import join_world, leave_world
    show_log()
    try:
        world = join_world(options.device)
        result = benchmark(
            options.set, options.data, options.models, options.parent, options.base,
            options.recipe, options.seeds, world,
        )  # fmt: skip
    finally:
        leave_world()
    if world.leads:
        print(json.dumps(result.to_json()) if options.json else result.summary())
    return OK


def _say_faults(faults: Sequence[str]) -> None:
    log = logging.getLogger("stance.training")
    if faults:
        log.warning("%d faulty rows left out; the first: %s", len(faults), faults[0])


def show_log() -> None:
    """Show what Stance logs, on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("stance").setLevel(logging.INFO)


@contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"this command ({error.name} is not installed)", "train") from None
