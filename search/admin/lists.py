"""Lists of the admin that answer an address whose filters cannot be looked up as Django answers a wrong one."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError
from django.http import HttpRequest

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin  # generic for the type checker only


class ForgivingList(ChangeList):
    """A list that shows its first page instead, with a note, where Django's own ends with an error.

    The year after 9999 is none that Python has; a regular expression, say, is looked at by Postgres first.
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
        except DataError as error:
            raise IncorrectLookupParameters(error) from error


class ModelAdmin(_ModelAdmin):
    """Django's own with such a list."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return such a list, above the host's own where there is one."""
        own = super().get_changelist(request, **kwargs)
        return ForgivingList if own is ChangeList else type("ForgivingList", (ForgivingList, own), {})
