"""Public benchmarks by their official split and metric: trained, scored, several seeds.

The metrics are those of the sets' authors: VAST, macro-F1 over three classes, zero-shot, few-shot
and all (github.com/emilyallaway/zero-shot-stance); SemEval-2016 task 6A, the mean F1 of favor and
against over all targets pooled, never without the macro-F1 of the three classes, since answering
each target's majority reaches 65 by the first (github.com/cardiffnlp/tweeteval); NewsMTSC, macro-F1
(Hamborg and Donnay, EACL 2021). Test rows are scored once a seed and choose nothing.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from stance.domain import Kind
from stance.errors import StanceError
from stance.render import Renderer
from stance.torch_network.heads import StanceNetwork
from training import evaluate
from training.answers import Answered, answer
from training.baselines import fit_baselines
from training.encoders import DEFAULT_ENCODER
from training.engine import torch_classifier
from training.examples import Example
from training.finetune import finetune
from training.recipe import Stage, read_stance_recipe, shipped_recipe
from training.sources import read_hub, read_pairs, read_source
from training.start import open_parent, start_network
from training.wordings import Wordings
from training.world import World

log = logging.getLogger("stance.training")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Test:
    """One official test.

    Attributes:
        name: as published.
        split: the split that holds its rows.
        keeps: whether a row of the split belongs to it.
    """

    name: str
    split: str
    keeps: Callable[[Row], bool] = lambda row: True


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A public set with its official split.

    Attributes:
        source: its name in `training/sources.py`.
        kind: what its labels say.
        train: the splits that are trained on.
        dev: the splits that choose the epoch; none: every epoch is trained.
        tests: what is scored.
    """

    source: str
    kind: Kind
    train: tuple[str, ...]
    dev: tuple[str, ...]
    tests: tuple[Test, ...]


BENCHMARKS = {
    "vast": Benchmark(
        "vast", Kind.STANCE, ("train",), ("dev",),
        (
            Test("zero-shot", "test", lambda row: bool(row["zero_shot"])),
            Test("few-shot", "test", lambda row: not row["zero_shot"]),
            Test("all", "test"),
        ),
    ),
    "semeval2016": Benchmark(
        "semeval2016t6", Kind.STANCE, ("train",), (), (Test("task A", "test_a"),)
    ),
    "newsmtsc": Benchmark(
        "newsmtsc", Kind.SENTIMENT, ("train",), ("rw_dev", "mt_dev"),
        (Test("rw", "rw_test"), Test("mt", "mt_test")),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """One test by one system.

    Attributes:
        values: macro-F1 over three classes, and for stance the mean F1 of favor and against, each
            with one value a seed, in [0, 1].
        n: rows.
    """

    values: Mapping[str, tuple[float, ...]]
    n: int


@dataclass(frozen=True, slots=True)
class Result:
    """A benchmark that has run.

    Attributes:
        name: of the benchmark.
        start: what the training began from.
        seeds: the seeds.
        scores: by test and system; `this model` first.
    """

    name: str
    start: str
    seeds: tuple[int, ...]
    scores: Mapping[str, Mapping[str, Score]]

    def to_json(self) -> dict[str, Any]:
        """The result as plain values."""
        return {
            "benchmark": self.name,
            "from": self.start,
            "seeds": list(self.seeds),
            "scores": {
                test: {
                    system: {"n": score.n, **{k: list(v) for k, v in score.values.items()}}
                    for system, score in systems.items()
                }
                for test, systems in self.scores.items()
            },
        }

    def summary(self) -> str:
        """The result in lines for people: means, and the spread over seeds."""
        lines = [f"{self.name}, from {self.start}, seeds {', '.join(map(str, self.seeds))}"]
        for test, systems in self.scores.items():
            for system, score in systems.items():
                values = ", ".join(
                    f"{metric} {100 * np.mean(v):.1f}"
                    + (f" ({100 * min(v):.1f} to {100 * max(v):.1f})" if len(v) > 1 else "")
                    for metric, v in score.values.items()
                )
                lines.append(f"  {test}, n {score.n}, {system}: {values}")
        return "\n".join(lines)


THIS = "this model"


def benchmark(
    name: str,
    data_dir: Path | None,
    models: Path,
    parent: str | None,
    base: str | None,
    recipe: Path | None,
    n_seeds: int,
    world: World,
) -> Result:
    """Train on the official train split and score the official tests, once a seed.

    Args:
        name: a key of `BENCHMARKS`.
        data_dir: the user's copies; None reads the hub.
        models: the folder of bundles.
        parent: the bundle to go on from; None: an encoder.
        base: the encoder; None: the packaged one.
        recipe: a recipe whose first stage says how to train; its mix is not read.
        n_seeds: how often to train; 0 scores the parent as it is.
        world: where to compute.

    Raises:
        StanceError: the set or the bundle cannot be read.
    """
    chosen = BENCHMARKS[name]
    if n_seeds < 0 or (n_seeds == 0 and not parent):
        raise StanceError("--seeds must be at least 1; 0 scores a bundle as it is: give --from")
    began = open_parent(models, parent)
    shipped = shipped_recipe("benchmark-continue" if began else "benchmark")
    stage = read_stance_recipe(recipe or shipped).stages[0]
    known = [one for split in chosen.train for one in _joined(data_dir, chosen.source, split)]
    dev = [one for split in chosen.dev for one in _joined(data_dir, chosen.source, split)]
    splits = {
        split: list(read_pairs(data_dir, chosen.source, split))
        for split in dict.fromkeys(test.split for test in chosen.tests)
    }
    places = {
        test.name: [n for n, (_, row) in enumerate(splits[test.split]) if test.keeps(row)]
        for test in chosen.tests
    }
    tests = {
        test.name: [splits[test.split][n][0] for n in places[test.name]] for test in chosen.tests
    }
    values: dict[str, list[dict[str, float]]] = {test: [] for test in tests}
    for seed in range(max(1, n_seeds)):
        network, tokenizer = start_network(StanceNetwork, began, base or DEFAULT_ENCODER, seed)
        renderer = Renderer(tokenizer, network.window)
        if n_seeds:
            run = replace(stage, mix={chosen.source: 1.0}, seed=seed)
            _train(network, renderer, chosen, known, dev, run, world)
        network.to(world.device).eval()
        classifier = torch_classifier(network, renderer, world)
        # A pair has one label, so the answers stand in the order of the pairs.
        answers = {
            split: answer(classifier, [one for one, _ in pairs]) for split, pairs in splits.items()
        }
        for one in chosen.tests:
            these = [answers[one.split][n] for n in places[one.name]]
            values[one.name].append(metrics(chosen.kind, these))
            log.info("seed %d, %s: %s", seed, one.name, values[one.name][-1])
    scores: dict[str, dict[str, Score]] = {}
    for test, rows in tests.items():
        found = {metric: tuple(one[metric] for one in values[test]) for metric in values[test][0]}
        scores[test] = {THIS: Score(found, len(rows))}
        for system, given in fit_baselines(known, rows).items():
            trivial = metrics(chosen.kind, given)
            scores[test][system] = Score({k: (v,) for k, v in trivial.items()}, len(rows))
    return Result(name, parent or base or DEFAULT_ENCODER, tuple(range(n_seeds)), scores)


def metrics(kind: Kind, answered: Sequence[Answered]) -> dict[str, float]:
    """The official metrics, in [0, 1]: a public neutral is our neutral or unrelated."""
    figures = evaluate.report(answered, "")[kind.value]
    per_class = [value or 0.0 for value in figures["per_class"].values()]
    found = {"macro-F1": float(np.mean(per_class))}
    if kind is Kind.STANCE:
        found["F_avg"] = float(np.mean(per_class[:2]))
    return found


def _joined(data_dir: Path | None, source: str, split: str) -> list[Example]:
    """A split to learn from: the rows of one text joined, and contradictions left out."""
    return read_source(data_dir, source, split) if data_dir else read_hub(source, split)


def _train(
    network: StanceNetwork,
    renderer: Renderer,
    chosen: Benchmark,
    known: Sequence[Example],
    dev: Sequence[Example],
    stage: Stage,
    world: World,
) -> None:
    def dev_score(trained: StanceNetwork) -> float:
        answers = answer(torch_classifier(trained, renderer, world), dev)
        return metrics(chosen.kind, answers)["macro-F1"]

    finetune(
        network,
        renderer,
        {chosen.source: known},
        Wordings({}, {}),
        stage,
        dev_score=dev_score if dev and stage.patience else None,
        world=world,
    )
