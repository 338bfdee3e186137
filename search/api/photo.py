"""POST search/photo/: search with a photo."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, QueryDict
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ..engine.boxes import Box
from ..engine.photos import MemoryOnly, read_turn, take_photo
from ..engine.turning import TURNS
from ..exceptions import InvalidQuery
from .access import PhotoThrottle
from .parameters import search_parameters
from .schema import PHOTO, errors, operation
from .serializers import SearchAnswerSerializer
from .views import PublicView, answer_search, explaining


class PhotoSerializer(serializers.Serializer[Any]):
    """A photo and the part of it to search with."""

    image = serializers.FileField(help_text="JPEG, PNG, WebP, AVIF or HEIC; at most 8 MB and 25 megapixels.")
    box = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="left,top,right,bottom as fractions of the upright, turned photo's size, such as 0.1,0.2,0.9,0.8.",
    )
    turn = serializers.ChoiceField(
        TURNS,
        required=False,
        help_text="Degrees clockwise to turn the photo by. Without it, the surest turn is looked for; the answer's `turned` says which.",
    )


def stated_part(form: QueryDict) -> tuple[Box, int | None]:
    """Return the part of a photo that a form states, and how the photo is to be turned.

    Raises:
        InvalidQuery: one of them cannot be.
    """
    return Box.read(form.get("box", "")), read_turn(form.get("turn", ""))


class PhotoSearchView(PublicView):
    """POST /search/photo/: what looks like a photo; its token serves for pages, filters and words by GET /search/."""

    parser_classes = (MultiPartParser,)
    throttle_classes = (PhotoThrottle, *PublicView.throttle_classes)
    takes_filters = True

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Have the photo stay in memory."""
        request.upload_handlers = [MemoryOnly(request)]
        return super().initialize_request(request, *args, **kwargs)

    @operation(
        operation_id="search_photo",
        tags=["search"],
        summary="Products that look like a photo",
        description=(
            "The photo is processed in memory and not stored. The answer's `photo` is a token of its embedding, which `search/` takes for "
            "pages, filters and words."
        ),
        parameters=PHOTO,
        request={"multipart/form-data": PhotoSerializer},
        responses={200: SearchAnswerSerializer, **errors(413, 415)},
    )
    def post(self, request: Request) -> Response:
        """Encode the photo in the field `image`, turned by `turn` and cut to `box`, and answer a page of results; nothing of it is kept."""
        file = request.FILES.get("image")
        if file is None:
            raise InvalidQuery("no_photo", "Send the photo in the field image of a multipart form.")
        wanted = search_parameters(request.query_params, lambda: explaining(request))
        token = take_photo(file, file.size, *stated_part(request._request.POST))
        return answer_search(request, replace(wanted, photo=token))
