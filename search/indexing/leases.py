"""Signs of life of a worker that is busy with what it has claimed."""

from collections.abc import Sequence
from time import monotonic

from django.db import connection

from ..conf import get_settings
from .outbox import Claim, as_parameters

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
