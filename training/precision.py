"""Which number format the backbone computes in: bfloat16 where the machine has units for it."""

from pathlib import Path

import keras

# Linux' names of processor features that multiply bfloat16: Intel's and AMD's, then ARM's.
UNITS = {"amx_bf16", "avx512_bf16", "bf16"}


def policy(wanted: str, *, features: Path = Path("/proc/cpuinfo")) -> str:
    """Return Keras' dtype policy for `wanted`; "auto" becomes mixed_bfloat16 or float32.

    Args:
        wanted: "auto" or a dtype policy.
        features: where the system lists its processor's features.
    """
    if wanted != "auto":
        return wanted
    if keras.distribution.list_devices("gpu"):
        return "mixed_bfloat16"
    listed = set(features.read_text().split()) if features.exists() else set()
    return "mixed_bfloat16" if UNITS & listed else "float32"
