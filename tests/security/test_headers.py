"""The headers of every answer."""

import pytest

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ADDRESSES = ["/", "/search/?q=shirt", "/admin/login/", "/api/v1/docs/", "/api/v1/search/", "/nothing/here/"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_has_them(index_settings, client, address):
    headers = client.get(address).headers
    assert {name: headers.get(name) for name in EXPECTED} == EXPECTED
    refused = {part.strip() for part in headers["Permissions-Policy"].split(",")}
    assert refused >= {"camera=()", "microphone=()", "geolocation=()", "payment=()"}


@pytest.mark.django_db
def test_cookies_of_the_admin_are_out_of_reach_of_scripts_and_other_sites(client, django_user_model):
    django_user_model.objects.create_superuser("somebody", password="right")
    # A name and an address of its own: other tests have tried wrong passwords, and the count outlives them.
    credentials = {"username": "somebody", "password": "right"}
    client.post("/admin/login/", credentials, REMOTE_ADDR="192.0.2.77")
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
