"""Polo shirts, shirts and kurtas: collars, plackets, buttons."""

from __future__ import annotations

import numpy as np

from ..design import Design, Look
from ..geometry import CENTRE, box, ellipse, mirrored, outline
from ..palette import rgb
from ..scene import Mask, Scene
from ..shading import Fold
from . import torso
from .tops import body_paint


def button(scene: Scene, x: float, y: float, colour: np.ndarray, r: float = 3.6) -> None:
    """Sew on a button."""
    scene.flat(ellipse(x + 0.8, y + 1.2, r, r, 16), np.zeros(3, np.float32), 0.35)
    scene.flat(ellipse(x, y, r, r, 16), colour)
    scene.flat(ellipse(x - 0.8, y - 0.9, r * 0.45, r * 0.45, 10), np.ones(3, np.float32), 0.35)
    scene.flat(ellipse(x, y, 0.9, 0.9, 8), colour * 0.4)


def button_colour(look: Look) -> np.ndarray:
    """Return the colour of buttons that show on this cloth."""
    return look.base * 0.5 if look.base.mean() > 0.6 else np.array((0.93, 0.92, 0.88), np.float32)


def collar(
    scene: Scene,
    look: Look,
    cut: torso.Cut,
    paint: object,
    point: float = 56,
    spread: float = 40,
    material: str = "cotton",
) -> None:
    """Draw a turned-down collar: a stand behind, two leaves in front."""
    top = cut.top
    stand = outline(
        [
            (CENTRE - cut.neck - 2, top + 2),
            (CENTRE - cut.neck * 0.6, top - 18, 1),
            (CENTRE, top - 22, 1),
            (CENTRE + cut.neck * 0.6, top - 18, 1),
            (CENTRE + cut.neck + 2, top + 2),
            (CENTRE + cut.neck * 0.5, top + 14, 1),
            (CENTRE, top + 18, 1),
            (CENTRE - cut.neck * 0.5, top + 14, 1),
        ]
    )
    scene.part(stand, look.dark * 1.15, volume=6, edge=0.35, crumple=0, lift=0)
    scene.flat(
        box(CENTRE - 13, top - 8, CENTRE + 13, top + 5, 2), np.array((0.9, 0.9, 0.88), np.float32), 0.9
    )
    leaf = outline(
        [
            (CENTRE + cut.neck * 0.72, top - 17),
            (CENTRE + cut.neck + 4, top - 3, 1),
            (CENTRE + cut.neck + 9, top + 12),
            (CENTRE + spread, top + point + 6),
            (CENTRE + 1, top + cut.drop - 2),
            (CENTRE + cut.neck * 0.5, top + cut.drop * 0.36, 1),
        ]
    )
    for side in (-1, 1):
        shape = leaf if side > 0 else mirrored(leaf)
        mask = scene.part(
            shape,
            paint,
            volume=5,
            edge=0.2,
            crumple=0.1,
            material=material,
            lift=0.5,
            turn=side * 35,
            main=True,
        )
        line = np.array(
            [
                (CENTRE + cut.neck + 5, top + 11),
                (CENTRE + spread - 1, top + point),
                (CENTRE + 5, top + cut.drop - 4),
            ]
        )
        scene.stroke(line if side > 0 else mirrored(line), 0.8, look.thread, 0.6, dash=(2.6, 1.4), clip=mask)


def polo(scene: Scene, design: Design, look: Look) -> None:
    """Draw a polo shirt: knitted collar, short buttoned placket, ribbed sleeve ends."""
    cut = torso.cut_for(design, scene.rng)
    cut.drop, cut.neck, cut.shape = 44, 42, "v"
    torso.inside(scene, look, cut, label=False)
    torso.sleeves(scene, look, cut, "short")
    torso.cuffs(scene, cut, "short", look.accent if design.style == "tipped" else look.trim, 9)
    mask = scene.part(
        torso.body(cut),
        body_paint(look, cut),
        volume=26,
        material="mesh",
        main=True,
        sag=-6,
        folds=torso.body_folds(scene.rng, cut),
    )
    torso.armholes(scene, cut, mask)
    torso.hem_stitch(scene, look, cut, mask)
    top = cut.top + cut.drop - 6
    scene.part(
        box(CENTRE - 11, top, CENTRE + 11, top + 88, 2), look.trim, volume=3, crumple=0, lift=0.3, main=True
    )
    for k in range(3):
        button(scene, CENTRE, top + 18 + 27 * k, button_colour(look), 3.8)
    collar(scene, look, cut, look.trim, 54, 42, "knit")
    if design.style == "tipped":
        line = np.array(
            [
                (CENTRE + cut.neck + 4, cut.top + 11),
                (CENTRE + 41, cut.top + 56),
                (CENTRE + 5, cut.top + cut.drop - 1),
            ]
        )
        for shape in (line, mirrored(line)):
            scene.stroke(shape, 2.6, look.accent, 0.95)
    if design.pattern in ("solid", "colourblock"):
        scene.flat(ellipse(CENTRE + 52, cut.arm - 28, 7, 7, 20), look.accent, 0.9)
        scene.flat(
            np.array([(CENTRE + 48, cut.arm - 25), (CENTRE + 52, cut.arm - 33), (CENTRE + 56, cut.arm - 25)]),
            look.base,
        )


def shirt(scene: Scene, design: Design, look: Look) -> None:
    """Draw a buttoned shirt with collar, placket, curved hem and (often) a chest pocket."""
    cut = torso.cut_for(design, scene.rng)
    cut.drop, cut.neck, cut.shape, cut.curve, cut.bottom = 34, 40, "v", 30, cut.bottom - 10
    torso.inside(scene, look, cut, label=False)
    torso.sleeves(scene, look, cut, design.sleeve)
    if design.sleeve == "long":
        torso.cuffs(scene, cut, "long", look.paint, 30, "cotton")
    else:
        torso.cuffs(scene, cut, "short", look.paint, 5, "cotton")
    mask = scene.part(
        torso.body(cut),
        look.paint,
        volume=24,
        material=look.material,
        main=True,
        folds=torso.body_folds(scene.rng, cut, 1.1),
    )
    torso.armholes(scene, cut, mask)
    for side in (-1, 1):
        yoke = np.array(
            [
                (CENTRE + side * (cut.neck + 6), cut.top + 20),
                (CENTRE + side * (cut.shoulder - 4), cut.top + cut.slope + 18),
            ]
        )
        scene.seam(yoke, 0.16, clip=mask)
    _front(scene, look, cut.top + cut.drop - 8, cut.bottom + 28, 7, mask)
    if design.gender == "Men":
        _pocket(scene, look, CENTRE + 30, cut.arm - 30, 48, 56)
    collar(scene, look, cut, look.paint)
    x = np.linspace(-cut.hem, cut.hem, 24)
    y = cut.bottom + cut.curve * (1 - (x / cut.hem) ** 2) * 0.96
    scene.stroke(np.stack([CENTRE + x, y - 7], 1), 0.9, look.thread, 0.5, dash=(3, 1.6), clip=mask)


def _front(scene: Scene, look: Look, top: float, bottom: float, count: int, clip: Mask) -> None:
    scene.part(
        box(CENTRE - 10, top, CENTRE + 10, bottom),
        look.paint,
        volume=3,
        crumple=0.1,
        lift=0.25,
        clip=clip,
        main=True,
    )
    for x in (-7.5, 7.5):
        scene.stroke(
            np.array([(CENTRE + x, top), (CENTRE + x, bottom)]),
            0.8,
            look.thread,
            0.5,
            dash=(2.6, 1.4),
            clip=clip,
        )
    for y in np.linspace(top + 24, bottom - 46, count):
        button(scene, CENTRE, float(y), button_colour(look))


def _pocket(scene: Scene, look: Look, x: float, y: float, w: float, h: float) -> None:
    shape = np.array([(x, y), (x + w, y), (x + w, y + h - 12), (x + w / 2, y + h), (x, y + h - 12)])
    mask = scene.part(
        shape, look.paint, volume=3, edge=0.16, crumple=0.2, lift=0.35, material=look.material, main=True
    )
    scene.seam(np.array([(x, y + 10), (x + w, y + 10)]), 0.18, clip=mask)
    inner = (shape - shape.mean(0)) * 0.92 + shape.mean(0)
    scene.stroke(np.concatenate([inner, inner[:1]]), 0.8, look.thread, 0.5, dash=(2.6, 1.4))


def kurta(scene: Scene, design: Design, look: Look) -> None:
    """Draw a kurta: a long tunic with a stand-up collar, a half placket and side slits."""
    rng = scene.rng
    women = design.gender == "Women"
    cut = torso.Cut(
        neck=36,
        top=62,
        drop=40,
        shoulder=96 if not women else 86,
        slope=24,
        chest=88 if not women else 80,
        arm=190,
        waist=82 if not women else 68,
        waist_y=300,
        hem=104 if not women else 112,
        bottom=588,
        curve=5,
        shape="v",
    )
    torso.inside(scene, look, cut, label=False)
    sleeve = design.sleeve
    torso.sleeves(scene, look, cut, sleeve)
    folds = torso.body_folds(rng, cut, 0.9)
    for k in range(5):
        x = CENTRE + (k - 2) * 38 + rng.uniform(-8, 8)
        folds.append(
            Fold(
                x * 0.7 + CENTRE * 0.3,
                320,
                x,
                596,
                rng.uniform(12, 20),
                rng.uniform(0.4, 0.7),
                rng.uniform(-8, 8),
            )
        )
    mask = scene.part(torso.body(cut), look.paint, volume=20, folds=folds, material=look.material, main=True)
    torso.armholes(scene, cut, mask)
    for side in (-1, 1):
        slit = outline(
            [
                (CENTRE + side * (cut.hem - 15), 452),
                (CENTRE + side * (cut.hem - 9), 520, 1),
                (CENTRE + side * (cut.hem - 6), 592),
            ],
            closed=False,
        )
        scene.seam(slit, 0.5, 2.2, clip=mask)
    trim = look.accent if design.pattern != "solid" or design.style == "embroidered" else look.base * 0.8
    if women or design.pattern == "ethnic":
        x = np.linspace(-cut.hem, cut.hem, 12)
        low = np.stack([CENTRE + x, 572 + 4 * (1 - (x / cut.hem) ** 2)], 1)
        scene.stroke(low, 9, trim, 0.9, clip=mask)
        scene.stroke(low - (0, 9), 2.2, trim, 0.9, clip=mask)
        scene.stroke(low, 2, rgb("Beige"), 0.8, dash=(3, 4), clip=mask)
    top = cut.top + cut.drop - 8
    scene.part(
        box(CENTRE - 9, top, CENTRE + 9, top + 128, 3),
        trim,
        volume=3,
        crumple=0.1,
        lift=0.3,
        clip=mask,
        main=design.pattern == "solid" and design.style != "embroidered",
    )
    for k in range(5):
        button(scene, CENTRE, top + 18 + 24 * k, np.array((0.86, 0.76, 0.5), np.float32), 3.4)
    if design.style == "embroidered":
        for side in (-1, 1):
            for k in range(9):
                scene.flat(ellipse(CENTRE + side * 17, top + 14 + 13 * k, 3.4, 4.6, 12), trim, 0.95)
                scene.flat(ellipse(CENTRE + side * 17, top + 14 + 13 * k, 1.2, 1.6, 8), look.base)
    band = outline(
        [
            (CENTRE - 3, cut.top + cut.drop + 2),
            (CENTRE - cut.neck * 0.7, cut.top + 12, 1),
            (CENTRE - cut.neck - 3, cut.top - 6),
            (CENTRE - cut.neck * 0.86, cut.top - 14),
            (CENTRE - cut.neck * 0.42, cut.top + 6, 1),
            (CENTRE - 1, cut.top + cut.drop - 12),
        ]
    )
    for shape in (band, mirrored(band)):
        scene.part(
            shape,
            trim if design.pattern != "solid" else look.base,
            volume=4,
            crumple=0,
            lift=0.4,
            main=design.pattern == "solid",
        )
