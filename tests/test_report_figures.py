"""The figures of a report, checked against archives that can be counted by hand."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stance.domain import Stance
from stance.errors import FileError, MissingExtraError
from stance.report_archive import open_run
from stance.report_figures import Figures, figures
from stance.report_limits import Limits
from stance.report_tables import Tables, open_tables
from tests.scored_archive import PEACE, TAX, Archive, Said


@contextmanager
def tables_of(archive: Archive, out: Path) -> Iterator[Tables]:
    with open_tables(open_run(archive.write(out))) as tables:
        yield tables


def counted(archive: Archive, out: Path, limits: Limits | None = None) -> Figures:
    with tables_of(archive, out) as tables:
        return figures(open_run(out), tables, limits or Limits())


def test_stances_are_counted_by_speaker_and_issue(tmp_path: Path) -> None:
    archive = Archive()
    for _ in range(6):
        archive.article(
            Said("Yes", {PEACE: "favor", TAX: "against"}),
            Said("And yes", {PEACE: "favor"}),
            Said("No", {PEACE: "against", TAX: "unrelated"}, "Ben Jones"),
        )
    archive.article(Said("Perhaps", {PEACE: "neutral"}))

    found = counted(archive, tmp_path / "scores")

    cell = found.speakers.cells["Anna Smith", 0]
    assert (cell.n, cell.articles) == (13, 7)
    assert (cell.favor.total, cell.against.total, cell.neutral.total) == (12, 0, 1)
    assert cell.balance == pytest.approx(12 / 13)
    assert cell.interval is not None
    assert 0.3 < cell.interval.low < cell.balance < cell.interval.high < 1
    assert found.speakers.cells["Ben Jones", 0].balance == -1
    assert ("Ben Jones", 1) not in found.speakers.cells
    assert found.issues[0].n == 19
    assert found.issues[1].n == 6
    assert found.shown == (0, 1)


def test_what_rests_on_few_statements_has_no_interval(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(*(Said(f"Yes {n}", {PEACE: "favor"}) for n in range(50)))

    cell = counted(archive, tmp_path / "scores").issues[0]

    assert (cell.n, cell.articles, cell.few, cell.interval) == (50, 1, True, None)


def test_speakers_that_are_not_shown_are_counted(tmp_path: Path) -> None:
    archive = Archive()
    for n, name in enumerate(["A", "B", "C", None]):
        archive.article(*(Said(f"{name} {k}", {PEACE: "favor"}, name) for k in range(9 - n)))

    found = counted(archive, tmp_path / "scores", Limits(speakers=2)).speakers

    assert [(one.name, one.about) for one in found.shown] == [("A", 9), ("B", 8)]
    assert (found.n_left_out, found.about_left_out) == (1, 7)
    assert found.unnamed is not None
    assert found.unnamed.about == 6
    assert {name for name, _ in found.cells} == {"A", "B"}


def test_white_space_makes_no_other_speaker(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(
        Said("Yes", {PEACE: "favor"}, " Anna\n Smith "),
        Said("Again", {PEACE: "favor"}, "Anna Smith"),
        Said("Who?", {PEACE: "favor"}, "   "),
    )

    found = counted(archive, tmp_path / "scores").speakers

    assert [(one.name, one.about) for one in found.shown] == [("Anna Smith", 2)]
    assert found.unnamed is not None


def test_a_speaker_has_a_tone_over_all_that_was_said(tmp_path: Path) -> None:
    archive = Archive()
    for _ in range(8):
        archive.article(
            Said("Yes", {PEACE: "favor"}, sentiment="positive", sure=0.8),
            Said("The weather", {}, sentiment="negative", sure=0.6),
            Said("Good", {}, sentiment="positive", sure=0.7),
        )

    [speaker] = counted(archive, tmp_path / "scores").speakers.shown

    assert (speaker.statements, speaker.articles, speaker.about) == (24, 8, 8)
    assert 2 * speaker.tone.mean - 1 == pytest.approx(1 / 3)
    assert speaker.sure == pytest.approx(0.7)


def test_a_wire_story_counts_once_and_for_each_outlet_that_ran_it(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(Said("Yes", {PEACE: "favor"}), outlet="Post", content="same")
    for outlet in ("Times", "Times", "Post", None):
        archive.article(outlet=outlet, content="same", status="duplicate", n_statements=None)

    found = counted(archive, tmp_path / "scores")

    assert found.issues[0].n == 1
    assert {one.name: one.about for one in found.outlets.shown} == {"Post": 1, "Times": 1}
    assert found.outlets.unnamed is not None
    assert found.outlets.unnamed.about == 1


def moving(archive: Archive, *days: str | None) -> None:
    for day in days:
        archive.article(Said(f"Yes on {day}", {PEACE: "favor"}), date=day)


@pytest.mark.parametrize(
    ("days", "unit", "first", "n"),
    [
        (("2024-01-03", "2024-02-01"), "week", "2024-01-01", 5),
        (("2024-01-31", "2024-12-01"), "month", "2024-01", 12),
        (("2012-05-01", "2020-11-30T09:00:00Z"), "quarter", "2012 Q2", 35),
        (("1990", "2020-11"), "year", "1990", 31),
        (("1600-01-01", "2020-11-30"), "year", "1981", 40),
    ],
)
def test_time_is_cut_into_few_pieces_that_leave_none_out(
    tmp_path: Path, days: tuple[str, ...], unit: str, first: str, n: int
) -> None:
    archive = Archive()
    moving(archive, *days)

    line = counted(archive, tmp_path / "scores").over_time

    assert (line.unit, line.periods[0], len(line.periods)) == (unit, first, n)
    assert max(line.all[0]) == n - 1
    assert line.all[0][n - 1].n == 1


def test_what_has_no_day_is_counted_and_left_out(tmp_path: Path) -> None:
    archive = Archive()
    moving(archive, "2024-01-03", "yesterday", None, "infinity", "0001-01-01", "2024-99-99")

    found = counted(archive, tmp_path / "scores")

    assert found.over_time.n_undated == 5
    assert found.days == ("2024-01-03", "2024-01-03")


def test_one_odd_day_does_not_stretch_time(tmp_path: Path) -> None:
    archive = Archive()
    moving(archive, "1970-01-01", *(f"2024-{n % 12 + 1:02}-03" for n in range(400)))

    line = counted(archive, tmp_path / "scores").over_time

    assert (line.unit, len(line.periods), line.n_outside) == ("month", 12, 1)


def test_those_who_say_most_on_an_issue_are_followed_over_time(tmp_path: Path) -> None:
    archive = Archive()
    for n in range(24):
        said = [Said(f"Yes {n}", {PEACE: "favor"}, "A"), Said(f"No {n}", {PEACE: "against"}, "B")]
        said.append(Said(f"Never {n}", {PEACE: "against"}, "C" if n < 19 else "D"))
        archive.article(*said, date=f"2024-{n % 12 + 1:02}-03")
        archive.article(Said(f"One day {n}", {PEACE: "favor"}, "E"), date="2024-05-05")

    line = counted(archive, tmp_path / "scores", Limits(speakers_over_time=2)).over_time

    assert list(line.speakers[0]) == ["A", "B"]
    assert [cell.n for cell in line.speakers[0]["A"].values()] == [2] * 12
    assert line.all[0][4].n == 6 + 24


def test_the_surest_statements_are_told_with_their_articles(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(
        Said("Peace now", {PEACE: "favor"}, sure=0.9),
        Said("Peace soon", {PEACE: "favor"}, sure=0.8),
        Said("Peace, says nobody", {PEACE: "favor"}, None, sure=0.99),
        Said("No peace", {PEACE: "against"}, "Ben Jones", sure=0.7),
        Said("Neither", {PEACE: "neutral"}, "Ben Jones", sure=0.99),
        title="The news", outlet="Post", date="2024-01-03", id="x1",
    )  # fmt: skip
    archive.article(Said("peace now ", {PEACE: "favor"}, "Ben Jones", sure=0.95))

    quotes = counted(archive, tmp_path / "scores").quotes

    told = [(one.text, one.speaker, one.n_articles) for one in quotes[0, Stance.FAVOR]]
    assert told == [
        ("peace now ", "Ben Jones", 2),
        ("Peace soon", "Anna Smith", 1),
        ("Peace, says nobody", None, 1),
    ]
    [against] = quotes[0, Stance.AGAINST]
    assert (against.title, against.outlet, against.date) == ("The news", "Post", "2024-01-03")
    assert (against.article_id, against.file, against.record) == ("x1", "news.jsonl", 1)
    assert against.probability == pytest.approx(0.6, abs=1e-6)


def test_errors_that_differ_in_numbers_only_are_of_one_kind(tmp_path: Path) -> None:
    archive = Archive()
    archive.error("is not JSON at column 17", record=9, n_records=10)
    archive.error("is not JSON at column 3", record=4)
    archive.error("has no text")

    found = counted(archive, tmp_path / "scores", Limits(reasons=1))

    [trouble] = found.troubles
    assert (trouble.reason, trouble.n, trouble.record) == ("is not JSON at column …", 2, 4)
    assert (trouble.offset, trouble.n_records) == (99, 11)
    assert found.n_troubles == 2


def test_only_parts_of_the_manifest_are_read(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(Said("Yes", {PEACE: "favor"}))
    scores = archive.write(tmp_path / "scores")
    [path] = open_run(scores).files["stances"]
    (path.parent / "left-behind.parquet").write_bytes(path.read_bytes())

    with open_tables(open_run(scores)) as tables:
        assert figures(open_run(scores), tables, Limits()).issues[0].n == 1


def test_an_archive_in_which_nothing_was_said_has_figures(tmp_path: Path) -> None:
    archive = Archive()
    archive.article()

    found = counted(archive, tmp_path / "scores")

    assert (found.issues, found.shown, found.over_time.periods, found.quotes) == ({}, (), (), {})


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(Said("Yes", {PEACE: "favor"}))
    archive.write(tmp_path / "scores 'and' more")

    assert counted(archive, tmp_path / "sco[r]*es 'and' ?ore").issues[0].n == 1
    assert counted(archive, tmp_path / "sco?es 'and' more").issues[0].n == 1


def test_a_file_that_is_no_parquet_is_told(tmp_path: Path) -> None:
    scores = Archive().write(tmp_path / "scores")
    [path] = open_run(scores).files["articles"]
    path.write_bytes(b"PAR1 is what it says")

    with pytest.raises(FileError, match="scores: cannot be read"), open_tables(open_run(scores)):
        pass


def test_a_table_of_other_columns_is_told(tmp_path: Path) -> None:
    scores = Archive().write(tmp_path / "scores")
    [path] = open_run(scores).files["articles"]
    pq.write_table(pq.read_table(path, partitioning=None).drop(["content"]), path)

    with pytest.raises(FileError, match="content"), open_tables(open_run(scores)):
        pass


def test_without_duckdb_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(Archive(issues=(PEACE,)).write(tmp_path / "scores"))
    monkeypatch.setitem(sys.modules, "duckdb", None)

    with pytest.raises(MissingExtraError, match=r"stance\[archive\]"), open_tables(run):
        pass
