"""What all upper-body garments share: the cut of the body, the sleeves, the open neck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..design import Design, Look
from ..geometry import CENTRE, Point, mirrored, outline, symmetric
from ..scene import Mask, Paint, Scene
from ..shading import Fold


@dataclass(kw_only=True)
class Cut:
    """Measures of an upper-body garment in pixels; x from the middle, y from the top of the picture."""

    neck: float = 44
    top: float = 92
    drop: float = 40
    shoulder: float = 118
    slope: float = 28
    chest: float = 108
    arm: float = 245
    waist: float = 104
    waist_y: float = 390
    hem: float = 108
    bottom: float = 545
    curve: float = 8
    shape: str = "round"


def cut_for(design: Design, rng: np.random.Generator) -> Cut:
    """Return the cut of a top for this gender and fit, each a little different."""
    cut = Cut(shape="v" if design.neck == "V-Neck" else "round")
    if design.gender == "Women":
        cut.shoulder, cut.chest, cut.waist, cut.hem, cut.bottom, cut.neck = 106, 100, 88, 103, 488, 48
        cut.drop, cut.arm, cut.waist_y = 52, 232, 344
    if design.fit == "Slim Fit":
        cut.waist -= 8
        cut.hem -= 5
    if design.neck == "V-Neck":
        cut.drop = 92
    elif design.neck == "Scoop Neck":
        cut.drop, cut.neck = 84, cut.neck + 12
    elif design.neck == "Boat Neck":
        cut.drop, cut.neck = 24, cut.neck + 24
    elif design.neck == "Square Neck":
        cut.drop, cut.neck, cut.shape = 70, cut.neck + 10, "square"
    for name in ("shoulder", "chest", "waist", "hem", "bottom", "drop"):
        setattr(cut, name, getattr(cut, name) * rng.uniform(0.975, 1.025))
    return cut


def neckline(cut: Cut) -> list[Point]:
    """Return the front neckline from the middle to the right shoulder."""
    low, side = (0, cut.top + cut.drop), (cut.neck, cut.top)
    if cut.shape == "v":
        return [low, (cut.neck * 0.62, cut.top + cut.drop * 0.42, 1), side]
    if cut.shape == "square":
        return [low, (cut.neck * 0.82, cut.top + cut.drop), side]
    return [(*low, 1), (cut.neck * 0.72, cut.top + cut.drop * 0.68, 1), side]


def body(cut: Cut) -> np.ndarray:
    """Return the outline of the front of the garment."""
    return symmetric(
        [
            *neckline(cut),
            (cut.shoulder, cut.top + cut.slope),
            (cut.shoulder + 1, cut.top + cut.slope + 40, 1),
            (cut.chest, cut.arm),
            (cut.waist, cut.waist_y, 1),
            (cut.hem, cut.bottom),
            (cut.hem * 0.5, cut.bottom + cut.curve * 0.8, 1),
            (0, cut.bottom + cut.curve, 1),
        ]
    )


def neck_polyline(cut: Cut, out: float = 0) -> np.ndarray:
    """Return the front neckline as a line from left to right, moved outwards (into the cloth) by `out` pixels."""
    right = [
        (CENTRE + p[0] + out * (p[0] > 0), p[1] + out * (p[0] < cut.neck * 0.95), *p[2:])
        for p in neckline(cut)
    ]
    left = [(2 * CENTRE - p[0], *p[1:]) for p in reversed(right[1:])]
    return outline(left + right, closed=False)


def inside(scene: Scene, look: Look, cut: Cut, label: bool = True) -> None:
    """Draw the inside of the back, as seen through the neck opening, with its label."""
    back = symmetric(
        [
            (0, cut.top + 4, 1),
            (cut.neck * 0.7, cut.top - 1, 1),
            (cut.neck + 3, cut.top - 1),
            (cut.neck * 0.9, cut.top + cut.drop + 8),
            (0, cut.top + cut.drop + 12),
        ]
    )
    mask = scene.part(back, look.dark, volume=8, edge=0.5, crumple=0.2, lift=0)
    if label:
        tag = cut.top + 18
        scene.flat(
            np.array([(228, tag), (252, tag), (252, tag + 13), (228, tag + 13)]),
            np.array((0.9, 0.9, 0.88)),
            0.85,
            clip=mask,
        )


def neckband(scene: Scene, cut: Cut, paint: Paint, width: float, material: str = "knit") -> None:
    """Draw the ribbed band along the neckline."""
    inner, outer = neck_polyline(cut), neck_polyline(cut, width)
    outer[0] = inner[0] + (-width, 2)
    outer[-1] = inner[-1] + (width, 2)
    scene.part(
        np.concatenate([inner, outer[::-1]]),
        paint,
        volume=4,
        edge=0.25,
        crumple=0,
        material=material,
        lift=0.35,
    )


def sleeve_outline(cut: Cut, length: str) -> tuple[np.ndarray, float, tuple[np.ndarray, np.ndarray]]:
    """Return the right sleeve, the direction of its cloth in degrees, and its cuff as two points."""
    sx, sy = cut.shoulder - 8, cut.top + cut.slope - 4
    ax, ay = cut.chest - 10, cut.arm + 6
    cap = [(sx - 10, sy - 4), (sx + 15, sy + 10, 1)]
    if length == "short":
        outer, inner, turn = (sx + 66, sy + 128), (ax + 30, sy + 156), -24.0
        points = [*cap, (sx + 36, sy + 52, 1), outer, inner, (ax, ay)]
    elif length == "three-quarter":
        outer, inner, turn = (sx + 70, sy + 268), (ax + 42, sy + 279), -14.0
        points = [*cap, (sx + 36, sy + 70, 1), outer, inner, (ax, ay)]
    else:
        outer, inner, turn = (sx + 68, sy + 370), (ax + 46, sy + 377), -11.0
        points = [
            *cap,
            (sx + 36, sy + 76, 1),
            (sx + 56, sy + 220, 1),
            outer,
            inner,
            (ax + 30, ay + 110, 1),
            (ax, ay),
        ]
    moved = [(CENTRE + p[0], *p[1:]) for p in points]
    cuff = (np.array([CENTRE + outer[0], outer[1]]), np.array([CENTRE + inner[0], inner[1]]))
    return outline(moved), turn, cuff


def sleeve_folds(rng: np.random.Generator, cut: Cut, length: str) -> list[Fold]:
    """Return folds of the right sleeve."""
    sx, sy = CENTRE + cut.shoulder, cut.top + cut.slope
    ax, ay = CENTRE + cut.chest, cut.arm
    folds = [Fold(ax - 4, ay - 30, sx + 40, sy + 60 + rng.uniform(-10, 20), 9, 0.5)]
    if length == "short":
        folds.append(Fold(ax + 8, ay + 10, sx + 44, sy + 92, 8, 0.5))
    else:
        for k in range(5):
            y = ay + 20 + 40 * k + rng.uniform(-10, 10)
            folds.append(
                Fold(
                    ax + 4 + 7 * k,
                    y,
                    sx + 34 + 6 * k,
                    y - rng.uniform(-12, 36),
                    8,
                    rng.uniform(0.3, 0.8),
                    rng.uniform(-6, 6),
                )
            )
    return folds


def body_folds(rng: np.random.Generator, cut: Cut, strength: float = 1.0) -> list[Fold]:
    """Return the folds of a body: from the armpits inwards, at the waist, and falling to the hem."""
    folds: list[Fold] = []
    for side in (-1, 1):
        x = CENTRE + side * cut.chest
        folds += [
            Fold(
                x - side * 6,
                cut.arm + rng.uniform(-14, 16),
                x - side * rng.uniform(50, 90),
                cut.arm + rng.uniform(40, 120),
                rng.uniform(9, 15),
                strength * rng.uniform(0.3, 0.6),
                side * rng.uniform(-10, 10),
            )
            for _ in range(2)
        ]
        x = CENTRE + side * cut.waist
        for _ in range(2):
            y = cut.waist_y + rng.uniform(-40, 60)
            folds.append(
                Fold(
                    x - side * 2,
                    y,
                    x - side * rng.uniform(60, 110),
                    y + rng.uniform(10, 70),
                    rng.uniform(8, 16),
                    strength * rng.uniform(0.25, 0.5),
                    rng.uniform(-8, 8),
                )
            )
    for _ in range(4):
        x = CENTRE + rng.uniform(-0.8, 0.8) * cut.hem
        folds.append(
            Fold(
                x,
                cut.bottom - rng.uniform(120, 220),
                x + rng.uniform(-16, 16),
                cut.bottom + 12,
                rng.uniform(12, 22),
                strength * rng.uniform(0.2, 0.42),
                rng.uniform(-8, 8),
            )
        )
    return folds


def sleeves(
    scene: Scene,
    look: Look,
    cut: Cut,
    length: str,
    paint: Paint | None = None,
    material: str | None = None,
    strength: float = 1.0,
) -> None:
    """Draw both sleeves with their hems or plain ends."""
    shape, turn, cuff = sleeve_outline(cut, length)
    paint = look.paint if paint is None else paint
    for side in (1, -1):
        folds = [f._replace(height=f.height * strength) for f in sleeve_folds(scene.rng, cut, length)]
        points, ends = shape, cuff
        if side < 0:
            points, ends = mirrored(shape), (mirrored(cuff[0][None])[0], mirrored(cuff[1][None])[0])
            folds = [f._replace(x0=2 * CENTRE - f.x0, x1=2 * CENTRE - f.x1, bend=-f.bend) for f in folds]
        mask = scene.part(
            points,
            paint,
            volume=16,
            folds=folds,
            material=material or look.material,
            turn=side * -turn * -1,
            origin=(240 + side * cut.shoulder, cut.top + cut.slope),
            main=True,
            lift=0,
            light=0.97 if side > 0 else 1.0,
        )
        if length == "short":
            up = np.array((side * -3.2, -8.0))
            scene.stroke(
                np.stack([ends[0] + up, ends[1] + up]), 0.9, look.thread, 0.6, dash=(3, 1.6), clip=mask
            )


def cuffs(
    scene: Scene, cut: Cut, length: str, paint: Paint, depth: float = 24, material: str = "knit"
) -> None:
    """Draw a band at the end of each sleeve."""
    _, _, (outer, inner) = sleeve_outline(cut, length)
    along = np.array((0.19, 0.98))
    pinch = (inner - outer) * 0.08
    for side in (1, -1):
        band = np.array(
            [
                outer - along * 3 - pinch * 0.4,
                outer + along * depth + pinch,
                inner + along * depth - pinch,
                inner - along * 3 + pinch * 0.4,
            ]
        )
        scene.part(
            mirrored(band) if side < 0 else band,
            paint,
            volume=7,
            crumple=0.1,
            material=material,
            lift=0.2,
            turn=side * -11,
            main=True,
        )


def hem_stitch(scene: Scene, look: Look, cut: Cut, clip: Mask) -> None:
    """Draw the double stitching above the hem."""
    x = np.linspace(-cut.hem, cut.hem, 24)
    y = cut.bottom + cut.curve * (1 - (x / cut.hem) ** 2)
    for up in (12, 15.5):
        scene.stroke(np.stack([CENTRE + x, y - up], 1), 0.9, look.thread, 0.6, dash=(3, 1.6), clip=clip)


def armholes(scene: Scene, cut: Cut, clip: Mask, depth: float = 0.22) -> None:
    """Draw the seams where the sleeves are set in."""
    line = outline(
        [
            (CENTRE + cut.shoulder - 2, cut.top + cut.slope + 1),
            (CENTRE + cut.shoulder - 9, cut.top + cut.slope + 52, 1),
            (CENTRE + cut.chest - 2, cut.arm - 2),
        ],
        closed=False,
    )
    scene.seam(line, depth, clip=clip)
    scene.seam(mirrored(line), depth, clip=clip)
