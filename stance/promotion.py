"""Which bundle of each kind is served: `DEFAULT`, `EXTRACTOR`, and a history beside each.

Decides nothing: whether a bundle is good enough is the caller's business.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.bundle import SERVED_NAME, default_name, open_bundle, verify, write_durably
from stance.errors import BundleError
from stance.manifest import ModelKind, manifest_text

log = logging.getLogger("stance.promotion")

HISTORY_NAME = {ModelKind.STANCE: "HISTORY", ModelKind.EXTRACTION: "EXTRACTOR_HISTORY"}


def promote(models: Path, name: str) -> None:
    """Make a bundle the one of its kind that is served; the former one is remembered.

    Nothing changes for the bundle that is served already.

    Raises:
        BundleError: there is no such bundle, it is not whole, or the change cannot be written; then
            the former one stays.
    """
    kind = verify(models, name).kind
    former, history = served_now(models, kind), _history(models, kind)
    if former == name:
        return
    if former and history[-1:] != [former]:
        history.append(former)
    # In this order, here and below: if the process dies in between, the history ends in the name
    # that is served, which going back passes over.
    remembered = {HISTORY_NAME[kind]: _lines(history)} if history else {}
    _replace(models, {**remembered, SERVED_NAME[kind]: _lines([name])})


def roll_back(models: Path, kind: ModelKind = ModelKind.STANCE) -> str:
    """Serve again what was served before: the last name in the history that is a whole bundle.

    That name and those after it, of bundles that are gone or broken, are taken off the history.

    Returns:
        the name.

    Raises:
        BundleError: there is none, or the change cannot be written; then nothing changes.
    """
    served, history = served_now(models, kind), _history(models, kind)
    while history:
        name = history.pop()
        if name == served:
            continue
        try:
            verify(models, name).expect(kind)
        except BundleError as error:
            log.warning("passed over in going back: %s", error)
            continue
        _replace(models, {SERVED_NAME[kind]: _lines([name]), HISTORY_NAME[kind]: _lines(history)})
        return name
    raise BundleError(
        f"{models / HISTORY_NAME[kind]} names no whole model to go back to; promote one by its name"
    )


def served_now(models: Path, kind: ModelKind = ModelKind.STANCE) -> str | None:
    """The name of the bundle of a kind that is served; None where none can be read."""
    try:
        return default_name(models, kind)
    except BundleError:  # there is none yet, or it is to be replaced by one that can be read
        return None


def record_promotion(models: Path, name: str, entry: Mapping[str, Any]) -> None:
    """Add an entry to the `promotions` of a manifest, the one part that ever changes.

    Args:
        models: the folder of bundles.
        name: a bundle's name.
        entry: what was measured and decided; JSON.

    Raises:
        BundleError: there is no such bundle, or it cannot be written; then nothing changes.
    """
    manifest = dict(open_bundle(models, name).manifest)
    manifest["promotions"] = [*manifest.get("promotions", []), dict(entry)]
    _replace(models, {f"{name}/manifest.json": manifest_text(manifest)})


def _history(models: Path, kind: ModelKind) -> list[str]:
    path = models / HISTORY_NAME[kind]
    try:
        return path.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read: {error}; put it right, or remove it") from error


def _lines(names: Sequence[str]) -> str:
    return "".join(f"{name}\n" for name in names)


def _replace(models: Path, files: Mapping[str, str]) -> None:
    """Write all drafts, and only then rename them in order, so that a full disk changes nothing."""
    # The drafts stand beside the bundles: within, a reader would take them for foreign files.
    drafts = {file: models / f".{file.replace('/', '.')}.{os.getpid()}" for file in files}
    try:
        for file, text in files.items():
            write_durably(drafts[file], text)
        for file, draft in drafts.items():
            draft.replace(models / file)
    except OSError as error:
        reason = error.strerror or error
        raise BundleError(
            f"{models}: {' and '.join(files)} could not be written: {reason}"
        ) from error
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
