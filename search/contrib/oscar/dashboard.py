"""The plugin's pages in the navigation of Oscar's dashboard.

    from search.contrib.oscar.dashboard import NAVIGATION

    OSCAR_DASHBOARD_NAVIGATION += [NAVIGATION]

Settings import this module, so it imports no model.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from .. import pages


def may_see(user: Any, url_name: str | None, url_args: Any = None, url_kwargs: Any = None) -> bool:
    """Whether somebody may see a page of the plugin; the heading where any of them."""
    return any(
        pages.may_see(user, page) for page in pages.PAGES if url_name in (None, pages.url_name_of(page))
    )


NAVIGATION: dict[str, Any] = {
    "label": _("Search"),
    "icon": "fas fa-search",
    "access_fn": may_see,
    "children": [
        {"label": label, "url_name": pages.url_name_of(page), "access_fn": may_see}
        for page, label in pages.PAGES.items()
    ],
}
