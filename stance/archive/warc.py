"""WARC -> pages. Frames records itself, so that a bad length or header costs one record alone.

fastwarc parses what is inside a frame: it takes a wrong length for a right one and ends at the
first bad header.
"""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any

from stance.archive.html import html_article, page_text
from stance.archive.records import Limits, Row
from stance.archive.window import Window, too_large
from stance.domain import Article
from stance.errors import InputError, extra_needed

BEGINNING = b"WARC/"
_VERSION = re.compile(rb"WARC/\d+\.\d+\r?\n")
_LONGEST_HEADER = 1 << 16
_HEADER_ENDS = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(
    rb"^Content-Length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
_BETWEEN = re.compile(rb"\r?\n\r?\n|\s*$|.{,8}WARC/\d", re.DOTALL)
_PAGES = {"text/html", "application/xhtml+xml"}
_WITHOUT_HTTP = ("resource", "conversion")


def frames(window: Window, end: int | None, limit: int) -> Iterator[Row]:
    """The bytes of each record that begins before the end: header and block, as they stand."""
    while end is None or window.offset < end:
        window.mark = window.offset
        head = window.peek(1)
        if head.isspace():
            window.take(1)
        elif head:
            yield window.mark, _frame(window, limit)
        else:
            return


def _frame(window: Window, limit: int) -> bytes | str:
    head = window.head(_LONGEST_HEADER)  # what comes after this record may be broken
    if not _VERSION.match(head):
        _go_to_next(window)
        return "no WARC record begins here"
    ends = _HEADER_ENDS.search(head)
    length = _LENGTH.search(head, 0, ends.start() + 1) if ends else None
    if ends is None or length is None:
        _go_to_next(window)
        return "its header has no length" if ends else "its header does not end"
    header, n = window.take(ends.end()), int(length[1])
    if n > limit:
        # Its length may be wrong: what looks like a record within it would be lost with it.
        _go_to_next(window, 0)
        return too_large(limit)
    block = window.take(n)
    if len(block) == n and _BETWEEN.match(window.head(64)):
        return header + block
    window.unread(block)
    _go_to_next(window, 0)
    return "its length is wrong, or the file ends within it"


def _go_to_next(window: Window, passed_over: int = 1) -> None:
    """Go on to what begins as a record does, or to the end."""
    window.take(passed_over)
    while window.skip_to_next(BEGINNING) and not _VERSION.match(window.head(16)):
        window.take(1)


def warc_article(frame: bytes, limits: Limits) -> Article | str | None:
    """The article of a record; the reason, where it is not meant to hold one; None: has no text.

    Raises:
        InputError: it should hold one but cannot be read.
    """
    broken = ""
    for decode in ("all", "transfer", "none"):  # some say that they are packed, and are not
        try:
            return _article(frame, limits, decode)
        except OSError as error:
            broken = broken or str(error)
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of Rust, within fastwarc
                raise
            broken = broken or "fastwarc failed"
    raise InputError("page", f"cannot be unpacked: {broken}")


def _article(frame: bytes, limits: Limits, decode: str) -> Article | str | None:
    record = _parsed(frame, decode)
    kind = str(record.record_type)
    if kind not in {"response", *_WITHOUT_HTTP}:
        return f"WARC {kind}"
    if record.is_http_parsed:
        if record.http_headers.status_code != 200:
            return "page with an error or a redirection"
        content_type = record.http_content_type
    else:
        content_type = record.headers.get("Content-Type")
    content_type = (content_type or "").partition(";")[0].strip().lower()
    is_plain = content_type == "text/plain" and not record.is_http_parsed  # extracted before
    if content_type not in _PAGES and not is_plain:
        return "WARC record that is no page"
    content = record.reader.read(limits.record_bytes + 1)
    if len(content) > limits.record_bytes:
        raise InputError("page", too_large(limits.record_bytes))
    url = (record.headers.get("WARC-Target-URI") or "").strip(" <>") or None
    declared = record.http_charset if record.is_http_parsed else None
    if is_plain:
        text = page_text(content, declared)
        return Article(text, id=url, outlet=_host(url)) if text.strip() else None
    return html_article(page_text(content, declared), limits, url, _fetched(record))


def require_warc() -> Any:
    """The parser of WARC records.

    Raises:
        MissingExtraError: it is not installed.
    """
    with extra_needed("reading WARC", "archive"):
        from fastwarc.warc import ArchiveIterator
    return ArchiveIterator


def _parsed(frame: bytes, decode: str) -> Any:
    records = require_warc()(
        io.BytesIO(frame),
        strict_mode=False,
        auto_decode=decode,
        quirks_mode=True,
        stream_detect=False,
        max_header_len=_LONGEST_HEADER,
    )
    found = next(records, None)
    if found is None:
        raise InputError("record", "is no WARC record")
    return found


def _fetched(record: Any) -> date | None:
    with suppress(ValueError, TypeError, OverflowError):
        found = record.headers.get("WARC-Date")
        return date.fromisoformat(found[:10]) if found else None
    return None


def _host(url: str | None) -> str | None:
    found = re.match(r"https?://(?:[^/@]*@)?(?:www\.)?([^/:?#]+)", url or "")
    return found[1] if found else None
