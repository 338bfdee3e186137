"""The OpenAPI 3.1 description of the API."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from ..engine.request import LAST_PAGE, SORTS
from ..exceptions import NoIndexRegistered
from ..registry import get_index
from ..text import MAX_LENGTH
from .serializers import ErrorAnswerSerializer

HIGHEST_LIMIT = 999_999_999
SWITCH = ("on", "off")
NO_NUL = r"^[^\x00]*$"
# Not blank, as Python has it: the white space of JSON Schema's \s lacks U+0085, for one.
BLANKS = "".join(f"\\u{number:04x}" for number in range(0x10000) if chr(number).isspace())
LOOK = r"^[^\x00=]+=[^\x00]*$"
SKU = rf"^[^\x00]*[^\x00{BLANKS}][^\x00]*$"
CUT = f"A text of more than {MAX_LENGTH} characters is cut behind its last whole word within them."


def _text(description: str, **more: Any) -> OpenApiParameter:
    longest = more.pop("longest", MAX_LENGTH)
    return OpenApiParameter(
        **more, description=description, type={"type": "string", "maxLength": longest, "pattern": NO_NUL}
    )


def _typed(description: str, **more: Any) -> OpenApiParameter:
    """What a shopper types, of which nothing is refused: what is no text is left out, what is too long is cut."""
    return OpenApiParameter("q", {"type": "string"}, description=f"{description} {CUT}", **more)


def _number(name: str, description: str, highest: int) -> OpenApiParameter:
    kind = {"type": "integer", "minimum": 1, "maximum": highest}
    return OpenApiParameter(name, kind, description=description)


def _switch(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string", "enum": SWITCH}, description=description)


def _price(name: str, description: str) -> OpenApiParameter:
    kind = {"type": "string", "pattern": r"^\d{1,9}(\.\d{1,2})?$"}
    return OpenApiParameter(name, kind, description=description)


def _skus(name: str, description: str) -> OpenApiParameter:
    kind = {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 200, "pattern": SKU}}
    return OpenApiParameter(name, kind, explode=True, description=description)


FILTERS = [
    _price("price_min", "Lowest price, such as 500 or 99.50."),
    _price("price_max", "Highest price."),
    _switch("in_stock", "Only what can be bought now."),
]
LIMIT = _number("limit", "Maximum number of results; at most MAX_PAGE_SIZE of the shop.", HIGHEST_LIMIT)
PAGE_SIZE = _number("page_size", "Results per page; at most MAX_PAGE_SIZE of the shop.", HIGHEST_LIMIT)
SEARCH = [
    _typed(
        "What the shopper typed; `notes` say what was not read.",
        examples=[
            OpenApiExample("words", "red cotton shirt"),
            OpenApiExample("a price", "sandals under 1500"),
        ],
    ),
    OpenApiParameter("sort", {"type": "string", "enum": SORTS}, description="Order of the results."),
    _number("page", "Number of the page.", LAST_PAGE),
    PAGE_SIZE,
    _switch("spelling", "`off` searches for exactly what was typed."),
    _text(
        "From the answer with the first page: other pages are then cut from the same list.",
        name="token",
        longest=4000,
    ),
    _text(
        "From an answer of `search/photo/`: products that look like the photo.", name="photo", longest=4000
    ),
    _skus("more", "SKUs of products that results should look like."),
    _skus("less", "SKUs of products that results should look less like."),
    OpenApiParameter(
        "looks",
        {
            "type": "array",
            "maxItems": 10,
            "items": {"type": "string", "maxLength": MAX_LENGTH, "pattern": LOOK},
        },
        explode=True,
        description="What the photo shows, as facet=value, instead of what `looks_like` says; facet= takes it back.",
    ),
    _switch("explain", "For staff with a session: how the results came about."),
    *FILTERS,
]
# A photo's token comes with the photo.
PHOTO = [parameter for parameter in SEARCH if parameter.name != "photo"]
CURSOR = _text("From `next` of the page before.", name="cursor", longest=1000)
SUGGEST = [
    _typed("The beginning of a query; without it, what others look for."),
    _number("limit", "Maximum number of suggestions of each kind.", HIGHEST_LIMIT),
]
TAGGED_PRODUCT = _text("SKU of the product.", name="product", required=True, longest=200)
WORD = _text("A word or a phrase.", name="q", required=True, examples=[OpenApiExample("a word", "sneakers")])

_ERRORS = {
    400: ("The request cannot be answered; the sentence says why.", "invalid_page", "page must be a whole number from 1, such as 1."),
    401: ("A key is needed, or this one is not valid.", "authentication_failed", "This key is unknown or was revoked: ask the shop for another one."),
    403: ("The key or the person may not do this.", "permission_denied", "This key lacks the scope events."),
    404: ("There is no such thing.", "product_not_found", "No product has the SKU 'A-1': check its spelling, or look for the product with the search."),
    406: ("The answer exists as JSON only.", "not_acceptable", "The answer exists as JSON only: send Accept: application/json."),
    413: ("The body is too large.", "too_large", "The request is too large: send a photo of at most 8 MB."),
    415: ("The body has another type.", "unsupported_media_type", "Unsupported media type \"text/csv\" in request."),
    429: ("Too many requests; the header Retry-After says when to try again.", "throttled", "There were too many requests: try again in 12 seconds."),
    503: ("Not available at the moment; the header Retry-After says when to try again.", "unavailable", "Search is not available at the moment: try again in a few seconds."),
}  # fmt: skip


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """The errors that an operation may answer, besides those that every operation may."""
    return {status: _error(status) for status in sorted({400, 401, 403, 406, 429, 503, *statuses})}


def _error(status: int) -> OpenApiResponse:
    description, code, message = _ERRORS[status]
    example = OpenApiExample(code, {"error": {"code": code, "message": message}}, response_only=True)
    return OpenApiResponse(ErrorAnswerSerializer, description, examples=[example])


def facet_parameters(facets: Iterable[str]) -> list[OpenApiParameter]:
    """The parameters of the shop's facets."""
    kind = {"type": "array", "items": {"type": "string", "maxLength": MAX_LENGTH, "pattern": NO_NUL}}
    return [
        OpenApiParameter(
            name, kind, explode=True, description=f"Values of the facet {name}; results have one of them."
        )
        for name in facets
    ]


F = TypeVar("F", bound=Callable[..., Any])
VERSION = "1"
DESCRIPTION = """Search of a shop's products by words, photos and filters.

Errors have one body: `{"error": {"code": ..., "message": ...}}`; the code is for programs, the message is a sentence for people, in the language of
`Accept-Language` where there is a translation. A key is sent as `Authorization: Bearer KEY`. Answers that may be kept have an `ETag`.
"""
SETTINGS: dict[str, Any] = {
    "TITLE": "Fashion search",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_NAME_OVERRIDES": {},
    "POSTPROCESSING_HOOKS": [],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "A key that the shop has made in its admin.",
            }
        }
    },
    "TAGS": [
        {"name": "search", "description": "Words, photos, filters, suggestions."},
        {"name": "catalogue", "description": "Products and categories."},
        {"name": "events", "description": "What shoppers do with results."},
    ],
}


class ApiSchema(AutoSchema):
    """Describes an operation; views with `takes_filters` take the shop's facets as parameters, too."""

    def get_override_parameters(self) -> Any:
        """Return the parameters of the facets, which the shop names."""
        if not getattr(self.view, "takes_filters", False):
            return []
        try:
            return facet_parameters(get_index().facets)
        except NoIndexRegistered:
            return []

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return that a key may be sent and need not be."""
        return [{"key": []}, {}]


def operation(**described: Any) -> Callable[[F], F]:
    """Describe a method of a view, as `extend_schema` does, whatever DEFAULT_SCHEMA_CLASS the host has."""

    def decorate(method: F) -> F:
        method.kwargs = {"schema": ApiSchema}  # type: ignore[attr-defined]  # where extend_schema looks for what it extends
        return extend_schema(**described)(method)

    return decorate


def describe() -> dict[str, Any]:
    """Return the description of the whole API, as this shop has it."""
    prefix = reverse("fashion_search:schema").removesuffix("schema/")
    with patched_settings({**SETTINGS, "SERVERS": [{"url": prefix.rstrip("/") or "/"}]}):
        generator = SchemaGenerator(urlconf=f"{__package__}.urls")  # type: ignore[no-untyped-call]
        described: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return described
