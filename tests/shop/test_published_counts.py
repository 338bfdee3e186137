"""What the menu counts is what categories show, whatever was done to products, by whom, and how much at once."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.catalogue import category_counts
from shop.models import Category, Product, PublishedCount
from shop.search_index import set_published


def make_categories() -> list[Category]:
    apparel = Category.objects.create(name="Apparel", slug="apparel")
    shirts = Category.objects.create(name="Shirts", slug="shirts", parent=apparel)
    return [apparel, shirts, Category.objects.create(name="Shoes", slug="shoes")]


def add(skus: list[str], category: Category, published: bool = True) -> None:
    Product.objects.bulk_create(
        Product(sku=sku, slug=sku, name=sku, category=category, published=published) for sku in skus
    )


def counted() -> Counter[str]:
    counts: Counter[str] = Counter()
    for path in Product.objects.filter(published=True).values_list("category__path", flat=True):
        parts = path.split("/")
        counts.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    return counts


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "publish", "move", "touch", "delete", "undo", "tree"]),
        st.integers(0, 9),
        st.integers(0, 2),
        st.booleans(),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_done(steps, db):
    with transaction.atomic():
        categories = make_categories()
        for number, (kind, which, where, published) in enumerate(steps):
            some = Product.objects.filter(sku__regex=f"[{which}-9]$")
            if kind == "add":
                add([f"{number}-{one}" for one in range(3)], categories[where], published)
            elif kind == "publish":
                set_published(some.values_list("pk", flat=True), published=published)
            elif kind == "move":
                some.update(category=categories[where])
            elif kind == "touch":
                some.update(name="other")
            elif kind == "delete":
                some.delete()
            elif kind == "undo":
                with transaction.atomic():
                    some.delete()
                    transaction.set_rollback(True)
            else:
                categories[1].refresh_from_db()
                categories[1].parent = categories[2] if published else None
                categories[1].save()
        assert category_counts() == counted()
        transaction.set_rollback(True)


def test_what_changes_no_count_writes_nothing(db):
    add(["a", "b"], make_categories()[1])
    before = PublishedCount.objects.count()
    Product.objects.update(name="other", price=3)
    assert PublishedCount.objects.count() == before


def test_counting_asks_once_and_reads_no_product(db, django_assert_num_queries):
    add(["a", "b"], make_categories()[1])
    with django_assert_num_queries(1) as asked:
        assert category_counts() == {"apparel": 2, "apparel/shirts": 2}
    assert '"shop_product"' not in asked.captured_queries[0]["sql"]


def test_many_changes_are_put_together(db):
    categories = make_categories()
    for number in range(1100):
        add([f"p{number}"], categories[number % 2])
    assert PublishedCount.objects.count() < 200
    assert category_counts() == counted() == {"apparel": 1100, "apparel/shirts": 550}


def test_emptying_the_table_empties_the_counts(db):
    add(["a"], make_categories()[0])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE shop_product CASCADE")
    assert category_counts() == {}


@pytest.mark.usefixtures("transactional_db")
def test_sessions_that_write_at_once():
    categories = make_categories()
    PublishedCount.objects.bulk_create(
        PublishedCount(category=categories[0], products=n % 2 * 2 - 1) for n in range(900)
    )

    def write(seed: int) -> None:
        draw = random.Random(seed)
        with closing(connection):
            for step in range(60):
                with transaction.atomic():
                    add([f"{seed}-{step}"], draw.choice(categories), draw.random() < 0.7)
                    own = Product.objects.filter(sku__startswith=f"{seed}-", sku__endswith=str(step % 10))
                    own.update(category=draw.choice(categories), published=draw.random() < 0.5)
                    if draw.random() < 0.2:
                        transaction.set_rollback(True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert category_counts() == counted()
