"""Settings of a project that has nothing but products, Haystack and watson."""

import os

import dj_database_url

SECRET_KEY = "only-for-the-lab"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {"default": dj_database_url.config()}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "haystack",
    "watson",
    "lab.bench.peers.host.apps.HostConfig",
]
HAYSTACK_CONNECTIONS = {
    "default": {
        "ENGINE": "haystack.backends.whoosh_backend.WhooshEngine",
        "PATH": os.environ.get("WHOOSH_FOLDER", "whoosh"),
    }
}
