"""Cutting a product out of its studio picture: which pixels are background, and a soft edge."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

WHITE = 243  # least value of each channel of a studio background
PURE = 252  # where a background at WHITE leaks into a white garment
LEAK = 0.04  # share of the picture by which the two may differ
EDGE = 205  # least value of pixels beside the background that are a mixture with it
LEAST, MOST = 0.02, 0.99  # shares of background between which a picture counts as cut out
_CHUNK = 16  # pictures at a time, so that they stay in the processor's cache
_SWEEPS = 2  # passes in all four directions; background behind more bends stays with the product
_FLAT = 3  # radius of squares without any shade that are background inside a product, as between arm and body
_MOST_INSIDE = 0.04  # share of the picture; a larger white area inside is a white garment


def backgrounds(pixels: Pixels) -> Mask:
    """Return (n, height, width): near-white pixels that are connected with the frame, and small gaps inside the product.

    A picture of which less than 2 % or more than 99 % would be background has none.

    Args:
        pixels: (n, height, width, 3).
    """
    found = np.empty(pixels.shape[:3], dtype=np.bool_)
    for start in range(0, len(pixels), _CHUNK):
        found[start : start + _CHUNK] = _backgrounds(pixels[start : start + _CHUNK])
    return found


def _backgrounds(pixels: Pixels) -> Mask:
    least = np.minimum(np.minimum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])
    found = _connected(least >= WHITE)
    # Shrunk: without the seam that compression leaves around a product.
    doubtful = np.flatnonzero(_shrunk(found & (least < PURE), 2).mean(axis=(1, 2)) > LEAK)
    pure = _connected(least[doubtful] >= PURE)
    leaking = _shrunk(found[doubtful] & ~pure, 2).mean(axis=(1, 2)) > LEAK
    found[doubtful[leaking]] = pure[leaking]
    inside = _grown(_shrunk(least >= PURE, _FLAT), _FLAT) & ~found
    found |= inside & (inside.mean(axis=(1, 2)) < _MOST_INSIDE)[:, None, None]
    mixed = least >= EDGE
    for _ in range(2):
        found |= _grown(found, 1) & mixed
    share = found.mean(axis=(1, 2))
    found[(share < LEAST) | (share > MOST)] = False
    return found


def _connected(white: Mask) -> Mask:
    # A pixel is reached when it is white and its neighbour in the sweep's direction is reached.
    reached = np.zeros_like(white)
    reached[:, (0, -1)] = white[:, (0, -1)]
    reached[:, :, (0, -1)] = white[:, :, (0, -1)]
    for axis in (1, 2) * _SWEEPS:
        lines = np.ascontiguousarray(np.moveaxis(reached, axis, 0))
        allowed = np.ascontiguousarray(np.moveaxis(white, axis, 0))
        for line in range(1, len(lines)):
            lines[line] |= lines[line - 1] & allowed[line]
        for line in range(len(lines) - 2, -1, -1):
            lines[line] |= lines[line + 1] & allowed[line]
        reached = np.moveaxis(lines, 0, axis)
    return np.ascontiguousarray(reached)


def _shrunk(mask: Mask, by: int) -> Mask:
    return ~_grown(~mask, by)


def _grown(mask: Mask, by: int) -> Mask:
    grown = mask
    for _ in range(by):
        down = grown.copy()
        down[:, 1:] |= grown[:, :-1]
        down[:, :-1] |= grown[:, 1:]
        grown = down.copy()
        grown[:, :, 1:] |= down[:, :, :-1]
        grown[:, :, :-1] |= down[:, :, 1:]
    return grown


_SOFT = np.clip((np.arange(256) - 120) * 255.0 / 115, 0, 255).astype(int).tolist()
_DARK = np.clip((170 - np.arange(256)) * 4, 0, 255).astype(int).tolist()


def opacity(picture: Pixels, background: Mask) -> Pixels:
    """Return (height, width) uint8 of one picture: 255 inside the product, falling to 0 at its edge.

    Args:
        picture: (height, width, 3).
        background: (height, width), its row of `backgrounds`.
    """
    if not background.any():
        return np.full(background.shape, 255, dtype=np.uint8)
    mask = Image.fromarray(np.where(background, np.uint8(0), np.uint8(255)))
    soft = mask.filter(ImageFilter.BoxBlur(max(0.7, len(background) / 130))).point(_SOFT)
    dark = Image.fromarray(picture).getchannel("G").point(_DARK)  # chains and straps are thinner than an edge
    return np.asarray(ImageChops.lighter(soft, dark))


def without_head(alpha: Pixels) -> Pixels:
    """Return the opacity of a person's picture without head and neck; of other pictures unchanged.

    A person, as catalogues show garments, reaches the lower frame and is narrow at the top.
    """
    widths = (alpha > 127).sum(axis=1)
    rows = np.flatnonzero(widths)
    if not len(rows) or rows[-1] < len(alpha) - len(alpha) // 40 - 2:
        return alpha
    widest = widths.max()
    top, height = rows[0], len(alpha) - rows[0]
    shoulders = int(np.argmax(widths > 0.62 * widest))
    if not 0.08 < (shoulders - top) / height < 0.35 or widths[top : top + height // 10].max() > 0.5 * widest:
        return alpha
    headless = alpha.copy()
    headless[: shoulders - max(1, height // 40)] = 0
    return headless
