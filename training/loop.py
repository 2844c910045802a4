"""Steps and a loss -> a trained network: one loop on one page. Knows nothing of what is learned."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from stance.errors import StanceError
from stance.torch_network.device import has_fast_bfloat16
from training.checkpoint import (
    Checkpoints,
    Progress,
    StopRequest,
    random_states,
    restore_random_states,
    stop_request,
)
from training.recipe import Schedule
from training.weights import RunningMean
from training.world import World

log = logging.getLogger("stance.training")

S = TypeVar("S")  # a step: what one move of the optimizer learns from
N = TypeVar("N", bound=nn.Module)
C = TypeVar("C", bound=Schedule)

# This process's part of a step's mean loss, a scalar; told whether to compute in bfloat16.
Loss = Callable[[S, bool], Tensor]


def run_stages(
    network: nn.Module,
    stages: Sequence[C],
    checkpoints: Checkpoints,
    train_one: Callable[[int, C, Progress | None], None],
) -> None:
    """Train stage after stage, in place, from where the run's state stands.

    Args:
        network: what `train_one` trains.
        stages: the schedules, in order.
        checkpoints: where the run's state is kept.
        train_one: runs a stage: its number, its schedule, and the state to go on from in it.
    """
    progress = checkpoints.load() or Progress()
    if progress.tensors:
        network.load_state_dict(progress.part("network"))
    for number, one in enumerate(stages):
        if number < progress.stage:
            continue
        train_one(number, one, progress if number == progress.stage else None)
        # What follows may be broken off too, and would cost the whole stage.
        weights = {f"network.{name}": w.cpu() for name, w in network.state_dict().items()}
        world = checkpoints.world
        done = Progress(number + 1, processes=world.size, device=world.device.type, tensors=weights)
        checkpoints.save(done)


def run_stage(
    network: N,
    epochs: Sequence[Sequence[S]],
    loss: Loss[S],
    schedule: Schedule,
    *,
    number: int = 0,
    dev_score: Callable[[N], float] | None = None,
    score_name: str = "macro-F1",
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
    world: World | None = None,
    watch: Callable[[int, float], None] = lambda step, loss: None,
) -> None:
    """Train all layers of the network in place.

    Args:
        epochs: the steps of each epoch; the same in every process.
        loss: of a step; where several processes train, their parts add up to the whole.
        number: the number of the stage in its recipe, from 0.
        dev_score: in [0, 1], of a network on rows held out; asked after each epoch, and needed if
            the schedule has patience.
        score_name: what the log calls it.
        checkpoints: where the state is kept; nowhere if None.
        progress: the state to go on from.
        world: the processes that train together.
        watch: told the number of each step that is done, from 1, and its loss.

    Raises:
        KeyboardInterrupt: the user asked to stop; the state has been written.
        StanceError: there is no step, or the state cannot be written.
    """
    world = world or World()
    n_steps = sum(map(len, epochs))
    if not n_steps:
        raise StanceError(f"stage {number + 1}: its mix draws no example; raise the shares in it")
    network.to(world.device)
    torch.manual_seed(schedule.seed + 7919 * world.rank)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = schedule.dropout
    run = _Run(network, loss, schedule, number, world)
    if progress:
        run.restore(progress)
    log.info("stage %d: %d steps, from step %d", number + 1, n_steps, run.step)
    first, clock = 0, _Clock(n_steps - run.step)
    with stop_request() as request:
        for epoch, steps in enumerate(epochs, 1):
            for step in steps[max(0, run.step - first) :]:
                network.train()
                rate = schedule.learning_rate * _share(run.step, n_steps, schedule.warmup)
                lost = run.train(step, rate)
                clock.tick(lost)
                watch(run.step, lost)
                if run.step % 50 == 0 or run.step == n_steps:
                    log.info(
                        "stage %d epoch %d step %d/%d loss %.4f rate %.1e, %s left",
                        number + 1, epoch, run.step, n_steps, clock.loss, rate, clock.left(),
                    )  # fmt: skip
                _keep(run, checkpoints, world, request)
            first += len(steps)
            if dev_score and run.step == first:
                ended = run.is_exhausted(dev_score, epoch, score_name)
                if request.asked and world.size == 1:  # meanwhile; the step was kept before
                    raise KeyboardInterrupt
                if ended:
                    break
    run.finish()
    network.eval()


def _keep(
    run: "_Run[N, S]", checkpoints: Checkpoints | None, world: World, request: StopRequest
) -> None:
    """Write the state where it is time, or the user asks to stop; then stop."""
    asked = bool(world.from_leader(float(request.asked)))
    if checkpoints and (asked or checkpoints.is_due()):
        checkpoints.save(run.progress())
    if asked:
        raise KeyboardInterrupt


class _Run(Generic[N, S]):
    """The state of one stage: weights, moments, the running mean, and the best epoch so far."""

    def __init__(
        self, network: N, loss: Loss[S], schedule: Schedule, number: int, world: World
    ) -> None:
        self.step = 0
        self._network, self._loss, self._world = network, loss, world
        self._number, self._patience = number, schedule.patience
        self._optimizer = torch.optim.AdamW(
            network.parameters(),
            schedule.learning_rate,
            weight_decay=schedule.weight_decay,
            fused=True,
        )
        self._mean = RunningMean(network, schedule.average) if schedule.average else None
        self._best: dict[str, Tensor] = {}
        self._best_score, self._stale = -1.0, 0
        self._bf16 = schedule.bf16 and has_fast_bfloat16(world.device)
        if schedule.bf16 and not self._bf16:
            log.info("no bfloat16 in this machine's hardware: computing in float32")

    def train(self, step: S, rate: float) -> float:
        """One step of the optimizer; its mean loss."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        loss = self._loss(step, self._bf16)
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

    def is_exhausted(self, dev_score: Callable[[N], float], epoch: int, name: str) -> bool:
        """Measure on dev after an epoch; whether the schedule's patience is at its end."""
        self._network.eval()
        with self._means():
            score = self._world.from_leader(dev_score(self._network) if self._world.leads else 0.0)
            log.info("stage %d epoch %d dev %s %.2f", self._number + 1, epoch, name, 100 * score)
            if not self._patience:
                return False
            if score > self._best_score:
                self._best_score, self._stale = score, 0
                self._best = {k: w.clone().cpu() for k, w in self._network.state_dict().items()}
                return False
        self._stale += 1
        return self._stale >= self._patience

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
