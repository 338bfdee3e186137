"""T-shirts, women's tops and sweaters."""
# ruff: noqa: RUF005 -- arrays are added here, not tuples

from __future__ import annotations

import numpy as np

from .. import patterns, prints
from ..design import Design, Look
from ..geometry import CENTRE
from ..palette import rgb
from ..scene import Mask, Scene
from . import torso


def body_paint(look: Look, cut: torso.Cut) -> object:
    """Return the cloth of the body: the pattern, or broad blocks across the chest."""
    if look.design.pattern == "colourblock":
        deep = (cut.bottom - cut.top) * 0.27
        third = rgb("White") if look.design.accent != "White" else look.base * 0.5
        return patterns.blocked(look.base, look.accent, at=cut.arm - 320 + 6, depth=deep, third=third)
    return look.paint


def chest_print(scene: Scene, design: Design, look: Look, y: float, size: float, clip: Mask) -> None:
    """Print the design's word or picture on the chest."""
    second = rgb("Yellow") if design.colour not in ("Yellow", "Beige", "Orange") else rgb("Red")
    if design.colour in ("Red", "Maroon", "Pink", "White", "Grey"):
        second = rgb("Blue") if design.colour != "Blue" else rgb("Yellow")
    if design.colour == "White":
        second = rgb("Red")
    if design.detail in prints.WORDS:
        wide = size * (1.25 if len(design.detail) < 3 else 1.9)
        prints.lettering(scene, design.detail, CENTRE, y, wide, look.accent, clip=clip)
        if len(design.detail) > 2:
            scene.flat(
                np.array(
                    [
                        (CENTRE - wide / 2, y + 26),
                        (CENTRE + wide / 2, y + 26),
                        (CENTRE + wide / 2, y + 30),
                        (CENTRE - wide / 2, y + 30),
                    ]
                ),
                second,
                0.9,
                clip,
            )
    else:
        prints.picture(scene, design.detail, CENTRE, y, size * 0.78, look.accent, second, look.base, clip)


def tshirt(scene: Scene, design: Design, look: Look) -> None:
    """Draw a t-shirt or a woman's top."""
    cut = torso.cut_for(design, scene.rng)
    if design.sleeve == "sleeveless":
        cut.shoulder = cut.neck + (30 if design.gender == "Women" else 40)
        cut.slope, cut.chest = 14, cut.chest - 2
    if design.style == "peplum":
        cut.hem, cut.waist, cut.waist_y, cut.bottom = cut.hem + 34, cut.waist - 2, 352, 478
    torso.inside(scene, look, cut)
    if design.sleeve != "sleeveless":
        torso.sleeves(scene, look, cut, design.sleeve)
    mask = scene.part(
        torso.body(cut),
        body_paint(look, cut),
        volume=26,
        folds=torso.body_folds(scene.rng, cut),
        material=look.material,
        main=True,
        sag=-6,
        lift=0.25,
    )
    if design.sleeve != "sleeveless":
        torso.armholes(scene, cut, mask)
    if design.style == "peplum":
        x = np.linspace(-cut.waist, cut.waist, 20)
        scene.seam(np.stack([CENTRE + x, 352 + 5 * (1 - (x / cut.waist) ** 2)], 1), 0.4, clip=mask)
    if design.pattern == "graphic":
        chest_print(scene, design, look, cut.arm + 62, 82 if design.gender == "Men" else 70, mask)
    torso.hem_stitch(scene, look, cut, mask)
    torso.neckband(
        scene,
        cut,
        look.base if design.pattern != "colourblock" else look.accent,
        9 if design.gender == "Men" else 7,
    )


def sweater(scene: Scene, design: Design, look: Look) -> None:
    """Draw a knitted sweater with ribbed hem and cuffs."""
    cut = torso.cut_for(design, scene.rng)
    cut.bottom, cut.hem, cut.curve, cut.waist = 505, cut.chest - 1, 5, cut.chest - 3
    torso.inside(scene, look, cut)
    torso.sleeves(scene, look, cut, "long", strength=1.3)
    torso.cuffs(scene, cut, "long", look.trim, 26)
    mask = scene.part(
        torso.body(cut),
        body_paint(look, cut),
        volume=30,
        material="knit",
        main=True,
        sag=-5,
        folds=torso.body_folds(scene.rng, cut, 1.2),
        crumple=0.7,
    )
    torso.armholes(scene, cut, mask, 0.3)
    if design.style == "cable":
        for x in (-52, 0, 52):
            _cable(scene, look, CENTRE + x, cut.top + cut.drop + 22, cut.bottom - 8, mask)
    rib = np.array(
        [
            (CENTRE - cut.hem - 1, cut.bottom - 4),
            (CENTRE + cut.hem + 1, cut.bottom - 4),
            (CENTRE + cut.hem - 6, cut.bottom + 32),
            (CENTRE - cut.hem + 6, cut.bottom + 32),
        ]
    )
    scene.part(rib, look.trim, volume=9, crumple=0.1, material="knit", main=True)
    torso.neckband(scene, cut, look.trim, 15)


def _cable(scene: Scene, look: Look, x: float, top: float, bottom: float, clip: Mask) -> None:
    y = np.arange(top, bottom, 3.0)
    for phase in (0, np.pi):
        strand = np.stack([x + 7 * np.sin(y / 9 + phase), y], 1)
        scene.stroke(strand + (1.5, 1.5), 4.5, np.zeros(3, np.float32), 0.14, clip=clip)
        scene.stroke(strand, 3.4, look.base + (1 - look.base) * 0.10, 0.9, clip=clip)
    for side in (-13, 13):
        scene.seam(np.array([(x + side, top), (x + side, bottom)]), 0.16, clip=clip)
