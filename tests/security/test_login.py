"""Passwords of the admin cannot be tried for long."""

import pytest
from django.test import Client
from redis import Redis

from shop import admin_site
from shop.admin_site import Attempts

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, redis_server, settings, django_user_model):
    """An account, counts of the test's own, and a low limit for names."""
    settings.SECRET_KEY = f"key of {id(monkeypatch)}"  # which the hashes of addresses and names are made with
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    monkeypatch.setattr(admin_site, "attempts", Attempts(admin_site.SECONDS))
    monkeypatch.setattr(admin_site, "OF_NAME", 12)
    django_user_model.objects.create_superuser("admin", password="right")


@pytest.fixture
def redis_is_away(monkeypatch):
    """Nothing listens where Redis should."""
    away = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    monkeypatch.setattr("shop.admin_site._redis", lambda: away)


def send(password: str, *, name: str = "admin", address: str = "192.0.2.1", **headers: str):
    """Send the form from an address."""
    data = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post(LOGIN, data, headers=headers)


def test_the_tenth_wrong_password_is_the_last():
    assert [send("wrong").status_code for _ in range(10)] == [200] * 10
    refused = send("right")
    assert refused.status_code == 429
    assert 240 < int(refused["Retry-After"]) <= 300
    page = refused.content.decode()
    assert "Try again in 5 minutes." in page
    assert "nav-sidebar" not in page
    assert send("right", address="192.0.2.2").status_code == 302
    assert Client(REMOTE_ADDR="192.0.2.1").get(LOGIN).status_code == 200


def test_right_passwords_do_not_count():
    assert [send("right").status_code for _ in range(12)] == [302] * 12


def test_an_invented_forwarded_address_helps_nobody():
    headers = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(11)]
    assert [send("wrong", **header).status_code for header in headers] == [200] * 10 + [429]


def test_one_name_from_many_addresses():
    codes = [send("wrong", name="Admin", address=f"192.0.2.{number}").status_code for number in range(13)]
    assert codes == [200] * 12 + [429]
    assert send("right", name="admin", address="192.0.2.99").status_code == 429
    assert send("wrong", name="other", address="192.0.2.99").status_code == 200


@pytest.mark.usefixtures("redis_is_away")
def test_each_process_counts_alone_while_redis_is_away():
    assert send("right").status_code == 302
    assert [send("wrong").status_code for _ in range(10)] == [200] * 10
    assert send("right").status_code == 429
    assert send("right", address="192.0.2.2").status_code == 302


def test_old_passwords_cannot_be_tried_either(admin_client):
    data = {"old_password": "wrong", "new_password1": "x", "new_password2": "x"}
    codes = [admin_client.post("/admin/password_change/", data).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]


@pytest.mark.usefixtures("redis_is_away")
def test_counts_end_with_their_time(monkeypatch):
    now = 1000.0
    monkeypatch.setattr("shop.admin_site.monotonic", lambda: now)
    attempts = Attempts(60)
    assert [attempts.take("a") for _ in range(2)] == [(1, 60.0), (2, 60.0)]
    now = 1059.0
    assert attempts.take("a") == (3, 1.0)
    now = 1060.0
    assert attempts.take("a") == (1, 60.0)
