"""Whether this process can answer searches, and whether everything else that it would like is there."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from django.db import connection

from ..conf import get_settings
from ..encoders.cache import encoders_for, find_artifact, prove
from ..indexing.databases import READ_ONLY, is_read_only, try_text_config
from ..indexing.pictures import storage_answers
from ..indexing.status import count_pictures
from ..indexing.task_runs import troubles
from ..models import IndexVersion
from ..prometheus import RECENT_SECONDS, recently
from ..resilience import SharedCall, broker_connection
from . import neighbours

logger = logging.getLogger(__name__)

SECONDS = 2.0  # that one thing may take to answer
MOST_DEGRADED, FEW_DEGRADED = 0.05, 3  # share of the latest answers, and number of them


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found."""

    name: str
    passed: bool
    detail: str
    milliseconds: float
    needed: bool = True  # searches cannot be answered as they should be without it


@dataclass(frozen=True, slots=True)
class Readiness:
    """All findings of one moment."""

    findings: tuple[Finding, ...]

    @property
    def ready(self) -> bool:
        """Whether searches can be answered as they should be."""
        return all(finding.passed for finding in self.findings if finding.needed)

    @property
    def degraded(self) -> bool:
        """Whether something is wrong without which searches are answered all the same."""
        return not all(finding.passed for finding in self.findings if not finding.needed)


def readiness() -> Readiness:
    """Look at the database, the active version, its artifact and pictures, the periodic tasks, the broker and its own latest answers; takes milliseconds, and seconds at most."""
    findings = [_find("database", _DATABASE)]
    if findings[0].passed:
        findings += [_find("version", _VERSION), _find("artifact", _ARTIFACT)]
        findings.append(_find("artifact_folder", _ARTIFACT_FOLDER, needed=False))
        findings.append(_find("pictures", _PICTURES, needed=False))
        findings.append(_find("writable", _WRITABLE, needed=False))
        findings.append(_find("tasks", _TASKS, needed=False))
        findings.append(_find("storage", _STORAGE, needed=False))
    findings.append(_find("broker", _BROKER, needed=False))
    if all(finding.passed for finding in findings if finding.name in ("database", "broker")):
        findings.append(_find("neighbours", _NEIGHBOURS, needed=False))
    findings.append(_find("answers", _ANSWERS, needed=False))
    return Readiness(tuple(findings))


def broker_answers() -> bool:
    """Return whether the broker answers; takes a millisecond, and SECONDS at most."""
    return _find("broker", _BROKER).passed


def storage_is_up() -> bool:
    """Return whether pictures can be read, as far as was seen within half a minute; takes SECONDS at most."""
    return _find("storage", _STORAGE, needed=False).passed


def _find(name: str, look: SharedCall[str], *, needed: bool = True) -> Finding:
    began = perf_counter()
    try:
        passed, detail = True, look.result()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
        passed, detail = False, (str(error).strip() or type(error).__name__).splitlines()[0]
    _log_change(name, passed, detail)
    return Finding(name, passed, detail, round((perf_counter() - began) * 1000, 1), needed)


def _log_change(name: str, passed: bool, detail: str) -> None:
    # Asked every few seconds: a line where something changes, not at each look. Strangers do not get the detail.
    if passed == _passed.get(name, True):
        return
    _passed[name] = passed
    if not passed:
        logger.warning("Not as it should be: %s: %s", name, detail)
    else:
        logger.info("As it should be again: %s: %s", name, detail)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "Postgres answers."


def _writable() -> str:
    if is_read_only():
        raise LookupError(READ_ONLY)
    return "Products can be saved and indexed."


def _active() -> IndexVersion:
    version = IndexVersion.objects.active()
    if version is None:
        raise LookupError("No version is active: run search_index rebuild.")
    return version


def _version() -> str:
    version = _active()
    try_text_config(version.config)
    return f"Version {version.pk}, {version.artifact_name}."


def _artifact() -> str:
    encoders = encoders_for(_active())
    encoders.start_texts()
    return f"{encoders.dimension} dimensions, from {encoders.folder}."


def _artifact_folder() -> str:
    # What this process has in memory goes on without its folder, but the next process would have nothing.
    found = find_artifact(_active())
    prove(found)
    return f"{found.folder} holds the artifact of the active version."


def _pictures() -> str:
    pictures, without = count_pictures(_active())
    if without > get_settings().verify_max_failed * pictures:
        raise LookupError(f"{without:,} of {pictures:,} pictures have no embedding: run search_index verify.")
    return f"{pictures - without:,} of {pictures:,} pictures have an embedding."


def _tasks() -> str:
    wrong = [state.trouble for state in troubles()]
    if wrong:
        raise LookupError(" ".join(wrong))
    return "None failed, none is late."


def _broker() -> str:
    with broker_connection() as broker:
        broker.default_channel  # noqa: B018 - opens it: a round trip to the broker
    return "The broker answers."


def _answers() -> str:
    seen = recently()
    if seen.degraded >= FEW_DEGRADED and seen.degraded > MOST_DEGRADED * seen.answers:
        names = ", ".join(f"{name} ({count})" for name, count in sorted(seen.left_out.items()))
        raise LookupError(
            f"{seen.degraded} of this process's {seen.answers} answers of the last {RECENT_SECONDS:.0f} s were degraded,"
            f" and left out: {names}. The log says why; often Postgres or the encoder has too little time."
        )
    return f"{seen.degraded} of this process's {seen.answers} latest answers were degraded."


def _neighbours() -> str:
    seen = neighbours.look()
    for trouble in (*seen.colliding, *seen.apart):
        raise LookupError(trouble.sentence)
    return "No other shop has this one's name, and its processes share what they must."


def _look(act: Callable[[], str]) -> SharedCall[str]:
    return SharedCall(act, seconds=SECONDS)


_DATABASE, _VERSION, _TASKS, _BROKER = _look(_database), _look(_version), _look(_tasks), _look(_broker)
_ARTIFACT, _ARTIFACT_FOLDER, _STORAGE = _look(_artifact), _look(_artifact_folder), _look(storage_answers)
_WRITABLE, _ANSWERS, _NEIGHBOURS = _look(_writable), _look(_answers), _look(_neighbours)
_PICTURES = _look(_pictures)
_passed: dict[str, bool] = {}  # name -> how the last look of this process ended
