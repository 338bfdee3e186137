"""Comparing weights in the admin: a form with those that are set, tried over a set of judged queries by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from ..conf import Weights, get_settings
from ..models import EvaluationRun, IndexVersion, JudgedSet
from .judging import SetPages

HIGHEST = 100.0  # weight; what counts is how they stand to one another
RUNS = 10  # earlier comparisons that are named

# Weight -> what the form calls it, and what it says below; in groups.
IMPORTANCES: Mapping[str, tuple[Promise, Promise]] = {
    "category": (gettext_lazy("Category"), gettext_lazy("of the kind of product that the query names")),
    "brand": (gettext_lazy("Brand"), gettext_lazy("of a brand")),
    "colour": (gettext_lazy("Colour"), gettext_lazy("of a colour")),
    "gender": (gettext_lazy("Gender"), gettext_lazy("of for whom it is")),
    "value": (gettext_lazy("Other values"), gettext_lazy("of a value of any other facet")),
    "word": (
        gettext_lazy("Word"),
        gettext_lazy("of a word that only one product has; commoner ones count less"),
    ),
}
FITS: Mapping[str, tuple[Promise, Promise]] = {
    "title": (gettext_lazy("Name"), gettext_lazy("a word in the product's name")),
    "keyword": (gettext_lazy("Keywords"), gettext_lazy("in its keywords")),
    "description": (gettext_lazy("Description"), gettext_lazy("in its description")),
    "mentioned": (
        gettext_lazy("Only mentioned"),
        gettext_lazy("share of these three where a value is asked for that the product lacks"),
    ),
    "covered": (gettext_lazy("Counts as missing"), gettext_lazy("what fits less than this is missing")),
    "enough_covered": (
        gettext_lazy("Close enough"),
        gettext_lazy("share of what was asked for that the closest products must have"),
    ),
}
ADDED: Mapping[str, tuple[Promise, Promise]] = {
    "image": (
        pgettext_lazy("weight", "Picture"),
        gettext_lazy("its likeness to the query, beside a full match's 1"),
    ),
    "text": (pgettext_lazy("weight", "Text"), gettext_lazy("the same of its text")),
    "literal": (
        gettext_lazy("Very words"),
        gettext_lazy("for products that hold the words as they were typed"),
    ),
    "cheap": (gettext_lazy("Cheap"), gettext_lazy("where the query says “cheap”")),
    "kids": (
        gettext_lazy("Children's products"),
        gettext_lazy("taken off where the query does not say for whom"),
    ),
    "shown": (gettext_lazy("Shown in a photo"), gettext_lazy("for photos only: no judged query has one")),
}
GROUPS = (
    (gettext_lazy("How important it is"), IMPORTANCES),
    (gettext_lazy("How well it fits"), FITS),
    (gettext_lazy("What is added to the score"), ADDED),
)


@dataclass(frozen=True, slots=True)
class WeightField:
    """A number of the form."""

    name: str
    label: Promise
    help: Promise
    present: float  # as it is set
    default: float
    value: str  # as it was typed
    problem: str


class ComparingPages(SetPages):
    """The page that tries weights."""

    def begin(
        self, request: HttpRequest, judged_set: JudgedSet, weights: Mapping[str, float] | None = None
    ) -> EvaluationRun | None:
        """Have a worker evaluate a set, and say so; None where that is not possible now."""
        from ..evaluation.set_runs import ask, give_up
        from ..evaluation.sets import SetError
        from ..indexing import marks

        try:
            run = ask(judged_set, request.user, weights)
        except SetError as error:
            messages.error(request, str(error))
            return None
        if not marks.publish("evaluate_set", run.pk, expires=None):
            away = _("The task queue cannot be reached, so nothing was begun. Try again in a minute.")
            give_up(run, away)
            messages.error(request, away)
            return None
        said = _("A worker evaluates the set.")
        self.log_change(request, judged_set, said)
        messages.success(request, said)
        return run

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the form, how far a comparison is, and what came of it."""
        from ..evaluation.compare import compare_evaluations
        from ..evaluation.set_runs import changed_weights, setting_of

        judged_set = self.set_of(request, pk, changing=True)
        runs = list(
            judged_set.runs.exclude(weights={}).select_related("before", "after").defer("answers")[:RUNS]
        )
        chosen = _chosen(request, runs)
        weights, problems = asdict(get_settings().weights), {}
        if request.method == "POST":
            weights, problems = _read(request.POST)
            changed = {} if problems else changed_weights(weights)
            if not problems and not changed:
                messages.error(request, _("Change at least one weight: these are the ones that are set."))
            elif not problems and self.begin(request, judged_set, changed):
                return HttpResponseRedirect(self.address("compare", judged_set))
            chosen = None
        elif chosen:
            weights |= chosen.weights
        done = chosen is not None and chosen.before is not None and chosen.after is not None
        return self.respond(
            request,
            "compare",
            _("Compare weights"),
            judged_set,
            groups=_fields(request, weights, problems),
            problems=len(problems),
            row=chosen,
            runs=runs,
            highest=HIGHEST,
            count=judged_set.queries.count(),
            tried=_described(chosen.weights) if chosen else [],
            comparison=compare_evaluations(chosen.before, chosen.after) if done else None,
            setting=setting_of(chosen.weights) if done else "",
            version=IndexVersion.objects.active(),
            state_address=self.address("state", judged_set),
        )


def _chosen(request: HttpRequest, runs: list[EvaluationRun]) -> EvaluationRun | None:
    """The comparison that the address names, else the latest one."""
    named = next((run for run in runs if str(run.pk) == request.GET.get("run")), None)
    return named or next(iter(runs), None)


def _read(given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The weights of a form, and by weight what is wrong with it; such a one stays as it was typed."""
    weights: dict[str, Any] = {}
    problems = {}
    for name, present in asdict(get_settings().weights).items():
        typed = str(given.get(name, present)).strip().replace(",", ".")[:20]
        try:
            value = float(typed)
        except ValueError:
            value = -1.0
        if isfinite(value) and 0 <= value <= HIGHEST:
            weights[name] = value
        else:
            weights[name] = typed
            problems[name] = _("Type a number from 0 to %(highest)d.") % {"highest": HIGHEST}
    return weights, problems


def _fields(
    request: HttpRequest, weights: Mapping[str, Any], problems: Mapping[str, str]
) -> list[tuple[Promise, list[WeightField]]]:
    present, default = asdict(get_settings().weights), asdict(Weights())
    return [
        (
            title,
            [
                WeightField(
                    name,
                    label,
                    text,
                    present[name],
                    default[name],
                    str(weights[name]),
                    problems.get(name, ""),
                )
                for name, (label, text) in group.items()
            ],
        )
        for title, group in GROUPS
    ]


def _described(weights: Mapping[str, float]) -> list[tuple[Any, float, float]]:
    """Each weight that was tried: its label, what is set now, and what was tried."""
    labels = {name: label for _title, group in GROUPS for name, (label, _text) in group.items()}
    present = asdict(get_settings().weights)
    return [(labels.get(name, name), present.get(name, 0.0), value) for name, value in weights.items()]
