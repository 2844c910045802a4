"""Parquet -> rows; a broken group of rows costs itself alone, and memory does not grow with it."""

from collections.abc import Iterator, Sequence
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet

from stance.archive.records import Limits

_ROWS_AT_A_TIME = 64
_BYTES_AT_A_TIME = 16 << 20
_BUFFER = 1 << 20
_RATIO_COUNTS_FROM = 64 << 20
ParquetRow = tuple[int, dict[str, Any] | str, int]  # number, fields or what is wrong, rows lost


def open_parquet(source: IO[bytes]) -> pyarrow.parquet.ParquetFile:
    """A file of Parquet.

    Raises:
        ValueError: it is none.
    """
    try:
        found = pyarrow.parquet.ParquetFile(source)
        texts = [one.name for one in found.schema_arrow if pa.types.is_string(one.type)]
        return pyarrow.parquet.ParquetFile(
            source,
            metadata=found.metadata,
            read_dictionary=texts,  # a long text that many rows share is held once
            pre_buffer=False,
            buffer_size=_BUFFER,
        )
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"is not Parquet: {error}") from error


def columns_of(file: pyarrow.parquet.ParquetFile) -> list[str]:
    """The names of its columns, and of those one level inside, with a dot."""
    names = []
    for column in file.schema_arrow:
        if pa.types.is_struct(column.type):
            names += [f"{column.name}.{inner.name}" for inner in column.type]
        else:
            names.append(column.name)
    return names


def rows_of(file: pyarrow.parquet.ParquetFile, n: int, n_bytes: int) -> int:
    """How many rows have about so many bytes, unpacked; at least 1, at most n."""
    groups = [file.metadata.row_group(group) for group in range(file.num_row_groups)]
    n_rows = sum(group.num_rows for group in groups)
    unpacked = sum(group.total_byte_size for group in groups)
    return max(1, min(n, n_bytes * n_rows // unpacked if unpacked else n))


def parquet_rows(
    file: pyarrow.parquet.ParquetFile,
    start: int,
    end: int | None,
    columns: Sequence[str],
    limits: Limits,
) -> Iterator[ParquetRow]:
    """The rows from start to before end.

    Args:
        file: opened.
        start, end: rows, from 0.
        columns: those that are read.
        limits: of what a group of rows may unpack to.
    """
    first = 0
    for group in range(file.num_row_groups):
        n = file.metadata.row_group(group).num_rows
        last = first + n if end is None else min(first + n, end)
        if first < last and last > start:
            yield from _of_group(file, group, (first, max(first, start), last), columns, limits)
        first += n


def _of_group(
    file: pyarrow.parquet.ParquetFile,
    group: int,
    rows: tuple[int, int, int],
    columns: Sequence[str],
    limits: Limits,
) -> Iterator[ParquetRow]:
    number, start, last = rows  # of the group's first row, and of those that are wanted
    if bomb := _bomb(file, group, limits):
        yield start, bomb, last - start
        return
    try:
        for batch in file.iter_batches(
            _rows_at_a_time(file, group), row_groups=[group], columns=list(columns)
        ):
            for n in range(max(start - number, 0), min(batch.num_rows, last - number)):
                yield number + n, _fields(batch.slice(n, 1)), 1
            number += batch.num_rows
            if number >= last:
                return
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise  # the storage, not what is in the file
        at = max(number, start)
        told = " ".join(str(error).split())
        yield at, f"cannot be read, nor can the rest of its row group: {told}", last - at


def _rows_at_a_time(file: pyarrow.parquet.ParquetFile, group: int) -> int:
    of_group = file.metadata.row_group(group)
    n_rows = _BYTES_AT_A_TIME * int(of_group.num_rows) // max(int(of_group.total_byte_size), 1)
    return max(1, min(_ROWS_AT_A_TIME, n_rows))


def _fields(row: pa.RecordBatch) -> dict[str, Any] | str:
    try:
        [found] = row.to_pylist()
    except ValueError as error:
        return f"cannot be read: {error}"
    return found  # type: ignore[no-any-return]  # pyarrow has no types


def _bomb(file: pyarrow.parquet.ParquetFile, group: int, limits: Limits) -> str | None:
    of_group = file.metadata.row_group(group)
    for n in range(of_group.num_columns):
        column = of_group.column(n)
        packed, unpacked = column.total_compressed_size, column.total_uncompressed_size
        if unpacked > max(_RATIO_COUNTS_FROM, limits.ratio * max(packed, 1)):
            return f"unpacks to more than {limits.ratio} times its size, as a bomb would"
    return None
