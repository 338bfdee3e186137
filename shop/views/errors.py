"""What is answered to an address that leads nowhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views import defaults

from search.api.views import not_found as not_found_in_api


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """The page that says so, or an error of the API, in JSON, below its address."""
    if request.path_info.startswith("/api/"):
        return not_found_in_api(request, exception)
    return defaults.page_not_found(request, exception)
