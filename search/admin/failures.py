"""Products in the admin that wait, failed, cannot be shown, or were changed when they were indexed: which, why, and once more."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import IndexEntry, IndexVersion, StaleProduct
from ..registry import ProductCard, read_cards
from .base import ForgivingList, ReadOnlyAdmin


class StateFilter(admin.SimpleListFilter):
    """Failed ones first of all: they are what somebody must look at."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
        return [("failed", gettext("failed")), ("parked", gettext("parked")), ("waiting", gettext("waiting"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StaleProduct]) -> QuerySet[StaleProduct]:
        """Keep the products in the chosen state."""
        if self.value() == "failed":
            return queryset.exclude(last_error="")
        if self.value() == "parked":
            return queryset.filter(parked=True)
        if self.value() == "waiting":
            return queryset.filter(parked=False)
        return queryset


class _WithCards(ForgivingList):
    """A page of stale products with their cards, read with one query for the whole page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        cards = read_cards([row.product_key for row in rows])
        for row in rows:
            row.card = cards.get(row.product_key)
        self.result_list = rows


@admin.register(StaleProduct)
class StaleProductAdmin(ReadOnlyAdmin):
    """Products that wait, failed or are parked."""

    list_display = ("product", "picture", "last_error", "attempts", "parked", "marked_at", "next_attempt_at")
    list_display_links = ("product",)
    list_filter = (StateFilter,)
    search_fields = ("product_key", "last_error")
    ordering = ("-parked", "-attempts", "marked_at")
    actions = ("retry",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that reads a page's products at once."""
        return _WithCards

    @admin.display(description=_("product"), ordering="product_key")
    def product(self, row: StaleProduct) -> str:
        """Return the product's SKU and name, or its key where it is gone."""
        card: ProductCard | None = getattr(row, "card", None)
        return f"{card.sku}: {card.name}" if card else row.product_key

    @admin.display(description=_("picture"))
    def picture(self, row: StaleProduct) -> SafeString:
        """Return the product's picture as its card shows it; a damaged file shows as the product's name."""
        card: ProductCard | None = getattr(row, "card", None)
        if card is None or not card.image:
            return mark_safe("")
        return format_html('<img src="{}" alt="{}" height="80" loading="lazy">', card.image, card.name)

    @admin.action(description=_("Try again"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[StaleProduct]) -> None:
        """Have the selected products indexed again, from their first attempt on."""
        _index_again(request, queryset.values_list("product_key", flat=True))


class NoteFilter(admin.SimpleListFilter):
    """Those that shoppers do not see, or those of whose documents something was changed."""

    title = _("what is noted")
    parameter_name = "noted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the two."""
        return [("card", gettext("no list can show it")), ("document", gettext("its document was changed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[IndexEntry]) -> QuerySet[IndexEntry]:
        """Keep the products of the chosen one."""
        from ..indexing.documents import CARD_FAILED

        failing = Q(notes__startswith=CARD_FAILED)
        if self.value() == "card":
            return queryset.filter(failing)
        if self.value() == "document":
            return queryset.filter(~failing | Q(notes__contains="\n"))
        return queryset


@admin.register(IndexEntry)
class NotedProductAdmin(ReadOnlyAdmin):
    """Products of the version that searches read with a note: lists leave them out, or something of them was left out."""

    list_display = ("product_key", "sku", "name", "notes", "updated_at")
    list_filter = (NoteFilter,)
    search_fields = ("product_key", "sku", "name", "notes")
    ordering = ("product_key",)
    fields = list_display
    actions = ("retry",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[IndexEntry]:
        """Return the entries with notes, without their embeddings."""
        version = IndexVersion.objects.serving()
        noted = IndexEntry.objects.filter(version_id=version.pk if version else None).exclude(notes="")
        return noted.only(*self.list_display)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return the fields that are shown."""
        return list(self.list_display)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list under a title that says what it is of."""
        title = {"title": gettext("Products that no list can show, or of which something was left out")}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    @admin.action(description=_("Index again"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[IndexEntry]) -> None:
        """Have the selected products indexed again, once what the note names is mended."""
        _index_again(request, queryset.values_list("product_key", flat=True))


def _index_again(request: HttpRequest, keys: Iterable[str]) -> None:
    from ..indexing.failures import reindex_products

    number = reindex_products(keys)
    messages.success(
        request,
        ngettext(
            "%(number)s product is being indexed again.",
            "%(number)s products are being indexed again.",
            number,
        )
        % {"number": number},
    )
