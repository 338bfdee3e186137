"""Why a product is not among the results, or stands so far down: each step that stops it, in a sentence."""

from collections.abc import Iterator, Sequence

from ..conf import get_settings
from ..facets import values_of
from ..models import IndexEntry, StaleMark, StaleProduct
from ..models.entries import Measured
from ..registry import get_index, load_products
from .answers import Absence
from .candidates import Space
from .explain import parts_of_result
from .filters import Filters
from .pool import PoolRow
from .ranking import Asked, Ranked, score_entries, within
from .scoring import Scored, Steps

# What the ranking itself made of a product that is none of the results, or stands further down than its
# score.


def stopped_by_rank(asked: Asked, ranked: Ranked, item: Scored) -> Iterator[str]:
    """Say why an entry that meets all conditions is no result: what it lacks, or which limit it is beyond.

    Args:
        asked: the query.
        ranked: the ranking.
        item: the entry, scored for the query.
    """
    settings, steps = get_settings(), ranked.steps
    if steps is None:
        yield f"The query states a price only: the newest {settings.results} products are listed (RESULTS)."
        return
    if not (item.full or item.named):
        lacking = [part.text for part in parts_of_result(asked, item) if part.lacking]
        if lacking:
            yield f"It lacks {', '.join(f'“{text}”' for text in lacking)}."
        if not steps.few:
            yield _enough(steps)
            return
        if not item.is_close(asked.words, settings.weights):
            yield _not_close(asked, item)
            return
    if all(candidate.row.entry_id != item.row.entry_id for candidate in steps.scored):
        yield _unseen(asked, item, steps)
        return
    kept = [candidate.row.entry_id for candidate in steps.kept]
    if item.row.entry_id in kept and item.row.entry_id not in ranked.explained:
        place = kept.index(item.row.entry_id) + 1
        yield f"By score it is number {place} of {len(kept)}; {settings.results} are shown at most (RESULTS)."


def moved_by_variants(ranked: Ranked, item: Scored) -> Iterator[str]:
    """Say that other variants of its style have moved a result down."""
    if ranked.steps is None:
        return
    kept = [candidate.row.entry_id for candidate in ranked.steps.kept]
    shown = list(ranked.explained)
    if item.row.entry_id in kept and item.row.entry_id in shown:
        before, after = kept.index(item.row.entry_id) + 1, shown.index(item.row.entry_id) + 1
        if after > before:
            yield (
                f"By score it is number {before}; of one style a page shows {get_settings().variants} at first"
                f" (VARIANTS), which makes it number {after} before rules and filters."
            )


def _enough(steps: Steps) -> str:
    enough = get_settings().enough
    full = sum(candidate.full for candidate in steps.scored)
    have = (
        f"{full} products have" if steps.closest else f"At least {enough} products have, without the filters,"
    )
    return f"{have} all that is asked for; the closest are added only below {enough} (ENOUGH)."


def _not_close(asked: Asked, item: Scored) -> str:
    weights = get_settings().weights
    return (
        f"It has {item.held:.0%} of what is asked for, less than {weights.enough_covered:.0%}, and is"
        f" no nearer to it than nonsense is to anything: picture {_said(item.row.image)} (nonsense"
        f" {asked.words.image_noise:.2f}), text {_said(item.row.text)} (nonsense {asked.words.text_noise:.2f})."
    )


def _unseen(asked: Asked, item: Scored, steps: Steps) -> str:
    """Why an entry that would do was no candidate."""
    settings = get_settings()
    if item.full:
        return f"It has all that is asked for, but more than {settings.results} products have (RESULTS)."
    reasons = []
    for what, similarity in (("picture", item.row.image), ("text", item.row.text)):
        if asked.embedding is None or similarity is None:
            continue
        if similarity < settings.min_similarity:
            floor = f"is below {settings.min_similarity:.2f} (MIN_SIMILARITY)"
            reasons.append(f"its {what}'s similarity {similarity:.2f} {floor}")
        else:
            reasons.append(f"{settings.candidates} others are nearer by their {what}s (CANDIDATES)")
    if steps.named:
        reasons.append("parts of a query are not looked for where a product is named so")
    elif item.held:
        reasons.append("enough others that have as much of the query were found before it (CANDIDATES)")
    return f"It is as close as others, but was not compared: {'; '.join(reasons)}."


def _said(similarity: float | None) -> str:
    return "none" if similarity is None else f"{similarity:.2f}"


LOOKED_AT = 500  # waiting products whose SKU is compared


def why_absent(asked: Asked, filters: Filters, ranked: Ranked, order: Sequence[str], sku: str) -> Absence:
    """Tell where a product stands among the results of a query, and why not higher.

    Args:
        asked: the query.
        filters: those that are set.
        ranked: what was found.
        order: product keys of all results by relevance.
        sku: of the product, in any case of letters.
    """
    entry = IndexEntry.objects.in_version(asked.version.pk).filter(sku=sku.strip().lower()).first()
    if entry is None:
        return Absence(sku, None, (_not_indexed(sku, asked.version.pk),))
    place = order.index(entry.product_key) + 1 if entry.product_key in order else None
    space = Space.of(asked.version, filters, asked.query)
    named = {pk for _, pk in space.entries().named(asked.query.wanted)} & {entry.pk}
    (item,) = score_entries(asked, space, asked.terms, {entry.pk}, named)
    stopped = [*_stopped_by_conditions(asked, filters, entry, item.row), *_stopped_by_rules(asked, item.row)]
    if not _in_shop(entry.product_key):
        place = None
        stopped.append("The shop has withdrawn it since it was indexed.")
    if not stopped:
        stopped = [
            *(stopped_by_rank(asked, ranked, item) if place is None else moved_by_variants(ranked, item))
        ]
    if entry.error:
        stopped.append(f"Its last indexing failed: {entry.error}")
    return Absence(sku, place, tuple(stopped), parts_of_result(asked, item), item.row.image, item.row.text)


def _not_indexed(sku: str, version_id: int) -> str:
    lowered = sku.strip().lower()
    other = IndexEntry.objects.filter(sku=lowered).order_by("-version").first()
    stale = _waiting(lowered) if other is None else _stale(other.product_key)
    if stale is None and other is not None:
        return f"It is in version {other.version_id}, but not in version {version_id}, which is searched."
    if stale is None:
        return (
            f"Neither the index nor a product that waits for it has the SKU {sku!r}: check its spelling, and whether it"
            " is published; what changed without a signal is found by manage.py search_index reconcile."
        )
    if stale.parked:
        return f"It could not be indexed and waits for a change or a retry: {stale.last_error}"
    return (
        f"It waits to be indexed again, after: {stale.last_error}"
        if stale.last_error
        else "It waits to be indexed."
    )


def _in_shop(product_key: str) -> bool:
    return product_key in load_products([product_key])


def _stale(product_key: str) -> StaleProduct | None:
    mark = StaleMark.objects.filter(product_key=product_key).first()
    return _gathered(mark) if mark else StaleProduct.objects.filter(product_key=product_key).first()


def _gathered(mark: StaleMark) -> StaleProduct:
    """What a worker will make of a mark."""
    return StaleProduct(product_key=mark.product_key, marked_at=mark.marked_at)


def _waiting(lowered: str) -> StaleProduct | None:
    """The product's row in the outbox. The host's model need have no SKU of its own, so documents are asked."""
    rows = {
        row.product_key: row for row in StaleProduct.objects.order_by("-attempts", "-marked_at")[:LOOKED_AT]
    }
    rows |= {mark.product_key: _gathered(mark) for mark in StaleMark.objects.order_by("-pk")[:LOOKED_AT]}
    index = get_index()
    for key, product in load_products(rows).items():
        try:
            sku = str(index.document(product).sku)
        except Exception:  # noqa: BLE001, S112 - the host's code; the worker keeps its reason with the product
            continue
        if sku.lower() == lowered:
            return rows[key]
    return None


def _stopped_by_conditions(asked: Asked, filters: Filters, entry: IndexEntry, row: Measured) -> Iterator[str]:
    product = PoolRow(row.product_key, 0.0, True, frozenset(row.facets), row.price, row.in_stock, row.created)
    for name in filters.selected:
        if not product.meets(Filters(facets={name: filters.facets[name]})):
            own = ", ".join(values_of(name, row.facets))
            yield f"The filter {name} is {' or '.join(filters.facets[name])}; it has {own or 'none'}."
    if filters.in_stock and not row.in_stock:
        yield "Only products in stock are asked for; it is sold out."
    priced = within(filters, asked.understood)
    if not product.meets(Filters(price_min=priced.price_min, price_max=priced.price_max)):
        whose = (
            "the filter"
            if filters.has_price
            else f"“{asked.understood.price.text}” of the query"
            if asked.understood.price
            else ""
        )
        yield f"Its price is {row.price if row.price is not None else 'not known'}, outside {whose}."
    for word in asked.query.excluded:
        without = Space(
            asked.version.pk, asked.version.dimension, excluded=(word,), config=asked.version.config
        )
        if not without.entries().filter(pk=entry.pk).exists():
            yield f"The query excludes “{word}”, which its texts hold."


def _stopped_by_rules(asked: Asked, row: Measured) -> Iterator[str]:
    for rule in asked.rules:
        if rule.action == "hide" and rule.concerns(row.product_key, row.facets):
            yield f"Rule {rule.id} hides {rule.subject}."
