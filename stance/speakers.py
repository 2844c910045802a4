"""Who said it: the words beside a cue -> the fullest name in the article, a role, a probability.

A logistic model over candidates: each person and body of the article, and nobody, has features
(candidates.py), and the softmax of their weighted sums is the probability. Its weights are a JSON
object in the bundle. Where the most probable is not probable enough, there is no speaker: it never
guesses. Knows nothing of how attributions are found.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stance.candidates import Candidate, Features, candidates
from stance.domain import Attribution, Span, Speaker
from stance.entities import Entity, role_of
from stance.mentions import Mention
from stance.scene import Scene

_JOINER = "\u2060"  # stands for markup inside a word


@dataclass(frozen=True, slots=True)
class SpeakerModel:
    """Weights of features, and how probable a speaker must be to be named.

    Attributes:
        weights: of each feature by its name; a feature without one weighs nothing.
        threshold: the least probability with which a speaker is named, in [0, 1].

    Raises:
        ValueError: a weight is no finite number, or the threshold is not in [0, 1].
    """

    weights: Mapping[str, float]
    threshold: float

    def __post_init__(self) -> None:
        wrong = [name for name, weight in self.weights.items() if not math.isfinite(weight)]
        if wrong:
            raise ValueError(f"the weight of {wrong[0]} must be a finite number")
        if not 0 <= self.threshold <= 1:
            raise ValueError("the threshold of speakers must be from 0 to 1")

    def resolve(
        self, text: str, sentences: Sequence[Span], attributions: Sequence[Attribution]
    ) -> list[Speaker | None]:
        """The speaker of each attribution, in order; None where no one is probable enough.

        Args:
            text: the article.
            sentences: its sentences, in order.
            attributions: in text order; their own `speaker` is not read.
        """
        scene = Scene(text, sentences, attributions)
        found: list[Speaker | None] = []
        for mention in scene.mentions:
            entity, probability = self.choose(candidates(scene))
            scene.settle(entity)
            is_named = entity is not None and probability >= self.threshold
            found.append(speaker_of(text, entity, mention, probability) if is_named else None)
        return found

    def choose(self, among: Sequence[Candidate]) -> tuple[Entity | None, float]:
        """The most probable candidate, and its probability; of equals, the first."""
        shares = self.shares([features for _, features in among])
        best = int(np.argmax(shares))
        return among[best][0], float(shares[best])

    def shares(self, among: Sequence[Features]) -> NDArray[np.float64]:
        """The probabilities (n,) of candidates by their features; they sum to 1."""
        scores = np.array(
            [
                math.fsum(self.weights.get(name, 0.0) * value for name, value in features.items())
                for features in among
            ]
        )
        exp = np.exp(scores - scores.max())
        return np.asarray(exp / exp.sum())

    def to_json(self) -> dict[str, Any]:
        """As a bundle holds it."""
        return {"threshold": self.threshold, "weights": dict(sorted(self.weights.items()))}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What `to_json` wrote.

        Raises:
            KeyError: the weights or the threshold are missing.
            TypeError: one of them is of another type.
            ValueError: a weight is no finite number, or the threshold is not in [0, 1].
        """
        weights = {str(name): float(weight) for name, weight in dict(told["weights"]).items()}
        return cls(weights, float(told["threshold"]))


def speaker_of(
    text: str, entity: Entity | None, mention: Mention, probability: float
) -> Speaker | None:
    """An entity as the speaker whom the words beside a cue mean; None for nobody."""
    if entity is None:
        return None
    role = role_of(entity, mention)
    return Speaker(
        name=_in_one_line(entity.name),
        mention=_in_one_line(text[mention.start : mention.end]),
        role=_in_one_line(role.text) if role is not None else None,
        probability=min(1.0, probability),
    )


def _in_one_line(words: str) -> str:
    """Words as they stand, but for the ends of wrapped lines and for markup inside a word."""
    return " ".join(words.replace(_JOINER, "").split())
