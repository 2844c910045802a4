"""Recipes: what is known is read, all else is refused with the nearest name."""

from pathlib import Path

import pytest

from stance.errors import FileError
from training.recipe import RECIPES, Stage, read_recipe

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
        ("[[stage]]", "[[stages]]", "has no stage; write at least one table [[stage]]"),
        ("[[stage]]", "[stage]", "has no stage; write at least one table [[stage]]"),
        ("epochs = 2", "epochs = 0", "stage 1: epochs must be at least 1"),
        ("epochs = 2", "epochs = true", "stage 1: epochs must be of type int"),
        ("learning_rate = 1", "learning_rate = nan", "learning_rate must be of type float"),
        ("learning_rate = 1", "learning_rate = 0", "learning_rate must be above 0"),
        ("epochs = 2", "dropout = 1.5", "stage 1: dropout must be from 0 to 1"),
        ("vast = 0.5", "vast = -1", "stage 1: mix.vast must be a number above 0"),
        ("vast = 0.5", "vast = 'all'", "stage 1: mix.vast must be a number above 0"),
        ("[stage.mix]", "mix = 3\n[stage.more]", "stage 1: mix is missing"),
        ("own = 1.0", "own = 1.0\n[report]\nvats = 'test'", "did you mean 'vast'?"),
        ("own = 1.0", "own = 1.0\n[report]\nvast = 3", "report.vast must be the name of a split"),
        ("a model", "a model\x00", "cannot be read as TOML"),
    ],
)
def test_a_faulty_recipe_is_refused(tmp_path: Path, was: str, becomes: str, fault: str) -> None:
    (tmp_path / "r.toml").write_text(GOOD.replace(was, becomes))

    with pytest.raises(FileError) as caught:
        read_recipe(tmp_path / "r.toml")

    assert fault in str(caught.value)


def test_a_stage_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('description = "a"\nstage = [3]\n')

    with pytest.raises(FileError, match=r"stage 1: must be a table, written \[\[stage\]\]"):
        read_recipe(tmp_path / "r.toml")


def test_the_shipped_recipes_are_readable() -> None:
    recipes = sorted(RECIPES.glob("*.toml"))

    assert len(recipes) >= 4
    assert all(read_recipe(path).stages for path in recipes)
