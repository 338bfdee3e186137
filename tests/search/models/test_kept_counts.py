"""Kept counts are those of the entries, whatever was done to these, by whom, and how much at once."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engine.counts import price_ranges_of, ranges_of_cells
from search.indexing.removal import drop_version
from search.models import EntryImage, IndexEntry, IndexVersion, KeptCount, KeptCountChange
from search.models.kept_counts import PICTURES, Number, in_cells
from tests.search.indexed import FIRST, make_version

CATEGORIES = ("Tops", "Shirts", "Shoes", "a=b", "")
COLOURS = ("Red", "Navy Blue", "blå")


@pytest.fixture
def empty_version(db, tiny_artifact) -> IndexVersion:
    """An active version without entries."""
    return make_version(tiny_artifact)


def entry(version: IndexVersion, key: str, facets: list[str], **columns: object) -> IndexEntry:
    return IndexEntry(
        version=version, product_key=key, sku=key, name=key, document="", facets=facets, created=FIRST,
        content_hash="", updated_at=FIRST, **columns,
    )  # fmt: skip


def counted(version: IndexVersion) -> dict[str, dict[str, Number]]:
    """What the entries of a version are counted as, in Python: place -> token -> number; prices aside."""
    entries: dict[str, Counter[str]] = {}
    stocked: dict[str, Counter[str]] = {}
    for facets, in_stock in IndexEntry.objects.filter(version=version).values_list("facets", "in_stock"):
        for place in {"", *(token for token in facets if token.startswith("category="))}:
            entries.setdefault(place, Counter()).update(["", *facets])
            stocked.setdefault(place, Counter()).update(["", *facets] if in_stock else [])
    return {
        place: {token: Number(number, stocked[place][token]) for token, number in tokens.items()}
        for place, tokens in entries.items()
    }


def kept(version: IndexVersion) -> dict[str, dict[str, Number]]:
    """What is kept, prices aside."""
    places = {
        *KeptCount.objects.filter(version=version).values_list("within", flat=True),
        *KeptCountChange.objects.filter(version=version).values_list("within", flat=True),
    }
    read = {place: KeptCount.objects.read(version.pk, place) for place in places}
    return {
        place: {
            token: number
            for token, number in tokens.items()
            if not token.startswith("=") and token != PICTURES
        }
        for place, tokens in read.items()
        if tokens
    }


def check(version: IndexVersion) -> None:
    assert kept(version) == counted(version)
    assert KeptCount.objects.entries_of(version) == IndexEntry.objects.filter(version=version).count()
    assert KeptCount.objects.pictures_of(version) == EntryImage.objects.filter(version=version).count()
    for place in ("", *(f"category={name}" for name in CATEGORIES)):
        assert KeptCount.objects.wrong(version, place) == 0


def fill(version: IndexVersion, number: int) -> None:
    """Add entries by one statement of SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO fashion_search_indexentry (version_id, product_key, sku, name, brand, style, keywords, document,"
            " facets, price, in_stock, created, text_hash, content_hash, embedded_hash, error, updated_at)"
            " SELECT %s, n::text, n::text, n::text, '', n::text, '', '', ARRAY['category=' || n %% 7, 'category=' || n %% 80,"
            " 'brand=' || n %% 300, 'colour=' || n %% 30, 'size=' || n %% 9, 'size=' || (n + 1) %% 9], n %% 5000,"
            " n %% 10 > 0, now(), '', '', '', '', now() FROM generate_series(1, %s) AS n",
            [version.pk, number],
        )


TOKENS = st.lists(
    st.sampled_from([f"category={name}" for name in CATEGORIES] + [f"colour={name}" for name in COLOURS]),
    max_size=5,
    unique=True,
)
PRICES = st.none() | st.decimals(0, 10**6, places=2) | st.sampled_from([Decimal("99.9999"), Decimal(125)])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "add", "change", "stock", "price", "touch", "move", "delete", "fold", "undo"]
        ),
        st.integers(0, 9),
        TOKENS,
        PRICES,
        st.booleans(),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_done(steps, tiny_artifact, db):
    with transaction.atomic():
        versions = [make_version(tiny_artifact), make_version(tiny_artifact, "building")]
        for kind, which, facets, price, in_stock in steps:
            version = versions[which % 2]
            entries = IndexEntry.objects.filter(version=version, pk__gt=0)
            some = entries.filter(product_key__regex=f"[{which}-9]$")
            if kind == "add":
                number = entries.count()
                IndexEntry.objects.bulk_create(
                    entry(version, f"{number + n:03}", facets, price=price, in_stock=in_stock or n == 1)
                    for n in range(3)
                )
            elif kind == "change":
                some.update(facets=facets, in_stock=in_stock)
            elif kind == "stock":
                some.update(in_stock=in_stock)
            elif kind == "price":
                some.update(price=price)
            elif kind == "touch":
                some.update(name="other")
            elif kind == "move" and not versions[which % 2 - 1].entries.exists():
                some.update(version=versions[which % 2 - 1])
            elif kind == "delete":
                some.delete()
            elif kind == "fold":
                KeptCount.objects.fold()
            elif kind == "undo":
                with transaction.atomic():
                    some.delete()
                    transaction.set_rollback(True)
        for version in versions:
            check(version)
        transaction.set_rollback(True)


def test_what_changes_nothing_that_is_counted_writes_nothing(empty_version):
    fill(empty_version, 500)
    KeptCount.objects.fold()
    assert not KeptCountChange.objects.exists()

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fashion_search_indexentry SET name = 'x', price = price + .0001, content_hash = 'y'"
        )
        assert cursor.rowcount == 500
    assert not KeptCountChange.objects.filter(token__startswith="colour=").exists()
    IndexEntry.objects.update(text_hash="z")
    IndexEntry.objects.update(in_stock=True)
    assert KeptCountChange.objects.exists()
    check(empty_version)


def trigger_ms(number: int) -> float:
    """How long the trigger takes when as many entries are sold out or come back, by Postgres; the quicker of two runs."""
    times = []
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(
                "EXPLAIN (ANALYZE, FORMAT JSON)"
                " UPDATE fashion_search_indexentry SET in_stock = NOT in_stock WHERE product_key::int <= %s",
                [number],
            )
            (explained,) = cursor.fetchone()
        times += [
            one["Time"]
            for one in explained[0]["Triggers"]
            if one["Trigger Name"] == "fashion_search_count_update"
        ]
    return min(times)


@pytest.mark.parametrize("number", [2_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_the_time_of_an_update_grows_with_its_rows(empty_version, number):
    fill(empty_version, number)
    trigger_ms(1)  # a session keeps the plan of its first update
    few, many = trigger_ms(number // 4), trigger_ms(number)
    assert many < 9 * few  # 4 times as long is what is due; the square would be 16 times
    check(empty_version)


def test_a_version_that_is_given_up_is_dropped_without_counting(empty_version):
    fill(empty_version, 300)
    KeptCount.objects.fold()
    IndexVersion.objects.filter(pk=empty_version.pk).update(state=IndexVersion.State.FAILED)
    before = KeptCountChange.objects.count()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM fashion_search_indexentry WHERE version_id = %s", [empty_version.pk])
        assert KeptCountChange.objects.count() == before
        transaction.set_rollback(True)


def test_pictures_are_counted_with_every_change_of_theirs(empty_version):
    fill(empty_version, 3)
    entries = list(empty_version.entries.all())
    pictures = [
        EntryImage(entry=one, version=empty_version, position=n, name="x")
        for one in entries
        for n in range(4)
    ]
    EntryImage.objects.bulk_create(pictures)
    EntryImage.objects.bulk_create(pictures[:5], ignore_conflicts=True)
    EntryImage.objects.update(name="y")
    check(empty_version)
    entries[0].delete()
    KeptCount.objects.fold()
    EntryImage.objects.filter(position=3).delete()
    check(empty_version)
    assert KeptCount.objects.pictures_of(empty_version) == 6


def test_nothing_is_kept_of_a_dropped_version(empty_version):
    fill(empty_version, 300)
    KeptCount.objects.fold()
    IndexEntry.objects.filter(product_key="1").delete()
    IndexVersion.objects.filter(pk=empty_version.pk).update(state=IndexVersion.State.FAILED)
    drop_version(empty_version)
    assert not KeptCount.objects.exists()
    assert not KeptCountChange.objects.exists()


def test_what_the_release_before_leaves_of_a_version_is_forgotten(empty_version, tiny_artifact):
    stays = make_version(tiny_artifact, "building")
    fill(empty_version, 10)
    KeptCount.objects.fold()
    fill(stays, 10)
    IndexVersion.objects.filter(pk=empty_version.pk).update(state=IndexVersion.State.FAILED)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM fashion_search_indexentry WHERE version_id = %s", [empty_version.pk])
        cursor.execute("DELETE FROM fashion_search_indexversion WHERE id = %s", [empty_version.pk])
    KeptCount.objects.forget_versions()
    assert not KeptCount.objects.filter(version_id=empty_version.pk).exists()
    check(stays)


def test_emptying_the_table_empties_the_counts(empty_version):
    fill(empty_version, 10)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE fashion_search_indexentry CASCADE")
    check(empty_version)


def test_a_version_that_nothing_has_counted_is_counted_from_its_entries(empty_version):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE fashion_search_indexentry DISABLE TRIGGER USER")
        fill(empty_version, 100)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE fashion_search_indexentry ENABLE TRIGGER USER")
    IndexVersion.objects.update(counted=False)
    empty_version.refresh_from_db()
    IndexEntry.objects.filter(product_key="1").delete()  # whose count nobody has
    assert KeptCount.objects.entries_of(empty_version) == 99

    assert KeptCount.objects.recount(empty_version) > 0
    empty_version.refresh_from_db()
    assert empty_version.counted
    check(empty_version)
    assert KeptCount.objects.recount(empty_version) == 0


def test_a_version_of_the_release_before_is_not_taken_for_counted(empty_version):
    columns = "artifact_path, artifact_name, fingerprint, dimension, state, created_at, error"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO fashion_search_indexversion ({columns})"
            " VALUES ('', '', '', 32, 'building', now(), '') RETURNING counted"
        )
        assert cursor.fetchone() == (False,)


@given(
    prices=st.lists(
        st.decimals(0, 10**10 - 1, places=4) | PRICES.filter(bool) | st.decimals(0, 99, places=4), max_size=12
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cells_part_prices_as_prices_do(prices, db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kept.token, count(*) FROM unnest(%s::numeric[]) AS price, fashion_search_counted('{}', price) AS kept GROUP BY 1",
            [prices],
        )
        cells = in_cells(dict(cursor.fetchall()))
    assert ranges_of_cells(cells) == price_ranges_of([price for price in prices if price is not None])


SHARED_KEYS = [f"{number:02}" for number in range(40)]


@pytest.mark.usefixtures("transactional_db")
def test_sessions_that_write_fold_and_recount_at_once(tiny_artifact, search_settings):
    version = make_version(tiny_artifact)
    IndexEntry.objects.bulk_create(entry(version, key, ["category=Tops"]) for key in SHARED_KEYS)
    over = threading.Event()

    def write(seed: int) -> None:
        draw = random.Random(seed)
        own = SHARED_KEYS[seed * 10 : seed * 10 + 10]
        with closing(connection):
            for step in range(25):
                with transaction.atomic():
                    entries = IndexEntry.objects.filter(version=version)
                    some = entries.filter(product_key__in=draw.sample(own, 4))
                    facets = [f"category={draw.choice(CATEGORIES)}", f"colour={draw.choice(COLOURS)}"]
                    some.update(facets=facets, in_stock=draw.random() < 0.5, price=draw.randrange(1000))
                    entries.filter(product_key=f"new-{seed}-{step - 3}").delete()
                    IndexEntry.objects.bulk_create([entry(version, f"new-{seed}-{step}", facets)])
                    if draw.random() < 0.2:
                        transaction.set_rollback(True)

    def maintain() -> int:
        wrong = 0
        with closing(connection):
            while not over.is_set():
                KeptCount.objects.fold()
                wrong += KeptCount.objects.recount(version)
        return wrong

    with ThreadPoolExecutor(6) as pool:
        keepers = [pool.submit(maintain) for _ in range(2)]
        try:
            list(pool.map(write, range(4)))
        finally:
            over.set()
        assert [keeper.result() for keeper in keepers] == [0, 0]
    check(version)
    KeptCount.objects.fold()
    check(version)
    assert not KeptCountChange.objects.exists()
