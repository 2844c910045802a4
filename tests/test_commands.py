"""The commands that train, measure and promote, as a user runs them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from stance.__main__ import main
from tests.tiny import labelled_rows, tiny_encoder, tiny_recipe, write_jsonl

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module", name="bench")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an encoder, labels, a recipe and an empty folder of bundles."""
    bench = tmp_path_factory.mktemp("bench")
    (bench / "models").mkdir()
    tiny_encoder(bench / "encoder")
    tiny_recipe(bench / "recipe.toml", epochs=1, mix=["labels"])
    write_jsonl(bench / "labels.jsonl", labelled_rows(40))
    return bench


@pytest.fixture(name="run")
def _run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def training(bench: Path, *more: object) -> Sequence[object]:
    return (
        "train", bench / "labels.jsonl", "--base", bench / "encoder",
        "--recipe", bench / "recipe.toml", "--models", bench / "models", *more,
    )  # fmt: skip


def test_labels_become_a_bundle_that_is_measured_promoted_and_served(bench: Path, run: Run) -> None:
    code, out, err = run(*training(bench, "--name", "mine", "--doubts", bench / "doubts.csv"))
    assert code == 0, err
    assert "== labels" in out
    assert "published as mine" in out
    assert "models promote mine" in out
    assert (bench / "doubts.csv").read_text().startswith("place,id,text,question,given")

    code, out, _ = run("models", "promote", "mine", "--models", bench / "models")
    assert (code, "mine is promoted" in out) == (0, True)

    code, out, _ = run("models", "list", "--models", bench / "models")
    assert out.startswith("* mine")

    labels = write_jsonl(bench / "other.jsonl", labelled_rows(50, seed=9))
    code, out, _ = run(
        "evaluate", labels, "--models", bench / "models", "--json", "--predictions",
        bench / "predictions.jsonl", "--page", bench / "page.html",
    )  # fmt: skip
    report = json.loads(out)
    assert code == 0
    assert {"n", "macro_f1", "macro_f1_interval", "accuracy", "per_class", "ece"} <= set(
        report["stance"]
    )
    assert report["stance"]["n"] == 100
    assert len((bench / "predictions.jsonl").read_text().splitlines()) == 150
    assert "<svg" in (bench / "page.html").read_text()


def test_every_faulty_row_is_told_and_nothing_is_trained(bench: Path, run: Run) -> None:
    rows = labelled_rows(30, seed=3)
    rows[4]["labels"] = [{"proposition": "peace", "stance": "pro"}]
    rows[9]["labels"] = [{"issue": "nato-membershp", "stance": "favor"}]
    labels = write_jsonl(bench / "faulty.jsonl", rows)
    before = sorted((bench / "models").iterdir())

    code, out, err = run("train", labels, "--base", bench / "encoder", "--models", bench / "models")

    assert (code, out) == (1, "")
    assert "faulty.jsonl: line 5: stance 'pro' is not one of favor, against" in err
    assert "faulty.jsonl: line 10: unknown issue 'nato-membershp'" in err
    assert "Traceback" not in err
    assert sorted((bench / "models").iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("train", "{bench}/none.jsonl", "--base", "{bench}/encoder"), "none.jsonl"),
        (("train", "{bench}/labels.jsonl", "--base", "{bench}/nowhere"), "cannot load the encoder"),
        (("train", "{bench}/labels.jsonl", "--from", "strange"), "no model 'strange'"),
        (("train", "--recipe", "{bench}/recipe.toml"), "name a file of labelled statements"),
        (("train", "{bench}/labels.jsonl", "--recipe", "{bench}/none.toml"), "none.toml"),
        (("evaluate", "{bench}/none.jsonl"), "none.jsonl"),
        (("models", "promote", "strange"), "no model 'strange'"),
        (("benchmark", "vast", "--data", "{bench}"), "vast/train.jsonl.gz"),
        (("train", "{bench}/labels.jsonl", "--base", "{bench}/encoder", "--split-by", "date"),
         "date"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_line_that_names_it(
    bench: Path, run: Run, arguments: Sequence[str], fault: str
) -> None:
    given = [one.format(bench=bench) for one in arguments]

    code, _, err = run(*given, "--models", bench / "models")

    assert code == 1
    assert fault in err
    assert "Traceback" not in err


def test_an_encoder_that_cannot_take_the_mask_is_named_with_those_that_can(
    bench: Path, run: Run
) -> None:
    folder = bench / "distil"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text('{"model_type": "distilbert", "dim": 16, "n_heads": 2}')

    code, _, err = run(
        "train", bench / "labels.jsonl", "--base", folder, "--models", bench / "models"
    )

    assert code == 1
    assert "'distilbert' cannot take the one-pass mask; those that can: bert" in err


def test_ctrl_c_keeps_the_state_and_resume_goes_on_from_it(bench: Path) -> None:
    models = bench / "stopped"
    models.mkdir()
    recipe = tiny_recipe(bench / "long.toml", epochs=120, mix=["labels"])
    command = [
        sys.executable, "-m", "stance", "train", str(bench / "labels.jsonl"), "--name", "long",
        "--base", str(bench / "encoder"), "--recipe", str(recipe), "--models", str(models),
    ]  # fmt: skip
    root = Path(__file__).parents[1]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    process = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=root, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "step 50/" in line:
            process.send_signal(signal.SIGINT)
            break
    rest = process.communicate(timeout=60)[1]

    assert process.returncode == 130, [*lines, rest]
    assert "Traceback" not in rest
    [kept] = models.glob(".training-*/state.safetensors")
    assert kept.stat().st_size > 10_000
    assert not (models / "long").exists()

    again = subprocess.run(  # noqa: S603 - our own command
        command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert again.returncode == 1
    assert "go on with --resume, or begin anew with --restart" in again.stderr

    resumed = subprocess.run(  # noqa: S603 - our own command
        [*command, "--resume"],
        cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stderr[-3000:]
    assert "from step 0" not in resumed.stderr
    assert (models / "long" / "manifest.json").is_file()
    assert list(models.glob(".training-*")) == []
