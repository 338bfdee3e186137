"""Outlines: points with corners and curves become polygons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Point = tuple[float, ...]
CENTRE = 240.0
_T = np.linspace(0, 1, 10, endpoint=False)[:, None]


def outline(points: Sequence[Point], closed: bool = True) -> np.ndarray:
    """Return a polygon through the points.

    Args:
        points: `(x, y)` for a corner, `(x, y, 1)` for a point that the outline passes smoothly; pixels.
        closed: Whether the last point is joined to the first.

    Returns:
        `(n, 2)` float array of vertices, in pixels. Between two corners the line is straight.
    """
    xy = np.array([p[:2] for p in points], np.float64)
    smooth = [len(p) > 2 and bool(p[2]) for p in points]
    count = len(points)
    if not closed:
        smooth[0] = smooth[-1] = False
    parts = []
    for i in range(count if closed else count - 1):
        j = (i + 1) % count
        a, b = xy[i], xy[j]
        if not smooth[i] and not smooth[j]:
            parts.append(a[None])
            continue
        out = (b - xy[i - 1]) / 2 if smooth[i] else None
        into = (xy[(j + 1) % count] - a) / 2 if smooth[j] else None
        if out is None:
            out = 1.5 * (b - a) - 0.5 * into
        if into is None:
            into = 1.5 * (b - a) - 0.5 * out
        t = _T
        parts.append(
            (2 * t**3 - 3 * t**2 + 1) * a
            + (t**3 - 2 * t**2 + t) * out
            + (-2 * t**3 + 3 * t**2) * b
            + (t**3 - t**2) * into
        )
    if not closed:
        parts.append(xy[-1:])
    return np.concatenate(parts)


def symmetric(half: Sequence[Point]) -> np.ndarray:
    """Return the closed outline whose right half is given, from top centre to bottom centre.

    Args:
        half: Points as in `outline`, x counted from the middle of the picture to the right. Where the first or
            last point has x = 0 it is not doubled.
    """
    right = [(CENTRE + p[0], *p[1:]) for p in half]
    left = [(CENTRE - p[0], *p[1:]) for p in reversed(half) if p[0] > 0]
    return outline(right + left)


def mirrored(points: np.ndarray) -> np.ndarray:
    """Return the points mirrored about the middle of the picture."""
    return np.stack([2 * CENTRE - points[:, 0], points[:, 1]], 1)


def ellipse(cx: float, cy: float, rx: float, ry: float, steps: int = 48) -> np.ndarray:
    """Return an ellipse as a polygon."""
    t = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return np.stack([cx + rx * np.cos(t), cy + ry * np.sin(t)], 1)


def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0) -> np.ndarray:
    """Return a rectangle with rounded corners as a polygon."""
    radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    if radius <= 0:
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64)
    turn = np.linspace(0, np.pi / 2, 7)
    corners = (
        (x1 - radius, y1 - radius, 0),
        (x0 + radius, y1 - radius, 1),
        (x0 + radius, y0 + radius, 2),
        (x1 - radius, y0 + radius, 3),
    )
    return np.concatenate(
        [
            np.stack(
                [cx + radius * np.cos(turn + q * np.pi / 2), cy + radius * np.sin(turn + q * np.pi / 2)], 1
            )
            for cx, cy, q in corners
        ]
    )


def rotated(points: np.ndarray, degrees: float, about: tuple[float, float]) -> np.ndarray:
    """Return the points turned clockwise (as seen on the picture) about a point."""
    a = np.deg2rad(degrees)
    turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    return (points - about) @ turn + about
