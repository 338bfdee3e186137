"""The outbox: products whose entries may not say any more what the product says, and the marks that put them there."""

from typing import Self

from django.db import models


class StaleMarkQuerySet(models.QuerySet["StaleMark"]):
    """Marks beside what the outbox holds already."""

    def beside(self, outbox: "models.QuerySet[StaleProduct]") -> Self:
        """Keep the marks of products that are not among these of the outbox."""
        return self.filter(~models.Exists(outbox.filter(product_key=models.OuterRef("product_key"))))


class StaleMark(models.Model):
    """A note that a product has changed, added in the transaction that changed it; workers gather them into the outbox.

    Without any constraint, so that no transaction of the host ever waits for another one's mark.
    """

    product_key = models.TextField()
    marked_at = models.DateTimeField()
    backfill = models.BooleanField(default=False, help_text="One of many; changes made by people go first.")
    reread = models.BooleanField(
        default=True, help_text="Read the pictures again although nothing else has changed."
    )

    objects = StaleMarkQuerySet.as_manager()

    class Meta:
        """No permissions: it is nothing that people look at."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"mark of product {self.product_key}"


class StaleProduct(models.Model):
    """One product to index again, once, whatever number of marks asked for it."""

    product_key = models.TextField()
    marked_at = models.DateTimeField()
    backfill = models.BooleanField(
        default=False, help_text="Marked by a rebuild or reconcile; changes made by people go first."
    )
    reread = models.BooleanField(
        default=True, help_text="Read the pictures again although nothing else has changed."
    )
    text_written = models.BooleanField(
        default=False, help_text="The keyword part is done; embeddings are not."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    alive_at = models.DateTimeField(
        null=True, blank=True, help_text="Last sign of life of whoever claimed it."
    )
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")
    parked = models.BooleanField(default=False, help_text="Failed too often; waits for a change or a retry.")

    class Meta:
        """Constraints and indexes."""

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
