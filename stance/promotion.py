"""Which bundle is served: `DEFAULT` and `HISTORY` in the folder of bundles.

Decides nothing: whether a bundle is good enough is the caller's business.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.bundle import default_name, open_bundle, verify, write_durably
from stance.errors import BundleError
from stance.manifest import ModelKind, manifest_text

log = logging.getLogger("stance.promotion")


def promote(models: Path, name: str) -> None:
    """Make a bundle the one that is served; the former one is remembered in `HISTORY`.

    Nothing changes for the bundle that is the default already.

    Raises:
        BundleError: there is no such bundle, it is not whole or not of stance, or the change cannot
            be written; then the former one stays.
    """
    verify(models, name).expect(ModelKind.STANCE)
    former, history = _served_now(models), _history(models)
    if former == name:
        return
    if former and history[-1:] != [former]:
        history.append(former)
    # In this order, here and below: if the process dies in between, `HISTORY` ends in the name
    # that `DEFAULT` has, which going back passes over.
    remembered = {"HISTORY": _lines(history)} if history else {}
    _replace(models, {**remembered, "DEFAULT": _lines([name])})


def roll_back(models: Path) -> str:
    """Serve again what was served before: the last name in `HISTORY` that still is a whole bundle.

    That name and those after it, of bundles that are gone or broken, are taken off `HISTORY`.

    Returns:
        the name.

    Raises:
        BundleError: there is none, or the change cannot be written; then nothing changes.
    """
    served, history = _served_now(models), _history(models)
    while history:
        name = history.pop()
        if name == served:
            continue
        try:
            verify(models, name).expect(ModelKind.STANCE)
        except BundleError as error:
            log.warning("passed over in going back: %s", error)
            continue
        _replace(models, {"DEFAULT": _lines([name]), "HISTORY": _lines(history)})
        return name
    raise BundleError(
        f"{models / 'HISTORY'} names no whole model to go back to; promote one by its name"
    )


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


def _served_now(models: Path) -> str | None:
    try:
        return default_name(models)
    except BundleError:  # there is none yet, or it is to be replaced by one that can be read
        return None


def _history(models: Path) -> list[str]:
    path = models / "HISTORY"
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
