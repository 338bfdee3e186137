"""Drawn surfaces that photos are taken on: wood, cloth, carpet, tiles, walls, and a mess of other products.

A surface is light (about 1) times a colour, with a second colour where it has a print, a floor or the like. Each is drawn from
random numbers alone; lengths are in pixels of a frame of 160 x 120 and scale with the frame.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Values = NDArray[np.float32]
Colour = NDArray[np.float32]
Drawn = tuple[Values, Values | None, Colour]  # light, where the second colour is (0 to 1), first colour

# Means of what people's floors look like, in red, green, blue.
_WOOD = ((206, 160, 100), (212, 180, 140), (150, 100, 62), (180, 168, 152), (120, 84, 58), (222, 200, 168))
_CARPET = ((160, 155, 148), (120, 116, 112), (196, 184, 164), (96, 92, 96), (160, 130, 110))
_TILES = ((212, 204, 188), (194, 190, 184), (160, 132, 110), (226, 222, 214), (150, 150, 152))


def draw_surface(height: int, width: int, rng: np.random.Generator, others: Pixels, clutter: float) -> Values:
    """Return a surface (3, height, width) of values from about 0 to 255.

    Args:
        height: of the frame.
        width: of the frame.
        rng: random number generator.
        others: (n, any height, any width, 3) pictures of which a mess is made.
        clutter: share of surfaces that are one.
    """
    if rng.random() < clutter:
        return _mess(height, width, rng, others)
    draw = _SURFACES[rng.choice(len(_SURFACES), p=_SHARES)]
    side = int(1.1 * np.hypot(height, width))  # large enough to be turned
    light, second, colour = draw(side, rng, max(height, width) / 160.0)
    view = _view(side, height, width, rng)
    light = _seen(light, height, width, view)
    if second is None:
        return light * colour[:, None, None]
    other = (_any_colour(rng) - colour)[:, None, None]
    return light * (colour[:, None, None] + other * _seen(second, height, width, view))


def smooth_noise(height: int, width: int, down: int, across: int, rng: np.random.Generator) -> Values:
    """Return (height, width) of normal noise on a grid of `down` x `across` points, interpolated between them."""
    grid = Image.fromarray(rng.standard_normal((down, across), dtype=np.float32))
    how = Image.Resampling.BICUBIC if down * across < 400 else Image.Resampling.BILINEAR
    return np.asarray(grid.resize((width, height), how))


def _colour(rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...]) -> Colour:
    mean = np.array(colours[rng.integers(len(colours))])
    return (mean * rng.uniform(0.85, 1.15) + rng.normal(0, 6, 3)).astype(np.float32)


def _any_colour(rng: np.random.Generator) -> Colour:
    # From grey to vivid, as sheets and towels are.
    tone = rng.uniform(50, 225)
    hue = rng.normal(0, 1, 3)
    return (tone + (hue - hue.mean()) * rng.choice((5.0, 14.0, 40.0))).clip(0, 250).astype(np.float32)


def _wood(side: int, rng: np.random.Generator, scale: float) -> Drawn:
    plank = max(3, int(rng.uniform(9, 45) * scale))
    board = np.arange(side) // plank
    starts = rng.integers(0, side, board[-1] + 1)
    length = max(8, int(rng.uniform(60, 220) * scale))
    piece = (np.arange(side)[:, None] + starts[board]) // length  # boards meet at other places in each row
    tones = rng.normal(0, rng.uniform(0.02, 0.09), (piece.max() + 1, board[-1] + 1)).astype(np.float32)
    grain = smooth_noise(side, side, max(4, side // 14), side // 2, rng) * rng.uniform(0.02, 0.08)
    light = 1.0 + tones[piece, board] + grain
    gap = np.float32(rng.uniform(0.6, 0.95))
    light[:, np.flatnonzero(np.diff(board))] *= gap
    light[:-1][np.diff(piece, axis=0) != 0] *= gap
    return light, None, _colour(rng, _WOOD)


def _cloth(side: int, rng: np.random.Generator, scale: float) -> Drawn:
    points = int(rng.integers(4, 14))
    folds = smooth_noise(side, side, points, int(points * rng.uniform(0.3, 2.0)) + 2, rng)
    light = np.empty_like(folds)
    light[:, 0] = 0.0
    np.subtract(folds[:, 1:], folds[:, :-1], out=light[:, 1:])
    light *= np.float32(side / points * rng.uniform(0.01, 0.06))
    light += 1.0
    light += smooth_noise(side, side, side // 2, side // 2, rng) * rng.uniform(0.0, 0.05)
    return light, _print(side, rng, scale), _any_colour(rng)


def _print(side: int, rng: np.random.Generator, scale: float) -> Values | None:
    kind = rng.random()
    if kind > 0.4:
        return None
    if kind < 0.15:  # stripes
        width = rng.uniform(4, 24) * scale
        on = (np.arange(side) % (2 * width)) < width * rng.uniform(0.3, 1.5)
        return np.tile(on.astype(np.float32) * np.float32(rng.uniform(0.3, 1.0)), (side, 1))
    if kind < 0.3:  # blots, large or small, as of flowers
        points = int(rng.integers(8, 40))
        blots = smooth_noise(side, side, points, points, rng) * 3 - rng.uniform(1.0, 4.0)
        return np.clip(blots, 0.0, rng.uniform(0.3, 1.0)).astype(np.float32)
    width = rng.uniform(6, 30) * scale  # checks
    on = ((np.arange(side) / width).astype(int) % 2).astype(np.float32) * np.float32(rng.uniform(0.1, 0.4))
    return on[:, None] + on


def _carpet(side: int, rng: np.random.Generator, scale: float) -> Drawn:
    fine = max(8, int(side / rng.uniform(1.2, 3.5)))
    light = smooth_noise(side, side, fine, fine, rng) * rng.uniform(0.06, 0.18)
    light += smooth_noise(side, side, 9, 9, rng) * 0.05
    return light + 1.0, None, _colour(rng, _CARPET) if rng.random() < 0.75 else _any_colour(rng)


def _tiles(side: int, rng: np.random.Generator, scale: float) -> Drawn:
    size = max(6, int(rng.uniform(25, 110) * scale))
    joint = max(1, round(rng.uniform(0.6, 2.0) * scale))
    at = np.arange(side)
    number = at // size
    tones = rng.normal(0, rng.uniform(0.0, 0.05), (number[-1] + 1,) * 2).astype(np.float32)
    light = 1.0 + tones[number[:, None], number]
    light += smooth_noise(side, side, 19, 19, rng) * rng.uniform(0.0, 0.05)
    edge = at % size < joint
    tone = np.float32(rng.uniform(0.65, 1.1))
    light[edge] *= tone
    light[:, edge] *= tone
    return light, None, _colour(rng, _TILES)


def _wall(side: int, rng: np.random.Generator, scale: float) -> Drawn:
    light = 1.0 + smooth_noise(side, side, 3, 3, rng) * rng.uniform(0.0, 0.08)
    light += smooth_noise(side, side, side // 2, side // 2, rng) * rng.uniform(0.0, 0.02)
    colour = (rng.uniform(120, 235) + rng.normal(0, 9, 3)).astype(np.float32)
    if rng.random() > 0.35:
        return light, None, colour
    floor = np.zeros_like(light)  # a floor, a door or a piece of furniture begins here
    floor[int(side * rng.uniform(0.6, 0.85)) :] = 1.0
    return light, floor, colour


def _mess(height: int, width: int, rng: np.random.Generator, others: Pixels) -> Values:
    mess = np.empty((3, height, width), dtype=np.float32)
    mess[:] = _any_colour(rng)[:, None, None]
    for _ in range(int(rng.integers(3, 8))):
        other = others[rng.integers(len(others))]
        h, w = other.shape[:2]
        top, left = int(h * rng.uniform(0.1, 0.5)), int(w * rng.uniform(0.1, 0.5))
        part = Image.fromarray(other[top : top + h // 2, left : left + w // 2])
        down, across = (int(side * rng.uniform(0.35, 1.0)) for side in (height, width))
        y, x = int(rng.integers(-down // 2, height - 2)), int(rng.integers(-across // 2, width - 2))
        part = part.rotate(90 * int(rng.integers(4)), expand=True).resize((across, down))
        place = mess[:, max(0, y) : y + down, max(0, x) : x + across]
        seen = np.asarray(part)[max(0, -y) :, max(0, -x) :][: place.shape[1], : place.shape[2]]
        # What is white in a studio has some colour at home.
        place[:] = np.moveaxis(seen, 2, 0) * (_any_colour(rng) / 255.0)[:, None, None] ** np.float32(0.5)
    return mess


def _view(side: int, height: int, width: int, rng: np.random.Generator) -> tuple[float, ...]:
    """Return Pillow's coefficients of a view at an angle: turned, and tilted so that the upper rows are farther away.

    With q = 1 + tilt (y - height / 2) the frame's point p shows the surface's point centre + rotation (p - middle) / q.
    """
    turn = rng.integers(4) * np.pi / 2 + rng.normal(0, 0.15)
    tilt = np.clip(rng.normal(0, 0.1), 0.0, 0.16) / height
    cos, sin = np.cos(turn), np.sin(turn)
    x, y, centre = width / 2, height / 2, side / 2
    unit = 1.0 - tilt * y
    rows = (
        (cos, centre * tilt - sin, centre * unit - cos * x + sin * y),
        (sin, centre * tilt + cos, centre * unit - sin * x - cos * y),
        (0.0, tilt),
    )
    return tuple(float(value / unit) for row in rows for value in row)


def _seen(values: Values, height: int, width: int, view: tuple[float, ...]) -> Values:
    picture = Image.fromarray(values)
    return np.asarray(
        picture.transform((width, height), Image.Transform.PERSPECTIVE, view, Image.Resampling.BILINEAR)
    )


_SURFACES: tuple[Callable[[int, np.random.Generator, float], Drawn], ...] = (
    _wood,
    _cloth,
    _carpet,
    _tiles,
    _wall,
)
_SHARES = (0.27, 0.28, 0.14, 0.12, 0.19)
