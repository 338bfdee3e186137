"""What there is to draw: kinds, their place in the catalogue, their colours, patterns and variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .palette import ALL, DENIMS, EARTHY, LEATHERS

FASHION = tuple(c for c in ALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One garment or accessory.

    Attributes:
        category: Category path as the real catalogue writes it: category, subcategory, article type.
        noun: What shoppers call it; the first is the usual word.
        weight: How many of every 32 products are of this kind.
        colours: Colours it comes in.
        patterns: Patterns it comes in; one named twice is drawn twice as often.
        genders: Whom it is cut for.
        choices: Attribute of `Design` -> values it may take.
        fabrics: Fabric (or material) as the catalogue writes it -> grain, as in `shading.grain`.
        price: Lowest and highest price in rupees.
        sizes: What it is sold in, by gender.
        usage: Casual, Formal, Sports, Ethnic or Party.
    """

    category: tuple[str, str, str]
    noun: tuple[str, ...]
    colours: tuple[str, ...] = FASHION
    patterns: tuple[str, ...] = ("solid",)
    genders: tuple[str, ...] = ("Men", "Women")
    weight: int = 1
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    fabrics: tuple[tuple[str, str], ...] = (("Cotton", "cotton"),)
    price: tuple[int, int] = (499, 1999)
    sizes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _LETTERS)
    usage: str = "Casual"


_LETTERS = MappingProxyType({"Men": ("S", "M", "L", "XL", "XXL"), "Women": ("XS", "S", "M", "L", "XL")})
_WAISTS = MappingProxyType({"Men": ("30", "32", "34", "36", "38"), "Women": ("26", "28", "30", "32", "34")})
_SHOES = MappingProxyType(
    {
        "Men": ("UK 6", "UK 7", "UK 8", "UK 9", "UK 10", "UK 11"),
        "Women": ("UK 3", "UK 4", "UK 5", "UK 6", "UK 7"),
    }
)
_ONE = MappingProxyType({"Men": ("One Size",), "Women": ("One Size",), "Unisex": ("One Size",)})
_UNISEX = ("Men", "Women", "Unisex")

KINDS: dict[str, Kind] = {
    "tshirt": Kind(
        category=("Apparel", "Topwear", "Tshirts"),
        noun=("T-shirt", "Tshirt", "Tee"),
        weight=4,
        patterns=("solid", "solid", "striped", "graphic", "graphic", "colourblock", "dots", "camo"),
        choices={
            "neck": ("Round Neck", "Round Neck", "V-Neck"),
            "sleeve": ("short", "short", "short", "long"),
            "fit": ("Regular Fit", "Slim Fit"),
        },
        price=(299, 1299),
    ),
    "polo": Kind(
        category=("Apparel", "Topwear", "Tshirts"),
        noun=("Polo T-shirt", "Polo Tshirt", "Polo"),
        patterns=("solid", "solid", "striped", "colourblock"),
        choices={
            "neck": ("Polo Collar",),
            "sleeve": ("short",),
            "style": ("plain", "tipped"),
            "fit": ("Regular Fit", "Slim Fit"),
        },
        price=(599, 1999),
    ),
    "top": Kind(
        category=("Apparel", "Topwear", "Tops"),
        noun=("Top", "Top", "Blouse"),
        genders=("Women",),
        patterns=("solid", "solid", "striped", "dots", "floral", "geometric"),
        choices={
            "neck": ("Scoop Neck", "V-Neck", "Boat Neck", "Square Neck"),
            "sleeve": ("sleeveless", "short", "three-quarter"),
            "style": ("straight", "peplum"),
            "fit": ("Slim Fit",),
        },
        fabrics=(("Cotton", "cotton"), ("Viscose Rayon", "silk"), ("Polyester", "silk")),
        price=(399, 1599),
    ),
    "shirt": Kind(
        category=("Apparel", "Topwear", "Shirts"),
        noun=("Shirt",),
        weight=3,
        patterns=("solid", "checked", "checked", "striped", "dots", "floral", "geometric"),
        choices={
            "neck": ("Shirt Collar",),
            "sleeve": ("long", "long", "short"),
            "fit": ("Regular Fit", "Slim Fit"),
        },
        fabrics=(("Cotton", "cotton"), ("Linen", "canvas"), ("Cotton Blend", "cotton")),
        price=(699, 2499),
    ),
    "sweater": Kind(
        category=("Apparel", "Topwear", "Sweaters"),
        noun=("Sweater", "Pullover"),
        patterns=("solid", "striped", "colourblock", "geometric"),
        choices={
            "neck": ("Round Neck", "V-Neck"),
            "sleeve": ("long",),
            "style": ("plain", "cable"),
            "fit": ("Regular Fit",),
        },
        fabrics=(("Wool", "knit"), ("Acrylic", "knit"), ("Cotton", "knit")),
        price=(999, 3499),
    ),
    "hoodie": Kind(
        category=("Apparel", "Topwear", "Sweatshirts"),
        noun=("Hoodie", "Hooded Sweatshirt"),
        patterns=("solid", "graphic", "colourblock", "striped", "camo"),
        choices={
            "neck": ("Hood",),
            "sleeve": ("long",),
            "style": ("pullover", "pullover", "zip"),
            "fit": ("Regular Fit",),
        },
        price=(999, 2999),
    ),
    "jacket": Kind(
        category=("Apparel", "Topwear", "Jackets"),
        noun=("Jacket",),
        patterns=("solid", "solid", "solid", "colourblock", "camo"),
        choices={
            "neck": ("Mock Collar",),
            "sleeve": ("long",),
            "style": ("bomber", "leather", "puffer", "denim"),
            "fit": ("Regular Fit", "Slim Fit"),
        },
        fabrics=(("Polyester", "cotton"),),
        price=(1799, 6999),
    ),
    "kurta": Kind(
        category=("Apparel", "Topwear", "Kurtas"),
        noun=("Kurta",),
        patterns=("solid", "solid", "ethnic", "ethnic", "striped", "floral", "dots"),
        choices={
            "neck": ("Mandarin Collar",),
            "sleeve": ("long", "three-quarter"),
            "style": ("plain", "embroidered"),
            "fit": ("Regular Fit",),
        },
        fabrics=(("Cotton", "cotton"), ("Silk", "silk"), ("Viscose Rayon", "silk")),
        price=(699, 2999),
        usage="Ethnic",
    ),
    "dress": Kind(
        category=("Apparel", "Dress", "Dresses"),
        noun=("Dress",),
        weight=3,
        genders=("Women",),
        patterns=("solid", "solid", "striped", "dots", "floral", "floral", "checked", "colourblock"),
        choices={
            "neck": ("Round Neck", "V-Neck", "Square Neck", "Shoulder Straps"),
            "sleeve": ("sleeveless", "short", "three-quarter", "long"),
            "length": ("Mini", "Knee Length", "Knee Length", "Maxi"),
            "style": ("flared", "flared", "sheath"),
            "fit": ("Regular Fit",),
        },
        fabrics=(("Cotton", "cotton"), ("Viscose Rayon", "silk"), ("Silk", "silk")),
        price=(999, 3999),
    ),
    "skirt": Kind(
        category=("Apparel", "Bottomwear", "Skirts"),
        noun=("Skirt",),
        genders=("Women",),
        patterns=("solid", "checked", "dots", "floral", "striped", "colourblock"),
        choices={
            "length": ("Mini", "Knee Length", "Maxi"),
            "style": ("a-line", "pleated", "pencil"),
            "fit": ("Regular Fit",),
        },
        fabrics=(("Cotton", "cotton"), ("Polyester", "silk")),
        sizes=_WAISTS,
        price=(599, 2199),
    ),
    "jeans": Kind(
        category=("Apparel", "Bottomwear", "Jeans"),
        noun=("Jeans",),
        colours=DENIMS,
        patterns=("solid", "washed"),
        choices={"fit": ("Slim Fit", "Regular Fit", "Skinny Fit", "Bootcut")},
        fabrics=(("Cotton", "denim"),),
        sizes=_WAISTS,
        price=(999, 3499),
    ),
    "trousers": Kind(
        category=("Apparel", "Bottomwear", "Trousers"),
        noun=("Trousers", "Chinos"),
        patterns=("solid", "solid", "checked", "striped"),
        choices={"fit": ("Regular Fit", "Slim Fit"), "style": ("flat-front", "flat-front", "cargo")},
        fabrics=(("Cotton", "cotton"), ("Linen", "canvas"), ("Blended", "cotton")),
        sizes=_WAISTS,
        price=(799, 2999),
        usage="Formal",
    ),
    "shorts": Kind(
        category=("Apparel", "Bottomwear", "Shorts"),
        noun=("Shorts",),
        patterns=("solid", "solid", "checked", "striped", "tropical", "camo"),
        choices={
            "length": ("Knee Length", "Above Knee"),
            "style": ("chino", "drawstring"),
            "fit": ("Regular Fit",),
        },
        sizes=_WAISTS,
        price=(499, 1599),
    ),
    "sneakers": Kind(
        category=("Footwear", "Shoes", "Casual Shoes"),
        noun=("Sneakers", "Casual Shoes"),
        weight=2,
        patterns=("solid", "solid", "colourblock", "checked", "camo"),
        choices={"style": ("canvas", "high-top", "runner", "slip-on")},
        fabrics=(("Canvas", "canvas"),),
        sizes=_SHOES,
        price=(999, 4999),
    ),
    "heels": Kind(
        category=("Footwear", "Shoes", "Heels"),
        noun=("Heels",),
        genders=("Women",),
        patterns=("solid", "solid", "solid", "dots", "floral"),
        choices={"style": ("pump", "block", "strappy")},
        fabrics=(("Synthetic Leather", "none"), ("Suede", "cotton")),
        sizes=_SHOES,
        price=(999, 3999),
        usage="Party",
    ),
    "flipflops": Kind(
        category=("Footwear", "Flip Flops", "Flip Flops"),
        noun=("Flip Flops",),
        patterns=("solid", "solid", "striped", "tropical"),
        fabrics=(("Rubber", "canvas"),),
        sizes=_SHOES,
        price=(199, 999),
    ),
    "handbag": Kind(
        category=("Accessories", "Bags", "Handbags"),
        noun=("Handbag", "Bag"),
        genders=("Women",),
        colours=LEATHERS,
        patterns=("solid", "solid", "solid", "checked", "floral", "striped"),
        choices={"style": ("tote", "satchel", "hobo")},
        fabrics=(("Leather", "leather"), ("Synthetic Leather", "leather")),
        sizes=_ONE,
        price=(999, 4999),
    ),
    "backpack": Kind(
        category=("Accessories", "Bags", "Backpacks"),
        noun=("Backpack",),
        genders=("Unisex",),
        patterns=("solid", "solid", "colourblock", "camo", "dots", "geometric"),
        choices={"style": ("zipped", "buckled")},
        fabrics=(("Polyester", "canvas"), ("Nylon", "canvas"), ("Canvas", "canvas")),
        sizes=_ONE,
        price=(799, 2999),
    ),
    "cap": Kind(
        category=("Accessories", "Headwear", "Caps"),
        noun=("Cap", "Baseball Cap"),
        genders=_UNISEX,
        patterns=("solid", "solid", "colourblock", "camo", "checked", "graphic"),
        fabrics=(("Cotton", "canvas"),),
        sizes=_ONE,
        price=(299, 999),
    ),
    "sunglasses": Kind(
        category=("Accessories", "Eyewear", "Sunglasses"),
        noun=("Sunglasses",),
        genders=_UNISEX,
        choices={"style": ("Wayfarer", "Aviator", "Round", "Cat Eye")},
        fabrics=(("Acetate", "none"),),
        sizes=_ONE,
        price=(599, 3999),
    ),
    "watch": Kind(
        category=("Accessories", "Watches", "Watches"),
        noun=("Watch", "Analogue Watch"),
        choices={"style": ("leather", "metal", "chronograph")},
        fabrics=(("Leather", "leather"),),
        sizes=_ONE,
        price=(1499, 9999),
    ),
    "socks": Kind(
        category=("Accessories", "Socks", "Socks"),
        noun=("Socks", "Pair of Socks"),
        genders=_UNISEX,
        patterns=("solid", "striped", "dots", "colourblock", "checked"),
        choices={"length": ("Crew", "Crew", "Ankle Length")},
        fabrics=(("Cotton", "knit"),),
        sizes=_ONE,
        price=(99, 499),
    ),
    "scarf": Kind(
        category=("Accessories", "Scarves", "Scarves"),
        noun=("Scarf",),
        patterns=("solid", "striped", "checked", "floral", "dots"),
        fabrics=(("Wool", "knit"), ("Silk", "silk"), ("Cotton", "cotton")),
        sizes=_ONE,
        price=(399, 1499),
    ),
    "tie": Kind(
        category=("Accessories", "Ties", "Ties"),
        noun=("Tie", "Necktie"),
        genders=("Men",),
        patterns=("solid", "striped", "dots", "checked"),
        choices={"fit": ("Slim Fit", "Regular Fit")},
        fabrics=(("Silk", "silk"), ("Polyester", "silk")),
        sizes=_ONE,
        price=(299, 1299),
        usage="Formal",
    ),
    "belt": Kind(
        category=("Accessories", "Belts", "Belts"),
        noun=("Belt",),
        colours=LEATHERS,
        choices={"style": ("steel", "gold")},
        fabrics=(("Leather", "leather"),),
        sizes=_WAISTS,
        price=(499, 1999),
        usage="Formal",
    ),
}

_ONLY: dict[str, tuple[str, ...]] = {
    "camo": (*EARTHY, "Navy Blue"),
    "washed": ("Blue", "Navy Blue", "Black", "Grey"),
}


def combinations(kind: Kind) -> list[tuple[str, str]]:
    """Return every sensible (colour, pattern) of a kind, ordered so that any stretch of it is balanced in both."""
    pairs = []
    width = max(len(kind.colours), len(kind.patterns))
    for turn in range(width):
        for c, colour in enumerate(kind.colours):
            p = (c + turn) % width
            if p < len(kind.patterns) and colour in _ONLY.get(kind.patterns[p], kind.colours):
                pairs.append((colour, kind.patterns[p]))
    return pairs
