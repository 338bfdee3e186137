"""POST events/: what shoppers do with the results of a search."""

from io import BytesIO
from typing import Any

from django.core.validators import MaxLengthValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from ..exceptions import InvalidQuery
from ..insight.log import record_event, visitor_of
from ..models import SearchEvent
from .access import EventThrottle
from .schema import SKU, errors, operation
from .views import PublicView

LAST_POSITION = 1_000_000
LONGEST_SKU = 200
MOST_BYTES = 10_000  # an event with an SKU of 200 characters, each written as two escapes, has 2,700


class FlatJSONParser(JSONParser):
    """JSON of one event; what is long, or nested thousands of levels deep, is refused before its fields are looked at."""

    def parse(self, stream: Any, *args: Any, **kwargs: Any) -> Any:
        """Read a body."""
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise ParseError(f"The event has more than {MOST_BYTES:,} bytes: send one flat JSON object.")
        try:
            return super().parse(BytesIO(body), *args, **kwargs)
        except RecursionError as error:
            raise ParseError("The body is nested too deeply: send one flat JSON object.") from error


class BeaconParser(FlatJSONParser):
    """JSON as `navigator.sendBeacon` sends a string: as plain text."""

    media_type = "text/plain"


class SearchField(serializers.UUIDField):
    """The id of a search; REST framework's own field takes numbers, too."""

    def to_internal_value(self, data: Any) -> Any:
        """Read a string."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": LONGEST_SKU, "pattern": SKU})
class SkuField(serializers.CharField):
    """A SKU; REST framework's own field takes numbers, too, and counts letters without blanks around them."""

    def to_internal_value(self, data: Any) -> str:
        """Read a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        MaxLengthValidator(LONGEST_SKU)(data)
        return super().to_internal_value(data)


class PositionField(serializers.IntegerField):
    """A whole number; REST framework's own field takes strings, too."""

    def to_internal_value(self, data: Any) -> int:
        """Read a number."""
        if isinstance(data, str | bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class EventSerializer(serializers.Serializer[Any]):
    """One event: which search, what was done, with which result."""

    search = SearchField()
    type = serializers.ChoiceField(SearchEvent.Type.choices)
    sku = SkuField()
    position = PositionField(min_value=1, max_value=LAST_POSITION, required=False, allow_null=True)


class EventView(PublicView):
    """POST /events/: a click, or what followed it."""

    parser_classes = (FlatJSONParser, BeaconParser)
    throttle_classes = (EventThrottle,)
    scope = "events"
    open_to_pages = True

    @operation(
        operation_id="event",
        tags=["events"],
        summary="What a shopper did with a result",
        request={"application/json": EventSerializer},  # as plain text, too, for navigator.sendBeacon
        responses={204: None, **errors(415)},
    )
    def post(self, request: Request) -> Response:
        """Note the event; whether its search is known is found out later, when days are counted."""
        event = EventSerializer(data=request.data)
        if not event.is_valid():
            raise InvalidQuery("invalid_event", _sentence(event.errors))
        if visitor_of(request._request) is not None:
            record_event(**event.validated_data)
        return Response(status=204)


def _sentence(errors: Any) -> str:
    """The first error, with the field that it is about."""
    field, messages = next(iter(errors.items()))
    if field == "non_field_errors":
        return 'The body must be a JSON object: {"search": id, "type": "click", "sku": SKU, "position": 1}.'
    said = f"{field}: {messages[0]}"  # which may repeat half a surrogate pair: JSON can hold one
    return said.encode("utf-8", "replace").decode()
