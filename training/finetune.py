"""Examples -> a fine-tuned network: one loop on one page. Knows nothing of files or bundles."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from stance.calibration import HEADS, N_LOGITS
from stance.errors import StanceError
from stance.packing import Group, Rows, even_rows, lay_out
from stance.render import Renderer
from training.checkpoint import (
    Checkpoints,
    Progress,
    StopRequest,
    random_states,
    restore_random_states,
    stop_request,
)
from training.examples import Example, Label
from training.mixture import Mixture, Step
from training.network import StanceNetwork
from training.recipe import Stage
from training.weights import RunningMean, label_weights
from training.wordings import Wordings
from training.world import World, has_fast_bfloat16

log = logging.getLogger("stance.training")

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
    world = world or World()
    network.to(world.device)
    torch.manual_seed(stage.seed + 7919 * world.rank)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = stage.dropout
    run = _Run(network, stage, number, world)
    mixture = Mixture(renderer, sources, wordings, stage)
    epochs = [list(mixture.steps(mixture.epoch())) for _ in range(stage.epochs)]
    n_steps = sum(map(len, epochs))
    if not n_steps:
        raise StanceError(f"stage {number + 1}: its mix draws no example; raise the shares in it")
    weights = label_weights((labels for steps in epochs for s in steps for _, labels in s), stage)
    if progress:
        run.restore(progress)
    log.info("stage %d: %d steps, from step %d", number + 1, n_steps, run.step)
    first, clock = 0, _Clock(n_steps - run.step)
    with stop_request() as request:
        for epoch, steps in enumerate(epochs, 1):
            for step in steps[max(0, run.step - first) :]:
                network.train()
                rate = stage.learning_rate * _share(run.step, n_steps, stage.warmup)
                loss = run.train(step, rate, weights, lay_out)
                clock.tick(loss)
                watch(run.step, loss)
                if run.step % 50 == 0 or run.step == n_steps:
                    log.info(
                        "stage %d epoch %d step %d/%d loss %.4f rate %.1e, %s left",
                        number + 1, epoch, run.step, n_steps, clock.loss, rate, clock.left(),
                    )  # fmt: skip
                _keep(run, checkpoints, world, request)
            first += len(steps)
            if dev_score and run.step == first:
                ended = run.is_exhausted(dev_score, epoch)
                if request.asked and world.size == 1:  # meanwhile; the step was kept before
                    raise KeyboardInterrupt
                if ended:
                    break
    run.finish()
    network.eval()


def _keep(run: "_Run", checkpoints: Checkpoints | None, world: World, request: StopRequest) -> None:
    """Write the state where it is time, or the user asks to stop; then stop."""
    asked = bool(world.from_leader(float(request.asked)))
    if checkpoints and (asked or checkpoints.is_due()):
        checkpoints.save(run.progress())
    if asked:
        raise KeyboardInterrupt


class _Run:
    """The state of one stage: weights, moments, the running mean, and the best epoch so far."""

    def __init__(self, network: StanceNetwork, stage: Stage, number: int, world: World) -> None:
        self.step = 0
        self._network, self._stage, self._number, self._world = network, stage, number, world
        self._optimizer = torch.optim.AdamW(
            network.parameters(), stage.learning_rate, weight_decay=stage.weight_decay, fused=True
        )
        self._mean = RunningMean(network, stage.average) if stage.average else None
        self._best: dict[str, Tensor] = {}
        self._best_score, self._stale = -1.0, 0
        self._bf16 = stage.bf16 and has_fast_bfloat16(world.device)
        if stage.bf16 and not self._bf16:
            log.info("no bfloat16 in this machine's hardware: computing in float32")

    def train(
        self, step: Step, rate: float, weights: Mapping[tuple[str, str], float], lay_out: LayOut
    ) -> float:
        """One step of the optimizer; the mean loss of its questions."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        loss = step_loss(
            self._network, step, self._stage, weights, self._world, lay_out, self._bf16
        )
        if loss.requires_grad:
            loss.backward()
        loss = self._world.add_up(self._network, loss.detach())
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        if self._mean:
            self._mean.add(self._network)
        self.step += 1
        return float(loss)

    def is_exhausted(self, dev_score: DevScore, epoch: int) -> bool:
        """Measure on dev after an epoch; whether the stage's patience is at its end."""
        self._network.eval()
        with self._means():
            score = self._world.from_leader(dev_score(self._network) if self._world.leads else 0.0)
            log.info("stage %d epoch %d dev macro-F1 %.2f", self._number + 1, epoch, 100 * score)
            if not self._stage.patience:
                return False
            if score > self._best_score:
                self._best_score, self._stale = score, 0
                self._best = {k: w.clone().cpu() for k, w in self._network.state_dict().items()}
                return False
        self._stale += 1
        return self._stale >= self._stage.patience

    def finish(self) -> None:
        """Leave the weights that count in the network: the best epoch's, else the mean, or last."""
        if self._best:
            self._network.load_state_dict(self._best)
        elif self._mean:
            self._mean.into(self._network)

    def _means(self) -> AbstractContextManager[None]:
        return self._mean.swapped_in(self._network) if self._mean else nullcontext()

    def progress(self) -> Progress:
        """The state as it is kept; sent from every process, for each has generators of its own."""
        tensors = {f"network.{k}": w.detach() for k, w in self._network.state_dict().items()}
        for n, moments in self._optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{n}.{name}": tensor for name, tensor in moments.items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self._best.items()}
        if self._mean:
            tensors |= {f"mean.{name}": tensor for name, tensor in self._mean.tensors().items()}
        tensors |= {f"random.{k}": state for k, state in random_states(self._world).items()}
        return Progress(
            self._number, self.step, self._best_score, self._stale, self._world.size,
            self._world.device.type,
            {name: tensor.contiguous().cpu().clone() for name, tensor in tensors.items()},
        )  # fmt: skip

    def restore(self, progress: Progress) -> None:
        """Go on from a state that `progress` gave."""
        if not progress.step:
            return  # a stage that has not begun
        self.step, self._best_score, self._stale = progress.step, progress.best, progress.stale
        self._network.load_state_dict(progress.part("network"))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in progress.part("optimizer").items():
            n, moment = name.split(".")
            moments.setdefault(int(n), {})[moment] = tensor
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self._best = progress.part("best")
        if self._mean:
            self._mean.restore(progress.part("mean"), progress.step)
        restore_random_states(progress.part("random"), self._world)


class _Clock:
    """The running loss, and the time that is left."""

    def __init__(self, n_left: int) -> None:
        self.loss, self._n_left, self._done, self._began = 0.0, n_left, 0, time.monotonic()

    def tick(self, loss: float) -> None:
        self._done += 1
        self.loss += (loss - self.loss) / min(self._done, 50)

    def left(self) -> str:
        seconds = (time.monotonic() - self._began) / self._done * (self._n_left - self._done)
        minutes, hours = round(seconds / 60), int(seconds // 3600)
        return f"{hours} h {minutes - 60 * hours} min" if hours else f"{max(1, minutes)} min"


def _share(step: int, n_steps: int, warmup: float) -> float:
    return min((step + 1) / max(1, warmup * n_steps), 1 - step / n_steps)


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
