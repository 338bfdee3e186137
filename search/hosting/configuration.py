"""What the settings of a host still lack for search, line by line, as they can be pasted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.cache import InvalidCacheBackendError
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from ..beat import SteadyScheduler
from ..conf import SETTING, SearchSettings, get_settings
from ..monitoring.configuration_probes import (
    probe_broker_options,
    probe_log_address,
    probe_schedule,
)
from ..monitoring.neighbours import local_cache
from ..registry import __name__ as _registry
from ..schedule import PERIODIC
from ..session import WRITER

PLUGIN = _registry.rpartition(".")[0]  # wherever the package is installed
APPS = {
    "django.contrib.postgres": ("searches compare texts by its operators", True),
    "rest_framework": ("the API is made with it", False),
}
# Languages of Django -> text search configurations of Postgres that stem them.
STEMMED = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "es": "spanish", "fi": "finnish", "fr": "french", "hi": "hindi",
    "hu": "hungarian", "it": "italian", "nb": "norwegian", "nl": "dutch", "nn": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
TRANSPORT = '{"socket_timeout": 2, "socket_connect_timeout": 1, "visibility_timeout": 600}'
SETTINGS, URLS, CELERY = "the settings", "the root urls.py", "celery.py beside the settings"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that search needs of the settings."""

    name: str
    stands: bool
    sentence: str  # how it is
    code: str = ""  # what to add, where it does not stand
    place: str = SETTINGS
    required: bool = True  # False: search works without it, and this is what would be better


def find_needs() -> list[Need]:
    """Return what search needs of the settings, in the order in which it is added.

    Raises:
        ImproperlyConfigured: FASHION_SEARCH has a key or a value that it may not have.
    """
    return [need for look in _LOOKS for need in look()]


def _database() -> Iterator[Need]:
    vendor = connections[WRITER].vendor
    if vendor != "postgresql":
        yield Need("DATABASES", False, f"The default database is {vendor}; search lives in Postgres 14 or newer with pgvector.",
                   'DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"')  # fmt: skip
        return
    yield Need("DATABASES", True, "The default database is Postgres.")


def _installed_apps() -> Iterator[Need]:
    missing = [name for name in APPS if not apps.is_installed(name) and _is_there(name)]
    for name, (reason, required) in APPS.items():
        if name in missing:
            yield Need(
                "INSTALLED_APPS",
                False,
                f"{name} is missing: {reason}.",
                f'INSTALLED_APPS += ["{name}"]',
                required=required,
            )
    if not missing:
        yield Need("INSTALLED_APPS", True, f"{PLUGIN}.apps.SearchConfig and what it needs are there.")


def _own_settings() -> Iterator[Need]:
    given = getattr(settings, SETTING, None)
    if given is None:
        lines = [f"{SETTING} = {{", *_suggested(), "}"]
        yield Need(
            SETTING,
            False,
            "It is not there, and every key has its default.",
            "\n".join(lines),
            required=False,
        )
    else:
        keys = ", ".join(sorted(given)) or "no keys: all have their defaults"
        yield Need(SETTING, True, f"It has {keys}.")


def _suggested() -> list[str]:
    language = settings.LANGUAGE_CODE.lower()
    config = STEMMED.get(language) or STEMMED.get(language.partition("-")[0])
    lines = ['    # "CURRENCY": "EUR",  # of the prices, ISO 4217']
    if config and config != SearchSettings().text_config:
        lines.append(f'    "TEXT_CONFIG": "{config}",  # how Postgres stems the words of your language')
    lines.append(
        f'    # "SEARCH_URL": "{SearchSettings().search_url}",  # path or URL name of your search page'
    )
    return lines


def _celery() -> Iterator[Need]:
    project = settings.ROOT_URLCONF.rpartition(".")[0] or "project"
    if not _has_application():
        module = settings.SETTINGS_MODULE or f"{project}.settings"
        yield Need(
            "Celery", False, "Django loads no Celery application, so tasks are sent nowhere.",
            "import os\n\nfrom celery import Celery\n\n"
            f'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{module}")\napp = Celery("{project}")\n'
            'app.config_from_object("django.conf:settings", namespace="CELERY")\napp.autodiscover_tasks()\n\n'
            "# and in __init__.py beside it:\nfrom .celery import app as celery_app",
            CELERY,
        )  # fmt: skip
    configuration = current_app.conf
    if not (configuration.broker_write_url or configuration.broker_url):
        yield Need(
            "CELERY_BROKER_URL",
            False,
            "No broker is named.",
            'CELERY_BROKER_URL = "redis://localhost:6379/0"',
        )
        yield from _options(True)
    else:
        yield Need(
            "CELERY_BROKER_URL",
            True,
            f"The broker is {_without_password(configuration.broker_url or configuration.broker_write_url)}.",
        )
        yield from _options(False)
    yield from _schedule()


def _options(unknown: bool) -> Iterator[Need]:
    found = probe_broker_options()
    if unknown or not found.passed:
        sentence = (
            "Without these a frozen broker is waited for, and long tasks are delivered twice."
            if unknown
            else found.sentence
        )
        yield Need("CELERY_BROKER_TRANSPORT_OPTIONS", False, sentence,
                   f"CELERY_BROKER_TRANSPORT_OPTIONS = {TRANSPORT}\nCELERY_TASK_TIME_LIMIT = 540")  # fmt: skip
    else:
        yield Need("CELERY_BROKER_TRANSPORT_OPTIONS", True, found.sentence)
    log = probe_log_address() if not unknown else None
    if log and not log.passed:
        yield Need(
            "INSIGHT_REDIS_URL",
            False,
            log.sentence,
            f'{SETTING}["INSIGHT_REDIS_URL"] = "redis://localhost:6379/1"',
            required=False,
        )


def _schedule() -> Iterator[Need]:
    found = probe_schedule([task.path for task in PERIODIC])
    lacking = [part for part in found.parts if part.check_id.endswith("W013")]
    if lacking:
        yield Need("CELERY_BEAT_SCHEDULE", False, f"Beat does not ask for {len(lacking)} of the plugin's periodic tasks.",
                   f"from {PLUGIN}.schedule import beat_schedule\n\n"
                   f"CELERY_BEAT_SCHEDULE = {{**beat_schedule({SETTING})}}  # your own entries after them")  # fmt: skip
    else:
        yield Need("CELERY_BEAT_SCHEDULE", True, "Beat asks for every periodic task of the plugin.")
    if any(part.check_id.endswith("W014") for part in found.parts):
        yield Need("CELERY_BEAT_SCHEDULER", False, "Celery's own scheduler stops where the clock is set back.",
                   f'CELERY_BEAT_SCHEDULER = "{SteadyScheduler.__module__}.{SteadyScheduler.__name__}"', required=False)  # fmt: skip


def _cache() -> Iterator[Need]:
    try:
        found = local_cache()
    except (InvalidCacheBackendError, ImproperlyConfigured) as error:
        yield Need("CACHES", False, f"The cache cannot be used: {error}", "")
        return
    if found:
        yield Need("CACHES", False, found[0].sentence,
                   'CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION":'
                   ' "redis://localhost:6379/1"}}')  # fmt: skip
    else:
        yield Need("CACHES", True, "All processes can share the cache.")


def _middleware() -> Iterator[Need]:
    name = f"{PLUGIN}.monitoring.views.Probes"
    if name in settings.MIDDLEWARE:
        yield Need("MIDDLEWARE", True, "Health checks are answered whatever their Host is.")
    else:
        yield Need("MIDDLEWARE", False, "Health checks are answered by names in ALLOWED_HOSTS only.",
                   f'MIDDLEWARE.insert(0, "{name}")', required=False)  # fmt: skip


def _templates() -> Iterator[Need]:
    engines: list[dict[str, Any]] = [
        one for one in settings.TEMPLATES if str(one.get("BACKEND")).endswith("DjangoTemplates")
    ]
    loads = any(one.get("APP_DIRS") or one.get("OPTIONS", {}).get("loaders") for one in engines)
    if loads:
        yield Need("TEMPLATES", True, "Templates of apps are found.")
    else:
        yield Need("TEMPLATES", False, "Templates of apps are not looked for, so the plugin's pages and tags have none.",
                   'TEMPLATES[0]["APP_DIRS"] = True')  # fmt: skip


def _addresses() -> Iterator[Need]:
    for name, view, line in (
        ("API", "fashion_search:search", f'path("api/v1/", include("{PLUGIN}.api.urls"))'),
        ("health checks", "fashion_search_watching:ready", f'path("", include("{PLUGIN}.monitoring.urls"))'),
    ):
        if name == "API" and not _is_there("rest_framework"):
            yield Need(
                name, False, 'It needs REST framework: pip install "fashion-search[api]".', required=False
            )
            continue
        try:
            yield Need(name, True, f"Its address is {reverse(view)}")
        except (NoReverseMatch, ImproperlyConfigured):
            yield Need(
                name,
                False,
                "Its addresses are not included.",
                f"urlpatterns += [{line}]",
                URLS,
                required=False,
            )
    page = get_settings().search_url
    try:
        if not page.startswith("/"):
            reverse(page)
        elif not page.startswith("//"):
            resolve(page)
        yield Need("search page", True, f"{SETTING}['SEARCH_URL'] leads to {page}")
    except (NoReverseMatch, Resolver404):
        yield Need("search page", False, f"There is no page at {page}, where the search box leads.",
                   f'{SETTING}["SEARCH_URL"] = "/search/"  # path or URL name of a page of yours that calls {PLUGIN}.engine.search',
                   required=False)  # fmt: skip


def _is_there(name: str) -> bool:
    """Whether a package can be imported."""
    return find_spec(name.partition(".")[0]) is not None


def _has_application() -> bool:
    """Whether the host has made a Celery application: Celery's fallback has neither a name nor a configuration."""
    return bool(current_app.main and current_app.main != "default") or bool(current_app.conf.broker_url)


def _without_password(url: Any) -> str:
    text = str(url).partition(";")[0]
    scheme, sign, rest = text.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}" if sign else text


_LOOKS: tuple[Callable[[], Iterator[Need]], ...] = (
    _database,
    _installed_apps,
    _own_settings,
    _celery,
    _cache,
    _templates,
    _middleware,
    _addresses,
)


def code_by_place(needs: list[Need]) -> dict[str, list[str]]:
    """Return what has to be added, by where."""
    found: dict[str, list[str]] = {}
    for need in needs:
        if not need.stands and need.code:
            begin = ["from django.urls import include, path"] if need.place == URLS else []
            found.setdefault(need.place, begin).append(need.code)
    return found


def settings_file() -> str:
    """Return the file of the settings, relative to where this runs if it lies there; "" where there is none."""
    module = settings.SETTINGS_MODULE
    if not module:
        return ""
    import sys

    file = getattr(sys.modules.get(module), "__file__", "") or ""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if file and path.is_relative_to(Path.cwd()) else file
