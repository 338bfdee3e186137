"""The plugin's pages in the menu of Wagtail's admin, which loads this module by its name.

They are pages of Django's admin, so they are shown to staff with their permissions, where the project includes that admin.
"""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

from .. import pages


class PageItem(MenuItem):
    """One page of the plugin."""

    def __init__(self, page: str, label: Any, order: int) -> None:
        self._page = page
        super().__init__(label, _address_of(page), name=f"{pages.APP}-{page}", order=order)

    def is_shown(self, request: HttpRequest) -> bool:
        """Whether there is such a page, and the person may see it."""
        return bool(self.url) and pages.may_see(request.user, self._page)


@hooks.register("register_admin_menu_item")
def menu_item() -> SubmenuMenuItem:
    """Return the menu, which Wagtail shows where any of its pages is shown."""
    items = [PageItem(page, label, order) for order, (page, label) in enumerate(pages.PAGES.items())]
    return SubmenuMenuItem(
        _("Product search"), Menu(items=items), name=pages.APP, icon_name="search", order=650
    )


def _address_of(page: str) -> str:
    try:
        return reverse(pages.url_name_of(page))
    except NoReverseMatch:  # without Django's admin there are no such pages
        return ""
