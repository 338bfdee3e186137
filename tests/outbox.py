"""The outbox as it is once every mark has been gathered."""

from django.db.models import QuerySet

from search.indexing.outbox import gather_marks
from search.models import StaleMark, StaleProduct


def stale_products() -> QuerySet[StaleProduct]:
    """What waits, failed or is parked."""
    gather_marks()
    return StaleProduct.objects.all()


def empty_outbox() -> None:
    """Forget every change."""
    StaleMark.objects.all().delete()
    StaleProduct.objects.all().delete()
