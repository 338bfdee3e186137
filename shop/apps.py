"""App configuration of the shop."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The catalogue and the storefront."""

    name = "shop"
    label = "shop"
    verbose_name = "Catalogue"
    default_auto_field = "django.db.models.BigAutoField"
