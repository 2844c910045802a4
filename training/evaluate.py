"""How good is what ships: a bundle, read back through the engine that serves, on labelled rows.

Figures carry a bootstrap interval and a signature, so that two of them are comparable or visibly
not. Writes nothing; `stance evaluate` puts the report into the bundle.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.classifier import Classifier
from stance.domain import Issue, Kind, Prediction
from stance.errors import FileError
from training.examples import Example
from training.metrics import (
    confusion,
    expected_calibration_error,
    f1_by_class,
    macro_f1,
    macro_f1_interval,
)

DRAWS = 1000
FEWEST_PAIRS = 10  # of an issue that gets figures of its own


@dataclass(frozen=True, slots=True)
class Answered:
    """One labelled pair with its prediction.

    Attributes:
        example: the statement, with its group and source.
        subject: the proposition or target; "" for the overall tone.
        allowed: the labels that count as right.
        prediction: what the model said.
    """

    example: Example
    subject: str
    allowed: tuple[str, ...]
    prediction: Prediction


def answer(classifier: Classifier, examples: Sequence[Example]) -> list[Answered]:
    """Ask every labelled question of every example through the engine."""
    answered: list[Answered] = []
    # Examples that ask the same questions go through together.
    by_subjects: dict[tuple[str, ...], list[Example]] = {}
    for example in examples:
        subjects = (lb.question.subject for lb in example.labels if lb.question.kind is Kind.STANCE)
        by_subjects.setdefault(tuple(dict.fromkeys(subjects)), []).append(example)
    for subjects_, members in by_subjects.items():
        issues = [Issue.ad_hoc(subject) for subject in subjects_]
        results = classifier.classify((example.statement for example in members), issues)
        for example, result in zip(members, results, strict=True):
            found = {(Kind.STANCE, issue.proposition): p for issue, p in result.stances}
            found |= {(Kind.SENTIMENT, target): p for target, p in result.targets}
            found[Kind.SENTIMENT, ""] = result.sentiment
            answered += [
                Answered(
                    example,
                    label.question.subject,
                    label.allowed,
                    found[label.question.kind, label.question.subject],
                )
                for label in example.labels
            ]
    return answered


def report(answered: Sequence[Answered], model: str, seed: int = 0) -> dict[str, Any]:
    """Figures of the stance and sentiment pairs, per issue, and the signature of the run."""
    per_kind = {kind: [a for a in answered if a.prediction.kind is kind] for kind in Kind}
    figures: dict[str, Any] = {"model": model}
    for kind, members in per_kind.items():
        if members:
            figures[kind.value] = _figures(kind, members, seed)
    per_issue: dict[str, list[Answered]] = {}
    for one in per_kind[Kind.STANCE]:
        per_issue.setdefault(one.subject, []).append(one)
    figures["per_issue"] = {
        subject: _figures(Kind.STANCE, members, seed)
        for subject, members in sorted(per_issue.items())
        if len(members) >= FEWEST_PAIRS
    }
    figures["signature"] = (
        f"data:{fingerprint([a.example for a in answered])}|n:{len(answered)}"
        f"|bootstrap:{DRAWS}|seed:{seed}|version:{version('stance')}"
    )
    return figures


def fingerprint(examples: Sequence[Example]) -> str:
    """Twelve hex digits that change with any text or label."""
    digest = hashlib.sha256()
    for example in dict.fromkeys(examples):
        digest.update(repr((example.statement.text, example.labels)).encode())
    return digest.hexdigest()[:12]


def _figures(kind: Kind, members: Sequence[Answered], seed: int) -> dict[str, Any]:
    merged = any(len(one.allowed) > 1 for one in members)
    labels = kind.labels[:3] if merged else kind.labels
    truth = np.array([labels.index(one.allowed[0]) for one in members])
    probabilities = np.array([one.prediction.probabilities for one in members])
    if merged and kind is Kind.STANCE:
        # A coarser set: its neutral is our neutral and unrelated together.
        probabilities = np.column_stack((probabilities[:, :2], probabilities[:, 2:].sum(1)))
    predicted = probabilities.argmax(1)
    clusters = _clusters([one.example.group for one in members])
    counts = confusion(truth, predicted, len(labels))
    low, high = macro_f1_interval(truth, predicted, len(labels), clusters, DRAWS, seed)
    hit = np.eye(len(labels))[truth]
    return {
        "n": len(members),
        "macro_f1": round(macro_f1(truth, predicted, len(labels)), 4),
        "macro_f1_interval": [round(low, 4), round(high, 4)],
        "accuracy": round(float((truth == predicted).mean()), 4),
        "per_class": _by_label(labels, f1_by_class(counts)),
        "confusion": counts.tolist(),
        "ece": round(expected_calibration_error(probabilities.max(1), truth == predicted), 4),
        "brier": round(float(((probabilities - hit) ** 2).sum(1).mean()), 4),
    }


def _by_label(labels: Sequence[str], values: NDArray[np.float64]) -> Mapping[str, float]:
    return {str(label): round(float(value), 4) for label, value in zip(labels, values, strict=True)}


def _clusters(groups: Sequence[str]) -> NDArray[np.int64]:
    numbers = {group: n for n, group in enumerate(dict.fromkeys(groups))}
    return np.array([numbers[group] for group in groups])


def write_predictions(answered: Sequence[Answered], path: Path) -> None:
    """Write each labelled pair with its prediction as JSONL.

    Raises:
        FileError: the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8") as file:
            for one in answered:
                row = {
                    "id": one.example.statement.id,
                    "text": one.example.statement.text,
                    "kind": one.prediction.kind,
                    "subject": one.subject,
                    "truth": list(one.allowed),
                    "label": one.prediction.label,
                    "probabilities": dict(
                        zip(one.prediction.kind.labels, one.prediction.probabilities, strict=True)
                    ),
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        raise FileError(path, [f"cannot be written: {error.strerror}"]) from error


def summary(report: Mapping[str, Any]) -> str:
    """The report in a few lines, for people."""
    lines = [f"model {report['model']}"]
    for kind in Kind:
        if kind.value in report:
            figures = report[kind.value]
            low, high = figures["macro_f1_interval"]
            classes = ", ".join(f"{label} {f1:.3f}" for label, f1 in figures["per_class"].items())
            lines.append(
                f"{kind.value}: macro-F1 {figures['macro_f1']:.3f} [{low:.3f}, {high:.3f}], "
                f"accuracy {figures['accuracy']:.3f}, ECE {figures['ece']:.3f}, n {figures['n']}\n"
                f"  F1: {classes}"
            )
    lines += [
        f"  {figures['macro_f1']:.3f}  n {figures['n']:4}  {subject}"
        for subject, figures in report["per_issue"].items()
    ]
    return "\n".join([*lines, report["signature"]])
