"""Packed files -> their bytes, a little at a time, whatever they unpack to.

Knows gzip, zstd and bz2 and where each member of a file begins; nothing of records.
"""

import zlib
from bisect import bisect_right
from collections.abc import Callable
from typing import IO

from stance.archive.members import MEMBERS, Member
from stance.archive.records import Codec, Limits

MAGIC = {Codec.GZIP: b"\x1f\x8b\x08", Codec.ZSTD: b"\x28\xb5\x2f\xfd", Codec.BZ2: b"BZh"}
_TAKEN = 1 << 16  # packed bytes at a time
_LONGEST_MAGIC = 4
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)  # zstd frames without content
_PROBED = 16  # bytes of a member that tell what it holds
_RATIO_COUNTS_FROM = 64 << 20
_BLOCK = 1 << 20


class BrokenStreamError(Exception):
    """The packed bytes are no good from here on; the message says why."""


def codec_of(head: bytes) -> Codec:
    """How a file is packed that begins with these bytes."""
    if len(head) >= 4 and int.from_bytes(head[:4], "little") in _SKIPPABLE:
        return Codec.ZSTD
    return next((codec for codec, magic in MAGIC.items() if head.startswith(magic)), Codec.NONE)


class Unpacked:
    """The bytes of a file, unpacked, as `read` gives them.

    Args:
        source: of the packed bytes; can be sought.
        codec: how it is packed.
        limits: what it may unpack to.
        start: where the first member begins in the source; unpacked: the first byte.
        end: members that begin here or later are left alone; unpacked: the first byte not read.
        taken: packed bytes at a time.
    """

    def __init__(
        self,
        source: IO[bytes],
        codec: Codec,
        limits: Limits,
        start: int = 0,
        end: int | None = None,
        taken: int = _TAKEN,
    ) -> None:
        self.source = source
        self._codec, self._limits, self._end, self._taken = codec, limits, end, taken
        self.n_unpacked = 0
        self._seek(start)

    def _seek(self, position: int) -> None:
        self._position, self._unused = position, b""  # the position of the first unused byte
        self._member: Member | None = None
        self._broken: BrokenStreamError | None = None
        self._member_at = position
        # Where members begin: in the unpacked bytes, and in the source.
        self._unpacked_at, self._source_at = [self.n_unpacked], [position]

    @property
    def position(self) -> int:
        """How far the source is read, about."""
        return self._position

    def member_of(self, offset: int) -> int:
        """Where the member begins in the source that holds an unpacked byte."""
        n = max(bisect_right(self._unpacked_at, offset) - 1, 0)
        del self._unpacked_at[:n], self._source_at[:n]  # offsets are asked for in order
        return self._source_at[0]

    def read(self) -> bytes:
        """The next bytes; none at the end.

        Raises:
            BrokenStreamError: what is packed is no good from here on, or unpacks to too much.
        """
        if self._codec is Codec.NONE:
            return self._plain()
        if self._broken is None:
            try:
                return self._packed()
            except BrokenStreamError as error:
                self._broken = error
        raise self._broken

    def _packed(self) -> bytes:
        while self._member is not None or self._begin():
            assert self._member is not None
            packed = b""
            if self._member.hungry:
                packed = self._take()
                if not packed:
                    raise BrokenStreamError(f"the file ends within {self._codec} data")
            try:
                content = self._member.unpack(packed)
            except (zlib.error, OSError, EOFError, ValueError) as error:
                told = str(error).partition(": ")[2] or str(error)
                raise BrokenStreamError(f"the {self._codec} data are broken: {told}") from None
            self._check(len(content))
            if self._member.ended:
                self._position -= len(self._member.unused)
                self._left(self._member.unused)
                self._member = None
            if content:
                return content
        return b""

    def resume(self, begins: Callable[[bytes], bool]) -> bool:
        """Go on with the next member that begins as it should; whether there is one."""
        if self._codec is Codec.NONE:
            return False
        found = find_member(self.source, self._codec, self._member_at + 1, self._end, begins)
        if found is None:
            return False
        self._seek(found)
        return True

    def _raw(self, n: int) -> bytes:
        # Others read the same file.
        self.source.seek(self._position + len(self._unused))
        return self.source.read(n)

    def _plain(self) -> bytes:
        n = _TAKEN if self._end is None else min(_TAKEN, self._end - self._position)
        content = self._raw(n) if n > 0 else b""
        self._position += len(content)
        self.n_unpacked += len(content)
        return content

    def _take(self) -> bytes:
        packed, self._unused = self._unused or self._raw(self._taken), b""
        self._position += len(packed)
        return packed

    def _begin(self) -> bool:
        while len(self._unused) < _LONGEST_MAGIC and (more := self._raw(self._taken)):
            self._left(self._unused + more)
        if not self._unused or (self._end is not None and self._position >= self._end):
            return False
        self._member_at = self._position
        self._unpacked_at.append(self.n_unpacked)
        self._source_at.append(self._member_at)
        if codec_of(self._unused) is not self._codec:
            raise BrokenStreamError(f"no {self._codec} data begin here")
        self._member = MEMBERS[self._codec]()
        self._member_size = 0
        return True

    def _left(self, unused: bytes) -> None:
        # Padding with zeros is common after gzip, and harmless.
        self._unused = unused.lstrip(b"\0")
        self._position += len(unused) - len(self._unused)

    def _check(self, n: int) -> None:
        self.n_unpacked += n
        self._member_size += n
        packed = max(self._position - self._member_at, 1)
        if self._member_size > max(_RATIO_COUNTS_FROM, self._limits.ratio * packed):
            raise BrokenStreamError(
                f"unpacks to more than {self._limits.ratio} times its size, as a bomb would"
            )
        if self.n_unpacked > self._limits.unpacked_bytes:
            raise BrokenStreamError(f"unpacks to more than {self._limits.unpacked_bytes:,} bytes")


def find_member(
    source: IO[bytes],
    codec: Codec,
    start: int,
    end: int | None,
    begins: Callable[[bytes], bool],
) -> int | None:
    """Where the first member begins, from start up to end, whose content begins as it should.

    Args:
        source: of the packed bytes; is left anywhere.
        codec: how it is packed.
        start, end: where is looked.
        begins: told the first bytes of a member, unpacked.
    """
    magic = MAGIC[codec]
    at = start
    while True:
        source.seek(at)
        block = source.read(_BLOCK)
        found = -1
        while (found := block.find(magic, found + 1)) >= 0:
            if end is not None and at + found >= end:
                return None
            if begins(_head_of_member(source, codec, at + found)):
                return at + found
        if len(block) < _BLOCK or (end is not None and at + len(block) >= end):
            return None
        at += len(block) - len(magic) + 1


def _head_of_member(source: IO[bytes], codec: Codec, at: int) -> bytes:
    unpacked, head = Unpacked(source, codec, Limits(), at, at + 1, taken=512), b""
    try:
        while len(head) < _PROBED and (content := unpacked.read()):
            head += content
    except BrokenStreamError:
        return head if len(head) >= _PROBED else b""
    return head
