import itertools
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stance.archive import (
    Columns,
    Cut,
    Format,
    Limits,
    Reading,
    Record,
    Skipped,
    read_archive,
)  # fmt: skip
from stance.domain import Article, Statement
from stance.errors import FileError, InputError
from tests.archives import (
    PACK,
    PARAGRAPH,
    Save,
    article,
    faults,
    jsonl,
    page,
    pages,
    read,
    save,
    skipped,
    texts,
)  # fmt: skip

__all__ = ["save"]


def parquet(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **options)
    return path


# Each format


def test_a_json_line_gives_all_fields_of_an_article(save: Save) -> None:
    row = {"id": "a", "title": "T", "outlet": "O", "date": "2021-03-04", "text": "We agree."}

    assert article(save("a.jsonl", jsonl(row))) == Article("We agree.", "a", "T", "O", "2021-03-04")


def test_a_record_knows_its_file_and_the_byte_where_it_begins(save: Save) -> None:
    path = save("a.jsonl", b'\n{"text": "one"}\n{"text": "two"}\n')

    assert read(path) == [
        Record(Article("one"), str(path), 1), Record(Article("two"), str(path), 17),
    ]  # fmt: skip


def test_json_in_a_list_over_many_lines_is_read_object_by_object(save: Save) -> None:
    rows = [{"text": 'a "quoted" {brace} \\'}, {"text": "two", "more": [1, {"deep": "]"}]}]

    assert texts(read(save("a.json", json.dumps(rows, indent=2).encode()))) == [
        'a "quoted" {brace} \\', "two",
    ]  # fmt: skip


def test_a_json_file_may_be_one_object_or_several_one_after_another(save: Save) -> None:
    one, two = (json.dumps({"text": text}, indent=1).encode() for text in ("one", "two"))

    assert texts(read(save("a.json", one))) == ["one"]
    assert texts(read(save("b.json", one + b"\n" + two))) == ["one", "two"]
    assert texts(read(save("c.json", jsonl({"text": "one"}, {"text": "two"})))) == ["one", "two"]


def test_csv_is_read_by_its_header(save: Save) -> None:
    content = b'date,headline,body\n2021-03-04,Hi,"One, two\nthree"\n'

    found = article(save("a.csv", content))

    assert found == Article("One, two\nthree", title="Hi", date="2021-03-04")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_csv_is_told_by_its_header(delimiter: str, save: Save) -> None:
    content = f"id{delimiter}text\na{delimiter}We agree.\n".encode()

    assert article(save("a.csv", content)) == Article("We agree.", "a")


def test_parquet_rows_are_numbered_from_0_over_all_groups(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", {"text": ["a", "b", "c"]}, row_group_size=2)

    assert [(one.offset, texts([one])) for one in read(path) if isinstance(one, Record)] == [
        (0, ["a"]), (1, ["b"]), (2, ["c"]),
    ]  # fmt: skip


def test_parquet_reads_fields_inside_others_and_times(tmp_path: Path) -> None:
    when = pa.array([1614852000], pa.timestamp("s", tz="UTC"))
    path = parquet(
        tmp_path / "a.parquet",
        {"content": ["We agree."], "source": [{"name": "Daily", "id": 5}], "publishedAt": when},
    )

    assert article(path) == Article("We agree.", outlet="Daily", date="2021-03-04T10:00:00+00:00")


def test_a_text_file_is_one_article_as_it_stands(save: Save) -> None:
    assert article(save("a.txt", b"One.\n\nTwo.\n")) == Article("One.\n\nTwo.\n")


def test_an_html_file_is_its_article_without_what_is_around_it(save: Save) -> None:
    head = (
        "<meta property='og:site_name' content='The Daily'>"
        "<meta property='article:published_time' content='2021-03-04T10:00:00Z'>"
    )

    found = article(save("a.html", page(head=head)))

    assert (found.title, found.outlet, found.date) == ("Sanctions stay", "The Daily", "2021-03-04")
    assert PARAGRAPH in found.text
    assert "World" not in found.text
    assert "reserved" not in found.text


def test_a_page_of_a_warc_has_its_address_and_its_host(save: Save) -> None:
    found = article(save("a.warc", pages("one")[0]))

    assert (found.id, found.outlet) == ("http://www.daily.example/one", "daily.example")
    assert f"one {PARAGRAPH}" in found.text


NINJS_1 = {
    "uri": "http://news.example/1", "headline": "Peace", "versioncreated": "2013-07-09T10:37:00Z",
    "body_text": "They agreed.", "body_xhtml": "<p>They agreed.</p>", "provider": {"name": "TNA"},
}  # fmt: skip
NINJS_2 = {
    "uri": "urn:2", "versioncreated": "2019-05-10T16:02:28+02:00", "copyrightholder": "dpa",
    "headlines": [{"role": "short", "value": "P"}, {"role": "main", "value": "Peace"}],
    "bodies": [{"role": "html", "contenttype": "text/html", "value": "<p>They</p><p>agreed.</p>"}],
}  # fmt: skip
NINJS_3 = {
    "uri": "urn:3", "firstCreated": "2023-01-02T03:04:05Z", "infoSources": [{"name": "TNA"}],
    "headlines": [{"value": "Peace"}],
    "bodies": [
        {"role": "richtext", "contentType": "application/xhtml+xml", "value": "<p>No</p>"},
        {"role": "main", "contentType": "text/plain", "value": "They agreed."},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (NINJS_1, Article("They agreed.", "http://news.example/1", "Peace", "TNA",
                          "2013-07-09T10:37:00+00:00")),
        (NINJS_2, Article("They\nagreed.", "urn:2", "Peace", "dpa", "2019-05-10T16:02:28+02:00")),
        (NINJS_3, Article("They agreed.", "urn:3", "Peace", "TNA", "2023-01-02T03:04:05+00:00")),
    ],
    ids=["1", "2", "3"],
)  # fmt: skip
def test_ninjs_is_known_by_its_keys_in_each_version(
    item: dict[str, Any], expected: Article, save: Save
) -> None:
    assert article(save("a.json", json.dumps(item, indent=1).encode())) == expected
    assert article(save("a.jsonl", jsonl(item))) == expected
    assert article(save("a.ninjs", jsonl(item))) == expected


def test_a_ninjs_picture_has_no_text_and_no_fault(save: Save) -> None:
    picture = {"uri": "urn:1", "type": "picture", "headline": "A ship", "body_text": ""}

    assert skipped(read(save("a.json", jsonl(picture)))) == ["no text"]


def test_ninjs_that_is_asked_for_must_have_its_uri(save: Save) -> None:
    path = save("a.json", jsonl({"body_text": "They agreed."}))

    assert faults(read(path, file_format=Format.NINJS)) == [
        (0, "uri: is missing; every ninjs item has one")
    ]


# Packed


ONE_OF_EACH = {
    "a.jsonl": jsonl({"text": PARAGRAPH}),
    "a.json": json.dumps([{"text": PARAGRAPH}], indent=1).encode(),
    "a.ninjs": jsonl({"uri": "u", "body_text": PARAGRAPH}),
    "a.csv": f'text\n"{PARAGRAPH}"\n'.encode(),
    "a.txt": PARAGRAPH.encode(),
    "a.html": page(),
    "a.warc": pages("one")[0],
}


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_each_format_is_read_packed_and_plain(name: str, suffix: str, save: Save) -> None:
    [text] = texts(read(save(name + suffix, PACK[suffix](ONE_OF_EACH[name]))))

    assert PARAGRAPH in text


@pytest.mark.parametrize("suffix", PACK)
def test_parquet_is_read_packed_and_plain(suffix: str, tmp_path: Path, save: Save) -> None:
    plain = parquet(tmp_path / "a.parquet", {"text": ["one", "two"]})

    assert texts(read(save("a.parquet" + suffix, PACK[suffix](plain.read_bytes())))) == [
        "one", "two",
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2"])
def test_how_a_file_is_packed_its_content_tells_and_not_its_name(suffix: str, save: Save) -> None:
    row = jsonl({"text": "one"})

    assert texts(read(save("a.jsonl", PACK[suffix](row)))) == ["one"]
    assert texts(read(save(f"b.jsonl{suffix}", row))) == ["one"]


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2"])
def test_members_one_after_another_are_one_file(suffix: str, save: Save) -> None:
    packed = PACK[suffix](b'{"text": "on') + PACK[suffix](b'e"}\n') + PACK[suffix](b"")

    assert texts(read(save(f"a.jsonl{suffix}", packed))) == ["one"]


def test_zeros_after_gzip_are_no_fault(save: Save) -> None:
    packed = PACK[".gz"](jsonl({"text": "one"})) + b"\0" * 100_000

    assert texts(read(save("a.jsonl.gz", packed))) == ["one"]
    assert faults(read(save("a.jsonl.gz", packed))) == []


# Which file is what


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (jsonl({"text": "one"}), "one"),
        (b'[{"text": "one"}]', "one"),
        (page(), PARAGRAPH),
        (pages("one")[0], PARAGRAPH),
    ],
    ids=["jsonl", "json", "html", "warc"],
)
def test_a_file_with_a_strange_name_is_known_by_its_content(
    content: bytes, text: str, save: Save
) -> None:
    assert text in texts(read(save("feed.2021-03", content)))[0]


def test_a_format_that_is_asked_for_overrules_the_name(save: Save) -> None:
    path = save("a.csv", jsonl({"text": "one"}))

    assert texts(read(path, file_format=Format.JSONL)) == ["one"]


def test_a_file_of_no_known_kind_is_passed_over_in_a_folder_and_refused_by_itself(
    save: Save,
) -> None:
    path = save("photo.jpg", b"\xff\xd8\xff\xe0\0\0")

    assert skipped(read(path.parent)) == ["file of a kind that is not read"]
    with pytest.raises(FileError, match="is a file of a kind that is not read; name its format"):
        read(path)


def test_paths_that_are_not_there_are_all_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileError) as error:
        next(read_archive([tmp_path, tmp_path / "a", tmp_path / "b"]))

    assert str(error.value) == (
        f"{tmp_path / 'a'}: is not there\n{tmp_path / 'a'}: nor is {tmp_path / 'b'}"
    )


# Columns


def test_columns_are_guessed_and_told_once_for_each_way(save: Save) -> None:
    save("1.jsonl", jsonl({"Article Text": "one", "pub_date": "x", "source": {"name": "Daily"}}))
    save("2.jsonl", jsonl({"Article Text": "two", "pub_date": "x", "source": {"name": "Daily"}}))
    folder = save("3.csv", b"body,url\nthree,u\n").parent
    told: list[str] = []

    found = list(read_archive([folder], tell=told.append))

    assert texts(found) == ["one", "two", "three"]
    assert told == [
        f"{folder / '1.jsonl'} (jsonl): text=Article Text, outlet=source.name, date=pub_date",
        f"{folder / '3.csv'} (csv): text=body, id=url",
    ]


def test_a_column_that_is_named_is_not_guessed(save: Save) -> None:
    path = save("a.jsonl", jsonl({"text": "short", "long": "The whole.", "who": {"is": "Daily"}}))

    found = article(path, columns=Columns(text="long", outlet="who.is"))

    assert found == Article("The whole.", outlet="Daily")


def test_a_row_without_a_text_tells_what_it_has_and_what_to_do(save: Save) -> None:
    path = save("a.jsonl", jsonl({"words": "one", "when": 1}))

    [(_, reason)] = faults(read(path))
    assert reason == (
        "text: is missing: there is no name that is known for a text, but words, when;"
        " name the column of the text"
    )


def test_parquet_without_a_text_tells_how_many_rows_are_lost(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", {"words": ["one", "two"]})

    [fault] = read(path)

    assert not isinstance(fault, Record | Skipped)
    assert fault.n_records == 2
    assert "name the column of the text" in fault.reason


def test_a_text_column_of_html_is_read_as_plain_text(save: Save) -> None:
    row = {"body_html": "<p>One <b>two</b>.</p><script>x</script><ul><li>A</li><li>B</li></ul>"}

    assert article(save("a.jsonl", jsonl(row))).text == "One two.\nA\nB"


def test_what_is_carried_along_never_costs_the_article(save: Save) -> None:
    row = {"text": "one", "title": ["a", "b"], "outlet": "a\0\ud800", "date": {"y": 1}, "id": 7}
    path = save("a.jsonl", json.dumps(row).encode())

    assert article(path) == Article("one", "7", None, "a\ufffd\ufffd", None)


# Statements


def test_statements_have_their_speakers(save: Save) -> None:
    content = jsonl({"text": "We agree.", "speaker": "Kyiv", "id": "a"})
    path = save("a.jsonl", content)

    assert [one.content for one in read(path, statements=True) if isinstance(one, Record)] == [
        Statement("We agree.", "a", "Kyiv")
    ]


def test_a_text_file_of_statements_has_one_a_line(save: Save) -> None:
    found = read(save("a.txt", b"We agree.\n\n  They do not. \n"), statements=True)

    assert [one.content for one in found if isinstance(one, Record)] == [
        Statement("We agree."), Statement("They do not."),
    ]  # fmt: skip


def test_pages_are_passed_over_among_statements(save: Save) -> None:
    found = read(save("a.html", page()).parent, statements=True)

    assert skipped(found) == ["file of articles, not of statements"]


# Settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoding": "latin-17"}, "encoding: 'latin-17' is not known"),
        ({"statements": True, "file_format": Format.WARC}, "format: warc holds articles"),
    ],
)
def test_settings_that_cannot_be_met_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Reading(**settings)


def test_reading_is_lazy(save: Save) -> None:
    path = save("a.jsonl", jsonl({"text": "one"}) * 100_000)

    first = list(itertools.islice(read_archive([path]), 3))

    assert texts(first) == ["one"] * 3


# The document

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "reading.md").read_text()


def test_the_code_of_the_document_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    monkeypatch.chdir(ROOT)

    exec(code, {})  # noqa: S102

    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("docs/sample.jsonl 0 Ukraine's chief negotiator said")
    assert others


def test_the_document_has_the_limits_that_hold() -> None:
    limits, cut = Limits(), Cut()

    assert f"`record_bytes` ({limits.record_bytes >> 20} MiB)" in DOCUMENT
    assert f"`ratio` ({limits.ratio})" in DOCUMENT
    assert f"{limits.page_tags:,} tags" in DOCUMENT
    assert f"{cut.records} records or {cut.bytes >> 20} MiB" in DOCUMENT
    assert all(f"`.{one}`" in DOCUMENT for one in ("jsonl", "ninjs", "csv", "parquet", "txt"))
