"""Evaluations of sets that people ask for: run by workers in slices, one at a time, resumed where a worker ended."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ..conf import Weights, get_settings, other_settings
from ..engine.request import Trial
from ..engine.service import search
from ..exceptions import LockLost, SearchError
from ..indexing.locks import confirm_locks, only_one
from ..models import Evaluation, EvaluationRun, IndexEntry, IndexVersion, JudgedSet, QueryJudgement
from ..models.quality import Computation
from .compare import PATIENT
from .judged_queries import JudgedQuery
from .right_answers import relevant_skus
from .run import DEPTH, Answered, figures_of, keep
from .sets import SetError, judged_query, lines_of

SLICE_SECONDS = 15.0  # of one message; then another one goes on, and the worker's other work has its turn
SAVE_SECONDS = 2.0  # between two times that answers are saved
MOST_STARTS = 3  # without an answer more; after so many it is given up
KEPT_RUNS = 20  # of one set
KEPT_EVALUATIONS = 200  # of one set
LOCK = "evaluate_set"
NOW, TRIED = "now", "tried"  # sides of a comparison

State = Computation.State
Stored = Mapping[str, Any]  # what a query was answered with: "skus", "total", "ms"


def ask(judged_set: JudgedSet, user: Any, weights: Mapping[str, float] | None = None) -> EvaluationRun:
    """Note that an evaluation of a set is wanted; the caller has a worker run it.

    Args:
        judged_set: the set.
        user: who asks.
        weights: those to try, all others as they are set; they are compared with those that are set.

    Raises:
        SetError: one is under way, there is no active version, or no query has a right answer.
    """
    if IndexVersion.objects.active() is None:
        raise SetError(_("There is no active index version: build one first."))
    if not judged_set.queries.exists():
        raise SetError(_("The set has no query yet: judge some, or upload a file."))
    with transaction.atomic():
        list(JudgedSet.objects.select_for_update().order_by("pk"))  # so that two people do not both begin one
        under_way = EvaluationRun.objects.under_way()
        if under_way is not None:
            raise SetError(
                _("An evaluation of “%(name)s” is under way. Wait until it has ended.")
                % {"name": under_way.judged_set.name}
            )
        # What has been silent for so long must not go on beside this one.
        EvaluationRun.objects.filter(state__in=Computation.UNDER_WAY).update(
            state=State.FAILED,
            error=_("It gave no sign of life, and another evaluation was begun."),
            answers={},
        )
        _forget_old(judged_set.runs.all(), KEPT_RUNS - 1)
        return EvaluationRun.objects.create(
            judged_set=judged_set, asked_by=user, weights=dict(weights or {}), seen_at=timezone.now()
        )


def give_up(run: EvaluationRun, reason: str) -> None:
    """Note that a requested run will not begin."""
    EvaluationRun.objects.filter(pk=run.pk, state=State.WAITING).update(state=State.FAILED, error=reason)


def lost_runs() -> list[int]:
    """Return the runs whose message was lost with their worker, each of them once in a while; another message resumes them."""
    lost = EvaluationRun.objects.lost()
    return [
        number
        for number in list(lost.values_list("pk", flat=True))
        if lost.filter(pk=number).update(seen_at=timezone.now())
    ]


def go_on(run_id: int, *, seconds: float = SLICE_SECONDS) -> bool:
    """Ask the queries of a run that are not answered yet, for so many seconds; with the last one, keep its figures.

    Returns:
        Whether another message is to go on with it. Not where another worker is at it, or it has ended.
    """
    with only_one(LOCK) as alone:
        rows = EvaluationRun.objects.filter(pk=run_id, state__in=Computation.UNDER_WAY)
        if not alone or not rows.exists():
            return False
        if not rows.filter(starts__lt=MOST_STARTS).update(starts=F("starts") + 1, seen_at=timezone.now()):
            rows.update(
                state=State.FAILED, error=_("It ended its worker %(count)d times.") % {"count": MOST_STARTS}
            )
            return False
        try:
            return _Slice(rows.select_related("judged_set").get()).work(time.monotonic() + seconds)
        except LockLost:
            raise  # another worker goes on with it
        except (SearchError, ValueError) as error:  # its sentence says what to do
            rows.update(state=State.FAILED, error=str(error), answers={})
            return False
        except Exception as error:
            rows.update(state=State.FAILED, error=f"{type(error).__name__}: {error}", answers={})
            raise


class _Slice:
    """A part of a run."""

    def __init__(self, run: EvaluationRun) -> None:
        version = IndexVersion.objects.active()
        if version is None:
            raise SetError(_("There is no active index version: build one first."))
        self._run, self._version = run, version
        self._queries = list(run.judged_set.queries.order_by("pk"))
        self._sides = (NOW, TRIED) if run.weights else (NOW,)
        # Answers of two versions would be compared as if they were of one.
        kept = run.answers if run.version_number == version.pk else {}
        self._answers: dict[str, dict[str, Stored]] = {side: dict(kept.get(side, {})) for side in self._sides}
        self._saved = time.monotonic()

    def work(self, end: float) -> bool:
        self._save()
        for side in self._sides:
            with other_settings({**PATIENT, **self._settings(side)}):
                for judgement in self._open(side):
                    if time.monotonic() > end:
                        self._save()
                        return True
                    self._answers[side][str(judgement.pk)] = self._ask(judgement.text)
                    if time.monotonic() > self._saved + SAVE_SECONDS:
                        self._save()
        self._finish()
        return False

    def _settings(self, side: str) -> dict[str, Any]:
        return {"WEIGHTS": self._run.weights} if side == TRIED else {}

    def _open(self, side: str) -> Iterator[QueryJudgement]:
        return (one for one in self._queries if str(one.pk) not in self._answers[side])

    def _ask(self, text: str) -> Stored:
        began = time.perf_counter()
        answer = search(
            text,
            page_size=DEPTH,
            with_facets=False,
            freezing=False,
            trial=Trial(version=self._version),
        )
        if answer.degraded:
            raise SetError(
                _("“%(query)s” cannot be judged, its answer is degraded: %(reason)s")
                % {"query": text, "reason": answer.degraded}
            )
        return {
            "skus": [result.card.sku for result in answer.results],
            "total": answer.total,
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }

    def _save(self, step: str = "") -> None:
        confirm_locks()
        self._saved = time.monotonic()
        answered = sum(len(answers) for answers in self._answers.values())
        wanted = len(self._queries) * len(self._sides)
        before = sum(len(answers) for answers in self._run.answers.values())
        starts = {"starts": 0} if answered > before else {}
        self._run.answers = {side: dict(answers) for side, answers in self._answers.items()}
        kept = EvaluationRun.objects.filter(pk=self._run.pk, state__in=Computation.UNDER_WAY).update(
            state=State.COMPUTING,
            step=step or _("%(done)d of %(all)d searches") % {"done": answered, "all": wanted},
            share=min(1.0, answered / max(1, wanted)),
            seen_at=timezone.now(),
            version_number=self._version.pk,
            answers=self._answers,
            **starts,
        )
        if not kept:
            raise SetError(_("The run was ended, or its set deleted."))

    def _live(self) -> None:
        if time.monotonic() > self._saved + SAVE_SECONDS:
            self._saved = time.monotonic()
            confirm_locks()
            EvaluationRun.objects.filter(pk=self._run.pk).update(seen_at=timezone.now())

    def _finish(self) -> None:
        self._save(_("Looking for the right answers"))
        judged = [judged_query(judgement) for judgement in self._queries]
        right = right_of(judged, self._version, report=self._live)
        made = {side: self._keep(side, judged, right) for side in self._sides}
        _forget_old(self._run.judged_set.evaluations.all(), KEPT_EVALUATIONS)
        now = timezone.now()
        EvaluationRun.objects.filter(pk=self._run.pk).update(
            state=State.READY,
            step="",
            share=1.0,
            error="",
            answers={},
            seen_at=now,
            made_at=now,
            seconds=(now - self._run.asked_at).total_seconds(),
            before=made[NOW],
            after=made.get(TRIED),
        )

    def _keep(self, side: str, judged: list[JudgedQuery], right: list[frozenset[str]]) -> Evaluation:
        answered = []
        for judgement, query, skus in zip(self._queries, judged, right, strict=True):
            stored = self._answers[side][str(judgement.pk)]
            if skus:
                hits = tuple(sku.lower() in skus for sku in stored["skus"])
                answered.append(
                    Answered(query, len(skus), hits, tuple(stored["skus"]), stored["total"], stored["ms"])
                )
        if not answered:
            raise SetError(_("No query of the set has a right answer in the catalogue."))
        tried = self._settings(side)
        return keep(
            self._version,
            self._run.judged_set.name,
            sha256("".join(lines_of(self._queries)).encode()).hexdigest(),
            figures_of(answered),
            answered,
            stated=json.dumps(tried) if tried else "",
            judged_set=self._run.judged_set,
        )[0]


def right_of(
    queries: list[JudgedQuery], version: IndexVersion, *, report: Callable[[], None] = lambda: None
) -> list[frozenset[str]]:
    """Return the right answers of each query that the catalogue has: by SKU from the index, by rule from all products.

    Args:
        queries: of a set.
        version: whose products count.
        report: called once per product where there are rules.

    Raises:
        UnknownFieldError: a rule names a field that no product has.
        HostError: no product can be judged.
    """
    named = set().union(*(query.skus for query in queries if query.skus is not None))
    there = frozenset(
        IndexEntry.objects.filter(version=version, sku__in=named).values_list("sku", flat=True)
        if named
        else ()
    )
    ruled = [query for query in queries if query.skus is None]
    by_rule = iter(relevant_skus(ruled, report=report) if ruled else ())
    return [next(by_rule) if query.skus is None else query.skus & there for query in queries]


def _forget_old(rows: QuerySet[Any], kept: int) -> None:
    """Delete the oldest rows of a set that are too many."""
    old = rows.order_by("-pk").values_list("pk", flat=True)[kept:]
    rows.model._default_manager.filter(pk__in=list(old)).delete()


# What a person tries beside the weights that are set.


def changed_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Return those weights that differ from the ones that are set."""
    present = asdict(get_settings().weights)
    return {name: value for name, value in weights.items() if value != present[name]}


def setting_of(weights: Mapping[str, float]) -> str:
    """Return the line of the settings that has shoppers search with some weights, all others as they are set."""
    default = asdict(Weights())
    adopted = {**asdict(get_settings().weights), **weights}
    return json.dumps({"WEIGHTS": {name: value for name, value in adopted.items() if value != default[name]}})
