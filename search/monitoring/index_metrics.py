"""Figures of the index, read from Postgres at each scrape: what waits, what failed, what is there; and whether the broker is."""

from collections.abc import Iterator
from time import perf_counter

from django.db import connection, transaction
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .. import replicas
from ..conf import get_settings
from ..indexing.failures import count_failures
from ..indexing.status import measure_outbox
from ..indexing.task_runs import task_states
from ..insight.log_store import measure_waiting
from ..models import IndexEntry, IndexVersion
from ..resilience import SharedCall, TooLate
from .index_probes import probe_cards, probe_documents, probe_pictures
from .neighbours import probe_neighbours
from .readiness import broker_answers, storage_is_up
from .version_probes import probe_held, probe_hnsw, probe_versions

SECONDS = 2.0  # that Postgres may take


class IndexCollector(Collector):
    """Asks the broker and Postgres; while Postgres does not answer, `fashion_search_database_up` is 0 and the other figures are missing."""

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of this moment."""
        yield GaugeMetricFamily(
            "fashion_search_broker_up", "1 where the broker answered the scrape.", broker_answers()
        )
        yield from _log()
        yield from _neighbours()
        yield from _replicas()
        up = GaugeMetricFamily("fashion_search_database_up", "1 where Postgres answered the scrape.")
        began = perf_counter()
        try:
            figures = _INDEX.result()
        except Exception:  # noqa: BLE001 - whatever it is, Postgres is not up
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield GaugeMetricFamily(
            "fashion_search_scrape_seconds",
            "Time that Postgres took for these figures.",
            perf_counter() - began,
        )
        yield from figures
        yield GaugeMetricFamily(
            "fashion_search_storage_up",
            "1 where a picture could be read within half a minute.",
            storage_is_up(),
        )


def _log() -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "fashion_search_log_up", "1 where the Redis of the search log answered the scrape."
    )
    try:
        figures = _LOG.result()
    except Exception:  # noqa: BLE001 - whatever it is, its Redis is not up
        up.add_metric([], 0)
        yield up
        return
    up.add_metric([], 1)
    yield up
    yield from figures


def _neighbours() -> Iterator[Metric]:
    """Yield the figures about other shops; nothing where it cannot be asked."""
    try:
        others, shared = _NEIGHBOURS.result()
    except TooLate:
        return
    figures = {**others.figures, **shared.figures}
    if not figures:  # Postgres or the broker is away, which other figures show
        return
    troubles = GaugeMetricFamily(
        "fashion_search_neighbour_troubles",
        "Shops with this one's namespace (collision), with its queue (queue), and what its own processes do not share (apart).",
        labels=["kind"],
    )
    for kind, number in figures.items():
        troubles.add_metric([kind], number)
    yield troubles


def _replicas() -> Iterator[Metric]:
    """Yield how far each of READ_REPLICAS is behind, where that is known, and whether searches are read from it."""
    try:
        found = _REPLICAS.result()
    except Exception:  # noqa: BLE001 - they do not answer in time, or the settings are wrong, which a check reports
        return
    lag = GaugeMetricFamily(
        "fashion_search_replica_lag_seconds", "How far a replica is behind at most.", labels=["replica"]
    )
    fresh = GaugeMetricFamily(
        "fashion_search_replica_fresh", "1 where searches may be read from a replica.", labels=["replica"]
    )
    for state in found:
        fresh.add_metric([state.alias], state.use is replicas.Use.FRESH)
        if state.lag_seconds is not None:
            lag.add_metric([state.alias], state.lag_seconds)
    yield from (lag, fresh)


def _read() -> list[Metric]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [str(int(SECONDS * 1000))])
        return [*_outbox(), _failures(), *_version(), _lacking(), _left_over(), *_tasks()]


def _outbox() -> Iterator[Metric]:
    outbox = measure_outbox()
    waited = (timezone.now() - outbox.oldest).total_seconds() if outbox.oldest else 0.0
    yield GaugeMetricFamily(
        "fashion_search_pending", "Changed products that wait for a worker.", outbox.waiting
    )
    yield GaugeMetricFamily(
        "fashion_search_pending_oldest_seconds", "How long the oldest of them has waited.", max(0.0, waited)
    )
    yield GaugeMetricFamily(
        "fashion_search_parked", "Products put aside after too many failures.", outbox.parked
    )


def _failures() -> Metric:
    failures = GaugeMetricFamily(
        "fashion_search_failures", "Products that failed, by reason.", labels=["reason"]
    )
    for reason, number in count_failures().items():
        failures.add_metric([reason], number)
    return failures


def _version() -> Iterator[Metric]:
    version = IndexVersion.objects.active()
    info = GaugeMetricFamily(
        "fashion_search_active_version",
        "1 for the version that searches use.",
        labels=["version", "artifact"],
    )
    entries = GaugeMetricFamily("fashion_search_entries", "Products in the active version.")
    broken = GaugeMetricFamily(
        "fashion_search_broken_indexes", "HNSW indexes of it that are missing or invalid."
    )
    pictures = GaugeMetricFamily("fashion_search_pictures", "Pictures of products in the active version.")
    without = GaugeMetricFamily(
        "fashion_search_pictures_without_embedding", "Pictures of them that no search by looks finds."
    )
    held = GaugeMetricFamily(
        "fashion_search_versions_held", "New versions that are held back as worse than the active one."
    )
    noted = GaugeMetricFamily(
        "fashion_search_noted",
        "Products of it whose documents were changed to be indexed, and those that no list can show.",
        labels=["what"],
    )
    if version is not None:
        noted.add_metric(["document"], probe_documents(version).figures["number"])
        noted.add_metric(["card"], probe_cards(version).figures["number"])
        info.add_metric([str(version.pk), version.artifact_name], 1)
        entries.add_metric([], IndexEntry.objects.filter(version=version).count())
        broken.add_metric([], probe_hnsw(version).figures["number"])
        embeddings = probe_pictures(version).figures
        pictures.add_metric([], embeddings["pictures"])
        without.add_metric([], embeddings["without"])
    held.add_metric([], probe_held().figures["number"])
    yield from (info, entries, broken, noted, pictures, without, held)


def _lacking() -> Metric:
    versions = IndexVersion.objects.written()
    return GaugeMetricFamily(
        "fashion_search_lacking_artifact",
        "Versions that receive changes and whose artifact a worker lacked within the last two minutes.",
        sum(bool(version.lack) for version in versions),
    )


def _left_over() -> Metric:
    return GaugeMetricFamily(
        "fashion_search_left_over",
        "Versions and HNSW indexes that should be gone, and versions that could not be built, mended, activated or dropped.",
        probe_versions().figures["number"],
    )


def _tasks() -> Iterator[Metric]:
    success = GaugeMetricFamily(
        "fashion_search_task_last_success_timestamp_seconds",
        "When a run of the periodic task last ended well, by the clock of Postgres; 0 where none ever has.",
        labels=["task"],
    )
    failing = GaugeMetricFamily(
        "fashion_search_task_failing", "1 where its last run failed.", labels=["task"]
    )
    late = GaugeMetricFamily(
        "fashion_search_task_late", "1 where no run has ended well for three periods.", labels=["task"]
    )
    for state in task_states():
        name = [state.task.name]
        success.add_metric(name, state.succeeded_at)
        failing.add_metric(name, state.failing)
        late.add_metric(name, state.late)
    yield from (success, failing, late)


def _read_log() -> list[Metric]:
    if not get_settings().insight:
        return []
    waiting = measure_waiting()
    return [
        GaugeMetricFamily(
            "fashion_search_log_waiting", "Records of the search log that wait in Redis.", waiting.number
        ),
        GaugeMetricFamily(
            "fashion_search_log_oldest_seconds",
            "How long the oldest of them has waited.",
            waiting.oldest_seconds,
        ),
    ]


_LOG: SharedCall[list[Metric]] = SharedCall(_read_log, seconds=SECONDS)
_NEIGHBOURS = SharedCall(probe_neighbours, seconds=SECONDS)
_REPLICAS: SharedCall[list[replicas.ReplicaState]] = SharedCall(replicas.states, seconds=SECONDS)
_INDEX: SharedCall[list[Metric]] = SharedCall(_read, seconds=SECONDS)
