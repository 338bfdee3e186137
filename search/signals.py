"""Receivers of the host's signals: a saved or deleted product is put into the outbox, in its own transaction.

After writes that send no signals (`bulk_update`, `update`, SQL), hosts call `mark_stale` themselves.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save

from .exceptions import NoIndexRegistered
from .indexing.marks import hint_after_commit, mark_stale
from .models import ProductTag
from .registry import ProductIndex, get_index
from .session import pinned

__all__ = ["connect", "mark_stale"]

KeysOf = Callable[[Any], Iterable[Any]]


def connect() -> None:
    """Connect the receivers, once."""
    for signal in (post_save, post_delete):
        signal.connect(_changed, dispatch_uid=f"fashion_search.{_changed.__name__}")
    post_delete.connect(_deleted, dispatch_uid=f"fashion_search.{_deleted.__name__}")
    m2m_changed.connect(_related_changed, dispatch_uid=f"fashion_search.{_related_changed.__name__}")


@pinned()
def _changed(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    keys_of = _find_keys_of(sender)
    if keys_of is not None:
        _mark(keys_of(instance))


@pinned()
def _deleted(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    """Forget the tags of a deleted product, whose key a database may give to another one."""
    index = _index()
    if index is not None and issubclass(sender, index.model):
        ProductTag.objects.filter(product_key=str(instance.pk)).delete()


@pinned()
def _related_changed(
    sender: type[Model], instance: Model, action: str, reverse: bool, pk_set: set[Any] | None, **kwargs: Any
) -> None:
    """Mark products whose many-to-many relations changed, which sends no post_save."""
    index = _index()
    if index is None or not action.startswith("post_"):
        return
    if not reverse and isinstance(instance, index.model):
        _changed(type(instance), instance)
    elif reverse and _is_relation_of(index.model, sender):
        _mark(pk_set or ())


def _mark(pks: Iterable[Any]) -> None:
    keys = [str(pk) for pk in pks if pk is not None]
    if keys:
        mark_stale(keys)
        hint_after_commit()


def _index() -> ProductIndex | None:
    try:
        return get_index()
    except NoIndexRegistered:
        return None


def _is_relation_of(model: type[Model], through: type[Model]) -> bool:
    return any(field.remote_field.through is through for field in model._meta.many_to_many)


def _find_keys_of(sender: type[Model]) -> KeysOf | None:
    index = _index()
    return _keys_of(sender, index) if index is not None else None


@cache
def _keys_of(sender: type[Model], index: ProductIndex) -> KeysOf | None:
    """Return what gives the product keys of a saved instance; proxies and children count as their parents do."""
    further = [keys for label, keys in index.related.items() if issubclass(sender, apps.get_model(label))]
    of_related = [_attribute(keys) if isinstance(keys, str) else keys for keys in further[:1]]
    if not issubclass(sender, index.model):
        return of_related[0] if of_related else None
    # A product may belong to another one, as variants in the same table do.
    return lambda product: [product.pk, *(key for keys in of_related for key in keys(product))]


def _attribute(name: str) -> KeysOf:
    return lambda instance: [getattr(instance, name)]
