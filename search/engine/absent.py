"""Why a product is not among the results, or stands so far down: each step that stops it, in a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..conf import get_settings
from ..facets import token_of, values_of
from ..models import IndexEntry, StaleMark, StaleProduct
from ..models.finding import Found, Measure, among, measured
from ..models.measured import Measured
from ..query.prices import FALLING, RISING
from ..registry import get_index, load_products
from ..sentences import joined, said
from ..sentences import lazily as _
from .answers import Absence
from .candidates import Space
from .explain import parts_of_result
from .ranking import Ranked, RankingQuery, RankingTrace, score_entries
from .request import Filters
from .scored import ScoredEntries, ScoredEntry

LOOKED_AT = 500  # waiting products whose SKU is compared


def why_absent(
    query: RankingQuery, filters: Filters, ranked: Ranked, order: Sequence[str], sku: str
) -> Absence:
    """Return where a product stands among the results of a query, and why not higher.

    Args:
        query: the query.
        filters: those that are set.
        ranked: what was found.
        order: product keys of all results by relevance.
        sku: of the product, in any case of letters.
    """
    entry = IndexEntry.objects.in_version(query.version.pk).filter(sku=sku.strip().lower()).first()
    if entry is None:
        return Absence(sku, None, (_not_indexed(sku, query.version.pk),))
    place = order.index(entry.product_key) + 1 if entry.product_key in order else None
    # A photo is compared with pictures in place of the words.
    query = query if query.photo is None else replace(query, embedding=query.photo)
    keys = query.codes.keys if query.codes else ()
    named = entry.product_key in keys or query.typed.wanted.lower() in (entry.sku, entry.name.lower())
    row = measured(among([entry.pk]), Measure(query.terms, query.version.config, query.embedding))
    (item,) = score_entries(query, query.terms, Found(row, np.array([named]), 0), set())
    stopped = [*_stopped_by_conditions(query, filters, entry, item.row), *_stopped_by_rules(query, item.row)]
    if not _in_shop(entry.product_key):
        place = None
        stopped.append(_("The shop has withdrawn it since it was indexed."))
    if not stopped:
        by_rank = _stopped_by_rank if query.photo is None else _stopped_by_look
        stopped = [*(by_rank(query, ranked, item) if place is None else _moved_by_variants(ranked, item))]
        stopped += _behind_others(query, item.row)
    if entry.error:
        stopped.append(said(_("Its last indexing failed: %(error)s"), error=entry.error))
    return Absence(sku, place, tuple(stopped), parts_of_result(query, item), item.row.image, item.row.text)


def _not_indexed(sku: str, version_id: int) -> str:
    lowered = sku.strip().lower()
    other = IndexEntry.objects.filter(sku=lowered).order_by("-version").first()
    stale = _waiting(lowered) if other is None else _stale(other.product_key)
    if stale is None and other is not None:
        return said(
            _("It is in version %(other)s, but not in version %(searched)s, which is searched."),
            other=other.version_id,
            searched=version_id,
        )
    if stale is None:
        return said(
            _(
                "Neither the index nor a product that waits for it has the SKU %(sku)s: check its spelling, and whether it"
                " is published; what changed without a signal is found by manage.py search_index reconcile."
            ),
            sku=repr(sku),
        )
    if stale.parked:
        sentence = _("It could not be indexed and waits for a change or a retry: %(error)s")
    elif stale.last_error:
        sentence = _("It waits to be indexed again, after: %(error)s")
    else:
        sentence = _("It waits to be indexed.")
    return said(sentence, error=stale.last_error)


def _in_shop(product_key: str) -> bool:
    return product_key in load_products([product_key])


def _stale(product_key: str) -> StaleProduct | None:
    mark = StaleMark.objects.filter(product_key=product_key).first()
    return _gathered(mark) if mark else StaleProduct.objects.filter(product_key=product_key).first()


def _gathered(mark: StaleMark) -> StaleProduct:
    """What a worker will make of a mark."""
    return StaleProduct(product_key=mark.product_key, marked_at=mark.marked_at)


def _waiting(lowered: str) -> StaleProduct | None:
    """The product's row in the outbox. The host's model need have no SKU of its own, so documents are asked for theirs."""
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


def _stopped_by_conditions(
    query: RankingQuery, filters: Filters, entry: IndexEntry, row: Measured
) -> Iterator[str]:
    product = ScoredEntries.of([ScoredEntry(row)])
    for name in filters.selected:
        if not product.meet(Filters(facets={name: filters.facets[name]})).all():
            own = ", ".join(values_of(name, row.facets))
            yield said(
                _("The filter %(facet)s is %(wanted)s; it has %(own)s."),
                facet=name,
                wanted=joined(filters.facets[name], _(" or ")),
                own=own or _("none"),
            )
    if filters.in_stock and not row.in_stock:
        yield _("Only products in stock are asked for; it is sold out.")
    priced = query.under(filters)
    if not product.meet(Filters(price_min=priced.price_min, price_max=priced.price_max)).all():
        stated = "" if filters.has_price or not query.understood.price else query.understood.price.text
        sentence = (
            _("Its price is %(price)s, outside “%(stated)s” of the query.")
            if stated
            else _("Its price is %(price)s, outside the filter.")
        )
        yield said(sentence, price=_("not known") if row.price is None else row.price, stated=stated)
    for word in query.typed.excluded:
        without = Space(
            query.version.pk, query.version.dimension, excluded=(word,), config=query.version.config
        )
        if not without.entries().filter(pk=entry.pk).exists():
            yield said(_("The query excludes “%(word)s”, which its texts hold."), word=word)
    for one in query.understood.negated:
        left = Space(query.version.pk, query.version.dimension, config=query.version.config, negated=(one,))
        if not left.entries().filter(pk=entry.pk).exists():
            yield said(_("The query says “%(text)s”; it has “%(word)s”."), text=one.text, word=one.word)


def _stopped_by_rules(query: RankingQuery, row: Measured) -> Iterator[str]:
    for rule in query.rules:
        if rule.action == "hide" and rule.concerns(row.product_key, row.facets):
            yield said(_("Rule %(rule)s hides %(subject)s."), rule=rule.id, subject=rule.subject)


def _stopped_by_rank(query: RankingQuery, ranked: Ranked, item: ScoredEntry) -> Iterator[str]:
    """Why an entry that meets all conditions is no result: what it lacks, or which limit it is beyond."""
    settings, trace = get_settings(), ranked.trace
    if trace is None:
        understood = query.understood
        why = (
            _("The query states a price only:")
            if understood.price
            else _("The query names nothing that products have:")
        )
        first = {
            RISING: _("the cheapest %(number)s products are listed (RESULTS)."),
            FALLING: _("the dearest %(number)s products are listed (RESULTS)."),
        }.get(understood.order, _("the newest %(number)s products are listed (RESULTS)."))
        yield joined((why, said(first, number=settings.results)))
        return
    if not (item.full or item.named):
        lacking = [part.text for part in parts_of_result(query, item) if part.lacking]
        if lacking:
            yield said(_("It lacks %(parts)s."), parts=", ".join(f"“{text}”" for text in lacking))
        if not trace.few:
            yield _enough(trace)
            return
        if not ScoredEntries.of([item]).are_close(query.words, settings.weights).all():
            yield _not_close(query, item)
            return
    if item.row.entry_id not in trace.scored.rows.ids:
        yield _unseen(query, item, trace)
        return
    kept = trace.kept.rows.ids.tolist()
    if item.row.entry_id in kept and item.row.entry_id not in trace.shown.rows.ids:
        place = kept.index(item.row.entry_id) + 1
        yield said(
            _("By score it is number %(place)s of %(all)s; %(most)s are shown at most (RESULTS)."),
            place=place,
            all=len(kept),
            most=settings.results,
        )


def _stopped_by_look(query: RankingQuery, ranked: Ranked, item: ScoredEntry) -> Iterator[str]:
    """Why an entry that meets all conditions is no result of a search with a photo."""
    if item.row.product_key in query.left_out:
        yield _("Results shall look less like it.")
    elif item.row.image is None:
        yield _("It has no picture in the index that the photo could be compared with.")
    else:
        candidates = get_settings().candidates
        yield said(
            _("Its picture's similarity is %(similarity)s; %(candidates)s others are nearer (CANDIDATES)."),
            similarity=f"{item.row.image:.2f}",
            candidates=candidates,
        )


def _behind_others(query: RankingQuery, row: Measured) -> Iterator[str]:
    """What comes first for the photo and the product does not have."""
    for facet, value in query.first:
        if token_of(facet, value) not in row.facets:
            yield said(
                _("Products with %(facet)s %(value)s come before it: the photo shows that."),
                facet=facet,
                value=value,
            )


def _moved_by_variants(ranked: Ranked, item: ScoredEntry) -> Iterator[str]:
    """That other variants of its style have moved a result down."""
    if ranked.trace is None:
        return
    kept = ranked.trace.kept.rows.ids.tolist()
    shown = ranked.trace.shown.rows.ids.tolist()
    if item.row.entry_id in kept and item.row.entry_id in shown:
        before, after = kept.index(item.row.entry_id) + 1, shown.index(item.row.entry_id) + 1
        if after > before:
            yield said(
                _(
                    "By score it is number %(before)s; of one style a page shows %(variants)s at first"
                    " (VARIANTS), which makes it number %(after)s before rules and filters."
                ),
                before=before,
                variants=get_settings().variants,
                after=after,
            )


def _enough(trace: RankingTrace) -> str:
    enough = get_settings().enough
    if trace.dropped is None or trace.dropped:
        lead = int(trace.kept.matching.sum())
        return said(
            _(
                "Nothing has all that is asked for; %(lead)s products have all the rest,"
                " and the closest are added only below %(enough)s (ENOUGH)."
            ),
            lead=lead,
            enough=enough,
        )
    sentence = (
        _(
            "%(full)s products have all that is asked for; the closest are added only below %(enough)s (ENOUGH)."
        )
        if trace.closest
        else _(
            "At least %(enough)s products have, without the filters, all that is asked for;"
            " the closest are added only below %(enough)s (ENOUGH)."
        )
    )
    return said(sentence, full=int(trace.scored.full.sum()), enough=enough)


def _not_close(query: RankingQuery, item: ScoredEntry) -> str:
    weights = get_settings().weights
    return said(
        _(
            "It has %(held)s of what is asked for, less than %(needed)s, and is no nearer to it than nonsense is to"
            " anything: picture %(image)s (nonsense %(image_noise)s), text %(text)s (nonsense %(text_noise)s)."
        ),
        held=f"{item.held:.0%}",
        needed=f"{weights.enough_covered:.0%}",
        image=_number(item.row.image),
        image_noise=_number(query.words.image_noise),
        text=_number(item.row.text),
        text_noise=_number(query.words.text_noise),
    )


def _unseen(query: RankingQuery, item: ScoredEntry, trace: RankingTrace) -> str:
    """Why an entry that would do was no candidate."""
    settings = get_settings()
    if item.full:
        return said(
            _("It has all that is asked for, but more than %(most)s products have (RESULTS)."),
            most=settings.results,
        )
    reasons = []
    legs = (
        (
            item.row.image,
            _("its picture's similarity %(similarity)s is below %(least)s (MIN_SIMILARITY)"),
            _("%(candidates)s others are nearer by their pictures (CANDIDATES)"),
        ),
        (
            item.row.text,
            _("its text's similarity %(similarity)s is below %(least)s (MIN_SIMILARITY)"),
            _("%(candidates)s others are nearer by their texts (CANDIDATES)"),
        ),
    )
    for similarity, too_far, behind in legs:
        if query.embedding is None or similarity is None:
            continue
        if similarity < settings.min_similarity:
            reasons.append(
                said(too_far, similarity=_number(similarity), least=_number(settings.min_similarity))
            )
        else:
            reasons.append(said(behind, candidates=settings.candidates))
    if trace.named:
        reasons.append(_("parts of a query are not looked for where a product is named so"))
    elif item.held:
        reasons.append(_("enough others that have as much of the query were found before it (CANDIDATES)"))
    return said(
        _("It is as close as others, but was not compared: %(reasons)s."), reasons=joined(reasons, "; ")
    )


def _number(similarity: float | None) -> str:
    return _("none") if similarity is None else f"{similarity:.2f}"
