"""Evaluations: how well a version answered judged queries, kept so that the next one can be compared."""

from django.db import models

from .versions import IndexVersion


class Evaluation(models.Model):
    """The figures of one run over a file of judged queries."""

    version = models.ForeignKey(
        IndexVersion,
        null=True,
        on_delete=models.SET_NULL,
        related_name="evaluations",
        help_text="While it is kept.",
    )
    measured = models.TextField(help_text="Number of the version, name and fingerprint of its artifact.")
    made_at = models.DateTimeField(auto_now_add=True)
    source = models.TextField(help_text="Name of the file of queries.")
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of that file: only runs over the same are compared."
    )
    figures = models.JSONField(help_text="Figures by kind.")
    queries = models.JSONField(help_text="Share of the right answers within reach, query by query.")

    class Meta:
        """Newest first."""

        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.source} on {self.measured}"

    @property
    def precision(self) -> float:
        """P@10 over all queries."""
        return float(self.figures["all"]["precision"])
