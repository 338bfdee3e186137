"""What the processes of the shop are told, by variables of the environment."""

import json
from pathlib import Path

METRICS_TOKEN = "chaos-reads-figures"
QUICK = {
    "SWEEP_SECONDS": 1,
    "CLAIM_LEASE_SECONDS": 4,
    "RETRY_BACKOFF_SECONDS": 1,
    "API_RATE": "",
    "PHOTO_RATE": "",
    "METRICS_TOKEN": METRICS_TOKEN,
}


def settings_for(folder: Path, artifact: Path) -> dict[str, str]:
    """Return variables that make retries and sweeps quick and let a storage and clocks be told to fail.

    Args:
        folder: for files of orders.
        artifact: the one that the index is built with.
    """
    return {
        "DJANGO_SETTINGS_MODULE": "lab.chaos.settings",
        "CHAOS_ORDERS": str(folder / "orders.json"),
        "CHAOS_CLOCK": str(folder / "clock"),
        "FASHION_SEARCH": json.dumps(QUICK | {"ARTIFACT": str(artifact)}),
    }
