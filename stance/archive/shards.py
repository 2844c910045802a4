"""Archives -> shards: pieces that are read alone, are always cut alike, and know their own names.

What can be cut by its size alone is: plain lines, WARC whose records are packed each on its own,
Parquet by its footer. Other large files are walked as their shards are asked for; nothing is kept.
Small files go together; where a group of them ends, the names of the files tell, so that a new file
changes one group, not all that come after it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from itertools import chain
from pathlib import Path

from stance.archive.columns import Columns
from stance.archive.files import Found, fingerprint, open_file, real_name, walk
from stance.archive.formats import (
    ARTICLES_ONLY,
    OF_COLUMNS,
    ONE_ARTICLE,
    UnknownFormatError,
    format_of,
)  # fmt: skip
from stance.archive.html import require_html
from stance.archive.members import require_zstd
from stance.archive.opened import OpenFile
from stance.archive.parquet import rows_of
from stance.archive.pieces import read_piece
from stance.archive.records import Codec, Cut, Format, Piece, Read, Reading
from stance.archive.unpack import BrokenStreamError, find_member
from stance.archive.warc import require_warc
from stance.archive.window import Window
from stance.errors import FileError

_VERSION = 1  # of what a shard's identity says: a change in how records are read changes it
_PACKED_RATIO = 4  # about, of what is unpacked to what is packed
_PAGE_RATIO = 16  # about, of a page to its text
_GROUPS_END = 256  # one name in so many ends a group
_MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class Shard:
    """A piece of a large file, or several small files.

    Attributes:
        identity: a digest of where and what it is: real path, content, range, format, fields. Does
            not depend on other shards, on what was scored before, or on `reading`.
        file: the path that was given and led to it; what is listed under a path now takes the place
            of what was listed under it before.
        pieces: in order.
        reading: how they are read.
    """

    identity: str
    file: str
    pieces: tuple[Piece, ...]
    reading: Reading

    @classmethod
    def of(cls, pieces: Sequence[Piece], root: str, reading: Reading) -> "Shard":
        """The shard of these pieces."""
        told = [
            (real_name(piece.file), *astuple(replace(piece, file="", n_bytes=0)))
            for piece in pieces
        ]
        identity = hashlib.sha256(json.dumps([_VERSION, told]).encode()).hexdigest()
        return cls(identity, root, tuple(pieces), reading)

    @property
    def n_bytes(self) -> int:
        """Of the files, as they are stored: how much of the archive it is."""
        return sum(piece.n_bytes for piece in self.pieces)

    def records(self) -> Iterator[Read]:
        """Its records, in order, one at a time.

        Raises:
            FileError: as `read_piece`.
        """
        for piece in self.pieces:
            yield from read_piece(piece, self.reading)


def shards(
    paths: Sequence[str | Path],
    reading: Reading | None = None,
    cut: Cut | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Shard]:
    """The shards of an archive, always in the same order, listed as they are asked for.

    Args:
        paths: folders and files, mixed; also URLs as `s3://bucket/archive`.
        reading: how it is read.
        cut: how large the shards are; another cut gives other shards.
        tell: told once for each way in which fields were found: the first file of that way, and
            which column is what.

    Raises:
        FileError: a path is not there, or a file that was named itself is of no known kind.
        MissingExtraError: a file needs a part of Stance that is not installed.
    """
    how = Listing(reading or Reading(), cut or Cut(), tell)
    group: list[Piece] = []
    root = ""
    for found in walk(paths):
        if group and found.root != root:
            yield Shard.of(group, root, how.reading)
            group = []
        root = found.root
        pieces = how.pieces(found)
        first = next(pieces)
        if not how.is_small(first):
            yield Shard.of([first], root, how.reading)
            for piece in pieces:
                yield Shard.of([piece], root, how.reading)
            continue
        group.append(first)
        if how.ends_group(group):
            yield Shard.of(group, root, how.reading)
            group = []
    if group:
        yield Shard.of(group, root, how.reading)


def archive_bytes(paths: Sequence[str | Path]) -> int:
    """How large an archive is, as it is stored; the `n_bytes` of its shards sum to this.

    Raises:
        FileError: a path is not there.
    """
    return sum(found.size for found in walk(paths))


class Listing:
    """How files become pieces.

    Args:
        reading: how they are read.
        cut: how large the pieces are.
        tell: told how fields were found.
    """

    def __init__(self, reading: Reading, cut: Cut, tell: Callable[[str], None] | None) -> None:
        self.reading, self._cut = reading, cut
        self._tell = tell or (lambda _: None)
        self._told: set[tuple[Format, Columns]] = set()

    def is_small(self, piece: Piece) -> bool:
        """Whether a piece shares its shard with others."""
        return (piece.start, piece.end) == (0, None) and (
            piece.file_format in self._one_article or self._load(piece) <= self._cut.bytes
        )

    def ends_group(self, group: Sequence[Piece]) -> bool:
        """Whether a shard of small files is full, or ends by the name of its last."""
        named = hashlib.sha256(real_name(group[-1].file).encode(errors="surrogateescape")).digest()
        return (
            len(group) >= self._cut.records
            or sum(map(self._load, group)) >= self._cut.bytes
            or int.from_bytes(named[:4]) % _GROUPS_END == 0
        )

    def pieces(self, found: Found) -> Iterator[Piece]:
        """The pieces of a file; at least one."""
        piece = Piece(found.file, n_bytes=found.size, skipped=found.skipped, fault=found.fault)
        if found.skipped or found.fault:
            yield piece
        elif not found.size:
            yield replace(piece, skipped="empty file")
        else:
            try:
                opened = self._open(found)
            except UnknownFormatError as unknown:
                if found.file == found.root:
                    raise FileError(found.file, [f"is a {unknown}; name its format"]) from None
                yield replace(piece, skipped=str(unknown))
            except (BrokenStreamError, ValueError) as error:
                yield replace(piece, fault=str(error))
            except OSError as error:
                yield replace(piece, fault=f"cannot be read: {error.strerror or error}")
            else:
                with opened:
                    yield from self._cuts(opened, found)

    @property
    def _one_article(self) -> set[Format]:
        return set() if self.reading.statements else ONE_ARTICLE

    def _load(self, piece: Piece) -> int:
        """About the bytes of text in a file."""
        unpacked = piece.n_bytes * (1 if piece.codec is Codec.NONE else _PACKED_RATIO)
        is_of_pages = piece.file_format in {Format.HTML, Format.WARC}
        return unpacked // _PAGE_RATIO if is_of_pages else unpacked

    def _open(self, found: Found) -> OpenFile:
        with closing(open_file(found.file)) as source:
            file_format, codec = format_of(source, found.file, self.reading)
        if self.reading.statements and file_format in ARTICLES_ONLY:
            raise UnknownFormatError("file of articles, not of statements")
        _require(file_format, codec)
        opened = OpenFile(found.file, file_format, codec, self.reading)
        try:
            columns = opened.layout.columns if file_format in OF_COLUMNS else Columns()
        except BaseException:
            opened.close()
            raise
        way = (file_format, columns)
        if file_format in OF_COLUMNS and way not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(way)
            fields = "fields of ninjs" if opened.layout.ninjs else columns.told()
            self._tell(f"{found.file} ({file_format}): {fields}")
        return opened

    def _cuts(self, opened: OpenFile, found: Found) -> Iterator[Piece]:
        layout = repr(opened.layout) if opened.format in OF_COLUMNS else ""
        whole = Piece(
            found.file,
            opened.format,
            opened.codec,
            layout=hashlib.sha256(layout.encode()).hexdigest(),
            n_bytes=found.size,
        )
        if self.is_small(whole):
            yield _printed(whole, opened)
            return
        start = position = 0
        ends: Iterator[tuple[int | None, int]] = self._ends(opened)
        for end, read in chain(ends, [(None, found.size)]):
            at = max(min(read, found.size), position)
            sampled = (start, end) if opened.can_be_sought else (0, None)
            piece = replace(whole, start=start, end=end, sampled=sampled, n_bytes=at - position)
            yield _printed(piece, opened)
            start, position = end or 0, at

    def _ends(self, opened: OpenFile) -> Iterator[tuple[int, int]]:
        """Where pieces end that are not the last, and where that is in the file itself, about."""
        if opened.format is Format.PARQUET:
            return self._parquet_ends(opened)
        if opened.is_of_members:
            return self._member_ends(opened)
        if opened.can_be_sought and opened.format in {Format.JSONL, Format.TEXT}:
            return self._line_ends(opened)
        return self._walked_ends(opened)

    def _parquet_ends(self, opened: OpenFile) -> Iterator[tuple[int, int]]:
        if opened.codec is not Codec.NONE:
            return
        n_rows = opened.parquet.metadata.num_rows
        for end in range(
            step := rows_of(opened.parquet, self._cut.records, self._cut.bytes), n_rows, step
        ):
            yield end, opened.size * end // n_rows

    def _member_ends(self, opened: OpenFile) -> Iterator[tuple[int, int]]:
        step = self._cut.bytes * _PAGE_RATIO // _PACKED_RATIO
        at = step
        source, codec = opened.source, opened.codec
        while (end := find_member(source, codec, at, None, opened.begins)) is not None:
            yield end, end
            at = end // step * step + step

    def _line_ends(self, opened: OpenFile) -> Iterator[tuple[int, int]]:
        step = self._cut.bytes
        at = step
        while at < opened.size:
            window = Window(opened.unpacked(at - 1), at - 1)
            window.skip_line()
            if window.offset >= opened.size:
                return
            yield window.offset, window.offset
            at = window.offset // step * step + step

    def _walked_ends(self, opened: OpenFile) -> Iterator[tuple[int, int]]:
        size = self._cut.bytes * (_PAGE_RATIO if opened.format is Format.WARC else 1)
        start = n = 0
        for offset, _ in opened.rows(0, None):
            if n >= self._cut.records or (n and offset - start >= size):
                yield offset, opened.position
                start, n = offset, 0
            n += 1


def _printed(piece: Piece, opened: OpenFile) -> Piece:
    return replace(piece, fingerprint=fingerprint(opened.source, opened.size, *piece.sampled))


def _require(file_format: Format, codec: Codec) -> None:
    """Ask for the extras that a file needs before anything is read."""
    if codec is Codec.ZSTD:
        require_zstd()
    if file_format in {Format.HTML, Format.WARC, Format.NINJS}:
        require_html()
    if file_format is Format.WARC:
        require_warc()
