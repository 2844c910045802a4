"""How good predictions are: F1, intervals, calibration. Knows arrays of label numbers only.

Intervals are percentile bootstrap over rows or clusters of rows (Efron and Tibshirani, "An
Introduction to the Bootstrap", 1993), seeded.
"""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def confusion(truth: Labels, predicted: Labels, n_labels: int) -> NDArray[np.int64]:
    """Counts (true label, predicted label)."""
    flat = np.bincount(truth * n_labels + predicted, minlength=n_labels * n_labels)
    return flat.reshape(n_labels, n_labels)


def f1_by_class(counts: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 of each class from a confusion matrix (..., n, n); 0 where a class never occurs."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    total = counts.sum(-1) + counts.sum(-2)
    return np.asarray(2 * right / np.maximum(total, 1))


def macro_f1(truth: Labels, predicted: Labels, n_labels: int) -> float:
    """The unweighted mean of the F1 of the classes that occur in the truth."""
    counts = confusion(truth, predicted, n_labels)
    return float(f1_by_class(counts)[counts.sum(1) > 0].mean())


def macro_f1_interval(
    truth: Labels,
    predicted: Labels,
    n_labels: int,
    clusters: NDArray[np.int64],
    draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """95 % bootstrap interval of macro-F1; rows of a cluster are drawn together."""
    n_clusters = int(clusters.max()) + 1
    per_cluster = np.zeros((n_clusters, n_labels * n_labels))
    np.add.at(per_cluster, (clusters, truth * n_labels + predicted), 1)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=draws)
    counts = (times @ per_cluster).reshape(draws, n_labels, n_labels)
    occurs = counts.sum(2) > 0
    f1 = np.where(occurs, f1_by_class(counts), 0).sum(1) / np.maximum(occurs.sum(1), 1)
    low, high = np.percentile(f1, [2.5, 97.5])
    return float(low), float(high)


def expected_calibration_error(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins (Guo et al., ICML 2017)."""
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))
