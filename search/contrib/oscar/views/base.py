"""What Oscar's pages with products share: the search, and the context that Oscar's templates read.

Oscar's own views of all products and of a category derive from the class that is found here as "search.views.base.BaseSearchView".
"""

from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.generic import View
from django.views.generic.base import TemplateResponseMixin
from django.views.generic.edit import FormMixin
from oscar.core.loading import get_model

from ....engine import SearchAnswer, SearchResult, log_search, search
from ....engine.answers import RESULTS
from ....exceptions import InvalidQuery
from ....views.results import refuse_beyond, status_of
from ..categories import CategoryTree
from ..panel import PARAMETER, Chosen


class Found:
    """A result as Oscar's templates read it.

    Args:
        product: the shop's instance.
        result: of the answer; None where the list is the shop's own.
    """

    def __init__(self, product: Any, result: SearchResult | None = None) -> None:
        self.object, self.result = product, result

    @property
    def sku(self) -> str:
        """The SKU that clicks are reported by."""
        return self.result.card.sku if self.result else ""


class AnswerPaginator(Paginator):  # type: ignore[type-arg]  # Django's takes none when it runs
    """The pages of an answer, of which one is read.

    Args:
        found: the products of the page.
        total: of all pages.
        per_page: products per page.
    """

    def __init__(self, found: list[Found], total: int, per_page: int) -> None:
        super().__init__(found, per_page)
        self.total = total

    @property
    def count(self) -> int:
        """The number of all results."""
        return self.total


class BaseSearchView(TemplateResponseMixin, FormMixin, View):  # type: ignore[type-arg]
    """A page with products: of a query, of a category, or of all.

    Subclasses have `form_class`, `template_name` and `context_object_name`, and on the page of a category `category`.
    """

    paginate_by: int = getattr(settings, "OSCAR_PRODUCTS_PER_PAGE", 20)
    page_kwarg = "page"
    form_name = "form"
    context_object_name = "results"
    category: Any = None
    answer: SearchAnswer

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a page.

        Raises:
            Http404: there is no such page.
        """
        form, chosen = self.get_form(), self.chosen()
        error = ""
        try:
            # Staff see categories that are not public, and of which the index knows nothing.
            self.answer = self.search(form, chosen) if chosen.known else self.unanswered()
        except InvalidQuery as refused:
            error, self.answer = refused.sentence, SearchAnswer(query=form.query)
        if self.answer.redirect and self.answer.redirect != request.get_full_path():
            return HttpResponseRedirect(self.answer.redirect)
        refuse_beyond(self.answer)
        context = self.get_context_data(form=form, chosen=chosen, error=error)
        response = self.render_to_response(context)
        if error:
            response.status_code = 400
            return response
        return response if context["listed_by_shop"] else status_of(response, self.answer)

    def search(self, form: Any, chosen: Chosen) -> SearchAnswer:
        """Answer the page.

        Raises:
            InvalidQuery: what the address asks for cannot be answered.
        """
        return search(
            form.query,
            filters=chosen.filters,
            sort=form.sort,
            page=self.page_number(),
            page_size=self.paginate_by,
        )

    def unanswered(self) -> SearchAnswer:
        """Return the answer of an index that does not know."""
        return SearchAnswer(left_out=(RESULTS,), page=self.page_number(), page_size=self.paginate_by)

    def chosen(self) -> Chosen:
        """Return what the address chooses of the facets, inside of the category whose page it is."""
        if self.category is None:
            return Chosen(self.request.GET)
        tree = CategoryTree.read()
        return Chosen(self.request.GET, tree.value(self.category.pk), tree.below(self.category.pk))

    def page_number(self) -> int:
        """Return the number of the page.

        Raises:
            Http404: it is none.
        """
        stated = self.request.GET.get(self.page_kwarg) or "1"
        if not (stated.isascii() and stated.isdigit() and 0 < len(stated) < 6 and int(stated)):
            raise Http404
        return int(stated)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Have the form read the address."""
        return {**super().get_form_kwargs(), "data": self.request.GET}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what Oscar's templates read, and `answer`, `search_id`, `error` and `listed_by_shop` for those of the plugin."""
        answer, chosen = self.answer, kwargs.pop("chosen")
        form = kwargs["form"]
        found = [Found(one.product, one) for one in answer.results]
        by_shop = answer.is_blind and not form.query and not chosen.narrows
        if by_shop:
            found, total = self.of_the_shop(answer.page)
        else:
            found, total = [one for one in found if one.object is not None], answer.total
        # The setting MAX_PAGE_SIZE may be less than Oscar's.
        size = self.paginate_by if by_shop or kwargs["error"] else answer.page_size
        paginator = AnswerPaginator(found, total, size)
        page = Page(found, answer.page, paginator)
        panel = {} if by_shop or kwargs["error"] else chosen.panel(answer, self.request.path)
        search_id = (
            ""
            if self.category or by_shop or kwargs["error"]
            else log_search(self.request, answer, chosen.filters)
        )
        return super().get_context_data(**kwargs) | {
            "query": (answer.typed or form.query).replace("\x00", ""),
            "answer": answer,
            "search_id": search_id,
            "listed_by_shop": by_shop,
            "suggestion": next(iter(answer.instead), None),
            "facet_data": panel,
            "has_facets": any(group["results"] for group in panel.values()),
            "selected_facets": self.request.GET.getlist(PARAMETER),
            "paginator": paginator,
            "page_obj": page,
            "is_paginated": page.has_other_pages(),
            self.page_kwarg: page,
            self.context_object_name: found,
            "object_list": found,
        }

    def of_the_shop(self, page: int) -> tuple[list[Found], int]:
        """Return a page of products from the shop's own tables, newest first, and their number, for as long as there is no index to ask."""
        products: QuerySet[Any] = get_model("catalogue", "Product").objects.browsable().base_queryset()
        if self.category is not None:
            products = products.filter(categories__in=self.category.get_descendants_and_self()).distinct()
        total = products.order_by().count()
        first = (page - 1) * self.paginate_by
        if page > 1 and first >= total:
            raise Http404
        shown = products.order_by("-date_created", "pk")[first : first + self.paginate_by]
        return [Found(product) for product in shown], total
