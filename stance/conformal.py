"""Sets of labels that hold the truth as often as asked. Knows probabilities, not models or texts.

Split conformal prediction, for each class on its own: V. Vovk, "Conditional validity of inductive
conformal predictors", ACML 2012; M. Sadinle, J. Lei and L. Wasserman, "Least ambiguous set-valued
classifiers with bounded error levels", JASA 114 (2019). For new rows that are like the calibration
rows (exchangeable with those of the same class), the set holds the true label, whichever it is,
with at least the probability asked, on average over the rows that may have calibrated it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.domain import Kind
from stance.errors import InputError

_PERCENT = range(50, 100)
LEVELS = tuple(percent / 100 for percent in _PERCENT)
LEAST_COVERAGE, MOST_COVERAGE = LEVELS[0], LEVELS[-1]


def level_of(coverage: float) -> int:
    """The index in `LEVELS` of the least level that is no lower than the coverage asked.

    Raises:
        InputError: the coverage is no number from 0.5 to 0.99.
    """
    is_number = isinstance(coverage, int | float) and not isinstance(coverage, bool)
    if not (is_number and LEAST_COVERAGE <= coverage <= MOST_COVERAGE):
        raise InputError(
            "coverage", f"must be a number from {LEAST_COVERAGE:g} to {MOST_COVERAGE:g}"
        )
    return next(n for n, level in enumerate(LEVELS) if level >= coverage)


def fit_thresholds(
    probabilities: NDArray[np.float64], truth: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The least probability (levels, labels) at which a label is in the set, for each level.

    Of the n rows of a class, their probabilities of it sorted from the highest, it is number
    ceil((n + 1) * level); 0, which lets the label into every set, where there is none such.

    Args:
        probabilities: (n, labels), calibrated, of rows that the model was not trained on.
        truth: (n,), the index of the true label of each row.

    Raises:
        ValueError: the shapes do not belong together, or a true label is none of those.
    """
    if probabilities.ndim != 2 or truth.shape != probabilities.shape[:1]:
        raise ValueError("needs probabilities (n, labels) and one true label for each row")
    n_labels = probabilities.shape[1]
    if truth.size and not 0 <= truth.min() <= truth.max() < n_labels:
        raise ValueError(f"a true label is not one of 0 to {n_labels - 1}")
    thresholds = np.zeros((len(LEVELS), n_labels))
    for label in range(n_labels):
        own = np.sort(probabilities[truth == label, label])[::-1]
        for level, percent in enumerate(_PERCENT):
            rank = -(-(len(own) + 1) * percent // 100)  # in whole numbers: 100 * 0.55 is over 55
            if rank <= len(own):
                thresholds[level, label] = own[rank - 1]
    return thresholds


@dataclass(frozen=True, slots=True)
class PredictionSets:
    """What makes the sets of one model, for each kind of question.

    Attributes:
        counts: the calibration rows of each of `kind.labels`.
        thresholds: (levels, labels) of each kind, in [0, 1]; a label is in the set at a level
            where its probability is no lower. They never rise with the level.

    Raises:
        ValueError: a kind is missing, or its numbers are of another shape, range or order.
    """

    counts: Mapping[Kind, tuple[int, ...]]
    thresholds: Mapping[Kind, tuple[tuple[float, ...], ...]]

    def __post_init__(self) -> None:
        for kind in Kind:
            counts, rows = self.counts.get(kind, ()), self.thresholds.get(kind, ())
            if len(counts) != len(kind.labels) or min(counts) < 0:
                raise ValueError(f"{kind}: needs a count of at least 0 for each label")
            if len(rows) != len(LEVELS) or {len(row) for row in rows} != {len(kind.labels)}:
                raise ValueError(f"{kind}: needs a threshold for each of {len(LEVELS)} levels")
            if not all(0 <= threshold <= 1 for row in rows for threshold in row):
                raise ValueError(f"{kind}: a threshold is not from 0 to 1")
            if any(
                above > below
                for row, next_row in pairwise(rows)
                for below, above in zip(row, next_row, strict=True)
            ):
                raise ValueError(f"{kind}: a threshold rises with the level")

    @classmethod
    def fit(
        cls,
        probabilities: Mapping[Kind, NDArray[np.float64]],
        truth: Mapping[Kind, NDArray[np.int64]],
    ) -> "PredictionSets":
        """Fit the thresholds of each kind; one that is left out has every label in every set.

        Args:
            probabilities: (n, labels) of each kind; see `fit_thresholds`.
            truth: (n,) of each kind, the index of the true label.

        Raises:
            ValueError: the shapes do not belong together, or a true label is none of those.
        """
        counts, thresholds = {}, {}
        for kind in Kind:
            n_labels = len(kind.labels)
            right = truth.get(kind, np.empty(0, np.int64))
            fitted = fit_thresholds(probabilities.get(kind, np.empty((0, n_labels))), right)
            counts[kind] = tuple(np.bincount(right, minlength=n_labels).tolist())
            thresholds[kind] = tuple(map(tuple, fitted.tolist()))
        return cls(counts, thresholds)

    def labels(
        self, kind: Kind, probabilities: Sequence[float], coverage: float
    ) -> tuple[str, ...]:
        """The set of one answer, in the order of `kind.labels`; never empty.

        The most probable label is always in it, and a higher coverage never takes a label out.

        Args:
            kind: the kind of the question.
            probabilities: one for each of `kind.labels`.
            coverage: how often the set is to hold the truth, from 0.5 to 0.99; rounded up to
                whole hundredths.

        Raises:
            InputError: the coverage is out of range.
        """
        thresholds, top = self.thresholds[kind][level_of(coverage)], max(probabilities)
        return tuple(
            label
            for label, probability, threshold in zip(
                kind.labels, probabilities, thresholds, strict=True
            )
            if probability >= threshold or probability == top
        )

    def to_json(self) -> dict[str, Any]:
        """The entry `prediction_sets` of a manifest."""
        per_kind = {
            kind.value: {
                "counts": dict(zip(kind.labels, self.counts[kind], strict=True)),
                "thresholds": [list(row) for row in self.thresholds[kind]],
            }
            for kind in Kind
        }
        return {"levels": list(LEVELS), **per_kind}

    @classmethod
    def from_json(cls, entry: object) -> "PredictionSets":
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is not of that form; the message says where.
        """
        if not isinstance(entry, dict) or set(entry) != {"levels", *(kind.value for kind in Kind)}:
            raise ValueError(f"must have levels, {' and '.join(Kind)}")
        if entry["levels"] != list(LEVELS):
            raise ValueError("levels are not those that this version of Stance knows")
        counts, thresholds = {}, {}
        for kind in Kind:
            part = entry[kind.value]
            if not isinstance(part, dict) or set(part) != {"counts", "thresholds"}:
                raise ValueError(f"{kind}: must have counts and thresholds")
            counts[kind] = _counts(kind, part["counts"])
            thresholds[kind] = _table(kind, part["thresholds"])
        return cls(counts, thresholds)


def _counts(kind: Kind, found: object) -> tuple[int, ...]:
    if not isinstance(found, dict) or set(found) != set(kind.labels):
        raise ValueError(f"{kind}: counts must be of {', '.join(kind.labels)}")
    if not all(type(count) is int for count in found.values()):
        raise ValueError(f"{kind}: a count is no whole number")
    return tuple(found[label] for label in kind.labels)


def _table(kind: Kind, found: object) -> tuple[tuple[float, ...], ...]:
    if not isinstance(found, list) or not all(isinstance(row, list) for row in found):
        raise ValueError(f"{kind}: thresholds must be a list of lists")
    if not all(type(threshold) in (int, float) for row in found for threshold in row):
        raise ValueError(f"{kind}: a threshold is no number")
    return tuple(map(tuple, found))
