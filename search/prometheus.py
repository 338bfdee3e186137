"""What each process counts for those who watch it: times and numbers, in the names of Prometheus.

With PROMETHEUS_MULTIPROC_DIR in the environment the processes of a machine, web and workers, add their figures up in that
folder; without it a scrape gets those of the one process that answers it.
"""

from collections import Counter as Tally
from collections import deque
from collections.abc import Collection
from threading import Lock
from time import monotonic
from typing import NamedTuple

from prometheus_client import Counter, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

SEARCH_SECONDS = Histogram("fashion_search_seconds", "Time of a search in all.", ["kind"], buckets=_SECONDS)
STAGE_SECONDS = Histogram(
    "fashion_search_stage_seconds", "Time of one stage of a search.", ["stage"], buckets=_SECONDS
)
DEGRADED = Counter(
    "fashion_search_degraded", "Searches that were answered without embeddings or in part.", ["kind"]
)
LEFT_OUT = Counter(
    "fashion_search_left_out",
    "Times that something was left out of an answer, or was not done, because it could not be, by its name.",
    ["what"],
)
ENCODE_SECONDS = Histogram(
    "fashion_search_encode_seconds",
    "Time of one run of an encoder.",
    ["encoder", "used_by"],
    buckets=_SECONDS,
)
ENCODED = Counter("fashion_search_encoded", "Pictures and texts that workers have encoded.", ["encoder"])
ENCODE_TIMEOUTS = Counter(
    "fashion_search_encode_timeouts",
    "Encodings that were given up, or never begun, because they took too long.",
    ["encoder"],
)
UNSHOWN = Counter(
    "fashion_search_unshown",
    "Products that a list could not show because the shop's card() or the reading of the product raised.",
    ["by"],
)
PUBLISH_FAILURES = Counter(
    "fashion_search_publish_failures", "Hints to workers that the broker did not take."
)
TASK_RECORD_FAILURES = Counter(
    "fashion_search_task_record_failures", "Runs of periodic tasks that could not be noted in Postgres."
)
REPLICA_READS = Counter(
    "fashion_search_replica_reads",
    "Searches and the like that a replica has answered.",
    ["replica"],
)
REPLICA_FALLBACKS = Counter(
    "fashion_search_replica_fallbacks",
    "Times that a replica could not be read from, or failed a search, by what it was: away, behind, none, failed.",
    ["replica", "why"],
)

RECENT_SECONDS = 60.0
RECENT_ANSWERS = 2000  # at most


class Recently(NamedTuple):
    """What this process has answered in the last RECENT_SECONDS."""

    answers: int
    degraded: int
    left_out: Tally[str]  # names of what the degraded ones left out


_recent: deque[tuple[float, frozenset[str] | None]] = deque(maxlen=RECENT_ANSWERS)
_lock = Lock()


def note_answer(*, degraded: bool, left_out: Collection[str]) -> None:
    """Remember an answer of this process for a while."""
    with _lock:
        _recent.append((monotonic(), frozenset(left_out) if degraded else None))


def recently() -> Recently:
    """Return how the latest answers of this process were; the figures for Prometheus never forget."""
    with _lock:
        while _recent and _recent[0][0] < monotonic() - RECENT_SECONDS:
            _recent.popleft()
        kept = [left_out for _, left_out in _recent]
    degraded = [left_out for left_out in kept if left_out is not None]
    return Recently(len(kept), len(degraded), Tally(name for left_out in degraded for name in left_out))


def forget_answers() -> None:
    """Forget them."""
    with _lock:
        _recent.clear()
