"""Start the plugin inside Django: find the host's registration and connect the receivers."""

from typing import Any

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from .sentences import untranslated

try:
    import psycopg  # noqa: F401 - where Psycopg 2 is installed, Django would go on with that, and the plugin could not
except ImportError as _missing:
    raise ImproperlyConfigured(
        "Psycopg 3 finds no libpq on this machine: install that (Debian calls it libpq5),"
        ' or run: pip install "fashion-search[binary]".'
    ) from _missing


class SearchConfig(AppConfig):
    """The plugin as a Django app; its label avoids the common label `search`."""

    name = __package__ or "search"
    label = "fashion_search"
    verbose_name = _("Fashion search")
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Import the models, and have the names that Django derives from the code translated, too: said there, they would need migrations."""
        super().import_models()
        for model in self.models.values():
            names = model._meta
            if "verbose_name" not in names.original_attrs:
                names.verbose_name = _(untranslated(names.verbose_name))
            if "verbose_name_plural" not in names.original_attrs:
                names.verbose_name_plural = _(untranslated(names.verbose_name_plural))
            for field in names.local_fields:
                if field._verbose_name is None:  # type: ignore[attr-defined]
                    field.verbose_name = _(untranslated(field.verbose_name))

    def ready(self) -> None:
        """Load every `search_index` module, then connect router, receivers, messages, checks and the judge of new versions."""
        from . import checks, replicas, session, signals, task_messages
        from .indexing.version_figures import judge_with

        judge_with(_judge_versions)
        autodiscover_modules("search_index")
        session.connect()
        replicas.connect()
        signals.connect()
        task_messages.connect()
        checks.connect()


def _judge_versions(*arguments: Any) -> Any:
    # Imported when versions are compared: it imports all of the search, which `django.setup` has no use for.
    from .evaluation.compare import judge_versions

    return judge_versions(*arguments)
