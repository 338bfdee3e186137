"""Suggest tags for products: rows with a confidence, that somebody accepts or rejects."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from ..conf import get_settings
from ..models import IndexEntry, ProductTag
from ..models.entry_queries import EntryQuerySet
from .serving import Tagger, active_tagger
from .tagging import FoundTag, FoundTags, tags_for_products
from .vocabulary import same

CHUNK = 500  # products per transaction


def suggest_tags(keys: Iterable[str]) -> int:
    """Suggest tags for products from their pictures in the active version; return how many wait for a decision now.

    Again gives the same rows: what was decided stays, what waits gets its confidence of today, and what would not be
    suggested any more goes.

    Raises:
        NoTags: there is no vocabulary yet.
    """
    tagger = active_tagger()
    distinct = sorted(set(keys))
    return sum(_suggest(tagger, distinct[start : start + CHUNK]) for start in range(0, len(distinct), CHUNK))


def choose_tags(found: FoundTags, facets: Sequence[str], language: str) -> list[FoundTag]:
    """Return the tags worth a look: the surest ones that say something which the product does not say itself.

    A value is suggested where the product has none of its facet; a word of fashion, unless it says the same as a value that the product has.

    Args:
        found: words for the product's pictures, surest first.
        facets: "field=value" tokens of the product.
        language: of stems.
    """
    settings = get_settings()
    has_kinds = {token.partition("=")[0] for token in facets}
    said = {same(token.partition("=")[2], language) for token in facets}
    chosen: list[FoundTag] = []
    for tag in found.every:
        if tag.confidence < settings.tag_confidence or len(chosen) >= settings.tags_per_product:
            break
        says = same(tag.word, language)
        if says in said or (tag.is_value and tag.kind in has_kinds):
            continue
        said.add(says)
        if tag.is_value:
            has_kinds.add(tag.kind)  # a product has one of them
        chosen.append(tag)
    return chosen


def _suggest(tagger: Tagger, keys: Sequence[str]) -> int:
    version = tagger.version
    found = tags_for_products(keys, tagger)
    entries = EntryQuerySet(IndexEntry).in_version(version.pk).of_products(keys)
    facets: dict[str, list[str]] = dict(entries.values_list("product_key", "facets"))
    now = timezone.now()
    rows = [
        ProductTag(
            product_key=key,
            kind=tag.kind,
            word=tag.word,
            similarity=tag.similarity,
            confidence=tag.confidence,
            version=version,
            artifact_name=version.artifact_name,
            suggested_at=now,
        )
        for key in keys
        if key in facets
        for tag in choose_tags(found.get(key, FoundTags()), facets[key], version.config)
    ]
    with transaction.atomic():
        # Decided rows are never touched; a rejected tag stays rejected.
        decided = set(
            ProductTag.objects.filter(product_key__in=keys)
            .exclude(state=ProductTag.State.SUGGESTED)
            .values_list("product_key", "kind", "word")
        )
        new = [row for row in rows if (row.product_key, row.kind, row.word) not in decided]
        ProductTag.objects.bulk_create(
            new,
            update_conflicts=True,
            unique_fields=["product_key", "kind", "word"],
            update_fields=["similarity", "confidence", "version", "artifact_name", "suggested_at"],
        )
        waiting = ProductTag.objects.suggested().filter(product_key__in=keys)
        waiting.exclude(suggested_at=now).delete()
        return waiting.count()
