"""A BERT-like encoder in torch whose attention takes any mask. Knows token ids, not texts.

`stance/packing.py` says what the arrays mean. Any encoder with absolute positions serves (BERT,
MiniLM, ELECTRA, RoBERTa, XLM-R). The one place that knows how a bundle keeps weights for torch.
"""

import json
from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PretrainedConfig

from stance.errors import BundleError

# Families whose attention takes any mask and whose positions can be given, and how far their
# position table is offset (RoBERTa keeps its first rows for padding).
_POSITION_OFFSET = {"bert": 0, "electra": 0, "roberta": 2, "xlm-roberta": 2, "camembert": 2}


class EncoderNetwork(nn.Module):
    """A BERT-like encoder whose attention takes any mask; networks with a head build on it.

    Args:
        config: the encoder's configuration; its `model_type` must be one that takes the mask.
        encoder: the encoder's weights; from the configuration, untrained, where not given.

    Raises:
        BundleError: the encoder is of a family that cannot take the mask.
    """

    def __init__(self, config: PretrainedConfig, encoder: nn.Module | None = None) -> None:
        super().__init__()
        check_family(config)
        # Families differ in classes, not in the names of their parts.
        parts: Any = encoder if encoder is not None else AutoModel.from_config(config)
        self.config = config
        self.embeddings: Any = parts.embeddings
        self.layers: Any = parts.encoder.layer
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self._position_offset = _POSITION_OFFSET[config.model_type]

    @property
    def window(self) -> int:
        """The most tokens that a block may have."""
        return int(self.config.max_position_embeddings) - self._position_offset

    def encode_in(self, dtype: torch.dtype) -> Self:
        """Keep the encoder's weights in a dtype, and compute in it; the head stays as it is."""
        self.embeddings.to(dtype)
        self.layers.to(dtype)
        return self

    def embed(self, input_ids: Tensor, position_ids: Tensor, types: Tensor) -> Tensor:
        """What the first layer reads: (rows, length, hidden size)."""
        embedded: Tensor = self.embeddings(
            input_ids=input_ids,
            token_type_ids=types,
            position_ids=position_ids + self._position_offset,
        )
        return embedded

    def through(self, layer: Any, asked: Tensor, hidden: Tensor, bias: Tensor) -> Tensor:
        """One layer, for the tokens that are asked: (rows, asked, hidden size).

        Args:
            asked: what those tokens are so far.
            hidden: all tokens that they may look at, (rows, length, hidden size).
            bias: from `mask_bias`, (rows, 1, asked, length).
        """
        heads = self.config.num_attention_heads
        attention = layer.attention.self

        def split(x: Tensor) -> Tensor:
            return torch.unflatten(x, -1, (heads, -1)).transpose(1, 2)

        # No dropout on attention: on a CPU it would take a third of the training time.
        seen = functional.scaled_dot_product_attention(
            split(attention.query(asked)),
            split(attention.key(hidden)),
            split(attention.value(hidden)),
            attn_mask=bias,
        )
        seen = layer.attention.output(seen.transpose(1, 2).flatten(2), asked)
        after: Tensor = layer.output(layer.intermediate(seen), seen)
        return after

    def save_pretrained(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors`, weights in half precision."""
        folder.mkdir(parents=True, exist_ok=True)
        # Without the name that the encoder was loaded by: it may be a path of this machine.
        config = {key: v for key, v in self.config.to_dict().items() if key != "_name_or_path"}
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        weights = {name: w.detach().half().contiguous() for name, w in self.state_dict().items()}
        save_file(weights, folder / "model.safetensors")

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        """Read what `save_pretrained` wrote; the weights come back in single precision."""
        config = json.loads((folder / "config.json").read_text())
        network = cls(AutoConfig.for_model(**config))
        weights = load_file(folder / "model.safetensors")
        network.load_state_dict({name: w.float() for name, w in weights.items()})
        return network.eval()


def check_family(config: PretrainedConfig) -> None:
    """Check that an encoder of this configuration takes the mask.

    Raises:
        BundleError: it does not; the message names those that do.
    """
    if config.model_type not in _POSITION_OFFSET or (
        hasattr(config, "embedding_size") and (config.embedding_size != config.hidden_size)
    ):
        raise BundleError(
            f"encoder of type {config.model_type!r} cannot take the one-pass mask; "
            f"those that can: {', '.join(_POSITION_OFFSET)} (embeddings as wide as layers)"
        )


def same_group(group: Tensor) -> Tensor:
    """Which tokens of a row are of one group: (rows, length, length)."""
    return group.unsqueeze(2) == group.unsqueeze(1)


def mask_bias(sees: Tensor, dtype: torch.dtype) -> Tensor:
    """What is added to attention: (rows, 1, asked, length) from (rows, asked, length).

    0 where a token may look and the lowest number where not: no NaN in a row of padding.
    """
    bias = torch.zeros_like(sees, dtype=dtype)
    return bias.masked_fill(~sees, torch.finfo(dtype).min).unsqueeze(1)
