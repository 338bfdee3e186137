"""Session cookies that Django has never made."""

import pytest
from django.http import HttpRequest, HttpResponse

from shop.security.cookies import SaneSessionKeys

KEY = "0123456789abcdefghijklmnopqrstuv"


def seen(key):
    """The cookies that reach what comes after the middleware."""
    request = HttpRequest()
    request.COOKIES = {"sessionid": key, "other": "\x00"}
    SaneSessionKeys(lambda asked: HttpResponse(repr(asked.COOKIES)))(request)
    return request.COOKIES


def test_a_key_stays():
    assert seen(KEY) == {"sessionid": KEY, "other": "\x00"}


@pytest.mark.parametrize("key", ["", "aaaaaaa", "a" * 41, "aaaaaaaa\x00", "AAAAAAAA", "é" * 9, KEY + "\n"])
def test_what_is_no_key_is_taken_for_none(key):
    assert seen(key) == {"other": "\x00"}


@pytest.mark.django_db
def test_a_nul_in_it_is_nobody_in_particular(client):
    response = client.get("/admin/", HTTP_COOKIE=r'sessionid="aaaaaaaa\000"')
    assert (response.status_code, response["Location"]) == (302, "/admin/login/?next=/admin/")


def test_whoever_has_a_session_keeps_it(admin_client):
    assert admin_client.get("/admin/").status_code == 200
