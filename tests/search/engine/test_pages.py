"""Pages that are cut from one list, whatever happens to the products meanwhile."""

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisConnectionError

from search.engine import Filters, search
from search.engine import results as freezing
from search.models import IndexEntry
from shop.models import Product
from tests.search.indexed import add

pytestmark = pytest.mark.usefixtures("redis_server")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, redis_server):
    freezing.breaker.close()
    cache.clear()


@pytest.fixture
def shirts(version):
    return [
        add(version, f"s{number:02}", "Red shirt", price=100 + number, facets={"colour": ["Red"]})
        for number in range(20)
    ]


def skus(answer):
    return [result.card.sku for result in answer.results]


def test_all_pages_show_every_product_once_while_products_change(version, shirts):
    first = search("shirt", page_size=6)
    seen = [skus(first)]
    changes = [
        lambda: add(version, "new", "Shirt shirt", price=1),
        lambda: IndexEntry.objects.filter(sku=seen[0][0]).update(name="Gone elsewhere", document=""),
        lambda: IndexEntry.objects.filter(sku__in=seen[0][1:3]).delete(),
    ]
    deleted = next(sku for sku in (product.sku for product in shirts) if sku not in seen[0])
    Product.objects.filter(sku=deleted).delete()
    for page, change in enumerate(changes, start=2):
        change()
        answer = search("shirt", page=page, page_size=6, token=first.token)
        assert (answer.total, answer.restarted, answer.token) == (20, False, first.token)
        seen.append(skus(answer))

    every = [sku for page in seen for sku in page]
    assert len(every) == len(set(every))
    assert set(every) == {product.sku for product in shirts} - {deleted}


@pytest.mark.parametrize("sort", ["relevance", "price", "-price", "newest"])
def test_a_list_without_words_stays_the_same_too(version, shirts, sort):
    red = Filters(facets={"colour": ("Red",)})
    everything = search(filters=red, sort=sort, page_size=100)
    first = search(filters=red, page_size=6)
    add(version, "new", "Red shirt", price=1, facets={"colour": ["Red"]})
    IndexEntry.objects.filter(sku__in=["s03", "s17"]).delete()
    pages = [
        search(filters=red, sort=sort, page=page, page_size=6, token=first.token) for page in (1, 2, 3, 4)
    ]
    assert [sku for page in pages for sku in skus(page)] == skus(everything)
    assert {(page.total, page.restarted, page.token) for page in pages} == {(20, False, first.token)}
    assert pages[2].facets == first.facets
    cache.clear()
    again = search(filters=red, page=3, page_size=6, token=first.token)
    assert (again.restarted, again.page, again.total) == (True, 1, 19)


def test_a_list_is_not_frozen_where_nobody_asks_for_it_or_it_is_too_long(version, shirts, search_settings):
    assert search(page_size=6, freezing=False).token == ""
    assert search(page_size=6, with_facets=False).token == ""
    assert search("shirt", page_size=6, freezing=False).token == ""
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"RESULTS": 10}
    assert search(page_size=6).token == ""


def test_a_total_says_whether_it_is_exact(version, shirts, search_settings):
    assert (search("shirt").total, search("shirt").total_is) == (20, "exact")
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"RESULTS": 10}
    assert (search("shirt").total, search("shirt").total_is) == (10, "at_least")
    assert (search().total, search().total_is) == (20, "exact")


def test_another_sort_shows_the_same_list(version, shirts):
    first = search("shirt", page_size=6)
    IndexEntry.objects.filter(sku__in=["s03", "s05"]).delete()
    add(version, "new", "Red shirt", price=1, facets={"colour": ["Red"]})
    pages = [
        search("shirt", sort="price", page=page, page_size=6, token=first.token) for page in (1, 2, 3, 4)
    ]
    assert [sku for page in pages for sku in skus(page)] == [f"s{number:02}" for number in range(20)]
    assert not any(page.restarted for page in pages)


def test_a_sorted_list_is_frozen_as_it_is_sorted(version, shirts):
    first = search("shirt", sort="-price", page_size=8)
    IndexEntry.objects.filter(sku="s00").update(price=10_000)
    second = search("shirt", sort="-price", page=2, page_size=8, token=first.token)
    assert skus(first) + skus(second) == [f"s{number:02}" for number in range(19, 3, -1)]


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "red shirt"},
        {"text": "shirt", "filters": Filters(facets={"colour": ("Red",)})},
        {"text": "shirt", "token": "forged"},
        {"text": "shirt", "token": "a:b:c"},
    ],
)
def test_a_token_of_another_search_starts_afresh_and_says_so(version, shirts, asked):
    token = search("shirt", page_size=6).token
    answer = search(**{"token": token, "page": 2, "page_size": 6} | asked)
    assert (answer.restarted, answer.page, len(answer.results)) == (True, 1, 6)
    assert answer.token not in ("", token)


def test_an_expired_list_starts_afresh(version, shirts):
    token = search("shirt", page_size=6).token
    cache.clear()
    answer = search("shirt", page=3, page_size=6, token=token)
    assert (answer.restarted, answer.page) == (True, 1)


def test_one_page_needs_no_token(version, shirts):
    assert search("shirt").token == ""


def test_without_the_cache_pages_are_computed_afresh(version, shirts, monkeypatch, caplog):
    tries = []

    def fail(*args, **kwargs):
        tries.append(args)
        raise RedisConnectionError("refused")

    monkeypatch.setattr(freezing.cache, "set", fail)
    pages = [search("shirt", page=page, page_size=6) for page in (1, 2)]
    assert [answer.token for answer in pages] == ["", ""]
    assert not set(skus(pages[0])) & set(skus(pages[1]))
    assert len(tries) == 1  # then it is left alone for a while
    assert "the cache is away" in caplog.text
