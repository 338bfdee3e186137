import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from rest_framework.test import APIClient

from tests.search.indexed import add, unit


@pytest.fixture
def shirts(version):
    """Three shirts, the last the newest."""
    return [
        add(
            version,
            "S-1",
            "Red shirt",
            price="299.5",
            pictures=[unit(1)],
            facets={"colour": ["Red"], "category": ["Tops", "Shirts"]},
        ),
        add(version, "S-2", "Blue shirt", price=100, pictures=[unit(1, 1)], facets={"colour": ["Blue"]}),
        add(version, "S-3", "Plain shirt", price=None, pictures=[unit(1, 3)]),
    ]


@pytest.fixture
def client():
    return APIClient()


@pytest.fixture
def application():
    """The whole WSGI application, which leaves the connection open, because that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
