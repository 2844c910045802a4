"""Is one extractor better than another? By the reports that were measured when each was made.

The articles themselves are not in a bundle, so nothing is measured anew: two reports are compared
where they are of the same set of articles. Knows nothing of what follows from the verdict.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from training.compare import Verdict

Report = Mapping[str, Any]

# What counts: where it stands in a report of a set, and its value and interval there.
_FIGURES = {
    "content F1 at overlap 0.3": (("content", "overlap_0.3"), "f1", "f1_interval"),
    "content F1 at overlap 0.8": (("content", "overlap_0.8"), "f1", "f1_interval"),
    "right speakers": (("speakers", "overlap_0.3", "right_where_named"), "share", "interval"),
}


@dataclass(frozen=True, slots=True)
class ReportedDifference:
    """One figure of two extractors on the same articles.

    Attributes:
        of: the set of articles.
        figure: what was measured.
        candidate: of the new extractor.
        served: of the one that it would replace.
        low, high: the 95 % interval of the served one's figure.
    """

    of: str
    figure: str
    candidate: float
    served: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """Better or worse only outside the served one's interval."""
        if self.candidate < self.low:
            return Verdict.WORSE
        return Verdict.BETTER if self.candidate > self.high else Verdict.NO_DIFFERENCE

    def sentence(self) -> str:
        """The verdict in words, with its numbers."""
        return (
            f"{self.of}, {self.figure}: {self.verdict}: {self.candidate:.3f} against"
            f" {self.served:.3f} (95 % interval {self.low:.3f} to {self.high:.3f})"
        )

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain values, for a manifest."""
        return {
            "verdict": self.verdict.value,
            "candidate": self.candidate,
            "served": self.served,
            "interval": [self.low, self.high],
        }


def compare_reports(
    candidate: Mapping[str, Report], served: Mapping[str, Report]
) -> list[ReportedDifference]:
    """The figures that both reports have of the same articles; empty where there is none.

    Args:
        candidate: of the new extractor: what `extraction_figures` gave, by the name of the set.
        served: of the one that it would replace.
    """
    return [
        difference
        for of, report in candidate.items()
        if of in served and _articles(report) == _articles(served[of])
        for difference in _differences(of, report, served[of])
    ]


def _articles(report: Report) -> tuple[Any, ...]:
    """What tells one set of marked articles from another; None in it where that is not known."""
    return tuple(report.get(field) for field in ("gold", "n_articles", "n_marked"))


def _differences(of: str, candidate: Report, served: Report) -> Iterator[ReportedDifference]:
    if "n_predicted" not in candidate:  # people, measured against each other
        return
    for figure, (place, value, interval) in _FIGURES.items():
        new, old = _at(candidate, place), _at(served, place)
        if new.get(value) is None or old.get(value) is None or None in old[interval]:
            continue
        low, high = old[interval]
        yield ReportedDifference(of, figure, new[value], old[value], low, high)


def _at(report: Report, place: tuple[str, ...]) -> Report:
    for key in place:
        report = report.get(key) or {}
    return report
