"""Dates, values and names of columns as archives have them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.archive.columns import Columns, names_in
from stance.archive.values import as_text, iso_date
from stance.domain import check_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021-03-04", "2021-03-04"),
        ("20210304", "2021-03-04"),
        ("2021-03-04 10:00", "2021-03-04T10:00:00"),
        ("2021-03-04T10:00:00Z", "2021-03-04T10:00:00+00:00"),
        ("2021-03-04T10:00:00.500+02:00", "2021-03-04T10:00:00.500000+02:00"),
        ("Thu, 04 Mar 2021 10:00:00 GMT", "2021-03-04T10:00:00+00:00"),
        ("March 4, 2021", "2021-03-04"),
        ("Thursday, March 4, 2021", "2021-03-04"),
        ("4 Mar 2021", "2021-03-04"),
        ("2021/03/04", "2021-03-04"),
        (1614852000, "2021-03-04T10:00:00+00:00"),
        ("1614852000000", "2021-03-04T10:00:00+00:00"),
        (1614852000.0, "2021-03-04T10:00:00+00:00"),
        (date(2021, 3, 4), "2021-03-04"),
        (datetime(2021, 3, 4, 10, tzinfo=UTC), "2021-03-04T10:00:00+00:00"),
        (" 2021-03-04\n", "2021-03-04"),
    ],
)
def test_a_date_that_is_certain_becomes_iso_8601(value: object, expected: str) -> None:
    assert iso_date(value) == expected


@pytest.mark.parametrize("value", ["4/3/2021", "2021", "yesterday", "2021-13-45", "Mar", "1.5"])
def test_a_date_that_is_not_stays_as_it_is(value: str) -> None:
    assert iso_date(value) == value


@pytest.mark.parametrize("value", [None, "", " \n", True, [], {}, ["a", "b"], b"x", object()])
def test_what_no_text_can_stand_for_is_nothing(value: object) -> None:
    assert as_text(value) is None
    assert iso_date(value) is None


@given(st.one_of(st.text(), st.integers(), st.floats(), st.lists(st.text()), st.datetimes()))
def test_whatever_is_carried_along_can_be_kept(value: Any) -> None:
    for found in (as_text(value), iso_date(value)):
        if found is not None:
            check_text("field", found)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["text", "body"], Columns(text="text")),
        (["Article Text", "PubDate"], Columns(text="Article Text", date="PubDate")),
        (["maintext", "date_publish", "source_domain", "url", "title"],
         Columns("maintext", "url", "title", "source_domain", "date_publish")),
        (["content", "source.name", "publishedAt", "url"],
         Columns("content", "url", None, "source.name", "publishedAt")),
        (["url", "id", "text"], Columns(text="text", id="id")),
        (["words"], Columns()),
        ([], Columns()),
    ],
)  # fmt: skip
def test_names_are_guessed_the_best_known_first(names: list[str], expected: Columns) -> None:
    assert Columns().guessed(names) == expected


def test_what_was_named_is_kept_and_used_for_nothing_else() -> None:
    assert Columns(title="body").guessed(["body", "text"]) == Columns(text="text", title="body")
    assert Columns(text="none").guessed(["body"]) == Columns(text="none")


def test_names_are_those_with_a_value_and_those_one_level_inside() -> None:
    assert names_in({"a": 1, "b": None, "c": {"d": "x", "e": None, "f": {}}}) == ["a", "c.d"]
