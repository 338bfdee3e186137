"""Placement prints: one picture or slogan on the chest."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .geometry import box, ellipse
from .scene import HEIGHT, WIDTH, Mask, Scene

WORDS = (
    "WANDER",
    "OCEAN",
    "RIDE ON",
    "STAY WILD",
    "SUNDAY",
    "EXPLORE",
    "LOUDER",
    "NORTH",
    "DREAM",
    "HELLO",
    "1986",
    "07",
    "23",
)
PICTURES = ("mountain", "sunset", "star", "lightning", "wave", "heart", "palm", "moon", "flower", "cat")


@cache
def _lettering(word: str, width: int) -> np.ndarray:
    """Return coverage of a word set in bold capitals, `width` pixels wide."""
    font = ImageFont.load_default(160)
    x0, y0, x1, y1 = font.getbbox(word, stroke_width=6)
    image = Image.new("L", (int(x1 - x0) + 8, int(y1 - y0) + 8))
    ImageDraw.Draw(image).text((4 - x0, 4 - y0), word, fill=255, font=font, stroke_width=6)
    height = max(1, round(image.height * width / image.width))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS), np.float32) / 255.0


def lettering(
    scene: Scene,
    word: str,
    cx: float,
    cy: float,
    width: float,
    colour: np.ndarray,
    alpha: float = 0.94,
    clip: Mask | None = None,
) -> None:
    """Print a word centred on (cx, cy)."""
    cover = _lettering(word, int(width))
    x, y = int(cx - cover.shape[1] / 2), int(cy - cover.shape[0] / 2)
    if x < 0 or y < 0 or x + cover.shape[1] > WIDTH or y + cover.shape[0] > HEIGHT:
        raise ValueError(f"the word {word!r} at ({cx}, {cy}), {width} wide, does not fit the picture")
    mask = scene.clipped(Mask(x, y, cover), clip)
    _printed(scene, mask, colour, alpha)


def _printed(scene: Scene, mask: Mask, colour: np.ndarray, alpha: float) -> None:
    scene.lay(mask.where, mask.cover * alpha, colour * _shade(scene, mask))
    scene.main[mask.where] *= 1 - mask.cover * alpha


def _shade(scene: Scene, mask: Mask) -> np.ndarray:
    below = scene.layer[mask.where].mean(2, keepdims=True)
    middle = float(np.median(below)) or 1.0
    return np.clip(1 + 0.8 * (below - middle), 0.75, 1.1)


def picture(
    scene: Scene,
    name: str,
    cx: float,
    cy: float,
    r: float,
    one: np.ndarray,
    two: np.ndarray,
    ground: np.ndarray,
    clip: Mask | None = None,
) -> None:
    """Print a picture of radius `r` centred on (cx, cy) in two colours and the colour of the cloth."""

    def lay(points: np.ndarray, colour: np.ndarray) -> None:
        scene.flat(points * (r, r) + (cx, cy), colour, 0.95, clip)

    a = np.array
    if name == "mountain":
        lay(ellipse(0.25, -0.3, 0.5, 0.5), two)
        lay(a([(-1, 0.75), (-0.3, -0.6), (0.1, 0.1), (0.4, -0.3), (1, 0.75)]), one)
        lay(a([(-0.3, -0.6), (-0.5, -0.2), (-0.35, -0.28), (-0.25, -0.1), (-0.12, -0.27)]), ground)
    elif name == "sunset":
        lay(ellipse(0, 0, 0.9, 0.9), two)
        for k in range(5):
            lay(box(-1, 0.1 + 0.18 * k, 1, 0.14 + 0.21 * k), ground)
        lay(a([(-0.9, 0.95), (0.9, 0.95), (0.9, 1.03), (-0.9, 1.03)]), one)
    elif name == "star":
        t = np.arange(10) * np.pi / 5 - np.pi / 2
        spokes = np.where(np.arange(10) % 2, 0.42, 1.0)
        lay(np.stack([spokes * np.cos(t), spokes * np.sin(t)], 1), one)
        lay(0.6 * np.stack([spokes * np.cos(t), spokes * np.sin(t)], 1), two)
    elif name == "lightning":
        lay(ellipse(0, 0, 0.95, 0.95), two)
        lay(a([(0.2, -1.1), (-0.5, 0.15), (-0.02, 0.15), (-0.2, 1.1), (0.5, -0.2), (0.05, -0.2)]), one)
    elif name == "wave":
        x = np.linspace(-1, 1, 40)
        for k, colour in enumerate((one, two, one)):
            y = 0.16 * np.sin(x * 7 + k) - 0.5 + 0.5 * k
            lay(np.concatenate([np.stack([x, y], 1), np.stack([x, y + 0.26], 1)[::-1]]), colour)
    elif name == "heart":
        t = np.linspace(0, 2 * np.pi, 60)
        heart = np.stack(
            [np.sin(t) ** 3, -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 17],
            1,
        )
        lay(heart, one)
        lay(heart * 0.7, ground)
        lay(heart * 0.5, two)
    elif name == "palm":
        lay(ellipse(0, 0, 0.9, 0.9), two)
        lay(a([(-0.06, 0.9), (0.02, -0.1), (0.12, -0.1), (0.1, 0.9)]), one)
        for turn in (-2.9, -2.3, -1.57, -0.85, -0.25, 0.35, 2.8):
            t = np.linspace(0, 1, 12)
            x, y = 0.07 + 0.75 * t * np.cos(turn), -0.12 + 0.55 * t * np.sin(turn) + 0.42 * t**2
            w = 0.1 * np.sin(np.pi * t)
            lay(np.concatenate([np.stack([x, y - w], 1), np.stack([x, y + w], 1)[::-1]]), one)
    elif name == "moon":
        lay(ellipse(0, 0, 0.9, 0.9), one)
        lay(ellipse(0.36, -0.2, 0.72, 0.72), ground)
        for x, y in ((0.35, -0.25), (0.6, 0.2), (0.1, 0.1)):
            lay(ellipse(x, y, 0.09, 0.09, 8), two)
    elif name == "flower":
        for k in range(7):
            t = k * 2 * np.pi / 7
            lay(ellipse(0.58 * np.cos(t), 0.58 * np.sin(t), 0.36, 0.36, 24), one)
        lay(ellipse(0, 0, 0.34, 0.34, 24), two)
    else:
        lay(a([(-0.75, -0.2), (-0.7, -1), (-0.25, -0.62), (0.25, -0.62), (0.7, -1), (0.75, -0.2)]), one)
        lay(ellipse(0, 0.05, 0.85, 0.75), one)
        for side in (-1, 1):
            lay(ellipse(0.36 * side, -0.08, 0.17, 0.2, 20), ground)
            lay(ellipse(0.36 * side, -0.08, 0.06, 0.17, 14), one)
            for k in (0.2, 0.34):
                lay(
                    a(
                        [
                            (0.3 * side, k),
                            (1.15 * side, k - 0.06),
                            (1.15 * side, k - 0.01),
                            (0.3 * side, k + 0.05),
                        ]
                    ),
                    two,
                )
        lay(a([(-0.1, 0.14), (0.1, 0.14), (0, 0.28)]), two)
