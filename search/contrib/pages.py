"""The plugin's pages of Django's admin that other people's dashboards lead to.

Settings import this module, so it imports no model.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

APP = "fashion_search"
# Page of the admin -> what a dashboard calls it.
PAGES = {
    "dashboard": _("Index"),
    "searchday": _("Searches"),
    "merchandisingrule": _("Rules"),
    "synonym": _("Synonyms"),
    "cataloguehealth": _("Health of the catalogue"),
}


def url_name_of(page: str) -> str:
    """Return the name of a page's address."""
    return f"admin:{APP}_{page}_changelist"


def may_see(user: Any, page: str) -> bool:
    """Whether somebody may see a page, by the permission that the admin asks for."""
    return bool(user.is_active and user.is_staff and user.has_perm(f"{APP}.view_{page}"))
