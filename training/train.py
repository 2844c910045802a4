"""Labelled statements -> a published bundle. Reads as the story of one training."""

import datetime
import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from stance.bundle import Bundle, bundle_names, default_name, publish, seal, stage, verify
from stance.calibration import HEADS, UNCALIBRATED, Calibration, fit_temperature
from stance.classifier import Classifier
from stance.conformal import PredictionSets
from stance.domain import Kind
from stance.errors import StanceError
from stance.network import OnnxNetwork
from stance.render import Renderer
from training import evaluate
from training.answers import answer
from training.checkpoint import Checkpoints
from training.doubts import review
from training.engine import torch_classifier
from training.examples import Example, Label
from training.export import export_onnx
from training.features import readouts
from training.finetune import finetune
from training.material import OWN_DATA, WORDINGS, LabelFiles, Material, gather
from training.measure import Measured, measure
from training.network import DEFAULT_ENCODER, StanceNetwork
from training.recipe import Recipe, read_recipe, shipped_recipe
from training.seen import Seen, read_seen
from training.sources import SOURCES
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
    parent = _open_parent(order)
    path = order.recipe or shipped_recipe("continue" if parent else "from-encoder")
    recipe = read_recipe(path)
    learned = read_seen(parent.folder) if parent else Seen(frozenset())
    material = gather(order.labels, recipe, order.data_dir, learned, order.own_data)
    for note in material.notes:
        log.info("%s", note)
    run = _Identity(order, parent, recipe, material)
    checkpoints = Checkpoints(order.models / f".training-{run.digest}", world)
    name = _name(order, parent, checkpoints)
    network, tokenizer = _start(order, parent, recipe)
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
    with stage(order.models, name) as staged:
        network.cpu().save_pretrained(staged)
        tokenizer.save(str(staged / "tokenizer.json"))
        # What is exported is what was saved: weights rounded to half precision.
        network = StanceNetwork.from_pretrained(staged)
        export_onnx(network, staged / "model.onnx")
        calibration, sets = calibrate(staged, network.window, material.calibration)
        manifest: dict[str, Any] = {
            "kind": "stance",
            "description": recipe.description,
            "window": network.window,
            "temperatures": {kind.value: t for kind, t in calibration.temperatures.items()},
            "prediction_sets": sets.to_json(),
            "from": {"model": parent.name, "digest": parent.digest} if parent else None,
            "recipe": {"base": _encoder(order, parent), **asdict(recipe)},
            "data": run.fingerprints,
            "licences": _licences(parent, material),
        }
        (material.seen() | learned).write(staged)
        bundle = Bundle(staged, name, manifest)
        measured = measure(bundle, material, served(order.models), order.threads)
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
    progress = checkpoints.load()
    begun = progress.stage if progress else 0
    for number, one in enumerate(recipe.stages):
        if number < begun:
            continue
        finetune(
            network,
            renderer,
            material.sources,
            wordings,
            one,
            number=number,
            dev_score=_dev_score(renderer, material.dev, checkpoints.world)
            if one.patience
            else None,
            checkpoints=checkpoints,
            progress=progress if number == begun else None,
            world=checkpoints.world,
        )


# A dev set with fewer pairs chooses no epoch: its macro-F1 would be chance.
_FEWEST_DEV_PAIRS = 30


def _dev_score(
    renderer: Renderer, dev: Mapping[str, Sequence[Example]], world: World
) -> Callable[[StanceNetwork], float]:
    """The mean over the dev sets of their macro-F1, of those that have pairs enough."""
    telling = [
        rows for rows in dev.values() if sum(len(one.labels) for one in rows) >= _FEWEST_DEV_PAIRS
    ]

    def score(network: StanceNetwork) -> float:
        classifier = torch_classifier(network, renderer, world)
        found = [evaluate.mean_macro_f1(answer(classifier, rows)) for rows in telling]
        return float(np.mean(found)) if found else 0.0

    return score


def calibrate(
    staged: Path, window: int, examples: Sequence[Example]
) -> tuple[Calibration, PredictionSets]:
    """One temperature a head and the thresholds of prediction sets, for what will be served."""
    renderer = Renderer(Tokenizer.from_file(str(staged / "tokenizer.json")), window)
    classifier = Classifier(OnnxNetwork(staged / "model.onnx"), renderer, UNCALIBRATED, "staged")
    labels = [label for example in examples for label in example.labels]
    logits = np.concatenate(
        classifier.logits(
            renderer.statements([example.statement.text for example in examples]),
            [[label.question for label in example.labels] for example in examples],
        )
    )
    by_kind = {
        kind: [n for n, label in enumerate(labels) if label.question.kind is kind] for kind in Kind
    }
    calibration = Calibration(
        {
            kind: fit_temperature(logits[rows, HEADS[kind]], _allowed(kind, labels, rows))
            for kind, rows in by_kind.items()
        }
    )
    single = {
        kind: [n for n in rows if len(labels[n].allowed) == 1] for kind, rows in by_kind.items()
    }
    sets = PredictionSets.fit(
        {kind: calibration.probabilities(kind, logits[rows]) for kind, rows in single.items()},
        {
            kind: np.array([kind.labels.index(labels[n].allowed[0]) for n in rows], np.int64)
            for kind, rows in single.items()
        },
    )
    return calibration, sets


def _allowed(kind: Kind, labels: Sequence[Label], rows: Sequence[int]) -> NDArray[np.bool_]:
    return np.array([[name in labels[n].allowed for name in kind.labels] for n in rows])


def served(models: Path) -> Bundle | None:
    """The bundle that is served today, its every file checked; None where there is none."""
    if not (models / "DEFAULT").is_file():
        return None
    return verify(models, default_name(models))


def _open_parent(order: Order) -> Bundle | None:
    if order.parent is None:
        return None
    parent = verify(order.models, None if order.parent == "default" else order.parent)
    missing = [
        file
        for file in ("model.safetensors", "config.json")
        if file not in parent.manifest["files"]
    ]
    if missing:
        raise StanceError(f"{parent.folder}: has no {missing[0]}, so no training can go on from it")
    return parent


def _start(order: Order, parent: Bundle | None, recipe: Recipe) -> tuple[StanceNetwork, Tokenizer]:
    if parent is None:
        return StanceNetwork.from_encoder(order.base, seed=recipe.stages[0].seed)
    tokenizer = Tokenizer.from_file(str(parent.folder / "tokenizer.json"))
    return StanceNetwork.from_pretrained(parent.folder), tokenizer


class _Identity:
    """What makes two trainings the same: where they start, the recipe and the data."""

    def __init__(
        self, order: Order, parent: Bundle | None, recipe: Recipe, material: Material
    ) -> None:
        self.fingerprints = {n: evaluate.fingerprint(s) for n, s in material.sources.items()}
        whole = [
            parent.digest if parent else order.base,
            asdict(recipe),
            self.fingerprints,
            {name: evaluate.fingerprint(rows) for name, rows in material.dev.items()},
        ]
        self.digest = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:12]


def _name(order: Order, parent: Bundle | None, checkpoints: Checkpoints) -> str:
    """The new bundle's name; that of the run that is resumed, so that midnight changes nothing."""
    kept = checkpoints.folder / "name"
    if order.restart:
        checkpoints.forget()
    if kept.is_file():
        if not order.resume:
            raise StanceError(
                f"a training of the same labels by the same recipe was broken off and is kept in "
                f"{checkpoints.folder}: go on with --resume, or begin anew with --restart"
            )
        name = order.name or kept.read_text(encoding="utf-8").strip()
    elif order.resume:
        raise StanceError(
            f"there is nothing to resume in {order.models}: no training of these labels by this "
            "recipe was broken off there; leave out --resume"
        )
    else:
        name = order.name or _made_name(order, parent)
    if (order.models / name).exists():
        raise StanceError(f"{order.models / name} exists already; give another --name")
    if checkpoints.world.leads:
        try:
            checkpoints.folder.mkdir(parents=True, exist_ok=True)
            kept.write_text(name + "\n", encoding="utf-8")
        except OSError as error:
            raise StanceError(f"{checkpoints.folder} cannot be written: {error}") from error
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
        return str(parent.manifest["recipe"]["base"])
    return Path(order.base).name if Path(order.base).is_dir() else order.base


def _licences(parent: Bundle | None, material: Material) -> dict[str, str]:
    """The licence words of every public set that the model has learned from, its parents' too."""
    before = dict(parent.manifest.get("licences", {})) if parent else {}
    now = {name: SOURCES[name].licence for name in material.sources if name in SOURCES}
    return before | now
