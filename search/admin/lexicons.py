"""The words of each version's catalogue in the admin: when they were counted."""

from django.contrib import admin

from ..models import VersionLexicon
from .base import ReadOnlyAdmin


@admin.register(VersionLexicon)
class VersionLexiconAdmin(ReadOnlyAdmin):
    """One row per version."""

    list_display = ("version",)
