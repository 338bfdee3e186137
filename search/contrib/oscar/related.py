"""What else than a product is part of it: whose change has which product indexed again.

Most of Oscar's writes send Django's signals. Attribute values are an exception: a product saves its own in bulk, behind its own signal
(`connect`). Writes that send none (`update()`, `bulk_update()`, a category that is moved without being saved) wait for the hourly comparison, or
for `mark_stale`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from django.db.models import Q
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from oscar.core.loading import get_class, get_model

from ...indexing.marks import hint_after_commit
from ...session import pinned
from ...signals import mark_stale
from .categories import FORMER_NAME, products_of_category

MARKED = "_fashion_search_marks"  # on a method that is wrapped already


def _found(condition: Q) -> Iterator[int]:
    """Primary keys of the products that meet a condition, of children that of their parent."""
    product = get_model("catalogue", "Product")
    rows = product._default_manager.filter(condition).order_by().values_list("pk", "parent_id").distinct()
    yield from dict.fromkeys(parent or pk for pk, parent in rows)


def family_of(product: Any) -> Iterator[int]:
    """Yield the product's key, or that of the parent that shows it."""
    yield product.parent_id or product.pk


def _product_of(instance: Any) -> Iterator[int]:
    """The product of a stock record, a picture or an attribute value; it may be gone with the same deletion."""
    yield from _found(Q(pk=instance.product_id))


def _with_option(option: Any) -> Iterator[int]:
    yield from _found(
        Q(attribute_values__value_option=option) | Q(attribute_values__value_multi_option=option)
        if option.pk
        else Q(pk__in=())
    )


def _with_attribute(attribute: Any) -> Iterator[int]:
    yield from _found(Q(attribute_values__attribute_id=attribute.pk))


def _of_class(product_class: Any) -> Iterator[int]:
    yield from _found(Q(product_class_id=product_class.pk))


RELATED: Mapping[str, str | Callable[[Any], Iterable[Any]]] = {
    "catalogue.ProductImage": _product_of,
    "catalogue.ProductAttributeValue": _product_of,
    "catalogue.ProductCategory": "product_id",
    "catalogue.Category": products_of_category,
    "catalogue.AttributeOption": _with_option,
    "catalogue.ProductAttribute": _with_attribute,
    "catalogue.ProductClass": _of_class,
    "partner.StockRecord": _product_of,
}


def connect() -> None:
    """Have products marked after writes that `RELATED` cannot see, once."""
    category, value = get_model("catalogue", "Category"), get_model("catalogue", "ProductAttributeValue")
    for signal in (post_save, post_delete):
        signal.connect(
            _child_changed,
            sender=get_model("catalogue", "Product"),
            dispatch_uid="fashion_search.oscar.child",
        )
    pre_save.connect(_keep_former_name, sender=category, dispatch_uid="fashion_search.oscar.former_name")
    m2m_changed.connect(
        _options_changed, sender=value.value_multi_option.through, dispatch_uid="fashion_search.oscar.options"
    )
    _mark_after_saving(get_class("catalogue.product_attributes", "ProductAttributesContainer"))


@pinned()
def _mark(pks: Iterable[Any]) -> None:
    keys = [str(pk) for pk in pks]
    if keys:
        mark_stale(keys, reread=False)
        hint_after_commit()


def _child_changed(instance: Any, **kwargs: Any) -> None:
    """Mark the parent that shows a child; every other product is marked as such."""
    if instance.parent_id:
        _mark(family_of(instance))


def _keep_former_name(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    """Keep the name that a category had: others that shared it have its values changed."""
    if instance.pk and not raw:
        names = sender._default_manager.filter(pk=instance.pk).values_list("name", flat=True)
        setattr(instance, FORMER_NAME, next(iter(names), instance.name))


def _options_changed(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
    """Mark the product of a value whose options were set, from either side."""
    if not action.startswith("post_"):
        return
    if not reverse:
        _mark(_product_of(instance))
    elif pk_set:
        _mark(_found(Q(attribute_values__in=list(pk_set))))


def _mark_after_saving(container: Any) -> None:
    """Have a product marked when its attribute values are written, which Oscar does in bulk, without a signal, after saving the product.

    Outside of a transaction a worker may have read the product by then, with its old values.
    """
    save = container.save
    if hasattr(save, MARKED):
        return

    @wraps(save)
    def save_and_mark(self: Any, *args: Any, **kwargs: Any) -> Any:
        written = self.initialized or bool(self._dirty)
        result = save(self, *args, **kwargs)
        if written:
            _mark(family_of(self.product))
        return result

    setattr(save_and_mark, MARKED, True)
    container.save = save_and_mark
