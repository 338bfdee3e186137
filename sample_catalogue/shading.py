"""Light and shade: folds as a height map, cloth grain, and what the lamp makes of both."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

#: Light falls from the upper left: weights of the height's slope to the right and down.
LAMP = (0.6, 0.8)
COARSE = 4


class Fold(NamedTuple):
    """A soft ridge in the cloth from one point to another, in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: float = 14.0
    height: float = 1.0
    bend: float = 0.0


def blur(values: np.ndarray, radius: float) -> np.ndarray:
    """Return a `(h, w)` float array between 0 and 1 blurred by a Gaussian of that radius."""
    picture = Image.fromarray(np.clip(values * 255, 0, 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255.0


def shrink(values: np.ndarray, factor: int = COARSE) -> np.ndarray:
    """Return the array averaged over blocks; the edge is padded by repeating."""
    h, w = values.shape
    padded = np.pad(values, ((0, -h % factor), (0, -w % factor)), mode="edge")
    return padded.reshape(padded.shape[0] // factor, factor, padded.shape[1] // factor, factor).mean((1, 3))


def enlarge(values: np.ndarray, shape: tuple[int, int], factor: int = COARSE) -> np.ndarray:
    """Return the array enlarged smoothly by the factor and cut to the shape."""
    h, w = values.shape
    big = Image.fromarray(np.ascontiguousarray(values, np.float32)).resize(
        (w * factor, h * factor), Image.Resampling.BILINEAR
    )
    return np.asarray(big)[: shape[0], : shape[1]]


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float]) -> np.ndarray:
    """Return smooth noise of about unit variance whose bumps are `cell` (down, across) in size."""
    h, w = shape
    grid = rng.standard_normal((int(h / cell[0]) + 4, int(w / cell[1]) + 4)).astype(np.float32)
    full = Image.fromarray(grid).resize((w, h), Image.Resampling.BICUBIC)
    return np.asarray(full)


def fold_heights(folds: Sequence[Fold], x0: int, y0: int, shape: tuple[int, int]) -> np.ndarray:
    """Return the height map of the folds on the coarse grid of a crop.

    Args:
        folds: Ridges in picture pixels.
        x0: Left edge of the crop.
        y0: Top edge of the crop.
        shape: Shape of the coarse grid.
    """
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    xs = xs * COARSE + x0 + COARSE / 2
    ys = ys * COARSE + y0 + COARSE / 2
    height = np.zeros(shape, np.float32)
    for f in folds:
        dx, dy = f.x1 - f.x0, f.y1 - f.y0
        length = max(1e-3, float(np.hypot(dx, dy)))
        t = np.clip(((xs - f.x0) * dx + (ys - f.y0) * dy) / length**2, 0, 1)
        along = 4 * t * (1 - t)
        across = ((xs - f.x0) * dy - (ys - f.y0) * dx) / length - f.bend * along
        height += f.height * f.width * np.exp(-((across / f.width) ** 2)) * np.sqrt(along)
    return height


@cache
def grain(kind: str) -> np.ndarray:
    """Return the 640 x 640 brightness grain of a material, mean 0; the same in every process.

    Args:
        kind: cotton, denim, knit, leather, silk, canvas, mesh or none.
    """
    rng = np.random.default_rng(sum(map(ord, kind)))
    n = 640
    y, x = np.mgrid[0:n, 0:n].astype(np.float32)
    white = rng.standard_normal((n, n)).astype(np.float32)
    if kind == "denim":
        streak = (white + np.roll(white, 1, 0) + np.roll(white, 2, 0)) / 3
        twill = np.sin((x + y) * (2 * np.pi / 3.5))
        slub = smooth_noise(rng, (n, n), (26, 2.2))
        return (0.04 * twill + 0.06 * streak + 0.028 * slub).astype(np.float32)
    if kind == "knit":
        rib = np.cos(x * (2 * np.pi / 8))
        stitch = np.cos((y + 3 * np.abs((x % 8) / 4 - 1)) * (2 * np.pi / 5))
        return (0.10 * rib + 0.035 * stitch + 0.02 * white).astype(np.float32)
    if kind == "leather":
        cells = smooth_noise(rng, (n, n), (4, 4))
        return (0.026 * np.abs(cells) - 0.02 + 0.008 * white).astype(np.float32)
    if kind == "canvas":
        weave = np.sin(x * (2 * np.pi / 3)) * np.sin(y * (2 * np.pi / 3))
        return (0.05 * weave + 0.03 * white).astype(np.float32)
    if kind == "mesh":
        return (0.09 * np.sin(x * (2 * np.pi / 4)) * np.sin(y * (2 * np.pi / 4))).astype(np.float32)
    if kind == "silk":
        return (0.012 * smooth_noise(rng, (n, n), (40, 2))).astype(np.float32)
    if kind == "cotton":
        return (0.018 * white).astype(np.float32)
    return np.zeros((n, n), np.float32)


def lit(colour: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Return the colours under a light map, 1 being the flat cloth.

    Shade multiplies; light above 1 also adds white, or black cloth would show no folds at all.

    Args:
        colour: `(h, w, 3)` or `(3,)`, 0 to 1.
        light: `(h, w)`.
    """
    light = np.clip(light, 0.3, 1.6)[..., None]
    down = np.minimum(light, 1.0)
    up = np.maximum(light - 1.0, 0.0)
    return colour * down + (0.35 * colour + 0.55 * (1.0 - colour)) * up
