"""GET schema/ and docs/: the API's description for programs and for people."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from .parameters import refuse_parameters
from .schema import describe, operation
from .views import PublicView


class SchemaView(PublicView):
    """GET /schema/: the OpenAPI 3.1 description of this API, in JSON."""

    @operation(exclude=True)
    def get(self, request: Request) -> Response:
        """Answer the description."""
        refuse_parameters(request.query_params)
        return Response(describe())


@require_safe
def docs_page(request: HttpRequest) -> HttpResponse:
    """Swagger UI on the description, from files of the shop's own; drf-spectacular-sidecar brings them."""
    return render(request, "fashion_search/api_docs.html")
