"""How good predictions are: F1, calibration, selective risk, and how far chance moves them.

Knows arrays of label numbers and probabilities only. Intervals of figures are percentile bootstrap
over groups of rows (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993), seeded;
intervals of shares are exact ones for rows in groups (Korn and Graubard, 1998).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

Labels = NDArray[np.int64]
Reals = NDArray[np.float64]
Bools = NDArray[np.bool_]

DRAWS = 1000
BINS = 15
COVERAGES = tuple(tenth / 10 for tenth in range(1, 11))
_CHUNK = 50  # draws that are computed at once


class Draws:
    """Bootstrap draws of groups: how often each group is in each draw.

    One set of draws serves every figure of a report, so that differences between models are
    paired.

    Args:
        n_groups: rows carry the number of their group, from 0 to below this.
        draws: how many.
        seed: of the generator.
    """

    def __init__(self, n_groups: int, draws: int = DRAWS, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._times = np.empty((draws, n_groups), np.uint8)
        for start in range(0, draws, _CHUNK):
            n = min(_CHUNK, draws - start)
            drawn = rng.integers(0, n_groups, (n, n_groups))
            flat = (drawn + np.arange(n)[:, None] * n_groups).ravel()
            counts = np.bincount(flat, minlength=n * n_groups).reshape(n, n_groups)
            # A group is never drawn 256 times: that has odds of about e to the -1000.
            self._times[start : start + n] = counts

    def __len__(self) -> int:
        return len(self._times)

    def sums(self, groups: Labels, values: Reals) -> Reals:
        """Sums (draws, k) of the rows' values (n, k), each row as often as its group is drawn."""
        present, inverse = np.unique(groups, return_inverse=True)
        per_group = np.zeros((len(present), values.shape[1]))
        np.add.at(per_group, inverse, values)
        # Summing over all groups needs no copy of the draws; over a few, a small one.
        times = self._times if len(present) == self._times.shape[1] else self._times[:, present]
        parts = [
            times[start : start + _CHUNK].astype(np.float64) @ per_group
            for start in range(0, len(times), _CHUNK)
        ]
        return np.concatenate(parts)

    def weights(self, groups: Labels, start: int, stop: int) -> Reals:
        """How often each row (n,) is in the draws from `start` to below `stop`: (draws, n)."""
        return self._times[start:stop, groups].astype(np.float64)


def interval(drawn: Reals) -> tuple[float, float]:
    """The 95 % percentile interval of a figure's bootstrap draws (draws,); NaN is left out."""
    found = drawn[~np.isnan(drawn)]
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def confusion(truth: Labels, predicted: Labels, n_labels: int) -> NDArray[np.int64]:
    """Counts (true label, predicted label)."""
    flat = np.bincount(truth * n_labels + predicted, minlength=n_labels * n_labels)
    return flat.reshape(n_labels, n_labels)


def drawn_confusion(
    truth: Labels, predicted: Labels, n_labels: int, groups: Labels, draws: Draws
) -> Reals:
    """The confusion matrix of every bootstrap draw: (draws, true label, predicted label)."""
    cells = np.zeros((len(truth), n_labels * n_labels))
    cells[np.arange(len(truth)), truth * n_labels + predicted] = 1
    return draws.sums(groups, cells).reshape(len(draws), n_labels, n_labels)


def f1_by_class(counts: NDArray[np.int64] | Reals) -> Reals:
    """F1 of each class from confusion matrices (..., n, n); 0 where a class never occurs."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    total = counts.sum(-1) + counts.sum(-2)
    return np.asarray(2 * right / np.maximum(total, 1))


def macro_f1_of(counts: NDArray[np.int64] | Reals) -> Reals:
    """The mean F1 of the classes that occur in the truth, of confusion matrices (..., n, n).

    NaN where a matrix is empty.
    """
    occurs = counts.sum(-1) > 0
    total = np.where(occurs, f1_by_class(counts), 0).sum(-1)
    n_occurring = occurs.sum(-1)
    return np.where(n_occurring > 0, total / np.maximum(n_occurring, 1), np.nan)


def macro_f1(truth: Labels, predicted: Labels, n_labels: int) -> float:
    """The unweighted mean of the F1 of the classes that occur in the truth."""
    return float(macro_f1_of(confusion(truth, predicted, n_labels)))


def macro_f1_interval(
    truth: Labels,
    predicted: Labels,
    n_labels: int,
    clusters: Labels,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """95 % bootstrap interval of macro-F1; rows of a cluster are drawn together."""
    chosen = Draws(int(clusters.max()) + 1, draws, seed)
    return interval(macro_f1_of(drawn_confusion(truth, predicted, n_labels, clusters, chosen)))


def share_interval(right: Bools, groups: Labels) -> tuple[float, float]:
    """95 % interval of a share, of rows that stand in groups.

    Clopper and Pearson's exact interval at the number of independent rows that would vary as
    much as the groups do, with the correction for few groups: Korn and Graubard, "Confidence
    intervals for proportions with small expected number of positive counts estimated from survey
    data", Survey Methodology 24 (1998). It keeps its width where all rows, or none, are right.

    Args:
        right: (n,), whether each row counts.
        groups: (n,), the number of its group.
    """
    n, share = len(right), float(right.mean())
    present, inverse = np.unique(groups, return_inverse=True)
    n_groups = len(present)
    if n_groups < 2:
        return 0.0, 1.0
    off = np.bincount(inverse, right - share)
    variance = float((off**2).sum()) * n_groups / (n_groups - 1) / n**2
    if variance > 0:
        student = stdtrit(n - 1, 0.975) / stdtrit(n_groups - 1, 0.975)
        size = min(float(n), share * (1 - share) / variance * student**2)
    else:
        size = float(n_groups)
    hits = share * size
    low = betaincinv(hits, size - hits + 1, 0.025) if hits > 0 else 0.0
    high = betaincinv(hits + 1, size - hits, 0.975) if hits < size else 1.0
    return float(low), float(high)


def expected_calibration_error(confidence: Reals, right: Bools, bins: int = BINS) -> float:
    """Mean gap between confidence and accuracy over equal-width bins (Guo et al., ICML 2017).

    It has no bootstrap interval here: drawing rows anew inflates it.
    """
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def brier_scores(probabilities: Reals, truth: Reals) -> Reals:
    """Brier's score of each row (n,): squared distance of two distributions (n, k), 0 to 2.

    Brier, "Verification of forecasts expressed in terms of probability", 1950.
    """
    return np.asarray(((probabilities - truth) ** 2).sum(1))


@dataclass(frozen=True, slots=True)
class Selective:
    """Risk when only the surest answers are given.

    Attributes:
        risk: share of wrong answers at each coverage.
        intervals: 95 % bootstrap interval of each risk: (coverages, 2).
        aurc: area under the curve of risk against coverage.
        aurc_interval: its 95 % bootstrap interval.
    """

    risk: Reals
    intervals: Reals
    aurc: float
    aurc_interval: tuple[float, float]


def selective_risk(
    confidence: Reals,
    right: Bools,
    groups: Labels,
    draws: Draws,
    coverages: tuple[float, ...] = COVERAGES,
) -> Selective:
    """Risk against coverage: Geifman and El-Yaniv, "Selective Classification for Deep Neural
    Networks", NeurIPS 2017; the area averages the risk over every number of answers given.

    Rows of equal confidence share their errors, so the order of the rows does not matter.
    """  # noqa: D205 - a title
    order = np.argsort(-confidence, kind="stable")
    _, tied = np.unique(-confidence[order], return_inverse=True)
    wrong = (np.bincount(tied, ~right[order]) / np.bincount(tied))[tied]
    risk, area = _risks(np.ones((1, len(wrong))), wrong, coverages)
    drawn = [
        _risks(
            draws.weights(groups[order], start, min(start + _CHUNK, len(draws))), wrong, coverages
        )
        for start in range(0, len(draws), _CHUNK)
    ]
    drawn_risk = np.concatenate([part for part, _ in drawn])
    return Selective(
        risk[0],
        np.array([interval(drawn_risk[:, n]) for n in range(len(coverages))]),
        float(area[0]),
        interval(np.concatenate([part for _, part in drawn])),
    )


def _risks(weights: Reals, wrong: Reals, coverages: tuple[float, ...]) -> tuple[Reals, Reals]:
    # Rows are sorted, the surest first; a row weighs as often as it was drawn.
    given = weights.cumsum(1)
    errors = (weights * wrong).cumsum(1)
    total = given[:, -1]
    running = errors / np.maximum(given, 1)
    at = [
        np.minimum((given < share * total[:, None] - 1e-9).sum(1), given.shape[1] - 1)
        for share in coverages
    ]
    risk = np.stack([np.take_along_axis(running, n[:, None], 1)[:, 0] for n in at], axis=1)
    area = np.where(total > 0, (weights * running).sum(1) / np.maximum(total, 1), np.nan)
    return np.where(total[:, None] > 0, risk, np.nan), area
