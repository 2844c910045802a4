"""The report as a page: complete, harmless, and sufficient to itself."""

import re
from html.parser import HTMLParser

import pytest

from stance.domain import Kind
from stance.svg import interval_bar
from tests.planted import example, examples, right_in, said
from training.charts import confusion_chart, reliability_chart, risk_chart
from training.compare import compare
from training.evaluate import report, worst_errors
from training.figures import Figures
from training.page import report_page

ATTACK = '<script>alert("it")</script><img src=https://evil.example/x.png onerror=alert(1)>'


class Tags(HTMLParser):
    """The tags and attributes of a page; void ones are not counted as open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: dict[str, set[str]] = {}
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data + " "


@pytest.fixture(scope="module", name="figures")
def _figures() -> Figures:
    asked = [*examples(120), *examples(90, Kind.SENTIMENT)]
    answered = [
        said(one.example, one.prediction.label, 0.8, labels=one.kind.labels)
        for one in right_in(0.8, asked, 1)
    ]
    served = right_in(0.7, asked, 2, "served")
    found = report(answered, "new", coverage=0.9, before=answered, beside={"served": served})
    return found | {"comparison": compare(answered, served).to_json()}


def test_the_page_shows_every_chart_with_its_numbers(figures: Figures) -> None:
    page = Tags(report_page("new", {"own": figures}, {}))

    for chart in ("confusion of the labels", "reliability diagram", "risk against coverage"):
        assert chart in page.attributes["aria-label"]
    assert page.found.count("figure") == page.found.count("details") == 6
    for words in ("F1 of each label", "Beside other ways", "Sets of labels", "Issues, the weakest"):
        assert words in page.text
    assert f"{figures['stance']['macro_f1']:.3f}" in page.text
    assert figures["comparison"]["sentences"][1] in page.text
    assert figures["signature"] in page.text


def test_the_page_asks_nothing_of_a_network_and_runs_nothing(figures: Figures) -> None:
    page = report_page("new", {"own": figures}, {})

    tags = Tags(page)
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(tags.found)
    assert not {"src", "srcset", "onload", "onerror", "style"} & set(tags.attributes)
    assert tags.attributes.get("href", set()) == set()
    assert not re.search(r"https?://|url\(|@import", page)
    assert "default-src 'none'" in page


def test_a_statement_cannot_bring_markup_along() -> None:
    attacks = [
        said(example(f"{ATTACK} {n}", "favor", subject=ATTACK, source=ATTACK), "against")
        for n in range(20)
    ]
    answered = [*attacks, *right_in(0.8, examples(20))]
    found = report(answered, ATTACK, split=ATTACK, beside={ATTACK: answered})
    found["warnings"] = [ATTACK]
    found["comparison"] = {"sentences": [ATTACK]}

    page = Tags(report_page(ATTACK, {ATTACK: found, "own": found}, {ATTACK: attacks}))

    assert not {"script", "img"} & set(page.found)
    assert "onerror" not in page.attributes
    assert page.text.count("alert(1)") > 20


def test_the_worst_errors_are_shown_with_what_was_asked_and_said(figures: Figures) -> None:
    wrong = said(example("We say yes & no", "favor"), "against", 0.97)

    page = Tags(report_page("new", {"own": figures}, {"own": worst_errors([wrong])}))

    assert "The 1 worst errors" in page.text
    assert "We say yes & no" in page.text
    assert "favor 0.01, against 0.97, neutral 0.01, unrelated 0.01" in page.text


def test_several_sets_have_a_list_of_contents(figures: Figures) -> None:
    page = Tags(report_page("new", {"own": figures, "labels": figures}, {}))

    assert page.attributes["href"] == {"#set0", "#set1"}
    assert {"set0", "set1"} <= page.attributes["id"]


def test_a_report_of_a_few_rows_makes_a_page_too() -> None:
    found = report([said(example("a", "favor"), "favor")], "m")

    page = Tags(report_page("m", {"labels": found}, {}))

    assert "every row is favor" in page.text
    assert "not labelled" in page.text


def test_a_page_is_the_same_each_time(figures: Figures) -> None:
    assert report_page("m", {"own": figures}, {}) == report_page("m", {"own": figures}, {})


def test_bars_and_points_stand_where_their_numbers_say() -> None:
    assert 'width="128.0"' in interval_bar(0.5, 0.25, 0.75)
    assert "M66.0 9H194.0" in interval_bar(0.5, 0.25, 0.75)
    assert 'cx="180.0"' in reliability_chart([(0.5, 0.5, 0.4, 0.6, 10)])
    assert 'cx="308.0"' in risk_chart([(1.0, 0.1, 0.05, 0.2)])


def test_a_curve_without_any_error_is_drawn() -> None:
    assert "<svg" in risk_chart([(0.5, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)])


def test_a_row_of_the_confusion_that_is_empty_has_no_shares() -> None:
    chart = confusion_chart(["favor", "against"], [[3, 1], [0, 0]])

    assert re.findall(r">(\d+%)<", chart) == ["75%", "25%"]
