"""Start the plugin inside Django: find the host's registration and connect the receivers."""

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import autodiscover_modules

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
    verbose_name = "Fashion search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load every `search_index` module, then connect router, receivers, messages, checks and the judge of new versions."""
        from . import checks, replicas, session, signals, task_messages
        from .evaluation.compare import judge_versions
        from .indexing.version_figures import judge_with

        judge_with(judge_versions)
        autodiscover_modules("search_index")
        session.connect()
        replicas.connect()
        signals.connect()
        task_messages.connect()
        checks.connect()
