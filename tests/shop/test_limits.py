"""Addresses that no page of the shop makes."""

import pytest

from shop.limits import LONGEST


@pytest.mark.django_db
def test_an_address_of_just_the_longest_is_answered_and_a_longer_one_refused(client):
    rest = LONGEST - len("/photo-of-nothing/") - len("q=")
    assert client.get("/photo-of-nothing/?q=" + "a" * rest).status_code == 404
    response = client.get("/photo-of-nothing/?q=" + "a" * (rest + 1))
    assert (response.status_code, response.content) == (
        414,
        b"The address is too long: ask for less at once.",
    )


def test_the_api_says_it_in_json(client):
    response = client.get("/api/v1/search/?q=" + "a" * LONGEST)
    assert response.status_code == 414
    assert response.json() == {
        "error": {"code": "address_too_long", "message": "The address is too long: ask for less at once."}
    }


def test_nul_never_reaches_the_filters_of_the_admin(client):
    response = client.get("/admin/shop/product/?gender=a%00b")
    assert (response.status_code, response.content) == (400, b"The address holds a NUL character: remove it.")
