"""What a weights file holds."""

from pathlib import Path

import h5py
import numpy as np


def weights_of(file: Path) -> dict[str, np.ndarray]:
    """Return every array in a weights file, the optimizer's too, by its path."""
    arrays: dict[str, np.ndarray] = {}
    with h5py.File(file) as content:
        content.visititems(
            lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    return arrays
