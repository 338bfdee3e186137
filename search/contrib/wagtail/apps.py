"""The app that has products marked when Wagtail changes them, and adds the plugin's pages to Wagtail's menu (`wagtail_hooks.py`)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WagtailSearchConfig(AppConfig):
    """Wagtail's products in search."""

    name = __package__
    label = "fashion_search_wagtail"
    verbose_name = _("Search")

    def ready(self) -> None:
        """Connect Wagtail's signals."""
        from .related import connect

        connect()
