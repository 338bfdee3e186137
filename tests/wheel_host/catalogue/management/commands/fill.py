"""Adds six products with drawn pictures, a saved search, and somebody who may enter the admin."""

from io import BytesIO

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand
from PIL import Image

from catalogue.models import Product
from search.models import SavedSearch

PRODUCTS = ("Red Dress", "Blue Dress", "Green Dress", "Red Shirt", "Blue Shirt", "Black Jeans")


class Command(BaseCommand):
    """Fill the shop."""

    def handle(self, **options: object) -> None:
        """Add everything."""
        for number, name in enumerate(PRODUCTS):
            colour, kind = name.split()
            drawn = BytesIO()
            Image.new("RGB", (180, 240), colour.lower()).save(drawn, "PNG")
            Product.objects.create(
                name=name,
                kind=kind,
                brand="Ours",
                price=20 + number,
                image=ContentFile(drawn.getvalue(), f"{number}.png"),
            )
        SavedSearch.objects.create(words="red dress")
        get_user_model().objects.create_superuser("admin", password="only-for-tests")
