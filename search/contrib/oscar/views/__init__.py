"""Oscar's pages of results, of all products and of a category, from the index. `base.py` has what they share."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from oscar.apps.search.signals import user_search
from oscar.apps.search.views.catalogue import CatalogueView as OscarCatalogueView
from oscar.apps.search.views.catalogue import ProductCategoryView as OscarProductCategoryView
from oscar.core.loading import get_class

from .base import BaseSearchView

LONGEST_QUERY = 255  # characters that Oscar's record of searches takes


class FacetedSearchView(BaseSearchView):
    """The page of results."""

    form_class = get_class("search.forms", "SearchForm")
    template_name = "fashion_search/oscar/results.html"
    context_object_name = "results"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Tell Oscar's other apps of the search, as its own view does."""
        query = request.GET.get("q", "").replace("\x00", "")[:LONGEST_QUERY]
        user_search.send(sender=self, session=request.session, user=request.user, query=query)
        return super().dispatch(request, *args, **kwargs)


class CatalogueView(OscarCatalogueView):
    """The page of all products."""

    template_name = "fashion_search/oscar/browse.html"


class ProductCategoryView(OscarProductCategoryView):
    """The page of a category: addresses, redirects and who may see it are Oscar's."""

    template_name = "fashion_search/oscar/category.html"
