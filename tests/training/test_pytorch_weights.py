"""Checkpoints are written here byte by byte, as PyTorch wrote them before its version 1.6."""

import io
import pickle
import struct
from collections import OrderedDict

import numpy as np
import pytest

from training.exceptions import TrainingError
from training.pytorch_weights import read_checkpoint

MAGIC = 0x1950A86A20F9469CFC6C


def checkpoint(tensors, values, *, kind="FloatStorage", function=("torch._utils", "_rebuild_tensor_v2")):
    """`tensors`: name -> (storage key, offset, size, strides); `values`: storage key -> array."""
    out = io.BytesIO()
    for header in (MAGIC, 1001, {"little_endian": True}):
        pickle.dump(header, out, protocol=2)
    table = [b"\x80\x02", b"ccollections\nOrderedDict\n)R("]
    for name, (key, offset, size, strides) in tensors.items():
        table += [_text(name), f"c{function[0]}\n{function[1]}\n".encode(), b"(("]
        table += [_text("storage"), f"ctorch\n{kind}\n".encode(), _text(key), _text("cpu")]
        table += [_number(len(values[key])), b"NtQ", _number(offset), _tuple(size), _tuple(strides)]
        table += [b"\x89ccollections\nOrderedDict\n)RtR"]
    table += [b"u."]
    out.write(b"".join(table))
    pickle.dump(list(values), out, protocol=2)
    for array in values.values():
        out.write(struct.pack("<q", len(array)) + array.tobytes())
    return out.getvalue()


def _text(words):
    return b"X" + struct.pack("<I", len(words)) + words.encode()


def _number(value):
    return b"J" + struct.pack("<i", value)


def _tuple(values):
    return b"(" + b"".join(map(_number, values)) + b"t"


@pytest.fixture
def read(tmp_path):
    def write_and_read(content):
        file = tmp_path / "weights.pth"
        file.write_bytes(content)
        return read_checkpoint(file)

    return write_and_read


SIX = np.arange(6, dtype=np.float32)


def test_tensors_are_read_with_their_shapes(read):
    found = read(checkpoint({"a": ("0", 0, (2, 3), (3, 1)), "b": ("0", 2, (2,), (1,))}, {"0": SIX}))
    assert isinstance(found, OrderedDict | dict)
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["b"].tolist() == [2, 3]


def test_a_permuted_tensor_keeps_its_strides(read):
    assert read(checkpoint({"a": ("0", 0, (3, 2), (1, 3))}, {"0": SIX}))["a"].tolist() == [
        [0, 3],
        [1, 4],
        [2, 5],
    ]


def test_whole_numbers_and_several_storages(read):
    longs = np.array([7, 8], dtype=np.int64)
    assert read(checkpoint({"n": ("1", 1, (), ())}, {"1": longs}, kind="LongStorage"))["n"] == 8


@pytest.mark.parametrize(
    ("tensor", "what"),
    [
        (("0", 0, (2, 4), (3, 1)), "outside"),
        (("0", 6, (1,), (1,)), "outside"),
        (("0", -1, (1,), (1,)), "outside"),
        (("0", 5, (2,), (-1,)), "outside"),
    ],
)
def test_a_tensor_never_reaches_beyond_its_values(read, tensor, what):
    with pytest.raises(TrainingError, match=what):
        read(checkpoint({"a": tensor}, {"0": SIX}))


def test_a_call_of_anything_else_is_refused(read, tmp_path):
    content = checkpoint({"a": ("0", 0, (2,), (1,))}, {"0": SIX}, function=("os", "mkdir"))
    with pytest.raises(TrainingError, match=r"os\.mkdir"):
        read(content)


@pytest.mark.parametrize("end", [0, 10, 40, 200, -3])
def test_a_cut_file_is_named(read, end):
    content = checkpoint({"a": ("0", 0, (2, 3), (3, 1))}, {"0": SIX})
    with pytest.raises(TrainingError, match=r"weights\.pth is no checkpoint"):
        read(content[:end])


def test_a_file_of_another_kind_is_named(read):
    with pytest.raises(TrainingError, match="no checkpoint"):
        read(b"PK\x03\x04 a newer format is a ZIP archive")
