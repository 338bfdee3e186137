"""Why a product is not among the results, or stands so far down: each step that stops it, in a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..conf import get_settings
from ..models import IndexEntry, StaleProduct
from ..querysets import EntryQuerySet, Measured
from ..registry import get_index
from ..retrieval.candidates import Space
from ..retrieval.filters import Filters
from .explaining import PartFit, parts_of_result
from .pool import PoolRow
from .ranking import Asked, Ranked, score_entries, within
from .scoring import Scored


@dataclass(frozen=True, slots=True)
class Absence:
    """What is known of one product for one query."""

    sku: str
    position: int | None  # among the results, from 1; None where it is none
    reasons: tuple[str, ...]  # what keeps it out, or behind others
    parts: tuple[PartFit, ...] = ()  # what it has of the query
    image: float | None = None  # similarity of its best picture
    text: float | None = None  # similarity of its text


def why_absent(asked: Asked, filters: Filters, ranked: Ranked, order: Sequence[str], sku: str) -> Absence:
    """Tell where a product stands among the results of a query, and why not higher.

    Args:
        asked: the query.
        filters: those that are set.
        ranked: what was found.
        order: product keys of all results by relevance.
        sku: of the product, in any case of letters.
    """
    entry = EntryQuerySet(IndexEntry).in_version(asked.version.pk).filter(sku=sku.strip().lower()).first()
    if entry is None:
        return Absence(sku, None, (_not_indexed(sku),))
    place = order.index(entry.product_key) + 1 if entry.product_key in order else None
    space = Space.of(asked.version, filters, asked.query)
    named = {pk for _, pk in space.entries().named(asked.query.wanted)} & {entry.pk}
    (item,) = score_entries(asked, space, asked.terms, {entry.pk}, named)
    stopped = [*_stopped_by_conditions(asked, filters, entry, item.row), *_stopped_by_rules(asked, item.row)]
    if not stopped and place is None:
        stopped = [*_stopped_by_rank(asked, ranked, item)]
    if entry.error:
        stopped.append(f"Its last indexing failed: {entry.error}")
    return Absence(sku, place, tuple(stopped), parts_of_result(asked, item), item.row.image, item.row.text)


def _not_indexed(sku: str) -> str:
    product = get_index().get_queryset().filter(sku__iexact=sku.strip()).first()
    if product is None:
        return f"No product that can be found has the SKU {sku!r}: check its spelling, and whether it is published."
    stale = StaleProduct.objects.filter(product_key=str(product.pk)).first()
    if stale is None:
        return (
            "It is not in the index, and nothing waits to put it there: run manage.py search_index reconcile."
        )
    if stale.parked:
        return f"It could not be indexed and waits for a change or a retry: {stale.last_error}"
    return "It waits to be indexed."


def _stopped_by_conditions(asked: Asked, filters: Filters, entry: IndexEntry, row: Measured) -> Iterator[str]:
    product = PoolRow(row.product_key, 0.0, True, frozenset(row.facets), row.price, row.in_stock, row.created)
    for name in filters.selected:
        if not product.meets(Filters(facets={name: filters.facets[name]})):
            own = ", ".join(token.partition("=")[2] for token in row.facets if token.startswith(f"{name}="))
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
            asked.version.pk, asked.version.dimension, excluded=(word,), config=get_settings().text_config
        )
        if not without.entries().filter(pk=entry.pk).exists():
            yield f"The query excludes “{word}”, which its texts hold."


def _stopped_by_rules(asked: Asked, row: Measured) -> Iterator[str]:
    for rule in asked.rules:
        if rule.action == "hide" and rule.concerns(row.product_key, row.facets):
            yield f"Rule {rule.id} hides {rule.subject}."


def _stopped_by_rank(asked: Asked, ranked: Ranked, item: Scored) -> Iterator[str]:
    settings = get_settings()
    if item.full or item.named:
        yield f"It has all that is asked for, but more than {settings.results} products have (RESULTS)."
        return
    lacking = [part.text for part in parts_of_result(asked, item) if part.lacking]
    if lacking:
        yield f"It lacks {', '.join(f'“{text}”' for text in lacking)}."
    if ranked.matching >= settings.enough:
        yield (
            f"{ranked.matching} products have all that is asked for; the closest are added only below"
            f" {settings.enough} (ENOUGH)."
        )
    elif not item.is_close(asked.words, settings.weights):
        yield (
            f"It has {item.held:.0%} of what is asked for, less than {settings.weights.enough_covered:.0%}, and is"
            f" no nearer to it than nonsense is to anything: picture {_said(item.row.image)} (nonsense"
            f" {asked.words.image_noise:.2f}), text {_said(item.row.text)} (nonsense {asked.words.text_noise:.2f})."
        )
    else:
        yield "It is as close as others, but was not among the candidates that were compared (CANDIDATES)."


def _said(similarity: float | None) -> str:
    return "none" if similarity is None else f"{similarity:.2f}"
