"""Products and their pictures, and which of them are train, val or test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Product:
    """The fields of a catalogue's product that training uses; unknown ones are empty."""

    catalogue: str  # the folder's name
    id: str
    name: str
    brand: str = ""
    description: str = ""
    article_type: str = ""
    colour: str = ""
    gender: str = ""
    usage: str = ""
    pattern: str = ""
    fabric: str = ""
    split: str = ""  # "train", "val" or "test"
    twin: str = ""  # id of the product with a byte-identical picture, or ""
    held_out: bool = False  # identical to a product of the evaluation: never trained on
    category: str = ""
    subcategory: str = ""
    captions: tuple[str, ...] = ()  # sentences that describe the picture
    sleeve: str = ""  # length of the sleeves
    neck: str = ""
    price: float = 0.0  # 0 where it is unknown
    large: bool = False  # has a large picture, too


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products and their pictures, row by row: `pixels` is (n, height, width, 3) uint8."""

    products: tuple[Product, ...]
    pixels: NDArray[np.uint8]


VAL_SHARE = 0.05


def split_of(product_id: str) -> str:
    """Return "val" for one product in twenty, decided by its id alone, and "train" for the others."""
    number = int.from_bytes(blake2b(product_id.encode(errors="surrogatepass"), digest_size=8).digest())
    return "val" if number < VAL_SHARE * 2**64 else "train"


def settle(
    products: Sequence[Product], usable: NDArray[np.bool_], digests: NDArray[np.uint8]
) -> list[Product]:
    """Mark products with byte-identical pictures as twins, and assign a split to those without one.

    The first product with a picture is its owner. Later ones are its twins, and where the format states no split
    they take its split, so that no picture is in both train and val. Where the format states splits they stand, but
    a train product that has a picture of another split is held out; and if there is no val, a part of train becomes val.

    Args:
        products: n products.
        usable: (n,) whether each has a picture.
        digests: (n, 16) digests of the pictures' bytes.

    Returns:
        The n products with `twin`, `split` and `held_out`.
    """
    keys = [row.tobytes() for row in digests]
    split_by_id = ("", "train") if all(product.split != "val" for product in products) else ("",)
    owners: dict[bytes, Product] = {}
    evaluated: set[bytes] = set()
    for product, key, has_picture in zip(products, keys, usable, strict=True):
        if has_picture:
            owners.setdefault(key, product)
            if product.split not in ("", "train"):
                evaluated.add(key)
    settled = []
    for product, key, has_picture in zip(products, keys, usable, strict=True):
        owner = owners[key] if has_picture else product
        split = split_of(owner.id) if product.split in split_by_id else product.split
        held_out = split == "train" and has_picture and key in evaluated
        twin = "" if owner is product else owner.id
        settled.append(replace(product, twin=twin, split=split, held_out=bool(held_out)))
    return settled
