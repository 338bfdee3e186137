"""The SQL that counts the search log by days, one statement per daily table, and that deletes what is over."""

# Where nobody could look, a degraded search without `matching`, nobody knows whether it would have found something.
# Events are counted for the day of their search, though a click after midnight is of the day after.
_LOGGED = """
WITH logged AS (
    SELECT *, page = 1 AS is_search,
        page = 1 AND filters = '{}'::jsonb AND total = 0 AND (degraded = '' OR matching IS NOT NULL) AS is_zero,
        page = 1 AND filters = '{}'::jsonb AND total > 0 AND coalesce(matching = 0, false) AS is_close
    FROM fashion_search_loggedsearch WHERE at >= %(start)s AND at < %(end)s
), acted AS (
    SELECT search,
        count(*) FILTER (WHERE type = 'click') AS clicks,
        count(*) FILTER (WHERE type = 'add_to_cart') AS carts,
        count(position) FILTER (WHERE type = 'click') AS placed,
        sum(position) FILTER (WHERE type = 'click') AS positions
    FROM fashion_search_searchevent WHERE search IN (SELECT id FROM logged) GROUP BY search
), joined AS (
    SELECT logged.*, coalesce(clicks, 0) AS clicks, coalesce(carts, 0) AS carts,
        coalesce(placed, 0) AS placed, coalesce(positions, 0) AS positions
    FROM logged LEFT JOIN acted ON acted.search = logged.id
)
"""

SEARCH_DAYS = (
    _LOGGED
    + """
INSERT INTO fashion_search_searchday (day, mode, searches, pages, visits, zero, clicked, clicks, carts, degraded,
    p50_ms, p95_ms, p99_ms, rolled_at, closed)
SELECT %(day)s, CASE WHEN grouping(mode) = 1 THEN '' ELSE mode END,
    count(*) FILTER (WHERE is_search), count(*), count(DISTINCT visit) FILTER (WHERE visit <> ''),
    count(*) FILTER (WHERE is_zero), count(*) FILTER (WHERE is_search AND clicks > 0), sum(clicks), sum(carts),
    count(*) FILTER (WHERE degraded <> ''),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY took_ms),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY took_ms),
    percentile_cont(0.99) WITHIN GROUP (ORDER BY took_ms),
    %(now)s, %(closed)s
FROM joined GROUP BY GROUPING SETS ((mode), ()) HAVING count(*) > 0
"""
)

STAGE_DAYS = (
    _LOGGED
    + """
INSERT INTO fashion_search_stageday (day, stage, samples, p50_ms, p95_ms, p99_ms)
SELECT %(day)s, stage.key, count(*),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY stage.value::float8),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY stage.value::float8),
    percentile_cont(0.99) WITHIN GROUP (ORDER BY stage.value::float8)
FROM joined CROSS JOIN LATERAL jsonb_each_text(stages) AS stage GROUP BY stage.key
"""
)

QUERY_DAYS = (
    _LOGGED
    + """
INSERT INTO fashion_search_queryday (day, query, text, corrected, searches, visits, zero, close, clicked, clicks, placed,
    positions, total)
SELECT %(day)s, query, mode() WITHIN GROUP (ORDER BY text), (array_agg(corrected ORDER BY at DESC))[1],
    count(*) FILTER (WHERE is_search),
    count(DISTINCT visit) FILTER (WHERE visit <> '')
        + count(*) FILTER (WHERE is_search AND visit = '' AND filters = '{}'::jsonb),
    count(*) FILTER (WHERE is_zero), count(*) FILTER (WHERE is_close),
    count(*) FILTER (WHERE is_search AND clicks > 0), sum(clicks), sum(placed), sum(positions),
    coalesce((array_agg(total ORDER BY at DESC) FILTER (WHERE filters = '{}'::jsonb))[1],
        (array_agg(total ORDER BY at DESC))[1])
FROM joined WHERE mode = 'text' AND query <> '' GROUP BY query
"""
)

POPULAR = """
INSERT INTO fashion_search_popularquery (query, text, searches, clicked)
SELECT query, (array_agg(text ORDER BY day DESC))[1], sum(searches), sum(clicked)
FROM fashion_search_queryday WHERE day >= %(first)s
GROUP BY query
HAVING sum(visits) >= %(minimum)s AND (array_agg(total ORDER BY day DESC))[1] > 0
ORDER BY sum(searches) DESC, query LIMIT %(limit)s
"""

# Deleted by statements: Django's `delete()` reads every row into memory where any receiver listens to `post_delete`.
DELETE_SEARCHES = "DELETE FROM fashion_search_loggedsearch WHERE at >= %(start)s AND at < %(end)s"
DELETE_EVENTS = "DELETE FROM fashion_search_searchevent WHERE at < %(before)s"
DELETE_POPULAR = "DELETE FROM fashion_search_popularquery"
_DAILY = ("searchday", "stageday", "queryday")
DELETE_DAY = tuple(f"DELETE FROM fashion_search_{table} WHERE day = %(day)s" for table in _DAILY)  # noqa: S608
DELETE_DAYS = tuple(f"DELETE FROM fashion_search_{table} WHERE day < %(before)s" for table in _DAILY)  # noqa: S608
