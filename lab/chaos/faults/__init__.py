"""Faults by what they are done to; the order of these imports is the order in which they are done."""

from . import workers  # isort: skip
from . import broker  # isort: skip
from . import database  # isort: skip
from . import indexes  # isort: skip
from . import encoders  # isort: skip
from . import files  # isort: skip
from . import machine  # isort: skip
from . import maintenance  # isort: skip
from . import pages  # isort: skip
from . import media  # isort: skip
from . import hosts  # isort: skip
from . import periodic  # isort: skip
from . import neighbours  # isort: skip
from . import connections  # isort: skip

__all__ = [
    "broker",
    "connections",
    "database",
    "encoders",
    "files",
    "hosts",
    "indexes",
    "machine",
    "maintenance",
    "media",
    "neighbours",
    "pages",
    "periodic",
    "workers",
]
