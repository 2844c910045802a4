"""A bundle and the name of a device -> an engine that computes there with torch."""

from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError

from stance.article_tokens import ArticleReader
from stance.bundle import Bundle, verify_files
from stance.classifier import BATCH_TOKENS, WINDOW_STATEMENTS, Classifier
from stance.errors import BundleError
from stance.manifest import ModelKind
from stance.render import Renderer, read_tokenizer
from stance.tagger import PORTION_TOKENS, Tagger
from stance.torch_network.device import compute_repeatably, dtype_on, find_device
from stance.torch_network.encoder import EncoderNetwork
from stance.torch_network.heads import StanceNetwork, TaggerNetwork
from stance.torch_network.precision import Precision
from stance.torch_network.row_queue import TorchNetwork, TorchTagNetwork

# A GPU of 4 GB holds so many tokens of an encoder of 384 numbers a token many times over.
GPU_BATCH_TOKENS = 65_536
GPU_WINDOW_STATEMENTS = 1024
_GPU_PORTION_BATCHES = 4
_FILES = ("model.safetensors", "config.json")

N = TypeVar("N", bound=EncoderNetwork)


def open_classifier(
    bundle: Bundle, device: str, precision: Precision | None, batch_tokens: int | None
) -> Classifier:
    """As `stance.torch_network.open_classifier`."""
    bundle.expect(ModelKind.STANCE)
    where = find_device(device)
    network = TorchNetwork(_network_on(where, StanceNetwork, bundle, precision), where)
    on_gpu = where.type == "cuda"
    return Classifier(
        network,
        Renderer(read_tokenizer(bundle.folder / "tokenizer.json"), bundle.window),
        bundle.calibration,
        bundle.name,
        bundle.prediction_sets,
        batch_tokens=batch_tokens or (GPU_BATCH_TOKENS if on_gpu else BATCH_TOKENS),
        window_statements=GPU_WINDOW_STATEMENTS if on_gpu else WINDOW_STATEMENTS,
    )


def open_tagger(
    bundle: Bundle, device: str, precision: Precision | None, batch_tokens: int | None
) -> Tagger:
    """As `stance.torch_network.open_tagger`."""
    bundle.expect(ModelKind.EXTRACTION)
    where = find_device(device)
    network = TorchTagNetwork(_network_on(where, TaggerNetwork, bundle, precision), where)
    on_gpu = where.type == "cuda"
    batch = batch_tokens or (GPU_BATCH_TOKENS if on_gpu else BATCH_TOKENS)
    return Tagger(
        network,
        ArticleReader(read_tokenizer(bundle.folder / "tokenizer.json"), bundle.window),
        bundle.name,
        batch_tokens=batch,
        portion_tokens=_GPU_PORTION_BATCHES * batch if on_gpu else PORTION_TOKENS,
    )


def _network_on(
    device: torch.device, kind: type[N], bundle: Bundle, precision: Precision | None
) -> N:
    missing = [name for name in _FILES if name not in bundle.manifest["files"]]
    if missing:
        raise BundleError(f"{bundle.folder}: has no {missing[0]}, so torch cannot compute it")
    verify_files(bundle, _FILES)
    if device.type == "cuda":
        compute_repeatably()
    network = _read(kind, bundle.folder)
    return network.encode_in(dtype_on(device, precision)).to(device)


def _read(kind: type[N], folder: Path) -> N:
    try:
        return kind.from_pretrained(folder)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        on_one_line = " ".join(str(error).split())
        raise BundleError(f"{folder}: torch cannot load its weights: {on_one_line}") from error
