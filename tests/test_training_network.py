"""The torch network, its export, and that what is served equals what was trained."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, DistilBertConfig, RobertaConfig

from stance.bundle import models_dir, open_bundle
from stance.domain import Kind, Question
from stance.errors import BundleError
from stance.network import OnnxNetwork
from stance.packing import Group, Rows, lay_out
from stance.render import Block, Renderer
from stance.torch_network.heads import StanceNetwork
from training.encoders import from_encoder
from training.export import export_onnx

TINY: dict[str, Any] = {
    "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 32, "max_position_embeddings": 40,
}  # fmt: skip


def tiny_network(seed: int = 0) -> StanceNetwork:
    torch.manual_seed(seed)
    return StanceNetwork(BertConfig(**TINY)).eval()


def logits(network: StanceNetwork, rows: Rows) -> np.ndarray:
    with torch.no_grad():
        tensors = {name: torch.from_numpy(array) for name, array in rows.inputs().items()}
        return np.asarray(network(**tensors))


def block(*ids: int) -> Block:
    return Block((1, *ids, 2))


def test_a_question_does_not_see_other_questions() -> None:
    network = tiny_network()
    statement, asked = block(5, 6, 7), block(8, 9)

    alone = logits(network, lay_out([[Group(statement, (asked,))]]))
    among = logits(network, lay_out([[Group(statement, (block(10), asked, block(11, 12)))]]))

    np.testing.assert_allclose(among[0, 1], alone[0, 0], atol=1e-5)


def test_a_group_does_not_see_its_neighbours_in_the_row() -> None:
    network = tiny_network()
    group, neighbour = Group(block(5, 6), (block(8),)), Group(block(20, 21, 22), (block(30),))

    alone = logits(network, lay_out([[group]]))
    packed = logits(network, lay_out([[neighbour, group]]))

    np.testing.assert_allclose(packed[0, 1], alone[0, 0], atol=1e-5)


def test_an_answer_depends_on_statement_and_question() -> None:
    network = tiny_network()

    first = logits(network, lay_out([[Group(block(5), (block(8),))]]))
    other_statement = logits(network, lay_out([[Group(block(6), (block(8),))]]))
    other_question = logits(network, lay_out([[Group(block(5), (block(9),))]]))

    assert np.abs(first - other_statement).max() > 1e-4
    assert np.abs(first - other_question).max() > 1e-4


@pytest.mark.parametrize(
    "config", [BertConfig(**TINY), RobertaConfig(**TINY)], ids=["bert", "roberta"]
)
def test_the_window_leaves_room_for_offset_positions(config: BertConfig) -> None:
    network = StanceNetwork(config).eval()
    longest = Block((1,) * network.window)

    answer = logits(network, lay_out([[Group(longest, (block(3),))]]))

    assert answer.shape == (1, 1, 7)


def test_an_encoder_that_cannot_take_the_mask_is_refused_with_those_that_can() -> None:
    with pytest.raises(
        BundleError, match="'distilbert' cannot take the one-pass mask; .* bert, electra"
    ):
        StanceNetwork(DistilBertConfig())


def test_saved_weights_come_back(tmp_path: Path) -> None:
    network = tiny_network()
    rows = lay_out([[Group(block(5, 6), (block(8),))]])

    network.save_pretrained(tmp_path)
    back = StanceNetwork.from_pretrained(tmp_path)

    np.testing.assert_allclose(logits(back, rows), logits(network, rows), atol=2e-3)
    assert (tmp_path / "model.safetensors").stat().st_size < 40_000


def test_the_export_reads_every_input(tmp_path: Path) -> None:
    tiny_network().save_pretrained(tmp_path)
    network = StanceNetwork.from_pretrained(tmp_path)  # in half precision, as it is exported
    export_onnx(network, tmp_path / "model.onnx")
    rows = lay_out(
        [
            [Group(block(5, 6), (block(8), block(9, 10))), Group(block(7), (block(8),))],
            [Group(block(11), ())],
        ]
    )

    served = OnnxNetwork(tmp_path / "model.onnx", 1)(rows)

    np.testing.assert_allclose(served[0], logits(network, rows)[0], atol=1e-5)


def test_the_shipped_network_equals_torch_on_500_texts() -> None:
    bundle = open_bundle(models_dir())
    network = StanceNetwork.from_pretrained(bundle.folder)
    served = OnnxNetwork(bundle.folder / "model.onnx")
    renderer = Renderer(Tokenizer.from_file(str(bundle.folder / "tokenizer.json")), bundle.window)
    questions = (
        renderer.question(Question(Kind.STANCE, "Ukraine should become a member of NATO")),
        renderer.question(Question(Kind.SENTIMENT)),
    )
    # Most texts short, some up to the window, as torch on a long text takes its time.
    rng = random.Random(0)
    lengths = [*range(1, 41)] * 11 + [rng.randint(41, 300) for _ in range(54)] + [509, 510] * 3
    groups = [
        Group(block(*(rng.randrange(1000, 30000) for _ in range(length))), questions)
        for length in lengths
    ]

    worst = 0.0
    for n in range(0, len(groups), 10):
        rows = lay_out([[group] for group in groups[n : n + 10]])
        worst = max(worst, float(np.abs(served(rows) - logits(network, rows)).max()))

    assert len(groups) == 500
    assert worst < 1e-4


def test_the_packaged_encoder_is_one_to_begin_from() -> None:
    network, tokenizer = from_encoder(StanceNetwork)

    renderer = Renderer(tokenizer, network.window)

    assert (network.window, len(renderer.statements(["Kyiv agreed."])[0])) == (512, 5)
