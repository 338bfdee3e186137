"""The views of the API: read the request, call one function, shape the answer."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from rest_framework.exceptions import PermissionDenied
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from ..engine.pages import Trial
from ..engine.results import find_product
from ..engine.service import log_search, search
from ..engine.similar import find_similar
from .answers import SearchAnswerSerializer, SimilarAnswerSerializer
from .described import FILTERS, LIMIT, SEARCH, errors
from .errors import NoSuchProduct, handle_error
from .kept import keepable
from .keys import KeyAuthentication, ScopePermission
from .negotiation import PlainNegotiation
from .pagination import page_address
from .parameters import SearchParameters, refuse_parameters, search_parameters, similar_parameters
from .schema import ApiSchema, operation
from .serializers import ProductSerializer
from .throttling import ReadThrottle

# Parts of an answer that are shown as they are.
SHOWN = (
    "query", "typed", "total", "matching", "complete", "degraded", "left_out", "took_ms", "understood", "unknown", "results", "facets", "price_ranges",
    "in_stock", "page", "token", "photo", "restarted", "instead", "banners",
)  # fmt: skip


class PublicView(APIView):
    """A view for clients with a key and, as the settings have it, for anybody: JSON, no session, counted requests.

    The host's own throttles are obeyed, too.
    """

    authentication_classes = (KeyAuthentication,)
    permission_classes = (ScopePermission,)
    throttle_classes = (ReadThrottle, *api_settings.DEFAULT_THROTTLE_CLASSES)  # type: ignore[arg-type]  # classes by then
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = PlainNegotiation
    scope = "read"
    kept_for = 0  # seconds that a client may use an answer to GET without asking again
    schema = ApiSchema()

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        """Return the handler that shapes errors, whatever the host has set for its own views."""
        return handle_error

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what clients may keep to answers of GET."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method in ("GET", "HEAD") and response.status_code == 200:
            return keepable(request, response, self.kept_for)
        return response


class SearchView(PublicView):
    """GET /search/: products by words, filters or both; without words the catalogue, newest first."""

    takes_filters = True

    @operation(
        operation_id="search",
        tags=["search"],
        summary="Products by words, look and filters",
        parameters=SEARCH,
        responses={200: SearchAnswerSerializer, **errors()},
    )
    def get(self, request: Request) -> Response:
        """Answer one page of results."""
        return answer_search(request, search_parameters(request.query_params))


class ProductView(PublicView):
    """GET /products/{sku}/: one product."""

    @operation(
        operation_id="product",
        tags=["catalogue"],
        summary="One product",
        responses={200: ProductSerializer, **errors(404)},
    )
    def get(self, request: Request, sku: str) -> Response:
        """Answer the product with this SKU."""
        refuse_parameters(request.query_params)
        found = find_product(sku)
        if found is None:
            raise NoSuchProduct(sku)
        return Response(ProductSerializer(found, context={"request": request}).data)


class SimilarView(PublicView):
    """GET /products/{sku}/similar/: products like this one."""

    takes_filters = True

    @operation(
        operation_id="similar",
        tags=["catalogue"],
        summary="Products that look like one",
        parameters=[LIMIT, *FILTERS],
        responses={200: SimilarAnswerSerializer, **errors(404)},
    )
    def get(self, request: Request, sku: str) -> Response:
        """Answer the most similar products, best first."""
        filters, limit = similar_parameters(request.query_params)
        found = find_product(sku)
        if found is None:
            raise NoSuchProduct(sku)
        answer = find_similar(found.key, filters=filters, limit=limit)
        shown = {
            "sku": found.card.sku,
            "complete": answer.complete,
            "degraded": answer.degraded,
            "left_out": answer.left_out,
            "took_ms": answer.took_ms,
            "results": answer.results,
        }
        return Response(SimilarAnswerSerializer(shown, context={"request": request}).data)


class NoSuchView(PublicView):
    """Every other address below those of the API."""

    @operation(exclude=True)
    def get(self, request: Request) -> Response:
        """Say in JSON that there is nothing here."""
        raise Http404


def answer_search(request: Request, wanted: SearchParameters) -> Response:
    """Answer one page of results."""
    answer = search(
        wanted.text,
        filters=wanted.filters,
        sort=wanted.sort,
        page=wanted.page,
        page_size=wanted.page_size,
        spelling=wanted.spelling,
        token=wanted.token,
        photo=wanted.photo,
        more=wanted.more,
        less=wanted.less,
        trial=_explaining(request) if wanted.explain else None,
    )
    shown = {
        # What staff look into is no shopper's search.
        "search": None if wanted.explain else log_search(request._request, answer, wanted.filters) or None,
        **{name: getattr(answer, name) for name in SHOWN},
        "next": page_address(request, answer.next_page, answer.token, answer.photo),
        "redirect": request.build_absolute_uri(answer.redirect) if answer.redirect else "",
    }
    if wanted.explain:
        shown |= {"explanation": answer.explanation, "stages": answer.stages}
    return Response(SearchAnswerSerializer(shown, context={"request": request}).data)


def _explaining(request: Request) -> Trial:
    """A search that explains itself, for those who may see the inspector.

    Raises:
        PermissionDenied: somebody else asks.
    """
    # REST framework has put an anonymous user on the request, because these views know no authentication.
    user = get_user(request._request) if hasattr(request._request, "session") else AnonymousUser()
    if not (user.is_active and user.is_staff and user.has_perm("fashion_search.view_queryday")):
        raise PermissionDenied
    return Trial(explain=True)
