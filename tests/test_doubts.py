"""Rows that look mislabelled: planted ones are found, and hopeless cases are told."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stance.domain import Kind, Question, Statement
from stance.errors import FileError
from training.doubts import Doubt, find_doubts, review, write_doubts
from training.examples import Example, Label

NAMES = ("favor", "against", "neutral")


def clouds(n: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Rows around one point for each label, and their labels."""
    rng = np.random.default_rng(0)
    truth = np.arange(n) % 3
    return 3 * np.eye(3)[truth] + rng.normal(size=(n, 3)) * 0.7, truth


def alone(n: int) -> list[str]:
    return [f"g{row}" for row in range(n)]


def test_planted_wrong_labels_are_found_worst_first() -> None:
    features, truth = clouds(240)
    planted = set(range(0, 240, 16))
    given = [int(label + (row in planted)) % 3 for row, label in enumerate(truth)]

    doubts = find_doubts(features, given, alone(240), NAMES, seed=1).found

    found = {doubt.row for doubt in doubts}
    assert len(found & planted) >= 0.9 * len(planted)
    assert len(found - planted) <= 5
    assert [doubt.score for doubt in doubts] == sorted(doubt.score for doubt in doubts)
    right = sum(doubt.likely == NAMES[truth[doubt.row]] for doubt in doubts)
    assert right >= 0.9 * len(doubts)
    assert all(doubt.given == NAMES[given[doubt.row]] for doubt in doubts)


def test_the_same_seed_raises_the_same_doubts() -> None:
    features, truth = clouds(60)
    given = np.roll(truth, 0).tolist()
    given[0] = (given[0] + 1) % 3

    once = find_doubts(features, given, alone(60), NAMES, seed=1)

    assert once == find_doubts(features, given, alone(60), NAMES, seed=1)


def test_a_wrong_label_that_stands_twice_in_a_group_is_found_all_the_same() -> None:
    features, truth = clouds(90)
    given = [*truth.tolist(), *[(truth[0] + 1) % 3] * 9]
    groups = [*alone(90), *["g0"] * 9]

    doubts = find_doubts(np.vstack((features, [features[0]] * 9)), given, groups, NAMES, seed=1)

    assert set(range(90, 99)) <= {doubt.row for doubt in doubts.found}


def test_a_label_that_no_row_has_does_not_disturb() -> None:
    features, truth = clouds(90)
    two = truth < 2

    doubts = find_doubts(features[two], np.where(truth[two] == 0, 0, 2), alone(60), NAMES, seed=1)

    assert doubts.note is None
    assert {doubt.given for doubt in doubts.found} <= {"favor", "neutral"}


@pytest.mark.parametrize(
    ("truth", "groups", "note"),
    [
        ([0, 1] * 5, alone(10), "10 rows are too few to doubt any; 20 are needed"),
        ([], [], "0 rows are too few"),
        ([1] * 30, alone(30), "every label is against; there is nothing to compare"),
        ([0] * 29 + [1], alone(30), "against is in too few groups of rows to doubt any"),
        ([0] * 15 + [1] * 15, ["a"] * 15 + ["b"] * 15, "favor is in too few groups"),
        ([0, 1] * 15, alone(30), "the labels cannot be told apart well enough to doubt any"),
    ],
    ids=["few rows", "none", "one class", "a single row", "a class a group", "noise"],
)
def test_where_nothing_can_be_found_the_reason_is_told(
    truth: list[int], groups: list[str], note: str
) -> None:
    doubts = find_doubts(np.zeros((len(truth), 2)), truth, groups, NAMES, seed=1)

    assert doubts.found == ()
    assert (doubts.note or "").startswith(note)


def rows() -> list[tuple[Example, Label]]:
    peace, tone = Question(Kind.STANCE, "peace"), Question(Kind.SENTIMENT)
    return [
        (Example(Statement(text, str(n)), (label,), "g", "own", place=f"x.csv:{n + 2}"), label)
        for n, (text, label) in enumerate(
            [("One, two", Label(peace, ("favor",))), ("é", Label(tone, ("neutral",)))]
        )
    ]


def test_doubts_are_written_for_review(tmp_path: Path) -> None:
    doubts = [Doubt(0, "favor", "against", 0.25), Doubt(1, "neutral", "positive", 0.0625)]

    write_doubts(doubts, rows(), tmp_path / "d.csv")

    with (tmp_path / "d.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["place", "id", "text", "question", "given", "likely", "score"],
            ["x.csv:3", "1", "é", "overall sentiment", "neutral", "positive", "0.0625"],
            ["x.csv:2", "0", "One, two", "peace", "favor", "against", "0.2500"],
        ]
    assert [path.name for path in tmp_path.iterdir()] == ["d.csv"]


def test_a_list_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="d.csv: cannot be written: No such file or directory"):
        write_doubts([], [], tmp_path / "gone" / "d.csv")

    assert list(tmp_path.iterdir()) == []


def test_a_review_looks_at_each_kind_of_label_by_itself(tmp_path: Path) -> None:
    features, truth = clouds(60)
    given = truth.copy()
    given[6] = (given[6] + 1) % 3
    peace, tone = Question(Kind.STANCE, "peace"), Question(Kind.SENTIMENT)
    examples = [
        Example(
            Statement("t", str(n)), (Label(tone, ("neutral",)), Label(peace, (NAMES[label],))),
            f"g{n}", "own", place=f"x.csv:{n}",
        )
        for n, label in enumerate(given)
    ]  # fmt: skip

    lines = review(np.repeat(features, 2, axis=0), examples, tmp_path / "d.csv")

    assert lines == [
        "stance labels that look wrong: 1",
        "sentiment labels that look wrong: every label is neutral; there is nothing to compare",
        f"to review, worst first: {tmp_path / 'd.csv'}",
    ]
    assert "x.csv:6,6,t,peace," in (tmp_path / "d.csv").read_text()
