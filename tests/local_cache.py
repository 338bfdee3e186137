"""The settings of a shop whose processes have a cache each, which is Django's default."""

from shop.settings import *  # noqa: F403
from shop.settings import STORAGES

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
