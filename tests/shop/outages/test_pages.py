"""What pages answer while Postgres is away, and where the mistake is ours."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

PAGES = ("/", "/search/?q=shirt", "/categories/shirts/", "/products/any/", "/admin/login/?next=/admin/")


def _away(*_arguments):
    raise OperationalError("server closed the connection unexpectedly")


def _broken(*_arguments):
    raise ZeroDivisionError


@pytest.fixture
def shopper() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("page", PAGES[:4])
def test_pages_ask_to_try_again_while_postgres_is_away(db, shopper, page):
    with connection.execute_wrapper(_away):
        answer = shopper.get(page)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "try again in a few seconds" in answer.content.decode()


def test_the_api_does_so_in_json(db, shopper):
    with connection.execute_wrapper(_away):
        answer = shopper.get("/api/v1/search/?q=shirt")

    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert answer.json()["error"]["code"] == "unavailable"


def test_a_mistake_of_ours_is_no_outage(db, shopper):
    with connection.execute_wrapper(_broken):
        answer = shopper.get("/")

    assert answer.status_code == 500
    assert "Retry-After" not in answer
    assert "A thread came loose" in answer.content.decode()
