"""An archive becomes tables: every record is told once, and what is done is not done again."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stance.archive.records import Record, RecordFault
from stance.counts import Counts
from stance.domain import Article, Attribution, Issue, Statement
from stance.errors import FileError, InputError
from stance.packing import Rows
from stance.parts import Part
from stance.scoring import score
from stance.scoring_run import Model, Run, Settings
from stance.shard_scoring import Planned, score_shards
from tests.fakes import fake_classifier, keyword_network, word_tokenizer
from tests.scoring_fakes import (
    PEACE,
    ListedShard,
    by,
    files,
    rows,
    run_of,
    shard,
    small_archive,
    work_in,
)
from tests.tiny_bundles import classifier_with_sets

WIRE = "kyiv: ukraine supports peace"


def test_a_statement_is_told_with_its_speaker_its_place_and_its_stances(tmp_path: Path) -> None:
    text = "It was said:\nkyiv: ukraine supports peace\n"

    score([shard("a:1", text.removeprefix("It was said:\n"))], work_in(tmp_path))

    [article] = rows(tmp_path, "articles")
    [statement] = rows(tmp_path, "statements")
    [stance] = rows(tmp_path, "stances")
    assert article["status"] == "scored"
    assert article["n_statements"] == 1
    assert statement["article"] == article["article"]
    assert statement["text"] == " ukraine supports peace"
    assert statement["spans"] == [{"start": 5, "end": 28}]
    assert (statement["speaker"], statement["role"], statement["kind"]) == (
        "kyiv",
        "minister",
        "direct",
    )
    assert stance["statement"] == statement["statement"]
    assert (stance["issue"], stance["stance"], stance["model"]) == ("peace", "favor", "keyword")
    assert stance["favor"] + stance["against"] + stance["neutral"] + stance["unrelated"] == (
        pytest.approx(1, abs=1e-6)
    )


def test_rows_say_what_the_classifier_says(tmp_path: Path) -> None:
    score(small_archive(1), work_in(tmp_path, run_of(keep_unrelated=True)))

    said = by("statement", rows(tmp_path, "statements", run_of(keep_unrelated=True)))
    stances = rows(tmp_path, "stances", run_of(keep_unrelated=True))
    texts = [Statement(f"{row['mention']}: {row['text']}", key) for key, row in said.items()]
    for result in fake_classifier().classify(texts, run_of().settings.issues):
        row = said[result.statement.id]
        assert row["sentiment"] == result.sentiment.label
        assert row["sentiment_score"] == pytest.approx(result.sentiment.score)
        told = [one for one in stances if one["statement"] == result.statement.id]
        assert [(one["issue"], one["stance"]) for one in told] == [
            (issue.id, stance.label) for issue, stance in result.stances
        ]


def test_every_record_is_one_of_four_and_they_add_up(tmp_path: Path) -> None:
    summary = score(small_archive(3), work_in(tmp_path))

    counts = summary.counts
    assert counts == Counts(
        read=24, scored=10, duplicate=6, failed=5, skipped=3, statements=11, stances=7, errors=8
    )
    assert str(counts) == "read 24 = scored 10 + duplicate 6 + failed 5 + skipped 3"
    assert summary.skipped == {"article without a word": 2, "empty text": 1}
    statuses = Counter(row["status"] for row in rows(tmp_path, "articles"))
    stages = Counter(row["stage"] for row in rows(tmp_path, "errors"))
    assert statuses == {"scored": 10, "duplicate": 6, "failed": 2}
    assert stages == {"read": 3, "extract": 2, "statement": 3}
    assert len(rows(tmp_path, "statements")) == counts.statements
    assert len(rows(tmp_path, "stances")) == counts.stances


def test_an_error_tells_where_and_why(tmp_path: Path) -> None:
    score(small_archive(1), work_in(tmp_path))

    read, extracting, statement = rows(tmp_path, "errors")
    assert (read["file"], read["offset"], read["reason"]) == ("a.jsonl", 100, "is not JSON")
    assert (read["record"], read["article"]) == (3, None)
    assert extracting["reason"] == "ValueError: no statements can be found in this"
    assert extracting["article"] == rows(tmp_path, "articles")[4]["article"]
    assert statement["reason"].startswith("statement 1: text: is empty")


def test_a_faulty_statement_costs_itself_alone(tmp_path: Path) -> None:
    score([shard("a:1", "warsaw: \nkyiv: ukraine opposes peace")], work_in(tmp_path))

    [article] = rows(tmp_path, "articles")
    assert (article["status"], article["n_statements"]) == ("scored", 1)
    assert [row["speaker"] for row in rows(tmp_path, "statements")] == ["kyiv"]


def test_a_text_that_comes_twenty_times_is_scored_once_and_counted(tmp_path: Path) -> None:
    shards = [shard(f"{n}:1", WIRE, f"  {WIRE}\n", f"paris: good {n}") for n in range(10)]

    counts = score(shards, work_in(tmp_path)).counts

    articles = rows(tmp_path, "articles")
    [content] = {row["content"] for row in articles if row["status"] == "duplicate"}
    assert counts.duplicate == 19
    assert sum(row["content"] == content for row in articles) == 20
    assert sum(row["text"].strip() == "ukraine supports peace"
               for row in rows(tmp_path, "statements")) == 1  # fmt: skip


def test_the_first_of_all_copies_is_the_original(tmp_path: Path) -> None:
    score([shard("z:1", "paris: good", WIRE), shard("a:1", WIRE, "paris: good")], work_in(tmp_path))

    status = {row["id"]: row["status"] for row in rows(tmp_path, "articles")}
    assert status == {
        "z:1/1": "scored", "z:1/2": "scored", "a:1/1": "duplicate", "a:1/2": "duplicate",
    }  # fmt: skip


def test_issues_that_a_statement_is_not_about_have_rows_only_on_request(tmp_path: Path) -> None:
    everything = run_of(keep_unrelated=True)
    score([shard("a:1", WIRE)], work_in(tmp_path))
    score([shard("a:1", WIRE)], work_in(tmp_path, everything))

    assert [row["issue"] for row in rows(tmp_path, "stances")] == ["peace"]
    assert [row["issue"] for row in rows(tmp_path, "stances", everything)] == [
        "peace",
        "carbon-tax",
    ]


def test_statements_that_are_split_already_are_scored_as_they_are(tmp_path: Path) -> None:
    said = [Statement("ukraine supports peace", f"s{n}", who) for n, who in enumerate("aba", 1)]

    counts = score([shard("a:1", *said)], work_in(tmp_path)).counts

    assert (counts.read, counts.scored, counts.duplicate) == (3, 2, 1)
    told = rows(tmp_path, "statements")
    assert [row["speaker"] for row in told] == ["a", "b"]
    assert {row["kind"] for row in told} == {None}


def test_what_is_finished_is_not_done_again(tmp_path: Path) -> None:
    score(small_archive(2), work_in(tmp_path))
    before = files(tmp_path)

    def never(_: Article) -> list[Attribution]:
        raise AssertionError

    summary = score(small_archive(2), work_in(tmp_path, extract=never))

    assert (summary.n_shards, summary.n_scored) == (2, 0)
    assert summary.counts.read == 16
    assert files(tmp_path) == before


def test_an_archive_that_grows_keeps_its_finished_parts(tmp_path: Path) -> None:
    score([shard("m:1", WIRE)], work_in(tmp_path))
    before = files(tmp_path)

    summary = score([shard("a:1", WIRE, "paris: good"), shard("m:1", WIRE)], work_in(tmp_path))

    after = files(tmp_path)
    assert summary.n_scored == 1
    assert all(after[name] == text for name, text in before.items() if name != "manifest.json")
    assert {row["id"]: row["status"] for row in rows(tmp_path, "articles")} == {
        "m:1/1": "scored",
        "a:1/1": "duplicate",
        "a:1/2": "scored",
    }


def test_a_file_that_changed_takes_the_place_of_what_it_was(tmp_path: Path) -> None:
    score([shard("a:old", WIRE, "paris: good"), shard("b:1", WIRE)], work_in(tmp_path))

    summary = score([shard("a:new", "paris: good"), shard("b:1", WIRE)], work_in(tmp_path))

    assert (summary.n_superseded, summary.n_scored) == (1, 2)
    assert summary.counts == Counts(read=2, scored=2, statements=2, stances=1)
    assert {row["id"]: row["status"] for row in rows(tmp_path, "articles")} == {
        "a:new/1": "scored",
        "b:1/1": "scored",  # a copy before, of a text that is no longer there
    }


def test_files_that_are_not_given_again_stay(tmp_path: Path) -> None:
    score([shard("2023:1", WIRE)], work_in(tmp_path))
    counts = score([shard("2024:1", WIRE, "paris: good")], work_in(tmp_path)).counts

    assert (counts.read, counts.duplicate) == (2, 1)
    assert len(rows(tmp_path, "articles")) == 3


@pytest.mark.parametrize(
    "other",
    [
        run_of("m2"),
        Run(Model("keyword", "m1"), Model("colon", "x2"), run_of().settings),
        Run(Model("keyword", "m1"), Model("colon", "x1"), Settings((PEACE,))),
        run_of(coverage=0.9),
        run_of(keep_unrelated=True),
        run_of(reading={"text": "body"}),
        run_of(device="cuda bf16"),
        run_of(limit=3),
    ],
    ids=["classifier", "extractor", "issues", "coverage", "all", "reading", "device", "limit"],
)
def test_another_model_or_setting_never_mixes_with_finished_parts(
    tmp_path: Path, other: Run
) -> None:
    score([shard("a:1", WIRE)], work_in(tmp_path))
    before = files(tmp_path)

    assert other.key != run_of().key
    if other.settings.coverage is None:
        score([shard("a:1", "paris: good")], work_in(tmp_path, other))
        after = files(tmp_path)
        changed = {name for name in after if before.get(name) != after[name]}
        assert {name for name in changed if name in before} == {"manifest.json"}
        assert [row["text"] for row in rows(tmp_path, "statements")] == [" ukraine supports peace"]
        assert [row["text"] for row in rows(tmp_path, "statements", other)] == [" good"]


def test_the_name_of_an_issue_does_not_make_another_run() -> None:
    renamed = Settings(
        (Issue("peace", "Ceasefire", PEACE.proposition), *run_of().settings.issues[1:])
    )

    assert Run(run_of().classifier, run_of().extractor, renamed).key == run_of().key


def test_a_limit_reads_the_first_records_and_no_more(tmp_path: Path) -> None:
    limited = run_of(limit=10)

    def endless() -> Iterator[ListedShard]:
        n = 0
        while True:
            n += 1
            yield shard(f"f{n}:1", *(f"paris: good {n} {m}" for m in range(4)))

    counts = score(endless(), work_in(tmp_path, limited)).counts

    ids = [row["id"] for row in rows(tmp_path, "articles", limited)]
    assert counts.read == 10
    assert max(ids) == "f3:1/2"


def test_a_shard_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    assert score([*small_archive(1), *small_archive(1)], work_in(tmp_path)).counts.read == 8


def test_a_part_does_not_depend_on_the_shards_before_it(tmp_path: Path) -> None:
    alone, among = tmp_path / "alone", tmp_path / "among"
    texts = [f"kyiv: ukraine supports peace {n}" for n in range(150)]
    one, other = shard("a:1", *texts), shard("b:1", *(f"paris: good {n}" for n in range(77)))

    score([one], work_in(alone))
    score([other, one], work_in(among))

    whole = files(among)
    assert all(whole[name] == text for name, text in files(alone).items() if name.endswith("t"))


def test_order_is_kept_where_many_articles_say_nothing(tmp_path: Path) -> None:
    texts = [f"{'paris: good' if n % 40 == 0 else 'nothing'} {n}" for n in range(500)]

    score([shard("a:1", *texts)], work_in(tmp_path))

    assert [row["record"] for row in rows(tmp_path, "articles")] == list(range(1, 501))
    assert [row["text"] for row in rows(tmp_path, "statements")] == [
        f" good {n}" for n in range(0, 500, 40)
    ]


def test_files_tell_what_made_them(tmp_path: Path) -> None:
    score([shard("a:1", WIRE)], work_in(tmp_path))

    [path] = (tmp_path / "stances").rglob("*.parquet")
    told = {k.decode(): v.decode() for k, v in pq.read_schema(path).metadata.items()}
    assert told["stance.format"] == "1"
    assert told["stance.shard"] == "a:1"
    assert told["stance.run"] == run_of().key
    assert json.loads(told["stance.classifier"]) == {"name": "keyword", "digest": "m1"}
    assert json.loads(told["stance.settings"])["issues"][0]["proposition"] == PEACE.proposition


def test_a_folder_is_one_data_set_for_readers(tmp_path: Path) -> None:
    score(small_archive(3), work_in(tmp_path))

    table = pq.read_table(tmp_path / "stances")

    assert table.num_rows == 7
    assert set(table.column("run").to_pylist()) == {run_of().key}


def test_the_manifest_adds_up_and_names_every_file(tmp_path: Path) -> None:
    counts = score(small_archive(3), work_in(tmp_path)).counts

    run = json.loads((tmp_path / "manifest.json").read_text())["runs"][run_of().key]
    assert run["counts"] == counts.to_json()
    listed = {
        f"{table}/run={run_of().key}/{part['name']}.parquet": file["bytes"]
        for part in run["parts"]
        for table, file in part["tables"].items()
    }
    there = {name: len(text) for name, text in files(tmp_path).items() if name.endswith("parquet")}
    assert listed == there


@pytest.mark.parametrize("text", ["{", "[]", '{"runs": {}, "format": 99}', '{"format": 1}'])
def test_a_manifest_that_cannot_be_read_stops_the_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(FileError, match=r"manifest.json.*choose another folder"):
        score(small_archive(1), work_in(tmp_path))

    assert (tmp_path / "manifest.json").read_text() == text


def test_a_part_that_lost_a_file_is_done_again(tmp_path: Path) -> None:
    score(small_archive(3), work_in(tmp_path))
    before = files(tmp_path)
    lost, cut, *_ = sorted((tmp_path / "stances").rglob("*.parquet"))
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])

    assert score(small_archive(3), work_in(tmp_path)).n_scored == 2
    assert files(tmp_path).keys() == before.keys()
    scored = [row["content"] for row in rows(tmp_path, "articles") if row["status"] == "scored"]
    assert len(scored) == len(set(scored)) == 10


def test_a_proposition_that_does_not_fit_is_told_before_anything_is_written(tmp_path: Path) -> None:
    long = Run(Model("k", "m"), Model("c", "x"), Settings((Issue("long", "Long", "we " * 80),)))

    with pytest.raises(InputError, match="proposition"):
        score(small_archive(1), work_in(tmp_path / "out", long))

    assert not (tmp_path / "out").exists()


def test_a_failing_machine_is_no_fault_of_the_article(tmp_path: Path) -> None:
    def no_memory(_: Article) -> list[Attribution]:
        raise MemoryError

    with pytest.raises(MemoryError):
        score([shard("a:1", WIRE)], work_in(tmp_path, extract=no_memory))

    assert files(tmp_path) == {}


def test_what_was_done_before_an_input_broke_is_kept(tmp_path: Path) -> None:
    class Gone(ListedShard):
        def records(self) -> Iterator[Any]:
            yield from self.listed
            raise FileError(self.file, ["cannot be read: it is gone"])

    shards = [*small_archive(2), Gone("c:1", "c", (Record(Article("paris: good"), "c", 0),))]

    with pytest.raises(FileError, match="it is gone"):
        score(shards, work_in(tmp_path))

    assert score(small_archive(2), work_in(tmp_path)).n_scored == 0
    assert not list((tmp_path / ".drafts").iterdir())


def test_a_name_or_reason_that_is_no_unicode_is_still_told(tmp_path: Path) -> None:
    odd = "caf\udce9.jsonl"

    score([ListedShard(f"{odd}:1", odd, (RecordFault(odd, 0, "\ud800" * 900),))], work_in(tmp_path))

    [row] = rows(tmp_path, "errors")
    assert row["file"] == "caf?.jsonl"
    assert row["reason"].endswith("? ...")


def test_the_next_shard_is_read_while_this_one_is_scored(tmp_path: Path) -> None:
    next_is_read = threading.Event()
    network = keyword_network(word_tokenizer())

    class Next(ListedShard):
        def records(self) -> Iterator[Any]:
            next_is_read.set()
            return super().records()

    def waiting(batch: Rows, /) -> NDArray[np.float32]:
        assert next_is_read.wait(60)
        return network(batch)

    second = Next("b:1", "b", shard("b:1", "paris: good").listed)

    work = work_in(tmp_path, classifier=fake_classifier(network=waiting))
    assert score([shard("a:1", WIRE), second], work).counts.scored == 2


def test_a_shard_is_written_while_the_next_one_is_scored(tmp_path: Path) -> None:
    n_calls = 0
    next_is_scored = threading.Event()
    network = keyword_network(word_tokenizer())

    def noting(batch: Rows, /) -> NDArray[np.float32]:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 2:
            next_is_scored.set()
        return network(batch)

    def finish(_: Part) -> None:
        assert next_is_scored.wait(60)

    work = work_in(tmp_path, classifier=fake_classifier(network=noting))
    planned = [Planned(shard(f"{n}:1", WIRE), lambda *_: False) for n in range(2)]
    score_shards(work, planned, finish, lambda _: None)

    assert n_calls == 2


def test_prediction_sets_are_told_where_a_coverage_was_asked(tmp_path: Path) -> None:
    run = run_of(coverage=0.9)

    score([shard("a:1", WIRE)], work_in(tmp_path, run, classifier_with_sets(0.95)))

    [stance] = rows(tmp_path, "stances", run)
    [statement] = rows(tmp_path, "statements", run)
    assert (stance["stance"], stance["prediction_set"]) == ("favor", "favor")
    assert statement["sentiment_set"] == "neutral"


def test_no_shard_is_scored_before_the_one_but_last_is_written(tmp_path: Path) -> None:
    """So a kill costs one shard that was done, however slow the disk is."""
    finished: list[str] = []
    n_finished_when_scored: list[int] = []
    network = keyword_network(word_tokenizer())

    def noting(batch: Rows, /) -> NDArray[np.float32]:
        n_finished_when_scored.append(len(finished))
        return network(batch)

    def finish(part: Part) -> None:
        time.sleep(0.05)
        finished.append(part.name)

    work = work_in(tmp_path, classifier=fake_classifier(network=noting))
    planned = [Planned(shard(f"{n}:1", WIRE), lambda *_: False) for n in range(6)]
    score_shards(work, planned, finish, lambda _: None)

    assert len(n_finished_when_scored) == len(finished) == 6
    assert all(n >= before - 1 for before, n in enumerate(n_finished_when_scored))


def test_records_that_are_lost_together_are_all_counted(tmp_path: Path) -> None:
    rest = RecordFault("a", 10, "breaks off", n_records=7)

    counts = score([shard("a:1", WIRE, rest)], work_in(tmp_path)).counts

    assert (counts.read, counts.scored, counts.failed, counts.errors) == (8, 1, 7, 1)
    assert [row["n_records"] for row in rows(tmp_path, "errors")] == [7]


texts = st.sampled_from([f"{who}: peace {n}" for who in ("kyiv", "paris") for n in range(4)])


@settings(deadline=None, max_examples=20)
@given(st.lists(st.lists(texts, max_size=6), min_size=1, max_size=5))
def test_every_text_is_scored_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, archive: list[list[str]]
) -> None:
    out = tmp_path_factory.mktemp("scores")

    score([shard(f"{n}:1", *some) for n, some in enumerate(archive)], work_in(out))

    scored = Counter(r["content"] for r in rows(out, "articles") if r["status"] == "scored")
    assert set(scored.values()) <= {1}
    assert len(scored) == len({text for some in archive for text in some})
    assert len(rows(out, "articles")) == sum(map(len, archive))
