"""`stance score`: what it prints, how it exits, and what is there after it was broken off."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from stance.__main__ import main
from stance.archive import Format
from stance.commands.score import DEVICES, FORMATS
from stance.scoring_models import Device
from tests.scoring_fakes import files
from tests.tiny_bundles import publish_tiny, publish_tiny_extractor

CATALOGUE = """\
[[issue]]
id = "peace"
name = "Peace"
proposition = "there should be peace"

[[issue]]
id = "carbon-tax"
name = "Carbon tax"
proposition = "there should be a carbon tax"
"""
SAID = "Moscow says that there should be peace with ukraine ."


@dataclass
class Outcome:
    code: object
    out: str
    err: str


Score = Callable[..., Outcome]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    publish_tiny(folder, "tiny", "against")
    publish_tiny(folder, "aside", "unrelated")
    publish_tiny_extractor(folder, "finder")
    (folder / "DEFAULT").write_text("tiny\n")
    (folder / "EXTRACTOR").write_text("finder\n")
    return folder


@pytest.fixture
def score(tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Score]:
    """Score into `scores`, on a catalogue of two issues."""
    before = signal.getsignal(signal.SIGTERM)
    catalogue = tmp_path / "issues.toml"
    catalogue.write_text(CATALOGUE)

    def call(*arguments: object, out: object = tmp_path / "scores") -> Outcome:
        told = [*arguments, "--out", out, "--issues", catalogue, "--models", models]
        with pytest.raises(SystemExit) as ended:
            main(["score", *map(str, told), "--threads", "1"])
        captured = capsys.readouterr()
        return Outcome(ended.value.code, captured.out, captured.err)

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def news(tmp_path: Path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    lines = [json.dumps({"body": f"{SAID} Number {n} .", "url": f"u{n}"}) for n in range(4)]
    (folder / "a.jsonl").write_text("\n".join([*lines, lines[0]]) + "\n")
    (folder / "b.txt").write_text("Football is good .")
    return folder


@pytest.fixture
def broken(news: Path) -> Path:
    with (news / "a.jsonl").open("a") as file:
        file.write('{"body": \n')
    return news


@pytest.fixture
def statements(tmp_path: Path) -> Path:
    path = tmp_path / "said.csv"
    path.write_text("quote,by\nthere should be peace,Anna Smith\nfootball is good,\n")
    return path


def table(out: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(out / name).to_pylist()
    return rows


# What is done


def test_articles_become_tables_and_counts_that_add_up(
    score: Score, news: Path, tmp_path: Path
) -> None:
    done = score(news)

    assert done.code == 0
    counts, rows, run = done.out.splitlines()
    assert counts == "read 6 = scored 5 + duplicate 1 + failed 0 + skipped 0"
    assert rows == "4 statements, 8 stances, 0 errors"
    assert run.startswith(f"{tmp_path / 'scores'}, run r")
    assert run.endswith("shards 1, of which now scored 1")
    statement = table(tmp_path / "scores", "statements")[0]
    assert (statement["mention"], statement["cue"]) == ("Moscow", "says")
    assert statement["text"].startswith("that there should be peace")
    assert {row["stance"] for row in table(tmp_path / "scores", "stances")} == {"against"}


def test_what_was_guessed_of_the_columns_is_said(score: Score, news: Path) -> None:
    assert "a.jsonl (jsonl): text=body, id=url" in score(news).err


def test_columns_are_named_by_flags(score: Score, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    source = {"who": "Herald", "when": "2024-05-01"}
    path.write_text(json.dumps({"text": "wrong", "said": SAID, "head": "Talks", "from": source}))

    score(path, "--text-column", "said", "--title-column", "head", "--outlet-column", "from.who",
          "--date-column", "from.when")  # fmt: skip

    [article] = table(tmp_path / "scores", "articles")
    told = [article[name] for name in ("title", "outlet", "date", "n_statements")]
    assert told == ["Talks", "Herald", "2024-05-01", 1]


def test_statements_with_their_speakers_are_scored_as_they_are(
    score: Score, statements: Path, tmp_path: Path, models: Path
) -> None:
    (models / "EXTRACTOR").rename(models / "hidden")

    done = score(statements, "--statements", "--text-column", "quote", "--speaker-column", "by")

    (models / "hidden").rename(models / "EXTRACTOR")
    assert done.code == 0
    told = [(row["text"], row["speaker"]) for row in table(tmp_path / "scores", "statements")]
    assert told == [("there should be peace", "Anna Smith"), ("football is good", None)]


def test_the_first_records_alone_are_read_where_a_limit_is_set(score: Score, news: Path) -> None:
    assert "read 2 = scored 2" in score(news, "--limit", "2").out


def test_unrelated_stances_are_kept_where_all_are_asked(score: Score, news: Path) -> None:
    assert "4 statements, 0 stances" in score(news, "--model", "aside").out

    assert "4 statements, 8 stances" in score(news, "--model", "aside", "--all").out


def test_an_issue_that_is_named_twice_is_asked_once(score: Score, news: Path) -> None:
    twice = ("--issue", "peace", "--issue", "peace", "--proposition", "there should be peace")

    assert "4 statements, 4 stances" in score(news, *twice).out


def test_another_mapping_of_columns_is_another_run(
    score: Score, news: Path, tmp_path: Path
) -> None:
    score(news)
    score(news, "--text-column", "body")

    manifest = json.loads((tmp_path / "scores" / "manifest.json").read_text())
    readings = [run["settings"]["reading"] for run in manifest["runs"].values()]
    assert sorted(reading.get("text column", "") for reading in readings) == ["", "body"]


# Exit codes


def test_a_record_that_fails_is_told_with_its_place_and_in_the_exit_code(
    score: Score, broken: Path
) -> None:
    done = score(broken)

    assert done.code == 2
    assert "read 7 = scored 5 + duplicate 1 + failed 1 + skipped 0" in done.out
    at = sum(len(line) + 1 for line in (broken / "a.jsonl").read_text().splitlines()[:-1])
    assert f"stance: {broken / 'a.jsonl'}, offset {at}: record: is not JSON" in done.err
    assert "failed records 1, more than --max-errors 0" in done.err


def test_as_many_records_may_fail_as_is_said(score: Score, broken: Path) -> None:
    assert score(broken, "--max-errors", "1").code == 0


def test_the_same_command_again_does_nothing_and_ends_alike(score: Score, broken: Path) -> None:
    first = score(broken)
    again = score(broken)

    assert again.code == first.code == 2
    assert again.out.splitlines()[:2] == first.out.splitlines()[:2]
    assert again.out.endswith("shards 1, of which now scored 0\n")


def test_only_the_first_errors_are_shown_and_the_others_counted(
    score: Score, tmp_path: Path
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("{\n" * 30)

    told = score(path).err

    assert told.count("is not JSON") == 20
    assert f"and 10 more errors; all are in {tmp_path / 'scores' / 'errors'}" in told


def test_what_was_skipped_is_told_by_reason(score: Score, news: Path) -> None:
    (news / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))

    done = score(news)

    assert done.code == 0
    assert "skipped 1: file of a kind that is not read" in done.err


def test_names_of_files_do_not_drive_the_terminal(score: Score, tmp_path: Path) -> None:
    path = tmp_path / "red\x1b[31m.jsonl"
    path.write_text("{\n")

    told = score(path).err

    assert "\x1b" not in told
    assert "red\ufffd[31m.jsonl, offset 0: record: is not JSON" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--isue", "peace"], "unrecognized arguments: --isue peace"),
        (["--statements", "--extractor", "finder"], "with --statements they are given"),
        (["--speaker-column", "by"], "--speaker-column goes with --statements"),
        (["--format", "docx"], "invalid Format value: 'docx'"),
        (["--limit", "0"], "must be a number from 1"),
        (["--coverage", "2"], "coverage"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_wrong_usage_is_no_exit_code_of_a_run_that_is_done(
    score: Score, news: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    done = score(news, *arguments)

    assert done.code == 1
    assert told in done.err
    assert not (tmp_path / "scores").exists()


def test_a_folder_of_scores_inside_the_input_is_refused(score: Score, news: Path) -> None:
    done = score(news, out=news / "scores")

    assert done.code == 1
    assert "lies in" in done.err


def test_scores_are_not_written_to_a_url(score: Score, news: Path) -> None:
    done = score(news, out="s3://bucket/scores")

    assert done.code == 1
    assert "s3://bucket/scores is a URL; the tables are written into a folder" in done.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--issue", "peas"], "unknown issue 'peas'; nearest known: peace"),
        (["--model", "gone"], "no model 'gone'"),
        (["--model", "finder"], "is a model of extraction"),
        (["--extractor", "tiny"], "is a model of stance"),
        (["--coverage", "0.9"], "has no prediction sets"),
        (["--encoding", "klingon"], "encoding: 'klingon' is not known"),
        (["--statements", "--format", "warc"], "warc holds articles, not statements"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_scored_is_told_before_anything_is_written(
    score: Score, news: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    done = score(news, *arguments)

    assert done.code == 1
    assert told in done.err
    assert not (tmp_path / "scores").exists()


def test_a_device_needs_its_extra(
    score: Score, news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "stance.torch_network.opening", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)

    done = score(news, "--device", "cuda")

    assert done.code == 1
    assert "pip install 'stance[gpu]'" in done.err


def test_the_arguments_offer_what_there_is() -> None:
    assert list(FORMATS) == list(Format)
    assert list(DEVICES) == list(Device)


def test_an_input_that_is_not_there_is_named(score: Score, news: Path, tmp_path: Path) -> None:
    done = score(news, tmp_path / "gone.csv")

    assert done.code == 1
    assert f"{tmp_path / 'gone.csv'}: is not there" in done.err


def test_a_place_that_cannot_be_written_is_named(score: Score, news: Path, tmp_path: Path) -> None:
    (tmp_path / "scores").write_text("a file")

    done = score(news)

    assert done.code == 1
    assert "cannot be written" in done.err
    assert "give the same command again" in done.err


# Broken off


@pytest.fixture(scope="module")
def files_of_news(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files that are a shard each, since each is named itself."""
    folder = tmp_path_factory.mktemp("many")
    for n in range(8):
        lines = (json.dumps({"text": f"{SAID} Number {n} of {m} . {SAID}"}) for m in range(60))
        (folder / f"{n}.jsonl").write_text("\n".join(lines))
    return sorted(folder.iterdir())


def started(inputs: list[Path], models: Path, out: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "stance", "score", *inputs, "--out", out, "--models", models]
    return subprocess.Popen(  # noqa: S603
        [*map(str, command), "--proposition", "there should be peace", "--threads", "1"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def n_finished(out: Path) -> int:
    return len(list((out / "articles").rglob("*.parquet")))


def wait_for_parts(out: Path, n_parts: int) -> None:
    deadline = time.monotonic() + 120
    while n_finished(out) < n_parts and time.monotonic() < deadline:
        time.sleep(0.005)


@pytest.fixture(scope="module")
def unbroken(
    files_of_news: list[Path], models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("unbroken") / "scores"
    process = started(files_of_news, models, out)
    told, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    assert told.startswith("read 480 = scored 480 + duplicate 0 + failed 0 + skipped 0\n")
    return out


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=str)
def test_broken_off_and_given_again_it_ends_with_the_same_files(
    files_of_news: list[Path], models: Path, unbroken: Path, tmp_path: Path, how: signal.Signals
) -> None:
    out = tmp_path / "scores"
    process = started(files_of_news, models, out)
    wait_for_parts(out, 2)
    process.send_signal(how)
    _, told = process.communicate(timeout=120)
    n_before = n_finished(out)

    again = started(files_of_news, models, out)
    summary, _ = again.communicate(timeout=300)

    assert 2 <= n_before < n_finished(unbroken)
    if how is not signal.SIGKILL:
        assert process.returncode == 130
        assert "stopped; what is finished is kept: give the same command again" in told
    assert again.returncode == 0
    assert files(out) == files(unbroken)
    [n_scored] = [line.rsplit(" ", 1)[1] for line in summary.splitlines() if "now scored" in line]
    assert int(n_scored) < n_finished(unbroken)
