"""The views of the API: read the request, call one function, shape the answer."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..searching import FacetCount, Trial, find_product, find_similar, log_search, search
from .errors import handle_error, not_found
from .pagination import page_address
from .parameters import SearchParameters, refuse_parameters, search_parameters, similar_parameters
from .serializers import (
    BannerSerializer,
    ExplanationSerializer,
    FacetValueCountSerializer,
    PriceRangeSerializer,
    ProductSerializer,
    ResultSerializer,
    UnderstoodPartSerializer,
)


class PublicView(APIView):
    """A view that anyone may read, in JSON, without a session; throttling is the host's setting."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer,)

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        """Return the handler that shapes errors, whatever the host has set for its own views."""
        return handle_error


class SearchView(PublicView):
    """GET /search/: products by words, filters or both; without words the catalogue, newest first."""

    def get(self, request: Request) -> Response:
        """Answer one page of results."""
        return answer_search(request, search_parameters(request.query_params))


class ProductView(PublicView):
    """GET /products/{sku}/: one product."""

    def get(self, request: Request, sku: str) -> Response:
        """Answer the product with this SKU."""
        refuse_parameters(request.query_params)
        found = find_product(sku)
        if found is None:
            return not_found(sku)
        return Response(ProductSerializer(found, context={"request": request}).data)


class SimilarView(PublicView):
    """GET /products/{sku}/similar/: products like this one."""

    def get(self, request: Request, sku: str) -> Response:
        """Answer the most similar products, best first."""
        filters, limit = similar_parameters(request.query_params)
        found = find_product(sku)
        if found is None:
            return not_found(sku)
        answer = find_similar(found.key, filters=filters, limit=limit)
        return Response(
            {
                "sku": found.card.sku,
                "complete": answer.complete,
                "degraded": answer.degraded,
                "took_ms": answer.took_ms,
                "results": ResultSerializer(answer.results, many=True, context={"request": request}).data,
            }
        )


class NoSuchView(PublicView):
    """Every other address below those of the API."""

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
    explained = {} if answer.explanation is None else ExplanationSerializer(answer.explanation).data
    return Response(
        {
            # What staff look into is no shopper's search.
            "search": None
            if wanted.explain
            else log_search(request._request, answer, wanted.filters) or None,
            "query": answer.query,
            "typed": answer.typed,
            "total": answer.total,
            "matching": answer.matching,
            "complete": answer.complete,
            "degraded": answer.degraded,
            "took_ms": answer.took_ms,
            "understood": UnderstoodPartSerializer(answer.understood, many=True).data,
            "unknown": answer.unknown,
            "results": ResultSerializer(answer.results, many=True, context={"request": request}).data,
            "facets": _facets(answer.facets),
            "price_ranges": PriceRangeSerializer(answer.price_ranges, many=True).data,
            "in_stock": answer.in_stock,
            "page": answer.page,
            "token": answer.token,
            "photo": answer.photo,
            "restarted": answer.restarted,
            "next": page_address(request, answer.next_page, answer.token, answer.photo),
            "instead": answer.instead,
            "redirect": request.build_absolute_uri(answer.redirect) if answer.redirect else "",
            "banners": BannerSerializer(answer.banners, many=True, context={"request": request}).data,
            **({"explanation": explained, "stages": answer.stages} if wanted.explain else {}),
        }
    )


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


def _facets(facets: dict[str, list[FacetCount]]) -> dict[str, Any]:
    return {name: FacetValueCountSerializer(counts, many=True).data for name, counts in facets.items()}
