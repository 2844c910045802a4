"""The model folder: written, verified, named. Knows nothing of what is inside the network.

    models/<name>/  manifest.json  model.onnx  tokenizer.json  calibration in the manifest
                    model.safetensors  config.json  report.json  README.md
    models/DEFAULT  one line, the name of the bundle that is served

A bundle is written to a hidden sibling and renamed; its manifest, written last, holds the sha256
of every file. A folder without a manifest is no model. No pickle is ever read.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from stance.calibration import Calibration
from stance.domain import Kind
from stance.errors import BundleError
from stance.render import RENDER_VERSION

SCHEMA_VERSION = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")
_ALLOWED_SUFFIXES = {".json", ".onnx", ".safetensors", ".md", ".toml", ".html"}
_SERVED = ("model.onnx", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified model folder.

    Attributes:
        folder: where it is.
        name: the name by which predictions cite it.
        manifest: what it says of itself.
    """

    folder: Path
    name: str
    manifest: Mapping[str, Any]

    @property
    def window(self) -> int:
        """The most tokens that a block may have."""
        return int(self.manifest["window"])

    @property
    def calibration(self) -> Calibration:
        """The temperatures that belong to the served network."""
        return Calibration({kind: self.manifest["temperatures"][kind] for kind in Kind})

    @property
    def digest(self) -> str:
        """A sha256 over the manifest, which holds those of all files: the identity of the model."""
        return _sha256(self.folder / "manifest.json")


def models_dir() -> Path:
    """The folder of the shipped bundles: inside the installed wheel, or beside the checkout."""
    packaged = Path(str(resources.files("stance"))) / "_models"
    return packaged if packaged.is_dir() else packaged.parents[1] / "models"


def bundle_names(models: Path) -> list[str]:
    """The names of all bundles in a folder, sorted."""
    return sorted(path.parent.name for path in models.glob("[a-z0-9]*/manifest.json"))


def default_name(models: Path) -> str:
    """The name in `DEFAULT`.

    Raises:
        BundleError: there is no such file, or it names nothing.
    """
    path = models / "DEFAULT"
    try:
        name = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read: {error}; name a model") from error
    if not name:
        raise BundleError(f"{path} is empty; name a model")
    return name


def open_bundle(models: Path, name: str | None = None) -> Bundle:
    """Find a bundle and check that its served files are what its manifest says.

    Args:
        models: the folder of bundles.
        name: a bundle's name; the one in `DEFAULT` where None.

    Raises:
        BundleError: there is none of that name, or it must not be trusted; the message says why.
    """
    name = default_name(models) if name is None else name
    if not _NAME.fullmatch(name) or not (models / name / "manifest.json").is_file():
        known = ", ".join(bundle_names(models)) or "none"
        raise BundleError(f"no model {name[:100]!r} in {models}; there are: {known}")
    bundle = _read_manifest(models / name, name)
    _verify_files(bundle, _SERVED)
    return bundle


def verify(models: Path, name: str | None = None) -> Bundle:
    """Check every file of a bundle, not only those that are served.

    Raises:
        BundleError: a file is missing, changed, unknown or of a kind that is never read.
    """
    bundle = open_bundle(models, name)
    _verify_files(bundle, tuple(bundle.manifest["files"]))
    return bundle


@contextmanager
def stage(models: Path, name: str) -> Iterator[Path]:
    """A hidden folder to write a bundle into; it is removed if it is not published.

    Raises:
        BundleError: the name is not fit for a bundle, or is taken.
    """
    _check_name(name)
    if (models / name).exists():
        raise BundleError(f"{models / name} exists already; bundles are never overwritten")
    folder = models / f".{name}.{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)  # left by a killed process of the same number
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise BundleError(f"{folder} could not be made: {error}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seal(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a staged folder: what is given, and the sha256 of every file."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "manifest.json":
            path.chmod(0o644)  # some writers leave files that only their owner can read
            files[str(path.relative_to(folder))] = _sha256(path)
    whole = {
        "schema_version": SCHEMA_VERSION,
        "render_version": RENDER_VERSION,
        "labels": {kind: list(kind.labels) for kind in Kind},
        **manifest,
        "files": files,
    }
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    _write_durably(folder / "manifest.json", text)


def publish(staged: Path, models: Path, name: str) -> Path:
    """Move a sealed folder to its place in one rename.

    Raises:
        BundleError: the name is not fit, the folder is not whole, or the name was taken meanwhile.
    """
    _check_name(name)
    bundle = _read_manifest(staged, name)
    _verify_files(bundle, tuple(bundle.manifest["files"]))
    try:
        staged.rename(models / name)
    except OSError as error:
        raise BundleError(f"{models / name} could not be written: {error}") from error
    return models / name


def set_default(models: Path, name: str) -> None:
    """Make a bundle the one that is served; the line changes atomically.

    Raises:
        BundleError: there is no such bundle.
    """
    open_bundle(models, name)
    draft = models / f".DEFAULT.{os.getpid()}"
    _write_durably(draft, name + "\n")
    draft.replace(models / "DEFAULT")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BundleError(f"{name!r}: a model's name has a-z, 0-9, dots and hyphens only")


def _read_manifest(folder: Path, name: str) -> Bundle:
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read: {error}") from error

    def check(holds: bool, fault: str) -> None:
        if not holds:
            raise BundleError(f"{path}: {fault}")

    check(isinstance(manifest, dict), "is not an object")
    expected: dict[str, Callable[[Any], bool]] = {
        "schema_version": lambda value: value == SCHEMA_VERSION,
        "render_version": lambda value: value == RENDER_VERSION,
        "labels": lambda value: value == {kind: list(kind.labels) for kind in Kind},
        "window": lambda value: isinstance(value, int) and 8 <= value <= 8192,
        "files": lambda value: isinstance(value, dict) and set(_SERVED) <= set(value),
        "temperatures": lambda value: (
            isinstance(value, dict)
            and all(isinstance(value.get(kind), float) and 0 < value[kind] < 100 for kind in Kind)
        ),
    }
    for field, is_right in expected.items():
        check(
            is_right(manifest.get(field)),
            f"{field} is missing or not one that this version of Stance knows",
        )
    return Bundle(folder, name, manifest)


def _verify_files(bundle: Bundle, names: tuple[str, ...]) -> None:
    listed = bundle.manifest["files"]
    for path in bundle.folder.rglob("*"):
        name = str(path.relative_to(bundle.folder))
        if path.is_symlink() or (path.is_file() and path.suffix not in _ALLOWED_SUFFIXES):
            raise BundleError(f"{path}: files of this kind are never read; remove it")
        if path.is_file() and name != "manifest.json" and name not in listed:
            raise BundleError(f"{path}: is not in the manifest; remove it")
    for name in names:
        path = bundle.folder / name
        if not path.is_file():
            raise BundleError(f"{path}: is missing; the manifest lists it")
        if _sha256(path) != listed[name]:
            raise BundleError(f"{path}: its sha256 is not the manifest's; fetch the bundle again")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
