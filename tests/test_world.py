"""Several processes that train together do what one would."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from stance.errors import StanceError
from tests.tiny import labelled_rows, tiny_encoder, tiny_recipe, write_jsonl
from training.checkpoint import Checkpoints, Progress
from training.world import World, join_world

ROOT = Path(__file__).parents[1]
TRAIN = """
import sys
from pathlib import Path
from stance.issues import read_catalogue
from stance.render import Renderer
from stance.torch_network.heads import StanceNetwork
from training.checkpoint import Checkpoints
from training.encoders import from_encoder
from training.finetune import finetune
from training.label_files import read_labels
from training.recipe import Stage
from training.wordings import Wordings
from training.world import join_world, leave_world
import torch

torch.set_num_threads(1)
folder = Path(sys.argv[1])
world = join_world("cpu")
network, tokenizer = from_encoder(StanceNetwork, str(folder / "encoder"))
examples = read_labels([folder / "rows.jsonl"], read_catalogue()).examples
stage = Stage({"labels": 1.0}, epochs=2, learning_rate=0.01, tokens_per_step=256, row_tokens=64,
              dropout=0.0, strangers=0.0, bf16=False)
finetune(network, Renderer(tokenizer, network.window), {"labels": examples}, Wordings({}, {}),
         stage, world=world, checkpoints=Checkpoints(folder / f"kept-{world.size}", world, 0.0))
if world.leads:
    network.save_pretrained(folder / f"by-{world.size}")
leave_world()
"""


def test_two_processes_train_the_network_that_one_trains(tmp_path: Path) -> None:
    tiny_encoder(tmp_path / "encoder")
    write_jsonl(tmp_path / "rows.jsonl", labelled_rows(40))
    (tmp_path / "train.py").write_text(TRAIN)
    alone = [sys.executable, str(tmp_path / "train.py"), str(tmp_path)]
    together = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        *alone[1:],
    ]  # fmt: skip

    for command in (alone, together):
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]

    one, two = (load_file(tmp_path / f"by-{n}" / "model.safetensors") for n in (1, 2))
    for name, weight in one.items():
        np.testing.assert_allclose(two[name].float(), weight.float(), atol=2e-3)


def test_two_processes_publish_one_bundle(tmp_path: Path) -> None:
    tiny_encoder(tmp_path / "encoder")
    tiny_recipe(tmp_path / "recipe.toml", epochs=1, mix=["labels"])
    write_jsonl(tmp_path / "rows.jsonl", labelled_rows(60))
    (tmp_path / "models").mkdir()
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "stance", "train", str(tmp_path / "rows.jsonl"), "--base", str(tmp_path / "encoder"),
        "--recipe", str(tmp_path / "recipe.toml"), "--models", str(tmp_path / "models"),
        "--name", "both", "--device", "cpu",
    ]  # fmt: skip

    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["both"]
    assert done.stdout.count("published as both") == 1


def test_a_state_of_two_processes_is_not_taken_up_by_one(tmp_path: Path) -> None:
    Checkpoints(tmp_path).save(Progress(processes=2, tensors={"network.w": torch.zeros(1)}))

    with pytest.raises(StanceError, match="written by 2 processes on cpu, and now there are 1"):
        Checkpoints(tmp_path).load()


def test_a_step_is_shared_among_all() -> None:
    rows = list(range(7))

    shares = [World(rank, 3).share(rows) for rank in range(3)]

    assert sorted(row for share in shares for row in share) == rows


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_not_replaced_in_silence() -> None:
    with pytest.raises(StanceError, match="--device cuda: torch sees no GPU"):
        join_world("cuda")
