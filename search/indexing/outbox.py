"""The outbox of stale products, as workers use it: gather marks into it, claim, hold, settle.

A claim is a lease, renewed while its worker goes on (`alive_at`): `claimed_at` is the token that proves, at the
moment of writing, that the product is still this worker's. Gathering another mark of the product clears the token,
so a worker that read the older state does not write it; should it write it before that, the mark has it written
again. Attempts are counted and committed by the claim, before anything is decoded, so that a picture that kills its
worker counts too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from ..conf import get_settings

# ruff: noqa: S608 - only constants of this module are put into statements


PARKING_LEASES = 3  # a product is given up only after so many leases without a sign of life
HOLD_TRIES = 10
HOLD_PAUSE_SECONDS = 0.02
CHUNK = 5_000  # products per statement
IDLE_SECONDS = 30  # between two statements of a brief transaction; a worker that is alive needs none
LOCK_TIMEOUT = "1s"  # that a worker waits for a build which is entering every product, before it goes on with what it has


@dataclass(frozen=True, slots=True)
class Claim:
    """One stale product that this worker may index until the lease ends."""

    key: str
    marked_at: datetime
    claimed_at: datetime
    attempts: int
    reread: bool


# Shared with what enters products without a mark.
COLUMNS = "product_key, marked_at, backfill, reread, text_written, attempts, last_error, parked"
AFRESH = """
UPDATE SET marked_at = EXCLUDED.marked_at, text_written = false, backfill = EXCLUDED.backfill,
    reread = stale.reread OR EXCLUDED.reread, attempts = 0, claimed_at = NULL, next_attempt_at = NULL,
    last_error = '', parked = false
"""
_GATHER = f"""
WITH mark AS (
    DELETE FROM fashion_search_stalemark
    WHERE id = ANY(ARRAY(SELECT id FROM fashion_search_stalemark ORDER BY id LIMIT %s))
    RETURNING product_key, marked_at, backfill, reread
)
INSERT INTO fashion_search_staleproduct AS stale ({COLUMNS})
SELECT product_key, max(marked_at), bool_and(backfill), bool_or(reread), false, 0, '', false
FROM mark GROUP BY product_key ORDER BY product_key COLLATE "C"
ON CONFLICT (product_key) DO
"""

# A clock that was set back leaves moments behind that lie ahead of it; nobody waits for those.
_EXPIRED = """(greatest(claimed_at, alive_at) < clock_timestamp() - make_interval(secs => %(lease)s)
        OR greatest(claimed_at, alive_at) > clock_timestamp() + make_interval(secs => %(lease)s))"""
_DUE = f"""NOT parked AND (claimed_at IS NULL OR {_EXPIRED})
        AND (next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp()
            OR next_attempt_at > clock_timestamp() + make_interval(secs => %(longest)s))"""

# Materialised, so that the limit is applied once: a plan may run a subquery again for each row, and each time it finds others.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM fashion_search_staleproduct
    WHERE {due} AND {condition} AND last_error IS DISTINCT FROM %(lacking)s
    ORDER BY backfill, marked_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE fashion_search_staleproduct AS stale
SET claimed_at = clock_timestamp(), alive_at = clock_timestamp(), attempts = stale.attempts + 1
FROM due
WHERE stale.id = due.id
RETURNING stale.product_key, stale.marked_at, stale.claimed_at, stale.attempts, stale.reread
"""

_HOLD = """
SELECT stale.product_key FROM fashion_search_staleproduct AS stale
JOIN unnest(%s::text[], %s::timestamptz[]) AS claim (key, claimed_at)
    ON claim.key = stale.product_key AND claim.claimed_at = stale.claimed_at
"""
_LOCK = "ORDER BY stale.product_key FOR UPDATE OF stale SKIP LOCKED"

# Rows that somebody has locked are passed over: a build that enters every product takes their claims away.
_RENEW = """
WITH mine AS MATERIALIZED (
    SELECT stale.id FROM fashion_search_staleproduct AS stale
    JOIN unnest(%s::text[], %s::timestamptz[]) AS claim (key, claimed_at)
        ON claim.key = stale.product_key AND claim.claimed_at = stale.claimed_at
    FOR UPDATE OF stale SKIP LOCKED
)
UPDATE fashion_search_staleproduct AS stale SET alive_at = clock_timestamp() FROM mine WHERE stale.id = mine.id
"""

_IS_DUE = f"""
SELECT EXISTS (SELECT FROM fashion_search_stalemark)
    OR EXISTS (SELECT FROM fashion_search_staleproduct WHERE {_DUE})
"""


@contextmanager
def brief_transaction() -> Iterator[None]:
    """Open a transaction that Postgres ends, with its connection, should its worker fall silent inside it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
        yield


def gather_marks(*, lock_timeout: str = "") -> None:
    """Move the marks that are committed into the outbox, where each product starts afresh.

    A claim on a product that has been marked since is taken away: a worker that read it before the change must
    not hold it back from one that would read it now.

    Args:
        lock_timeout: how long to wait for others, as Postgres has it; by default as long as the connection does.
    """
    gathered = CHUNK
    while gathered:
        with brief_transaction(), connection.cursor() as cursor:
            if lock_timeout:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [lock_timeout])
            # One at a time: two would wait for each other's rows instead.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('fashion_search.gather', 0))")
            cursor.execute(_GATHER + AFRESH, [CHUNK])
            gathered = cursor.rowcount


def gather_what_can_be() -> None:
    """Gather marks, but not those that somebody else's long transaction is in the way of: a later round finds them."""
    try:
        gather_marks(lock_timeout=LOCK_TIMEOUT)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise


def claim_texts(limit: int, lacking: str = "") -> list[Claim]:
    """Claim up to `limit` products whose keyword part is not written yet.

    Args:
        limit: how many.
        lacking: why this worker cannot embed for all versions; what it has left to others for this reason is not claimed again.
    """
    return _claim("attempts = 0 AND NOT text_written", limit, lacking)


def claim_fresh(limit: int, lacking: str = "") -> list[Claim]:
    """Claim up to `limit` products that have not failed before; `lacking` as for `claim_texts`."""
    return _claim("attempts = 0", limit, lacking)


def claim_retry(lacking: str = "") -> list[Claim]:
    """Claim a few products that failed once, or else one that failed more often; `lacking` as for `claim_texts`.

    A batch that kills its worker comes back in ever smaller parts, so that the product to blame ends up alone
    before its attempts are used up, and harms no other.
    """
    settings = get_settings()
    few = max(1, settings.batch_size // 4) if settings.max_attempts > 2 else 1
    return _claim("attempts = 1 AND attempts < %(max_attempts)s", few, lacking) or _claim(
        "attempts > 1 AND attempts < %(max_attempts)s", 1, lacking
    )


def _claim(condition: str, limit: int, lacking: str) -> list[Claim]:
    with brief_transaction(), connection.cursor() as cursor:
        # One claim at a time: two that overlap would lock rows which the other has just taken.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('fashion_search.claim', 0))")
        cursor.execute(
            _CLAIM.format(due=_DUE, condition=condition),
            {**_moments(), "limit": limit, "lacking": lacking or None},
        )
        return [Claim(*row) for row in cursor.fetchall()]


def _moments() -> dict[str, float]:
    settings = get_settings()
    return {
        "lease": settings.claim_lease_seconds,
        "longest": settings.retry_backoff_seconds * 2.0**settings.max_attempts,
        "max_attempts": settings.max_attempts,
    }


class Lease:
    """Renews the claims on a batch while its worker goes on, however long its pictures take to be read."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self._claims = claims
        self._renewed = monotonic()

    def renew(self) -> None:
        """Give a sign of life, at most once in a quarter of a lease; claims that were taken away stay so."""
        if monotonic() - self._renewed < get_settings().claim_lease_seconds / 4:
            return
        self._renewed = monotonic()
        with connection.cursor() as cursor:
            cursor.execute(_RENEW, as_parameters(self._claims))


def hold(claims: Sequence[Claim]) -> set[str]:
    """Lock, until the transaction ends, the claims that are still this worker's; return their keys.

    A row that stays locked by somebody else is passed over: a build that is entering every product must not keep
    a worker waiting, and its commit takes the claim away anyhow.
    """
    mine = list(claims)
    held: set[str] = set()
    for _ in range(HOLD_TRIES):
        held |= _select(_HOLD + _LOCK, mine)
        mine = [claim for claim in mine if claim.key not in held]
        still = _select(_HOLD, mine) if mine else set()
        mine = [claim for claim in mine if claim.key in still]
        if not mine:
            break
        sleep(HOLD_PAUSE_SECONDS)
    return held


def _select(query: str, claims: Sequence[Claim]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, as_parameters(claims))
        return {key for (key,) in cursor.fetchall()}


def as_parameters(claims: Sequence[Claim]) -> list[list[Any]]:
    """Return keys and tokens of claims, for a statement that unnests them."""
    return [[claim.key for claim in claims], [claim.claimed_at for claim in claims]]


def settle(done: Iterable[str]) -> None:
    """Delete held products from the outbox: their entries say what the products say."""
    # A product marked again since the claim has lost its claim, so it is not among the held ones.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM fashion_search_staleproduct WHERE product_key = ANY(%s)", [list(done)])


def settle_texts(done: Iterable[str], reason: str = "") -> None:
    """Give held products back, their keyword part written, their embeddings still to come.

    Args:
        done: their keys.
        reason: why these do not come from this worker.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fashion_search_staleproduct"
            " SET text_written = true, attempts = 0, claimed_at = NULL, last_error = %s"
            " WHERE product_key = ANY(%s)",
            [reason, list(done)],
        )


def leave(done: Iterable[str], reason: str) -> None:
    """Give held products back uncounted, due at once, for workers that can do what this one could not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fashion_search_staleproduct SET text_written = true, attempts = greatest(attempts - 1, 0),"
            " claimed_at = NULL, next_attempt_at = NULL, last_error = %s WHERE product_key = ANY(%s)",
            [reason, list(done)],
        )


def settle_failures(failures: Mapping[str, str]) -> None:
    """Plan the next attempt of held products, given key -> reason, or park those out of attempts."""
    settings = get_settings()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE fashion_search_staleproduct AS stale
            SET last_error = failure.reason, claimed_at = NULL, parked = stale.attempts >= %s,
                next_attempt_at = clock_timestamp() + make_interval(secs => %s * 2 ^ (stale.attempts - 1))
            FROM unnest(%s::text[], %s::text[]) AS failure (key, reason)
            WHERE stale.product_key = failure.key
            """,
            [settings.max_attempts, settings.retry_backoff_seconds, list(failures), list(failures.values())],
        )


def give_back(done: Iterable[str]) -> None:
    """Give held products back uncounted, to be indexed again at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fashion_search_staleproduct SET claimed_at = NULL, attempts = greatest(attempts - 1, 0)"
            " WHERE product_key = ANY(%s)",
            [list(done)],
        )


def postpone(claims: Sequence[Claim], reason: str) -> None:
    """Give claims back uncounted, for later: what failed was not the products' fault."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE fashion_search_staleproduct
            SET last_error = %s, claimed_at = NULL, attempts = greatest(attempts - 1, 0),
                next_attempt_at = clock_timestamp() + make_interval(secs => %s)
            WHERE product_key = ANY(%s)
            """,
            [reason, get_settings().retry_backoff_seconds, list(hold(claims))],
        )


def put_off(products: Mapping[str, str]) -> None:
    """Give held products back uncounted, for later, given key -> reason that lies outside the product."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE fashion_search_staleproduct AS stale
            SET last_error = given.reason, claimed_at = NULL, attempts = greatest(stale.attempts - 1, 0),
                text_written = true, next_attempt_at = clock_timestamp() + make_interval(secs => %s)
            FROM unnest(%s::text[], %s::text[]) AS given (key, reason)
            WHERE stale.product_key = given.key
            """,
            [get_settings().retry_backoff_seconds, list(products), list(products.values())],
        )


def park_exhausted() -> dict[str, str]:
    """Park the products whose worker died at every attempt; return key -> reason."""
    moments = _moments()
    reason = f"Indexing this product ended its worker {get_settings().max_attempts} times."
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH dead AS MATERIALIZED (
                SELECT id FROM fashion_search_staleproduct
                WHERE NOT parked AND attempts >= %(max_attempts)s AND claimed_at IS NOT NULL
                    AND {_EXPIRED}
                FOR UPDATE SKIP LOCKED
            )
            UPDATE fashion_search_staleproduct AS stale
            SET parked = true, claimed_at = NULL, last_error = %(reason)s
            FROM dead WHERE stale.id = dead.id
            RETURNING stale.product_key
            """,
            {**moments, "lease": PARKING_LEASES * moments["lease"], "reason": reason},
        )
        return {key: reason for (key,) in cursor.fetchall()}


def is_due() -> bool:
    """Return whether a worker could gather or claim something now."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_DUE, _moments())
        return bool(cursor.fetchone()[0])
