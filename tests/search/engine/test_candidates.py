import itertools
from functools import partial

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from search.engine.candidates import Space, image_leg, text_leg
from search.engine.request import Filters
from search.session import search_session
from search.vectors import to_literal
from tests.search.indexed import add, add_many, create_indexes, make_version, unit

pytestmark = pytest.mark.django_db
LEGS = (image_leg, text_leg)
LITERAL = partial(np.array, dtype=np.float32)


@pytest.fixture
def version(tiny_artifact, search_settings):
    return make_version(tiny_artifact)


@pytest.fixture
def many(version):
    """3,000 entries with an HNSW index: 6 of colour=Rare, 300 of colour=Some, the others colour=Common."""
    embeddings = np.random.default_rng(5).normal(size=(3000, 32)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    colours = ["Rare" if n % 500 == 0 else "Some" if n % 10 == 1 else "Common" for n in range(3000)]
    add_many(version, embeddings, [f"colour={colour}" for colour in colours])
    create_indexes(version)
    return embeddings, np.array(colours)


def space_of(version, *colours):
    return Space(version.pk, 32, Filters(facets={"colour": colours} if colours else {}))


def keys(leg):
    return [key for key, _, _ in leg.rows]


def test_a_product_counts_by_its_best_picture(version):
    two = add(version, "two", "Two", pictures=[unit(0, 1), unit(1, 0)])
    one = add(version, "one", "One", pictures=[unit(3, 4)])
    add(version, "far", "Far", pictures=[unit(-1)])
    add(version, "none", "None")

    leg = image_leg(space_of(version), to_literal(LITERAL(unit(1))), floor=0.2, exact=False)

    assert keys(leg) == [str(two.pk), str(one.pk)]
    assert [similarity for _, _, similarity in leg.rows] == pytest.approx([1.0, 0.6], abs=1e-3)
    assert leg.complete


def test_texts_are_compared_too_and_equal_ones_ordered_by_key(version):
    products = [add(version, sku, sku, text=unit(1)) for sku in "ba"]
    add(version, "none", "None")

    leg = text_leg(space_of(version), to_literal(LITERAL(unit(1, 1))), floor=0.2, exact=False)

    assert keys(leg) == [str(product.pk) for product in products]


def test_a_leg_with_more_above_the_floor_than_it_takes_is_not_complete(version, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"CANDIDATES": 2}
    for sku in "abc":
        add(version, sku, sku, text=unit(1))

    complete = text_leg(space_of(version), to_literal(LITERAL(unit(1))), floor=0.2, exact=False).complete
    assert complete is False
    assert (
        text_leg(space_of(version), to_literal(LITERAL(unit(0, 1))), floor=0.2, exact=False).complete is True
    )


def test_a_filter_loses_no_result(version, many, search_settings, subtests):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "CANDIDATES": 24,
        "EF_SEARCH": 100,
        "EXACT_BELOW": 1,
    }
    embeddings, all_colours = many
    query = LITERAL(unit(*np.random.default_rng(6).normal(size=32)))
    for colours, leg in itertools.product([(), ("Common",), ("Some",), ("Rare",)], LEGS):
        with subtests.test(leg=leg.__name__, colours=colours):
            kept = np.isin(all_colours, colours) if colours else np.ones(3000, dtype=bool)
            order = [n for n in np.argsort(-(embeddings @ query), kind="stable") if kept[n]][:24]

            with search_session():
                found = leg(space_of(version, *colours), to_literal(query), floor=-2.0, exact=False)

            assert len(found.rows) == min(24, kept.sum())
            assert len({f"{n:06}" for n in order} & set(keys(found))) >= 0.95 * len(order)
            similarities = [similarity for _, _, similarity in found.rows]
            assert similarities == sorted(similarities, reverse=True)


def test_a_scan_that_ended_early_is_made_up_for_exactly(version, many, search_settings, subtests):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "CANDIDATES": 24,
        "EF_SEARCH": 10,
        "MAX_SCAN_TUPLES": 10,
        "EXACT_BELOW": 1,
    }
    query = LITERAL(unit(1, 2, 3))
    for leg in LEGS:
        with subtests.test(leg=leg.__name__):
            with search_session():
                found = leg(space_of(version, "Rare"), to_literal(query), floor=-2.0, exact=False)
                exact = leg(space_of(version, "Rare"), to_literal(query), floor=-2.0, exact=True)

            assert found == exact
            assert len(found.rows) == 6


def test_the_partial_index_is_used_unless_exact(version, many, subtests):
    indexes = (version.image_index, version.text_index)
    for (leg, index), exact in itertools.product(zip(LEGS, indexes, strict=True), (False, True)):
        with subtests.test(leg=leg.__name__, exact=exact):
            with search_session(), CaptureQueriesContext(connection) as queries:
                leg(space_of(version), to_literal(LITERAL(unit(1))), floor=0.2, exact=exact)
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + queries[-1]["sql"])
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert (index in plan) is not exact, plan


def test_excluded_words_are_excluded_here_too(version):
    add(version, "red", "Red dress", text=unit(1), pictures=[unit(1)])
    blue = add(version, "blue", "Blue dress", text=unit(1), pictures=[unit(1)])
    space = Space(version.pk, 32, excluded=("red",))

    for leg in LEGS:
        assert keys(leg(space, to_literal(LITERAL(unit(1))), floor=0.2, exact=False)) == [str(blue.pk)]
