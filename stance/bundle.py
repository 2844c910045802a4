"""The model folder: written, verified, named. Knows nothing of what is inside the network.

    models/<name>/  manifest.json  model.onnx  tokenizer.json  calibration in the manifest
                    speakers.json where it finds statements in articles
                    model.safetensors  config.json  README.md  report.json and .html
                    test.jsonl  seen.json
    models/DEFAULT  one line, the name of the bundle that is served
    models/EXTRACTOR  the same, of the bundle that finds statements in articles
    models/HISTORY, models/EXTRACTOR_HISTORY  the names of those served before, the oldest first

A bundle is written to a hidden sibling and renamed; its manifest, written last, holds the sha256
of every file. A folder without a manifest is no model. No pickle is ever read.
"""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Self

from stance.calibration import Calibration
from stance.conformal import PredictionSets
from stance.errors import BundleError, StanceError
from stance.manifest import (
    ModelKind,
    complete,
    kind_of_model,
    manifest_digest,
    manifest_text,
    prediction_sets,
    read_manifest,
)

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")
_ALLOWED_SUFFIXES = {".json", ".jsonl", ".onnx", ".safetensors", ".md", ".toml", ".html"}
# The file that names the bundle of each kind that is served.
SERVED_NAME = {ModelKind.STANCE: "DEFAULT", ModelKind.EXTRACTION: "EXTRACTOR"}
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


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
    def kind(self) -> ModelKind:
        """What the model does."""
        return kind_of_model(self.manifest)

    def expect(self, kind: ModelKind) -> Self:
        """The bundle itself.

        Raises:
            BundleError: it is of another kind.
        """
        if self.kind is not kind:
            raise BundleError(
                f"{self.folder} is a model of {self.kind}, and one of {kind} is needed here; "
                "name another"
            )
        return self

    @property
    def window(self) -> int:
        """The most tokens that a block may have."""
        return int(self.manifest["window"])

    @property
    def calibration(self) -> Calibration:
        """The temperatures that belong to the served network."""
        return Calibration.from_json(self.manifest["temperatures"])

    @property
    def prediction_sets(self) -> PredictionSets | None:
        """The prediction sets of the served network; None if it was not calibrated for them."""
        return prediction_sets(self.manifest)

    @property
    def digest(self) -> str:
        """A sha256 over the manifest without its promotions: the identity of the model."""
        return manifest_digest(self.manifest)


def models_dir() -> Path:
    """The folder of the shipped bundles: inside the installed wheel, or beside the checkout."""
    packaged = Path(str(resources.files("stance"))) / "_models"
    return packaged if packaged.is_dir() else packaged.parents[1] / "models"


def bundle_names(models: Path) -> list[str]:
    """The names of all bundles in a folder, sorted."""
    return sorted(path.parent.name for path in models.glob("[a-z0-9]*/manifest.json"))


def open_each(models: Path) -> Iterator[tuple[str, Bundle | BundleError]]:
    """Every bundle in a folder by name, sorted; for a broken one, what is wrong with it."""
    for name in bundle_names(models):
        try:
            yield name, open_bundle(models, name)
        except BundleError as error:
            yield name, error


def default_name(models: Path, kind: ModelKind = ModelKind.STANCE) -> str:
    """The name of the bundle that is served, in `DEFAULT`; in `EXTRACTOR` of that kind.

    Raises:
        BundleError: there is no such file, or it names nothing.
    """
    path = models / SERVED_NAME[kind]
    try:
        name = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read: {error}; name a model") from error
    if not name:
        raise BundleError(f"{path} is empty; name a model")
    return name


def is_served(models: Path, kind: ModelKind) -> bool:
    """Whether a bundle of a kind is named as the one that is served, rightly or not."""
    return (models / SERVED_NAME[kind]).is_file()


def open_bundle(
    models: Path, name: str | None = None, kind: ModelKind = ModelKind.STANCE
) -> Bundle:
    """Find a bundle and check that its served files are what its manifest says.

    Args:
        models: the folder of bundles.
        name: a bundle's name, of any kind; the one that is served where None.
        kind: of the one that is served.

    Raises:
        BundleError: there is none of that name, or it must not be trusted; the message says why.
    """
    name = default_name(models, kind) if name is None else name
    if not _NAME.fullmatch(name) or not (models / name / "manifest.json").is_file():
        known = ", ".join(bundle_names(models)) or "none"
        raise BundleError(f"no model {name[:100]!r} in {models}; there are: {known}")
    bundle = Bundle(models / name, name, read_manifest(models / name / "manifest.json"))
    verify_files(bundle, bundle.kind.served_files)
    return bundle


def verify(models: Path, name: str | None = None, kind: ModelKind = ModelKind.STANCE) -> Bundle:
    """Check every file of a bundle, not only those that are served; arguments as above.

    Raises:
        BundleError: a file is missing, changed, unknown or of a kind that is never read.
    """
    bundle = open_bundle(models, name, kind)
    verify_files(bundle, tuple(bundle.manifest["files"]))
    return bundle


@contextmanager
def stage(models: Path, name: str) -> Iterator[Path]:
    """A hidden folder to write a bundle into; it is removed if it is not published.

    Raises:
        BundleError: the name is not fit for a bundle, or is taken; or the disk is full.
    """
    check_name(name)
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
    except Exception as error:
        if isinstance(error, StanceError) or not _is_disk_full(error):
            raise
        raise BundleError(
            f"{models / name} could not be written: {error}; free some space, and run it again"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seal(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a staged folder: what is given, and the sha256 of every file.

    Raises:
        BundleError: it cannot be written.
    """
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "manifest.json":
            path.chmod(0o644)  # some writers leave files that only their owner can read
            files[str(path.relative_to(folder))] = _sha256(path)
    try:
        write_durably(folder / "manifest.json", manifest_text(complete(manifest, files)))
    except OSError as error:
        raise BundleError(f"{folder / 'manifest.json'} could not be written: {error}") from error


def publish(staged: Path, models: Path, name: str) -> Path:
    """Move a sealed folder to its place in one rename.

    Raises:
        BundleError: the name is not fit, the folder is not whole, or the name was taken meanwhile.
    """
    check_name(name)
    bundle = Bundle(staged, name, read_manifest(staged / "manifest.json"))
    verify_files(bundle, tuple(bundle.manifest["files"]))
    try:
        staged.rename(models / name)
    except OSError as error:
        raise BundleError(f"{models / name} could not be written: {error}") from error
    return models / name


def check_name(name: str) -> None:
    """Check that a name is fit for a bundle.

    Raises:
        BundleError: it is not.
    """
    if not _NAME.fullmatch(name):
        raise BundleError(f"{name!r}: a model's name has a-z, 0-9, dots and hyphens only")


def _is_disk_full(error: Exception) -> bool:
    # Libraries that are not written in Python say it in words only.
    words = os.strerror(errno.ENOSPC)
    return getattr(error, "errno", None) in _DISK_FULL or words in str(error)


def verify_files(bundle: Bundle, names: tuple[str, ...]) -> None:
    """Check files that the manifest lists, and that there are no others of a kind never read.

    Raises:
        BundleError: one is missing, changed, unknown or of a kind that is never read.
    """
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


def write_durably(path: Path, text: str) -> None:
    """Write a file that is on the disk when this returns."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
