"""Files of statements -> statements, one at a time: JSONL, CSV, Parquet or plain lines.

A row that cannot be read is yielded as a fault with its place, so that the other rows are still
answered. The one place where these formats are read for scoring.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet

from stance.domain import Statement
from stance.errors import FileError, InputError
from stance.parquet_rows import parquet_rows

FORMATS = ("jsonl", "csv", "parquet", "lines")
_BY_SUFFIX = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}
_LARGEST_FIELD = 1 << 24


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that cannot be read: where, and why."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


def read_statements(
    path: Path | None, stdin: IO[bytes], file_format: str | None = None
) -> Iterator[Statement | RowFault]:
    """Read statements lazily, in order; a row without an id is named by its line.

    Args:
        path: the file, or None for standard input.
        stdin: where standard input comes from.
        file_format: one of `FORMATS`; where None, told by the file's suffix, and on standard
            input by its first character (`{` begins JSONL).

    Raises:
        FileError: the file cannot be opened, or is not of its format at all.
    """
    name = str(path) if path else "standard input"
    if file_format is None and path:
        file_format = _BY_SUFFIX.get(path.suffix.lower(), "lines")
    try:
        if file_format == "parquet":
            yield from _from_rows(name, "row", _parquet_rows(name, path or stdin))
            return
        with path.open("rb") if path else stdin as file:
            rest = (line.decode("utf-8", "surrogateescape") for line in file)
            head = [next(rest, "").removeprefix("\ufeff")]
            while not head[-1].strip() and (line := next(rest, "")):
                head.append(line)
            lines = chain(filter(None, head), rest)
            if file_format is None:
                file_format = "jsonl" if head[-1].lstrip().startswith("{") else "lines"
            if file_format == "csv":
                yield from _from_rows(name, "line", _csv_rows(name, lines))
            else:
                rows = _json_rows(lines) if file_format == "jsonl" else _plain_rows(lines)
                yield from _from_rows(name, "line", rows)
    except OSError as error:
        raise FileError(name, [f"cannot be read: {error.strerror or error}"]) from error


Row = tuple[int, Mapping[str, Any] | str]  # the number, and the fields or what is wrong


def _from_rows(name: str, unit: str, rows: Iterable[Row]) -> Iterator[Statement | RowFault]:
    for number, row in rows:
        place = f"{name}: {unit} {number}"
        if isinstance(row, str):
            yield RowFault(place, row)
        elif row.get("text") is None:
            yield RowFault(place, "text is missing; every row needs a text")
        else:
            try:
                yield _statement(row, number)
            except InputError as error:
                yield RowFault(place, str(error))


def _statement(row: Mapping[str, Any], number: int) -> Statement:
    targets = row.get("targets")
    if targets is None:
        targets = ()
    elif isinstance(targets, str):
        targets = tuple(part.strip() for part in targets.split(";") if part.strip())
    elif isinstance(targets, list):
        targets = tuple(targets)
    else:
        raise InputError("targets", "must be a list of names")
    row_id = row.get("id")
    return Statement(
        row["text"],
        str(number) if row_id is None or row_id == "" else str(row_id),
        row.get("speaker") or None,
        targets,
    )


def _plain_rows(lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            yield number, {"text": text}


def _json_rows(lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"is not JSON: {getattr(error, 'msg', 'too deep or too large')}"
            continue
        yield number, row if isinstance(row, dict) else "must be a JSON object with a text"


def _csv_rows(name: str, lines: Iterable[str]) -> Iterator[Row]:
    n_lines = 0

    def counted() -> Iterator[str]:
        nonlocal n_lines
        for n_lines, line in enumerate(lines, 1):  # noqa: B007 - read outside
            yield line

    csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.DictReader(counted(), strict=True)
    try:
        columns = reader.fieldnames or []
    except csv.Error as error:
        raise FileError(name, [f"is not CSV: {error}"]) from error
    if "text" not in columns:
        raise FileError(name, [f"has no column text; its columns: {', '.join(columns) or 'none'}"])
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield n_lines, f"is not CSV: {error}"
            continue
        if None in row:
            yield n_lines, "has more fields than columns; quote a text that holds a comma"
            continue
        yield n_lines, row


def _parquet_rows(name: str, source: Path | IO[bytes]) -> Iterator[Row]:
    try:
        opened = source if isinstance(source, Path) else pa.BufferReader(source.read())
        file = pyarrow.parquet.ParquetFile(opened)
    except pa.ArrowException as error:
        raise FileError(name, [f"is not Parquet: {error}"]) from error
    columns = [c for c in ("id", "text", "speaker", "targets") if c in file.schema_arrow.names]
    if "text" not in columns:
        known = ", ".join(file.schema_arrow.names)
        raise FileError(name, [f"has no column text; its columns: {known}"])
    yield from parquet_rows(file, columns)
