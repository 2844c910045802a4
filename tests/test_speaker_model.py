"""Fitting the weights of speakers: what is learned, from what, and how it is measured."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.domain import Article
from stance.mentions import Form
from tests.marked import marked
from training.gold import Gold, GoldArticle
from training.speaker_model import (
    Answer,
    Choice,
    accuracy,
    answers_of,
    by_form,
    choices,
    fit_speakers,
    fit_threshold,
    fit_weights,
    is_same,
    out_of_fold,
)

WOMEN = ("Ewa Kos", "Anna Lind", "Maria Vale", "Julia Berg", "Petra Horn", "Olga Reva")
MEN = ("Kofi Abara", "Ivan Toth", "Omar Said", "Jorge Mena", "Erik Dahl", "Paul Stein")


def gold(written: str, *speakers: str | None) -> GoldArticle:
    text, attributions = marked(written)
    return GoldArticle(
        Article(text),
        tuple(
            Gold(one.spans, one.cue, one.mention, speaker, None, one.kind)
            for one, speaker in zip(attributions, speakers, strict=True)
        ),
    )


def meeting(woman: str, man: str, pronoun: str) -> GoldArticle:
    """One in which a pronoun means the woman or the man, whoever stood last."""
    written = (
        f"{{s1:{woman}}} {{q1:said}} {{c1:that it rained}}. "
        f"{{s2:Minister {man}}} {{q2:said}} {{c2:that it did not}}. "
        f"{{s3:{pronoun}}} {{q3:added}} {{c3:that the roof held}}. "
        "{q4:Asked} {c4:whether it leaked}, nobody spoke. "
        "{s5:A NATO diplomat} {q5:said} {c5:no}."
    )
    meant = woman if pronoun == "She" else man
    return gold(written, woman, man, meant, None, "A NATO diplomat")


ARTICLES = [
    meeting(woman, man, pronoun)
    for woman, man in zip(WOMEN, MEN, strict=True)
    for pronoun in ("She", "He")
]


def answer(probability: float, is_right: bool = True, form: Form = Form.HE) -> Answer:
    return Answer(form, "Ewa Kos", "Ewa Kos" if is_right else "Bo Lind", probability)


def test_what_is_learned_tells_the_speakers_of_articles_never_seen() -> None:
    found = [one for answers in out_of_fold(ARTICLES, folds=4) for one in answers]

    assert accuracy(found, 0.5).right == len(found) == 5 * len(ARTICLES)


def test_the_answers_out_of_fold_come_in_the_order_of_the_articles() -> None:
    found = out_of_fold(ARTICLES, folds=5)

    truth = [[one.speaker for one in article.attributions] for article in ARTICLES]
    assert [[one.true for one in answers] for answers in found] == truth


def test_an_article_is_asked_of_weights_that_never_saw_it() -> None:
    odd = gold("{s1:The ministry} {q1:said} {c1:no}.", None)
    usual = gold("{s1:The ministry} {q1:said} {c1:no}.", "The ministry")

    found = out_of_fold([odd, usual, usual, usual], folds=4)

    assert [answers[0].found for answers in found] == ["The ministry"] * 4


def test_a_fitted_model_has_weights_and_a_threshold_that_json_keeps() -> None:
    model = fit_speakers(ARTICLES)

    assert model.weights["he:agrees"] > 0 > model.weights["he:differs"]
    assert 0 < model.threshold < 1
    assert type(model).from_json(model.to_json()) == model


def test_the_same_articles_give_the_same_model() -> None:
    assert fit_speakers(ARTICLES[:4]) == fit_speakers(ARTICLES[:4])


def test_a_larger_penalty_gives_smaller_weights() -> None:
    rows = [one for article in ARTICLES for one in choices(article)]

    def size(penalty: float) -> float:
        return sum(weight**2 for weight in fit_weights(rows, penalty).weights.values())

    assert size(0.1) > size(1.0) > size(10.0)


def test_the_weights_make_the_loss_smallest() -> None:
    rows = [Choice(({"a": 1.0}, {"b": 1.0}), (True, False))]

    weights = fit_weights(rows, penalty=1.0).weights

    # d/dw of -log(1 / (1 + exp(-2w))) + w^2 is 0 where w = 1 / (1 + exp(2w)).
    assert weights["a"] == pytest.approx(1 / (1 + math.exp(2 * weights["a"])), abs=1e-3)
    assert weights["b"] == pytest.approx(-weights["a"], abs=1e-3)


def test_any_of_several_right_candidates_will_do() -> None:
    rows = [Choice(({"a": 1.0}, {"b": 1.0}, {"c": 1.0}), (True, True, False))] * 20

    shares = fit_weights(rows, 0.01).shares([{"a": 1.0}, {"b": 1.0}, {"c": 1.0}])

    assert shares[2] < 0.05
    assert shares[0] == pytest.approx(shares[1], abs=1e-3)


def test_an_attribution_whose_speaker_is_no_candidate_teaches_nothing() -> None:
    article = gold("Rain fell. {s1:He} {q1:said} {c1:no}. {c2:“No.”}", "Rain", None)

    assert len(choices(article)) == 1


def test_the_threshold_is_the_least_that_is_right_often_enough() -> None:
    answers = [answer(0.9), answer(0.8), answer(0.7), answer(0.6, False), answer(0.5, False)]

    assert fit_threshold(answers, 1.0) == 0.7
    assert fit_threshold(answers, 0.75) == 0.6
    assert fit_threshold(answers, 0.1) == 0.5


def test_where_the_named_are_never_right_the_threshold_is_one() -> None:
    assert fit_threshold([answer(0.9, False)], 0.95) == 1.0
    assert fit_threshold([], 0.95) == 1.0


@given(
    st.dictionaries(st.integers(0, 999).map(lambda n: n / 1000), st.booleans()),
    st.floats(0.1, 1),
)
@settings(deadline=None)
def test_what_is_named_at_the_threshold_is_right_often_enough(
    right: dict[float, bool], precision: float
) -> None:
    answers = [answer(probability, is_right) for probability, is_right in right.items()]

    threshold = fit_threshold(answers, precision)

    assert accuracy(answers, threshold).precision >= precision
    for lower in (probability for probability in right if probability < threshold):
        assert accuracy(answers, lower).precision < precision


@pytest.mark.parametrize(
    ("found", "true", "same"),
    [
        ("the Kremlin", "Kremlin", True),
        ("Two officials who saw it", "two officials", True),
        ("Two officials", "Two officers", False),
        ("The defence ministry", "The foreign ministry", False),
        ("Ewa", "Ewart", False),
    ],
)
def test_names_are_the_same_where_one_begins_the_other(found: str, true: str, same: bool) -> None:
    assert is_same(found, true) is same


def test_an_answer_is_right_only_where_both_are_nobody_or_both_the_same() -> None:
    nobody = Answer(Form.SILENT, None, None, 0.9)

    assert nobody.is_right
    assert not replace(nobody, found="Ewa Kos").is_right
    assert not replace(nobody, true="Ewa Kos").is_right
    assert replace(nobody, true="the envoy", found="The envoy").is_exact
    assert not replace(nobody, true="the envoy", found="the envoy of Mali").is_exact


def test_accuracy_counts_what_is_named_and_what_is_rightly_not() -> None:
    nobody = Answer(Form.SILENT, None, None, 0.9)
    answers = [answer(0.9), answer(0.8, False), answer(0.3), nobody, replace(nobody, found="X")]

    found = accuracy(answers, threshold=0.5)

    assert (found.n, found.right, found.speakers) == (5, 3, 3)
    assert (found.named, found.named_right, found.answered) == (3, 1, 2)
    assert found.precision == found.recall == pytest.approx(1 / 3)


def test_accuracy_is_told_for_each_form_in_order() -> None:
    answers = [answer(0.9, form=Form.OFFICE), answer(0.9, form=Form.FULL), answer(0.9)]

    assert list(by_form(answers, 0.5)) == [Form.FULL, Form.HE, Form.OFFICE]


def test_the_answers_to_an_article_have_its_forms_and_roles() -> None:
    model = fit_speakers(ARTICLES)

    found = answers_of(model, ARTICLES[0])

    forms = [Form.FULL, Form.FULL, Form.HE, Form.SILENT, Form.OFFICE]
    assert [one.form for one in found] == forms
    assert [one.found_role for one in found] == [None, "Minister", None, None, None]
