"""The intervals of a report hold the truth as often as they say, for statements in articles."""

from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t

from stance.report_shares import Sums, student, wilson


def sums(values: NDArray[np.float64], articles: NDArray[np.int64]) -> Sums:
    _, inverse = np.unique(articles, return_inverse=True)
    return Sums.of_articles(np.bincount(inverse), np.bincount(inverse, values))


def test_students_quantile_is_near_enough() -> None:
    for freedom in (4, 5, 9, 30, 1000):
        assert student(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=0.005)


def test_wilsons_interval_is_the_published_one() -> None:
    found = wilson(0.1, 100)

    assert (found.low, found.high) == pytest.approx((0.0552, 0.1744), abs=1e-4)


def test_independent_statements_have_wilsons_interval() -> None:
    values = np.repeat([1.0, 0.0], [300, 700])
    found = sums(values, np.arange(1000)).interval()

    assert found is not None
    assert (found.low, found.high) == pytest.approx(
        (wilson(0.3, 1000).low, wilson(0.3, 1000).high), abs=1e-4
    )


def test_what_stands_in_one_article_counts_as_little_more_than_one() -> None:
    values = np.repeat(np.repeat([1.0, 0.0], [30, 70]), 10)
    found = sums(values, np.repeat(np.arange(100), 10)).interval()

    assert found is not None
    assert found.high - found.low >= wilson(0.3, 100).high - wilson(0.3, 100).low


def test_articles_of_one_length_vary_as_their_means_do() -> None:
    means = np.array([0.0, 0.2, 0.4, 1.0, 0.8, 0.4])
    values = np.concatenate(
        [np.repeat([1.0, 0.0], [round(5 * m), round(5 - 5 * m)]) for m in means]
    )
    found = sums(values, np.repeat(np.arange(6), 5)).interval()

    variance = means.var(ddof=1) / 6
    size = means.mean() * (1 - means.mean()) / variance
    expected = wilson(float(means.mean()), size * (t.ppf(0.975, 29) / t.ppf(0.975, 5)) ** 2)
    assert size < 30
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-3)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_where_all_agree_there_is_doubt_still(value: float) -> None:
    found = sums(np.full(60, value), np.repeat(np.arange(20), 3)).interval()

    assert found is not None
    assert 0.1 < found.high - found.low < 0.3
    assert found.low <= value <= found.high + 1e-9


@pytest.mark.parametrize(
    ("n", "articles", "few"), [(9, 9, True), (10, 5, False), (100, 4, True), (1, 1, True)]
)
def test_few_statements_or_articles_have_no_interval(n: int, articles: int, few: bool) -> None:
    found = sums(np.ones(n), np.arange(n) % articles)

    assert found.few is few
    assert (found.interval() is None) is few


@pytest.mark.parametrize("share", [0.03, 0.5, 0.9])
def test_the_interval_holds_the_truth_nineteen_times_in_twenty(share: float) -> None:
    rng = np.random.default_rng(7)
    held = []
    for _ in range(400):
        of_article = rng.beta(share * 4, (1 - share) * 4, 25)  # statements of one article agree
        articles = np.repeat(np.arange(25), rng.integers(1, 8, 25))
        values = (rng.random(len(articles)) < of_article[articles]).astype(float)
        found = sums(values, articles).interval()
        assert found is not None
        held.append(found.low <= share <= found.high)

    doubt = NormalDist().inv_cdf(0.999) * np.sqrt(0.95 * 0.05 / 400)
    assert np.mean(held) >= 0.95 - doubt
