"""Labelled statements -> a published bundle. Reads as the story of one training."""

import datetime
import hashlib
import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from stance.bundle import (
    Bundle,
    bundle_names,
    check_name,
    default_name,
    publish,
    seal,
    stage,
    verify,
)
from stance.errors import BundleError, FileError, StanceError
from stance.render import Renderer
from training import evaluate
from training.answers import answer
from training.calibrate import calibrate
from training.checkpoint import Checkpoints, Progress
from training.doubts import review
from training.engine import torch_classifier
from training.examples import Example
from training.export import export_onnx
from training.features import readouts
from training.finetune import finetune
from training.material import OWN_DATA, WORDINGS, LabelFiles, Material, gather, read_own
from training.measure import Measured, measure
from training.network import DEFAULT_ENCODER, StanceNetwork
from training.recipe import LABELS, OWN, Recipe, read_recipe, shipped_recipe
from training.seen import FILE as SEEN_FILE
from training.seen import Seen, read_seen
from training.sources import SOURCES, read_source
from training.start import open_parent, start_network
from training.wordings import Wordings, read_wordings
from training.world import World

log = logging.getLogger("stance.training")


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


@dataclass(frozen=True, slots=True)
class Trained:
    """A training that is done.

    Attributes:
        name: the new bundle.
        notes: what the user should know of her labels.
        measured: how good it is.
    """

    name: str
    notes: Sequence[str]
    measured: Measured

    def summary(self) -> str:
        """The notes and the figures, for people."""
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join([*notes, self.measured.summary(), f"published as {self.name}"])


def train(order: Order, world: World | None = None) -> Trained | None:
    """Train by an order and publish the bundle; None in a process that does not lead.

    The state of the run is kept in the folder of bundles until the bundle is published.

    Raises:
        StanceError: something cannot be read or written, or the name is taken.
        KeyboardInterrupt: the user stopped the run; `resume` goes on with it.
    """
    world = world or World()
    parent = open_parent(order.models, order.parent)
    recipe = read_recipe(order.recipe or shipped_recipe("continue" if parent else "from-encoder"))
    learned = _learned(parent, order) if parent else Seen(frozenset())
    material = gather(
        order.labels,
        recipe,
        order.data_dir,
        learned,
        order.own_data,
        with_own=parent is not None or any(name in OWN for name in recipe.sources),
    )
    served = _served(order.models) if world.leads else None
    for note in material.notes:
        log.info("%s", note)
    run = _Identity(order, parent, recipe, material)
    checkpoints = Checkpoints(order.models / f".training-{run.digest}", world)
    if world.leads:
        checkpoints.name = _name(order, parent, checkpoints)
    world.wait()
    network, tokenizer = start_network(parent, order.base, recipe.stages[0].seed)
    if order.doubts and world.leads:
        renderer = Renderer(tokenizer, network.window)
        features = readouts(network, renderer, material.labelled)
        for line in review(features, material.labelled, order.doubts):
            log.info("%s", line)
    run_stages(
        network, tokenizer, recipe, material, read_wordings(order.own_data / WORDINGS), checkpoints
    )
    if not world.leads:
        return None
    name = checkpoints.name
    with stage(order.models, name) as staged:
        network.cpu().save_pretrained(staged)
        tokenizer.save(str(staged / "tokenizer.json"))
        # What is exported is what was saved: weights rounded to half precision.
        network = StanceNetwork.from_pretrained(staged)
        export_onnx(network, staged / "model.onnx")
        calibration, sets = calibrate(staged, network.window, material.calibration, order.threads)
        manifest: dict[str, Any] = {
            "kind": "stance",
            "description": recipe.description,
            "window": network.window,
            "temperatures": calibration.to_json(),
            "prediction_sets": sets.to_json(),
            "from": {"model": parent.name, "digest": parent.digest} if parent else None,
            "recipe": {"base": _encoder(order, parent), **asdict(recipe)},
            "data": run.fingerprints,
            "licences": _licences(parent, material),
        }
        (material.seen() | learned).write(staged)
        bundle = Bundle(staged, name, manifest)
        measured = measure(bundle, material, served, order.threads)
        measured.write(staged, name, manifest)
        seal(staged, manifest)
        publish(staged, order.models, name)
    checkpoints.forget()
    return Trained(name, material.notes, measured)


def run_stages(
    network: StanceNetwork,
    tokenizer: Tokenizer,
    recipe: Recipe,
    material: Material,
    wordings: Wordings,
    checkpoints: Checkpoints,
) -> None:
    """Train stage after stage, in place, from where the run's state stands."""
    renderer = Renderer(tokenizer, network.window)
    progress = checkpoints.load() or Progress()
    if progress.tensors:
        network.load_state_dict(progress.part("network"))
    for number, one in enumerate(recipe.stages):
        if number < progress.stage:
            continue
        finetune(
            network,
            renderer,
            material.sources,
            wordings,
            one,
            number=number,
            dev_score=_dev_score(renderer, material, checkpoints.world) if one.patience else None,
            checkpoints=checkpoints,
            progress=progress if number == progress.stage else None,
            world=checkpoints.world,
        )
        # What follows may be broken off too, and would cost the whole stage.
        weights = {f"network.{name}": w.cpu() for name, w in network.state_dict().items()}
        world = checkpoints.world
        done = Progress(number + 1, processes=world.size, device=world.device.type, tensors=weights)
        checkpoints.save(done)


# A dev set with fewer pairs chooses no epoch: its macro-F1 would be chance.
_FEWEST_DEV_PAIRS = 30


def _dev_score(
    renderer: Renderer, material: Material, world: World
) -> Callable[[StanceNetwork], float] | None:
    """The mean over the dev sets of their macro-F1, of those that have pairs enough.

    None where nobody can tell which epoch is best: no set has enough, or the user's own has not, so
    that the best epoch would be the one that learned least of her labels.
    """
    telling = {
        name: rows
        for name, rows in material.dev.items()
        if sum(len(one.labels) for one in rows) >= _FEWEST_DEV_PAIRS
    }
    if not telling or (LABELS in material.sources and LABELS not in telling):
        log.info("too few dev labels to choose the best epoch by: every epoch is trained")
        return None

    def score(network: StanceNetwork) -> float:
        classifier = torch_classifier(network, renderer, world)
        return float(
            np.mean([evaluate.mean_macro_f1(answer(classifier, rows)) for rows in telling.values()])
        )

    return score


def _served(models: Path) -> Bundle | None:
    """The bundle that is served today, its every file checked; None where there is no whole one."""
    if not (models / "DEFAULT").is_file():
        return None
    try:
        return verify(models, default_name(models))
    except BundleError as error:
        log.warning("the served bundle is not compared with: %s", error)
        return None


def _learned(parent: Bundle, order: Order) -> Seen:
    """What the parent has learned from; from the names of its sources if it keeps no list."""
    if SEEN_FILE in parent.manifest["files"]:
        return read_seen(parent.folder)
    seen = Seen(frozenset())
    for name in parent.manifest.get("data", {}):
        if name in SOURCES and order.data_dir:
            try:
                rows: Sequence[Example] = read_source(order.data_dir, name)
            except FileError as error:
                log.warning("what %s learned of %s is not known: %s", parent.name, name, error)
                continue
        elif name in OWN:
            rows = read_own(order.own_data / OWN[name])
        else:
            continue
        seen |= Seen.of(one.statement.text for one in rows)
    return seen


class _Identity:
    """What makes two trainings the same: where they start, the recipe and the data."""

    def __init__(
        self, order: Order, parent: Bundle | None, recipe: Recipe, material: Material
    ) -> None:
        self.fingerprints = {n: evaluate.fingerprint(s) for n, s in material.sources.items()}
        rows = [
            [[one.statement.text, one.group, one.source, repr(one.labels)] for one in (*examples,)]
            for examples in (*material.sources.values(), *material.dev.values())
        ]
        whole = [parent.digest if parent else order.base, asdict(recipe), rows]
        told = json.dumps(whole, sort_keys=True) + (order.own_data / WORDINGS).read_text("utf-8")
        self.digest = hashlib.sha256(told.encode()).hexdigest()[:12]


def _name(order: Order, parent: Bundle | None, checkpoints: Checkpoints) -> str:
    """The new bundle's name; that of the run that is resumed, so that midnight changes nothing."""
    if order.restart:
        checkpoints.forget()
    kept = checkpoints.kept_name()
    if kept and not order.resume:
        raise StanceError(
            f"a training of the same labels by the same recipe was broken off and is kept in "
            f"{checkpoints.folder}: go on with --resume, or begin anew with --restart"
        )
    if order.resume and not kept:
        raise StanceError(
            f"there is nothing to resume in {order.models}: no training of these labels by this "
            "recipe was broken off there; leave out --resume"
        )
    name = order.name or kept or _made_name(order, parent)
    check_name(name)
    if (order.models / name).exists():
        raise StanceError(f"{order.models / name} exists already; give another --name")
    return name


def _made_name(order: Order, parent: Bundle | None) -> str:
    start = re.sub(r"^\d{4}-\d\d-\d\d-", "", parent.name) if parent else Path(order.base).name
    stem = order.labels.paths[0].stem if order.labels.paths else ""
    today = datetime.datetime.now().astimezone().date().isoformat()
    words = re.sub(r"[^a-z0-9.]+", "-", f"{today}-{start}-{stem}".lower()).strip("-.")[:80]
    taken = set(bundle_names(order.models)) if order.models.is_dir() else set()
    names = [words, *(f"{words}-{n}" for n in range(2, 1000))]
    return next(name for name in names if name not in taken)


def _encoder(order: Order, parent: Bundle | None) -> str:
    """The encoder below; a folder by its name alone, since its place is nobody's business."""
    if parent:
        return str(parent.manifest.get("recipe", {}).get("base", parent.name))
    return Path(order.base).name if Path(order.base).is_dir() else order.base


def _licences(parent: Bundle | None, material: Material) -> dict[str, str]:
    """The licence words of every public set that the model has learned from, its parents' too."""
    before = dict(parent.manifest.get("licences", {})) if parent else {}
    now = {name: SOURCES[name].licence for name in material.sources if name in SOURCES}
    return before | now
