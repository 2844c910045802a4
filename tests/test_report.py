"""The report as a page: complete, harmless, sufficient to itself, and of a size that opens."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from stance.bundle import default_name, models_dir
from stance.domain import Issue
from stance.errors import FileError
from stance.issues import read_catalogue
from stance.report import LabelledStance, Limits, write_report
from stance.report_archive import open_run
from stance.report_charts import beside_bar, heat_map, signed, time_chart
from stance.report_correction import Estimate, correct
from stance.report_shares import Interval, Sums
from stance.report_tables import Cell, open_tables
from stance.scoring import score
from tests.scored_archive import PEACE, TAX, Archive, Said, world
from tests.scoring_fakes import small_archive, work_in
from training.label_files import read_labels

ATTACK = (
    "<script>alert('it')</script><img src=https://evil.example/x.png onerror=alert(1)>\u202e\x1b"
)


class Tags(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: dict[str, list[str]] = {}
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def page_of(
    archive: Archive, folder: Path, skipped: dict[str, int] | None = None, **told: Any
) -> str:
    out = folder / "report.html"
    write_report(archive.write(folder / "scores", skipped=skipped), out, **told)
    return out.read_text(encoding="utf-8")


def measured() -> Any:
    folder = models_dir() / default_name(models_dir())
    return json.loads((folder / "report.json").read_text())


@pytest.fixture(scope="module", name="page")
def _page(tmp_path_factory: pytest.TempPathFactory) -> str:
    archive, labels = world(600)
    archive.error("is not JSON at column 7")
    return page_of(
        archive, tmp_path_factory.mktemp("report"), labels=labels[:300], measured=measured()
    )


def test_every_section_is_there_and_listed(page: str) -> None:
    tags = Tags(page)

    sections = ["read", "speakers", "corrected", "time", "quotes", "outlets", "model", "errors"]
    assert tags.attributes["id"] == sections
    assert tags.attributes["href"][1:9] == [f"#{key}" for key in sections]
    assert "601 records = 600 articles scored + 0 copies of them + 1 failed" in tags.text
    assert "is not JSON at column …" in tags.text


def test_every_chart_has_its_table(page: str) -> None:
    tags = Tags(page)

    assert tags.found.count("figure") == tags.found.count("details") > 10
    for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL):
        assert figure.count("<svg") == figure.count("<table") == 1
    charts = tags.attributes["aria-label"]
    for chart in (
        "balance by speaker and issue",
        "balance by outlet and issue",
        "everyone on peace, over time",
        "Speaker 00 on carbon-tax, over time",
    ):
        assert chart in charts


def test_the_page_asks_nothing_of_a_network_and_runs_nothing(page: str) -> None:
    tags = Tags(page)

    assert not {"script", "link", "img", "iframe", "object", "base", "use"} & set(tags.found)
    assert not {"src", "srcset", "onload", "onerror", "style"} & set(tags.attributes)
    assert not re.search(r"url\(|@import", page)
    assert "default-src 'none'" in page
    for address in tags.attributes["href"]:
        assert address.startswith(("#", "https://news.example/"))


def test_what_others_wrote_cannot_bring_markup_along(tmp_path: Path) -> None:
    archive = Archive(issues=(PEACE, Issue("b", "B", ATTACK)))
    told = {"outlet": ATTACK, "title": ATTACK, "date": ATTACK, "id": ATTACK, "file": ATTACK}
    for n in range(60):
        said = Said(f"{ATTACK} {n}", {PEACE: "favor", archive.issues[1]: "against"}, ATTACK)
        archive.article(said, **(told | ({"date": f"2024-{n % 9 + 1:02}-01"} if n else {})))
    archive.error(ATTACK, file=ATTACK)
    labels = [LabelledStance(f"{ATTACK} {n}", ATTACK, (0, 0.5, 0, 0.5)) for n in range(60)]
    report = {ATTACK: next(iter(measured().values())) | {"warnings": [ATTACK]}}

    page = page_of(archive, tmp_path, {ATTACK: 3}, labels=labels, measured=report)

    tags = Tags(page)
    assert not {"script", "img"} & set(tags.found)
    assert not {"onerror", "src"} & set(tags.attributes)
    assert tags.text.count("alert(1)") > 10
    assert "\u202e" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize(
    ("article_id", "links"),
    [
        ("https://news.example/a?b=1&c='", ["https://news.example/a?b=1&c='"]),
        ("javascript:alert(1)//https://news.example", []),
        ("https:alert(1)", []),
        ("data:text/html,hello", []),
        ("http://[broken", []),
        ("a plain id", []),
        (None, []),
    ],
)
def test_only_addresses_of_pages_can_be_followed(
    tmp_path: Path, article_id: str | None, links: list[str]
) -> None:
    archive = Archive()
    archive.article(Said("Yes", {PEACE: "favor"}), id=article_id)

    tags = Tags(page_of(archive, tmp_path))

    assert [one for one in tags.attributes["href"] if not one.startswith("#")] == links
    assert tags.attributes.get("rel", []) == ["noreferrer noopener"] * len(links)
    assert (article_id or "") in tags.text


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    archive = Archive()
    for n in range(5):
        archive.article(
            Said(f"Yes {n}", {PEACE: "favor"}, f"Speaker {n}"), outlet=f"Outlet {n}", date="?"
        )
        archive.article(Said(f"No {n}", {TAX: "against"}, None))
    archive.error("one")
    archive.error("two")

    limits = Limits(issues=1, speakers=2, outlets=3, reasons=1)
    text = Tags(page_of(archive, tmp_path, limits=limits)).text

    assert "Shown are the 2 speakers with the most statements on these issues." in text
    assert "Left out are 3 more speakers, with 3 statements." in text
    assert "5 more statements name no speaker." in text
    assert "Left out are 2 more outlets, with 2 statements." in text
    assert "1 more issues have fewer statements and are not shown." in text
    assert "No article on these issues is dated." in text
    assert "1 more kinds, with 1 errors, are in" in text


def test_what_was_skipped_is_told_by_reason(tmp_path: Path) -> None:
    archive = Archive()
    archive.article()
    reasons = {"has no word": 5, "is an image": 7} | {f"odd {n}": 1 for n in range(9)}

    text = Tags(page_of(archive, tmp_path, reasons)).text

    assert "22 records = 1 articles scored + 0 copies of them + 0 failed + 21 skipped" in text
    assert "Skipped: is an image (7); has no word (5); odd 0 (1);" in text
    assert "and 3 more reasons." in text


def test_few_statements_are_shown_as_such(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(*(Said(f"Yes {n}", {PEACE: "favor"}) for n in range(9)), date="2024-01-01")

    page = page_of(archive, tmp_path)

    assert "n 9</text>" in page
    assert ">+1.00<" not in page
    assert "too few" in Tags(page).text


def test_labels_that_say_that_nothing_is_about_it_leave_no_share(tmp_path: Path) -> None:
    archive, labels = Archive(), []
    for n in range(30):
        archive.article(Said(f"Rain {n}", {PEACE: "favor"}))
        labels.append(LabelledStance(f"Rain {n}", PEACE.proposition, (0, 0, 0, 1)))

    page = page_of(archive, tmp_path, labels=labels)

    assert "nan" not in Tags(page).text
    assert "1.00 [0.89, 1.00]" in page


def test_a_report_on_nothing_is_a_page_too(tmp_path: Path) -> None:
    text = Tags(page_of(Archive(), tmp_path, labels=[])).text

    assert "0 records = 0 articles scored" in text
    assert "Of 0 labels" in text
    assert "How good the classifier is was not at hand" in text


def test_the_model_is_told_with_its_digest_and_quality(page: str) -> None:
    text = Tags(page).text
    [own] = [found["stance"] for of, found in measured().items() if of == "own"]

    assert "tiny (sha256 m1)" in text
    assert f"{own['macro_f1']:.3f}" in text
    assert f"favor {own['per_class']['favor']:.3f}" in text


def test_naive_shares_stand_beside_corrected_ones(page: str) -> None:
    bars = [one for one in Tags(page).attributes["aria-label"] if one.startswith("answered")]

    assert len(bars) % 3 == 0
    assert bars
    for bar in bars:
        naive, value, low, high = map(float, re.findall(r"\d\.\d\d", bar))
        assert 0 <= low <= value <= high <= 1
        assert 0 <= naive <= 1


def test_a_page_is_the_same_each_time(tmp_path: Path, page: str) -> None:
    archive, labels = world(600)
    archive.error("is not JSON at column 7")

    assert page_of(archive, tmp_path, labels=labels[:300], measured=measured()) == page


def test_a_large_archive_makes_a_page_of_a_few_megabytes(tmp_path: Path) -> None:
    issues = tuple(Issue(f"i-{n}", f"Issue {n}", f"Proposition {n}") for n in range(30))
    archive = Archive(issues)
    for n in range(3000):
        said = {issues[(n + k) % 30]: "favor" if n % 3 else "against" for k in range(3)}
        speaker, outlet = f"Speaker {n % 400} " + "x" * 300, f"Outlet {n % 90}"
        text = f"{n} " + "word " * 1000
        archive.article(
            Said(text, said, speaker), outlet=outlet, date=f"20{n % 20 + 10}-{n % 12 + 1:02}-01"
        )

    page = page_of(archive, tmp_path)

    assert len(page) < 3_000_000
    assert "Left out are 360 more speakers" in page


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("the last one")

    with pytest.raises(FileError, match="is not there"):
        write_report(tmp_path / "nowhere", out)
    with pytest.raises(FileError, match="cannot be written"):
        write_report(Archive().write(tmp_path / "scores"), tmp_path / "gone" / "report.html")

    assert out.read_text() == "the last one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "scores"]


def cell(share: float, n: int = 100) -> Cell:
    favor = Sums.of_articles([1] * n, [share] * n)
    against = Sums.of_articles([1] * n, [1 - share] * n)
    return Cell(favor, against, Sums.of_articles([1] * n, [0] * n), favor)


def test_colours_and_points_stand_where_their_numbers_say() -> None:
    chart = heat_map(["A"], ["for", "against", "few"],
                     {(0, 0): cell(1), (0, 1): cell(0), (0, 2): cell(1, 3)}, "t")  # fmt: skip
    fills = re.findall(r'height="42" fill="(#\w+)"', chart)
    assert fills == ["#0072b2", "#d55e00", "#ffffff"]
    assert "+1.00" in chart
    assert "−1.00" in chart
    assert "n 3" in chart

    line = time_chart(["a", "b", "c", "d"], {0: cell(1), 1: cell(0.5), 3: cell(0, 3)}, "t")
    assert re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', line) == [
        ("109.0", "14.0"), ("175.0", "92.0"), ("307.0", "170.0"),
    ]  # fmt: skip
    assert line.count('r="3.2" fill="#ffffff"') == 1
    assert "M109.0 14.0L175.0 92.0" in line
    assert "L307.0" not in line

    bar = beside_bar(0.5, Estimate(0.25, Interval(0, 1)))
    assert 'cx="53.0"' in bar
    assert 'cx="100.0"' in bar
    assert "M6.0 13.0L194.0 13.0" in bar


@pytest.mark.parametrize(
    ("value", "told"), [(0.126, "+0.13"), (-0.5, "−0.50"), (0.0, "0.00"), (-0.001, "0.00")]
)
def test_a_number_has_its_sign(value: float, told: str) -> None:
    assert signed(value) == told


def test_the_query_of_the_docs_draws_a_sample_that_can_be_labelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, _ = world(300)
    archive.write(tmp_path / "scores")
    docs = (Path(__file__).parents[1] / "docs" / "report.md").read_text()
    [query] = re.findall(r"```sql\n(.*?)```", docs, re.DOTALL)
    monkeypatch.chdir(tmp_path)

    duckdb.sql(query)

    sample = tmp_path / "sample.csv"
    with sample.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 400
    with sample.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | {"stance": "favor"} for row in rows)
    labels = [
        LabelledStance(
            one.statement.text, label.question.subject, label.shares, one.statement.id,
            one.statement.speaker,
        )
        for one in read_labels([sample], read_catalogue()).examples
        for label in one.labels
    ]  # fmt: skip
    with open_tables(open_run(tmp_path / "scores")) as tables:
        matched = correct(labels, open_run(tmp_path / "scores"), tables).matched
    assert (len(matched.pairs), matched.n_unknown) == (400, 0)
    assert all(pair.answered for pair in matched.pairs)


def test_what_was_really_scored_can_be_reported_on(tmp_path: Path) -> None:
    score(small_archive(8), work_in(tmp_path / "scores"))

    figures = write_report(tmp_path / "scores", tmp_path / "report.html")

    cells = figures.speakers.cells
    assert {(name, cell.n, cell.balance) for (name, issue), cell in cells.items() if issue} == {
        ("paris", 8, -1.0)
    }
    assert cells["kyiv", 0].n == 1 + 8
    text = Tags((tmp_path / "report.html").read_text(encoding="utf-8")).text
    counts = figures.run.counts
    assert f"{counts.read} records = {counts.scored} articles scored" in text
    assert "no statements can be found in this" in text
