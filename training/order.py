"""What the user asks of a training, and what the bundle that it makes is called."""

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path

from stance.bundle import Bundle, bundle_names, check_name
from stance.errors import StanceError
from training.checkpoint import Checkpoints
from training.encoders import DEFAULT_ENCODER
from training.material import OWN_DATA, LabelFiles


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asks for.

    Attributes:
        models: the folder of bundles.
        labels: her labelled statements.
        parent: the bundle to go on from; None: from an encoder.
        base: the encoder, where there is no parent.
        recipe: a recipe; None: the shipped one for a parent, or for an encoder.
        data_dir: her copies of the public sets.
        name: of the new bundle; None: made of what it starts from, the labels and the date.
        resume: go on with the same training that was broken off.
        restart: throw away what a broken-off training has kept.
        threads: of the engine that measures.
        doubts: where to write the rows whose labels look wrong; nowhere if None.
        own_data: the folder of our own statements.
    """

    models: Path
    labels: LabelFiles = field(default_factory=LabelFiles)
    parent: str | None = None
    base: str = DEFAULT_ENCODER
    recipe: Path | None = None
    data_dir: Path | None = None
    name: str | None = None
    resume: bool = False
    restart: bool = False
    threads: int | None = None
    doubts: Path | None = None
    own_data: Path = OWN_DATA


def run_name(
    order: Order, parent: Bundle | None, checkpoints: Checkpoints, subject: str = ""
) -> str:
    """The new bundle's name; that of the run that is resumed, so that midnight changes nothing.

    Args:
        order: may name it.
        parent: what it goes on from.
        checkpoints: of the run.
        subject: what it learns, for a name that has to be made.

    Raises:
        StanceError: a run was broken off and the order does not say what to do with it, or there
            is none to resume; or the name is taken or not fit.
    """
    if order.restart:
        checkpoints.forget()
    kept = checkpoints.kept_name()
    if kept and not order.resume:
        raise StanceError(
            f"a training of the same data by the same recipe was broken off and is kept in "
            f"{checkpoints.folder}: go on with --resume, or begin anew with --restart"
        )
    if order.resume and not kept:
        raise StanceError(
            f"there is nothing to resume in {order.models}: no training of these data by this "
            "recipe was broken off there; leave out --resume"
        )
    name = order.name or kept or _made_name(order, parent, subject)
    check_name(name)
    if (order.models / name).exists():
        raise StanceError(f"{order.models / name} exists already; give another --name")
    return name


def _made_name(order: Order, parent: Bundle | None, subject: str) -> str:
    start = re.sub(r"^\d{4}-\d\d-\d\d-", "", parent.name) if parent else Path(order.base).name
    today = datetime.datetime.now().astimezone().date().isoformat()
    words = re.sub(r"[^a-z0-9.]+", "-", f"{today}-{start}-{subject}".lower()).strip("-.")[:80]
    taken = set(bundle_names(order.models)) if order.models.is_dir() else set()
    names = [words, *(f"{words}-{n}" for n in range(2, 1000))]
    return next(name for name in names if name not in taken)


def encoder_name(order: Order, parent: Bundle | None) -> str:
    """The encoder below; a folder by its name alone, since its place is nobody's business."""
    if parent:
        return str(parent.manifest.get("recipe", {}).get("base", parent.name))
    return Path(order.base).name if Path(order.base).is_dir() else order.base
