"""How many files of the project a search, a request of the API and a worker's embedding go through; `-s` prints them in order."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client

from search.engine import search
from search.indexing.lexicons import build_lexicon, refresh_word_list
from search.models import EntryImage, StaleMark, StoredCard
from search.models.cards import packed
from search.query.lexicon import forget_words
from search.registry import load_each, make_card
from search.tasks import index_stale
from tests.search.indexed import add, make_version, unit
from tests.search.products import add_picture, begin_version, colour_picture, drain, make_product

ROOT = Path(__file__).parents[2]
QUERY = "navy sneakers men"
SEARCH, API, WORKER = 25, 39, 26  # files at most

pytestmark = pytest.mark.usefixtures("redis_server")


def files_of(act: Callable[[], object]) -> dict[str, list[str]]:
    """Run something, and return the project's files that were executed, in their order, each with its functions."""
    found: dict[str, list[str]] = {}

    def profile(frame, event, _argument):
        name = frame.f_code.co_filename
        if event == "call" and name.startswith((f"{ROOT}/search/", f"{ROOT}/shop/")):
            functions = found.setdefault(name.removeprefix(f"{ROOT}/"), [])
            if (function := frame.f_code.co_qualname) not in functions:
                functions.append(function)

    before = sys.getprofile()
    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(before)
        threading.setprofile(before)
    return found


def check(way: str, act: Callable[[], object], most: int) -> None:
    """Fail where something goes through more files than it may; name all of them."""
    found = files_of(act)
    lines = [
        f"{number:3} {name}: {', '.join(functions)}"
        for number, (name, functions) in enumerate(found.items(), 1)
    ]
    report = "\n".join([f"{way} goes through {len(found)} files; {most} is the limit:", *lines])
    sys.stdout.write(f"{report}\n")
    assert 0 < len(found) <= most, report


@pytest.fixture
def sneakers(db, tiny_artifact, search_settings):
    """Thirty sneakers, more than a page, with their words counted."""
    version, keys = make_version(tiny_artifact), []
    for number in range(30):
        colour = ("Navy", "Red")[number % 2]
        facets = {"colour": [colour], "category": ["Shoes", "Sneakers"], "gender": ["Men"], "brand": ["Acme"]}
        product = add(
            version, f"s{number:02}", f"{colour} sneakers", price=100 + number, facets=facets,
            text=unit(1, number), pictures=[unit(2, number)],
        )  # fmt: skip
        add_picture(product, colour_picture("blue"))
        keys.append(str(product.pk))
    StoredCard.objects.write({key: packed(make_card(one)) for key, one in load_each(keys).products.items()})
    StaleMark.objects.all().delete()  # indexed, and not changed since
    build_lexicon(version)
    refresh_word_list()
    forget_words()
    cache.clear()
    return version


def test_a_search(sneakers):
    first = search(QUERY)
    assert (len(first.results), first.total, first.degraded, first.left_out) == (24, 30, "", ())
    check("A search", lambda: search(QUERY), SEARCH)


def test_a_text_query_by_the_api(sneakers):
    def ask() -> None:
        response = Client().get("/api/v1/search/", {"q": QUERY})
        assert response.status_code == 200
        assert response.json()["token"]
        assert response.json()["search"]

    ask()
    check("GET search/", ask, API)


def test_from_a_mark_to_an_embedding(db, index_settings):
    product = make_product("one")
    begin_version()
    drain()
    embedded = EntryImage.objects.filter(embedding__isnull=False)
    assert embedded.count() == 1
    add_picture(product, colour_picture("blue"), position=1)
    check("A worker, from a mark to an embedding,", index_stale, WORKER)
    assert embedded.count() == 2
