"""Keep an array in a file that appears under its name only when it is whole."""

from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray


def keep(file: Path, values: NDArray) -> None:
    """Write `values` to `file` (.npy) in one step, so that a kill leaves no half of it; its folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
        np.save(part, values)
    Path(part.name).replace(file)
