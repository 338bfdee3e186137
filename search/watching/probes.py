"""Probes are answered before the host of a request is looked at: load balancers and containers ask by address."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from .views import live, ready

_ANSWERS: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {
    "/health/live": live,
    "/health/ready": ready,
}


class Probes:
    """Middleware: answers /health/live and /health/ready whatever the Host header says, past all middleware that follows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a probe, or hand the request on."""
        return _ANSWERS.get(request.path_info, self._get_response)(request)
