"""Which device computes, in which precision, and that it does so alike each time. Knows no network.

All that is set in torch for the whole process is set here.
"""

import os

import torch

from stance.errors import StanceError
from stance.torch_network.precision import Precision

_DTYPES = {
    Precision.FLOAT32: torch.float32,
    Precision.BFLOAT16: torch.bfloat16,
    Precision.FLOAT16: torch.float16,
}


def find_device(name: str) -> torch.device:
    """The device of a name: `cpu`, `cuda` or `cuda:N`.

    Raises:
        StanceError: it is none of these, or torch does not see it.
    """
    kind, colon, number = name.partition(":")
    if name != "cpu" and (kind != "cuda" or (colon and not number.isdecimal())):
        raise StanceError(f"device {name[:40]!r}: there are cpu, cuda and cuda:N")
    if name == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        reason = (
            "torch sees no GPU here"
            if torch.backends.cuda.is_built()
            else "this torch was built without CUDA: install a build with it"
        )
        raise StanceError(f"device {name}: {reason}; or compute on the CPU")
    if int(number or 0) >= (n_gpus := torch.cuda.device_count()):
        raise StanceError(f"device {name}: torch sees {n_gpus} here, counted from cuda:0")
    return torch.device("cuda", int(number or 0))


def dtype_on(device: torch.device, precision: Precision | None = None) -> torch.dtype:
    """The dtype of a precision; None: bfloat16 or float16 on a GPU, float32 on a CPU."""
    if precision is not None:
        return _DTYPES[precision]
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if has_fast_bfloat16(device) else torch.float16


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device computes bfloat16 in hardware; elsewhere it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def compute_repeatably() -> None:
    """Let the same batch have the same answer, and sums be as exact as their numbers are.

    For the whole process: kernels whose result depends on the order of threads are refused; a
    product in float32 is not rounded to TF32, and one in 16 bits is summed in float32.
    """
    # cuBLAS reads it when a GPU is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    # Else it would fill all memory before use, for code that reads what was never written. The
    # attribute is one of the module's class, which its types do not show.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
