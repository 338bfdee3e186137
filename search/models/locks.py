"""Locks on steps that may run once at a time in the whole installation."""

from django.db import models


class StepLock(models.Model):
    """A step that some process is inside of; one without a sign of life for a lease's length is free again."""

    name = models.CharField(max_length=100, primary_key=True)
    token = models.UUIDField(help_text="Tells the process that took it from those before and after it.")
    holder = models.TextField(help_text="Host and process number, for people.")
    taken_at = models.DateTimeField()
    alive_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
