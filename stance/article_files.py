"""A file of plain text -> one article. Knows nothing of archives."""

from pathlib import Path
from typing import IO

from stance.domain import Article, check_text
from stance.errors import FileError, InputError


def read_article(path: Path | None, stdin: IO[bytes]) -> Article:
    """Read a whole file as one article; its line ends stay as they are, for offsets count them.

    Args:
        path: the file, in UTF-8; None for standard input. A byte order mark is no part of the text.
        stdin: where standard input comes from.

    Raises:
        FileError: the file cannot be read, is not UTF-8, or has no word.
    """
    name = str(path) if path else "standard input"
    try:
        content = path.read_bytes() if path else stdin.read()
    except OSError as error:
        raise FileError(name, [f"cannot be read: {error.strerror or error}"]) from error
    try:
        text = content.decode("utf-8-sig")
        check_text("text", text)
    except UnicodeDecodeError as error:
        fault = f"is not UTF-8 at byte {error.start + 1}; save it as UTF-8"
        raise FileError(name, [fault]) from None
    except InputError as error:
        raise FileError(name, [error.reason]) from None
    return Article(text)
