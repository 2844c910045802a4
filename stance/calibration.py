"""Logits -> probabilities, by temperatures. Knows nothing of models.

Temperature scaling: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks",
ICML 2017. Stance is asked in two steps, each with a temperature of its own: is the statement about
the proposition, and if so, on which side? A model is sure of the first far more often, and with
reason, than of the second, so that one temperature leaves the sides too sure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stance.domain import Kind, Stance

# Where the logits of each kind are in the network's output, in the order of `Kind.labels`.
HEADS = {
    Kind.STANCE: slice(0, len(Kind.STANCE.labels)),
    Kind.SENTIMENT: slice(
        len(Kind.STANCE.labels), len(Kind.STANCE.labels) + len(Kind.SENTIMENT.labels)
    ),
}
N_LOGITS = HEADS[Kind.SENTIMENT].stop


_APART = Kind.STANCE.labels.index(Stance.UNRELATED)  # the last: what comes before it are the sides


@dataclass(frozen=True, slots=True)
class Calibration:
    """Temperatures above 0; 1 leaves the probabilities as they are.

    Attributes:
        temperatures: of each kind. With `side`, that of stance is of whether a statement is about
            the proposition at all.
        side: of favor, against and neutral among themselves; None where the temperature of stance
            serves for all four labels together.
    """

    temperatures: Mapping[Kind, float]
    side: float | None = None

    def __post_init__(self) -> None:
        named = {str(kind): self.temperatures.get(kind, 0) for kind in Kind}
        if self.side is not None:
            named["side"] = self.side
        for name, temperature in named.items():
            if not 0 < temperature < float("inf"):
                raise ValueError(f"temperature of {name} must be a number above 0")

    @classmethod
    def fit(
        cls,
        logits: Mapping[Kind, NDArray[np.float32]],
        allowed: Mapping[Kind, NDArray[np.bool_]],
    ) -> Self:
        """The temperatures that make the true labels most probable.

        Args:
            logits: (n, labels) of each kind, of rows that the model was not trained on; a kind
                without rows keeps its probabilities.
            allowed: (n, labels), true for the label that is right (several where it is coarse).
        """
        stance, right = logits[Kind.STANCE], allowed[Kind.STANCE]
        about = np.stack([_any_side(stance), stance[:, _APART].astype(np.float64)], axis=1)
        is_about = np.stack([right[:, :_APART].any(axis=1), right[:, _APART]], axis=1)
        sided = ~right[:, _APART]
        return cls(
            {
                Kind.STANCE: fit_temperature(about, is_about),
                Kind.SENTIMENT: fit_temperature(logits[Kind.SENTIMENT], allowed[Kind.SENTIMENT]),
            },
            fit_temperature(stance[sided, :_APART], right[sided, :_APART]),
        )

    def probabilities(self, kind: Kind, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities (n, labels) of the kind, from all logits (n, 7)."""
        own = logits[:, HEADS[kind]].astype(np.float64)
        if kind is Kind.STANCE and self.side is not None:
            # In logarithms: how much likelier "unrelated" is than all sides together.
            apart = (own[:, _APART] - _any_side(own)) / self.temperatures[kind]
            sides = _softmax(own[:, :_APART] / self.side)
            both = _softmax(np.stack([np.zeros_like(apart), apart], axis=1))
            return np.concatenate([both[:, :1] * sides, both[:, 1:]], axis=1)
        return _softmax(own / self.temperatures[kind])

    def undone(self, kind: Kind, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the probabilities (n, labels) of the kind were before these temperatures."""
        logs = np.log(np.maximum(probabilities, 1e-300))
        if kind is Kind.STANCE and self.side is not None:
            about = np.logaddexp.reduce(logs[:, :_APART], axis=1)
            apart = (logs[:, _APART] - about) * self.temperatures[kind]
            sides = logs[:, :_APART] * self.side
            sides -= np.logaddexp.reduce(sides, axis=1, keepdims=True)
            return _softmax(np.concatenate([sides, apart[:, None]], axis=1))
        return _softmax(logs * self.temperatures[kind])

    def to_json(self) -> dict[str, float]:
        """As a manifest holds it."""
        told = {kind.value: self.temperatures[kind] for kind in Kind}
        return told if self.side is None else {**told, "side": self.side}

    @classmethod
    def from_json(cls, told: Mapping[str, float]) -> Self:
        """What `to_json` wrote.

        Raises:
            KeyError: a kind has no temperature.
            ValueError: a temperature is not a number above 0.
        """
        return cls({kind: told[kind] for kind in Kind}, told.get("side"))


UNCALIBRATED = Calibration(dict.fromkeys(Kind, 1.0))


def _any_side(stance: NDArray[Any]) -> NDArray[np.float64]:
    """The logit (n,) of "some side" against that of "unrelated", from stance logits (n, 4)."""
    sides = stance[:, :_APART].astype(np.float64)
    return np.asarray(np.logaddexp.reduce(sides, axis=1))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exp / exp.sum(axis=1, keepdims=True))


def fit_temperature(logits: NDArray[Any], allowed: NDArray[np.bool_]) -> float:
    """The temperature that makes the true labels most probable, by golden-section search.

    The loss is convex in 1/temperature; the search is over its logarithm, from 1/20 to 20. Without
    rows it is 1.

    Args:
        logits: (n, labels), of rows that the model was not trained on.
        allowed: (n, labels), true for the label that is right (several where it is coarse).
    """

    def loss(log_temperature: float) -> float:
        scaled = logits.astype(np.float64) / np.exp(log_temperature)
        total = np.logaddexp.reduce(scaled, axis=1)
        right = np.logaddexp.reduce(np.where(allowed, scaled, -np.inf), axis=1)
        return float((total - right).mean())

    if not len(logits):
        return 1.0
    low, high = -np.log(20), np.log(20)
    golden = (np.sqrt(5) - 1) / 2
    while high - low > 1e-6:
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return float(np.exp((low + high) / 2))
