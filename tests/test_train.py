"""From labelled statements to a promoted bundle, on a tiny random encoder."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from stance.bundle import default_name, open_bundle, verify
from stance.classifier import Classifier
from stance.domain import Issue, Statement
from stance.errors import StanceError
from stance.promotion import promote
from stance.torch_network.heads import StanceNetwork
from tests.tiny import labelled_rows, own_statements, tiny_encoder, tiny_recipe, write_jsonl
from training.checkpoint import Checkpoints
from training.encoders import from_encoder
from training.material import LabelFiles, gather
from training.order import Order
from training.recipe import read_stance_recipe
from training.seen import Seen, read_seen
from training.train import Trained, train, train_stages
from training.wordings import read_wordings


@pytest.fixture(scope="module", name="order")
def _order(tmp_path_factory: pytest.TempPathFactory) -> Order:
    folder = tmp_path_factory.mktemp("train")
    (folder / "models").mkdir()
    return Order(
        models=folder / "models",
        labels=LabelFiles((write_jsonl(folder / "mine.jsonl", labelled_rows(160)),)),
        base=str(tiny_encoder(folder / "encoder")),
        recipe=tiny_recipe(folder / "recipe.toml", epochs=3),
        own_data=own_statements(folder / "own"),
        name="first",
        threads=1,
    )


@pytest.fixture(scope="module", name="trained")
def _trained(order: Order) -> Trained:
    trained = train(order)
    assert trained is not None
    promote(order.models, trained.name)
    return trained


def test_a_trained_bundle_is_whole_and_answers(order: Order, trained: Trained) -> None:
    verify(order.models, trained.name)

    classifier = Classifier.open(order.models, trained.name, threads=1)
    [result] = classifier.classify(
        [Statement("the minister supports the peace")], [Issue.ad_hoc("we should have peace")],
        coverage=0.9,
    )  # fmt: skip

    assert result.stances[0][1].label in (result.stances[0][1].prediction_set or ())


def test_the_report_holds_baselines_intervals_and_signatures(
    order: Order, trained: Trained
) -> None:
    reports = json.loads((order.models / trained.name / "report.json").read_text())

    assert list(reports) == ["labels", "own", "own-unseen"]
    stance = reports["labels"]["stance"]
    assert {"majority class", "majority per issue", "TF-IDF and logistic regression"} <= set(
        stance["beside"]
    )
    low, high = stance["macro_f1_interval"]
    assert low <= stance["macro_f1"] <= high
    assert "split:labels" in reports["labels"]["signature"]


def test_the_page_opens_without_a_network(order: Order, trained: Trained) -> None:
    page = (order.models / trained.name / "report.html").read_text()

    assert "<svg" in page
    assert "src=" not in page.replace('src="data:', "")


def test_test_rows_are_in_the_bundle_and_not_among_those_seen(
    order: Order, trained: Trained
) -> None:
    folder = order.models / trained.name
    seen = read_seen(folder)
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]

    assert len(rows) > 70
    assert [row["text"] for row in rows if row["text"] in seen] == []
    assert len(seen) > 200


def test_the_recipe_and_the_data_are_in_the_manifest(order: Order, trained: Trained) -> None:
    manifest = open_bundle(order.models, trained.name).manifest

    assert manifest["recipe"]["stages"][0]["learning_rate"] == 0.01
    assert manifest["recipe"]["base"] == "encoder"
    assert set(manifest["data"]) == {"labels", "own"}


def test_a_second_generation_never_measures_on_what_its_parent_learned(
    order: Order, trained: Trained, tmp_path: Path
) -> None:
    again = replace(
        order,
        labels=LabelFiles(
            (*order.labels.paths, write_jsonl(tmp_path / "new.jsonl", labelled_rows(40, seed=1)))
        ),
        parent="default",
        name="second",
    )

    child = train(again)

    assert child is not None
    seen = read_seen(order.models / "second")
    parent_seen = read_seen(order.models / trained.name)
    rows = (order.models / "second" / "test.jsonl").read_text().splitlines()
    assert [row for row in rows if json.loads(row)["text"] in parent_seen] == []
    assert parent_seen.hashes <= seen.hashes
    assert any("learned from before" in note for note in child.notes)
    assert open_bundle(order.models, "second").manifest["from"]["model"] == trained.name
    assert default_name(order.models) == trained.name


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda o, _: replace(o, name="first"), "exists already; give another --name"),
        (lambda o, _: replace(o, name="no", parent="strange"), "no model 'strange'"),
        (lambda o, _: replace(o, name="no", base="no-such-encoder-anywhere"), "cannot load the"),
        (lambda o, _: replace(o, name="no", resume=True), "there is nothing to resume"),
        (lambda o, _: replace(o, name="My Model"), "a model's name has a-z, 0-9"),
        (
            lambda o, path: replace(
                o, name="no", labels=LabelFiles(),
                recipe=tiny_recipe(path / "public.toml", mix=["vast"]), data_dir=path,
            ),
            "vast",
        ),
        (
            lambda o, path: replace(
                o, name="no", recipe=tiny_recipe(path / "mute.toml", mix=["own"])
            ),
            "does not name `labels`",
        ),
        (
            lambda o, path: replace(
                o, name="no", labels=LabelFiles((o.own_data / "calibration.jsonl",))
            ),
            "is kept apart by Stance to measure with",
        ),
        (lambda o, _: replace(o, name="no", labels=LabelFiles()), "name a file of labelled"),
        (
            lambda o, path: replace(
                o, name="no",
                labels=LabelFiles((write_jsonl(path / "few.jsonl", labelled_rows(1)),)),
            ),
            "more",
        ),
    ],
    ids=[
        "taken", "no parent", "no encoder", "no run", "bad name", "no copy",
        "labels not in the mix", "rows of ours", "no labels", "one row",
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_said_and_nothing_is_left(
    order: Order, trained: Trained, tmp_path: Path,
    change: Callable[[Order, Path], Order], fault: str,
) -> None:  # fmt: skip
    before = sorted(path.name for path in order.models.iterdir())

    with pytest.raises(StanceError, match=fault):
        train(change(order, tmp_path))

    assert default_name(order.models) == trained.name
    assert sorted(path.name for path in order.models.iterdir()) == before


def test_one_class_only_is_refused(order: Order, tmp_path: Path) -> None:
    rows = [
        {**row, "labels": [{"proposition": "peace", "stance": "favor"}]}
        for row in labelled_rows(30)
    ]
    labels = LabelFiles((write_jsonl(tmp_path / "one.jsonl", rows),))

    with pytest.raises(StanceError, match="all 30 stance labels are favor"):
        train(replace(order, name="no", labels=labels))


def test_few_labels_spend_none_on_dev_and_calibration(order: Order, tmp_path: Path) -> None:
    labels = LabelFiles((write_jsonl(tmp_path / "few.jsonl", labelled_rows(30, seed=5)),))

    few = train(replace(order, name="few", labels=labels))

    assert few is not None
    assert any("30 groups of statements are few" in note for note in few.notes)
    assert few.measured.reports["labels"]["stance"]["n"] == 24


def test_what_was_trained_before_it_broke_off_is_not_trained_again(
    order: Order, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipe = read_stance_recipe(tiny_recipe(tmp_path / "r.toml", epochs=1))
    recipe = replace(recipe, stages=(*recipe.stages, replace(recipe.stages[0], seed=9)))
    material = gather(order.labels, recipe, None, Seen(frozenset()), order.own_data)
    wordings = read_wordings(order.own_data / "wordings.jsonl")
    trained: list[dict[str, torch.Tensor]] = []

    for _ in range(2):
        network, tokenizer = from_encoder(StanceNetwork, order.base)
        with caplog.at_level(logging.INFO, "stance.training"):
            caplog.clear()
            train_stages(
                network, tokenizer, recipe, material, wordings, Checkpoints(tmp_path / "run")
            )
        trained.append(network.state_dict())

    assert caplog.messages == []
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])
