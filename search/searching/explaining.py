"""Search and say why: each result's explanation, and what the query was read as."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..conf import get_settings
from ..merchandising.conflicts import Conflict
from ..models import IndexVersion
from ..retrieval.budget import time_budget
from ..retrieval.filters import Filters
from ..retrieval.session import search_session
from . import reasons
from .answers import SearchAnswer
from .explanations import Explanation, Ranks, match_of, rules_by_product
from .ranking import Asked, Ranked, score_entries
from .scoring import Scored
from .steps import Steps
from .tracing import Trace, tracing
from .whole_list import whole_list
from .words import NO_FILTERS, search


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """An answer, and why it is as it is."""

    answer: SearchAnswer
    version: IndexVersion | None  # that was searched
    trace: Trace
    explanations: Mapping[str, Explanation] = field(default_factory=dict)  # product key -> why it is a result

    @property
    def asked(self) -> Asked | None:
        """The query as it was read; None where there was none, or no index."""
        return self.trace.asked

    @property
    def steps(self) -> Steps | None:
        """What was looked at; None where everything is listed."""
        return self.trace.ranked.steps if self.trace.ranked else None

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Rules that contradicted each other, and what came of it."""
        return self.trace.ranked.conflicts if self.trace.ranked else ()


def explain_search(
    text: str,
    *,
    filters: Filters = NO_FILTERS,
    sort: str = "relevance",
    page: int = 1,
    page_size: int | None = None,
    spelling: bool = True,
    token: str = "",
    with_facets: bool = False,
) -> Explained:
    """Search as `search` does, which counts no hits then, and explain the page's results.

    A page that is cut from a frozen list is explained by ranking again, since only the list was kept; products that
    would not be found any more have no explanation then.

    Raises:
        InvalidQuery: as of `search`.
        DatabaseError: the ranking of a frozen list could not be made again.
    """
    version = IndexVersion.objects.serving()
    with tracing() as trace:
        answer = search(
            text,
            filters=filters,
            sort=sort,
            page=page,
            page_size=page_size,
            spelling=spelling,
            token=token,
            with_facets=with_facets,
            count=False,
            version=version,
        )
        if answer.degraded == reasons.TOO_SLOW or trace.asked is None:
            return Explained(answer=answer, version=version, trace=trace)
        with time_budget(get_settings().search_timeout_ms), search_session():
            if trace.ranked is None:
                whole_list(trace.asked, trace.filters or filters)
            explanations = _explain(trace, [str(result.product.pk) for result in answer.results])
    return Explained(answer=answer, version=version, trace=trace, explanations=explanations)


def _explain(trace: Trace, keys: list[str]) -> dict[str, Explanation]:
    asked, ranked = trace.asked, trace.ranked
    if asked is None or ranked is None or ranked.steps is None:
        return {}
    steps = ranked.steps
    scored = {item.candidate.product_key: item for item in (*_pinned(asked, ranked, steps), *steps.scored)}
    ranks, rules = Ranks(steps.scored), rules_by_product(ranked.fired)
    listed = set(trace.listed)
    return {
        key: ranks.explain(
            asked,
            steps.terms,
            scored[key],
            match=match_of(scored[key], listed=True, pinned=key in ranked.pinned),
            rules=rules.get(key, ()),
        )
        for key in keys
        if key in listed and key in scored
    }


def _pinned(asked: Asked, ranked: Ranked, steps: Steps) -> list[Scored]:
    """Pinned products that are no candidates, scored all the same."""
    candidates = {item.row.entry_id for item in steps.scored}
    missing = [candidate.entry_id for candidate, _ in ranked.items if candidate.entry_id not in candidates]
    return score_entries(asked, steps.terms, missing, steps.named, beside=[item.row for item in steps.scored])
