"""GET products/ and categories/: the catalogue as the index has it."""

from urllib.parse import urlencode

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from ..conf import get_settings
from ..engine.browse import browse_products
from ..engine.service import search
from ..query.lexicon import CATEGORY
from .answers import CategoriesSerializer, ProductPageSerializer
from .described import CURSOR, PAGE_SIZE, errors
from .parameters import browse_parameters, refuse_parameters
from .schema import operation
from .views import PublicView


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
        return Response(ProductPageSerializer(shown, context={"request": request}).data)


class CategoryListView(KeptView):
    """GET /categories/: the tree of categories."""

    @operation(
        operation_id="categories",
        tags=["catalogue"],
        summary="The categories, each behind the one above it",
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
        return Response(CategoriesSerializer(whole, context={"request": request}).data)
