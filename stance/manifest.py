"""What the manifest of a model says, and the identity that follows. Knows nothing of its files.

All of it is fixed when the model is published, but for `promotions`: what was measured, and who
insisted, each time that the model was made the default.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from operator import eq
from pathlib import Path
from typing import Any

from stance.conformal import PredictionSets
from stance.domain import Kind
from stance.errors import BundleError
from stance.render import RENDER_VERSION

SCHEMA_VERSION = 1
SERVED_FILES = ("model.onnx", "tokenizer.json")
_FIXED = {
    "schema_version": SCHEMA_VERSION,
    "render_version": RENDER_VERSION,
    "labels": {kind.value: list(kind.labels) for kind in Kind},
}
_IS_RIGHT: dict[str, Callable[[Any], bool]] = {
    **{field: partial(eq, known) for field, known in _FIXED.items()},
    "window": lambda value: isinstance(value, int) and 8 <= value <= 8192,
    "files": lambda value: isinstance(value, dict) and set(SERVED_FILES) <= set(value),
    "temperatures": lambda value: (
        isinstance(value, dict)
        and set(Kind) <= set(value) <= {*Kind, "side"}
        and all(isinstance(t, float) and 0 < t < 100 for t in value.values())
    ),
}


def complete(manifest: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """The whole manifest: what is given, the versions, the labels, and each file's sha256."""
    return {**_FIXED, **manifest, "files": dict(files)}


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """A manifest as it is written."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def manifest_digest(manifest: Mapping[str, Any]) -> str:
    """A sha256 over all that is fixed, which holds those of all files: the model's identity."""
    fixed = {field: value for field, value in manifest.items() if field != "promotions"}
    canonical = json.dumps(fixed, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest and check that this version of Stance knows what it says.

    Raises:
        BundleError: it cannot be read, or a field is missing or of another form.
    """
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read: {error}") from error
    if not isinstance(manifest, dict):
        raise BundleError(f"{path}: is not an object")
    for field, is_right in _IS_RIGHT.items():
        if not is_right(manifest.get(field)):
            raise BundleError(
                f"{path}: {field} is missing or not one that this version of Stance knows"
            )
    if not isinstance(manifest.get("promotions", []), list):
        raise BundleError(f"{path}: promotions must be a list")
    try:
        prediction_sets(manifest)
    except ValueError as error:
        raise BundleError(f"{path}: prediction_sets: {error}") from error
    return manifest


def prediction_sets(manifest: Mapping[str, Any]) -> PredictionSets | None:
    """The prediction sets of a model; None if it was not calibrated for them.

    Raises:
        ValueError: they are of another form.
    """
    entry = manifest.get("prediction_sets")
    return None if entry is None else PredictionSets.from_json(entry)
