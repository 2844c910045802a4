"""Labelled pairs -> what a network makes of them before its last layer. Knows no labels."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from stance.packing import Group, lay_out
from stance.render import Renderer
from stance.torch_network.heads import StanceNetwork
from training.examples import Example

_BATCH = 16


def readouts(
    network: StanceNetwork, renderer: Renderer, examples: Sequence[Example]
) -> NDArray[np.float32]:
    """The network's readout of every label's question: (labels, hidden size).

    In the order of the examples and of their labels.
    """
    found = []
    device = next(network.parameters()).device
    network.eval()
    for n in range(0, len(examples), _BATCH):
        batch = examples[n : n + _BATCH]
        blocks = renderer.statements([example.statement.text for example in batch])
        groups = [
            Group(block, tuple(renderer.question(label.question) for label in example.labels))
            for example, block in zip(batch, blocks, strict=True)
        ]
        rows = lay_out([[group] for group in groups])
        with torch.inference_mode():
            inputs = {k: torch.from_numpy(a).to(device) for k, a in rows.inputs().items()}
            read = network.readout(**inputs).float().cpu().numpy()
        found += [row[:count] for row, count in zip(read, rows.n_questions, strict=True)]
    return np.concatenate(found) if found else np.empty((0, network.config.hidden_size), np.float32)
