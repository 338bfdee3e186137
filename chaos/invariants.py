"""What must hold once a fault is over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from .shopper import ask

_DUPLICATES = """
SELECT (SELECT count(*) - count(DISTINCT (version_id, product_key)) FROM fashion_search_indexentry)
     + (SELECT count(*) - count(DISTINCT (entry_id, position)) FROM fashion_search_entryimage)
"""
_LOST_PICTURES = """
SELECT count(*) FROM shop_productimage AS picture JOIN shop_product AS product ON product.id = picture.product_id
WHERE product.published AND NOT EXISTS (
    SELECT FROM fashion_search_entryimage AS image
    JOIN fashion_search_indexversion AS version ON version.id = image.version_id AND version.state = 'active'
    JOIN fashion_search_indexentry AS entry ON entry.id = image.entry_id
    WHERE entry.product_key = product.id::text AND image.name = picture.image
        AND (image.embedding IS NOT NULL OR image.error <> '')
)
"""


@dataclass(slots=True)
class State:
    """What does not hold, what is lost, what is there twice."""

    wrong: list[str] = field(default_factory=list)
    lost: int = 0  # pictures of published products without embedding and without reason
    doubled: int = 0  # rows


def broken(port: int, deleted: Sequence[str]) -> State:
    """Return what does not hold; nothing once all is well.

    - Every picture of a published product has one row in the active version, with an embedding of unit length made by the version's own artifact, or a reason why not.
    - Deleted products are not found.
    - The HNSW indexes answer as the exact scan does: at least 95 % of the same products.
    - Nothing waits: what was accepted is in the index.

    Args:
        port: of the shop.
        deleted: SKUs.
    """
    from django.db import DatabaseError, close_old_connections, connection

    from search.indexing.progress import measure_outbox
    from search.indexing.verify import verify

    state = State()
    try:
        close_old_connections()
        waiting = measure_outbox().waiting
        state.wrong = [f"{check.name}: {check.detail}" for check in verify().checks if not check.passed]
        with connection.cursor() as cursor:
            cursor.execute(_DUPLICATES)
            state.doubled = cursor.fetchone()[0]
            cursor.execute(_LOST_PICTURES)
            state.lost = cursor.fetchone()[0]
    except DatabaseError as error:
        connection.close()
        state.wrong = [f"the database: {(str(error).strip() or 'no answer').splitlines()[0]}"]
        return state
    state.wrong += [f"{waiting} products wait"] if waiting else []
    state.wrong += [f"{state.lost} pictures are lost"] if state.lost else []
    state.wrong += [f"{state.doubled} rows are there twice"] if state.doubled else []
    for sku in deleted:
        try:
            answer = ask(port, f"/api/v1/search/?q={quote(sku)}")
        except OSError as error:
            state.wrong.append(f"the shop: {error}")
            return state
        if answer.status != 200 or sku in [result["sku"] for result in answer.json()["results"]]:
            state.wrong.append(f"{sku} was deleted and is found, or nothing can be: {answer.status}")
    return state
