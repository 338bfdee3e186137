"""What pages read from the shop's own tables: categories and their counts, new arrivals, and the list of a category for when the search index cannot give it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import (
    Case,
    Exists,
    Expression,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce, Concat, NullIf
from django.utils.translation import gettext_lazy as _

from search.engine import Filters, hidden_on, mix
from search.tags import tagged_with
from shop.models import SEPARATOR, Category, Product, ProductImage, PublishedCount, Variant
from shop.search_index import ONE_SIZE

TILES = 8
MENU_SHARE = (
    0.01  # of all products: what a category of the first level holds at least that stands in the menu
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A category, how many products it has, and the storage name of a picture that stands for it."""

    category: Category
    count: int
    picture: str


def category_counts() -> Counter[str]:
    """Published products by category path; a category's count includes everything below it. One query of what is kept."""
    counts: Counter[str] = Counter()
    rows = PublishedCount.objects.values_list("category__path").annotate(count=Sum("products"))
    for path, count in rows.filter(count__gt=0):
        parts = path.split("/")
        for depth in range(len(parts)):
            counts["/".join(parts[: depth + 1])] += count
    return counts


def top_categories(counts: Mapping[str, int]) -> list[Category]:
    """Root categories for the menu, the fullest first: those that hold MENU_SHARE of all products. One query.

    What holds less, such as gifts with a purchase and what is still to be sorted, is no shop window; it is found by search, by its
    address and by the panel of filters all the same.

    Args:
        counts: products by category path, from `category_counts`.
    """
    total = sum(count for path, count in counts.items() if SEPARATOR not in path)
    roots = [root for root in Category.objects.roots() if counts[root.path] > 0]
    roots = [root for root in roots if counts[root.path] >= MENU_SHARE * total]
    return sorted(roots, key=lambda root: -counts[root.path])


def category_tiles(counts: Counter[str], limit: int = TILES) -> list[Tile]:
    """The fullest categories below the roots that have a picture, fullest first. One query."""
    # Topwear, Shoes, Bags ... rather than Apparel; the roots themselves in a catalogue of one level.
    depth = 1 if any("/" in path for path in counts) else 0
    paths = [path for path, _count in counts.most_common() if path.count("/") == depth]
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
    """New products that can be bought, of which neighbours differ in kind, colour and brand, so that one delivery does not fill the row.

    Four queries.
    """
    newest = Product.objects.published().filter(Exists(_IN_STOCK)).order_by("-created", "-pk")[: limit * 20]
    rows = list(newest.values_list("pk", "category__trail", "colour", "brand__name"))
    marks = [{*trail.split(" > "), colour, brand or ""} - {""} for _pk, trail, colour, brand in rows]
    shown = [rows[place][0] for place in mix(marks, limit)[:limit]]
    found = Product.objects.for_cards().in_bulk(shown)
    return [found[pk] for pk in shown if pk in found]


CATEGORY = "category"
DEFAULT_SORT = "newest"
SORTS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "newest": (_("Newest"), ("-created", "-pk")),
    "price": (_("Price, low to high"), (F("price").asc(nulls_last=True), "pk")),
    "-price": (_("Price, high to low"), (F("price").desc(nulls_last=True), "-pk")),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a category."""

    products: Sequence[Product]
    total: int
    page: int
    pages: int


def list_category(category: Category, filters: Filters, sort: str, page: int, size: int) -> Listing:
    """Return a page of the published products of a category, and of everything below it, that meet the filters.

    What rules hide on the page of the category is left out; other rules, which arrange a list, are not applied.

    Args:
        category: the category.
        filters: conditions; categories among them are those of their name below the category, or itself.
        sort: a name in SORTS.
        page: its number, from 1; a page beyond the last has no products.
        size: products on a page.
    """
    products = Product.objects.published().in_category(category).filter(_conditions(category, filters))
    hidden = hidden_on(filters.facets.get(CATEGORY, ()))
    products = products.exclude(pk__in=[int(key) for key in hidden.keys])
    for facet, value in hidden.values:
        products = products.exclude(pk__in=Product.objects.filter(CONDITIONS[facet]((value,))))
    paginator = Paginator(products.order_by(*SORTS[sort][1]).for_cards(), size)
    shown = list(paginator.page(page)) if page <= paginator.num_pages else []
    return Listing(shown, paginator.count, page, paginator.num_pages)


def _conditions(category: Category, filters: Filters) -> Q:
    """What the filters say; a category's own name says nothing more."""
    condition = Q()
    for facet in filters.selected:
        values = filters.facets[facet]
        if facet != CATEGORY:
            condition &= CONDITIONS[facet](values)
        elif category.name not in values:
            condition &= _within(Category.objects.subtree(category).filter(name__in=values))
    if filters.price_min is not None:
        condition &= Q(price__gte=filters.price_min)
    if filters.price_max is not None:
        condition &= Q(price__lte=filters.price_max)
    return condition & Q(Exists(_IN_STOCK)) if filters.in_stock else condition


def _within(categories: QuerySet[Category]) -> Q:
    """Products of some categories and of what lies below them."""
    below = Q(pk__in=())
    for category in categories:
        below |= Q(category__in=Category.objects.subtree(category))
    return below


def _attribute(name: str) -> Expression:
    """An attribute that is a word or a number, as text; NULL where there is none, as `Product.flat_attributes` has it."""
    kind = Func(KeyTransform(name, "attributes"), function="jsonb_typeof", output_field=TextField())
    text = NullIf(KeyTextTransform(name, "attributes", output_field=TextField()), Value(""))
    return Case(When(Q(_In(kind)), then=text), default=None, output_field=TextField())


class _In(Func):
    """Whether a kind of JSON is flat."""

    template = "%(expressions)s IN ('string', 'number')"
    conditional = True


_IN_STOCK = Variant.objects.filter(product=OuterRef("pk"), stock__gt=0)


def _having(expression: Expression, values: Sequence[str]) -> Q:
    return Q(pk__in=Product.objects.alias(_said=expression).filter(_said__in=values))


CONDITIONS: Final[
    Mapping[str, Callable[[Sequence[str]], Q]]
] = {  # of every facet of `ShopProductIndex`, in its sense
    CATEGORY: lambda values: _within(Category.objects.filter(name__in=values)),
    "gender": lambda values: Q(gender__in=values),
    "colour": lambda values: Q(colour__in=values),
    "brand": lambda values: Q(brand__name__in=values),
    "size": lambda values: Q(Exists(_IN_STOCK.filter(size__in=values).exclude(size__iexact=ONE_SIZE))),
    "pattern": lambda values: _having(
        Coalesce(_attribute("Pattern"), _attribute("Print or Pattern Type")), values
    ),
    "usage": lambda values: _having(_attribute("Usage"), values),
    "tags": lambda values: Q(pk__in=[int(key) for key in tagged_with(values)]),
}
