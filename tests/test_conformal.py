"""Sets of labels hold the truth as often as asked, whichever label is true."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stance.conformal import LEVELS, PredictionSets, fit_thresholds, level_of
from stance.domain import Kind
from stance.errors import InputError
from tests.tiny_bundles import opening_at

Probabilities = NDArray[np.float64]
Truth = NDArray[np.int64]

seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(list(Kind))
coverages = st.floats(0.5, 0.99)


def drawn(rng: np.random.Generator, n: int, n_labels: int) -> tuple[Probabilities, Truth]:
    """Rows of a model that is over-confident, and worse on some labels than on others."""
    truth = rng.choice(n_labels, n, p=np.arange(1, n_labels + 1) / (n_labels * (n_labels + 1) / 2))
    logits = rng.normal(0, 1, (n, n_labels))
    logits[np.arange(n), truth] += truth
    exp = np.exp(2 * logits)
    return exp / exp.sum(axis=1, keepdims=True), truth


def fitted(seed: int, n: int = 60) -> PredictionSets:
    rng = np.random.default_rng(seed)
    rows = {kind: drawn(rng, n, len(kind.labels)) for kind in Kind}
    return PredictionSets.fit(
        {kind: probabilities for kind, (probabilities, _) in rows.items()},
        {kind: truth for kind, (_, truth) in rows.items()},
    )


def one_class(*own: float) -> Probabilities:
    """Rows of the first of two classes, with these probabilities of it."""
    return np.array([[p, 1 - p] for p in own])


def threshold(level: float, *own: float) -> float:
    found = fit_thresholds(one_class(*own), np.zeros(len(own), np.int64))
    return float(found[level_of(level), 0])


# The thresholds


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        pytest.param(0.5, 0.5, id="the fifth of nine"),
        pytest.param(0.6, 0.4, id="the sixth"),
        pytest.param(0.61, 0.3, id="a little more is one further"),
        pytest.param(0.9, 0.1, id="the ninth"),
        pytest.param(0.91, 0.0, id="nine rows are too few"),
    ],
)
def test_the_threshold_is_the_quantile_of_one_more_row_than_there_are(
    level: float, expected: float
) -> None:
    assert threshold(level, 0.3, 0.9, 0.1, 0.5, 0.7, 0.2, 0.8, 0.4, 0.6) == expected


def test_whole_numbers_do_not_suffer_from_fractions() -> None:
    own = [n / 100 for n in range(1, 100)]

    assert threshold(0.55, *own) == 0.45  # 100 * 0.55 is a little over 55
    assert threshold(0.58, *own) == 0.42  # and 100 * 0.58 a little under 58


def test_a_class_without_calibration_rows_is_in_every_set() -> None:
    thresholds = fit_thresholds(one_class(0.9, 0.8), np.zeros(2, np.int64))

    assert thresholds.shape == (len(LEVELS), 2)
    assert set(thresholds[:, 1]) == {0.0}


def test_each_class_has_its_own_threshold() -> None:
    probabilities = np.array([[0.9, 0.1]] * 9 + [[0.6, 0.4]] * 9)

    thresholds = fit_thresholds(probabilities, np.repeat([0, 1], 9))

    assert thresholds[level_of(0.9)].tolist() == [0.9, 0.4]


@pytest.mark.parametrize(
    ("probabilities", "truth", "fault"),
    [
        pytest.param(np.ones((2, 3)), np.zeros(3, np.int64), "one true label", id="other lengths"),
        pytest.param(np.ones(3), np.zeros(3, np.int64), "one true label", id="one dimension"),
        pytest.param(np.ones((1, 3)), np.array([3]), "not one of 0 to 2", id="an unknown label"),
        pytest.param(np.ones((1, 3)), np.array([-1]), "not one of 0 to 2", id="below zero"),
    ],
)
def test_rows_that_do_not_belong_together_are_refused(
    probabilities: Probabilities, truth: Truth, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        fit_thresholds(probabilities, truth)


# The levels


@pytest.mark.parametrize(
    ("coverage", "level"),
    [(0.5, 0.5), (0.501, 0.51), (0.57, 0.57), (0.9, 0.9), (0.900001, 0.91), (0.99, 0.99)],
)
def test_a_coverage_is_rounded_up_to_whole_hundredths(coverage: float, level: float) -> None:
    assert LEVELS[level_of(coverage)] == level


def test_the_levels_are_the_hundredths_from_a_half_up() -> None:
    assert [f"{level:.2f}" for level in LEVELS] == [f"0.{n}" for n in range(50, 100)]


@pytest.mark.parametrize(
    "coverage",
    [0.49999, 0.990001, 0, 1, -0.9, 90, float("nan"), float("inf"), True, "0.9", None, 10**400],
    ids=repr,
)
def test_a_coverage_out_of_range_is_refused_by_its_name(coverage: Any) -> None:
    with pytest.raises(InputError) as caught:
        level_of(coverage)

    assert str(caught.value) == "coverage: must be a number from 0.5 to 0.99"


# The sets


@pytest.mark.parametrize(
    ("probabilities", "coverage", "labels"),
    [
        ((0.3, 0.3, 0.2, 0.2), 0.8, ("favor", "against")),
        ((0.6, 0.4, 0.0, 0.0), 0.8, ("favor",)),
        ((0.4, 0.2, 0.2, 0.2), 0.8, ("favor",)),
        ((0.0, 0.5, 0.5, 0.0), 0.8, ("against", "neutral")),
        ((0.1, 0.1, 0.1, 0.7), 0.9, ("favor", "against", "neutral", "unrelated")),
        ((0.0, 0.1, 0.9, 0.0), 0.9, ("against", "neutral")),
    ],
)
def test_a_set_has_the_labels_over_the_threshold_and_the_most_probable_ones(
    probabilities: tuple[float, ...], coverage: float, labels: tuple[str, ...]
) -> None:
    assert opening_at(0.9).labels(Kind.STANCE, probabilities, coverage) == labels


@given(seeds, kinds, st.tuples(coverages, coverages))
@settings(max_examples=50, deadline=None)
def test_more_coverage_never_takes_a_label_out(
    seed: int, kind: Kind, asked: tuple[float, float]
) -> None:
    sets, [row] = fitted(seed), drawn(np.random.default_rng(seed), 1, len(kind.labels))[0]

    less, more = (sets.labels(kind, row.tolist(), coverage) for coverage in sorted(asked))

    assert set(less) <= set(more)


@given(seeds, kinds, coverages)
@settings(max_examples=50, deadline=None)
def test_a_set_has_the_answer_in_it_and_its_labels_in_order(
    seed: int, kind: Kind, coverage: float
) -> None:
    [row], _ = drawn(np.random.default_rng(seed), 1, len(kind.labels))

    labels = fitted(seed).labels(kind, row.tolist(), coverage)

    assert kind.labels[row.argmax()] in labels
    assert labels == tuple(label for label in kind.labels if label in labels)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.99])
@pytest.mark.parametrize("n", [8, 40, 400])
def test_each_label_is_in_its_set_as_often_as_asked(coverage: float, n: int) -> None:
    rng = np.random.default_rng(11)
    kind, n_runs, n_new = Kind.STANCE, 400, 200
    hits = np.zeros((n_runs, len(kind.labels)))
    for hit in hits:
        thresholds = fit_thresholds(*drawn(rng, n, len(kind.labels)))[level_of(coverage)]
        new, truth = drawn(rng, n_new, len(kind.labels))
        inside = new[np.arange(n_new), truth] >= thresholds[truth]
        hit[:] = [inside[truth == label].mean() for label in range(len(kind.labels))]

    found, error = hits.mean(axis=0), hits.std(axis=0) / np.sqrt(n_runs)

    assert (found > coverage - 4 * error - 1e-9).all()


def test_with_many_rows_the_sets_hold_the_truth_hardly_more_often_than_asked() -> None:
    rng = np.random.default_rng(5)
    thresholds = fit_thresholds(*drawn(rng, 20_000, 3))[level_of(0.8)]
    new, truth = drawn(rng, 20_000, 3)

    inside = new[np.arange(len(new)), truth] >= thresholds[truth]

    assert [inside[truth == label].mean() for label in range(3)] == pytest.approx(
        [0.8] * 3, abs=0.02
    )


# As they are written


@given(seeds, st.integers(0, 80))
@settings(max_examples=25, deadline=None)
def test_sets_that_were_written_are_read_back_as_they_were(seed: int, n: int) -> None:
    sets = fitted(seed, n)

    assert PredictionSets.from_json(sets.to_json()) == sets


def test_sets_are_written_with_their_levels_counts_and_thresholds() -> None:
    written = opening_at(0.9).to_json()

    assert list(written) == ["levels", "stance", "sentiment"]
    assert written["levels"] == list(LEVELS)
    assert written["sentiment"]["counts"] == {"positive": 100, "neutral": 100, "negative": 100}
    assert written["stance"]["thresholds"] == [[0.5] * 4] * 40 + [[0.01] * 4] * 10


def test_the_counts_are_those_of_the_calibration_rows() -> None:
    sets = PredictionSets.fit(
        {Kind.SENTIMENT: np.eye(3)[[0, 0, 2]]}, {Kind.SENTIMENT: np.array([0, 0, 2])}
    )

    assert sets.counts == {Kind.STANCE: (0, 0, 0, 0), Kind.SENTIMENT: (2, 0, 1)}


def test_a_kind_without_calibration_rows_has_every_label_in_every_set() -> None:
    sets = PredictionSets.fit({}, {})

    assert sets.labels(Kind.STANCE, (1.0, 0.0, 0.0, 0.0), 0.5) == Kind.STANCE.labels


def broken(**parts: Any) -> dict[str, Any]:
    return opening_at(0.9).to_json() | parts


def with_stance(**parts: Any) -> dict[str, Any]:
    whole = opening_at(0.9).to_json()
    return whole | {"stance": whole["stance"] | parts}


ROWS = [[0.5] * 4] * len(LEVELS)
COUNTS = dict.fromkeys(Kind.STANCE.labels, 1)
BROKEN = {
    "a list": ([], "must have levels, stance and sentiment"),
    "empty": ({}, "must have levels, stance and sentiment"),
    "more": (broken(tone={}), "must have levels, stance and sentiment"),
    "other levels": (broken(levels=[0.9]), "levels are not those that this version"),
    "no parts": (broken(stance=[]), "stance: must have counts and thresholds"),
    "a part missing": (broken(stance={"counts": COUNTS}), "stance: must have counts and thres"),
    "counts as list": (with_stance(counts=[1, 1, 1, 1]), "stance: counts must be of favor, ag"),
    "a count missing": (with_stance(counts={"favor": 1}), "stance: counts must be of favor, ag"),
    "half a row": (with_stance(counts=COUNTS | {"favor": 0.5}), "stance: a count is no whole"),
    "fewer than none": (with_stance(counts=COUNTS | {"favor": -1}), "stance: needs a count of at"),
    "one number": (with_stance(thresholds=0.5), "stance: thresholds must be a list of lists"),
    "one list": (with_stance(thresholds=[0.5] * 50), "stance: thresholds must be a list of lists"),
    "too few levels": (with_stance(thresholds=ROWS[1:]), "stance: needs a threshold for each of"),
    "too few labels": (with_stance(thresholds=[[0.5] * 3] * 50), "stance: needs a threshold for"),
    "words": (with_stance(thresholds=[["0.5"] * 4] * 50), "stance: a threshold is no number"),
    "a switch": (with_stance(thresholds=[[True] * 4] * 50), "stance: a threshold is no number"),
    "NaN": (with_stance(thresholds=[[float("nan")] * 4] * 50), "stance: a threshold is not from 0"),
    "over one": (with_stance(thresholds=[[1.1] * 4] * 50), "stance: a threshold is not from 0"),
    "below zero": (with_stance(thresholds=[[-0.1] * 4] * 50), "stance: a threshold is not from 0"),
    "huge": (with_stance(thresholds=[[10**400] * 4] * 50), "stance: a threshold is not from 0"),
    "rising": (with_stance(thresholds=[*ROWS[1:], [0.5, 0.5, 0.6, 0.5]]), "rises with the level"),
}


@pytest.mark.parametrize(("entry", "fault"), BROKEN.values(), ids=BROKEN.keys())
def test_what_are_no_prediction_sets_is_refused_with_the_reason(entry: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        PredictionSets.from_json(entry)


def test_sets_of_one_kind_alone_are_refused() -> None:
    whole = opening_at(0.9)

    with pytest.raises(ValueError, match="sentiment: needs a count"):
        PredictionSets({Kind.STANCE: whole.counts[Kind.STANCE]}, whole.thresholds)
