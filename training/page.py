"""Reports -> one HTML file that opens from disk and asks nothing of a network.

Holds no script. Whatever comes from the rows is escaped. Knows what a report holds, not how it was
measured.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stance import markup
from stance.domain import Kind
from stance.markup import Markup, escaped, figure, table
from stance.svg import interval_bar
from training.answers import Answered
from training.charts import confusion_chart, reliability_chart, risk_chart

_STYLE = """
.errors td { font-size: 13.5px; } .errors td:nth-child(2), .errors td:nth-child(3) {
  overflow-wrap: anywhere; min-width: 12rem; }
"""

_INTRODUCTION = Markup("""\
<p>Measured on what is served, read back from disk. In brackets: 95 % intervals, which take the rows
of one group as belonging together. The codebook, <code>docs/labels.md</code>, says what each label
means.</p>""")

Figures = Mapping[str, Any]


def report_page(
    name: str,
    reports: Mapping[str, Figures],
    errors: Mapping[str, Sequence[Answered]],
) -> str:
    """The page of a model.

    Args:
        name: of the model.
        reports: what `training.evaluate.report` gave, by the name of the set of rows.
        errors: the worst errors of each set, the surest first; may leave sets out.
    """
    contents = "".join(
        f'<li><a href="#set{n}">{escaped(of)}</a></li>' for n, of in enumerate(reports)
    )
    sets = [
        f'<h2 id="set{n}">{escaped(of)}</h2>\n' + "\n".join(_set(report, errors.get(of, ())))
        for n, (of, report) in enumerate(reports.items())
    ]
    parts = [_INTRODUCTION, f"<ul>{contents}</ul>" if len(reports) > 1 else "", *sets]
    return markup.page(f"Report on {name}", Markup("\n".join(parts)), _STYLE)


def _set(report: Figures, errors: Sequence[Answered]) -> Iterable[str]:
    kinds = [kind for kind in Kind if kind.value in report]
    yield from (f'<p class="note">{escaped(one)}</p>' for one in report.get("warnings", ()))
    if comparison := report.get("comparison"):
        lines = "<br>".join(map(escaped, comparison["sentences"]))
        yield f'<p class="verdict">{lines}</p>'
    yield _overview(report, kinds)
    for kind in kinds:
        yield from _kind(kind, report[kind.value])
    if report.get("per_issue"):
        yield "<h3>Issues, the weakest first</h3>"
        yield (
            "<p class=small>Macro-F1 of the stances; issues with few labels are left out. Where"
            " every answer is right, drawing anew shows no doubt: mind the number of pairs.</p>"
        )
        yield _bars("issue", sorted(report["per_issue"].items(), key=lambda i: i[1]["macro_f1"]))
    if errors:
        yield from _errors(errors)
    yield f"<p><code>{escaped(report['signature'])}</code></p>"


def _overview(report: Figures, kinds: Sequence[Kind]) -> str:
    rows = []
    parts = [(kind.value, kind.value) for kind in kinds]
    if "tone" in report and "target_sentiment" in report:
        parts += [("of these, overall tone", "tone"), ("of these, targets", "target_sentiment")]
    for title, key in parts:
        figures = report[key]
        rows.append(
            [
                title,
                str(figures["n"]),
                _with(figures, "macro_f1"),
                _with(figures, "accuracy"),
                _change(figures, "ece"),
                _change(figures, "brier"),
                _number(figures.get("aurc")),
            ]
        )
    head = ["question", "pairs", "macro-F1", "accuracy", "ECE", "Brier score", "AURC"]
    return table(head, rows) + (
        "<p class=small>ECE: mean gap between confidence and accuracy. Brier score: squared"
        " distance to the truth, 0 to 2. AURC: mean share of wrong answers over all shares of"
        " pairs answered, the surest first. Lower is better for all three; in parentheses, before"
        " calibration.</p>"
    )


def _kind(kind: Kind, figures: Figures) -> Iterable[str]:
    labels = list(figures["per_class"])
    yield f"<h3>{kind.value.capitalize()}</h3><div class=charts>"
    yield figure(
        confusion_chart(labels, figures["confusion"]),
        "What was labelled, and what was answered; shares are of each row.",
        ["labelled", *(f"answered {label}" for label in labels)],
        [[label, *map(str, row)] for label, row in zip(labels, figures["confusion"], strict=True)],
    )
    bins = figures["reliability"]
    yield figure(
        reliability_chart([(b["confidence"], b["accuracy"], *b["interval"], b["n"]) for b in bins]),
        "How often answers are right, by how sure they are. On the dashed line confidence is"
        " honest; below it, too high. Larger dots hold more answers.",
        ["confidence", "right", "interval", "pairs"],
        [
            [_number(b["confidence"]), _number(b["accuracy"]), _range(b["interval"]), str(b["n"])]
            for b in bins
        ],
    )
    curve = figures["risk_coverage"]
    yield figure(
        risk_chart([(p["coverage"], p["risk"], *p["interval"]) for p in curve]),
        "How often answers are wrong if only the surest are given"
        f" (AURC {_with(figures, 'aurc')}).",
        ["answered", "wrong", "interval"],
        [[f"{p['coverage']:.0%}", _number(p["risk"]), _range(p["interval"])] for p in curve],
    )
    yield "</div>"
    yield "<h4>F1 of each label</h4>" + _bars("label", _per_class(figures), "F1")
    if figures.get("beside"):
        yield "<h4>Beside other ways to answer the same pairs</h4>" + _beside(figures)
    if sets := figures.get("prediction_sets"):
        yield from _prediction_sets(sets)
    if pairs := figures.get("opposite_pairs"):
        yield (
            f"<p>Minimal pairs, whose few changed words turn the stance: every row right in"
            f" {_with(pairs, 'all_right')} of {pairs['n']}.</p>"
        )
    if figures.get("per_source"):
        yield "<h4>Sources</h4>" + _bars("source", figures["per_source"].items())


def _per_class(figures: Figures) -> list[tuple[str, Figures]]:
    return [
        (
            label,
            {
                "n": figures["per_class_n"][label],
                "macro_f1": f1,
                "macro_f1_interval": figures["per_class_interval"][label],
            },
        )
        for label, f1 in figures["per_class"].items()
    ]


def _bars(what: str, rows: Iterable[tuple[str, Figures]], measured: str = "macro-F1") -> str:
    return table(
        [what, "", measured, "interval", "pairs"],
        [
            [
                name,
                _bar(one["macro_f1"], one["macro_f1_interval"]),
                _number(one["macro_f1"]),
                _range(one["macro_f1_interval"]),
                str(one["n"]),
            ]
            for name, one in rows
        ],
    )


def _beside(figures: Figures) -> str:
    this = [Markup("<b>this model</b>"), _bar(figures["macro_f1"], figures["macro_f1_interval"])]
    rows = [
        [*this, _with(figures, "macro_f1"), _number(figures["accuracy"]), ""],
        *(
            [
                Markup(
                    f"{escaped(name)}<br>"
                    f"<span class=small>{escaped(_how(name, one['model']))}</span>"
                ),
                _bar(one["macro_f1"], one["macro_f1_interval"], plain=True),
                _with(one, "macro_f1"),
                _number(one["accuracy"]),
                f"{one['difference']:+.3f} {_range(one['difference_interval'], '+.3f')}",
            ]
            for name, one in figures["beside"].items()
        ),
    ]
    head = ["", "", "macro-F1", "accuracy", "this model is better by"]
    return table(head, rows)


def _how(name: str, model: str) -> str:
    return "" if model == name else model.removeprefix(f"{name}, ")


def _prediction_sets(sets: Figures) -> Iterable[str]:
    asked = sets["asked"]
    wanted = "" if asked is None else f" (asked for, and dashed: {asked:.0%})"
    sizes = ", ".join(f"{n} of {size}" for size, n in sets["sizes"].items())
    yield (
        f"<h4>Sets of labels</h4><p class=small>How often the set holds the truth{wanted}. Sets by"
        f" their number of labels: {sizes}.</p>"
    )
    rows = [("all", sets), *sets["per_class"].items()]
    yield table(
        ["truth", "", "holds the truth", "interval", "labels, mean", "pairs"],
        [
            [
                label,
                _bar(one["coverage"], one["interval"], mark=asked),
                _number(one["coverage"]),
                _range(one["interval"]),
                f"{one['mean_size']:.2f}",
                str(one["n"]),
            ]
            for label, one in rows
        ],
    )


def _errors(errors: Sequence[Answered]) -> Iterable[str]:
    yield f"<h3>The {len(errors)} worst errors</h3>"
    yield "<p class=small>Wrong answers, the surest first.</p>"
    rows = []
    for one in errors:
        probabilities = zip(one.kind.labels, one.prediction.probabilities, strict=True)
        question = one.subject if one.kind is Kind.STANCE else f"tone toward {one.subject}"
        rows.append(
            [
                f"{max(one.prediction.probabilities):.2f}",
                one.example.statement.text,
                question if one.subject else "overall tone",
                " or ".join(one.allowed),
                one.prediction.label,
                ", ".join(f"{label} {share:.2f}" for label, share in probabilities),
            ]
        )
    head = ["sure", "statement", "question", "labelled", "answered", "probabilities"]
    yield table(head, rows, css="errors")


def _bar(
    value: float | None,
    interval: Sequence[float | None] | None,
    *,
    plain: bool = False,
    mark: float | None = None,
) -> str:
    low, high = interval or (None, None)
    if value is None or low is None or high is None:
        return Markup("not labelled")
    return interval_bar(value, low, high, plain=plain, mark=mark)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _range(interval: Sequence[float | None] | None, form: str = ".3f") -> str:
    low, high = interval or (None, None)
    return "–" if low is None or high is None else f"[{low:{form}}, {high:{form}}]"


def _with(figures: Figures, name: str) -> str:
    interval = figures.get(f"{name}_interval") or figures.get("interval")
    return _number(figures[name]) + (f" {_range(interval)}" if interval else "")


def _change(figures: Figures, name: str) -> str:
    before = figures.get(f"{name}_before")
    return _number(figures.get(name)) + ("" if before is None else f" ({before:.3f})")
