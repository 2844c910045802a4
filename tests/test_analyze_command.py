"""`stance analyze`, as a user runs it."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stance.__main__ import main
from stance.domain import Article, Attribution, Speaker, SpeechKind
from stance.terminal import print_statements
from tests.tiny_analysis import NOBODY, ONE, PEACE, TAX, TEXT, analyzer_by_eye, publish_extractor
from tests.tiny_bundles import opening_at, publish_tiny

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that is for everything, and one that finds a statement."""
    models = tmp_path_factory.mktemp("models")
    publish_tiny(models, "for", "favor", opening_at(0.9), window=128)
    publish_tiny(models, "aside", "unrelated", window=128)
    publish_extractor(models, "finder")
    (models / "DEFAULT").write_text("for\n")
    (models / "EXTRACTOR").write_text("finder\n")
    return models


@pytest.fixture
def run(models: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["analyze", "--models", str(models), *map(str, arguments)])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(ONE, encoding="utf-8")
    return path


def told(out: str) -> dict[str, Any]:
    """The one object that was printed."""
    [line] = out.splitlines()
    answer: dict[str, Any] = json.loads(line)
    return answer


def test_an_article_is_answered_in_a_table_of_its_statements(run: Run, article: Path) -> None:
    code, out, err = run(article, "--issue", "ceasefire")

    [row] = [line.split("  ") for line in out.splitlines() if "peace" in line]
    assert [cell.strip() for cell in row if cell.strip()] == [
        "Moscow", "that it supports peace", "neutral", "ceasefire", "favor", "0.95",
    ]  # fmt: skip
    assert (code, err) == (0, "")


def test_json_is_one_object_with_statements_that_stand_in_the_article(
    run: Run, article: Path
) -> None:
    code, out, _ = run(article, "--json", "--issue", "ceasefire", "--proposition", "Paris is good")

    answer = told(out)
    [statement] = answer["statements"]
    assert code == 0
    assert (answer["model"], answer["extractor"]) == ("for", "finder")
    assert ONE[statement["start"] : statement["end"]] == statement["text"]
    assert (statement["id"], statement["speaker"]["name"], statement["cue"]) == (
        "1", "Moscow", "says",
    )  # fmt: skip
    assert [one["issue"] for one in statement["stances"]] == ["ceasefire", None]


def test_the_whole_catalogue_is_asked_where_no_issue_is_named(run: Run, article: Path) -> None:
    [statement] = told(run(article, "--json")[1])["statements"]

    assert len(statement["stances"]) == 12


def test_a_dash_is_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ONE.encode())))

    assert len(told(run("-", "--json")[1])["statements"]) == 1


def test_offsets_count_the_characters_of_the_file_as_it_is(run: Run, tmp_path: Path) -> None:
    text = f"\r\nПариж.\r\n\r\n{ONE}\r\n"
    path = tmp_path / "article.txt"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())

    [statement] = told(run(path, "--json")[1])["statements"]

    assert text[statement["start"] : statement["end"]] == "that it supports peace"


def test_the_models_can_be_named(run: Run, models: Path, article: Path) -> None:
    publish_extractor(models, "unsure", threshold=1.0)

    answer = told(run(article, "--json", "--model", "aside", "--extractor", "unsure")[1])

    [statement] = answer["statements"]
    assert (answer["model"], answer["extractor"]) == ("aside", "unsure")
    assert statement["speaker"] is None


def test_where_coverage_is_asked_each_answer_has_its_set(run: Run, article: Path) -> None:
    asked = (article, "--issue", "ceasefire", "--coverage", "0.95")

    [statement] = told(run(*asked, "--json")[1])["statements"]

    assert len(statement["stances"][0]["prediction_set"]) == 4
    assert "against, neutral, unrelated" in run(*asked)[1]


def test_issues_that_a_statement_is_not_about_are_not_shown(run: Run, article: Path) -> None:
    _, out, _ = run(article, "--issue", "ceasefire", "--model", "aside")

    assert "none of those asked" in out
    assert "unrelated" not in out


def test_an_article_in_which_nobody_speaks_is_said_to_be_so(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "article.txt"
    path.write_text("It rained.")

    assert run(path) == (0, "no statement was found\n", "")
    assert told(run(path, "--json")[1])["statements"] == []


# What is shown


def test_the_table_shows_every_statement_with_the_issues_that_it_is_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_statements(analyzer_by_eye().analyze(Article(TEXT), [PEACE, TAX]).statements)

    rows = [line.split() for line in capsys.readouterr().out.splitlines()[3:]]
    assert [row[:1] + row[-4:] for row in rows if row] == [
        ["Moscow", "neutral", "peace", "favor", "0.95"],
        ["Warsaw", "negative", "carbon-tax", "against", "0.95"],
    ]


def test_where_nobody_is_sure_to_speak_the_table_has_the_words_of_the_article(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_statements(analyzer_by_eye(NOBODY).analyze(Article(ONE), [PEACE]).statements)

    assert "? (Moscow)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("speaker", "shown"),
    [
        (Speaker("Ann Lee", "she", "Kremlin spokeswoman", 0.9), ["Ann Lee", "Kremlin spokeswoman"]),
        (Speaker("Ann Lee", "she", None, 0.9), ["Ann Lee", ""]),
        (Speaker("A\x1b[2J", "she", "[red]", 0.9), ["A\ufffd[2J", "[red]"]),
        (None, ["?", ""]),
    ],
    ids=["with a role", "without", "with commands", "nobody"],
)
def test_the_table_shows_the_speaker_and_the_office(
    speaker: Speaker | None, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    analyzer = analyzer_by_eye()
    said = [Attribution(((12, 34),), SpeechKind.INDIRECT, speaker=speaker)]

    [analysis] = analyzer.score([(Article(ONE), said)], [PEACE])
    print_statements(analysis.statements)

    width = max(len("Speaker"), *map(len, shown))
    lines = capsys.readouterr().out.splitlines()[3:5]
    assert [line[1 : width + 1].strip() for line in lines] == shown


# What is refused


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty; give at least one word"),
        (b" \r\n\t", "is empty; give at least one word"),
        (b"\xef\xbb\xbf", "is empty; give at least one word"),
        (b"Moscow s\xe4ys", "is not UTF-8 at byte 9; save it as UTF-8"),
        ("Moscow says".encode("utf-16"), "is not UTF-8 at byte 1; save it as UTF-8"),
        (b"Moscow\0says", "holds a NUL character at offset 6; remove it"),
    ],
    ids=["empty", "blank", "a mark alone", "latin-1", "utf-16", "NUL"],
)
def test_a_file_that_cannot_be_read_is_refused_by_its_name_and_the_reason(
    content: bytes, reason: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "article.txt"
    path.write_bytes(content)

    assert run(path) == (1, "", f"stance: {path}: {reason}\n")


@pytest.mark.parametrize(
    ("name", "reason"), [("none.txt", "No such file or directory"), ("", "Is a directory")]
)
def test_what_is_no_file_is_refused_by_its_name(
    name: str, reason: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / name

    assert run(path) == (1, "", f"stance: {path}: cannot be read: {reason}\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--issue", "nato"), "unknown issue 'nato'; nearest known: nato-membership"),
        (("--proposition", " "), "proposition: is empty; give at least one word"),
        (("--proposition", "peace " * 130), "proposition: is longer than the model's 128 tokens"),
        (("--issues", "none.toml"), "none.toml: cannot be read"),
        (("--model", "none"), "no model 'none' in "),
        (("--extractor", "none"), "no model 'none' in "),
        (("--extractor", "for"), "is a model of stance, and one of extraction is needed here"),
        (("--model", "finder"), "is a model of extraction, and one of stance is needed here"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_asked_is_said_in_one_line(
    arguments: tuple[str, ...], reason: str, run: Run, article: Path
) -> None:
    code, out, err = run(article, *arguments)

    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("stance: ")
    assert reason in err


def test_a_folder_of_models_without_an_extractor_is_told_what_to_do(
    run: Run, article: Path, tmp_path: Path
) -> None:
    publish_tiny(tmp_path, "for", "favor", window=128)
    (tmp_path / "DEFAULT").write_text("for\n")

    code, _, err = run(article, "--models", tmp_path)

    assert code == 1
    assert f"{tmp_path / 'EXTRACTOR'} cannot be read: " in err
    assert "name a model" in err


@pytest.mark.parametrize(
    "arguments", [(), ("a.txt", "b.txt"), ("a.txt", "--coverage", "2"), ("a.txt", "--target", "x")]
)
def test_wrong_usage_is_exit_code_2_with_a_hint(arguments: tuple[str, ...], run: Run) -> None:
    code, out, err = run(*arguments)

    assert (code, out) == (2, "")
    assert err.startswith("usage: stance")


def test_the_command_reads_standard_input_whatever_the_encoding_of_the_terminal(
    models: Path,
) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "stance", "analyze", "-", "--json", "--models", str(models)],
        input="Кіїв. Moscow says that it supports “peace”.".encode(),
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, b"")
    assert "“peace”" in done.stdout.decode()
