"""`explain=1`: for staff only, and only in answers that ask for it."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

URL = "/api/v1/search/"


@pytest.fixture
def reader(db):
    """A member of staff who may view queries."""
    user = get_user_model().objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_queryday"))
    return user


def refused(response):
    assert response.status_code == 403
    assert response.json() == {
        "error": {
            "code": "permission_denied",
            "message": "Explanations are for staff who may view queries: log in to the admin, or leave explain out.",
        }
    }
    return True


class TestPermission:
    def test_strangers_are_refused(self, client, shirts):
        assert refused(client.get(f"{URL}?q=shirt&explain=1"))

    @pytest.mark.parametrize("wrong", ["is_staff", "permission"])
    def test_others_are_refused(self, client, shirts, reader, wrong):
        if wrong == "permission":
            reader.user_permissions.clear()
        else:
            reader.is_staff = False
            reader.save()
        client.force_login(reader)
        assert refused(client.get(f"{URL}?q=shirt&explain=1"))

    def test_without_explain_nobody_is_asked_who_they_are(self, client, shirts, reader):
        client.force_login(reader)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"{URL}?q=shirt")
        assert [query for query in queries if "auth_" in query["sql"]] == []
        assert "explanation" not in answer.json()
        assert "explanation" not in answer.json()["results"][0]
        assert "explanation" not in client.get(f"{URL}?q=shirt&explain=0").json()


class TestExplanation:
    @pytest.fixture
    def answer(self, client, shirts, reader):
        client.force_login(reader)
        response = client.get(f"{URL}?q=red+shirt&explain=1")
        assert response["Cache-Control"] == "no-store"
        return response.json()

    def test_of_a_result(self, answer):
        first = answer["results"][0]
        assert first["sku"] == "S-1"
        explanation = first["explanation"]
        assert list(explanation) == [
            "match",
            "score",
            "coverage",
            "keyword_rank",
            "image_similarity",
            "image_rank",
            "text_similarity",
            "text_rank",
            "cheap",
            "kids",
            "terms",
            "rules",
        ]
        assert (explanation["match"], explanation["coverage"], explanation["keyword_rank"]) == (
            "named",
            1.0,
            1,
        )
        assert (explanation["text_similarity"], explanation["text_rank"]) == (None, None)
        assert explanation["score"] == first["score"]
        assert [(term["text"], term["fit"], term["missing"]) for term in explanation["terms"]] == [
            ("red", 1.0, False),
            ("shirt", 1.0, False),
        ]

    def test_of_the_search(self, answer, version):
        explanation = answer["explanation"]
        assert (explanation["version"], explanation["fingerprint"]) == (version.pk, version.fingerprint)
        assert explanation["candidates"] == 3
        assert {"encode", "rank", "products"} <= explanation["stages"].keys()
        assert (explanation["image_noise"], explanation["conflicts"]) == (0.0, [])

    def test_it_is_not_logged(self, answer):
        assert answer["search"] is None

    def test_the_next_page_is_explained_too(self, client, shirts, reader):
        client.force_login(reader)
        first = client.get(f"{URL}?q=shirt&explain=1&page_size=2").json()
        second = client.get(first["next"]).json()
        assert second["restarted"] is False
        assert [result["explanation"]["match"] for result in second["results"]] == ["full"]

    def test_of_the_catalogue(self, client, shirts, reader):
        client.force_login(reader)
        answer = client.get(f"{URL}?explain=1").json()
        assert [result["explanation"] for result in answer["results"]] == [None, None, None]
        assert answer["explanation"]["candidates"] is None


def test_anything_else_is_refused(client, version):
    response = client.get(f"{URL}?explain=yes")
    assert (response.status_code, response.json()["error"]["message"]) == (400, "explain must be 1 or 0.")
