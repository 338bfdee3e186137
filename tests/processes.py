"""The shop's own processes - worker, beat, web - started by tests against the test database."""

import json
import os

import redis
from django.conf import settings
from django.db import connection

from lab.processes import ROOT, Processes, wait_until
from shop.local.processes import LocalProcess

__all__ = ["ROOT", "ShopProcesses", "wait_until"]


class ShopProcesses(Processes):
    """Starts processes, each with the test's settings as they are at that moment, and ends all of them."""

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a process to the test's database, Redis, files and settings."""
        address = os.environ["DATABASE_URL"].partition("?")
        database = (
            f"{address[0].rpartition('/')[0]}/{connection.settings_dict['NAME']}{address[1]}{address[2]}"
        )
        return {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": settings.REDIS_URL,
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "FASHION_SEARCH": json.dumps(settings.FASHION_SEARCH, default=str),
        }

    def worker(self, *options: str, children: int = 1, **others: object) -> LocalProcess:
        """Start a Celery worker that looks for no other, with one child."""
        alone = ("--without-gossip", "--without-mingle")
        return super().worker(*alone, *options, children=children, **others)

    def web(self) -> tuple[LocalProcess, str]:
        """Start gunicorn; return it and its address, once it listens."""
        process, port = super().web()
        wait_until(lambda: "Booting worker" in process.tail(50), seconds=180, what=process)
        return process, f"http://127.0.0.1:{port}"

    def empty_broker(self) -> None:
        """Remove what other tests left in Redis."""
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()
