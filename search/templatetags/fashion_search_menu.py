"""The menu of the plugin's admin pages: which there are, which of them somebody may see, and on which one they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the menu.

    Args:
        label: in the menu.
        model: whose permission to view or to change the page asks for, in lower case.
        name: of the address, without "fashion_search_"; the model's list where it is not given.
        within: beginnings of the names of other addresses that belong to the page.
    """

    label: str | Promise
    model: str
    name: str = ""
    within: tuple[str, ...] = ()

    @property
    def address_name(self) -> str:
        """The name of its address."""
        return f"fashion_search_{self.name or f'{self.model}_changelist'}"

    def holds(self, name: str) -> bool:
        """Whether an address of this name is the page or belongs to it, as a model's forms do to its list."""
        own = () if self.name else (f"{self.model}_",)
        return name == self.address_name or name.startswith(
            tuple(f"fashion_search_{beginning}" for beginning in (*own, *self.within))
        )

    def may_be_seen(self, user: Any) -> bool:
        """Whether somebody has the permission."""
        return any(user.has_perm(f"fashion_search.{verb}_{self.model}") for verb in ("view", "change"))


# A new page is a line here.
MENU: tuple[tuple[str | Promise, tuple[Page, ...]], ...] = (
    (_("Overview"), (Page(_("Overview"), "searchday"),)),
    (
        _("Analytics"),
        (
            Page(_("Queries"), "queryday"),
            Page(_("Changes"), "queryday", "changes"),
            Page(_("Places"), "queryday", "places"),
            Page(_("Devices"), "queryday", "devices"),
            Page(_("Weekly mail"), "queryday", "weekly", within=("weekly_",)),
            Page(_("Workbench"), "queryday", "workbench"),
            Page(_("Search log"), "loggedsearch"),
            Page(_("Inspector"), "queryday", "inspector"),
            Page(_("Compare"), "queryday", "compare"),
            Page(_("Judged queries"), "judgedset"),
            Page(_("Evaluations"), "evaluation"),
        ),
    ),
    (
        _("Merchandising"),
        (
            Page(_("By eye"), "merchandisingrule", "arrangement_changelist"),
            Page(_("Rules"), "merchandisingrule"),
            Page(_("Synonyms"), "synonym"),
            Page(_("Redirects"), "redirect"),
            Page(_("Banners"), "banner"),
        ),
    ),
    (
        _("Catalogue"),
        (
            Page(_("Health"), "cataloguehealth"),
            Page(_("Map"), "cataloguemap"),
            Page(_("Tags"), "producttag", "tag_review", within=("producttag_", "tag_")),
            Page(_("Words for tags"), "tagword"),
            Page(_("Notes"), "indexentry"),
        ),
    ),
    (
        _("Index"),
        (
            Page(_("Status"), "indexversion", "dashboard_changelist"),
            Page(_("Builds"), "indexversion", "build_changelist", within=("build_",)),
            Page(_("Versions"), "indexversion", within=("activate",)),
            Page(_("Failures"), "staleproduct"),
            Page(_("API keys"), "apikey"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A page or a section as the menu shows it; current is the value of aria-current, "" elsewhere."""

    label: str | Promise
    address: str
    current: str = ""


@register.inclusion_tag("admin/fashion_search/menu.html", takes_context=True)
def search_menu(context: Any) -> dict[str, Any]:
    """Show the sections, and the pages of the one that is being looked at; nothing in a popup."""
    request: HttpRequest | None = context.get("request")
    if request is None or context.get("is_popup"):
        return {}
    here = request.resolver_match.url_name or "" if request.resolver_match else ""
    sections: list[Link] = []
    present: Link | None = None
    pages: list[Link] = []
    for label, table in MENU:
        links = [link for link in (_link(page, here, request) for page in table) if link is not None]
        if not links:
            continue
        current = _current(links)
        section = Link(label, links[0].address, "true" if current and len(links) > 1 else current)
        sections.append(section)
        if current:
            present, pages = section, links
    return {"sections": sections, "present": present, "pages": pages if len(pages) > 1 else []}


def _link(page: Page, here: str, request: HttpRequest) -> Link | None:
    """The page as a link; None where the user may not see it or the host has taken it out of its admin."""
    if not page.may_be_seen(request.user):
        return None
    try:
        address = reverse(f"admin:{page.address_name}", current_app=getattr(request, "current_app", None))
    except NoReverseMatch:
        return None
    current = "page" if here == page.address_name else "true" if page.holds(here) else ""
    return Link(page.label, address, current)


def _current(links: Sequence[Link]) -> str:
    return next((link.current for link in links if link.current), "")
