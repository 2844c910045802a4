"""The gate before a bundle is served: it must not be worse than the one that is, beyond chance.

Both answer the same test rows, which neither has learned from. Knows nothing of training.
"""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stance.bundle import Bundle, default_name, verify
from stance.classifier import Classifier
from stance.errors import BundleError, StanceError
from stance.issues import read_catalogue
from stance.promotion import promote as serve
from stance.promotion import record_promotion
from training.answers import answer
from training.compare import Comparison, Verdict, compare
from training.examples import Example
from training.label_files import read_labels
from training.measure import TEST_ROWS
from training.recipe import LABELS
from training.seen import read_seen

OWN_SET = "own"  # the source of our own statements


def promote(models: Path, name: str, *, force: bool = False, threads: int | None = None) -> str:
    """Make a bundle the one that is served, if it is not worse; tells what was found.

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
    former = _served(models, force)
    if former is None:
        told = "there is no bundle to compare with"
        return _serve(models, name, told, {}, forced=(models / "DEFAULT").is_file())
    if former.name == name:
        return f"{name} is served already"
    comparisons = _compare(candidate, former, threads)
    told = "\n".join(line for found in comparisons.values() for line in found.sentences())
    against = _what_speaks_against(comparisons)
    if against and not force:
        raise StanceError(
            f"{told}\n{name} is not promoted: {against}. {former.name} stays. "
            "To serve it all the same: --force".strip()
        )
    found = {of: comparison.to_json() for of, comparison in comparisons.items()}
    return _serve(models, name, told, found, forced=bool(against))


def _what_speaks_against(comparisons: Mapping[str, Comparison]) -> str:
    """Why the bundle should not be served; empty where nothing speaks against it."""
    verdicts = {of: comparison.verdict for of, comparison in comparisons.items()}
    if not verdicts:
        return "no test row is new to both models, so nothing was compared"
    worse = [of for of, verdict in verdicts.items() if verdict is Verdict.WORSE]
    if worse:
        return f"it is worse beyond chance on {' and '.join(worse)}"
    if set(verdicts.values()) == {Verdict.TOO_FEW}:
        return "there are too few test rows to tell that it is no worse"
    return ""


def _served(models: Path, force: bool) -> Bundle | None:
    if not (models / "DEFAULT").is_file():
        return None
    try:
        return verify(models, default_name(models))
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


def _serve(models: Path, name: str, told: str, found: dict[str, Any], *, forced: bool) -> str:
    former = default_name(models) if (models / "DEFAULT").is_file() else None
    entry = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "over": former,
        "forced": forced,
        "comparisons": found,
    }
    serve(models, name)
    record_promotion(models, name, entry)
    by_force = " by force" if forced else ""
    return f"{told}\n{name} is promoted{by_force}; a running service takes it on SIGHUP".lstrip()
