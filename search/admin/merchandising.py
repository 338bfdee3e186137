"""What the admin pages of rules, redirects and banners share: state, hits, conflicts, enable and disable."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from ..merchandising.hits import flush_what_can_be
from ..merchandising.schedule import State, state_of
from .base import ForgivingList, ModelAdmin

STATES: tuple[State, ...] = ("running", "scheduled", "ended", "disabled")


class ScheduleFilter(admin.SimpleListFilter):
    """Narrows a list to what runs, is scheduled, has ended or is disabled."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
        return [(state, state) for state in STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what is in the chosen state."""
        now = timezone.now()
        alive = Q(ends=None) | Q(ends__gt=now)
        conditions = {
            "ended": Q(ends__lte=now),
            "disabled": alive & Q(enabled=False),
            "scheduled": alive & Q(enabled=True, starts__gt=now),
            "running": alive & Q(enabled=True) & (Q(starts=None) | Q(starts__lte=now)),
        }
        chosen = conditions.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class _Prepared(ForgivingList):
    """A page of rows with what its columns need, read once for the page."""

    model_admin: "ScheduledAdmin"

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        self.model_admin.prepare(rows)
        self.result_list = rows


class ScheduledAdmin(ModelAdmin):
    """A list with state, sentence, conflicts and hits, and actions that enable and disable."""

    actions: Any = ("enable", "disable")
    ordering = ("-pk",)
    list_per_page = 50
    schedule_fieldset: Any = ("When", {"fields": ("enabled", ("starts", "ends"), "note")})

    class Media:
        """The look of states and conflicts."""

        css = {"all": ("fashion_search/merchandising.css",)}

    def prepare(self, rows: list[Any]) -> None:
        """Give the rows of a page what their columns show."""
        conflicts = self.conflicts_of()
        for row in rows:
            row.found_conflicts = conflicts.get(row.pk, [])

    def conflicts_of(self) -> dict[int, list[str]]:
        """Return the conflicts of everything that runs or will, by primary key."""
        return {}

    def due(self) -> QuerySet[Any]:
        """Everything that runs or will, the oldest first."""
        alive = Q(enabled=True) & (Q(ends=None) | Q(ends__gt=timezone.now()))
        rows: QuerySet[Any] = self.model._default_manager.filter(alive)
        return rows.order_by("pk")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that reads what its columns need at once."""
        return _Prepared

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list with the hits of this moment."""
        flush_what_can_be()
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and say what it conflicts with."""
        super().save_model(request, obj, form, change)
        self._warn(request, [obj.pk])

    @admin.display(description="no.", ordering="pk")
    def number(self, row: Any) -> int:
        """Return its number, by which conflicts name it; the lower, the older."""
        return int(row.pk)

    @admin.display(description="state")
    def state(self, row: Any) -> SafeString:
        """Return whether it runs, is scheduled, has ended or is disabled."""
        name = state_of(row, timezone.now())
        return format_html('<span class="fs-state fs-{}">{}</span>', name, name)

    @admin.display(description="conflicts")
    def conflicts(self, row: Any) -> SafeString:
        """Return what it conflicts with, and what comes of that."""
        found = getattr(row, "found_conflicts", [])
        if not found:
            return mark_safe("")
        items = format_html_join("", "<li>{}</li>", ((sentence,) for sentence in found))
        return format_html('<ul class="fs-conflicts">{}</ul>', items)

    @admin.action(description="Enable selected", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let the selected ones run, when their time has come."""
        keys = list(queryset.values_list("pk", flat=True))
        self._set(request, queryset, enabled=True)
        self._warn(request, keys)

    @admin.action(description="Disable selected", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Stop the selected ones at once."""
        self._set(request, queryset, enabled=False)

    def _set(self, request: HttpRequest, queryset: QuerySet[Any], *, enabled: bool) -> None:
        changed = queryset.update(enabled=enabled, updated_at=timezone.now())
        name = self.opts.verbose_name if changed == 1 else self.opts.verbose_name_plural
        messages.success(request, f"{changed} {name} {'enabled' if enabled else 'disabled'}.")

    def _warn(self, request: HttpRequest, keys: list[int]) -> None:
        conflicts = self.conflicts_of()
        for sentence in dict.fromkeys(sentence for pk in keys for sentence in conflicts.get(pk, [])):
            messages.warning(request, f"Conflict: {sentence}")
