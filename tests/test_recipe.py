"""Recipes: what is known is read, all else is refused with the nearest name."""

from pathlib import Path

import pytest

from stance.errors import FileError
from training.recipe import Stage, read_recipe

GOOD = """
description = "a model"
[[stage]]
epochs = 2
learning_rate = 1
[stage.mix]
vast = 0.5
own = 1.0
"""


def test_a_recipe_is_read_with_defaults(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(GOOD)

    recipe = read_recipe(tmp_path / "r.toml")

    assert recipe.stages == (Stage({"vast": 0.5, "own": 1.0}, epochs=2, learning_rate=1),)


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ("epochs = 2", "epoch = 2", "stage 1: unknown key 'epoch'; did you mean 'epochs'?"),
        ("vast = 0.5", "vsat = 0.5", "stage 1: unknown source 'vsat'; did you mean 'vast'?"),
        ("epochs = 2", "epochs = 'two'", "stage 1: epochs must be of type int"),
        ("description", "descriptoin", "did you mean 'description'?"),
        ("[[stage]]", "[[stages]]", "stage must be written [[stage]]"),
        ("a model", "a model\x00", "cannot be read as TOML"),
    ],
    ids=["key", "source", "type", "top", "no stage", "no toml"],
)
def test_a_faulty_recipe_is_refused(tmp_path: Path, was: str, becomes: str, fault: str) -> None:
    (tmp_path / "r.toml").write_text(GOOD.replace(was, becomes))

    with pytest.raises(FileError) as caught:
        read_recipe(tmp_path / "r.toml")

    assert fault in str(caught.value)


def test_the_shipped_recipes_are_readable() -> None:
    recipes = sorted((Path(__file__).parents[1] / "training/recipes").glob("*.toml"))

    assert [len(read_recipe(path).stages) for path in recipes] == [3]
