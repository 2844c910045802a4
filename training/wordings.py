"""Other ways to write a proposition, read from a file. Knows nothing of statements."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stance.domain import Kind, Stance
from stance.errors import FileError
from training.examples import Label

_CONVERSE: dict[str, str] = {Stance.FAVOR: Stance.AGAINST, Stance.AGAINST: Stance.FAVOR}


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
            replace(label, question=replace(label.question, subject=rng.choice(wordings)))
            for wordings in self._of(label, self.same)
        ]

    def turned_round(self, label: Label, rng: random.Random) -> list[Label]:
        """The opposite stance on a converse of the proposition; none where none is known."""
        allowed = tuple(_CONVERSE.get(name, name) for name in label.allowed)
        soft = label.soft
        if soft is not None:
            favor, against, *others = soft
            soft = (against, favor, *others)
        return [
            Label(replace(label.question, subject=rng.choice(wordings)), allowed, soft)
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
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(path, [f"is not a file of wordings: {error}"]) from error
