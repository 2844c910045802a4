"""Means over statements that stand together in articles, with honest 95 % intervals.

Wilson's interval ("Probable inference", JASA 22, 1927) at the number of independent statements that
would vary as much as the articles do (Kish, "Survey Sampling", 1965), with Student's quantile
for few articles; of the intervals for shares in clusters compared by Dean and Pagano
("Evaluating confidence interval methods for binomial proportions in clustered surveys", 2015), one
that keeps its level near 0 and 1. Knows sums only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Self

FEWEST_STATEMENTS, FEWEST_ARTICLES = 10, 5
_NORMAL = 1.959964


@dataclass(frozen=True, slots=True)
class Interval:
    """From where to where a value lies, at 95 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sums:
    """What is known of one value of statements, which lies from 0 to 1, summed by article.

    Attributes:
        n: statements.
        articles: in which they stand.
        sizes: squared numbers of statements of the articles, summed.
        total: of the values.
        squares: of the articles' totals, summed.
        products: of the articles' totals and numbers of statements, summed.
    """

    n: int
    articles: int
    sizes: float
    total: float
    squares: float
    products: float

    @classmethod
    def of_articles(cls, numbers: Iterable[float], totals: Iterable[float]) -> Self:
        """The sums of each article's number of statements, and of their values' total."""
        by_article = list(zip(numbers, totals, strict=True))
        return cls(
            round(sum(n for n, _ in by_article)),
            len(by_article),
            float(sum(n * n for n, _ in by_article)),
            float(sum(total for _, total in by_article)),
            float(sum(total * total for _, total in by_article)),
            float(sum(total * n for n, total in by_article)),
        )

    @property
    def mean(self) -> float:
        """The mean over statements."""
        return self.total / self.n

    @property
    def few(self) -> bool:
        """Whether there are too few statements or articles to say anything of the mean."""
        return self.n < FEWEST_STATEMENTS or self.articles < FEWEST_ARTICLES

    def interval(self) -> Interval | None:
        """The 95 % interval of the mean; None where there is too little for one."""
        if self.few:
            return None
        mean = self.mean
        spread = self.squares - 2 * mean * self.products + mean * mean * self.sizes
        variance = spread / self.n**2 * self.articles / (self.articles - 1)
        # Where no article differs from another, each still is but one.
        size = float(self.articles)
        if variance > 1e-12:
            size = min(float(self.n), mean * (1 - mean) / variance)
        return wilson(mean, size * (student(self.n - 1) / student(self.articles - 1)) ** 2)


def wilson(share: float, size: float) -> Interval:
    """Wilson's 95 % interval of a share of a number of independent rows, which may be broken."""
    z2 = _NORMAL**2
    middle = share + z2 / (2 * size)
    reach = _NORMAL * sqrt(share * (1 - share) / size + z2 / (4 * size**2))
    low, high = ((middle + side * reach) / (1 + z2 / size) for side in (-1, 1))
    return Interval(max(0.0, low), min(1.0, high))


def student(freedom: int) -> float:
    """The 97.5 % quantile of Student's distribution, within 0.5 % from 4 degrees of freedom on.

    Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.5.
    """
    z = _NORMAL
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
