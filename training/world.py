"""The processes that train together, and the device of each: one alone, or several by `torchrun`.

Every process draws the same steps, computes its share of each step's rows, and adds its gradients
to the others'; so several do what one would, but for the order of sums and the dropout. Knows
nothing of examples.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn

from stance.errors import StanceError

log = logging.getLogger("stance.training")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class World:
    """This process among those that train together.

    Attributes:
        rank: its number, from 0; the process of rank 0 alone writes files and measures.
        size: how many there are.
        device: where it computes.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def leads(self) -> bool:
        """Whether this process writes and measures."""
        return self.rank == 0

    def share(self, rows: Sequence[T]) -> Sequence[T]:
        """The rows of a step that this process computes."""
        return rows[self.rank :: self.size]

    def add_up(self, network: nn.Module, loss: Tensor) -> Tensor:
        """Sum the gradients, in place, and the loss over all processes."""
        if self.size == 1:
            return loss
        for weight in network.parameters():
            if weight.grad is None:  # no row of this step was this process's
                weight.grad = torch.zeros_like(weight)
            distributed.all_reduce(weight.grad)
        distributed.all_reduce(loss)
        return loss

    def from_leader(self, number: float) -> float:
        """The number of the leading process, in every process."""
        if self.size == 1:
            return number
        told = torch.tensor([number], dtype=torch.float64, device=self.device)
        distributed.broadcast(told, src=0)
        return float(told.item())

    def wait(self) -> None:
        """Go on when all processes have come here."""
        self.from_leader(0.0)

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensors of all processes, in order of rank."""
        if self.size == 1:
            return [tensor]
        on_device = tensor.to(self.device)
        found = [torch.empty_like(on_device) for _ in range(self.size)]
        distributed.all_gather(found, on_device)
        return [one.cpu() for one in found]


def join_world(device: str | None = None) -> World:
    """Join the processes that `torchrun` started; alone where it did not.

    Args:
        device: `cpu` or `cuda`; None: a GPU where torch sees one, and the log says so.

    Raises:
        StanceError: `cuda` is asked for, and torch sees no GPU.
    """
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise StanceError("--device cuda: torch sees no GPU here; leave it out to train on the CPU")
    kind = device or ("cuda" if has_gpu else "cpu")
    rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    at = torch.device(kind, int(os.environ.get("LOCAL_RANK", "0"))) if kind == "cuda" else None
    if at is not None:
        torch.cuda.set_device(at)
    if size > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
    log.info("computing on %s, process %d of %d", at or "cpu", rank + 1, size)
    return World(rank, size, at or torch.device("cpu"))


def leave_world() -> None:
    """Let go of the other processes."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
