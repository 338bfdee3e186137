"""Jeans, trousers and shorts."""
# ruff: noqa: RUF005 -- arrays are added here, not tuples

from __future__ import annotations

import numpy as np

from ..design import STEEL, THREAD, Design, Look
from ..geometry import CENTRE, box, mirrored, outline
from ..scene import Mask, Scene
from ..shading import Fold
from .shirts import button, button_colour

TOP = 42.0


def _leg(
    waist: float,
    hip: float,
    knee: float,
    ankle: float,
    bottom: float,
    apart: float,
    inner: float,
    crotch: float,
) -> np.ndarray:
    """Return the right leg and half of the seat."""
    middle = (apart + ankle) / 2 + 4
    return outline(
        [
            (CENTRE - 1, TOP),
            (CENTRE + waist, TOP - 4),
            (CENTRE + waist + 3, TOP + 26, 1),
            (CENTRE + hip, TOP + 112, 1),
            (CENTRE + middle + knee + 4, (crotch + bottom) / 2, 1),
            (CENTRE + ankle + apart, bottom),
            (CENTRE + inner, bottom + 4),
            (CENTRE + inner + 2, (crotch + bottom) / 2, 1),
            (CENTRE + 4, crotch),
            (CENTRE - 1, crotch - 8),
        ]
    )


def _draw(
    scene: Scene,
    design: Design,
    look: Look,
    *,
    bottom: float,
    ankle: float,
    inner: float,
    knee: float,
    material: str,
    paint: object,
    flare: float = 0,
) -> tuple[Mask, Mask, float]:
    rng = scene.rng
    waist = (82 if design.gender == "Men" else 74) * rng.uniform(0.97, 1.03)
    hip = waist + (18 if design.gender == "Men" else 24)
    crotch = TOP + 158
    leg = outline(
        [
            (CENTRE - 1, TOP + 2),
            (CENTRE + waist, TOP - 3),
            (CENTRE + waist + 4, TOP + 26, 1),
            (CENTRE + hip, TOP + 120, 1),
            (CENTRE + inner * 0.6 + knee + 18, (crotch + bottom) / 2, 1),
            (CENTRE + inner + ankle + flare, bottom - 3),
            (CENTRE + inner - flare * 0.5, bottom + 4),
            (CENTRE + inner * 0.7, (crotch + bottom) / 2, 1),
            (CENTRE + 5, crotch),
            (CENTRE - 1, crotch - 10),
        ]
    )
    masks = []
    for side in (-1, 1):
        folds = [
            Fold(CENTRE + side * 10, crotch - 6, CENTRE + side * 74, crotch - 40 + 26 * k, 8, 0.55, 6 * side)
            for k in range(3)
        ]
        span = max(bottom - crotch, 60)
        for k in range(5 if span > 200 else 2):
            y = crotch + span * (0.30 + 0.14 * k) + rng.uniform(-12, 12)
            x = CENTRE + side * (inner + ankle * 0.5)
            folds.append(
                Fold(
                    x - 30,
                    y + rng.uniform(-14, 14),
                    x + 34,
                    y + rng.uniform(-18, 18),
                    8,
                    rng.uniform(0.25, 0.6),
                    rng.uniform(-6, 6),
                )
            )
        folds.append(
            Fold(CENTRE + side * 54, TOP + 120, CENTRE + side * (inner + ankle * 0.5), bottom, 22, 0.5)
        )
        masks.append(
            scene.part(
                leg if side > 0 else mirrored(leg),
                paint,
                volume=24,
                folds=folds,
                material=material,
                main=True,
                crumple=0.8,
                lift=0.25,
            )
        )
    return masks[0], masks[1], waist


def _waistband(
    scene: Scene,
    look: Look,
    waist: float,
    material: str,
    thread: np.ndarray,
    loops: bool = True,
    elastic: bool = False,
) -> None:
    band = outline(
        [
            (CENTRE - waist - 1, TOP - 6),
            (CENTRE, TOP + 3, 1),
            (CENTRE + waist + 1, TOP - 6),
            (CENTRE + waist + 3, TOP + 18),
            (CENTRE, TOP + 27, 1),
            (CENTRE - waist - 3, TOP + 18),
        ]
    )
    back = outline(
        [(CENTRE - waist, TOP - 5), (CENTRE, TOP - 13, 1), (CENTRE + waist, TOP - 5), (CENTRE, TOP + 4, 1)]
    )
    scene.part(back, look.dark, volume=5, edge=0.4, crumple=0, lift=0)
    mask = scene.part(
        band, look.base, volume=6, material="knit" if elastic else material, crumple=0.1, lift=0.35, main=True
    )
    x = np.linspace(-waist, waist, 20)
    for y in (-2, 20):
        scene.stroke(
            np.stack([CENTRE + x, TOP + y + 4 - 8 * (x / waist) ** 2], 1),
            1,
            thread,
            0.8,
            dash=(3, 1.6),
            clip=mask,
        )
    if loops:
        for s in (-0.62, -0.28, 0.28, 0.62):
            px = CENTRE + s * waist
            scene.part(
                box(px - 4, TOP - 8, px + 4, TOP + 27, 1),
                look.base,
                volume=2,
                crumple=0,
                lift=0.45,
                material=material,
                main=True,
            )


def _fly(scene: Scene, look: Look, thread: np.ndarray, alpha: float) -> None:
    scene.seam(np.array([(CENTRE, TOP + 24), (CENTRE, TOP + 148)]), 0.4)
    line = outline(
        [(CENTRE + 18, TOP + 26), (CENTRE + 18, TOP + 86, 1), (CENTRE + 2, TOP + 124)], closed=False
    )
    for shift in (0, 3):
        scene.stroke(line + (shift, 0), 1, thread, alpha, dash=(3, 1.6))


def jeans(scene: Scene, design: Design, look: Look) -> None:
    """Draw jeans: washed denim, contrast stitching, rivets."""
    cuts = {
        "Skinny Fit": (62, 26, 40, 0),
        "Slim Fit": (70, 28, 46, 0),
        "Regular Fit": (82, 24, 54, 0),
        "Bootcut": (78, 28, 42, 12),
    }
    ankle, inner, knee, flare = cuts[design.fit]
    left, right, waist = _draw(
        scene,
        design,
        look,
        bottom=604,
        ankle=ankle,
        inner=inner,
        knee=knee,
        material="denim",
        paint=look.base,
        flare=flare,
    )
    if design.pattern == "washed":
        for side, mask in ((-1, left), (1, right)):
            scene.glow(CENTRE + side * 56, 250, 24, 90, 0.42, mask)
            scene.glow(CENTRE + side * 58, 430, 20, 70, 0.22, mask)
            for k in range(3):
                scene.glow(CENTRE + side * (44 + 4 * k), 172 + 15 * k, 30, 4, 0.22, mask)
    light = look.base.mean() > 0.75 or design.colour in ("Brown", "Beige")
    thread = look.base * 0.72 if light else THREAD
    _fly(scene, look, thread, 0.9)
    for side in (-1, 1):
        mask = right if side > 0 else left
        pocket = outline(
            [
                (CENTRE + side * 42, TOP + 22),
                (CENTRE + side * 52, TOP + 56, 1),
                (CENTRE + side * 104, TOP + 68),
            ],
            closed=False,
        )
        scene.seam(pocket, 0.5, 2, clip=mask)
        for shift in (4, 7):
            scene.stroke(pocket + (0, shift), 1, thread, 0.9, dash=(3, 1.6), clip=mask)
        for x, y in ((44, 30), (88, 70)):
            button(scene, CENTRE + side * x, TOP + y, np.array((0.72, 0.5, 0.3), np.float32), 2.2)
        hem = np.array([(CENTRE + side * (inner - 12), 592), (CENTRE + side * (inner + ankle + 18), 587)])
        scene.stroke(hem, 1.2, thread, 0.9, dash=(3, 1.6), clip=mask)
        seam = outline(
            [
                (CENTRE + side * (waist + 1), TOP + 70),
                (CENTRE + side * (waist + 12), TOP + 130, 1),
                (CENTRE + side * (inner * 0.6 + knee + 13), 402, 1),
                (CENTRE + side * (inner + ankle + flare - 4), 600),
            ],
            closed=False,
        )
        scene.seam(seam, 0.2, clip=mask)
    _waistband(scene, look, waist, "denim", thread)
    button(scene, CENTRE, TOP + 14, STEEL * 0.85, 5)


def trousers(scene: Scene, design: Design, look: Look) -> None:
    """Draw trousers with a pressed crease and slanted pockets, or with cargo pockets."""
    ankle, inner, knee = (66, 28, 44) if design.fit == "Slim Fit" else (80, 26, 56)
    left, right, waist = _draw(
        scene,
        design,
        look,
        bottom=606,
        ankle=ankle,
        inner=inner,
        knee=knee,
        material=look.material,
        paint=look.paint,
    )
    _fly(scene, look, look.thread, 0.5)
    for side in (-1, 1):
        mask = right if side > 0 else left
        scene.seam(
            np.array([(CENTRE + side * 62, TOP + 24), (CENTRE + side * 96, TOP + 104)]), 0.45, 2, clip=mask
        )
        if design.style == "cargo":
            x = CENTRE + side * 86
            pocket = box(x - 27, 300, x + 27, 370, 3)
            scene.part(pocket, look.paint, volume=4, lift=0.5, material=look.material, main=True)
            scene.part(
                box(x - 29, 294, x + 29, 318, 3),
                look.paint,
                volume=4,
                lift=0.5,
                material=look.material,
                main=True,
            )
            button(scene, x, 310, button_colour(look), 3)
        else:
            crease = outline(
                [
                    (CENTRE + side * 52, TOP + 60),
                    (CENTRE + side * 58, 330, 1),
                    (CENTRE + side * (inner + ankle * 0.5), 606),
                ],
                closed=False,
            )
            scene.seam(crease, 0.3, 1.6, clip=mask)
    _waistband(scene, look, waist, look.material, look.thread)
    button(scene, CENTRE, TOP + 14, button_colour(look), 4.4)


def shorts(scene: Scene, design: Design, look: Look) -> None:
    """Draw shorts, chino-like or with a drawstring; they fill the picture as the shop would crop them."""
    long = design.length == "Knee Length"
    bottom = 404 if long else 338
    before = scene.rng.uniform(-0.5, 0.5)
    left, right, waist = _draw(
        scene,
        design,
        look,
        bottom=bottom,
        ankle=96 if long else 104,
        inner=12,
        knee=80,
        material=look.material,
        paint=look.paint,
        flare=4 + before,
    )
    elastic = design.style == "drawstring"
    for side in (-1, 1):
        mask = right if side > 0 else left
        scene.seam(
            np.array([(CENTRE + side * 62, TOP + 24), (CENTRE + side * 98, TOP + 100)]), 0.45, 2, clip=mask
        )
        hem = np.array([(CENTRE + side * 2, bottom - 12), (CENTRE + side * 128, bottom - 18)])
        scene.stroke(hem, 1, look.thread, 0.7, dash=(3, 1.6), clip=mask)
    if elastic:
        scene.seam(np.array([(CENTRE, TOP + 24), (CENTRE, TOP + 148)]), 0.35)
    else:
        _fly(scene, look, look.thread, 0.5)
    _waistband(scene, look, waist, look.material, look.thread, loops=not elastic, elastic=elastic)
    if elastic:
        cord = look.accent if look.base.mean() < 0.75 else look.base * 0.5
        for side in (-1, 1):
            scene.stroke(
                outline(
                    [
                        (CENTRE + side * 5, TOP + 16),
                        (CENTRE + side * 16, TOP + 60, 1),
                        (CENTRE + side * 10, TOP + 100),
                    ],
                    closed=False,
                ),
                3.4,
                cord,
                keep=False,
            )
    else:
        button(scene, CENTRE, TOP + 14, button_colour(look), 4.6)
