"""Names, brands, prices, sizes and descriptions, as catalogues write them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import prints
from .design import Design
from .vocabulary import Kind

BRANDS = (
    "Alder",
    "Norwick",
    "Tavisha",
    "Quillon",
    "Marlowe & Pine",
    "Ostrava Lane",
    "Kestrel Row",
    "Veldora",
    "Junipa",
    "Halvard",
    "Saffra",
    "Brightmoor",
    "Costa Linden",
    "Umbra Nine",
)

#: Pattern -> adjectives in names, the first the usual one.
ADJECTIVES: dict[str, tuple[str, ...]] = {
    "solid": ("", "", "Solid"),
    "striped": ("Striped", "Striped", "Stripes"),
    "checked": ("Checked", "Checked", "Check"),
    "dots": ("Polka Dot", "Polka Dots Printed", "Polka Dot Print"),
    "floral": ("Floral Print", "Floral", "Floral Printed"),
    "tropical": ("Floral Print", "Tropical Print", "Tropical Printed"),
    "ethnic": ("Ethnic Print", "Printed", "Paisley Print"),
    "geometric": ("Geometric Print", "Printed", "Geometric"),
    "graphic": ("Printed", "Graphic Print", "Graphic"),
    "colourblock": ("Colourblocked", "Colourblock", "Colourblocked"),
    "camo": ("Camouflage", "Camouflage Print", "Camo"),
    "washed": ("Washed", "Faded", "Light Wash"),
}

_STYLES: dict[str, str] = {
    "peplum": "Peplum",
    "cable": "Cable Knit",
    "zip": "Zip-Up",
    "bomber": "Bomber",
    "leather": "Leather",
    "puffer": "Puffer",
    "denim": "Denim",
    "embroidered": "Embroidered",
    "sheath": "Sheath",
    "flared": "Flared",
    "a-line": "A-Line",
    "pleated": "Pleated",
    "pencil": "Pencil",
    "cargo": "Cargo",
    "canvas": "Canvas",
    "high-top": "High-Top",
    "runner": "Running-Style",
    "slip-on": "Slip-On",
    "pump": "Stiletto",
    "block": "Block",
    "strappy": "Strappy",
    "tote": "Tote",
    "satchel": "Satchel",
    "hobo": "Hobo",
    "Wayfarer": "Wayfarer",
    "Aviator": "Aviator",
    "Round": "Round",
    "Cat Eye": "Cat Eye",
    "metal": "Steel",
    "chronograph": "Chronograph",
    "tipped": "Tipped",
    "drawstring": "Drawstring",
}
_SLEEVES = {
    "short": "Short Sleeves",
    "long": "Long Sleeves",
    "three-quarter": "Three-Quarter Sleeves",
    "sleeveless": "Sleeveless",
}
_NAMED_PATTERN = {
    "solid": "Solid",
    "striped": "Striped",
    "checked": "Checked",
    "colourblock": "Colourblocked",
    "washed": "Washed",
}
_PRINT_TYPE = {
    "dots": "Polka Dots",
    "floral": "Floral",
    "tropical": "Floral",
    "ethnic": "Ethnic Motifs",
    "geometric": "Geometric",
    "camo": "Camouflage",
    "colourblock": "Colourblocked",
    "solid": "Solid",
    "washed": "Solid",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What the catalogue says about one product."""

    name: str
    brand: str
    description: str
    price: int
    sizes: tuple[str, ...]
    attributes: dict[str, str]
    season: str


def write(design: Design, kind: Kind, rng: np.random.Generator) -> Words:
    """Return name, brand, description, price, sizes and true attributes of a design."""
    brand = str(rng.choice(BRANDS))
    sizes = kind.sizes[design.gender]
    low = int(rng.integers(0, max(1, min(2, len(sizes) - 2))))
    low_price, high_price = kind.price
    price = int(np.exp(rng.uniform(np.log(low_price), np.log(high_price)))) // 50 * 50 + 49
    season = (
        "Winter"
        if design.kind in ("sweater", "hoodie", "jacket", "scarf")
        else str(rng.choice(("Summer", "Fall")))
    )
    return Words(
        _name(design, kind, brand, rng),
        brand,
        _description(design, kind, rng),
        max(price, 99),
        sizes[low:],
        attributes(design),
        season,
    )


def attributes(design: Design) -> dict[str, str]:
    """Return the attributes of a design under the names and values of the real catalogue."""
    found = {"Pattern": _NAMED_PATTERN.get(design.pattern, "Printed")}
    if design.pattern in ("striped", "checked"):
        found["Print or Pattern Type"] = design.detail
    elif design.pattern == "graphic":
        found["Print or Pattern Type"] = "Typography" if design.detail in prints.WORDS else "Graphic"
    else:
        found["Print or Pattern Type"] = _PRINT_TYPE[design.pattern]
    if design.sleeve:
        found["Sleeve Length"] = _SLEEVES[design.sleeve]
    if design.neck:
        found["Collar" if design.kind in ("shirt", "jacket") else "Neck"] = {
            "Shirt Collar": "Spread Collar"
        }.get(design.neck, design.neck)
    if design.length:
        found["Length"] = design.length
    if design.fit:
        found["Fit"] = design.fit
    leathery = design.kind in (
        "sneakers",
        "heels",
        "flipflops",
        "handbag",
        "backpack",
        "belt",
        "watch",
        "sunglasses",
        "cap",
    )
    found["Material" if leathery else "Fabric"] = design.fabric
    if design.style in _STYLES:
        found["Type"] = _STYLES[design.style]
    if design.kind == "watch":
        found["Dial Shape"] = design.detail
        found["Display"] = "Analogue"
    found["Dominant Second Colour"] = design.accent
    if design.pattern in ("solid", "washed", "camo"):
        del found["Dominant Second Colour"]
    return found


def _name(design: Design, kind: Kind, brand: str, rng: np.random.Generator) -> str:
    noun = str(rng.choice(kind.noun))
    adjective = str(rng.choice(ADJECTIVES[design.pattern]))
    style = _STYLES.get(design.style, "")
    if design.style in ("bomber", "leather", "puffer", "denim") and design.kind == "jacket":
        keep = True
    else:
        keep = rng.random() < 0.4 and design.style not in ("flared", "tipped", "metal")
    extra = style if keep else ""
    if (
        not extra
        and design.sleeve
        and rng.random() < 0.25
        and design.kind in ("tshirt", "top", "dress", "shirt")
    ):
        extra = "Sleeveless" if design.sleeve == "sleeveless" else _SLEEVES[design.sleeve].removesuffix("s")
    if design.kind == "tshirt" and design.neck == "V-Neck" and rng.random() < 0.5:
        extra = "V-Neck"
    if design.kind in ("dress", "skirt") and design.length in ("Mini", "Maxi") and rng.random() < 0.6:
        extra = f"{extra} {design.length}".strip()
    if design.kind == "jeans":
        extra = design.fit if rng.random() < 0.6 else ""
    if design.kind == "handbag" and noun == "Bag":
        extra = style
    whom = "" if rng.random() < 0.06 else design.gender
    after = {"": "", "Unisex": "for Men and Women"}.get(whom, f"for {whom}")
    order = (
        (brand, whom, design.colour, adjective, extra, noun),
        (brand, whom, adjective, design.colour, extra, noun),
        (brand, design.colour, adjective, extra, noun, after),
    )
    return " ".join(part for part in order[int(rng.choice(3, p=(0.7, 0.18, 0.12)))] if part)


def _description(design: Design, kind: Kind, rng: np.random.Generator) -> str:
    noun = kind.noun[0].lower() if kind.noun[0] != "T-shirt" else "T-shirt"
    colour = design.colour.lower()
    pattern = {
        "solid": f"{colour} solid",
        "striped": f"{colour} and {design.accent.lower()} striped",
        "checked": f"{colour} and {design.accent.lower()} checked",
        "dots": f"{colour} polka dot",
        "floral": f"{colour} floral printed",
        "tropical": f"{colour} tropical printed",
        "ethnic": f"{colour} ethnic printed",
        "geometric": f"{colour} geometric printed",
        "graphic": f"{colour} printed",
        "colourblock": f"{colour} and {design.accent.lower()} colourblocked",
        "camo": f"{colour} camouflage",
        "washed": f"{colour} washed",
    }[design.pattern]
    several = noun.endswith("s") and not noun.endswith("dress")
    article = "A pair of" if several else "An" if pattern[0] in "aeio" else "A"
    this = "These" if several else "This"
    first = str(
        rng.choice(
            (f"{pattern.capitalize()} {noun}", f"{article} {pattern} {noun}", f"{this} {pattern} {noun}")
        )
    )
    has = []
    if design.neck:
        has.append(
            {"Hood": "a drawstring hood", "Shoulder Straps": "shoulder straps"}.get(
                design.neck, f"a {design.neck.lower()}"
            )
        )
    if design.sleeve:
        has.append("no sleeves" if design.sleeve == "sleeveless" else f"{design.sleeve} sleeves")
    if design.kind == "shirt":
        has.append("a full button placket")
    if design.style in _STYLES and design.kind not in ("sweater",):
        has.append(f"{_STYLES[design.style].lower()} styling")
    if design.kind in ("jeans", "trousers"):
        has.append("five pockets" if design.kind == "jeans" else "slanted side pockets")
    if design.kind == "backpack":
        has.append("padded straps and a front zip pocket")
    whole = first.startswith(this)
    if has:
        text = first + (" have " if whole and several else " has " if whole else " with ") + _joined(has)
    elif whole:
        text = f"{first} {'go' if several else 'goes'} with everything"
    else:
        text = f"{first} for everyday wear"
    text += "."
    made = design.fabric.lower() if design.fabric != "NA" else "cotton"
    second = [
        f"Made of {made}.",
        f"Soft {made} that keeps its shape."
        if design.kind not in ("watch", "sunglasses", "belt", "heels")
        else f"Finished in {made}.",
        f"Material: {made}.",
    ]
    text += " " + str(rng.choice(second))
    if design.pattern == "graphic":
        text += (
            f' Printed "{design.detail}" across the front.'
            if design.detail in prints.WORDS
            else (
                f" A {design.detail} print on the front."
                if design.kind != "cap"
                else " A star print on the front."
            )
        )
    if design.length:
        text += f" {design.length} length." if "Length" not in design.length else f" {design.length}."
    third = [
        "",
        f"A {design.fit.lower()} for {design.gender.lower()}."
        if design.fit
        else f"For {design.gender.lower()}.",
        {
            "Formal": "For the office and for dinners.",
            "Ethnic": "For festive days and family visits.",
            "Party": "For evenings out.",
        }.get(kind.usage, "Wear it on easy days."),
    ]
    return f"{text} {rng.choice(third)}".strip()


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
