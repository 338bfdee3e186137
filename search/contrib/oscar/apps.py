"""The app that takes the place of Oscar's own search app in INSTALLED_APPS: its label, its URLs, its views, from the index.

Oscar looks for the classes of an app in the app of that label first, and in its own where they are not there. So the shop's search and category
pages come from here, and nothing of Oscar is changed.
"""

from typing import Any

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from oscar.core.application import OscarConfig
from oscar.core.loading import get_class


class OscarSearchConfig(OscarConfig):
    """Oscar's search, by the plugin."""

    label = "search"  # by which Oscar finds it; the plugin's own label is "fashion_search"
    name = __package__
    verbose_name = _("Search")
    namespace = "search"

    def ready(self) -> None:
        """Have products marked after writes that send no signals; load the view as Oscar's own app does."""
        from .related import connect

        connect()
        self.search_view = get_class("search.views", "FacetedSearchView")

    def get_urls(self) -> list[URLPattern]:
        """The page of results."""
        processed: Any = self.post_process_urls([path("", self.search_view.as_view(), name="search")])
        return list(processed)
