import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from stance.domain import Statement
from stance.errors import FileError
from stance.statement_files import RowFault, read_statements

Save = Callable[[str, bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def parquet(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    def write(columns: dict[str, Any]) -> Path:
        path = tmp_path / "statements.parquet"
        pyarrow.parquet.write_table(pa.table(columns), path)
        return path

    return write


def read(path: Path, file_format: str | None = None) -> list[Statement | RowFault]:
    return list(read_statements(path, io.BytesIO(), file_format))


def read_stdin(content: bytes, file_format: str | None = None) -> list[Statement | RowFault]:
    return list(read_statements(None, io.BytesIO(content), file_format))


def fault(content: bytes, name: str, save: Save) -> str:
    """The reason of the only fault, which must be in the row that is not called `good`."""
    rows = read(save(name, content))
    [found] = [row for row in rows if isinstance(row, RowFault)]
    assert [row.text for row in rows if isinstance(row, Statement)] == ["good", "good"]
    return f"{found.place.rpartition(': ')[2]}: {found.reason}"


class CountingLines(io.RawIOBase):
    """Standard input without end, which counts the bytes that were taken from it."""

    def __init__(self, line: bytes) -> None:
        self.n_taken = 0
        self._bytes = itertools.cycle(line)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = bytes(itertools.islice(self._bytes, len(buffer)))
        self.n_taken += len(buffer)
        return len(buffer)


# JSONL


def test_a_json_line_gives_all_fields_of_a_statement(save: Save) -> None:
    line = b'{"id": "a", "text": "We agree.", "speaker": "she", "targets": ["Kyiv", "Oslo"]}\n'

    assert read(save("a.jsonl", line)) == [Statement("We agree.", "a", "she", ("Kyiv", "Oslo"))]


def test_a_row_without_an_id_is_named_by_its_line(save: Save) -> None:
    path = save("a.jsonl", b'{"text": "one"}\n\n{"text": "two", "id": ""}\n{"text": "three"}')

    assert read(path) == [Statement("one", "1"), Statement("two", "3"), Statement("three", "4")]


def test_an_id_that_is_a_number_is_kept_as_text(save: Save) -> None:
    assert read(save("a.jsonl", b'{"text": "one", "id": 0}')) == [Statement("one", "0")]


def test_fields_that_are_not_known_are_passed_over(save: Save) -> None:
    path = save("a.jsonl", b'{"text": "one", "context": "x", "labels": []}')

    assert read(path) == [Statement("one", "1")]


def test_null_fields_are_as_good_as_missing_ones(save: Save) -> None:
    path = save("a.jsonl", b'{"text": "one", "id": null, "speaker": null, "targets": null}')

    assert read(path) == [Statement("one", "1")]


FAULTY_JSON_LINES = [
    (b'{"text": ', "is not JSON: Expecting value"),
    (b'{"text": "x"} tail', "is not JSON: Extra data"),
    (b"[" * 100_000, "is not JSON: too deep or too large"),
    (b'{"text": "x", "id": ' + b"9" * 5000 + b"}", "is not JSON: too deep or too large"),
    (b'["x"]', "must be a JSON object with a text"),
    (b"null", "must be a JSON object with a text"),
    (b'"x"', "must be a JSON object with a text"),
    (b'{"id": "x"}', "text is missing; every row needs a text"),
    (b'{"text": null}', "text is missing; every row needs a text"),
    (b'{"text": ""}', "text: is empty; give at least one word"),
    (b'{"text": " \\t"}', "text: is empty; give at least one word"),
    (b'{"text": 5}', "text: must be text, not int"),
    (b'{"text": NaN}', "text: must be text, not float"),
    (b'{"text": -Infinity}', "text: must be text, not float"),
    (b'{"text": 1e999}', "text: must be text, not float"),
    (b'{"text": ["x"]}', "text: must be text, not list"),
    (b'{"text": "ab\\u0000"}', "text: holds a NUL character at offset 2; remove it"),
    (b'{"text": "a\\ud800"}', "text: holds a lone surrogate at offset 1; send valid Unicode"),
    (b'{"text": "a\xe9"}', "text: holds a lone surrogate at offset 1; send valid Unicode"),
    (b'{"text": "x", "speaker": 5}', "speaker: must be text, not int"),
    (b'{"text": "x", "targets": 5}', "targets: must be a list of names"),
    (b'{"text": "x", "targets": {"a": 1}}', "targets: must be a list of names"),
    (b'{"text": "x", "targets": ["a", 1]}', "targets.1: must be text, not int"),
    (b'{"text": "x", "targets": ["a", ""]}', "targets.1: is empty; give at least one word"),
]


@pytest.mark.parametrize(
    ("line", "reason"),
    FAULTY_JSON_LINES,
    ids=[repr(line[:24])[2:-1] for line, _ in FAULTY_JSON_LINES],
)
def test_a_faulty_json_line_is_reported_with_its_number_and_the_others_are_read(
    line: bytes, reason: str, save: Save
) -> None:
    content = b'{"text": "good"}\n' + line + b'\n{"text": "good"}\n'

    assert fault(content, "a.jsonl", save) == f"line 2: {reason}"


def test_a_fault_names_the_file(save: Save) -> None:
    path = save("a.jsonl", b"{}")

    assert str(read(path)[0]) == f"{path}: line 1: text is missing; every row needs a text"


# CSV


def test_csv_columns_are_read_by_name_in_any_order(save: Save) -> None:
    path = save("a.csv", b"speaker,notes,text,id,targets\nshe,-,We agree.,a,Kyiv; Oslo\n")

    assert read(path) == [Statement("We agree.", "a", "she", ("Kyiv", "Oslo"))]


def test_empty_csv_fields_are_as_good_as_missing_ones(save: Save) -> None:
    assert read(save("a.csv", b"text,id,speaker,targets\nWe agree.,,,\n")) == [
        Statement("We agree.", "2")
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_column(save: Save) -> None:
    assert read(save("a.csv", b"\xef\xbb\xbftext\nWe agree.\n")) == [Statement("We agree.", "2")]


def test_windows_line_ends_are_no_part_of_the_text(save: Save) -> None:
    assert read(save("a.csv", b"id,text\r\na,We agree.\r\n")) == [Statement("We agree.", "a")]


def test_a_quoted_field_may_hold_newlines_commas_and_quotes(save: Save) -> None:
    path = save("a.csv", b'text,id\n"We,\n""they"" said,\nagree.",a\nnext,b\n')

    assert read(path) == [Statement('We,\n"they" said,\nagree.', "a"), Statement("next", "b")]


def test_lines_are_counted_in_the_file_also_after_a_quoted_newline(save: Save) -> None:
    path = save("a.csv", b'text\n"one\ntwo"\n\nthree\n')

    assert read(path)[1] == Statement("three", "5")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b",x", "text: is empty; give at least one word"),
        (b"  ,x", "text: is empty; give at least one word"),
        (b"caf\xe9,x", "text: holds a lone surrogate at offset 3; send valid Unicode"),
        (b"a\0b,x", "text: holds a NUL character at offset 1; remove it"),
    ],
    ids=["empty", "blank", "encoding", "NUL"],
)
def test_a_faulty_csv_row_is_reported_with_its_line_and_the_others_are_read(
    row: bytes, reason: str, save: Save
) -> None:
    content = b"text,speaker\ngood,she\n" + row + b"\ngood,she\n"

    assert fault(content, "a.csv", save) == f"line 3: {reason}"


def test_a_csv_row_too_short_to_have_a_text_is_a_fault(save: Save) -> None:
    content = b"id,text\na,good\nb\nc,good\n"

    assert fault(content, "a.csv", save) == "line 3: text is missing; every row needs a text"


def test_a_csv_row_with_more_fields_than_columns_is_a_fault_and_loses_no_words(save: Save) -> None:
    content = b"text\ngood\nNo, we do not agree.\ngood\n"

    assert fault(content, "a.csv", save).startswith("line 3: ")


def test_a_quote_that_is_never_closed_is_a_fault(save: Save) -> None:
    rows = read(save("a.csv", b'text\ngood\n"one\ntwo\nthree\n'))

    assert rows[0] == Statement("good", "2")
    assert [type(row) for row in rows[1:]] == [RowFault]


def test_a_csv_field_over_the_limit_is_a_fault_and_the_others_are_read(save: Save) -> None:
    content = b"text\ngood\n" + b"x" * ((1 << 24) + 1) + b"\ngood\n"

    assert fault(content, "a.csv", save) == (
        "line 3: is not CSV: field larger than field limit (16777216)"
    )


@pytest.mark.parametrize(
    ("content", "columns"),
    [(b"id,body\n1,x\n", "id, body"), (b"", "none"), (b"Text\nx\n", "Text")],
    ids=["other columns", "empty file", "another case"],
)
def test_a_csv_file_without_a_text_column_is_refused_with_the_columns_it_has(
    content: bytes, columns: str, save: Save
) -> None:
    path = save("a.csv", content)

    with pytest.raises(FileError) as caught:
        read(path)

    assert str(caught.value) == f"{path}: has no column text; its columns: {columns}"


# Parquet

ParquetFile = Callable[[dict[str, Any]], Path]


def test_parquet_columns_are_read_by_name(parquet: ParquetFile) -> None:
    path = parquet({"n": [1], "text": ["We agree."], "id": [7], "targets": [["Kyiv", "Oslo"]]})

    assert read(path) == [Statement("We agree.", "7", None, ("Kyiv", "Oslo"))]


def test_rows_of_parquet_are_numbered_across_batches(parquet: ParquetFile) -> None:
    path = parquet({"text": ["good"] * 3000})

    assert [row.id for row in read(path) if isinstance(row, Statement)] == [
        str(n) for n in range(1, 3001)
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "text is missing; every row needs a text"),
        ("", "text: is empty; give at least one word"),
        ("a\0", "text: holds a NUL character at offset 1; remove it"),
    ],
    ids=["null", "empty", "NUL"],
)
def test_a_faulty_parquet_row_is_reported_with_its_number_and_the_others_are_read(
    text: str | None, reason: str, parquet: ParquetFile
) -> None:
    path = parquet({"text": ["good", text, "good"]})

    assert read(path) == [
        Statement("good", "1"),
        RowFault(f"{path}: row 2", reason),
        Statement("good", "3"),
    ]


@pytest.mark.parametrize(
    ("column", "kind"),
    [([5], "int"), ([1.5], "float"), ([b"bytes"], "bytes"), ([["a"]], "list"), ([True], "bool")],
    ids=["int", "float", "bytes", "list", "bool"],
)
def test_a_text_column_of_another_type_makes_each_row_a_fault(
    column: list[object], kind: str, parquet: ParquetFile
) -> None:
    path = parquet({"text": column})

    assert read(path) == [RowFault(f"{path}: row 1", f"text: must be text, not {kind}")]


def test_a_parquet_row_that_is_no_valid_utf8_is_a_fault_and_the_others_are_read(
    parquet: ParquetFile,
) -> None:
    offsets = pa.array([0, 4, 6, 10], pa.int32()).buffers()[1]
    words = pa.Array.from_buffers(
        pa.string(), 3, [None, offsets, pa.py_buffer(b"good\xff\xfegood")]
    )

    rows = read(parquet({"text": words}))

    assert [type(row) for row in rows] == [Statement, RowFault, Statement]


def test_a_parquet_file_without_a_text_column_is_refused_with_the_columns_it_has(
    parquet: ParquetFile,
) -> None:
    path = parquet({"id": [1], "body": ["x"]})

    with pytest.raises(FileError) as caught:
        read(path)

    assert str(caught.value) == f"{path}: has no column text; its columns: id, body"


@pytest.mark.parametrize("content", [b"", b"PAR1", b"text\nWe agree.\n"], ids=repr)
def test_what_is_not_parquet_is_refused(content: bytes, save: Save) -> None:
    path = save("a.parquet", content)

    with pytest.raises(FileError) as caught:
        read(path)

    assert str(caught.value).startswith(f"{path}: is not Parquet: ")


def test_damage_in_the_middle_of_a_parquet_file_is_a_file_error(parquet: ParquetFile) -> None:
    path = parquet({"text": [f"statement {n}" for n in range(500)]})
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * 50 + whole[150:])

    with pytest.raises(FileError) as caught:
        read(path)

    assert str(caught.value).startswith(f"{path}: cannot be read: ")


def test_parquet_can_come_from_standard_input(parquet: ParquetFile) -> None:
    content = parquet({"text": ["We agree."]}).read_bytes()

    assert read_stdin(content, "parquet") == [Statement("We agree.", "1")]


# Plain lines, standard input, formats


def test_of_plain_lines_each_that_is_not_blank_is_a_statement(save: Save) -> None:
    path = save("a.txt", b"\xef\xbb\xbf We agree. \r\n\n \t\nNo, we do not.")

    assert read(path) == [Statement("We agree.", "1"), Statement("No, we do not.", "4")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"caf\xe9", "text: holds a lone surrogate at offset 3; send valid Unicode"),
        (b"a\0", "text: holds a NUL character at offset 1; remove it"),
    ],
    ids=["encoding", "NUL"],
)
def test_a_faulty_plain_line_is_reported_with_its_number_and_the_others_are_read(
    line: bytes, reason: str, save: Save
) -> None:
    assert fault(b"good\n" + line + b"\ngood\n", "a.txt", save) == f"line 2: {reason}"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'{"text": "We agree."}\n', "We agree."),
        (b'  {"text": "We agree."}\n', "We agree."),
        (b'\xef\xbb\xbf{"text": "We agree."}\n', "We agree."),
        (b'\n{"text": "We agree."}\n', "We agree."),
        (b"We agree.\n", "We agree."),
        (b'["We agree."]\n', '["We agree."]'),
    ],
    ids=["object", "indented", "byte order mark", "blank line first", "words", "list"],
)
def test_standard_input_that_begins_with_a_brace_is_jsonl_and_else_plain_lines(
    content: bytes, text: str
) -> None:
    assert [row.text for row in read_stdin(content) if isinstance(row, Statement)] == [text]


def test_a_fault_in_standard_input_names_it() -> None:
    assert str(read_stdin(b'{"text": ""}')[0]) == (
        "standard input: line 1: text: is empty; give at least one word"
    )


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "A.JSONL"])
def test_the_suffix_tells_the_format_in_either_case(name: str, save: Save) -> None:
    assert read(save(name, b'{"text": "We agree."}')) == [Statement("We agree.", "1")]


def test_a_format_that_is_named_overrules_the_suffix(save: Save) -> None:
    path = save("a.csv", b'{"text": "We agree."}')

    assert read(path, "jsonl") == [Statement("We agree.", "1")]


@pytest.mark.parametrize("name", ["a.jsonl", "a.txt"])
def test_an_empty_file_has_no_statements(name: str, save: Save) -> None:
    assert read(save(name, b"")) == []


@pytest.mark.parametrize("name", ["missing.jsonl", "missing.csv", "missing.txt"])
def test_a_missing_file_is_a_file_error_that_names_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path / name)

    assert str(caught.value) == f"{tmp_path / name}: cannot be read: No such file or directory"


@pytest.mark.parametrize("name", ["folder.jsonl", "folder.parquet", "missing.parquet"])
def test_what_cannot_be_opened_is_a_file_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "folder.parquet").mkdir()

    with pytest.raises(FileError) as caught:
        read(tmp_path / name)

    assert str(caught.value).startswith(f"{tmp_path / name}: cannot be read: ")


@pytest.mark.parametrize(
    ("file_format", "line"),
    [("jsonl", b'{"text": "We agree."}\n'), ("lines", b"We agree.\n"), ("csv", b"text\n")],
)
def test_statements_are_read_one_at_a_time_from_an_endless_input(
    file_format: str, line: bytes
) -> None:
    endless = CountingLines(line)

    with io.BufferedReader(endless, 8192) as stdin:
        first = list(itertools.islice(read_statements(None, stdin, file_format), 3))

    assert all(isinstance(row, Statement) for row in first)
    assert endless.n_taken == 8192
