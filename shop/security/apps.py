"""Django's admin, with the shop's own site in it."""

from django.contrib.admin.apps import AdminConfig


class ShopAdminConfig(AdminConfig):
    """The admin whose forms for passwords can be tried a few times only."""

    default_site = "shop.security.admin_site.ShopAdminSite"
