"""One row of every model that the admin shows."""

from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from search import models as search
from search.evaluation.run import Figures
from shop.models import Brand, Category, Product


def make_rows() -> dict[str, str]:
    """Make them, where the shop has none, and return the key of one of each by app and model."""
    now = timezone.now()
    figures = Figures(1, 0.5, 0.5, 0.5, 0.5, 0, 1.0, 2.0)
    version = search.IndexVersion.objects.get()
    entry = search.IndexEntry.objects.filter(version=version).order_by("pk").first()
    search.IndexEntry.objects.filter(pk=entry.pk).update(notes="brand: None was taken as an empty text")
    made = [
        entry,
        version,
        Product.objects.first(),
        Brand.objects.first(),
        Category.objects.first(),
        Group.objects.create(name="buyers"),
        get_user_model().objects.create_user("somebody"),
        search.ApiKey.objects.create(name="app", beginning="abc", digest="d"),
        search.Banner.objects.create(phrase="shirt", text="Sale"),
        search.Redirect.objects.create(phrase="help", url="/help/"),
        search.MerchandisingRule.objects.create(action="hide", phrase="shirt", sku="S1", product_key="1"),
        search.Synonym.objects.create(phrase="kicks", means=["shoes"]),
        search.TagWord.objects.create(kind="style", text="boho"),
        search.ProductTag.objects.create(
            product_key="1", kind="style", word="boho", similarity=0.5, confidence=0.5, suggested_at=now
        ),
        search.Evaluation.objects.create(
            version=version,
            measured="1",
            source="queries",
            digest="d",
            figures={"all": figures.to_json()},
            queries={},
        ),
        search.JudgedSet.objects.create(name="most frequent"),
        search.StaleProduct.objects.get_or_create(
            product_key="parked", defaults={"marked_at": now, "parked": True}
        )[0],
        search.LoggedSearch.objects.create(id=UUID(int=1), at=now, mode="text", total=1, took_ms=1.0),
    ]
    return {f"{row._meta.app_label}_{row._meta.model_name}": str(row.pk) for row in made if row}
