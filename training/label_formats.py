"""Files of labels -> raw rows: JSONL, or a long table in CSV or Parquet, one row a pair.

A row of a table is turned into the fields of a JSONL row. Knows nothing of what a label means.
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from stance.errors import FileError
from stance.parquet_rows import parquet_rows
from training.label_values import nearest

COLUMNS = (
    "text", "issue", "proposition", "stance", "sentiment", "target", "target_sentiment",
    "annotator", "speaker", "context", "id", "group", "date", "source",
)  # fmt: skip
_CARRIED = ("text", "speaker", "context", "id", "group", "date", "source", "sentiment")
_LARGEST_FIELD = 1 << 24
_REMEDIES = {
    ".json": "write one object a line and name it .jsonl",
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "save the sheet as 'CSV UTF-8'"),
}

Row = tuple[int, Mapping[str, Any] | str]  # the number, and the fields or what is wrong


def is_table(path: Path) -> bool:
    """Whether a file has one row a pair, so that several rows may make one example."""
    return path.suffix.lower() in (".csv", ".tsv", ".parquet")


def read_rows(path: Path) -> Iterator[Row]:
    """Read a file by its suffix, without its empty rows.

    Rows are numbered by line (JSONL), as a spreadsheet numbers them (CSV: the header is row 1), or
    from 1 (Parquet).

    Raises:
        FileError: the file cannot be read as labels at all.
    """
    readers = {
        ".jsonl": _json_rows, ".ndjson": _json_rows, ".csv": _csv_rows, ".tsv": _csv_rows,
        ".parquet": _parquet_rows,
    }  # fmt: skip
    suffix = path.suffix.lower()
    if path.is_dir():
        raise FileError(path, ["is a folder; name the files in it"])
    if suffix not in readers:
        remedy = _REMEDIES.get(suffix, "name it by its format")
        kinds = "labels are read from .jsonl, .csv, .tsv and .parquet"
        raise FileError(path, [f"unknown kind of file {suffix!r}; {kinds}; {remedy}"])
    try:
        yield from readers[suffix](path)
    except OSError as error:
        raise FileError(path, [f"cannot be read: {error.strerror or error}"]) from error


def _text(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError(path, ["is UTF-16; save it as UTF-8 (in a spreadsheet: 'CSV UTF-8')"])
    if b"\0" in content:
        raise FileError(path, ["is not text; it holds NUL bytes"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        fault = f"line {line}: is not UTF-8 (byte 0x{content[error.start]:02x}); save it as UTF-8"
        raise FileError(path, [f"{fault} (in a spreadsheet: 'CSV UTF-8')"]) from error


def _json_rows(path: Path) -> Iterator[Row]:
    # Only a line feed ends a line: a JSON string may hold the other separators of Unicode.
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            yield number, f"is not JSON: {error.msg} at column {error.colno}"
        except (ValueError, RecursionError) as error:
            reason = error if isinstance(error, ValueError) else "nested too deep"
            yield number, f"is not JSON: {reason}"
        else:
            yield number, row if isinstance(row, dict) else "must be an object with a text"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no value")


def _csv_rows(path: Path) -> Iterator[Row]:
    text = _text(path)
    if not text.strip():
        return
    csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader)]
    except csv.Error as error:
        raise FileError(path, [f"is not CSV: {error}"]) from error
    named = [name for name in columns if name]
    _check_columns(path, named)
    number = 1
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, f"is not CSV: {error}"
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(columns) :]):
            yield number, "has more fields than columns; quote a text that holds the separator"
            continue
        row = {name: cell for name, cell in zip(columns, cells, strict=False) if cell.strip()}
        if "" in row:
            yield number, "has a field in a column without a name; name it or empty it"
            continue
        for name, cell in row.items():
            if name != "text":
                row[name] = cell.strip()
        for name in ("stance", "sentiment", "target_sentiment"):
            if name in row:
                row[name] = row[name].lower()
        yield number, _as_json(row)


def _delimiter(text: str) -> str:
    """The separator by which the header has the most names that we know."""

    def known(delimiter: str) -> int:
        try:
            header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        except csv.Error:
            return 0
        return len({name.strip().lower() for name in header} & set(COLUMNS))

    return max(",;\t", key=known)


def _parquet_rows(path: Path) -> Iterator[Row]:
    try:
        file = pyarrow.parquet.ParquetFile(path)
        _check_columns(path, file.schema_arrow.names)
        for number, row in parquet_rows(file):
            if isinstance(row, str):
                yield number, row
            elif told := {name: value for name, value in row.items() if not _blank(value)}:
                yield number, _as_json(told)
    except pa.ArrowException as error:
        raise FileError(path, [f"is not Parquet: {error}"]) from error


def _blank(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    faults = [
        f"column {name!r} stands twice"
        for name in dict.fromkeys(columns)
        if columns.count(name) > 1
    ]
    faults += [
        f"unknown column {name!r}{nearest(name, COLUMNS)}; known: {', '.join(COLUMNS)}"
        for name in dict.fromkeys(columns)
        if name not in COLUMNS
    ]
    if not faults:
        faults = list(_missing_columns(columns))
    if faults:
        raise FileError(path, faults)


def _missing_columns(columns: Iterable[str]) -> Iterator[str]:
    there = set(columns)
    if "text" not in there:
        yield f"has no column text; its columns: {', '.join(columns) or 'none'}"
    if not there & {"stance", "sentiment", "target_sentiment"}:
        yield "has no column of labels; name one stance, sentiment or target_sentiment"
    if "stance" in there and not there & {"issue", "proposition"}:
        yield "has a column stance, but neither issue nor proposition"
    if ("target" in there) != ("target_sentiment" in there):
        yield "has one of the columns target and target_sentiment; give both"


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a JSONL row with the labels of one row of a table, and its annotator."""
    fields = {name: row[name] for name in (*_CARRIED, "annotator") if name in row}
    label = {name: row[name] for name in ("issue", "proposition", "stance") if name in row}
    target = {
        written: row[name]
        for name, written in (("target", "target"), ("target_sentiment", "sentiment"))
        if name in row
    }
    if label:
        fields["labels"] = [label]
    if target:
        fields["targets"] = [target]
    return fields
