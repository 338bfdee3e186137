"""GET /suggest/: suggestions while a shopper types."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ..insight.popular import popular_queries
from ..suggesting import suggest
from .parameters import suggest_parameters
from .serializers import CardSerializer, FacetCountSerializer
from .views import PublicView


class FacetValueSerializer(FacetCountSerializer):
    """A value, its facet, and how many products bear it."""

    facet = serializers.CharField()


class SuggestView(PublicView):
    """GET /suggest/: completed queries, facet values, brands and products."""

    def get(self, request: Request) -> Response:
        """Answer suggestions for the beginning of a query."""
        text, limit = suggest_parameters(request.query_params)
        answer = suggest(text, limit=limit, popular=_popular)
        context: dict[str, Any] = {"request": request}
        return Response(
            {
                "query": answer.query,
                "queries": answer.queries,
                "categories": FacetValueSerializer(answer.categories, many=True).data,
                "brands": FacetCountSerializer(answer.brands, many=True).data,
                "products": CardSerializer(answer.products, many=True, context=context).data,
            }
        )


def _popular(text: str, limit: int) -> list[str]:
    return [query.text for query in popular_queries(text, limit)] if text else []
