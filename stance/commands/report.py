"""`stance report`: a scored archive -> one HTML file. Knows nothing of how archives are scored."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.arguments import OK, add_issues, add_models, number
from stance.bundle import verify
from stance.domain import Kind
from stance.errors import BundleError
from stance.issues import Catalogue, read_catalogue
from stance.report_limits import Limits

if TYPE_CHECKING:
    from stance.report_archive import ScoredRun
    from stance.report_labels import LabelledStance

_OF_LIMITS = {
    "issues": "those of the most statements",
    "speakers": "those of the most statements on the issues",
    "outlets": "those of the most statements",
    "quotes": "the most telling statements, of each issue and side",
}


def add_report(parser: argparse.ArgumentParser) -> None:
    """The arguments of `stance report`."""
    parser.add_argument("scores", type=Path, metavar="DIR", help="what `stance score` wrote")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the HTML file")
    parser.add_argument("--run", dest="key", metavar="KEY", help="which, where DIR has several")
    parser.add_argument(
        "--labels", type=Path, nargs="+", metavar="FILE",
        help="a labelled sample of the archive, by which shares are corrected (extra: labels)",
    )  # fmt: skip
    for name, which in _OF_LIMITS.items():
        most = getattr(Limits(), name)
        parser.add_argument(
            f"--most-{name}", type=number(1, 1000), default=most, metavar="N",
            help=f"how many are shown, {which} (default {most})",
        )  # fmt: skip
    add_issues(parser)
    add_models(parser)
    parser.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> int:
    from stance.report import write_report
    from stance.report_archive import open_run

    catalogue = read_catalogue(options.issues)
    titles = {issue.proposition: issue.name for issue in catalogue}
    run = open_run(options.scores, options.key)
    figures = write_report(
        options.scores,
        options.out,
        run=run.key,
        titles=titles,
        labels=None if options.labels is None else list(_labels(options.labels, catalogue)),
        measured=_measured(run, options.models),
        limits=replace(Limits(), **{name: getattr(options, f"most_{name}") for name in _OF_LIMITS}),
    )
    counts = figures.run.counts
    print(
        f"{options.out}: {counts.statements:,} statements of {counts.scored:,} articles, {counts}"
    )
    return OK


def _labels(paths: list[Path], catalogue: Catalogue) -> Iterator["LabelledStance"]:
    from stance.report_labels import LabelledStance
    from training.label_files import read_labels

    for example in read_labels(paths, catalogue).examples:
        statement = example.statement
        for label in example.labels:
            if label.question.kind is Kind.STANCE:
                yield LabelledStance(
                    statement.text,
                    label.question.subject,
                    tuple(label.shares),
                    statement.id,
                    statement.speaker,
                )


def _measured(run: "ScoredRun", models: Path) -> Mapping[str, Any] | None:
    """How good the classifier of a run was measured to be, if its very bundle is at hand."""
    name, digest = run.classifier
    try:
        bundle = verify(models, name)
    except BundleError as error:
        _say(f"{error}; so the page does not tell how good the classifier is")
        return None
    if bundle.digest != digest:
        _say(
            f"{bundle.folder} is another model than the {name} that scored this archive (sha256"
            f" {digest[:12]}); so the page does not tell how good that was"
        )
        return None
    path = bundle.folder / "report.json"
    measured = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return measured if isinstance(measured, Mapping) else None


def _say(words: str) -> None:
    print(f"stance: {words}", file=sys.stderr)
