"""How the periodic tasks ran: one row each, written by the workers, so that one which stops is seen."""

from django.db import models


class TaskRun(models.Model):
    """When one periodic task was begun, ended well and failed the last time, by the clock of Postgres."""

    task = models.CharField(primary_key=True, max_length=100, help_text="Name of its function.")
    watched_at = models.DateTimeField(help_text="Since when its runs are looked for.")
    started_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row, up to now.")
    error = models.TextField(blank=True, default="", help_text="Of the last of them.")
    table_oid = models.BigIntegerField(
        default=0, help_text="Of this table, in Postgres; a row that came with a dump has another."
    )

    class Meta:
        """No permissions: nobody edits it."""

        default_permissions = ()

    def __str__(self) -> str:
        return self.task


# Locks on steps that may run once at a time in the whole installation.


class StepLock(models.Model):
    """A step that some process is inside of; one without a sign of life for a lease's length is free again."""

    name = models.CharField(max_length=100, primary_key=True)
    token = models.UUIDField(help_text="Tells the process that took it from those before and after it.")
    holder = models.TextField(help_text="Host and process number, for people.")
    taken_at = models.DateTimeField()
    alive_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
