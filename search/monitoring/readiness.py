"""Whether this process can answer searches, and whether everything else that it would like is there."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from ..models import IndexVersion
from ..resilience import SharedCall
from .index_probes import probe_pictures_quickly
from .neighbours import probe_neighbours
from .probes import Finding, State
from .service_probes import (
    probe_answers,
    probe_broker,
    probe_database,
    probe_storage,
    probe_tasks,
    probe_writable,
)
from .version_probes import probe_encoders, probe_text_config, probe_version, probe_version_artifact

logger = logging.getLogger(__name__)

SECONDS = 2.0  # that one thing may take to answer
NEEDED = ("database", "version", "artifact")  # searches cannot be answered as they should be without these


@dataclass(frozen=True, slots=True)
class Readiness:
    """All findings of one moment."""

    findings: tuple[Finding, ...]

    @property
    def ready(self) -> bool:
        """Whether searches can be answered as they should be."""
        return all(finding.passed for finding in self.findings if finding.name in NEEDED)

    @property
    def degraded(self) -> bool:
        """Whether something is wrong without which searches are answered all the same."""
        return not all(finding.passed for finding in self.findings if finding.name not in NEEDED)

    def as_json(self, *, details: bool) -> dict[str, Any]:
        """Return it as JSON takes it.

        Args:
            details: what was found, which names hosts and folders.
        """
        checks: list[dict[str, Any]] = []
        for finding in self.findings:
            checks.append({"name": finding.name, "passed": finding.passed})
            if details:
                checks[-1] |= {
                    "detail": finding.sentence,
                    **finding.figures,
                    "needed": finding.name in NEEDED,
                }
        return {"ready": self.ready, "degraded": self.degraded, "checks": checks}


def readiness() -> Readiness:
    """Look at the database, the active version, its artifact and pictures, the periodic tasks, the broker and its own latest answers; takes milliseconds, and seconds at most."""
    findings = [_find("database")]
    if findings[0].passed:
        of_database = ("version", "artifact", "artifact_folder", "pictures", "writable", "tasks", "storage")
        findings += map(_find, of_database)
    findings.append(_find("broker"))
    if all(finding.passed for finding in findings if finding.name in ("database", "broker")):
        findings.append(_find("neighbours"))
    findings.append(_find("answers"))
    return Readiness(tuple(findings))


def broker_answers() -> bool:
    """Return whether the broker answers; takes a millisecond, and SECONDS at most."""
    return _find("broker").passed


def storage_is_up() -> bool:
    """Return whether pictures can be read, as far as was seen within half a minute; takes SECONDS at most."""
    return _find("storage").passed


def _find(name: str) -> Finding:
    began = perf_counter()
    try:
        found = _CALLS[name].result()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
        sentence = (str(error).strip() or type(error).__name__).splitlines()[0]
        found = Finding(name, State.BROKEN, sentence)
    _log_change(name, found)
    figures = {"milliseconds": round((perf_counter() - began) * 1000, 1)}
    return replace(found, name=name, figures=figures)


def _log_change(name: str, found: Finding) -> None:
    # Asked every few seconds: a line where something changes, not at each look. Strangers do not get the detail.
    if found.passed == _passed.get(name, True):
        return
    _passed[name] = found.passed
    if not found.passed:
        logger.warning("Not as it should be: %s: %s", name, found.sentence)
    else:
        logger.info("As it should be again: %s: %s", name, found.sentence)


def _of_active(probe: Callable[[IndexVersion], Finding]) -> Callable[[], Finding]:
    def run() -> Finding:
        version = IndexVersion.objects.active()
        return probe_version(version) if version is None else probe(version)

    return run


def _searchable(version: IndexVersion) -> Finding:
    words = probe_text_config(version)
    return probe_version(version) if words.passed else words


def _neighbours() -> Finding:
    others, shared = probe_neighbours()
    return others if not others.passed else shared


_CALLS = {
    name: SharedCall(probe, seconds=SECONDS)
    for name, probe in {
        "database": probe_database,
        "version": _of_active(_searchable),
        "artifact": _of_active(probe_encoders),
        "artifact_folder": _of_active(probe_version_artifact),
        "pictures": _of_active(probe_pictures_quickly),
        "writable": probe_writable,
        "tasks": probe_tasks,
        "storage": probe_storage,
        "broker": probe_broker,
        "neighbours": _neighbours,
        "answers": probe_answers,
    }.items()
}
_passed: dict[str, bool] = {}  # name -> how the last look of this process ended
