"""Sets of judged queries in the admin: their list, one set with its evaluations, files in and out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ..models import Evaluation, EvaluationRun, IndexVersion, JudgedSet
from ..models.insight import normalise
from ..models.judged import MOST_QUERIES, MOST_SETS, NAME_LENGTH
from ..text import cut_text, storable
from .comparing import ComparingPages
from .judging import JudgingPages

if TYPE_CHECKING:
    from ..evaluation.sets import Plan

    ModelForm = forms.ModelForm[JudgedSet]
else:
    ModelForm = forms.ModelForm

PER_PAGE = 50
EXAMPLES = 10  # queries of an upload that are shown before it is stored


class JudgedSetForm(ModelForm):
    """The name of a set."""

    class Meta:
        """The name alone."""

        model = JudgedSet
        fields = ("name",)

    def clean(self) -> dict[str, Any] | None:
        """Refuse sets that are too many."""
        cleaned = super().clean()
        if self.instance.pk is None and JudgedSet.objects.count() >= MOST_SETS:
            raise forms.ValidationError(
                _("There are at most %(count)d sets. Delete one first.") % {"count": MOST_SETS}
            )
        return cleaned


@admin.register(JudgedSet)
class JudgedSetAdmin(JudgingPages, ComparingPages):
    """Who may view sets sees them; who may change them judges, uploads, evaluates and compares."""

    form = JudgedSetForm
    actions = None

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of a set."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        views = {
            "judge": self.judge_view,
            "upload": self.upload_view,
            "compare": self.compare_view,
            "export": require_GET(self.export_view),
            "state": require_GET(self.state_view),
            "start": require_POST(self.start_view),
        }
        pages = [
            path(f"<int:pk>/{page}/", self.admin_site.admin_view(view), name=f"{name}_{page}")
            for page, view in views.items()
        ]
        return [*pages, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show all sets with their latest figures."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        latest = Evaluation.objects.filter(judged_set=OuterRef("pk"), tried={}).order_by("-pk")
        sets = list(
            JudgedSet.objects.annotate(
                count=Count("queries"), latest=Subquery(latest.values("pk")[:1])
            ).order_by("name")
        )
        evaluations = Evaluation.objects.defer("queries", "details").in_bulk([one.latest for one in sets])
        return self.respond(
            request,
            "list",
            _("Judged queries"),
            sets=[(one, evaluations.get(one.latest)) for one in sets],
            longest=NAME_LENGTH,
        )

    def response_add(
        self, request: HttpRequest, obj: JudgedSet, post_url_continue: Any = None
    ) -> HttpResponse:
        """Lead to judging, which is what a new set is made for; those who may not, back to the list."""
        page = (
            self.address("judge", obj) if self.has_change_permission(request) else self.address("changelist")
        )
        return HttpResponseRedirect(page)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one set: figures, history, queries; a POST names it anew."""
        from ..evaluation.history import read_history, worst_first

        judged_set = self.set_of(request, object_id)
        if request.method == "POST":
            return self._rename(request, judged_set)
        containing = cut_text(storable(request.GET.get("q", ""))).text
        queries = judged_set.queries.select_related("judged_by")
        if containing:
            queries = queries.filter(query__contains=normalise(containing))
        pages: Paginator[Any] = Paginator(queries, PER_PAGE)
        own = judged_set.evaluations.filter(tried={})
        latest = own.first()
        return self.respond(
            request,
            "set",
            judged_set.name,
            judged_set,
            row=judged_set.runs.first(),
            latest=latest,
            history=read_history(own),
            worst=[query for query in worst_first(latest) if query.share < 1][:EXAMPLES] if latest else [],
            page=pages.get_page(request.GET.get("p")),
            count=judged_set.queries.count(),
            containing=containing,
            version=IndexVersion.objects.active(),
            state_address=self.address("state", judged_set),
            longest=NAME_LENGTH,
        )

    def _rename(self, request: HttpRequest, judged_set: JudgedSet) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = JudgedSetForm(
            request.POST, instance=JudgedSet(pk=judged_set.pk, created_at=judged_set.created_at)
        )
        if form.is_valid():
            form.save()
            said = _("Renamed “%(before)s” to “%(after)s”.") % {
                "before": judged_set.name,
                "after": form.cleaned_data["name"],
            }
            self.log_change(request, judged_set, said)
            messages.success(request, said)
        else:
            messages.error(request, " ".join(str(error) for error in form.errors.get("name", [])))
        return HttpResponseRedirect(self.address("change", judged_set))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the sets alone: their queries may be thousands."""
        sets = list(objs)
        return [str(one) for one in sets], {self.opts.verbose_name_plural: len(sets)}, set(), []

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with the set as a file that `evaluate_search` reads."""
        from ..evaluation.sets import lines_of

        judged_set = self.set_of(request, pk)
        response = HttpResponse(
            "".join(lines_of(list(judged_set.queries.all()))), content_type="application/jsonl; charset=utf-8"
        )
        name = slugify(judged_set.name) or f"queries-{judged_set.pk}"
        response["Content-Disposition"] = f'attachment; filename="{name}.jsonl"'
        return response

    def upload_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read a file, show what it would change, and store it once that is confirmed."""
        from ..evaluation.sets import SetError, plan_upload, store_upload
        from ..evaluation.uploads import MOST_BYTES, UploadError, read_upload

        judged_set = self.set_of(request, pk, changing=True)
        problem, plan, content = "", None, ""
        if request.method == "POST":
            try:
                content = _uploaded(request, MOST_BYTES)
                contents = read_upload(content)
                if "store" in request.POST:
                    stored = store_upload(judged_set, contents, request.user)
                    said = _("Uploaded %(new)d new and %(replaced)d changed queries.") % {
                        "new": len(stored.new),
                        "replaced": len(stored.replaced),
                    }
                    self.log_change(request, judged_set, said)
                    messages.success(request, said)
                    return HttpResponseRedirect(self.address("change", judged_set))
                plan = plan_upload(judged_set, contents)
            except (UploadError, SetError) as error:
                problem = str(error)
        return self.respond(
            request,
            "upload",
            _("Upload judged queries"),
            judged_set,
            problem=problem,
            plan=plan,
            examples=_examples(plan),
            content=content if plan else "",
            most_queries=MOST_QUERIES,
            most_megabytes=MOST_BYTES // 1_000_000,
        )

    def start_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have a worker evaluate a set."""
        judged_set = self.set_of(request, pk, changing=True)
        self.begin(request, judged_set)
        return HttpResponseRedirect(self.address("change", judged_set))

    def state_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Answer a script with how far the set's latest run is."""
        row: EvaluationRun | None = self.set_of(request, pk).runs.defer("answers").first()
        if row is None:
            return JsonResponse({"under_way": False})
        return JsonResponse(
            {
                "under_way": row.is_under_way,
                "waiting": row.state == EvaluationRun.State.WAITING,
                "step": row.step or row.get_state_display(),
                "percent": row.percent,
            }
        )


def _uploaded(request: HttpRequest, most_bytes: int) -> str:
    """The text of the file that was uploaded, or of the one that was shown before.

    Raises:
        UploadError: there is none, it is too large or no text.
    """
    from ..evaluation.uploads import UploadError, decode

    if "store" in request.POST:
        # Browsers end the lines of a field with two characters.
        return decode(request.POST.get("content", "").replace("\r\n", "\n").encode("utf-8", "replace"))
    given: Any = request.FILES.get("file")
    if given is None:
        raise UploadError(_("Choose a file first."))
    return decode(given.read(most_bytes + 1))


def _examples(plan: Plan | None) -> list[tuple[Any, bool, str]]:
    """The first queries that an upload would write: whether each is new, and its rule."""
    if plan is None:
        return []
    both = [(made, True) for made in plan.new] + [(made, False) for made in plan.replaced]
    return [
        (made, new, "" if made.rule is None else json.dumps(made.rule, ensure_ascii=False))
        for made, new in both[:EXAMPLES]
    ]
