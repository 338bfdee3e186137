"""Django settings, all of them read from the environment; docs/settings.md lists every variable."""

import json
import os
from pathlib import Path
from urllib.parse import quote

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from pythonjsonlogger.core import RESERVED_ATTRS

from search.redis_clients import SENTINEL, broker_settings
from search.schedule import beat_schedule

from .security import page_policy

ROOT = Path(__file__).resolve().parent.parent


def _required(name: str, example: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}, for example {name}={example}")
    return value


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true", "yes", "on")


def _split(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def _words(name: str) -> list[str]:
    return _split(os.environ.get(name, ""))


# --- Core ---------------------------------------------------------------------------------------------------------

DEBUG = _flag("DJANGO_DEBUG")
SECRET_KEY = _required("SECRET_KEY", "$(python -c 'import secrets; print(secrets.token_urlsafe(50))')")
ALLOWED_HOSTS = _words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = _words("CSRF_TRUSTED_ORIGINS")
# A web process handles so many requests at once, lets so many others wait so many seconds, and answers 503 to the rest.
WEB_CONCURRENT = int(os.environ.get("WEB_CONCURRENT") or 4)
WEB_WAITING = int(os.environ.get("WEB_WAITING") or 12)
WEB_WAIT = float(os.environ.get("WEB_WAIT") or 1)
# Beside these it makes so many thumbnails at once, and waits so many seconds for the storage of one.
WEB_THUMBNAILS = int(os.environ.get("WEB_THUMBNAILS") or 2)
THUMBNAIL_SECONDS = float(os.environ.get("THUMBNAIL_SECONDS") or 3)
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-gb"
LANGUAGES = [
    ("en-gb", "English"),
    ("de", "Deutsch"),
]  # by what the browser asks for; others get LANGUAGE_CODE
TIME_ZONE = "UTC"
USE_TZ = True

INSTALLED_APPS = [
    "shop.apps.ShopAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "shop.static_files.ShopStaticFilesConfig",
    "corsheaders",
    "csp",
    "drf_spectacular_sidecar",
    "imagekit",
    "rest_framework",
    "search.apps.SearchConfig",
    "shop.apps.ShopConfig",
]

MIDDLEWARE = [
    "shop.request_log.RequestIds",
    "django.middleware.security.SecurityMiddleware",
    "shop.security.PermissionsPolicyMiddleware",
    "csp.middleware.CSPMiddleware",
    "search.monitoring.views.Probes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",  # before what may answer 503
    "shop.security.ShortAddresses",
    "corsheaders.middleware.CorsMiddleware",  # scripts of other sites may read a 503, too
    "shop.overload.Shedding",
    "shop.overload.DatabasePatience",
    "django.middleware.gzip.GZipMiddleware",
    "shop.security.SaneSessionKeys",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- Postgres and Redis -------------------------------------------------------------------------------------------

DATABASES = {
    "default": {
        **dj_database_url.parse(
            _required("DATABASE_URL", "postgresql://user:password@localhost:5432/fashion"),
            engine="django.db.backends.postgresql",
            conn_max_age=60,
            conn_health_checks=True,
        ),
    }
}
# In seconds; a frozen server must show.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)
# Seconds that a page waits for a statement.
DATABASE_PATIENCE = float(os.environ.get("DATABASE_PATIENCE") or 8)

if os.environ.get("MAINTENANCE_DATABASE_URL"):  # past a pooler, to build indexes
    DATABASES["maintenance"] = dj_database_url.parse(
        os.environ["MAINTENANCE_DATABASE_URL"],
        engine="django.db.backends.postgresql",
        test_options={"MIRROR": "default"},
    )
REPLICAS = {  # standbys, alias -> settings, that searches may be read from
    f"replica{number}": {
        **dj_database_url.parse(
            url,
            engine="django.db.backends.postgresql",
            conn_max_age=60,
            conn_health_checks=True,
            test_options={"MIRROR": "default"},
        ),
    }
    for number, url in enumerate(_words("REPLICA_URLS"), 1)
}
for _replica in REPLICAS.values():
    _replica.setdefault("OPTIONS", {}).setdefault("connect_timeout", 1)  # the primary is there
DATABASES |= REPLICAS
FASHION_SEARCH: dict[str, object] = json.loads(os.environ.get("FASHION_SEARCH") or "{}")
FASHION_SEARCH.setdefault("CURRENCY", "INR")  # as `Product.currency` is by default
# Part of every key in Redis, so that two shops may use one: those of the cache, and Celery's own.
NAMESPACE = str(FASHION_SEARCH.get("NAMESPACE") or quote(str(DATABASES["default"]["NAME"]), safe=""))

REDIS_URL = _required("REDIS_URL", "redis://localhost:6379/0")
# In seconds; Redis clients wait for ever by default.
REDIS_TIMEOUTS = {"socket_timeout": 2, "socket_connect_timeout": 1}

# In seconds; a page waits for the cache, which answers within a millisecond or is away.
CACHE_TIMEOUTS = {"socket_timeout": 0.3, "socket_connect_timeout": 0.3}

if REDIS_URL.startswith(SENTINEL):  # whichever server the Sentinel processes name
    CACHE_OPTIONS: dict[str, object] = {**CACHE_TIMEOUTS, "pool_class": "search.redis_clients.SentinelPool"}
else:
    CACHE_OPTIONS = {**CACHE_TIMEOUTS}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": [REDIS_URL],  # Django would divide a text at commas
        "KEY_PREFIX": f"shop:{NAMESPACE}",
        "OPTIONS": CACHE_OPTIONS,
    }
}

# --- Files --------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or ROOT / "static-root")
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT") or ROOT / "media")
# By Django itself, as in the demo; elsewhere a web server in front does it.
SERVE_MEDIA = _flag("SERVE_MEDIA")

STORAGES = {
    "default": {  # whose answers are waited for STORAGE_SECONDS at most; docs/production.md has an object store
        "BACKEND": "search.storage.PatientStorage",
        "OPTIONS": {"backend": "django.core.files.storage.FileSystemStorage"},
    },
    "staticfiles": {
        "BACKEND": "shop.static_files.ReleaseStaticFilesStorage",
        "OPTIONS": {"release": ROOT.name},  # releases share STATIC_ROOT
    },
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["jpg", "png", "gif", "webp", "woff", "woff2", "gz", "br", "map"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # bytes; larger uploads go to a temporary file

# --- Mail ---------------------------------------------------------------------------------------------------------

EMAIL_HOST = os.environ.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = int(os.environ.get("EMAIL_PORT") or 25)
EMAIL_HOST_USER = os.environ.get("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_USE_TLS")  # STARTTLS, as port 587 has it
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL") or "webmaster@localhost"

# --- Security -----------------------------------------------------------------------------------------------------

HTTPS = _flag("HTTPS")  # behind a proxy that ends TLS and sets X-Forwarded-Proto
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # monitoring asks this process directly
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS and _flag("HSTS_SUBDOMAINS")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CORS_ALLOWED_ORIGINS = _words("CORS_ALLOWED_ORIGINS")  # sites whose scripts may use the API
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After"]

# --- Celery -------------------------------------------------------------------------------------------------------
# The index's outbox in Postgres is the queue of record; what Redis holds are hints. So a lost message costs at most
# one sweep, and every setting below prefers a quick failure to a wait.

CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 1
_transport_options = {
    **REDIS_TIMEOUTS,
    "global_keyprefix": f"{NAMESPACE}:",  # or workers of two shops on one Redis would give back each other's messages
    "visibility_timeout": 600,  # seconds; above the task time limit, so that a running task is not doubled
    # A dead worker's messages are looked for every interval x throttle seconds: 2 instead of Kombu's 100.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = broker_settings(REDIS_URL, _transport_options)
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 540
CELERY_TASK_SOFT_TIME_LIMIT = 480
CELERY_TASK_DEFAULT_QUEUE = "shop"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 800_000  # kilobytes
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # tasks may run twice, so let them finish
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# --- The search plugin --------------------------------------------------------------------------------------------

if REPLICAS:
    FASHION_SEARCH.setdefault("READ_REPLICAS", list(REPLICAS))

if "maintenance" in DATABASES:
    FASHION_SEARCH.setdefault("MAINTENANCE_DATABASE", "maintenance")

CONTENT_SECURITY_POLICY = {"DIRECTIVES": page_policy(_split(str(FASHION_SEARCH.get("REDIRECT_HOSTS", ""))))}

CELERY_BEAT_SCHEDULER = "search.beat.SteadyScheduler"
CELERY_BEAT_SCHEDULE = beat_schedule(FASHION_SEARCH)

REST_FRAMEWORK = {
    # Of X-Forwarded-For only what these wrote is believed, or rates could be passed by with invented addresses.
    "NUM_PROXIES": int(os.environ.get("PROXIES") or HTTPS),
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
}

# --- Logging ------------------------------------------------------------------------------------------------------

LOG_FORMAT = "json" if os.environ.get("LOG_FORMAT") == "json" else "line"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "shop.request_log.AddRequestId"},
        "probes": {"()": "shop.request_log.SkipProbes"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(process)d %(request_id).8s %(name)s: %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(process)d %(request_id)s %(name)s %(message)s",
            "reserved_attrs": [*RESERVED_ATTRS, "request"],  # its text holds what was searched for
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["request_id", "probes"],
        }
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "INFO").upper()},
}
