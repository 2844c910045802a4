"""The rows of a Parquet file, one at a time, so that a faulty one costs itself alone."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.parquet

_ROWS_AT_A_TIME = 1024


def parquet_rows(
    file: pyarrow.parquet.ParquetFile, columns: Sequence[str] | None = None
) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Each row's number, from 1, and its fields, or what is wrong with it.

    Args:
        file: opened.
        columns: those that are read; None: all.

    Raises:
        pyarrow.ArrowException: the file is broken from here on.
    """
    number = 0
    for batch in file.iter_batches(batch_size=_ROWS_AT_A_TIME, columns=columns):
        for n in range(batch.num_rows):
            number += 1
            try:
                [row] = batch.slice(n, 1).to_pylist()
            except ValueError as error:
                yield number, f"cannot be read: {error}"
                continue
            yield number, row
