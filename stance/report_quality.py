"""How far a report can be trusted: the model's measured quality, corrections, and errors."""

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from typing import Any

from stance.domain import Kind
from stance.markup import Markup, element, table
from stance.report_archive import AskedIssue, ScoredRun
from stance.report_charts import beside_bar, clipped, signed
from stance.report_correction import FEWEST_ARTICLES, FEWEST_PAIRS, Corrected, Correction, Estimate
from stance.report_figures import Figures, Trouble
from stance.svg import interval_bar

Measured = Mapping[str, Any]  # one set of rows of a bundle's `report.json`

_LONGEST = 80  # characters of a name


def model(run: ScoredRun, measured: Mapping[str, Measured] | None) -> Iterator[Markup]:
    """Which models made the scores, with what settings, and how good the classifier is."""
    settings = run.settings
    coverage = settings.get("coverage")
    yield table(
        ["", ""],
        [
            ["stances and tone", _model(run.classifier)],
            ["statements and speakers", _model(run.extractor)],
            ["computed on", str(settings.get("device", "not told"))],
            ["prediction sets", "none" if coverage is None else f"coverage {coverage}"],
            ["at most records", str(settings.get("limit") or "all")],
            *([f"reading: {key}", str(value)] for key, value in _reading(settings)),
            ["run", run.key],
            ["Stance", run.version],
        ],
    )
    if not measured:
        yield Markup(
            '<p class="note">How good the classifier is was not at hand when this page was made:'
            " its bundle is not in the folder of models, or has no <code>report.json</code>.</p>"
        )
        return
    yield Markup(
        "<p>The classifier, as measured on rows that it did not learn from. They are not of this"
        " archive: label a sample of it, and give it with <code>--labels</code>.</p>"
    )
    rows = [row for of, report in measured.items() for row in _measured(of, report)]
    yield table(["set", "question", "pairs", "macro-F1", "", "accuracy", "F1 of each label"], rows)
    for of, report in measured.items():
        for warning in report.get("warnings", ()):
            yield element("p", f"{of}: {warning}", css="note")


def _model(told: tuple[str, str]) -> str:
    name, digest = told
    return f"{name} (sha256 {digest})" if digest else name


def _reading(settings: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted((settings.get("reading") or {}).items())


def _measured(of: str, report: Measured) -> Iterator[list[str]]:
    for kind in Kind:
        if not (found := report.get(kind)):
            continue
        low, high = found.get("macro_f1_interval") or (None, None)
        bar: str = ""
        if low is not None and high is not None:
            bar = interval_bar(found["macro_f1"], low, high)
        yield [
            of,
            str(kind),
            f"{found['n']:,}",
            f"{number(found['macro_f1'])} {_range(low, high)}".strip(),
            bar,
            number(found["accuracy"]),
            ", ".join(f"{label} {number(f1)}" for label, f1 in found["per_class"].items()),
        ]


def corrections(correction: Correction, issues: Sequence[AskedIssue]) -> Iterator[Markup]:
    """Shares as the model answered, beside those that labels of a sample make of them."""
    matched = correction.matched
    n_found = sum(pair.answered is not None for pair in matched.pairs)
    found = f"Of {matched.n_labels:,} labels, {n_found:,} are of statements that the model found"
    words = [f"{found} to be about the issue."]
    for n, why in (
        (len(matched.pairs) - n_found, "of statements that it took for unrelated"),
        (matched.n_unknown, "of statements that are not in the archive"),
        (matched.n_not_asked, "on propositions that were not asked"),
    ):
        if n:
            words.append(f"{n:,} are {why}.")
    yield element("p", " ".join(words))
    yield Markup(
        "<p>Prediction-powered inference corrects what the model answered on all statements by how"
        " it errs on the labelled ones. Its intervals hold what chance does to the sample and to"
        " the archive, and the model’s errors besides; those of the answers alone hold no errors."
        " They are right if the labels were drawn at random, article by article, from the"
        " statements that the model found to be about the issue. Shares are of the statements that"
        " truly are about it; how many are not stands in the last column.</p>"
    )
    if correction.corrected:
        yield _corrected(correction.corrected, issues)
    yield from _not_corrected(correction, issues)


def _corrected(rows: Sequence[Corrected], issues: Sequence[AskedIssue]) -> Markup:
    def told(one: Corrected) -> Iterator[list[str]]:
        who = "everyone" if one.speaker is None else clipped(one.speaker, _LONGEST)
        first = [issues[one.issue].title, who]
        counts = [f"{one.naive.n:,}", f"{one.n_labels:,} in {one.n_articles:,}"]
        for side in ("favor", "against", "neutral"):
            naive, found = getattr(one.naive, side), getattr(one, side)
            alone = naive.interval()
            yield [
                *first,
                *counts,
                {"favor": "for"}.get(side, side),
                number(naive.mean, 2)
                + ("" if alone is None else f" {_two(alone.low, alone.high)}"),
                "" if isnan(found.value) else beside_bar(naive.mean, found),
                _estimate(found),
                "",
            ]
            first, counts = ["", ""], ["", ""]
        low, high = (2 * end - 1 for end in (one.lean.interval.low, one.lean.interval.high))
        alone = one.naive.interval
        yield [
            *first,
            *counts,
            "balance",
            signed(one.naive.balance)
            + ("" if alone is None else f" [{signed(alone.low)}, {signed(alone.high)}]"),
            "",
            _told(one.lean, signed(2 * one.lean.value - 1), f"[{signed(low)}, {signed(high)}]"),
            _estimate(one.unrelated),
        ]

    head = [
        "issue", "speaker", "statements", "labels in articles", "", "as answered",
        "answered ○, corrected ●", "corrected", "not about it",
    ]  # fmt: skip
    return table(head, (row for one in rows for row in told(one)))


def _not_corrected(correction: Correction, issues: Sequence[AskedIssue]) -> Iterator[Markup]:
    if correction.too_few:
        of_issues = [
            f"{issues[issue].title} ({n})"
            for (issue, speaker), n in sorted(correction.too_few.items(), key=str)
            if speaker is None
        ]
        n_speakers = sum(speaker is not None for _, speaker in correction.too_few)
        words = (
            f"Too few labels to correct by (fewer than {FEWEST_PAIRS} statements, or"
            f" {FEWEST_ARTICLES} articles): {', '.join(of_issues) or 'no issue as a whole'};"
            f" {n_speakers:,} speakers on single issues."
        )
        yield element("p", words, css="small")
    if correction.left_out:
        words = "; ".join(
            f"{issues[issue].title}: {missed} of {n}"
            for issue, (n, missed) in sorted(correction.left_out.items())
        )
        told = f"Labelled as about the issue, of those that the model took for unrelated: {words}."
        yield element("p", told, " What it misses is not corrected for.", css="note")


def troubles(figures: Figures) -> Iterator[Markup]:
    """The kinds of error, the most frequent first, each with one place."""
    if not figures.troubles:
        yield Markup("<p>Nothing.</p>")
        return
    n_shown = sum(trouble.n for trouble in figures.troubles)
    yield table(
        ["errors", "records lost", "stage", "reason (numbers as …)", "for example"],
        [
            [f"{one.n:,}", f"{one.n_records:,}", one.stage, one.reason, _place(one)]
            for one in figures.troubles
        ],
    )
    if left := figures.n_troubles - len(figures.troubles):
        words = f"{left:,} more kinds, with {figures.run.counts.errors - n_shown:,} errors, are in "
        yield element("p", words, element("code", "errors/"), ".", css="small")


def number(value: float | None, digits: int = 3) -> str:
    """A figure as text; a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def _place(trouble: Trouble) -> str:
    parts = [clipped(trouble.file, 2 * _LONGEST)]
    if trouble.record is not None:
        parts.append(f"record {trouble.record:,}")
    if trouble.offset is not None:
        parts.append(f"at {trouble.offset:,}")
    return ", ".join(parts)


def _estimate(estimate: Estimate) -> str:
    interval = _two(estimate.interval.low, estimate.interval.high)
    return _told(estimate, number(estimate.value, 2), interval)


def _told(estimate: Estimate, value: str, interval: str) -> str:
    """A value with its interval; a dash where no label says that anything is about the issue."""
    return number(None) if isnan(estimate.value) else f"{value} {interval}"


def _two(low: float, high: float) -> str:
    return f"[{low:.2f}, {high:.2f}]"


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"
