"""The gate before a bundle is served: it must not be worse than the one that is, beyond chance.

Two models of stance answer the same test rows, which neither has learned from; of two extractors
the reports are compared. Knows nothing of training.
"""

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.bundle import Bundle, is_served, verify
from stance.classifier import Classifier
from stance.errors import BundleError, StanceError
from stance.issues import read_catalogue
from stance.manifest import ModelKind
from stance.promotion import promote as serve
from stance.promotion import record_promotion, served_now
from training.answers import answer
from training.compare import Comparison, Verdict, compare
from training.compare_reports import compare_reports
from training.examples import Example
from training.label_files import read_labels
from training.measure import TEST_ROWS
from training.recipe import LABELS
from training.seen import read_seen

OWN_SET = "own"  # the source of our own statements


def promote(models: Path, name: str, *, force: bool = False, threads: int | None = None) -> str:
    """Make a bundle the one of its kind that is served, if it is not worse; tells what was found.

    A running service takes the new one on SIGHUP.

    Args:
        models: the folder of bundles.
        name: the bundle to serve.
        force: serve it even if it is worse, or nothing can be compared; its manifest says so.
        threads: of the engine.

    Raises:
        StanceError: it is worse beyond chance, or there is no row to compare on, and `force` is not
            given; or a bundle cannot be trusted. What is served stays.
    """
    candidate = verify(models, name)
    former = _served(models, candidate.kind, force)
    if former is None:
        weighed = Weighed("there is no bundle to compare with", {})
        forced = is_served(models, candidate.kind)
        return _serve(models, candidate, weighed, forced=forced)
    if former.name == name:
        return f"{name} is served already"
    if candidate.kind is ModelKind.EXTRACTION:
        weighed = _weigh_reports(candidate, former)
    else:
        weighed = _weigh_answers(candidate, former, threads)
    if weighed.against and not force:
        raise StanceError(
            f"{weighed.told}\n{name} is not promoted: {weighed.against}. {former.name} stays. "
            "To serve it all the same: --force".strip()
        )
    return _serve(models, candidate, weighed, forced=bool(weighed.against))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A bundle beside the one that is served.

    Attributes:
        told: what was found, for people.
        found: the same as plain values, for the manifest.
        against: why the bundle should not be served; empty where nothing speaks against it.
    """

    told: str
    found: Mapping[str, Any]
    against: str = ""


def _weigh_answers(candidate: Bundle, former: Bundle, threads: int | None) -> Weighed:
    """By what the two answer to the same test rows."""
    comparisons = _compare(candidate, former, threads)
    return Weighed(
        "\n".join(line for found in comparisons.values() for line in found.sentences()),
        {of: comparison.to_json() for of, comparison in comparisons.items()},
        _what_speaks_against(comparisons),
    )


def _weigh_reports(candidate: Bundle, former: Bundle) -> Weighed:
    """By what was measured of the two, each when it was made."""
    differences = compare_reports(_report(candidate), _report(former))
    found: dict[str, dict[str, Any]] = {}
    for one in differences:
        found.setdefault(one.of, {})[one.figure] = one.to_json()
    worse = [f"{one.figure} of {one.of}" for one in differences if one.verdict is Verdict.WORSE]
    against = f"it is worse beyond chance: {', '.join(worse)}" if worse else ""
    if not differences:
        against = "no report of both is of the same articles, so nothing was compared"
    return Weighed("\n".join(one.sentence() for one in differences), found, against)


def _report(bundle: Bundle) -> dict[str, Any]:
    if "report.json" not in bundle.manifest["files"]:
        return {}
    report: dict[str, Any] = json.loads((bundle.folder / "report.json").read_text(encoding="utf-8"))
    return report


def _what_speaks_against(comparisons: Mapping[str, Comparison]) -> str:
    verdicts = {of: comparison.verdict for of, comparison in comparisons.items()}
    if not verdicts:
        return "no test row is new to both models, so nothing was compared"
    worse = [of for of, verdict in verdicts.items() if verdict is Verdict.WORSE]
    if worse:
        return f"it is worse beyond chance on {' and '.join(worse)}"
    if set(verdicts.values()) == {Verdict.TOO_FEW}:
        return "there are too few test rows to tell that it is no worse"
    return ""


def _served(models: Path, kind: ModelKind, force: bool) -> Bundle | None:
    if not is_served(models, kind):
        return None
    try:
        return verify(models, kind=kind).expect(kind)
    except BundleError as error:
        if force:
            return None
        raise StanceError(
            f"the served bundle cannot be compared with: {error}; --force serves the new one"
        ) from error


def _test_rows(candidate: Bundle, former: Bundle) -> dict[str, list[Example]]:
    """The test rows of both bundles that neither has learned from: the users', and our own."""
    seen = read_seen(candidate.folder) | read_seen(former.folder)
    by_origin: dict[str, dict[str, Example]] = {}
    for bundle in (candidate, former):
        path = bundle.folder / TEST_ROWS
        if TEST_ROWS not in bundle.manifest["files"]:
            continue
        for example in read_labels([path], read_catalogue()).examples:
            if example.statement.text not in seen:
                # Sources of the user's own would cut her rows into sets too small to tell.
                of = OWN_SET if example.source == OWN_SET else LABELS
                rows = by_origin.setdefault(of, {})
                rows.setdefault(example.statement.text, example)
    return {of: list(rows.values()) for of, rows in by_origin.items()}


def _compare(candidate: Bundle, former: Bundle, threads: int | None) -> dict[str, Comparison]:
    """What the two answered to the same test rows, by where those come from."""
    rows = _test_rows(candidate, former)
    new, old = (Classifier.load(bundle, threads) for bundle in (candidate, former))
    return {of: compare(answer(new, these), answer(old, these)) for of, these in rows.items()}


def _serve(models: Path, candidate: Bundle, weighed: Weighed, *, forced: bool) -> str:
    entry = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "over": served_now(models, candidate.kind),
        "forced": forced,
        "comparisons": weighed.found,
    }
    serve(models, candidate.name)
    record_promotion(models, candidate.name, entry)
    by_force = " by force" if forced else ""
    done = f"{candidate.name} is promoted{by_force}; a running service takes it on SIGHUP"
    return f"{weighed.told}\n{done}".lstrip()
