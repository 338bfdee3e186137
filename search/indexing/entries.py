"""Entries of versions and their pictures, read and written: few statements per batch, whatever its size.

Rows travel as one JSON parameter, because arrays of differing length cannot be unnested side by side.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Case, CharField, F, Value, When
from numpy.typing import NDArray

from ..models import EntryImage, IndexEntry, IndexVersion, StoredCard
from ..vectors import EmbeddingLiteral, to_literal
from .documents import PreparedProduct

# ruff: noqa: S608 - only names of the plugin's own tables, columns and constants are put into statements


# Columns that the statements make themselves, or write under conditions; all others are copied from the document.
_MADE = frozenset((
    "id", "version", "document", "text_embedding", "text_hash", "content_hash", "embedded_hash", "error", "notes", "updated_at",
))  # fmt: skip


@cache
def _entry_rows() -> str:
    """The statement that writes entries; a column of the model that the document fills needs no other place than this."""
    copied = [column for column in IndexEntry._meta.concrete_fields if column.name not in _MADE]
    names = ", ".join(column.name for column in copied)
    types = ", ".join(f"{column.name} {column.db_type(connection)}" for column in copied)
    changed = ", ".join(f"{one.name} = EXCLUDED.{one.name}" for one in copied if one.name != "product_key")
    return f"""
INSERT INTO fashion_search_indexentry AS entry
    (version_id, {names}, document, text_embedding, text_hash, content_hash, embedded_hash, error, updated_at)
SELECT %(version)s, {names},
    setweight(to_tsvector(%(config)s::regconfig, title), 'A')
        || setweight(to_tsvector(%(config)s::regconfig, keywords), 'B')
        || setweight(to_tsvector(%(config)s::regconfig, description), 'C'),
    text_embedding::halfvec, text_hash, content_hash, embedded_hash, error, clock_timestamp()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (
    {types}, title text, description text,
    text_embedding text, text_hash text, content_hash text, embedded_hash text, error text)
ORDER BY product_key
ON CONFLICT (version_id, product_key) DO UPDATE SET
    {changed}, document = EXCLUDED.document,
    content_hash = EXCLUDED.content_hash, updated_at = EXCLUDED.updated_at
"""


# Keyword parts of entries whose document has changed.
_IF_CHANGED = "WHERE entry.content_hash <> EXCLUDED.content_hash"

# An entry without a new text embedding keeps the one it has.
_WITH_EMBEDDINGS = """,
    text_embedding = coalesce(EXCLUDED.text_embedding, entry.text_embedding),
    text_hash = CASE WHEN EXCLUDED.text_embedding IS NULL THEN entry.text_hash ELSE EXCLUDED.text_hash END,
    embedded_hash = EXCLUDED.embedded_hash, error = EXCLUDED.error
WHERE EXCLUDED.text_embedding IS NOT NULL
    OR (entry.content_hash, entry.embedded_hash, entry.error)
        IS DISTINCT FROM (EXCLUDED.content_hash, EXCLUDED.embedded_hash, EXCLUDED.error)
"""

_IMAGES = """
INSERT INTO fashion_search_entryimage AS image (entry_id, version_id, position, name, picture_hash, embedding, error)
SELECT entry.id, entry.version_id, given.position, given.name, given.picture_hash, given.embedding::halfvec, given.error
FROM jsonb_to_recordset(%s::jsonb) AS given (
    key text, position int, name text, picture_hash text, embedding text, error text)
JOIN fashion_search_indexentry AS entry ON entry.version_id = %s AND entry.product_key = given.key
ORDER BY entry.id, given.position
ON CONFLICT (entry_id, position) DO UPDATE SET
    name = EXCLUDED.name, picture_hash = EXCLUDED.picture_hash, error = EXCLUDED.error,
    embedding = CASE WHEN EXCLUDED.error = '' THEN coalesce(EXCLUDED.embedding, image.embedding) END
"""

_SURPLUS_IMAGES = """
DELETE FROM fashion_search_entryimage AS image
USING fashion_search_indexentry AS entry, unnest(%s::text[], %s::int[]) AS given (key, pictures)
WHERE entry.version_id = %s AND entry.product_key = given.key
    AND image.entry_id = entry.id AND image.position >= given.pictures
"""

# The unique index begins with the version, so a condition on the product key alone would read the whole table.
_EVERY_VERSION = "entry.version_id = ANY(ARRAY(SELECT id FROM fashion_search_indexversion))"


@dataclass(frozen=True, slots=True)
class ExistingImage:
    """One picture of an entry; `picture_hash` is "" where it has no embedding."""

    name: str
    picture_hash: str


@dataclass(frozen=True, slots=True)
class ExistingEntry:
    """One entry's hashes and pictures; `text_hash` is "" where it has no text embedding."""

    content_hash: str
    embedded_hash: str
    text_hash: str
    error: str
    images: dict[int, ExistingImage] = field(default_factory=dict)

    def is_current(self, product: PreparedProduct, config: str) -> bool:
        """Return whether the entry and its embeddings are those of the product as it is, going by hashes.

        Args:
            product: as the host gives it now.
            config: text search configuration of the entry's version.
        """
        return self.content_hash == self.embedded_hash == product.content_hash(config) and not self.error


@dataclass(frozen=True, slots=True)
class EntryWrite:
    """What becomes of one entry; an embedding of None keeps the one that the entry has."""

    product: PreparedProduct
    text_embedding: NDArray[np.float32] | None = None  # (dimension,)
    embedded_hash: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ImageWrite:
    """What becomes of one picture of an entry; without embedding and error it keeps the one that it has."""

    key: str
    position: int
    name: str
    picture_hash: str
    embedding: NDArray[np.float32] | None  # (dimension,)
    error: str


def read_existing(version: IndexVersion, keys: Collection[str]) -> dict[str, ExistingEntry]:
    """Return product key -> entry for those of the products that the version has."""
    rows = IndexEntry.objects.filter(version=version, product_key__in=keys).values_list(
        "pk", "product_key", "content_hash", "embedded_hash", "text_hash", "error"
    )
    by_pk = {
        pk: (key, ExistingEntry(content_hash, embedded_hash, text_hash, error))
        for pk, key, content_hash, embedded_hash, text_hash, error in rows
    }
    usable_hash = Case(
        When(embedding__isnull=True, then=Value("")), default=F("picture_hash"), output_field=CharField()
    )
    images = EntryImage.objects.filter(entry_id__in=by_pk).values_list(
        "entry_id", "position", "name", usable_hash
    )
    for entry_id, position, name, picture_hash in images:
        by_pk[entry_id][1].images[position] = ExistingImage(name, picture_hash)
    return dict(by_pk.values())


def lock_written() -> list[int]:
    """Return the ids of the versions that receive changes, held in that state until the transaction ends.

    Without the lock a version might be given up and deleted while a batch for it is being encoded.
    """
    with connection.cursor() as cursor:
        # Retired ones, too: one that is being activated is still retired to a condition, and active once it is locked.
        cursor.execute(
            "SELECT id, state FROM fashion_search_indexversion WHERE state <> %s ORDER BY id FOR SHARE",
            [str(IndexVersion.State.FAILED)],
        )
        return [version_id for version_id, state in cursor.fetchall() if state in IndexVersion.WRITTEN]


def write_texts(version: IndexVersion, products: Iterable[PreparedProduct]) -> None:
    """Write everything about products but their embeddings, which stay as they are or come later."""
    _execute_entries(_IF_CHANGED, version, [EntryWrite(product) for product in products])


def write_entries(version: IndexVersion, entries: Sequence[EntryWrite], images: Sequence[ImageWrite]) -> None:
    """Write products with their embeddings; pictures that are not among `images` stay as they are."""
    _execute_entries(_WITH_EMBEDDINGS, version, entries)
    rows = [asdict(image) | {"embedding": _literal(image.embedding)} for image in images]
    keys = [entry.product.key for entry in entries]
    with connection.cursor() as cursor:
        if rows:
            cursor.execute(_IMAGES, [json.dumps(rows), version.pk])
        cursor.execute(
            _SURPLUS_IMAGES, [keys, [len(entry.product.pictures) for entry in entries], version.pk]
        )


def write_errors(errors: Mapping[str, str]) -> None:
    """Note on the entries of versions that receive changes why their products cannot be indexed again, given key -> reason.

    Nothing would ever take the note from an entry of another version.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fashion_search_indexentry AS entry SET error = given.error"
            " FROM unnest(%s::text[], %s::text[]) AS given (key, error) WHERE entry.product_key = given.key"
            " AND entry.version_id = ANY(ARRAY(SELECT id FROM fashion_search_indexversion WHERE state = ANY(%s)))",
            [list(errors), list(errors.values()), [str(state) for state in IndexVersion.WRITTEN]],
        )


def write_cards(products: Iterable[PreparedProduct]) -> None:
    """Keep what lists show of products, and note on their entries, in versions that receive changes, what was changed of their documents.

    Neither is part of the content hash, so that a card() which fails for a while has nothing encoded again.
    """
    products = list(products)
    if not products:
        return
    StoredCard.objects.write({product.key: product.card for product in products})
    notes = {product.key: product.noted for product in products}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fashion_search_indexentry AS entry SET notes = given.notes"
            " FROM unnest(%s::text[], %s::text[]) AS given (key, notes)"
            " WHERE entry.product_key = given.key AND entry.notes <> given.notes"
            " AND entry.version_id = ANY(ARRAY(SELECT id FROM fashion_search_indexversion WHERE state = ANY(%s)))",
            [list(notes), list(notes.values()), [str(state) for state in IndexVersion.WRITTEN]],
        )


def delete_entries(keys: list[str]) -> None:
    """Delete the entries of products from every version, and their cards."""
    StoredCard.objects.remove(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM fashion_search_entryimage AS image USING fashion_search_indexentry AS entry"
            f" WHERE image.entry_id = entry.id AND entry.product_key = ANY(%s) AND {_EVERY_VERSION}",
            [keys],
        )
        cursor.execute(
            f"DELETE FROM fashion_search_indexentry AS entry WHERE entry.product_key = ANY(%s) AND {_EVERY_VERSION}",
            [keys],
        )


def _execute_entries(ending: str, version: IndexVersion, entries: Sequence[EntryWrite]) -> None:
    if not entries:
        return
    rows: list[dict[str, Any]] = [
        {
            **entry.product.columns,
            "text_embedding": _literal(entry.text_embedding),
            "text_hash": "" if entry.text_embedding is None else entry.product.text_hash,
            "content_hash": entry.product.content_hash(version.config),
            "embedded_hash": entry.embedded_hash,
            "error": entry.error,
        }
        for entry in entries
    ]
    parameters: dict[str, Any] = {
        "version": version.pk,
        "config": version.config,
        "rows": json.dumps(rows),
    }
    with connection.cursor() as cursor:
        cursor.execute(_entry_rows() + ending, parameters)


def _literal(embedding: NDArray[np.float32] | None) -> EmbeddingLiteral | None:
    return None if embedding is None else to_literal(embedding)
