"""Ways from the plugin's pages to the host's own product admin, and cards of products for them."""

from collections.abc import Iterable

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import reverse

from ..exceptions import NoIndexRegistered
from ..indexing.catalogue import load_products
from ..registry import ProductCard, get_index
from ..routing import pinned


class ProductLinks:
    """Addresses of products' admin pages, for whoever may see them."""

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


@pinned()
def read_cards(keys: Iterable[str]) -> dict[str, ProductCard]:
    """Return the cards of those products that can be found, by key, with one query."""
    try:
        index = get_index()
    except NoIndexRegistered:
        return {}
    return {key: index.card(product) for key, product in load_products(keys).items()}
