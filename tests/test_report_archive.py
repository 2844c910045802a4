"""Which run of a folder is reported on, and what is said of a folder that cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from stance.errors import FileError
from stance.report_archive import open_run
from tests.scored_archive import PEACE, Archive, Said


@pytest.fixture(name="scores")
def _scores(tmp_path: Path) -> Path:
    archive = Archive()
    archive.article(Said("Yes to peace", {PEACE: "favor"}))
    archive.article(status="duplicate", n_statements=None)
    archive.error("is not JSON")
    return archive.write(tmp_path / "scores")


def test_a_run_tells_what_made_it_and_what_it_counted(scores: Path) -> None:
    run = open_run(scores, titles={PEACE.proposition: "Peace at last"})

    assert run.classifier == ("tiny", "m1")
    assert run.extractor == ("quotes", "q1")
    assert [issue.title for issue in run.issues] == ["Peace at last", "carbon-tax"]
    assert (run.counts.read, run.counts.scored, run.counts.failed) == (3, 1, 1)
    assert {table: len(files) for table, files in run.files.items()} == {
        "articles": 1, "statements": 1, "stances": 1, "errors": 1,
    }  # fmt: skip


def test_of_several_runs_one_must_be_named(scores: Path) -> None:
    first = open_run(scores).key
    Archive().write(scores, model="m2")

    with pytest.raises(FileError, match=r"holds 2 runs; name one with --run: .*tiny \(m1\)"):
        open_run(scores)
    assert open_run(scores, first).classifier == ("tiny", "m1")


def test_a_run_that_is_not_there_is_told_with_those_that_are(scores: Path) -> None:
    with pytest.raises(FileError, match=f"has no run 'r0'; it has {open_run(scores).key}"):
        open_run(scores, "r0")


def test_a_file_that_is_gone_is_named(scores: Path) -> None:
    [path] = open_run(scores).files["stances"]
    path.unlink()

    with pytest.raises(FileError, match=rf"{path.name} is listed .*run `stance score` again"):
        open_run(scores)


def broken(scores: Path, **change: Any) -> None:
    path = scores / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 99}, "is of format 99; this version of Stance reads 1"),
        ({"runs": {}}, "lists no finished part; run `stance score` first"),
        ({"runs": []}, "is no manifest of a scored archive"),
        ({"runs": {"r1": {"parts": 3}}}, "cannot be read: run r1"),
        ({"runs": {"r1": None}}, "cannot be read: run r1"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_told(
    scores: Path, change: dict[str, Any], told: str
) -> None:
    broken(scores, **change)

    with pytest.raises(FileError, match=told):
        open_run(scores)


@pytest.mark.parametrize("content", [None, b"{", b"\xff", b"[" * 100_000])
def test_a_folder_without_a_manifest_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)

    with pytest.raises(FileError, match="manifest.json"):
        open_run(tmp_path)
