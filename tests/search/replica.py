"""Hosts with more than one database, and with routers that send reads to another one than writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.db import connection, connections

from lab.chaos.host import ReadReplica

ALIAS = "replica"


class ReplicaRouter(ReadReplica):
    """Reads from the replica, under a name of the tests' own."""


@contextmanager
def alias_added(alias: str, url: str = "", *, name: str = "", **options: Any) -> Iterator[None]:
    """Add a database to DATABASES that pytest-django lets nobody connect to, so that each read that wanders there is found.

    Args:
        alias: its alias.
        url: of its server; that of the default database by default.
        name: of the database; that of the default one by default.
        options: more OPTIONS.
    """
    default = connections["default"].settings_dict
    given = {**default, "OPTIONS": {**default["OPTIONS"], **options}}
    if url:
        parts = urlsplit(url)
        given |= {"HOST": parts.hostname, "PORT": parts.port, "USER": parts.username}
    connections.databases[alias] = given | ({"NAME": name} if name else {})
    try:
        yield
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.databases[alias]


@contextmanager
def led_through(url: str, **options: Any) -> Iterator[None]:
    """Have this thread's default connection lead through a pooler.

    Args:
        url: of the pooler.
        options: more OPTIONS.
    """
    with alias_added("pooled", url, **options):
        usual = dict(connection.settings_dict)
        connection.close()
        connection.settings_dict.update(connections["pooled"].settings_dict)
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(usual)
