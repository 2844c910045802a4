"""What a training begins from: a bundle that was published, or an encoder."""

from pathlib import Path
from typing import TypeVar

from tokenizers import Tokenizer

from stance.bundle import Bundle, verify
from stance.errors import StanceError
from stance.manifest import ModelKind
from stance.torch_network.encoder import EncoderNetwork
from training.encoders import from_encoder

N = TypeVar("N", bound=EncoderNetwork)

_NEEDED = ("model.safetensors", "config.json")


def open_parent(
    models: Path, name: str | None, kind: ModelKind = ModelKind.STANCE
) -> Bundle | None:
    """The bundle to go on from, its every file checked; None where none is named.

    Args:
        models: the folder of bundles.
        name: of the bundle; `default` is the one that is served.
        kind: what the model is to do.

    Raises:
        StanceError: there is none of that name, it is of another kind, must not be trusted, or
            cannot be gone on from.
    """
    if name is None:
        return None
    parent = verify(models, None if name == "default" else name, kind).expect(kind)
    missing = [file for file in _NEEDED if file not in parent.manifest["files"]]
    if missing:
        raise StanceError(f"{parent.folder}: has no {missing[0]}, so no training can go on from it")
    return parent


def start_network(
    kind: type[N], parent: Bundle | None, base: str, seed: int
) -> tuple[N, Tokenizer]:
    """The network of a bundle, or an encoder with a fresh head; and its tokenizer.

    Args:
        kind: of the network.
        parent: the bundle.
        base: the encoder, where there is no bundle.
        seed: of the fresh head.

    Raises:
        StanceError: the encoder cannot be loaded, or cannot take the mask.
    """
    if parent is None:
        return from_encoder(kind, base, seed=seed)
    tokenizer = Tokenizer.from_file(str(parent.folder / "tokenizer.json"))
    return kind.from_pretrained(parent.folder), tokenizer
