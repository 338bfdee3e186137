"""Ways from the plugin's pages to the host's own product admin."""

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import reverse

from ..exceptions import NoIndexRegistered
from ..registry import get_index


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
