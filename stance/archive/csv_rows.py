"""CSV -> rows by the names of their columns, each fault costing its own row alone."""

import csv
from collections.abc import Iterator

from stance.archive.window import Window, too_large

_DELIMITERS = ",\t;|"
_LONGEST_HEADER = 1 << 16
CsvRow = tuple[int, dict[str, str] | str]


class _TooLargeError(Exception):
    """A row above the limit."""


class _Lines(Iterator[str]):
    """Lines for `csv.reader`, remembering those of the row that it is at."""

    def __init__(self, window: Window, encoding: str, limit: int) -> None:
        self._window, self._encoding, self._limit = window, encoding, limit
        self.of_row: list[bytes] = []
        self.n_bytes = 0

    def begin_row(self) -> None:
        self.of_row.clear()
        self.n_bytes = 0

    def __next__(self) -> str:
        line = self._window.line(self._limit - self.n_bytes)
        if line is None:
            raise _TooLargeError
        if not line:
            raise StopIteration
        self.of_row.append(line)
        self.n_bytes += len(line)
        return line.decode(self._encoding, "surrogateescape")


def header_of(window: Window, encoding: str, limit: int) -> tuple[list[str], str]:
    """The names of the columns, and the delimiter: the one of `,` tab `;` `|` that splits most.

    Raises:
        ValueError: the file begins with no header.
    """
    line = window.head(_LONGEST_HEADER).partition(b"\n")[0]
    text = line.decode(encoding, "replace")
    delimiter = max(_DELIMITERS, key=lambda one: len(next(csv.reader([text], delimiter=one), [])))
    try:
        names = next(csv.reader(_Lines(window, encoding, limit), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration, _TooLargeError) as error:
        raise ValueError(f"begins with no header: {error or 'it is empty or too large'}") from None
    names = [name.strip() for name in names]
    if len(set(names)) < len(names) or not all(names):
        raise ValueError("begins with no header: a column has no name, or that of another")
    return names, delimiter


def csv_rows(
    window: Window,
    end: int | None,
    limit: int,
    encoding: str,
    header: list[str],
    delimiter: str,
) -> Iterator[CsvRow]:
    """The rows that begin before the end, but for blank lines; what is wrong with a faulty one.

    Args:
        window: after the header.
        end: an offset, or None.
        limit: bytes of a row.
        encoding: of the text; what cannot be decoded comes as lone surrogates.
        header: the names of the columns.
        delimiter: what stands between fields.
    """
    csv.field_size_limit(max(csv.field_size_limit(), limit + 1))
    lines = _Lines(window, encoding, limit)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while end is None or window.offset < end:
        window.mark = window.offset
        lines.begin_row()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            _go_on(window, lines.of_row, header, delimiter)
            yield window.mark, f"is not CSV: {error}"
        except _TooLargeError:
            if not _go_on(window, lines.of_row, header, delimiter):
                _skip_quoted(window, lines.of_row)
            yield window.mark, too_large(limit)
        else:
            if len(row) == len(header):
                yield window.mark, dict(zip(header, row, strict=True))
            elif row:
                yield window.mark, f"has {len(row)} fields, but the header has {len(header)}"


def _go_on(window: Window, taken: list[bytes], header: list[str], delimiter: str) -> bool:
    """Take up at the second line of a faulty row, if what follows its first look like rows.

    So a quotation mark that was never closed costs its own row; and a row that is broken, but does
    hold line ends in its quotes, does not come back as many.
    """
    after = taken[1:]
    n_delimiters = len(header) - 1
    alike = sum(line.count(delimiter.encode()) == n_delimiters for line in after)
    if not n_delimiters or 2 * alike <= len(after):
        return False
    window.unread(b"".join(after))
    return True


def _skip_quoted(window: Window, taken: list[bytes]) -> None:
    """Go on to where the quotes close of a row that is too large."""
    n_quotes = sum(line.count(b'"') for line in taken) + window.skip_line()
    while n_quotes % 2 and window.peek(1):
        n_quotes += window.skip_line()
