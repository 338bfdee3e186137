"""Dresses and skirts."""

from __future__ import annotations

import numpy as np

from .. import patterns
from ..design import GOLD, Design, Look
from ..geometry import CENTRE, box, outline, symmetric
from ..scene import Mask, Scene
from ..shading import Fold
from . import torso
from .shirts import button


def _drape(
    rng: np.random.Generator, waist: float, hem: float, top: float, bottom: float, count: int, height: float
) -> list[Fold]:
    folds = []
    for k in range(count):
        s = (k + 0.5) / count * 2 - 1 + rng.uniform(-0.05, 0.05)
        folds.append(
            Fold(
                CENTRE + s * waist * 0.92,
                top - 10,
                CENTRE + s * hem * 0.98,
                bottom + 60,
                hem / count * 0.55,
                height * rng.uniform(0.6, 1.1),
                rng.uniform(-5, 5),
            )
        )
    return folds


def _hem(waist: float, hem: float, top: float, bottom: float, waves: int, bulge: float) -> np.ndarray:
    """Return a skirt from the waist to a hem that falls in waves."""
    x = np.linspace(1, -1, 60)
    wave = 5 * np.sin(x * waves * np.pi) if waves else 0 * x
    low = np.stack([CENTRE + x * hem, bottom + 16 * (1 - x**2) + wave * (1 - np.abs(x) ** 4)], 1)
    side = outline(
        [
            (CENTRE + waist, top),
            (CENTRE + waist + (hem - waist) * bulge, top + (bottom - top) * 0.4, 1),
            (CENTRE + hem, bottom),
        ],
        closed=False,
    )
    other = np.stack([2 * CENTRE - side[::-1, 0], side[::-1, 1]], 1)
    return np.concatenate([side, low, other])


def dress(scene: Scene, design: Design, look: Look) -> None:
    """Draw a dress: bodice, waist seam and a skirt, flared or straight."""
    rng = scene.rng
    long = {"Mini": 455, "Knee Length": 525, "Maxi": 612}[design.length]
    shape = {"V-Neck": "v", "Square Neck": "square"}.get(design.neck, "round")
    cut = torso.Cut(
        neck=42,
        top=50,
        drop={"v": 74, "square": 58, "round": 44}[shape],
        shoulder=84,
        slope=20,
        chest=78,
        arm=150,
        waist=63,
        waist_y=262,
        hem=62,
        bottom=268,
        curve=3,
        shape=shape,
    )
    strappy = design.neck == "Shoulder Straps"
    flared = design.style != "sheath"
    if design.sleeve == "sleeveless":
        cut.shoulder, cut.slope = 62, 9
    if strappy:
        cut.shape, cut.drop, cut.neck, cut.shoulder, cut.slope = "square", 62, 44, 54, 0
    torso.inside(scene, look, cut)
    if design.sleeve in ("short", "long", "three-quarter"):
        torso.sleeves(scene, look, cut, design.sleeve)
    hem = {"Mini": 142, "Knee Length": 158, "Maxi": 150}[design.length] if flared else 80
    paint = look.paint
    if design.pattern == "colourblock":
        paint = look.base
    skirt = _hem(cut.waist - 1, hem, 262, long, 5 if flared else 0, 0.34 if flared else 0.9)
    folds = (
        _drape(rng, cut.waist, hem, 262, long, 8, 1.1)
        if flared
        else _drape(rng, cut.waist, hem, 300, long, 3, 0.35)
    )
    mask = scene.part(
        skirt, paint, volume=16, folds=folds, material=look.material, main=True, sag=8 if flared else 0
    )
    bodice_paint = look.accent if design.pattern == "colourblock" else look.paint
    bodice = scene.part(
        torso.body(cut),
        bodice_paint,
        volume=20,
        material=look.material,
        main=design.pattern != "colourblock",
        lift=0.35,
        folds=[
            Fold(CENTRE - 50, 240, CENTRE - 34, 170, 9, 0.5),
            Fold(CENTRE + 50, 240, CENTRE + 34, 170, 9, 0.5),
        ],
    )
    for side in (-1, 1):
        scene.seam(
            outline(
                [(CENTRE + side * 36, 262), (CENTRE + side * 38, 200, 1), (CENTRE + side * 62, 158)],
                closed=False,
            ),
            0.2,
            clip=bodice,
        )
    belt = rng.random() < 0.5 and flared
    if belt and design.pattern not in ("colourblock",):
        dark = look.base * 0.5 if look.base.mean() > 0.3 else look.base + 0.16
        scene.part(box(CENTRE - 65, 254, CENTRE + 65, 274, 3), dark, volume=4, crumple=0.1, lift=0.4)
        scene.flat(box(CENTRE - 9, 252, CENTRE + 9, 276, 3), GOLD)
        scene.flat(box(CENTRE - 5, 257, CENTRE + 5, 271, 2), dark)
    else:
        scene.seam(np.array([(CENTRE - 64, 266), (CENTRE, 270), (CENTRE + 64, 266)]), 0.4, clip=bodice)
    if not strappy:
        torso.neckband(scene, cut, look.base if design.pattern != "colourblock" else look.accent, 5, "cotton")
    _low(scene, look, hem, long, mask)


def _low(scene: Scene, look: Look, hem: float, bottom: float, clip: Mask) -> None:
    x = np.linspace(-1, 1, 40)
    scene.stroke(
        np.stack([CENTRE + x * hem, bottom - 9 + 16 * (1 - x**2)], 1),
        1,
        look.thread,
        0.4,
        dash=(3, 2),
        clip=clip,
    )


def skirt(scene: Scene, design: Design, look: Look) -> None:
    """Draw a skirt: A-line, pleated or pencil, from mini to maxi."""
    rng = scene.rng
    top = 84
    bottom = {"Mini": 370, "Knee Length": 470, "Maxi": 606}[design.length]
    waist = 78 * rng.uniform(0.97, 1.03)
    hem = {"a-line": 158, "pleated": 176, "pencil": 92}[design.style]
    if design.length == "Maxi":
        hem *= 1.02
    shape = _hem(
        waist,
        hem,
        top,
        bottom,
        5 if design.style == "a-line" else 0,
        0.95 if design.style == "pencil" else 0.42,
    )
    if design.style == "pencil":
        shape = np.concatenate(
            [
                symmetric(
                    [
                        (0, top),
                        (waist, top),
                        (waist + 28, top + 120, 1),
                        (waist + 18, bottom),
                        (0, bottom + 8, 1),
                    ]
                )
            ]
        )
    count = {"a-line": 7, "pleated": 14, "pencil": 3}[design.style]
    folds = _drape(
        rng, waist, hem, top, bottom, count, {"a-line": 1.1, "pleated": 1.3, "pencil": 0.3}[design.style]
    )
    paint = look.paint
    if design.pattern == "colourblock":
        paint = patterns.blocked(
            look.base, look.accent, at=bottom - 320 - (bottom - top) * 0.26, depth=400, third=None
        )
    mask = scene.part(
        shape,
        paint,
        volume=16,
        folds=folds,
        material=look.material,
        main=True,
        sag=14 if design.style != "pencil" else 0,
    )
    if design.style == "pleated":
        for k in range(1, 14):
            s = k / 14 * 2 - 1
            scene.seam(
                np.array([(CENTRE + s * waist, top + 10), (CENTRE + s * hem, bottom + 22)]),
                0.34,
                1.8,
                clip=mask,
            )
    if design.style == "pencil":
        scene.seam(np.array([(CENTRE + 52, bottom - 80), (CENTRE + 54, bottom + 10)]), 0.5, 2.4, clip=mask)
    back = outline(
        [(CENTRE - waist, top - 2), (CENTRE, top - 10, 1), (CENTRE + waist, top - 2), (CENTRE, top + 6, 1)]
    )
    scene.part(back, look.dark, volume=4, edge=0.4, crumple=0, lift=0)
    band = outline(
        [
            (CENTRE - waist - 1, top - 4),
            (CENTRE, top + 5, 1),
            (CENTRE + waist + 1, top - 4),
            (CENTRE + waist + 3, top + 18),
            (CENTRE, top + 28, 1),
            (CENTRE - waist - 3, top + 18),
        ]
    )
    scene.part(band, look.base, volume=6, crumple=0.1, lift=0.4, material=look.material, main=True)
    if design.fabric == "Denim":
        scene.seam(np.array([(CENTRE, top + 24), (CENTRE, bottom + 20)]), 0.4, clip=mask)
        button(scene, CENTRE, top + 15, GOLD, 5)
    _low(scene, look, hem, bottom, mask)
