"""Packed rows -> logits, or tags, on ONNX Runtime. Knows arrays, not texts.

Threads follow the machine that the process may use, not the one that it runs on: the affinity
mask and the control group's CPU quota. Spinning is off, since two spinning threads on two busy
cores halve the throughput.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from stance.errors import BundleError
from stance.packing import Rows

A = TypeVar("A")


class Network(Protocol):
    """Anything that answers packed rows with logits (rows, questions, 7)."""

    def __call__(self, rows: Rows, /) -> NDArray[np.float32]:
        """Logits (rows, questions, 7)."""


def available_cpus(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """CPUs that this process may use: the affinity mask, and the cgroup v2 or v1 quota."""
    try:
        cpus = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this platform
        cpus = os.cpu_count() or 1
    for quota_file, period_file in (
        ("cpu.max", None),
        ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"),
    ):
        try:
            fields = (cgroup / quota_file).read_text().split()
            if period_file:
                fields += (cgroup / period_file).read_text().split()
            quota, period = float(fields[0]), float(fields[1])
        except (OSError, ValueError, IndexError):
            continue
        if quota > 0 and period > 0:
            return max(1, min(cpus, math.ceil(quota / period)))
    return cpus


class OnnxNetwork:
    """The exported network of a bundle.

    Args:
        path: the `.onnx` file.
        threads: how many to compute with; None for all that the process may use.

    Raises:
        BundleError: the file is no ONNX model that can be run.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self._session = _open_session(path, threads)

    def __call__(self, rows: Rows, /) -> NDArray[np.float32]:
        """Logits (rows, questions, 7) of every question in the rows."""
        (logits,) = self._session.run(None, rows.inputs())
        return np.asarray(logits, np.float32)


class TokenTags(NamedTuple):
    """What a tagger's network says of every token.

    Attributes:
        tags: (rows, length, 7), logits of `stance.tags.TAGS`.
        link_from, link_to: (rows, length, 64); the product of the one vector of a span's first
            token and the other of a cue's says how well they belong together.
    """

    tags: NDArray[np.float32]
    link_from: NDArray[np.float32]
    link_to: NDArray[np.float32]


# Anything that answers packed rows of windows.
TagNetwork = Callable[[Rows], TokenTags]


@runtime_checkable
class QueuedNetwork(Protocol):
    """A network that takes rows ahead, so that it need not wait for the next ones."""

    def each(self, rows: Iterable[Rows], /) -> Iterator[Any]:
        """The answer to each rows, in order."""


def answers(network: Callable[[Rows], A], rows: Iterable[Rows]) -> Iterator[A]:
    """What a network says of each rows, in order, lazily.

    The next rows are asked for when an answer is taken; by a network with a queue, before that.
    """
    return network.each(rows) if isinstance(network, QueuedNetwork) else map(network, rows)


class OnnxTagNetwork:
    """The exported network of a tagger's bundle; arguments and errors as for `OnnxNetwork`."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self._session = _open_session(path, threads)

    def __call__(self, rows: Rows, /) -> TokenTags:
        """Tags and link vectors of every token in the rows."""
        return TokenTags(*self._session.run(list(TokenTags._fields), rows.token_inputs()))


def _open_session(path: Path, threads: int | None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or available_cpus()
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Every batch has a shape of its own, so patterns of memory would only pile up. The arena
    # stays: batches are bounded, and without it pages go back and forth to the system.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    try:
        # The fused skip-and-normalise kernel is slower than its parts: without it a batch
        # takes a fifth less time (onnxruntime 1.32).
        return onnxruntime.InferenceSession(
            str(path),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],
        )
    except Exception as error:  # onnxruntime raises bare pybind exceptions
        raise BundleError(f"{path}: ONNX Runtime cannot load it: {error}") from error
