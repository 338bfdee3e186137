"""App configuration of the shop."""

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class ShopConfig(AppConfig):
    """The catalogue and the storefront."""

    name = "shop"
    label = "shop"
    verbose_name = "Catalogue"
    default_auto_field = "django.db.models.BigAutoField"


class ShopStaticFilesConfig(StaticFilesConfig):
    """Static files without those of a second page of the API, which nobody links to: 5 MB to hash and compress."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc"]
