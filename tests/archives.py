"""Small archives, made by the tests that read them, and what was read in short form."""

import bz2
import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from stance.archive import Reading, Record, RecordFault, Skipped, read_archive
from stance.domain import Article

PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
    ".bz2": bz2.compress,
}
Save = Callable[[str, bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes a file below a folder `archive`."""

    def write(name: str, content: bytes) -> Path:
        path = tmp_path / "archive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


def read(path: Path, **reading: Any) -> list[Record | RecordFault | Skipped]:
    return list(read_archive([path], Reading(**reading)))


def texts(found: Iterable[object]) -> list[str]:
    """The texts of the records, and nothing of what is no record."""
    return [one.content.text for one in found if isinstance(one, Record)]


def article(path: Path, **reading: Any) -> Article:
    """The one article of a file without faults."""
    [found] = read(path, **reading)
    assert isinstance(found, Record), found
    assert isinstance(found.content, Article)
    return found.content


def faults(found: Iterable[object]) -> list[tuple[int, str]]:
    """Offset and reason of each fault."""
    return [(one.offset, one.reason) for one in found if isinstance(one, RecordFault)]


def skipped(found: Iterable[object]) -> list[str]:
    """Why each thing was passed over."""
    return [one.reason for one in found if isinstance(one, Skipped)]


def jsonl(*rows: object) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


PARAGRAPH = (
    "The foreign minister said on Tuesday that the sanctions would stay in place until the troops"
    " had left the occupied territory, and that no talks were planned before the spring."
)


def page(text: str = PARAGRAPH, head: str = "", title: str = "Sanctions stay") -> bytes:
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>"
        "<nav><a href='/'>Home</a><a href='/world'>World</a></nav>"
        f"<article><h1>{title}</h1><p>{text}</p></article>"
        "<footer>All rights reserved</footer></body></html>"
    ).encode()


def response(
    url: str,
    content: bytes,
    *headers: str,
    status: str = "200 OK",
    content_type: str = "text/html; charset=utf-8",
) -> bytes:
    """A WARC record of a page."""
    told = "".join(f"{header}\r\n" for header in headers)
    http = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{told}\r\n".encode()
    return warc_record(http + content, "response", url, "application/http; msgtype=response")


def warc_record(
    block: bytes,
    kind: str = "response",
    url: str = "http://example.org/",
    content_type: str = "application/http; msgtype=response",
    length: str | None = None,
) -> bytes:
    header = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\n"
        "WARC-Date: 2021-03-05T10:00:00Z\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {length or len(block)}\r\n\r\n"
    )
    return header.encode() + block + b"\r\n\r\n"


def pages(*names: str) -> list[bytes]:
    """WARC records of pages whose first word is their name."""
    return [
        response(f"http://www.daily.example/{name}", page(f"{name} {PARAGRAPH}")) for name in names
    ]


def names_of(found: Iterable[object]) -> list[str]:
    """The last parts of the addresses of the pages that were read."""
    ids = [one.content.id or "" for one in found if isinstance(one, Record)]
    return [one.rpartition("/")[2] for one in ids]
