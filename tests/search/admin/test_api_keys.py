"""Keys in the admin."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from search.models import ApiKey
from search.models.api_keys import digest_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:fashion_search_apikey_changelist")
ADD = reverse("admin:fashion_search_apikey_add")


@pytest.mark.parametrize("address", [LIST, ADD])
def test_pages_need_their_permission(client, address):
    assert client.get(address).status_code == 302
    staff = User.objects.create_user("staff", password="x", is_staff=True)
    client.force_login(staff)
    assert client.get(address).status_code == 403
    staff.user_permissions.set(Permission.objects.filter(codename__in=["view_apikey", "add_apikey"]))
    assert client.get(address).status_code == 200


def test_a_key_is_shown_once_and_can_be_revoked(admin_client):
    response = admin_client.post(ADD, {"name": "App", "may_read": "on"}, follow=True)
    key = re.search(r"The key is (fs_[\w-]+)", response.content.decode())[1]
    row = ApiKey.objects.get()
    assert (row.digest, row.scopes) == (digest_of(key), {"read"})
    assert key not in admin_client.get(LIST).content.decode()
    admin_client.post(LIST, {"action": "revoke", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_changing_a_key_keeps_it(admin_client):
    row = ApiKey(name="App")
    row.draw()
    row.save()
    address = reverse("admin:fashion_search_apikey_change", args=[row.pk])
    admin_client.post(address, {"name": "Other app", "may_send_events": "on"})
    changed = ApiKey.objects.get()
    assert (changed.digest, changed.name, changed.scopes) == (row.digest, "Other app", {"events"})
