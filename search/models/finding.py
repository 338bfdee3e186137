"""Statements that find the entries of a query and measure them: how well each fits, and how near its pictures and text are."""

# ruff: noqa: S608 - only names of the plugin's own tables and columns, and conditions with placeholders, are put into statements

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from ..vectors import EmbeddingLiteral
from .measured import BETWEEN, Flags, MeasuredEntries
from .terms import Sql, Term, all_of, fit_of, holds, place_of

Row = tuple[str, int, float]  # product key, primary key of the entry, score


class Found(NamedTuple):
    """What one statement found of a query."""

    entries: MeasuredEntries  # each once
    named: Flags  # which of them have the query as their SKU or name
    held: int  # how many hold every term, as many as were asked for at most


class Measure(NamedTuple):
    """What entries are measured by."""

    terms: Sequence[Term] = ()
    config: str = "english"  # text search configuration
    embedding: EmbeddingLiteral | None = None  # what similarities are to

    def columns(self) -> Sql:
        """Return the columns of a measured entry."""
        parts = [Sql(_COLUMNS)]
        if self.embedding is not None:
            parts.append(Sql(_SIMILAR, (self.embedding, self.embedding)))
        parts += [fit_of(term, self.config) for term in self.terms]
        parts += [place_of(term, self.config) for term in self.terms if term.literal]
        text = ", ".join(part.text for part in parts)
        return Sql(text, tuple(param for part in parts for param in part.params))

    def read(self, rows: Sequence[Sequence[Any]]) -> MeasuredEntries:
        """Return the entries of rows of these columns."""
        return MeasuredEntries.of_rows(
            rows,
            terms=len(self.terms),
            similar=self.embedding is not None,
            placed=[number for number, term in enumerate(self.terms) if term.literal],
        )


# As `MeasuredEntries` has them. pgvector's <#> is the negative inner product.
_COLUMNS = (
    "{entry}.product_key, {entry}.id, {entry}.style, {entry}.price::text, {entry}.in_stock,"
    " date_part('epoch', {entry}.created),"
    f" E'\\x{ord(BETWEEN):x}' || array_to_string({{entry}}.facets, E'\\x{ord(BETWEEN):x}') || E'\\x{ord(BETWEEN):x}'"
)
# What these are made of, in one order, whichever statement selects the entries.
_NEEDED = ", ".join(
    f"entry.{name}"
    for name in (
        "id",
        "product_key",
        "style",
        "price",
        "in_stock",
        "created",
        "facets",
        "document",
        "text_embedding",
    )
)
_SIMILAR = (
    "-(SELECT min(image.embedding <#> %s::halfvec) FROM fashion_search_entryimage AS image"
    " WHERE image.entry_id = {entry}.id AND image.embedding IS NOT NULL), -({entry}.text_embedding <#> %s::halfvec)"
)
_ORDERS = {
    "": "",
    "price": " ORDER BY entry.price ASC NULLS LAST, entry.product_key",
    "-price": " ORDER BY entry.price DESC NULLS LAST, entry.product_key",
}


NO_ENTRY = Sql("SELECT * FROM fashion_search_indexentry WHERE false")
NO_EMBEDDING = Sql("SELECT NULL::text, NULL::bigint, NULL::halfvec WHERE false")


def every_entry(version_id: int) -> Sql:
    """Return the statement that selects the entries of a version."""
    return Sql("SELECT * FROM fashion_search_indexentry WHERE version_id = %s", (version_id,))


def selected(entries: "QuerySet[Any, Any]", *, nothing: Sql = NO_ENTRY) -> Sql:
    """Return the statement of a queryset, or `nothing`, which selects no row, where its conditions contradict each other."""
    try:
        text, params = entries.order_by().query.sql_with_params()
    except EmptyResultSet:
        return nothing
    return Sql(text, tuple(params))


def every_image(version_id: int) -> Sql:
    """Return the statement that selects the pictures of a version: product key, primary key of the entry, embedding."""
    text = (
        "SELECT entry.product_key, image.entry_id, image.embedding FROM fashion_search_entryimage AS image"
        " JOIN fashion_search_indexentry AS entry ON entry.id = image.entry_id"
        " WHERE image.version_id = %s AND image.embedding IS NOT NULL"
    )
    return Sql(text, (version_id,))


def every_text(version_id: int) -> Sql:
    """Return the statement that selects the embedded texts of a version, in the columns of `every_image`."""
    text = (
        "SELECT product_key, id AS entry_id, text_embedding AS embedding FROM fashion_search_indexentry"
        " WHERE version_id = %s AND text_embedding IS NOT NULL"
    )
    return Sql(text, (version_id,))


def nearest(
    embedded: Sql, embedding: EmbeddingLiteral, *, dimension: int, limit: int, exact: bool
) -> list[Row]:
    """Return what is nearest, with its distance (negative inner product).

    Args:
        embedded: the statement that selects product keys, primary keys of entries and embeddings.
        embedding: what they are compared with.
        dimension: of both.
        limit: most rows.
        exact: whether every row is compared; else through the version's HNSW index.
    """
    # The HNSW indexes are over the cast expression; the bare column reaches no index, so it is scanned exactly.
    vector = f"halfvec({dimension:d})"
    column = "near.embedding" if exact else f"near.embedding::{vector}"
    statement = (
        f"SELECT near.product_key, near.entry_id, {column} <#> %s::{vector} AS distance"
        f" FROM ({embedded.text}) AS near (product_key, entry_id, embedding) ORDER BY distance LIMIT %s"
    )
    return _rows(statement, (embedding, *embedded.params, limit))


def among(ids: Iterable[int]) -> Sql:
    """Return the statement that selects entries by their primary keys."""
    return Sql("SELECT * FROM fashion_search_indexentry WHERE id = ANY(%s)", (list(ids),))


def measured(entries: Sql, by: Measure = Measure()) -> MeasuredEntries:  # noqa: B008 - a tuple
    """Return entries, a few thousand at most, with how well each fits the terms and how similar it is.

    Args:
        entries: the statement that selects them.
        by: what they are measured by.
    """
    columns = by.columns()
    statement = f"SELECT {columns.of('entry')} FROM ({entries.text}) AS entry"
    return by.read(_rows(statement, (*columns.params, *entries.params)))


def find(
    entries: Sql,
    by: Measure,
    *,
    limit: int,
    order: str = "",
    named: Sql | None = None,
    text: str = "",
    keys: Sequence[str] = (),
) -> Found:
    """Find the entries that are named by a query and those that hold every term, and measure them; one statement.

    Args:
        entries: the statement that selects those among which the terms are looked for.
        by: what they are measured by; without terms, only what is named is found.
        limit: most entries that hold every term; of more, those that fit best.
        order: "price" or "-price" for those that come first in it among these.
        named: the statement that selects those among which names are looked for; None where no name counts.
        text: that an SKU or a name is, in any case of letters.
        keys: of products that are named otherwise, such as by a code.
    """
    parts = [] if named is None else [_named(named, text.lower(), keys)]
    if by.terms:
        held = _holding(entries, by.terms, by.config, limit, order, f"false AS is_named, {_NEEDED}")
        parts.append(Sql(f"({held.text})", held.params))
    if not parts:
        return Found(by.read([]), np.zeros(0, np.bool_), 0)
    columns = by.columns()
    union = " UNION ALL ".join(part.text for part in parts)
    statement = f"SELECT {columns.of('entry')}, entry.is_named FROM ({union}) AS entry"
    params = (*columns.params, *(param for part in parts for param in part.params))
    rows = _rows(statement, params)
    are_named = np.array([row[-1] for row in rows], np.bool_)
    number = len(rows) - int(are_named.sum())
    every = by.read(rows)
    if not are_named.any():
        return Found(every, are_named, number)
    _, first = np.unique(every.ids, return_index=True)  # what is named may hold every term, too
    once = every.take(np.sort(first))
    return Found(once, np.isin(once.ids, every.ids[are_named]), number)


def _named(entries: Sql, lowered: str, keys: Sequence[str]) -> Sql:
    condition = Sql("entry.sku = %s OR lower(entry.name) = %s", (lowered, lowered))
    if keys:
        condition = Sql(f"{condition.text} OR entry.product_key = ANY(%s)", (*condition.params, [*keys]))
    return Sql(
        f"SELECT true AS is_named, {_NEEDED} FROM ({entries.text}) AS entry WHERE {condition.text}",
        (*entries.params, *condition.params),
    )


def are_so_many(entries: Sql, number: int) -> bool:
    """Return whether a statement selects at least so many entries; it is not read further."""
    statement = f"WITH held AS MATERIALIZED ({entries.text}) SELECT count(*) FROM (SELECT FROM held LIMIT %s) AS counted"
    ((count,),) = _rows(statement, (*entries.params, number))
    return bool(count == number)


def holding_each(entries: Sql, choices: Sequence[Sequence[Term]], config: str, limit: int) -> list[list[int]]:
    """Return, for each choice of terms, primary keys of the entries that hold all of them; one statement.

    Args:
        entries: the statement that selects those among which they are looked for.
        choices: sequences of terms.
        config: text search configuration.
        limit: most entries of each; of more, those that fit best.
    """
    found: list[list[int]] = [[] for _ in choices]
    parts = [
        _holding(entries, terms, config, limit, "", f"{number} AS choice, entry.id")
        for number, terms in enumerate(choices)
    ]
    statement = " UNION ALL ".join(f"({part.text})" for part in parts)
    for number, pk in _rows(statement, tuple(param for part in parts for param in part.params)):
        found[number].append(pk)
    return found


def holding_most(
    entries: Sql, terms: Sequence[Term], config: str, *, looked_at: int, limit: int
) -> list[int]:
    """Return primary keys of the entries that hold the most important of the terms.

    Every term is looked up by itself in the GIN indexes, and no further than `looked_at` entries.
    """
    lookups = []
    for term in terms:
        held = holds(term, config)
        text = (
            f"(SELECT entry.id, %s::float8 FROM ({entries.text}) AS entry WHERE {held.of('entry')} LIMIT %s)"
        )
        lookups.append(Sql(text, (term.importance, *entries.params, *held.params, looked_at)))
    statement = (
        "SELECT id FROM ("
        + " UNION ALL ".join(lookup.text for lookup in lookups)
        + ") AS hit (id, worth) GROUP BY id ORDER BY sum(worth) DESC, id LIMIT %s"
    )
    params = (*(param for lookup in lookups for param in lookup.params), limit)
    return [pk for (pk,) in _rows(statement, params)]


def _holding(entries: Sql, terms: Sequence[Term], config: str, limit: int, order: str, columns: str) -> Sql:
    """The entries that hold every term; where they are more than the limit, first those that fit each best, as far as there are."""
    every = all_of(holds(term, config) for term in terms)
    best = all_of(holds(term, config, best=True) for term in terms)
    select = f"SELECT {_NEEDED} FROM ({entries.text}) AS entry WHERE"
    # Without an order, the limit is outside: inside, Postgres would take reading from the beginning for cheap. What is read of
    # `held` ends there all the same. In an order, all of it has to be sorted, which a limit inside keeps short.
    more = limit + 1
    cut = f"{_ORDERS[order]} LIMIT {more:d}" if order else ""
    held = f"held AS MATERIALIZED ({select} {every.of('entry')}{cut})"
    first = (*entries.params, *every.params)
    if best == every:
        return Sql(f"WITH {held} SELECT {columns} FROM held AS entry LIMIT %s", (*first, limit))
    # Most queries find less than the limit: then the indexes are read once, and what fits best is not looked for.
    text = (
        f"WITH {held}, best AS MATERIALIZED ({select} {best.of('entry')}{_ORDERS[order]}"
        " LIMIT CASE WHEN (SELECT count(*) FROM (SELECT FROM held LIMIT %s) AS counted) > %s THEN %s ELSE 0 END),"
        " rest AS (SELECT * FROM (SELECT * FROM held LIMIT %s) AS held"
        " WHERE NOT EXISTS (SELECT FROM best WHERE best.id = held.id) LIMIT %s - (SELECT count(*) FROM best))"
        f" SELECT {columns} FROM (SELECT * FROM best UNION ALL SELECT * FROM rest) AS entry"
    )
    return Sql(text, (*first, *entries.params, *best.params, more, limit, limit, more, limit))


def _rows(statement: str, params: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows: list[Any] = cursor.fetchall()
        return rows
