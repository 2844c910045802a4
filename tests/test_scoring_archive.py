"""From the files of an archive to tables: the two rooms together."""

import gzip
import json
import os
from pathlib import Path

import pyarrow.parquet as pq

from stance.archive import Cut, Reading, shards
from stance.scoring import score
from tests.scoring_fakes import files, rows, work_in

WIRE = {"body": "kyiv: ukraine supports peace", "publisher": "W"}


def archive(folder: Path) -> Path:
    folder.mkdir()
    lines = [{"body": f"paris: france opposes the tax {n}", "url": f"u{n}"} for n in range(60)]
    text = "\n".join(json.dumps(line) for line in [*lines, WIRE])
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(f"{text}\n{{broken\n".encode()))
    (folder / "b.csv").write_text('body,date\n"kyiv: ukraine supports  peace",2024-05-01\n" ",\n')
    (folder / "c.txt").write_text("berlin: good football")
    (folder / "d.bin").write_bytes(os.urandom(100))
    return folder


def test_an_archive_of_many_kinds_becomes_tables_that_add_up(tmp_path: Path) -> None:
    pieces = list(shards([archive(tmp_path / "news")], cut=Cut(bytes=1000)))

    summary = score(pieces, work_in(tmp_path / "scores"))

    counts = summary.counts
    assert (counts.scored, counts.duplicate, counts.failed) == (62, 1, 1)
    assert counts.skipped == sum(summary.skipped.values()) == 2
    articles = rows(tmp_path / "scores", "articles")
    assert len(articles) == 63
    assert {Path(row["file"]).name for row in articles} == {"a.jsonl.gz", "b.csv", "c.txt"}
    [error] = rows(tmp_path / "scores", "errors")
    assert error["file"].endswith("a.jsonl.gz")
    [copy] = [row for row in articles if row["status"] == "duplicate"]
    assert copy["date"] == "2024-05-01"
    table = pq.read_table(tmp_path / "scores" / "statements")
    assert table.num_rows == 62


def test_an_archive_that_grew_and_changed_is_scored_where_it_did(tmp_path: Path) -> None:
    news, out = archive(tmp_path / "news"), tmp_path / "scores"
    score(shards([news], cut=Cut(bytes=1000)), work_in(out))
    n_finished = len(list((out / "articles").rglob("*.parquet")))
    (news / "c.txt").write_text("berlin: bad football")
    (news / "e.txt").write_text("rome: bad weather")

    summary = score(shards([news], Reading(), Cut(bytes=1000)), work_in(out))

    assert summary.n_scored < n_finished
    texts = {row["text"] for row in rows(out, "statements")}
    assert " bad football" in texts
    assert " good football" not in texts
    assert score(shards([news], cut=Cut(bytes=1000)), work_in(out)).n_scored == 0
    assert len([name for name in files(out) if name.startswith("articles")]) == summary.n_shards
