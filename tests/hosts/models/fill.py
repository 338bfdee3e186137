"""Fills the catalogue from a drawn one.

usage: fill.py folder-with-products.csv.gz-and-images.zip
"""

import csv
import gzip
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

from catalogue.models import Brand, Category, Product, ProductImage
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile

folder = Path(sys.argv[1])
pictures = zipfile.ZipFile(folder / "images.zip")
get_user_model().objects.create_superuser("admin", "admin@example.com", "drawn-for-tests")
with gzip.open(folder / "products.csv.gz", "rt") as file:
    for row in csv.DictReader(file):
        above, _ = Category.objects.get_or_create(name=row["category"], parent=None)
        category, _ = Category.objects.get_or_create(name=row["article_type"], parent=above)
        product = Product.objects.create(
            title=row["name"],
            sku=row["id"],
            brand=Brand.objects.get_or_create(name=row["brand"])[0],
            category=category,
            colour=row["colour"],
            description=row["description"],
            price=Decimal(row["price"]) / 10,
            number_in_stock=4,
        )
        name = f"{row['id']}.jpg"
        ProductImage.objects.create(product=product, file=ContentFile(pictures.read(name), name))
