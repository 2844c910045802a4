"""Reports, on answers that were planted and on those of a classifier that can be checked by eye."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stance.calibration import Calibration
from stance.classifier import Classifier
from stance.conformal import LEVELS, PredictionSets
from stance.domain import Kind, Question, Statement
from stance.errors import FileError, LabelsError
from stance.render import Renderer
from tests.fakes import keyword_network, word_tokenizer
from tests.planted import PROPOSITION, example, examples, right_in, said
from training.answers import Answered, align, answer, columns, group_numbers, undo_calibration
from training.evaluate import (
    fingerprint,
    mean_macro_f1,
    report,
    summary,
    worst_errors,
    write_predictions,
)
from training.examples import Example, Label

TWO_KINDS = [*examples(80), *examples(60, Kind.SENTIMENT)]


def classifier(temperature: float = 1.0) -> Classifier:
    tokenizer = word_tokenizer(PROPOSITION)
    sets = PredictionSets(
        {kind: (9,) * len(kind.labels) for kind in Kind},
        {kind: ((0.02,) * len(kind.labels),) * len(LEVELS) for kind in Kind},
    )
    calibration = Calibration(dict.fromkeys(Kind, temperature))
    network = keyword_network(tokenizer)
    return Classifier(network, Renderer(tokenizer, 64), calibration, "keyword", sets)


def statement(text: str, stance: str, tone: str = "neutral", target: str = "") -> Example:
    labels = [
        Label(Question(Kind.STANCE, PROPOSITION), (stance,)),
        Label(Question(Kind.SENTIMENT, target), (tone,)),
    ]
    return Example(Statement(text, targets=(target,) * bool(target)), tuple(labels), text, "own")


SPOKEN = [
    statement("Kyiv supports NATO", "favor"),
    statement("Moscow opposes NATO good", "against", "positive", "Moscow"),
    statement("Berlin supports the weather", "unrelated"),
]


def test_every_labelled_question_is_answered_in_order() -> None:
    answered = answer(classifier(), SPOKEN)

    assert [(one.kind, one.subject) for one in answered[:4]] == [
        (Kind.STANCE, PROPOSITION),
        (Kind.SENTIMENT, ""),
        (Kind.STANCE, PROPOSITION),
        (Kind.SENTIMENT, "Moscow"),
    ]
    assert [one.example for one in answered[::2]] == SPOKEN
    assert all(one.right for one in answered)


def test_sets_of_labels_are_asked_for_only_with_a_coverage() -> None:
    without = answer(classifier(), SPOKEN)
    with_sets = answer(classifier(temperature=4.0), SPOKEN, 0.9)

    assert {one.prediction.prediction_set for one in without} == {None}
    assert with_sets[0].prediction.prediction_set == Kind.STANCE.labels


def test_undoing_the_calibration_gives_what_the_raw_logits_give() -> None:
    calibrated = classifier(temperature=2.5)
    undone = undo_calibration(answer(calibrated, SPOKEN), Calibration(dict.fromkeys(Kind, 2.5)))

    for one, raw in zip(undone, answer(classifier(), SPOKEN), strict=True):
        assert one.prediction.probabilities == pytest.approx(raw.prediction.probabilities)


def test_answers_are_aligned_by_pair_and_not_by_place() -> None:
    first = right_in(0.5, TWO_KINDS)

    assert align(first, first[::-1]) == first


def test_a_text_that_stands_twice_keeps_its_turns() -> None:
    twice = [said(example("a", "favor"), label) for label in ("favor", "against")]

    assert align(twice, twice) == twice


def test_labels_that_a_coarse_set_does_not_tell_apart_are_one_class() -> None:
    pairs = [
        said(example("a", "neutral", "unrelated"), "unrelated"),
        said(example("b", "neutral"), "unrelated"),
        said(example("c", "favor"), "favor"),
    ]

    table = columns(Kind.STANCE, pairs, group_numbers(pairs))

    assert table.labels == ("favor", "against", "neutral or unrelated")
    assert table.truth.tolist() == table.predicted.tolist() == [2, 2, 0]
    assert table.probabilities.sum(1) == pytest.approx(1)


def test_a_merged_class_answers_with_the_sum_of_its_probabilities() -> None:
    coarse = said(example("a", "neutral", "unrelated"), "favor", 0.4)
    spread = replace(coarse.prediction, probabilities=(0.4, 0.0, 0.3, 0.3))

    pairs = [replace(coarse, prediction=spread)]

    assert columns(Kind.STANCE, pairs, {"a": 0}).predicted.tolist() == [2]


def test_not_in_favor_leaves_two_classes() -> None:
    pairs = [
        said(example("a", "against", "neutral", "unrelated"), "neutral"),
        said(example("b", "favor"), "favor"),
    ]

    table = columns(Kind.STANCE, pairs, group_numbers(pairs))

    assert table.labels == ("favor", "against or neutral or unrelated")
    assert table.predicted.tolist() == table.truth.tolist()


def test_labels_too_coarse_to_leave_two_classes_are_left_out_and_counted() -> None:
    pairs = [
        said(example("a", "favor", "against"), "favor"),
        said(example("b", "against", "neutral", "unrelated"), "neutral"),
        said(example("c", "favor"), "favor"),
    ]

    table = columns(Kind.STANCE, pairs, group_numbers(pairs))

    assert (len(table.truth), table.n_coarse) == (1, 2)


def test_a_report_has_the_figures_of_the_contract() -> None:
    found = report(right_in(0.8, TWO_KINDS), "m", split="test")

    for kind in ("stance", "sentiment"):
        figures = found[kind]
        low, high = figures["macro_f1_interval"]
        assert low <= figures["macro_f1"] <= high
        assert set(figures) >= {"n", "accuracy", "per_class", "ece", "brier", "confusion", "aurc"}
        assert set(figures["per_class"]) == set(Kind(kind).labels)
    assert found["per_issue"][PROPOSITION]["n"] == 80
    assert "|split:test|n:140|bootstrap:1000|seed:0|version:" in found["signature"]


def test_a_report_is_the_same_for_rows_in_another_order() -> None:
    answered = right_in(0.7, TWO_KINDS)

    assert report(answered[::-1], "m") == report(answered, "m")


def test_answers_that_are_all_right_are_measured_as_such() -> None:
    found = report(right_in(1.0, examples(80)), "m")["stance"]

    assert (found["macro_f1"], found["accuracy"], found["aurc"]) == (1, 1, 0)
    assert found["per_class_interval"]["favor"] == [1, 1]
    assert found["accuracy_interval"][0] < 1


def test_a_class_that_nobody_labelled_has_no_f1() -> None:
    pairs = [said(example(f"s{n}", label), label) for n, label in enumerate(["favor", "against"])]

    found = report(pairs, "m")["stance"]

    assert found["per_class"] == {"favor": 1, "against": 1, "neutral": None, "unrelated": None}
    assert found["per_class_interval"]["neutral"] is None
    assert found["macro_f1"] == 1


def test_calibration_is_measured_before_and_after() -> None:
    sure = [said(one.example, one.prediction.label, 0.99) for one in right_in(0.7, examples(200))]
    honest = [said(one.example, one.prediction.label, 0.7) for one in sure]

    found = report(honest, "m", before=sure)["stance"]

    assert found["ece"] < 0.1 < found["ece_before"]
    assert found["brier"] < found["brier_before"]


def test_briers_score_takes_soft_labels_as_they_are() -> None:
    soft = example("a", "favor", soft=(0.7, 0.1, 0.1, 0.1))
    hard = example("b", "favor")

    def brier(asked: Example) -> float:
        return float(report([said(asked, "favor", 0.7)], "m")["stance"]["brier"])

    assert brier(soft) == pytest.approx(0)
    assert brier(hard) == pytest.approx(0.12)


def test_sets_of_labels_are_measured_by_how_often_they_hold_the_truth() -> None:
    both = ("favor", "against")
    pairs = [
        *(said(example(f"a{n}", "favor"), "favor", labels=both) for n in range(8)),
        *(said(example(f"b{n}", "neutral"), "favor", labels=("favor",)) for n in range(2)),
    ]

    found = report(pairs, "m", coverage=0.9)["stance"]["prediction_sets"]

    assert (found["asked"], found["coverage"], found["mean_size"]) == (0.9, 0.8, 1.8)
    assert found["interval"][0] < 0.8 < found["interval"][1]
    assert found["sizes"] == {"1": 2, "2": 8}
    assert [found["per_class"][label]["coverage"] for label in ("favor", "neutral")] == [1, 0]


def test_without_sets_there_are_no_figures_of_them() -> None:
    assert "prediction_sets" not in report(right_in(0.8, TWO_KINDS), "m")["stance"]


def test_a_minimal_pair_is_right_only_if_every_row_of_it_is() -> None:
    pairs = [
        said(example("for 1", "favor", group="1"), "favor"),
        said(example("not 1", "against", group="1"), "against"),
        said(example("for 2", "favor", group="2"), "favor"),
        said(example("not 2", "against", group="2"), "favor"),
        said(example("for 3", "favor", group="3"), "against"),
        said(example("ask 4", "neutral", group="4"), "favor"),
        said(example("for 4", "favor", group="4"), "favor"),
    ]

    found = report(pairs, "m")["stance"]["opposite_pairs"]

    assert (found["n"], found["all_right"]) == (2, 0.5)


def test_other_models_stand_beside_with_the_difference() -> None:
    asked = examples(200)
    others = {
        "coin": right_in(0.3, asked, 2, "coin"),
        "tones": right_in(0.9, examples(9, Kind.SENTIMENT)),
    }

    found = report(right_in(0.8, asked, 1), "m", beside=others)["stance"]["beside"]

    assert set(found) == {"coin"}
    low, high = found["coin"]["difference_interval"]
    assert 0 < low < found["coin"]["difference"] < high


def test_sources_are_told_apart_where_there_are_several() -> None:
    theirs = [replace(one, source="theirs") for one in examples(40)]
    mixed = [*examples(90)[40:], *theirs]

    assert "per_source" not in report(right_in(0.8, examples(40)), "m")["stance"]
    found = report(right_in(0.8, mixed), "m")["stance"]["per_source"]
    assert {source: figures["n"] for source, figures in found.items()} == {"own": 50, "theirs": 40}


def test_tone_and_target_sentiment_are_told_apart() -> None:
    toward = [
        example(f"t{n}", "positive", kind=Kind.SENTIMENT, subject="Moscow") for n in range(20)
    ]

    found = report(right_in(0.9, [*TWO_KINDS, *toward]), "m")

    assert (found["tone"]["n"], found["target_sentiment"]["n"]) == (60, 20)
    assert found["sentiment"]["n"] == 80


def test_rows_that_the_model_has_seen_are_not_measured_on() -> None:
    answered = right_in(0.8, examples(80))
    seen = {f"statement {n}" for n in range(30)}

    found = report(answered, "m", seen=seen)

    assert (found["n_seen"], found["stance"]["n"]) == (30, 50)
    assert any("30 of 80" in warning for warning in found["warnings"])
    assert found["stance"] == report(answered[30:], "m")["stance"]


def test_where_every_row_was_seen_the_report_says_what_it_is_worth() -> None:
    answered = right_in(0.8, examples(40))

    found = report(answered, "m", seen={one.example.statement.text for one in answered})

    assert (found["n_seen"], found["stance"]["n"]) == (40, 40)
    assert "remembers" in found["warnings"][0]
    assert "note: the model learned from every one" in summary(found)


@pytest.mark.parametrize(
    "answered",
    [[], [said(example("a", *Kind.STANCE.labels), "favor")]],
    ids=["no rows", "no row that says anything"],
)
def test_no_report_is_made_of_nothing(answered: list[Answered]) -> None:
    with pytest.raises(LabelsError, match="nothing to measure: label some rows"):
        report(answered, "m")


def test_one_class_and_thin_classes_are_warned_about() -> None:
    one = report([said(example(f"s{n}", "favor"), "favor") for n in range(20)], "m")
    thin = report(right_in(0.8, examples(20)), "m")

    assert one["warnings"] == ["stance: every row is favor; that tells little"]
    assert thin["warnings"][0].startswith("stance: fewer than 10 rows are favor (5), against (5)")


def test_the_fingerprint_changes_with_any_label_but_not_with_the_order() -> None:
    rows = examples(9)
    other = [*rows[:-1], example(rows[-1].statement.text, "against")]
    soft = [*rows[:-1], replace(rows[-1], labels=(replace(
        rows[-1].labels[0], soft=(0.9, 0.1, 0.0, 0.0)),))]  # fmt: skip

    assert fingerprint(rows) == fingerprint(rows[::-1])
    assert len({fingerprint(rows), fingerprint(other), fingerprint(soft)}) == 3


def test_the_worst_errors_are_those_of_which_the_model_was_surest() -> None:
    pairs = [
        said(example("right", "favor"), "favor", 0.99),
        said(example("wrong", "favor"), "against", 0.6),
        said(example("worse", "favor"), "against", 0.9),
        said(example("learned", "favor"), "against", 0.95),
        said(example("not ours", "favor", source="vast"), "against", 0.97),
    ]

    found = worst_errors(pairs, seen={"learned"})

    assert [one.example.statement.text for one in found] == ["worse", "wrong"]
    assert len(worst_errors(pairs, 1)) == 1


def test_the_mean_macro_f1_is_over_the_kinds_that_are_labelled() -> None:
    stances = [said(example(f"s{n}", label), label) for n, label in enumerate(Kind.STANCE.labels)]
    tone = [said(example("t", "positive", kind=Kind.SENTIMENT), "negative")]

    assert mean_macro_f1(stances) == 1
    assert mean_macro_f1([*stances, *tone]) == 0.5
    assert mean_macro_f1([]) == 0


def test_the_summary_tells_figures_intervals_and_what_stands_beside() -> None:
    asked = examples(200)
    found = report(right_in(0.8, asked, 1), "m", beside={"coin": right_in(0.3, asked, 2)})

    told = summary(found)

    assert f"stance: macro-F1 {found['stance']['macro_f1']:.3f} [" in told
    assert " coin (this model +0." in told
    assert PROPOSITION in told
    assert found["signature"] in told


def test_predictions_are_written_a_pair_a_line(tmp_path: Path) -> None:
    soft = example("a", "favor", soft=(0.7, 0.3, 0.0, 0.0))
    pairs = [said(soft, "against", labels=("against",)), said(example("b", "favor"), "favor")]

    write_predictions(pairs, tmp_path / "out.jsonl")

    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert (first["truth"], first["label"]) == (["favor"], "against")
    assert first["shares"]["against"] == 0.3
    assert first["prediction_set"] == ["against"]
    assert not {"shares", "prediction_set"} & set(second)


def test_predictions_that_cannot_be_written_are_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        write_predictions([], tmp_path / "missing" / "out.jsonl")


def test_a_large_report_is_small_and_quick() -> None:
    asked = [
        example(f"s{n}", Kind.STANCE.labels[n % 4], subject=f"Country {n % 250} should do this")
        for n in range(3000)
    ]
    answered = right_in(0.8, asked)

    began = time.process_time()
    found = report(answered, "m", before=answered, beside={"again": answered})

    assert time.process_time() - began < 6  # about one on an idle core
    assert len(json.dumps(found)) < 200_000
    assert len(found["per_issue"]) == 250
    assert np.isfinite(found["stance"]["macro_f1"])
