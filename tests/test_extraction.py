"""The training of an extractor: from marked articles to a bundle that finds statements."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stance.bundle import verify
from stance.domain import Article
from stance.errors import StanceError
from stance.manifest import ModelKind
from stance.quotes import Extractor
from tests.tiny import tiny_encoder
from tests.tiny_articles import marked_articles
from training.attributions import read_articles
from training.extraction import TrainedExtractor, train_extractor
from training.extraction_card import ANNOTATORS
from training.gold import GoldArticle
from training.material import LabelFiles
from training.order import Order
from training.recipe import ExtractionRecipe, Schedule

RECIPE = ExtractionRecipe(
    "a tiny extractor",
    (
        Schedule({"own-articles": 1.0}, epochs=4, learning_rate=0.01, tokens_per_step=192,
                 row_tokens=64, dropout=0.0, bf16=False),
    ),
)  # fmt: skip


def row(one: GoldArticle) -> dict[str, Any]:
    """A marked article as a row of our own form."""
    text = one.article.text
    return {
        "id": one.article.id,
        "text": text,
        "attributions": [
            {
                "content": [list(span) for span in gold.content],
                "cue": [list(gold.cue)] if gold.cue else [],
                "source": [list(gold.source)] if gold.source else [],
                "speaker": text[slice(*gold.source)] if gold.source else None,
            }
            for gold in one.attributions
        ],
    }


def write_articles(folder: Path) -> None:
    """Articles to learn from, to choose by and to measure on."""
    for seed, (part, n) in enumerate({"train": 30, "dev": 3, "test": 4}.items()):
        rows = [json.dumps(row(one)) + "\n" for one in marked_articles(n, seed)]
        (folder / f"articles-{part}.jsonl").write_text("".join(rows))


@pytest.fixture(scope="module", name="order")
def _order(tmp_path_factory: pytest.TempPathFactory) -> Order:
    folder = tmp_path_factory.mktemp("extraction")
    write_articles(folder)
    base = str(tiny_encoder(folder / "encoder"))
    return Order(folder / "models", base=base, name="tiny-extractor", own_data=folder)


@pytest.fixture(scope="module", name="trained")
def _trained(order: Order) -> TrainedExtractor:
    trained = train_extractor(order, RECIPE)
    assert trained is not None
    return trained


def test_what_is_published_finds_statements_of_articles_that_it_never_saw(
    order: Order, trained: TrainedExtractor
) -> None:
    [one] = marked_articles(1, seed=9)

    found = Extractor.open(order.models, trained.name).extract(one.article)

    assert [attribution.spans for attribution in found] == [
        gold.content for gold in one.attributions
    ]


def test_its_report_is_of_the_test_part_and_its_card_quotes_it(
    order: Order, trained: TrainedExtractor
) -> None:
    bundle = verify(order.models, trained.name, ModelKind.EXTRACTION)
    report = json.loads((bundle.folder / "report.json").read_text())
    card = (bundle.folder / "README.md").read_text()

    content = report["own-articles"]["content"]["overlap_0.3"]
    n_marked = sum(
        len(one.attributions) for one in read_articles(order.own_data / "articles-test.jsonl")
    )
    assert content["n_marked"] == n_marked
    assert f"| {content['f1']:.3f} (" in card
    assert ANNOTATORS not in report  # nobody marked these a second time
    assert f"{content['f1']:.3f}" in trained.summary()


def test_a_run_that_was_broken_off_goes_on_to_the_same_weights(
    order: Order, trained: TrainedExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = replace(order, name="again")
    import training.extraction as story

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(story, "fit_speakers", stopped)
        with pytest.raises(KeyboardInterrupt):
            train_extractor(again, RECIPE)

    resumed = train_extractor(replace(again, resume=True), RECIPE)

    assert resumed is not None
    first, second = (order.models / name for name in (trained.name, resumed.name))
    assert (first / "model.onnx").read_bytes() == (second / "model.onnx").read_bytes()


def test_without_a_copy_of_a_public_set_the_order_is_refused(order: Order) -> None:
    recipe = ExtractionRecipe("a", (Schedule({"polnear": 1.0}),))

    with pytest.raises(StanceError, match="polnear: give the folder of your copies with --data"):
        train_extractor(replace(order, name="b"), recipe)


def test_labelled_statements_are_refused(order: Order) -> None:
    labels = LabelFiles((Path("labels.csv"),))

    with pytest.raises(StanceError, match=r"labels\.csv: an extractor learns from marked articles"):
        train_extractor(replace(order, labels=labels), RECIPE)


def test_an_article_without_a_statement_gives_none(order: Order, trained: TrainedExtractor) -> None:
    extractor = Extractor.open(order.models, trained.name)

    assert extractor.extract(Article("Weather was good. Lunch was at one.")) == []
    assert extractor.extract(Article("")) == []
