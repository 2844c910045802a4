"""Public sets in the normal form, from a folder that a user has."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from stance.domain import Kind, Question, Stance
from stance.errors import FileError
from training.examples import Label
from training.sources import read_source


def write(folder: Path, name: str, split: str, *rows: Mapping[str, object]) -> None:
    (folder / name).mkdir()
    with gzip.open(folder / name / f"{split}.jsonl.gz", "wt") as file:
        for n, row in enumerate(rows):
            file.write(json.dumps({"id": str(n), **row}) + "\n")


def stance(target: str, *allowed: Stance) -> Label:
    return Label(Question(Kind.STANCE, target), allowed)


def test_the_rows_of_one_text_are_one_example(tmp_path: Path) -> None:
    rows = [{"text": "t", "target": target, "label": "favor"} for target in ("a", "b")]
    write(tmp_path, "vast", "train", *rows)

    (example,) = read_source(tmp_path, "vast")

    assert example.labels == (stance("a", Stance.FAVOR), stance("b", Stance.FAVOR))


def test_a_public_neutral_may_be_neutral_or_unrelated(tmp_path: Path) -> None:
    write(tmp_path, "vast", "train", {"text": "t", "target": "a", "label": "neutral"})

    (example,) = read_source(tmp_path, "vast")

    assert example.labels == (stance("a", Stance.NEUTRAL, Stance.UNRELATED),)


def test_pairs_with_two_labels_and_repeats_of_train_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path, "vast", "dev",
        {"text": "t", "target": "a", "label": "favor"},
        {"text": "t", "target": "a", "label": "against"},
        {"text": "u", "target": "a", "label": "favor", "dup_of_train": True},
    )  # fmt: skip

    assert read_source(tmp_path, "vast", "dev") == []


def test_not_entailed_allows_all_but_favor(tmp_path: Path) -> None:
    write(tmp_path, "rte", "train", {"text": "t", "target": "a", "label": None})

    (example,) = read_source(tmp_path, "rte")

    assert example.labels == (stance("a", Stance.AGAINST, Stance.NEUTRAL, Stance.UNRELATED),)


def test_sentiment_without_a_target_is_the_overall_tone(tmp_path: Path) -> None:
    write(tmp_path, "sst", "train", {"text": "t", "target": None, "label": "negative"})

    (example,) = read_source(tmp_path, "sst")

    assert example.labels == (Label(Question(Kind.SENTIMENT), ("negative",)),)


def test_sentiment_toward_a_target_names_it_in_the_statement(tmp_path: Path) -> None:
    write(tmp_path, "mams", "train", {"text": "t", "target": "soup", "label": "positive"})

    (example,) = read_source(tmp_path, "mams")

    assert example.statement.targets == ("soup",)
    assert example.labels == (Label(Question(Kind.SENTIMENT, "soup"), ("positive",)),)


def test_a_missing_copy_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="vast/train.jsonl.gz: cannot be read as gzipped JSONL"):
        read_source(tmp_path, "vast")
