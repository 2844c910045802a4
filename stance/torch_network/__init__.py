"""The networks of bundles in torch, above all on a GPU. Importing this imports no torch.

    from stance.torch_network import open_classifier

    classifier = open_classifier(open_bundle(models_dir()), "cuda")

The same packed rows as on ONNX Runtime, from `model.safetensors` and `config.json`. Used where it
is asked for by name, never by itself. Extra: gpu. Knows nothing of training, which builds on it.

Opening on a GPU sets torch for the whole process, as `device.compute_repeatably` says: the same
batch has the same answer again, and float32 is not rounded to TF32.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from stance.bundle import Bundle
from stance.classifier import Classifier
from stance.errors import MissingExtraError
from stance.tagger import Tagger
from stance.torch_network.precision import Precision

_EXTRA = {"torch", "transformers", "safetensors"}


def open_classifier(
    bundle: Bundle,
    device: str,
    *,
    precision: Precision | None = None,
    batch_tokens: int | None = None,
) -> Classifier:
    """The classifier of a bundle, computed with torch.

    Args:
        bundle: a verified one.
        device: `cpu`, `cuda` or `cuda:N`.
        precision: None: on a GPU bfloat16 where it is in hardware and float16 where not, on a CPU
            float32.
        batch_tokens: of the rows that are computed together; None: as many as suit the device.

    Raises:
        MissingExtraError: torch is not installed.
        BundleError: the bundle is of another kind, has no weights for torch, or cannot be read.
        StanceError: there is no such device here.
    """
    with _extra_needed():
        from stance.torch_network import opening
    return opening.open_classifier(bundle, device, precision, batch_tokens)


def open_tagger(
    bundle: Bundle,
    device: str,
    *,
    precision: Precision | None = None,
    batch_tokens: int | None = None,
) -> Tagger:
    """The tagger of a bundle, computed with torch; arguments and errors as above."""
    with _extra_needed():
        from stance.torch_network import opening
    return opening.open_tagger(bundle, device, precision, batch_tokens)


@contextmanager
def _extra_needed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise MissingExtraError("computing on a GPU", "gpu") from None
