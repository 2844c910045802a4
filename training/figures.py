"""What a report says of one set of answers: figures with intervals, as plain JSON values.

Knows columns of truth and probabilities; not where they come from nor how they are shown.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.domain import Kind, Stance
from training.answers import Answered, Columns
from training.metrics import (
    BINS,
    COVERAGES,
    Bools,
    Draws,
    Labels,
    Reals,
    brier_scores,
    confusion,
    drawn_confusion,
    expected_calibration_error,
    f1_by_class,
    interval,
    macro_f1_of,
    selective_risk,
    share_interval,
)

Figures = dict[str, Any]

FEWEST_PAIRS = 10  # of an issue, a source or a class that figures are worth reading for


def brief_figures(table: Columns, draws: Draws) -> Figures:
    """n, macro-F1 with interval, accuracy and the F1 of each class; null where none is labelled."""
    n_labels = len(table.labels)
    counts = confusion(table.truth, table.predicted, n_labels)
    drawn = drawn_confusion(table.truth, table.predicted, n_labels, table.groups, draws)
    f1 = np.where(counts.sum(1) > 0, f1_by_class(counts), np.nan)
    return {
        "n": len(table.truth),
        "macro_f1": _round(macro_f1_of(counts)),
        "macro_f1_interval": _pair(interval(macro_f1_of(drawn))),
        "accuracy": _round((table.truth == table.predicted).mean()),
        "per_class": _by_label(table.labels, map(_round, f1)),
    }


def full_figures(table: Columns, draws: Draws, before: Columns | None = None) -> Figures:
    """All figures of the pairs of one kind.

    Args:
        table: the pairs with the answers.
        draws: of their groups.
        before: the same pairs with the probabilities from before the calibration.
    """
    n_labels = len(table.labels)
    right = table.truth == table.predicted
    counts = confusion(table.truth, table.predicted, n_labels)
    drawn = drawn_confusion(table.truth, table.predicted, n_labels, table.groups, draws)
    # A draw without any row of a class says nothing about its F1.
    drawn_f1 = np.where(drawn.sum(2) > 0, f1_by_class(drawn), np.nan)
    figures = brief_figures(table, draws) | {
        "accuracy_interval": _pair(share_interval(right, table.groups)),
        "per_class_interval": _by_label(
            table.labels,
            (_pair(interval(drawn_f1[:, n])) if counts[n].sum() else None for n in range(n_labels)),
        ),
        "per_class_n": _by_label(table.labels, counts.sum(1).tolist()),
        "confusion": counts.tolist(),
        **_calibration(table, draws),
        "reliability": _reliability(table.probabilities.max(1), right, table.groups),
        **_selective(table, right, draws),
    }
    if before is not None:
        figures |= {f"{name}_before": value for name, value in _calibration(before, draws).items()}
    return figures


def _calibration(table: Columns, draws: Draws) -> Figures:
    right = table.truth == table.predicted
    scores = brier_scores(table.probabilities, table.shares)
    drawn = draws.sums(table.groups, np.column_stack((scores, np.ones(len(scores)))))
    return {
        "ece": _round(expected_calibration_error(table.probabilities.max(1), right)),
        "brier": _round(scores.mean()),
        "brier_interval": _pair(interval(_ratio(drawn[:, 0], drawn[:, 1]))),
    }


def _reliability(confidence: Reals, right: Bools, groups: Labels) -> list[Figures]:
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "confidence": _round(confidence[bin_of == n].mean()),
            "accuracy": _round(right[bin_of == n].mean()),
            "interval": _pair(share_interval(right[bin_of == n], groups[bin_of == n])),
            "n": int((bin_of == n).sum()),
        }
        for n in np.unique(bin_of)
    ]


def _selective(table: Columns, right: Bools, draws: Draws) -> Figures:
    found = selective_risk(table.probabilities.max(1), right, table.groups, draws)
    return {
        "risk_coverage": [
            {"coverage": coverage, "risk": _round(risk), "interval": _pair(both)}
            for coverage, risk, both in zip(COVERAGES, found.risk, found.intervals, strict=True)
        ],
        "aurc": _round(found.aurc),
        "aurc_interval": _pair(found.aurc_interval),
    }


def set_figures(table: Columns, coverage: float | None) -> Figures | None:
    """How often the sets of labels hold the truth, and how large they are; None without sets.

    A set counts as holding a coarse truth if it has one of the labels that are allowed.

    Args:
        table: the pairs with the answers.
        coverage: how often they were asked to hold it.
    """
    sets = [one.prediction.prediction_set for one in table.members]
    found = [labels for labels in sets if labels is not None]
    if not found or len(found) < len(sets):
        return None
    size = np.array([len(labels) for labels in found])
    holds = np.array(
        [
            not set(labels).isdisjoint(one.allowed)
            for labels, one in zip(found, table.members, strict=True)
        ]
    )

    def of(rows: Bools) -> Figures:
        return {
            "n": int(rows.sum()),
            "coverage": _round(holds[rows].mean()),
            "interval": _pair(share_interval(holds[rows], table.groups[rows])),
            "mean_size": _round(size[rows].mean()),
        }

    return {
        "asked": coverage,
        **of(np.ones(len(size), bool)),
        "sizes": {str(n): int(count) for n, count in enumerate(np.bincount(size)) if count},
        "per_class": {
            label: of(table.truth == n)
            for n, label in enumerate(table.labels)
            if (table.truth == n).any()
        },
    }


def opposite_figures(members: Sequence[Answered], groups: Mapping[str, int]) -> Figures | None:
    """How often a model gets every row of a minimal pair right; None where there is no pair.

    A pair is two or more rows of one group with the same proposition, of which one is `favor` and
    one `against`; whoever reads only the topic gets at most one of them right.
    """
    rows: dict[tuple[str, str], list[Answered]] = defaultdict(list)
    for one in members:
        if one.kind is Kind.STANCE:
            rows[one.example.group, one.subject].append(one)
    pairs = {
        key: all(one.right for one in found)
        for key, found in rows.items()
        if {(Stance.FAVOR.value,), (Stance.AGAINST.value,)} <= {one.allowed for one in found}
    }
    if not pairs:
        return None
    right = np.array(list(pairs.values()))
    numbers = np.array([groups[group] for group, _ in pairs])
    return {
        "n": len(pairs),
        "all_right": _round(right.mean()),
        "interval": _pair(share_interval(right, numbers)),
    }


def figures_beside(table: Columns, other: Columns, draws: Draws) -> Figures:
    """Another model on the same pairs, and how much better than it this one is, with interval."""
    n_labels = len(table.labels)
    drawn = [
        macro_f1_of(drawn_confusion(one.truth, one.predicted, n_labels, one.groups, draws))
        for one in (table, other)
    ]
    macro = [macro_f1_of(confusion(one.truth, one.predicted, n_labels)) for one in (table, other)]
    brief = brief_figures(other, draws)
    return {
        "model": other.members[0].prediction.model,
        **{name: brief[name] for name in ("macro_f1", "macro_f1_interval", "accuracy")},
        "difference": _round(macro[0] - macro[1]),
        "difference_interval": _pair(interval(drawn[0] - drawn[1])),
    }


def _ratio(above: Reals, below: Reals) -> Reals:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)


def _round(value: float | np.floating[Any] | NDArray[np.float64]) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _pair(low_high: tuple[float, float] | NDArray[np.float64]) -> list[float | None]:
    return [_round(low_high[0]), _round(low_high[1])]


def _by_label(labels: Sequence[str], values: Any) -> Figures:
    return dict(zip(labels, values, strict=True))
