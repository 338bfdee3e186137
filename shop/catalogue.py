"""Reads of the catalogue that pages share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, Value
from django.db.models.functions import Concat

from .models import Category, Product, ProductImage

TILES = 8


@dataclass(frozen=True, slots=True)
class Tile:
    """A category, how many products it has, and the storage name of a picture that stands for it."""

    category: Category
    count: int
    picture: str


def category_counts() -> Counter[str]:
    """Published products by category path; a category's count includes everything below it. One query."""
    counts: Counter[str] = Counter()
    rows = Product.objects.published().order_by().values_list("category__path").annotate(count=Count("pk"))
    for path, count in rows:
        parts = path.split("/")
        for depth in range(len(parts)):
            counts["/".join(parts[: depth + 1])] += count
    return counts


def top_categories(counts: Mapping[str, int]) -> list[Category]:
    """Root categories that hold a published product, the fullest first. One query.

    Args:
        counts: products by category path, from `category_counts`.
    """
    roots = [root for root in Category.objects.roots() if counts[root.path]]
    return sorted(roots, key=lambda root: -counts[root.path])


def category_tiles(counts: Counter[str], limit: int = TILES) -> list[Tile]:
    """The fullest categories below the roots that have a picture, fullest first. One query."""
    # Topwear, Shoes, Bags ... rather than Apparel; the roots themselves in a catalogue of one level.
    depth = 1 if any("/" in path for path in counts) else 0
    paths = [path for path, _ in counts.most_common() if path.count("/") == depth]
    newest_picture = (
        ProductImage.objects.filter(product__published=True)
        .filter(
            Q(product__category__path=OuterRef("path"))
            | Q(product__category__path__startswith=Concat(OuterRef("path"), Value("/")))
        )
        .order_by("-product__created", "-product__pk", "position", "pk")
        .values("image")
    )
    categories = Category.objects.filter(path__in=paths[:limit]).annotate(picture=newest_picture[:1])
    tiles = [
        Tile(category, counts[category.path], category.picture) for category in categories if category.picture
    ]
    return sorted(tiles, key=lambda tile: -tile.count)


def new_arrivals(limit: int) -> list[Product]:
    """The newest products, at most two of one category, so that one delivery does not fill the row.

    Four queries.
    """
    newest = Product.objects.published().order_by("-created", "-pk")[: limit * 20]
    shown: list[int] = []
    of_category: Counter[int] = Counter()
    for pk, category in newest.values_list("pk", "category_id"):
        of_category[category] += 1
        if of_category[category] <= 2 and len(shown) < limit:
            shown.append(pk)
    return list(Product.objects.filter(pk__in=shown).for_cards())
