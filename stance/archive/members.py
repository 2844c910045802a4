"""One gzip member, zstd frame or bz2 stream: packed bytes in, content out, never much at once."""

import bz2
import struct
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from stance.archive.records import Codec
from stance.errors import extra_needed

_HEADER_AT_MOST = 1 << 16
_GIVEN = 1 << 16  # bytes at a time
_ZSTD_TAKEN = 1 << 8  # zstd gives all that it can at once: at most 8 MiB of so few
_ZSTD_WINDOW = 1 << 27


class Member(Protocol):
    """What is unpacked on its own.

    Raises, from `unpack`:
        zlib.error, OSError, EOFError, ValueError: the packed bytes are no good.
    """

    ended: bool
    hungry: bool  # nothing more comes out without more going in
    unused: bytes  # what stood after its end

    def unpack(self, packed: bytes) -> bytes:
        """What comes out, or a part of it."""


class _Gzip:
    """A gzip member. Reads header and trailer itself, so that a bad trailer costs no content."""

    def __init__(self) -> None:
        self.ended, self.hungry, self.unused = False, True, b""
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._waiting = b""
        self._in_header = True
        self._crc = self._size = 0

    def unpack(self, packed: bytes) -> bytes:
        self._waiting += packed
        if self._in_header:
            if (n := _gzip_header(self._waiting)) is None:
                return b""
            self._waiting, self._in_header = self._waiting[n:], False
        if self._inflate.eof:
            self._end()
            return b""
        before = self._inflate.copy()
        try:
            content = self._inflate.decompress(self._waiting, _GIVEN)
        except zlib.error:
            content = self._up_to_the_fault(before)
        else:
            self._waiting = self._inflate.unconsumed_tail or self._inflate.unused_data
        self._crc = zlib.crc32(content, self._crc)
        self._size += len(content)
        # The trailer waits for the next call: if it is wrong, this content is still good.
        self.hungry = not self._inflate.eof and not self._waiting and len(content) < _GIVEN
        return content

    def _up_to_the_fault(self, before: "zlib._Decompress") -> bytes:
        # zlib drops all that a call gave when it meets a fault: ask for just so much as is good.
        good, bad = 0, _GIVEN
        while bad - good > 1:
            n = (good + bad) // 2
            try:
                before.copy().decompress(self._waiting, n)
            except zlib.error:
                bad = n
            else:
                good = n
        if not good:
            before.decompress(self._waiting, 1)  # raises, and says why
        content = before.decompress(self._waiting, good)
        self._inflate, self._waiting = before, before.unconsumed_tail
        return content

    def _end(self) -> None:
        self.hungry = len(self._waiting) < 8
        if self.hungry:
            return
        crc, size = struct.unpack("<II", self._waiting[:8])
        if crc != self._crc or size != self._size & 0xFFFFFFFF:
            raise zlib.error("its checksum is wrong")
        self.ended, self.unused = True, self._waiting[8:]


def _gzip_header(head: bytes) -> int | None:
    """Its length; None where there is more of it to come."""
    if len(head) < 10:
        return None
    flags, n = head[3], 10
    if flags & 4:
        if len(head) < 12:
            return None
        n = 12 + int.from_bytes(head[10:12], "little")
    for flag in (8, 16):
        if flags & flag:
            if (zero := head.find(b"\0", n)) < 0:
                if len(head) > _HEADER_AT_MOST:
                    raise zlib.error("its header does not end")
                return None
            n = zero + 1
    n += 2 if flags & 2 else 0
    return n if n <= len(head) else None


class _Bz2:
    def __init__(self) -> None:
        self.ended, self.hungry, self.unused = False, True, b""
        self._unpacker = bz2.BZ2Decompressor()

    def unpack(self, packed: bytes) -> bytes:
        content = self._unpacker.decompress(packed, _GIVEN)
        self.ended, self.hungry = self._unpacker.eof, self._unpacker.needs_input
        self.unused = self._unpacker.unused_data if self.ended else b""
        return content


class _Zstd:
    def __init__(self) -> None:
        zstandard = require_zstd()
        self.ended, self.hungry, self.unused = False, True, b""
        self._unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        self._waiting, self._taken = b"", 0
        self._error = zstandard.ZstdError

    def unpack(self, packed: bytes) -> bytes:
        if packed:
            self._waiting, self._taken = packed, 0
        taken = self._waiting[self._taken : self._taken + _ZSTD_TAKEN]
        self._taken += len(taken)
        try:
            content: bytes = self._unpacker.decompress(taken)
        except self._error as error:
            raise OSError(str(error).removeprefix("zstd decompressor error: ")) from error
        self.ended = self._unpacker.eof
        if self.ended:
            self.unused = self._unpacker.unused_data + self._waiting[self._taken :]
        self.hungry = self._taken == len(self._waiting)
        return content


def require_zstd() -> Any:
    """The library for zstd.

    Raises:
        MissingExtraError: it is not installed.
    """
    with extra_needed("reading .zst files", "archive"):
        import zstandard
    return zstandard


MEMBERS: dict[Codec, Callable[[], Member]] = {
    Codec.GZIP: _Gzip, Codec.BZ2: _Bz2, Codec.ZSTD: _Zstd,
}  # fmt: skip
