"""Rules, redirects, banners and synonyms in the admin: what each does, its state and hits, and what it contradicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET

from ..conf import get_settings
from ..models import Banner, MerchandisingRule, Redirect, Synonym
from ..money import price_text
from ..registry import ProductCard, read_cards
from ..sentences import gettext_lazy as _
from ..text import MAX_LENGTH, one_line, storable
from .base import ForgivingList, ModelAdmin
from .boards import find_products
from .merchandising_forms import BannerForm, RedirectForm, RuleForm, SynonymForm, pinned_tokens
from .previews import PREVIEWED, Preview, Previewed, preview_rule

if TYPE_CHECKING:
    from ..merchandising.rules import State

STATES: dict[State, Any] = {
    "running": _("running"),
    "scheduled": _("scheduled"),
    "ended": _("ended"),
    "disabled": _("disabled"),
}


class ScheduleFilter(admin.SimpleListFilter):
    """Narrows a list to what runs, is scheduled, has ended or is disabled."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states."""
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what is in the chosen state."""
        now = timezone.now()
        alive = Q(ends=None) | Q(ends__gt=now)
        conditions = {
            "ended": Q(ends__lte=now),
            "disabled": alive & Q(enabled=False),
            "scheduled": alive & Q(enabled=True, starts__gt=now),
            "running": alive & Q(enabled=True) & (Q(starts=None) | Q(starts__lte=now)),
        }
        chosen = conditions.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class _Prepared(ForgivingList):
    """A page of rows with what its columns need, read once for the page."""

    model_admin: ScheduledAdmin

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        self.model_admin.prepare(rows)
        self.result_list = rows


class ScheduledAdmin(ModelAdmin):
    """A list with state, sentence, conflicts and hits, and actions that enable and disable."""

    actions: Any = ("enable", "disable")
    ordering = ("-pk",)
    list_per_page = 50
    schedule_fieldset: Any = (_("When"), {"fields": ("enabled", ("starts", "ends"), "note")})

    class Media:
        """The look of states and conflicts."""

        css = {"all": ("fashion_search/merchandising.css",)}

    def prepare(self, rows: list[Any]) -> None:
        """Give the rows of a page what their columns show."""
        conflicts = self.conflicts_of()
        for row in rows:
            row.found_conflicts = conflicts.get(row.pk, [])

    def conflicts_of(self) -> dict[int, list[str]]:
        """Return the conflicts of everything that runs or will, by primary key."""
        return {}

    def due(self) -> QuerySet[Any]:
        """Everything that runs or will, the oldest first."""
        alive = Q(enabled=True) & (Q(ends=None) | Q(ends__gt=timezone.now()))
        rows: QuerySet[Any] = self.model._default_manager.filter(alive)
        return rows.order_by("pk")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that reads what its columns need at once."""
        return _Prepared

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list with the hits of this moment."""
        from ..merchandising.hits import flush_what_can_be

        flush_what_can_be()
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and say what it conflicts with."""
        super().save_model(request, obj, form, change)
        self._warn(request, [obj.pk])

    @admin.display(description=_("no."), ordering="pk")
    def number(self, row: Any) -> int:
        """Return its number, by which conflicts name it; the lower, the older."""
        return int(row.pk)

    @admin.display(description=_("state"))
    def state(self, row: Any) -> SafeString:
        """Return whether it runs, is scheduled, has ended or is disabled."""
        from ..merchandising.rules import state_of

        name = state_of(row, timezone.now())
        return format_html('<span class="fs-state fs-{}">{}</span>', name, STATES[name])

    @admin.display(description=_("conflicts"))
    def conflicts(self, row: Any) -> SafeString:
        """Return what it conflicts with, and what comes of that."""
        found = getattr(row, "found_conflicts", [])
        if not found:
            return mark_safe("")
        items = format_html_join("", "<li>{}</li>", ((sentence,) for sentence in found))
        return format_html('<ul class="fs-conflicts">{}</ul>', items)

    @admin.action(description=_("Enable selected"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let the selected ones run, when their time has come."""
        keys = list(queryset.values_list("pk", flat=True))
        self._set(request, queryset, enabled=True)
        self._warn(request, keys)

    @admin.action(description=_("Disable selected"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Stop the selected ones at once."""
        self._set(request, queryset, enabled=False)

    def _set(self, request: HttpRequest, queryset: QuerySet[Any], *, enabled: bool) -> None:
        changed = queryset.update(enabled=enabled, updated_at=timezone.now())
        if enabled:
            sentence = ngettext("{number} {name} enabled.", "{number} {name} enabled.", changed)
        else:
            sentence = ngettext("{number} {name} disabled.", "{number} {name} disabled.", changed)
        name = self.opts.verbose_name if changed == 1 else self.opts.verbose_name_plural
        messages.success(request, sentence.format(number=changed, name=name))

    def _warn(self, request: HttpRequest, keys: list[int]) -> None:
        conflicts = self.conflicts_of()
        for sentence in dict.fromkeys(sentence for pk in keys for sentence in conflicts.get(pk, [])):
            messages.warning(request, gettext("Conflict: {sentence}").format(sentence=sentence))


@admin.register(MerchandisingRule)
class MerchandisingRuleAdmin(Previewed, ScheduledAdmin):
    """Pins, hides, boosts and buries."""

    form = RuleForm
    preview_name = "fashion_search_merchandisingrule_preview"
    preview_title = _("Preview of a rule")
    preview_refused = _("The rule cannot be tried yet:")
    list_display = ("number", "product", "sentence", "state", "conflicts", "hits", "last_fired")
    list_display_links = ("sentence",)
    list_filter = (ScheduleFilter, "action", "place")
    search_fields = ("phrase", "sku", "value", "note")
    search_help_text = _("Query, category, SKU, value or note")
    readonly_fields = ("product", "hits", "last_fired")
    save_as = True
    fieldsets = (
        (_("Where"), {"fields": (("place", "phrase"),)}),
        (
            _("What"),
            {
                "fields": ("action", "sku", ("facet", "value"), "position", "strength", "product"),
                "description": _(
                    "A hidden product stays hidden even where it is pinned; a pinned one keeps its place whatever is "
                    "boosted or buried; of two pins for one place the older keeps it, and the newer takes the next free "
                    "one."
                ),
            },
        ),
        ScheduledAdmin.schedule_fieldset,
        (_("So far"), {"fields": (("hits", "last_fired"),)}),
    )

    class Media:
        """The pickers of products, and the fields of each action."""

        js = ("fashion_search/rule_form.js",)

    def get_urls(self) -> list[URLPattern]:
        """Add what the pickers of products ask."""
        view = self.admin_site.admin_view(require_GET(self._products))
        return [
            path("products/", view, name="fashion_search_merchandisingrule_products"),
            *super().get_urls(),
        ]

    def _products(self, request: HttpRequest) -> HttpResponse:
        """Answer a picker with products by name or SKU."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        text = one_line(storable(request.GET.get("q", "")))[:MAX_LENGTH]
        found = find_products(text) if text else []
        cards = [result.card for result in found if result.card.sku]
        shown = [
            {"sku": card.sku, "name": card.name, "image": card.image, "price": price_text(request, card)}
            for card in cards
        ]
        return JsonResponse({"products": shown})

    def preview_of(self, form: Any, query: str) -> Preview:
        """Return the results of a place without the rule, and with it, when it begins."""
        from ..merchandising.snapshots import rule_of

        return preview_rule(rule_of(form.instance), self.sentence(form.instance), query)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the form's parts; a new rule has no product to show and no hits yet."""
        if obj is not None:
            return self.fieldsets
        new = [(title, dict(part)) for title, part in self.fieldsets[:-1]]
        new[1][1]["fields"] = tuple(name for name in new[1][1]["fields"] if name != "product")
        return new

    def prepare(self, rows: list[Any]) -> None:
        """Give the rows their conflicts and their products' cards."""
        super().prepare(rows)
        cards = read_cards(row.product_key for row in rows if row.product_key)
        for row in rows:
            row.card = cards.get(row.product_key)

    def conflicts_of(self) -> dict[int, list[str]]:
        """Return the conflicts among the rules that run or will."""
        from ..merchandising.conflicts import find_conflicts
        from ..merchandising.snapshots import rule_of

        rules = [rule_of(row) for row in self.due()]
        return find_conflicts(rules, pinned_tokens(rules), get_settings().text_config)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the rule with its product's card."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.card = read_cards(filter(None, [row.product_key])).get(row.product_key)
        return row

    @admin.display(description=_("what it does"), ordering="phrase")
    def sentence(self, row: MerchandisingRule) -> str:
        """Return what the rule does, in one sentence."""
        from ..merchandising.rules import say
        from ..merchandising.snapshots import rule_of

        return say(rule_of(row), timezone.now())

    @admin.display(description=_("product"))
    def product(self, row: MerchandisingRule) -> SafeString | str:
        """Return the product's picture and name; for a value of a facet, nothing."""
        if not row.sku:
            return ""
        card: ProductCard | None = getattr(row, "card", None)
        if card is None:
            return gettext("{sku} is not in the shop any more").format(sku=row.sku) if row.pk else ""
        picture = (
            format_html('<img src="{}" alt="" height="60" loading="lazy">', card.image) if card.image else ""
        )
        return format_html('<span class="fs-product">{}<span>{}</span></span>', picture, card.name)


BANNERS = {
    "query": _("Shows '{text}' for '{phrase}'{when}"),
    "contains": _("Shows '{text}' for queries with '{phrase}'{when}"),
    "category": _("Shows '{text}' in the category {phrase}{when}"),
}


@admin.register(Banner)
class BannerAdmin(ScheduledAdmin):
    """Lines above results; several in one place are shown below each other, the oldest first."""

    form = BannerForm
    list_display = ("sentence", "state", "shown", "hits", "last_fired")
    list_display_links = ("sentence",)
    list_filter = (ScheduleFilter, "place")
    search_fields = ("phrase", "text", "link", "note")
    readonly_fields = ("hits", "last_fired")
    fieldsets = (
        (_("Where"), {"fields": (("place", "phrase"),)}),
        (_("What"), {"fields": ("text", "link", "picture")}),
        ScheduledAdmin.schedule_fieldset,
        (_("So far"), {"fields": (("hits", "last_fired"),)}),
    )

    @admin.display(description=_("what it does"), ordering="phrase")
    def sentence(self, row: Banner) -> str:
        """Return what the banner does, in one sentence."""
        from ..merchandising.rules import in_words

        when = in_words(row.starts, row.ends, timezone.now())
        return str(BANNERS[row.place]).format(text=row.text, phrase=row.phrase, when=when)

    @admin.display(description=_("picture"))
    def shown(self, row: Banner) -> SafeString | str:
        """Return the picture."""
        if not row.picture:
            return ""
        return format_html('<img src="{}" alt="" height="40" loading="lazy">', row.picture)


@admin.register(Redirect)
class RedirectAdmin(ScheduledAdmin):
    """Queries that lead to a page of the shop."""

    form = RedirectForm
    list_display = ("number", "sentence", "state", "conflicts", "hits", "last_fired")
    list_display_links = ("sentence",)
    list_filter = (ScheduleFilter, "place")
    search_fields = ("phrase", "url", "note")
    readonly_fields = ("hits", "last_fired")
    fieldsets = (
        (None, {"fields": (("place", "phrase"), "url")}),
        ScheduledAdmin.schedule_fieldset,
        (_("So far"), {"fields": (("hits", "last_fired"),)}),
    )

    def conflicts_of(self) -> dict[int, list[str]]:
        """Return the redirects that take each other's queries."""
        from ..merchandising.conflicts import find_rivals

        return find_rivals(list(self.due()), get_settings().text_config)

    @admin.display(description=_("what it does"), ordering="phrase")
    def sentence(self, row: Redirect) -> str:
        """Return what the redirect does, in one sentence."""
        from ..merchandising.rules import in_words

        sentence = (
            gettext("Leads queries with '{phrase}' to {url}{when}")
            if row.place == Redirect.Place.CONTAINS
            else gettext("Leads '{phrase}' to {url}{when}")
        )
        when = in_words(row.starts, row.ends, timezone.now())
        return sentence.format(phrase=row.phrase, url=row.url, when=when)


@admin.register(Synonym)
class SynonymAdmin(Previewed):
    """What shoppers say and the catalogue does not."""

    form = SynonymForm
    list_display = ("phrase", "says", "enabled", "hits", "last_fired", "note")
    list_filter = ("enabled", "both_ways")
    search_fields = ("phrase", "means", "note")
    fields = ("phrase", "means", "both_ways", "enabled", "note", ("hits", "last_fired"))
    list_per_page = 50
    actions = ("enable", "disable")
    readonly_fields = ("hits", "last_fired")
    preview_name = "fashion_search_synonym_preview"
    preview_title = _("Preview of a synonym")
    preview_refused = _("The synonym cannot be tried yet:")

    def preview_of(self, form: Any, query: str) -> Preview:
        """Return what a query finds with the other synonyms of the table alone, and with this one, too."""
        from ..engine.request import Trial
        from ..engine.service import search
        from ..query.synonyms import SynonymEntry

        typed = form.cleaned_data
        entry = SynonymEntry(typed["phrase"], tuple(typed["means"]), typed["both_ways"])
        rows = Synonym.objects.filter(enabled=True).exclude(pk=form.instance.pk).order_by("pk")
        others = tuple(SynonymEntry(row.phrase, tuple(row.means), row.both_ways) for row in rows)
        query = query or entry.phrase
        before, after = (
            search(query, page_size=PREVIEWED, with_facets=False, trial=Trial(synonyms=synonyms))
            for synonyms in (others, (*others, entry))
        )
        return Preview(self.says(form.instance), query, before, after)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list with the hits of this moment."""
        from ..merchandising.hits import flush_what_can_be

        flush_what_can_be()
        return super().changelist_view(request, extra_context)

    @admin.display(description=_("what it does"))
    def says(self, row: Synonym) -> str:
        """Return what the synonym does, in one sentence."""
        sentence = (
            gettext("'{phrase}' also finds '{means}', and the other way round")
            if row.both_ways
            else gettext("'{phrase}' also finds '{means}'")
        )
        return sentence.format(phrase=row.phrase, means="', '".join(row.means))

    @admin.action(description=_("Enable selected"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Synonym]) -> None:
        """Let searches use the selected synonyms."""
        changed = queryset.update(enabled=True, updated_at=timezone.now())
        sentence = ngettext("{number} synonym enabled.", "{number} synonyms enabled.", changed)
        messages.success(request, sentence.format(number=changed))

    @admin.action(description=_("Disable selected"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Synonym]) -> None:
        """Keep the selected synonyms from searches."""
        changed = queryset.update(enabled=False, updated_at=timezone.now())
        sentence = ngettext("{number} synonym disabled.", "{number} synonyms disabled.", changed)
        messages.success(request, sentence.format(number=changed))
