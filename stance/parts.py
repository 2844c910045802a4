"""Rows of one shard -> the Parquet files of one part: drafted, read back, synced and renamed.

Knows rows, not how they came about; whether a part is finished is the ledger's business.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from stance.counts import Counts
from stance.durable import resumable, sync
from stance.errors import FileError
from stance.scored_tables import TABLES, described
from stance.scoring_run import Run

Row = Mapping[str, Any]

# Rows, and characters of their texts, that wait until they are written as one group of rows.
_GROUP_ROWS = 8192
_GROUP_CHARACTERS = 4_000_000


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file of a part, as the manifest knows it."""

    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one run made of one shard.

    Attributes:
        name: of its four files.
        shard: the identity of the shard.
        file: the file that the shard is a piece of.
        counts: what became of its records.
        tables: its files by table.
        skipped: how many records were passed over, by reason.
    """

    name: str
    shard: str
    file: str
    counts: Counts
    tables: Mapping[str, TableFile]
    skipped: Mapping[str, int] = field(default_factory=dict)


def part_path(out: Path, table: str, run: str, name: str) -> Path:
    """Where a file of a part is."""
    return out / table / f"run={run}" / f"{name}.parquet"


def drafts_dir(out: Path) -> Path:
    """Where files are until they are whole; on the same disk, and no reader looks there."""
    return out / ".drafts"


class PartDraft:
    """A part that is being written. Left without `publish`, it leaves nothing behind.

    Args:
        out: the folder of the scored archive.
        run: what makes the part.
        shard: the identity of its shard.
        file: the file that the shard is a piece of.
    """

    def __init__(self, out: Path, run: Run, shard: str, file: str) -> None:
        self._out, self._run, self._shard, self._file = out, run, shard, file
        self._name = run.part_name(shard)
        self._tables: dict[str, _TableDraft] = {}

    def __enter__(self) -> Self:
        # A worker that was given up for dead may still write: no two have drafts of one name.
        own = f"{self._name}.{uuid.uuid4().hex[:8]}"
        with resumable(self._out):
            drafts_dir(self._out).mkdir(parents=True, exist_ok=True)
            try:
                for table in TABLES:
                    schema = described(table, self._run.metadata(), self._shard)
                    path = drafts_dir(self._out) / f"{own}.{table}"
                    self._tables[table] = _TableDraft(path, schema)
                    self._tables[table].open()
            except BaseException:
                self._discard()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._discard()

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Add rows to a table, in order.

        Raises:
            FileError: they cannot be written.
        """
        with resumable(self._out):
            self._tables[table].add(rows)

    def publish(self, counts: Counts, skipped: Mapping[str, int] | None = None) -> Part:
        """Put the files in their place: from here on they are there, whole.

        Args:
            counts: what became of the records of the shard.
            skipped: how many were passed over, by reason.

        Raises:
            FileError: they cannot be written, or what was written is not what was meant.
        """
        with resumable(self._out):
            files = {table: draft.finish() for table, draft in self._tables.items()}
            folders = {self._out}
            for table, draft in self._tables.items():
                place = part_path(self._out, table, self._run.key, self._name)
                place.parent.mkdir(parents=True, exist_ok=True)
                draft.path.replace(place)
                folders |= {place.parent, place.parent.parent}
            for folder in folders:
                sync(folder)
        return Part(self._name, self._shard, self._file, counts, files, dict(skipped or {}))

    def _discard(self) -> None:
        for draft in self._tables.values():
            draft.discard()


class _TableDraft:
    """One file that is being written."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._schema = schema
        self._n_rows = self._characters = 0
        self._rows: list[Row] = []
        self._file: Any = None
        self._writer: Any = None

    def open(self) -> None:
        # The file is ours, so that it is closed whatever becomes of the writer.
        self._file = pa.OSFile(str(self.path), "wb")
        self._writer = pq.ParquetWriter(
            self._file, self._schema, compression="zstd", write_page_checksum=True
        )

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._rows.append(row)
            self._characters += len(row.get("text") or "")
            if len(self._rows) >= _GROUP_ROWS or self._characters >= _GROUP_CHARACTERS:
                self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._n_rows += len(self._rows)
        self._rows, self._characters = [], 0

    def finish(self) -> TableFile:
        self._flush()
        self._writer.close()
        self._file.close()
        sync(self.path)
        try:
            with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
                n_rows = sum(batch.num_rows for batch in file.iter_batches())
                same = file.schema_arrow.equals(self._schema)
        except pa.ArrowInvalid as error:
            raise FileError(self.path, [_damaged(str(error))]) from error
        if not same or n_rows != self._n_rows:
            raise FileError(self.path, [_damaged(f"has {n_rows} of {self._n_rows} rows")])
        with self.path.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        return TableFile(self._n_rows, self.path.stat().st_size, digest)

    def discard(self) -> None:
        for opened in (self._writer, self._file):
            with suppress(OSError, pa.ArrowException):  # its end cannot be written either
                if opened is not None:
                    opened.close()
        with suppress(OSError):  # it is in its place, or could never be there
            self.path.unlink()


def _damaged(what: str) -> str:
    return f"is not what was written: {what}; check the disk, and give the same command again"
