"""The settings of a shop that faults are done to: a storage, a clock and host's code that can be told to fail, a broker that gives messages back early."""

import os

from celery.signals import worker_process_init

from shop.settings import *  # noqa: F403
from shop.settings import (
    CELERY_BEAT_SCHEDULE,
    CELERY_BROKER_TRANSPORT_OPTIONS,
    INSTALLED_APPS,
    STORAGES,
)

from .clock import follow
from .steps import wrap

INSTALLED_APPS = [*INSTALLED_APPS, "chaos.host.HostConfig"]
STORAGES = STORAGES | {
    "default": STORAGES["default"] | {"OPTIONS": {"backend": "chaos.storage.FaultyStorage"}}
}
CELERY_BROKER_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS | {
    "visibility_timeout": int(os.environ.get("CHAOS_VISIBILITY_SECONDS") or 600),
    "global_keyprefix": os.environ.get("CHAOS_KEY_PREFIX")
    or CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"],
}

CELERY_BEAT_SCHEDULE = {
    name: entry
    for name, entry in CELERY_BEAT_SCHEDULE.items()
    if entry["task"] != f"search.tasks.{os.environ.get('CHAOS_WITHOUT_TASK')}"
}

follow()
worker_process_init.connect(wrap)
