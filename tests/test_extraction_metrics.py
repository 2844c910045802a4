"""Figures of extraction, against values worked out by hand."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.domain import Article, Attribution, Span, Speaker, SpeechKind
from training.extraction_counts import Told, count, match
from training.extraction_metrics import (
    Figures,
    annotator_figures,
    extraction_figures,
    extraction_summary,
)
from training.gold import Gold, GoldArticle
from training.speaker_names import same_speaker

DIRECT, INDIRECT, MIXED = SpeechKind
TEXT = "x" * 200


def article(*golds: Gold, text: str = TEXT, **more: Any) -> GoldArticle:
    return GoldArticle(Article(text), golds, **more)


def gold(*content: Span, kind: SpeechKind | None = INDIRECT, **more: Any) -> Gold:
    return Gold(content, kind=kind, **more)


def said(
    *spans: Span, kind: SpeechKind = INDIRECT, by: str | None = None, **more: Any
) -> Attribution:
    speaker = Speaker(by, by, None, 0.9) if by else None
    return Attribution(spans, kind, speaker=speaker, **more)


def rates(figures: Figures) -> list[float | None]:
    return [figures[name] for name in ("precision", "recall", "f1")]


def content(marked: list[Gold], *predicted: Attribution, text: str = TEXT) -> Figures:
    """Precision, recall and F1 of content under each rule, in one article."""
    figures = extraction_figures([article(*marked, text=text)], [predicted], draws=2)
    return {rule: rates(one) for rule, one in figures["content"].items()}


def found(marked: list[Gold], *predicted: Attribution, text: str = TEXT) -> dict[str, bool]:
    """Whether the one marked statement is found, under each rule."""
    return {rule: one[1] == 1 for rule, one in content(marked, *predicted, text=text).items()}


ALL = dict.fromkeys(("overlap_0.3", "overlap_0.8", "union_0.3", "union_0.8", "exact"), True)


@pytest.mark.parametrize(
    ("predicted", "missed"),
    [
        ((0, 100), []),
        ((0, 101), ["exact"]),
        ((0, 200), ["union_0.8", "exact"]),
        ((0, 80), ["overlap_0.8", "union_0.8", "exact"]),
        ((0, 81), ["exact"]),
        ((70, 170), ["overlap_0.3", "overlap_0.8", "union_0.3", "union_0.8", "exact"]),
        ((69, 169), ["overlap_0.8", "union_0.3", "union_0.8", "exact"]),
        ((100, 200), list(ALL)),
    ],
)
def test_content_counts_by_its_overlap(predicted: Span, missed: list[str]) -> None:
    """Of the share of what was marked, and more than the threshold of it, as the Tracker has it."""
    assert found([gold((0, 100))], said(predicted)) == ALL | dict.fromkeys(missed, False)


def test_the_pieces_of_a_statement_count_together() -> None:
    two_pieces = [gold((0, 40), (60, 100))]

    assert found(two_pieces, said((0, 40), (60, 100))) == ALL
    assert not found(two_pieces, said((0, 40)))["overlap_0.8"]
    assert found(two_pieces, said((0, 100))) == ALL | {"union_0.8": False, "exact": False}


def test_white_space_does_not_count() -> None:
    text = "We go.\n\nThey stay."

    assert found([gold((0, 6), (8, 18))], said((0, 18)), text=text) == ALL


def test_precision_is_of_predictions_and_recall_of_what_was_marked() -> None:
    marked = [gold((0, 10)), gold((20, 30))]

    figures = content(marked, said((0, 10)), said((40, 50)), said((60, 70)))

    assert figures["exact"] == pytest.approx([1 / 3, 1 / 2, 2 / 5], abs=1e-4)


def test_one_prediction_finds_one_statement_only() -> None:
    marked = [gold((0, 10)), gold((20, 30))]

    assert content(marked, said((0, 30)))["overlap_0.8"] == pytest.approx([1, 0.5, 2 / 3], abs=1e-4)


def test_the_second_prediction_of_one_statement_is_wrong() -> None:
    figures = content([gold((0, 10))], said((0, 10)), said((0, 9)))

    assert figures["overlap_0.3"] == pytest.approx([0.5, 1, 2 / 3], abs=1e-4)


def test_each_row_takes_the_best_column_that_is_left() -> None:
    scores = np.array([[0.5, 0.9, 0.9], [0.4, 1.0, 0.35], [0.0, 0.3, 0.0]])

    assert match(scores, 0.3) == [(0, 1), (1, 0)]


def test_nothing_marked_and_nothing_predicted_is_no_figure() -> None:
    assert content([])["exact"] == [None, None, None]
    assert content([], said((0, 5)))["exact"] == [0, None, 0]
    assert content([gold((0, 5))])["exact"] == [None, 0, 0]


def test_kinds_are_measured_apart() -> None:
    marked = [gold((0, 10), kind=DIRECT), gold((20, 30), kind=MIXED), gold((40, 50))]
    predicted = [said((0, 10), kind=DIRECT), said((20, 30), kind=DIRECT), said((60, 70))]

    figures = extraction_figures([article(*marked)], [predicted], draws=2)

    # Two are predicted as direct, and both are statements; of the other one, nothing is there.
    assert rates(figures["kinds"]["direct"]["exact"]) == [1, 1, 1]
    assert rates(figures["kinds"]["indirect_or_mixed"]["exact"]) == [0, 0.5, 0]
    assert figures["matched"]["overlap_0.8"]["kind"]["share"] == 0.5


def test_without_kinds_or_speakers_in_the_set_there_are_no_such_figures() -> None:
    one = article(gold((0, 10), kind=None), names_speakers=False)

    figures = extraction_figures([one], [[said((0, 10))]], draws=2)

    assert (figures["kinds"], figures["speakers"]) == (None, None)
    assert set(figures["matched"]["overlap_0.3"]) == {"source", "cue"}


def test_sources_and_cues_are_found_as_spans() -> None:
    marked = [gold((0, 10), source=(10, 20), cue=(20, 25)), gold((30, 40), source=(10, 20))]
    predicted = [said((0, 10), mention=(15, 22), cue=(20, 25)), said((50, 60), cue=(70, 75))]

    figures = extraction_figures([article(*marked)], [predicted], draws=2)

    # A source that serves two statements is one; where there is none, none can be found.
    assert rates(figures["source"]["overlap"]) == [1, 1, 1]
    assert rates(figures["source"]["exact"]) == [0, 0, 0]
    assert rates(figures["cue"]["exact"]) == pytest.approx([0.5, 1, 2 / 3], abs=1e-4)


def test_spans_apart_are_not_matched() -> None:
    one = article(gold((0, 10), cue=(20, 25)))

    figures = extraction_figures([one], [[said((0, 10), cue=(25, 30))]], draws=2)

    assert rates(figures["cue"]["overlap"]) == [0, 0, 0]


def test_as_many_spans_as_can_be_are_matched() -> None:
    marked = [gold((100, 110), cue=(0, 10)), gold((120, 130), cue=(20, 30))]
    predicted = [said((100, 110), cue=(5, 25)), said((120, 130), cue=(0, 2))]

    figures = extraction_figures([article(*marked)], [predicted], draws=2)

    assert figures["cue"]["overlap"]["recall"] == 1


def test_source_and_cue_of_a_matched_statement_share_a_character_or_are_missing_in_both() -> None:
    marked = [
        gold((0, 10), source=(80, 90), cue=(90, 95)),
        gold((20, 30), source=(80, 90)),
        gold((40, 50), cue=(90, 95)),
    ]
    predicted = [
        said((0, 10), mention=(89, 92), cue=(70, 75)),
        said((20, 30)),
        said((40, 50), cue=(91, 93)),
    ]

    figures = extraction_figures([article(*marked)], [predicted], draws=2)

    matched = figures["matched"]["overlap_0.8"]
    assert [matched[name]["share"] for name in ("source", "cue")] == pytest.approx(
        [2 / 3, 2 / 3], abs=1e-4
    )
    assert matched["source"]["n"] == 3


def test_names_are_measured_on_matched_statements() -> None:
    names = ["Ewa Novak", "the Kremlin", "Jan Novak", "Ana Ruiz", None, None, "Li Wei"]
    guesses = ["President Ewa Novak", "Kremlin", "Ewa Novak", None, "Li Wei", None]
    spans = [(n * 10, n * 10 + 8) for n in range(len(names))]
    one = article(*(gold(span, speaker=name) for span, name in zip(spans, names, strict=True)))
    predicted = [said(span, by=name) for span, name in zip(spans, guesses, strict=False)]

    figures = extraction_figures([one], [predicted], draws=2)

    speakers = figures["speakers"]["overlap_0.8"]
    parts = {name: (share["share"], share["n"]) for name, share in speakers.items() if "n" in share}
    assert parts == {
        "right_where_named": (0.5, 4),
        "right_where_given": (0.5, 4),
        "given_where_named": (0.75, 4),
        "given_where_none_is": (0.5, 2),
    }
    # Two names and one rightly missing, of six predicted and seven marked.
    assert rates(speakers["statement_and_speaker"]) == pytest.approx(
        [3 / 6, 3 / 7, 6 / 13], abs=1e-4
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ewa Lisiecka", "ewa  lisiecka", True),
        ("Ewa Lisiecka", "Prime Minister Ewa Lisiecka", True),
        ("Ewa Lisiecka", "the former deputy foreign minister Ewa Lisiecka", True),
        ("Antony Blake", "Secretary of State Antony Blake", True),
        ("Sen. Ada Okoro", "Ada Okoro’s", True),
        ("the Prime Minister", "Prime Minister", True),
        ("U.S. officials", "US officials", True),
        ("Ewa Lisiecka", "Lisiecka", False),
        ("the Foreign Ministry", "the Defence Ministry", False),
        ("the State Department", "the Justice Department", False),
        ("the president", "the minister", False),
        ("the", "a", False),
        ("…", "...", True),
        (None, None, True),
        (None, "Ewa Lisiecka", False),
    ],
)
def test_names_are_the_same_but_for_case_article_and_title(
    one: str | None, other: str | None, same: bool
) -> None:
    assert same_speaker(one, other) is same
    assert same_speaker(other, one) is same


def test_statements_of_all_articles_are_counted_together() -> None:
    articles = [article(gold((0, 10))), article(*(gold((n, n + 5)) for n in range(0, 30, 10)))]

    figures = extraction_figures(articles, [[said((0, 10))], []], draws=2)

    assert figures["content"]["exact"]["recall"] == 0.25
    assert (figures["n_articles"], figures["n_marked"], figures["n_predicted"]) == (2, 4, 1)


def test_intervals_are_over_articles() -> None:
    """Twenty statements of two articles are two draws, not twenty."""
    many = [gold((n, n + 5)) for n in range(0, 100, 10)]
    right = [said(*one.content) for one in many]

    two = extraction_figures([article(*many)] * 2, [right, []])
    twenty = extraction_figures([article(many[0])] * 20, [right[:1]] * 10 + [[]] * 10)

    assert two["content"]["exact"]["recall_interval"] == [0, 1]
    low, high = twenty["content"]["exact"]["recall_interval"]
    assert 0.2 < low < twenty["content"]["exact"]["recall"] == 0.5 < high < 0.8


def test_the_figures_come_from_the_seed_and_are_plain_json() -> None:
    articles = [article(gold((0, 10), speaker=None)), article(gold((0, 10)), gold((20, 30)))]
    predicted = [[said((0, 10))], [said((20, 28))]]

    one, same, other = (
        extraction_figures(articles, predicted, draws=20, seed=seed) for seed in (0, 0, 1)
    )

    assert one == same == json.loads(json.dumps(one, allow_nan=False))
    assert one["content"] != other["content"] or one["bootstrap"] != other["bootstrap"]
    assert one["bootstrap"] == {"over": "articles", "draws": 20, "seed": 0}


def test_annotators_are_measured_against_each_other() -> None:
    one, two = gold((0, 10)), gold((20, 30))
    several = article(one, two, others=((one,), (one, two)))

    figures = annotator_figures([several, article(one)], draws=2)

    assert figures is not None
    assert (figures["n_articles"], figures["n_annotators"]) == (1, [3])
    # Of six pairs in both directions, two agree in two statements and four in one.
    assert rates(figures["content"]["exact"]) == pytest.approx([8 / 10] * 3)


def test_without_doubly_marked_articles_there_is_no_agreement() -> None:
    assert annotator_figures([article(gold((0, 10)))]) is None


def test_the_summary_tells_the_figures_with_their_intervals() -> None:
    one = article(gold((0, 10), speaker="Ewa Novak"), gold((20, 30)))
    figures = extraction_figures([one], [[said((0, 10), by="Ewa Novak")]], draws=2)
    annotators = annotator_figures([replace(one, others=((),))], draws=2)
    assert annotators is not None

    told = extraction_summary(figures)

    assert "1 articles, 2 statements marked, 1 predicted" in told
    assert "content  overlap_0.3  F1 0.667 [0.667, 0.667], precision 1.000, recall 0.500" in told
    assert "direct, overlap_0.3: F1 - [-, -], precision -, recall -" in told
    assert "right where named 1.000 [1.000, 1.000] of 1" in told
    assert extraction_summary(annotators).startswith("1 articles\ncontent  overlap_0.3  F1 0.000")


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="no articles"):
        extraction_figures([], [])
    with pytest.raises(ValueError, match="shorter"):
        extraction_figures([article(), article()], [[]])
    with pytest.raises(ValueError, match="beyond the text of 200"):
        extraction_figures([article()], [[said((0, 201))]])


@st.composite
def statements(draw: st.DrawFn) -> list[Span]:
    edges = draw(st.lists(st.integers(0, 199), unique=True, max_size=16).map(sorted))
    return list(zip(edges[::2], edges[1::2], strict=False))


def recalls(marked: list[Span], predicted: list[Span]) -> dict[str, float]:
    ours, theirs = ([gold(span) for span in spans] for spans in (marked, predicted))
    counts = count(TEXT, ours, theirs, Told(speakers=False, kinds=False))
    return {path[1]: one[0] / max(one[1], 1) for path, one in counts.items() if "content" in path}


@settings(deadline=None, max_examples=60)
@given(statements(), statements())
def test_a_stricter_rule_never_finds_more(marked: list[Span], predicted: list[Span]) -> None:
    recall = recalls(marked, predicted)

    assert recall["exact"] <= recall["union_0.8"] <= recall["overlap_0.8"] <= recall["overlap_0.3"]
    assert recall["union_0.8"] <= recall["union_0.3"]


@settings(deadline=None, max_examples=60)
@given(statements())
def test_what_was_marked_is_found_in_any_order(marked: list[Span]) -> None:
    assert recalls(marked, marked[::-1]) == dict.fromkeys(ALL, 1 if marked else 0)
