"""Public benchmarks by their official split and metric, on small sets of their form."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from stance.domain import Kind, Prediction, Question, Statement
from stance.errors import StanceError
from tests.tiny import SIDES, TOPICS, labelled_rows, tiny_encoder, tiny_recipe
from training.answers import Answered
from training.benchmark import THIS, benchmark, metrics
from training.examples import Example, Label
from training.world import World


def write(folder: Path, split: str, rows: Iterable[Mapping[str, object]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / f"{split}.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def stance_rows(n: int, seed: int) -> list[dict[str, object]]:
    return [
        {
            "id": str(number), "text": row["text"], "target": topic, "label": side,
            "zero_shot": number % 2 == 0,
        }
        for number, row in enumerate(labelled_rows(n, seed))
        for side, word in SIDES.items() if word in str(row["text"])
        for topic in TOPICS if topic in str(row["text"])
    ]  # fmt: skip


@pytest.fixture(scope="module", name="data")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    for seed, (split, n) in enumerate({"train": 80, "dev": 40, "test": 60}.items()):
        write(data / "vast", split, stance_rows(n, seed))
    return data


@pytest.fixture(scope="module", name="encoder")
def _encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("encoder")))


def test_vast_is_scored_zero_shot_few_shot_and_over_all(
    data: Path, encoder: str, tmp_path: Path
) -> None:
    recipe = tiny_recipe(tmp_path / "r.toml", epochs=2, mix=["vast"])

    result = benchmark("vast", data, tmp_path, None, encoder, recipe, 2, World())

    assert {test: systems[THIS].n for test, systems in result.scores.items()} == {
        "zero-shot": 30, "few-shot": 30, "all": 60,
    }  # fmt: skip
    assert all(
        len(values) == 2
        for systems in result.scores.values()
        for values in systems[THIS].values.values()
    )
    assert set(result.scores["all"]) == {
        THIS, "majority class", "majority per issue", "TF-IDF and logistic regression",
    }  # fmt: skip
    assert "zero-shot, n 30, this model: macro-F1" in result.summary()
    assert result.to_json()["seeds"] == [0, 1]


def test_f_avg_never_stands_without_macro_f1() -> None:
    def answered(truth: str, given: str) -> Answered:
        question = Question(Kind.STANCE, "peace")
        allowed = ("neutral", "unrelated") if truth == "neutral" else (truth,)
        example = Example(Statement("t"), (Label(question, allowed),), f"{truth}-{given}", "vast")
        probabilities = tuple(float(label == given) for label in Kind.STANCE.labels)
        return Answered(example, "peace", allowed, Prediction(Kind.STANCE, probabilities, "m"))

    found = metrics(
        Kind.STANCE,
        [
            answered("favor", "favor"), answered("favor", "against"),
            answered("against", "against"),
            answered("neutral", "unrelated"), answered("neutral", "favor"),
        ],
    )  # fmt: skip

    # F1: favor 2 * 1 / (2 + 2), against 2 * 1 / (1 + 2), neutral 2 * 1 / (2 + 1)
    assert found == {
        "macro-F1": pytest.approx((1 / 2 + 2 / 3 + 2 / 3) / 3, abs=1e-4),
        "F_avg": pytest.approx((1 / 2 + 2 / 3) / 2, abs=1e-4),
    }


def test_no_seed_scores_a_bundle_as_it_is_and_needs_one(data: Path, tmp_path: Path) -> None:
    with pytest.raises(StanceError, match="give --from"):
        benchmark("vast", data, tmp_path, None, None, None, 0, World())


def test_a_missing_copy_is_named(encoder: str, tmp_path: Path) -> None:
    with pytest.raises(StanceError, match="newsmtsc"):
        benchmark("newsmtsc", tmp_path, tmp_path, None, encoder, None, 1, World())
