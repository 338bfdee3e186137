"""What the plugin adds to `django.setup()` of a host, in processor time: the same host with it and without it.

Run as `python -m lab.bench.startup`. The host is what `startproject` makes, on Postgres, with REST framework and a Celery application,
which the plugin's pages ask for. Each measurement has a process of its own; the two hosts take turns, and the fastest run of each counts,
because other work on the machine only ever adds to a run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from typing import NamedTuple

from lab.processes import ROOT

BAR = 1.3  # times the processor time without the plugin
ROUNDS = 12
MOST_ROUNDS = 60
# Packages that `django.setup()` has no use for; each of them takes longer to import than all of the plugin's tables.
HEAVY = (
    "PIL",
    "celery.beat",
    "numpy",
    "onnxruntime",
    "redis",
    "rich",
    "snowballstemmer",
    "symspellpy",
    "tokenizers",
)
HOST = """
import json, sys, time

from django.conf import settings

apps = ["admin", "auth", "contenttypes", "sessions", "messages", "staticfiles", "postgres"]
settings.configure(
    SECRET_KEY="x",
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in apps), "rest_framework", *sys.argv[2:]],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
begun = time.process_time()
import django
from celery import Celery

app = Celery("host")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
django.setup()
seconds = time.process_time() - begun
heavy = [name for name in json.loads(sys.argv[1]) if name in sys.modules]
print(json.dumps([seconds, heavy]))
"""


class Startup(NamedTuple):
    """Seconds of processor time that `django.setup()` takes."""

    without: float
    with_plugin: float
    heavy: tuple[str, ...]  # packages of HEAVY that it imported
    rounds: int

    @property
    def ratio(self) -> float:
        """Times that it takes with the plugin."""
        return self.with_plugin / self.without


def main() -> None:
    """Measure and print the figures; the exit status is 1 where they are over the bar."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"at least; default: {ROUNDS}")
    measured = measure(parser.parse_args().rounds)
    print(
        f"django.setup() without the plugin {1000 * measured.without:.0f} ms, with it {1000 * measured.with_plugin:.0f} ms of"
        f" processor time: {measured.ratio:.2f} times (the bar is {BAR}), fastest of {measured.rounds} rounds."
    )
    if measured.heavy:
        print(f"It imports what it has no use for: {', '.join(measured.heavy)}.")
    sys.exit(measured.ratio > BAR or bool(measured.heavy))


def measure(rounds: int = ROUNDS, most: int = MOST_ROUNDS, bar: float = BAR) -> Startup:
    """Measure both hosts in turns.

    Args:
        rounds: of both, at least.
        most: rounds, while the fastest ones are over the bar: a busy machine slows some of the runs, and a slow plugin all.
        bar: times the processor time without the plugin.
    """
    with tempfile.TemporaryDirectory() as compiled:
        _run(compiled)  # compiles everything; this one is not counted
        _run(compiled, "search.apps.SearchConfig")
        fastest, done, heavy = [float("inf")] * 2, 0, set[str]()
        while done < rounds or (done < most and fastest[1] > bar * fastest[0]):
            for place, apps in enumerate(((), ("search.apps.SearchConfig",))):
                seconds, imported = _run(compiled, *apps)
                fastest[place] = min(fastest[place], seconds)
                heavy |= set(imported)
            done += 1
    return Startup(*fastest, tuple(sorted(heavy)), done)


def _run(compiled: str, *apps: str) -> tuple[float, list[str]]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO"))
    }
    command = [sys.executable, "-c", HOST, json.dumps(HEAVY), *apps]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, "PYTHONPYCACHEPREFIX": compiled},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, heavy = json.loads(done.stdout)
    return seconds, heavy


if __name__ == "__main__":
    main()
