"""Temperatures and prediction sets of an exported network. Knows nothing of training."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from stance.calibration import HEADS, UNCALIBRATED, Calibration
from stance.classifier import Classifier
from stance.conformal import PredictionSets
from stance.domain import Kind
from stance.network import OnnxNetwork
from stance.render import Renderer
from training.examples import Example, Label


def calibrate(
    staged: Path, window: int, examples: Sequence[Example], threads: int | None
) -> tuple[Calibration, PredictionSets]:
    """The temperatures and the thresholds of prediction sets, for what will be served.

    A kind that no example labels keeps its probabilities, and has every label in every set.

    Args:
        staged: the folder with `model.onnx` and `tokenizer.json`.
        window: the most tokens of a block.
        examples: labelled statements that the network has not learned from; at least one.
        threads: to compute with; None: all that may be used.
    """
    renderer = Renderer(Tokenizer.from_file(str(staged / "tokenizer.json")), window)
    classifier = Classifier(
        OnnxNetwork(staged / "model.onnx", threads), renderer, UNCALIBRATED, "staged"
    )
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
    calibration = Calibration.fit(
        {kind: logits[rows, HEADS[kind]] for kind, rows in by_kind.items()},
        {kind: _allowed(kind, labels, rows) for kind, rows in by_kind.items()},
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
    allowed = [[name in labels[n].allowed for name in kind.labels] for n in rows]
    return np.array(allowed, np.bool_).reshape(len(rows), len(kind.labels))
