"""How good is what ships: a bundle, read back through the engine that serves, on labelled rows.

Figures carry an interval and a signature, so that two of them are comparable or visibly not.
Knows nothing of where the rows come from or where a report goes.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from stance.domain import Kind
from stance.errors import LabelsError
from stance.whole_file import whole_file
from training.answers import (
    Answered,
    Columns,
    align,
    answer,
    columns,
    group_numbers,
    undo_calibration,
)
from training.examples import Example
from training.figures import (
    FEWEST_PAIRS,
    Figures,
    brief_figures,
    figures_beside,
    full_figures,
    opposite_figures,
    set_figures,
)
from training.metrics import DRAWS, Draws, macro_f1
from training.seen import Seen
from training.sources import SOURCES
from training.summary import summary

__all__ = [
    "Answered",
    "answer",
    "fingerprint",
    "mean_macro_f1",
    "report",
    "summary",
    "undo_calibration",
    "worst_errors",
    "write_predictions",
]


def report(
    answered: Sequence[Answered],
    model: str,
    *,
    split: str = "",
    seed: int = 0,
    coverage: float | None = None,
    before: Sequence[Answered] | None = None,
    beside: Mapping[str, Sequence[Answered]] | None = None,
    seen: Seen | Container[str] = (),
) -> dict[str, Any]:
    """Figures of the stance and sentiment pairs, per issue and source, and the run's signature.

    Args:
        answered: the labelled pairs with the model's answers.
        model: the name of the model.
        split: what the rows are, for the signature.
        seed: of the bootstrap.
        coverage: how often sets of labels were asked to hold the truth.
        before: the same pairs, answered before calibration (see `undo_calibration`).
        beside: the same pairs, answered by others, by name; one may leave out a kind.
        seen: statements that the model learned from; not measured on, unless there are no others.

    Raises:
        LabelsError: no pair is labelled.
    """
    fresh = [one for one in answered if one.example.statement.text not in seen]
    n_seen = len(answered) - len(fresh)
    measured = fresh or answered
    if not any(len(one.allowed) < len(one.kind.labels) for one in measured):
        raise LabelsError(["no pair is labelled, so there is nothing to measure: label some rows"])
    rows = _Rows(measured, seed)
    result: dict[str, Any] = {"model": model, "n_seen": n_seen}
    warnings = [_SEEN[bool(fresh)].format(n=n_seen, of=len(answered))] if n_seen else []
    for kind in Kind:
        table = rows.table(kind)
        if len(table.truth):
            result[kind.value] = _figures(rows, table, coverage, before, beside or {})
            warnings += _warnings(kind, table)
    for name, table in (
        ("tone", rows.table(Kind.SENTIMENT, lambda one: not one.subject)),
        ("target_sentiment", rows.table(Kind.SENTIMENT, lambda one: bool(one.subject))),
    ):
        if len(table.truth):
            result[name] = brief_figures(table, rows.draws)
    result["per_issue"] = rows.figures_by(Kind.STANCE, lambda one: one.subject)
    result["warnings"] = warnings
    parts = [f"data:{fingerprint(one.example for one in measured)}"]
    parts += [f"split:{split}"] if split else []
    parts += [f"n:{len(measured)}", f"bootstrap:{DRAWS}", f"seed:{seed}"]
    result["signature"] = "|".join([*parts, f"version:{version('stance')}"])
    return result


def mean_macro_f1(answered: Sequence[Answered]) -> float:
    """The mean of the macro-F1 of each kind of question that is labelled; 0 where none is."""
    groups = group_numbers(answered)
    tables = [columns(kind, [o for o in answered if o.kind is kind], groups) for kind in Kind]
    found = [
        macro_f1(table.truth, table.predicted, len(table.labels))
        for table in tables
        if len(table.truth)
    ]
    return float(np.mean(found)) if found else 0.0


class _Rows:
    """The pairs that are measured, with one set of bootstrap draws for all their figures."""

    def __init__(self, measured: Sequence[Answered], seed: int) -> None:
        self.of_kind = {kind: [one for one in measured if one.kind is kind] for kind in Kind}
        self.groups = group_numbers(measured)
        self.draws = Draws(len(self.groups), DRAWS, seed)

    def table(self, kind: Kind, which: Callable[[Answered], bool] = lambda _: True) -> Columns:
        return columns(kind, [one for one in self.of_kind[kind] if which(one)], self.groups)

    def figures_by(self, kind: Kind, key: Callable[[Answered], str]) -> dict[str, Figures]:
        """The figures of each part that has enough pairs to be worth reading."""
        parts: dict[str, list[Answered]] = defaultdict(list)
        for one in self.of_kind[kind]:
            parts[key(one)].append(one)
        tables = {
            name: columns(kind, members, self.groups) for name, members in sorted(parts.items())
        }
        return {
            name: brief_figures(table, self.draws)
            for name, table in tables.items()
            if len(table.truth) >= FEWEST_PAIRS
        }


def _figures(
    rows: _Rows,
    table: Columns,
    coverage: float | None,
    before: Sequence[Answered] | None,
    beside: Mapping[str, Sequence[Answered]],
) -> Figures:
    kind, members = table.members[0].kind, rows.of_kind[table.members[0].kind]

    def same(others: Sequence[Answered]) -> Columns:
        return columns(kind, align(members, others), rows.groups)

    figures = full_figures(table, rows.draws, None if before is None else same(before))
    if sets := set_figures(table, coverage):
        figures["prediction_sets"] = sets
    if pairs := opposite_figures(members, rows.groups):
        figures["opposite_pairs"] = pairs
    figures["beside"] = {
        name: figures_beside(table, same(others), rows.draws)
        for name, others in beside.items()
        if any(one.kind is kind for one in others)
    }
    if len({one.example.source for one in members}) > 1:
        figures["per_source"] = rows.figures_by(kind, lambda one: one.example.source)
    return figures


_SEEN = {
    True: "{n} of {of} labelled pairs are on statements that the model learned from; they are"
    " left out here",
    False: "the model learned from every one of these {of} labelled pairs: the figures show what"
    " it remembers, not how good it is",
}


def _warnings(kind: Kind, table: Columns) -> list[str]:
    warnings = []
    counts = np.bincount(table.truth, minlength=len(table.labels))
    if (counts > 0).sum() == 1:
        warnings.append(f"{kind}: every row is {table.labels[counts.argmax()]}; that tells little")
    else:
        few = [
            f"{label} ({n})"
            for label, n in zip(table.labels, counts, strict=True)
            if n < FEWEST_PAIRS
        ]
        if few:
            warnings.append(
                f"{kind}: fewer than {FEWEST_PAIRS} rows are {', '.join(few)};"
                " the macro-F1 hangs on them"
            )
    merged = [label for label in table.labels if " or " in label]
    if merged:
        warnings.append(
            f"{kind}: {'; '.join(merged)} count as one class, since some labels do not tell them"
            " apart"
        )
    if table.n_coarse:
        warnings.append(f"{kind}: {table.n_coarse} labels are too coarse to be measured on")
    return warnings


def fingerprint(examples: Iterable[Example]) -> str:
    """Twelve hex digits that change with any text or label, but not with the order of the rows."""
    rows = {
        json.dumps(
            [
                example.statement.text,
                [
                    [lb.question.kind, lb.question.subject, lb.allowed, lb.soft]
                    for lb in example.labels
                ],
            ]
        )
        for example in examples
    }
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()[:12]


def worst_errors(
    answered: Iterable[Answered],
    n: int = 30,
    *,
    seen: Seen | Container[str] = (),
    unquoted: Container[str] = frozenset(SOURCES),
) -> list[Answered]:
    """The wrong answers of which the model was surest, the surest first.

    Args:
        answered: labelled pairs with the model's answers.
        n: the most that are given.
        seen: statements that the model learned from; left out.
        unquoted: sources whose texts are not to be quoted; the public sets, whose texts belong
            to others.
    """
    wrong = (
        one
        for one in answered
        if not one.right
        and one.example.source not in unquoted
        and one.example.statement.text not in seen
    )
    return sorted(wrong, key=lambda one: -max(one.prediction.probabilities))[:n]


def write_predictions(answered: Sequence[Answered], path: Path) -> None:
    """Write each labelled pair with its prediction as JSONL.

    Raises:
        FileError: the file cannot be written.
    """
    with whole_file(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        for one in answered:
            file.write(json.dumps(_row(one), ensure_ascii=False) + "\n")


def _row(one: Answered) -> dict[str, Any]:
    labels = one.kind.labels
    row: dict[str, Any] = {
        "id": one.example.statement.id,
        "text": one.example.statement.text,
        "kind": one.kind,
        "subject": one.subject,
        "truth": list(one.allowed),
        "label": one.prediction.label,
        "probabilities": dict(zip(labels, one.prediction.probabilities, strict=True)),
    }
    if one.soft is not None:
        row["shares"] = dict(zip(labels, one.soft, strict=True))
    if one.prediction.prediction_set is not None:
        row["prediction_set"] = list(one.prediction.prediction_set)
    return row
