"""PNGs of every depth that name one colour as transparent: it is white, and the others are themselves."""

import io
import struct
import zlib

import numpy as np
import pytest

from search.encoders.pictures import open_picture

SIDE = 64
INSIDE = (slice(16, 48), slice(16, 48))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows, depth, colours, transparent):
    """A PNG of packed rows whose transparent colour is this one."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, depth, colours, 0, 0, 0))
        + chunk(b"tRNS", struct.pack(f">{len(transparent)}H", *transparent))
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


def grey(depth, outside, inside):
    """A square of one grey on another, which is transparent."""
    values = np.full((SIDE, SIDE), outside)
    values[INSIDE] = inside
    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in values]
    else:
        bits = (values[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = [np.packbits(row.reshape(-1)).tobytes() for row in bits]
    return png(rows, depth, 0, (outside,))


@pytest.mark.parametrize(
    ("depth", "outside", "inside", "seen"),
    [
        (1, 0, 1, 255),
        (1, 1, 0, 0),
        (2, 1, 2, 170),
        (2, 0, 1, 85),
        (4, 1, 7, 119),
        (4, 15, 0, 0),
        (8, 0, 100, 100),
        (16, 0, 30_000, 117),
        (16, 30_000, 30_001, 117),
        (16, 65_535, 0, 0),
    ],
)
def test_a_transparent_grey_is_white(depth, outside, inside, seen):
    expected = np.full((SIDE, SIDE, 3), 255)
    expected[INSIDE] = seen
    picture = open_picture(io.BytesIO(grey(depth, outside, inside)))
    assert np.array_equal(np.asarray(picture), expected)


@pytest.mark.parametrize("outside", [(10_000, 20_000, 30_000), (0, 0, 0), (65_535, 0, 256)])
def test_a_transparent_colour_of_sixteen_bits_is_white(outside):
    values = np.empty((SIDE, SIDE, 3), dtype=">u2")
    values[:] = outside
    values[INSIDE] = (60_000, 300, 25_700)
    expected = np.full((SIDE, SIDE, 3), 255)
    expected[INSIDE] = (60_000 >> 8, 300 >> 8, 25_700 >> 8)
    picture = open_picture(io.BytesIO(png([row.tobytes() for row in values], 16, 2, outside)))
    assert np.array_equal(np.asarray(picture), expected)


def test_a_colour_that_the_depth_cannot_hold_is_cut_to_it():
    rows = [bytes([0x11] * (SIDE // 2))] * SIDE
    assert open_picture(io.BytesIO(png(rows, 4, 0, (0xFF1,)))).getpixel((3, 3)) == (255, 255, 255)
    assert open_picture(io.BytesIO(png(rows, 4, 0, (0xFF2,)))).getpixel((3, 3)) == (17, 17, 17)
