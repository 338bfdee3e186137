# ruff: noqa: F821
# What this shop had before it got a search, apart from what `startproject` writes.
import os

INSTALLED_APPS += ["catalogue"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"]}}
MEDIA_URL, MEDIA_ROOT = "media/", BASE_DIR / "media"
