"""The views of the API: read the request, call one function, shape the answer."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from rest_framework.exceptions import PermissionDenied
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from ..conf import get_settings
from ..engine.browse import browse_products, find_product
from ..engine.request import SearchRequest, Trial
from ..engine.service import answer_request, log_search, search
from ..engine.similar import find_similar
from ..engine.suggestions import Suggestions, suggest
from ..facets import CATEGORY
from ..insight.reports import popular_queries
from .access import KeyAuthentication, ReadThrottle, ScopePermission
from .errors import NoSuchProduct, handle_error
from .http import PlainNegotiation, keepable, page_address, represent
from .parameters import (
    browse_parameters,
    refuse_parameters,
    search_parameters,
    similar_parameters,
    suggest_parameters,
)
from .schema import CURSOR, FILTERS, LIMIT, PAGE_SIZE, SEARCH, SUGGEST, ApiSchema, describe, errors, operation
from .serializers import (
    CategoriesSerializer,
    ProductPageSerializer,
    ProductSerializer,
    SearchAnswerSerializer,
    SimilarAnswerSerializer,
    SuggestAnswerSerializer,
)


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
        return answer_search(request, search_parameters(request.query_params, lambda: explaining(request)))


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
        return Response(represent(ProductSerializer, found, request))


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
        return Response(represent(SimilarAnswerSerializer, shown, request))


class NoSuchView(PublicView):
    """Every other address below those of the API."""

    @operation(exclude=True)
    def get(self, request: Request) -> Response:
        """Say in JSON that there is nothing here."""
        raise Http404


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Answer 404 in JSON, for the `handler404` of hosts: an address below the API may also be one of their own."""
    return NoSuchView.as_view()(request)


def answer_search(request: Request, wanted: SearchRequest) -> Response:
    """Answer one page of results."""
    answer = answer_request(wanted)
    explained = wanted.variation.explain
    shown = SearchAnswerSerializer.fields_of(answer, explained=explained) | {
        # What staff look into is no shopper's search.
        "search": None if explained else log_search(request._request, answer, wanted.filters) or None,
        "next": page_address(request, answer.next_page, answer.token, answer.photo),
        "redirect": request.build_absolute_uri(answer.redirect) if answer.redirect else "",
    }
    return Response(represent(SearchAnswerSerializer, shown, request))


def explaining(request: Request) -> Trial:
    """Return a search that explains itself, for those who may see the inspector.

    Raises:
        PermissionDenied: somebody else asks.
    """
    # REST framework has put an anonymous user on the request, because these views know no authentication.
    user = get_user(request._request) if hasattr(request._request, "session") else AnonymousUser()
    if not (user.is_active and user.is_staff and user.has_perm("fashion_search.view_queryday")):
        raise PermissionDenied
    return Trial(explain=True)


class SchemaView(PublicView):
    """GET /schema/: the OpenAPI 3.1 description of this API, in JSON."""

    @operation(exclude=True)
    def get(self, request: Request) -> Response:
        """Answer the description."""
        refuse_parameters(request.query_params)
        return Response(describe())


@require_safe
def docs_page(request: HttpRequest) -> HttpResponse:
    """Swagger UI on the description, from files of the shop's own; where the app that brings them is missing, what to install."""
    has_pages = apps.is_installed("drf_spectacular_sidecar")
    return render(request, "fashion_search/api_docs.html", {"has_pages": has_pages})


class SuggestView(PublicView):
    """GET /suggest/: completed queries, facet values, brands and products."""

    open_to_pages = True

    @operation(
        operation_id="suggest",
        tags=["search"],
        summary="Suggestions while a shopper types",
        parameters=SUGGEST,
        responses={200: SuggestAnswerSerializer, **errors()},
    )
    def get(self, request: Request) -> Response:
        """Answer suggestions for the beginning of a query."""
        return Response(represent(SuggestAnswerSerializer, suggestions_for(request), request))


def suggestions_for(request: Request) -> Suggestions:
    """Return suggestions for what a request holds, with what others look for.

    Raises:
        InvalidQuery: the request has other parameters than `q` and `limit`, or one that cannot be.
    """
    text, limit = suggest_parameters(request.query_params)
    return suggest(text, limit=limit, popular=_popular)


def _popular(text: str, limit: int) -> list[str]:
    return [query.text for query in popular_queries(text, limit)]


class KeptView(PublicView):
    """A view whose answers stay right for a while."""

    @property
    def kept_for(self) -> int:  # type: ignore[override]
        """The setting API_SECONDS."""
        return get_settings().api_seconds


class ProductListView(KeptView):
    """GET /products/: all products, newest first, by cursor."""

    @operation(
        operation_id="products",
        tags=["catalogue"],
        summary="All products, newest first",
        parameters=[CURSOR, PAGE_SIZE],
        responses={200: ProductPageSerializer, **errors()},
    )
    def get(self, request: Request) -> Response:
        """Answer one page."""
        cursor, size = browse_parameters(request.query_params)
        found = browse_products(cursor, page_size=size)
        following = urlencode({"cursor": found.cursor, "page_size": size})
        shown = {
            "total": found.total,
            "degraded": found.degraded,
            "left_out": found.left_out,
            "results": found.results,
            "next": request.build_absolute_uri(f"{request.path}?{following}") if found.cursor else None,
        }
        return Response(represent(ProductPageSerializer, shown, request))


class CategoryListView(KeptView):
    """GET /categories/: the tree of categories."""

    @operation(
        operation_id="categories",
        tags=["catalogue"],
        summary="All categories, each after its parent",
        responses={200: CategoriesSerializer, **errors()},
    )
    def get(self, request: Request) -> Response:
        """Answer the whole tree."""
        refuse_parameters(request.query_params)
        answer = search(page_size=1, freezing=False)
        counts = answer.facets.get(CATEGORY, [])
        address = reverse("fashion_search:search")
        shown = [
            {
                "name": one.value,
                "parent": one.parent,
                "count": one.count,
                "search": f"{address}?{urlencode({CATEGORY: one.value})}",
            }
            for one in counts
        ]
        whole = {"degraded": answer.degraded, "left_out": answer.left_out, "results": shown}
        return Response(represent(CategoriesSerializer, whole, request))
