"""Accept and reject suggested tags, and take that back; products whose accepted tags change are indexed again."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from ..indexing.marks import hint_after_commit, mark_stale
from ..models import ProductTag

State = ProductTag.State


def decide(ids: Collection[int], state: State, user: Any = None) -> list[ProductTag]:
    """Give tags a state, and return those that had another one, as they are now; SUGGESTED takes a decision back.

    Args:
        ids: primary keys of tags; those that are gone are passed over.
        state: what was decided.
        user: who decided.
    """
    with transaction.atomic():
        rows = list(
            ProductTag.objects.select_for_update().filter(pk__in=ids).exclude(state=state).order_by("pk")
        )
        changed = {row.product_key for row in rows if State.ACCEPTED in (row.state, state)}
        taken_back = state == State.SUGGESTED
        for row in rows:
            row.state = state
            row.decided_at = None if taken_back else timezone.now()
            row.decided_by = None if taken_back else user
        ProductTag.objects.bulk_update(rows, ["state", "decided_at", "decided_by"])
        if changed:
            mark_stale(changed, reread=False)
            hint_after_commit()
    return rows
