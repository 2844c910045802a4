"""Labelled statements: reading, faults, rewording."""

import json
import random
from pathlib import Path

import pytest

from stance.domain import Kind, Question, Stance
from stance.errors import FileError
from stance.issues import read_catalogue
from training.examples import Label, Wordings, read_examples, read_wordings

NATO = "Ukraine should become a member of NATO"
FAVOR = Label(Question(Kind.STANCE, NATO), (Stance.FAVOR,))


def write(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_row_is_read_with_all_its_labels(tmp_path: Path) -> None:
    row = {
        "id": "r1", "text": "Let Ukraine in.", "speaker": "a senator", "group": "g",
        "labels": [
            {"issue": "nato-membership", "stance": "favor"},
            {"proposition": "P", "stance": "unrelated"},
        ],
        "sentiment": "positive", "targets": [{"target": "Ukraine", "sentiment": "positive"}],
    }  # fmt: skip

    (example,) = read_examples(write(tmp_path / "x.jsonl", row), read_catalogue())

    assert example.labels == (
        FAVOR,
        Label(Question(Kind.STANCE, "P"), (Stance.UNRELATED,)),
        Label(Question(Kind.SENTIMENT), ("positive",)),
        Label(Question(Kind.SENTIMENT, "Ukraine"), ("positive",)),
    )
    assert (example.statement.id, example.group) == ("r1", "g")


def test_every_fault_of_a_file_is_reported_with_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.jsonl",
        {"text": "a", "labels": [{"proposition": "P", "stance": "pro"}]},
        {"text": "a", "labels": [{"proposition": "P", "stance": "favor"}]},
        {"text": "a", "labels": [{"issue": "nato-membershp", "stance": "favor"}]},
        "{",
        {"labels": []},
        {"text": "a", "labels": []},
        {"text": "a", "lables": []},
    )

    with pytest.raises(FileError) as caught:
        read_examples(path, read_catalogue())

    assert [fault.split(":")[0] for fault in caught.value.faults] == ["1", "3", "4", "5", "6", "7"]
    assert "1: stance 'pro' is not one of favor, against, neutral, unrelated" in str(caught.value)
    assert "nearest known: nato-membership" in str(caught.value)


def test_a_converse_turns_the_stance_round() -> None:
    wordings = Wordings({NATO: ["Let Ukraine into NATO"]}, {NATO: ["Keep Ukraine out of NATO"]})

    labels = wordings.turned_round(FAVOR, random.Random(0))

    assert labels == [Label(Question(Kind.STANCE, "Keep Ukraine out of NATO"), (Stance.AGAINST,))]


def test_a_paraphrase_keeps_the_stance() -> None:
    wordings = Wordings({NATO: ["Let Ukraine into NATO"]}, {NATO: ["Keep Ukraine out of NATO"]})

    labels = wordings.same_way(FAVOR, random.Random(0))

    assert labels == [Label(Question(Kind.STANCE, "Let Ukraine into NATO"), (Stance.FAVOR,))]


def test_a_proposition_without_other_wordings_is_not_reworded() -> None:
    assert Wordings({}, {}).same_way(FAVOR, random.Random(0)) == []


def test_a_broken_wordings_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="w.jsonl: is not a file of wordings"):
        read_wordings(write(tmp_path / "w.jsonl", {"proposition": "P"}))
