"""The form of Oscar's search box and of the sort above its results."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

# Value of `sort_by`, as Oscar's addresses have it -> the sort of a search.
SORTS = {"relevancy": "relevance", "newest": "newest", "price-asc": "price", "price-desc": "-price"}


class SearchForm(forms.Form):
    """Words and sort; Oscar's other sorts (rating, title) are not in the index, and an address that has one is sorted by relevance."""

    q = forms.CharField(
        required=False,
        label=_("Search"),
        widget=forms.TextInput(
            {"type": "search", "placeholder": _("Search"), "tabindex": "1", "class": "form-control"}
        ),
    )
    sort_by = forms.ChoiceField(
        label=_("Sort by"),
        choices=[
            ("relevancy", _("Relevancy")),
            ("newest", _("Newest")),
            ("price-desc", _("Price high to low")),
            ("price-asc", _("Price low to high")),
        ],
        required=False,
    )

    @property
    def sort(self) -> str:
        """The sort that the address asks for."""
        return SORTS.get(self.data.get("sort_by", ""), "relevance")

    @property
    def query(self) -> str:
        """The words that it asks for."""
        return str(self.data.get("q", ""))


class BrowseCategoryForm(SearchForm):
    """The same on the page of all products."""


class CategoryForm(BrowseCategoryForm):
    """The same on the page of a category, which Oscar's view gives the categories below it."""

    def __init__(self, *args: Any, categories: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = categories
