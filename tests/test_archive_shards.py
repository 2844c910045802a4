"""Shards: read alone, cut alike, told apart; together they are the archive."""

import itertools
import json
import os
import pickle
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stance.archive import (
    Columns,
    Cut,
    Limits,
    Reading,
    Record,
    Shard,
    archive_bytes,
    read_archive,
    shards,
)  # fmt: skip
from stance.errors import FileError, InputError, MissingExtraError
from tests.archives import (
    PACK,
    PARAGRAPH,
    Save,
    faults,
    jsonl,
    page,
    pages,
    save,
    texts,
)  # fmt: skip

__all__ = ["save"]

SMALL = Cut(records=10, bytes=4000)


def noise(seed: int, n: int = 300) -> str:
    return random.Random(seed).randbytes(n // 2).hex()


ROWS = [{"text": f"{n} é {noise(n, 100 + 37 * (n % 20))}", "n": n} for n in range(120)]


def content_of(name: str) -> bytes:
    """About a hundred records, some of them bad, in the format of a name."""
    suffix = name.partition(".")[2]
    if suffix == "jsonl":
        rows = [jsonl(row) for row in ROWS]
        rows[50:50] = [b"\n", b"{bad\n", b'{"text": "' + b"x" * 9000 + b'"}\n']
        return b"".join(rows)
    if suffix == "json":
        return json.dumps(ROWS, indent=1).encode()
    if suffix == "csv":
        of_csv = [f'"{row["text"]}\nand ""more""",{row["n"]}\n' for row in ROWS]
        of_csv[50:50] = ['"open,1\n', "a,b,c\n", "\n"]
        return ("text,n\n" + "".join(of_csv)).encode()
    records = [page_record for n in range(60) for page_record in pages(f"p{n}-{noise(n, 40)}")]
    records[20:20] = [b"rubbish\r\n\r\n"]
    return b"".join(records)


def packed(name: str, suffix: str) -> bytes:
    if name == "m.warc" and suffix:
        return b"".join(
            PACK[suffix](record) for n in range(60) for record in pages(f"p{n}-{noise(n, 40)}")
        )
    return PACK[suffix](content_of(name))


def all_records(found: list[Shard]) -> list[object]:
    return [record for shard in found for record in shard.records()]


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.warc", "m.warc"])
def test_shards_together_are_the_file_in_any_order(name: str, suffix: str, save: Save) -> None:
    path = save(name + suffix, packed(name, suffix))
    how = Reading(limits=Limits(record_bytes=5000))
    cut = Cut(records=10, bytes=500) if name.endswith(".warc") else SMALL

    found = list(shards([path], how, cut))

    whole = list(read_archive([path], how))
    assert len(found) > 4
    assert len(texts(whole)) > 55
    assert all_records(found) == whole
    backwards = [list(shard.records()) for shard in reversed(found)]
    assert list(itertools.chain(*reversed(backwards))) == whole
    assert len({shard.identity for shard in found}) == len(found)
    assert sum(shard.n_bytes for shard in found) == archive_bytes([path]) == path.stat().st_size


def test_parquet_is_cut_by_rows_within_its_groups(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"text": [row["text"] for row in ROWS]})
    pq.write_table(table, path, row_group_size=45)

    found = list(shards([path], cut=Cut(records=10, bytes=3000)))

    assert len(found) > 10
    assert all_records(found) == list(read_archive([path]))
    assert sum(shard.n_bytes for shard in found) == path.stat().st_size


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_other_encodings_are_cut_as_well(name: str, encoding: str, save: Save) -> None:
    path = save(name, content_of(name).decode().encode(encoding))

    found = list(shards([path], cut=SMALL))

    assert len(found) > 4
    assert all_records(found) == list(read_archive([path]))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=st.lists(st.sampled_from([b"", b"{}", b'{"text": "a"}', b"x" * 90]), max_size=40),
    size=st.integers(1, 100),
    ends=st.booleans(),
)
def test_lines_are_cut_without_loss_wherever_they_end(
    lines: list[bytes], size: int, ends: bool, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n" * ends)

    found = list(shards([path], cut=Cut(bytes=size)))

    assert all_records(found) == list(read_archive([path]))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("where", [0.3, 0.6, 0.9])
def test_damage_is_told_once_and_shards_agree_about_it(
    suffix: str, where: float, save: Save
) -> None:
    parts = [PACK[suffix](jsonl(*ROWS[n : n + 10])) for n in range(0, 120, 10)]
    content = bytearray(b"".join(parts))
    at = int(len(content) * where)
    content[at : at + 6] = b"\xff" * 6
    path = save(f"a.jsonl{suffix}", bytes(content))

    found = list(shards([path], cut=SMALL))

    whole = list(read_archive([path]))
    assert all_records(found) == whole
    backwards = [list(shard.records()) for shard in reversed(found)]
    assert list(itertools.chain(*reversed(backwards))) == whole
    assert len(texts(whole)) >= 100
    assert len(faults(whole)) <= 2


# Small files


def test_small_files_share_a_shard_and_keep_their_names(save: Save) -> None:
    for n in range(30):
        folder = save(f"{n:02}.txt", f"number {n}".encode()).parent

    found = list(shards([folder]))

    records = [one for one in all_records(found) if isinstance(one, Record)]
    assert len(found) < 5
    assert [Path(one.file).name for one in records] == [f"{n:02}.txt" for n in range(30)]
    assert {shard.file for shard in found} == {str(folder)}


def test_a_new_file_changes_few_shards(save: Save) -> None:
    for n in range(1500):
        folder = save(f"{n:04}.txt", b"text").parent
    before = {shard.identity for shard in shards([folder], cut=Cut(records=100))}

    save("0700b.txt", b"new")
    after = {shard.identity for shard in shards([folder], cut=Cut(records=100))}

    assert len(before) >= 15
    assert len(after - before) <= len(before) // 2


def test_lines_that_are_added_change_the_last_shard_alone(save: Save) -> None:
    path = save("a.jsonl", jsonl(*ROWS))
    before = [shard.identity for shard in shards([path], cut=SMALL)]

    path.write_bytes(jsonl(*ROWS, *ROWS[:20]))
    after = [shard.identity for shard in shards([path], cut=SMALL)]

    assert len(after) > len(before) > 5
    assert after[: len(before) - 1] == before[:-1]


# Identity


def test_identity_is_of_place_and_content_and_cut(save: Save, tmp_path: Path) -> None:
    path = save("a.jsonl", jsonl(*ROWS))
    [first] = [shard.identity for shard in shards([path])]

    def again() -> str:
        [shard] = shards([path])
        return shard.identity

    assert again() == first
    os.utime(path, (1, 1))
    assert again() == first
    path.write_bytes(jsonl(*ROWS).replace(b"0 \xc3\xa9", b"1 \xc3\xa9", 1))
    assert again() != first
    path.write_bytes(jsonl(*ROWS))
    assert again() == first
    assert {shard.identity for shard in shards([path], cut=SMALL)}.isdisjoint({first})
    (tmp_path / "link").symlink_to(path.parent)
    [linked] = shards([tmp_path / "link"])
    assert linked.identity == first
    [other] = shards([save("b.jsonl", jsonl(*ROWS))])
    assert other.identity != first


def test_a_shard_travels_to_another_process(save: Save) -> None:
    path = save("a.jsonl.gz", PACK[".gz"](jsonl(*ROWS)))
    found = list(shards([path], Reading(columns=Columns(text="text")), SMALL))

    sent = [pickle.loads(pickle.dumps(shard)) for shard in found]  # noqa: S301 - our own

    assert sent == found
    assert all_records(sent) == all_records(found)


# Reading


def test_a_file_that_changed_since_is_not_read(save: Save) -> None:
    path = save("a.jsonl", jsonl(*ROWS))
    found = list(shards([path], cut=SMALL))

    path.write_bytes(jsonl(*ROWS[1:]))

    with pytest.raises(FileError, match="was changed after it was listed"):
        list(found[-1].records())


def test_a_file_that_is_gone_is_trouble_with_storage(save: Save) -> None:
    path = save("a.jsonl", jsonl(*ROWS))
    found = list(shards([path]))

    path.unlink()

    with pytest.raises(FileError, match="cannot be read: .*; run again when it can"):
        list(found[0].records())


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_shards_can_be_read_side_by_side(suffix: str, save: Save) -> None:
    path = save(f"a.jsonl{suffix}", PACK[suffix](jsonl(*ROWS)))
    found = list(shards([path], cut=SMALL))
    alone = [list(shard.records()) for shard in found]

    both = list(itertools.zip_longest(found[2].records(), found[1].records()))

    assert [one for one, _ in both if one] == alone[2]
    assert [one for _, one in both if one] == alone[1]


def test_a_shard_that_is_broken_off_does_not_disturb_the_next(save: Save) -> None:
    path = save("a.jsonl.gz", PACK[".gz"](jsonl(*ROWS)))
    found = list(shards([path], cut=SMALL))
    expected = list(found[2].records())
    reader = found[1].records()
    next(reader)
    reader.close()  # type: ignore[attr-defined]  # a generator

    assert list(found[2].records()) == expected


def test_threads_read_shards_of_one_file(save: Save) -> None:
    path = save("a.jsonl.gz", PACK[".gz"](jsonl(*ROWS)))
    found = list(shards([path], cut=SMALL))
    expected = [list(shard.records()) for shard in found]
    read: dict[int, list[object]] = {}

    def work(n: int) -> None:
        read[n] = list(found[n].records())

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [read[n] for n in range(len(found))] == expected


def taken_from_storage(work: Callable[[], object]) -> int:
    """Bytes that this process read from files."""

    def n_read() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    before = n_read()
    work()
    return n_read() - before


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="needs Linux")
@pytest.mark.parametrize("name", ["a.jsonl", "a.warc.gz"])
def test_a_large_file_is_listed_without_reading_it(name: str, save: Save) -> None:
    content = jsonl({"text": noise(1, 200_000)}) * 150
    if name == "a.warc.gz":
        record = PACK[".gz"](pages("x")[0].replace(PARAGRAPH.encode(), noise(1).encode() * 30))
        content = record * (30_000_000 // len(record))
    path = save(name, content)

    n_read = taken_from_storage(lambda: list(shards([path], cut=Cut(bytes=4 << 20))))

    assert n_read < len(content) / 3


def test_a_packed_file_is_walked_as_its_shards_are_asked_for(save: Save) -> None:
    path = save("a.jsonl.gz", PACK[".gz"](jsonl({"text": noise(1, 200_000)}) * 150))

    n_read = taken_from_storage(lambda: next(shards([path])))

    assert n_read < path.stat().st_size / 3


# Stores


def test_urls_are_read_as_paths_are(save: Save) -> None:
    save("b/2.jsonl.gz", PACK[".gz"](jsonl(*ROWS)))
    save("b/.hidden", b"x")
    folder = save("a.html", page()).parent

    found = list(shards([f"file://{folder}"], cut=SMALL))

    records = all_records(found)
    assert sorted(texts(records)) == sorted(texts(read_archive([folder])))
    assert {one.file for one in records if isinstance(one, Record)} == {
        f"file://{folder}/a.html", f"file://{folder}/b/2.jsonl.gz",
    }  # fmt: skip


def test_a_url_may_end_in_a_slash_and_name_one_file(save: Save) -> None:
    path = save("b/2.jsonl", jsonl({"text": "one"}))

    for url in (f"file://{path.parents[1]}/", f"file://{path}"):
        [record] = read_archive([url])
        assert isinstance(record, Record)
        assert record.file == f"file://{path}"


def test_a_store_that_is_not_known_is_told() -> None:
    with pytest.raises(FileError, match="cannot be reached"):
        list(shards(["nosuch://bucket/archive"]))


# What is asked


@pytest.mark.parametrize(
    "wrong", [lambda: Cut(records=0), lambda: Cut(bytes=0), lambda: Limits(ratio=0)]
)
def test_a_size_of_nothing_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError, match="at least 1"):
        wrong()


@pytest.mark.parametrize(
    ("name", "module"), [("a.jsonl.zst", "zstandard"), ("a.html", "trafilatura"),
                         ("a.warc", "fastwarc.warc")]
)  # fmt: skip
def test_a_missing_part_is_told_before_anything_is_read(
    name: str, module: str, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = {"a.jsonl.zst": PACK[".zst"](jsonl(*ROWS)), "a.html": page(), "a.warc": pages("a")[0]}
    folder = save(name, kinds[name]).parent
    monkeypatch.setitem(__import__("sys").modules, module, None)

    with pytest.raises(MissingExtraError, match=r"pip install 'stance\[archive\]'"):
        next(shards([folder]))
