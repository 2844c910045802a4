"""What a training begins from: a bundle that was published, or an encoder."""

from pathlib import Path

from tokenizers import Tokenizer

from stance.bundle import Bundle, verify
from stance.errors import StanceError
from stance.manifest import ModelKind
from stance.torch_network.heads import StanceNetwork, TaggerNetwork
from training.encoders import from_encoder

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


def start_network(parent: Bundle | None, base: str, seed: int) -> tuple[StanceNetwork, Tokenizer]:
    """The network of a bundle, or an encoder with a fresh head; and its tokenizer.

    Raises:
        StanceError: the encoder cannot be loaded, or cannot take the mask.
    """
    if parent is None:
        return from_encoder(StanceNetwork, base, seed=seed)
    tokenizer = Tokenizer.from_file(str(parent.folder / "tokenizer.json"))
    return StanceNetwork.from_pretrained(parent.folder), tokenizer


def start_tagger(parent: Bundle | None, base: str, seed: int) -> tuple[TaggerNetwork, Tokenizer]:
    """The tagger's network of a bundle, or an encoder with a fresh head; and its tokenizer.

    Raises:
        StanceError: the encoder cannot be loaded, or cannot take the mask.
    """
    if parent is None:
        return from_encoder(TaggerNetwork, base, seed=seed)
    tokenizer = Tokenizer.from_file(str(parent.folder / "tokenizer.json"))
    return TaggerNetwork.from_pretrained(parent.folder), tokenizer
