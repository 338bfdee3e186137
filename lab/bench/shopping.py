"""Let shoppers into the shop by Locust for a while, and read what they were answered."""

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .setting import ROOT, Setting
from .watching import Watcher

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
TURNED_AWAY = "turned away (503)"  # as the locustfile calls it
GAP_SECONDS = 5.0  # between two requests of a shopper who does not wait for answers, on average


@dataclass(frozen=True, slots=True)
class Kind:
    """Requests of one kind; times are milliseconds."""

    requests: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What shoppers were answered, and what became of the shop meanwhile."""

    users: int
    seconds: int
    offered_per_second: float  # requests that were sent
    answered_per_second: float  # of these, those that were not turned away
    turned_away: int
    errors: int
    total: Kind
    by_kind: dict[str, Kind]
    changes: int  # products saved meanwhile
    lag_seconds: float  # the oldest change that waited for the index, at its worst
    memory_mb: float  # of all processes of the shop, at the end
    slopes: dict[str, float]  # MB per minute by process


def shop_for(setting: Setting, port: int, *, users: int, seconds: int, rate: float = 0.0) -> Figures:
    """Let shoppers in, while products change.

    Args:
        setting: the shop.
        port: of its web server.
        users: shoppers at once, each of whom waits for an answer and then a second; not used with a rate.
        seconds: for which they stay, once all are there.
        rate: requests per second that come at random moments, whether or not others were answered.

    Raises:
        subprocess.CalledProcessError: Locust did not run.
    """
    users = round(rate * GAP_SECONDS) if rate else users
    prefix = setting.folder / f"locust-{users}-{seconds}"
    arrivals = max(4, users // 5)  # shoppers who come in, per second
    command = [
        *(sys.executable, "-m", "locust", "--headless", "--only-summary", "--skip-log-setup"),
        *("--locustfile", str(LOCUSTFILE), "--host", f"http://127.0.0.1:{port}"),
        *("--users", str(users), "--spawn-rate", str(arrivals)),
        *("--run-time", f"{seconds + users // arrivals}s", "--reset-stats"),
        *("--csv", str(prefix), "--exit-code-on-error", "0"),
    ]
    told = os.environ | {"LOAD_GAP": str(GAP_SECONDS if rate else 0)}
    with Watcher(setting.processes) as watcher:
        subprocess.run(command, check=True, cwd=ROOT, env=told, capture_output=True)
    kinds, total, errors, rate_sent = read(Path(f"{prefix}_stats.csv"))
    turned_away = kinds[TURNED_AWAY].requests if TURNED_AWAY in kinds else 0
    return Figures(
        users=users,
        seconds=seconds,
        offered_per_second=rate_sent,
        answered_per_second=rate_sent * (1 - turned_away / max(1, total.requests)),
        turned_away=turned_away,
        errors=errors,
        total=total,
        by_kind=kinds,
        changes=watcher.changed,
        lag_seconds=max((sample.lag for sample in watcher.samples), default=0.0),
        memory_mb=watcher.samples[-1].memory_mb if watcher.samples else 0.0,
        slopes=watcher.slopes(),
    )


def read(path: Path) -> tuple[dict[str, Kind], Kind, int, float]:
    """Read what Locust wrote down: kinds, all of them, errors, and requests per second.

    A kind may have a row for GET and one for POST; their numbers are added, and times are those of the larger.
    """
    kinds: dict[str, Kind] = {}
    with path.open() as rows:
        for row in csv.DictReader(rows):
            count = int(row["Request Count"])
            kind = Kind(
                count, *(float(row[column].replace("N/A", "nan")) for column in ("50%", "95%", "99%"))
            )
            if row["Name"] == "Aggregated":
                return kinds, kind, int(row["Failure Count"]), float(row["Requests/s"])
            other = kinds.get(row["Name"], Kind(0, 0.0, 0.0, 0.0))
            larger = max(kind, other, key=lambda one: one.requests)
            kinds[row["Name"]] = Kind(count + other.requests, larger.p50, larger.p95, larger.p99)
    raise ValueError(f"{path} has no line for all requests.")
