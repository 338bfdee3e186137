"""What the admin pages of the plugin share: lists that survive a wrong address, read-only rows, links to products."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext

from ..exceptions import NoIndexRegistered
from ..registry import get_index
from ..sentences import figure

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
else:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin
    _Paginator = Paginator


MOST = 10_000  # rows of a list that are counted, and paged through


class AtLeast(int):
    """A number of which only so much is known; pages write it in words."""

    def __str__(self) -> str:
        return gettext("more than %(number)s") % {"number": figure(int(self))}


class BoundedPaginator(_Paginator):
    """Pages of the first MOST rows: of more no page could be read to its end, and counting them reads the whole table."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, MOST at most."""
        return min(self._counted, MOST)

    @property
    def has_more(self) -> bool:
        """Whether there are rows beyond these."""
        return self._counted > MOST

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        return rows.order_by()[: MOST + 1].count() if isinstance(rows, QuerySet) else len(rows)


class ForgivingList(ChangeList):
    """A list that shows its first page instead, with a note, where Django's own ends with an error.

    Python has no year after 9999; a regular expression, for example, is first checked by Postgres.
    """

    def get_filters(self, request: HttpRequest) -> Any:
        """Read the address."""
        try:
            return super().get_filters(request)
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error

    def get_results(self, request: HttpRequest) -> None:
        """Read the page."""
        try:
            super().get_results(request)
            len(self.result_list)  # which reads it
        except (DataError, ValueError, OverflowError) as error:
            # A year that is no number of a hierarchy of dates is only read when the statement is made.
            raise IncorrectLookupParameters(error) from error
        if isinstance(self.paginator, BoundedPaginator) and self.paginator.has_more:
            self.result_count = AtLeast(MOST)
            self.date_hierarchy = None  # it would read the dates of all rows


class ModelAdmin(_ModelAdmin):
    """Django's own with such a list, which counts no whole table and says what it lists."""

    paginator = BoundedPaginator
    show_full_result_count = False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list under the name of what it lists."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return such a list, above the host's own where there is one."""
        own = super().get_changelist(request, **kwargs)
        return ForgivingList if own is ChangeList else type("ForgivingList", (ForgivingList, own), {})


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows; changing permission is only asked for by the buttons and actions."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: rows are made by workers."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: rows are deleted by workers."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return every field; embeddings are not among the fields of forms."""
        return [field.name for field in self.opts.fields]


class ProductLinks:
    """Addresses of products' admin pages, for users who may see them."""

    def __init__(self, site: AdminSite, request: HttpRequest) -> None:
        self._name = ""
        try:
            model = get_index().model
        except NoIndexRegistered:
            return
        if site.is_registered(model) and site.get_model_admin(model).has_view_permission(request):
            self._name = f"{site.name}:{model._meta.app_label}_{model._meta.model_name}_change"

    def address(self, key: str) -> str:
        """Return the address of a product's admin page; "" where there is none or it may not be seen."""
        return reverse(self._name, args=[quote(key)]) if self._name else ""
