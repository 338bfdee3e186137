"""An admin whose rows are made by workers: nothing is added, edited or deleted by hand."""

from typing import Any

from django.http import HttpRequest

from .lists import ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows; changing permission is only asked for by the buttons and actions."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: rows are made by workers."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: rows are deleted by workers."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return every field; embeddings are none of the form's."""
        return [field.name for field in self.opts.fields]
