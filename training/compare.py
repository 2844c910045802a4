"""Is one model better than another, beyond chance? Both answered the same labelled pairs.

Paired bootstrap over groups of rows: Efron and Tibshirani, "An Introduction to the Bootstrap",
1993; Koehn, "Statistical Significance Tests for Machine Translation Evaluation", EMNLP 2004. Knows
nothing of bundles or of what follows from the verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from stance.domain import Kind
from training.answers import Answered, Columns, align, columns, group_numbers
from training.metrics import Draws, confusion, drawn_confusion, interval, macro_f1_of

DRAWS = 2000
FEWEST_PAIRS = 30
FEWEST_GROUPS = 10
WIDEST = 0.20  # of an interval that includes no difference and still says that there is little
WORTH_SEEING = 0.03
# Standard errors that a difference must have to be seen four times out of five, at 95 %.
_SEEN_AT = 1.96 + 0.84


class Verdict(StrEnum):
    """What the rows say of two models."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no difference beyond chance"
    TOO_FEW = "too few to tell"


@dataclass(frozen=True, slots=True)
class Difference:
    """Two models on the labelled pairs of one kind.

    Attributes:
        kind: of the questions.
        n: labelled pairs.
        n_groups: groups that they stand in.
        candidate: macro-F1 of the new model.
        served: macro-F1 of the one that it would replace.
        low: lower end of the 95 % interval of candidate - served.
        high: its upper end.
        standard_error: of candidate - served.
    """

    kind: Kind
    n: int
    n_groups: int
    candidate: float
    served: float
    low: float
    high: float
    standard_error: float

    @property
    def difference(self) -> float:
        """Macro-F1 of the candidate less that of the served model."""
        return self.candidate - self.served

    @property
    def verdict(self) -> Verdict:
        """Better or worse only where the interval excludes no difference."""
        if self.n < FEWEST_PAIRS or self.n_groups < FEWEST_GROUPS:
            return Verdict.TOO_FEW
        if self.low > 0:
            return Verdict.BETTER
        if self.high < 0:
            return Verdict.WORSE
        return Verdict.TOO_FEW if self.high - self.low > WIDEST else Verdict.NO_DIFFERENCE

    @property
    def more_labels(self) -> int:
        """About how many more labelled pairs like these would show a difference of 3 points.

        Shown means: four times out of five. The error falls with the root of the number.
        """
        wanted = self.n * (_SEEN_AT * self.standard_error / WORTH_SEEING) ** 2
        wanted = max(wanted, FEWEST_PAIRS, self.n / self.n_groups * FEWEST_GROUPS)
        missing = max(0.0, wanted - self.n)
        if not missing:
            return 0
        step = 10 ** max(0, int(np.log10(missing)) - 1)  # two figures are all that it is good for
        return int(np.ceil(missing / step) * step)

    def sentence(self) -> str:
        """The verdict in words, with its numbers in points (hundredths) of macro-F1."""
        points = (
            f"macro-F1 {self.candidate:.3f} against {self.served:.3f}, a difference of"
            f" {_points(self.difference)} points (95 % interval {_points(self.low)} to"
            f" {_points(self.high)}) on {self.n} labelled pairs in {self.n_groups} groups"
        )
        if self.verdict is Verdict.TOO_FEW:
            return (
                f"{self.kind}: too few labels to tell: {points}; it would take about"
                f" {self.more_labels} more to see a difference of {WORTH_SEEING * 100:.0f} points"
            )
        if self.verdict is Verdict.NO_DIFFERENCE:
            smallest = _SEEN_AT * self.standard_error * 100
            return (
                f"{self.kind}: {self.verdict}: {points}; one under about {smallest:.1f} points"
                " would not show on these rows"
            )
        return f"{self.kind}: {self.verdict} beyond chance: {points}"

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain values, for a report or a manifest."""
        return {
            "verdict": self.verdict.value,
            "n": self.n,
            "n_groups": self.n_groups,
            "candidate": round(self.candidate, 4),
            "served": round(self.served, 4),
            "difference": round(self.difference, 4),
            "interval": [round(self.low, 4), round(self.high, 4)],
            "more_labels": self.more_labels,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same labelled pairs.

    Attributes:
        candidate: the name of the new model.
        served: the name of the one that it would replace.
        differences: of each kind that has labels.
    """

    candidate: str
    served: str
    differences: Mapping[Kind, Difference]

    @property
    def verdict(self) -> Verdict:
        """Worse if it is worse at any kind of question; then better if it is better at any.

        Too few to tell only where that is so of every kind.
        """
        found = {one.verdict for one in self.differences.values()}
        ordered = (Verdict.WORSE, Verdict.BETTER, Verdict.NO_DIFFERENCE, Verdict.TOO_FEW)
        return next((verdict for verdict in ordered if verdict in found), Verdict.TOO_FEW)

    def sentences(self) -> list[str]:
        """The verdict and what it rests on, for people."""
        return [
            f"{self.candidate} compared with {self.served}: {self.verdict}",
            *(one.sentence() for one in self.differences.values()),
        ]

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain values, for a report or a manifest."""
        return {
            "candidate": self.candidate,
            "served": self.served,
            "verdict": self.verdict.value,
            "kinds": {kind.value: one.to_json() for kind, one in self.differences.items()},
            "sentences": self.sentences(),
        }


def compare(
    candidate: Sequence[Answered],
    served: Sequence[Answered],
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison:
    """Compare two models on the pairs that both answered; neither may have learned from them.

    Args:
        candidate: the new model's answers.
        served: the answers of the model that it would replace, to the same pairs.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        ValueError: a pair was asked of one model only, or there is none.
    """
    if not candidate or len(candidate) != len(served):
        raise ValueError(f"{len(candidate)} answers cannot be compared with {len(served)}")
    served = align(candidate, served)
    groups = group_numbers(candidate)
    drawn = Draws(len(groups), draws, seed)
    differences = {}
    for kind in Kind:
        ours = columns(kind, [one for one in candidate if one.kind is kind], groups)
        theirs = columns(kind, [one for one in served if one.kind is kind], groups)
        if len(ours.truth):
            differences[kind] = _difference(kind, ours, theirs, drawn)
    return Comparison(candidate[0].prediction.model, served[0].prediction.model, differences)


def _difference(kind: Kind, ours: Columns, theirs: Columns, draws: Draws) -> Difference:
    n_labels = len(ours.labels)
    found, drawn = [], []
    for one in (ours, theirs):
        found.append(float(macro_f1_of(confusion(one.truth, one.predicted, n_labels))))
        counts = drawn_confusion(one.truth, one.predicted, n_labels, one.groups, draws)
        drawn.append(macro_f1_of(counts))
    spread = drawn[0] - drawn[1]
    low, high = interval(spread)
    return Difference(
        kind=kind,
        n=len(ours.truth),
        n_groups=len(np.unique(ours.groups)),
        candidate=found[0],
        served=found[1],
        low=low,
        high=high,
        standard_error=float(np.nanstd(spread)),
    )


def _points(share: float) -> str:
    return f"{share * 100:+.1f}"
