"""Labelled rows that look mislabelled, to be looked at again. Knows nothing of networks.

Confident learning (Northcutt, Jiang and Chuang, 2021): a model that has not seen a row disagrees
with its label, more surely than it usually is about that label.
"""

import csv
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stance.domain import Kind
from stance.whole_file import whole_file
from training.examples import Example, Label

FEWEST_ROWS = 20
_FOLDS = 5
_TRIES = 10
_COLUMNS = ("place", "id", "text", "question", "given", "likely", "score")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row whose label looks wrong.

    Attributes:
        row: its index among the rows that were asked about.
        given: its label.
        likely: the label that it seems to deserve.
        score: how well the given label fits, a probability in [0, 1].
    """

    row: int
    given: str
    likely: str
    score: float


@dataclass(frozen=True, slots=True)
class Doubts:
    """What was found.

    Attributes:
        found: the doubtful rows, worst first.
        note: why nothing could be found, where that is so.
    """

    found: tuple[Doubt, ...]
    note: str | None = None


def find_doubts(
    features: ArrayLike,
    truth: ArrayLike,
    groups: Sequence[str],
    label_names: Sequence[str],
    seed: int,
) -> Doubts:
    """Find rows whose label a model trained on the other groups doubts.

    Args:
        features: what is known of each row, shape (n, d).
        truth: the index of each row's label in `label_names`, shape (n,).
        groups: rows of one group are never in training and prediction at once; length n.
        label_names: the labels.
        seed: decides how groups fall into folds.
    """
    rows = np.asarray(features, np.float64)
    # Labels that no row has are left out of the count.
    present, given = np.unique(np.asarray(truth, np.int64), return_inverse=True)
    names = [label_names[n] for n in present.tolist()]
    if len(rows) < FEWEST_ROWS:
        return Doubts((), f"{len(rows)} rows are too few to doubt any; {FEWEST_ROWS} are needed")
    if len(names) < 2:
        return Doubts((), f"every label is {names[0]}; there is nothing to compare")
    spread = [
        len({groups[n] for n in np.flatnonzero(given == one).tolist()}) for one in range(len(names))
    ]
    folds = _folds(given, groups, min(_FOLDS, *spread), seed) if min(spread) > 1 else []
    if not folds:
        rarest = names[spread.index(min(spread))]
        return Doubts((), f"{rarest} is in too few groups of rows to doubt any; label it in more")
    probabilities = _out_of_fold(rows, given, folds)
    likely = probabilities.argmax(1)
    if (likely == given).mean() <= np.bincount(given).max() / len(given):
        return Doubts((), "the labels cannot be told apart well enough to doubt any")
    worst_first = find_label_issues(
        given, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    scores = get_label_quality_scores(given, probabilities, method="self_confidence")
    return Doubts(
        tuple(
            Doubt(n, names[given[n]], names[likely[n]], float(scores[n]))
            for n in worst_first.tolist()
        )
    )


def write_doubts(
    doubts: Sequence[Doubt], rows: Sequence[tuple[Example, Label]], path: Path
) -> None:
    """Write doubtful rows as CSV, worst first; the file appears when all is written.

    Args:
        doubts: what was found.
        rows: the example and the label of each row that was asked about.
        path: the file.

    Raises:
        FileError: the file cannot be written.
    """
    with whole_file(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(_COLUMNS)
        for doubt in sorted(doubts, key=lambda doubt: doubt.score):
            example, label = rows[doubt.row]
            table.writerow(
                (
                    example.place, example.statement.id, example.statement.text,
                    label.question.subject or "overall sentiment",
                    doubt.given, doubt.likely, f"{doubt.score:.4f}",
                )
            )  # fmt: skip


def review(
    features: ArrayLike, examples: Sequence[Example], path: Path, seed: int = 0
) -> list[str]:
    """Write the doubtful rows of all examples to a file; returns what was found, in lines.

    Args:
        features: what is known of each label, in the order of the examples and of their labels:
            (labels, d).
        examples: the labelled statements.
        path: the CSV to write.
        seed: of the folds.

    Raises:
        FileError: the file cannot be written.
    """
    table = np.asarray(features, np.float64)
    rows = [(example, label) for example in examples for label in example.labels]
    doubtful: list[Doubt] = []
    lines = []
    for kind in Kind:
        asked = [
            n
            for n, (_, label) in enumerate(rows)
            if label.question.kind is kind and len(label.allowed) == 1
        ]
        if not asked:
            continue
        truth = [kind.labels.index(rows[n][1].allowed[0]) for n in asked]
        groups = [rows[n][0].group for n in asked]
        found = find_doubts(table[asked], truth, groups, kind.labels, seed)
        doubtful += [replace(doubt, row=asked[doubt.row]) for doubt in found.found]
        lines.append(f"{kind} labels that look wrong: {found.note or len(found.found)}")
    write_doubts(doubtful, rows, path)
    return [*lines, f"to review, worst first: {path}"]


Folds = Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]


def _folds(given: NDArray[np.int64], groups: Sequence[str], n_folds: int, seed: int) -> Folds:
    """Rows to train on and rows to judge, a fold each; none if no try has every label in each."""
    for attempt in range(_TRIES):
        folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed + attempt)
        found = list(folds.split(given, given, groups))
        if all(len(np.unique(given[train])) > given.max() for train, _ in found):
            return found
    return []


def _out_of_fold(
    rows: NDArray[np.float64], given: NDArray[np.int64], folds: Folds
) -> NDArray[np.float64]:
    """The probability of each label, shape (n, labels), by a model that saw no row of the group."""
    probabilities = np.zeros((len(rows), int(given.max()) + 1))
    for train, held in folds:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        with warnings.catch_warnings():
            # A fit that stops at its limit of steps is good enough to raise a doubt.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(rows[train], given[train])
        probabilities[held] = model.predict_proba(rows[held])
    return probabilities
