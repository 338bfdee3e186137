"""What workers have to do and how they do it: the outbox, locks on steps, runs of periodic tasks."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class StaleMarkQuerySet(models.QuerySet["StaleMark"]):
    """Marks beside what the outbox holds already."""

    def beside(self, outbox: "models.QuerySet[StaleProduct]") -> Self:
        """Keep the marks of products that are not among these of the outbox."""
        return self.filter(~models.Exists(outbox.filter(product_key=models.OuterRef("product_key"))))


class StaleProductQuerySet(models.QuerySet["StaleProduct"]):
    """Products of the outbox by whom they wait for."""

    def of_build(self) -> Self:
        """Keep the products that a build still has to index."""
        return self.filter(backfill=True, parked=False)


class StaleMark(models.Model):
    """A note that a product has changed, added in the transaction that changed it; workers gather them into the outbox.

    Without any constraint, so that no transaction of the host ever waits for another one's mark.
    """

    product_key = models.TextField()
    marked_at = models.DateTimeField()
    backfill = models.BooleanField(
        default=False, help_text=_("Marked in bulk; changes made by people go first.")
    )
    reread = models.BooleanField(
        default=True, help_text=_("Read the pictures again although nothing else has changed.")
    )

    objects = StaleMarkQuerySet.as_manager()

    class Meta:
        """No permissions: it is nothing that people look at."""

        default_permissions = ()
        # Lists ask whether one of their products has a mark.
        indexes = (models.Index(fields=("product_key",), name="fashion_search_mark_product"),)

    def __str__(self) -> str:
        return f"mark of product {self.product_key}"


class StaleProduct(models.Model):
    """One product to index again, once, whatever number of marks asked for it."""

    product_key = models.TextField()
    marked_at = models.DateTimeField()
    backfill = models.BooleanField(
        default=False, help_text=_("Marked by a rebuild or reconcile; changes made by people go first.")
    )
    reread = models.BooleanField(
        default=True, help_text=_("Read the pictures again although nothing else has changed.")
    )
    text_written = models.BooleanField(
        default=False, help_text=_("The keyword part is done; embeddings are not.")
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    alive_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Last sign of life of the worker that claimed it.")
    )
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")
    parked = models.BooleanField(
        default=False, help_text=_("Failed too often; waits for a change or a retry.")
    )

    objects = StaleProductQuerySet.as_manager()

    class Meta:
        """Names, constraints and indexes."""

        verbose_name = _("waiting or failed product")
        verbose_name_plural = _("waiting and failed products")
        # Not `unique=True`, which would add a second index, for LIKE, to a table that every save writes.
        constraints = (models.UniqueConstraint(fields=("product_key",), name="fashion_search_stale_once"),)
        indexes = (
            models.Index(
                fields=("backfill", "marked_at"),
                condition=models.Q(parked=False),
                name="fashion_search_stale_due",
            ),
        )

    def __str__(self) -> str:
        return f"stale product {self.product_key}"


class StepLock(models.Model):
    """A step that some process is inside of; one without a sign of life for a lease's length is free again."""

    name = models.CharField(max_length=100, primary_key=True)
    token = models.UUIDField(help_text=_("Identifies the process that holds it."))
    holder = models.TextField(help_text=_("Host and process number, for people."))
    taken_at = models.DateTimeField()
    alive_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class TaskRun(models.Model):
    """When one periodic task was begun, ended well and failed the last time, by the clock of Postgres."""

    task = models.CharField(primary_key=True, max_length=100, help_text=_("Name of its function."))
    watched_at = models.DateTimeField(help_text=_("Since when its runs have been monitored."))
    started_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text=_("Consecutive failures up to now."))
    error = models.TextField(blank=True, default="", help_text=_("Error of the last failure."))
    table_oid = models.BigIntegerField(
        default=0, help_text=_("OID of this table in Postgres; a row restored from a dump has another.")
    )

    class Meta:
        """No permissions: nobody edits it."""

        default_permissions = ()

    def __str__(self) -> str:
        return self.task


class ReconcileRound(models.Model):
    """How far the comparison of all products with their entries is: one row, kept after each batch."""

    ONLY = 1  # its primary key

    begun_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the round under way began; empty where none is.")
    )
    version = models.BigIntegerField(
        null=True,
        blank=True,
        help_text=_("Version whose entries are looked through; empty while products are compared."),
    )
    after = models.TextField(  # noqa: DJ001 - an empty text may be a key
        null=True, blank=True, help_text=_("Last key that was compared; empty at the beginning.")
    )
    starts = models.PositiveSmallIntegerField(default=0, help_text=_("Runs that began at this place."))
    compared = models.PositiveBigIntegerField(default=0, help_text=_("Products that the round has compared."))
    marked = models.PositiveBigIntegerField(default=0, help_text=_("Products that it has found to differ."))
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("When a round last came to its end."))

    class Meta:
        """No permissions: nobody edits it."""

        default_permissions = ()

    def __str__(self) -> str:
        return "reconcile"
