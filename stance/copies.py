"""Which articles have the text of another one, so that each text is scored once.

The rule, and why it does not depend on who came first, is in docs/archive-format.md.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from stance.errors import FileError
from stance.scored_tables import Status

_CACHE_KIB = 65536
_ROWS_AT_A_TIME = 8192


def content_hash(text: str, *beside: str) -> str | None:
    """32 characters that tell a text from all others; None for one without a word.

    Args:
        text: white space between its words counts as one space.
        beside: what makes two equal texts differ all the same.
    """
    words = " ".join(text.split())
    if not words:
        return None
    told = "\0".join([words, *beside])
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


class Originals:
    """The texts that are scored already or stand earlier, told apart by their hashes.

    They are in a temporary database that grows on the disk, not in memory. Not for two threads at
    once.
    """

    def __init__(self) -> None:
        with _room():
            # A database without a name is a temporary file of SQLite's own.
            self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            for statement in (
                f"pragma cache_size = -{_CACHE_KIB}",
                "pragma journal_mode = off",
                "create table originals (content blob primary key) without rowid",
                "create table copies (content blob, part text)",
                "begin",
            ):
                self._database.execute(statement)

    def close(self) -> None:
        """Forget it all."""
        self._database.close()

    def is_copy(self, content: str) -> bool:
        """Whether a text was there before; if not, it is from now on.

        Raises:
            FileError: there is no room left for the database.
        """
        with _room():
            found = self._database.execute(
                "insert or ignore into originals values (?)", (bytes.fromhex(content),)
            )
            return found.rowcount == 0

    def add_finished(self, part: str, articles: Path) -> None:
        """Take in what a finished part scored, and the copies that it holds.

        Args:
            part: its name.
            articles: its file of that table.

        Raises:
            FileError: it cannot be read, or there is no room left for the database.
        """
        originals, copies = _contents(articles)
        with _room():
            self._database.executemany(
                "insert or ignore into originals values (?)", ((one,) for one in originals)
            )
            self._database.executemany(
                "insert into copies values (?, ?)", ((one, part) for one in copies)
            )

    def parts_with_orphans(self) -> set[str]:
        """The finished parts, of those taken in, with a copy of which there is no original."""
        found = self._database.execute(
            "select distinct part from copies where content not in (select content from originals)"
        )
        return {part for (part,) in found}


def _contents(articles: Path) -> tuple[list[bytes], list[bytes]]:
    originals: list[bytes] = []
    copies: list[bytes] = []
    try:
        with pq.ParquetFile(articles) as file:
            for batch in file.iter_batches(_ROWS_AT_A_TIME, columns=["content", "status"]):
                for content, status in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                    if content is not None:
                        to = copies if status == Status.DUPLICATE else originals
                        to.append(bytes.fromhex(content))
    except (OSError, ValueError) as error:  # Arrow's errors are of these kinds
        reason = f"cannot be read: {error}; remove it, and its shard is scored again"
        raise FileError(articles, [reason]) from error
    return sorted(originals), copies


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise FileError(
            "the folder for temporary files",
            [f"{error}; make room there, or name another in SQLITE_TMPDIR, and run it again"],
        ) from error


def copies_among(contents: Iterable[str | None], originals: Originals) -> frozenset[int]:
    """The numbers, from 1, of the records of a shard that are copies.

    Args:
        contents: of its records, in order; see `stance.scoring.contents_of`.
        originals: has seen all earlier shards, and sees this one.
    """
    return frozenset(
        number
        for number, content in enumerate(contents, 1)
        if content is not None and originals.is_copy(content)
    )
