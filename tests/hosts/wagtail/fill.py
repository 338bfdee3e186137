"""Fills the shop from a drawn catalogue: pages of products below pages of categories, some of which have equal names.

usage: fill.py folder-with-products.csv.gz-and-images.zip
"""

import csv
import gzip
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

from catalogue.models import Brand, CategoryPage, GalleryImage, ProductPage, Variant
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from wagtail.images.models import Image
from wagtail.models import Locale, Site

folder = Path(sys.argv[1])
pictures = zipfile.ZipFile(folder / "images.zip")
get_user_model().objects.create_superuser("admin", "admin@example.com", "drawn-for-tests")
Locale.objects.get_or_create(language_code="de")
home = Site.objects.get().root_page


def below(page, title: str):
    """The page of a category."""
    found = page.get_children().filter(title=title).first()
    return found or page.add_child(instance=CategoryPage(title=title))


with gzip.open(folder / "products.csv.gz", "rt") as file:
    for row in csv.DictReader(file):
        category = home
        for title in (row["gender"], row["category"], row["article_type"]):
            category = below(category, title)
        page = ProductPage(
            title=row["name"],
            slug=f"p-{row['id']}".lower(),
            sku=row["id"],
            brand=Brand.objects.get_or_create(name=row["brand"])[0],
            colour=row["colour"],
            price=Decimal(row["price"]) / 10,
            body=f"<p>{row['description']}</p><p>{row['materials_care']}</p>",
        )
        page.tags.add(row["season"], row["usage"])
        sizes = [size for size in row["sizes"].split("|") if size] or ["One Size"]
        page.variants = [
            Variant(sku=f"{row['id']}-{size.replace(' ', '')}", size=size, stock=number)
            for number, size in enumerate(sizes, 1)
        ]
        name = f"{row['id']}.jpg"
        image = Image.objects.create(title=row["name"], file=ContentFile(pictures.read(name), name))
        page.gallery = [GalleryImage(image=image)]
        category.add_child(instance=page)
        page.save_revision().publish()
