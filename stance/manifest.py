"""What the manifest of a model says, and the identity that follows. Knows nothing of its files.

All of it is fixed when the model is published, but for `promotions`: what was measured, and who
insisted, each time that the model was made the default.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from operator import eq
from pathlib import Path
from typing import Any

from stance.conformal import PredictionSets
from stance.domain import Kind
from stance.errors import BundleError
from stance.render import RENDER_VERSION
from stance.tags import TAGS

SCHEMA_VERSION = 1
SPEAKERS_FILE = "speakers.json"


class ModelKind(StrEnum):
    """What a model does."""

    STANCE = "stance"  # statements and questions to labels
    EXTRACTION = "extraction"  # articles to attributed statements

    @property
    def served_files(self) -> tuple[str, ...]:
        """The names of the files that a model of this kind answers with."""
        return _SERVED_FILES[self]


_SERVED_FILES = {
    ModelKind.STANCE: ("model.onnx", "tokenizer.json"),
    ModelKind.EXTRACTION: ("model.onnx", "tokenizer.json", SPEAKERS_FILE),
}
_FIXED: dict[ModelKind, dict[str, Any]] = {
    ModelKind.STANCE: {
        "schema_version": SCHEMA_VERSION,
        "render_version": RENDER_VERSION,
        "labels": {kind.value: list(kind.labels) for kind in Kind},
    },
    ModelKind.EXTRACTION: {"schema_version": SCHEMA_VERSION, "tags": list(TAGS)},
}
_OF_ALL: dict[str, Callable[[Any], bool]] = {
    "window": lambda value: isinstance(value, int) and 8 <= value <= 8192,
    "files": lambda value: isinstance(value, dict),
}
_OF_KIND: dict[ModelKind, dict[str, Callable[[Any], bool]]] = {
    ModelKind.STANCE: {
        "temperatures": lambda value: (
            isinstance(value, dict)
            and set(Kind) <= set(value) <= {*Kind, "side"}
            and all(isinstance(t, float) and 0 < t < 100 for t in value.values())
        ),
    },
    ModelKind.EXTRACTION: {},
}


def complete(manifest: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """The whole manifest: what is given, the versions, the labels, and each file's sha256."""
    return {**_FIXED[kind_of_model(manifest)], **manifest, "files": dict(files)}


def kind_of_model(manifest: Mapping[str, Any]) -> ModelKind:
    """What the model does; one that does not say is of stance.

    Raises:
        ValueError: this version of Stance knows no such kind.
    """
    return ModelKind(manifest.get("kind", ModelKind.STANCE))


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
    for field, is_right in _rules(manifest).items():
        if not is_right(manifest.get(field)):
            raise BundleError(
                f"{path}: {field} is missing or not one that this version of Stance knows"
            )
    for name in kind_of_model(manifest).served_files:
        if name not in manifest["files"]:
            raise BundleError(
                f"{path}: files lists no {name}, which a model of {kind_of_model(manifest)} needs; "
                "fetch the bundle again, or train it with this version of Stance"
            )
    if not isinstance(manifest.get("promotions", []), list):
        raise BundleError(f"{path}: promotions must be a list")
    try:
        prediction_sets(manifest)
    except ValueError as error:
        raise BundleError(f"{path}: prediction_sets: {error}") from error
    return manifest


def _rules(manifest: Mapping[str, Any]) -> dict[str, Callable[[Any], bool]]:
    try:
        kind = kind_of_model(manifest)
    except ValueError:
        return {"kind": lambda _: False}
    fixed = {field: partial(eq, known) for field, known in _FIXED[kind].items()}
    return {**fixed, **_OF_ALL, **_OF_KIND[kind]}


def prediction_sets(manifest: Mapping[str, Any]) -> PredictionSets | None:
    """The prediction sets of a model; None if it was not calibrated for them.

    Raises:
        ValueError: they are of another form.
    """
    entry = manifest.get("prediction_sets")
    return None if entry is None else PredictionSets.from_json(entry)
