"""Sneakers from the side: canvas, high-top, runner and slip-on."""
# ruff: noqa: RUF005 -- arrays are added here, not tuples

from __future__ import annotations

import numpy as np

from ..design import STEEL, Design, Look
from ..geometry import ellipse, outline
from ..scene import Mask, Scene
from ..shading import Fold

WHITE = np.array((0.95, 0.95, 0.94), np.float32)

_LOW = "54,414 47,362~ 55,306~ 60,270 82,264~ 108,292~ 146,296~ 176,262 206,268~ 252,304~ 296,336~ 350,352~ 412,370~ 441,402~ 441,418"
_HIGH = "54,414 49,340~ 58,262~ 62,186 90,180~ 140,186~ 186,170 214,190~ 246,276~ 296,336~ 350,352~ 412,370~ 441,402~ 441,418"
_SOLE = "46,412 140,420~ 240,422~ 360,418~ 442,406 448,426~ 430,446 62,448~ 42,438~"
_RUNNER_SOLE = "38,402 110,416~ 210,421~ 340,418~ 442,402 450,422~ 424,446 60,449 34,430~"


def _path(text: str, dx: float, dy: float) -> np.ndarray:
    """Return the outline of points written as `x,y`, those passed smoothly with a tilde."""
    points = []
    for word in text.split():
        x, y = word.rstrip("~").split(",")
        points.append((float(x) + dx, float(y) + dy, word.endswith("~")))
    return outline(points)


def sneakers(scene: Scene, design: Design, look: Look) -> float:
    """Draw a pair of sneakers, one behind the other."""
    _sneaker(scene, design, look, 14, -74, 0.9)
    _sneaker(scene, design, look, -12, 0, 1.0)
    return 448


def _sneaker(scene: Scene, design: Design, look: Look, dx: float, dy: float, light: float) -> None:
    high, slip_on = design.style == "high-top", design.style == "slip-on"
    capped = design.style in ("canvas", "high-top")
    lining = (
        "62,190 90,172~ 150,172~ 186,176 140,192~"
        if high
        else "60,272 82,256~ 130,262~ 178,266 146,300~ 108,296~"
    )
    scene.part(_path(lining, dx, dy), look.dark * 0.9, volume=6, edge=0.5, crumple=0, lift=0)
    if not slip_on:
        tongue = (
            "150,182 178,142~ 206,146~ 226,190 232,240 190,230"
            if high
            else "150,292 166,244~ 190,228~ 210,236~ 222,282 200,300"
        )
        scene.part(_path(tongue, dx, dy), look.base, volume=8, crumple=0.2, main=True, light=light * 0.95)
    upper = scene.part(
        _path(_HIGH if high else _LOW, dx, dy),
        look.paint,
        volume=30,
        round_=1.2,
        material=look.material,
        main=True,
        light=light,
        crumple=0.5,
        folds=[
            Fold(306 + dx, 342 + dy, 322 + dx, 404 + dy, 9, 0.4),
            Fold(332 + dx, 350 + dy, 344 + dx, 408 + dy, 8, 0.35),
        ],
    )
    _panels(scene, design, look, upper, dx, dy, light)
    if slip_on:
        gore = _path("176,262 206,268~ 238,294 214,350 190,340", dx, dy)
        scene.part(gore, look.dark, volume=4, clip=upper, material="knit", lift=0.3)
        scene.seam(_path("238,294 214,350 300,372 350,352", dx, dy)[:3], 0.3, clip=upper)
    else:
        _laces(scene, design, look, upper, high, dx, dy)
    runner = design.style == "runner"
    sole_colour = look.accent if runner and design.colour != "White" and look.accent.mean() > 0.6 else WHITE
    scene.part(
        _path(_RUNNER_SOLE if runner else _SOLE, dx, dy),
        sole_colour,
        volume=9,
        crumple=0.1,
        lift=0.4,
        light=light,
        material="none",
    )
    if capped or runner:
        mark = outline([(42 + dx, 430 + dy), (240 + dx, 433 + dy, 1), (446 + dx, 421 + dy)], closed=False)
        scene.stroke(mark, 2.6, look.base if look.base.mean() < 0.85 else look.accent, 0.85, keep=False)


def _panels(
    scene: Scene, design: Design, look: Look, upper: Mask, dx: float, dy: float, light: float
) -> None:
    heel = "30,430 30,320~ 56,262 84,300~ 104,352~ 112,430"
    plain = design.pattern == "solid"
    if design.pattern == "colourblock":
        scene.part(
            _path("30,430 30,300 56,160 120,300~ 158,430", dx, dy),
            look.accent,
            volume=10,
            clip=upper,
            lift=0.3,
            light=light,
        )
    else:
        scene.part(
            _path(heel, dx, dy),
            look.base * 0.88 if plain else look.base,
            volume=9,
            clip=upper,
            lift=0.3,
            main=True,
            light=light,
        )
    capped = design.style in ("canvas", "high-top")
    toe = _path(
        "356,436 350,392~ 362,350~ 400,340 470,380 470,436"
        if capped
        else "330,436 352,394~ 400,376~ 470,384 470,436",
        dx,
        dy,
    )
    scene.part(
        toe,
        WHITE if capped else (look.base * 0.92 if plain else look.base),
        volume=12,
        clip=upper,
        lift=0.25,
        main=not capped,
        light=light,
    )
    if design.style == "runner" and plain:
        for k in range(3):
            bar = outline(
                [
                    (150 + 24 * k + dx, 412 + dy),
                    (172 + 24 * k + dx, 366 + dy, 1),
                    (204 + 22 * k + dx, 338 + 5 * k + dy),
                ],
                closed=False,
            )
            scene.stroke(bar, 8, look.accent, 0.95, clip=upper, keep=False)
    line = outline(
        [(92 + dx, 322 + dy), (140 + dx, 348 + dy, 1), (230 + dx, 370 + dy, 1), (352 + dx, 384 + dy)],
        closed=False,
    )
    scene.stroke(line, 1, look.thread, 0.7, dash=(3, 1.6), clip=upper)


def _laces(scene: Scene, design: Design, look: Look, upper: Mask, high: bool, dx: float, dy: float) -> None:
    stay = (
        "186,170 214,190~ 246,276~ 296,336 282,362~ 232,330~ 196,262~ 172,190"
        if high
        else "176,262 206,268~ 252,304~ 296,336 282,362~ 232,346~ 190,316~ 160,288"
    )
    scene.part(
        _path(stay, dx, dy),
        look.base if design.pattern != "solid" else look.base * 0.94,
        volume=6,
        clip=upper,
        lift=0.4,
        main=True,
    )
    lace = WHITE if look.base.mean() < 0.8 else np.full(3, 0.82, np.float32)
    rail = np.array(
        [(198, 188), (222, 240), (250, 292), (284, 334)]
        if high
        else [(190, 274), (222, 294), (252, 314), (284, 338)],
        float,
    ) + (dx, dy)
    count = 8 if high else 5
    at = np.linspace(0, 3, count)
    for k in at:
        x, y = np.interp(k, range(4), rail[:, 0]), np.interp(k, range(4), rail[:, 1])
        tape = (
            np.array([(x - 12, y + 14), (x + 6, y - 12)])
            if not high
            else np.array([(x - 15, y + 7), (x + 9, y - 9)])
        )
        scene.stroke(tape + (1, 2.6), 6.6, np.zeros(3, np.float32), 0.3, keep=False)
        scene.stroke(tape, 6.2, lace, keep=False)
        scene.flat(ellipse(float(tape[0, 0]), float(tape[0, 1]), 2.6, 2.6, 12), STEEL * 0.8)
