"""What an encoder can compute in, by name. Knows no torch."""

from enum import StrEnum


class Precision(StrEnum):
    """What the encoder computes in; the head always computes in float32."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
