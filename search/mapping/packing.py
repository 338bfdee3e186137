"""Positions in few bytes: on a square of SIDE steps, in which the longer side of the map is filled."""

import numpy as np
from numpy.typing import NDArray

SIDE = 65_535  # steps; two bytes


def pack(entries: NDArray[np.int64], positions: NDArray[np.float32]) -> tuple[bytes, bytes]:
    """Return entries and positions, shapes (n,) and (n, 2), as bytes, little-endian on every machine."""
    lowest, highest = positions.min(axis=0), positions.max(axis=0)
    length = float((highest - lowest).max()) or 1.0
    middle = (lowest + highest) / 2
    steps = np.rint(((positions - middle) / length + 0.5) * SIDE).clip(0, SIDE)
    return entries.astype("<i8").tobytes(), steps.astype("<u2").tobytes()


def unpack(entries: bytes, positions: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return entries, shape (n,), and positions in steps from 0 to SIDE, shape (n, 2)."""
    return (
        np.frombuffer(entries, dtype="<i8").astype(np.int64),
        np.frombuffer(positions, dtype="<u2").reshape(-1, 2).astype(np.int64),
    )
