"""POST search/photo/: search with a photo."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ..exceptions import InvalidQuery
from ..searching import Box, MemoryOnly, take_photo
from .parameters import search_parameters
from .views import PublicView, answer_search


class PhotoSearchView(PublicView):
    """POST /search/photo/: what looks like a photo; its token serves for pages, filters and words by GET /search/."""

    parser_classes = (MultiPartParser,)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Have the photo stay in memory."""
        request.upload_handlers = [MemoryOnly(request)]
        return super().initialize_request(request, *args, **kwargs)

    def post(self, request: Request) -> Response:
        """Encode the photo in the field `image`, cut to `box`, and answer a page of results; nothing of it is kept."""
        file = request.FILES.get("image")
        if file is None:
            raise InvalidQuery("no_photo", "Send the photo in the field image of a multipart form.")
        wanted = search_parameters(request.query_params)
        token = take_photo(file, file.size, Box.read(request._request.POST.get("box", "")))
        return answer_search(request, replace(wanted, photo=token))
