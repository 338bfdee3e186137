"""The plugin's pages in the navigation of Oscar's dashboard.

    from search.contrib.oscar.dashboard import NAVIGATION

    OSCAR_DASHBOARD_NAVIGATION += [NAVIGATION]

Settings import this module, so it imports no model.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

APP = "fashion_search"
# Page of the admin -> what the dashboard calls it.
PAGES = {
    "dashboard": _("Index"),
    "searchday": _("Searches"),
    "merchandisingrule": _("Rules"),
    "synonym": _("Synonyms"),
    "cataloguehealth": _("Health of the catalogue"),
}


def may_see(user: Any, url_name: str | None, url_args: Any = None, url_kwargs: Any = None) -> bool:
    """Whether somebody may see a page of the plugin, by the permission that the admin asks for; the heading where any of them."""
    if not user.is_active or not user.is_staff:
        return False
    if url_name is None:
        return any(user.has_perm(f"{APP}.view_{page}") for page in PAGES)
    page = url_name.removeprefix(f"admin:{APP}_").removesuffix("_changelist")
    return bool(user.has_perm(f"{APP}.view_{page}"))


NAVIGATION: dict[str, Any] = {
    "label": _("Search"),
    "icon": "fas fa-search",
    "access_fn": may_see,
    "children": [
        {"label": label, "url_name": f"admin:{APP}_{page}_changelist", "access_fn": may_see}
        for page, label in PAGES.items()
    ],
}
