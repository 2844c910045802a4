"""Results -> a file, written whole or not at all: JSONL, or a long CSV or Parquet table.

The long table has one row for each statement and issue. The one place where results become files.
"""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa
import pyarrow.parquet

from stance.domain import Prediction, Result, Stance
from stance.errors import FileError
from stance.whole_file import whole_file

SUFFIXES = (".jsonl", ".csv", ".parquet")
_ROWS_AT_A_TIME = 4096
_TEXT, _NUMBER = pa.string(), pa.float64()
SCHEMA = pa.schema(
    [
        ("id", _TEXT), ("speaker", _TEXT), ("text", _TEXT), ("truncated", pa.bool_()),
        ("sentiment", _TEXT), ("sentiment_score", _NUMBER),
        ("issue", _TEXT), ("proposition", _TEXT), ("stance", _TEXT), ("score", _NUMBER),
        *((label, _NUMBER) for label in Stance), ("model", _TEXT), ("prediction_set", _TEXT),
    ]
)  # fmt: skip


def long_rows(result: Result) -> list[dict[str, Any]]:
    """The rows of the long table for one statement, with the fields of `SCHEMA`.

    `prediction_set` holds the labels joined by ";", or None where no coverage was asked.
    """
    statement, tone = result.statement, result.sentiment

    def row(issue_id: str | None, proposition: str, stance: Prediction) -> dict[str, Any]:
        labels = stance.prediction_set
        return {
            "id": statement.id,
            "speaker": statement.speaker,
            "text": statement.text,
            "truncated": result.truncated,
            "sentiment": tone.label,
            "sentiment_score": tone.score,
            "issue": issue_id,
            "proposition": proposition,
            "stance": stance.label,
            "score": stance.score,
            **dict(zip(map(str, Stance), stance.probabilities, strict=True)),
            "model": stance.model,
            "prediction_set": None if labels is None else ";".join(labels),
        }

    return [row(issue.id, issue.proposition, stance) for issue, stance in result.stances]


class ResultWriter(Protocol):
    """Takes results one at a time."""

    def write(self, result: Result) -> None:
        """Take one result."""


@contextmanager
def result_file(path: Path) -> Iterator[ResultWriter]:
    """A writer for a file whose suffix tells its format; the file appears when all is written.

    Raises:
        FileError: the suffix is unknown, or the file cannot be written.
    """
    writers = {".jsonl": _JsonLines, ".csv": _Csv, ".parquet": _Parquet}
    if path.suffix.lower() not in writers:
        raise FileError(path, [f"unknown format; end the name in {', '.join(SUFFIXES)}"])
    with whole_file(path) as draft, writers[path.suffix.lower()](draft) as writer:
        yield writer


class _Writer:
    """Opens in text mode; subclasses write."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, result: Result) -> None:
        raise NotImplementedError


class _JsonLines(_Writer):
    def write(self, result: Result) -> None:
        self._file.write(json.dumps(result.to_json(), ensure_ascii=False) + "\n")


class _Csv(_Writer):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._csv = csv.DictWriter(self._file, SCHEMA.names)
        self._csv.writeheader()

    def write(self, result: Result) -> None:
        self._csv.writerows(long_rows(result))


class _Parquet(_Writer):
    def __init__(self, path: Path) -> None:
        self._parquet = pyarrow.parquet.ParquetWriter(path, SCHEMA)
        self._rows: list[dict[str, Any]] = []

    def write(self, result: Result) -> None:
        self._rows += long_rows(result)
        if len(self._rows) >= _ROWS_AT_A_TIME:
            self._flush()

    def _flush(self) -> None:
        self._parquet.write_table(pa.Table.from_pylist(self._rows, SCHEMA))
        self._rows.clear()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._parquet.close()
