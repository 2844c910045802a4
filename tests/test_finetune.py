"""The training loop on a tiny network."""

import logging

import numpy as np
import pytest
import torch
from transformers import BertConfig

from stance.domain import Kind, Question, Stance, Statement
from stance.render import Renderer
from tests.fakes import word_tokenizer
from training.examples import Example, Label, Wordings
from training.finetune import allowed_loss, finetune
from training.network import StanceNetwork
from training.recipe import Stage

FAVOR = Label(Question(Kind.STANCE, "peace"), (Stance.FAVOR,))
TONE = Label(Question(Kind.SENTIMENT), ("negative",))
COARSE = Label(Question(Kind.STANCE, "peace"), (Stance.NEUTRAL, Stance.UNRELATED))


def test_the_loss_is_minus_the_log_of_the_probability_of_the_label() -> None:
    logits = torch.tensor([[2.0, 0.0, 0.0, 0.0, 9.0, 9.0, 9.0]])

    loss = allowed_loss(logits, [FAVOR])

    assert loss.item() == pytest.approx(-np.log(np.exp(2) / (np.exp(2) + 3)), abs=1e-6)


def test_a_coarse_label_asks_for_the_sum_of_what_it_allows() -> None:
    logits = torch.tensor([[1.0, 1.0, 3.0, 3.0, 0.0, 0.0, 0.0]])

    loss = allowed_loss(logits, [COARSE])

    assert loss.item() == pytest.approx(
        -np.log(2 * np.exp(3) / (2 * np.exp(3) + 2 * np.e)), abs=1e-6
    )


def test_a_sentiment_question_is_judged_on_the_sentiment_logits_alone() -> None:
    logits = torch.tensor([[9.0, 9.0, 9.0, 9.0, 0.0, 0.0, 2.0]])

    loss = allowed_loss(logits, [TONE])

    assert loss.item() == pytest.approx(-np.log(np.exp(2) / (np.exp(2) + 2)), abs=1e-6)


def _trained(seed: int) -> StanceNetwork:
    torch.set_num_threads(1)  # a network this small only waits for a second one
    tokenizer = word_tokenizer()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2,
        num_attention_heads=2, intermediate_size=64, max_position_embeddings=32,
    )  # fmt: skip
    torch.manual_seed(0)
    network = StanceNetwork(config)
    said = {"supports": Stance.FAVOR, "opposes": Stance.AGAINST, "discusses": Stance.NEUTRAL}
    examples = [
        Example(
            Statement(f"he {verb} peace"), (Label(Question(Kind.STANCE, "peace"), (stance,)),),
            verb, "own",
        )
        for verb, stance in said.items()
    ]  # fmt: skip
    stage = Stage(
        {"own": 40.0}, epochs=6, learning_rate=3e-3, tokens_per_step=64, row_tokens=32,
        longest_statement=16, strangers=0.0, dropout=0.0, bf16=False, seed=seed,
    )  # fmt: skip
    finetune(network, Renderer(tokenizer, 32), {"own": examples}, Wordings({}, {}), stage)
    return network


def test_a_tiny_network_learns_three_verbs_and_the_same_seed_gives_the_same_weights(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "stance.training"):
        once, twice = _trained(1), _trained(1)

    last_losses = [float(r.getMessage().split("loss ")[1].split()[0]) for r in caplog.records]
    assert last_losses[5] < 0.1 < last_losses[0]
    for name, weight in once.state_dict().items():
        torch.testing.assert_close(weight, twice.state_dict()[name], msg=name)
