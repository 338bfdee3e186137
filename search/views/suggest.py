"""Suggestions for the search box of pages: those of the API, with labels and prices as pages show them."""

from rest_framework.request import Request
from rest_framework.response import Response

from ..api.http import represent
from ..api.schema import operation
from ..api.serializers import SuggestAnswerSerializer
from ..api.views import SuggestView, suggestions_for
from ..money import price_text
from .wanted import label_of


class PageSuggestView(SuggestView):
    """GET suggest/: what the API answers, for anybody, and `price_text` of each product, `label` of each facet beside it."""

    @operation(exclude=True)
    def get(self, request: Request) -> Response:
        """Answer suggestions for the beginning of a query."""
        answer = suggestions_for(request)
        shown = represent(SuggestAnswerSerializer, answer, request)
        for product, result in zip(shown["products"], answer.products, strict=True):
            priced = result.card.price is not None
            product["price_text"] = price_text(request._request, result.card) if priced else ""
        for category in shown["categories"]:
            category["label"] = label_of(category["facet"])
        return Response(shown)
