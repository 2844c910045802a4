"""The nouns check themselves at birth."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.domain import (
    Issue,
    Kind,
    Prediction,
    Question,
    Result,
    Sentiment,
    Stance,
    Statement,
    check_text,
)
from stance.errors import InputError

PEACE = Issue("peace", "Peace", "Russia should make peace")

UNREADABLE = [
    pytest.param("", "is empty; give at least one word", id="empty"),
    pytest.param(" \t\n\u00a0", "is empty; give at least one word", id="blank"),
    pytest.param("ab\0c", "holds a NUL character at offset 2; remove it", id="nul"),
    pytest.param(
        "abc\ud800", "holds a lone surrogate at offset 3; send valid Unicode", id="surrogate"
    ),
    pytest.param(7, "must be text, not int", id="number"),
    pytest.param(None, "must be text, not NoneType", id="none"),
    pytest.param(b"abc", "must be text, not bytes", id="bytes"),
]


def of(*probabilities: float, kind: Kind = Kind.STANCE) -> Prediction:
    return Prediction(kind, probabilities, "m")


@pytest.mark.parametrize(("text", "reason"), UNREADABLE)
def test_text_that_no_model_can_read_is_refused_with_the_reason(text: object, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        check_text("speaker", text)

    assert (caught.value.field, caught.value.reason) == ("speaker", reason)
    assert str(caught.value) == f"speaker: {reason}"


@pytest.mark.parametrize(
    "text", ["Да", "我们支持停火", "🕊", "e\u0301", "\u200bword", "[SEP]", "\ufeffword", "a\x01"]
)
def test_any_valid_unicode_with_a_sign_in_it_is_text(text: str) -> None:
    assert Statement(text).text == text


@given(st.text())
@settings(deadline=None)
def test_text_is_accepted_exactly_if_it_is_not_blank_and_can_be_stored(text: str) -> None:
    readable = bool(text.strip()) and "\0" not in text
    try:
        check_text("text", text)
        accepted = True
    except InputError:
        accepted = False

    assert accepted == readable


@pytest.mark.parametrize("text", ["\ud800 of Kyiv", "Kyiv \0 secret", " "])
def test_the_reason_never_holds_the_text(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Statement(text)

    assert "Kyiv" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"text": ""}, "text", id="text"),
        pytest.param({"text": "a", "id": " "}, "id", id="id"),
        pytest.param({"text": "a", "id": 3}, "id", id="id is a number"),
        pytest.param({"text": "a", "speaker": "\0"}, "speaker", id="speaker"),
        pytest.param({"text": "a", "targets": ("b", "")}, "targets.1", id="second target"),
    ],
)
def test_a_statement_names_the_field_that_cannot_be_read(
    fields: dict[str, object], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        Statement(**fields)  # type: ignore[arg-type]

    assert caught.value.field == field


def test_a_statement_needs_only_its_text() -> None:
    statement = Statement("Kyiv will not give up any land.")

    assert (statement.id, statement.speaker, statement.targets) == (None, None, ())


@pytest.mark.parametrize(
    ("noun", "field"),
    [
        pytest.param(Statement("a"), "text", id="statement"),
        pytest.param(PEACE, "proposition", id="issue"),
        pytest.param(Question(Kind.SENTIMENT), "subject", id="question"),
        pytest.param(of(1, 0, 0, 0), "model", id="prediction"),
    ],
)
def test_nouns_cannot_be_changed(noun: object, field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(noun, field, "other")


def test_equal_nouns_are_equal_and_hash_alike() -> None:
    assert len({Statement("a"), Statement("a"), Statement("b")}) == 2
    assert len({Question(Kind.SENTIMENT), Question(Kind.SENTIMENT, "")}) == 1


@pytest.mark.parametrize("issue_id", ["nato", "nato-2", "2-0", "-", "миру-мир"])
def test_an_issue_id_holds_lower_case_letters_digits_and_hyphens(issue_id: str) -> None:
    assert Issue(issue_id, "Name", "Proposition").id == issue_id


@pytest.mark.parametrize("issue_id", ["NATO", "a b", "a_b", "a.b", "../x", "a/b"])
def test_an_issue_id_with_other_characters_is_refused(issue_id: str) -> None:
    with pytest.raises(InputError) as caught:
        Issue(issue_id, "Name", "Proposition")

    assert str(caught.value) == "id: may hold lower-case letters, digits and hyphens only"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param(("", "Name", "Proposition"), "id", id="id"),
        pytest.param(("a", " ", "Proposition"), "name", id="name"),
        pytest.param(("a", "Name", "\0"), "proposition", id="proposition"),
        pytest.param((7, "Name", "Proposition"), "id", id="id is a number"),
    ],
)
def test_an_issue_names_the_field_that_cannot_be_read(
    fields: tuple[str, str, str], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        Issue(*fields)

    assert caught.value.field == field


def test_an_issue_asked_ad_hoc_has_no_id_and_is_named_by_its_proposition() -> None:
    issue = Issue.ad_hoc("Taxes should rise")

    assert issue == Issue(None, "Taxes should rise", "Taxes should rise")


def test_only_the_overall_tone_is_a_question_without_a_subject() -> None:
    assert Question(Kind.SENTIMENT).subject == ""

    with pytest.raises(InputError, match="proposition: is empty; give at least one word"):
        Question(Kind.STANCE)


def test_a_question_names_its_subject_by_its_kind() -> None:
    with pytest.raises(InputError, match="target: holds a NUL"):
        Question(Kind.SENTIMENT, "a\0")
    with pytest.raises(InputError, match="proposition: holds a NUL"):
        Question(Kind.STANCE, "a\0")


def test_the_labels_of_each_kind_are_in_the_order_that_bundles_are_written_in() -> None:
    assert Kind.STANCE.labels == ("favor", "against", "neutral", "unrelated")
    assert Kind.SENTIMENT.labels == ("positive", "neutral", "negative")


def test_the_poles_are_the_two_labels_of_the_score() -> None:
    assert Kind.STANCE.poles == (Stance.FAVOR, Stance.AGAINST)
    assert Kind.SENTIMENT.poles == (Sentiment.POSITIVE, Sentiment.NEGATIVE)


@pytest.mark.parametrize(
    ("kind", "probabilities", "label", "score"),
    [
        pytest.param(Kind.STANCE, (0.75, 0.25, 0, 0), "favor", 0.5, id="favor"),
        pytest.param(Kind.STANCE, (0.25, 0.75, 0, 0), "against", -0.5, id="against"),
        pytest.param(Kind.STANCE, (0.125, 0.125, 0.5, 0.25), "neutral", 0, id="neutral"),
        pytest.param(Kind.STANCE, (0, 0, 0, 1), "unrelated", 0, id="unrelated"),
        pytest.param(Kind.STANCE, (0, 0.5, 0.5, 0), "against", -0.5, id="a tie is the first"),
        pytest.param(Kind.SENTIMENT, (0.75, 0.125, 0.125), "positive", 0.625, id="positive"),
        pytest.param(Kind.SENTIMENT, (0.25, 0.5, 0.25), "neutral", 0, id="no tone"),
        pytest.param(Kind.SENTIMENT, (0, 0.25, 0.75), "negative", -0.75, id="negative"),
    ],
)
def test_a_prediction_has_the_most_probable_label_and_the_difference_of_its_poles(
    kind: Kind, probabilities: tuple[float, ...], label: str, score: float
) -> None:
    prediction = of(*probabilities, kind=kind)

    assert (prediction.label, prediction.score) == (label, score)


@pytest.mark.parametrize(
    ("kind", "probabilities", "fault"),
    [
        pytest.param(Kind.STANCE, (0.5, 0.5, 0), "stance has 4 labels", id="three stances"),
        pytest.param(Kind.SENTIMENT, (1, 0, 0, 0), "sentiment has 3 labels", id="four tones"),
        pytest.param(Kind.STANCE, (0.5, 0.5, 0.5, 0), "probabilities must sum to 1", id="too much"),
        pytest.param(Kind.STANCE, (0.5, 0, 0, 0), "probabilities must sum to 1", id="too little"),
        pytest.param(
            Kind.STANCE, (float("nan"), 0, 0, 1), "probabilities must sum to 1", id="not a number"
        ),
    ],
)
def test_a_prediction_whose_probabilities_are_none_is_refused(
    kind: Kind, probabilities: tuple[float, ...], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        of(*probabilities, kind=kind)


def test_a_probability_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="probabilities must"):
        of(1.5, -0.5, 0, 0)


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param((), id="empty"),
        pytest.param(("against", "neutral"), id="without the answer"),
        pytest.param(("against", "favor"), id="another order"),
        pytest.param(("favor", "favor"), id="twice"),
        pytest.param(("favor", "positive"), id="of another kind"),
    ],
)
def test_a_set_that_is_none_of_the_kinds_labels_in_order_with_the_answer_is_refused(
    labels: tuple[str, ...],
) -> None:
    with pytest.raises(ValueError, match="a set of stance labels has them in order, favor too"):
        Prediction(Kind.STANCE, (0.5, 0.25, 0.25, 0), "m", labels)


def test_a_prediction_as_json_has_its_set_only_where_it_has_one() -> None:
    sure = Prediction(Kind.SENTIMENT, (0.0, 1.0, 0.0), "m", ("neutral",))
    unsure = Prediction(Kind.STANCE, (0.5, 0.25, 0.25, 0), "m", ("favor", "neutral"))
    result = Result(
        Statement("a"), False, sure, [(PEACE, unsure), (PEACE, of(1, 0, 0, 0))], [("Kyiv", sure)]
    )

    answer: Any = result.to_json()

    assert answer["sentiment"]["prediction_set"] == ["neutral"]
    assert answer["targets"][0]["prediction_set"] == ["neutral"]
    assert answer["stances"][0]["prediction_set"] == ["favor", "neutral"]
    assert "prediction_set" not in answer["stances"][1]


def test_a_result_as_json_has_the_fields_of_the_contract_in_order() -> None:
    result = Result(
        Statement("a", id="s-1", speaker="Orbán"),
        truncated=False,
        sentiment=of(0.25, 0.5, 0.25, kind=Kind.SENTIMENT),
        stances=[(PEACE, of(0.5, 0.25, 0.25, 0))],
        targets=[],
    )

    assert result.to_json() == {
        "id": "s-1",
        "truncated": False,
        "model": "m",
        "sentiment": {
            "label": "neutral",
            "score": 0.0,
            "probabilities": {"positive": 0.25, "neutral": 0.5, "negative": 0.25},
        },
        "stances": [
            {
                "issue": "peace",
                "proposition": "Russia should make peace",
                "label": "favor",
                "score": 0.25,
                "probabilities": {
                    "favor": 0.5,
                    "against": 0.25,
                    "neutral": 0.25,
                    "unrelated": 0,
                },
            }
        ],
    }


def test_a_result_as_json_has_targets_only_where_they_were_asked() -> None:
    tone = of(1, 0, 0, kind=Kind.SENTIMENT)
    result = Result(Statement("a", targets=("Kyiv",)), True, tone, [], [("Kyiv", tone)])

    answer = result.to_json()

    assert answer["targets"] == [
        {
            "target": "Kyiv",
            "label": "positive",
            "score": 1,
            "probabilities": {"positive": 1, "neutral": 0, "negative": 0},
        }
    ]
    assert (answer["id"], answer["truncated"], answer["stances"]) == (None, True, [])
