"""What each process counts for those who watch it: times and numbers, in the names of Prometheus.

With PROMETHEUS_MULTIPROC_DIR in the environment the processes of a machine, web and workers, add their figures up in that
folder; without it a scrape gets those of the one process that answers it.
"""

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
PUBLISH_FAILURES = Counter(
    "fashion_search_publish_failures", "Hints to workers that the broker did not take."
)
TASK_RECORD_FAILURES = Counter(
    "fashion_search_task_record_failures", "Runs of periodic tasks that could not be noted in Postgres."
)
