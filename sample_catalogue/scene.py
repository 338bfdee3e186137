"""The canvas: parts are laid over one another, each lit by the same lamp, before a studio background."""
# ruff: noqa: RUF005 -- arrays are added here, not tuples

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .shading import COARSE, LAMP, Fold, blur, enlarge, fold_heights, grain, lit, shrink, smooth_noise

WIDTH, HEIGHT = 480, 640
_FINE = 3

#: Colours at (u, v), cloth coordinates in pixels: two `(h, w)` arrays -> `(h, w, 3)`, or three floats.
Paint = Callable[[np.ndarray, np.ndarray], np.ndarray] | np.ndarray


@dataclass(frozen=True, slots=True)
class Mask:
    """Coverage of a part, 0 to 1, on the rectangle of the picture that begins at (x, y)."""

    x: int
    y: int
    cover: np.ndarray

    @property
    def where(self) -> tuple[slice, slice]:
        """The rectangle as slices of a whole-picture array."""
        return slice(self.y, self.y + self.cover.shape[0]), slice(self.x, self.x + self.cover.shape[1])


def raster(polygons: Sequence[np.ndarray], pad: int = 0) -> Mask | None:
    """Return the antialiased coverage of polygons, or None where they lie outside the picture."""
    every = np.concatenate(polygons)
    x0, y0 = np.maximum(np.floor(every.min(0)).astype(int) - pad, 0)
    x1, y1 = np.minimum(np.ceil(every.max(0)).astype(int) + 1 + pad, (WIDTH, HEIGHT))
    if x1 <= x0 or y1 <= y0:
        return None
    fine = Image.new("L", (int(x1 - x0) * _FINE, int(y1 - y0) * _FINE))
    pen = ImageDraw.Draw(fine)
    for polygon in polygons:
        pen.polygon([tuple(p) for p in ((polygon - (x0, y0)) * _FINE).tolist()], fill=255)
    return Mask(int(x0), int(y0), np.asarray(fine.reduce(_FINE), np.float32) / 255.0)


class Scene:
    """One picture while it is drawn.

    Attributes:
        rng: Where all chance in this picture comes from.
        main: `(640, 480)` coverage of the parts that carry the product's own colour.
        alpha: `(640, 480)` coverage of the whole product.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.layer = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        self.alpha = np.zeros((HEIGHT, WIDTH), np.float32)
        self.main = np.zeros((HEIGHT, WIDTH), np.float32)

    def part(
        self,
        polygon: np.ndarray,
        paint: Paint,
        *,
        volume: float = 18,
        round_: float = 1.0,
        edge: float = 0.22,
        folds: Sequence[Fold] = (),
        crumple: float = 0.5,
        material: str = "cotton",
        turn: float = 0.0,
        origin: tuple[float, float] = (240, 320),
        lift: float = 0.3,
        light: float = 1.0,
        clip: Mask | None = None,
        main: bool = False,
        sag: float = 0.0,
    ) -> Mask:
        """Lay one piece of cloth, leather or metal on the picture.

        Args:
            polygon: Its outline.
            paint: Its colour or pattern.
            volume: Over how many pixels the piece curves away towards its edges.
            round_: How strongly that curve takes light.
            edge: How much darker the piece is at its very edge.
            folds: Ridges in it.
            crumple: Strength of the small unevenness that all cloth has.
            material: Grain, as in `shading.grain`.
            turn: Direction of the pattern, degrees clockwise.
            origin: Where the pattern begins.
            lift: Depth of the shadow it throws on what lies below.
            light: Brightness of the whole piece.
            clip: Draw only inside this earlier piece.
            main: Whether the piece carries the product's own colour.
            sag: Pixels by which the pattern hangs lower in the middle than at the sides.

        Returns:
            Where the piece lies, to clip later pieces to it.
        """
        mask = raster([polygon], pad=COARSE * 2)
        if mask is None:
            return Mask(0, 0, np.zeros((1, 1), np.float32))
        mask = self.clipped(mask, clip)
        cover, where = mask.cover, mask.where
        coarse = shrink(cover)
        if lift:
            self._contact(mask, coarse, lift)
        slope, shade = self._relief(mask, coarse, volume, round_, edge, folds, crumple)
        shape = cover.shape
        brightness = enlarge(shade, shape) * light
        gy, gx = int(self.rng.integers(0, 640 - shape[0] + 1)), int(self.rng.integers(0, 640 - shape[1] + 1))
        brightness = brightness + grain(material)[gy : gy + shape[0], gx : gx + shape[1]]
        colour = paint(*self._cloth(mask, slope, turn, origin, sag)) if callable(paint) else paint
        self.lay(where, cover, lit(colour, brightness))
        if main:
            self.main[where] = np.maximum(self.main[where], cover)
        else:
            self.main[where] *= 1 - cover
        return mask

    def flat(
        self,
        polygons: Sequence[np.ndarray] | np.ndarray,
        colour: np.ndarray,
        alpha: float = 1.0,
        clip: Mask | None = None,
    ) -> None:
        """Lay flat colour on the picture: print, thread, small hardware."""
        mask = raster([polygons] if isinstance(polygons, np.ndarray) else polygons)
        if mask is not None:
            mask = self.clipped(mask, clip)
            self.lay(mask.where, mask.cover * alpha, colour)
            self.main[mask.where] *= 1 - mask.cover * alpha

    def stroke(
        self,
        points: np.ndarray,
        width: float,
        colour: np.ndarray,
        alpha: float = 1.0,
        dash: tuple[float, float] | None = None,
        clip: Mask | None = None,
        keep: bool = True,
    ) -> None:
        """Draw a line: a seam, a stitch (with `dash`), a cord.

        Args:
            points: `(n, 2)` polyline.
            width: Pixels.
            colour: Three floats.
            alpha: Opacity.
            dash: Length of thread and of gap, in pixels.
            clip: Draw only inside this earlier piece.
            keep: Whether the ground still counts as the product's own colour.
        """
        pieces = _dashed(points, *dash) if dash else [points]
        every = np.concatenate(pieces)
        pad = width + 1
        x0, y0 = np.maximum(np.floor(every.min(0) - pad).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(every.max(0) + pad).astype(int), (WIDTH, HEIGHT))
        if x1 <= x0 or y1 <= y0:
            return
        fine = Image.new("L", (int(x1 - x0) * _FINE, int(y1 - y0) * _FINE))
        pen = ImageDraw.Draw(fine)
        for piece in pieces:
            line = [tuple(p) for p in ((piece - (x0, y0)) * _FINE).tolist()]
            pen.line(line, fill=255, width=max(1, round(width * _FINE)), joint="curve")
        mask = self.clipped(Mask(int(x0), int(y0), np.asarray(fine.reduce(_FINE), np.float32) / 255.0), clip)
        self.lay(mask.where, mask.cover * alpha, colour)
        if not keep:
            self.main[mask.where] *= 1 - mask.cover * alpha

    def seam(
        self, points: np.ndarray, depth: float = 0.35, width: float = 1.6, clip: Mask | None = None
    ) -> None:
        """Draw a seam: a dark groove with a light lip beside it."""
        self.stroke(points, width, np.zeros(3, np.float32), depth, clip=clip)
        self.stroke(points + (-1.3, -1.3), 1.0, np.ones(3, np.float32), depth * 0.35, clip=clip)

    def glow(
        self, cx: float, cy: float, rx: float, ry: float, amount: float, clip: Mask | None = None
    ) -> None:
        """Add a soft highlight (or, with a negative amount, a soft shade) to what is drawn there."""
        x0, y0 = max(0, int(cx - 2 * rx)), max(0, int(cy - 2 * ry))
        x1, y1 = min(WIDTH, int(cx + 2 * rx) + 1), min(HEIGHT, int(cy + 2 * ry) + 1)
        if x1 <= x0 or y1 <= y0:
            return
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        spot = np.exp(-((((x - cx) / rx) ** 2) + ((y - cy) / ry) ** 2) * 1.5) * abs(amount)
        mask = self.clipped(Mask(x0, y0, spot), clip)
        cover = (mask.cover * self.alpha[mask.where])[..., None]
        target = 1.0 if amount > 0 else 0.0
        below = self.layer[mask.where]
        self.layer[mask.where] = below + (target * self.alpha[mask.where][..., None] - below) * cover

    def composed(self, floor: float | None = None) -> Image.Image:
        """Return the picture before a near-white studio background.

        Args:
            floor: Height (y) of the floor on which the product stands; without it the product lies flat or hangs,
                and throws its shadow behind itself.
        """
        tone = 0.972 + 0.014 * float(self.rng.random())
        ground = np.linspace(tone + 0.008, tone - 0.028, HEIGHT, dtype=np.float32)[:, None] * np.ones(
            (1, WIDTH), np.float32
        )
        coarse = shrink(self.alpha)
        shifted = np.roll(np.roll(coarse, 3, 0), 2, 1)
        ground *= 1 - 0.30 * enlarge(blur(shifted, 4.5), ground.shape)
        ground *= 1 - 0.22 * enlarge(blur(np.roll(coarse, 1, 0), 1.3), ground.shape)
        if floor is not None:
            columns = self.alpha.max(0)
            y = np.arange(HEIGHT, dtype=np.float32)[:, None]
            pool = np.exp(-(((y - floor) / 9) ** 2)) * columns[None]
            ground *= 1 - 0.55 * enlarge(blur(shrink(pool), 3.0), ground.shape)
        picture = self.layer + ground[..., None] * (1 - self.alpha)[..., None]
        return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))

    def finished(self, floor: float | None = None) -> Image.Image:
        """Return the composed picture cropped so that the product fills it, as shops crop."""
        picture = self.composed(floor)
        columns, rows = np.flatnonzero(self.alpha.max(0) > 0.5), np.flatnonzero(self.alpha.max(1) > 0.5)
        x0, x1, y0, y1 = columns[0], columns[-1], rows[0], rows[-1]
        wide = max((x1 - x0) * 1.14, (y1 - y0) * 1.10 * WIDTH / HEIGHT)
        if wide > 0.94 * WIDTH:
            return picture
        high = wide * HEIGHT / WIDTH
        left = float(np.clip((x0 + x1 - wide) / 2, 0, WIDTH - wide))
        top = float(np.clip((y0 + y1 - high) / 2, 0, HEIGHT - high))
        return picture.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, (left, top, left + wide, top + high))

    def clipped(self, mask: Mask, clip: Mask | None) -> Mask:
        """Return the mask cut to an earlier piece."""
        if clip is None:
            return mask
        whole = np.zeros((HEIGHT, WIDTH), np.float32)
        whole[clip.where] = clip.cover
        return Mask(mask.x, mask.y, mask.cover * whole[mask.where])

    def lay(self, where: tuple[slice, slice], cover: np.ndarray, colour: np.ndarray) -> None:
        """Lay colour over a rectangle of the picture by that coverage."""
        keep = 1 - cover
        self.layer[where] = self.layer[where] * keep[..., None] + colour * cover[..., None]
        self.alpha[where] = self.alpha[where] * keep + cover

    def _contact(self, mask: Mask, coarse: np.ndarray, lift: float) -> None:
        soft = np.roll(blur(coarse, 1.4), 1, 0)
        shadow = enlarge(soft, mask.cover.shape) * lift
        self.layer[mask.where] *= 1 - shadow[..., None]

    def _relief(
        self,
        mask: Mask,
        coarse: np.ndarray,
        volume: float,
        round_: float,
        edge: float,
        folds: Sequence[Fold],
        crumple: float,
    ) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        bulge = blur(coarse, max(0.6, volume / COARSE))
        height = fold_heights(folds, mask.x, mask.y, coarse.shape) if folds else np.zeros_like(coarse)
        if crumple:
            height = height + crumple * 3.0 * smooth_noise(self.rng, coarse.shape, (11, 7))
        dy, dx = np.gradient(height) if min(coarse.shape) > 1 else (height * 0, height * 0)
        dy, dx = dy / COARSE, dx / COARSE
        by, bx = np.gradient(bulge * volume * 1.1) if min(coarse.shape) > 1 else (bulge * 0, bulge * 0)
        inside = coarse > 0.5
        shade = 0.30 * (dx * LAMP[0] + dy * LAMP[1]) + round_ * 0.34 * (bx * LAMP[0] + by * LAMP[1]) / COARSE
        shade = shade - edge * np.clip(1.1 - bulge, 0, 1) * 2 * 0.5
        if inside.any():
            # Named colours stay true: the shading of a piece averages out to slightly below its own colour.
            shade = shade - shade[inside].mean() - 0.02
        return (dx, dy), 1 + shade

    def _cloth(
        self,
        mask: Mask,
        slope: tuple[np.ndarray, np.ndarray],
        turn: float,
        origin: tuple[float, float],
        sag: float,
    ) -> tuple[np.ndarray, np.ndarray]:
        h, w = mask.cover.shape
        x = np.arange(w, dtype=np.float32)[None] + (mask.x - origin[0]) + 4 * enlarge(slope[0], (h, w))
        y = np.arange(h, dtype=np.float32)[:, None] + (mask.y - origin[1]) + 4 * enlarge(slope[1], (h, w))
        if sag:
            y = y + sag * ((np.arange(w, dtype=np.float32) + mask.x - origin[0]) / (w / 2))[None] ** 2
        if turn:
            a = np.deg2rad(turn)
            x, y = x * np.cos(a) + y * np.sin(a), y * np.cos(a) - x * np.sin(a)
        return x, y


def _dashed(points: np.ndarray, on: float, off: float) -> list[np.ndarray]:
    steps = np.hypot(*np.diff(points, axis=0).T)
    at = np.concatenate([[0], np.cumsum(steps)])
    starts = np.arange(0, max(at[-1] - on / 2, 0.1), on + off)
    ends = np.minimum(starts + on, at[-1])
    return [
        np.stack([np.interp([s, e], at, points[:, 0]), np.interp([s, e], at, points[:, 1])], 1)
        for s, e in zip(starts, ends, strict=True)
    ]
