"""Read a checkpoint that PyTorch wrote before its version 1.6, without PyTorch and without running what a pickle asks for."""

import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .exceptions import TrainingError

_STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64, "DoubleStorage": np.float64}
_HEADERS = 3  # pickles before the table: a magic number, the protocol, the machine's sizes


def read_checkpoint(path: Path) -> dict[str, NDArray]:
    """Return name -> array of a checkpoint in PyTorch's legacy format.

    The layout: three pickled headers; a pickled table of tensors, each with its storage, offset, size and strides; a
    pickled list of storage keys; then each storage, an int64 count before its values.

    Raises:
        TrainingError: the file is damaged, in another format, or asks for anything that a table of tensors does not need.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except (pickle.UnpicklingError, EOFError, struct.error, KeyError, ValueError) as error:
        raise TrainingError(f"{path} is no checkpoint of PyTorch's legacy format: {error}") from error


def _read(file: BinaryIO) -> dict[str, NDArray]:
    for _ in range(_HEADERS):
        _Table(file).load()
    tensors = _Table(file).load()
    if not isinstance(tensors, Mapping):
        raise ValueError("its table of tensors is missing.")
    kinds = {key: kind for (_, kind, key), *_ in tensors.values()}
    data = {key: _values(file, np.dtype(_STORAGES[kinds[key]])) for key in _Table(file).load()}
    return {
        name: _tensor(data[key], offset, size, strides)
        for name, ((_, _, key), offset, size, strides) in tensors.items()
    }


def _values(file: BinaryIO, kind: np.dtype) -> NDArray:
    (count,) = struct.unpack("<q", file.read(8))
    content = file.read(count * kind.itemsize)
    if count < 0 or len(content) != count * kind.itemsize:
        raise ValueError("its values are cut off.")
    return np.frombuffer(content, kind)


def _tensor(values: NDArray, offset: int, size: tuple[int, ...], strides: tuple[int, ...]) -> NDArray:
    # Tensors may be permuted views, so the strides count; none may reach beyond its storage.
    last = offset + sum((length - 1) * stride for length, stride in zip(size, strides, strict=True))
    if offset < 0 or any(stride < 0 for stride in strides) or (0 not in size and last >= len(values)):
        raise ValueError("a tensor lies outside of its values.")
    steps = [stride * values.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(values[offset:], size, steps, writeable=False).copy()


class _Table(pickle.Unpickler):
    """Builds plain containers and descriptions of tensors; refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, strides, *_: (storage, offset, size, strides)
        if module == "torch" and name in _STORAGES:
            return name
        raise pickle.UnpicklingError(f"it asks for {module}.{name}.")

    def persistent_load(self, reference: Any) -> tuple[str, str, str]:
        """Return ("storage", kind, key) for a reference to a storage."""
        marker, kind, key, *_ = reference
        if marker != "storage":
            raise pickle.UnpicklingError(f"it refers to {marker!r}.")
        return marker, kind, key
