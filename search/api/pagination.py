"""Addresses of other pages of an answer."""

from rest_framework.request import Request


def page_address(request: Request, page: int | None, token: str, photo: str = "") -> str | None:
    """Return the absolute address of a page of the same search, or None where there is none.

    Args:
        request: what was asked for; after a photo that was sent by POST, its address is the one above.
        page: number of the page.
        token: of the list that pages are cut from.
        photo: token of the photo that was searched with.
    """
    if page is None:
        return None
    parameters = request.query_params.copy()
    parameters["page"] = str(page)
    parameters.pop("token", None)
    if token:
        parameters["token"] = token
    if photo:
        parameters["photo"] = photo
    path = request.path.removesuffix("photo/") if request.method == "POST" else request.path
    return request.build_absolute_uri(f"{path}?{parameters.urlencode()}")
