"""Files of labelled statements -> examples: read, checked, the rows of one statement joined.

JSONL, one object a line (a long CSV or Parquet table reads as the same, see docs/training.md):
    {"id"?, "text", "speaker"?, "context"?, "labels": [{"issue" or "proposition", "stance"}],
     "sentiment"?, "targets"?: [{"target", "sentiment"}], "group"?, "date"?, "source"?}
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stance.domain import Kind, Question
from stance.errors import FileError, LabelsError
from stance.issues import Catalogue
from training.examples import Example, Label
from training.label_formats import is_table, read_rows
from training.label_rows import LabelRow, read_row
from training.label_values import mean_shares


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    Attributes:
        examples: in the order of the files and of their rows.
        faults: what is wrong with the rows that were left out, each with its file and row.
    """

    examples: tuple[Example, ...]
    faults: tuple[str, ...]


def read_labels(
    paths: Iterable[Path],
    catalogue: Catalogue,
    *,
    skip_faulty: bool = False,
    source: str = "labels",
) -> Reading:
    """Read files of labelled statements.

    Args:
        paths: the files, JSONL, CSV or Parquet by their suffixes.
        catalogue: the issues that rows may name by id.
        skip_faulty: leave faulty rows out; a file that cannot be read at all is an error still.
        source: that of rows which name none.

    Raises:
        LabelsError: there are faults; those of all files, each with file and row.
    """
    paths = list(paths)
    stems = [path.stem for path in paths]
    examples: list[Example] = []
    faults: list[str] = []
    unreadable = False
    for path in paths:
        # Rows without an id are named by their file; two of one name are told apart by the folder.
        file_name = path.stem if stems.count(path.stem) == 1 else str(path.with_suffix(""))
        table = is_table(path)
        joining = _Joining()
        n_rows = 0
        try:
            for number, row in read_rows(path):
                n_rows += 1
                try:
                    if isinstance(row, str):
                        raise ValueError(row)
                    found = read_row(row, catalogue)
                except ValueError as error:
                    faults.append(f"{path}: {'row' if table else 'line'} {number}: {error}")
                    continue
                draft = _Draft(found, f"{file_name}:{number}", f"{path}:{number}")
                joining.add(draft, join=table)
            if not n_rows:
                raise FileError(path, ["is empty; write at least one labelled row"])
        except FileError as error:
            unreadable = True
            faults += [f"{path}: {fault}" for fault in error.faults]
        examples += [draft.example(source) for draft in joining.drafts]
    if unreadable or (faults and not (skip_faulty and examples)):
        raise LabelsError(faults)
    return Reading(tuple(examples), tuple(faults))


@dataclass(slots=True)
class _Draft:
    """A statement on its way to an example, with each annotator's answers."""

    first: LabelRow
    default_id: str
    place: str
    answers: dict[Question, dict[str, Sequence[float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for question, shares in self.first.answers.items():
            self.answers[question] = {self.first.annotator: shares}

    def take(self, question: Question, annotator: str, shares: Sequence[float]) -> bool:
        """Whether the answer has its place here: a first one, the same, or another annotator's."""
        given = self.answers.setdefault(question, {})
        if not given or (annotator and annotator not in given and "" not in given):
            given[annotator] = shares
        return given.get(annotator) == shares

    def example(self, source: str) -> Example:
        statement = self.first.statement
        row_id = statement.id or self.default_id
        targets = tuple(q.subject for q in self.answers if q.kind is Kind.SENTIMENT and q.subject)
        return Example(
            replace(statement, id=row_id, targets=targets),
            tuple(
                Label.of_shares(question, mean_shares(given.values()))
                for question, given in self.answers.items()
            ),
            self.first.group or row_id,
            self.first.source or source,
            self.first.date,
            self.place,
        )


@dataclass(slots=True)
class _Joining:
    """The statements of a file, the rows of one statement joined where the file is a table.

    A second answer of the same annotator, or of nobody named, that differs from the first begins
    an example of its own: a contradiction stays to be seen.
    """

    drafts: list[_Draft] = field(default_factory=list)
    _by_statement: dict[object, list[_Draft]] = field(default_factory=dict)

    def add(self, draft: _Draft, *, join: bool) -> None:
        row = draft.first
        if not join:
            self.drafts.append(draft)
            return
        key = (replace(row.statement, targets=()), row.group, row.source, row.date)
        earlier = self._by_statement.setdefault(key, [])
        left = {
            question: shares
            for question, shares in row.answers.items()
            if not any(one.take(question, row.annotator, shares) for one in earlier)
        }
        if left:
            draft.answers = {question: {row.annotator: one} for question, one in left.items()}
            earlier.append(draft)
            self.drafts.append(draft)
