"""Repeating prints: one tile of coverage masks per style, drawn once per process."""
# ruff: noqa: RUF005 -- arrays are added here, not tuples

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

TILE = 256
_FINE = 2


class _Sheet:
    """One colour's coverage on a tile whose edges meet."""

    def __init__(self) -> None:
        self.image = Image.new("L", (TILE * _FINE, TILE * _FINE))
        self.pen = ImageDraw.Draw(self.image)

    def polygon(self, points: np.ndarray, fill: int = 255) -> None:
        for dx in (-TILE, 0, TILE):
            for dy in (-TILE, 0, TILE):
                moved = (points + (dx, dy)) * _FINE
                if (moved.max(0) > 0).all() and (moved.min(0) < TILE * _FINE).all():
                    self.pen.polygon([tuple(p) for p in moved.tolist()], fill=fill)

    def array(self) -> np.ndarray:
        return np.asarray(self.image.reduce(_FINE), np.float32) / 255.0


def _blob(cx: float, cy: float, rx: float, ry: float, turn: float, steps: int = 20) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    x, y = rx * np.cos(t), ry * np.sin(t)
    return np.stack([cx + x * np.cos(turn) - y * np.sin(turn), cy + x * np.sin(turn) + y * np.cos(turn)], 1)


def _places(rng: np.random.Generator, count: int, apart: float) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for _ in range(count * 60):
        x, y = rng.random(2) * TILE
        if all(
            np.hypot((x - a + TILE / 2) % TILE - TILE / 2, (y - b + TILE / 2) % TILE - TILE / 2) > apart
            for a, b in found
        ):
            found.append((float(x), float(y)))
            if len(found) == count:
                break
    return found


def _floral(rng: np.random.Generator, size: float, count: int) -> tuple[_Sheet, ...]:
    leaves, petals, hearts = _Sheet(), _Sheet(), _Sheet()
    for x, y in _places(rng, count, size * 2.5):
        r = size * rng.uniform(0.75, 1.15)
        spin = rng.uniform(0, 6.3)
        for k in range(3):
            a = spin + k * 2.1 + 0.4
            leaves.polygon(_blob(x + 1.55 * r * np.cos(a), y + 1.55 * r * np.sin(a), r * 0.75, r * 0.26, a))
        count_petals = int(rng.integers(5, 7))
        for k in range(count_petals):
            a = spin + k * 2 * np.pi / count_petals
            petals.polygon(_blob(x + 0.62 * r * np.cos(a), y + 0.62 * r * np.sin(a), r * 0.52, r * 0.36, a))
        hearts.polygon(_blob(x, y, r * 0.3, r * 0.3, 0))
    return leaves, petals, hearts


def _ethnic(rng: np.random.Generator, size: float) -> tuple[_Sheet, ...]:
    back, front, heart = _Sheet(), _Sheet(), _Sheet()
    step = TILE / 4
    t = np.linspace(0, 1, 28)
    for row in range(4):
        for column in range(4):
            x, y = (column + 0.5 * (row % 2) + 0.25) * step, (row + 0.5) * step
            flip = 1 if (row + column) % 2 else -1
            # A paisley: a drop whose tip curls over.
            angle = 2 * np.pi * t
            radius = size * (0.55 + 0.45 * np.cos(angle / 2) ** 6)
            px = x + flip * (radius * np.sin(angle) * 0.75 + size * 0.35 * np.cos(angle / 2) ** 8)
            py = y - radius * np.cos(angle)
            drop = np.stack([px, py], 1)
            back.polygon(drop)
            front.polygon((drop - (x, y)) * 0.66 + (x, y + size * 0.08))
            for k in range(6):
                a = k * np.pi / 3
                heart.polygon(
                    _blob(
                        x + 0.26 * size * np.cos(a),
                        y + 0.12 * size + 0.26 * size * np.sin(a),
                        size * 0.13,
                        size * 0.09,
                        a,
                    )
                )
            heart.polygon(_blob(x + step / 2, y, 3.4, 3.4, 0))
    return back, front, heart


def _geometric(variant: int) -> tuple[_Sheet, ...]:
    one, two = _Sheet(), _Sheet()
    if variant % 2:
        step = TILE / 8
        for row in range(8):
            for k in range(8):
                x, y = k * step, row * step
                zig = np.array(
                    [
                        (x, y),
                        (x + step / 2, y + step / 2),
                        (x + step, y),
                        (x + step, y + 10),
                        (x + step / 2, y + step / 2 + 10),
                        (x, y + 10),
                    ]
                )
                (one if row % 2 else two).polygon(zig)
    else:
        step = TILE / 6
        for row in range(6):
            for k in range(6):
                x, y = (k + 0.5) * step, (row + 0.5) * step
                r = step * 0.40
                one.polygon(np.array([(x - r, y), (x, y - r), (x + r, y), (x, y + r)]))
                r *= 0.45
                two.polygon(np.array([(x - r, y), (x, y - r), (x + r, y), (x, y + r)]))
    return one, two


def _tropical(rng: np.random.Generator) -> tuple[_Sheet, ...]:
    dark, light, bloom = _Sheet(), _Sheet(), _Sheet()
    for n, (x, y) in enumerate(_places(rng, 13, 52)):
        spin = rng.uniform(0, 6.3)
        if n % 3 == 2:
            for k in range(5):
                a = spin + k * 2 * np.pi / 5
                bloom.polygon(_blob(x + 13 * np.cos(a), y + 13 * np.sin(a), 13, 8.5, a))
            light.polygon(_blob(x, y, 5, 5, 0))
            continue
        for k in range(-4, 5):
            a = spin + k * 0.32
            long = 36 - 2.2 * abs(k)
            leaf = _blob(x + long * 0.55 * np.cos(a), y + long * 0.55 * np.sin(a), long * 0.5, 4.2, a)
            (dark if n % 2 else light).polygon(leaf)
    return dark, light, bloom


@cache
def tile(style: str, variant: int) -> np.ndarray:
    """Return the coverage masks of one repeating print.

    Args:
        style: floral, tropical, ethnic or geometric.
        variant: Which arrangement.

    Returns:
        `(layers, 256, 256)` float32 between 0 and 1; layers are laid over one another in order.
    """
    rng = np.random.default_rng([len(style), variant])
    if style == "floral":
        size = (19.0, 26.0, 34.0)[variant % 3]
        sheets = _floral(rng, size, int(TILE * TILE / (size * 3.0) ** 2))
    elif style == "tropical":
        sheets = _tropical(rng)
    elif style == "ethnic":
        sheets = _ethnic(rng, (24.0, 20.0)[variant % 2])
    else:
        sheets = _geometric(variant)
    return np.stack([sheet.array() for sheet in sheets])
