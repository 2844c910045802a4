"""Labelled pairs with a model's answers, and the same as arrays. Knows no figures and no files."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stance.calibration import Calibration
from stance.classifier import Classifier
from stance.domain import Issue, Kind, Prediction
from training.examples import Example


@dataclass(frozen=True, slots=True)
class Answered:
    """One labelled pair with its prediction.

    Attributes:
        example: the statement, with its group and source.
        subject: the proposition or target; "" for the overall tone.
        allowed: the labels that count as right.
        prediction: what the model said.
        soft: where labellers disagree, the share of each of the kind's labels.
    """

    example: Example
    subject: str
    allowed: tuple[str, ...]
    prediction: Prediction
    soft: tuple[float, ...] | None = None

    @property
    def kind(self) -> Kind:
        """The kind of the question."""
        return self.prediction.kind

    @property
    def right(self) -> bool:
        """Whether the most probable label is one of those allowed."""
        return self.prediction.label in self.allowed


def answer(
    classifier: Classifier, examples: Sequence[Example], coverage: float | None = None
) -> list[Answered]:
    """Ask every labelled question of every example through the engine; in the examples' order.

    Args:
        classifier: the engine with the model.
        examples: labelled statements.
        coverage: how often sets of labels shall hold the truth; None for no sets.
    """
    found: list[Mapping[tuple[Kind, str], Prediction]] = [{}] * len(examples)
    # Examples that ask the same questions go through together.
    by_subjects: dict[tuple[str, ...], list[int]] = {}
    for n, example in enumerate(examples):
        subjects = (lb.question.subject for lb in example.labels if lb.question.kind is Kind.STANCE)
        by_subjects.setdefault(tuple(dict.fromkeys(subjects)), []).append(n)
    for subjects_, members in by_subjects.items():
        issues = [Issue.ad_hoc(subject) for subject in subjects_]
        statements = (examples[n].statement for n in members)
        for n, result in zip(
            members, classifier.classify(statements, issues, coverage=coverage), strict=True
        ):
            found[n] = {
                **{(Kind.STANCE, issue.proposition): p for issue, p in result.stances},
                **{(Kind.SENTIMENT, target): p for target, p in result.targets},
                (Kind.SENTIMENT, ""): result.sentiment,
            }
    return [
        Answered(
            example,
            label.question.subject,
            label.allowed,
            answers[label.question.kind, label.question.subject],
            label.soft,
        )
        for example, answers in zip(examples, found, strict=True)
        for label in example.labels
    ]


def undo_calibration(answered: Iterable[Answered], calibration: Calibration) -> list[Answered]:
    """The same answers with the probabilities that they had before calibration.

    The temperatures can be undone from the probabilities, so the network need not run again.
    """
    undone = []
    for one in answered:
        calibrated = np.array([one.prediction.probabilities])
        probabilities = tuple(map(float, calibration.undone(one.kind, calibrated)[0]))
        before = replace(one.prediction, probabilities=probabilities, prediction_set=None)
        undone.append(replace(one, prediction=before))
    return undone


def align(answered: Sequence[Answered], others: Iterable[Answered]) -> list[Answered]:
    """The others' answers to the same pairs, in the order of `answered`.

    Raises:
        ValueError: a pair has no answer among the others.
    """
    by_pair = dict(zip(_pairs(others := list(others)), others, strict=True))
    try:
        return [by_pair[pair] for pair in _pairs(answered)]
    except KeyError as error:
        raise ValueError(f"the two models were asked different pairs: {error}") from None


def _pairs(answered: Iterable[Answered]) -> list[tuple[str, Kind, str, int]]:
    # A text that stands twice, with the same question, is told apart by its turn.
    times: Counter[tuple[str, Kind, str]] = Counter()
    pairs = []
    for one in answered:
        pair = (one.example.statement.text, one.kind, one.subject)
        pairs.append((*pair, times[pair]))
        times[pair] += 1
    return pairs


@dataclass(frozen=True, slots=True)
class Columns:
    """Pairs of one kind as arrays, over classes under which every truth is one class.

    Attributes:
        labels: the classes' names; a class of several labels is "neutral or unrelated".
        members: the pairs, in order: (n,).
        truth: the number of the true class: (n,).
        shares: the share of labellers for each class: (n, classes).
        probabilities: of each class: (n, classes).
        groups: the number of the group: (n,).
        n_coarse: pairs left out, since their label tells no class apart from the others.
    """

    labels: tuple[str, ...]
    members: tuple[Answered, ...]
    truth: NDArray[np.int64]
    shares: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    groups: NDArray[np.int64]
    n_coarse: int

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The number of the most probable class: (n,)."""
        return np.asarray(self.probabilities.argmax(1))


def columns(kind: Kind, members: Sequence[Answered], groups: Mapping[str, int]) -> Columns:
    """The pairs as arrays.

    Public sets are coarser than our labels: their neutral may be `neutral` or `unrelated`. The
    labels that such a set does not tell apart are one class for all pairs.

    Args:
        kind: the kind of all the pairs.
        members: the pairs.
        groups: the number of each group, by name.
    """
    classes = finest_classes(kind, {one.allowed for one in members})
    class_of = {label: n for n, labels in enumerate(classes) for label in labels}
    kept = tuple(one for one in members if len({class_of[label] for label in one.allowed}) == 1)
    merge = np.zeros((len(kind.labels), len(classes)))
    for n, label in enumerate(kind.labels):
        merge[n, class_of[label]] = 1
    truth = np.array([class_of[one.allowed[0]] for one in kept], np.int64)
    shares = np.eye(len(classes))[truth]
    for n, one in enumerate(kept):
        if one.soft is not None:
            shares[n] = one.soft @ merge
    probabilities = np.array([one.prediction.probabilities for one in kept])
    return Columns(
        tuple(" or ".join(labels) for labels in classes),
        kept,
        truth,
        shares,
        probabilities.reshape(len(kept), len(kind.labels)) @ merge,
        np.array([groups[one.example.group] for one in kept], np.int64),
        len(members) - len(kept),
    )


def finest_classes(kind: Kind, allowed: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The finest classes that put the labels which one pair allows together into one class.

    All labels apart where that would leave a single class.
    """
    classes = [{label} for label in kind.labels]
    for together in map(set, allowed):
        if len(together) < len(kind.labels):  # a pair that allows every label says nothing
            touched = [one for one in classes if one & together]
            rest = [one for one in classes if not one & together]
            classes = [*rest, set().union(*touched)]
    if len(classes) == 1:
        return [(label,) for label in kind.labels]
    ordered = [tuple(label for label in kind.labels if label in one) for one in classes]
    return sorted(ordered, key=lambda labels: kind.labels.index(labels[0]))


def group_numbers(answered: Iterable[Answered]) -> dict[str, int]:
    """A number from 0 for each group, in the order of their names."""
    names = sorted({one.example.group for one in answered})
    return {name: n for n, name in enumerate(names)}
