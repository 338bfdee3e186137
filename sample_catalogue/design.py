"""What is to be drawn, and the cloth it is cut from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import patterns
from .palette import rgb, vary
from .scene import Paint

GOLD = np.array((0.80, 0.64, 0.32), np.float32)
STEEL = np.array((0.74, 0.75, 0.77), np.float32)
THREAD = np.array((0.80, 0.55, 0.26), np.float32)


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """The true attributes of one product, from which it is drawn and described.

    Attributes:
        kind: Which garment, a key of `vocabulary.KINDS`.
        gender: Men, Women or Unisex.
        colour: Name of the main colour.
        accent: Name of the second colour, as stripes, dots or prints carry it.
        pattern: solid, striped, checked, dots, floral, tropical, ethnic, geometric, graphic, colourblock, camo
            or washed.
        detail: The finer kind of pattern, e.g. "Gingham Checks" or the printed word.
        style: The finer kind of garment, e.g. "bomber".
        sleeve: short, long, three-quarter, sleeveless or "".
        neck: Neckline or collar, or "".
        length: mini, knee, midi, maxi ... or "".
        fabric: What it is made of, as the catalogue writes it.
        material: The grain drawn, as in `shading.grain`.
        fit: Slim Fit, Regular Fit ... or "".
    """

    kind: str
    gender: str
    colour: str
    accent: str
    pattern: str
    detail: str = ""
    style: str = ""
    sleeve: str = ""
    neck: str = ""
    length: str = ""
    fabric: str = ""
    material: str = "cotton"
    fit: str = ""


class Look:
    """The cloth of one product: colours of its dye lot and its pattern.

    Attributes:
        base: Main colour, three floats.
        accent: Second colour, three floats.
        paint: The patterned cloth.
        scale: Size of the pattern, about 1.
    """

    def __init__(self, design: Design, rng: np.random.Generator) -> None:
        self.design = design
        self.base = vary(rgb(design.colour), rng)
        if design.material == "denim" and design.colour == "Blue":
            self.base = self.base * 0.66 + 0.34 * np.array((0.34, 0.42, 0.55), np.float32)  # indigo, not ink
        self.accent = vary(rgb(design.accent), rng, 0.012)
        self.scale = float(rng.uniform(0.85, 1.2))
        self.paint = self._cloth(rng)

    @property
    def dark(self) -> np.ndarray:
        """The main colour in deep shade, for the inside of a garment."""
        return self.base * 0.58

    @property
    def thread(self) -> np.ndarray:
        """A thread that shows on the main colour."""
        return self.base * 0.62 if self.base.mean() > 0.28 else self.base + (1 - self.base) * 0.32

    @property
    def material(self) -> str:
        """The grain to draw."""
        return self.design.material

    @property
    def trim(self) -> Paint:
        """The plain cloth of collars and ribs."""
        return self.base

    def _cloth(self, rng: np.random.Generator) -> Paint:
        design, base, accent, scale = self.design, self.base, self.accent, self.scale
        kind, small = design.pattern, 0.62 if design.kind in SMALL else 1.0
        if kind == "striped":
            upright = design.detail in ("Vertical Stripes", "Pinstripes")
            if design.detail == "Pinstripes":
                return patterns.striped(base, accent, period=14 * scale * small, share=0.2, upright=upright)
            period = rng.choice((26.0, 34.0, 46.0)) * scale * small * (0.7 if upright else 1)
            return patterns.striped(
                base, accent, period=period, share=rng.uniform(0.32, 0.44), upright=upright
            )
        if kind == "checked":
            return patterns.checked(base, accent, design.detail, 38 * scale * small)
        if kind == "dots":
            pitch = rng.choice((24.0, 32.0, 44.0)) * small
            return patterns.dotted(base, accent, pitch=pitch, radius=pitch * rng.uniform(0.2, 0.27))
        if kind == "camo":
            return patterns.camouflage(base, rng)
        if kind in ("floral", "tropical", "ethnic", "geometric"):
            return patterns.tiled(
                base, self._inks(rng), kind, int(rng.integers(0, 3)), scale * (0.7 if small < 1 else 1)
            )
        return patterns.plain(base)

    def _inks(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        design, base, accent = self.design, self.base, self.accent
        light = base + (1 - base) * 0.55
        tone = base * 0.5 if base.mean() > 0.3 else light
        leaf = rgb("Green") * (0.75 if base.mean() > 0.35 else 1.15)
        if design.colour in ("Green", "Olive", "Teal"):
            leaf = base * 0.5
        heart = rgb("Yellow") if design.colour != "Yellow" else rgb("Orange")
        if design.pattern == "floral":
            return np.clip(leaf, 0, 1), accent, heart
        if design.pattern == "tropical":
            return np.clip(leaf, 0, 1), tone, accent
        if design.pattern == "ethnic":
            return accent, base, GOLD
        return accent, tone


#: Kinds so small in the picture that their patterns are drawn finer.
SMALL = frozenset({"tie", "cap", "sneakers", "socks", "handbag", "heels", "flipflops", "watch"})
