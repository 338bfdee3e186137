"""The app that adds the plugin's pages to Wagtail's menu (`wagtail_hooks.py`) and brings the template that its search pages extend."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WagtailSearchConfig(AppConfig):
    """Wagtail's menu and templates for search."""

    name = __package__
    label = "fashion_search_wagtail"
    verbose_name = _("Search")
