"""What `startproject` writes, and what the plugin's pages ask a host to add."""

import json
import os
from pathlib import Path

import dj_database_url
from fashion_search.schedule import beat_schedule

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["testserver"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "search",
    "catalogue",
    "fashion_search.apps.SearchConfig",
]
MIDDLEWARE = [
    "fashion_search.monitoring.views.Probes",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
        "KEY_PREFIX": "wheel-host",
    }
}
STORAGES = {
    "default": {
        "BACKEND": "fashion_search.storage.PatientStorage",
        "OPTIONS": {"backend": "django.core.files.storage.FileSystemStorage"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MEDIA_ROOT = BASE_DIR / "media"
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": BASE_DIR / "plugin.log"}},
    "loggers": {"fashion_search": {"handlers": ["file"], "level": "INFO"}},
}

FASHION_SEARCH = json.loads(os.environ.get("FASHION_SEARCH", "{}"))
CELERY_BROKER_URL = os.environ["REDIS_URL"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "wheel-host:",
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    "visibility_timeout": 600,
}
CELERY_TASK_TIME_LIMIT = 540
CELERY_TASK_ROUTES = {
    "fashion_search.tasks.*": {"queue": "plugin"},
    "search.tasks.*": {"queue": "own"},
}
CELERY_BEAT_SCHEDULE = beat_schedule(FASHION_SEARCH)
CELERY_BEAT_SCHEDULER = "fashion_search.beat.SteadyScheduler"
