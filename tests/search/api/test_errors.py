import pytest
from django.db import OperationalError
from rest_framework.throttling import AnonRateThrottle

from search.api.views import SearchView


@pytest.mark.parametrize(
    "address", ["/api/v1/search/more/", "/api/v1/categories/more/", "/api/v1/products/a%0Ab/"]
)
def test_a_wrong_address_is_told_in_json(client, db, address):
    response = client.get(address)

    assert response.status_code == 404
    assert response.json() == {
        "error": {
            "code": "not_found",
            "message": "There is nothing at this address: check its spelling.",
        }
    }


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_wrong_method_is_told_in_json(client, db, method):
    response = getattr(client, method)("/api/v1/search/")

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, OPTIONS"
    assert response.json() == {
        "error": {
            "code": "method_not_allowed",
            "message": f"The method {method.upper()} is not allowed here: use one of GET, HEAD, OPTIONS.",
        }
    }


def test_an_answer_in_another_format_does_not_exist(client, db):
    response = client.get("/api/v1/search/", headers={"accept": "application/xml"})

    assert response.status_code == 406
    assert response.json()["error"] == {
        "code": "not_acceptable",
        "message": "The answer exists as JSON only: send Accept: application/json.",
    }


def test_too_many_parameters_are_refused(client, db, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3

    response = client.get("/api/v1/search/?colour=a&colour=b&colour=c&colour=d")

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"


def test_a_database_that_does_not_answer_is_a_503_to_be_tried_again(client, db, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("search.api.views.answer_request", fail)
    response = client.get("/api/v1/search/")

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["error"] == {
        "code": "unavailable",
        "message": "Search is not available at the moment: try again in a few seconds.",
    }


def test_the_hosts_throttle_is_obeyed(client, version, monkeypatch):
    class Refusing(AnonRateThrottle):
        def get_rate(self):
            return "1/hour"

        def allow_request(self, request, view):
            self.now, self.history = 100.0, [50.0]
            return False

    monkeypatch.setattr(SearchView, "throttle_classes", [Refusing])
    response = client.get("/api/v1/search/")

    assert (response.status_code, response["Retry-After"]) == (429, "3551")
    assert response.json()["error"] == {
        "code": "throttled",
        "message": "There were too many requests: try again in 3551 seconds.",
    }


def test_other_sites_scripts_are_let_in_by_setting_only(client, version, settings):
    headers = {"Origin": "https://app.example"}
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/search/", headers=headers)
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    response = client.get("/api/v1/search/", headers=headers)
    assert response["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Retry-After" in response["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in client.get("/", headers=headers)
