"""Sets of judged queries, which people collect in the admin, and the evaluations of them that workers run."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .insight import normalise
from .quality import Computation
from .versions import Evaluation

MOST_SETS = 100
MOST_QUERIES = 10_000  # of one set
MOST_SKUS = 1000  # right ones of one query, and wrong ones
NAME_LENGTH = 100
RESUMED_AFTER = timedelta(seconds=90)  # without a sign of life: its message was lost, another one is sent


class JudgedSet(models.Model):
    """A named set of judged queries."""

    name = models.CharField(_("name"), max_length=NAME_LENGTH, unique=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """Names and order."""

        verbose_name = _("set of judged queries")
        verbose_name_plural = _("judged queries")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class QueryJudgement(models.Model):
    """One query of a set with its right answers: those with the given SKUs, or those that a rule describes."""

    judged_set = models.ForeignKey(
        JudgedSet, on_delete=models.CASCADE, related_name="queries", db_index=False
    )
    text = models.TextField(help_text=_("As it is searched for."))
    query = models.TextField(help_text=_("The text in lower case, once in a set."))
    kind = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    right = models.JSONField(default=list, help_text=_("SKUs of right answers, in lower case."))
    wrong = models.JSONField(default=list, help_text=_("SKUs of products that were judged wrong."))
    rule = models.JSONField(null=True, blank=True, help_text=_("What right answers have, in place of SKUs."))
    judged_at = models.DateTimeField(default=timezone.now)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        """Order and constraints."""

        default_permissions = ()
        ordering = ("query",)
        constraints = (
            models.UniqueConstraint(fields=("judged_set", "query"), name="fashion_search_judged_once"),
        )

    def __str__(self) -> str:
        return self.text

    def save(self, *args: object, **options: object) -> None:
        """Keep it under its text in lower case."""
        self.query = normalise(self.text)
        super().save(*args, **options)  # type: ignore[arg-type]


class EvaluationRunQuerySet(models.QuerySet["EvaluationRun"]):
    """Runs by what becomes of them."""

    def under_way(self) -> "EvaluationRun | None":
        """Return the run that was asked for and has not ended, whoever asked; None where there is none."""
        return next((run for run in self.filter(state__in=Computation.UNDER_WAY) if run.is_under_way), None)

    def lost(self) -> Self:
        """Keep those that should be under way and gave no sign of life for RESUMED_AFTER."""
        return self.filter(state__in=Computation.UNDER_WAY, seen_at__lt=timezone.now() - RESUMED_AFTER)


class EvaluationRun(Computation):
    """One evaluation of a set in a worker, with or without weights to try beside those that are set."""

    judged_set = models.ForeignKey(JudgedSet, on_delete=models.CASCADE, related_name="runs")
    asked_at = models.DateTimeField(auto_now_add=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    weights = models.JSONField(
        default=dict, help_text=_("Weights to try in place of those that are set; empty for none.")
    )
    # Without a reference, since the release before deletes versions and knows no runs.
    version_number = models.PositiveBigIntegerField(
        null=True, blank=True, help_text=_("The version that its answers are of.")
    )
    answers = models.JSONField(
        default=dict, help_text=_("What was answered so far, by side and query; empty once it has ended.")
    )
    before = models.ForeignKey(
        Evaluation,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("With the settings that are set."),
    )
    after = models.ForeignKey(
        Evaluation, null=True, on_delete=models.SET_NULL, related_name="+", help_text=_("With those tried.")
    )

    objects = EvaluationRunQuerySet.as_manager()

    class Meta:
        """Newest first."""

        default_permissions = ()
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"evaluation {self.pk} of {self.judged_set}"
