"""What comes out of an archive, what it is read by, and the pieces that it is cut into.

Knows nothing of files: values only.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum

from stance.archive.columns import Columns
from stance.domain import Article, Statement
from stance.errors import InputError


class Format(StrEnum):
    """What a file is, once unpacked."""

    JSONL = "jsonl"  # one object a line
    JSON = "json"  # one object, or many in a list or one after another, over any lines
    NINJS = "ninjs"  # as JSON, the objects being those of IPTC's ninjs
    CSV = "csv"
    PARQUET = "parquet"
    TEXT = "text"  # one article a file; with statements, one a line
    HTML = "html"  # one article a file
    WARC = "warc"


class Codec(StrEnum):
    """How a file is packed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZ2 = "bz2"


@dataclass(frozen=True, slots=True)
class Record:
    """An article, or a statement, and its place.

    Attributes:
        content: what was read.
        file: the file, as it was named or found.
        offset: where it begins: a byte of the unpacked file; in a gzipped WARC whose records are
            gzipped each on its own, a byte of the file itself; in Parquet a row, from 0.
    """

    content: Article | Statement
    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class RecordFault:
    """A record, or the rest of a file, that cannot be read.

    Attributes:
        file, offset: its place, as above.
        reason: what is wrong.
        n_records: how many records are lost by it; 1 where nobody can tell.
    """

    file: str
    offset: int
    reason: str
    n_records: int = 1


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that holds no article and is not meant to: an image in a WARC, an empty text.

    Attributes:
        file, offset: its place, as above.
        reason: one of few, so that they can be counted.
    """

    file: str
    offset: int
    reason: str


Read = Record | RecordFault | Skipped
Row = tuple[int, bytes | str]  # an offset, and a record's bytes, or what is wrong with it


@dataclass(frozen=True, slots=True)
class Limits:
    """What hostile or broken input may cost.

    Attributes:
        record_bytes: of one record, unpacked.
        ratio: of unpacked to packed bytes; counts once 64 MiB are unpacked.
        unpacked_bytes: of one file.
        page_tags: of one HTML page; the time that a page takes grows with them.

    Raises:
        InputError: a limit is not above 0.
    """

    record_bytes: int = 10 << 20
    ratio: int = 200
    unpacked_bytes: int = 1 << 40
    page_tags: int = 50_000

    def __post_init__(self) -> None:
        for name in ("record_bytes", "ratio", "unpacked_bytes", "page_tags"):
            if getattr(self, name) < 1:
                raise InputError(name, f"is {getattr(self, name)}; a limit is at least 1")


@dataclass(frozen=True, slots=True)
class Reading:
    """How an archive is read. Part of what tells one scoring from another.

    Attributes:
        columns: where the fields of an article are; those not named are guessed, file by file.
        limits: what one record may cost.
        file_format: of all files; None: told by name and content, file by file.
        encoding: of JSON, CSV and plain text; None: UTF-8, or what a byte order mark tells.
        statements: whether the rows are statements instead of articles.

    Raises:
        InputError: the encoding is not known, or the format holds no statements.
    """

    columns: Columns = field(default_factory=Columns)
    limits: Limits = field(default_factory=Limits)
    file_format: Format | None = None
    encoding: str | None = None
    statements: bool = False

    def __post_init__(self) -> None:
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except (LookupError, UnicodeError, ValueError):
                raise InputError(
                    "encoding", f"{self.encoding!a} is not known; name one as utf-8 or cp1252"
                ) from None
        if self.statements and self.file_format in {Format.HTML, Format.WARC, Format.NINJS}:
            raise InputError("format", f"{self.file_format} holds articles, not statements")

    def told(self) -> dict[str, str]:
        """All that decides what is read, by name; what is left to guessing is not named."""
        fields = {f"{name} column": value for name, value in asdict(self.columns).items()}
        fields |= {"format": self.file_format, "encoding": self.encoding}
        fields |= {name: str(limit) for name, limit in asdict(self.limits).items()}
        fields |= {"rows": "statements" if self.statements else "articles"}
        return {name: str(value) for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Cut:
    """How large a shard is; the same cut of the same file gives the same shards.

    Attributes:
        records: at most so many, where they can be counted without reading them.
        bytes: about so many, unpacked.

    Raises:
        InputError: a size is not above 0.
    """

    records: int = 512
    bytes: int = 2 << 20

    def __post_init__(self) -> None:
        for name in ("records", "bytes"):
            if getattr(self, name) < 1:
                raise InputError(f"shard {name}", "must be at least 1")


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or a range of its records.

    Attributes:
        file: its name, as it was named or found.
        file_format: None where it is passed over.
        codec: how it is packed.
        start, end: the range, in the unit of `Record.offset`; an end of None: to the end.
        sampled: the range of the file itself that the fingerprint is of.
        fingerprint: of the content, see `stance.archive.files.fingerprint`.
        layout: a digest of where its fields are.
        n_bytes: of the file that it stands for; not part of its identity.
        fault: why it cannot be read.
        skipped: why it is passed over.
    """

    file: str
    file_format: Format | None = None
    codec: Codec = Codec.NONE
    start: int = 0
    end: int | None = None
    sampled: tuple[int, int | None] = (0, None)
    fingerprint: str = ""
    layout: str = ""
    n_bytes: int = 0
    fault: str | None = None
    skipped: str | None = None
