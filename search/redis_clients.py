"""Clients of Redis by address: of one server, or of whichever server the Sentinel processes name at that moment.

An address of the second kind is `sentinel://:PASSWORD@HOST:26379,HOST:26379/DATABASE?master=NAME`, with `&sentinel_password=` where the
Sentinel processes have one of their own. Celery has a form of its own for the same, which `broker_settings` and `of_broker` translate.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

SENTINEL = "sentinel://"
SCHEMES = ("redis://", "rediss://", "unix://", SENTINEL)
PORT = 26379  # of Sentinel


class SentinelAddress(NamedTuple):
    """Where to ask for a server, and how to log in to it."""

    sentinels: tuple[tuple[str, int], ...]
    master: str  # the name that they know the server by
    database: int
    login: dict[str, str]  # username and password of the server, as far as they are given
    sentinel_login: dict[str, str]  # of the Sentinel processes

    @classmethod
    def of(cls, url: str) -> Self:
        """Read an address.

        Raises:
            ValueError: it names no Sentinel process or no master, or its parts cannot be read; the sentence does not quote it.
        """
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        login, _, hosts = parts.netloc.rpartition("@")
        master, database = options.get("master", ""), parts.path.strip("/") or "0"
        if not url.startswith(SENTINEL) or not hosts or not master or not database.isdecimal():
            raise ValueError(
                "An address of Sentinel is sentinel://:PASSWORD@HOST:26379,HOST:26379/DATABASE?master=NAME."
            )
        each = [urlsplit(f"//{host}") for host in hosts.split(",")]
        if not all(one.hostname for one in each):
            raise ValueError("An address of Sentinel names hosts, separated by commas.")
        sentinels = tuple((str(one.hostname), one.port or PORT) for one in each)
        user, _, password = login.partition(":")
        given = {"username": unquote(user), "password": unquote(password)}
        own = {
            "password": options.get("sentinel_password", ""),
            "username": options.get("sentinel_username", ""),
        }
        return cls(sentinels, master, int(database), _given(given), _given(own))


class SentinelPool(SentinelConnectionPool):
    """Connections to the server that Sentinel names; `OPTIONS["pool_class"]` of Django's Redis cache takes it."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        """Return the pool of an address.

        Args:
            url: of Sentinel.
            options: of each connection; its limits of time hold for the Sentinel processes, too.

        Raises:
            ValueError: the address cannot be read.
        """
        where = SentinelAddress.of(url)
        limits = _limits(options)
        manager = Sentinel(  # type: ignore[no-untyped-call]
            where.sentinels, sentinel_kwargs={**limits, **where.sentinel_login}
        )
        return cls(where.master, manager, db=where.database, **where.login, **options)


def client_of(url: str, **options: Any) -> Redis:
    """Return a client of an address.

    Args:
        url: of one server or of Sentinel.
        options: of each connection.

    Raises:
        ValueError: the address cannot be read.
    """
    if url.startswith(SENTINEL):
        return Redis(connection_pool=SentinelPool.from_url(url, **options))
    return Redis.from_url(url, **options)


def broker_settings(url: str, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return an address as Celery has it: `CELERY_BROKER_URL`, and its `CELERY_BROKER_TRANSPORT_OPTIONS`.

    Args:
        url: of one server or of Sentinel.
        options: the transport options otherwise; their limits of time hold for the Sentinel processes, too.

    Raises:
        ValueError: the address cannot be read.
    """
    if url.startswith("unix:"):
        return f"redis+socket://{urlsplit(url).path}", dict(options)
    if not url.startswith(SENTINEL):
        return url, dict(options)
    where = SentinelAddress.of(url)
    login = ":".join(quote(where.login.get(name, ""), safe="") for name in ("username", "password"))
    before = f"{login}@" if where.login else ""
    addresses = [f"{SENTINEL}{before}{_host(host)}:{port}/{where.database}" for host, port in where.sentinels]
    limits = _limits(options)
    asked = {"master_name": where.master, "sentinel_kwargs": {**limits, **where.sentinel_login}}
    return ";".join(addresses), {**options, **asked}


def of_broker(url: str, options: Mapping[str, Any]) -> str:
    """Return the address of Celery's broker as this module has it, or "" where it is no Redis.

    Args:
        url: Celery's `broker_url`.
        options: its `broker_transport_options`.
    """
    url = url.replace("redis+socket://", "unix://", 1)
    if not url.startswith(SENTINEL):
        return url if url.startswith(SCHEMES) else ""
    parts = [urlsplit(one) for one in url.split(";")]
    login = parts[0].netloc.rpartition("@")[0]
    hosts = ",".join(part.netloc.rpartition("@")[2] for part in parts)
    own = options.get("sentinel_kwargs") or {}
    asked = {"master": options.get("master_name", "")} | {
        f"sentinel_{name}": own[name] for name in ("username", "password") if own.get(name)
    }
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in asked.items())
    return (
        f"{SENTINEL}{f'{login}@' if login else ''}{hosts}{parts[0].path}?{query}" if asked["master"] else ""
    )


def _limits(options: Mapping[str, Any]) -> dict[str, Any]:
    """How a Sentinel process is asked: once, since another one follows at once where it is away."""
    limits = {name: value for name, value in options.items() if name.startswith("socket_")}
    return {**limits, "retry": Retry(NoBackoff(), 0)}


def _given(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name
