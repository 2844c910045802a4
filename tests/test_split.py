"""Splitting labelled statements: laws that hold for any input, and what is refused."""

import datetime
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.domain import Kind, Question, Statement
from stance.errors import LabelsError
from training.examples import Example, Label
from training.split import PARTS, Split, check_no_leak, split_examples

STANCES = ("favor", "against", "neutral", "unrelated")
DAY = datetime.date(2024, 1, 1)
LONG = "the minister said on monday that the tax on carbon will be lifted before the summer"


def example(
    text: str, group: str = "", stance: str = "favor", subject: str = "P", day: int | None = None
) -> Example:
    label = Label(Question(Kind.STANCE, subject), (stance,))
    date = None if day is None else DAY + datetime.timedelta(day)
    return Example(Statement(text, f"id of {text}"), (label,), group or text, "labels", date)


def singles(number: int) -> list[Example]:
    """Statements that have nothing in common, with all stances."""
    return [example(f"a{n} b{n} c{n}", stance=STANCES[n % 4], day=n) for n in range(number)]


def texts(part: Sequence[Example]) -> list[str]:
    return [one.statement.text for one in part]


@st.composite
def labelled(draw: st.DrawFn) -> list[Example]:
    """Statements, some of them in groups, some repeated, some nearly alike."""
    drawn = draw(
        st.lists(
            st.tuples(
                st.integers(0, 40), st.integers(0, 3), st.integers(0, 30), st.sampled_from(STANCES),
                st.sampled_from("PQ"), st.integers(0, 99),
            ),
            min_size=4, max_size=60,
        )
    )  # fmt: skip
    return [
        # What ends alike is a near repeat: one word of sixteen differs.
        example(f"{LONG.replace(' ', f'{topic} ')} {end}", f"g{group}", stance, subject, day)
        for topic, end, group, stance, subject, day in drawn
    ] + singles(4)


LAWS = settings(max_examples=50, deadline=None)


@LAWS
@given(labelled(), st.integers(0, 5), st.sampled_from(["group", "date"]))
def test_nothing_leaks_and_nothing_is_lost(examples: list[Example], seed: int, by: str) -> None:
    split = split_examples(examples, by=by, seed=seed)

    check_no_leak(split)
    parts = split.parts()
    sides: dict[str, set[str]] = {}
    for name, part in parts.items():
        assert part
        for one in part:
            sides.setdefault(one.group, set()).add(name)
            sides.setdefault(one.statement.text, set()).add(name)
    assert all(len(found) == 1 for found in sides.values())
    assert Counter(one for part in parts.values() for one in part) == Counter(examples)


@LAWS
@given(labelled(), st.randoms(use_true_random=False), st.sampled_from(["group", "date"]))
def test_the_order_of_the_input_plays_no_part(
    examples: list[Example], rng: random.Random, by: str
) -> None:
    shuffled = rng.sample(examples, len(examples))

    assert split_examples(examples, by=by, seed=1) == split_examples(shuffled, by=by, seed=1)


def test_ids_and_groups_that_come_from_row_numbers_play_no_part() -> None:
    examples = singles(40)
    renamed = [
        replace(one, statement=replace(one.statement, id=f"x:{n}"), group=f"x:{n}")
        for n, one in enumerate(reversed(examples))
    ]

    one, other = split_examples(examples, seed=1), split_examples(renamed, seed=1)

    assert [texts(part) for part in one.parts().values()] == [
        texts(part) for part in other.parts().values()
    ]


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    examples = singles(60)

    assert split_examples(examples, seed=1) == split_examples(examples, seed=1)
    assert split_examples(examples, seed=1) != split_examples(examples, seed=2)


@pytest.mark.parametrize("by", ["group", "date"])
@pytest.mark.parametrize("shares", [(0.7, 0.1, 0.1, 0.1), (0.25, 0.25, 0.25, 0.25)])
def test_many_single_statements_meet_the_shares(
    by: str, shares: tuple[float, float, float, float]
) -> None:
    split = split_examples(singles(400), by=by, seed=1, shares=shares)

    sizes = [len(part) for part in split.parts().values()]
    assert sizes == pytest.approx([400 * share for share in shares], abs=4)


def test_every_stance_on_every_proposition_reaches_every_part() -> None:
    rng = random.Random(0)
    # From common to rare: 120, 60, 30 and 12 of each.
    answers = [
        (subject, stance)
        for subject in "PQR"
        for stance, number in zip(STANCES, (120, 60, 30, 12), strict=True)
        for _ in range(number)
    ]
    rng.shuffle(answers)
    examples = [
        example(f"a{n} b{n} c{n}", stance=stance, subject=subject)
        for n, (subject, stance) in enumerate(answers)
    ]

    split = split_examples(examples, seed=3)

    for part in split.parts().values():
        assert len({one.labels for one in part}) == 12


def test_a_part_whose_share_is_0_stays_empty() -> None:
    split = split_examples(singles(10), seed=1, shares=(0.6, 0.0, 0.0, 0.4))

    assert [len(part) for part in split.parts().values()] == [6, 0, 0, 4]


def test_near_repeats_stay_together() -> None:
    examples = [*singles(20), example(f"{LONG} one"), example(f"{LONG} two")]

    split = split_examples(examples, seed=1)

    sides = [
        name
        for name, part in split.parts().items()
        if any(text.startswith(LONG) for text in texts(part))
    ]
    assert len(sides) == 1


def test_the_newest_statements_are_the_test() -> None:
    split = split_examples(singles(100), by="date", seed=1)

    bounds = [
        (min(one.date for one in part if one.date), max(one.date for one in part if one.date))
        for part in split.parts().values()
    ]
    assert bounds == sorted(bounds)
    assert all(ends < begins for (_, ends), (begins, _) in pairwise(bounds))


def test_a_group_over_many_days_is_as_old_as_its_latest_statement() -> None:
    examples = [
        *singles(100),
        example("old words", "g", day=0),
        example("new things", "g", day=999),
    ]

    split = split_examples(examples, by="date", seed=1)

    assert {"old words", "new things"} <= set(texts(split.test))


def test_statements_without_a_date_are_named() -> None:
    examples = [*singles(20), replace(example("t"), place="x.csv:7"), example("u")]

    with pytest.raises(LabelsError) as caught:
        split_examples(examples, by="date", seed=1)

    assert caught.value.faults == (
        "x.csv:7: has no date; give each row one to split by date",
        "'id of u': has no date; give each row one to split by date",
    )


@pytest.mark.parametrize("by", ["group", "date"])
def test_four_groups_fill_four_parts(by: str) -> None:
    split = split_examples(singles(4), by=by, seed=1)

    assert [len(part) for part in split.parts().values()] == [1, 1, 1, 1]


@pytest.mark.parametrize("by", ["group", "date"])
def test_too_few_groups_are_counted(by: str) -> None:
    examples = [*singles(2), *(example(f"x{n} y{n}", "one group", day=n) for n in range(9))]

    with pytest.raises(LabelsError, match="and there are 3; label 1 group more") as caught:
        split_examples(examples, by=by, seed=1)

    assert "4 groups of statements are needed, one at least for train, dev, calibration and" in str(
        caught.value
    )


def test_nothing_to_split_is_said() -> None:
    with pytest.raises(LabelsError, match="and there are 0; label 2 groups more"):
        split_examples([], seed=1, shares=(0.5, 0, 0, 0.5))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (example("other words", "b a b"), "belong to the group 'b a b'"),
        (example("B, a b!", "h"), "have the same words"),
        (example("b a b c", "h"), "have nearly the same words"),
    ],
    ids=["group", "text", "near repeat"],
)
def test_a_leak_names_the_rows_and_their_parts(other: Example, said: str) -> None:
    leaking = Split((example("b a b"), example("z")), (), (), (replace(other, place="x.csv:3"),))

    with pytest.raises(LabelsError) as caught:
        check_no_leak(leaking)

    [fault] = caught.value.faults
    assert fault.startswith(f"'id of b a b' (train) and {leaking.test[0].name} (test) {said}")
    assert "x.csv:3" in fault


@pytest.mark.parametrize(("by", "shares"), [("day", (1, 1, 1, 1)), ("group", (1, -1, 1, 1))])
def test_an_unknown_way_to_split_is_refused(
    by: str, shares: tuple[float, float, float, float]
) -> None:
    with pytest.raises(ValueError, match="split by one of group, date"):
        split_examples(singles(8), by=by, seed=1, shares=shares)


def test_the_parts_are_named_in_order() -> None:
    assert tuple(split_examples(singles(8), seed=1).parts()) == PARTS
