"""A file that is written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from stance.errors import FileError


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Write text aside, and put it in its place when all is written.

    Raises:
        FileError: it cannot be written; what was there before stays.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            yield file
        draft.replace(path)
    except OSError as error:
        raise FileError(path, [f"cannot be written: {error.strerror or error}"]) from error
    finally:
        with suppress(OSError):  # gone already, or could never be there
            draft.unlink()
