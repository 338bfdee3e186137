"""Rules in the admin: what each does in one sentence, the product's picture, conflicts and hits."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..conf import get_settings
from ..merchandising.catalogue import tokens_of_products
from ..merchandising.conflicts import find_conflicts
from ..merchandising.rules import say
from ..merchandising.snapshots import rule_of
from ..models import MerchandisingRule
from ..products import read_cards
from ..registry import ProductCard
from .merchandising import ScheduledAdmin, ScheduleFilter
from .merchandising_forms import RuleForm


@admin.register(MerchandisingRule)
class MerchandisingRuleAdmin(ScheduledAdmin):
    """Pins, hides, boosts and buries."""

    form = RuleForm
    list_display = ("number", "product", "sentence", "state", "conflicts", "hits", "last_fired")
    list_display_links = ("sentence",)
    list_filter = (ScheduleFilter, "action", "place")
    search_fields = ("phrase", "sku", "value", "note")
    search_help_text = "Query, category, SKU, value or note"
    readonly_fields = ("product", "hits", "last_fired")
    save_as = True
    fieldsets = (
        ("Where", {"fields": (("place", "phrase"),)}),
        (
            "What",
            {
                "fields": ("action", "sku", ("facet", "value"), "position", "strength", "product"),
                "description": "A hidden product stays hidden even where it is pinned; a pinned one keeps its place "
                "whatever is boosted or buried; of two pins for one place the older keeps it, and the newer takes the "
                "next free one.",
            },
        ),
        ScheduledAdmin.schedule_fieldset,
        ("So far", {"fields": (("hits", "last_fired"),)}),
    )

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
        rules = [rule_of(row) for row in self.due()]
        pinned = {rule.product_key for rule in rules if rule.action == "pin"}
        by_value = any(rule.token for rule in rules)
        bears = tokens_of_products(pinned) if by_value else {}
        return find_conflicts(rules, bears, get_settings().text_config)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the rule with its product's card."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.card = read_cards(filter(None, [row.product_key])).get(row.product_key)
        return row

    @admin.display(description="what it does", ordering="phrase")
    def sentence(self, row: MerchandisingRule) -> str:
        """Return what the rule does, in one sentence."""
        return say(rule_of(row), timezone.now())

    @admin.display(description="product")
    def product(self, row: MerchandisingRule) -> SafeString | str:
        """Return the product's picture and name; for a value of a facet, nothing."""
        if not row.sku:
            return ""
        card: ProductCard | None = getattr(row, "card", None)
        if card is None:
            return f"{row.sku} is not in the shop any more" if row.pk else ""
        picture = (
            format_html('<img src="{}" alt="" height="60" loading="lazy">', card.image) if card.image else ""
        )
        return format_html('<span class="fs-product">{}<span>{}</span></span>', picture, card.name)
