"""Product number i of a seed: which garment, in which colour and pattern, under which name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from . import prints
from .design import Design, Look
from .garments import DRAWERS
from .palette import accents
from .scene import Scene
from .vocabulary import KINDS, combinations
from .wording import Words, write

_SLOTS = tuple(kind for kind, entry in KINDS.items() for _ in range(entry.weight))


@dataclass(frozen=True, slots=True)
class Product:
    """One product: what is drawn and what is said about it."""

    number: int
    design: Design
    words: Words

    @property
    def id(self) -> str:
        """Its id in the catalogue."""
        return f"D{self.number + 1}"

    @property
    def split(self) -> str:
        """Whether it trains models or tests them."""
        return "val" if self.number % 20 == 19 else "train"


def product(number: int, seed: int = 0) -> Product:
    """Return product `number` (from 0) of the catalogue with that seed, whatever the catalogue's size."""
    turn, slot = divmod(number, len(_SLOTS))
    order = _order(seed, turn)
    kind = _SLOTS[order[slot]]
    twins = [i for i in order if _SLOTS[i] == kind]
    count = turn * len(twins) + twins.index(order[slot])
    colour, pattern = _pair(kind, count, seed)
    rng = np.random.default_rng([seed, 1, number])
    design = _design(kind, colour, pattern, rng)
    return Product(number, design, write(design, KINDS[kind], rng))


def scene_of(item: Product, seed: int = 0) -> tuple[Scene, float | None]:
    """Return the drawn product before it is set against its background, and the floor it stands on."""
    rng = np.random.default_rng([seed, 2, item.number])
    scene = Scene(rng)
    return scene, DRAWERS[item.design.kind](scene, item.design, Look(item.design, rng))


@cache
def _order(seed: int, turn: int) -> tuple[int, ...]:
    return tuple(np.random.default_rng([seed, 3, turn]).permutation(len(_SLOTS)).tolist())


@cache
def _pairs(kind: str, seed: int, cycle: int) -> tuple[tuple[str, str], ...]:
    pairs = combinations(KINDS[kind])
    rng = np.random.default_rng([seed, 4, cycle, list(KINDS).index(kind)])
    # Shuffled in stretches as long as the list of colours: any stretch holds nearly every colour once.
    step = len(KINDS[kind].colours)
    stretches = [pairs[i : i + step] for i in range(0, len(pairs), step)]
    return tuple(
        stretches[i][j] for i in rng.permutation(len(stretches)) for j in rng.permutation(len(stretches[i]))
    )


def _pair(kind: str, count: int, seed: int) -> tuple[str, str]:
    size = len(combinations(KINDS[kind]))
    return _pairs(kind, seed, count // size)[count % size]


def _design(kind: str, colour: str, pattern: str, rng: np.random.Generator) -> Design:
    entry = KINDS[kind]
    chosen = {name: str(rng.choice(values)) for name, values in entry.choices.items()}
    fabric, material = entry.fabrics[int(rng.integers(len(entry.fabrics)))]
    gender = str(rng.choice(entry.genders))
    accent = str(rng.choice(accents(colour)))
    if pattern == "floral" and kind == "shirt" and gender == "Men":
        pattern = "tropical"
    if kind == "jacket":
        style = chosen["style"]
        if pattern != "solid" or (
            style == "denim"
            and colour not in ("Blue", "Navy Blue", "Black", "Grey", "White", "Brown", "Beige", "Olive")
        ):
            style = "bomber" if pattern != "solid" else "puffer"
        fabric, material = {
            "leather": ("Leather", "leather"),
            "denim": ("Denim", "denim"),
            "puffer": ("Nylon", "silk"),
        }.get(style, ("Polyester", "cotton"))
        chosen["neck"] = {"leather": "Notched Lapel", "denim": "Spread Collar"}.get(style, "Mock Collar")
        chosen["style"] = style
    if kind == "dress" and chosen["neck"] == "Shoulder Straps":
        chosen["sleeve"] = "sleeveless"
    if kind == "skirt" and chosen["style"] == "pencil" and chosen["length"] == "Maxi":
        chosen["length"] = "Knee Length"
    if kind == "handbag" and pattern != "solid":
        fabric, material = "Canvas", "canvas"
    if kind == "watch":
        chosen["detail"] = str(rng.choice(("Round", "Round", "Square")))
        fabric, material = (
            ("Stainless Steel", "none") if chosen["style"] == "metal" else ("Leather", "leather")
        )
    if kind == "sneakers" and chosen["style"] == "runner":
        fabric, material = "Mesh", "mesh"
    if pattern != "solid":
        chosen["detail"] = _detail(kind, pattern, chosen.get("style", ""), rng)
    return Design(
        kind=kind,
        gender=gender,
        colour=colour,
        accent=accent,
        pattern=pattern,
        fabric=fabric,
        material=material,
        **chosen,
    )


def _detail(kind: str, pattern: str, style: str, rng: np.random.Generator) -> str:
    if pattern == "striped":
        if kind in ("shirt", "trousers"):
            return str(rng.choice(("Vertical Stripes", "Vertical Stripes", "Pinstripes")))
        if kind in ("kurta", "shorts", "handbag"):
            return "Vertical Stripes"
        if kind == "tie":
            return "Diagonal Stripes"
        return "Horizontal Stripes"
    if pattern == "checked":
        return str(rng.choice(("Tartan Checks", "Gingham Checks", "Windowpane Checks")))
    if pattern == "graphic":
        return str(rng.choice(prints.PICTURES)) if rng.random() < 0.6 else str(rng.choice(prints.WORDS))
    return ""
