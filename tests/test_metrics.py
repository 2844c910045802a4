"""Figures of quality, against values worked out by hand and by scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from training.metrics import (
    Draws,
    brier_scores,
    confusion,
    drawn_confusion,
    expected_calibration_error,
    interval,
    macro_f1,
    macro_f1_interval,
    macro_f1_of,
    selective_risk,
    share_interval,
)

TRUTH = np.array([0, 0, 1, 1, 2, 2, 2, 0])
SAID = np.array([0, 1, 1, 1, 2, 0, 2, 0])


def test_confusion_counts_truth_by_prediction() -> None:
    assert confusion(TRUTH, SAID, 3).tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 2]]


def test_macro_f1_is_scikit_learns() -> None:
    assert macro_f1(TRUTH, SAID, 3) == pytest.approx(f1_score(TRUTH, SAID, average="macro"))


def test_a_class_that_never_occurs_in_the_truth_does_not_count() -> None:
    assert macro_f1(TRUTH, SAID, 4) == macro_f1(TRUTH, SAID, 3)


def test_macro_f1_of_no_rows_is_no_number() -> None:
    assert np.isnan(macro_f1_of(np.zeros((3, 3))))


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


def test_every_draw_draws_as_many_groups_as_there_are() -> None:
    drawn = Draws(7, draws=120).sums(np.arange(7), np.ones((7, 1)))

    assert drawn[:, 0].tolist() == [7] * 120


def test_draws_are_fixed_by_their_seed() -> None:
    first, again, other = (
        drawn_confusion(TRUTH, SAID, 3, np.arange(8), Draws(8, 60, seed)) for seed in (1, 1, 2)
    )

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_draw_without_any_row_is_left_out_of_the_interval() -> None:
    assert interval(np.array([np.nan, 0.5, np.nan, 0.5])) == (0.5, 0.5)


def test_the_interval_of_no_draw_is_no_number() -> None:
    assert np.isnan(interval(np.array([np.nan]))).all()


def test_the_interval_of_a_share_of_single_rows_is_clopper_and_pearsons() -> None:
    right = np.array([True] * 8 + [False] * 2)

    low, high = share_interval(right, np.arange(10))

    # Their table gives 0.4439 to 0.9748 for 8 of 10; sampling with a mean costs one of the ten.
    assert (low, high) == pytest.approx((0.4439, 0.9748), abs=0.03)


def test_the_interval_of_a_share_is_wider_for_rows_in_groups() -> None:
    right = np.repeat([True, True, True, False], 25)

    alone = share_interval(right, np.arange(100))
    together = share_interval(right, np.repeat(np.arange(10), 10))

    assert together[1] - together[0] > 1.5 * (alone[1] - alone[0])


def test_where_every_row_is_right_the_interval_tells_how_many_there_were() -> None:
    few = share_interval(np.ones(5, bool), np.arange(5))
    many = share_interval(np.ones(500, bool), np.arange(500))

    assert few == pytest.approx((0.4782, 1.0), abs=1e-3)
    assert many == pytest.approx((0.9926, 1.0), abs=1e-3)


def test_one_group_says_nothing_of_a_share() -> None:
    assert share_interval(np.ones(9, bool), np.zeros(9, np.int64)) == (0.0, 1.0)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9])
    right = np.array([True, True, True, False])

    assert expected_calibration_error(confidence, right) == pytest.approx(0.15)


def test_briers_score_takes_the_shares_of_labellers_as_the_truth() -> None:
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4]])

    scores = brier_scores(probabilities, np.array([[1.0, 0.0], [0.6, 0.4]]))

    assert scores.tolist() == pytest.approx([0.32, 0.0])


def test_risk_is_the_share_of_errors_among_the_surest_answers() -> None:
    confidence = np.array([0.5, 0.9, 0.7, 0.6])
    right = np.array([False, True, False, True])

    found = selective_risk(confidence, right, np.arange(4), Draws(4), (0.25, 0.5, 1.0))

    # In order of confidence: right, wrong, right, wrong.
    assert found.risk.tolist() == pytest.approx([0, 1 / 2, 1 / 2])
    assert found.aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert found.aurc_interval[0] <= found.aurc <= found.aurc_interval[1]


def test_the_order_of_rows_of_equal_confidence_does_not_matter() -> None:
    right = np.array([True, False, False, True, True, False])
    confidence = np.full(6, 0.8)

    forward = selective_risk(confidence, right, np.arange(6), Draws(6), (0.5,))
    backward = selective_risk(confidence, right[::-1], np.arange(6), Draws(6), (0.5,))

    assert forward.risk.tolist() == backward.risk.tolist() == [0.5]
    assert forward.aurc == backward.aurc == 0.5
