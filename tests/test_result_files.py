import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from stance.domain import Issue, Kind, Prediction, Result, Statement
from stance.errors import FileError
from stance.result_files import SCHEMA, SUFFIXES, long_rows, result_file

TAX = Issue("carbon-tax", "Carbon tax", "The country should tax carbon")
AD_HOC = Issue.ad_hoc("Ships should slow down")
TEXT = '“We agree”, she said,\nand "they" did not; so\tbe it.'


def result(text: str = TEXT, statement_id: str | None = "a") -> Result:
    return Result(
        Statement(text, statement_id, "she", ("Kyiv",)),
        truncated=True,
        sentiment=Prediction(Kind.SENTIMENT, (0.5, 0.25, 0.25), "keyword"),
        stances=[
            (TAX, Prediction(Kind.STANCE, (0.1, 0.7, 0.15, 0.05), "keyword")),
            (
                AD_HOC,
                Prediction(Kind.STANCE, (0.25, 0.25, 0.25, 0.25), "keyword", ("favor", "neutral")),
            ),
        ],
        targets=[("Kyiv", Prediction(Kind.SENTIMENT, (0.2, 0.3, 0.5), "keyword"))],
    )


def write(path: Path, results: Iterable[Result]) -> None:
    with result_file(path) as writer:
        for one in results:
            writer.write(one)


def ending_in(error: type[BaseException]) -> Iterator[Result]:
    yield result()
    raise error


ROWS: list[dict[str, Any]] = [
    {
        "id": "a",
        "speaker": "she",
        "text": TEXT,
        "truncated": True,
        "sentiment": "positive",
        "sentiment_score": 0.25,
        "issue": "carbon-tax",
        "proposition": "The country should tax carbon",
        "stance": "against",
        "score": pytest.approx(-0.6),
        "favor": 0.1,
        "against": 0.7,
        "neutral": 0.15,
        "unrelated": 0.05,
        "model": "keyword",
        "prediction_set": None,
    },
    {
        "id": "a",
        "speaker": "she",
        "text": TEXT,
        "truncated": True,
        "sentiment": "positive",
        "sentiment_score": 0.25,
        "issue": None,
        "proposition": "Ships should slow down",
        "stance": "favor",
        "score": 0.0,
        "favor": 0.25,
        "against": 0.25,
        "neutral": 0.25,
        "unrelated": 0.25,
        "model": "keyword",
        "prediction_set": "favor;neutral",
    },
]


def test_the_long_table_has_a_row_for_each_statement_and_issue() -> None:
    assert long_rows(result()) == ROWS


def test_the_fields_of_a_long_row_are_the_columns_of_the_schema_in_order() -> None:
    assert list(long_rows(result())[0]) == SCHEMA.names


def test_json_lines_hold_what_to_json_says(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"

    write(path, [result(), result("No, “never”.", None)])

    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == [
        result().to_json(),
        result("No, “never”.", None).to_json(),
    ]


def test_parquet_gives_back_the_long_rows(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"

    write(path, [result(), result("No.", None)])

    assert pyarrow.parquet.read_table(path).to_pylist() == [
        *ROWS,
        *({**row, "id": None, "text": "No."} for row in ROWS),
    ]


def test_csv_gives_back_the_long_rows_as_text(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    write(path, [result()])

    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [
            {key: "" if value is None else str(value) for key, value in row.items()}
            for row in long_rows(result())
        ]


def test_parquet_keeps_the_order_over_many_batches(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"

    write(path, (result(statement_id=str(n)) for n in range(5000)))

    ids = pyarrow.parquet.read_table(path, columns=["id"])["id"].to_pylist()
    assert ids == [str(n // 2) for n in range(10_000)]


def test_parquet_without_results_has_the_columns_and_no_rows(tmp_path: Path) -> None:
    write(tmp_path / "out.parquet", [])

    table = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert (table.schema, table.num_rows) == (SCHEMA, 0)


def test_csv_without_results_has_the_header_alone(tmp_path: Path) -> None:
    write(tmp_path / "out.csv", [])

    assert (tmp_path / "out.csv").read_bytes().decode() == ",".join(SCHEMA.names) + "\r\n"


def test_json_lines_without_results_are_empty(tmp_path: Path) -> None:
    write(tmp_path / "out.jsonl", [])

    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_the_suffix_tells_the_format_in_either_case(tmp_path: Path) -> None:
    write(tmp_path / "OUT.PARQUET", [result()])

    assert pyarrow.parquet.read_table(tmp_path / "OUT.PARQUET").to_pylist() == ROWS


@pytest.mark.parametrize("name", ["out.xlsx", "out", ".jsonl", "out.jsonl.gz"])
def test_an_unknown_suffix_is_refused_with_those_that_are_known(name: str, tmp_path: Path) -> None:
    path = tmp_path / name

    with pytest.raises(FileError) as caught:
        write(path, [result()])

    assert str(caught.value) == f"{path}: unknown format; end the name in .jsonl, .csv, .parquet"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_appears_only_when_all_is_written(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"

    with result_file(path) as writer:
        writer.write(result())
        assert not path.exists()

    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt], ids=lambda e: e.__name__)
def test_an_exception_midway_leaves_no_file_and_no_draft(
    error: type[BaseException], suffix: str, tmp_path: Path
) -> None:
    with pytest.raises(error):
        write(tmp_path / f"out{suffix}", ending_in(error))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_exception_midway_leaves_an_older_file_as_it_was(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_text("older")

    with pytest.raises(RuntimeError):
        write(path, ending_in(RuntimeError))

    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [(path.name, "older")]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_replaced_when_the_new_one_is_whole(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_text("older")

    write(path, [result()])

    assert not path.read_bytes().startswith(b"older")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_that_does_not_exist_is_a_file_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "missing" / f"out{suffix}"

    with pytest.raises(FileError) as caught:
        write(path, [result()])

    assert str(caught.value).startswith(f"{path}: cannot be written: ")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_path_through_a_file_is_a_file_error(suffix: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / "file" / f"out{suffix}"

    with pytest.raises(FileError) as caught:
        write(path, [result()])

    assert str(caught.value).startswith(f"{path}: cannot be written: ")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_in_the_place_of_the_file_is_a_file_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    path.mkdir()

    with pytest.raises(FileError) as caught:
        write(path, [result()])

    assert str(caught.value) == f"{path}: cannot be written: Is a directory"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_name_too_long_for_the_file_system_is_a_file_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / ("n" * 300 + suffix)

    with pytest.raises(FileError) as caught:
        write(path, [result()])

    assert str(caught.value).startswith(f"{path}: cannot be written: ")
