"""Files that are on the disk when we say so, and errors that say what to do when they cannot be."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stance.errors import FileError

_THE_WAY_ON = (
    "What is finished is kept: make room if the disk is full, or put right what is wrong, and give"
    " the same command again"
)


@contextmanager
def resumable(path: Path) -> Iterator[None]:
    """What cannot be written into a scored archive is told, with the way on.

    Raises:
        FileError: in place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise FileError(path, [f"cannot be written: {why}. {_THE_WAY_ON}"]) from error


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name != "posix":  # other systems cannot open a folder
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_durably(path: Path, text: str, draft: Path) -> None:
    """Put a text in a file's place in one step; what was there stays until all of it is written.

    Args:
        path: the file.
        text: what it is to hold.
        draft: where it is written first, on the same disk.

    Raises:
        OSError: it cannot be written.
    """
    try:
        draft.write_text(text, encoding="utf-8")
        sync(draft)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
    sync(path.parent)
