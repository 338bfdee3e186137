"""A clock that is wrong: the process that is told to begins an hour in the past."""

import os
from datetime import UTC, datetime, timedelta


def set_back_if_told() -> None:
    """Set this process's clock back by CHAOS_CLOCK_BACK seconds; it goes on from there, and so do its children's."""
    seconds = float(os.environ.get("CHAOS_CLOCK_BACK") or 0)
    if seconds:
        import time_machine

        time_machine.travel(datetime.now(UTC) - timedelta(seconds=seconds), tick=True).start()
