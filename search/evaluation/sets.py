"""Sets of judged queries in the database: what is judged next, what a person decided, and the lines of a file."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..clock import today
from ..exceptions import SearchError
from ..insight.reports import DEFAULT_DAYS
from ..models import JudgedSet, QueryDay, QueryJudgement
from ..models.insight import normalise
from ..models.judged import MOST_QUERIES, MOST_SKUS
from .judged_queries import JudgedQuery, read_query


class SetError(SearchError):
    """A set of judged queries cannot take something; the message says why."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A query of the search log that is not judged yet."""

    text: str
    searches: int


def waiting_queries(judged_set: JudgedSet, *, skip: int = 0, limit: int = 10) -> list[Waiting]:
    """Return the most frequent queries of the last days that the set does not have, the most frequent first."""
    days = (today() - timedelta(days=DEFAULT_DAYS - 1), today())
    judged = judged_set.queries.values("query")
    rows = (
        QueryDay.objects.filter(day__range=days)
        .exclude(query__in=judged)
        .order_by()
        .values("query")
        .annotate(sum_searches=Sum("searches"), spelt=Max("text"))
        .order_by("-sum_searches", "query")
    )
    return [Waiting(row["spelt"], row["sum_searches"]) for row in rows[skip : skip + limit]]


def judge(
    judged_set: JudgedSet, text: str, *, ticked: Collection[str], shown: Collection[str], user: Any
) -> QueryJudgement:
    """Keep which of the products that were shown are right answers; what was decided about others stays.

    Args:
        judged_set: the set.
        text: the query.
        ticked: SKUs of right answers, in lower case.
        shown: SKUs of all products that the person looked at.
        user: who decided.

    Raises:
        SetError: the set, or the query, has as many as it may have.
    """
    with transaction.atomic():
        _lock(judged_set)
        found = judged_set.queries.filter(query=normalise(text)).first()
        if found is None:
            check_room(judged_set, 1)
            found = QueryJudgement(judged_set=judged_set, text=text)
        right = sorted((set(found.right) - set(shown)) | set(ticked))
        wrong = sorted((set(found.wrong) - set(ticked)) | (set(shown) - set(ticked)))
        if len(right) > MOST_SKUS:
            raise SetError(
                ngettext(
                    "A query has at most %(count)d right answer.",
                    "A query has at most %(count)d right answers.",
                    MOST_SKUS,
                )
                % {"count": MOST_SKUS}
            )
        found.right, found.wrong, found.rule = right, wrong[:MOST_SKUS], None
        found.judged_by, found.judged_at = user, timezone.now()
        found.save()
    return found


def check_room(judged_set: JudgedSet, more: int) -> None:
    """Go on where a set has room for more queries.

    Raises:
        SetError: it has not.
    """
    if judged_set.queries.count() + more > MOST_QUERIES:
        raise SetError(
            _("A set has at most %(count)d queries. Take some out, or begin another set.")
            % {"count": MOST_QUERIES}
        )


def _lock(judged_set: JudgedSet) -> None:
    """Let nobody else write to a set until the transaction ends."""
    JudgedSet.objects.select_for_update().get(pk=judged_set.pk)


# The lines of a file, which `evaluate_search` reads.


def content_of(judgement: QueryJudgement) -> dict[str, Any]:
    """Return a query as one line's object; `evaluate_search` passes over "wrong"."""
    content: dict[str, Any] = {"query": judgement.text}
    if judgement.kind:
        content["kind"] = judgement.kind
    if judgement.rule is not None:
        return {**content, "rule": judgement.rule}
    content["relevant"] = judgement.right
    if judgement.wrong:
        content["wrong"] = judgement.wrong
    return content


def lines_of(judgements: Sequence[QueryJudgement]) -> Iterator[str]:
    """Yield each query as a line of JSON."""
    for judgement in judgements:
        yield json.dumps(content_of(judgement), ensure_ascii=False) + "\n"


def judged_query(judgement: QueryJudgement) -> JudgedQuery:
    """Return a query as evaluations read it."""
    return read_query(content_of(judgement))


# Files that people upload: first what they would change is shown, then it is stored.


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upload would make of a set."""

    new: tuple[QueryJudgement, ...]
    replaced: tuple[QueryJudgement, ...]
    same: int

    @property
    def changes(self) -> tuple[QueryJudgement, ...]:
        """All that would be written."""
        return (*self.new, *self.replaced)


def plan_upload(judged_set: JudgedSet, contents: Sequence[dict[str, Any]]) -> Plan:
    """Compare an upload with what a set has.

    Raises:
        SetError: the set would have too many queries.
    """
    kept = {judgement.query: judgement for judgement in judged_set.queries.all()}
    new, replaced, same = [], [], 0
    for content in contents:
        made = _judgement(judged_set, content)
        before = kept.get(made.query)
        if before is None:
            new.append(made)
        elif content_of(before) == content_of(made):
            same += 1
        else:
            replaced.append(made)
    if new:
        check_room(judged_set, len(new))
    return Plan(tuple(new), tuple(replaced), same)


def _judgement(judged_set: JudgedSet, content: dict[str, Any]) -> QueryJudgement:
    return QueryJudgement(
        judged_set=judged_set,
        text=content["query"],
        query=normalise(content["query"]),
        kind=content.get("kind", ""),
        right=content.get("relevant", []),
        wrong=content.get("wrong", []),
        rule=content.get("rule"),
    )


def store_upload(judged_set: JudgedSet, contents: Sequence[dict[str, Any]], user: Any) -> Plan:
    """Write an upload, all of it or nothing.

    Raises:
        SetError: the set would have too many queries.
    """
    with transaction.atomic():
        _lock(judged_set)
        plan = plan_upload(judged_set, contents)
        now = timezone.now()
        for made in plan.changes:
            made.judged_by, made.judged_at = user, now
        QueryJudgement.objects.bulk_create(
            plan.changes,
            batch_size=1000,
            update_conflicts=True,
            unique_fields=("judged_set", "query"),
            update_fields=("text", "kind", "right", "wrong", "rule", "judged_at", "judged_by"),
        )
    return plan
