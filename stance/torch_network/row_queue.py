"""Packed rows -> answers of a network in torch, on one device. Knows arrays, not texts.

On a GPU it is one long queue: rows go there from pinned memory and answers come back while others
are computed, so that the GPU waits only where the rows are slow to come. Rows are padded to few
shapes, which kernels are chosen for once.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stance.errors import StanceError
from stance.network import TokenTags
from stance.packing import PADDING_GROUP, Rows
from stance.torch_network.encoder import EncoderNetwork
from stance.torch_network.heads import StanceNetwork, TaggerNetwork

# Batches that a GPU has been given and not yet answered while the next is laid out.
_IN_FLIGHT = 2
# Rows, and tokens or questions of a row, are padded to multiples of these.
_ROWS, _LENGTH, _QUESTIONS = 8, 32, 8


class TorchNetwork:
    """The network of a classifier, on one device.

    Args:
        network: there already, and in evaluation mode.
        device: where it is.
        few_shapes: pad rows to few shapes; None: on a GPU.
    """

    def __init__(
        self, network: StanceNetwork, device: torch.device, *, few_shapes: bool | None = None
    ) -> None:
        self._queue = _RowQueue(network, device, few_shapes)

    def __call__(self, rows: Rows, /) -> NDArray[np.float32]:
        """Logits (rows, questions, 7) of every question in the rows."""
        [logits] = self.each([rows])
        return logits

    def each(self, rows: Iterable[Rows], /) -> Iterator[NDArray[np.float32]]:
        """The logits of each rows, in order; on a GPU some rows are read ahead.

        Raises:
            StanceError: the GPU has too little memory.
        """
        for (logits,) in self._queue.each(one.inputs() for one in rows):
            yield logits


class TorchTagNetwork:
    """The network of a tagger, on one device; arguments and errors as for `TorchNetwork`."""

    def __init__(
        self, network: TaggerNetwork, device: torch.device, *, few_shapes: bool | None = None
    ) -> None:
        self._queue = _RowQueue(network, device, few_shapes)

    def __call__(self, rows: Rows, /) -> TokenTags:
        """Tags and link vectors of every token in the rows."""
        [tags] = self.each([rows])
        return tags

    def each(self, rows: Iterable[Rows], /) -> Iterator[TokenTags]:
        """The tags of each rows, in order; on a GPU some rows are read ahead."""
        for answers in self._queue.each(one.token_inputs() for one in rows):
            yield TokenTags(*answers)


class _Launched(NamedTuple):
    """Answers on their way to the host.

    Attributes:
        answers: of the padded rows; not to be read before `arrived`.
        arrived: None where they are there.
        shape: rows, and tokens or questions of a row, without padding.
    """

    answers: tuple[Tensor, ...]
    arrived: torch.cuda.Event | None
    shape: tuple[int, int]


class _RowQueue:
    def __init__(
        self, network: EncoderNetwork, device: torch.device, few_shapes: bool | None
    ) -> None:
        self._network, self._device = network, device
        self._on_gpu = device.type == "cuda"
        self._few_shapes = self._on_gpu if few_shapes is None else few_shapes

    def each(
        self, inputs: Iterable[Mapping[str, NDArray[np.int32]]]
    ) -> Iterator[list[NDArray[np.float32]]]:
        """The network's outputs for each inputs, in order."""
        launched: deque[_Launched] = deque()
        for one in inputs:
            launched.append(self._launch(one))
            if len(launched) > (_IN_FLIGHT if self._on_gpu else 0):
                yield _landed(launched.popleft())
        while launched:
            yield _landed(launched.popleft())

    def _launch(self, inputs: Mapping[str, NDArray[np.int32]]) -> _Launched:
        try:
            with torch.inference_mode():
                found = self._network(**{k: self._sent(k, a) for k, a in inputs.items()})
                outputs = (found,) if isinstance(found, Tensor) else found
                # Into pinned memory, where it comes from a GPU.
                answers = tuple(one.float().to("cpu", non_blocking=True) for one in outputs)
        except torch.OutOfMemoryError as error:
            n_tokens = inputs["input_ids"].size
            raise StanceError(
                f"{self._device} has too little memory for {n_tokens:,} tokens at once; free some,"
                " or ask for smaller batches"
            ) from error
        arrived = None
        if self._on_gpu:
            arrived = torch.cuda.Event(blocking=True)  # a waiting thread leaves its core to others
            arrived.record(torch.cuda.current_stream(self._device))
        asked = inputs.get("first", inputs["input_ids"])
        return _Launched(answers, arrived, (asked.shape[0], asked.shape[1]))

    def _sent(self, name: str, array: NDArray[np.int32]) -> Tensor:
        """An input on the device; a GPU copies it while this goes on."""
        n_rows, length = array.shape
        shape = (n_rows, length)
        if self._few_shapes:
            step = _QUESTIONS if name == "first" else _LENGTH
            shape = (-(-n_rows // _ROWS) * _ROWS, -(-length // step) * step)
        padding = PADDING_GROUP if name == "group" else 0
        host = torch.full(shape, padding, dtype=torch.int32, pin_memory=self._on_gpu)
        host.numpy()[:n_rows, :length] = array
        return host.to(self._device, non_blocking=True)


def _landed(launched: _Launched) -> list[NDArray[np.float32]]:
    if launched.arrived is not None:
        launched.arrived.synchronize()
    n_rows, length = launched.shape
    return [np.asarray(one.numpy()[:n_rows, :length]) for one in launched.answers]
