"""The arithmetic of the gate: planted models that are better, worse, the same, or hard to tell."""

import pytest

from stance.domain import Kind
from tests.planted import example, examples, right_in, said
from training.compare import Verdict, compare
from training.examples import Example


def test_a_model_that_is_worse_is_found_to_be_worse() -> None:
    asked = examples(600)

    found = compare(right_in(0.7, asked, 1), right_in(0.8, asked, 2, "served"))

    assert found.verdict is Verdict.WORSE
    assert found.differences[Kind.STANCE].high < 0


def test_a_model_that_is_better_is_found_to_be_better() -> None:
    asked = examples(600)

    found = compare(right_in(0.8, asked, 1), right_in(0.7, asked, 2, "served"))

    assert found.verdict is Verdict.BETTER
    assert found.differences[Kind.STANCE].low > 0


def test_equal_models_are_seldom_told_apart() -> None:
    asked = examples(600)

    verdicts = [
        compare(right_in(0.75, asked, seed), right_in(0.75, asked, seed + 100), draws=500).verdict
        for seed in range(20)
    ]

    assert verdicts.count(Verdict.NO_DIFFERENCE) >= 17


def test_a_model_is_not_different_from_itself() -> None:
    answers = right_in(0.7, examples(100), 1)

    found = compare(answers, answers)

    assert found.verdict is Verdict.NO_DIFFERENCE
    assert (found.differences[Kind.STANCE].low, found.differences[Kind.STANCE].high) == (0, 0)


@pytest.mark.parametrize(("n", "group_of"), [(29, 1), (90, 10)], ids=["pairs", "groups"])
def test_few_pairs_or_groups_are_too_few_to_tell(n: int, group_of: int) -> None:
    asked = examples(n, group_of=group_of)

    found = compare(right_in(0.3, asked, 1), right_in(0.9, asked, 2, "served"))

    assert found.verdict is Verdict.TOO_FEW
    assert "too few labels to tell" in found.sentences()[1]


def test_a_wide_interval_around_no_difference_is_too_few_to_tell() -> None:
    asked = examples(40)

    difference = compare(right_in(0.6, asked, 1), right_in(0.6, asked, 2)).differences[Kind.STANCE]

    assert difference.high - difference.low > 0.2
    assert difference.verdict is Verdict.TOO_FEW


def test_a_wide_interval_far_from_no_difference_is_worse_all_the_same() -> None:
    asked = examples(40)

    difference = compare(right_in(0.2, asked, 1), right_in(0.95, asked, 2)).differences[Kind.STANCE]

    assert difference.high - difference.low > 0.2
    assert difference.verdict is Verdict.WORSE


def test_the_labels_that_are_missing_are_about_those_that_it_takes() -> None:
    def standard_error(n: int) -> float:
        asked = examples(n)
        found = compare(right_in(0.6, asked, 1), right_in(0.6, asked, 2))
        return found.differences[Kind.STANCE].standard_error

    asked = examples(60)
    few = compare(right_in(0.6, asked, 1), right_in(0.6, asked, 2)).differences[Kind.STANCE]

    assert 2.8 * standard_error(few.n + few.more_labels) == pytest.approx(0.03, abs=0.008)
    assert f"it would take about {few.more_labels} more" in few.sentence()


def test_with_labels_enough_none_are_missing() -> None:
    answers = right_in(0.7, examples(100), 1)

    assert compare(answers, answers).differences[Kind.STANCE].more_labels == 0


def test_rows_of_one_group_count_as_one_observation() -> None:
    alone, together = examples(400), examples(400, group_of=20)

    def width(asked: list[Example]) -> float:
        # Within a group both models are right or wrong together.
        served = [
            said(one, one.labels[0].allowed[0] if i // 20 % 2 else "favor")
            for i, one in enumerate(asked)
        ]
        candidate = [
            said(one, one.labels[0].allowed[0] if i // 20 % 3 else "favor")
            for i, one in enumerate(asked)
        ]
        found = compare(candidate, served).differences[Kind.STANCE]
        return found.high - found.low

    assert width(together) > 2 * width(alone)


def test_worse_at_one_kind_is_worse_though_better_at_the_other() -> None:
    stances, tones = examples(600), examples(600, Kind.SENTIMENT)

    found = compare(
        [*right_in(0.9, stances, 1), *right_in(0.6, tones, 2)],
        [*right_in(0.7, stances, 3), *right_in(0.8, tones, 4)],
    )

    assert [one.verdict for one in found.differences.values()] == [Verdict.BETTER, Verdict.WORSE]
    assert found.verdict is Verdict.WORSE


def test_the_order_of_the_answers_does_not_matter() -> None:
    asked = examples(60)
    candidate, served = right_in(0.7, asked, 1), right_in(0.6, asked, 2)

    assert compare(candidate, served[::-1]) == compare(candidate, served)


def test_answers_to_different_pairs_are_not_compared() -> None:
    asked = examples(40)
    others = [*asked[:-1], example("another statement", "favor")]

    with pytest.raises(ValueError, match="asked different pairs"):
        compare(right_in(0.7, asked), right_in(0.7, others))


def test_no_answers_are_not_compared() -> None:
    with pytest.raises(ValueError, match="0 answers"):
        compare([], [])


def test_the_verdict_is_told_in_words_with_its_numbers() -> None:
    asked = examples(600)

    found = compare(right_in(0.7, asked, 1, "new"), right_in(0.8, asked, 2, "old"))

    assert found.sentences()[0] == "new compared with old: worse"
    assert found.sentences()[1].startswith("stance: worse beyond chance: macro-F1 0.")
    assert found.to_json()["kinds"]["stance"]["verdict"] == "worse"
    assert found.to_json()["sentences"] == found.sentences()
