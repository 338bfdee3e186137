"""Handbags and backpacks."""

from __future__ import annotations

import numpy as np

from ..design import GOLD, STEEL, Design, Look
from ..geometry import CENTRE, box, ellipse, outline, symmetric
from ..scene import Scene
from ..shading import Fold
from .shirts import button


def _handle(
    scene: Scene,
    paint: object,
    span: float,
    top: float,
    foot: float,
    width: float,
    light: float = 1.0,
    main: bool = True,
) -> None:
    arc = outline(
        [
            (CENTRE - span, foot),
            (CENTRE - span * 0.86, top + (foot - top) * 0.32, 1),
            (CENTRE, top, 1),
            (CENTRE + span * 0.86, top + (foot - top) * 0.32, 1),
            (CENTRE + span, foot),
        ],
        closed=False,
    )
    under = outline(
        [
            (CENTRE - span + width, foot),
            (CENTRE - span * 0.86 + width * 0.8, top + (foot - top) * 0.36 + 2, 1),
            (CENTRE, top + width, 1),
            (CENTRE + span * 0.86 - width * 0.8, top + (foot - top) * 0.36 + 2, 1),
            (CENTRE + span - width, foot),
        ],
        closed=False,
    )
    scene.part(
        np.concatenate([arc, under[::-1]]),
        paint,
        volume=5,
        crumple=0.1,
        material="leather",
        light=light,
        main=main,
        lift=0.35,
    )


def handbag(scene: Scene, design: Design, look: Look) -> float:
    """Draw a handbag: tote, satchel with a flap, or hobo."""
    style = design.style
    trim = (
        look.base * 0.8
        if design.pattern == "solid"
        else (look.base * 0.45 if look.base.mean() > 0.3 else look.base)
    )
    if style == "tote":
        _handle(scene, trim * 0.85, 84, 72, 262, 13, 0.85, main=False)
        shape = symmetric([(0, 246), (150, 246), (172, 400, 1), (164, 548), (120, 556, 1), (0, 558)])
    elif style == "satchel":
        _handle(scene, trim, 74, 128, 280, 16)
        shape = symmetric(
            [(0, 262), (132, 262), (156, 276, 1), (176, 420, 1), (182, 536), (164, 552, 1), (0, 554)]
        )
    else:
        _handle(scene, trim, 142, 66, 330, 17)
        shape = symmetric(
            [(0, 318, 1), (90, 306, 1), (150, 284), (184, 400, 1), (168, 516, 1), (80, 556, 1), (0, 560, 1)]
        )
    mask = scene.part(
        shape,
        look.paint,
        volume=34,
        material=look.material,
        main=True,
        crumple=0.7,
        folds=[
            Fold(120, 300, 150, 520, 16, 0.4),
            Fold(358, 300, 330, 520, 16, 0.4),
            Fold(180, 520, 300, 524, 14, 0.3),
        ],
    )
    inner = (shape - shape.mean(0)) * 0.955 + shape.mean(0)
    scene.stroke(np.concatenate([inner, inner[:1]]), 1, look.thread, 0.7, dash=(4, 2), clip=mask)
    if style == "satchel":
        flap = symmetric([(0, 258), (140, 258), (160, 268, 1), (170, 372, 1), (140, 402, 1), (0, 412, 1)])
        top = scene.part(
            flap, look.paint, volume=16, material=look.material, main=True, crumple=0.4, lift=0.6
        )
        inner = (flap - flap.mean(0)) * 0.95 + flap.mean(0)
        scene.stroke(np.concatenate([inner, inner[:1]]), 1, look.thread, 0.7, dash=(4, 2), clip=top)
        scene.part(
            box(CENTRE - 20, 388, CENTRE + 20, 432, 5), GOLD, volume=6, crumple=0, material="none", lift=0.6
        )
        scene.flat(box(CENTRE - 9, 402, CENTRE + 9, 410, 3), GOLD * 0.55)
    elif style == "tote":
        _handle(scene, trim, 84, 92, 300, 13)
        for side in (-1, 1):
            scene.part(
                box(CENTRE + side * 78 - 13, 286, CENTRE + side * 78 + 13, 330, 4),
                trim,
                volume=4,
                crumple=0,
                lift=0.5,
                material="leather",
            )
            button(scene, CENTRE + side * 78, 316, GOLD, 4)
        scene.seam(np.array([(CENTRE - 160, 268), (CENTRE + 160, 268)]), 0.3, clip=mask)
        scene.part(box(CENTRE - 9, 268, CENTRE + 9, 306, 4), trim, volume=3, crumple=0, lift=0.4)
        button(scene, CENTRE, 296, GOLD, 5)
    else:
        line = outline([(CENTRE - 146, 304), (CENTRE, 334, 1), (CENTRE + 146, 304)], closed=False)
        scene.seam(line, 0.5, 4, clip=mask)
        scene.stroke(line, 1.8, GOLD, 0.95, dash=(2, 1.4), clip=mask, keep=False)
        for side in (-1, 1):
            scene.stroke(ellipse(CENTRE + side * 142, 318, 12, 14, 30), 3.6, GOLD, keep=False)
        scene.part(
            outline(
                [
                    (CENTRE + 60, 322),
                    (CENTRE + 74, 322),
                    (CENTRE + 84, 400),
                    (CENTRE + 67, 412),
                    (CENTRE + 52, 400),
                ]
            ),
            trim,
            volume=4,
            lift=0.5,
            material="leather",
        )
    scene.glow(175, 340, 50, 80, 0.12, mask)
    return 558


def backpack(scene: Scene, design: Design, look: Look) -> float:
    """Draw a backpack from the front, with straps, zips and pockets."""
    trim = look.base * 0.55 if look.base.mean() > 0.25 else look.base * 0.7
    block = look.accent if design.pattern == "colourblock" else None
    for side in (-1, 1):
        strap = outline(
            [
                (CENTRE + side * 84, 130),
                (CENTRE + side * 168, 190, 1),
                (CENTRE + side * 178, 360, 1),
                (CENTRE + side * 150, 520),
                (CENTRE + side * 132, 512),
                (CENTRE + side * 152, 360, 1),
                (CENTRE + side * 140, 220, 1),
            ]
        )
        scene.part(strap, trim, volume=6, material="canvas", crumple=0.2)
    handle = outline(
        [
            (CENTRE - 38, 100),
            (CENTRE - 30, 58, 1),
            (CENTRE, 48, 1),
            (CENTRE + 30, 58, 1),
            (CENTRE + 38, 100),
            (CENTRE + 25, 100),
            (CENTRE + 18, 70, 1),
            (CENTRE, 63, 1),
            (CENTRE - 18, 70, 1),
            (CENTRE - 25, 100),
        ]
    )
    scene.part(handle, trim, volume=4, material="canvas", crumple=0)
    shape = symmetric(
        [
            (0, 82, 1),
            (84, 90, 1),
            (136, 150, 1),
            (148, 300, 1),
            (152, 500, 1),
            (136, 560, 1),
            (60, 572, 1),
            (0, 572, 1),
        ]
    )
    mask = scene.part(
        shape,
        look.paint,
        volume=38,
        material=look.material,
        main=True,
        crumple=0.8,
        folds=[
            Fold(130, 200, 150, 420, 16, 0.5),
            Fold(350, 200, 332, 420, 16, 0.5),
            Fold(180, 300, 300, 310, 16, 0.3),
        ],
    )
    zip_line = outline(
        [
            (CENTRE - 128, 300),
            (CENTRE - 118, 160, 1),
            (CENTRE - 66, 116, 1),
            (CENTRE, 112, 1),
            (CENTRE + 66, 116, 1),
            (CENTRE + 118, 160, 1),
            (CENTRE + 128, 300),
        ],
        closed=False,
    )
    scene.stroke(zip_line, 7, trim * 0.8, 0.95, clip=mask, keep=False)
    scene.stroke(zip_line, 2.2, STEEL, 0.9, dash=(2, 1.3), clip=mask, keep=False)
    for side in (-1, 1):
        pocket = outline(
            [
                (CENTRE + side * 152, 388),
                (CENTRE + side * 120, 400),
                (CENTRE + side * 116, 556),
                (CENTRE + side * 150, 540),
            ]
        )
        scene.part(pocket, trim, volume=6, material="mesh", lift=0.3, clip=mask)
    front = symmetric(
        [(0, 336, 1), (70, 338, 1), (104, 364, 1), (110, 460, 1), (104, 540, 1), (70, 556, 1), (0, 558, 1)]
    )
    paint = look.paint if block is None else block
    pocket_mask = scene.part(
        front, paint, volume=18, material=look.material, crumple=0.6, lift=0.7, main=block is None
    )
    line = outline([(CENTRE - 100, 396), (CENTRE, 390, 1), (CENTRE + 100, 396)], closed=False)
    scene.stroke(line, 7, trim * 0.8, 0.95, clip=pocket_mask, keep=False)
    scene.stroke(line, 2.2, STEEL, 0.9, dash=(2, 1.3), clip=pocket_mask, keep=False)
    scene.part(box(CENTRE + 66, 392, CENTRE + 73, 424, 2), trim, volume=2, crumple=0, lift=0.5)
    scene.part(
        box(CENTRE - 30, 268, CENTRE + 30, 300, 4), trim, volume=4, material="leather", crumple=0.1, lift=0.4
    )
    scene.flat(box(CENTRE - 18, 281, CENTRE + 18, 286, 2), look.accent, 0.9)
    if design.style == "buckled":
        for side in (-1, 1):
            x = CENTRE + side * 62
            scene.part(
                box(x - 10, 200, x + 10, 372, 3), trim, volume=4, material="leather", crumple=0.1, lift=0.6
            )
            scene.stroke(box(x - 14, 352, x + 14, 376, 3), 3.6, GOLD, keep=False)
    return 572
