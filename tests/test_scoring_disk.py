"""A disk that is full, or that cannot be written: told plainly, and the same command goes on."""

import json
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stance.errors import FileError
from stance.ledger import Ledger
from stance.parts import part_path
from stance.scored_tables import TABLES
from stance.scoring import score
from tests.scoring_fakes import files, run_of, shard, small_archive, work_in

N_SHARDS = 6


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    score(small_archive(N_SHARDS), work_in(out))
    return out


def mount(*arguments: str) -> bool:
    try:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)):
        pytest.skip("needs the right to mount a file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607


@pytest.mark.parametrize("size_kib", range(36, 180, 12))
def test_a_disk_that_fills_up_anywhere(small_disk: Path, whole: Path, size_kib: int) -> None:
    out = small_disk / "scores"
    mount("-o", f"remount,size={size_kib}k", str(small_disk))

    with pytest.raises(FileError, match=r"No space left on device.*same command again"):
        score(small_archive(N_SHARDS), work_in(out))

    finished = Ledger(out, run_of()).parts
    assert len(finished) < N_SHARDS
    for name in finished:
        assert all(part_path(out, table, run_of().key, name).exists() for table in TABLES)
    assert not list((out / ".drafts").glob("*"))
    mount("-o", "remount,size=10m", str(small_disk))
    summary = score(small_archive(N_SHARDS), work_in(out))
    assert summary.n_scored == N_SHARDS - len(finished)
    assert files(out) == files(whole)


def test_a_file_that_may_not_grow(tmp_path: Path, whole: Path) -> None:
    """The same without a disk of its own: the system refuses to let any file grow."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
        with pytest.raises(FileError, match=r"File too large.*same command again"):
            score(small_archive(N_SHARDS), work_in(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)

    score(small_archive(N_SHARDS), work_in(tmp_path))
    assert files(tmp_path) == files(whole)


def test_a_manifest_that_cannot_be_written_stays_as_it_was(tmp_path: Path, whole: Path) -> None:
    score(small_archive(1), work_in(tmp_path))
    before = (tmp_path / "manifest.json").read_text()
    in_the_way = tmp_path / ".drafts" / "manifest.json"
    ledger = Ledger(tmp_path, run_of())
    in_the_way.mkdir(parents=True)

    with pytest.raises(FileError, match=r"manifest.json: cannot be written"):
        ledger.drop(set(ledger.parts))

    assert (tmp_path / "manifest.json").read_text() == before
    assert len(ledger.parts) == 1
    in_the_way.rmdir()
    score(small_archive(N_SHARDS), work_in(tmp_path))
    assert files(tmp_path) == files(whole)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(FileError, match=r"file/scores: cannot be written"):
        score([shard("a:1", "paris: good")], work_in(tmp_path / "file" / "scores"))


def test_a_finished_part_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    score(small_archive(1), work_in(tmp_path))
    [path] = (tmp_path / "articles").rglob("*.parquet")
    path.write_bytes(b"x" * path.stat().st_size)

    with pytest.raises(FileError, match=r"cannot be read.*remove it"):
        score(small_archive(2), work_in(tmp_path))

    path.unlink()
    score(small_archive(2), work_in(tmp_path))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert len(manifest["runs"][run_of().key]["parts"]) == 2
