"""Labelled statements -> a published bundle. Reads as the story of one training."""

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from stance.bundle import Bundle, publish, seal, stage
from stance.calibration import HEADS, UNCALIBRATED, Calibration, fit_temperature
from stance.classifier import Classifier
from stance.domain import Kind
from stance.errors import FileError
from stance.issues import read_catalogue
from stance.network import OnnxNetwork
from stance.render import Renderer
from training import evaluate
from training.card import model_card
from training.examples import Example, read_examples, read_wordings
from training.export import export_onnx
from training.finetune import finetune
from training.network import StanceNetwork
from training.recipe import OWN, Recipe, read_recipe
from training.sources import SOURCES, read_source

log = logging.getLogger("stance.training")

OWN_DATA = Path(str(resources.files("training") / "data"))
OWN_TESTS = ("test", "test_unseen")


def train(recipe_path: Path, data_dir: Path | None, base: str, out: Path) -> str:
    """Train by a recipe and publish the bundle `out`; returns a summary for people.

    Each stage's network is kept beside `out` until the bundle is published, so that a run that
    was broken off goes on after its last whole stage.

    Args:
        recipe_path: the recipe, in TOML.
        data_dir: the user's copies of the public sets; needed if the recipe names one.
        base: an encoder, see `StanceNetwork.from_encoder`.
        out: the folder of the new bundle; its parent is the folder of bundles.

    Raises:
        StanceError: something cannot be read, or `out` exists already.
    """
    recipe = read_recipe(recipe_path)
    with stage(out.parent, out.name) as staged:
        sources = read_sources(recipe, data_dir)
        kept = out.parent / f".{out.name}.stages"
        network, tokenizer = run_stages(recipe, sources, base, kept)
        network.save_pretrained(staged)
        tokenizer.save(str(staged / "tokenizer.json"))
        # What is exported is what was saved: weights rounded to half precision.
        network = StanceNetwork.from_pretrained(staged)
        export_onnx(network, staged / "model.onnx")
        calibration = fit_calibration(staged, network.window)
        manifest: dict[str, Any] = {
            "kind": "stance",
            "description": recipe.description,
            "window": network.window,
            "temperatures": {kind.value: t for kind, t in calibration.temperatures.items()},
            "recipe": {"base": base, **asdict(recipe)},
            "data": {name: evaluate.fingerprint(rows) for name, rows in sources.items()},
            "licences": {name: SOURCES[name].licence for name in sources if name in SOURCES},
        }
        classifier = Classifier.load(Bundle(staged, out.name, manifest))
        reports = measure(classifier, recipe, data_dir)
        (staged / "report.json").write_text(json.dumps(reports, indent=1) + "\n")
        (staged / "README.md").write_text(model_card(out.name, manifest, reports))
        seal(staged, manifest)
        publish(staged, out.parent, out.name)
        shutil.rmtree(kept)
    return "\n\n".join(evaluate.summary(report) for report in reports.values())


def read_sources(recipe: Recipe, data_dir: Path | None) -> dict[str, list[Example]]:
    """The examples of every source that the recipe's stages name.

    Raises:
        FileError: a public set is named and no folder is given, or a file is faulty.
    """
    names = list(dict.fromkeys(name for one in recipe.stages for name in one.mix))
    public = [name for name in names if name in SOURCES]
    if public and data_dir is None:
        raise FileError("--data", [f"give the folder of your copies of {', '.join(public)}"])
    sources = {name: read_source(data_dir, name) for name in public if data_dir}
    own = {name: OWN_DATA / OWN[name] for name in names if name in OWN}
    catalogue = read_catalogue()
    return sources | {name: read_examples(path, catalogue) for name, path in own.items()}


def run_stages(
    recipe: Recipe, sources: Mapping[str, Sequence[Example]], base: str, kept: Path
) -> tuple[StanceNetwork, Tokenizer]:
    """Train stage after stage, from the last one that is kept in the folder `kept`."""
    network, tokenizer = StanceNetwork.from_encoder(base, seed=recipe.stages[0].seed)
    wordings = read_wordings(OWN_DATA / "wordings.jsonl")
    for n, one in enumerate(recipe.stages, 1):
        so_far = json.dumps([base, [asdict(done) for done in recipe.stages[:n]]], sort_keys=True)
        folder = kept / hashlib.sha256(so_far.encode()).hexdigest()[:16]
        if (folder / "model.safetensors").is_file():
            log.info("stage %d of %d was done before: %s", n, len(recipe.stages), folder)
            network = StanceNetwork.from_pretrained(folder)
            continue
        finetune(network, Renderer(tokenizer, network.window), sources, wordings, one)
        network.save_pretrained(folder)
        log.info("stage %d of %d is done: %s", n, len(recipe.stages), folder)
    return network, tokenizer


def fit_calibration(staged: Path, window: int) -> Calibration:
    """One temperature a head, on a split of its own, for the artefact that is served."""
    renderer = Renderer(Tokenizer.from_file(str(staged / "tokenizer.json")), window)
    classifier = Classifier(OnnxNetwork(staged / "model.onnx"), renderer, UNCALIBRATED, "staged")
    examples = read_examples(OWN_DATA / "calibration.jsonl", read_catalogue())
    labels = [label for example in examples for label in example.labels]
    logits = np.concatenate(
        classifier.logits(
            renderer.statements([example.statement.text for example in examples]),
            [[label.question for label in example.labels] for example in examples],
        )
    )
    temperatures = {}
    for kind in Kind:
        rows = [n for n, label in enumerate(labels) if label.question.kind is kind]
        allowed = np.array([[name in labels[n].allowed for name in kind.labels] for n in rows])
        temperatures[kind] = fit_temperature(logits[rows, HEADS[kind]], allowed)
    return Calibration(temperatures)


def measure(
    classifier: Classifier, recipe: Recipe, data_dir: Path | None
) -> dict[str, dict[str, Any]]:
    """Reports on our own test splits and on the public ones that the recipe names."""
    catalogue = read_catalogue()
    tests = {name: read_examples(OWN_DATA / f"{name}.jsonl", catalogue) for name in OWN_TESTS}
    for name, split in recipe.report.items():
        if data_dir:
            tests[f"{name} {split}"] = read_source(data_dir, name, split)
    return {
        name: evaluate.report(evaluate.answer(classifier, examples), classifier.name)
        for name, examples in tests.items()
    }
