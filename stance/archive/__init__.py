"""Archives of news -> articles, one at a time, whatever the files are and what is wrong in them.

from stance.archive import Record, read_archive

for record in read_archive(["archive/", "more.parquet", "feed.warc.gz"]):
    if isinstance(record, Record):
        print(record.file, record.offset, record.content.title)
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from stance.archive.columns import Columns
from stance.archive.files import walk
from stance.archive.pieces import read_piece
from stance.archive.records import (
    Cut,
    Format,
    Limits,
    Piece,
    Read,
    Reading,
    Record,
    RecordFault,
    Skipped,
)  # fmt: skip
from stance.archive.shards import Listing, Shard, archive_bytes, shards

__all__ = [
    "Columns", "Cut", "Format", "Limits", "Piece", "Read", "Reading", "Record", "RecordFault",
    "Shard", "Skipped", "archive_bytes", "read_archive", "shards",
]  # fmt: skip


def read_archive(
    paths: Sequence[str | Path],
    reading: Reading | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Read]:
    """All records of an archive, in order, one at a time.

    Args:
        paths: folders and files, mixed; also URLs as `s3://bucket/archive`.
        reading: how it is read.
        tell: told how fields were found, see `shards`.

    Raises:
        FileError: a path is not there, a file that was named itself is of no known kind, or the
            storage fails.
        MissingExtraError: a file needs a part of Stance that is not installed.
    """
    how = Listing(reading or Reading(), Cut(sys.maxsize, sys.maxsize), tell)
    for found in walk(paths):
        for piece in how.pieces(found):
            yield from read_piece(piece, how.reading)
