"""A file that is written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stance.errors import FileError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside to write to; what is there takes its place when all is written.

    Raises:
        FileError: it cannot be written; what was there before stays.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        raise FileError(path, [f"cannot be written: {error.strerror or error}"]) from error
    finally:
        with suppress(OSError):  # gone already, or could never be there
            draft.unlink()
