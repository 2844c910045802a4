"""Marked articles -> a published extractor. Reads as the story of one training."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from stance.article_tokens import ArticleReader
from stance.assembly import attributions_of
from stance.bundle import Bundle, publish, seal, stage
from stance.errors import StanceError
from stance.manifest import SPEAKERS_FILE, ModelKind
from stance.quotes import Extractor
from stance.torch_network.heads import TaggerNetwork
from training.article_material import ArticleMaterial, gather_articles
from training.checkpoint import Checkpoints, Progress
from training.engine import torch_tagger
from training.export import export_tagger
from training.extraction_card import ANNOTATORS, extraction_card
from training.extraction_metrics import (
    Figures,
    annotator_figures,
    extraction_figures,
    extraction_summary,
)
from training.loop import run_stages
from training.order import Order, encoder_name, run_name
from training.recipe import ExtractionRecipe, Schedule
from training.speaker_model import fit_speakers
from training.start import open_parent, start_network
from training.tagging import finetune_tagger
from training.world import World

# Articles that are measured after each epoch need no interval.
_NO_DRAWS = 1


@dataclass(frozen=True, slots=True)
class TrainedExtractor:
    """A training that is done.

    Attributes:
        name: the new bundle.
        reports: its figures on each test set, and those of the annotators.
    """

    name: str
    reports: Mapping[str, Figures]

    def summary(self) -> str:
        """The figures, for people."""
        told = (f"== {name}\n{extraction_summary(one)}\n" for name, one in self.reports.items())
        return "\n".join([*told, f"published as {self.name}"])


def train_extractor(
    order: Order, recipe: ExtractionRecipe, world: World | None = None
) -> TrainedExtractor | None:
    """Train by an order and publish the bundle; None in a process that does not lead.

    The state of the run is kept in the folder of bundles until the bundle is published.

    Raises:
        StanceError: something cannot be read or written, or the name is taken.
        KeyboardInterrupt: the user stopped the run; `resume` goes on with it.
    """
    world = world or World()
    if order.labels.paths:
        raise StanceError(
            f"{order.labels.paths[0]}: an extractor learns from marked articles, not from labelled "
            "statements; leave it out"
        )
    parent = open_parent(order.models, order.parent, ModelKind.EXTRACTION)
    material = gather_articles(recipe.sources, order.data_dir, order.own_data)
    start = parent.digest if parent else order.base
    told = json.dumps([start, asdict(recipe), material.fingerprints()], sort_keys=True)
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    checkpoints = Checkpoints(order.models / f".training-{digest}", world)
    if world.leads:
        checkpoints.name = run_name(order, parent, checkpoints, ModelKind.EXTRACTION)
    world.wait()
    network, tokenizer = start_network(TaggerNetwork, parent, order.base, recipe.stages[0].seed)
    train_stages(network, tokenizer, recipe, material, checkpoints)
    if not world.leads:
        return None
    speakers = fit_speakers(material.speakers)
    name = checkpoints.name
    with stage(order.models, name) as staged:
        network.cpu().save_pretrained(staged)
        tokenizer.save(str(staged / "tokenizer.json"))
        # What is exported is what was saved: weights rounded to half precision.
        export_tagger(TaggerNetwork.from_pretrained(staged), staged / "model.onnx")
        (staged / SPEAKERS_FILE).write_text(json.dumps(speakers.to_json(), indent=1) + "\n")
        manifest: dict[str, Any] = {
            "kind": ModelKind.EXTRACTION.value,
            "description": recipe.description,
            "window": network.window,
            "from": {"model": parent.name, "digest": parent.digest} if parent else None,
            "recipe": {"base": encoder_name(order, parent), **asdict(recipe)},
            "data": material.fingerprints(),
        }
        reports = measure_extractor(Bundle(staged, name, manifest), material, order.threads)
        (staged / "report.json").write_text(json.dumps(reports) + "\n", encoding="utf-8")
        card = extraction_card(name, manifest, reports)
        (staged / "README.md").write_text(card, encoding="utf-8")
        seal(staged, manifest)
        publish(staged, order.models, name)
    checkpoints.forget()
    return TrainedExtractor(name, reports)


def train_stages(
    network: TaggerNetwork,
    tokenizer: Tokenizer,
    recipe: ExtractionRecipe,
    material: ArticleMaterial,
    checkpoints: Checkpoints,
) -> None:
    """Train stage after stage, in place, from where the run's state stands."""
    reader = ArticleReader(tokenizer, network.window)

    def train_one(number: int, one: Schedule, progress: Progress | None) -> None:
        finetune_tagger(
            network,
            reader,
            material.sources,
            one,
            number=number,
            dev_score=_dev_score(reader, material, checkpoints.world) if one.patience else None,
            checkpoints=checkpoints,
            progress=progress,
            world=checkpoints.world,
        )

    run_stages(network, recipe.stages, checkpoints, train_one)


def _dev_score(
    reader: ArticleReader, material: ArticleMaterial, world: World
) -> Callable[[TaggerNetwork], float]:
    """The mean over the dev sets of the F1 of contents at both overlaps."""

    def score(network: TaggerNetwork) -> float:
        tagger = torch_tagger(network, reader, world)
        scores = []
        for articles in material.dev.values():
            tagged = tagger.tag_each(one.article for one in articles)
            found = [
                attributions_of(one.article.text, tags)
                for one, tags in zip(articles, tagged, strict=True)
            ]
            content = extraction_figures(articles, found, _NO_DRAWS)["content"]
            scores += [rates["f1"] for rule, rates in content.items() if rule.startswith("overlap")]
        return float(np.mean(scores))

    return score


def measure_extractor(
    bundle: Bundle, material: ArticleMaterial, threads: int | None = None
) -> dict[str, Figures]:
    """The figures of a bundle, read back from disk, on every test set; those of people beside."""
    extractor = Extractor.load(bundle, threads)
    reports = {
        name: extraction_figures(
            articles, list(extractor.extract_each(one.article for one in articles))
        )
        for name, articles in material.tests.items()
    }
    ceiling = annotator_figures(material.several)
    return reports | ({ANNOTATORS: ceiling} if ceiling else {})
