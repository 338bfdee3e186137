"""What a host's product admin takes from the plugin: the state in the index, and an action to index again."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from ..indexing.failures import reindex_products
from ..indexing.states import read_states
from .readonly import ModelAdmin


class _WithStates(ChangeList):
    """A page of products with their states in the index, read with three queries for the whole page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        products = list(self.result_list)
        states = read_states([str(product.pk) for product in products])
        for product in products:
            product.fashion_search_state = states[str(product.pk)]
        self.result_list = products


class IndexedProductAdmin(ModelAdmin):
    """Adds to a product admin the column "search index" and the action "Re-index selected"."""

    actions: Any = ("reindex_selected",)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the host's columns and the state in the index."""
        return [*super().get_list_display(request), "index_state"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the host's list, which then reads the states of a page at once."""
        return type("ChangeListWithStates", (_WithStates, super().get_changelist(request, **kwargs)), {})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the host's actions and Re-index selected, whatever `actions` the host sets."""
        actions = super().get_actions(request)
        action = self.get_action("reindex_selected")
        if action is not None and self.has_change_permission(request):
            function, name, description = action
            actions[name] = (function, name, description)
        return actions

    @admin.display(description="search index")
    def index_state(self, product: Model) -> str:
        """Return whether the product is indexed, waits, or failed and why."""
        return str(getattr(product, "fashion_search_state", ""))

    @admin.action(description="Re-index selected", permissions=["change"])
    def reindex_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Put the selected products into the outbox, where the workers find them."""
        marked = reindex_products(str(pk) for pk in queryset.values_list("pk", flat=True))
        messages.success(request, f"{marked} products are being indexed again.")
