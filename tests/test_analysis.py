"""Articles become scored statements, in order, whatever stands in them."""

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.analysis import WINDOW_ARTICLES, Analysis
from stance.classifier import WINDOW_STATEMENTS
from stance.domain import Article, Attribution, Issue, SpeechKind, Stance, Statement
from stance.errors import InputError
from tests.fakes import fake_classifier
from tests.tiny_analysis import NOBODY, ONE, PEACE, TAX, TEXT, analyzer_by_eye
from tests.tiny_bundles import classifier_with_sets

ISSUES = [PEACE, TAX]


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyzer_by_eye().analyze(Article(TEXT), ISSUES)


def stances(analysis: Analysis) -> list[list[str]]:
    return [
        [prediction.label for _, prediction in one.result.stances] for one in analysis.statements
    ]


def test_statements_are_in_the_order_of_the_text_with_their_speakers(analysis: Analysis) -> None:
    speakers = [one.attribution.speaker for one in analysis.statements]

    assert [one.content for one in analysis.statements] == [
        "that it supports peace",
        "That Kyiv opposes a bad carbon tax",
    ]
    assert [speaker and speaker.name for speaker in speakers] == ["Moscow", "Warsaw"]


def test_each_statement_is_scored_on_each_issue_and_for_its_tone(analysis: Analysis) -> None:
    assert stances(analysis) == [
        [Stance.FAVOR, Stance.UNRELATED],
        [Stance.UNRELATED, Stance.AGAINST],
    ]
    assert [one.result.sentiment.label for one in analysis.statements] == ["neutral", "negative"]


def test_json_has_the_fields_of_a_result_and_those_of_a_statement(analysis: Analysis) -> None:
    told: dict[str, Any] = analysis.to_json()

    first, second = told["statements"]
    [result] = fake_classifier().classify([Statement("that it supports peace", "1")], ISSUES)
    assert (told["model"], told["extractor"], len(told)) == ("keyword", "by eye", 3)
    assert first == result.to_json() | {
        "start": 30,
        "end": 52,
        "spans": [[30, 52]],
        "text": "that it supports peace",
        "kind": "indirect",
        "cue": "says",
        "speaker": {
            "name": "Moscow", "mention": "Moscow", "role": None,
            "probability": first["speaker"]["probability"],
        },
    }  # fmt: skip
    assert TEXT[second["start"] : second["end"]] == second["text"]


def test_a_statement_in_pieces_is_told_and_read_as_one() -> None:
    text = "“Moscow supports,” she said, “a good peace.”"
    said = [Attribution(((0, 18), (29, 44)), SpeechKind.DIRECT, (23, 27), (19, 22))]

    [found] = analyzer_by_eye().score([(Article(text), said)], [PEACE])

    [statement] = found.statements
    told = statement.to_json()
    assert (told["start"], told["end"], told["spans"]) == (0, 44, [[0, 18], [29, 44]])
    assert told["text"] == statement.content == "“Moscow supports,” “a good peace.”"
    assert (told["kind"], told["cue"], told["speaker"]) == ("direct", "said", None)
    assert stances(found) == [["favor"]]


def test_a_statement_whose_speaker_is_not_sure_has_none() -> None:
    [statement] = analyzer_by_eye(NOBODY).analyze(Article(ONE), ISSUES).statements

    assert statement.to_json()["speaker"] is None
    assert statement.mention == "Moscow"
    assert statement.result.statement.speaker is None


def test_statements_are_numbered_within_their_article() -> None:
    found = analyzer_by_eye().analyze_each([Article(TEXT), Article(TEXT, "wire-7")], ISSUES)

    ids = [[one.result.statement.id for one in analysis.statements] for analysis in found]
    assert ids == [["1", "2"], ["wire-7-1", "wire-7-2"]]


def test_markup_is_read_as_what_it_shows_and_told_as_it_stands() -> None:
    text = "<p>Moscow says that it supports  <b>pe</b>ace &amp; gas.</p>"

    [statement] = analyzer_by_eye().analyze(Article(text), [PEACE]).statements

    told = statement.to_json()
    assert told["text"] == "that it supports  <b>pe</b>ace &amp; gas"
    assert statement.content == "that it supports peace & gas"
    assert statement.result.statement.text == "Moscow says that it supports peace & gas"


@pytest.mark.parametrize("text", ["", " \n", "Football is good."])
def test_nothing_is_found_where_nobody_speaks(text: str) -> None:
    assert analyzer_by_eye().analyze(Article(text), ISSUES).statements == []


def test_articles_among_others_are_answered_as_each_alone() -> None:
    texts = ["", TEXT, "Football is good.", ONE, f"{TEXT} " * (WINDOW_STATEMENTS // 2 + 1), ONE]
    analyzer = analyzer_by_eye()
    articles = [Article(text) for text in texts] + [Article("")] * (WINDOW_ARTICLES + 1)

    together = list(analyzer.analyze_each(articles, ISSUES))

    assert [len(one.statements) for one in together[:6]] == [0, 2, 0, 1, WINDOW_STATEMENTS + 2, 1]
    alone = [analyzer.analyze(article, ISSUES) for article in articles[:6]]
    assert [stances(one) for one in together[:6]] == [stances(one) for one in alone]
    assert len(together) == len(articles)


@pytest.mark.parametrize("text", [TEXT, "Football."], ids=["statements", "none"])
def test_articles_are_read_as_they_are_asked_for(text: str) -> None:
    numbers = count()

    def without_end() -> Iterator[Article]:
        while True:
            yield Article(text * 50, str(next(numbers)))

    found = list(islice(analyzer_by_eye().analyze_each(without_end(), ISSUES), 3))

    assert len(found) == 3
    assert next(numbers) < 1000


def test_coverage_gives_each_answer_its_set() -> None:
    analyzer = analyzer_by_eye(classifier=classifier_with_sets(0.9))

    [statement] = analyzer.analyze(Article(ONE), [PEACE], 0.8).statements

    assert statement.result.stances[0][1].prediction_set == ("favor",)


@pytest.mark.parametrize("text", ["", TEXT])
def test_what_the_model_cannot_answer_is_refused_even_if_nothing_is_said(text: str) -> None:
    analyzer = analyzer_by_eye()

    with pytest.raises(InputError, match="proposition: is longer than the model's 64 tokens"):
        analyzer.analyze(Article(text), [Issue.ad_hoc("peace " * 80)])
    with pytest.raises(InputError, match="coverage: the model keyword has no prediction sets"):
        analyzer.analyze(Article(text), ISSUES, 0.9)


WORDS = st.sampled_from(
    [
        "Moscow", "Warsaw", "says", "that", "peace", "supports", ".", ",", "\n", "\n\n", "“", "”",
        '"', "'", "«", "<b>", "</p>", "&#8220;", "&amp;", "\u2060", "\u200f", "\u202e",
        "\U0001f54a", "e\u0301", "\ufeff", "\t", "-", "he", "she", "said", "the minister", "Q:",
    ]
)  # fmt: skip
TEXTS = st.lists(WORDS | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=30)


@settings(max_examples=100, deadline=None)
@given(pieces=TEXTS, glue=st.sampled_from(["", " "]))
def test_no_article_makes_it_fail_and_every_offset_is_right(pieces: list[str], glue: str) -> None:
    text = glue.join(pieces).replace("\0", "")

    for statement in analyzer_by_eye().analyze(Article(text), [PEACE]).statements:
        told = statement.to_json()
        spans = statement.attribution.spans
        assert told["text"] == " ".join(text[start:end] for start, end in spans)
        assert (told["start"], told["end"]) == (spans[0][0], spans[-1][1])
        assert statement.content.strip()
