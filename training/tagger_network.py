"""The tagger in torch: packed rows -> what each token is, and which cue a span belongs to.

The encoder of `training/network.py` with another head. Knows token ids, not texts.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig

from stance.tags import TAGS
from training.network import EncoderNetwork, mask_bias, same_group

LINK_WIDTH = 64


class TagTensors(NamedTuple):
    """What the network says of every token.

    Attributes:
        tags: (rows, length, 7), logits of `stance.tags.TAGS`.
        link_from, link_to: (rows, length, 64). `stance.tagger.link_scores` says how they are read.
    """

    tags: Tensor
    link_from: Tensor
    link_to: Tensor


class TaggerNetwork(EncoderNetwork):
    """A BERT-like encoder that tags the tokens of windows, each of which sees itself alone.

    Half of a link vector is turned by the place of its token, so that a product tells how far apart
    two tokens are (rotary positions; Su et al., "RoFormer", 2021): most cues are the nearest. Both
    vectors have a bias of their own, so that the score of a pair has a part that is of the span
    alone: how much it wants any cue at all. No cue scores 0.

    Args and errors as for `EncoderNetwork`.
    """

    def __init__(self, config: PretrainedConfig, encoder: nn.Module | None = None) -> None:
        super().__init__(config, encoder)
        self.tags = nn.Linear(config.hidden_size, len(TAGS))
        self.link_from = nn.Linear(config.hidden_size, LINK_WIDTH)
        self.link_to = nn.Linear(config.hidden_size, LINK_WIDTH)

    def forward(self, input_ids: Tensor, position_ids: Tensor, group: Tensor) -> TagTensors:
        """Tags and link vectors of every token; all inputs (rows, length), as in `Rows`."""
        hidden = self.embed(input_ids, position_ids, input_ids * 0)
        bias = mask_bias(same_group(group), hidden.dtype)
        for layer in self.layers:
            hidden = self.through(layer, hidden, hidden, bias)
        hidden = self.dropout(hidden)
        return TagTensors(
            self.tags(hidden),
            turned(self.link_from(hidden), position_ids),
            turned(self.link_to(hidden), position_ids),
        )


def turned(vectors: Tensor, places: Tensor) -> Tensor:
    """Vectors (..., n) whose upper half is turned, pair by pair, by their places (...)."""
    width = vectors.shape[-1] // 4
    rates = 10_000.0 ** -(torch.arange(width, device=vectors.device) / width)
    angles = places.unsqueeze(-1) * rates
    still, one, other = vectors.float().split([2 * width, width, width], -1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([still, one * cos - other * sin, one * sin + other * cos], -1)
