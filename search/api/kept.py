"""What clients may keep of an answer: ETag, Cache-Control, and 304 where nothing has changed."""

import json
from hashlib import sha256
from typing import Any

from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

# What differs from one answer to the next although it says the same.
PASSING = ("took_ms", "search", "token", "next", "stages")


def keepable(request: Request, response: Response, seconds: int) -> Any:
    """Return the response with its ETag, or 304 where the client has it already; a degraded answer is not kept at all.

    Args:
        request: what was asked.
        response: with status 200, not rendered yet.
        seconds: how long it may be used without asking again; 0 for never.
    """
    data = response.data
    if isinstance(data, dict) and data.get("degraded"):
        patch_cache_control(response, private=True, no_store=True)
        return response
    said = (
        {name: value for name, value in data.items() if name not in PASSING}
        if isinstance(data, dict)
        else data
    )
    etag = f'W/"{sha256(json.dumps(said, default=str, sort_keys=True).encode()).hexdigest()[:32]}"'
    response["ETag"] = etag
    patch_vary_headers(response, ["Accept", "Accept-Language", "Authorization"])
    if seconds:
        patch_cache_control(response, private=True, max_age=seconds)
    else:
        patch_cache_control(response, private=True, no_cache=True)
    return get_conditional_response(request._request, etag=etag, response=response)
