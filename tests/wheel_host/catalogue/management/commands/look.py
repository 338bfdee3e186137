"""Looks at the shop as its visitors, its apps and its staff do, and prints what they see as JSON."""

import json
import logging
import sys
import warnings
from importlib import import_module

import fashion_search
from celery import current_app
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.urls import reverse

import search
from catalogue.models import Product
from search.models import SavedSearch

OWN_MODULES = {"admin", "migrations", "models", "tasks"}  # of the shop's app `search`


class Command(BaseCommand):
    """Look at everything."""

    def handle(self, **options: object) -> None:
        """Print what is seen."""
        current_app.loader.import_default_modules()
        seen = self.visit() | self.administer() | self.inspect()
        self.stdout.write(json.dumps(seen))

    def visit(self) -> dict[str, object]:
        """Return what a visitor sees."""
        visitor, product = Client(), Product.objects.get(name="Red Dress")
        page = visitor.get(product.get_absolute_url()).content.decode()
        found = visitor.get("/api/v1/search/", {"q": "red dress"}).json()
        return {
            "results": [one["name"] for one in found["results"]],
            "saved": SavedSearch.objects.get().found == found["total"],
            "api": [
                visitor.get(f"/api/v1/{path}").status_code for path in ("schema/", "suggest/?q=re", "docs/")
            ],
            "ready": visitor.get("/health/ready", headers={"host": "192.0.2.1"}).status_code,
            "tags": [text in page for text in ('role="search"', "Blue Dress", "fashion_search/events.js")],
        }

    def administer(self) -> dict[str, object]:
        """Return what staff see."""
        staff, product = Client(), Product.objects.get(name="Red Dress")
        staff.force_login(get_user_model().objects.get())
        models = [model for model in admin.site._registry if model._meta.app_label == "fashion_search"]
        pages = [reverse(f"admin:fashion_search_{model._meta.model_name}_changelist") for model in models]
        products = reverse("admin:catalogue_product_changelist")
        again = {"action": "reindex_selected", "_selected_action": [product.pk]}
        return {
            "pages": len(pages),
            "admin": {path: status for path in pages if (status := staff.get(path).status_code) != 200},
            "product admin": [
                staff.get(products).status_code,
                staff.post(products, again, follow=True).status_code,
            ],
        }

    def inspect(self) -> dict[str, object]:
        """Return by which names the plugin goes."""
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            moved = import_module("fashion_search.searching")
        loggers = {name.partition(".")[0] for name in logging.root.manager.loggerDict}
        migrations = {app for app, _ in MigrationLoader(None).disk_migrations}
        tasks = {name.rpartition(".")[0] for name in current_app.tasks}
        return {
            "files": [fashion_search.__file__, search.__file__],
            "apps": {one.label: one.name for one in apps.get_app_configs() if "search" in one.label},
            "tasks": sorted(name for name in tasks if "search" in name),
            "migrations": sorted(name for name in migrations if "search" in name),
            "loggers": sorted(name for name in loggers if "search" in name),
            "moved": [moved is import_module("fashion_search.engine"), *(str(one.message) for one in warned)],
            "by the folder's name": sorted(
                name
                for name in sys.modules
                if name.startswith("search.") and name.split(".")[1] not in OWN_MODULES
            ),
        }
