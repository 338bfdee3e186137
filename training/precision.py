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
    if _has_accelerator():
        return "mixed_bfloat16"
    listed = set(features.read_text().split()) if features.exists() else set()
    return "mixed_bfloat16" if UNITS & listed else "float32"


def _has_accelerator() -> bool:
    if keras.backend.backend() == "torch":  # of which Keras lists no devices
        return keras.ops.zeros(()).device.type == "cuda"
    # Without a type these are GPUs or TPUs, else processors; JAX fails when asked for GPUs that are not there.
    return not keras.distribution.list_devices()[0].startswith("cpu")
