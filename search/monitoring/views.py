"""GET /health/live, /health/ready and /metrics."""

import os
from collections.abc import Callable
from hmac import compare_digest

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ..conf import get_settings
from .index_metrics import IndexCollector
from .readiness import readiness


@never_cache
@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """Answer that this process handles requests; touches nothing else."""
    return JsonResponse({"live": True})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer whether searches can be answered: 200 or 503, with what was looked at; periodic tasks and the broker only degrade.

    Details name hosts and folders, so they are for clients with METRICS_TOKEN, and for the log.
    """
    state = readiness()
    body = state.as_json(details=_has_token(request))
    response = JsonResponse(body, status=200 if state.ready else 503)
    if not state.ready:
        response["Retry-After"] = "5"
    return response


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures in Prometheus's text format, to clients with METRICS_TOKEN, and 404 to others."""
    if not _has_token(request):
        raise Http404
    index = CollectorRegistry()
    index.register(IndexCollector())
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(counted) + generate_latest(index), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    token = get_settings().metrics_token
    given = request.headers.get("Authorization", "")
    return bool(token) and compare_digest(given.encode(), f"Bearer {token}".encode())


# Load balancers and containers ask by address, so these are answered before the host of a request is looked at.
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
