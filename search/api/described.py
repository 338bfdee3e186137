"""What the schema says of parameters and errors."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from ..engine.answers import SORTS
from ..engine.service import LAST_PAGE
from ..query.clean import MAX_LENGTH
from .answers import ErrorAnswerSerializer

HIGHEST_LIMIT = 999_999_999
SWITCH = ("on", "off")
NO_NUL = r"^[^\x00]*$"
SKU = r"^[^\x00]*[^\x00\s][^\x00]*$"  # not blank


def _text(description: str, **more: Any) -> OpenApiParameter:
    longest = more.pop("longest", MAX_LENGTH)
    return OpenApiParameter(
        **more, description=description, type={"type": "string", "maxLength": longest, "pattern": NO_NUL}
    )


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
LIMIT = _number("limit", "Most results; MAX_PAGE_SIZE of the shop at most.", HIGHEST_LIMIT)
PAGE_SIZE = _number("page_size", "Results per page; MAX_PAGE_SIZE of the shop at most.", HIGHEST_LIMIT)
SEARCH = [
    _text(
        "What the shopper typed.",
        name="q",
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
    _text("From an answer of `search/photo/`: what looks like the photo.", name="photo", longest=4000),
    _skus("more", "SKUs of products that results shall look like."),
    _skus("less", "SKUs of products that results shall look less like."),
    _switch("explain", "For staff with a session: how the results came about."),
    *FILTERS,
]
# A photo's token comes with the photo.
PHOTO = [parameter for parameter in SEARCH if parameter.name != "photo"]
CURSOR = _text("From `next` of the page before.", name="cursor", longest=1000)
SUGGEST = [
    _text("The beginning of a query; without it, what others look for.", name="q"),
    _number("limit", "Most suggestions of a kind.", HIGHEST_LIMIT),
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
