"""The networks in torch: an encoder, and a head that answers questions or tags tokens.

Knows token ids, not texts, and no device. Training trains these, and a GPU computes them. A head
computes in the precision of its own weights, whatever the encoder below it computes in.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig

from stance.calibration import N_LOGITS
from stance.tags import TAGS
from stance.torch_network.encoder import EncoderNetwork, mask_bias, same_group

LINK_WIDTH = 64


class StanceNetwork(EncoderNetwork):
    """A BERT-like encoder that reads one statement and many questions in one pass.

    Args and errors as for `EncoderNetwork`.
    """

    def __init__(self, config: PretrainedConfig, encoder: nn.Module | None = None) -> None:
        super().__init__(config, encoder)
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.out = nn.Linear(config.hidden_size, N_LOGITS)

    def forward(
        self, input_ids: Tensor, position_ids: Tensor, group: Tensor, block: Tensor, first: Tensor
    ) -> Tensor:
        """Logits of every question: (rows, questions, 7), four of stance, then three of sentiment.

        All inputs are integer tensors as in `stance.packing.Rows`.
        """
        logits: Tensor = self.out(self.readout(input_ids, position_ids, group, block, first))
        return logits

    def readout(
        self, input_ids: Tensor, position_ids: Tensor, group: Tensor, block: Tensor, first: Tensor
    ) -> Tensor:
        """What the head reads of every question: (rows, questions, hidden size)."""
        types = (block > 0).to(input_ids.dtype) if self.config.type_vocab_size > 1 else block * 0
        hidden = self.embed(input_ids, position_ids, types)
        bias = mask_bias(self.sees(group, block), hidden.dtype)
        for layer in self.layers[:-1]:
            hidden = self.through(layer, hidden, hidden, bias)
        # Nothing but the questions' first tokens is read, so the last layer computes only those.
        rows = first.to(torch.int64).unsqueeze(-1)
        asked = hidden.gather(1, rows.expand(-1, -1, hidden.shape[-1]))
        bias = bias.squeeze(1).gather(1, rows.expand(-1, -1, bias.shape[-1])).unsqueeze(1)
        asked = self.dropout(self.through(self.layers[-1], asked, hidden, bias))
        dense = self.dense(asked.to(self.dense.weight.dtype))
        read: Tensor = self.dropout(torch.tanh(dense))
        return read

    def sees(self, group: Tensor, block: Tensor) -> Tensor:
        """Which token may look at which: (rows, length, length), true where it may."""
        statement_or_own = (block.unsqueeze(1) == 0) | (block.unsqueeze(2) == block.unsqueeze(1))
        return same_group(group) & statement_or_own


class TagTensors(NamedTuple):
    """What a tagger's network says of every token.

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
        hidden = self.dropout(hidden).to(self.tags.weight.dtype)
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
