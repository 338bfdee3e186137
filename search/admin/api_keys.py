"""Keys of API clients in the admin: made, shown once, revoked."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from ..models import ApiKey
from ..sentences import gettext_lazy as _
from .base import ModelAdmin


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """Who may use the API; keys are revoked, not deleted, so that it stays known whose they were."""

    list_display = ("name", "beginning", "may_read", "may_send_events", "state", "last_used_at", "created_at")
    list_filter = ("may_read", "may_send_events")
    search_fields = ("name", "beginning")
    fields = (
        "name",
        ("may_read", "may_send_events"),
        "beginning",
        ("created_at", "last_used_at", "revoked_at"),
    )
    readonly_fields = ("beginning", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    @admin.display(description=_("state"))
    def state(self, row: ApiKey) -> str:
        """Return whether it can be used."""
        if row.revoked_at:
            return gettext("revoked")
        return gettext("in use") if row.last_used_at else gettext("never used")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: keys are revoked."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Save it; a new one is given its key, which is shown this one time."""
        key = "" if change else obj.draw()
        super().save_model(request, obj, form, change)
        if key:
            self.message_user(
                request,
                gettext("The key is %(key)s — copy it now: it is shown this once and kept nowhere.")
                % {"key": key},
                messages.WARNING,
            )

    @admin.action(description=_("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        """End the use of keys at once."""
        revoked = rows.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(
            request,
            ngettext("%(number)s key revoked.", "%(number)s keys revoked.", revoked) % {"number": revoked},
        )
