"""The review of tags: products with tags that wait for a decision, the decisions, and the tags that were accepted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from ..indexing.marks import hint_after_commit, mark_stale
from ..models import ProductTag
from ..registry import ProductCard, read_cards

State = ProductTag.State


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which tags to look at."""

    state: str = State.SUGGESTED
    kind: str = ""
    product: str = ""  # key of one product; "" for all

    def tags(self) -> "QuerySet[ProductTag]":
        """Return the tags."""
        tags = ProductTag.objects.filter(state=self.state)
        tags = tags.filter(kind=self.kind) if self.kind else tags
        return tags.filter(product_key=self.product) if self.product else tags

    def product_keys(self) -> "QuerySet[ProductTag, Any]":
        """Return the keys of the products with such tags, the one with the surest tag first."""
        grouped = self.tags().order_by().values("product_key").annotate(best=Max("confidence"))
        return grouped.order_by("-best", "product_key").values_list("product_key", flat=True)


@dataclass(slots=True)
class ReviewedProduct:
    """A product with its tags."""

    key: str
    card: ProductCard | None  # None where the product is gone, not published any more, or cannot be shown
    tags: list[ProductTag] = field(default_factory=list)
    accepted: tuple[str, ...] = ()  # words that were accepted before


def read_products(wanted: ReviewFilter, keys: list[str]) -> list[ReviewedProduct]:
    """Return these products with their tags, in this order, by a fixed number of queries."""
    products = {key: ReviewedProduct(key, card) for key, card in read_cards(keys).items()}
    accepted = ProductTag.objects.accepted_of(keys)
    for tag in wanted.tags().filter(product_key__in=keys).order_by("-confidence", "kind", "word"):
        product = products.setdefault(tag.product_key, ReviewedProduct(tag.product_key, None))
        product.tags.append(tag)
    for key, words in accepted.items():
        if key in products and wanted.state != State.ACCEPTED:
            products[key].accepted = words
    return [products[key] for key in keys if key in products]


def count_states() -> dict[str, int]:
    """Return how many tags are suggested, accepted and rejected."""
    counted = ProductTag.objects.order_by().values("state").annotate(count=Count("*"))
    return dict.fromkeys(State.values, 0) | dict(counted.values_list("state", "count"))


def decide(ids: Collection[int], state: State, user: Any = None) -> list[ProductTag]:
    """Give tags a state, and return those that had another one, as they are now; SUGGESTED takes a decision back.

    Products whose accepted tags change are indexed again.

    Args:
        ids: primary keys of tags; those that do not exist any more are passed over.
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


def accepted_tags(key: str) -> tuple[str, ...]:
    """Return the words that were accepted for a product, in alphabetical order.

    Args:
        key: the product's key, `str(pk)`.
    """
    return ProductTag.objects.accepted_of([key]).get(key, ())


def tagged_with(words: Sequence[str]) -> list[str]:
    """Return the keys of the products for which any of the words was accepted."""
    rows = ProductTag.objects.filter(state=State.ACCEPTED, word__in=list(words))
    return list(rows.order_by("product_key").values_list("product_key", flat=True).distinct())
