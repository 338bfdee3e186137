"""The description of the API is valid, whole and true."""

import html
import re
import sys

import pytest
from django.apps import apps
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from search.api.schema import SKU, describe

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema():
    GENERATOR_STATS.reset()
    described = describe()
    assert not GENERATOR_STATS, dict(GENERATOR_STATS._warn_cache | GENERATOR_STATS._error_cache)
    return described


def operations(schema):
    return {
        operation["operationId"]: operation
        for path in schema["paths"].values()
        for method, operation in path.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def test_it_is_valid_openapi_3_1(schema):
    assert schema["openapi"].startswith("3.1")
    validate_schema(schema)


def test_it_is_served(client, schema):
    response = client.get("/api/v1/schema/")
    assert response.status_code == 200
    assert response.json()["paths"].keys() == schema["paths"].keys()
    assert response.json()["servers"] == [{"url": "/api/v1"}]


def test_every_address_is_described(schema):
    assert sorted(operations(schema)) == [
        "categories", "event", "photo_tags", "product", "product_tags", "products", "search", "search_photo", "similar", "suggest", "words",
    ]  # fmt: skip


def test_every_operation_says_what_it_does_and_how_it_fails(schema):
    for name, operation in operations(schema).items():
        assert operation["summary"], name
        assert operation["tags"], name
        statuses = set(operation["responses"])
        assert statuses & {"200", "204"}, name
        assert {"400", "401", "403", "406", "429", "503"} <= statuses, name
        for status in statuses - {"200", "204"}:
            body = operation["responses"][status]["content"]["application/json"]
            assert body["schema"] == {"$ref": "#/components/schemas/ErrorAnswer"}, (name, status)
            assert body["examples"], (name, status)


def test_parameters_hold_the_shops_own_facets(schema):
    for name in ("search", "search_photo", "similar"):
        names = {parameter["name"] for parameter in operations(schema)[name]["parameters"]}
        assert {"category", "colour", "price_min", "in_stock"} <= names, name


def test_the_page_for_people_loads_nothing_from_elsewhere(client):
    page = client.get("/api/v1/docs/").content.decode()
    assert "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in page
    assert 'data-schema="/api/v1/schema/"' in page
    assert "http" not in page.replace("<!doctype html>", "")


def test_without_the_files_of_the_page_it_says_what_to_install(client, monkeypatch):
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "drf_spectacular_sidecar")
    answer = client.get("/api/v1/docs/")
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 200
    assert '<code>pip install "fashion-search[api-docs]"</code>' in page
    assert '<a href="/api/v1/schema/">' in page
    assert "swagger-ui" not in page


def test_a_blank_sku_is_what_python_calls_blank():
    # As JSON Schema reads it, where \s lacks some of the white space that `str.strip` takes off.
    pattern = re.compile(SKU, re.ASCII)
    blank = [chr(number) for number in range(sys.maxunicode + 1) if chr(number).isspace()]
    assert "\x85" in blank
    assert [character for character in blank if pattern.match(character)] == []
    assert pattern.match("A-1")
    assert pattern.match("\ufeff")
