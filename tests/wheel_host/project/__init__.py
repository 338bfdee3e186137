"""A shop with an app `search` of its own, which installs the plugin from its wheel."""

from .celery import app as celery_app

__all__ = ["celery_app"]
