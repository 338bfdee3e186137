"""Socks, scarves, ties and belts."""
# ruff: noqa: RUF005 -- arrays are added here, not tuples

from __future__ import annotations

import numpy as np

from ..design import GOLD, STEEL, Design, Look
from ..geometry import CENTRE, box, ellipse, outline
from ..scene import Scene
from ..shading import Fold


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


def scarf(scene: Scene, design: Design, look: Look) -> None:
    """Draw a scarf knotted once, its two ends hanging down with fringes."""
    rng = scene.rng
    for x0, x1, y1, light, lean in ((246, 336, 540, 0.95, 22), (150, 244, 572, 1.0, -16)):
        for k in range(15):
            x = x0 + lean + 5 + (x1 - x0 - 10) * k / 14
            end = np.array([(x, y1 - 4), (x + rng.uniform(-5, 5), y1 + 34)])
            scene.stroke(end, 3, look.base * light, 1)
        tail = outline(
            [
                (x0 + 20, 220),
                (x1 - 16, 220),
                (x1 + lean * 0.6, 400, 1),
                (x1 + lean, y1),
                (x0 + lean, y1),
                (x0 + lean * 0.6, 400, 1),
            ]
        )
        folds = [
            Fold(
                x0 + 30 + 20 * k,
                230,
                x0 + lean + 14 + 30 * k,
                y1 + 60,
                9,
                rng.uniform(0.5, 0.9),
                rng.uniform(-6, 6),
            )
            for k in range(3)
        ]
        scene.part(
            tail,
            look.paint,
            volume=14,
            folds=folds,
            material=look.material,
            main=True,
            light=light,
            lift=0.5,
            turn=-lean * 0.3,
        )
    ring = outline(
        [
            (110, 176, 1),
            (150, 92, 1),
            (240, 66, 1),
            (330, 92, 1),
            (370, 176, 1),
            (330, 258, 1),
            (240, 286, 1),
            (150, 258, 1),
        ]
    )
    folds = [Fold(112, 170 + 16 * k, 368, 170 + 16 * k, 9, 0.9, -46 + 6 * k) for k in range(-1, 5)]
    scene.part(ring, look.paint, volume=26, folds=folds, material=look.material, main=True, lift=0.6, sag=50)
    hole = outline(
        [
            (172, 150, 1),
            (200, 112, 1),
            (240, 102, 1),
            (280, 112, 1),
            (308, 150, 1),
            (280, 176, 1),
            (240, 184, 1),
            (200, 176, 1),
        ]
    )
    scene.part(hole, look.dark * 0.8, volume=10, edge=0.8, crumple=0.4, lift=0)
    loop = outline(
        [
            (186, 214, 1),
            (240, 226, 1),
            (292, 212, 1),
            (300, 262, 1),
            (286, 304, 1),
            (240, 312, 1),
            (196, 304, 1),
            (182, 262, 1),
        ]
    )
    scene.part(
        loop,
        look.paint,
        volume=16,
        material=look.material,
        main=True,
        lift=0.6,
        turn=70,
        folds=[Fold(190, 240, 292, 250, 8, 0.8), Fold(190, 272, 292, 282, 8, 0.8)],
    )


def tie(scene: Scene, design: Design, look: Look) -> None:
    """Draw a knotted necktie."""
    wide = 58 if design.fit != "Slim Fit" else 42
    loop = outline(
        [
            (CENTRE - 26, 112),
            (CENTRE - 84, 80, 1),
            (CENTRE - 62, 36, 1),
            (CENTRE, 26, 1),
            (CENTRE + 62, 36, 1),
            (CENTRE + 84, 80, 1),
            (CENTRE + 26, 112),
            (CENTRE + 54, 78, 1),
            (CENTRE + 44, 52, 1),
            (CENTRE, 44, 1),
            (CENTRE - 44, 52, 1),
            (CENTRE - 54, 78, 1),
        ]
    )
    scene.part(loop, look.paint, volume=6, material="silk", main=True, crumple=0.1, light=0.92, turn=45)
    tail = outline(
        [
            (CENTRE - 14, 140),
            (CENTRE + 20, 140),
            (CENTRE + wide * 0.62, 520),
            (CENTRE + 12, 556),
            (CENTRE - 20, 520),
        ]
    )
    scene.part(tail, look.paint, volume=8, material="silk", light=0.85, main=True, turn=45)
    blade = outline(
        [
            (CENTRE - 22, 138),
            (CENTRE + 22, 138),
            (CENTRE + 30, 230, 1),
            (CENTRE + wide, 560),
            (CENTRE, 610),
            (CENTRE - wide, 560),
            (CENTRE - 30, 230, 1),
        ]
    )
    mask = scene.part(
        blade,
        look.paint,
        volume=14,
        round_=1.3,
        material="silk",
        main=True,
        crumple=0.3,
        lift=0.6,
        turn=45 if design.pattern == "striped" else 0,
        folds=[
            Fold(CENTRE - 2, 136, CENTRE + 6, 300, 9, 0.7),
            Fold(CENTRE - 20, 300, CENTRE - 34, 560, 20, 0.3),
        ],
    )
    scene.glow(CENTRE - 18, 420, 14, 160, 0.16, mask)
    knot = outline(
        [
            (CENTRE - 36, 92),
            (CENTRE, 84, 1),
            (CENTRE + 36, 92),
            (CENTRE + 24, 150),
            (CENTRE, 156, 1),
            (CENTRE - 24, 150),
        ]
    )
    scene.part(
        knot,
        look.paint,
        volume=12,
        round_=1.4,
        material="silk",
        main=True,
        crumple=0.2,
        lift=0.6,
        turn=-30 if design.pattern == "striped" else 0,
    )


def belt(scene: Scene, design: Design, look: Look) -> None:
    """Draw a belt rolled up, its buckle in front."""
    metal = GOLD if design.style == "gold" else STEEL
    scene.part(
        ellipse(CENTRE, 250, 186, 104, 80),
        look.base * 0.9,
        volume=14,
        crumple=0.1,
        material="leather",
    )
    hole = scene.part(
        ellipse(CENTRE, 252, 168, 86, 80), look.dark * 0.7, volume=14, edge=0.5, crumple=0.1, lift=0
    )
    scene.part(
        ellipse(CENTRE, 282, 156, 66, 80),
        np.array((0.93, 0.93, 0.94), np.float32),
        volume=6,
        edge=0.15,
        crumple=0,
        lift=0,
        clip=hole,
    )
    t = np.linspace(0, np.pi, 40)
    upper = np.stack([CENTRE + 186 * np.cos(t), 252 + 104 * np.sin(t)], 1)
    front = np.concatenate([upper, upper[::-1] + (0, 78)])
    mask = scene.part(
        front, look.paint, volume=14, round_=1.4, crumple=0.2, material=look.material, main=True, lift=0.5
    )
    for dy in (8, 70):
        scene.stroke(upper + (0, dy), 1.2, look.thread, 0.85, dash=(4, 2.4), clip=mask)
    for side in (-1, 1):
        scene.glow(CENTRE + side * 178, 300, 34, 90, -0.35, mask)
    scene.glow(CENTRE - 80, 378, 46, 40, 0.16, mask)
    for k in range(4):
        scene.flat(ellipse(CENTRE + 70 + 24 * k, 390 - 5 * k - 1.6 * k * k, 4, 4.6, 14), look.base * 0.2)
    scene.part(
        box(CENTRE + 34, 344, CENTRE + 52, 440, 4),
        look.base * 0.9,
        volume=4,
        crumple=0,
        material="leather",
        lift=0.6,
        main=True,
    )
    buckle = box(CENTRE - 62, 336, CENTRE + 28, 448, 14)
    inner = box(CENTRE - 44, 354, CENTRE + 10, 430, 6)
    scene.part(
        np.concatenate([buckle, buckle[:1], inner[::-1], inner[-1:]]),
        metal,
        volume=7,
        round_=2,
        crumple=0,
        material="none",
        lift=0.6,
    )
    scene.part(
        box(CENTRE - 54, 388, CENTRE + 22, 398, 4),
        metal * 0.92,
        volume=3,
        crumple=0,
        material="none",
        lift=0.6,
    )
