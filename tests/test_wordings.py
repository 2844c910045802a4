"""Other ways to write a proposition."""

import json
import random
from pathlib import Path

import pytest

from stance.domain import Kind, Question, Stance
from stance.errors import FileError
from training.examples import Label
from training.wordings import Wordings, read_wordings

NATO = "Ukraine should become a member of NATO"
FAVOR = Label(Question(Kind.STANCE, NATO), (Stance.FAVOR,))
WORDINGS = Wordings({NATO: ["Let Ukraine into NATO"]}, {NATO: ["Keep Ukraine out of NATO"]})


def test_a_converse_turns_the_stance_round() -> None:
    labels = WORDINGS.turned_round(FAVOR, random.Random(0))

    assert labels == [Label(Question(Kind.STANCE, "Keep Ukraine out of NATO"), (Stance.AGAINST,))]


def test_a_converse_turns_shares_round() -> None:
    divided = Label(Question(Kind.STANCE, NATO), ("favor",), (0.7, 0.2, 0.1, 0.0))

    [label] = WORDINGS.turned_round(divided, random.Random(0))

    assert (label.allowed, label.soft) == (("against",), (0.2, 0.7, 0.1, 0.0))


def test_a_paraphrase_keeps_the_stance() -> None:
    labels = WORDINGS.same_way(FAVOR, random.Random(0))

    assert labels == [Label(Question(Kind.STANCE, "Let Ukraine into NATO"), (Stance.FAVOR,))]


def test_a_proposition_without_other_wordings_is_not_reworded() -> None:
    assert Wordings({}, {}).same_way(FAVOR, random.Random(0)) == []


@pytest.mark.parametrize("row", [{"proposition": "P"}, ["P"], 3])
def test_a_broken_wordings_file_is_named(tmp_path: Path, row: object) -> None:
    path = tmp_path / "w.jsonl"
    path.write_text(json.dumps(row) + "\n")

    with pytest.raises(FileError, match="w.jsonl: is not a file of wordings"):
        read_wordings(path)
