"""Public sets, from a folder that a user has, or from the hub."""

import gzip
import importlib.util
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from stance.domain import Kind, Question, Stance
from stance.errors import FileError, MissingExtraError
from training.examples import Label
from training.sources import SOURCES, HubLoader, read_hub, read_pairs, read_source


def write(folder: Path, name: str, split: str, *rows: object) -> Path:
    (folder / name).mkdir()
    path = folder / name / f"{split}.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for n, row in enumerate(rows):
            written = {"id": str(n), **row} if isinstance(row, dict) else row
            file.write((row if isinstance(row, str) else json.dumps(written)) + "\n")
    return path


def stance(target: str, *allowed: Stance) -> Label:
    return Label(Question(Kind.STANCE, target), allowed)


def test_the_rows_of_one_text_are_one_example(tmp_path: Path) -> None:
    rows = [{"text": "t", "target": target, "label": "favor"} for target in ("a", "b")]
    path = write(tmp_path, "vast", "train", *rows)

    (example,) = read_source(tmp_path, "vast")

    assert example.labels == (stance("a", Stance.FAVOR), stance("b", Stance.FAVOR))
    assert (example.source, example.place) == ("vast", f"{path}:1")


def test_the_rows_of_a_pair_id_are_a_group(tmp_path: Path) -> None:
    rows = [{"text": text, "target": "a", "label": "favor", "pair_id": "p"} for text in "tu"]
    write(tmp_path, "cad_nli", "train", *rows)

    assert [example.group for example in read_source(tmp_path, "cad_nli")] == ["cad_nli:p"] * 2


def test_a_public_neutral_may_be_neutral_or_unrelated(tmp_path: Path) -> None:
    write(tmp_path, "vast", "train", {"text": "t", "target": "a", "label": "neutral"})

    (example,) = read_source(tmp_path, "vast")

    assert example.labels == (stance("a", Stance.NEUTRAL, Stance.UNRELATED),)


CONTRADICTORY = (
    {"text": "t", "target": "a", "label": "favor"},
    {"text": "t", "target": "a", "label": "against"},
    {"text": "u", "target": "a", "label": "favor", "dup_of_train": True},
)


def test_pairs_with_two_labels_and_repeats_of_train_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "vast", "dev", *CONTRADICTORY)

    assert read_source(tmp_path, "vast", "dev") == []


def test_a_published_score_is_over_every_row(tmp_path: Path) -> None:
    write(tmp_path, "vast", "dev", *CONTRADICTORY)

    pairs = read_pairs(tmp_path, "vast", "dev")

    assert [(one.statement.text, *one.labels) for one, _ in pairs] == [
        ("t", stance("a", Stance.FAVOR)),
        ("t", stance("a", Stance.AGAINST)),
        ("u", stance("a", Stance.FAVOR)),
    ]
    assert [row["id"] for _, row in pairs] == ["0", "1", "2"]


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


def test_rows_that_no_model_can_read_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path, "mams", "train", {"text": " ", "target": "a", "label": "neutral"},
        {"text": "t", "target": "x" * 161, "label": "neutral"},
    )  # fmt: skip

    assert read_source(tmp_path, "mams") == []


def test_every_fault_of_a_copy_is_named_with_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path, "vast", "train", {"text": "t", "target": "a", "label": "favor"}, "{",
        "[]", {"text": "t", "label": "favor"}, {"text": 3, "target": "a", "label": "favor"},
        {"text": "t", "target": None, "label": "favor"}, {"text": "t", "target": "a"},
        {"text": "t", "target": "a", "label": "pro"}, {"text": "t", "target": "a", "label": [1]},
    )  # fmt: skip

    with pytest.raises(FileError) as caught:
        read_source(tmp_path, "vast")

    assert str(caught.value).startswith(f"{path}: line 2: is not JSON")
    assert list(caught.value.faults[1:]) == [
        "line 3: must be an object, not a list",
        "line 4: target is missing",
        "line 5: text must be text, not a number",
        "line 6: target must be text, not null",
        "line 7: label is missing",
        "line 8: label 'pro' is not one of favor, against, neutral",
        "line 9: label '[1]' is not one of favor, against, neutral",
    ]


def test_a_missing_copy_is_named_with_its_official_source(tmp_path: Path) -> None:
    with pytest.raises(
        FileError,
        match="vast/train.jsonl.gz: cannot be read as gzipped JSONL: there is no such file; "
        r"put your copy there \(github.com/emilyallaway/zero-shot-stance\)",
    ):
        read_source(tmp_path, "vast")


@pytest.mark.parametrize("content", [b"plain", gzip.compress(b"{}" * 99)[:-9]])
def test_a_copy_that_is_not_gzip_is_named(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, "vast", "train").write_bytes(content)

    with pytest.raises(FileError, match="vast/train.jsonl.gz: cannot be read as gzipped JSONL"):
        read_source(tmp_path, "vast")


def test_an_unknown_split_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        FileError,
        match="has no split 'test'; did you mean 'test_.'.; its splits: train, trial, test_a",
    ):
        read_source(tmp_path, "semeval2016t6", "test")


def test_no_split_both_teaches_and_measures() -> None:
    both = {name for name, one in SOURCES.items() if set(one.splits) & set(one.held_out)}

    assert both == set()


def test_what_may_be_reused_has_words_that_say_so() -> None:
    silent = {
        name
        for name, one in SOURCES.items()
        if one.reusable and ("none" in one.licence or "non-commercial" in one.licence)
    }

    assert silent == set()
    assert not SOURCES["sick"].reusable


def test_a_set_on_the_hub_names_only_splits_that_it_has_and_labels_of_its_kind() -> None:
    for name, source in SOURCES.items():
        if source.hub:
            known = {"train", *source.splits, *source.held_out}
            assert set(source.hub.splits) <= known, name
            labels = {label for label in source.hub.labels.values() if label}
            assert labels <= set(source.kind.labels), name


Hub = dict[tuple[str | None, str], list[dict[str, Any]]]


def hub(rows: Hub) -> HubLoader:
    """A hub that holds one repository."""

    def load(repository: str, config: str | None, split: str) -> Iterable[Mapping[str, Any]]:
        return rows.get((config, split), [])

    return load


def test_a_set_is_read_from_the_hub_as_from_a_copy() -> None:
    rows: Hub = {
        (None, "validation"): [
            {"premise": "A man sleeps.", "hypothesis": "Someone rests.", "label": 0},
            {"premise": "A man sleeps.", "hypothesis": "He runs.", "label": 2},
            {"premise": "A man sleeps.", "hypothesis": "He dreams.", "label": 1},
            {"premise": "A dog barks.", "hypothesis": "No gold label.", "label": -1},
        ]
    }

    [example] = read_hub("snli", "dev", hub(rows))

    assert example.labels == (
        stance("Someone rests.", Stance.FAVOR),
        stance("He runs.", Stance.AGAINST),
        stance("He dreams.", Stance.NEUTRAL, Stance.UNRELATED),
    )
    assert example.place == "hub stanfordnlp/snli validation:0"


def test_the_configurations_of_a_set_say_its_targets_and_its_parts_are_joined() -> None:
    rows: Hub = {
        ("stance_atheism", "train"): [{"text": "God is great #SemST", "label": 1}],
        ("stance_atheism", "validation"): [{"text": "No gods", "label": 2}],
        ("stance_hillary", "train"): [{"text": "Vote!", "label": 0}],
    }

    examples = read_hub("semeval2016t6", "train", hub(rows))

    assert {one.statement.text: one.labels for one in examples} == {
        "God is great": (stance("Atheism", Stance.AGAINST),),
        "No gods": (stance("Atheism", Stance.FAVOR),),
        "Vote!": (stance("Hillary Clinton", Stance.NEUTRAL, Stance.UNRELATED),),
    }
    assert len({one.group for one in examples}) == 3


def test_a_hub_set_that_changed_its_form_is_named() -> None:
    rows: list[dict[str, Any]] = [
        {"sentence": "t", "label": 0},
        {"text": "t", "label": 7},
        {"text": None, "label": 0},
    ]

    with pytest.raises(FileError) as caught:
        read_hub("sst", "test", hub({(None, "test"): rows}))

    assert str(caught.value).splitlines() == [
        "hub SetFit/sst5 test: row 0: has no column 'text'; the set has changed its form",
        "hub SetFit/sst5 test: row 1: label 7 is not one of 0, 1, 2, 3, 4",
        "hub SetFit/sst5 test: row 2: text must be text, not null",
    ]


def test_a_hub_that_cannot_be_reached_is_named() -> None:
    def load(repository: str, config: str | None, split: str) -> Iterable[Mapping[str, Any]]:
        raise ConnectionError(f"no way to {repository}")

    with pytest.raises(FileError, match="hub nyu-mll/glue rte train: cannot be read: no way to"):
        read_hub("rte", "train", load)


def test_a_set_that_is_not_on_the_hub_names_the_local_file() -> None:
    with pytest.raises(FileError, match=r"DIR/mtsd/test.jsonl.gz and give --data DIR"):
        read_hub("mtsd", "test", hub({}))


def test_a_split_that_is_not_on_the_hub_names_those_that_are() -> None:
    with pytest.raises(FileError, match=r"trial is not on the hub .* there it has train, test_a;"):
        read_pairs(None, "semeval2016t6", "trial", hub({}))


def test_without_a_folder_every_row_comes_from_the_hub() -> None:
    rows: Hub = {(None, "test"): [{"text": "t", "label": 0}, {"text": "t", "label": 4}]}

    pairs = read_pairs(None, "sst", "test", hub(rows))

    assert [(one.labels[0].allowed, row["label"]) for one, row in pairs] == [
        (("negative",), 0),
        (("positive",), 4),
    ]


@pytest.mark.skipif(
    importlib.util.find_spec("datasets") is not None, reason="the extra is installed"
)
def test_without_the_extra_the_command_that_installs_it_is_told() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'stance\[hub\]'"):
        read_hub("snli", "test")
