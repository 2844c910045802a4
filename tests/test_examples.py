"""The nouns of training check themselves."""

import pytest

from stance.domain import Kind, Question, Stance, Statement
from training.examples import Example, Label, stance_subjects

PEACE = Question(Kind.STANCE, "peace")
TONE = Question(Kind.SENTIMENT)


def test_a_label_that_all_annotators_gave_is_hard() -> None:
    assert Label.of_shares(PEACE, (0.0, 1.0, 0.0, 0.0)) == Label(PEACE, ("against",))


def test_divided_annotators_make_a_soft_label_whose_largest_share_is_allowed() -> None:
    label = Label.of_shares(TONE, (0.25, 0.25, 0.5))

    assert (label.allowed, label.soft) == (("negative",), (0.25, 0.25, 0.5))


def test_of_equal_shares_the_first_label_is_allowed() -> None:
    assert Label.of_shares(TONE, (0.0, 0.5, 0.5)).allowed == ("neutral",)


def test_the_shares_of_a_coarse_label_are_equal() -> None:
    assert Label(PEACE, (Stance.NEUTRAL, Stance.UNRELATED)).shares == (0, 0, 0.5, 0.5)


@pytest.mark.parametrize(
    ("allowed", "soft"),
    [
        ((), None),
        (("positive",), None),
        (("favor",), (0.5, 0.4, 0.0, 0.0)),
        (("favor",), (1.5, -0.5, 0.0, 0.0)),
        (("favor",), (0.5, 0.5)),
        (("favor",), (0.2, 0.8, 0.0, 0.0)),
    ],
    ids=["none", "of another kind", "short of 1", "below 0", "too few", "not the largest"],
)
def test_a_label_that_cannot_be_is_refused(
    allowed: tuple[str, ...], soft: tuple[float, ...] | None
) -> None:
    with pytest.raises(ValueError, match=r"label|shares|zip"):
        Label(PEACE, allowed, soft)


def test_the_propositions_that_are_asked_are_listed_once() -> None:
    example = Example(
        Statement("t", "1"), (Label(TONE, ("neutral",)), Label(PEACE, ("favor",))), "g", "own"
    )

    assert stance_subjects([example, example]) == ["peace"]
