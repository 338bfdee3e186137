"""Counts of entries by facet token, kept by triggers in the transaction that changes entries.

Every statement appends what it changes, to rows that nobody else writes. The rows of before and of after are not joined, but
taken together with opposite signs, in one pass: a join keeps the plan of its first few rows for the whole session, and takes
the square of the time for thousands. What has changed in nothing that is counted cancels out before facets are unnested.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from django.db import migrations

# ruff: noqa: S608 - only names of the plugin's own tables are put into statements

FINEST = Decimal("0.0001")
CENT = Decimal("0.01")
STEPS = tuple(map(Decimal, ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10")))


def _edges():
    """The lowest prices of cells: prices of one cell have the same round number next to them, and lie in the same ranges between such.

    Ranges end a cent below a round number, and prices have four decimals.
    """
    edges = set()
    for exponent in range(-4, 10):
        unit = Decimal(10) ** exponent
        for low, high in pairwise(STEPS):
            edges.add((low * unit).quantize(FINEST, ROUND_CEILING))
            edges.add(((low + high) / 2 * unit).quantize(FINEST, ROUND_FLOOR) + FINEST)
            edges.add((high * unit - CENT).quantize(FINEST, ROUND_FLOOR) + FINEST)
    return sorted(edge for edge in edges if edge > 0)


EDGES = "'{" + ",".join(f"{edge:f}" for edge in _edges()) + "}'::numeric[]"

# The lowest price of the cell that a price lies in; 0 where it is not positive.
CELL = f"""
CREATE FUNCTION fashion_search_price_cell(price numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN price IS NOT NULL THEN coalesce(({EDGES})[width_bucket(price, {EDGES})], 0) END
$$
"""

# What an entry counts for: in the whole version ('') and in each of its categories, itself (''), its tokens, and its
# price. Longer tokens than documents can have do not fit into an index; none without a name is a facet's.
COUNTED = """
CREATE FUNCTION fashion_search_counted(facets text[], price numeric) RETURNS TABLE (within text, token text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT place.within, kept.token
    FROM (
        SELECT '' UNION ALL
        SELECT DISTINCT given.token FROM unnest(facets) AS given (token)
        WHERE starts_with(given.token, 'category=') AND octet_length(given.token) <= 1300
    ) AS place (within), (
        SELECT '' UNION ALL
        SELECT '=' || fashion_search_price_cell(price) WHERE price IS NOT NULL UNION ALL
        SELECT given.token FROM unnest(facets) AS given (token)
        WHERE strpos(given.token, '=') > 1 AND octet_length(given.token) <= 1300
    ) AS kept (token)
$$
"""

APPEND = """
        WITH changed AS MATERIALIZED (
            SELECT version_id, facets, in_stock, cell, sum(sign) AS number
            FROM (
                SELECT version_id, facets, in_stock, fashion_search_price_cell(price) AS cell, sign FROM ({rows}) AS given
                WHERE version_id = ANY(versions)
            ) AS given
            GROUP BY version_id, facets, in_stock, cell HAVING sum(sign) <> 0
        )
        INSERT INTO fashion_search_keptcountchange (version_id, within, token, entries, in_stock)
        SELECT version_id, kept.within, kept.token, sum(number), coalesce(sum(number) FILTER (WHERE in_stock), 0)
        FROM changed, fashion_search_counted(facets, cell) AS kept
        GROUP BY version_id, kept.within, kept.token
        HAVING sum(number) <> 0 OR sum(number) FILTER (WHERE in_stock) <> 0;
"""
AFTER = "SELECT version_id, facets, in_stock, price, 1 AS sign FROM new_entries"
BEFORE = "SELECT version_id, facets, in_stock, price, -1 AS sign FROM old_entries"

# Failed versions are on their way out: nobody reads their counts, and deleting their entries is to stay quick.
KEEP = f"""
CREATE FUNCTION fashion_search_keep_counts() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    versions bigint[] := ARRAY(SELECT id FROM fashion_search_indexversion WHERE state <> 'failed');
BEGIN
    IF TG_OP = 'INSERT' THEN {APPEND.format(rows=AFTER)}
    ELSIF TG_OP = 'UPDATE' THEN {APPEND.format(rows=f"{AFTER} UNION ALL {BEFORE}")}
    ELSIF TG_OP = 'DELETE' THEN {APPEND.format(rows=BEFORE)}
    ELSE
        DELETE FROM fashion_search_keptcount;
        DELETE FROM fashion_search_keptcountchange;
    END IF;
    RETURN NULL;
END
$$
"""

TRIGGERS = (
    ("insert", "INSERT", "REFERENCING NEW TABLE AS new_entries"),
    ("update", "UPDATE", "REFERENCING OLD TABLE AS old_entries NEW TABLE AS new_entries"),
    ("delete", "DELETE", "REFERENCING OLD TABLE AS old_entries"),
    ("truncate", "TRUNCATE", ""),
)


def _trigger(name, event, tables):
    return (
        f"CREATE TRIGGER fashion_search_count_{name} AFTER {event} ON fashion_search_indexentry {tables}"
        " FOR EACH STATEMENT EXECUTE FUNCTION fashion_search_keep_counts()"
    )


FUNCTIONS = (
    "fashion_search_keep_counts()",
    "fashion_search_counted(text[], numeric)",
    "fashion_search_price_cell(numeric)",
)


class Migration(migrations.Migration):
    dependencies = [
        ("fashion_search", "0026_kept_counts"),
    ]

    operations = [
        migrations.RunSQL(
            [CELL, COUNTED, KEEP, *(_trigger(*one) for one in TRIGGERS)],
            [
                *(
                    f"DROP TRIGGER fashion_search_count_{name} ON fashion_search_indexentry"
                    for name, *_ in TRIGGERS
                ),
                *(f"DROP FUNCTION {name}" for name in FUNCTIONS),
            ],
        ),
    ]
