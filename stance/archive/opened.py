"""A file that is open: where its fields are, and its rows from any of its offsets."""

import tempfile
from collections.abc import Iterator
from functools import cached_property
from typing import IO, Any, Self

from pyarrow.parquet import ParquetFile

from stance.archive.csv_rows import csv_rows, header_of
from stance.archive.files import open_file, stamp_of
from stance.archive.formats import Layout, layout_of
from stance.archive.json_rows import objects
from stance.archive.parquet import columns_of, open_parquet
from stance.archive.records import Codec, Format, Reading
from stance.archive.unpack import BrokenStreamError, Unpacked, find_member
from stance.archive.warc import BEGINNING, frames
from stance.archive.window import Window, lines, splits_at_newlines

Content = bytes | dict[str, Any] | str  # of a row; a string is what is wrong with it
_SPLITS = {
    Format.JSONL: lines, Format.TEXT: lines, Format.JSON: objects, Format.NINJS: objects,
    Format.WARC: frames,
}  # fmt: skip


class OpenFile:
    """A file of the archive.

    Args:
        file: its name.
        file_format: what it is.
        codec: how it is packed.
        reading: how it is read.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, file: str, file_format: Format, codec: Codec, reading: Reading) -> None:
        self.file, self.format, self.codec, self.reading = file, file_format, codec, reading
        self.stamp = stamp_of(file)
        self.source = open_file(file)
        self._room: IO[bytes] | None = None
        self._kept: Window | None = None
        self._current: Window | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give it back."""
        self.source.close()
        if self._room:
            self._room.close()

    @cached_property
    def parquet(self) -> ParquetFile:
        """The file, if it is one of Parquet; what is packed is unpacked beside first.

        Raises:
            ValueError: it is none.
            BrokenStreamError: what is packed is no good.
        """
        if self.codec is Codec.NONE:
            return open_parquet(self.source)
        self._room = room = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the file itself
        unpacked = self.unpacked()
        while content := unpacked.read():
            room.write(content)
        room.seek(0)
        return open_parquet(room)

    @cached_property
    def size(self) -> int:
        """Bytes of the file itself."""
        return self.source.seek(0, 2)

    @cached_property
    def layout(self) -> Layout:
        """Where the fields are.

        Raises:
            ValueError: the file is not what it should be.
            BrokenStreamError: what is packed is no good.
        """
        if self.format is Format.PARQUET:
            return Layout(self.reading.columns.guessed(columns_of(self.parquet)))
        return layout_of(self.source, self.format, self.codec, self.reading)

    @cached_property
    def can_be_sought(self) -> bool:
        """Whether offsets are of bytes of the file itself."""
        if self.codec is Codec.NONE:
            return self.format is Format.WARC or splits_at_newlines(self.layout.encoding)
        return self.is_of_members

    @cached_property
    def is_of_members(self) -> bool:
        """Whether it is a WARC whose records are packed each on its own."""
        if self.codec is Codec.NONE or self.format is not Format.WARC:
            return False
        second = find_member(self.source, self.codec, 1, None, self.begins)
        return second is not None

    def begins(self, head: bytes) -> bool:
        """Whether a record could begin so: where one does, reading goes on after a fault."""
        if self.format is Format.WARC:
            return head.startswith(BEGINNING)
        return self.format is Format.JSONL and head.lstrip().startswith(b"{")

    def unpacked(self, start: int = 0, end: int | None = None) -> Unpacked:
        """Its bytes; the start and the end are of the file itself."""
        return Unpacked(self.source, self.codec, self.reading.limits, start, end)

    def rows(self, start: int, end: int | None) -> Iterator[tuple[int, Content]]:
        """The rows that begin from start to before end, with their offsets.

        A fault of the packing is a row too; what follows it is read where that can be told.
        """
        window = self._current = self._at(start, end)
        place = window.source.member_of if self.is_of_members else int
        if self.is_of_members:  # the range is of the file itself, and the source keeps to it
            start, end = 0, None
        while True:
            try:
                self._go_to(window, start)
                for offset, content in self._split(window, end):
                    yield place(offset), content
                return
            except BrokenStreamError as error:
                at = place(window.mark)
                goes_on = window.resume(self.begins)
                if window.mark >= start:
                    is_last = not goes_on and not self.is_of_members
                    yield at, f"{error}; nothing after it is read" if is_last else str(error)
                if not goes_on:
                    self._kept = None
                    return

    def _split(self, window: Window, end: int | None) -> Iterator[tuple[int, Content]]:
        limit = self.reading.limits.record_bytes
        if self.format is not Format.CSV:
            return _SPLITS[self.format](window, end, limit)
        layout = self.layout
        return csv_rows(window, end, limit, self.encoding, list(layout.header), layout.delimiter)

    @property
    def position(self) -> int:
        """How far the file itself is read, about."""
        return self._current.source.position if self._current else 0

    @property
    def encoding(self) -> str:
        """Of the rows."""
        told = self.layout.encoding
        return told if splits_at_newlines(told) else "utf-8"

    def _at(self, start: int, end: int | None) -> Window:
        """A window at or before an offset. What is packed is read on from where it was left."""
        if self.is_of_members:
            return Window(self.unpacked(start, end))
        if self.can_be_sought:
            return Window(self.unpacked(start), start)
        if self._kept is None or self._kept.offset > start:
            self._kept = Window(self.unpacked(), 0, self.layout.encoding)
        return self._kept

    def _go_to(self, window: Window, start: int) -> None:
        window.mark = window.offset
        if self.format is Format.CSV and window.offset == 0:
            header_of(window, self.encoding, self.reading.limits.record_bytes)
        window.skip_to(start)
