"""Take an import back: the record of what it changed, and the way back to what was before."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from search.signals import mark_stale
from shop.models import Brand, Category, Product, ProductImage, Variant

from .tables import IMPORT_LOCK, STATED

CHUNK = 500  # products per transaction
VALID = timedelta(days=1)
KIND = "import of a catalogue"  # stands in the first line of a record

State = dict[str, Any]


class UndoError(Exception):
    """A record cannot be written or used; the message says why."""


@dataclass(slots=True)
class UndoResult:
    """How many products were restored and deleted, how many were as before already, and why others were left as they are.

    `cut` says that the record ends in the middle of a line.
    """

    restored: int = 0
    deleted: int = 0
    as_before: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)  # SKU and reason
    cut: bool = False


class UndoRecord:
    """Writes down what an import changes, before that is committed; the file appears with the first change.

    Each line is JSON. Of a product that was there before, it holds the values that changed, and a digest of what they became;
    of a new one the digest alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = False

    @contextmanager
    def watch(self, skus: Sequence[str]) -> Iterator[None]:
        """Write down what the body changes in the products of these SKUs, and the brands and categories that it makes.

        Raises:
            UndoError: the record cannot be written.
        """
        before, brands, categories = _states(skus), _keys(Brand), _keys(Category)
        yield
        lines: list[State] = []
        for sku, after in _states(skus).items():
            was = before.get(sku)
            if was is None:
                lines.append({"sku": sku, "before": None, "after": _digest(after)})
            elif changed := {name: value for name, value in was.items() if value != after[name]}:
                lines.append(
                    {"sku": sku, "before": changed, "after": _digest({name: after[name] for name in changed})}
                )
        made = {"brands": sorted(_keys(Brand) - brands), "categories": sorted(_keys(Category) - categories)}
        if any(made.values()):
            lines.append(made)
        if lines:
            self._write(lines)

    def _write(self, lines: Sequence[State]) -> None:
        if not self.written:
            lines = [{"kind": KIND, "made": timezone.now().isoformat()}, *lines]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a" if self.written else "x", encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UndoError(
                f"The undo record {self.path} cannot be written: {error.strerror}. Nothing more was imported; choose another"
                " folder with --report."
            ) from error
        self.written = True


def undo_import(path: Path, *, keep: bool = True) -> UndoResult:
    """Take an import back, as far as nobody changed the products since.

    Args:
        path: the import's record.
        keep: False rolls everything back, which leaves the counts.

    Raises:
        UndoError: there is no record, it is damaged or older than a day; nothing was changed.
    """
    lines, cut = _read(path)
    products = [line for line in lines if "sku" in line]
    result = UndoResult(cut=cut)
    for start in range(0, len(products), CHUNK):
        chunk = {line["sku"]: line for line in products[start : start + CHUNK]}
        with _import_alone(keep=keep):
            _take_back(chunk, result)
    with _import_alone(keep=keep):
        _remove_empty([line for line in lines if "brands" in line])
    return result


def _read(path: Path) -> tuple[list[State], bool]:
    """The lines behind the first, and whether the last one was cut off and is left out."""
    try:
        source = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UndoError(f"{path} cannot be read: {error}.") from error
    cut = bool(source.pop())  # an import that ends while it writes a line commits nothing of that
    lines: list[State] = []
    try:
        first = json.loads(source[0])
        kind, made = first["kind"], datetime.fromisoformat(first["made"])
    except (IndexError, KeyError, TypeError, ValueError):
        kind = None
    if kind != KIND:
        raise UndoError(f"{path} is no undo record of an import.")
    for number, line in enumerate(source, 1):
        try:
            lines.append(json.loads(line))
            known = isinstance(lines[-1], dict) and {"kind", "brands", "sku"} & lines[-1].keys()
        except ValueError:
            known = False
        if not known:
            raise UndoError(f"{path} is damaged in line {number}; nothing was changed.")
    if timezone.now() - made > VALID:
        raise UndoError(
            f"{path} is of an import at {made:%Y-%m-%d %H:%M} UTC; an import can be taken back within a day."
        )
    return lines[1:], cut


@contextmanager
def _import_alone(*, keep: bool) -> Iterator[None]:
    """A transaction that waits for chunks of imports."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        yield
        transaction.set_rollback(not keep)


def _take_back(chunk: Mapping[str, State], result: UndoResult) -> None:
    products = {
        product.sku: product
        for product in Product.objects.select_for_update().filter(sku__in=chunk).order_by("pk")
    }
    states = _states(list(chunk))
    brands, categories = _keys(Brand), _keys(Category)
    back: list[tuple[Product, State]] = []
    new: list[int] = []
    for sku, line in chunk.items():
        before, now = line["before"], states.get(sku)
        if before is None:
            if now is None:
                result.as_before += 1
            elif _digest(now) == line["after"]:
                new.append(products[sku].pk)
            else:
                result.refused.append((sku, "changed since the import, not deleted"))
        elif now is None:
            result.refused.append((sku, "deleted since the import"))
        elif all(now[name] == value for name, value in before.items()):
            result.as_before += 1
        elif _digest({name: now[name] for name in before}) != line["after"]:
            result.refused.append((sku, "changed since the import, left as it is"))
        elif "category_id" in before and before["category_id"] not in categories:
            result.refused.append((sku, "its category is no longer there, left as it is"))
        elif before.get("brand_id") is not None and before["brand_id"] not in brands:
            result.refused.append((sku, "its brand is no longer there, left as it is"))
        else:
            back.append((products[sku], before))
    _restore(back)
    Product.objects.filter(pk__in=new).delete()
    mark_stale(
        (str(key) for key in [*(product.pk for product, _ in back), *new]), backfill=True, reread=False
    )
    result.restored += len(back)
    result.deleted += len(new)


def _restore(back: Sequence[tuple[Product, State]]) -> None:
    images, variants = [], []
    for product, before in back:
        for name in STATED:
            if name in before:
                value = before[name]
                setattr(product, name, Decimal(value) if name == "price" and value is not None else value)
        product.updated = timezone.now()
        images += [
            ProductImage(product=product, image=name, alt_text=text, position=position)
            for name, text, position in before.get("images", ())
        ]
        variants += [
            Variant(product=product, sku=sku, size=size, stock=stock, position=position)
            for sku, size, stock, position in before.get("variants", ())
        ]
    Product.objects.bulk_update([product for product, _ in back], [*STATED, "updated"], batch_size=200)
    ProductImage.objects.filter(product__in=[p.pk for p, before in back if "images" in before]).delete()
    ProductImage.objects.bulk_create(images, batch_size=1000)
    Variant.objects.filter(product__in=[p.pk for p, before in back if "variants" in before]).delete()
    Variant.objects.bulk_create(variants, batch_size=1000)


def _remove_empty(made: Sequence[State]) -> None:
    """Delete the brands and categories that the import made, where nothing is in them."""
    brands = [key for line in made for key in line["brands"]]
    Brand.objects.filter(pk__in=brands, products=None).delete()
    categories = [key for line in made for key in line["categories"]]
    for category in Category.objects.filter(pk__in=categories, products=None).order_by("-depth"):
        if not category.children.exists():
            category.delete()


def _states(skus: Sequence[str]) -> dict[str, State]:
    """The products of these SKUs as JSON can hold them, with pictures and sizes."""
    found = {}
    products = Product.objects.filter(sku__in=skus).order_by("sku")
    for product in products.prefetch_related("images", "variants"):
        state = {name: getattr(product, name) for name in (*STATED, "slug", "published")}
        state["price"] = None if product.price is None else str(product.price)
        state["images"] = [
            [image.image.name, image.alt_text, image.position] for image in product.images.all()
        ]
        state["variants"] = [
            [size.sku, size.size, size.stock, size.position] for size in product.variants.all()
        ]
        found[product.sku] = state
    return found


def _keys(model: type[Brand] | type[Category]) -> set[int]:
    return set(model._default_manager.values_list("pk", flat=True))


def _digest(state: State) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()
