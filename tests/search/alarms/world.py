"""A small shop whose every check says "ok", and hands to do real faults to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, connections

from search.models import IndexVersion
from tests.processes import ShopProcesses

Fault = Callable[["World"], None]
NOWHERE = "redis://127.0.0.1:1/0"  # nothing listens there


@dataclass
class World:
    """What a fault may touch; everything is put back after the test."""

    settings: Any  # pytest-django's, which puts back what a test sets
    folder: Path
    artifact: Path
    version: IndexVersion
    processes: ShopProcesses
    undo: ExitStack = field(default_factory=ExitStack)

    def configure(self, **values: object) -> None:
        """Set keys of FASHION_SEARCH."""
        self.settings.FASHION_SEARCH = self.settings.FASHION_SEARCH | values

    def execute(self, statement: str, *parameters: object) -> None:
        """Change the database behind everybody's back."""
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    def move(self, path: Path) -> None:
        """Take a file or folder away, and bring it back afterwards."""
        away = self.folder / "far" / "away"
        away.parent.mkdir()
        os.rename(path, away)
        self.undo.callback(os.rename, away, path)

    def lose_the_broker(self) -> None:
        """Have the broker's address lead nowhere."""
        from celery import current_app

        before = current_app.conf.broker_write_url
        current_app.conf.broker_write_url = NOWHERE
        self.undo.callback(setattr, current_app.conf, "broker_write_url", before)

    def lose_the_database(self) -> None:
        """Have new connections to Postgres fail; the test's own stays open."""
        address = connections["default"].settings_dict
        before = {name: address[name] for name in ("HOST", "PORT")}
        self.undo.callback(address.update, before)
        address.update(HOST="127.0.0.1", PORT="1")


def lines(table: dict[str, Fault]) -> Callable[[str], Callable[[Fault], Fault]]:
    """Return a decorator that adds a fault to a table, under the line that must see it."""

    def of(name: str) -> Callable[[Fault], Fault]:
        def add(fault: Fault) -> Fault:
            assert name not in table, f"{name} has a fault already"
            table[name] = fault
            return fault

        return add

    return of
