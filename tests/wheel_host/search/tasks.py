"""Tasks of the shop's own app."""

from celery import shared_task

from .models import SavedSearch


@shared_task
def count_saved(pk: int) -> None:
    """Note how many products a saved search finds."""
    from fashion_search.engine import search

    saved = SavedSearch.objects.get(pk=pk)
    saved.found = search(saved.words).total
    saved.save()
