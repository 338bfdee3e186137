"""App configuration of the shop and of its admin."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ShopConfig(AppConfig):
    """The catalogue and the storefront."""

    name = "shop"
    label = "shop"
    verbose_name = "Catalogue"
    default_auto_field = "django.db.models.BigAutoField"


class ShopAdminConfig(AdminConfig):
    """The admin whose forms for passwords can be tried a few times only."""

    default_site = "shop.admin_site.ShopAdminSite"
