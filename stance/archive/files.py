"""Paths -> the files of an archive, in an order that does not change, and their bytes.

Local paths, and URLs of the stores that pyarrow knows (s3://, gs://, file://). Knows no formats.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.fs

from stance.errors import FileError

_SAMPLED = 1 << 16
_HIDDEN = "hidden file"
_READ_BEFORE = "file that is read under another name"


@dataclass(frozen=True, slots=True)
class Found:
    """A file of an archive.

    Attributes:
        file: its name: the path that was given, or that and what is below it.
        root: the path that was given.
        size: bytes.
        fault: why it cannot be read.
        skipped: why it is passed over.
    """

    file: str
    root: str
    size: int = 0
    fault: str | None = None
    skipped: str | None = None


def walk(paths: Sequence[str | Path]) -> Iterator[Found]:
    """The files of all paths, each once: roots as given, folders in the order of their names.

    Links are followed; what was met before, under whatever name, is passed over, and so is a loop.

    Raises:
        FileError: a path is not there; all that are not are told.
    """
    roots = [str(path) for path in paths]
    missing = [root for root in roots if not _is_there(root)]
    if missing:
        raise FileError(missing[0], ["is not there", *(f"nor is {one}" for one in missing[1:])])
    seen: set[tuple[int, int]] = set()
    real = [real_name(root) for root in roots]
    for n, root in enumerate(roots):
        others = [one for m, one in enumerate(real) if m < n or one != real[n]]
        if _is_reached(real[n], others):
            yield Found(root, root, skipped=_READ_BEFORE)
        elif _is_url(root):
            yield from _walk_url(root)
        else:
            yield from _walk_local(root, real, seen)


def _walk_local(root: str, roots: Sequence[str], seen: set[tuple[int, int]]) -> Iterator[Found]:
    waiting = [root]  # the next one last: folders can be nested deeper than calls
    while waiting:
        path = waiting.pop()
        found = _looked_at(path, root, roots, seen)
        if isinstance(found, Found):
            yield found
        else:
            waiting += (str(Path(path) / name) for name in reversed(found))


def _looked_at(
    path: str, root: str, roots: Sequence[str], seen: set[tuple[int, int]]
) -> Found | list[str]:
    """A file, or the names in a folder."""
    if path != root and Path(path).name.startswith("."):
        return Found(path, root, skipped=_HIDDEN)
    try:
        status = Path(path).stat()
        is_folder = stat.S_ISDIR(status.st_mode)
        names = sorted(below.name for below in Path(path).iterdir()) if is_folder else []
    except OSError as error:
        return Found(path, root, fault=f"cannot be read: {error.strerror or error}")
    met = (status.st_dev, status.st_ino)
    is_link = path != root and Path(path).is_symlink()
    skipped = None
    if is_folder and met in seen:
        skipped = "folder that is read under another name"
    elif not is_folder and not stat.S_ISREG(status.st_mode):
        skipped = "not a regular file"
    elif met in seen or (is_link and not is_folder and _is_reached(os.path.realpath(path), roots)):
        skipped = _READ_BEFORE
    elif is_folder or is_link or status.st_nlink > 1:  # only one name leads to other files
        seen.add(met)
    if skipped is None and is_folder:
        return names
    return Found(path, root, 0 if skipped else status.st_size, skipped=skipped)


def _is_reached(real: str, roots: Sequence[str]) -> bool:
    """Whether the walk from one of the roots comes by a file of this real path."""
    for root in roots:
        if real == root:
            return True
        below = real.removeprefix(root.rstrip("/") + "/")
        if below != real and not any(part.startswith(".") for part in below.split("/")):
            return True
    return False


def _walk_url(root: str) -> Iterator[Found]:
    store, path = _store(root)
    info = store.get_file_info(path)
    if info.type == pyarrow.fs.FileType.File:
        yield Found(root, root, info.size)
        return
    address, mark, query = root.partition("?")
    selector = pyarrow.fs.FileSelector(path, recursive=True)
    for one in sorted(store.get_file_info(selector), key=lambda one: one.path.split("/")):
        if one.type == pyarrow.fs.FileType.File:
            below = one.path[len(path) :].strip("/")
            hidden = any(part.startswith(".") for part in below.split("/"))
            name = f"{address.rstrip('/')}/{below}{mark}{query}"
            yield Found(name, root, one.size, skipped=_HIDDEN if hidden else None)


@contextmanager
def reading(file: str) -> Iterator[None]:
    """Tells trouble with storage, which another try may not meet, from what is in a file.

    Raises:
        FileError: the file cannot be read.
    """
    try:
        yield
    except OSError as error:
        told = error.strerror or str(error)
        raise FileError(file, [f"cannot be read: {told}; run again when it can"]) from error


def open_file(file: str) -> IO[bytes]:
    """A file for reading and seeking.

    Raises:
        OSError: it cannot be opened.
    """
    if _is_url(file):
        store, path = _store(file)
        opened: Any = store.open_input_file(path)
    else:
        opened = pa.OSFile(os.fsencode(file))
    return opened  # type: ignore[no-any-return]  # pyarrow has no types; it is a file to all of us


def fingerprint(source: IO[bytes], size: int, start: int = 0, end: int | None = None) -> str:
    """Of a range of a file: its size, its first and its last 64 KB.

    Hashing all would read all before the first record is scored. What is packed ends with a
    checksum, and Parquet with a footer, so a change in the middle shows at the end.

    Raises:
        OSError: the file cannot be read.
    """
    end = size if end is None else min(end, size)
    digest = hashlib.sha256(f"{end - start}".encode())
    source.seek(start)
    digest.update(source.read(min(_SAMPLED, end - start)))
    last = max(end - _SAMPLED, start + _SAMPLED)
    if last < end:
        source.seek(last)
        digest.update(source.read(end - last))
    return digest.hexdigest()


def stamp_of(file: str) -> tuple[int, ...] | None:
    """What tells that a file is the one it was a moment ago; None where a store does not say.

    Raises:
        OSError: it is gone.
    """
    if _is_url(file):
        return None
    status = Path(file).stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def real_name(file: str) -> str:
    """A name that the file has whatever path led to it."""
    return file if _is_url(file) else os.path.realpath(file)


def _is_url(path: str) -> bool:
    return "://" in path


def _store(url: str) -> tuple[pyarrow.fs.FileSystem, str]:
    """The store that a URL is of, and the path there."""
    address, mark, query = url.partition("?")
    scheme, _, rest = address.partition("://")
    host, _, inside = rest.partition("/")
    store, base = _connected(f"{scheme}://{host}/{mark}{query}")
    return store, f"{base.rstrip('/')}/{inside}".rstrip("/") or "/"


@lru_cache(maxsize=16)
def _connected(url: str) -> tuple[pyarrow.fs.FileSystem, str]:
    try:
        store, base = pyarrow.fs.FileSystem.from_uri(url)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileError(url, [f"cannot be reached: {error}"]) from error
    return store, base


def _is_there(path: str) -> bool:
    if not _is_url(path):
        return os.path.lexists(path)
    store, inside = _store(path)
    return bool(store.get_file_info(inside).type != pyarrow.fs.FileType.NotFound)
