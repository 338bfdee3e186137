"""Page numbers with gaps: 1 ... 4 5 6 ... 20."""

from __future__ import annotations

from django.core.paginator import Paginator


def elided_pages(page: int, pages: int) -> list[int | str]:
    """Page numbers to show around the current one, as Django's Paginator elides them."""
    paginator = Paginator(range(pages), 1)
    return [
        number if isinstance(number, int) else str(number)
        for number in paginator.get_elided_page_range(page, on_each_side=1, on_ends=1)
    ]
