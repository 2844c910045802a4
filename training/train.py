"""Labelled statements -> a published bundle. Reads as the story of one training."""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from stance.bundle import Bundle, default_name, publish, seal, stage, verify
from stance.errors import BundleError, FileError
from stance.render import Renderer
from stance.torch_network.heads import StanceNetwork
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
from training.loop import run_stages
from training.material import WORDINGS, Material, gather, read_own
from training.measure import Measured, measure
from training.order import Order, encoder_name, run_name
from training.recipe import LABELS, OWN, Recipe, Stage, read_stance_recipe, shipped_recipe
from training.seen import FILE as SEEN_FILE
from training.seen import Seen, read_seen
from training.sources import SOURCES, read_source
from training.start import open_parent, start_network
from training.wordings import Wordings, read_wordings
from training.world import World

log = logging.getLogger("stance.training")


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
    recipe = read_stance_recipe(
        order.recipe or shipped_recipe("continue" if parent else "from-encoder")
    )
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
        of = order.labels.paths[0].stem if order.labels.paths else ""
        checkpoints.name = run_name(order, parent, checkpoints, of)
    world.wait()
    network, tokenizer = start_network(StanceNetwork, parent, order.base, recipe.stages[0].seed)
    if order.doubts and world.leads:
        renderer = Renderer(tokenizer, network.window)
        features = readouts(network, renderer, material.labelled)
        for line in review(features, material.labelled, order.doubts):
            log.info("%s", line)
    train_stages(
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
            "recipe": {"base": encoder_name(order, parent), **asdict(recipe)},
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


def train_stages(
    network: StanceNetwork,
    tokenizer: Tokenizer,
    recipe: Recipe,
    material: Material,
    wordings: Wordings,
    checkpoints: Checkpoints,
) -> None:
    """Train stage after stage, in place, from where the run's state stands."""
    renderer = Renderer(tokenizer, network.window)

    def train_one(number: int, one: Stage, progress: Progress | None) -> None:
        finetune(
            network,
            renderer,
            material.sources,
            wordings,
            one,
            number=number,
            dev_score=_dev_score(renderer, material, checkpoints.world) if one.patience else None,
            checkpoints=checkpoints,
            progress=progress,
            world=checkpoints.world,
        )

    run_stages(network, recipe.stages, checkpoints, train_one)


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


def _licences(parent: Bundle | None, material: Material) -> dict[str, str]:
    """The licence words of every public set that the model has learned from, its parents' too."""
    before = dict(parent.manifest.get("licences", {})) if parent else {}
    now = {name: SOURCES[name].licence for name in material.sources if name in SOURCES}
    return before | now
