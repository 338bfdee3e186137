"""Scarves, ties, belts and watches."""
# ruff: noqa: RUF005 -- arrays are added here, not tuples

from __future__ import annotations

import numpy as np

from ..design import GOLD, STEEL, Design, Look
from ..geometry import CENTRE, box, ellipse, outline, rotated, symmetric
from ..palette import rgb
from ..scene import Scene
from ..shading import Fold


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


def watch(scene: Scene, design: Design, look: Look) -> None:
    """Draw a wrist watch from the front, dial and strap in the product's colour."""
    metal = design.style == "metal"
    case = GOLD if design.accent in ("Beige", "Brown") else STEEL
    strap_material = "none" if metal else "leather"
    for up in (True, False):
        s = -1 if up else 1
        strap = symmetric(
            [
                (0, 320 + s * 80),
                (58, 320 + s * 80),
                (52, 320 + s * 150, 1),
                (42, 320 + s * 280),
                (28, 320 + s * 288, 1),
                (0, 320 + s * 290),
            ]
        )
        mask = scene.part(
            strap, look.paint, volume=12, round_=1.4, crumple=0.1, material=strap_material, main=True
        )
        if metal:
            for k in range(9):
                y = 320 + s * (112 + 20 * k)
                scene.seam(np.array([(180, y), (300, y)]), 0.5, 2, clip=mask)
            for x in (-18, 18):
                scene.seam(
                    np.array([(CENTRE + x, 320 + s * 90), (CENTRE + x * 0.9, 320 + s * 290)]),
                    0.35,
                    1.6,
                    clip=mask,
                )
            scene.glow(CENTRE - 12, 320 + s * 200, 10, 100, 0.25, mask)
        else:
            for x in (-1, 1):
                line = outline(
                    [
                        (CENTRE + x * 50, 320 + s * 96),
                        (CENTRE + x * 45, 320 + s * 160, 1),
                        (CENTRE + x * 36, 320 + s * 276),
                    ],
                    closed=False,
                )
                scene.stroke(line, 1.3, look.thread, 0.9, dash=(4, 2.4), clip=mask)
            if not up:
                for k in range(4):
                    scene.flat(ellipse(CENTRE, 478 + 26 * k, 3.4, 4.6, 16), look.base * 0.25)
    scene.part(box(332, 308, 350, 332, 4), case * 0.9, volume=4, crumple=0, material="none")
    for s in (-1, 1):
        for x in (-1, 1):
            scene.part(
                rotated(
                    box(CENTRE + x * 52 - 9, 320 + s * 88 - 16, CENTRE + x * 52 + 9, 320 + s * 88 + 16, 4),
                    x * s * -10,
                    (CENTRE + x * 52, 320 + s * 88),
                ),
                case,
                volume=4,
                crumple=0,
                material="none",
            )
    square = design.detail == "Square"
    body = box(CENTRE - 92, 228, CENTRE + 92, 412, 26) if square else ellipse(CENTRE, 320, 98, 98, 90)
    scene.part(body, case, volume=12, round_=2.2, crumple=0, material="none", lift=0.5)
    dial = box(CENTRE - 74, 246, CENTRE + 74, 394, 16) if square else ellipse(CENTRE, 320, 80, 80, 90)
    mask = scene.part(dial, look.base, volume=8, edge=0.3, crumple=0, material="none", lift=0.5, main=True)
    ink = (
        np.array((0.95, 0.95, 0.93), np.float32) if look.base.mean() < 0.55 else np.full(3, 0.12, np.float32)
    )
    for k in range(12):
        a = k * np.pi / 6
        inner = 58 if k % 3 else 52
        line = np.array(
            [
                (CENTRE + inner * np.sin(a), 320 - inner * np.cos(a)),
                (CENTRE + 70 * np.sin(a), 320 - 70 * np.cos(a)),
            ]
        )
        scene.stroke(line, 2.4 if k % 3 else 4.6, ink)
    if design.style == "chronograph":
        for x, y in ((-30, 320), (30, 320), (0, 354)):
            scene.stroke(ellipse(CENTRE + x, y, 17, 17, 36), 1.5, ink, 0.9)
            scene.stroke(np.array([(CENTRE + x, y), (CENTRE + x + 8, y - 9)]), 1.5, ink)
    for length, angle, width in ((40, -58, 5), (60, 62, 3.6)):
        a = np.deg2rad(angle)
        hand = np.array(
            [
                (CENTRE - 8 * np.sin(a), 320 + 8 * np.cos(a)),
                (CENTRE + length * np.sin(a), 320 - length * np.cos(a)),
            ]
        )
        scene.stroke(hand + (1.5, 2.5), width, np.zeros(3, np.float32), 0.3)
        scene.stroke(hand, width, ink)
    scene.stroke(
        np.array([(CENTRE + 6, 330), (CENTRE - 34, 372)]),
        1.3,
        rgb("Red") if design.colour not in ("Red", "Maroon", "Pink", "Orange") else ink,
    )
    scene.flat(ellipse(CENTRE, 320, 5, 5, 20), ink)
    scene.glow(CENTRE - 34, 278, 34, 26, 0.12, mask)
