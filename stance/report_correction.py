"""Shares of stances, corrected for the model's errors by labels of a sample of the archive.

Prediction-powered inference (Angelopoulos et al., "Prediction-powered inference", Science 382,
2023), tuned so that poor answers do no harm (Angelopoulos, Duchi and Zrnic, "PPI++", 2023), by the
authors' own library. A share is of the statements that truly are about the issue, so it is a ratio
of two means, and its interval that of its linear part. Articles are what was drawn. The interval
holds two made-up articles more, one with an error of each side, as Bonett and Price ("Adjusted
Wald confidence interval for a difference of binomial proportions based on paired data", 2012) add
to pairs: without them it is far too narrow where few errors were seen, or none. Student's quantile
takes the place of the normal one.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from types import ModuleType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stance.domain import Stance
from stance.errors import extra_needed
from stance.report_archive import ScoredRun
from stance.report_labels import LabelledStance, Matched, Pair, left_out, match
from stance.report_shares import Interval, Sums, student
from stance.report_tables import Cell, Tables

FEWEST_PAIRS, FEWEST_ARTICLES = 20, 10
Reals = NDArray[np.float64]
Group = tuple[int, str | None]  # an issue, and one speaker or all

# What each stance counts toward a measure.
_MEASURES: Mapping[str, Mapping[Stance, float]] = {
    "favor": {Stance.FAVOR: 1},
    "against": {Stance.AGAINST: 1},
    "neutral": {Stance.NEUTRAL: 1},
    "lean": {Stance.FAVOR: 1, Stance.NEUTRAL: 0.5},
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Corrected:
    """The statements of all, or of one speaker, on one issue: as answered, and corrected.

    Attributes:
        issue: its number.
        speaker: None for all.
        n_labels: labelled statements that the model found to be about the issue.
        n_articles: in which they stand.
        naive: as answered.
        favor, against, neutral: shares of what truly is about the issue.
        lean: see `Cell.lean`.
        unrelated: how much of what was found to be about the issue is not.
    """

    issue: int
    speaker: str | None
    n_labels: int
    n_articles: int
    naive: Cell
    favor: Estimate
    against: Estimate
    neutral: Estimate
    lean: Estimate
    unrelated: Estimate


@dataclass(frozen=True, slots=True)
class Correction:
    """What the labels make of a report.

    Attributes:
        corrected: groups with enough labels; by issue, all before single speakers.
        too_few: the number of labels of each group that has too few.
        matched: which statements the labels belong to.
        left_out: of each issue, the labelled statements that the model took for unrelated, and
            how many of those are not; no share is corrected for them.
    """

    corrected: tuple[Corrected, ...]
    too_few: Mapping[Group, int]
    matched: Matched
    left_out: Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Articles:
    """Statements by article: how many, and the mean of a value over them. All (articles,)."""

    size: Reals
    mean: Reals


def correct(labels: Iterable[LabelledStance], run: ScoredRun, tables: Tables) -> Correction:
    """Correct the shares of each issue, and of each speaker on it, that has enough labels.

    Args:
        labels: of statements drawn at random from those that the model found to be about an
            issue; where they were drawn otherwise, the result holds for such statements only.
        run: what was scored.
        tables: of the run.

    Raises:
        MissingExtraError: ppi-python is not installed.
    """
    matched = match(labels, run, tables)
    groups: dict[Group, list[Pair]] = {}
    for pair in matched.pairs:
        if pair.answered is not None:
            groups.setdefault((pair.issue, None), []).append(pair)
            if pair.speaker is not None:
                groups.setdefault((pair.issue, pair.speaker), []).append(pair)
    enough = {group: pairs for group, pairs in groups.items() if _enough(pairs)}
    labelled = {
        "issue": pa.array([pair.issue for pair in matched.pairs], pa.int32()),
        "statement": pa.array([pair.statement for pair in matched.pairs], pa.string()),
    }
    tables.add("labelled", pa.table(labelled))
    return Correction(
        tuple(
            _group(group, enough[group], tables)
            for group in sorted(enough, key=lambda g: (g[0], g[1] is not None, -len(enough[g]), g))
        ),
        {group: len(pairs) for group, pairs in groups.items() if group not in enough},
        matched,
        left_out(matched.pairs),
    )


def _enough(pairs: Sequence[Pair]) -> bool:
    articles = {pair.article for pair in pairs}
    return len(pairs) >= FEWEST_PAIRS and len(articles) >= FEWEST_ARTICLES


def _group(group: Group, pairs: Sequence[Pair], tables: Tables) -> Corrected:
    issue, speaker = group
    of = "issue = $issue" + ("" if speaker is None else " and speaker = $speaker")
    values: dict[str, object] = {"issue": issue}
    if speaker is not None:
        values["speaker"] = speaker
    rest = tables.rows(
        f"""
        select count(*), {", ".join(f"avg({name})" for name in _MEASURES)} from pairs
        anti join labelled using (issue, statement) where {of}
        group by article order by article
        """,  # noqa: S608 - of names that are written here
        **values,
    )
    unlabelled = np.array(rest, np.float64).reshape(-1, 1 + len(_MEASURES)).T
    [naive] = tables.cells(f"(from pairs where {of})", ["issue"], **values).values()
    about = _by_article(pairs, [1 - pair.truth[-1] for pair in pairs])
    shares = {}
    for n, (name, counted) in enumerate(_MEASURES.items(), 1):
        worth = [counted.get(stance, 0.0) for stance in Stance]
        truth = [float(np.dot(worth, pair.truth)) for pair in pairs]
        answers = [counted.get(pair.answered, 0.0) for pair in pairs if pair.answered]
        shares[name] = corrected_share(
            _by_article(pairs, truth),
            about,
            _by_article(pairs, answers),
            Articles(unlabelled[0], unlabelled[n]),
        )
    return Corrected(
        issue, speaker, len(pairs), len(about.size), naive, **shares, unrelated=_complement(about)
    )


def corrected_share(
    truth: Articles, about: Articles, answered: Articles, unlabelled: Articles
) -> Estimate:
    """A share of the statements that truly are about an issue.

    Args:
        truth: of the labelled statements, how much each counts by its label, from 0 to 1.
        about: how much each is about the issue, by its label.
        answered: how much each counts by the model's answer; the model took all to be about it.
        unlabelled: the same of all other statements that it took to be about it.

    Raises:
        MissingExtraError: ppi-python is not installed.
    """
    ppi = _ppi()
    size, of_about = truth.size, float(np.average(about.mean, weights=truth.size))
    if not of_about:
        return Estimate(float("nan"), Interval(0, 1))
    start = float(np.average(truth.mean, weights=size)) / of_about
    if not len(unlabelled.size):  # every statement is labelled: nothing is left to infer
        unlabelled = answered
    rest = unlabelled.mean - start

    def arguments(size: Reals, truth: Reals, about: Reals, answered: Reals) -> dict[str, object]:
        off = answered - start
        # Where all answers are alike, how much they are to be trusted cannot be told, nor matters.
        alike = np.ptp(np.concatenate([off, rest])) < 1e-9
        return {
            "Y": truth - start * about, "Yhat": off, "Yhat_unlabeled": rest,
            "w": size, "w_unlabeled": unlabelled.size, "lam": 1.0 if alike else None,
        }  # fmt: skip

    observed = arguments(size, truth.mean, about.mean, answered.mean)
    moved = np.squeeze(ppi.ppi_mean_pointestimate(**observed))
    doubted = arguments(
        np.append(size, [1, 1]),
        np.append(truth.mean, [1, 0]),
        np.append(about.mean, [1, 1]),
        np.append(answered.mean, [0, 1]),
    )
    alpha = 2 * (1 - NormalDist().cdf(student(len(size) - 1)))
    low, high = (float(np.squeeze(end)) for end in ppi.ppi_mean_ci(**doubted, alpha=alpha))
    return Estimate(
        _share(start + float(moved) / of_about),
        Interval(_share(start + low / of_about), _share(start + high / of_about)),
    )


def _by_article(pairs: Sequence[Pair], values: Sequence[float]) -> Articles:
    names, inverse = np.unique([pair.article for pair in pairs], return_inverse=True)
    size = np.bincount(inverse, minlength=len(names)).astype(np.float64)
    return Articles(size, np.bincount(inverse, values) / size)


def _complement(about: Articles) -> Estimate:
    sums = Sums.of_articles(about.size, about.size * (1 - about.mean))
    return Estimate(sums.mean, sums.interval() or Interval(0, 1))


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _ppi() -> ModuleType:
    # On import it silences all warnings of the process.
    with warnings.catch_warnings(), extra_needed("correcting shares by labels", "labels"):
        import ppi_py
    module: ModuleType = ppi_py
    return module
