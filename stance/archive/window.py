"""A stream of bytes -> its lines and stretches, never holding more than one record."""

import codecs
from collections.abc import Callable, Iterator
from contextlib import suppress

from stance.archive.records import Row
from stance.archive.unpack import BrokenStreamError, Unpacked

_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark is the beginning of it
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF8: "utf-8",
}


class Window:
    """The bytes of a file from some offset on.

    Args:
        source: where the bytes come from.
        offset: of the first.
        encoding: of their text, if it must become UTF-8 for its lines to be found; from offset 0,
            a byte order mark is passed over.

    Attributes:
        offset: of the next byte.
        mark: where the record began that is being read.
        source: as given.
    """

    def __init__(self, source: Unpacked, offset: int = 0, encoding: str | None = None) -> None:
        self.offset = self.mark = offset
        self.source = source
        self._bytes = bytearray()
        as_it_is = encoding is None or splits_at_newlines(encoding)
        self._read = source.read if as_it_is else _as_utf8(source.read, encoding or "")
        self._begun = offset > 0

    def _more(self) -> bool:
        more = self._read()
        if not self._begun:
            while len(more) < len(codecs.BOM_UTF8) and (after := self._read()):
                more += after
            if more.startswith(codecs.BOM_UTF8):
                more = more[len(codecs.BOM_UTF8) :]
                self.offset += len(codecs.BOM_UTF8)
            self._begun = True
        self._bytes += more
        return bool(more)

    def peek(self, n: int) -> bytes:
        """The next n bytes, or those that there are; they stay."""
        while len(self._bytes) < n and self._more():
            pass
        return bytes(self._bytes[:n])

    def head(self, n: int) -> bytes:
        """As `peek`, but where the bytes are broken before n of them, those that are not."""
        with suppress(BrokenStreamError):
            return self.peek(n)
        return bytes(self._bytes)

    def take(self, n: int) -> bytes:
        """The next n bytes, or those that there are."""
        taken = self.peek(n)
        self._drop(len(taken))
        return taken

    def unread(self, taken: bytes) -> None:
        """Put back what was taken last."""
        self._bytes[:0] = taken
        self.offset -= len(taken)

    def _drop(self, n: int) -> None:
        del self._bytes[:n]
        self.offset += n

    def skip_to(self, offset: int) -> None:
        """Go on to a later offset, or to the end if that comes first."""
        while self.offset < offset and (self._bytes or self._more()):
            self._drop(min(len(self._bytes), offset - self.offset))

    def skip_to_next(self, pattern: bytes) -> bool:
        """Go on to where a pattern stands, or to the end; whether it was found."""
        while (found := self._bytes.find(pattern)) < 0:
            self._drop(max(len(self._bytes) - len(pattern) + 1, 0))
            if not self._more():
                self._drop(len(self._bytes))
                return False
        self._drop(found)
        return True

    def line(self, limit: int) -> bytes | None:
        """The next line with its end; empty at the end; None, and taking nothing: too long."""
        start = 0
        while (found := self._bytes.find(b"\n", start)) < 0:
            start = len(self._bytes)
            if start > limit:
                return None
            if not self._more():
                return self.take(start)
        return self.take(found + 1) if found <= limit else None

    def skip_line(self) -> int:
        """Go on to the next line; how many quotation marks were passed over."""
        n_quotes = 0
        while (found := self._bytes.find(b"\n")) < 0:
            n_quotes += self._bytes.count(b'"')
            self._drop(len(self._bytes))
            if not self._more():
                return n_quotes
        n_quotes += self._bytes.count(b'"', 0, found)
        self._drop(found + 1)
        return n_quotes

    def resume(self, begins: Callable[[bytes], bool]) -> bool:
        """After a `BrokenStreamError`: drop what is there, go on at the next good member."""
        self._drop(len(self._bytes))
        return self.source.resume(begins)


def bom_of(head: bytes) -> bytes:
    """The byte order mark that a file begins with; none: empty."""
    return next((mark for mark in _BOMS if head.startswith(mark)), b"")


def encoding_of(head: bytes, encoding: str | None) -> str:
    """What the mark at the beginning of a file says, else what was asked, else UTF-8."""
    return _BOMS.get(bom_of(head), encoding or "utf-8")


def splits_at_newlines(encoding: str) -> bool:
    """Whether a line of the encoding ends where a byte is the newline of ASCII."""
    return "a\n".encode(encoding, "replace") == b"a\n"


def _as_utf8(read: Callable[[], bytes], encoding: str) -> Callable[[], bytes]:
    """A `read` that gives UTF-8; half a surrogate pair comes as bytes that are no UTF-8 either."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")

    def read_as_utf8() -> bytes:
        while True:
            content = read()
            try:
                text = decoder.decode(content, final=not content)
            except UnicodeDecodeError as error:
                raise BrokenStreamError(f"is not {encoding}: {error.reason}") from None
            if text or not content:
                return text.encode("utf-8", "surrogatepass")

    return read_as_utf8


def lines(window: Window, end: int | None, limit: int) -> Iterator[Row]:
    """The lines that begin before the end, but for blank ones."""
    while end is None or window.offset < end:
        window.mark = window.offset
        line = window.line(limit)
        if line is None:
            window.skip_line()
            yield window.mark, too_large(limit)
        elif not line:
            return
        elif not line.isspace():
            yield window.mark, line


def too_large(limit: int) -> str:
    """What is wrong with a record above the limit."""
    return f"is larger than {limit:,} bytes, the limit of a record"
