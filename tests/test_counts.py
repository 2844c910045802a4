"""Counts add up, or are no counts."""

import pytest

from stance.counts import Counts


def test_counts_are_added_field_by_field() -> None:
    one = Counts(read=3, scored=1, duplicate=1, skipped=1, statements=5, stances=2)
    other = Counts(read=2, scored=1, failed=1, errors=1)

    assert one + other == Counts(5, 2, 1, 1, 1, 5, 2, 1)
    assert sum([one, other], Counts()) == one + other


def test_counts_say_that_they_add_up() -> None:
    counts = Counts(read=24_000, scored=20_000, duplicate=3_000, failed=999, skipped=1, errors=999)

    assert str(counts) == "read 24,000 = scored 20,000 + duplicate 3,000 + failed 999 + skipped 1"


@pytest.mark.parametrize("numbers", [{"read": 1}, {"scored": 1}, {"read": 1, "failed": 1}])
def test_counts_that_do_not_add_up_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"add up|without an error"):
        Counts(**numbers)


def test_counts_come_back_from_json() -> None:
    counts = Counts(read=1, scored=1, statements=2)

    assert Counts.from_json(counts.to_json()) == counts
    with pytest.raises(TypeError):
        Counts.from_json({"reed": 1})
