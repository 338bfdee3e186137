"""Augmentation of training pictures: geometry and background; colour and pattern, which queries name, are kept."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .config import Augmentation
from .photo_like import photo_like

Pixels = NDArray[np.uint8]

WHITE = 243  # least value of each channel of a studio background
LARGEST_BACKGROUND = 0.8  # a larger share is more likely a white garment


def augment(pixels: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """Mirror, shift, zoom and tilt each picture at random, and replace the background of some; make photos of others.

    Args:
        pixels: (n, height, width, 3) uint8.
        how: the largest changes, and the shares of replaced backgrounds and of photos.
        rng: random number generator; the same state gives the same pictures.
    """
    changed = mirror(pixels.copy(), how, rng)
    if not how.photo:
        return _in_the_studio(changed, how, rng)
    photos = rng.random(len(changed)) < how.photo
    changed[~photos] = _in_the_studio(changed[~photos], how, rng)
    changed[photos] = photo_like(changed[photos], rng, how)
    return changed


def mirror(pixels: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """Mirror half of the pictures (n, height, width, 3) in place, where `how` asks for it, and return them."""
    if how.flip:
        mirrored = rng.random(len(pixels)) < 0.5
        pixels[mirrored] = pixels[mirrored, :, ::-1]
    return pixels


def _in_the_studio(pixels: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    changed = pixels.copy()
    if how.background:
        chosen = rng.random(len(changed)) < how.background
        changed[chosen] = replace_backgrounds(changed[chosen], rng)
    if not (how.shift or how.zoom or how.perspective):
        return changed
    corners = _corners(len(changed), how, rng)
    for row, coefficients in enumerate(_perspectives(corners, *changed.shape[1:3])):
        changed[row] = _transform(changed[row], coefficients)
    return changed


def replace_backgrounds(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Replace white backgrounds with smooth coloured noise.

    Background is what is white from the frame inwards along a row or a column. Pictures that have none, or little
    else, are returned unchanged.
    """
    white = pixels.min(axis=-1) >= WHITE
    background = np.zeros_like(white)
    for axis in (1, 2):
        background |= np.logical_and.accumulate(white, axis=axis)
        background |= np.flip(np.logical_and.accumulate(np.flip(white, axis), axis=axis), axis)
    background[background.mean(axis=(1, 2)) > LARGEST_BACKGROUND] = False
    noise = _smooth_noise(*pixels.shape[:3], rng)
    return np.where(background[..., None], noise, pixels)


def _smooth_noise(count: int, height: int, width: int, rng: np.random.Generator) -> Pixels:
    # Muted colours around one mean on a coarse grid, interpolated linearly, like walls and floors.
    mean = rng.uniform(40, 220, (count, 1, 1, 1)) + rng.normal(0, 20, (count, 1, 1, 3))
    light = rng.normal(0, 1, (count, 6, 5, 1)) * rng.uniform(0, 50, (count, 1, 1, 1))
    grid = mean + light + rng.normal(0, 12, (count, 6, 5, 3))
    blended = np.einsum("hy,nyxc,wx->nhwc", _blend(height, 6), grid, _blend(width, 5), optimize=True)
    return np.clip(blended, 0, 255).astype(np.uint8)


def _blend(size: int, points: int) -> NDArray[np.float64]:
    at = np.linspace(0, points - 1, size)[:, None]
    return np.maximum(0.0, 1.0 - np.abs(at - np.arange(points)))


def _corners(count: int, how: Augmentation, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return (n, 4, 2): source positions of the picture's corners, as shares of its width and height."""
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    zoom = 1.0 + rng.uniform(-how.zoom, how.zoom, (count, 1, 1))
    shift = rng.uniform(-how.shift, how.shift, (count, 1, 2))
    tilt = rng.uniform(-how.perspective, how.perspective, (count, 4, 2))
    return (square - 0.5) * zoom + 0.5 + shift + tilt


def _perspectives(corners: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Return (n, 8): Pillow's coefficients of the perspective maps that send the frame's corners to `corners`."""
    scale = np.array([width, height])
    target = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) * scale
    source = corners * scale
    system = np.zeros((len(corners), 8, 8))
    for corner, (x, y) in enumerate(target):
        u, v = source[:, corner, 0], source[:, corner, 1]
        for part, value in ((0, u), (1, v)):
            row = system[:, 2 * corner + part]
            row[:, 3 * part : 3 * part + 3] = (x, y, 1.0)
            row[:, 6], row[:, 7] = -x * value, -y * value
    return np.linalg.solve(system, source.reshape(len(corners), 8, 1))[..., 0]


def _transform(picture: Pixels, coefficients: NDArray[np.float64]) -> Pixels:
    # The edge is continued beyond the frame, so that no visible border is learned.
    height, width, _ = picture.shape
    down, right = height // 2, width // 2
    padded = np.pad(picture, ((down, down), (right, right), (0, 0)), mode="edge")
    a, b, c, d, e, f, g, h = coefficients
    moved = (a + right * g, b + right * h, c + right, d + down * g, e + down * h, f + down, g, h)
    seen = Image.fromarray(padded).transform(
        (width, height), Image.Transform.PERSPECTIVE, moved, Image.Resampling.BILINEAR
    )
    return np.asarray(seen)
