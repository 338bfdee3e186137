"""Colour profiles other than that of sRGB, made here."""

import struct

import numpy as np
from PIL import Image, ImageCms

GRID = 9  # points of each ink in the table of the made profile
GAIN = 0.8  # inks of that press print lighter than Pillow takes them for


def _number(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _packed(space: bytes, kind: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A profile of version 2 of these tags."""
    table, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    header = struct.pack(">I4sI", at + len(body), bytes(4), 0x02100000) + kind + space + connection
    white = _number(0.9642) + _number(1) + _number(0.8249)
    return header + bytes(12) + b"acsp" + bytes(28) + white + bytes(48) + table + body


def _described() -> dict[bytes, bytes]:
    return {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"a\0" + bytes(8 + 70),
        b"wtpt": b"XYZ " + bytes(4) + _number(0.9642) + _number(1) + _number(0.8249),
    }


def wide() -> bytes:
    """Primaries and gamma of Adobe RGB (1998)."""
    primaries = {
        b"rXYZ": (0.60974, 0.31111, 0.01947),
        b"gXYZ": (0.20528, 0.62567, 0.06087),
        b"bXYZ": (0.14919, 0.06322, 0.74457),
    }
    tags = {name: b"XYZ " + bytes(4) + b"".join(map(_number, xyz)) for name, xyz in primaries.items()}
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256))
    return _packed(
        b"RGB ", b"mntr", b"XYZ ", _described() | tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    )


def press() -> bytes:
    """A press whose inks leave (1 - ink) ** GAIN of each colour of sRGB, as a table from CMYK to Lab."""
    steps = 1 - np.arange(GRID) / (GRID - 1)
    inks = np.stack(np.meshgrid(steps, steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 4)
    colours = (inks[:, :3] * inks[:, 3:]) ** GAIN
    rgb = Image.fromarray((colours * 255).round().astype(np.uint8)[None])
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    lab = np.asarray(ImageCms.applyTransform(rgb, to_lab)).reshape(-1, 3).astype(np.uint8)
    lab = np.stack([lab[:, 0], lab[:, 1] ^ 0x80, lab[:, 2] ^ 0x80], axis=-1)  # Pillow has them signed
    straight = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, GRID, 0])
    table += b"".join(_number(value) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    table += straight * 4 + lab.tobytes() + straight * 3
    return _packed(b"CMYK", b"prtr", b"Lab ", _described() | {b"A2B0": table, b"A2B1": table})
