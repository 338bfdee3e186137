"""What clients say that they accept."""

import pytest

pytestmark = pytest.mark.django_db

ODD = (
    "*/*; a*=unicode_escape''%5Cud800",
    "*/*; a*=utf-8''x%3Bb%2A%3Dnosuch%27%27y",
    "application/json; indent* = unicode_escape''%5Cud800",
    "*/*; a*0*=unicode_escape''%5Cud800",
)


@pytest.mark.parametrize("accept", ODD)
def test_a_media_type_that_states_an_encoding_is_left_out(client, version, accept):
    response = client.get("/api/v1/categories/", HTTP_ACCEPT=accept)
    assert (response.status_code, response.json()["error"]["code"]) == (406, "not_acceptable")
    assert client.get("/api/v1/categories/", HTTP_ACCEPT=f"{accept}, */*;q=0.1").status_code == 200


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/json; indent=2", "text/html, */*;q=0.1"]
)
def test_others_are_looked_at(client, version, accept):
    assert client.get("/api/v1/categories/", HTTP_ACCEPT=accept).status_code == 200


@pytest.mark.parametrize("path", ["suggest/", "search/?q=red", "products/"])
def test_a_format_that_does_not_exist_is_not_acceptable(client, db, path):
    """REST framework's own parameter says 404 then, as if there were nothing at the address."""
    joined = "&" if "?" in path else "?"
    response = client.get(f"/api/v1/{path}{joined}format=xml")
    assert (response.status_code, response.json()["error"]["code"]) == (406, "not_acceptable")
