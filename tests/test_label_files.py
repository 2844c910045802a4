"""Files of labelled statements: three formats that read alike, and every fault with its place."""

import datetime
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from stance.domain import Kind, Question
from stance.errors import LabelsError
from stance.issues import read_catalogue
from training.examples import Example, Label
from training.label_files import read_labels

NATO = "Ukraine should become a member of NATO"
CATALOGUE = read_catalogue()


def write(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(*paths: Path) -> tuple[Example, ...]:
    return read_labels(paths, CATALOGUE).examples


def faults(*paths: Path) -> Sequence[str]:
    with pytest.raises(LabelsError) as caught:
        read(*paths)
    return [fault.replace(f"{paths[0].parent}/", "") for fault in caught.value.faults]


def row(**fields: Any) -> dict[str, Any]:
    return {"text": "t", "labels": [{"proposition": "P", "stance": "favor"}], **fields}


def stance(subject: str, label: str, soft: tuple[float, ...] | None = None) -> Label:
    return Label(Question(Kind.STANCE, subject), (label,), soft)


def tone(label: str, target: str = "", soft: tuple[float, ...] | None = None) -> Label:
    return Label(Question(Kind.SENTIMENT, target), (label,), soft)


def test_a_line_is_read_with_all_its_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", {
        "id": "r1", "text": "Let Ukraine in.", "speaker": "a senator", "context": "At a summit.",
        "labels": [
            {"issue": "nato-membership", "stance": "favor"},
            {"proposition": "P", "stance": "unrelated"},
        ],
        "sentiment": "positive", "targets": [{"target": "Ukraine", "sentiment": "positive"}],
        "group": "g", "date": "2024-05-31", "source": "s",
    })  # fmt: skip

    [example] = read(path)

    assert example.labels == (
        stance(NATO, "favor"),
        stance("P", "unrelated"),
        tone("positive"),
        tone("positive", "Ukraine"),
    )
    assert (example.statement.id, example.statement.speaker) == ("r1", "a senator")
    assert example.statement.targets == ("Ukraine",)
    assert (example.group, example.source) == ("g", "s")
    assert (example.date, example.place) == (datetime.date(2024, 5, 31), f"{path}:1")


def test_what_a_line_leaves_out_is_taken_from_its_place(tmp_path: Path) -> None:
    [example] = read(write(tmp_path / "x.jsonl", "", {"text": "t", "sentiment": "neutral"}))

    assert (example.statement.id, example.group, example.source) == ("x:2", "x:2", "labels")


def test_two_files_of_one_name_give_different_ids(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "x.jsonl", row())

    one, other = read(tmp_path / "a" / "x.jsonl", tmp_path / "b" / "x.jsonl")

    assert one.statement.id != other.statement.id


def test_ids_and_groups_may_be_numbers(tmp_path: Path) -> None:
    [example] = read(write(tmp_path / "x.jsonl", row(id=7, group=3.0)))

    assert (example.statement.id, example.group) == ("7", "3")


def test_shares_and_annotators_make_soft_labels(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.jsonl",
        row(labels=[{"proposition": "P", "stance": {"favor": 0.7, "neutral": 0.3}}]),
        row(labels=[{"proposition": "P", "stance": ["favor", "against", "favor", "favor"]}]),
        {"text": "u", "sentiment": ["negative", "negative"]},
    )

    assert [example.labels[0] for example in read(path)] == [
        stance("P", "favor", (0.7, 0.0, 0.3, 0.0)),
        stance("P", "favor", (0.75, 0.25, 0.0, 0.0)),
        tone("negative"),
    ]


TABLE = """\
id,text,issue,proposition,stance,sentiment,target,target_sentiment,speaker,date
1,"Let Ukraine in, now.",nato-membership,,Favor ,positive,,,a senator,2024-05-31
1,"Let Ukraine in, now.",,P,unrelated,positive,Ukraine, POSITIVE,a senator,2024-05-31
2,"Two
lines",,P,against,,,,,
3,Only a tone,,,,negative,,,,
"""


def test_the_rows_of_one_statement_in_a_csv_are_one_example(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(TABLE)

    first, second, third = read(path)

    assert first.labels == (
        stance(NATO, "favor"),
        tone("positive"),
        stance("P", "unrelated"),
        tone("positive", "Ukraine"),
    )
    assert first.statement.targets == ("Ukraine",)
    assert first.date == datetime.date(2024, 5, 31)
    assert (second.statement.text, second.labels) == ("Two\nlines", (stance("P", "against"),))
    assert third.labels == (tone("negative"),)


def test_a_row_of_a_csv_is_numbered_as_a_spreadsheet_shows_it(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "text,proposition,stance", '"a\nb",P,favor', "", "c,P,pro")

    assert faults(path) == [
        (
            "x.csv: row 4: stance 'pro' is not one of favor, against, neutral, unrelated; "
            "probably 'favor' is meant"
        )
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbftext;proposition;stance\r\nJa, gern;P;favor\r\n",
        b"text\tproposition\tstance\nJa, gern\tP\tfavor\n",
        b'Text, Proposition ,STANCE,,\n"Ja, gern",P,favor,,\n',
    ],
    ids=["semicolons and a mark", "tabs", "names in capitals and empty columns"],
)
def test_what_spreadsheets_write_is_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)

    [example] = read(path)

    assert (example.statement.text, example.labels) == ("Ja, gern", (stance("P", "favor"),))


def test_the_rows_of_different_annotators_make_shares(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.csv",
        "text,proposition,stance,sentiment,annotator",
        "t,P,favor,neutral,ann",
        "t,P,favor,neutral,bob",
        "t,P,neutral,negative,eve",
        "t,P,against,neutral,dan",
    )

    [example] = read(path)

    assert example.labels == (
        stance("P", "favor", (0.5, 0.25, 0.25, 0.0)),
        tone("neutral", soft=(0.0, 0.75, 0.25)),
    )


@pytest.mark.parametrize("annotators", ["", "ann"])
def test_a_contradiction_of_one_annotator_stays_to_be_seen(tmp_path: Path, annotators: str) -> None:
    path = write(
        tmp_path / "x.csv",
        "text,proposition,stance,annotator", f"t,P,favor,{annotators}",
        f"t,P,favor,{annotators}", f"t,P,against,{annotators}",
    )  # fmt: skip

    assert [(e.place, e.labels) for e in read(path)] == [
        (f"{path}:2", (stance("P", "favor"),)),
        (f"{path}:4", (stance("P", "against"),)),
    ]


def test_statements_that_differ_in_id_or_group_are_not_joined(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.csv", "id,text,proposition,stance,group", "1,t,P,favor,g", "2,t,Q,favor,g",
        "1,t,Q,favor,h",
    )  # fmt: skip

    assert [example.group for example in read(path)] == ["g", "g", "h"]


def test_a_parquet_table_reads_as_the_csv_does(tmp_path: Path) -> None:
    table = {
        "id": [1.0, 1.0, None], "text": ["t", "t", "u"], "proposition": ["P", "Q", None],
        "stance": ["favor", "against", None], "sentiment": [None, None, "negative"],
        "date": [datetime.date(2024, 5, 31)] * 3,
    }  # fmt: skip
    pyarrow.parquet.write_table(pa.table(table), tmp_path / "x.parquet")

    first, second = read(tmp_path / "x.parquet")

    assert (first.statement.id, second.statement.id) == ("1", "x:3")
    assert first.labels == (stance("P", "favor"), stance("Q", "against"))
    assert (second.labels, second.date) == ((tone("negative"),), datetime.date(2024, 5, 31))


def test_shares_may_stand_in_a_parquet_table(tmp_path: Path) -> None:
    shares = pa.array([{"favor": 0.5, "against": None, "neutral": 0.5}])
    table = pa.table({"text": ["t"], "proposition": ["P"], "stance": shares})
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet")

    assert read(tmp_path / "x.parquet")[0].labels == (stance("P", "favor", (0.5, 0, 0.5, 0)),)


def test_the_faults_of_all_files_are_reported_together(tmp_path: Path) -> None:
    lines = write(
        tmp_path / "x.jsonl",
        row(labels=[{"proposition": "P", "stance": "pro"}]),
        row(),
        row(labels=[{"issue": "nato-membershp", "stance": "favor"}]),
        "{",
        {"labels": []},
        row(labels=[]),
        row(lables=[]),
    )
    table = write(tmp_path / "y.csv", "text,proposition,stance", "t,P,", ",P,favor", "t,,favor")

    assert [fault[:60] for fault in faults(lines, tmp_path / "gone.csv", table)] == [
        said[:60]
        for said in (
            "x.jsonl: line 1: stance 'pro' is not one of favor, against, neutral, unrelated",
            "x.jsonl: line 3: unknown issue 'nato-membershp'; nearest known: nato-membership",
            "x.jsonl: line 4: is not JSON: Expecting property name enclosed in double quotes",
            "x.jsonl: line 5: has no label; text: is missing",
            "x.jsonl: line 6: has no label",
            "x.jsonl: line 7: unknown field 'lables'; did you mean 'labels'?; known: context",
            "gone.csv: cannot be read: No such file or directory",
            "y.csv: row 2: stance is missing; give one of favor, against, neutral, unrelated",
            "y.csv: row 3: text: is missing",
            "y.csv: row 4: each label needs either issue or proposition",
        )
    ]


def test_twenty_faults_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", *[{"text": "t"}] * 30)

    with pytest.raises(LabelsError) as caught:
        read(path)

    assert len(caught.value.faults) == 30
    assert str(caught.value).splitlines()[-1] == "and 10 more faults"


def test_faulty_rows_can_be_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", row(), {"text": "t"}, row(text="u"))

    reading = read_labels([path], CATALOGUE, skip_faulty=True)

    assert [example.statement.text for example in reading.examples] == ["t", "u"]
    assert reading.faults == (f"{path}: line 2: has no label",)


def test_nothing_but_faulty_rows_is_an_error_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="has no label"):
        read_labels([write(tmp_path / "x.jsonl", {"text": "t"})], CATALOGUE, skip_faulty=True)


def test_a_file_that_cannot_be_read_is_never_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", row())

    with pytest.raises(LabelsError, match="gone.jsonl: cannot be read"):
        read_labels([path, tmp_path / "gone.jsonl"], CATALOGUE, skip_faulty=True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("3", "must be an object with a text"),
        (row(labels=3), "labels must be a list of objects, not a number"),
        (row(labels={"a": 1}), "labels must be a list of objects, not an object"),
        (row(labels=["favor"]), "labels.0 must be an object, not text"),
        (row(labels=[None]), "labels.0 must be an object, not null"),
        (row(labels=[{"proposition": "P", "stance": 1}]), "stance must be one of favor"),
        (row(labels=[{"proposition": "P", "stance": True}]), "annotators' labels, not true or"),
        (row(labels=[{"proposition": "P", "stance": []}]), "stance is an empty list"),
        (row(labels=[{"proposition": "P", "stance": [1]}]), "stance.0 must be a label, not a n"),
        (row(labels=[{"proposition": "P"}]), "stance is missing; give one of favor"),
        (row(labels=[{"proposition": "P", "stanse": "favor"}]), "did you mean 'stance'?"),
        (row(labels=[{"proposition": 3, "stance": "favor"}]), "proposition: must be text"),
        (row(labels=[{"issue": 3, "stance": "favor"}]), "issue: must be text, not int"),
        (row(labels=[{"issue": "a", "proposition": "b", "stance": "favor"}]), "either issue or"),
        (row(targets=["Kyiv"]), "targets.0 must be an object, not text"),
        (row(targets="Kyiv"), "targets must be a list of objects, not text"),
        (row(targets=[{"target": "Kyiv"}]), "sentiment is missing"),
        (row(targets=[{"sentiment": "neutral"}]), "target: must be text"),
        (row(targets=[{"target": "x" * 161, "sentiment": "neutral"}]), "targets.0: has 161"),
        (row(sentiment={"positive": 0.5}), "the shares of sentiment sum to 0.5"),
        (row(sentiment={"positive": 2, "negative": -1}), "a share lies between 0 and 1"),
        (row(sentiment={"positive": "1"}), "sentiment.positive must be a share, not text"),
        (row(sentiment={"good": 1.0}), "probably 'positive' is meant"),
        ('{"text": "t", "sentiment": {"positive": NaN}}', "is not JSON: NaN is no value"),
        (row(id=True), "id must be text or a whole number, not true or false"),
        (row(id=["a"]), "id must be text or a whole number, not a list"),
        (row(group=1.5), "group must be text or a whole number, not a number"),
        (row(group=""), "group is empty"),
        (row(source=1), "source: must be text, not int"),
        (row(context=1), "context: must be text, not int"),
        (row(speaker=[]), "speaker: must be text, not list"),
        (row(text=5), "text: must be text, not int"),
        (row(text=" "), "text: is empty"),
        ('{"text": "\\ud800", "sentiment": "neutral"}', "text: holds a lone surrogate"),
        (row(date="31.05.2024"), "date '31.05.2024' is not an ISO date such as 2024-05-31"),
        (row(date=20240531000000000), "is not an ISO date"),
        (row(labels=[
            {"issue": "nato-membership", "stance": "favor"},
            {"proposition": NATO, "stance": "against"},
        ]), "labels 'Ukraine should become a member of NATO' twice, and not alike"),
        ("[" * 100_000, "is not JSON: nested too deep"),
        ('{"text": "t", "id": ' + "1" * 5000 + "}", "is not JSON: Exceeds the limit"),
    ],
)  # fmt: skip
def test_a_line_of_wrong_types_is_a_fault_with_its_reason(
    tmp_path: Path, line: object, said: str
) -> None:
    [fault] = faults(write(tmp_path / "x.jsonl", line))

    assert fault.startswith("x.jsonl: line 1: ")
    assert said in fault


def test_all_faults_of_a_line_are_told(tmp_path: Path) -> None:
    wrong = [{"proposition": "P", "stance": "con"}, {"proposition": "Q", "stance": "supports"}]

    [fault] = faults(write(tmp_path / "x.jsonl", row(labels=wrong, sentiment="bad")))

    assert "labels.0: stance 'con' is not" in fault
    assert "probably 'against' is meant; labels.1: stance 'supports' is not" in fault
    assert "sentiment 'bad' is not one of positive, neutral, negative; probably 'negative'" in fault


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("text,proposition,stanse", "unknown column 'stanse'; did you mean 'stance'?; known: text"),
        ("text,proposition,stance,stance", "column 'stance' stands twice"),
        ("proposition,stance", "has no column text; its columns: proposition, stance"),
        ("text,proposition", "has no column of labels"),
        ("text,stance", "has a column stance, but neither issue nor proposition"),
        ("text,sentiment,target", "has one of the columns target and target_sentiment; give both"),
    ],
)
def test_columns_that_cannot_be_are_named(tmp_path: Path, header: str, said: str) -> None:
    assert said in faults(write(tmp_path / "x.csv", header, "a,b,favor,c"))[0]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("a, b,P,favor", "has more fields than columns"),
        ('"a"b,P,favor', "is not CSV: ',' expected after '\"'"),
        ('"a,P,favor', "is not CSV: unexpected end of data"),
    ],
)
def test_a_broken_record_is_a_fault_of_its_row(tmp_path: Path, record: str, said: str) -> None:
    [fault] = faults(write(tmp_path / "x.csv", "text,proposition,stance", "t,P,favor", record))

    assert fault.startswith("x.csv: row 3: ")
    assert said in fault


def test_a_field_under_no_name_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "text,proposition,stance,", "t,P,favor,oops")

    assert faults(path) == [
        "x.csv: row 2: has a field in a column without a name; name it or empty it"
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.jsonl", b"", "is empty; write at least one labelled row"),
        ("x.jsonl", b"\n\n", "is empty"),
        ("x.csv", b"", "is empty"),
        ("x.csv", b"text,sentiment\n\n", "is empty"),
        ("x.csv", b"text,sentiment\n\x00\x01\n", "is not text; it holds NUL bytes"),
        ("x.jsonl", b"PK\x03\x04\x00", "is not text"),
        ("x.csv", b"text,sentiment\nt,neutral\nit\x92s,neutral\n",
         "line 3: is not UTF-8 (byte 0x92); save it as UTF-8"),
        ("x.csv", "text,sentiment\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("x.parquet", b"text,sentiment\n", "is not Parquet"),
        ("x.parquet", b"", "is not Parquet"),
        ("x.xlsx", b"PK", ("unknown kind of file '.xlsx'; labels are read from .jsonl, .csv, .tsv "
         "and .parquet; save the sheet as 'CSV UTF-8'")),
        ("x.json", b"[]", "write one object a line and name it .jsonl"),
        ("labels", b"", "unknown kind of file ''"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_file_of_labels_is_named_with_the_remedy(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    [fault] = faults(tmp_path / name)

    assert fault.startswith(f"{name}: ")
    assert said in fault


def test_a_folder_is_told_apart_from_a_file(tmp_path: Path) -> None:
    assert faults(tmp_path / "..")[0].endswith("is a folder; name the files in it")


def test_a_broken_string_in_a_parquet_table_is_a_fault_of_its_row(tmp_path: Path) -> None:
    broken = pa.array([b"fine", b"\xff"], pa.binary()).view(pa.string())
    table = pa.table({"text": broken, "sentiment": ["neutral", "neutral"]})
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet")

    [fault] = faults(tmp_path / "x.parquet")

    assert fault.startswith("x.parquet: row 2: cannot be read")


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a\u2028b\x85c", "sentiment": "neutral"}\r\n', encoding="utf-8")

    [example] = read(path)

    assert example.statement.text == "a\u2028b\x85c"


def test_the_documented_examples_read_without_a_fault(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "training.md").read_text()
    blocks = re.findall(r"```(jsonl|csv)\n(.*?)```", page, re.DOTALL)
    paths = [tmp_path / f"{n}.{suffix}" for n, (suffix, _) in enumerate(blocks)]
    for path, (_, block) in zip(paths, blocks, strict=True):
        path.write_text(block)

    lines, table, soft = (read(path) for path in paths)

    assert [one.statement.text for one in lines] == [one.statement.text for one in table]
    assert [set(one.labels) for one in lines] == [set(one.labels) for one in table]
    assert [one.labels[0].soft for one in soft] == [
        (0.7, 0.0, 0.3, 0.0),
        (1 / 3, 0.0, 2 / 3, 0.0),
    ]
