"""Addresses of other pages of an answer."""

from rest_framework.request import Request


def page_address(request: Request, page: int | None, token: str) -> str | None:
    """Return the absolute address of a page of the same search, or None where there is none."""
    if page is None:
        return None
    parameters = request.query_params.copy()
    parameters["page"] = str(page)
    parameters.pop("token", None)
    if token:
        parameters["token"] = token
    return request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")
