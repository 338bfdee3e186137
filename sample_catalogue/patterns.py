"""Patterns: functions from cloth coordinates to colours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .motifs import tile
from .shading import smooth_noise

Cloth = Callable[[np.ndarray, np.ndarray], np.ndarray]


def band(x: np.ndarray, period: float, share: float) -> np.ndarray:
    """Return how far each place lies on a stripe: 1 on it, 0 beside it, antialiased over a pixel."""
    away = np.abs((x / period) % 1.0 - 0.5) * period
    return np.clip(share * period / 2 - away + 0.5, 0, 1)


def mix(base: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the base colour (or colours) with another laid over it by that share."""
    return base + (other - base) * share[..., None]


def striped(base: np.ndarray, accent: np.ndarray, *, period: float, share: float, upright: bool) -> Cloth:
    """Return stripes across the cloth, or along it where `upright`."""

    def colours(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return mix(base, accent, band(u if upright else v, period, share))

    return colours


def checked(base: np.ndarray, accent: np.ndarray, style: str, period: float) -> Cloth:
    """Return checks: gingham, tartan or windowpane."""
    dark = base * 0.45 if base.mean() > 0.3 else base * 0.45 + 0.02

    def colours(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        if style == "Gingham Checks":
            out = mix(base, accent, band(u, period, 0.42) * 0.55)
            return mix(out, accent, band(v, period, 0.42) * 0.55)
        if style == "Windowpane Checks":
            out = mix(base, accent, band(u, period * 1.3, 3.2 / (period * 1.3)) * 0.9)
            return mix(out, accent, band(v, period * 1.3, 3.2 / (period * 1.3)) * 0.9)
        out = mix(base, dark, band(u, period * 1.6, 0.36) * 0.6)
        out = mix(out, dark, band(v, period * 1.6, 0.36) * 0.6)
        half = period * 0.8
        out = mix(out, accent, band(u + half, period * 1.6, 2.6 / (period * 1.6)) * 0.85)
        return mix(out, accent, band(v + half, period * 1.6, 2.6 / (period * 1.6)) * 0.85)

    return colours


def dotted(base: np.ndarray, accent: np.ndarray, *, pitch: float, radius: float) -> Cloth:
    """Return polka dots in staggered rows."""

    def colours(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        row = np.floor(v / pitch)
        x = (u / pitch + 0.5 * (row % 2)) % 1.0 - 0.5
        y = (v / pitch) % 1.0 - 0.5
        return mix(base, accent, np.clip(radius - np.hypot(x, y) * pitch + 0.5, 0, 1))

    return colours


def blocked(
    base: np.ndarray, accent: np.ndarray, *, at: float, depth: float, third: np.ndarray | None
) -> Cloth:
    """Return broad blocks: the accent begins at height `at` and is `depth` deep, edged by a third colour."""

    def colours(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        inside = np.clip(v - at + 0.5, 0, 1) * np.clip(at + depth - v + 0.5, 0, 1)
        out = mix(base, accent, inside + 0 * u)
        if third is not None:
            rim = np.clip(v - at + 10.5, 0, 1) * np.clip(at - v + 0.5, 0, 1)
            out = mix(out, third, rim + 0 * u)
        return out

    return colours


def camouflage(base: np.ndarray, rng: np.random.Generator) -> Cloth:
    """Return camouflage in four tones of the base colour."""
    size = 384
    fields = []
    for cell in ((26, 40), (20, 34), (18, 26)):
        field = smooth_noise(rng, (size, size), cell) + 0.35 * smooth_noise(rng, (size, size), (8, 11))
        fields.append(field)
    dark, light = base * 0.45, base + (1 - base) * 0.38
    black = base * 0.16 + 0.03

    def colours(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        i, j = (v.astype(np.int32) + 9000) % size, (u.astype(np.int32) + 9000) % size
        i, j = np.broadcast_arrays(i, j)
        out = mix(base, light, np.clip((fields[0][i, j] - 0.55) * 14, 0, 1))
        out = mix(out, dark, np.clip((fields[1][i, j] - 0.45) * 14, 0, 1))
        return mix(out, black, np.clip((fields[2][i, j] - 1.0) * 14, 0, 1))

    return colours


def tiled(
    base: np.ndarray, colours_: tuple[np.ndarray, ...], style: str, variant: int, scale: float
) -> Cloth:
    """Return a repeating print of motifs (`motifs.tile`) in the given colours."""
    layers = tile(style, variant)
    size = layers.shape[1]

    def colours(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        i = ((v / scale * 2).astype(np.int32) + 90 * size) % size
        j = ((u / scale * 2).astype(np.int32) + 90 * size) % size
        i, j = np.broadcast_arrays(i, j)
        out: np.ndarray = np.broadcast_to(base, (*i.shape, 3))
        for layer, colour in zip(layers, colours_, strict=False):
            out = mix(out, colour, layer[i, j])
        return out

    return colours


def plain(base: np.ndarray) -> Cloth:
    """Return one colour everywhere."""

    def colours(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return base

    return colours
