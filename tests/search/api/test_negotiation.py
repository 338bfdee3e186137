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
