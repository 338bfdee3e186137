"""Tags in the admin: the review of suggested ones, the list of all, and the words of the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from ..models import ProductTag, TagWord
from ..registry import get_index
from ..text import split, storable
from .base import ModelAdmin, ReadOnlyAdmin

if TYPE_CHECKING:
    from ..tags.review import ReviewFilter

PER_PAGE = 24
DECISIONS = {
    "accept": ProductTag.State.ACCEPTED,
    "reject": ProductTag.State.REJECTED,
    "undo": ProductTag.State.SUGGESTED,
}
SAID = {
    "accept": gettext_noop("Accepted {words}."),
    "reject": gettext_noop("Rejected {words}."),
    "undo": gettext_noop("Taken back: {words}."),
}
MOST_AT_ONCE = 200  # tags of one request: those of a product, many times over
State = ProductTag.State


class ReviewPage(ReadOnlyAdmin):
    """Who may view tags sees the page; who may change them decides."""

    def review_view(self, request: HttpRequest) -> HttpResponse:
        """Show products with the tags that wait for a decision, or with those that were accepted or rejected."""
        from ..tags.review import count_states, read_products

        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = _read_filter(request.GET)
        pages: Paginator[Any] = Paginator(wanted.product_keys(), PER_PAGE)
        page = pages.get_page(request.GET.get("p"))
        counts = count_states()
        kinds = ProductTag.objects.filter(state=wanted.state).order_by("kind").values_list("kind", flat=True)
        return TemplateResponse(
            request,
            "admin/fashion_search/producttag/review.html",
            {
                **self.admin_site.each_context(request),
                "title": gettext("Review tags"),
                "opts": self.opts,
                "wanted": wanted,
                "page": page,
                "products": read_products(wanted, list(page.object_list)),
                "states": [(state.value, state.label, counts[state.value]) for state in State],
                "kinds": list(kinds.distinct()),
                "untold": _untold() if wanted.state == State.SUGGESTED else {},
                "may_change": self.has_change_permission(request),
                "undoable": _ids(request.GET.get("undo", "")),
                "product_page": self._product_page(),
                "query": _query(wanted),
            },
        )

    def decide_view(self, request: HttpRequest) -> HttpResponse:
        """Take decisions, and answer a script in JSON, a form with the page that it came from."""
        from ..tags.review import decide

        if not self.has_change_permission(request):
            raise PermissionDenied
        name = next((name for name in DECISIONS if name in request.POST), "")
        ids = _ids(request.POST.get(name, ""))
        changed = decide(ids, DECISIONS[name], request.user) if name and ids else []
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"changed": [{"id": tag.pk, "state": tag.state} for tag in changed]})
        if changed:
            messages.success(request, _sentence(name, changed))
        wanted = _read_filter(QueryDict(request.POST.get("back", "")))
        undo = {"undo": ",".join(str(tag.pk) for tag in changed)} if changed and name != "undo" else {}
        page = {"p": request.POST["p"]} if request.POST.get("p", "").isdecimal() else {}
        address = reverse(f"{self.admin_site.name}:fashion_search_tag_review")
        return HttpResponseRedirect(f"{address}?{urlencode({**_parameters(wanted), **page, **undo})}")

    def _product_page(self) -> str:
        """Name of the admin's page of a product, "" where the host has none."""
        meta = get_index().model._meta
        name = f"{self.admin_site.name}:{meta.app_label}_{meta.model_name}_change"
        try:
            reverse(name, args=["0"])
        except NoReverseMatch:
            return ""
        return name


def _read_filter(given: QueryDict) -> ReviewFilter:
    from ..tags.review import ReviewFilter

    state = given.get("state", "")
    return ReviewFilter(
        state=state if state in State.values else State.SUGGESTED,
        kind=_plain(given.get("kind", "")),
        product=_plain(given.get("product", "")),
    )


def _plain(text: str) -> str:
    return storable(text).strip()[:200]


def _parameters(wanted: ReviewFilter) -> dict[str, str]:
    named = {"state": str(wanted.state), "kind": wanted.kind, "product": wanted.product}
    return {name: value for name, value in named.items() if value}


def _query(wanted: ReviewFilter) -> str:
    return urlencode(_parameters(wanted))


def _ids(text: str) -> list[int]:
    """Read primary keys, separated by commas; anything else is skipped."""
    parts = text.split(",")[:MOST_AT_ONCE]
    return [int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) < 19]


def _sentence(name: str, changed: list[ProductTag]) -> str:
    words = ", ".join(f"“{tag.word}”" for tag in changed[:3])
    if len(changed) > 3:
        words = gettext("%(words)s and %(more)s more") % {"words": words, "more": len(changed) - 3}
    return gettext(SAID[name]).format(words=words)


def _untold() -> dict[str, Any]:
    """Why words are never suggested, as people read it, with the words."""
    from ..tags.suggest import untold_words

    return {gettext(reason): tags for reason, tags in untold_words().items()}


@admin.register(ProductTag)
class ProductTagAdmin(ReviewPage, ReadOnlyAdmin):
    """Every tag with what was decided about it, when, and by whom."""

    list_display = ("word", "kind", "state", "sure", "product", "artifact_name", "decided_at", "decided_by")
    list_filter = ("state", "kind", "artifact_name")
    list_select_related = ("decided_by",)
    search_fields = ("word", "=product_key")
    ordering = ("-suggested_at", "product_key", "-confidence")
    change_list_template = "admin/fashion_search/producttag/change_list.html"
    actions = ()

    def get_urls(self) -> list[URLPattern]:
        """Add the review and what its buttons ask for."""
        wrap = self.admin_site.admin_view
        return [
            path("review/", wrap(self.review_view), name="fashion_search_tag_review"),
            path("decide/", wrap(require_POST(self.decide_view)), name="fashion_search_tag_decide"),
            *super().get_urls(),
        ]

    @admin.display(description=_("confidence"), ordering="confidence")
    def sure(self, tag: ProductTag) -> str:
        """Return how sure the tag is."""
        return f"{tag.confidence:.0%}"

    @admin.display(description=_("product"), ordering="product_key")
    def product(self, tag: ProductTag) -> SafeString:
        """Return the product's key, as a link to its tags in the review."""
        asked = urlencode({"state": tag.state, "product": tag.product_key})
        return format_html('<a href="review/?{}">{}</a>', asked, tag.product_key)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return every field."""
        return [field.name for field in self.opts.fields]


if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class TagWordForm(ModelForm):
    """A word of the vocabulary."""

    def clean_text(self) -> str:
        """Return the word with single spaces, if it holds a letter or digit."""
        text = " ".join(str(self.cleaned_data["text"]).split())
        if not split(text):
            raise forms.ValidationError(gettext("It contains neither a letter nor a digit."))
        return text


@admin.register(TagWord)
class TagWordAdmin(ModelAdmin):
    """Words of the tag vocabulary; a worker embeds what is new after each change."""

    form = TagWordForm
    list_display = ("text", "kind", "hidden", "note", "updated_at")
    list_filter = ("hidden", "kind")
    search_fields = ("text", "note")
    fields = ("kind", "text", "hidden", "note")

    def save_model(self, request: HttpRequest, obj: TagWord, form: Any, change: bool) -> None:
        """Save the word and have the vocabulary made again; what waits for a decision goes with a hidden word."""
        super().save_model(request, obj, form, change)
        if obj.hidden:
            ProductTag.objects.suggested().filter(kind=obj.kind, word__iexact=obj.text).delete()
        _refresh()

    def delete_model(self, request: HttpRequest, obj: TagWord) -> None:
        """Delete the word and have the vocabulary made again."""
        super().delete_model(request, obj)
        _refresh()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TagWord]) -> None:
        """Delete the words and have the vocabulary made again."""
        super().delete_queryset(request, queryset)
        _refresh()


def _refresh() -> None:
    transaction.on_commit(_ask_for_vocabulary)


def _ask_for_vocabulary() -> None:
    from ..indexing import marks

    marks.publish("refresh_tags")  # where the broker is away, beat has it done within minutes
