"""Whether another shop uses the same Redis, queue or cache, and whether the processes of this one share what they must.

With each sweep a worker leaves a sign of its shop in Redis: what the shop is called, which database it has, and what its cache and
SECRET_KEY are known by. The reader, a check, the dashboard or a scrape, compares the signs with what its own process has.
"""

import json
import logging
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.crypto import salted_hmac
from redis import Redis
from redis.exceptions import RedisError

from ..conf import get_settings, namespace, shop_key
from ..identity import Identity, read_identity
from ..insight import log_store
from ..sentences import lazily as _
from ..sentences import said
from ..task_messages import SENDERS, broker_redis
from .probes import Finding, State, combine

logger = logging.getLogger(__name__)

SIGNS_OF_LOG, SIGNS_OF_QUEUE = "fashion_search:shops:log", "fashion_search:shops:queue"  # hashes
TIMEOUT_SECONDS = 0.5  # that the log's Redis may take
QUIET_SECONDS = 60  # beyond three sweeps, after which a shop counts as gone
REMEMBERED_SECONDS = 86_400  # that the sign of a shop which is gone stays
REFUSED_SECONDS = 600  # how long a refused message counts as a sign of its sender
SETTLED_SECONDS = (
    60  # that a shop must have been alone before what all shops once shared is taken for its own
)
OTHER_SHOPS, SHARED = _("Other shops"), _("Shared cache and keys")  # names of the findings
ALIKE = _("Give web, worker and beat the same environment")


@dataclass(frozen=True, slots=True)
class Sign:
    """What a worker reports of its shop; times are by the clock of Redis."""

    namespace: str
    database: str  # as Postgres knows it
    started: str  # when Postgres was
    called: str  # database and server, as the shop's settings name them
    host: str  # of the worker that left it
    period: int  # seconds between two signs
    secret: str  # what SECRET_KEY is known by
    cache: str  # what lies in the worker's cache; "" where that does not answer
    clash: str  # database of another shop that has written to the same place of the cache
    first: int = 0
    last: int = 0

    @property
    def field(self) -> str:
        """What it lies under; another one for a worker of the same shop that disagrees."""
        return "|".join((self.namespace, self.database, self.started, self.secret))

    @property
    def identity(self) -> Identity:
        """The shop's database and when its server started."""
        return Identity(self.database, self.started)

    def is_alive(self, now: int) -> bool:
        """Return whether its shop still leaves signs."""
        return now - self.last <= QUIET_SECONDS + 3 * self.period


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What one look has found."""

    colliding: tuple[Finding, ...]  # another shop has this one's namespace
    sharing: tuple[Finding, ...]  # another shop uses the same queue
    apart: tuple[Finding, ...]  # this shop's processes do not share cache, SECRET_KEY or NAMESPACE
    known: bool  # whether a worker of this shop has left a sign lately


def leave_sign() -> None:
    """Leave this shop's sign where its log and its queue lie; what cannot be reached is logged and left out."""
    try:
        sign = _sign(read_identity())
        with _places() as places:
            for place in places:
                _leave(place.client, place.name, sign)
    except Exception as error:  # noqa: BLE001 - kombu, redis, socket, amqp and database errors share no base class
        logger.warning("This shop leaves no sign for its neighbours: %s", error)


def look() -> Neighbourhood:
    """Compare the signs of all shops with what this process has.

    Raises:
        Exception: Postgres or Redis did not answer.
    """
    identity, known = read_identity(), False
    colliding: dict[str, Finding] = {}
    sharing: dict[str, Finding] = {}
    apart = dict.fromkeys(local_cache())
    with _places() as places:
        for client, name, prefix in places:
            now, signs = _read(client, name)
            own = [sign for sign in signs if sign.identity == identity and sign.is_alive(now)]
            known = known or bool(own)
            for sign in own:
                apart |= dict.fromkeys(_differences(sign, identity))
                if sign.clash and sign.namespace == namespace():
                    colliding.setdefault(
                        sign.clash,
                        _collision(said(_("one whose database is %(database)s"), database=sign.clash)),
                    )
            for sign in signs:
                if not _is_other(sign, own, identity, now):
                    continue
                if sign.namespace == namespace():
                    colliding[sign.database] = _collision(
                        said(_("%(shop)s, with a worker on %(host)s"), shop=sign.called, host=sign.host)
                    )
                elif name.endswith(SIGNS_OF_QUEUE):
                    sharing[sign.namespace] = _shared(
                        sign.namespace, said(_("with a worker on %(host)s"), host=sign.host)
                    )
            if name.endswith(SIGNS_OF_QUEUE):
                for sender in _refused(client, prefix, now):
                    sharing.setdefault(sender, _shared(sender, _("whose messages were refused here lately")))
    return Neighbourhood(tuple(colliding.values()), tuple(sharing.values()), tuple(apart), known)


def probe_neighbours() -> tuple[Finding, Finding]:
    """E013, W016, W017: no other shop has this one's name or queue, and this one's processes share cache, SECRET_KEY and NAMESPACE.

    Returns:
        What there is to say of other shops, and of what this shop's processes share.
    """
    try:
        seen = look()
    except Exception as error:  # noqa: BLE001 - kombu, redis, socket, amqp and database errors share no base class
        return unknown(said(_("Not known: %(error)s"), error=error), _("See that Redis answers."))
    others = combine(
        OTHER_SHOPS, [*seen.colliding, *seen.sharing], _("No other shop uses this shop's names or queue.")
    )
    shared = combine(SHARED, seen.apart, _("Workers and this process share cache, SECRET_KEY and NAMESPACE."))
    if shared.state is State.OK and not seen.known:
        sentence = _("Not known: no worker of this shop has reported lately.")
        shared = Finding(
            SHARED, State.ATTENTION, sentence, _("Start a Celery worker and beat."), tolerated=True
        )
    figures = {"collision": len(seen.colliding), "queue": len(seen.sharing)}
    return replace(others, figures=figures), replace(shared, figures={"apart": len(seen.apart)})


def unknown(sentence: str, remedy: str = "") -> tuple[Finding, Finding]:
    """Return what there is to say of neighbours where nobody can look."""
    others = Finding(OTHER_SHOPS, State.ATTENTION, sentence, remedy)
    return others, others.renamed(SHARED)


def former_lists() -> list[str]:
    """Return the lists in which records of this shop's log may still wait: those of names that it had before.

    The list that all shops once had in common is one of them once this shop has been alone for a minute.

    Raises:
        redis.RedisError: Redis did not answer.
        DatabaseError: Postgres did not answer.
    """
    identity = read_identity()
    now, signs = _read(log_store.connect(), SIGNS_OF_LOG)
    before = {
        sign.namespace for sign in signs if sign.database == identity.database and not sign.is_alive(now)
    }
    found = [f"fashion_search:{name}:log" for name in sorted(before - {namespace()})]
    if _is_alone(signs, identity, now):
        return [log_store.FORMER_LIST, *found]
    if any(sign.is_alive(now) and sign.database != identity.database for sign in signs):
        _tell_of_nobodys()
    return found


def is_alone() -> bool:
    """Return whether no other shop has been seen at this shop's Redis for a minute; False where that is not known."""
    if not log_store.address():
        return False
    identity = read_identity()
    try:
        now, signs = _read(log_store.connect(), SIGNS_OF_LOG)
    except (RedisError, OSError):
        return False
    return _is_alone(signs, identity, now)


def _tell_of_nobodys() -> None:
    global _told
    waiting = 0 if _told else log_store.waiting_in(log_store.FORMER_LIST)
    if waiting:
        _told = True
        logger.warning(
            "%d records of the search log wait in %s, which all shops on this Redis once shared: it is unknown whose they are, so"
            " they stay. To remove them: redis-cli DEL %s",
            waiting,
            log_store.FORMER_LIST,
            log_store.FORMER_LIST,
        )


_told = False  # whether this process has said so


def _is_alone(signs: Iterable[Sign], identity: Identity, now: int) -> bool:
    alive = [sign for sign in signs if sign.is_alive(now)]
    own = [sign for sign in alive if sign.database == identity.database]
    return len(own) == len(alive) and any(now - sign.first >= SETTLED_SECONDS for sign in own)


def _is_other(sign: Sign, own: list[Sign], identity: Identity, now: int) -> bool:
    if not sign.is_alive(now) or sign.identity == identity:
        return False
    # A shop whose database was restored or whose Postgres was restarted has been another one before, and leaves no signs as that any more.
    began = min((mine.first for mine in own), default=None)
    if began is None:
        return sign.database != identity.database
    return sign.last > began + sign.period


def _differences(sign: Sign, identity: Identity) -> Iterator[Finding]:
    if sign.namespace != namespace():
        yield _apart(
            said(
                _(
                    "The worker on %(host)s calls this shop %(namespace)s, and this process calls it %(namespace_2)s: neither finds what the other keeps in Redis, such as the search log."
                ),
                host=sign.host,
                namespace=f"{sign.namespace!r}",
                namespace_2=f"{namespace()!r}",
            ),
            said(_("%(alike)s, FASHION_SEARCH['NAMESPACE'] in particular, and restart them."), alike=ALIKE),
        )
        return
    if sign.secret not in _secrets(identity):
        yield _apart(
            said(
                _(
                    "The worker on %(host)s has another SECRET_KEY than this process: pages of results, photo searches and sessions of one process are refused by the other."
                ),
                host=sign.host,
            ),
            said(_("%(alike)s, SECRET_KEY in particular, and restart them."), alike=ALIKE),
        )
    if not local_cache():
        yield from _cache_difference(sign)


def _cache_difference(sign: Sign) -> Iterator[Finding]:
    costs = _(
        "pages after the first begin again from a fresh list, and how often rules take effect is counted in part"
    )
    if not sign.cache:
        yield _apart(
            said(
                _("The cache of the worker on %(host)s does not answer: %(costs)s."),
                host=sign.host,
                costs=costs,
            ),
            _("Start the cache."),
        )
        return
    try:
        here = cache.get(shop_key("shared"))
    except Exception as error:  # noqa: BLE001 - every cache has errors of its own
        yield _apart(
            said(_("The cache does not answer: %(error)s; %(costs)s."), error=error, costs=costs),
            _("Start the cache."),
        )
        return
    if here != sign.cache:
        yield _apart(
            said(
                _("What the worker on %(host)s keeps in the cache is not found by this process: %(costs)s."),
                host=sign.host,
                costs=costs,
            ),
            said(
                _(
                    "Let all processes use one cache, by the same CACHES with the same KEY_PREFIX and VERSION. %(alike)s."
                ),
                alike=ALIKE,
            ),
        )


def local_cache() -> list[Finding]:
    """Say so where the cache is one for each process, or none at all."""
    backend = caches["default"]
    if not isinstance(backend, LocMemCache | DummyCache):
        return []
    kept = _("keeps nothing") if isinstance(backend, DummyCache) else _("is one for each process")
    return [
        _apart(
            said(
                _(
                    "CACHES['default'] is %(name)s, which %(kept)s: pages after the first begin again from a fresh list, and how often rules, redirects and banners take effect is counted in part or not at all."
                ),
                name=type(backend).__name__,
                kept=kept,
            ),
            _("Use a cache that all processes share, such as django.core.cache.backends.redis.RedisCache."),
        )
    ]


def _collision(other: str) -> Finding:
    return Finding(
        OTHER_SHOPS,
        State.BROKEN,
        said(
            _(
                "Another shop uses the namespace %(namespace)s, too: %(other)s. Both act on each other: search logs, rates and hits are mixed."
            ),
            namespace=f"{namespace()!r}",
            other=other,
        ),
        said(
            _(
                "Set FASHION_SEARCH['NAMESPACE'] to another name for one of them, for all of its processes. If this shop's database was restored or moved just now, this passes within %(sweep_seconds)s s."
            ),
            sweep_seconds=QUIET_SECONDS + 3 * get_settings().sweep_seconds,
        ),
        check_id="fashion_search.E013",
    )


def _shared(other: str, seen: str) -> Finding:
    return Finding(
        OTHER_SHOPS,
        State.ATTENTION,
        said(
            _(
                "The shop %(other)s uses the same task queue, %(seen)s: workers of each take and refuse messages of the other, which come late, and give back what runs on the other."
            ),
            other=f"{other!r}",
            seen=seen,
        ),
        _(
            "Give each shop a Redis database of its own, or a global_keyprefix in CELERY_BROKER_TRANSPORT_OPTIONS. If both are one shop,"
            " set FASHION_SEARCH['NAMESPACE'] alike for all its processes."
        ),
        check_id="fashion_search.W016",
        tolerated=True,  # it costs time, and what is refused is sent again
    )


def _apart(sentence: str, remedy: str) -> Finding:
    return Finding(SHARED, State.ATTENTION, sentence, remedy, check_id="fashion_search.W017")


def _sign(identity: Identity) -> Sign:
    database = connections[DEFAULT_DB_ALIAS].settings_dict
    kept, clash = _mark_cache(identity.database)
    return Sign(
        namespace=namespace(),
        database=identity.database,
        started=identity.started,
        called=f"database {database['NAME']!r} at {database.get('HOST') or 'a local socket'}",
        host=socket.gethostname(),
        period=get_settings().sweep_seconds,
        secret=_secrets(identity)[0],
        cache=kept,
        clash=clash,
    )


def _secrets(identity: Identity) -> list[str]:
    keys = [settings.SECRET_KEY, *getattr(settings, "SECRET_KEY_FALLBACKS", ())]
    return [
        salted_hmac("fashion_search.sign", identity.database, secret=secret, algorithm="sha256").hexdigest()[
            :16
        ]
        for secret in keys
    ]


def _mark_cache(database: str) -> tuple[str, str]:
    """Return what lies in this process's cache for all processes to find, and the database of another shop that had put its own there."""
    name = shop_key("shared")
    try:
        found = cache.get(name)
        theirs, _, mark = found.partition(" ") if isinstance(found, str) else ("", "", "")
        kept = f"{database} {mark if mark and theirs == database else uuid4().hex}"
        cache.set(name, kept, REMEMBERED_SECONDS)
    except Exception as error:  # noqa: BLE001 - every cache has errors of its own
        logger.warning("The cache does not answer: %s", error)
        return "", ""
    return kept, theirs if theirs != database else ""


class _Place(NamedTuple):
    client: Redis
    name: str  # of the hash of signs
    prefix: str  # of all keys there


@contextmanager
def _places() -> Iterator[list[_Place]]:
    """Give where signs lie: beside the log, and beside the queue."""
    with broker_redis() as (client, prefix):
        places = []
        if log_store.address():
            places.append(_Place(log_store.connect(TIMEOUT_SECONDS), SIGNS_OF_LOG, ""))
        if client is not None:
            places.append(_Place(client, f"{prefix}{SIGNS_OF_QUEUE}", prefix))
        yield places


def _leave(client: Redis, name: str, sign: Sign) -> None:
    now, signs = _read(client, name)
    former = next((one for one in signs if one.field == sign.field and one.is_alive(now)), None)
    renewed = replace(sign, first=former.first if former else now, last=now)
    client.hset(name, sign.field, json.dumps(asdict(renewed)))
    over = [one.field for one in signs if now - one.last > REMEMBERED_SECONDS]
    if over:
        client.hdel(name, *over)
    client.expire(name, 2 * REMEMBERED_SECONDS)


def _read(client: Redis, name: str) -> tuple[int, list[Sign]]:
    """Return the time and the signs, by which all are of one clock."""
    now = int(client.time()[0])
    signs = []
    for told in client.hvals(name):
        values = json.loads(told)  # another release may tell more
        signs.append(
            Sign(**{field.name: values[field.name] for field in fields(Sign) if field.name in values})
        )
    return now, signs


def _refused(client: Redis, prefix: str, now: int) -> list[str]:
    senders: dict[bytes, bytes] = client.hgetall(f"{prefix}{SENDERS}")  # type: ignore[assignment]
    return [
        sender.decode()
        for sender, when in senders.items()
        if now - int(when) <= REFUSED_SECONDS and sender.decode() != namespace()
    ]
