"""Repeats, near repeats, and labels that conflict."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import TfidfVectorizer

from stance.domain import Kind, Question, Statement
from training.duplicates import (
    NEAR,
    find_duplicates,
    merge_repeats,
    near_clusters,
    words_of,
)
from training.examples import Example, Label

P, Q, TONE = Question(Kind.STANCE, "P"), Question(Kind.STANCE, "Q"), Question(Kind.SENTIMENT)
LONG = "The minister said on Monday that the carbon tax will be lifted before the summer"


def example(text: str, *labels: Label, group: str = "", row: int = 1) -> Example:
    targets = tuple(label.question.subject for label in labels if label.question.kind != P.kind)
    return Example(
        Statement(text, str(row), targets=tuple(filter(None, targets))),
        labels or (Label(TONE, ("neutral",)),),
        group or f"g{row}",
        "labels",
        place=f"x.csv:{row}",
    )


def favor(question: Question = P) -> Label:
    return Label(question, ("favor",))


def against(question: Question = P) -> Label:
    return Label(question, ("against",))


def test_case_and_punctuation_do_not_tell_statements_apart() -> None:
    assert words_of("No, we WON'T!") == words_of("no we won't") == "no we won t"


def test_texts_without_a_word_are_told_apart() -> None:
    assert words_of(" ?! ") == "?!"
    assert len(set(near_clusters(["?!", "!!", "..."]).tolist())) == 3


def test_exact_and_near_repeats_are_found() -> None:
    texts = ["We agree.", "we agree", LONG + ".", LONG + " recess.", "Something else entirely"]

    found = find_duplicates([example(text, row=n) for n, text in enumerate(texts)])

    assert found.exact == ((0, 1),)
    assert found.near == ((0, 1), (2, 3))


def test_near_repeats_of_near_repeats_are_in_one_cluster() -> None:
    words = [f"word{n}" for n in range(30)]
    texts = [" ".join(words[n : n + 24]) for n in range(6)]

    assert len(set(near_clusters(texts).tolist())) == 1
    assert len(set(near_clusters([texts[0], texts[5]]).tolist())) == 2


def _by_all_pairs(texts: Sequence[str]) -> list[int]:
    """Clusters by the cosine of every pair, computed whole."""
    words = sorted(set(map(words_of, texts)))
    vectors = TfidfVectorizer(
        tokenizer=str.split, token_pattern=None, ngram_range=(1, 2)
    ).fit_transform(words)
    near = (vectors @ vectors.T).toarray() >= NEAR - 1e-9
    clusters = connected_components(near, directed=False)[1]
    return [int(clusters[words.index(words_of(text))]) for text in texts]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=9), min_size=2))
def test_no_near_repeat_is_missed_and_none_is_invented(statements: list[list[str]]) -> None:
    texts = [" ".join(words) for words in statements]

    found, expected = near_clusters(texts).tolist(), _by_all_pairs(texts)

    same = np.equal.outer(found, found)
    assert (same == np.equal.outer(expected, expected)).all()


def test_clusters_do_not_depend_on_the_order() -> None:
    rng = random.Random(0)
    texts = [" ".join(rng.choices("abcdefghij", k=8)) for _ in range(300)]
    order = rng.sample(range(300), 300)

    found, shuffled = near_clusters(texts), near_clusters([texts[n] for n in order])

    assert (np.equal.outer(found[order], found[order]) == np.equal.outer(shuffled, shuffled)).all()


@pytest.mark.parametrize("texts", [[], ["one"]])
def test_nothing_to_compare_is_no_repeat(texts: list[str]) -> None:
    assert near_clusters(texts).shape == (len(texts),)


def test_a_conflict_names_both_places() -> None:
    found = find_duplicates([example("Yes!", favor(), row=2), example("yes", against(), row=7)])

    assert [str(conflict) for conflict in found.conflicts] == [
        "P: favor at x.csv:2, against at x.csv:7"
    ]


def test_different_questions_do_not_conflict() -> None:
    assert not find_duplicates([example("t", favor()), example("t", against(Q))]).conflicts


def test_repeats_are_merged_with_the_labels_of_all() -> None:
    tone = Label(Question(Kind.SENTIMENT, "Kyiv"), ("negative",))
    examples = [example("Yes!", favor(), row=1), example("no", favor(), row=2),
                example("yes", favor(), against(Q), tone, row=3)]  # fmt: skip

    merged, _ = merge_repeats(examples)

    assert [one.statement.text for one in merged] == ["Yes!", "no"]
    assert merged[0].labels == (favor(), against(Q), tone)
    assert merged[0].statement.targets == ("Kyiv",)


def test_conflicting_pairs_are_left_out_and_what_is_agreed_stays() -> None:
    merged, found = merge_repeats(
        [example("t", favor(), favor(Q), row=1), example("t", against(), row=2),
         example("u", favor(), row=3), example("u", against(), row=4)]
    )  # fmt: skip

    assert [(one.statement.text, one.labels) for one in merged] == [("t", (favor(Q),))]
    assert len(found.conflicts) == 2


def test_shares_of_repeats_are_averaged() -> None:
    divided = Label(P, ("favor",), (0.5, 0.0, 0.5, 0.0))

    [merged], found = merge_repeats([example("t", divided, row=1), example("t", against(), row=2)])

    assert merged.labels == (Label(P, ("against",), (0.25, 0.5, 0.25, 0.0)),)
    assert not found.conflicts


def test_a_finer_label_wins_over_a_coarse_one_that_allows_it() -> None:
    coarse, fine = Label(P, ("neutral", "unrelated")), Label(P, ("unrelated",))

    [merged], _ = merge_repeats([example("t", coarse, row=1), example("t", fine, row=2)])

    assert merged.labels == (fine,)


def test_merging_ties_the_groups_of_the_merged_together() -> None:
    merged, _ = merge_repeats(
        [example("t", group="a", row=1), example("u", group="a", row=2),
         example("t", group="b", row=3), example("v", group="b", row=4),
         example("w", group="c", row=5)]
    )  # fmt: skip

    assert {one.statement.text: one.group for one in merged} == {
        "t": "a", "u": "a", "v": "a", "w": "c",
    }  # fmt: skip


def test_the_user_is_told_in_a_few_lines() -> None:
    examples = [example("t", favor(), row=1), example("T.", against(), row=2),
                example(LONG, row=3), example(LONG + " recess", row=4)]  # fmt: skip

    assert list(find_duplicates(examples).notes()) == [
        "2 rows repeat each other word for word: joined",
        "2 rows nearly repeat others: kept, each set of them on one side of the split",
        "1 pair is labelled in different ways, and left out:",
        "  P: favor at x.csv:1, against at x.csv:2",
    ]


def test_nothing_is_told_where_nothing_repeats() -> None:
    assert list(find_duplicates([example("one"), example("two")]).notes()) == []
