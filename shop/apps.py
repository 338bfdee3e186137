"""App configuration of the shop and of its admin."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    """The catalogue and the storefront."""

    name = "shop"
    label = "shop"
    verbose_name = _("Catalogue")
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Import the models, and have the names that Django derives from the code translated; said there, they would need migrations."""
        super().import_models()
        for model in self.models.values():
            names = model._meta
            if "verbose_name" not in names.original_attrs:
                names.verbose_name = _(names.verbose_name)
            if "verbose_name_plural" not in names.original_attrs:
                names.verbose_name_plural = _(names.verbose_name_plural)
            for field in names.local_fields:
                if field._verbose_name is None:
                    field.verbose_name = _(field.verbose_name)


class ShopAdminConfig(AdminConfig):
    """The admin whose forms for passwords can be tried a few times only."""

    default_site = "shop.admin_site.ShopAdminSite"
