"""Keys of clients: what they may do, and how they end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from search.models import ApiKey

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]

SEARCH = "/api/v1/search/"
EVENTS = "/api/v1/events/"
EVENT = {"search": "0d1d9b32-9b0f-4f3f-8a7f-0b1c2d3e4f50", "type": "click", "sku": "A-1"}


def make(**values):
    row = ApiKey(name="App", **values)
    key = row.draw()
    row.save()
    return row, {"Authorization": f"Bearer {key}"}


def test_a_key_is_kept_as_its_digest_only():
    row, headers = make()
    key = headers["Authorization"].removeprefix("Bearer ")
    assert key.startswith("fs_")
    assert len(key) > 30
    assert key not in str(ApiKey.objects.values().get())
    assert row.beginning == key[:9]


def test_without_a_key_the_setting_decides(client, version, settings):
    assert client.get(SEARCH).status_code == 200
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_ANONYMOUS": False}
    response = client.get(SEARCH)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json()["error"]["code"] == "not_authenticated"
    for open_to_pages in (client.get("/api/v1/suggest/"), client.post(EVENTS, EVENT, format="json")):
        assert open_to_pages.status_code in (200, 204)
    assert client.get(SEARCH, headers=make()[1]).status_code == 200


@pytest.mark.parametrize("sent", ["Bearer nonsense", "Bearer", "Token x", "Bearer a b", "Bearer \udc80"])
def test_what_is_no_key_is_refused(client, version, sent):
    response = client.get(SEARCH, HTTP_AUTHORIZATION=sent)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json()["error"]["code"] == "authentication_failed"


def test_a_revoked_key_is_refused_at_once(client, version):
    row, headers = make()
    assert client.get(SEARCH, headers=headers).status_code == 200
    ApiKey.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
    assert client.get(SEARCH, headers=headers).status_code == 401


def test_scopes(client, version):
    _, reading = make(may_read=True)
    _, sending = make(may_read=False, may_send_events=True)
    assert client.get(SEARCH, headers=reading).status_code == 200
    refused = client.post(EVENTS, EVENT, format="json", headers=reading)
    assert refused.status_code == 403
    assert refused.json()["error"] == {
        "code": "permission_denied",
        "message": "This key lacks the scope events.",
    }
    assert client.post(EVENTS, EVENT, format="json", headers=sending).status_code == 204
    assert client.get(SEARCH, headers=sending).status_code == 403


def test_when_it_was_last_used_is_noted_once_a_minute(client, version):
    row, headers = make()
    client.get(SEARCH, headers=headers)
    row.refresh_from_db()
    first = row.last_used_at
    client.get(SEARCH, headers=headers)
    row.refresh_from_db()
    assert row.last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    client.get(SEARCH, headers=headers)
    row.refresh_from_db()
    assert row.last_used_at >= first


def test_what_a_gate_in_front_of_the_shop_asks_for_is_no_key(client, version):
    assert client.get(SEARCH, HTTP_AUTHORIZATION="Basic YTpi").status_code == 200
