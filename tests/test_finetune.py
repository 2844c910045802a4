"""The training loop on a tiny network."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from stance.domain import Issue, Kind, Question, Stance, Statement
from stance.errors import StanceError
from stance.issues import read_catalogue
from stance.packing import even_rows
from stance.render import Renderer
from stance.torch_network.heads import StanceNetwork
from tests.interrupting import Interrupting
from tests.tiny import labelled_rows, tiny_encoder, write_jsonl
from training.checkpoint import Checkpoints
from training.encoders import from_encoder
from training.engine import torch_classifier
from training.examples import Example, Label
from training.finetune import finetune, label_losses
from training.label_files import read_labels
from training.material import OWN_DATA
from training.mixture import Mixture
from training.recipe import Stage
from training.weights import label_weights
from training.wordings import Wordings
from training.world import World

FAVOR = Label(Question(Kind.STANCE, "peace"), (Stance.FAVOR,))
TONE = Label(Question(Kind.SENTIMENT), ("negative",))
COARSE = Label(Question(Kind.STANCE, "peace"), (Stance.NEUTRAL, Stance.UNRELATED))
NO_WORDINGS = Wordings({}, {})
STAGE = Stage(
    {"labels": 1.0}, epochs=4, learning_rate=0.01, tokens_per_step=256, row_tokens=64,
    strangers=0.0, bf16=False, average=0.9, balance=0.5, patience=2,
)  # fmt: skip


@pytest.fixture(scope="module", name="encoder")
def _encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module", name="examples")
def _examples(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    path = write_jsonl(tmp_path_factory.mktemp("rows") / "rows.jsonl", labelled_rows(60))
    return list(read_labels([path], read_catalogue()).examples)


def start(encoder: Path) -> tuple[StanceNetwork, Renderer]:
    network, tokenizer = from_encoder(StanceNetwork, str(encoder))
    return network, Renderer(tokenizer, network.window)


def weights_of(network: StanceNetwork) -> np.ndarray:
    return np.concatenate([w.detach().numpy().ravel() for w in network.parameters()])


def test_the_loss_is_minus_the_log_of_the_probability_of_the_label() -> None:
    logits = torch.tensor([[2.0, 0.0, 0.0, 0.0, 9.0, 9.0, 9.0]])

    [loss] = label_losses(logits, [FAVOR])

    assert loss.item() == pytest.approx(-np.log(np.exp(2) / (np.exp(2) + 3)), abs=1e-6)


def test_a_coarse_label_is_right_where_either_label_is() -> None:
    logits = torch.tensor([[-20.0, -20.0, 3.0, 5.0, 0.0, 0.0, 0.0]])

    assert label_losses(logits, [COARSE]).item() == pytest.approx(0, abs=1e-6)


def test_a_soft_label_costs_the_cross_entropy_with_its_shares() -> None:
    soft = Label.of_shares(FAVOR.question, (0.75, 0.0, 0.25, 0.0))
    logits = torch.zeros(1, 7)

    assert label_losses(logits, [soft]).item() == pytest.approx(np.log(4), abs=1e-6)


def test_sentiment_reads_its_own_logits() -> None:
    logits = torch.tensor([[9.0, 9.0, 9.0, 9.0, -20.0, -20.0, 5.0]])

    assert label_losses(logits, [TONE]).item() == pytest.approx(0, abs=1e-6)


def test_rare_labels_weigh_more_and_the_mean_weight_is_one() -> None:
    against = Label(FAVOR.question, (Stance.AGAINST,))
    asked = [(FAVOR,)] * 9 + [(against,)]

    weights = label_weights(asked, replace(STAGE, balance=1.0))

    assert weights["stance", "against"] == pytest.approx(9 * weights["stance", "favor"])
    assert (9 * weights["stance", "favor"] + weights["stance", "against"]) / 10 == pytest.approx(1)


def test_the_loss_falls_as_it_fell_before(encoder: Path, examples: list[Example]) -> None:
    network, renderer = start(encoder)
    losses: list[float] = []

    finetune(
        network, renderer, {"labels": examples}, NO_WORDINGS,
        replace(STAGE, dropout=0.0, patience=0), watch=lambda _, loss: losses.append(loss),
    )  # fmt: skip

    assert losses[:5] == pytest.approx([1.244414, 1.283219, 1.309958, 1.366835, 1.244122], rel=1e-4)


def test_a_step_needs_no_more_than_a_twentieth_of_padding() -> None:
    network_window = 512
    tokenizer = Tokenizer.from_file(str(next(Path("models").glob("*/tokenizer.json"))))
    stage = Stage({"own": 1.0})
    examples = read_labels([OWN_DATA / "dev.jsonl"], read_catalogue()).examples
    mixture = Mixture(Renderer(tokenizer, network_window), {"own": examples}, NO_WORDINGS, stage)

    useful = computed = 0
    for step in mixture.steps(mixture.epoch()):
        lengths = [len(group) for group, _ in step]
        rows = [sum(lengths[n] for n in row) for row in even_rows(lengths, stage.row_tokens)]
        useful += sum(rows)
        computed += max(rows) * len(rows)

    assert useful / computed > 0.95


def test_a_resumed_run_equals_one_that_was_never_broken_off(
    encoder: Path, examples: list[Example], tmp_path: Path
) -> None:
    whole, renderer = start(encoder)
    finetune(whole, renderer, {"labels": examples}, NO_WORDINGS, STAGE, dev_score=fading(2))
    broken, _ = start(encoder)
    keeping = Interrupting(tmp_path / "run", at=5)
    with pytest.raises(KeyboardInterrupt):
        finetune(
            broken, renderer, {"labels": examples}, NO_WORDINGS, STAGE,
            dev_score=fading(2), checkpoints=keeping,
        )  # fmt: skip

    resumed, _ = start(encoder)
    kept = Checkpoints(tmp_path / "run")
    finetune(
        resumed, renderer, {"labels": examples}, NO_WORDINGS, STAGE,
        dev_score=fading(2), checkpoints=kept, progress=kept.load(),
    )  # fmt: skip

    assert not np.allclose(weights_of(resumed), weights_of(broken), atol=1e-3)
    np.testing.assert_allclose(weights_of(resumed), weights_of(whole), atol=1e-6)


def fading(n_better: int) -> Callable[[StanceNetwork], float]:
    """A dev score that falls after some epochs."""
    scores = iter([*np.linspace(0.5, 0.6, n_better), *[0.1] * 100])
    return lambda network: float(next(scores))


def test_training_ends_when_dev_no_longer_rises_and_keeps_the_best(
    encoder: Path, examples: list[Example], caplog: pytest.LogCaptureFixture
) -> None:
    network, renderer = start(encoder)
    seen: list[np.ndarray] = []
    scores = iter([0.3, 0.6, 0.2, 0.1, 0.9])

    def dev_score(trained: StanceNetwork) -> float:
        seen.append(weights_of(trained))
        return next(scores)

    with caplog.at_level(logging.INFO, "stance.training"):
        finetune(
            network, renderer, {"labels": examples}, NO_WORDINGS, replace(STAGE, epochs=9),
            dev_score=dev_score,
        )  # fmt: skip

    assert len(seen) == 4
    np.testing.assert_array_equal(weights_of(network), seen[1])


def test_progress_tells_loss_rate_and_time_left(
    encoder: Path, examples: list[Example], caplog: pytest.LogCaptureFixture
) -> None:
    network, renderer = start(encoder)

    with caplog.at_level(logging.INFO, "stance.training"):
        finetune(network, renderer, {"labels": examples}, NO_WORDINGS, replace(STAGE, patience=0))

    assert any("loss" in line and "rate" in line and "min left" in line for line in caplog.messages)


def test_a_state_that_cannot_be_written_leaves_the_last_one(
    encoder: Path, examples: list[Example], tmp_path: Path
) -> None:
    network, renderer = start(encoder)
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StanceError, match="cannot be written .* go on with --resume"):
        finetune(
            network, renderer, {"labels": examples}, NO_WORDINGS, STAGE, dev_score=fading(1),
            checkpoints=Checkpoints(tmp_path / "file" / "run", every_s=0),
        )  # fmt: skip


def test_a_broken_state_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.safetensors").write_bytes(b"no tensors")

    with pytest.raises(StanceError, match="state.safetensors: cannot be read .* --restart"):
        Checkpoints(tmp_path).load()


def test_a_network_learns_what_one_word_tells(encoder: Path, examples: list[Example]) -> None:
    network, renderer = start(encoder)
    finetune(
        network, renderer, {"labels": examples}, NO_WORDINGS,
        replace(STAGE, epochs=40, dropout=0.0, average=0.0, patience=0),
    )  # fmt: skip
    classifier = torch_classifier(network, renderer, World())

    [result] = classifier.classify(
        [Statement("moscow opposes the peace")], [Issue.ad_hoc("we should have peace")]
    )

    assert result.stances[0][1].label == "against"
