"""Where a training stands, kept so that a run that was broken off goes on as if it never had been.

One safetensors file, written aside and renamed, so that a kill at any moment leaves the one before
whole: weights, the optimizer's moments, the states of the random generators, and in its header how
far the run had come. No pickle. Knows nothing of texts.
"""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from stance.errors import StanceError
from training.world import World

_FILE = "state.safetensors"
_TOLD = (
    "stage",
    "step",
    "best",
    "stale",
    "processes",
    "device",
)  # in the header; the rest is tensors


@dataclass(slots=True)
class Progress:
    """How far a run has come.

    Attributes:
        stage: the stage in hand, from 0.
        step: optimizer steps done in it.
        best: the best dev score of the stage so far; -1 before the first.
        stale: epochs since the best.
        processes: how many train together.
        device: the kind of device that they compute on.
        tensors: weights and moments by name, as on disk.
    """

    stage: int = 0
    step: int = 0
    best: float = -1.0
    stale: int = 0
    processes: int = 1
    device: str = "cpu"
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors whose names begin with `name.`, without it."""
        return {
            key.removeprefix(f"{name}."): tensor
            for key, tensor in self.tensors.items()
            if key.startswith(f"{name}.")
        }


class Checkpoints:
    """The folder of one run.

    Args:
        folder: where the state lies; it is made when the first one is written.
        world: the processes of this run; the leading one alone writes.
        every_s: seconds between two states.

    Attributes:
        name: what the run will be called when it is done; kept with the state.
    """

    def __init__(self, folder: Path, world: World | None = None, every_s: float = 300) -> None:
        self.folder = folder
        self.world = world or World()
        self.name = ""
        self._every_s = every_s
        self._last = time.monotonic()

    def load(self) -> Progress | None:
        """The state that was written last; None where there is none.

        Raises:
            StanceError: it cannot be read, or another number of processes wrote it.
        """
        path = self.folder / _FILE
        if not path.is_file():
            return None
        try:
            with safe_open(path, "pt") as file:
                told = json.loads(file.metadata()["progress"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise StanceError(f"{path}: cannot be read ({error}); begin anew: --restart") from error
        progress = Progress(**told, tensors=tensors)
        before = (progress.processes, progress.device)
        now = (self.world.size, self.world.device.type)
        if before != now:
            raise StanceError(
                f"{path}: was written by {before[0]} processes on {before[1]}, and now there are "
                f"{now[0]} on {now[1]}; start it as before, or begin anew: --restart"
            )
        return progress

    def kept_name(self) -> str:
        """What the run that is kept here will be called; empty where none is kept.

        Raises:
            StanceError: the state cannot be read.
        """
        path = self.folder / _FILE
        if not path.is_file():
            return ""
        try:
            with safe_open(path, "pt") as file:
                return str(file.metadata()["name"])
        except (OSError, SafetensorError, KeyError, TypeError) as error:
            raise StanceError(f"{path}: cannot be read ({error}); begin anew: --restart") from error

    def is_due(self) -> bool:
        """Whether the time for another state has come; the leading process tells."""
        due = time.monotonic() - self._last >= self._every_s
        return bool(self.world.from_leader(float(due)))

    def save(self, progress: Progress) -> None:
        """Write a state in the place of the last one.

        Raises:
            StanceError: it cannot be written, as when the disk is full; the last one is left.
        """
        self._last = time.monotonic()
        if not self.world.leads:
            return
        told = {name: getattr(progress, name) for name in _TOLD}
        draft = self.folder / f".{_FILE}.{os.getpid()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            header = {"progress": json.dumps(told), "name": self.name}
            save_file(dict(progress.tensors), draft, header)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(self.folder / _FILE)
        except (OSError, SafetensorError) as error:
            with suppress(OSError):
                draft.unlink()
            raise StanceError(
                f"{self.folder}: the state of the training cannot be written ({error}); "
                "make room, and go on with --resume"
            ) from error

    def forget(self) -> None:
        """Remove the run's folder."""
        if self.world.leads:
            shutil.rmtree(self.folder, ignore_errors=True)


def random_states(world: World) -> dict[str, Tensor]:
    """The states of the generators that draw dropout, of every process."""
    states = {f"cpu.{n}": state for n, state in enumerate(world.gather(torch.get_rng_state()))}
    if world.device.type == "cuda":
        found = world.gather(torch.cuda.get_rng_state(world.device))
        states |= {f"cuda.{n}": state for n, state in enumerate(found)}
    return states


def restore_random_states(states: Mapping[str, Tensor], world: World) -> None:
    """Set this process's generators to states that `random_states` gave."""
    torch.set_rng_state(states[f"cpu.{world.rank}"])
    if world.device.type == "cuda":
        torch.cuda.set_rng_state(states[f"cuda.{world.rank}"], world.device)


class StopRequest:
    """Whether the user or the system has asked the process to stop."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take a signal; a second one stops at once."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Turn Ctrl-C and SIGTERM into a request that the loop honours between two steps."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # signals come to the main thread only
        return
    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
