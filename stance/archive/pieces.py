"""Pieces of files -> records. A bad record costs itself alone; trouble with storage is raised."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stance.archive.files import fingerprint, reading, stamp_of
from stance.archive.formats import ONE_ARTICLE
from stance.archive.html import html_article, page_text
from stance.archive.json_rows import parsed
from stance.archive.ninjs import ninjs_article
from stance.archive.opened import Content, OpenFile
from stance.archive.parquet import columns_of, parquet_rows
from stance.archive.records import (
    Format,
    Limits,
    Piece,
    Read,
    Reading,
    Record,
    RecordFault,
    Skipped,
)  # fmt: skip
from stance.archive.unpack import BrokenStreamError
from stance.archive.values import as_text
from stance.archive.warc import warc_article
from stance.archive.window import Window, too_large
from stance.domain import Article, Statement
from stance.errors import FileError, InputError

_NO_TEXT = "no text"
_LONGEST_REASON = 500  # characters
_kept = threading.local()


def read_piece(piece: Piece, how: Reading) -> Iterator[Read]:
    """The records of a piece, in order.

    Raises:
        FileError: the storage fails, or the file is no longer what was listed. Nothing is wrong
            with a record then: the piece is to be read again.
    """
    if piece.skipped is not None:
        yield Skipped(piece.file, 0, piece.skipped)
        return
    if piece.fault is not None or piece.file_format is None:
        yield _fault(piece.file, 0, piece.fault or "is of no known format")
        return
    with reading(piece.file):
        opened = _open(piece, how)
        try:
            yield from _records(opened, piece)
        finally:
            _keep(opened)


def _open(piece: Piece, how: Reading) -> OpenFile:
    """The file, at best as the piece before left it: what is packed need not be read again."""
    assert piece.file_format is not None
    wanted = (piece.file, piece.file_format, piece.codec, how)
    opened: OpenFile | None = _kept.__dict__.pop("file", None)
    if opened:
        is_wanted = (opened.file, opened.format, opened.codec, opened.reading) == wanted
        if not is_wanted or opened.stamp != stamp_of(opened.file):
            opened.close()
            opened = None
    opened = opened or OpenFile(*wanted)
    if fingerprint(opened.source, opened.size, *piece.sampled) != piece.fingerprint:
        opened.close()
        raise FileError(piece.file, ["was changed after it was listed; run the command again"])
    return opened


def _keep(opened: OpenFile) -> None:
    # While it is read, a file belongs to one reader alone.
    if "file" in _kept.__dict__ or opened.format is Format.PARQUET:
        opened.close()
    else:
        _kept.file = opened


def _records(opened: OpenFile, piece: Piece) -> Iterator[Read]:
    if opened.format is Format.PARQUET:
        yield from _of_parquet(opened, piece)
    elif opened.format in ONE_ARTICLE and not opened.reading.statements:
        yield _of_one(opened, piece)
    else:
        read = _reader_of(opened)
        for offset, content in opened.rows(piece.start, piece.end):
            if isinstance(content, str):
                yield _fault(piece.file, offset, content)
            else:
                yield _outcome(piece.file, offset, read, content)


def _fault(file: str, offset: int, reason: str, n_records: int = 1) -> RecordFault:
    # The names of columns are in it, and can be anything.
    told = as_text(reason) or ""
    cut = told[:_LONGEST_REASON] + " ..." if len(told) > _LONGEST_REASON else told
    return RecordFault(file, offset, cut, n_records)


Found = Article | Statement | str | None  # a string is why there is none; None: has no text


def _outcome(
    file: str, offset: int, read: Callable[[Any], Found], content: Content
) -> Record | RecordFault | Skipped:
    try:
        found = read(content)
    except InputError as error:
        return _fault(file, offset, str(error))
    if found is None or isinstance(found, str):
        return Skipped(file, offset, found or _NO_TEXT)
    return Record(found, file, offset)


def _reader_of(opened: OpenFile) -> Callable[[Any], Found]:
    """What makes an article or a statement of a row of this file."""
    how, limits = opened.reading, opened.reading.limits
    if opened.format is Format.WARC:
        return lambda frame: warc_article(frame, limits)
    columns, encoding = opened.layout.columns, opened.encoding
    of_row: Callable[[Mapping[str, Any]], Found] = (
        columns.statement if how.statements else columns.article
    )
    if opened.layout.ninjs:
        of_row = ninjs_article
    if opened.format is Format.CSV:
        return lambda row: of_row(_decoded(row, columns.text, encoding))
    if opened.format is Format.TEXT:
        return lambda line: of_row({"text": _text(line, encoding).strip()})

    def of_object(content: bytes) -> Found:
        row = parsed(content, encoding)
        if isinstance(row, str):
            raise InputError("record", row)
        return of_row(row)

    return of_object


def _decoded(row: Mapping[str, str], text: str | None, encoding: str) -> Mapping[str, str]:
    if text and any("\udc80" <= character <= "\udcff" for character in row.get(text, "")):
        raise InputError("text", f"is not {encoding}; name the encoding of the file")
    return row


def _text(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            "text", f"is not {encoding} at byte {error.start}; name the encoding of the file"
        ) from None


def _of_one(opened: OpenFile, piece: Piece) -> Read:
    """The record of a file that is one article."""
    limits = opened.reading.limits
    is_page = opened.format is Format.HTML
    # What encoding a page is in, its bytes themselves tell.
    window = Window(opened.unpacked(), 1, None if is_page else opened.layout.encoding)
    try:
        content = window.peek(limits.record_bytes + 1)
    except BrokenStreamError as error:
        return _fault(piece.file, 0, str(error))
    if len(content) > limits.record_bytes:
        return _fault(piece.file, 0, too_large(limits.record_bytes))

    def read(content: bytes) -> Found:
        if is_page:
            return html_article(page_text(content), limits)
        text = _text(content, opened.encoding).removeprefix("\ufeff")
        return Article(text) if text.strip() else None

    return _outcome(piece.file, 0, read, content)


def _of_parquet(opened: OpenFile, piece: Piece) -> Iterator[Read]:
    how, columns = opened.reading, opened.layout.columns
    names = columns_of(opened.parquet)
    if columns.text not in names:
        end = opened.parquet.metadata.num_rows if piece.end is None else piece.end
        reason = f"text: {columns.no_text(names)}"
        yield _fault(piece.file, piece.start, reason, end - piece.start)
        return
    wanted = [name for name in columns.named() if name in names]
    of_row = columns.statement if how.statements else columns.article
    rows = parquet_rows(opened.parquet, piece.start, piece.end, wanted, how.limits)
    for number, row, n in rows:
        if isinstance(row, str):
            yield _fault(piece.file, number, row, n)
        elif _is_too_large(row, how.limits):
            yield _fault(piece.file, number, too_large(how.limits.record_bytes))
        else:
            yield _outcome(piece.file, number, of_row, row)


def _is_too_large(row: Mapping[str, Any], limits: Limits) -> bool:
    # Most characters are of one byte, none of more than four.
    n = sum(len(value) for value in row.values() if isinstance(value, str | bytes))
    return n > limits.record_bytes
