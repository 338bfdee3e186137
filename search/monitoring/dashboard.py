"""All that the dashboard shows of the index, looked at in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from ..clock import today
from ..conf import get_settings
from ..exceptions import NoIndexRegistered
from ..indexing.status import OutboxState, measure_outbox
from ..insight.reports import last_days, share
from ..models import Build, IndexEntry, IndexVersion, KeptCount, SearchDay, StaleProduct
from ..registry import ProductCard, get_index, read_cards
from ..replicas import ReplicaState, states
from ..sentences import figure, joined, said
from ..sentences import lazily as _
from .build_progress import read_progress
from .index_probes import probe_index, probe_staleness
from .neighbours import probe_neighbours, unknown
from .probes import Finding, State, count, summarise
from .service_probes import (
    Ping,
    ask_log,
    probe_connections,
    probe_log,
    probe_postgres,
    probe_queue,
    probe_replicas,
    probe_storage,
    probe_tasks,
)
from .version_probes import probe_held, probe_versions

FAILED_SHOWN = 8
WEEK = 7  # days
SLOW_MS = 1000.0
MANY_DEGRADED = 0.05


@dataclass(frozen=True, slots=True)
class FailedProduct:
    """One product that failed."""

    product_key: str
    name: str  # its SKU and name, or its key where it is gone
    reason: str
    parked: bool
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """The products that failed."""

    first: tuple[FailedProduct, ...]  # parked ones before those that are tried again, the latest first
    parked: int
    retrying: int
    incomplete: int  # entries of the version that searches use with an error, mostly of a picture
    entries: int = 0  # of that version


@dataclass(frozen=True, slots=True)
class Answers:
    """How the searches of some days were answered."""

    label: str
    searches: int
    zero_share: float | None  # found nothing
    degraded_share: float | None
    p50_ms: float | None  # of several days, the median of theirs
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Board:
    """The state of search at one moment."""

    summary: Finding
    checks: tuple[Finding, ...]
    outbox: OutboxState
    build: dict[str, Any] | None  # as `read_progress` returns it
    failed: Failed
    answers: tuple[Answers, ...]
    replicas: tuple[ReplicaState, ...] = ()

    @property
    def troubles(self) -> list[Finding]:
        """The checks that are not well."""
        return [check for check in self.checks if check.state is not State.OK]


def read_board() -> Board:
    """Look at everything; the workers and the log's Redis are asked meanwhile, and are waited for 0.4 s at most."""
    ping, log = Ping(), ask_log()
    postgres, connections = probe_postgres(), probe_connections()
    index, staleness, storage = probe_index(), probe_staleness(), probe_storage()
    outbox, failed, answers = measure_outbox(), read_failed(), read_answers()
    build = read_progress(ping.count)
    standbys = tuple(states())
    reached = ping.count() is not None
    checks = (
        postgres,
        connections,
        probe_replicas(standbys),
        *probe_queue(ping),
        storage,
        *(probe_neighbours() if reached else unknown(_("Not known while the task queue cannot be reached."))),
        *index,
        probe_held(),
        staleness,
        probe_versions(),
        probe_build(build),
        probe_failed(failed),
        probe_tasks(),
        probe_log(log),
        probe_response_times(answers),
    )
    return Board(summarise(checks), checks, outbox, build, failed, tuple(answers), standbys)


def probe_build(build: dict[str, Any] | None) -> Finding:
    """Say whether the build that runs moves, and whether the last one came to a good end."""
    name = _("Builds")
    if build is None:
        return Finding(name, State.OK, _("Nothing has been built yet."))
    is_rebuild = build["kind"] == Build.Kind.REBUILD
    if build["stalled"]:
        stalled = _("The rebuild does not move.") if is_rebuild else _("The reindex does not move.")
        return Finding(name, State.ATTENTION, stalled, build["advice"])
    if build["trouble"]:
        remedy = _("Correct what the reason names; the step is tried again by itself.")
        troubled = (
            _("The rebuild runs into: %(trouble)s") if is_rebuild else _("The reindex runs into: %(trouble)s")
        )
        return Finding(name, State.ATTENTION, said(troubled, trouble=build["trouble"]), remedy)
    if build["state"] == Build.State.FAILED:
        remedy = _("Correct what the reason names, then begin again.")
        failed = _("The last rebuild failed.") if is_rebuild else _("The last reindex failed.")
        return Finding(name, State.ATTENTION, joined((failed, build["sentence"])), remedy)
    if build["running"]:
        running = _("A rebuild runs.") if is_rebuild else _("A reindex runs.")
        return Finding(name, State.OK, joined((running, build["sentence"])))
    ended = _("The last rebuild is %(state)s.") if is_rebuild else _("The last reindex is %(state)s.")
    return Finding(name, State.OK, said(ended, state=Build.State(build["state"]).label))


def read_failed() -> Failed:
    """Read what failed with a few queries, however much it is."""
    failed = StaleProduct.objects.exclude(last_error="")
    rows = list(failed.order_by("-parked", "-marked_at")[:FAILED_SHOWN])
    cards = read_cards([row.product_key for row in rows])
    parked = StaleProduct.objects.filter(parked=True).count()
    version = IndexVersion.objects.serving()
    entries = IndexEntry.objects.filter(version=version) if version else IndexEntry.objects.none()
    return Failed(
        first=tuple(
            FailedProduct(
                row.product_key,
                _name(cards.get(row.product_key), row.product_key),
                row.last_error,
                row.parked,
                row.marked_at,
            )
            for row in rows
        ),
        parked=parked,
        retrying=failed.filter(parked=False).count(),
        incomplete=entries.exclude(error="").count(),
        entries=KeptCount.objects.entries_of(version) if version else 0,
    )


def probe_failed(failed: Failed) -> Finding:
    """Say whether products were given up on."""
    if failed.parked:
        return Finding(
            _("Failed products"),
            State.ATTENTION,
            said(_("%(product)s parked after their last attempt."), product=count(failed.parked, "product")),
            _("Correct what the reason names, then try again from the list of failures."),
        )
    if failed.incomplete > get_settings().verify_max_failed * failed.entries:
        return Finding(
            _("Failed products"),
            State.ATTENTION,
            said(
                _("%(incomplete)s of %(product)s are not wholly in the index."),
                incomplete=figure(failed.incomplete),
                product=count(failed.entries, "product"),
            ),
            _(
                "Correct what the reasons name, below What failed; what failed is tried again by itself, or by a reindex."
            ),
        )
    if failed.retrying:
        return Finding(
            _("Failed products"),
            State.OK,
            said(_("%(product)s will be tried again."), product=count(failed.retrying, "product")),
        )
    return Finding(_("Failed products"), State.OK, _("None."))


def read_answers() -> list[Answers]:
    """Return today, yesterday and the week, read with one query."""
    period = last_days(WEEK, today())
    rows = {row.day: row for row in SearchDay.objects.filter(mode="", day__range=(period.first, period.last))}
    return [
        _answers(_("Today"), _of(rows, period.last)),
        _answers(_("Yesterday"), _of(rows, period.last - timedelta(days=1))),
        _answers(said(_("Last %(week)s days"), week=WEEK), list(rows.values())),
    ]


def probe_response_times(answers: Sequence[Answers]) -> Finding:
    """Look at the latest of today and yesterday that has searches."""
    name = _("Response times")
    if not get_settings().insight:
        return Finding(name, State.OK, _("Searches are not being logged: the setting INSIGHT is off."))
    latest = next((row for row in answers[:2] if row.searches), None)
    if latest is None or latest.p95_ms is None:
        week = max((row.searches for row in answers[2:]), default=0)
        if not week:
            return Finding(
                name,
                State.OK,
                said(
                    _("No search was logged in the last %(week)s days, so nothing was measured."), week=WEEK
                ),
            )
        return Finding(
            name,
            State.ATTENTION,
            said(_("No search was logged since yesterday, %(week)s on the days before."), week=figure(week)),
            _(
                "See that Celery beat runs drain_log and roll_up_log, and that the shop's search page can be reached."
            ),
        )
    sentence = said(
        _("%(label)s, 95 %% of searches were answered within %(p95_ms)s ms."),
        label=latest.label,
        p95_ms=figure(latest.p95_ms),
    )
    degraded = latest.degraded_share or 0.0
    if degraded > MANY_DEGRADED:
        return Finding(
            name,
            State.ATTENTION,
            joined(
                (
                    sentence,
                    said(
                        _("%(share)s %% of pages were degraded, by keyword only."),
                        share=figure(100 * degraded),
                    ),
                )
            ),
            _("The search log says why; often the encoder or Postgres has too little time or processor."),
        )
    if latest.p95_ms > SLOW_MS:
        return Finding(
            name,
            State.ATTENTION,
            sentence,
            _("The overview shows which stage takes the time, below “Kinds of search and speed”."),
        )
    return Finding(name, State.OK, sentence)


def product_label() -> str:
    """Return the label of the product model, such as "shop.product", or "" where none is registered."""
    try:
        return get_index().model._meta.label_lower
    except NoIndexRegistered:
        return ""


def _name(card: ProductCard | None, key: str) -> str:
    return f"{card.sku}: {card.name}" if card else said(_("product %(key)s"), key=key)


def _of(rows: dict[date, SearchDay], day: date) -> list[SearchDay]:
    return [rows[day]] if day in rows else []


def _answers(label: str, rows: list[SearchDay]) -> Answers:
    searches = sum(row.searches for row in rows)
    return Answers(
        label=label,
        searches=searches,
        zero_share=share(sum(row.zero for row in rows), searches),
        degraded_share=share(sum(row.degraded for row in rows), sum(row.pages for row in rows)),
        p50_ms=median(row.p50_ms for row in rows) if rows else None,
        p95_ms=median(row.p95_ms for row in rows) if rows else None,
    )
