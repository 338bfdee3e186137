"""Heels, flip-flops and socks."""

from __future__ import annotations

import numpy as np

from ..design import GOLD, Design, Look
from ..geometry import box, ellipse, outline
from ..scene import Scene
from ..shading import Fold


def _shifted(points: list[tuple[float, ...]], dx: float, dy: float) -> np.ndarray:
    return outline([(p[0] + dx, p[1] + dy, *p[2:]) for p in points])


def heels(scene: Scene, design: Design, look: Look) -> float:
    """Draw a pair of heels from the side: pumps, strappy sandals or block heels."""
    _heel(scene, design, look, 34, -58, 0.88)
    _heel(scene, design, look, 0, 0, 1.0)
    return 470


def _heel(scene: Scene, design: Design, look: Look, dx: float, dy: float, light: float) -> None:
    tan = np.array((0.80, 0.66, 0.50), np.float32)
    inner = _shifted(
        [
            (84, 238),
            (104, 226, 1),
            (140, 246, 1),
            (250, 350, 1),
            (320, 408, 1),
            (300, 420),
            (200, 360, 1),
            (110, 262, 1),
        ],
        dx,
        dy,
    )
    scene.part(inner, tan * 0.85, volume=6, edge=0.4, crumple=0, lift=0)
    if design.style == "block":
        heel = _shifted([(78, 300), (152, 326), (142, 400, 1), (138, 470), (84, 470), (80, 390, 1)], dx, dy)
    else:
        heel = _shifted(
            [
                (80, 296),
                (146, 328),
                (118, 372, 1),
                (102, 420, 1),
                (99, 470),
                (87, 470),
                (88, 400, 1),
                (80, 340, 1),
            ],
            dx,
            dy,
        )
    scene.part(
        heel,
        look.base * (0.92 if look.base.mean() > 0.2 else 1),
        volume=8,
        crumple=0,
        material="none",
        light=light,
        main=True,
    )
    sole = _shifted(
        [
            (82, 318),
            (140, 330, 1),
            (210, 400, 1),
            (280, 452, 1),
            (330, 462, 1),
            (420, 456, 1),
            (436, 462),
            (420, 470),
            (310, 472, 1),
            (250, 456, 1),
            (190, 404, 1),
            (130, 344, 1),
        ],
        dx,
        dy,
    )
    scene.part(sole, np.array((0.20, 0.15, 0.13), np.float32), volume=4, crumple=0, lift=0.2)
    if design.style == "strappy":
        bed = _shifted(
            [
                (84, 300),
                (140, 318, 1),
                (220, 394, 1),
                (290, 446, 1),
                (430, 452),
                (430, 462),
                (290, 460, 1),
                (210, 408, 1),
                (130, 338, 1),
                (82, 324),
            ],
            dx,
            dy,
        )
        scene.part(bed, look.base, volume=4, crumple=0, light=light, main=True)
        for points in (
            [
                (300, 450),
                (316, 392, 1),
                (356, 386, 1),
                (392, 450),
                (378, 454),
                (350, 402, 1),
                (328, 406, 1),
                (318, 454),
            ],
            [
                (360, 452),
                (372, 412, 1),
                (402, 414, 1),
                (424, 452),
                (412, 456),
                (394, 428, 1),
                (382, 428, 1),
                (374, 456),
            ],
            [
                (236, 416),
                (262, 348, 1),
                (300, 344, 1),
                (334, 408),
                (320, 420),
                (296, 364, 1),
                (272, 366, 1),
                (252, 428),
            ],
        ):
            scene.part(
                _shifted(points, dx, dy),
                look.paint,
                volume=5,
                crumple=0.1,
                material=look.material,
                light=light,
                main=True,
                lift=0.4,
            )
        back = _shifted(
            [
                (82, 326),
                (74, 250, 1),
                (86, 190),
                (172, 200, 1),
                (172, 214),
                (100, 208, 1),
                (96, 250, 1),
                (120, 326),
            ],
            dx,
            dy,
        )
        scene.part(
            back, look.paint, volume=5, crumple=0.1, material=look.material, light=light, main=True, lift=0.4
        )
        scene.stroke(box(154 + dx, 198 + dy, 170 + dx, 216 + dy, 3), 2.4, GOLD, keep=False)
        return
    upper = _shifted(
        [
            (80, 322),
            (70, 270, 1),
            (84, 234),
            (104, 262, 1),
            (170, 316, 1),
            (240, 372, 1),
            (300, 398, 1),
            (318, 396, 1),
            (352, 410, 1),
            (412, 436, 1),
            (440, 458),
            (420, 466),
            (330, 460, 1),
            (280, 450, 1),
            (210, 398, 1),
            (140, 332, 1),
        ],
        dx,
        dy,
    )
    mask = scene.part(
        upper, look.paint, volume=16, crumple=0.2, material=look.material, light=light, main=True
    )
    scene.glow(350 + dx, 424 + dy, 40, 9, 0.4, mask)
    scene.glow(94 + dx, 286 + dy, 8, 26, 0.35, mask)
    scene.seam(_shifted([(90, 250), (170, 328, 1), (240, 384, 1), (306, 408)], dx, dy)[:30], 0.2, clip=mask)
    if design.style == "block":
        scene.part(
            _shifted([(292, 394), (330, 392, 1), (340, 424), (304, 424, 1)], dx, dy),
            look.base * 0.85,
            volume=4,
            lift=0.4,
            main=True,
        )
        scene.flat(box(308 + dx, 398 + dy, 326 + dx, 418 + dy, 3), GOLD)


def flipflops(scene: Scene, design: Design, look: Look) -> None:
    """Draw a pair of flip-flops from above."""
    half = [
        (0, 92, 1),
        (58, 108, 1),
        (84, 190, 1),
        (70, 300, 1),
        (62, 400, 1),
        (64, 490, 1),
        (34, 552, 1),
        (0, 560, 1),
        (-40, 548, 1),
        (-62, 490, 1),
        (-58, 400, 1),
        (-72, 300, 1),
        (-80, 190, 1),
        (-52, 108, 1),
    ]
    for side in (-1, 1):
        cx = 240 + side * 104
        foot = outline([(cx + side * p[0], *p[1:]) for p in half])
        rim = (foot - (cx, 326)) * (1.05, 1.025) + (cx + 3, 331)
        scene.part(
            rim,
            look.accent if design.pattern == "solid" else look.base * 0.6,
            volume=6,
            crumple=0,
            material="none",
        )
        mask = scene.part(
            foot,
            look.paint,
            volume=14,
            crumple=0.3,
            material="canvas",
            main=True,
            turn=side * 4,
            lift=0.1,
            origin=(cx, 320),
        )
        scene.glow(cx, 500, 34, 36, -0.10, mask)
        scene.glow(cx, 200, 44, 60, -0.08, mask)
        strap = look.accent if design.pattern == "solid" else look.base * 0.75
        for turn in (-1, 1):
            band = outline(
                [
                    (cx - side * 12 - 3 * turn, 166),
                    (cx + turn * 44, 230, 1),
                    (cx + turn * 72, 352),
                    (cx + turn * 56, 362),
                    (cx + turn * 30, 250, 1),
                    (cx - side * 12 + 6 * turn, 192),
                ]
            )
            scene.part(band, strap, volume=6, crumple=0, lift=0.5, material="none")
        scene.part(
            ellipse(cx - side * 12, 174, 11, 14, 24), strap, volume=4, crumple=0, lift=0.5, material="none"
        )


def socks(scene: Scene, design: Design, look: Look) -> None:
    """Draw a pair of socks, crew or ankle length."""
    top = 92 if design.length == "Crew" else 250
    shift = 0 if design.length == "Crew" else -62
    for dx, dy, light in ((74, -18, 0.93), (-34, 22, 1.0)):
        move = (dx, dy + shift)
        x0, x1 = 132, 232
        leg = (
            outline(
                [
                    (x0 + 4, top),
                    (x1, top),
                    (x1 - 2, 330, 1),
                    (x1 + 4, 410, 1),
                    (300, 470, 1),
                    (372, 524, 1),
                    (366, 580, 1),
                    (310, 588, 1),
                    (230, 540, 1),
                    (150, 510, 1),
                    (122, 460, 1),
                    (136, 380, 1),
                ]
            )
            + move
        )
        mask = scene.part(
            leg,
            look.paint,
            volume=26,
            material="knit",
            main=True,
            light=light,
            crumple=0.7,
            lift=0.45,
            folds=[
                Fold(140 + dx, 440 + dy + shift, 230 + dx, 412 + dy + shift, 12, 0.6),
                Fold(150 + dx, 470 + dy + shift, 238 + dx, 432 + dy + shift, 10, 0.5),
            ],
        )
        trim = (
            look.accent
            if design.pattern == "colourblock"
            else (look.base * 0.86 if look.base.mean() > 0.3 else look.base * 0.8)
        )
        main = design.pattern != "colourblock"
        heel = outline([(110, 430), (150, 432, 1), (176, 480, 1), (150, 530), (100, 530)]) + move
        scene.part(heel, trim, volume=10, clip=mask, material="knit", lift=0.15, light=light, main=main)
        toe = outline([(330, 470), (322, 540, 1), (300, 610), (400, 620), (400, 480)]) + move
        scene.part(toe, trim, volume=12, clip=mask, material="knit", lift=0.15, light=light, main=main)
        scene.part(
            box(x0 + 1, top - 6, x1 + 3, top + 34, 5) + move,
            trim,
            volume=9,
            material="knit",
            crumple=0.1,
            light=light,
            main=main,
        )
