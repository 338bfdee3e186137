"""Saved searches in the admin."""

from django.contrib import admin

from .models import SavedSearch

admin.site.register(SavedSearch)
