"""Evaluations of search quality in the admin, each with its queries, the worst first, and those before it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Evaluation
from .base import ReadOnlyAdmin


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    """What workers and `evaluate_search` measured."""

    list_display = ("made_at", "source", "measured", "p_at_10", "ndcg_at_10", "since_before")
    list_filter = ("source",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Evaluation]:
        """Leave out what lists do not show and may be large."""
        return super().get_queryset(request).defer("queries", "details")

    @admin.display(description="P@10")
    def p_at_10(self, evaluation: Evaluation) -> str:
        """Return P@10 over all queries."""
        return f"{evaluation.precision:.3f}"

    @admin.display(description="nDCG@10")
    def ndcg_at_10(self, evaluation: Evaluation) -> str:
        """Return nDCG@10 over all queries."""
        return f"{evaluation.ndcg:.3f}"

    @admin.display(description=gettext_lazy("P@10 since the one before"))
    def since_before(self, evaluation: Evaluation) -> str:
        """Return how much better or worse it is."""
        before = _before(evaluation)
        return "" if before is None else f"{evaluation.precision - before.precision:+.3f}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one evaluation."""
        from ..evaluation.history import evaluations_like, read_history, worst_first

        if not self.has_view_permission(request):
            raise PermissionDenied
        evaluation: Evaluation | None = self.get_object(request, object_id)
        if evaluation is None:
            raise Http404(_("There is no such evaluation."))
        return TemplateResponse(
            request,
            "admin/fashion_search/evaluation/evaluation.html",
            {
                **self.admin_site.each_context(request),
                "title": _("Evaluation of %(name)s") % {"name": evaluation.source},
                "opts": self.opts,
                "evaluation": evaluation,
                "before": _before(evaluation),
                "kinds": evaluation.figures.items(),
                "all": evaluation.figures["all"],
                "worst": worst_first(evaluation),
                "count": len(evaluation.queries),
                "history": read_history(evaluations_like(evaluation)),
                "may_see_queries": request.user.has_perm("fashion_search.view_queryday"),
                "may_see_evaluations": True,
                "may_judge": evaluation.judged_set_id is not None
                and request.user.has_perm("fashion_search.change_judgedset"),
                "may_see_set": evaluation.judged_set_id is not None
                and request.user.has_perm("fashion_search.view_judgedset"),
            },
        )


def _before(evaluation: Evaluation) -> Evaluation | None:
    """The evaluation of the same queries before it, but trials."""
    same = Evaluation.objects.filter(digest=evaluation.digest, tried={}, pk__lt=evaluation.pk)
    return same.defer("queries", "details").first()
