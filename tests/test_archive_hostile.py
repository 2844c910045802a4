"""Input that is broken, or meant to do harm, costs itself alone and is told with its place."""

import bz2
import gzip
import io
import json
import os
import random
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from stance.archive import Limits, Record, RecordFault, read_archive
from stance.errors import FileError
from tests.archives import (
    PACK,
    Save,
    faults,
    jsonl,
    page,
    read,
    save,
    skipped,
    texts,
)  # fmt: skip

__all__ = ["save"]

GOOD = jsonl({"text": "good"})
SMALL = Limits(record_bytes=1000)


def noise(n: int, seed: int = 1) -> str:
    """Letters that hardly pack."""
    return random.Random(seed).randbytes(n // 2).hex()


def peak_bytes(work: Callable[[], object]) -> int:
    """The most memory that Python held while it worked."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# Records that are too large


@pytest.mark.parametrize("suffix", PACK)
def test_a_line_of_50_megabytes_costs_itself_and_no_memory(suffix: str, save: Save) -> None:
    n = 11 if suffix == ".bz2" else 50  # it packs slowly
    content = GOOD + jsonl({"text": noise(n << 20)}) + GOOD
    path = save(f"a.jsonl{suffix}", PACK[suffix](content))
    del content
    found = []

    peak = peak_bytes(lambda: found.extend(read(path)))

    assert texts(found) == ["good", "good"]
    assert faults(found) == [(17, "is larger than 10,485,760 bytes, the limit of a record")]
    assert peak < 45 << 20


def test_a_large_object_in_a_list_costs_itself(save: Save) -> None:
    rows = [{"text": "good"}, {"text": "x" * 2000, "y": [{}]}, {"text": "good"}]

    found = read(save("a.json", json.dumps(rows, indent=1).encode()), limits=SMALL)

    assert texts(found) == ["good", "good"]
    assert faults(found) == [(27, "is larger than 1,000 bytes, the limit of a record")]


@pytest.mark.parametrize(
    "large",
    [
        '"' + "x" * 2000 + '",1\n',
        '"' + "words, words, and more\n" * 200 + '",1\n',
        '"' + "x" * 2000 + "\n" + "y" * 2000 + '\n",1\n',
        '"' + 'she said ""no""\n' * 200 + '",1\n',
    ],
    ids=["one line", "many lines", "two long lines", "quoted quotes"],
)
def test_a_large_row_of_csv_costs_itself(large: str, save: Save) -> None:
    path = save("a.csv", f"text,n\ngood,1\n{large}good,2\n".encode())

    found = read(path, limits=SMALL)

    assert texts(found) == ["good", "good"]
    assert faults(found) == [(14, "is larger than 1,000 bytes, the limit of a record")]


@pytest.mark.parametrize("name", ["a.txt", "a.html"])
def test_a_large_file_of_one_article_costs_itself(name: str, save: Save) -> None:
    save(f"x/{name}", b"x" * 2000)
    found = read(save("y/a.txt", b"good").parents[1], limits=SMALL)

    assert texts(found) == ["good"]
    assert faults(found) == [(0, "is larger than 1,000 bytes, the limit of a record")]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl", "a.csv.zst"])
def test_memory_does_not_grow_with_a_file(name: str, save: Save) -> None:
    def peak_with(n: int) -> int:
        rows = [noise(3000, seed) for seed in range(n)]
        of_json = jsonl(*({"text": row} for row in rows))
        content = of_json if "jsonl" in name else "\n".join(["text", *rows]).encode()
        suffix = Path(name).suffix
        path = save(name, PACK[suffix](content) if suffix in PACK else content)
        return peak_bytes(lambda: sum(1 for _ in read_archive([path])))

    few, many = peak_with(1000), peak_with(4000)

    assert many < 1.1 * few


# Bombs


def bomb(suffix: str, n: int) -> bytes:
    """So many megabytes of zeros, packed."""
    out, block = io.BytesIO(), b"\0" * (1 << 20)
    writers: dict[str, Callable[[], Any]] = {
        ".gz": lambda: gzip.GzipFile(fileobj=out, mode="wb"),
        ".bz2": lambda: bz2.BZ2File(out, "wb"),
        ".zst": lambda: zstandard.ZstdCompressor().stream_writer(out, closefd=False),
    }
    with writers[suffix]() as packed:
        for _ in range(n):
            packed.write(block)
    return out.getvalue()


@pytest.mark.parametrize("name", ["b.jsonl", "b.csv", "b.txt", "b.html", "b.json", "b.warc"])
@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2"])
def test_a_bomb_costs_itself_and_no_memory(name: str, suffix: str, save: Save) -> None:
    save(f"{name}{suffix}", bomb(suffix, 150))
    folder = save("c.jsonl", GOOD).parent
    found = []

    peak = peak_bytes(lambda: found.extend(read(folder, limits=Limits(record_bytes=1 << 20))))

    assert texts(found) == ["good"]
    assert faults(found)
    assert peak < 80 << 20


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2"])
def test_what_unpacks_to_too_much_is_broken_off(suffix: str, save: Save) -> None:
    path = save(f"b.jsonl{suffix}", bomb(suffix, 100))

    found = read(path)

    assert [reason for _, reason in faults(found)] == [
        "unpacks to more than 200 times its size, as a bomb would; nothing after it is read"
    ]


def test_the_size_that_a_file_may_unpack_to_can_be_limited(save: Save) -> None:
    path = save("a.jsonl.gz", gzip.compress(jsonl({"text": noise(1000)}) * 1000))

    found = read(path, limits=Limits(unpacked_bytes=500_000))

    assert 400 < len(texts(found)) < 500
    assert "unpacks to more than 500,000 bytes" in faults(found)[-1][1]


def test_a_zstd_frame_that_wants_much_memory_is_refused(save: Save) -> None:
    settings = zstandard.ZstdCompressionParameters(window_log=30)
    packer = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    path = save("a.jsonl.zst", packer.compress(GOOD) + packer.flush())

    [(_, reason)] = faults(read(path))

    assert "requires too much memory" in reason


def test_a_group_of_parquet_rows_that_is_a_bomb_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    schema = pa.schema([("text", pa.string())])
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False) as writer:
        for text, n in (("good", 2), ("x" * (1 << 20), 80), ("good", 1)):
            writer.write_table(pa.table({"text": [text] * n}, schema))

    found = read(path)

    assert texts(found) == ["good"] * 3
    [fault] = [one for one in found if isinstance(one, RecordFault)]
    assert (fault.offset, fault.n_records) == (2, 80)
    assert "unpacks to more than 200 times its size" in fault.reason


# Broken packing


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2"])
@pytest.mark.parametrize("lost", [1, 4, 9, 200])
def test_a_packed_file_that_was_cut_off_gives_what_was_before(
    suffix: str, lost: int, save: Save
) -> None:
    rows = [noise(300, seed) for seed in range(1500)]
    packed = PACK[suffix](jsonl(*({"text": row} for row in rows)))

    found = read(save(f"a.jsonl{suffix}", packed[:-lost]))

    lost_with_it = {".gz": 10, ".zst": 450, ".bz2": 1500}[suffix]  # a block, but for gzip
    assert len(texts(found)) >= 1500 - lost_with_it
    assert texts(found) == rows[: len(texts(found))]
    codec = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}[suffix]
    [(_, reason)] = faults(found)
    assert reason == f"the file ends within {codec} data; nothing after it is read"


def test_a_row_that_was_cut_off_is_no_row(save: Save) -> None:
    content = "text,n\n" + "".join(f"{noise(300, seed)},{seed}\n" for seed in range(100))

    found = read(save("a.csv.gz", gzip.compress(content.encode())[:-2000]))

    assert {len(text) for text in texts(found)} == {300}
    assert len(faults(found)) == 1


def test_a_wrong_checksum_costs_no_record(save: Save) -> None:
    packed = bytearray(gzip.compress(GOOD * 3))
    packed[-8] ^= 0xFF

    found = read(save("a.jsonl.gz", bytes(packed)))

    assert texts(found) == ["good"] * 3
    assert [reason for _, reason in faults(found)] == [
        "the gzip data are broken: its checksum is wrong; nothing after it is read"
    ]


def test_rubbish_after_gzip_is_told_and_costs_no_record(save: Save) -> None:
    found = read(save("a.jsonl.gz", gzip.compress(GOOD) + b"rubbish"))

    assert texts(found) == ["good"]
    assert faults(found) == [(17, "no gzip data begin here; nothing after it is read")]


def test_all_before_a_flipped_bit_is_read(save: Save) -> None:
    rows = [noise(300, seed) for seed in range(2000)]
    packed = bytearray(gzip.compress(jsonl(*({"text": row} for row in rows)), mtime=0))
    at = len(packed) // 2
    packed[at : at + 4] = b"\xff\xff\xff\xff"

    found = read(save("a.jsonl.gz", bytes(packed)))

    n = len(texts(found))
    assert 900 < n < 1100
    assert texts(found)[:900] == rows[:900]
    assert any("the gzip data are broken" in reason for _, reason in faults(found))


def test_a_broken_member_costs_itself_where_lines_begin_with_the_next(save: Save) -> None:
    bad = bytearray(gzip.compress(jsonl({"text": noise(5000)})))
    bad[1000:1010] = b"\xff" * 10

    found = read(save("a.jsonl.gz", gzip.compress(GOOD) + bytes(bad) + gzip.compress(GOOD)))

    assert texts(found) == ["good", "good"]
    [(offset, reason)] = faults(found)
    assert (offset, "broken" in reason) == (17, True)


@pytest.mark.parametrize("header", [b"\x1f\x8b\x08\xe0", b"\x1f\x8b\x08\x08" + b"x" * 80_000])
def test_a_bad_gzip_header_is_told(header: bytes, save: Save) -> None:
    found = read(save("a.jsonl.gz", header))

    assert texts(found) == []
    assert len(faults(found)) == 1


def test_a_gzip_header_may_hold_a_name_and_a_comment(save: Save) -> None:
    body = zlib.compressobj(wbits=-15)
    packed = body.compress(GOOD) + body.flush()
    tail = zlib.crc32(GOOD).to_bytes(4, "little") + len(GOOD).to_bytes(4, "little")
    header = b"\x1f\x8b\x08\x1e" + b"\0" * 6 + b"\x03\0abc" + b"name\0" + b"comment\0" + b"\0\0"

    assert texts(read(save("a.jsonl.gz", header + packed + tail))) == ["good"]


def test_a_file_that_is_not_packed_as_its_name_says_is_told(save: Save) -> None:
    found = read(save("a.jsonl.gz", b"\0\1\2\3" * 100))

    assert faults(found) == [(0, "is not packed as gzip, as its name says")]


# Encodings


def test_a_line_that_is_no_utf_8_costs_itself(save: Save) -> None:
    found = read(save("a.jsonl", GOOD + '{"text": "café"}\n'.encode("latin-1") + GOOD))

    assert texts(found) == ["good", "good"]
    assert faults(found) == [(17, "record: is not utf-8 at byte 13 of the record")]


def test_a_row_of_csv_that_is_no_utf_8_costs_itself(save: Save) -> None:
    found = read(save("a.csv", "text,n\ngood,1\ncafé,2\ngood,3\n".encode("latin-1")))

    assert texts(found) == ["good", "good"]
    assert faults(found) == [(14, "text: is not utf-8; name the encoding of the file")]


def test_a_title_that_is_no_utf_8_does_not_cost_its_article(save: Save) -> None:
    [found] = read(save("a.csv", "text,title\ngood,café\n".encode("latin-1")))

    assert isinstance(found, Record)
    assert found.content.text == "good"


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl", "a.json"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "cp1252"])
def test_an_encoding_is_told_by_a_mark_or_by_the_user(name: str, encoding: str, save: Save) -> None:
    content = {
        "a.txt": "café",
        "a.csv": "text\ncafé\n",
        "a.jsonl": '{"text": "café"}\n',
        "a.json": '[{"text":\n"café"}]',
    }[name]
    asked = encoding if encoding in {"utf-16-le", "cp1252"} else None

    assert texts(read(save(name, content.encode(encoding)), encoding=asked)) == ["café"]


def test_a_text_that_is_no_utf_8_is_told(save: Save) -> None:
    assert faults(read(save("a.txt", "café".encode("latin-1")))) == [
        (0, "text: is not utf-8 at byte 3; name the encoding of the file")
    ]


def test_utf_16_that_is_cut_within_a_character_is_told(save: Save) -> None:
    found = read(save("a.jsonl", '{"text": "a"}\n{"text": "b"}\n'.encode("utf-16")[:-1]))

    assert texts(found)[:1] == ["a"]
    assert "is not utf-16-le" in faults(found)[-1][1]


DECLARED = '<meta http-equiv="Content-Type" content="text/html; charset={}">'


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "cp1252"),  # what browsers take it for
        ("windows-1251", "cp1251"),
        ("utf-8", "cp1252"),  # wrong
        ("windows-1252", "utf-8"),  # wrong, and not to be told
        ("no-such-thing", "utf-8"),
        ("hex", "utf-8"),
        (None, "utf-8"),
        (None, "utf-16"),  # with a mark
    ],
)  # fmt: skip
def test_a_page_is_decoded_as_a_browser_would(
    declared: str | None, encoding: str, save: Save
) -> None:
    head = DECLARED.format(declared) if declared else ""
    text = "The minister – who had left – said that the sanctions would stay in place. " * 3
    content = page(text, head).decode().encode(encoding)

    [read_text] = texts(read(save("a.html", content)))

    wrong = (declared, encoding)
    if wrong == ("utf-8", "cp1252"):
        assert "minister \ufffd who" in read_text
    elif wrong == ("windows-1252", "utf-8"):
        assert "minister â€“ who" in read_text
    else:
        assert "minister – who" in read_text


def test_a_page_in_russian_that_declares_nothing_is_read(save: Save) -> None:
    text = "Министр иностранных дел заявил во вторник, что санкции останутся в силе. " * 4

    [read_text] = texts(read(save("a.html", page(text, title="Санкции").decode().encode("cp1251"))))

    assert "санкции останутся в силе" in read_text


# Pages


@pytest.mark.parametrize(
    "content",
    [
        b"<html></html>",
        b"<html><body><img src=x></body></html>",
        b"<html><body><script>var x = 1;</script></body></html>",
        b"no tags",
        b"<",
        b"\0\1\2",
        b"<div>" * 20_000,
    ],
    ids=repr,
)
def test_html_without_an_article_is_passed_over(content: bytes, save: Save) -> None:
    assert skipped(read(save("a.html", content))) == ["no text"]


def test_a_page_of_very_many_tags_costs_itself(save: Save) -> None:
    found = read(save("a.html", b"<p>x" * 60_000))

    assert faults(found) == [(0, "page: has 60,000 tags; the limit is 50,000")]


def test_a_tag_of_very_many_attributes_costs_itself(save: Save) -> None:
    tag = "<p " + " ".join(f"a{n}=1" for n in range(3000)) + ">"

    assert faults(read(save("a.html", tag.encode()))) == [
        (0, "page: has a tag with more than 2,000 attributes")
    ]


def test_entities_of_a_page_are_not_expanded(save: Save) -> None:
    doctype = "<!DOCTYPE html [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>"
    content = doctype.encode() + page("&b;&b; The sanctions stay in place, the minister said.")

    assert "aaaa" not in "".join(texts(read(save("a.html", content))))


# Rows


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": ', "record: is not JSON: Expecting value"),
        (b'["x"]', "record: must be a JSON object"),
        (b"[" * 100_000, "record: is not JSON: too deep or too large"),
        (b'{"text": null}', "text: is missing: there is no text, but text; name"),
        (b'{"text": 5}', "text: must be text, not int"),
        (b'{"text": "a\\u0000"}', "text: holds a NUL character at offset 1; remove it"),
        (b'{"text": "a\\ud800"}', "text: holds a lone surrogate at offset 1; send valid Unicode"),
    ],
    ids=lambda one: repr(one)[:24],
)
def test_a_faulty_line_costs_itself(line: bytes, reason: str, save: Save) -> None:
    found = read(save("a.jsonl", GOOD + line + b"\n" + GOOD))

    assert texts(found) == ["good", "good"]
    [(offset, told)] = faults(found)
    assert offset == 17
    assert told.startswith(reason)


def test_a_fault_is_told_in_few_words(save: Save) -> None:
    row = {f"{'n' * 5000}{n}\ud800": n for n in range(20)}

    [(_, reason)] = faults(read(save("a.jsonl", json.dumps(row).encode())))

    assert len(reason) < 600
    reason.encode()


def test_a_faulty_object_in_a_list_costs_itself(save: Save) -> None:
    found = read(save("a.json", b'[{"text": "good"},\n{"text": oops},\n5, "x",\n{"text": "good"}]'))

    assert texts(found) == ["good", "good"]
    assert [reason for _, reason in faults(found)] == [
        "record: is not JSON: Expecting value",
        "record: must be a JSON object",
        "record: must be a JSON object",
    ]


@pytest.mark.parametrize(
    ("row", "reasons"),
    [
        ("bad", ["has 1 fields, but the header has 2"]),
        ("bad,1,2", ["has 3 fields, but the header has 2"]),
        ('"bad"x,1', ["is not CSV: ',' expected after '\"'"]),
        ('"never closed,1', ["is not CSV: ',' expected after '\"'"]),
        ("a\0b,1", ["text: holds a NUL character at offset 1; remove it"]),
    ],
    ids=["few", "many", "quote", "open quote", "NUL"],
)
def test_a_ragged_or_broken_row_costs_itself(row: str, reasons: list[str], save: Save) -> None:
    content = f'text,n\ngood,1\n{row}\n"good",2\ngood,3\n'

    found = read(save("a.csv", content.encode()))

    assert texts(found) == ["good", "good", "good"]
    assert [reason for _, reason in faults(found)] == reasons


def test_a_quote_that_is_never_closed_costs_its_row_and_not_the_rest(save: Save) -> None:
    content = 'text,n\ngood,1\n"open,2\n' + "good,3\n" * 500

    found = read(save("a.csv", content.encode()), limits=Limits(record_bytes=2000))

    assert texts(found) == ["good"] * 501
    assert [offset for offset, _ in faults(found)] == [14]


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"text,text\na,b\n", b'"text\n', b"text,\na,b\n"], ids=repr
)
def test_csv_without_a_header_is_told(content: bytes, save: Save) -> None:
    found = read(save("a.csv", content))

    assert texts(found) == []
    assert len(faults(found)) + len(skipped(found)) == 1


def test_blank_texts_are_passed_over(save: Save) -> None:
    assert skipped(read(save("a.jsonl", jsonl({"text": ""}, {"text": " \n"})))) == ["no text"] * 2
    assert skipped(read(save("a.txt", b" \n"))) == ["no text"]


# Parquet


def test_a_row_group_that_is_broken_in_the_middle_costs_what_is_left_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = {"text": [noise(400, seed) for seed in range(300)]}
    pq.write_table(
        pa.table(rows), path, row_group_size=100, use_dictionary=False, data_page_size=4000
    )
    chunk = pq.ParquetFile(path).metadata.row_group(1).column(0)
    content = bytearray(path.read_bytes())
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    content[middle : middle + 2000] = b"\xff" * 2000
    path.write_bytes(content)

    found = read(path)

    lost = [one for one in found if isinstance(one, RecordFault)]
    assert sum(one.n_records for one in lost) + len(texts(found)) == 300
    assert texts(found)[:100] == rows["text"][:100]
    assert texts(found)[-100:] == rows["text"][-100:]
    assert 0 < lost[0].n_records <= 100
    assert all(100 <= one.offset < 200 for one in lost)


def test_a_text_of_parquet_that_is_no_utf_8_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    bad = pa.array([b"good", b"caf\xe9", b"good"]).view(pa.string())
    pq.write_table(pa.table({"text": bad}), path)

    found = read(path)

    assert texts(found) == ["good", "good"]
    assert [offset for offset, _ in faults(found)] == [1]


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" * 100, b"no", b"\0" * 1000], ids=repr)
def test_what_is_no_parquet_is_told(content: bytes, save: Save) -> None:
    [(_, reason)] = faults(read(save("a.parquet", content)))

    assert reason.startswith("is not Parquet")


def test_a_large_text_of_parquet_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["good", "x" * 2000, "good"]}), path)

    found = read(path, limits=SMALL)

    assert texts(found) == ["good", "good"]
    assert faults(found) == [(1, "is larger than 1,000 bytes, the limit of a record")]


def test_a_long_text_that_many_rows_of_parquet_share_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), ["x" * (9 << 20)])
    pq.write_table(pa.table({"text": shared}), path, store_schema=False)
    before = pa.total_allocated_bytes()

    for n, _ in enumerate(read_archive([path])):
        if n % 100 == 0:
            assert pa.total_allocated_bytes() - before < 100 << 20
    assert n == 2999


# Folders


def test_a_mixed_folder_is_read_in_order_and_nothing_is_lost(save: Save) -> None:
    save("b/2.jsonl", GOOD)
    save("b/10.txt", b"ten")
    save("a/photo.jpg", b"\xff\xd8\xff\0")
    save("a/empty.jsonl", b"")
    save(".hidden/x.jsonl", GOOD)
    save("_SUCCESS", b"")
    folder = save("a.csv", b"text\nfirst\n").parent

    found = read(folder)

    assert texts(found) == ["first", "ten", "good"]
    assert [(Path(one.file).name, one.reason) for one in found if not isinstance(one, Record)] == [
        (".hidden", "hidden file"),
        ("_SUCCESS", "empty file"),
        ("empty.jsonl", "empty file"),
        ("photo.jpg", "file of a kind that is not read"),
    ]


def test_links_are_followed_and_loops_and_copies_are_not(save: Save, tmp_path: Path) -> None:
    folder = save("a/one.jsonl", GOOD).parents[1]
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "two.txt").write_bytes(b"two")
    (folder / "a" / "loop").symlink_to(folder)
    (folder / "a" / "self").symlink_to(folder / "a" / "self")
    (folder / "a" / "nowhere.txt").symlink_to(folder / "nothing")
    (folder / "b").symlink_to(outside)
    (folder / "c").symlink_to(outside)
    (folder / "copy.jsonl").symlink_to(folder / "a" / "one.jsonl")
    os.link(folder / "a" / "one.jsonl", folder / "hard.jsonl")

    found = read(folder)

    assert sorted(texts(found)) == ["good", "two"]
    assert len(skipped(found)) == 4
    assert {reason for _, reason in faults(found)} == {
        "cannot be read: No such file or directory",
        "cannot be read: Too many levels of symbolic links",
    }


def test_a_link_to_a_hidden_file_is_read(save: Save) -> None:
    stored = save(".store/objects/1", GOOD)
    folder = stored.parents[2]
    (folder / "one.jsonl").symlink_to(stored)

    assert texts(read(folder)) == ["good"]


def test_a_file_that_is_named_and_in_a_named_folder_is_read_once(save: Save) -> None:
    path = save("a.jsonl", GOOD)

    found = list(read_archive([path, path.parent, path, path.parent / "."]))

    assert texts(found) == ["good"]


def test_folders_can_be_nested_deeper_than_calls(save: Save) -> None:
    folder = save("a.jsonl", GOOD).parent
    nested = [folder]
    for _ in range(1200):
        nested.append(nested[-1] / "d")
        nested[-1].mkdir()
    deep = nested[-1] / "a.txt"
    deep.write_bytes(b"deep")

    found = read(folder)

    deep.unlink()
    for one in reversed(nested[1:]):  # what clears up after tests does call itself
        one.rmdir()
    assert texts(found) == ["good", "deep"]


def test_a_pipe_in_a_folder_does_not_hang(save: Save) -> None:
    folder = save("a.jsonl", GOOD).parent
    os.mkfifo(folder / "pipe.jsonl")

    found = read(folder)

    assert texts(found) == ["good"]
    assert skipped(found) == ["not a regular file"]


def test_a_file_that_goes_while_it_is_read_is_no_fault_of_a_record(save: Save) -> None:
    folder = save("a.jsonl", GOOD).parent
    gone = save("b.jsonl", GOOD)
    reader = read_archive([folder])
    next(reader)

    gone.unlink()

    assert [reason for _, reason in faults(reader)] == [
        "cannot be read: No such file or directory"
    ] or pytest.fail("the file was not missed")


def test_names_that_are_no_unicode_are_read(save: Save) -> None:
    folder = save("a.jsonl", GOOD).parent
    (folder / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"one")

    assert texts(read(folder)) == ["good", "one"]


def test_storage_that_fails_is_raised(save: Save, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is not there"):
        read(tmp_path / "nothing")


# Anything


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.html", "a.ninjs", "a.parquet"])
def test_whatever_happens_to_a_file_its_reading_ends_and_tells(
    name: str, seed: int, suffix: str, save: Save
) -> None:
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = [{"text": noise(200, n), "uri": n} for n in range(40)]
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": [row["text"] for row in rows]}), buffer, row_group_size=9)
    content = bytearray(
        {
            "a.jsonl": jsonl(*rows),
            "a.json": json.dumps(rows).encode(),
            "a.csv": b"text,n\n" + b"".join(b'"%s",1\n' % row["text"].encode() for row in rows),
            "a.html": page(noise(900)),
            "a.ninjs": jsonl(*({"uri": "u", "body_text": row["text"]} for row in rows)),
            "a.parquet": buffer.getvalue(),
        }[name]
    )
    content = bytearray(PACK[suffix](bytes(content)))
    for _ in range(seed % 4):
        at, n = chance.randrange(len(content)), chance.choice([1, 2, 8, 60])
        content[at : at + n] = chance.randbytes(chance.choice([0, n, 2 * n]))
    if seed % 3 == 0:
        del content[chance.randrange(len(content)) :]

    found = read(save(f"{name}{suffix}", bytes(content)).parent)

    assert found
    assert all(isinstance(one, Record) or one.reason for one in found)
