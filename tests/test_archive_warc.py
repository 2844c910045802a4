"""WARC: what is a page, and what a bad record costs."""

import gzip
import random
import zlib

import pytest

from stance.archive import Limits
from stance.domain import Article
from tests.archives import (
    PACK,
    PARAGRAPH,
    Save,
    article,
    faults,
    names_of,
    page,
    pages,
    read,
    response,
    save,
    skipped,
    warc_record,
)  # fmt: skip

__all__ = ["save"]

A, B, C = pages("a", "b", "c")
BLOCK = B.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
URL = "http://www.daily.example/b"


def members(*records: bytes) -> bytes:
    return b"".join(gzip.compress(record, mtime=0) for record in records)


def test_a_page_has_its_date_only_where_the_page_says_so(save: Save) -> None:
    head = "<meta property='article:published_time' content='2021-03-04T10:00:00Z'>"

    assert article(save("a.warc", response(URL, page(head=head)))).date == "2021-03-04"
    assert article(save("b.warc", response(URL, page()))).date is None


def test_a_page_is_not_younger_than_its_copy(save: Save) -> None:
    head = "<meta property='article:published_time' content='2031-03-04T10:00:00Z'>"

    assert article(save("a.warc", response(URL, page(head=head)))).date is None


def test_addresses_in_angle_brackets_are_read(save: Save) -> None:
    found = article(save("a.warc", response("<http://www.daily.example/x>", page())))

    assert (found.id, found.outlet) == ("http://www.daily.example/x", "daily.example")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (warc_record(b"GET / HTTP/1.1\r\n\r\n", "request"), "WARC request"),
        (warc_record(b"software: x\r\n", "warcinfo"), "WARC warcinfo"),
        (warc_record(b"fetchTimeMs: 5\r\n", "metadata"), "WARC metadata"),
        (warc_record(b"", "revisit"), "WARC revisit"),
        (response(URL, b"\x89PNG", content_type="image/png"), "WARC record that is no page"),
        (response(URL, page(), status="404 Not Found"), "page with an error or a redirection"),
        (response(URL, b"Disallow: /", content_type="text/plain"), "WARC record that is no page"),
        (response(URL, b""), "no text"),
        (response(URL, b"<html><body></body></html>"), "no text"),
    ],
    ids=["request", "warcinfo", "metadata", "revisit", "image", "404", "robots", "empty", "bare"],
)
def test_what_is_no_page_is_passed_over(record: bytes, reason: str, save: Save) -> None:
    found = read(save("a.warc", A + record + C))

    assert names_of(found) == ["a", "c"]
    assert skipped(found) == [reason]


def test_text_that_was_extracted_before_is_read(save: Save) -> None:
    record = warc_record(b"Title\nWe agree.\n", "conversion", "https://x.example/1", "text/plain")

    assert article(save("a.warc.wet.gz", members(record))) == Article(
        "Title\nWe agree.\n", "https://x.example/1", outlet="x.example"
    )


def packed_page(encoding: str, packed: bytes) -> bytes:
    return response(URL, packed, f"Content-Encoding: {encoding}")


DEFLATE = zlib.compressobj(wbits=-15)
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(page()), page())


@pytest.mark.parametrize(
    "record",
    [
        packed_page("gzip", gzip.compress(page())),
        response(URL, CHUNKED, "Transfer-Encoding: chunked"),
        packed_page("gzip", page()),
        response(URL, page(), "Transfer-Encoding: chunked"),
    ],
    ids=["gzip", "chunked", "said to be gzip", "said to be chunked"],
)
def test_a_page_is_unpacked_as_it_was_sent_or_as_it_is(record: bytes, save: Save) -> None:
    assert PARAGRAPH in article(save("a.warc", record)).text


def test_the_encoding_of_the_answer_is_that_of_the_page(save: Save) -> None:
    text = "Министр иностранных дел заявил во вторник, что санкции останутся в силе. " * 4
    content = page(text, title="Санкции").decode().encode("cp1251")
    record = response(URL, content, content_type="text/html; charset=windows-1251")

    assert "санкции останутся в силе" in article(save("a.warc", record)).text


def test_a_page_that_unpacks_to_too_much_costs_itself(save: Save) -> None:
    bomb = packed_page("gzip", gzip.compress(b"<p>" + b"x" * (30 << 20)))

    found = read(save("a.warc", A + bomb + C))

    assert names_of(found) == ["a", "c"]
    assert faults(found) == [
        (len(A), "page: is larger than 10,485,760 bytes, the limit of a record")
    ]


# Bad frames

BAD_LENGTHS = {
    "too short": str(len(BLOCK) - 7),
    "too long by a little": str(len(BLOCK) + 7),
    "over the next record": str(len(BLOCK) + len(C) + 20),
    "nothing": "0",
    "words": "many",
    "negative": "-5",
    "very large": "999999999999",
    "not a number of bytes": "9" * 30,
}


@pytest.mark.parametrize("length", BAD_LENGTHS.values(), ids=BAD_LENGTHS)
@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.warc.bz2", "whole.warc.gz"])
def test_a_bad_length_costs_its_record(name: str, length: str, save: Save) -> None:
    bad = warc_record(BLOCK, url=URL, length=length)
    records = [A, bad, C, A]
    if name == "whole.warc.gz":
        content = gzip.compress(b"".join(records))
    else:
        pack = PACK["." + name.rpartition(".")[2]] if name != "a.warc" else bytes
        content = b"".join(map(pack, records))

    found = read(save(name, content))

    assert names_of(found) == ["a", "c", "a"]
    assert len(faults(found)) == 1


BAD_RECORDS = {
    "no length": B.replace(b"Content-Length", b"X-Length", 1),
    "no version": B.replace(b"WARC/1.0", b"WURC/1.0", 1),
    "rubbish": b"rubbish\r\n\r\n" * 20,
    "zeros": b"\0" * 5000,
    "no end of the header": b"WARC/1.0\r\n" + b"x" * 100_000 + b"\r\n",
    "a very long header": B.replace(b"WARC-Date", b"X: " + b"y" * 100_000 + b"\r\nWARC-Date", 1),
    "no http": warc_record(b"\0\1\2", url=URL),
}


@pytest.mark.parametrize("bad", BAD_RECORDS.values(), ids=BAD_RECORDS)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_bad_record_costs_itself(bad: bytes, suffix: str, save: Save) -> None:
    content = b"".join(PACK[suffix](record) for record in (A, bad, C))

    found = read(save(f"a.warc{suffix}", content))

    assert names_of(found) == ["a", "c"]
    assert len(faults(found)) + len(skipped(found)) == 1


def test_a_record_above_the_limit_costs_itself(save: Save) -> None:
    large = response(URL, b"x" * 50_000)

    found = read(save("a.warc", A + large + C), limits=Limits(record_bytes=20_000))

    assert names_of(found) == ["a", "c"]
    assert faults(found) == [(len(A), "is larger than 20,000 bytes, the limit of a record")]


def test_a_file_that_ends_within_a_record_gives_those_before(save: Save) -> None:
    found = read(save("a.warc", A + B[:-50]))

    assert names_of(found) == ["a"]
    assert faults(found) == [(len(A), "its length is wrong, or the file ends within it")]


@pytest.mark.parametrize("version", [b"WARC/0.17", b"WARC/0.18", b"WARC/1.1"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_older_and_newer_versions_are_read(version: bytes, suffix: str, save: Save) -> None:
    records = [one.replace(b"WARC/1.0", version, 1) for one in (A, B[:200] + B[210:], C)]

    found = read(save(f"a.warc{suffix}", b"".join(map(PACK[suffix], records))))

    assert names_of(found) == ["a", "c"]
    assert len(faults(found)) == 1


def test_words_that_look_like_a_beginning_hide_nothing(save: Save) -> None:
    text = f"Files begin with WARC/1.0 or WARC/1.1.\n{PARAGRAPH}"
    talk = response("http://www.daily.example/talk", page(text))
    bad = warc_record(b"WARC/ and WARC/1.0 in a bad record\r\n\r\n", length="999999")

    found = read(save("a.warc", A + talk + bad + C))

    assert names_of(found) == ["a", "talk", "c"]
    assert len(faults(found)) == 1


def test_lines_may_end_as_on_unix(save: Save) -> None:
    header, _, block = A.partition(b"\r\n\r\n")
    unix = header.replace(b"\r\n", b"\n") + b"\n\n" + block.removesuffix(b"\r\n\r\n") + b"\n\n"

    assert names_of(read(save("a.warc", unix + unix))) == ["a", "a"]


# Bad packing


def test_offsets_are_those_of_the_members(save: Save) -> None:
    found = read(save("a.warc.gz", members(A, B)))

    assert [one.offset for one in found] == [0, len(members(A))]


@pytest.mark.parametrize("where", ["header", "middle", "checksum"])
def test_a_broken_member_costs_its_record(where: str, save: Save) -> None:
    text = random.Random(3).randbytes(3000).hex()
    bad = bytearray(members(response(URL, page(text))))
    at = {"header": 3, "middle": len(bad) // 2, "checksum": len(bad) - 8}[where]
    bad[at : at + 2] = b"\xff\xff"

    found = read(save("a.warc.gz", members(A) + bytes(bad) + members(C, A)))

    names = names_of(found)
    assert names in (["a", "c", "a"], ["a", "b", "c", "a"])
    assert faults(found)[0][0] == len(members(A))
    assert len(faults(found)) == 1


@pytest.mark.parametrize("first", [b"\0\1\2\3" * 50, b"\x1f\x8b\x08\0" + b"\xff" * 200])
def test_a_bad_beginning_costs_no_other_record(first: bytes, save: Save) -> None:
    found = read(save("a.warc.gz", first + members(A, C)))

    assert names_of(found) == ["a", "c"]
    assert len(faults(found)) == 1


def test_a_member_that_is_a_bomb_costs_itself(save: Save) -> None:
    record = warc_record(b"\0" * (70 << 20), url=URL)

    found = read(save("a.warc.gz", members(A, record, C)))

    assert names_of(found) == ["a", "c"]
    assert len(faults(found)) == 1


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("seed", range(20))
def test_damage_hides_no_record_that_is_whole(seed: int, suffix: str, save: Save) -> None:
    chance = random.Random(seed)
    records = [PACK[suffix](record) for record in pages(*"abcdefgh")]
    content, whole = bytearray(b"".join(records)), list("abcdefgh")
    for _ in range(3):
        at, n = chance.randrange(len(content)), chance.randrange(1, 40)
        content[at : at + n] = chance.randbytes(len(content[at : at + n]))
        for number, name in enumerate("abcdefgh"):
            start = sum(map(len, records[:number]))
            if name in whole and start < at + n and at < start + len(records[number]):
                whole.remove(name)

    found = read(save(f"a.warc{suffix}", bytes(content)))

    assert [name for name in names_of(found) if name in whole] == whole
    assert len(found) < 20
