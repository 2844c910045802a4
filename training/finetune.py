"""Examples -> a fine-tuned network: the steps of the loop, and their loss. Knows no files."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from stance.calibration import HEADS, N_LOGITS
from stance.packing import Group, Rows, even_rows, lay_out
from stance.render import Renderer
from stance.torch_network.heads import StanceNetwork
from training.checkpoint import Checkpoints, Progress
from training.examples import Example, Label
from training.loop import run_stage
from training.mixture import Mixture, Step
from training.recipe import Stage
from training.weights import label_weights
from training.wordings import Wordings
from training.world import World

LayOut = Callable[[Sequence[Sequence[Group]]], Rows]
DevScore = Callable[[StanceNetwork], float]


def finetune(
    network: StanceNetwork,
    renderer: Renderer,
    sources: Mapping[str, Sequence[Example]],
    wordings: Wordings,
    stage: Stage,
    *,
    number: int = 0,
    dev_score: DevScore | None = None,
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
    world: World | None = None,
    lay_out: LayOut = lay_out,
    watch: Callable[[int, float], None] = lambda step, loss: None,
) -> None:
    """Train all layers of the network in place.

    Args:
        sources: the examples of each source that the stage's mix names.
        wordings: other ways to write the propositions.
        number: the number of the stage in its recipe, from 0.
        dev_score: macro-F1 of a network on rows held out; asked after each epoch, and needed if
            the stage has patience.
        checkpoints: where the state is kept; nowhere if None.
        progress: the state to go on from.
        world: the processes that train together.
        lay_out: how groups are written into arrays; experiments with other forms give their own.
        watch: told the number of each step that is done, from 1, and its loss.

    Raises:
        KeyboardInterrupt: the user asked to stop; the state has been written.
        StanceError: the state cannot be written.
    """
    where = world or World()
    mixture = Mixture(renderer, sources, wordings, stage)
    epochs = [list(mixture.steps(mixture.epoch())) for _ in range(stage.epochs)]
    weights = label_weights((labels for steps in epochs for s in steps for _, labels in s), stage)
    run_stage(
        network,
        epochs,
        lambda step, bf16: step_loss(network, step, stage, weights, where, lay_out, bf16),
        stage,
        number=number,
        dev_score=dev_score,
        checkpoints=checkpoints,
        progress=progress,
        world=where,
        watch=watch,
    )


def step_loss(
    network: StanceNetwork,
    step: Step,
    stage: Stage,
    weights: Mapping[tuple[str, str], float],
    world: World,
    lay_out: LayOut = lay_out,
    bf16: bool = False,
) -> Tensor:
    """This process's part of the step's weighted mean loss over its questions, a scalar."""
    filled = even_rows([len(group) for group, _ in step], stage.row_tokens)
    whole = _weight_of((label for _, labels in step for label in labels), weights).sum()
    mine = world.share(filled)
    if not mine:
        return torch.zeros((), device=world.device)
    rows = lay_out([[step[n][0] for n in row] for row in mine])
    inputs = {name: torch.from_numpy(a).to(world.device) for name, a in rows.inputs().items()}
    with torch.autocast(world.device.type, torch.bfloat16, enabled=bf16):
        logits = network(**inputs)
    labels = [label for row in mine for n in row for label in step[n][1]]
    asked = torch.arange(rows.first.shape[1]) < torch.from_numpy(rows.n_questions).unsqueeze(1)
    losses = label_losses(logits.float()[asked.to(world.device)], labels)
    own = _weight_of(labels, weights).to(world.device)
    return (losses * own).sum() / whole.to(world.device)


def _weight_of(labels: Iterable[Label], weights: Mapping[tuple[str, str], float]) -> Tensor:
    return torch.tensor(
        [weights.get((label.question.kind, label.allowed[0]), 1.0) for label in labels]
    )


def label_losses(logits: Tensor, labels: Sequence[Label]) -> Tensor:
    """The loss of each question, (n,), from all logits (n, 7).

    A hard label costs -log of the probability of all labels that may be true together; a soft one
    the cross-entropy with its shares.
    """
    outside = torch.ones(len(labels), N_LOGITS, dtype=torch.bool)
    refused = outside.clone()
    shares = torch.zeros(len(labels), N_LOGITS)
    is_soft = torch.zeros(len(labels), dtype=torch.bool)
    for n, label in enumerate(labels):
        head = HEADS[label.question.kind]
        outside[n, head] = False
        for name in label.allowed:
            refused[n, head.start + label.question.kind.labels.index(name)] = False
        if label.soft is not None:
            is_soft[n] = True
            shares[n, head] = torch.tensor(label.soft)
    outside, refused = outside.to(logits.device), refused.to(logits.device)
    shares, is_soft = shares.to(logits.device), is_soft.to(logits.device)
    total = logits.masked_fill(outside, -torch.inf).logsumexp(1)
    hard = total - logits.masked_fill(refused, -torch.inf).logsumexp(1)
    return torch.where(is_soft, total - (shares * logits).sum(1), hard)
