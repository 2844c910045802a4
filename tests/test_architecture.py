"""What the rooms may not bring along: serving is light, and the public names are there."""

import json
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import stance
from stance.bundle import default_name, models_dir

LIBRARY = [
    "stance", "stance.__main__", "stance.statement_files", "stance.result_files", "stance.report",
    "stance.torch_network",
]  # fmt: skip
HEAVY = {"torch", "transformers", "onnx", "sklearn", "safetensors", "scipy", "pandas", "training"}
WEB = {"fastapi", "starlette", "pydantic", "uvicorn", "api"}


@cache
def brought_along_by(module: str) -> frozenset[str]:
    """The top-level modules that are loaded in a fresh process after an import."""
    code = f"import json, sys, {module}; print(json.dumps([n.split('.')[0] for n in sys.modules]))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return frozenset(json.loads(done.stdout))


@pytest.mark.parametrize("module", [*LIBRARY, "api.app"])
def test_serving_brings_no_training_library_along(module: str) -> None:
    assert brought_along_by(module) & HEAVY == set()


def test_classifying_brings_no_training_library_along() -> None:
    code = """
import sys
from contextlib import suppress
from stance.__main__ import main
with suppress(SystemExit):
    main(["classify", "--json", "--text", "Kyiv supports peace.", "--threads", "1"])
print(*sys.modules)
"""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    answer, modules = done.stdout.splitlines()

    assert '"sentiment"' in answer
    # The arguments of training's commands come along, and none of what it computes with.
    assert {name.split(".")[0] for name in modules.split()} & HEAVY <= {"training"}


def test_no_command_waits_for_what_archives_need() -> None:
    code = "import sys; from stance.__main__ import _parser; _parser(); print(*sys.modules)"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )

    assert "stance.commands.score" in done.stdout.split()
    assert {"pyarrow", "stance.archive", "stance.scoring"} & set(done.stdout.split()) == set()


@pytest.mark.parametrize("module", LIBRARY)
def test_the_library_brings_no_web_along(module: str) -> None:
    assert brought_along_by(module) & WEB == set()


def test_what_was_imported_is_told_at_all() -> None:
    assert {"stance", "numpy", "fastapi", "onnxruntime"} <= brought_along_by("api.app")


@pytest.mark.parametrize("name", stance.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(stance, name).__module__.startswith("stance.")


def test_the_wheel_carries_the_bundle_that_is_served() -> None:
    build = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    carried = build["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    name = default_name(models_dir())

    assert carried[f"models/{name}"] == f"stance/_models/{name}"
