"""Figures of quality, against values worked out by hand and by scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from training.metrics import confusion, expected_calibration_error, macro_f1, macro_f1_interval

TRUTH = np.array([0, 0, 1, 1, 2, 2, 2, 0])
SAID = np.array([0, 1, 1, 1, 2, 0, 2, 0])


def test_confusion_counts_truth_by_prediction() -> None:
    assert confusion(TRUTH, SAID, 3).tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 2]]


def test_macro_f1_is_scikit_learns() -> None:
    assert macro_f1(TRUTH, SAID, 3) == pytest.approx(f1_score(TRUTH, SAID, average="macro"))


def test_a_class_that_never_occurs_in_the_truth_does_not_count() -> None:
    assert macro_f1(TRUTH, SAID, 4) == macro_f1(TRUTH, SAID, 3)


def test_the_interval_holds_the_figure_and_narrows_with_more_rows() -> None:
    few = macro_f1_interval(TRUTH, SAID, 3, np.arange(8))
    many = macro_f1_interval(np.tile(TRUTH, 50), np.tile(SAID, 50), 3, np.arange(400))

    assert few[0] < macro_f1(TRUTH, SAID, 3) < few[1]
    assert many[1] - many[0] < (few[1] - few[0]) / 3


def test_rows_of_one_cluster_are_drawn_together() -> None:
    truth, said = np.tile(TRUTH, 50), np.tile(SAID, 50)

    alone = macro_f1_interval(truth, said, 3, np.arange(400))
    together = macro_f1_interval(truth, said, 3, np.tile(np.arange(8), 50))

    assert together[1] - together[0] > 3 * (alone[1] - alone[0])


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9])
    right = np.array([True, True, True, False])

    assert expected_calibration_error(confidence, right) == pytest.approx(0.15)
