"""Logits -> probabilities, by one temperature for each kind of question. Knows nothing of models.

Temperature scaling: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks",
ICML 2017. It keeps the order of the labels, so it never changes an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stance.domain import Kind

# Where the logits of each kind are in the network's output, in the order of `Kind.labels`.
HEADS = {
    Kind.STANCE: slice(0, len(Kind.STANCE.labels)),
    Kind.SENTIMENT: slice(
        len(Kind.STANCE.labels), len(Kind.STANCE.labels) + len(Kind.SENTIMENT.labels)
    ),
}
N_LOGITS = HEADS[Kind.SENTIMENT].stop


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature above 0 for each kind; 1 leaves the probabilities as they are."""

    temperatures: Mapping[Kind, float]

    def __post_init__(self) -> None:
        for kind in Kind:
            if not 0 < self.temperatures.get(kind, 0) < float("inf"):
                raise ValueError(f"temperature of {kind} must be a number above 0")

    def probabilities(self, kind: Kind, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities (n, labels) of the kind, from all logits (n, 7)."""
        scaled = logits[:, HEADS[kind]].astype(np.float64) / self.temperatures[kind]
        scaled -= scaled.max(axis=1, keepdims=True)
        exp = np.exp(scaled)
        return np.asarray(exp / exp.sum(axis=1, keepdims=True))


UNCALIBRATED = Calibration(dict.fromkeys(Kind, 1.0))


def fit_temperature(logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> float:
    """The temperature that makes the true labels most probable, by golden-section search.

    The loss is convex in 1/temperature; the search is over its logarithm, from 1/20 to 20.

    Args:
        logits: (n, labels), of rows that the model was not trained on.
        allowed: (n, labels), true for the label that is right (several where it is coarse).
    """

    def loss(log_temperature: float) -> float:
        scaled = logits.astype(np.float64) / np.exp(log_temperature)
        total = np.logaddexp.reduce(scaled, axis=1)
        right = np.logaddexp.reduce(np.where(allowed, scaled, -np.inf), axis=1)
        return float((total - right).mean())

    low, high = -np.log(20), np.log(20)
    golden = (np.sqrt(5) - 1) / 2
    while high - low > 1e-6:
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return float(np.exp((low + high) / 2))
