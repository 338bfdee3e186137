"""What pages of results share: the search, what their templates read, statuses and headers."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from ..api.errors import RETRY_AFTER
from ..engine import answers
from ..engine.answers import LooksLike, SearchAnswer
from ..engine.request import MOST_REFERENCES
from ..engine.service import search
from ..models import IndexEntry, IndexVersion
from ..registry import ProductCard
from ..session import is_out_of_time, reading, search_session
from .form import FilterForm
from .wanted import Wanted, label_of

NAMES_MS = 500  # that names of chosen products may take


@dataclass(frozen=True, slots=True)
class Card:
    """A result."""

    card: ProductCard
    more: str  # address of results that look more like it; "" where it is chosen already, or ten others are
    less: str  # address of results that look less like it; "" where nothing is chosen that results look like

    @property
    def sku(self) -> str:
        """Its article number."""
        return self.card.sku


@dataclass(frozen=True, slots=True)
class Choice:
    """Another value that a photo may show."""

    label: str
    query: str  # the query string that takes it for the right one


@dataclass(frozen=True, slots=True)
class LookChip:
    """What a photo shows."""

    kind: str  # the facet's label
    value: str
    first: bool  # whether products that have it come first
    without: str  # the query string that takes it back
    others: list[Choice]


@dataclass(frozen=True, slots=True)
class Liking:
    """A product that results look like, or less like."""

    kind: str
    name: str
    without: str  # the query string without it


def find(wanted: Wanted, *, freezing: bool = True) -> SearchAnswer:
    """Answer a page of results.

    Args:
        wanted: what the address asks for.
        freezing: whether later pages are cut from the same list, by a token in their addresses.

    Raises:
        InvalidQuery: it cannot be answered.
    """
    return search(
        wanted.text,
        filters=wanted.filters,
        sort=wanted.sort,
        page=wanted.page,
        spelling=wanted.spelling,
        token=wanted.token,
        photo=wanted.photo,
        more=wanted.more,
        less=wanted.less,
        looks=wanted.looks,
        freezing=freezing,
    )


def refuse_beyond(answer: SearchAnswer) -> None:
    """Refuse a page behind the last one, unless the search failed, so that the last one is not known.

    Raises:
        Http404: there is no such page.
    """
    if answer.page > max(1, answer.pages) and not answer.is_blind:
        raise Http404


def status_of(response: HttpResponse, answer: SearchAnswer) -> HttpResponse:
    """Return the response with the status 503 where the search failed, and uncached where anything is missing."""
    if answer.is_blind:
        response.status_code = 503
        response["Retry-After"] = str(RETRY_AFTER)
    if answer.degraded:
        response["Cache-Control"] = "no-store"
    return response


def context_of(form: FilterForm, wanted: Wanted, answer: SearchAnswer) -> dict[str, Any]:
    """Return what the templates of a page with results read; docs/pages.md has a line for each name."""
    if not form.currency:  # then prices are written in that of the products, where it is one
        currencies = {result.card.currency for result in answer.results}
        form.currency = currencies.pop() if len(currencies) == 1 else ""
    return {
        "form": form,
        "query": wanted.text.replace("\x00", ""),
        "answer": answer,
        "found": counted_in_words(answer),
        "cards": list(_cards(form, answer)),
        "groups": form.groups(answer.facets),
        "price_options": form.price_options(answer.price_ranges),
        "chips": form.chips(),
        "likings": _likings(form, answer),
        "look_chips": look_chips(form, answer.looks_like),
        "as_typed": form.as_typed(),
        "understood": form.understood(answer.understood),
        "offers": form.offers(answer.blocked_by),
        "pages": [] if answer.is_blind else elided_pages(answer.page, answer.pages),
        "uncounted": answers.COUNTS in answer.left_out,
        "no_index": answer.degraded == answers.NO_VERSION,
    }


def metadata_of(
    request: HttpRequest, form: FilterForm, wanted: Wanted, answer: SearchAnswer
) -> dict[str, Any]:
    """Return what search engines are told: whether to list the page, and its address without what only narrows it."""
    plain: list[tuple[str, str | int]] = []
    if words := wanted.text.replace("\x00", "").strip():
        plain.append(("q", words))
    if wanted.page > 1:
        plain.append(("page", wanted.page))
    address = request.build_absolute_uri(request.path)
    return {
        "canonical": f"{address}?{urlencode(plain)}" if plain else address,
        "noindex": form.narrows or not answer.results or bool(answer.degraded),
    }


def counted_in_words(answer: SearchAnswer) -> list[str]:
    """Return how much was found, best first: `5 matches`, `52 similar`; nothing where there is nothing, or nobody could look.

    Where some results have all that was asked for, or all that is left of it, the panel's numbers count these.
    """
    if answer.is_blind or not answer.total:
        return []
    leading = answer.matching or answer.fitting
    others = answer.total - leading
    if answer.photo or answer.matching == answer.total:
        number = _number(answer.total, answer.complete)
        return [ngettext("%(number)s product", "%(number)s products", answer.total) % {"number": number}]
    said = []
    if answer.matching:
        number = _number(leading)
        said = [ngettext("%(number)s match", "%(number)s matches", leading) % {"number": number}]
    elif leading:
        number = _number(leading)
        said = [
            ngettext("%(number)s partial match", "%(number)s partial matches", leading) % {"number": number}
        ]
    if others:
        said.append(gettext("%(number)s similar") % {"number": _number(others, answer.complete)})
    return said


def _number(number: int, exact: bool = True) -> str:
    return number_format(number, force_grouping=True) + ("" if exact else "+")


def _cards(form: FilterForm, answer: SearchAnswer) -> Iterable[Card]:
    for result in answer.results:
        sku = result.card.sku
        liked = sku in form.more
        more = (
            ""
            if not form.likes or liked or len(form.more) >= MOST_REFERENCES
            else f"?{form.liking('more', sku)}"
        )
        less = (
            f"?{form.liking('less', sku)}"
            if form.looks and not liked and len(form.less) < MOST_REFERENCES
            else ""
        )
        yield Card(result.card, more, less)


def look_chips(form: FilterForm, looks: Iterable[LooksLike]) -> list[LookChip]:
    """What is said of the photo, each with the addresses that take it back or choose something else."""
    return [
        LookChip(
            label_of(one.facet),
            one.value,
            one.first,
            form.seeing(one.facet, ""),
            [Choice(other.label, form.seeing(one.facet, other.value)) for other in one.others],
        )
        for one in looks
    ]


def _likings(form: FilterForm, answer: SearchAnswer) -> list[Liking]:
    """The products that results look like, or less like, as far as there are such; by their SKU where nobody can look their names up."""
    named = _names_in_time([*form.more, *form.less]) if not answer.is_blind else None
    kinds = (("more", gettext("More like"), form.more), ("less", gettext("Less like"), form.less))
    return [
        Liking(label, name, form.disliking(kind, sku))
        for kind, label, skus in kinds
        for sku in skus
        if (name := sku if named is None else named.get(_as_indexed(sku), ""))
    ]


def _names_in_time(skus: Sequence[str]) -> Mapping[str, str] | None:
    """Names by SKU as the index has it, or None where it does not answer in time."""
    try:
        return _names_of(skus) if skus else {}
    except OperationalError as error:
        if not is_out_of_time(error):
            raise
        return None


@reading
def _names_of(skus: Sequence[str]) -> Mapping[str, str]:
    with search_session(NAMES_MS):
        version = IndexVersion.objects.serving()
        if version is None:
            return {}
        entries = IndexEntry.objects.filter(version_id=version.pk, sku__in=[_as_indexed(sku) for sku in skus])
        return dict(entries.values_list("sku", "name"))


def _as_indexed(sku: str) -> str:
    return unicodedata.normalize("NFC", sku).strip().lower()


def elided_pages(page: int, pages: int) -> list[int | str]:
    """Return the page numbers to show, with gaps: 1 … 4 5 6 … 20, as Django's Paginator elides them."""
    paginator = Paginator(range(pages), 1)
    return [
        number if isinstance(number, int) else str(number)
        for number in paginator.get_elided_page_range(page, on_each_side=1, on_ends=1)
    ]
