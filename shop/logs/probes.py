"""Probes that are told no, as they shall be, are no news: what is wrong stands in the log once, by its own line."""

import logging

_PATHS = ("/health/", "/metrics")
_EXPECTED = (404, 405, 503)  # to a stranger, to a wrong method, while something is away


class SkipProbes(logging.Filter):
    """Drops Django's line about each answer to a probe that is an error on purpose; one about a failure stays."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is kept."""
        if record.name != "django.request" or getattr(record, "status_code", None) not in _EXPECTED:
            return True
        path = getattr(getattr(record, "request", None), "path_info", "")
        return not str(path).startswith(_PATHS)
