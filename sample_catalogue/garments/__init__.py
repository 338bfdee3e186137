"""The garments and accessories, one file per family: each draws one kind on a scene."""

from __future__ import annotations

from collections.abc import Callable

from ..design import Design, Look
from ..scene import Scene
from . import accessories, bags, bottoms, dresses, footwear, headwear, outerwear, shirts, sneakers, tops

#: Kind -> function that draws it and returns the floor it stands on (y), or None where it lies or hangs.
DRAWERS: dict[str, Callable[[Scene, Design, Look], float | None]] = {
    "tshirt": tops.tshirt,
    "top": tops.tshirt,
    "polo": shirts.polo,
    "shirt": shirts.shirt,
    "kurta": shirts.kurta,
    "sweater": tops.sweater,
    "hoodie": outerwear.hoodie,
    "jacket": outerwear.jacket,
    "dress": dresses.dress,
    "skirt": dresses.skirt,
    "jeans": bottoms.jeans,
    "trousers": bottoms.trousers,
    "shorts": bottoms.shorts,
    "sneakers": sneakers.sneakers,
    "heels": footwear.heels,
    "flipflops": footwear.flipflops,
    "handbag": bags.handbag,
    "backpack": bags.backpack,
    "cap": headwear.cap,
    "sunglasses": headwear.sunglasses,
    "watch": accessories.watch,
    "socks": footwear.socks,
    "scarf": accessories.scarf,
    "tie": accessories.tie,
    "belt": accessories.belt,
}
