"""Reads of the catalogue that pages share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from .models import Category, Product, ProductImage

TILES = 8
TILE_DEPTH = 1  # tiles show the children of the roots: Topwear, Shoes, Bags ...


@dataclass(frozen=True, slots=True)
class Tile:
    """A category, how many products it has, and the storage name of a picture that stands for it."""

    category: Category
    count: int
    picture: str


def top_categories() -> QuerySet[Category]:
    """Root categories that hold a published product, in the order in which they were made. One query."""
    below = Product.objects.published().filter(
        Q(category__path=OuterRef("path"))
        | Q(category__path__startswith=Concat(OuterRef("path"), Value("/")))
    )
    return Category.objects.roots().filter(Exists(below.order_by())).order_by("pk")


def category_counts() -> Counter[str]:
    """Published products by category path; a category's count includes everything below it. One query."""
    counts: Counter[str] = Counter()
    rows = Product.objects.published().order_by().values_list("category__path").annotate(count=Count("pk"))
    for path, count in rows:
        parts = path.split("/")
        for depth in range(len(parts)):
            counts["/".join(parts[: depth + 1])] += count
    return counts


def category_tiles(limit: int = TILES) -> list[Tile]:
    """The fullest categories of the tile level that have a picture, fullest first. Two queries."""
    counts = category_counts()
    paths = [path for path, _ in counts.most_common() if path.count("/") == TILE_DEPTH]
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
