"""Plausible sizes and stock, for products whose source states none."""

from __future__ import annotations

import hashlib

from .cells import Size
from .profiles import CatalogueRow

ONE_SIZE = ("One size",)
LETTERS = ("XS", "S", "M", "L", "XL", "XXL")
KIDS = ("2-3 Y", "4-5 Y", "6-7 Y", "8-9 Y", "10-11 Y", "12-13 Y")
SHOES = {"men": ("6", "7", "8", "9", "10", "11"), "women": ("3", "4", "5", "6", "7", "8")}
KIDS_SHOES = ("10", "11", "12", "13", "1", "2")
WAISTS = {"men": ("28", "30", "32", "34", "36", "38"), "women": ("26", "28", "30", "32", "34")}
BANDS = ("32A", "32B", "34B", "34C", "36B", "36C")
WAIST_TYPES = {"jeans", "trousers", "chinos", "track pants", "shorts", "capris", "rain trousers"}
UNSIZED = {"saree", "sarees", "dupatta", "shawl", "stole", "stoles"}
UNSIZED_ROOTS = ("accessories", "personal care", "free items", "sporting goods", "home")


def derive_sizes(row: CatalogueRow) -> tuple[Size, ...]:
    """Sizes that fit the product's type and gender, each with its stock.

    About one in seven is sold out, so that pages show that case too.
    """
    return tuple(Size(size, derive_stock(row.sku, size)) for size in _range(row))


def _range(row: CatalogueRow) -> tuple[str, ...]:
    root, leaf = row.category[0].casefold(), row.category[-1].casefold()
    gender = row.gender.casefold()
    kids = gender in {"boys", "girls", "kids"}
    fit = "women" if gender in {"women", "girls"} else "men"
    if "footwear" in root and "accessories" not in leaf:
        return tuple(f"UK {size}" for size in (KIDS_SHOES if kids else SHOES[fit]))
    if root.startswith(UNSIZED_ROOTS) or leaf in UNSIZED:
        return ONE_SIZE
    if kids:
        return KIDS
    if leaf == "bra":
        return BANDS
    return WAISTS[fit] if leaf in WAIST_TYPES else LETTERS


def derive_stock(sku: str, size: str) -> int:
    """Pieces of one size, 0 to 24, always the same for one SKU and size."""
    number = int.from_bytes(hashlib.sha256(f"{sku}/{size}".encode()).digest()[:4])
    return 0 if number % 7 == 0 else 1 + number // 7 % 24
