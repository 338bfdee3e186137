"""The shop: a Django project with a fashion catalogue, an importer and a storefront."""

from .celery import app as celery_app  # so that tasks find their application as soon as Django starts

__all__ = ["celery_app"]
