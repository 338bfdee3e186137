"""Fills Oscar's catalogue from a drawn one: parents with children, stock records of two partners, attributes, a tree with equal names.

usage: fill.py folder-with-products.csv.gz-and-images.zip
"""

import csv
import gzip
import io
import json
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from oscar.core.loading import get_model

Product, Category, ProductClass = (
    get_model("catalogue", name) for name in ("Product", "Category", "ProductClass")
)
Attribute, Group, Option = (
    get_model("catalogue", name) for name in ("ProductAttribute", "AttributeOptionGroup", "AttributeOption")
)
Image, Record, Partner = (
    get_model("catalogue", "ProductImage"),
    get_model("partner", "StockRecord"),
    get_model("partner", "Partner"),
)

folder = Path(sys.argv[1])
with gzip.open(folder / "products.csv.gz", "rt") as file:
    rows = list(csv.DictReader(file))
pictures = zipfile.ZipFile(folder / "images.zip")

get_user_model().objects.create_superuser("admin", "admin@example.com", "drawn-for-tests")
north, south = (Partner.objects.create(name=name, code=name.lower()) for name in ("North", "South"))
clothing = ProductClass.objects.create(name="Clothing", track_stock=True)
groups: dict[str, object] = {}
for code, kind in (("colour", "option"), ("size", "option"), ("gender", "option"), ("material", "multi_option"), ("brand", "text"),
                   ("pattern", "text"), ("washable", "boolean"), ("care", "richtext"), ("year", "integer")):  # fmt: skip
    group = Group.objects.create(name=code.title()) if "option" in kind else None
    groups[code] = group
    Attribute.objects.create(
        product_class=clothing, name=code.title(), code=code, type=kind, option_group=group
    )


def option(code: str, text: str) -> object:
    return Option.objects.get_or_create(group=groups[code], option=text)[0]


def category(*names: str) -> object:
    above = None
    for name in names:
        siblings = above.get_children() if above else Category.get_root_nodes()
        found = siblings.filter(name=name).first()
        above = found or (above.add_child(name=name) if above else Category.add_root(name=name))
        above.refresh_from_db()
    return above


def stock(product: object, sku: str, price: Decimal, number: int) -> None:
    Record.objects.create(
        product=product, partner=north, partner_sku=f"N-{sku}", price=price, num_in_stock=number
    )
    Record.objects.create(
        product=product, partner=south, partner_sku=f"S-{sku}", price=price + 5, num_in_stock=100
    )


sold_out = next(row["id"] for row in rows if row["sizes"] in ("", "One Size"))
for place, row in enumerate(rows):
    attributes = json.loads(row["attributes"])
    sizes = [size for size in row["sizes"].split("|") if size and size != "One Size"]
    product = Product(
        title=row["name"],
        upc=row["id"],
        product_class=clothing,
        structure="parent" if sizes else "standalone",
        description=f"<p>{row['description']}</p><p>{row['materials_care']}</p>",
    )
    product.attr.brand = row["brand"]
    product.attr.colour = option("colour", row["colour"])
    product.attr.gender = option("gender", row["gender"])
    product.attr.pattern = attributes.get("Print or Pattern Type") or attributes.get("Pattern")
    product.attr.material = [
        option("material", text) for text in row["materials_care"].split(" and ") if text
    ]
    product.attr.washable = place % 2 == 0
    product.attr.care = "<b>Wash cold</b>"
    product.attr.year = int(row["year"])
    product.save()
    # Women > Footwear > Shoes and Men > Footwear > Shoes: three names, each at several places
    product.categories.add(category(row["gender"], row["category"], row["article_type"]))
    if place % 5 == 0:
        product.categories.add(category("Offers", "Last chance"))
    Image.objects.create(
        product=product,
        original=ContentFile(io.BytesIO(pictures.read(f"{row['id']}.jpg")).getvalue(), f"{row['id']}.jpg"),
    )
    price = Decimal(row["price"]) / 10
    for number, size in enumerate(sizes):
        child = Product(structure="child", parent=product, upc=f"{row['id']}/{size}", title="")
        child.attr.size = option("size", size)
        child.save()
        stock(child, f"{row['id']}-{size}", price, 0 if number == 0 else 7)
    if not sizes:
        stock(product, row["id"], price, 0 if row["id"] == sold_out else 3)
