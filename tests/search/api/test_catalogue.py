"""Products by cursor, the tree of categories, and what clients may keep."""

import pytest

from search.engine import answers
from search.indexing.lexicons import refresh_word_list
from search.models import IndexEntry, IndexVersion
from tests.search.indexed import add

pytestmark = pytest.mark.usefixtures("redis_server")


def skus(answer):
    return [result["sku"] for result in answer["results"]]


def test_a_cursor_neither_skips_nor_repeats_while_products_come_and_go(client, shirts, version):
    first = client.get("/api/v1/products/?page_size=2").json()
    assert (first["total"], skus(first)) == (3, ["S-3", "S-2"])
    add(version, "S-4", "New shirt")
    IndexEntry.objects.filter(sku="s-2").delete()
    second = client.get(first["next"]).json()
    assert (skus(second), second["next"]) == (["S-1"], None)


def test_products_of_one_moment_are_told_apart(client, shirts):
    IndexEntry.objects.update(created="2024-01-01T00:00:00Z")
    found, address = [], "/api/v1/products/?page_size=1"
    while address:
        answer = client.get(address).json()
        found += skus(answer)
        address = answer["next"]
    assert sorted(found) == ["S-1", "S-2", "S-3"]


@pytest.mark.parametrize("parameters", ["cursor=forged", "page_size=0", "page=2", "cursor=a&cursor=b"])
def test_what_is_no_cursor_is_told(client, shirts, parameters):
    assert client.get(f"/api/v1/products/?{parameters}").status_code == 400


@pytest.mark.parametrize("address", ["products/", "categories/"])
def test_without_an_index_there_are_none_and_nobody_keeps_that(client, db, search_settings, address):
    answer = client.get(f"/api/v1/{address}")
    assert (answer.json()["results"], answer.json()["degraded"]) == ([], answers.NO_VERSION)
    assert answer.json()["left_out"][0] == "results"
    assert (set(answer["Cache-Control"].split(", ")), answer.has_header("ETag")) == (
        {"private", "no-store"},
        False,
    )


@pytest.mark.parametrize("address", ["products/", "categories/"])
def test_what_the_first_build_has_not_come_to_is_said_and_not_kept(client, shirts, version, address):
    IndexVersion.objects.update(state="building")
    answer = client.get(f"/api/v1/{address}")
    assert answer.json()["degraded"].startswith("The first index is being built")
    assert answer.json()["left_out"] == ["products"]
    assert (set(answer["Cache-Control"].split(", ")), answer.has_header("ETag")) == (
        {"private", "no-store"},
        False,
    )


def test_categories_have_their_products_and_the_way_to_them(client, shirts):
    assert client.get("/api/v1/categories/").json() == {
        "degraded": "",
        "left_out": [],
        "results": [
            {
                "name": name,
                "parent": "",
                "count": 1,
                "search": f"http://testserver/api/v1/search/?category={name}",
            }
            for name in ("Shirts", "Tops")
        ],
    }


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/api/v1/products/", "private, max-age=60"),
        ("/api/v1/categories/", "private, max-age=60"),
        ("/api/v1/products/S-1/", "private, no-cache"),
        ("/api/v1/products/S-1/similar/", "private, no-cache"),
        ("/api/v1/search/?q=shirt", "private, no-cache"),
        ("/api/v1/suggest/?q=sh", "private, no-cache"),
        ("/api/v1/schema/", "private, no-cache"),
    ],
)
def test_what_did_not_change_is_not_sent_again(client, shirts, address, kept):
    refresh_word_list()
    first = client.get(address)
    assert set(first["Cache-Control"].split(", ")) == set(kept.split(", "))
    assert "Authorization" in first["Vary"]
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


def test_what_changed_is_sent(client, shirts):
    tag = client.get("/api/v1/products/S-1/")["ETag"]
    IndexEntry.objects.filter(sku="s-1").update(in_stock=False)
    assert client.get("/api/v1/products/S-1/", headers={"If-None-Match": tag}).status_code == 200
