import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from stance.__main__ import main
from stance.bundle import bundle_names, default_name, models_dir, open_bundle
from stance.domain import Issue, Statement
from stance.issues import read_catalogue
from stance.promotion import promote
from stance.result_files import SCHEMA
from stance.terminal import print_results
from tests.fakes import fake_classifier
from tests.tiny_analysis import publish_extractor
from tests.tiny_bundles import classifier_with_sets, opening_at, publish_tiny

TEXT = "Kyiv will not give up any land, the minister said."
OWN = "Ukraine should hold elections during the war"
STATEMENTS = (
    '{"id": "a", "text": "Kyiv will not give up any land.", "speaker": "the minister"}\n'
    '{"text": "“We welcome a ceasefire”, he said.", "targets": ["Moscow", "Kyïv"]}\n'
    '{"id": "c", "text": "It rained in Oslo."}\n'
)
HALF_READABLE = '{"text": "We agree."}\n{"text": ""}\n{"text": "They agree."}\n'


@dataclass
class Outcome:
    code: object
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(ended.value.code, captured.out, captured.err)

    return call


@pytest.fixture
def statements(tmp_path: Path) -> Path:
    path = tmp_path / "statements.jsonl"
    path.write_text(STATEMENTS, encoding="utf-8")
    return path


@pytest.fixture
def half_readable(tmp_path: Path) -> Path:
    path = tmp_path / "half.jsonl"
    path.write_text(HALF_READABLE, encoding="utf-8")
    return path


@pytest.fixture
def catalogue(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "issues.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def copied_bundle(tmp_path: Path) -> Iterator[Path]:
    """The default bundle in a folder of models of its own, to be damaged."""
    models = tmp_path / "models"
    name = default_name(models_dir())
    shutil.copytree(models_dir() / name, models / name)
    (models / "DEFAULT").write_text(name + "\n")
    yield models / name
    shutil.rmtree(models)


@pytest.fixture(scope="module")
def service() -> Iterator[TestClient]:
    with TestClient(create_app(Settings())) as client:
        yield client


def subprocess_environment(**more: str) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"} | more


def stance_process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - the arguments are the tests' own
        [sys.executable, "-m", "stance", *arguments], stderr=subprocess.PIPE, check=False, **options
    )


def flip_last_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


# Classify: what is answered


def test_a_text_is_answered_in_a_table_with_its_issue(run: Run) -> None:
    asked = ("classify", "--text", TEXT, "--issue", "ceasefire")
    [answer] = run(*asked, "--json").json

    table = run(*asked)

    [row] = [line for line in table.out.splitlines() if TEXT in line]
    [stance] = answer["stances"]
    share = f"{max(stance['probabilities'].values()):.2f}"
    cells = row.replace(TEXT, "").split()
    assert cells == [answer["sentiment"]["label"], "ceasefire", stance["label"], share]
    assert (table.code, table.err) == (0, "")


def test_a_table_of_the_whole_catalogue_shows_only_issues_that_the_statement_is_about(
    run: Run,
) -> None:
    [answer] = run("classify", "--text", "Good morning.", "--json").json

    table = run("classify", "--text", "Good morning.")

    about = {one["issue"] for one in answer["stances"] if one["label"] != "unrelated"}
    assert {issue.id for issue in read_catalogue() if (issue.id or "") in table.out} == about


@pytest.mark.parametrize(
    ("show_unrelated", "text", "shown"),
    [
        (False, "Paris supports lunch", ["the-lunch favor"]),
        (True, "Paris supports lunch", ["the-tax unrelated", "the-lunch favor"]),
        (False, "Paris", ["none of those asked"]),
    ],
    ids=["hidden", "asked for", "none"],
)
def test_a_table_can_hide_issues_that_a_statement_is_not_about(
    show_unrelated: bool, text: str, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    issues = [Issue("the-tax", "Tax", "Tax carbon"), Issue("the-lunch", "Lunch", "Serve lunch")]
    results = list(fake_classifier().classify([Statement(text)], issues))

    print_results(results, show_unrelated)

    out = capsys.readouterr().out.replace(text, "").replace(" neutral ", "")
    rows = [re.sub(r"[\d.]+", "", line).split() for line in out.splitlines()[3:]]
    assert [" ".join(row) for row in rows if row] == shown


def test_markup_in_a_statement_is_shown_as_it_is(run: Run) -> None:
    text = "[red]We[/nope] agree[/]."

    assert text in run("classify", "--text", text, "--issue", "ceasefire").out


def test_a_statement_cannot_send_commands_to_the_terminal(run: Run) -> None:
    outcome = run("classify", "--text", "We \x1b[2Jagree\x9b2J.", "--issue", "ceasefire")

    assert not {"\x1b", "\x9b"} & set(outcome.out)


def test_neither_issue_nor_proposition_asks_the_whole_catalogue(run: Run) -> None:
    [answer] = run("classify", "--text", TEXT, "--json").json

    assert [(one["issue"], one["proposition"]) for one in answer["stances"]] == [
        (issue.id, issue.proposition) for issue in read_catalogue()
    ]


def test_issues_and_propositions_are_answered_in_the_order_given(run: Run) -> None:
    outcome = run(
        "classify", "--text", TEXT, "--json", "--issue", "embassies", "--proposition", OWN,
        "--issue", "ceasefire",
    )  # fmt: skip

    assert [(one["issue"], one["proposition"]) for one in outcome.json[0]["stances"]] == [
        ("embassies", read_catalogue()["embassies"].proposition),
        ("ceasefire", read_catalogue()["ceasefire"].proposition),
        (None, OWN),
    ]


def test_a_target_is_answered_beside_the_issues(run: Run) -> None:
    outcome = run("classify", "--text", TEXT, "--target", "Kyiv", "--target", "Oslo", "--json")

    assert [one["target"] for one in outcome.json[0]["targets"]] == ["Kyiv", "Oslo"]


def test_a_file_is_answered_in_order_under_its_ids_and_line_numbers(
    run: Run, statements: Path
) -> None:
    outcome = run("classify", statements, "--issue", "ceasefire", "--json")

    assert [answer["id"] for answer in outcome.json] == ["a", "2", "c"]
    assert (outcome.code, outcome.err) == (0, "")


def test_a_table_of_more_statements_than_it_takes_at_a_time_shows_all(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(f"number-{n}-of-many\n" for n in range(105)))

    table = run("classify", path, "--issue", "ceasefire")

    shown = [word for word in table.out.split() if word.endswith("-of-many")]
    assert shown == [f"number-{n}-of-many" for n in range(105)]


def test_a_dash_is_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(STATEMENTS.encode()))
    monkeypatch.setattr("sys.stdin", stdin)

    outcome = run("classify", "-", "--issue", "ceasefire", "--json")

    assert [answer["id"] for answer in outcome.json] == ["a", "2", "c"]


def test_standard_input_is_read_in_the_format_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"id,text\nx,We agree.\n"))
    monkeypatch.setattr("sys.stdin", stdin)

    outcome = run("classify", "-", "--format", "csv", "--issue", "ceasefire", "--json")

    assert [answer["id"] for answer in outcome.json] == ["x"]


def test_an_empty_file_is_done_at_once_and_prints_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()

    assert run("classify", tmp_path / "empty.jsonl", "--json") == Outcome(0, "", "")


def test_a_catalogue_of_ones_own_replaces_the_default_one(
    run: Run, catalogue: Callable[[str], Path]
) -> None:
    path = catalogue('[[issue]]\nid = "tax"\nname = "Tax"\nproposition = "Tax carbon"\n')

    outcome = run("classify", "--text", TEXT, "--issues", path, "--json")

    assert [one["issue"] for one in outcome.json[0]["stances"]] == ["tax"]


# Prediction sets


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A folder of models whose default is for everything, and sure of it below 0.9."""
    publish_tiny(tmp_path / "tiny", "sure", "favor", opening_at(0.9), window=128)
    promote(tmp_path / "tiny", "sure")
    return tmp_path / "tiny"


def test_where_coverage_is_asked_each_answer_has_its_set(run: Run, tiny: Path) -> None:
    asked = ("classify", "--text", "peace", "--target", "Kyiv", "--issue", "ceasefire", "--json")

    [answer] = run(*asked, "--models", tiny, "--coverage", "0.8").json

    assert answer["stances"][0]["prediction_set"] == ["favor"]
    assert answer["sentiment"]["prediction_set"] == ["neutral"]
    assert answer["targets"][0]["prediction_set"] == ["neutral"]


@pytest.mark.parametrize(
    ("coverage", "labels"), [("0.8", "favor"), ("0.9", "favor;against;neutral;unrelated")]
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_in_a_file_has_a_column_of_sets(
    suffix: str, coverage: str, labels: str, run: Run, tiny: Path, statements: Path
) -> None:
    path = tiny / f"out{suffix}"

    outcome = run(
        "classify", statements, "--models", tiny, "--issue", "ceasefire", "--coverage", coverage,
        "--out", path,
    )  # fmt: skip

    assert outcome.code == 0
    if suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            rows: list[Any] = list(csv.DictReader(file))
    else:
        rows = pyarrow.parquet.read_table(path).to_pylist()
    assert [row["prediction_set"] for row in rows] == [labels] * 3


def test_a_table_shows_the_other_labels_of_a_set_and_hides_no_doubt(
    capsys: pytest.CaptureFixture[str],
) -> None:
    issues = [Issue("the-tax", "Tax", "Tax carbon"), Issue("the-lunch", "Lunch", "Serve lunch")]
    statements = [Statement("Paris supports lunch")]

    for coverage in (0.8, 0.9):
        results = classifier_with_sets(0.9).classify(statements, issues, coverage)
        print_results(list(results), show_unrelated=False)

    [sure, unsure] = re.split(r"Statement .*", capsys.readouterr().out)[1:]
    assert "the-tax" not in sure
    assert re.search(r"neutral +the-lunch +favor +0\.95 *\n", sure)
    assert re.search(r"the-tax +unrelated +0\.95 +favor, against, neutral", unsure)
    assert re.search(r"positive +the-lunch +favor +0\.95 +against, neutral, unrelated", unsure)


def test_coverage_of_a_model_without_prediction_sets_is_refused_with_the_remedy(
    run: Run, tiny: Path
) -> None:
    publish_tiny(tiny, "plain", "favor", window=128)

    asked = ("classify", "--text", TEXT, "--coverage", "0.9")
    outcome = run(*asked, "--models", tiny, "--model", "plain")

    reason = "the model plain has no prediction sets; ask without coverage, or train a newer model"
    assert outcome == Outcome(1, "", f"stance: coverage: {reason}\n")


# One schema at both doors


def test_the_json_of_a_text_is_the_result_that_the_service_gives(
    run: Run, service: TestClient
) -> None:
    [line] = run(
        "classify", "--text", TEXT, "--issue", "ceasefire", "--proposition", OWN,
        "--target", "Kyiv", "--json",
    ).json  # fmt: skip

    answer = service.post(
        "/classify",
        json={
            "statements": [{"text": TEXT, "targets": ["Kyiv"]}],
            "issues": ["ceasefire"],
            "propositions": [OWN],
        },
    )

    assert answer.json() == {"model": default_name(models_dir()), "results": [line]}


def test_the_json_of_a_file_is_the_results_that_the_service_gives(
    run: Run, service: TestClient, statements: Path
) -> None:
    lines = run("classify", statements, "--json").json

    rows = [json.loads(line) for line in STATEMENTS.splitlines()]
    rows[1]["id"] = "2"
    answer = service.post("/classify", json={"statements": rows})

    assert answer.json()["results"] == lines


# Files of results


def test_out_jsonl_holds_the_lines_that_json_prints(
    run: Run, statements: Path, tmp_path: Path
) -> None:
    printed = run("classify", statements, "--json").out

    outcome = run("classify", statements, "--out", tmp_path / "out.jsonl")

    assert (tmp_path / "out.jsonl").read_text("utf-8") == printed
    assert outcome == Outcome(0, "", f"stance: 3 statements scored into {tmp_path / 'out.jsonl'}\n")


def test_out_parquet_has_a_row_for_each_statement_and_issue(
    run: Run, statements: Path, tmp_path: Path
) -> None:
    path = tmp_path / "out.parquet"
    answers = run("classify", statements, "--json").json

    assert run("classify", statements, "--out", path).code == 0

    table = pyarrow.parquet.read_table(path)
    assert table.schema == SCHEMA
    assert [
        (row["id"], row["issue"], row["stance"], row["score"]) for row in table.to_pylist()
    ] == [
        (answer["id"], one["issue"], one["label"], one["score"])
        for answer in answers
        for one in answer["stances"]
    ]


def test_out_csv_has_a_row_for_each_statement_and_issue(
    run: Run, statements: Path, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    answers = run("classify", statements, "--json").json

    assert run("classify", statements, "--out", path).code == 0

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["issue"], row["stance"], row["score"]) for row in rows] == [
        (answer["id"], one["issue"], one["label"], str(one["score"]))
        for answer in answers
        for one in answer["stances"]
    ]


def test_out_with_an_unknown_suffix_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"

    assert run("classify", "--text", TEXT, "--out", path) == Outcome(
        1, "", f"stance: {path}: unknown format; end the name in .jsonl, .csv, .parquet\n"
    )


def test_out_that_cannot_be_written_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "out.jsonl"

    assert run("classify", "--text", TEXT, "--out", path) == Outcome(
        1, "", f"stance: {path}: cannot be written: No such file or directory\n"
    )


def test_a_file_that_cannot_be_read_leaves_no_file_of_results(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "missing.jsonl"

    outcome = run("classify", missing, "--out", tmp_path / "out.jsonl")

    assert outcome == Outcome(
        1, "", f"stance: {missing}: cannot be read: No such file or directory\n"
    )
    assert list(tmp_path.iterdir()) == []


# Rows that cannot be read


def test_rows_that_failed_are_reported_and_counted_and_the_others_answered(
    run: Run, half_readable: Path
) -> None:
    outcome = run("classify", half_readable, "--issue", "ceasefire", "--json")

    assert [answer["id"] for answer in outcome.json] == ["1", "3"]
    assert outcome.code == 3
    assert outcome.err.splitlines() == [
        f"stance: {half_readable}: line 2: text: is empty; give at least one word",
        "stance: 2 rows answered, 1 not",
    ]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_rows_that_failed_are_left_out_of_the_file_of_results_and_counted(
    suffix: str, run: Run, half_readable: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"out{suffix}"

    outcome = run("classify", half_readable, "--issue", "ceasefire", "--out", path)

    assert path.is_file()
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err.splitlines()[1:] == [
        f"stance: 2 statements scored into {path}",
        "stance: 2 rows answered, 1 not",
    ]


def test_rows_that_failed_are_counted_after_a_table(run: Run, half_readable: Path) -> None:
    outcome = run("classify", half_readable, "--issue", "ceasefire")

    assert outcome.code == 3
    assert outcome.err.endswith("stance: 2 rows answered, 1 not\n")


def test_of_many_rows_that_failed_the_first_twenty_are_shown(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text('{"text": "We agree."}\n' + "{}\n" * 25)

    outcome = run("classify", path, "--issue", "ceasefire", "--json")

    assert outcome.code == 3
    assert outcome.err.splitlines() == [
        *(
            f"stance: {path}: line {n}: text is missing; every row needs a text"
            for n in range(2, 22)
        ),
        "stance: 1 rows answered, 25 not, the first 20 shown",
    ]


def test_a_row_whose_target_is_too_long_fails_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    rows = [{"text": "good"}, {"text": "x", "targets": ["word " * 50]}, {"text": "good"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    outcome = run("classify", path, "--issue", "ceasefire", "--json")

    assert [answer["id"] for answer in outcome.json] == ["1", "3"]
    assert outcome.code == 3
    assert f"{path}: line 2: targets.0: " in outcome.err


# What is refused


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "text: is empty; give at least one word"),
        (" \n", "text: is empty; give at least one word"),
        ("a\0b", "text: holds a NUL character at offset 1; remove it"),
        ("a\udce9", "text: holds a lone surrogate at offset 1; send valid Unicode"),
    ],
    ids=["empty", "blank", "NUL", "no valid Unicode"],
)
def test_a_text_that_cannot_be_read_is_refused(text: str, reason: str, run: Run) -> None:
    assert run("classify", "--text", text) == Outcome(1, "", f"stance: {reason}\n")


def test_an_unknown_issue_is_refused_with_the_nearest_known(run: Run) -> None:
    assert run("classify", "--text", TEXT, "--issue", "cease-fire") == Outcome(
        1, "", "stance: unknown issue 'cease-fire'; nearest known: ceasefire, embassies\n"
    )


def test_a_blank_proposition_is_refused_by_its_name(run: Run) -> None:
    assert run("classify", "--text", TEXT, "--proposition", " ") == Outcome(
        1, "", "stance: proposition: is empty; give at least one word\n"
    )


def test_a_proposition_longer_than_the_window_is_refused_before_any_work(run: Run) -> None:
    window = open_bundle(models_dir()).window

    outcome = run("classify", "missing.jsonl", "--proposition", "word " * window)

    assert outcome == Outcome(
        1,
        "",
        f"stance: proposition: is longer than the model's {window} tokens; shorten it\n",
    )


def test_all_faults_of_a_catalogue_are_reported_at_once(
    run: Run, catalogue: Callable[[str], Path]
) -> None:
    path = catalogue("""
        colour = "blue"
        [[issue]]
        id = "tax"
        name = "Tax"
        [[issue]]
        id = "Ships"
        name = "Ships"
        proposition = "Ships should slow down"
        size = 5
        [[issue]]
        id = "a"
        name = "A"
        proposition = "Tax carbon"
        [[issue]]
        id = "a"
        name = ""
        proposition = "Tax carbon"
        [[issue]]
        id = "a"
        name = "A"
        proposition = "Tax carbon"
    """)

    outcome = run("classify", "--text", TEXT, "--issues", path)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.removeprefix("stance: ").splitlines() == [
        f"{path}: unknown key 'colour'; only [[issue]] tables",
        f"{path}: issue 1: proposition is missing",
        f"{path}: issue 2: unknown key 'size'",
        f"{path}: issue 2: id: may hold lower-case letters, digits and hyphens only",
        f"{path}: issue 4: name: is empty; give at least one word",
        f"{path}: issue 5: id 'a' is used twice",
        f"{path}: issue 5: same proposition as issue 'a'",
    ]


def test_of_many_faults_of_a_catalogue_the_first_twenty_are_shown(
    run: Run, catalogue: Callable[[str], Path]
) -> None:
    path = catalogue('[[issue]]\nid = "a"\nname = "A"\n' * 25)

    lines = run("classify", "--text", TEXT, "--issues", path).err.splitlines()

    assert len(lines) == 21
    assert lines[-1] == f"{path}: and 5 more faults"


@pytest.mark.parametrize(
    "text",
    ["", "issue = 5", "[issue]\nid = 1", "[[issue", "a = " + "[" * 5000, "a = " + "9" * 5000],
    ids=["empty", "number", "table", "no TOML", "deep", "huge number"],
)
def test_what_is_no_catalogue_is_refused_by_its_file_name(
    text: str, run: Run, catalogue: Callable[[str], Path]
) -> None:
    path = catalogue(text)

    outcome = run("classify", "--text", TEXT, "--issues", path)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"stance: {path}: ")


@pytest.mark.parametrize("name", ["gpt", "../models", ".hidden", "a" * 200])
def test_an_unknown_model_is_refused_with_those_there_are(name: str, run: Run) -> None:
    known = ", ".join(bundle_names(models_dir()))

    assert run("classify", "--text", TEXT, "--model", name) == Outcome(
        1, "", f"stance: no model {name[:100]!r} in {models_dir()}; there are: {known}\n"
    )


@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe", b"gone\n"], ids=["missing", "empty", "no UTF-8", "unknown"]
)
def test_a_default_that_names_no_model_is_refused(
    content: bytes | None, run: Run, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "DEFAULT").write_bytes(content)

    outcome = run("classify", "--text", TEXT, "--models", tmp_path)

    assert (outcome.code, outcome.out) == (1, "")
    assert str(tmp_path) in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("classify",),
        ("classify", "--text", "x", "file.jsonl"),
        ("classify", "file.jsonl", "--target", "Kyiv"),
        ("classify", "--text", "x", "--format", "xml"),
        ("classify", "--text", "x", "--threads", "many"),
        ("classify", "--text", "x", "--threads", "0"),
        ("classify", "--text", "x", "--threads", "-1"),
        ("serve", "--threads", "0"),
        ("serve", "--port", "99999"),
        ("classify", "--text", "x", "--coverage", "0.4"),
        ("classify", "--text", "x", "--coverage", "1"),
        ("classify", "--text", "x", "--coverage", "nan"),
        ("classify", "--text", "x", "--coverage", "most"),
        ("models", "rollback", "a-name"),
        ("models", "rollback", "--kind", "other"),
        ("models", "promote"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2_with_a_hint(arguments: tuple[str, ...], run: Run) -> None:
    outcome = run(*arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("usage: stance")


def test_a_setting_that_cannot_be_read_is_refused_by_its_name(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANCE_MAX_PAIRS", "many")

    outcome = run("serve")

    assert (outcome.code, outcome.out) == (1, "")
    assert "STANCE_MAX_PAIRS" in outcome.err


# Bundles


def test_models_list_marks_the_one_that_is_served(run: Run) -> None:
    outcome = run("models", "list")

    rows = [line[2:].split()[0] for line in outcome.out.splitlines()]
    served = [line.split()[1:3] for line in outcome.out.splitlines() if line.startswith("* ")]
    assert rows == bundle_names(models_dir())
    assert [default_name(models_dir()), "stance"] in served


def test_models_list_shows_a_broken_bundle_beside_the_others(run: Run, tiny: Path) -> None:
    publish_tiny(tiny, "broken", "favor")
    (tiny / "broken" / "model.onnx").write_bytes(b"other")

    outcome = run("models", "list", "--models", tiny)

    digest = open_bundle(tiny, "sure").digest[:12]
    fault = f"{tiny / 'broken' / 'model.onnx'}: its sha256 is not the manifest's"
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        f"  broken  broken: {fault}; fetch the bundle again",
        f"* sure  stance  {digest}  sure",
    ]


def test_models_list_fails_where_the_default_is_broken_and_shows_all(run: Run, tiny: Path) -> None:
    publish_tiny(tiny, "whole", "favor")
    flip_last_byte(tiny / "sure" / "tokenizer.json")

    outcome = run("models", "list", "--models", tiny)

    fault = f"{tiny / 'sure' / 'tokenizer.json'}: its sha256 is not the manifest's"
    assert [line[:8] for line in outcome.out.splitlines()] == ["* sure  ", "  whole "]
    assert outcome.err == f"stance: {fault}; fetch the bundle again\n"
    assert outcome.code == 1


@pytest.mark.parametrize("content", [None, "gone\n"], ids=["missing", "unknown"])
def test_models_list_fails_where_no_bundle_is_the_default_and_shows_all(
    content: str | None, run: Run, tiny: Path
) -> None:
    (tiny / "DEFAULT").unlink()
    if content:
        (tiny / "DEFAULT").write_text(content)

    outcome = run("models", "list", "--models", tiny)

    assert outcome.code == 1
    assert outcome.out.startswith("  sure  ")
    assert outcome.err.startswith("stance: ")


def test_models_list_tells_the_kinds_and_marks_the_served_one_of_each(run: Run, tiny: Path) -> None:
    publish_extractor(tiny, "finder")
    publish_extractor(tiny, "other")
    promote(tiny, "finder")

    outcome = run("models", "list", "--models", tiny)

    assert outcome.code == 0
    assert [[line[0], *line[2:].split()[:2]] for line in outcome.out.splitlines()] == [
        ["*", "finder", "extraction"],
        [" ", "other", "extraction"],
        ["*", "sure", "stance"],
    ]


def test_models_list_fails_where_the_served_extractor_is_broken(run: Run, tiny: Path) -> None:
    flip_last_byte(publish_extractor(tiny, "finder") / "speakers.json")
    (tiny / "EXTRACTOR").write_text("finder\n")

    outcome = run("models", "list", "--models", tiny)

    assert outcome.code == 1
    assert outcome.out.startswith("* finder  broken: ")


def test_models_can_be_asked_for_the_served_extractor(run: Run, tiny: Path) -> None:
    for name in ("finder", "newer"):
        publish_extractor(tiny, name)
        promote(tiny, name)
    of_extraction = ("--kind", "extraction", "--models", tiny)

    assert json.loads(run("models", "show", *of_extraction).out)["name"] == "newer"
    assert run("models", "verify", *of_extraction).out.startswith("newer: 3 files are")
    assert run("models", "rollback", *of_extraction).out == "extraction: newer -> finder\n"
    assert default_name(tiny) == "sure"


def test_models_rollback_serves_what_was_served_before(run: Run, tiny: Path) -> None:
    publish_tiny(tiny, "newer", "against")
    promote(tiny, "newer")

    outcome = run("models", "rollback", "--models", tiny)

    assert outcome == Outcome(0, "stance: newer -> sure\n", "")
    assert default_name(tiny) == "sure"


def test_models_rollback_with_nothing_to_go_back_to_is_refused(run: Run, tiny: Path) -> None:
    outcome = run("models", "rollback", "--models", tiny)

    reason = "names no whole model to go back to; promote one by its name"
    assert outcome == Outcome(1, "", f"stance: {tiny / 'HISTORY'} {reason}\n")
    assert default_name(tiny) == "sure"


def test_models_show_prints_the_manifest_the_report_and_the_digest(run: Run) -> None:
    name = default_name(models_dir())
    manifest = (models_dir() / name / "manifest.json").read_bytes()

    shown = json.loads(run("models", "show").out)

    assert shown == {
        "name": name,
        "digest": open_bundle(models_dir()).digest,
        **json.loads(manifest),
        "report": json.loads((models_dir() / name / "report.json").read_text("utf-8")),
    }


def test_models_verify_counts_the_files_of_a_whole_bundle(run: Run) -> None:
    name = default_name(models_dir())
    n_files = len([path for path in (models_dir() / name).rglob("*") if path.is_file()]) - 1

    assert run("models", "verify") == Outcome(
        0, f"{name}: {n_files} files are what the manifest says\n", ""
    )


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("model.onnx", ("classify", "--text", TEXT)),
        ("tokenizer.json", ("classify", "--text", TEXT)),
        ("model.onnx", ("models", "show")),
        ("report.json", ("models", "show")),
        ("report.json", ("models", "verify")),
        ("model.onnx", ("serve",)),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:2]),
)
def test_a_bundle_with_a_changed_byte_is_refused_by_the_name_of_the_file(
    file: str, command: tuple[str, ...], run: Run, copied_bundle: Path
) -> None:
    path = copied_bundle / file
    flip_last_byte(path)

    assert run(*command, "--models", copied_bundle.parent) == Outcome(
        1, "", f"stance: {path}: its sha256 is not the manifest's; fetch the bundle again\n"
    )


def test_a_bundle_without_one_of_its_files_is_refused_by_the_name_of_the_file(
    run: Run, copied_bundle: Path
) -> None:
    (copied_bundle / "tokenizer.json").unlink()

    assert run("classify", "--text", TEXT, "--models", copied_bundle.parent) == Outcome(
        1, "", f"stance: {copied_bundle / 'tokenizer.json'}: is missing; the manifest lists it\n"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("weights.pkl", "files of this kind are never read; remove it"),
        ("notes.md", "is not in the manifest; remove it"),
    ],
)
def test_a_bundle_with_a_stray_file_is_refused_by_the_name_of_the_file(
    name: str, reason: str, run: Run, copied_bundle: Path
) -> None:
    (copied_bundle / name).write_bytes(b"x")

    assert run("models", "verify", "--models", copied_bundle.parent) == Outcome(
        1, "", f"stance: {copied_bundle / name}: {reason}\n"
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"window": ' + b"9" * 5000 + b"}"],
    ids=["empty", "half", "list", "no fields", "no UTF-8", "deep", "huge number"],
)
def test_a_bundle_with_a_broken_manifest_is_refused_by_the_name_of_the_file(
    content: bytes, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "broken" / "manifest.json"
    path.parent.mkdir()
    path.write_bytes(content)

    outcome = run("classify", "--text", TEXT, "--models", tmp_path, "--model", "broken")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"stance: {path}")


# The process


def test_the_command_reads_standard_input_and_counts_what_failed() -> None:
    done = stance_process(
        "classify", "-", "--issue", "ceasefire", "--json",
        input=HALF_READABLE.encode(), stdout=subprocess.PIPE,
    )  # fmt: skip

    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["1", "3"]
    assert done.stderr.decode().splitlines() == [
        "stance: standard input: line 2: text: is empty; give at least one word",
        "stance: 2 rows answered, 1 not",
    ]
    assert done.returncode == 3


def test_json_is_readable_whatever_the_encoding_of_the_terminal() -> None:
    done = stance_process(
        "classify", "--text", "Kyïv", "--proposition", "Kyïv agrees", "--json",
        stdout=subprocess.PIPE, env=subprocess_environment(PYTHONIOENCODING="ascii"),
    )  # fmt: skip

    assert done.stderr == b""
    assert json.loads(done.stdout.decode("utf-8"))["stances"][0]["proposition"] == "Kyïv agrees"


def test_a_reader_that_leaves_early_ends_the_command_in_silence() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    with os.fdopen(writing, "wb") as closed:
        done = stance_process("models", "list", stdout=closed, env=subprocess_environment())

    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_under_standard_output_is_said_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = stance_process("models", "list", stdout=full, env=subprocess_environment())

    [line] = done.stderr.decode().splitlines()
    assert line.startswith("stance: ")
    assert "No space left on device" in line
    assert done.returncode == 1
