"""Hoodies and jackets."""
# ruff: noqa: RUF005 -- arrays are added here, not tuples

from __future__ import annotations

import numpy as np

from ..design import STEEL, THREAD, Design, Look
from ..geometry import CENTRE, box, mirrored, outline, symmetric
from ..scene import Mask, Scene
from ..shading import Fold
from . import torso
from .shirts import button
from .tops import body_paint, chest_print


def _zip(scene: Scene, top: float, bottom: float, clip: Mask) -> None:
    scene.stroke(np.array([(CENTRE, top), (CENTRE, bottom)]), 6, np.full(3, 0.2, np.float32), 0.8, clip=clip)
    scene.stroke(np.array([(CENTRE, top), (CENTRE, bottom)]), 3, STEEL, 1, dash=(2, 1.4), clip=clip)
    scene.flat(box(CENTRE - 3, top + 4, CENTRE + 3, top + 20, 2), STEEL * 0.85)


def _hem(scene: Scene, look: Look, cut: torso.Cut, paint: object) -> None:
    rib = np.array(
        [
            (CENTRE - cut.hem - 1, cut.bottom - 2),
            (CENTRE + cut.hem + 1, cut.bottom - 2),
            (CENTRE + cut.hem - 7, cut.bottom + 34),
            (CENTRE - cut.hem + 7, cut.bottom + 34),
        ]
    )
    scene.part(rib, paint, volume=9, crumple=0.1, material="knit", main=True)


def hoodie(scene: Scene, design: Design, look: Look) -> None:
    """Draw a hooded sweatshirt with cords and a pouch pocket."""
    cut = torso.cut_for(design, scene.rng)
    cut.top, cut.drop, cut.bottom, cut.curve, cut.arm = 138, 46, 520, 4, 280
    cut.waist_y, cut.neck, cut.waist, cut.hem = 410, 56, cut.chest, cut.chest
    hood = symmetric([(0, 52, 1), (52, 66, 1), (78, 118, 1), (84, 172, 1), (46, 204), (0, 214)])
    scene.part(
        hood,
        look.paint,
        volume=20,
        material="cotton",
        main=True,
        crumple=0.8,
        folds=[Fold(180, 80, 172, 180, 12, 0.5), Fold(300, 80, 308, 180, 12, 0.5)],
    )
    hollow = symmetric([(0, 82, 1), (40, 96, 1), (56, 146, 1), (34, 190, 1), (0, 206, 1)])
    scene.part(hollow, look.dark * 0.85, volume=18, edge=0.7, crumple=0.3, lift=0)
    torso.sleeves(scene, look, cut, "long", strength=1.3)
    torso.cuffs(scene, cut, "long", look.trim, 26)
    mask = scene.part(
        torso.body(cut),
        body_paint(look, cut),
        volume=30,
        main=True,
        crumple=0.8,
        sag=-5,
        folds=torso.body_folds(scene.rng, cut, 1.2),
    )
    torso.armholes(scene, cut, mask, 0.3)
    if design.pattern == "graphic":
        chest_print(scene, design, look, 300, 68, mask)
    for side in (-1, 1):
        leaf = outline(
            [
                (CENTRE + 58, 134),
                (CENTRE + 82, 160, 1),
                (CENTRE + 70, 192, 1),
                (CENTRE + 6, 222),
                (CENTRE - 2, 190),
                (CENTRE + 40, 176, 1),
                (CENTRE + 54, 150, 1),
            ]
        )
        scene.part(leaf if side > 0 else mirrored(leaf), look.base, volume=9, lift=0.45, main=True)
    pouch = np.array(
        [
            (CENTRE - 48, 404),
            (CENTRE + 48, 404),
            (CENTRE + 78, 462),
            (CENTRE + 78, 518),
            (CENTRE - 78, 518),
            (CENTRE - 78, 462),
        ]
    )
    scene.part(pouch, look.paint, volume=5, edge=0.2, lift=0.45, clip=mask, main=True)
    _hem(scene, look, cut, look.trim)
    if design.style == "zip":
        _zip(scene, 208, cut.bottom + 34, scene_mask(scene))
    cord = look.accent if design.accent != design.colour else look.thread
    for side in (-1, 1):
        line = outline(
            [(CENTRE + side * 20, 208), (CENTRE + side * 24, 250, 1), (CENTRE + side * 22, 300)], closed=False
        )
        scene.stroke(line + (1.5, 1.5), 4, np.zeros(3, np.float32), 0.2, keep=False)
        scene.stroke(line, 4, cord, keep=False)


def scene_mask(scene: Scene) -> Mask:
    """Return everything drawn so far as a mask."""
    return Mask(0, 0, scene.alpha.copy())


def jacket(scene: Scene, design: Design, look: Look) -> None:
    """Draw a jacket: bomber, denim, leather or puffer."""
    cut = torso.cut_for(design, scene.rng)
    cut.drop, cut.shape, cut.bottom, cut.curve, cut.neck = 40, "v", 488, 3, 44
    cut.waist, cut.hem = cut.chest - 2, cut.chest - 2
    style = design.style
    torso.inside(scene, look, cut)
    sleeve = look.accent if design.pattern == "colourblock" else look.paint
    folds = torso.body_folds(scene.rng, cut, 1.2)
    if style == "puffer":
        folds = [Fold(CENTRE - 125, y, CENTRE + 125, y, 15, 0.7) for y in range(130, 500, 46)]
    torso.sleeves(
        scene, look, cut, "long", paint=sleeve, strength=1.6 if style in ("leather", "puffer") else 1.3
    )
    torso.cuffs(
        scene,
        cut,
        "long",
        look.base * (0.85 if style != "denim" else 1),
        24,
        "knit" if style in ("bomber", "puffer") else look.material,
    )
    mask = scene.part(
        torso.body(cut),
        look.paint,
        volume=26,
        main=True,
        crumple=0.9,
        material=look.material,
        folds=folds,
    )
    torso.armholes(scene, cut, mask, 0.35)
    if style == "puffer":
        for y in range(153, 490, 46):
            scene.seam(np.array([(CENTRE - 130, y), (CENTRE + 130, y)]), 0.4, 2, clip=mask)
    if style == "denim":
        _trucker(scene, look, cut, mask)
    else:
        _zip(scene, cut.top + cut.drop - 4, cut.bottom + 10, mask)
        for side in (-1, 1):
            line = np.array([(CENTRE + side * 84, 372), (CENTRE + side * 58, 440)])
            scene.seam(line, 0.6, 3, clip=mask)
            scene.stroke(line, 1.6, STEEL, 0.8, clip=mask)
    if style in ("bomber", "puffer"):
        _hem(scene, look, cut, look.base * 0.88)
    else:
        scene.part(
            box(CENTRE - cut.hem, cut.bottom - 6, CENTRE + cut.hem, cut.bottom + 22, 3),
            look.paint,
            volume=5,
            material=look.material,
            main=True,
        )
    _collar(scene, look, cut, style)
    if style == "leather":
        for x, y in ((200, 180), (285, 200), (130, 260), (345, 240)):
            scene.glow(x, y, 20, 60, 0.16)


def _collar(scene: Scene, look: Look, cut: torso.Cut, style: str) -> None:
    top, neck = cut.top, cut.neck
    if style in ("bomber", "puffer"):
        high = 16 if style == "bomber" else 30
        leaf = outline(
            [
                (CENTRE, top + cut.drop + 8),
                (CENTRE, top + cut.drop - high),
                (CENTRE + neck * 0.55, top + 6 - high * 0.6, 1),
                (CENTRE + neck + 1, top - high * 0.8),
                (CENTRE + neck + 9, top + 8, 1),
                (CENTRE + neck * 0.6, top + cut.drop * 0.75, 1),
            ]
        )
    elif style == "leather":
        leaf = outline(
            [
                (CENTRE + neck * 0.7, top - 14),
                (CENTRE + neck + 8, top),
                (CENTRE + 62, top + 46),
                (CENTRE + 48, top + 58),
                (CENTRE + 64, top + 76),
                (CENTRE + 6, top + 178),
                (CENTRE + 2, top + 80),
                (CENTRE + neck * 0.5, top + 20, 1),
            ]
        )
    else:
        leaf = outline(
            [
                (CENTRE + neck * 0.7, top - 15),
                (CENTRE + neck + 8, top, 1),
                (CENTRE + 62, top + 52),
                (CENTRE + 40, top + 62),
                (CENTRE + 1, top + cut.drop - 2),
                (CENTRE + neck * 0.5, top + 12, 1),
            ]
        )
    for shape in (leaf, mirrored(leaf)):
        paint = look.base * 0.88 if style == "bomber" else look.base
        scene.part(
            shape,
            paint,
            volume=6,
            crumple=0.2,
            lift=0.5,
            main=True,
            material="knit" if style == "bomber" else look.material,
        )
        if style == "denim":
            middle = shape.mean(0)
            line = (shape - middle) * 0.88 + middle
            scene.stroke(line, 1, THREAD, 0.9, dash=(3, 1.5))


def _trucker(scene: Scene, look: Look, cut: torso.Cut, mask: Mask) -> None:
    thread = THREAD if look.design.colour not in ("Brown", "Beige") else look.thread
    scene.part(
        box(CENTRE - 11, cut.top + cut.drop - 4, CENTRE + 11, cut.bottom + 10),
        look.base,
        volume=3,
        material="denim",
        clip=mask,
        main=True,
    )
    for x in (-8, 8):
        scene.stroke(
            np.array([(CENTRE + x, 130), (CENTRE + x, cut.bottom)]), 1, thread, 0.9, dash=(3, 1.5), clip=mask
        )
    scene.seam(np.array([(CENTRE - 120, 208), (CENTRE + 120, 208)]), 0.4, clip=mask)
    scene.stroke(
        np.array([(CENTRE - 120, 212), (CENTRE + 120, 212)]), 1, thread, 0.9, dash=(3, 1.5), clip=mask
    )
    for side in (-1, 1):
        flap = np.array(
            [
                (CENTRE + side * 28, 212),
                (CENTRE + side * 84, 212),
                (CENTRE + side * 84, 230),
                (CENTRE + side * 56, 244),
                (CENTRE + side * 28, 230),
            ]
        )
        scene.part(flap, look.base, volume=4, material="denim", lift=0.45, main=True)
        scene.stroke((flap - flap.mean(0)) * 0.88 + flap.mean(0), 1, thread, 0.9, dash=(3, 1.5))
        button(scene, CENTRE + side * 56, 233, STEEL * 0.9, 3.4)
        for x in (34, 78):
            line = np.array([(CENTRE + side * x, 244), (CENTRE + side * (x * 0.55 + 8), cut.bottom - 4)])
            scene.seam(line, 0.25, clip=mask)
            scene.stroke(line + (2, 0), 1, thread, 0.85, dash=(3, 1.5), clip=mask)
    for y in np.linspace(150, cut.bottom, 6):
        button(scene, CENTRE, float(y), STEEL * 0.9, 4.2)
