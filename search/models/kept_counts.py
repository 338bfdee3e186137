"""Kept counts: how many entries of a version have each facet token, counted by Postgres with every change of an entry.

Triggers on the table of entries append what each statement changes, in its own transaction, so that nothing is forgotten,
whoever writes, and nobody waits for another's row. From time to time what was appended is folded into totals; who reads
adds both. The migration that made the triggers says what is counted: `fashion_search_counted`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from .versions import IndexVersion

# ruff: noqa: S608 - only names of the plugin's own tables are put into statements

EVERYWHERE: Final = ""  # the place that is the whole version; others are tokens of categories
EVERY_ENTRY: Final = ""  # the token that each entry has
PICTURES: Final = "pictures"  # counts those of the whole version; the tokens of facets have "=" in them
CELL: Final = "="  # begins the tokens of prices, and none of a facet: "=99.0000", the lowest price of a cell
FOLDED_AT_ONCE = 100_000  # rows

# What the entries of a version are counted as at this moment, by the function that the triggers use.
_EXACT = """
    SELECT kept.within, kept.token, count(*) AS entries, count(*) FILTER (WHERE entry.in_stock) AS in_stock
    FROM fashion_search_indexentry AS entry, fashion_search_counted(entry.facets, entry.price) AS kept
    WHERE entry.version_id = %(version)s {where}
    GROUP BY kept.within, kept.token
    UNION ALL
    SELECT '', 'pictures', count(*), 0 FROM fashion_search_entryimage WHERE version_id = %(version)s {pictures}
"""
_KEPT = """
    SELECT within, token, entries, in_stock FROM fashion_search_keptcount WHERE version_id = %(version)s {where}
    UNION ALL
    SELECT within, token, entries, in_stock FROM fashion_search_keptcountchange WHERE version_id = %(version)s {where}
"""
_READ = f"""
SELECT token, sum(entries)::bigint, sum(in_stock)::bigint FROM ({_KEPT.format(where="AND within = %(within)s")}) AS kept
GROUP BY token HAVING sum(entries) <> 0 OR sum(in_stock) <> 0
"""
_ONE = f"""
SELECT coalesce(sum(entries), 0)::bigint
FROM ({_KEPT.format(where="AND within = %(within)s AND token = %(token)s")}) AS kept
"""
# One statement sees one moment: what others commit meanwhile is in neither count, and brings changes of its own.
_DIFFERENCES = """
SELECT within, token, sum(entries)::bigint AS entries, sum(in_stock)::bigint AS in_stock FROM (
    {exact} UNION ALL SELECT within, token, -entries, -in_stock FROM ({kept}) AS kept
) AS both_ways
GROUP BY within, token HAVING sum(entries) <> 0 OR sum(in_stock) <> 0
"""
_CORRECT = f"""
INSERT INTO fashion_search_keptcountchange (version_id, within, token, entries, in_stock)
SELECT %(version)s, within, token, entries, in_stock
FROM ({_DIFFERENCES.format(exact=_EXACT.format(where="", pictures=""), kept=_KEPT.format(where=""))}) AS wrong
"""
_COMPARE = f"""
SELECT count(*) FROM ({
    _DIFFERENCES.format(
        exact=_EXACT.format(
            where="AND kept.within = %(within)s AND (%(within)s = '' OR entry.facets @> ARRAY[%(within)s::text])",
            pictures="AND %(within)s = ''",
        ),
        kept=_KEPT.format(where="AND within = %(within)s"),
    )
}) AS wrong
"""
_SUM_UP = """
WITH taken AS (
    DELETE FROM fashion_search_keptcountchange WHERE id = ANY(ARRAY(
        SELECT id FROM fashion_search_keptcountchange ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    )) RETURNING version_id, within, token, entries, in_stock
), folded AS (
    INSERT INTO fashion_search_keptcount AS total (version_id, within, token, entries, in_stock)
    SELECT version_id, within, token, sum(entries), sum(in_stock) FROM taken
    GROUP BY version_id, within, token HAVING sum(entries) <> 0 OR sum(in_stock) <> 0
    ORDER BY version_id, within, token  -- so that two of these never wait for each other
    ON CONFLICT (version_id, within, token) DO UPDATE
        SET entries = total.entries + EXCLUDED.entries, in_stock = total.in_stock + EXCLUDED.in_stock
)
SELECT count(*) FROM taken
"""
_FORGET = """
DELETE FROM {table} WHERE id = ANY(ARRAY(
    SELECT id FROM {table} AS kept WHERE {condition} FOR UPDATE SKIP LOCKED
))
"""
_NOTHING = "entries = 0 AND in_stock = 0"
_NO_VERSION = (
    "NOT EXISTS (SELECT FROM fashion_search_indexversion AS version WHERE version.id = kept.version_id)"
)


_PLACES = f"""
SELECT within FROM ({_KEPT.format(where="AND token = %(token)s")}) AS kept
WHERE within <> '' GROUP BY within ORDER BY random() LIMIT %(number)s
"""
_TRIGGERS = """
SELECT count(*) FROM pg_trigger
WHERE tgrelid = ANY(ARRAY['fashion_search_indexentry', 'fashion_search_entryimage']::regclass[]) AND tgenabled <> 'D'
    AND tgname = ANY(ARRAY['fashion_search_count_insert', 'fashion_search_count_update', 'fashion_search_count_delete',
        'fashion_search_count_picture_insert', 'fashion_search_count_picture_delete'])
"""


class Number(NamedTuple):
    """How many entries have a token."""

    entries: int
    in_stock: int


class KeptCountManager(models.Manager["KeptCount"]):
    """Reads the counts of a version, folds changes into them, and compares them with the entries."""

    def read(self, version_id: int, within: str = EVERYWHERE) -> dict[str, Number]:
        """Return token -> number of the entries of a version, or of those in a category; exact where the version is `counted`.

        Beside the tokens of facets these are EVERY_ENTRY, and the cells of prices.

        Args:
            version_id: of the version.
            within: the token of a category.
        """
        with connection.cursor() as cursor:
            cursor.execute(_READ, {"version": version_id, "within": within})
            return {token: Number(entries, in_stock) for token, entries, in_stock in cursor.fetchall()}

    def entries_of(self, version: IndexVersion) -> int:
        """Return how many entries a version has, from what is kept; counted where that is not known yet."""
        return self._kept_of(version, EVERY_ENTRY) if version.counted else version.entries.count()

    def pictures_of(self, version: IndexVersion) -> int:
        """Return how many pictures a version has, in the same way."""
        return self._kept_of(version, PICTURES) if version.counted else version.images.count()

    def _kept_of(self, version: IndexVersion, token: str) -> int:
        parameters: dict[str, int | str] = {"version": version.pk, "within": EVERYWHERE, "token": token}
        with connection.cursor() as cursor:
            cursor.execute(_ONE, parameters)
            return int(cursor.fetchone()[0])

    def fold(self) -> int:
        """Fold what was appended into totals; return how many rows that were. Several may run at once."""
        folded = 0
        with connection.cursor() as cursor:
            while True:
                cursor.execute(_SUM_UP, [FOLDED_AT_ONCE])
                number = int(cursor.fetchone()[0])
                folded += number
                if number < FOLDED_AT_ONCE:
                    break
            if folded:
                cursor.execute(_FORGET.format(table="fashion_search_keptcount", condition=_NOTHING))
        return folded

    def forget_versions(self) -> None:
        """Delete what is kept of versions that are gone, which the release before leaves behind."""
        with connection.cursor() as cursor:
            for table in ("fashion_search_keptcount", "fashion_search_keptcountchange"):
                cursor.execute(_FORGET.format(table=table, condition=_NO_VERSION))

    def recount(self, version: IndexVersion) -> int:
        """Count the entries of a version, append what is wrong with what is kept, and return how many counts that were.

        Writers go on meanwhile. It reads the whole version.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            # Two that find the same difference would both append it.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('fashion_search.recount', 0))")
            cursor.execute(_CORRECT, {"version": version.pk})
            wrong = int(cursor.rowcount)
        if not version.counted:
            IndexVersion.objects.filter(pk=version.pk).update(counted=True)
            version.counted = True
        return wrong

    def wrong(self, version: IndexVersion, within: str = EVERYWHERE) -> int:
        """Return how many counts of a version, or within a category, are not those of its entries."""
        with connection.cursor() as cursor:
            cursor.execute(_COMPARE, {"version": version.pk, "within": within})
            return int(cursor.fetchone()[0])

    def are_kept(self) -> bool:
        """Return whether the triggers that keep the counts are there and at work."""
        with connection.cursor() as cursor:
            cursor.execute(_TRIGGERS)
            return bool(cursor.fetchone()[0] == 5)

    def some_places(self, version: IndexVersion, number: int) -> list[str]:
        """Return the whole version, and as many of its categories, drawn at random."""
        parameters: dict[str, int | str] = {"version": version.pk, "token": EVERY_ENTRY, "number": number}
        with connection.cursor() as cursor:
            cursor.execute(_PLACES, parameters)
            return [EVERYWHERE, *(within for (within,) in cursor.fetchall())]


class KeptCount(models.Model):
    """How many entries of a version, or of those in a category, have a token, but for changes that are not folded in yet."""

    version = models.ForeignKey(
        IndexVersion, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    within = models.TextField(help_text=_("Token of a category; empty for the whole version."))
    token = models.TextField(
        help_text=_("Token of a facet, or the lowest price of a cell; empty for all entries.")
    )
    entries = models.BigIntegerField()
    in_stock = models.BigIntegerField()

    objects = KeptCountManager()

    class Meta:
        """Constraints; nobody edits it."""

        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("version", "within", "token"), name="fashion_search_one_count"),
        )

    def __str__(self) -> str:
        return f"{self.entries} of {self.token!r} within {self.within!r}"


class KeptCountChange(models.Model):
    """What a statement has changed of a count."""

    version = models.ForeignKey(
        IndexVersion, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    within = models.TextField()
    token = models.TextField()
    entries = models.BigIntegerField()
    in_stock = models.BigIntegerField()

    class Meta:
        """Indexes; nobody edits it."""

        default_permissions = ()
        indexes = (models.Index(fields=("version", "within"), name="fashion_search_count_change"),)

    def __str__(self) -> str:
        return f"{self.entries:+} of {self.token!r} within {self.within!r}"


def in_cells(counted: Mapping[str, int]) -> Mapping[str, int]:
    """Return lowest price -> number of the cells of prices among counted tokens."""
    return {token.removeprefix(CELL): number for token, number in counted.items() if token.startswith(CELL)}
