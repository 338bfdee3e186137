"""What a host's product admin takes from the plugin: the state in the index, and actions to index again and to suggest tags."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..exceptions import NoTags
from .base import ModelAdmin

FEW = 24  # products whose tags are suggested while the page is waited for
TAGGED_BY_TASK = 500  # products of one message to the workers


class _WithStates(ChangeList):
    """A page of products with their states in the index, read with three queries for the whole page."""

    def get_results(self, request: HttpRequest) -> None:
        from ..indexing.status import read_product_states

        super().get_results(request)
        products = list(self.result_list)
        states = read_product_states([str(product.pk) for product in products])
        for product in products:
            product.fashion_search_state = states[str(product.pk)]
        self.result_list = products


class IndexedProductAdmin(ModelAdmin):
    """Adds to a product admin the column "search index" and the actions "Re-index selected" and "Suggest tags"."""

    actions: Any = ("reindex_selected",)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the host's columns and the state in the index, last where the host gives it no place."""
        columns = super().get_list_display(request)
        return columns if "index_state" in columns else [*columns, "index_state"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the host's list, which then reads the states of a page at once."""
        return type("ChangeListWithStates", (_WithStates, super().get_changelist(request, **kwargs)), {})

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Return the host's actions, Re-index selected and Suggest tags, whatever `actions` the host sets.

        Args:
            request: of the page.
            action_location: list or form, where Django has actions on both, from 6.1 on; the list where it is not given.
        """
        place = () if action_location is None else (action_location,)
        actions = super().get_actions(request, *place)
        allowed = {
            "reindex_selected": self.has_change_permission(request),
            "suggest_tags_for_selected": self.has_suggest_tags_permission(request),
        }
        for wanted, may in allowed.items():
            action = self.get_action(wanted, *place)
            if action is not None and may:
                actions[wanted] = action
        return actions

    def has_suggest_tags_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may have tags suggested."""
        return request.user.has_perm("fashion_search.add_producttag")

    @admin.display(description=_("search index"))
    def index_state(self, product: Model) -> str:
        """Return whether the product is indexed, waits, or failed and why."""
        return str(getattr(product, "fashion_search_state", ""))

    @admin.action(description=_("Re-index selected"), permissions=["change"])
    def reindex_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Put the selected products into the outbox, where the workers find them."""
        from ..indexing.failures import reindex_products

        marked = reindex_products(str(pk) for pk in queryset.values_list("pk", flat=True))
        sentence = ngettext(
            "%(number)s product is being indexed again.",
            "%(number)s products are being indexed again.",
            marked,
        )
        messages.success(request, sentence % {"number": marked})

    @admin.action(description=_("Suggest tags"), permissions=["suggest_tags"])
    def suggest_tags_for_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Have tags suggested from the selected products' pictures: of a few at once, of many by a worker."""
        from ..indexing import marks
        from ..tags.suggest import suggest_tags

        keys = [str(pk) for pk in queryset.values_list("pk", flat=True)]
        if len(keys) > FEW:
            chunks = (keys[start : start + TAGGED_BY_TASK] for start in range(0, len(keys), TAGGED_BY_TASK))
            if all(marks.publish("suggest_tags", chunk, expires=None) for chunk in chunks):
                sentence = gettext(
                    "Tags for %(number)s products are being suggested: they appear in the review."
                )
                messages.success(request, sentence % {"number": len(keys)})
            else:
                messages.error(
                    request,
                    gettext(
                        "The task queue cannot be reached, so not all were asked for. Try again in a minute."
                    ),
                )
            return
        try:
            waiting = suggest_tags(keys)
        except NoTags as error:
            messages.error(request, str(error))
            return
        address = reverse(f"{self.admin_site.name}:fashion_search_tag_review")
        sentence = ngettext(
            '{number} suggested tag waits in <a href="{address}">the review</a>.',
            '{number} suggested tags wait in <a href="{address}">the review</a>.',
            waiting,
        )
        messages.success(request, format_html(sentence, number=waiting, address=address))
