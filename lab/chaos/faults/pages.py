"""Faults done to what pages read: a list that looks as if its filters held is worse than none."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect
from lab.traffic import ask, read_metrics

_TOTAL = re.compile(rb'<p class="count">([\d,]+)\+? product')
_KEPT = b"<strong>Your filters apply.</strong>"
_BLIND = b"<strong>The search did not finish.</strong>"
_COUNTED = ('fashion_search_degraded_total{kind="category"}', 'fashion_search_left_out_total{what="results"}')


@fault
def category_pages_under_timeout(world: World) -> Harm:
    """Nobody can read the index's entries while filtered pages of categories are asked for; then two categories have one name."""
    from search.models import MerchandisingRule
    from shop.models import Category

    largest, hidden, asked = _asked(world.thorough)
    hides = MerchandisingRule.objects.create(
        action="hide", place="category", phrase=largest.name, sku=hidden.sku, product_key=str(hidden.pk)
    )
    try:
        complaints = expect(
            lambda: not [*_wrong(world.port, asked, without_index=False)], "all pages are right", seconds=20
        )
        before = read_metrics(world.port)
        with _locked(world):
            complaints += _wrong(world.port, asked, without_index=True)
            complaints += _not_blind(world.port)
            # A twentieth of the last minute's answers must be degraded, and those before the lock were whole.
            complaints += expect(
                lambda: _is_degraded(world.port), "/health/ready sees degraded answers", seconds=60
            )
        after = read_metrics(world.port)
        complaints += [
            f"/metrics did not count it: {name}"
            for name in _COUNTED
            if after.get(name, 0.0) < before.get(name, 0.0) + 1
        ]
        namesake = Category.objects.create(name=largest.name, slug="namesake")
        try:
            complaints += _wrong(world.port, asked, without_index=True)
        finally:
            namesake.delete()
        complaints += _wrong(world.port, asked, without_index=False)
    finally:
        hides.delete()
    return Harm(complaints)


def _asked(thorough: bool) -> tuple[Any, Any, dict[str, int]]:
    """The largest category, a product of it to hide, and addresses of its page with the number of products that the tables have."""
    from django.db.models import Count

    from shop.models import Category, Product, Variant

    published = Product.objects.published()
    largest = max(Category.objects.roots(), key=lambda one: published.in_category(one).count())
    products = published.in_category(largest)

    def commonest(rows: Any, column: str) -> Any:
        counted = rows.order_by().values(column).annotate(many=Count("pk")).order_by("-many", column)
        return counted[0][column]

    colour = commonest(products.exclude(colour=""), "colour")
    hidden = products.filter(colour=colour).order_by("pk")[0]
    products = products.exclude(pk=hidden.pk)
    gender = commonest(products.exclude(gender=""), "gender")
    stocked = Variant.objects.filter(product__in=products, stock__gt=0)
    size = commonest(stocked.exclude(size__iexact="one size"), "size")
    found = {
        f"colour={colour}": products.filter(colour=colour),
        f"colour={colour}&gender={gender}&sort=price": products.filter(colour=colour, gender=gender),
        f"size={size}&in_stock=on": products.filter(pk__in=stocked.filter(size=size).values("product")),
        "colour=Nobody's": products.none(),
    }
    if thorough:
        prices = products.exclude(price=None).order_by("price").values_list("price", flat=True)
        middle = prices[prices.count() // 2]
        found |= {
            f"gender={gender}": products.filter(gender=gender),
            f"price_max={middle}": products.filter(price__lte=middle),
            f"colour={colour}&in_stock=on": products.filter(colour=colour, pk__in=stocked.values("product")),
        }
    address = largest.get_absolute_url()
    return (
        largest,
        hidden,
        {f"{address}?{query.replace(' ', '+')}": rows.count() for query, rows in found.items()},
    )


def _wrong(port: int, asked: Mapping[str, int], *, without_index: bool) -> Iterator[str]:
    """What is not so: each page holds its filters exactly, and says so where its list is not the index's."""
    for path, wanted in asked.items():
        answer = ask(port, path)
        total = _TOTAL.search(answer.body)
        shown = int(total[1].replace(b",", b"")) if total else None
        if (answer.status, shown) != (200, wanted):
            yield f"{path} was answered {answer.status} with {shown} products instead of {wanted}"
        elif (_KEPT in answer.body) != without_index:
            yield f"{path} was{'' if without_index else ' not'} answered by the index"


def _not_blind(port: int) -> Iterator[str]:
    """What searches say that is not so while nobody can look: that nothing fits, or that all is well."""
    page = ask(port, "/search/?colour=Black")
    if page.status != 503 or not page.retry_after or _BLIND not in page.body or b"Nothing fits" in page.body:
        yield f"a search page for which nobody could look was answered {page.status}, as if somebody had"
    answer = ask(port, "/api/v1/search/?colour=Black").json()
    if not answer["degraded"] or answer["complete"] or "results" not in answer["left_out"]:
        yield f"the API answered as if it had looked: {answer['degraded']!r}, {answer['left_out']}"


def _is_degraded(port: int) -> bool:
    """Whether the probe sees it, with one more answer that is degraded."""
    ask(port, "/search/?colour=Black")
    state = ask(port, "/health/ready").json()
    return state["degraded"] and not {one["name"]: one["passed"] for one in state["checks"]}["answers"]


@contextmanager
def _locked(world: World) -> Iterator[None]:
    """The table of entries as a migration locks it: searches wait for it until their time is up."""
    with psycopg.connect(world.servers.database) as connection:
        connection.execute("LOCK TABLE fashion_search_indexentry IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()
