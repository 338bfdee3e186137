"""Caps and sunglasses."""
# ruff: noqa: RUF005 -- arrays are added here, not tuples

from __future__ import annotations

import numpy as np

from ..design import STEEL, Design, Look
from ..geometry import CENTRE, ellipse, mirrored, outline, symmetric
from ..palette import rgb
from ..scene import Scene
from ..shading import Fold


def cap(scene: Scene, design: Design, look: Look) -> None:
    """Draw a baseball cap, turned a little to the side."""
    crown = outline(
        [
            (92, 400),
            (84, 300, 1),
            (130, 196, 1),
            (226, 160, 1),
            (316, 190, 1),
            (364, 290, 1),
            (372, 392),
            (300, 372, 1),
            (200, 376, 1),
        ]
    )
    mask = scene.part(
        crown,
        look.paint,
        volume=50,
        material="canvas",
        main=True,
        crumple=0.6,
        folds=[Fold(120, 330, 160, 390, 12, 0.3), Fold(220, 200, 250, 360, 14, 0.25)],
    )
    if design.pattern == "colourblock":
        panel = outline([(238, 160), (300, 178, 1), (372, 280, 1), (376, 400), (232, 380), (206, 280, 1)])
        scene.part(panel, look.accent, volume=20, clip=mask, material="canvas", lift=0)
    for points in (
        [(226, 162), (190, 260, 1), (196, 378)],
        [(226, 162), (290, 240, 1), (316, 376)],
        [(226, 162), (124, 250, 1), (112, 392)],
    ):
        line = outline(points, closed=False)
        scene.seam(line, 0.35, clip=mask)
        for shift in (-4, 4):
            scene.stroke(line + (shift, 0), 0.9, look.thread, 0.7, dash=(3, 1.6), clip=mask)
    scene.part(ellipse(226, 162, 11, 7, 20), look.base, volume=4, crumple=0, lift=0.4, main=True)
    for x, y in ((166, 236), (262, 232)):
        scene.stroke(ellipse(x, y, 4.4, 4.4, 16), 2, look.thread, 0.9)
        scene.flat(ellipse(x, y, 2.4, 2.4, 12), look.base * 0.25)
    brim_paint = look.accent if design.pattern == "colourblock" else look.paint
    under = outline(
        [(190, 382), (280, 366, 1), (374, 388), (448, 432, 1), (440, 458, 1), (340, 448, 1), (240, 440, 1)]
    )
    scene.part(under, look.dark * 0.8, volume=6, crumple=0, lift=0.2)
    brim = outline(
        [
            (180, 378),
            (270, 358, 1),
            (374, 384),
            (440, 412, 1),
            (452, 436, 1),
            (424, 444, 1),
            (330, 424, 1),
            (230, 416, 1),
        ]
    )
    brim_mask = scene.part(
        brim,
        brim_paint,
        volume=14,
        material="canvas",
        crumple=0.2,
        lift=0.5,
        main=design.pattern != "colourblock",
    )
    middle = np.array((312, 396))
    for s in (0.88, 0.74, 0.60):
        ring = (brim - middle) * s + middle
        scene.stroke(np.concatenate([ring, ring[:1]]), 0.9, look.thread, 0.7, dash=(3, 1.6), clip=brim_mask)
    if design.pattern == "graphic" or design.pattern == "solid":
        letter = look.accent
        spot = (
            np.array(
                [
                    (270, 262),
                    (290, 300),
                    (330, 306),
                    (300, 330),
                    (308, 362),
                    (272, 344),
                    (238, 362),
                    (246, 328),
                    (216, 306),
                    (254, 300),
                ]
            )
            if design.pattern == "graphic"
            else None
        )
        if spot is not None:
            scene.part((spot - (272, 314)) * 0.82 + (258, 300), letter, volume=3, crumple=0, lift=0.4)


def sunglasses(scene: Scene, design: Design, look: Look) -> None:
    """Draw sunglasses from the front: aviator, wayfarer, round or cat-eye."""
    y = 320
    lens = {
        "Aviator": [
            (34, y - 34),
            (110, y - 44, 1),
            (176, y - 36, 1),
            (184, y + 4, 1),
            (150, y + 66, 1),
            (88, y + 74, 1),
            (40, y + 26, 1),
        ],
        "Wayfarer": [
            (32, y - 40),
            (110, y - 48, 1),
            (188, y - 44),
            (182, y + 20, 1),
            (152, y + 56, 1),
            (80, y + 58, 1),
            (42, y + 24, 1),
        ],
        "Round": [
            (110 + 72 * np.cos(a), y + 6 + 68 * np.sin(a), 1)
            for a in np.linspace(0, 2 * np.pi, 10, endpoint=False)
        ],
        "Cat Eye": [
            (34, y - 26),
            (110, y - 44, 1),
            (204, y - 66),
            (186, y + 10, 1),
            (146, y + 52, 1),
            (80, y + 52, 1),
            (40, y + 22, 1),
        ],
    }[design.style]
    right = outline([(CENTRE + p[0], *p[1:]) for p in lens])
    middle = right.mean(0)
    metal = design.style in ("Aviator", "Round")
    thick = 1.10 if metal else 1.24
    frame = (right - middle) * (thick, thick + 0.05) + middle
    lens_colour = (
        rgb("Brown") * 0.55
        if design.accent in ("Brown", "Beige")
        else np.array((0.13, 0.14, 0.16), np.float32)
    )
    for side in (-1, 1):
        arm = outline(
            [
                (CENTRE + side * 180, y - 34),
                (CENTRE + side * 210, y - 36, 1),
                (CENTRE + side * 214, y - 26, 1),
                (CENTRE + side * 180, y - 12),
            ]
        )
        scene.part(arm, look.base * 0.9, volume=5, crumple=0, material="none", main=True)
    if design.style == "Aviator":
        for dy in (-32, -10):
            bar = outline(
                [(CENTRE - 40, y + dy), (CENTRE, y + dy - 5, 1), (CENTRE + 40, y + dy)], closed=False
            )
            scene.stroke(bar + (1, 2), 7, np.zeros(3, np.float32), 0.25, keep=False)
            scene.stroke(bar, 7.5, look.base)
    else:
        bridge = symmetric([(0, y - 30, 1), (40, y - 30), (42, y - 6), (0, y - 14, 1)])
        scene.part(bridge, look.base, volume=5, crumple=0, material="none", main=True)
    for side in (-1, 1):
        shape, glass = (frame, right) if side > 0 else (mirrored(frame), mirrored(right))
        scene.part(shape, look.base, volume=7, round_=1.5, crumple=0, material="none", main=True, lift=0.3)
        mask = scene.part(glass, lens_colour, volume=10, edge=0.3, crumple=0, material="none", lift=0)
        cx = CENTRE + side * 110
        scene.glow(cx, y + 50, 80, 46, 0.34, mask)
        shine = np.array([(cx - 34, y - 70), (cx - 6, y - 70), (cx - 48, y + 80), (cx - 76, y + 80)])
        scene.flat(shine, np.ones(3, np.float32), 0.14, mask)
        scene.flat(shine + (38, 0) - (0, 0), np.ones(3, np.float32), 0.05, mask)
        if not metal:
            scene.glow(CENTRE + side * 120, y - 54, 50, 3.5, 0.5)
            scene.flat(ellipse(CENTRE + side * 192, y - 34, 4, 3, 14), STEEL)
