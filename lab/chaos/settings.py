"""The settings of a shop that faults are done to: a storage, a clock and host's code that fail by order, and hosts' ways of reading.

The broker gives messages back early, and reads are sent to a replica, where variables say so.
"""

import os

import dj_database_url
from celery.signals import worker_process_init

from shop.settings import *  # noqa: F403
from shop.settings import (
    CELERY_BEAT_SCHEDULE,
    CELERY_BROKER_TRANSPORT_OPTIONS,
    DATABASES,
    INSTALLED_APPS,
    STORAGES,
)

from .orders import follow_clock, wrap_steps

INSTALLED_APPS = [*INSTALLED_APPS, "lab.chaos.host.HostConfig"]
STORAGES = STORAGES | {
    "default": STORAGES["default"] | {"OPTIONS": {"backend": "lab.chaos.host.FaultyStorage"}}
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

if os.environ.get("CHAOS_REPLICA_URL"):
    replica = dj_database_url.parse(os.environ["CHAOS_REPLICA_URL"], engine="django.db.backends.postgresql")
    DATABASES = DATABASES | {"replica": replica}
    DATABASE_ROUTERS = ["lab.chaos.host.ReadReplica"]

follow_clock()
worker_process_init.connect(wrap_steps)
