import pytest

from search.engine import answers


def test_a_product(client, shirts):
    response = client.get("/api/v1/products/s-1/")

    assert response.status_code == 200
    assert response.json() == {
        "sku": "S-1",
        "name": "Red shirt",
        "brand": "Acme",
        "price": "299.50",
        "currency": "INR",
        "image": "",
        "url": "http://testserver" + shirts[0].get_absolute_url(),
        "in_stock": True,
        "facets": {
            "category": ["Tops", "Shirts"],
            "brand": [],
            "colour": ["Red"],
            "gender": [],
            "pattern": [],
            "size": [],
            "usage": [],
            "tags": [],
        },
    }


def test_similar_products(client, shirts):
    response = client.get("/api/v1/products/S-1/similar/", {"limit": 1})

    answer = response.json()
    assert list(answer) == ["degraded", "left_out", "sku", "complete", "took_ms", "results"]
    assert (answer["sku"], answer["complete"], answer["degraded"], answer["left_out"]) == (
        "S-1",
        True,
        "",
        [],
    )
    assert [(result["sku"], round(result["score"], 3)) for result in answer["results"]] == [("S-2", 0.707)]


def test_similar_products_obey_filters(client, shirts):
    answer = client.get("/api/v1/products/S-3/similar/?colour=Red&price_min=1").json()

    assert [result["sku"] for result in answer["results"]] == ["S-1"]


def test_an_unknown_sku(client, shirts):
    for address in ("/api/v1/products/S-9/", "/api/v1/products/S-9/similar/"):
        response = client.get(address)
        assert response.status_code == 404
        assert response.json() == {
            "error": {
                "code": "product_not_found",
                "message": "No product has the SKU 'S-9': check its spelling,"
                " or look for the product with the search.",
            }
        }


def test_a_withdrawn_product_is_unknown(client, shirts):
    shirts[0].published = False
    shirts[0].save()

    assert client.get("/api/v1/products/S-1/").status_code == 404


@pytest.mark.parametrize("address", ["products/S-1/", "products/S-1/similar/", "tags/?product=S-1"])
def test_without_a_version_nobody_knows_what_products_there_are(client, db, search_settings, address):
    answer = client.get(f"/api/v1/{address}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["error"] == {"code": "no_index", "message": answers.NO_VERSION}


def test_parameters_are_checked(client, shirts):
    for address, message in [
        ("/api/v1/products/S-1/?limit=3", "'limit' is not a parameter here: remove it."),
        ("/api/v1/products/S-1/similar/?limit=0", "limit must be a whole number from 1, such as 12."),
        (
            "/api/v1/products/S-1/similar/?q=x",
            "'q' is not a parameter: the parameters are limit, price_min, price_max, in_stock, category, brand, colour, gender, size, pattern, usage, tags.",
        ),
    ]:
        response = client.get(address)
        assert (response.status_code, response.json()["error"]["message"]) == (400, message)


def test_a_hostile_sku_is_refused_or_unknown(client, version):
    assert client.get("/api/v1/products/a%00b/").status_code == 400
    assert client.get(f"/api/v1/products/{'a' * 201}/").status_code == 400
    assert client.get("/api/v1/products/a/b%2Fc/").json()["error"]["code"] == "product_not_found"
