"""How good is what ships: the staged bundle, read back from disk through the engine that serves.

Puts beside it what is reached without a network, and the bundle that is served today. Knows
nothing of training.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.bundle import Bundle, open_bundle
from stance.classifier import Classifier
from stance.errors import BundleError
from stance.whole_file import whole_file
from training.answers import Answered, answer, undo_calibration
from training.baselines import fit_baselines
from training.card import model_card
from training.compare import compare
from training.evaluate import report, worst_errors
from training.examples import Example
from training.material import OWN_TESTS, Material
from training.page import report_page
from training.recipe import LABELS
from training.seen import Seen, read_seen
from training.sources import SOURCES
from training.summary import summary

COVERAGE = 0.9  # of the prediction sets that are measured
TEST_ROWS = "test.jsonl"


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one bundle.

    Attributes:
        reports: by the name of the set of rows, the user's own labels first.
        answered: the answers to each set.
        seen: what the bundle has learned from.
    """

    reports: Mapping[str, dict[str, Any]]
    answered: Mapping[str, Sequence[Answered]]
    seen: Seen

    def summary(self) -> str:
        """All the figures in lines for people."""
        return "\n\n".join(
            f"== {name}\n{summary(figures)}" for name, figures in self.reports.items()
        )

    def write(self, staged: Path, name: str, manifest: Mapping[str, Any]) -> None:
        """Write report, page, card and test rows into a staged bundle.

        The texts of public sets belong to others: their rows are measured, and never written.
        """
        errors = {of: worst_errors(rows, seen=self.seen) for of, rows in self.answered.items()}
        rows = dict.fromkeys(
            one.example
            for of, answers in self.answered.items()
            if of in (LABELS, *OWN_TESTS)
            for one in answers
            if one.example.source not in SOURCES
        )
        (staged / "report.json").write_text(json.dumps(self.reports) + "\n", encoding="utf-8")
        (staged / "report.html").write_text(
            report_page(name, self.reports, errors), encoding="utf-8"
        )
        (staged / "README.md").write_text(
            model_card(name, manifest, self.reports, errors), encoding="utf-8"
        )
        if rows:
            lines = (json.dumps(one.to_json(), ensure_ascii=False) + "\n" for one in rows)
            (staged / TEST_ROWS).write_text("".join(lines), encoding="utf-8")


def measure(
    bundle: Bundle, material: Material, served: Bundle | None, threads: int | None
) -> Measured:
    """Measure a staged bundle on every test set of its training.

    Args:
        bundle: the staged bundle, with its own `seen.json`.
        material: its tests, and what the baselines may learn from.
        served: the bundle that is served today, which answers the same rows.
        threads: of the engine.
    """
    seen = read_seen(bundle.folder)
    classifier = Classifier.load(bundle, threads)
    earlier = Classifier.load(served, threads) if served else None
    earlier_seen = read_seen(served.folder) if served else Seen(frozenset())
    reports, answers = {}, {}
    for name, rows in material.tests.items():
        answered = answer(classifier, rows, COVERAGE)
        beside = dict(fit_baselines(_known(material, name), rows))
        theirs = answer(earlier, rows) if earlier else []
        # Beside it only where it had no chance to learn the answers.
        if earlier and not any(one.statement.text in earlier_seen for one in rows):
            beside[earlier.name] = theirs
        reports[name] = report(
            answered,
            bundle.name,
            split=name,
            coverage=COVERAGE,
            before=undo_calibration(answered, bundle.calibration),
            beside=beside,
            seen=seen,
        )
        if earlier:
            reports[name] |= _comparison(answered, theirs, seen | earlier_seen)
        if name.split()[0] in SOURCES:
            reports[name]["per_issue"] = {}  # their topics are words of others
        answers[name] = answered
    return Measured(reports, answers, seen)


def _comparison(ours: Sequence[Answered], theirs: Sequence[Answered], seen: Seen) -> dict[str, Any]:
    """The entry that compares two models, on rows that neither has learned from; none if none."""
    fresh = [one for one in ours if one.example.statement.text not in seen]
    others = [one for one in theirs if one.example.statement.text not in seen]
    return {"comparison": compare(fresh, others).to_json()} if fresh else {}


def _known(material: Material, test: str) -> Sequence[Example] | None:
    """What a baseline may learn from, for a test set; None: the test rows, out of fold."""
    if test in OWN_TESTS:
        return material.sources.get("own")
    return material.sources.get(LABELS if test == LABELS else test.split(maxsplit=1)[0])


def measure_labels(
    models: Path,
    name: str | None,
    examples: Sequence[Example],
    coverage: float | None,
    threads: int | None,
) -> Measured:
    """Measure a published bundle on labelled statements, beside the one that is served.

    Args:
        models: the folder of bundles.
        name: of the bundle; None: the one that is served.
        examples: labelled statements.
        coverage: of the prediction sets; None: 0.9 where the bundle has them.
        threads: of the engine.

    Raises:
        StanceError: the bundle cannot be opened, or nothing is labelled.
    """
    bundle, default = open_bundle(models, name), _default(models)
    seen = read_seen(bundle.folder)
    if coverage is None and bundle.prediction_sets:
        coverage = COVERAGE
    answered = answer(Classifier.load(bundle, threads), examples, coverage)
    beside = dict(fit_baselines(None, examples))
    if default and default.name != bundle.name:
        beside[default.name] = answer(Classifier.load(default, threads), examples)
    figures = report(
        answered,
        bundle.name,
        split="labels",
        coverage=coverage,
        before=undo_calibration(answered, bundle.calibration),
        beside=beside,
        seen=seen,
    )
    if default and default.name in beside:
        known = seen | read_seen(default.folder)
        figures |= _comparison(answered, beside[default.name], known)
    return Measured({LABELS: figures}, {LABELS: answered}, seen)


def _default(models: Path) -> Bundle | None:
    """The bundle that is served; None where there is none to compare with."""
    try:
        return open_bundle(models)
    except BundleError:
        return None


def write_page(measured: Measured, name: str, path: Path) -> None:
    """Write the figures and the worst errors as one HTML file.

    Raises:
        FileError: the file cannot be written.
    """
    errors = {
        key: worst_errors(answers, seen=measured.seen, unquoted=frozenset(SOURCES))
        for key, answers in measured.answered.items()
    }
    with whole_file(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        file.write(report_page(name, measured.reports, errors))
