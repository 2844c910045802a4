"""The nouns of training: a statement with the answers that labellers gave. Knows no files."""

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from stance.domain import Kind, Question, Statement
from training.label_values import TOLERANCE


@dataclass(frozen=True, slots=True)
class Label:
    """The answer that labellers gave to one question.

    Attributes:
        question: what was asked.
        allowed: the labels that may be true; several where a public set is coarser than ours.
        soft: where annotators disagree, the share of each of `question.kind.labels`; `allowed`
            then holds the one with the largest share, of equals the first.

    Raises:
        ValueError: a label is not of the question's kind, or the shares do not fit.
    """

    question: Question
    allowed: tuple[str, ...]
    soft: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        names = self.question.kind.labels
        if not self.allowed or not set(self.allowed) <= set(names):
            raise ValueError(f"{self.allowed} are not labels of a {self.question.kind}")
        if self.soft is not None:
            shares = dict(zip(names, self.soft, strict=True))
            if abs(math.fsum(self.soft) - 1) > TOLERANCE or min(self.soft) < 0:
                raise ValueError("shares must be 0 or more and sum to 1")
            if [shares[name] for name in self.allowed] != [max(self.soft)]:
                raise ValueError("allowed must hold the label with the largest share")

    @classmethod
    def of_shares(cls, question: Question, shares: Sequence[float]) -> Self:
        """The label of which all, or most, of the shares are."""
        largest = question.kind.labels[max(range(len(shares)), key=shares.__getitem__)]
        return cls(question, (largest,), None if max(shares) == 1 else tuple(shares))

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of each of `question.kind.labels`; equal ones where several are allowed."""
        if self.soft is not None:
            return self.soft
        return tuple(
            1 / len(self.allowed) if name in self.allowed else 0.0
            for name in self.question.kind.labels
        )


@dataclass(frozen=True, slots=True)
class Example:
    """A statement with its labels.

    Attributes:
        statement: what was said.
        labels: the answers.
        group: rows of one group stay on one side of a split.
        source: where it comes from.
        date: when it was said.
        place: the file and row where it begins, for messages.
    """

    statement: Statement
    labels: tuple[Label, ...]
    group: str
    source: str
    date: datetime.date | None = None
    place: str = ""

    def to_json(self) -> dict[str, object]:
        """The row of the labelled format, with propositions written out."""
        statement = self.statement
        asked = [(lb.question, _answer_json(lb)) for lb in self.labels if len(lb.allowed) == 1]
        row: dict[str, object] = {"id": statement.id, "text": statement.text}
        if statement.speaker:
            row["speaker"] = statement.speaker
        row["labels"] = [
            {"proposition": question.subject, "stance": answer}
            for question, answer in asked
            if question.kind is Kind.STANCE
        ]
        targets = []
        for question, answer in asked:
            if question.kind is Kind.SENTIMENT and question.subject:
                targets.append({"target": question.subject, "sentiment": answer})
            elif question.kind is Kind.SENTIMENT:
                row["sentiment"] = answer
        if targets:
            row["targets"] = targets
        if self.date:
            row["date"] = self.date.isoformat()
        return {**row, "group": self.group, "source": self.source}

    @property
    def name(self) -> str:
        """What a message calls it: the id and the place."""
        return " at ".join(filter(None, (repr(self.statement.id), self.place)))


def stance_subjects(examples: Iterable[Example]) -> list[str]:
    """The propositions that are labelled in the examples, sorted."""
    return sorted(
        {
            label.question.subject
            for example in examples
            for label in example.labels
            if label.question.kind is Kind.STANCE
        }
    )


def _answer_json(label: Label) -> object:
    if label.soft is None:
        return label.allowed[0]
    return dict(zip(label.question.kind.labels, label.soft, strict=True))
