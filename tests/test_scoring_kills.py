"""Killed anywhere and run again, a run gives what an unbroken one gives; so do two at once."""

import json
import multiprocessing
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stance.bundle import open_bundle
from stance.parts import part_path
from stance.scored_tables import TABLES
from stance.scoring import score
from tests.scoring_fakes import files, run_of, small_archive, work_in
from tests.scoring_process import noting, run_and_die, search_log
from tests.tiny_bundles import publish_tiny

N_SHARDS = 2

_fork = multiprocessing.get_context("forkserver")
_fork.set_forkserver_preload(["tests.scoring_process"])


def killed_at(out: Path, event: int) -> bool:
    """Run in a process that is killed at an event; whether it came to that."""
    process = _fork.Process(target=run_and_die, args=(out, N_SHARDS, event))
    process.start()
    process.join(120)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken") / "scores"
    assert not killed_at(out, 0)
    return out


def finished_parts(out: Path) -> list[dict[str, dict[str, dict[str, int]]]]:
    try:
        manifest = json.loads((out / "manifest.json").read_text())
    except FileNotFoundError:
        return []
    return list(manifest["runs"][run_of().key]["parts"])


def check_what_is_there(out: Path) -> bool:
    """No file is cut, all that is listed is there; whether a whole part is not listed."""
    for table in TABLES:
        for path in (out / table).rglob("*.parquet"):
            pq.ParquetFile(path).read()
    listed = finished_parts(out)
    for part in listed:
        for table, file in part["tables"].items():
            path = part_path(out, table, run_of().key, str(part["name"]))
            assert path.stat().st_size == file["bytes"]
    return len(list((out / "articles").rglob("*.parquet"))) > len(listed)


def finish(out: Path) -> None:
    score(small_archive(N_SHARDS), work_in(out, extract=noting(out)))


def test_killed_at_any_touch_of_a_file_and_run_again(unbroken: Path, tmp_path: Path) -> None:
    n_events = int(unbroken.with_name("scores.events").read_text())
    n_between_rename_and_manifest = n_killed = 0
    # All that is touched for the last shard, and every third before it.
    events = [n for n in range(1, n_events + 1) if n > n_events / 2 or n % 3 == 0]
    for event in events:
        out = tmp_path / f"at-{event}"

        n_killed += killed_at(out, event)
        n_between_rename_and_manifest += check_what_is_there(out)
        finish(out)

        assert files(out) == files(unbroken), event
        assert not list((out / ".drafts").iterdir())
    assert n_killed == len(events) > 40
    assert n_between_rename_and_manifest >= 6


@pytest.mark.parametrize("seed", range(4))
def test_killed_again_and_again(unbroken: Path, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    out = tmp_path / "scores"

    for _ in range(4):
        killed_at(out, rng.randint(5, 50))
        check_what_is_there(out)
    finish(out)

    assert files(out) == files(unbroken)


@pytest.mark.parametrize("seed", range(3))
def test_killed_while_the_archive_changes(tmp_path: Path, seed: int) -> None:
    """What a changed file leaves behind is put right in the same way, broken off or not."""
    whole, out = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, out):
        score(small_archive(4)[1:], work_in(folder))
    score(small_archive(N_SHARDS), work_in(whole))

    killed_at(out, random.Random(seed).randint(10, 60))
    check_what_is_there(out)
    finish(out)

    assert files(out) == files(whole)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    publish_tiny(folder, "tiny", "against")
    return folder


def started(out: Path, models: Path, n_shards: int = 4) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.scoring_process", str(out), str(models), str(n_shards)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE)  # noqa: S603


def ended(process: "subprocess.Popen[str]") -> str:
    told, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return told


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    out = tmp_path_factory.mktemp("whole") / "scores"
    assert ended(started(out, models)) == (
        "read 400 = scored 340 + duplicate 60 + failed 0 + skipped 0\n"
    )
    return out


def n_finished(out: Path, models: Path) -> int:
    try:
        manifest = json.loads((out / "manifest.json").read_text())
    except FileNotFoundError:
        return 0
    return len(manifest["runs"][run_of(open_bundle(models, "tiny").digest).key]["parts"])


def wait_for(out: Path, models: Path, n_parts: int) -> None:
    deadline = time.monotonic() + 300
    while n_finished(out, models) < n_parts and time.monotonic() < deadline:
        time.sleep(0.005)


def test_a_process_with_a_real_network_is_killed_after_each_part(
    whole: Path, models: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores"
    for n_parts in range(1, 4):
        process = started(out, models)
        wait_for(out, models, n_parts)
        time.sleep(random.Random(n_parts).uniform(0, 0.3))
        process.kill()
        process.communicate()

    assert "read 400 = scored 340" in ended(started(out, models))
    assert files(out) == files(whole)
    # Of each kill: a shard that is scored and not yet written, one in work, and what is ahead.
    assert len(search_log(out).read_bytes()) <= 340 + 3 * (100 + 100 + 32)


def test_two_runs_at_once_give_what_one_gives_and_do_the_work_once(
    whole: Path, models: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores"

    told = {ended(process) for process in [started(out, models), started(out, models)]}

    assert told == {"read 400 = scored 340 + duplicate 60 + failed 0 + skipped 0\n"}
    assert files(out) == files(whole)
    assert len(search_log(out).read_bytes()) == 340


def test_a_run_that_waits_takes_over_from_one_that_is_killed(
    whole: Path, models: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores"
    first = started(out, models)
    wait_for(out, models, 1)
    second = started(out, models)
    wait_for(out, models, 2)
    first.kill()
    first.communicate()

    ended(second)

    assert files(out) == files(whole)


def test_two_runs_at_once_over_different_input_score_each_text_once(
    models: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores"

    for process in [started(out, models, 2), started(out, models, 4)]:
        ended(process)

    table = pq.read_table(out / "articles")
    contents = table.filter(pq.filters_to_expression([("status", "==", "scored")]))["content"]
    assert table.num_rows == 400
    assert len(contents) == len(set(contents.to_pylist())) == 340
