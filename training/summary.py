"""A report in a few lines, for people. Knows what a report holds, not how it was measured."""

from collections.abc import Mapping
from typing import Any

from stance.domain import Kind
from training.figures import FEWEST_PAIRS, Figures

WEAKEST_SHOWN = 10


def summary(report: Mapping[str, Any]) -> str:
    """The report in a few lines, for people."""
    lines = [f"model {report['model']}"]
    for kind in Kind:
        if kind.value in report:
            lines += _summary_of(kind, report[kind.value])
    if "tone" in report and "target_sentiment" in report:
        lines += [
            f"  {name}: macro-F1 {_with_interval(report[key], 'macro_f1')}, n {report[key]['n']}"
            for name, key in (("overall tone", "tone"), ("toward targets", "target_sentiment"))
        ]
    issues = sorted(report["per_issue"].items(), key=lambda issue: issue[1]["macro_f1"])
    if issues:
        lines.append(f"weakest issues, of {len(issues)} with {FEWEST_PAIRS} labels or more:")
        lines += [
            f"  {_with_interval(figures, 'macro_f1')}  n {figures['n']:4}  {subject}"
            for subject, figures in issues[:WEAKEST_SHOWN]
        ]
    if comparison := report.get("comparison"):
        lines += comparison["sentences"]
    lines += [f"note: {warning}" for warning in report.get("warnings", ())]
    return "\n".join([*lines, report["signature"]])


def _summary_of(kind: Kind, figures: Figures) -> list[str]:
    macro_f1, accuracy = (_with_interval(figures, name) for name in ("macro_f1", "accuracy"))
    lines = [f"{kind}: macro-F1 {macro_f1}, accuracy {accuracy}, n {figures['n']}"]
    classes = [
        f"{label} {_with_interval({'f1': f1, 'f1_interval': both}, 'f1')}"
        for (label, f1), both in zip(
            figures["per_class"].items(), figures["per_class_interval"].values(), strict=True
        )
        if f1 is not None
    ]
    lines.append("  F1: " + ", ".join(classes))
    calibration = f"ECE {figures['ece']:.3f}, Brier {figures['brier']:.3f}"
    if "ece_before" in figures:
        calibration += (
            f" (before calibration {figures['ece_before']:.3f} and {figures['brier_before']:.3f})"
        )
    half = next(one for one in figures["risk_coverage"] if one["coverage"] == 0.5)
    lines.append(f"  {calibration}; wrong among the surest half: {half['risk']:.1%}")
    if sets := figures.get("prediction_sets"):
        asked = "" if sets["asked"] is None else f" ({sets['asked']:.0%} asked)"
        lines.append(
            f"  sets of labels hold the truth {_with_interval(sets, 'coverage')} of the time"
            f"{asked}, with {sets['mean_size']:.2f} labels on average"
        )
    if pairs := figures.get("opposite_pairs"):
        lines.append(
            f"  minimal pairs with every row right: {_with_interval(pairs, 'all_right')}"
            f" of {pairs['n']}"
        )
    lines += [
        f"  {other['macro_f1']:.3f} {name} (this model {_signed(other)})"
        for name, other in figures["beside"].items()
    ]
    return lines


def _with_interval(figures: Figures, name: str) -> str:
    low, high = figures.get(f"{name}_interval") or figures["interval"]
    return f"{figures[name]:.3f} [{low:.3f}, {high:.3f}]"


def _signed(other: Figures) -> str:
    low, high = other["difference_interval"]
    return f"{other['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"
