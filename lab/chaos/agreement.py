"""Compare what the index says of products with the products themselves, past all hashes that the index keeps of them."""

from collections import Counter
from collections.abc import Container
from hashlib import sha256
from pathlib import Path
from typing import Any

_COLUMNS = ("sku", "name", "price")


def disagreements(aside: Container[str] = ()) -> list[str]:
    """Return each entry of the active version that says something else than its product, and each product without one.

    Args:
        aside: keys of products that were put aside, whose entries may say what was indexed last.
    """
    from search.models import IndexEntry, IndexVersion
    from shop.models import Product

    entries = IndexEntry.objects.filter(version=IndexVersion.objects.active())
    said = {key: values for key, *values in entries.values_list("product_key", *_COLUMNS)}
    products = Product.objects.published().order_by("pk")
    wanted = {
        str(key): [sku.lower(), name, price]
        for key, sku, name, price in products.values_list("pk", *_COLUMNS)
    }
    wrong = [f"product {key} has no entry" for key in wanted if key not in said]
    wrong += [f"entry {key} has no published product" for key in said if key not in wanted]
    for key in wanted.keys() & said.keys():
        if key in aside:
            continue
        for column, is_, should in zip(_COLUMNS, said[key], wanted[key], strict=True):
            if is_ != should:
                wrong.append(f"the {column} of product {key} is {should}, its entry says {is_}")
    return wrong


def picture_disagreements() -> tuple[list[str], list[str]]:
    """Return what is wrong with rows of pictures: those lost or of another file, and those too many."""
    from search.models import EntryImage, IndexVersion
    from shop.models import ProductImage

    rows = EntryImage.objects.filter(version=IndexVersion.objects.active())
    embedded = set(rows.exclude(embedding=None).values_list("pk", flat=True))
    held: dict[tuple[str, str], list[tuple[str, bool, str]]] = {}
    for pk, key, name, picture_hash, error in rows.values_list(
        "pk", "entry__product_key", "name", "picture_hash", "error"
    ):
        held.setdefault((key, name), []).append((picture_hash, pk not in embedded, error))
    pictures = ProductImage.objects.filter(product__published=True).order_by("pk")
    wanted = Counter((str(key), name) for key, name in pictures.values_list("product_id", "image"))
    lost, doubled = [], []
    for (key, name), number in wanted.items():
        found = held.get((key, name), [])
        lost += [f"picture {name} of product {key} has no row"] if not found else []
        doubled += [f"picture {name} of product {key} has {len(found)} rows"] if len(found) > number else []
        for picture_hash, is_empty, error in found:
            if error:
                continue
            if is_empty:
                lost.append(f"picture {name} of product {key} has neither embedding nor reason")
            elif picture_hash != _hash_of(name):
                lost.append(f"picture {name} of product {key} was embedded from another file")
    doubled += [
        f"product {key} has no picture {name}, but a row" for key, name in held.keys() - wanted.keys()
    ]
    return lost, doubled


def wrong_prices(prices: dict[int, Any]) -> list[str]:
    """Return the accepted prices that the catalogue does not have."""
    from shop.models import Product

    kept = dict(Product.objects.filter(pk__in=prices).values_list("pk", "price"))
    return [
        f"price {price} of product {key} was accepted and is {kept.get(key)}"
        for key, price in prices.items()
        if kept.get(key) != price
    ]


def _hash_of(name: str) -> str:
    from django.core.files.storage import default_storage

    # Past the storage itself, which may have been told to fail.
    return sha256(Path(default_storage.path(name)).read_bytes()).hexdigest()
