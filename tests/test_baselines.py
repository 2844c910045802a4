"""Baselines: answers that can be worked out by hand, and rows on which there is little to learn."""

import numpy as np
import pytest

from stance.domain import Kind
from tests.planted import example, examples
from training.answers import Answered
from training.baselines import MAJORITY, MAJORITY_PER_ISSUE, WORDS, fit_baselines
from training.examples import Example

OTHER = "The tax should rise"


def labels(answered: list[Answered]) -> list[str]:
    return [one.prediction.label for one in answered]


def rows(*labels: str, subject: str = OTHER) -> list[Example]:
    return [example(f"{subject} {n}", label, subject=subject) for n, label in enumerate(labels)]


def test_the_majority_class_is_the_commonest_label_of_the_training_rows() -> None:
    train = rows("against", "against", "favor")

    found = fit_baselines(train, rows("favor", "unrelated"))

    assert labels(found[MAJORITY]) == ["against", "against"]
    assert found[MAJORITY][0].prediction.probabilities == pytest.approx((1 / 3, 2 / 3, 0, 0))


def test_the_majority_of_an_issue_answers_it_and_that_of_all_a_new_one() -> None:
    train = [*rows("favor", "favor", subject="Tax"), *rows(*["against"] * 5, subject="War")]
    test = [example("a", "favor", subject=subject) for subject in ("Tax", "War", "Peace")]

    found = fit_baselines(train, test)

    assert labels(found[MAJORITY_PER_ISSUE]) == ["favor", "against", "against"]


def test_words_tell_the_labels_apart_where_they_can() -> None:
    words = {"favor": "we welcome it", "against": "we reject it", "neutral": "talks go on"}
    train = [example(f"{said} {n}", label) for n in range(6) for label, said in words.items()]
    test = [example(f"yesterday {said}", label) for label, said in words.items()]

    found = fit_baselines(train, test)

    assert labels(found[WORDS]) == ["favor", "against", "neutral"]


def test_words_of_the_proposition_count_too() -> None:
    train = [
        example(f"row {n}", label, subject=subject)
        for n in range(6)
        for label, subject in (("favor", "Peace now"), ("against", "War now"))
    ]

    found = fit_baselines(train, [example("row", "favor", subject="Peace soon")])

    assert labels(found[WORDS]) == ["favor"]


def test_without_training_rows_no_group_is_answered_from_its_own_labels() -> None:
    # Each group has one label of its own, so whoever has seen the group would be right.
    test = [
        example(f"word{g} {n}", ("favor", "against")[g % 2], group=f"g{g}")
        for g in range(10)
        for n in range(4)
    ]

    found = fit_baselines(None, test)

    assert [one.example for one in found[WORDS]] != []
    assert {one.example.statement.text for one in found[WORDS]} == {
        one.statement.text for one in test
    }
    assert np.mean([one.right for one in found[WORDS]]) <= 0.5
    assert "out of fold, 5 folds" in found[WORDS][0].prediction.model


def test_every_baseline_answers_every_pair_of_every_kind() -> None:
    test = [*examples(24), *examples(18, Kind.SENTIMENT)]

    found = fit_baselines(None, test)

    assert set(found) == {MAJORITY, MAJORITY_PER_ISSUE, WORDS}
    assert {len(answers) for answers in found.values()} == {42}


def test_the_folds_are_fixed_by_their_seed() -> None:
    test = examples(30)

    assert fit_baselines(None, test, seed=3) == fit_baselines(None, test, seed=3)


def test_one_class_only_is_answered_with_it() -> None:
    found = fit_baselines(rows("neutral", "neutral"), rows("favor"))

    assert {labels(answers)[0] for answers in found.values()} == {"neutral"}


def test_a_coarse_label_counts_for_each_that_it_allows() -> None:
    train = [example("a b", "neutral", "unrelated"), example("c d", "favor")]

    found = fit_baselines(train, rows("favor"))

    assert found[MAJORITY][0].prediction.probabilities == pytest.approx((1 / 2, 0, 1 / 4, 1 / 4))


def test_a_class_of_three_labels_weighs_no_more_than_one_of_one() -> None:
    coarse = ("against", "neutral", "unrelated")
    train = [example(f"yes {n}", "favor") for n in range(6)]
    train += [example(f"no {n}", *coarse) for n in range(6)]

    [answer] = fit_baselines(train, [example("perhaps", "favor")])[WORDS]

    assert answer.prediction.probabilities[0] == pytest.approx(0.5, abs=0.05)


def test_a_soft_label_counts_by_its_shares() -> None:
    train = [example("a b", "favor", soft=(0.6, 0.4, 0.0, 0.0))]

    found = fit_baselines(train, rows("favor"))

    assert found[MAJORITY][0].prediction.probabilities == pytest.approx((0.6, 0.4, 0, 0))


def test_a_kind_that_the_training_rows_lack_is_left_out() -> None:
    found = fit_baselines(rows("favor", "against"), examples(6, Kind.SENTIMENT))

    assert found == {}


def test_one_group_alone_has_nothing_to_learn_from() -> None:
    assert fit_baselines(None, [example("a", "favor"), example("b", "against", group="a")]) == {}


def test_texts_without_words_are_answered_by_the_shares() -> None:
    train = [
        example("?!", "favor", subject="..."),
        example("!!", "favor", subject="..."),
        example("!?", "against", subject="..."),
    ]

    found = fit_baselines(train, rows("favor"))

    assert labels(found[WORDS]) == ["favor"]
