"""Temperatures: one a kind keeps every answer; stance may have two, for topic and for side."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from stance.calibration import HEADS, N_LOGITS, UNCALIBRATED, Calibration, fit_temperature
from stance.domain import Kind

Logits = NDArray[np.float32]

all_logits = arrays(
    np.float32,
    array_shapes(min_dims=1, max_dims=1, max_side=5).map(lambda shape: (*shape, N_LOGITS)),
    elements=st.floats(-50, 50, width=32),
)
temperatures = st.floats(0.05, 20)
kinds = st.sampled_from(list(Kind))
both_forms = st.builds(
    Calibration,
    st.fixed_dictionaries(dict.fromkeys(Kind, temperatures)),
    st.none() | temperatures,
)


def calibration(temperature: float) -> Calibration:
    return Calibration(dict.fromkeys(Kind, temperature))


def loss(logits: Logits, allowed: NDArray[np.bool_], temperature: float) -> float:
    scaled = np.exp(logits.astype(np.float64) / temperature)
    return float(-np.log((scaled * allowed).sum(axis=1) / scaled.sum(axis=1)).mean())


def drawn(temperature: float, n: int = 4000) -> tuple[Logits, NDArray[np.bool_]]:
    """Logits, and labels drawn with the probabilities that they have at a temperature."""
    rng = np.random.default_rng(7)
    logits = rng.normal(0, 3, (n, 4)).astype(np.float32)
    noise = rng.gumbel(size=logits.shape)
    return logits, np.eye(4, dtype=np.bool_)[np.argmax(logits / temperature + noise, axis=1)]


def stance_at(topic: float, side: float) -> Calibration:
    return Calibration({Kind.STANCE: topic, Kind.SENTIMENT: 1.0}, side)


def test_a_temperature_of_one_is_softmax() -> None:
    logits = np.log(np.array([[2, 4, 1, 1, 5, 3, 2]], np.float32))

    stance = UNCALIBRATED.probabilities(Kind.STANCE, logits)
    sentiment = UNCALIBRATED.probabilities(Kind.SENTIMENT, logits)

    assert stance == pytest.approx(np.array([[0.25, 0.5, 0.125, 0.125]]))
    assert sentiment == pytest.approx(np.array([[0.5, 0.3, 0.2]]))


def test_a_temperature_of_two_halves_the_logits() -> None:
    logits = 2 * np.log(np.array([[2, 4, 1, 1, 5, 3, 2]], np.float32))

    stance = calibration(2).probabilities(Kind.STANCE, logits)

    assert stance == pytest.approx(np.array([[0.25, 0.5, 0.125, 0.125]]))


def test_each_kind_has_the_temperature_and_the_logits_of_its_own() -> None:
    logits = np.log(np.array([[2, 4, 1, 1, 1, 4, 4]], np.float32))
    both = Calibration({Kind.STANCE: 1.0, Kind.SENTIMENT: 0.5})

    assert both.probabilities(Kind.STANCE, logits)[0, 1] == pytest.approx(4 / 8)
    assert both.probabilities(Kind.SENTIMENT, logits)[0, 1] == pytest.approx(16 / 33)


def test_the_heads_are_four_stances_and_then_three_tones() -> None:
    assert {Kind.STANCE: slice(0, 4), Kind.SENTIMENT: slice(4, 7)} == HEADS
    assert N_LOGITS == 7


@given(all_logits, both_forms, kinds)
@settings(deadline=None)
def test_probabilities_sum_to_one(logits: Logits, of: Calibration, kind: Kind) -> None:
    found = of.probabilities(kind, logits)

    assert found.shape == (len(logits), len(kind.labels))
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-12
    assert found.min() >= 0


@given(all_logits, temperatures, kinds)
@settings(deadline=None)
def test_a_temperature_keeps_the_order_of_the_labels(
    logits: Logits, temperature: float, kind: Kind
) -> None:
    found = calibration(temperature).probabilities(kind, logits)

    in_order = np.take_along_axis(found, np.argsort(logits[:, HEADS[kind]], axis=1), axis=1)
    assert (np.diff(in_order, axis=1) >= 0).all()


@given(all_logits, both_forms, kinds)
@settings(deadline=None)
def test_an_answer_does_not_depend_on_the_rows_beside_it(
    logits: Logits, of: Calibration, kind: Kind
) -> None:
    together = of.probabilities(kind, logits)

    alone = [of.probabilities(kind, row[None])[0] for row in logits]
    assert np.array_equal(together, alone)


@given(arrays(np.float32, (3, N_LOGITS), elements=st.floats(-8, 8, width=32)), both_forms, kinds)
@settings(deadline=None)
def test_a_calibration_is_undone_from_its_probabilities(
    logits: Logits, of: Calibration, kind: Kind
) -> None:
    found = of.probabilities(kind, logits)
    raw = UNCALIBRATED.probabilities(kind, logits)

    whole = (found > 1e-12).all(axis=1)  # what is rounded to nothing is lost
    assert of.undone(kind, found)[whole] == pytest.approx(raw[whole], abs=1e-3)


@given(all_logits)
@settings(deadline=None)
def test_two_temperatures_of_one_are_softmax(logits: Logits) -> None:
    found = stance_at(1, 1).probabilities(Kind.STANCE, logits)

    assert found == pytest.approx(UNCALIBRATED.probabilities(Kind.STANCE, logits))


def test_the_one_temperature_is_of_the_topic_and_the_other_of_the_side() -> None:
    # Some side is 15 times as likely as none, and favor 9 times as likely as against or neutral.
    logits = np.log(np.array([[27, 3, 3, 2.2, 1, 1, 1]], np.float32))

    raw = stance_at(1, 1).probabilities(Kind.STANCE, logits)[0]
    topic = stance_at(2, 1).probabilities(Kind.STANCE, logits)[0]
    side = stance_at(1, 2).probabilities(Kind.STANCE, logits)[0]

    assert raw.tolist() == pytest.approx([15 / 16 * 9 / 11, *[15 / 16 / 11] * 2, 1 / 16])
    assert topic[3] == pytest.approx(1 / (1 + np.sqrt(15)))
    assert topic[:3] / topic[:3].sum() == pytest.approx(np.array([9, 1, 1]) / 11)
    assert side[3] == pytest.approx(1 / 16)
    assert side[:3] / side[:3].sum() == pytest.approx(np.array([3, 1, 1]) / 5)


@pytest.mark.parametrize(("topic", "side"), [(0.5, 3.0), (2.5, 1.0)])
def test_the_two_temperatures_that_labels_were_drawn_at_are_found(
    topic: float, side: float
) -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 3, (8000, N_LOGITS)).astype(np.float32)
    chances = stance_at(topic, side).probabilities(Kind.STANCE, logits)
    right = np.array([rng.choice(4, p=row) for row in chances])
    none = np.zeros((0, 3), np.float32)

    found = Calibration.fit(
        {Kind.STANCE: logits[:, HEADS[Kind.STANCE]], Kind.SENTIMENT: none},
        {Kind.STANCE: np.eye(4, dtype=np.bool_)[right], Kind.SENTIMENT: none.astype(np.bool_)},
    )

    assert found.temperatures[Kind.STANCE] == pytest.approx(topic, rel=0.15)
    assert found.side == pytest.approx(side, rel=0.15)
    assert found.temperatures[Kind.SENTIMENT] == 1.0


@given(both_forms)
def test_a_calibration_is_the_same_after_a_manifest(of: Calibration) -> None:
    assert Calibration.from_json(of.to_json()) == of


def test_logits_too_large_to_be_exponents_still_give_probabilities() -> None:
    logits = np.full((1, N_LOGITS), 3e38, np.float32)

    assert calibration(0.01).probabilities(Kind.STANCE, logits).tolist() == [[0.25] * 4]


def test_calibration_leaves_the_logits_as_they_are() -> None:
    logits = np.ones((1, N_LOGITS), np.float32)

    calibration(2).probabilities(Kind.STANCE, logits)

    assert logits.tolist() == [[1.0] * N_LOGITS]


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_no_number_above_zero_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature of stance must be a number above 0"):
        calibration(temperature)


def test_the_temperature_of_the_side_must_be_above_zero_too() -> None:
    with pytest.raises(ValueError, match="temperature of side must be a number above 0"):
        stance_at(1.0, 0.0)


def test_every_kind_needs_a_temperature() -> None:
    with pytest.raises(ValueError, match="temperature of sentiment must be a number above 0"):
        Calibration({Kind.STANCE: 1.0})


@pytest.mark.parametrize("known", [0.5, 1.0, 2.5, 8.0])
def test_the_temperature_that_labels_were_drawn_at_is_found(known: float) -> None:
    logits, allowed = drawn(known)

    assert fit_temperature(logits, allowed) == pytest.approx(known, rel=0.1)


@pytest.mark.parametrize("known", [0.5, 2.5])
def test_the_temperature_that_is_found_makes_the_loss_smallest(known: float) -> None:
    logits, allowed = drawn(known, n=500)

    found = fit_temperature(logits, allowed)

    least = loss(logits, allowed, found)
    assert least < loss(logits, allowed, 1.0)
    assert least < loss(logits, allowed, found * 1.01)
    assert least < loss(logits, allowed, found / 1.01)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_a_fitted_temperature_never_makes_the_loss_larger(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, scale, (20, 3)).astype(np.float32)
    allowed = np.eye(3, dtype=np.bool_)[rng.integers(0, 3, 20)]

    found = fit_temperature(logits, allowed)

    assert loss(logits, allowed, found) <= loss(logits, allowed, 1.0) + 1e-9


@pytest.mark.parametrize("known", [0.5, 2.5])
def test_a_coarse_label_allows_the_sum_of_several(known: float) -> None:
    logits, allowed = drawn(known)
    coarse = allowed.copy()
    coarse[:, 2:] = allowed[:, 2:].any(axis=1, keepdims=True)

    assert fit_temperature(logits, coarse) == pytest.approx(known, rel=0.1)


def test_rows_where_every_label_is_allowed_say_nothing() -> None:
    logits, allowed = drawn(2.0, n=500)
    free = np.ones_like(allowed)

    padded = fit_temperature(np.vstack([logits, logits]), np.vstack([allowed, free]))

    assert padded == pytest.approx(fit_temperature(logits, allowed), rel=1e-3)


@pytest.mark.parametrize(
    ("right", "bound"),
    [pytest.param(0, 1 / 20, id="always right"), pytest.param(3, 20, id="always wrong")],
)
def test_a_temperature_stays_within_its_bounds(right: int, bound: float) -> None:
    logits = np.tile(np.array([3, 2, 1, 0], np.float32), (10, 1))
    allowed = np.tile(np.arange(4) == right, (10, 1))

    assert fit_temperature(logits, allowed) == pytest.approx(bound, rel=1e-3)
