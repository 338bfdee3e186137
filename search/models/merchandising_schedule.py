"""What every piece of merchandising has: a switch, a schedule, a note, and how often it took effect."""

from typing import ClassVar

from django.db import models


class Scheduled(models.Model):
    """Something that holds from its start to its end, while it is enabled."""

    enabled = models.BooleanField(default=True)
    starts = models.DateTimeField(null=True, blank=True, help_text="Empty: at once.")
    ends = models.DateTimeField(null=True, blank=True, help_text="Empty: it runs until it is disabled.")
    note = models.TextField(blank=True, default="", help_text="For colleagues: why it is here.")
    hits = models.BigIntegerField(default=0, editable=False, help_text="Searches in which it took effect.")
    last_fired = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """A schedule that ends before it starts would never run, and nobody would know why."""

        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.CheckConstraint(
                condition=models.Q(starts=None) | models.Q(ends=None) | models.Q(ends__gt=models.F("starts")),
                name="fashion_search_%(class)s_ends_later",
                violation_error_message="It ends before it starts; swap the two.",
            ),
        )
