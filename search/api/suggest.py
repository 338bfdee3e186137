"""GET /suggest/: suggestions while a shopper types."""

from rest_framework.request import Request
from rest_framework.response import Response

from ..engine.suggestions import suggest
from ..insight.reports import popular_queries
from .answers import SuggestAnswerSerializer
from .described import SUGGEST, errors
from .parameters import suggest_parameters
from .schema import operation
from .views import PublicView


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
        text, limit = suggest_parameters(request.query_params)
        answer = suggest(text, limit=limit, popular=_popular)
        return Response(SuggestAnswerSerializer(answer, context={"request": request}).data)


def _popular(text: str, limit: int) -> list[str]:
    return [query.text for query in popular_queries(text, limit)] if text else []
