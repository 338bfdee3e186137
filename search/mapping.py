"""What a product's fields are read from, where the host says it by paths instead of methods: values, and what to read ahead.

`ProductIndex.fields` names the paths, `search/registry.py` makes documents and cards of the values, docs/plugin.md has the rules.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Any, BinaryIO

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError
from django.db.models import DateTimeField, FileField, Model, QuerySet
from django.db.models.fields.files import FieldFile
from django.utils.functional import Promise

from .exceptions import SearchError
from .paths import Path, PathError, are_many, attribute_of, flat, resolve, unchecked

# A path, several whose values follow each other, or a function of the product.
Source = str | tuple[str, ...] | Callable[[Any], Any]

TEXTS = ("sku", "name", "brand", "style")  # the first value that is not blank
JOINED = {"keywords": ", ", "description": "\n"}  # all values, each once
OF_DOCUMENTS = (*TEXTS, *JOINED, "price", "in_stock", "created", "pictures")
OF_CARDS = ("currency", "url", "image", "image_large")
FIELDS = (*OF_DOCUMENTS, *OF_CARDS)
LEVELS = 10  # of a tree that are read ahead; a deeper one costs a query per level and product
UNKNOWN_DATE = datetime(1970, 1, 1, tzinfo=UTC)


class MappedError(SearchError):
    """A product's field could not be read by its path; the message names both and says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line of a mapping."""

    name: str  # of the field or facet
    sentence: str


@dataclass(frozen=True)
class Mapped:
    """The fields of a model's products as paths."""

    model: type[Model]
    fields: Mapping[str, Source]
    facets: tuple[str, ...] = ()
    trees: Mapping[str, str] = field(default_factory=dict)  # facet -> the attribute that leads up
    more: Callable[[], Collection[str]] = tuple  # names of other attributes that the products have

    def values(self, product: Any, name: str) -> list[Any]:
        """Return all values of a field, in their order, without None.

        Raises:
            MappedError: one of its paths cannot be read.
            DatabaseError: the database could not be asked; so does InterfaceError.
        """
        found: list[Any] = []
        for source in _sources(self.fields[name]):
            try:
                if callable(source):
                    found += flat(source(product))
                elif name in self.trees:
                    found += self._line(product, self._path(source), self.trees[name])
                else:
                    found += self._path(source).read(product)
            except (DatabaseError, InterfaceError, SoftTimeLimitExceeded):
                raise
            except Exception as error:
                by = "a function" if callable(source) else f'"{source}"'
                raise MappedError(f"{name} is read by {by}: {type(error).__name__}: {error}") from error
        return found

    def document(self, product: Any) -> dict[str, Any]:
        """Return the fields of a product's document that are mapped, by name; `pictures` as pairs of name and opener.

        Raises:
            MappedError: a path cannot be read.
        """
        given: dict[str, Any] = {
            "key": str(product.pk),
            "sku": str(product.pk),
            "name": "",
            "created": UNKNOWN_DATE,
        }
        for name in TEXTS:
            if text := self._text(product, name):
                given[name] = text
        for name, sign in JOINED.items():
            if name in self.fields:
                given[name] = sign.join(dict.fromkeys(map(str, filter(_is_said, self.values(product, name)))))
        if "price" in self.fields:
            given["price"] = lowest(self.values(product, "price"))
        if "in_stock" in self.fields:
            given["in_stock"] = any(map(_is_there, self.values(product, "in_stock")))
        if created := self._created(product):
            given["created"] = created
        if "pictures" in self.fields:
            given["pictures"] = [
                (one.name, _opener(one)) if isinstance(one, FieldFile) else one
                for one in self.values(product, "pictures")
                if one or not isinstance(one, FieldFile)
            ]
        given["facets"] = {
            name: tuple(_shown(one) for one in self.values(product, name) if _is_said(one))
            for name in self.facets
            if name in self.fields
        }
        return given

    def card(self, product: Any) -> dict[str, Any]:
        """Return the fields of a product's card, by name, without those that its index has a default for.

        Raises:
            MappedError: a path cannot be read.
        """
        given: dict[str, Any] = {
            "sku": self._text(product, "sku") or str(product.pk),
            "name": self._text(product, "name"),
            "brand": self._text(product, "brand"),
            "price": lowest(self.values(product, "price")) if "price" in self.fields else None,
            "url": self._text(product, "url"),
            "image": self._address(product, "image" if "image" in self.fields else "pictures"),
            "image_large": self._address(product, "image_large"),
        }
        if currency := self._text(product, "currency"):
            given["currency"] = currency
        if "url" not in self.fields and hasattr(product, "get_absolute_url"):
            given["url"] = product.get_absolute_url()
        if "in_stock" in self.fields:
            given["in_stock"] = any(map(_is_there, self.values(product, "in_stock")))
        return given

    def read_ahead(self, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return a queryset that reads everything on the paths with it, in as many queries for a batch as for one product."""
        selected: dict[str, None] = {}
        prefetched: dict[str, None] = {}
        for name, source in self.fields.items():
            for one in (
                way for text in _sources(source) if isinstance(text, str) for way in self._ways(name, text)
            ):
                select, prefetch = one.ahead()
                selected |= dict.fromkeys(filter(None, [select]))
                prefetched |= dict.fromkeys(filter(None, [prefetch]))
        if selected:
            queryset = queryset.select_related(*selected)
        return queryset.prefetch_related(*prefetched) if prefetched else queryset

    def faults(self) -> list[Fault]:
        """Return what is wrong with the mapping, in its order."""
        found = []
        known = {*FIELDS, *self.facets}
        for name, source in self.fields.items():
            if name not in known:
                facets = f"facets ({', '.join(self.facets)})"
                found.append(Fault(name, f"it is neither one of {', '.join(FIELDS)} nor one of {facets}."))
                continue
            said = (self._fault_of(name, one) for one in _sources(source) if not callable(one))
            found += [Fault(name, sentence) for sentence in said if sentence]
        if "name" not in self.fields:
            found.append(Fault("name", "it is not mapped, and nobody finds a product without a name."))
        found += [
            Fault(name, "trees names it, and it is not mapped.")
            for name in self.trees
            if name not in self.fields
        ]
        return found

    @cached_property
    def dated(self) -> str:
        """The field that says when a product was added, where it is not mapped: the only one with auto_now_add; "" for none."""
        own = [
            one
            for one in self.model._meta.get_fields()
            if isinstance(one, DateTimeField) and one.auto_now_add
        ]
        return own[0].name if len(own) == 1 else ""

    def _fault_of(self, name: str, text: object) -> str:
        if not isinstance(text, str):
            return f"a value of the type {type(text).__name__} is no path; give a text, a tuple of texts, or a function."
        try:
            path = resolve(text, self.model, self.more)
            if name in self.trees:
                self._check_tree(path, self.trees[name])
        except PathError as error:
            return str(error)
        last = path.steps[-1]
        if name == "pictures" and last.field is not None and not isinstance(last.field, FileField):
            return (
                f'"{text}" ends at {_kind(last.field)}; pictures are read from a FileField or an ImageField.'
            )
        return ""

    def _check_tree(self, path: Path, above: str) -> None:
        objects = path.objects
        if not objects.steps:
            raise PathError(
                f'"{path.text}" is a value of the product itself, which trees says lies in a tree.'
            )
        if objects.model is not None:
            resolve(above, objects.model)

    @cached_property
    def _paths(self) -> dict[str, Path]:
        return {}

    def _path(self, text: str) -> Path:
        if text not in self._paths:
            try:
                self._paths[text] = resolve(text, self.model, self.more)
            except PathError:  # a check names it; perhaps the products have it all the same
                self._paths[text] = unchecked(text)
        return self._paths[text]

    def _ways(self, name: str, text: str) -> list[Path]:
        """The paths that are read with one: its own, and in a tree that to the root."""
        path = self._path(text)
        model, above = path.objects.model, self.trees.get(name)
        if above is None or model is None:
            return [path]
        try:
            up = resolve(above, model)
        except PathError:
            return [path]
        if len(up.steps) != 1 or up.model is not model:
            return [path]
        # Not joined: how far it is to the root differs from row to row.
        levels = (replace(up.steps[0], select=""),) * LEVELS
        return [path, Path(text, (*path.objects.steps, *levels))]

    def _line(self, product: Any, path: Path, above: str) -> list[Any]:
        """The values of the first object at the end of a path and of those above it, root first."""
        for found in path.objects.read(product):
            last = path.steps[-1].attribute
            return [value for one in line_of(found, above) for value in flat(attribute_of(one, last))]
        return []

    def _text(self, product: Any, name: str) -> str:
        if name not in self.fields:
            return ""
        return next((str(one) for one in self.values(product, name) if _is_said(one)), "")

    def _created(self, product: Any) -> Any:
        if "created" in self.fields:
            return next(iter(self.values(product, "created")), None)
        return getattr(product, self.dated) if self.dated else None

    def _address(self, product: Any, name: str) -> str:
        """The address of the first picture of a field: of a file its storage's, of anything else its text."""
        if name not in self.fields:
            return ""
        for one in self.values(product, name):
            if isinstance(one, FieldFile) and one:
                return str(one.url)
            if isinstance(one, str) and one.strip() and name != "pictures":
                return one
        return ""


def line_of(found: Any, above: str) -> list[Any]:
    """Return the objects from the root of a tree down to one; of those that lie below themselves, each once.

    Args:
        found: the one.
        above: its attribute that gives the object above it or None ("parent"), or all of them, root first ("get_ancestors").
    """
    line = [found]
    while (over := attribute_of(line[0], above)) is not None:
        if are_many(over):
            return [*flat(over), *line]
        if over in line:
            break
        line.insert(0, over)
    return line


def lowest(values: list[Any]) -> Any:
    """Return the lowest price of some; None for none. A single one stays as it is."""
    stated = [value for value in values if not (isinstance(value, str) and not value.strip())]
    if len(stated) < 2:
        return stated[0] if stated else None
    return min(stated, key=lambda price: price if isinstance(price, Decimal) else Decimal(str(price)))


def _is_said(value: Any) -> bool:
    """Whether there is a text in a value: an empty column says nothing."""
    return not (isinstance(value, str) and not value)


def _is_there(value: Any) -> bool:
    """Whether a value says that a product can be bought: true, or a number above 0."""
    return value > 0 if isinstance(value, int | float | Decimal) else bool(value)


def _shown(value: Any) -> Any:
    """A facet's value as a text, where it is a row, a number or the like; what may be NaN is left for the cleaning."""
    if isinstance(value, str | Promise | Enum | float | Decimal):
        return value
    return str(value)


def _sources(source: Source) -> tuple[Any, ...]:
    return source if isinstance(source, tuple) else (source,)


def _opener(file: FieldFile) -> Callable[[], BinaryIO]:
    return lambda: file.storage.open(str(file.name), "rb")  # type: ignore[return-value]  # a File is read as one


def _kind(found: Any) -> str:
    return f"{type(found).__name__} {found.model.__name__}.{found.name}"
