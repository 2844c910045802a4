"""Labelled statements: read, checked, reworded. One format everywhere (docs/labels.md).

JSONL, one object a line:
    {"id"?, "text", "speaker"?, "labels": [{"issue" or "proposition", "stance"}],
     "sentiment"?, "targets"?: [{"target", "sentiment"}], "group"?, "source"?}
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stance.domain import Kind, Question, Sentiment, Stance, Statement
from stance.errors import FileError, StanceError
from stance.issues import Catalogue

_FIELDS = {"id", "text", "speaker", "context", "labels", "sentiment", "targets", "group", "source"}
_CONVERSE: dict[str, str] = {Stance.FAVOR: Stance.AGAINST, Stance.AGAINST: Stance.FAVOR}


@dataclass(frozen=True, slots=True)
class Label:
    """The answer that a labeller gave to one question.

    Attributes:
        question: what was asked.
        allowed: the labels that may be true; several where a public set is coarser than ours.
    """

    question: Question
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A statement with its labels.

    Attributes:
        statement: what was said.
        labels: the answers.
        group: rows of one group stay on one side of a split.
        source: where it comes from.
    """

    statement: Statement
    labels: tuple[Label, ...]
    group: str
    source: str


def read_examples(path: Path, catalogue: Catalogue, source: str = "own") -> list[Example]:
    """Read a file of labelled statements.

    Raises:
        FileError: the file cannot be read, or rows are faulty; all faults with their lines.
    """
    examples, faults = [], []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(path, [f"cannot be read: {error}"]) from error
    for n, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            examples.append(_example(json.loads(line), catalogue, f"{path.stem}:{n}", source))
        except json.JSONDecodeError as error:
            faults.append(f"{n}: is not JSON: {error.msg} at column {error.colno}")
        except (StanceError, ValueError) as error:
            faults.append(f"{n}: {error}")
    if faults:
        raise FileError(path, faults)
    return examples


def _example(row: Any, catalogue: Catalogue, default_id: str, source: str) -> Example:
    if not isinstance(row, dict):
        raise ValueError("must be an object")
    if unknown := set(row) - _FIELDS:
        raise ValueError(f"unknown field {min(unknown)!r}; known: {', '.join(sorted(_FIELDS))}")
    if "text" not in row:
        raise ValueError("text is missing")
    targets = row.get("targets", [])
    statement = Statement(
        row["text"],
        row.get("id", default_id),
        row.get("speaker"),
        tuple(entry["target"] for entry in targets),
    )
    labels = []
    for entry in row.get("labels", []):
        if ("issue" in entry) == ("proposition" in entry):
            raise ValueError("each label needs either issue or proposition")
        subject = (
            catalogue[entry["issue"]].proposition if "issue" in entry else entry["proposition"]
        )
        stance = _one_of(Stance, "stance", entry.get("stance"))
        labels.append(Label(Question(Kind.STANCE, subject), (stance,)))
    if "sentiment" in row:
        sentiment = _one_of(Sentiment, "sentiment", row["sentiment"])
        labels.append(Label(Question(Kind.SENTIMENT), (sentiment,)))
    for entry in targets:
        sentiment = _one_of(Sentiment, "sentiment", entry.get("sentiment"))
        labels.append(Label(Question(Kind.SENTIMENT, entry["target"]), (sentiment,)))
    if not labels:
        raise ValueError("has no label")
    group = row.get("group", statement.id)
    return Example(statement, tuple(labels), str(group), row.get("source", source))


def _one_of(labels: type[Stance] | type[Sentiment], field: str, value: object) -> str:
    if value not in tuple(labels):
        raise ValueError(f"{field} {str(value)[:40]!r} is not one of {', '.join(labels)}")
    return str(value)


@dataclass(frozen=True, slots=True)
class Wordings:
    """Other ways to write a proposition, so that a model learns the question and not its wording.

    Attributes:
        same: paraphrases by proposition.
        opposite: converses by proposition; who favors the one is against the other.
    """

    same: Mapping[str, Sequence[str]]
    opposite: Mapping[str, Sequence[str]]

    def same_way(self, label: Label, rng: random.Random) -> list[Label]:
        """The stance label on a paraphrase of its proposition; none where none is known."""
        return [
            Label(replace(label.question, subject=rng.choice(wordings)), label.allowed)
            for wordings in self._of(label, self.same)
        ]

    def turned_round(self, label: Label, rng: random.Random) -> list[Label]:
        """The opposite stance on a converse of the proposition; none where none is known."""
        allowed = tuple(_CONVERSE.get(name, name) for name in label.allowed)
        return [
            Label(replace(label.question, subject=rng.choice(wordings)), allowed)
            for wordings in self._of(label, self.opposite)
        ]

    def _of(self, label: Label, wordings: Mapping[str, Sequence[str]]) -> Iterator[Sequence[str]]:
        if label.question.kind is Kind.STANCE and label.question.subject in wordings:
            yield wordings[label.question.subject]


def read_wordings(path: Path) -> Wordings:
    """Read a JSONL file of `{"proposition", "same": [...], "opposite": [...]}`.

    Raises:
        FileError: the file cannot be read, or a row lacks a field.
    """
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return Wordings(
            {row["proposition"]: row["same"] for row in rows},
            {row["proposition"]: row["opposite"] for row in rows},
        )
    except (OSError, ValueError, KeyError) as error:
        raise FileError(path, [f"is not a file of wordings: {error}"]) from error


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
