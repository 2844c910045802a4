"""JSON -> objects: one a line, or in a list, or one after another over any lines."""

import json
import re
from collections.abc import Iterator
from typing import Any

from stance.archive.records import Row
from stance.archive.window import Window, too_large

_CHUNK = 1 << 16
_BETWEEN = b" \t\r\n,[]"
_TURN = re.compile(rb'\\.|["{}\[\]]', re.DOTALL)
_NO_OBJECT = re.compile(rb"[^,\]\n{]*")


def objects(window: Window, end: int | None, limit: int) -> Iterator[Row]:
    """The bytes of each value that begins before the end, whatever stands between them.

    A list gives its elements. Where brackets do not balance, what follows is lost with them.
    """
    while end is None or window.offset < end:
        window.mark = window.offset
        head = window.peek(1)
        if not head:
            return
        if head in _BETWEEN:
            window.take(1)
        else:
            found = _object(window, limit) if head == b"{" else _no_object(window)
            yield window.mark, too_large(limit) if found is None else found


def _object(window: Window, limit: int) -> bytes | None:
    """The next object; None: it is too large, and passed over."""
    kept, depth, quoted = bytearray(), 0, False
    while chunk := window.peek(_CHUNK):
        # A backslash at the end escapes what comes with the next chunk.
        if len(chunk) > 1 and (len(chunk) - len(chunk.rstrip(b"\\"))) % 2:
            chunk = chunk[:-1]
        n, depth, quoted = _walked(chunk, depth, quoted)
        taken = window.take(n)
        if len(kept) <= limit:
            kept += taken
        if not depth:
            break
    return bytes(kept) if len(kept) <= limit else None


def _walked(chunk: bytes, depth: int, quoted: bool) -> tuple[int, int, bool]:
    """How far the object goes in a chunk, how deep it is there, and whether within a string."""
    for turn in _TURN.finditer(chunk):
        if turn[0] == b'"':
            quoted = not quoted
        elif not quoted and len(turn[0]) == 1:
            depth += 1 if turn[0] in b"{[" else -1
            if depth <= 0:
                return turn.end(), 0, False
    return len(chunk), depth, quoted


def _no_object(window: Window) -> bytes:
    found = _NO_OBJECT.match(window.peek(_CHUNK))
    return window.take(max(found.end() if found else 0, 1))


def parsed(content: bytes, encoding: str) -> dict[str, Any] | str:
    """The object of a record, or what is wrong with it."""
    try:
        row = json.loads(content.decode(encoding))
    except UnicodeDecodeError as error:
        return f"is not {encoding} at byte {error.start} of the record"
    except (ValueError, RecursionError) as error:
        return f"is not JSON: {getattr(error, 'msg', 'too deep or too large')}"
    return row if isinstance(row, dict) else "must be a JSON object"
