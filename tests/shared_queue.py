"""The settings of a shop whose Redis is shared as a host's often is: without a prefix, with the queue that everybody has."""

from shop.settings import *  # noqa: F403
from shop.settings import CACHES, CELERY_BROKER_TRANSPORT_OPTIONS

CELERY_BROKER_TRANSPORT_OPTIONS = {
    name: value for name, value in CELERY_BROKER_TRANSPORT_OPTIONS.items() if name != "global_keyprefix"
}
CELERY_TASK_DEFAULT_QUEUE = "celery"
CACHES = {"default": CACHES["default"] | {"KEY_PREFIX": ""}}
