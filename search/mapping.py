"""What a product's fields are read from, where the host says it by paths instead of methods: values, and what to read ahead.

`ProductIndex.fields` names the paths, `search/registry.py` makes documents and cards of the values, docs/plugin.md has the rules.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Any, BinaryIO

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, DateTimeField, FileField, Model, QuerySet
from django.db.models.fields.files import FieldFile
from django.utils.functional import Promise

from .exceptions import SearchError
from .facets import CATEGORY, Placed, placed
from .paths import Path, PathError, are_many, attribute_of, flat, resolve, unchecked
from .resilience import PolledCache
from .session import WRITER
from .text import MAX_LENGTH, one_line

# A path, several whose values follow each other, or a function of the product.
Source = str | tuple[str, ...] | Callable[[Any], Any]

TEXTS = ("sku", "name", "brand", "style")  # the first value that is not blank
JOINED = {"keywords": ", ", "description": "\n"}  # all values, each once
OF_DOCUMENTS = (*TEXTS, *JOINED, "codes", "price", "in_stock", "created", "pictures")
OF_CARDS = ("currency", "url", "image", "image_large")
FIELDS = (*OF_DOCUMENTS, *OF_CARDS)
KEPT_SECONDS = 60  # names that several rows of a tree have
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
        if name in self.trees:
            return merged(self._lines(product, name))
        found: list[Any] = []
        for source in _sources(self.fields[name]):
            with _told(name, source):
                found += flat(source(product)) if callable(source) else self._path(source).read(product)
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
        if "codes" in self.fields:
            given["codes"] = tuple(str(one) for one in self.values(product, "codes") if _is_said(one))
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
        given["facets"] = {name: self._facet(product, name) for name in self.facets if name in self.fields}
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

    def passed(self) -> Iterator[tuple[type[Model], str]]:
        """Yield what the paths lead through, up to the roots of trees: each model, and the lookup by which products are found from its rows."""
        for name, source in self.fields.items():
            texts = (text for text in _sources(source) if isinstance(text, str))
            for path in (way for text in texts for way in self._ways(name, text)):
                names: list[str] = []
                for step in path.steps:
                    if step.model is None or step.field is None:
                        break
                    names.append(step.field.name)
                    yield step.model, "__".join(names)

    def paths(self, name: str) -> list[tuple[str, ...]] | None:
        """Return the paths of a facet's tree where a product may lie at several places of it; None where it lies at one.

        Raises:
            DatabaseError: the database could not be asked; so does InterfaceError.
        """
        ways = self._tree(name)
        if not ways or (len(ways) == 1 and all(step.select for step in ways[0].objects.steps)):
            return None
        return [
            tuple(self._placed(name, _names_of(line_of(row, self.trees[name]), way)))
            for way in ways
            for row in _rows_of(way.objects.model, self.trees[name])
        ]

    def repeated(self, name: str) -> frozenset[str]:
        """Return the values that several rows of a facet's tree have; the database is asked at most once a minute.

        Only a column can be asked for them: of names that a method makes, none are known.
        """
        ways = self._tree(name)
        if len(ways) != 1:
            return frozenset()
        (path,) = ways
        model, column = path.objects.model, path.steps[-1].field
        if model is None or column is None:
            return frozenset()
        return self._repeated.get(name, lambda _kept: _values_twice(model, column.attname))

    @cached_property
    def _repeated(self) -> PolledCache[str, frozenset[str]]:
        return PolledCache(KEPT_SECONDS, most=len(self.trees))

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

    def _tree(self, name: str) -> list[Path]:
        """The paths to the objects of a facet's tree."""
        sources = _sources(self.fields.get(name, ())) if name in self.trees else ()
        return [self._path(source) for source in sources if isinstance(source, str)]

    def _facet(self, product: Any, name: str) -> tuple[Any, ...]:
        """The values of a facet; of a tree in which the product lies at several places those of all of them."""
        if name not in self.trees:
            return tuple(_shown(one) for one in self.values(product, name) if _is_said(one))
        lines = self._lines(product, name)
        found = (_shown(one) for one in merged(lines) if _is_said(one))
        return Placed(found) if len(lines) > 1 else tuple(found)

    def _lines(self, product: Any, name: str) -> list[list[Any]]:
        """The values of a facet's tree, each with those above it, root first, one list for each place where the product lies."""
        lines: list[list[Any]] = []
        for source in _sources(self.fields[name]):
            with _told(name, source):
                if callable(source):
                    lines.append(list(flat(source(product))))
                    continue
                path = self._path(source)
                placed_at = path.objects.read(product)
                lines += [_names_of(line_of(one, self.trees[name]), path) for one in placed_at]
        lines = [line for line in lines if line]
        return [self._placed(name, line) for line in lines] if len(lines) > 1 else lines

    def _placed(self, name: str, line: list[Any]) -> list[str]:
        """The values of one line, of which those that stand elsewhere, too, carry the way to them."""
        names = [one_line(str(_shown(value))) for value in line if _is_said(value)]
        return placed(names, self.repeated(name), MAX_LENGTH) if name == CATEGORY else names

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


def merged(lines: Sequence[list[Any]]) -> list[Any]:
    """Return the values of all lines of a tree, each once. The deepest line comes last, as the last value says what kind of thing a product is."""
    if len(lines) < 2:
        return list(lines[0]) if lines else []
    own = max(lines, key=len)
    others = dict.fromkeys(value for line in lines if line is not own for value in line)
    return [*(value for value in others if value not in own), *own]


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


def _names_of(line: list[Any], path: Path) -> list[Any]:
    """What the last part of a path is of each object in a line."""
    return [value for one in line for value in flat(attribute_of(one, path.steps[-1].attribute))]


def _rows_of(model: type[Model] | None, above: str) -> list[Any]:
    """All rows of a tree, each with the one above it at hand where that is a foreign key."""
    if model is None:
        return []
    rows = {row.pk: row for row in model._default_manager.using(WRITER).order_by("pk")}
    fields: list[Any] = [one for one in model._meta.concrete_fields if one.name == above and one.is_relation]
    for up in fields:
        for row in rows.values():
            if (above_it := getattr(row, up.attname)) is None or above_it in rows:
                up.set_cached_value(row, rows.get(above_it))
    return list(rows.values())


@contextmanager
def _told(name: str, source: Any) -> Iterator[None]:
    """Name field and path in what reading it raises."""
    try:
        yield
    except (DatabaseError, InterfaceError, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        by = "a function" if callable(source) else f'"{source}"'
        raise MappedError(f"{name} is read by {by}: {type(error).__name__}: {error}") from error


def _values_twice(model: type[Model], column: str) -> frozenset[str]:
    rows = model._default_manager.using(WRITER).order_by().values(column).annotate(rows=Count("pk"))
    return frozenset(one_line(str(value)) for value in rows.filter(rows__gt=1).values_list(column, flat=True))


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
