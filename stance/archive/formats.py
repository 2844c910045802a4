"""What a file is: its format by name and content, how it is packed, where its fields are."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import IO, Any

from stance.archive.columns import Columns, names_in
from stance.archive.csv_rows import header_of
from stance.archive.json_rows import objects, parsed
from stance.archive.ninjs import is_ninjs
from stance.archive.records import Codec, Format, Limits, Reading
from stance.archive.unpack import BrokenStreamError, Unpacked, codec_of
from stance.archive.warc import BEGINNING
from stance.archive.window import Window, encoding_of, lines, splits_at_newlines

_BY_SUFFIX = {
    ".jsonl": Format.JSONL, ".ndjson": Format.JSONL, ".json": Format.JSON, ".ninjs": Format.NINJS,
    ".csv": Format.CSV, ".tsv": Format.CSV, ".parquet": Format.PARQUET, ".pq": Format.PARQUET,
    ".txt": Format.TEXT, ".text": Format.TEXT, ".html": Format.HTML, ".htm": Format.HTML,
    ".xhtml": Format.HTML, ".warc": Format.WARC, ".wet": Format.WARC,
}  # fmt: skip
_PACKED = {".gz": Codec.GZIP, ".zst": Codec.ZSTD, ".zstd": Codec.ZSTD, ".bz2": Codec.BZ2}
_BY_CONTENT = {b"PAR1": Format.PARQUET, BEGINNING: Format.WARC}
_SAMPLED = 20  # rows that the names of columns are guessed from
_HEAD = 1 << 16  # bytes that tell a format

ONE_ARTICLE = {Format.TEXT, Format.HTML}
ARTICLES_ONLY = {Format.HTML, Format.WARC, Format.NINJS}
OF_OBJECTS = {Format.JSONL, Format.JSON, Format.NINJS}
OF_COLUMNS = OF_OBJECTS | {Format.CSV, Format.PARQUET}


class UnknownFormatError(Exception):
    """Nothing that is read here; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the fields of a file are.

    Attributes:
        columns: the names, those that were asked and those that were guessed.
        encoding: of its text, as it is in the file.
        ninjs: whether its objects are news items of ninjs.
        header: the columns of a CSV file, in order.
        delimiter: of a CSV file.
    """

    columns: Columns
    encoding: str = "utf-8"
    ninjs: bool = False
    header: tuple[str, ...] = ()
    delimiter: str = ","


def format_of(source: IO[bytes], file: str, reading: Reading) -> tuple[Format, Codec]:
    """What a file is, and how it is packed. The content overrules the name about the packing.

    Raises:
        UnknownFormatError: nothing that is read here.
        BrokenStreamError: it is not packed as its name says, and no text either.
    """
    path = PurePosixPath(file.lower())
    named = _PACKED.get(path.suffix, Codec.NONE)
    suffix = path.with_suffix("").suffix if named is not Codec.NONE else path.suffix
    source.seek(0)
    head = source.read(_HEAD)
    codec = codec_of(head)
    if codec is Codec.NONE and named is not Codec.NONE and b"\0" in head:
        if _BY_SUFFIX.get(suffix) is Format.WARC:
            codec = named  # one bad header costs one record
        elif not head.startswith(b"PAR1"):
            raise BrokenStreamError(f"is not packed as {named}, as its name says")
    found = reading.file_format or _BY_SUFFIX.get(suffix) or _by_content(source, codec)
    if found is Format.JSON and not reading.file_format:
        found = _kind_of_json(source, codec)
    return found, codec


def _by_content(source: IO[bytes], codec: Codec) -> Format:
    head = head_of(source, codec).lstrip(b"\xef\xbb\xbf \t\r\n")
    for begins, found in _BY_CONTENT.items():
        if head.startswith(begins):
            return found
    if head.startswith((b"{", b"[{")):
        return Format.JSON
    if head[:15].lower().startswith((b"<!doctype html", b"<html")):
        return Format.HTML
    raise UnknownFormatError("file of a kind that is not read")


def _kind_of_json(source: IO[bytes], codec: Codec) -> Format:
    """JSONL, if the first line is a whole object."""
    line = head_of(source, codec).strip().partition(b"\n")[0]
    return Format.JSONL if isinstance(parsed(line, "utf-8-sig"), dict) else Format.JSON


def head_of(source: IO[bytes], codec: Codec) -> bytes:
    """The first bytes of a file, unpacked; those before a fault, if there is one."""
    unpacked, head = Unpacked(source, codec, Limits()), b""
    with suppress(BrokenStreamError):
        while len(head) < _HEAD and (content := unpacked.read()):
            head += content
    return head


def layout_of(source: IO[bytes], file_format: Format, codec: Codec, reading: Reading) -> Layout:
    """Where the fields of a file of text are, by its first rows.

    Raises:
        ValueError: the file begins with no header.
    """
    encoding = encoding_of(head_of(source, codec)[:4], reading.encoding)
    window = Window(Unpacked(source, codec, reading.limits), 0, encoding)
    inside = encoding if splits_at_newlines(encoding) else "utf-8"
    if file_format is Format.CSV:
        header, delimiter = header_of(window, inside, reading.limits.record_bytes)
        columns = reading.columns.guessed(header)
        return Layout(columns, encoding, header=tuple(header), delimiter=delimiter)
    if file_format not in OF_OBJECTS:
        return Layout(replace(reading.columns, text="text"), encoding)
    names: list[str] = []
    of_ninjs = []
    for row in _first_objects(window, file_format, inside, reading.limits.record_bytes):
        names += names_in(row)
        of_ninjs.append(is_ninjs(row))
    guessed = bool(of_ninjs) and all(of_ninjs) and reading.columns == Columns()
    ninjs = not reading.statements and (file_format is Format.NINJS or guessed)
    return Layout(reading.columns.guessed(names), encoding, ninjs)


def _first_objects(
    window: Window, file_format: Format, encoding: str, limit: int
) -> Iterator[dict[str, Any]]:
    split = lines if file_format is Format.JSONL else objects
    with suppress(BrokenStreamError):
        for _, content in islice(split(window, None, limit), _SAMPLED):
            row = content if isinstance(content, str) else parsed(content, encoding)
            if isinstance(row, dict):
                yield row
