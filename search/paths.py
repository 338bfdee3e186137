"""Paths of attributes, such as "stockrecords__price": what they lead through, seen from a model, and what they read from a product.

Nothing here asks the database before a product is read: what a path leads through is known from the models.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db.models import Field, FileField, ForeignObjectRel, JSONField, Manager, Model, QuerySet
from django.db.models.fields.files import FieldFile

MANY = (Manager, QuerySet, list, tuple, set, frozenset)
SHOWN = 12  # names that a sentence lists


class PathError(ValueError):
    """A path leads nowhere; the message says where it ends, and what is there instead."""


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a path: the attribute that is read, and how Django reads it ahead for many products."""

    attribute: str
    select: str = ""  # its name for select_related, where it leads to one other row
    prefetch: str = ""  # its name for prefetch_related, where it leads to other rows
    model: type[Model] | None = None  # of these rows, if they are all of one
    field: Any = None  # the model's field, if it is one


@dataclass(frozen=True, slots=True)
class Path:
    """A path as it is written, and its steps."""

    text: str
    steps: tuple[Step, ...]

    @property
    def objects(self) -> "Path":
        """The path without its last part: to the objects of which that one is read."""
        return Path(self.text, self.steps[:-1])

    @property
    def model(self) -> type[Model] | None:
        """The model of the rows that it ends at, if it ends at rows of one model."""
        return self.steps[-1].model if self.steps else None

    def read(self, product: Any) -> list[Any]:
        """Return all values at its end, in their order; None and missing relations give none."""
        values = [product]
        for step in self.steps:
            values = [found for value in values for found in flat(attribute_of(value, step.attribute))]
        return values

    def ahead(self) -> tuple[str, str]:
        """Return what select_related and prefetch_related are to be given for it; "" for nothing."""
        selected: list[str] = []
        prefetched: list[str] = []
        one = True
        for step in self.steps:
            if not step.prefetch:
                break
            one = one and bool(step.select)
            prefetched.append(step.prefetch)
            if one:
                selected.append(step.select)
        return "__".join(selected), "" if one else "__".join(prefetched)


def parts_of(text: str) -> list[str]:
    """Return the parts of a path, "a__b" or "a.b".

    Raises:
        PathError: it has none, or one that is no name.
    """
    parts = text.replace("__", ".").split(".")
    if not all(part.isidentifier() for part in parts):
        raise PathError(f'"{text}" is no path of names joined by "__" or "."')
    return parts


def unchecked(text: str) -> Path:
    """Return a path of which only the spelling is known to be right."""
    return Path(text, tuple(map(Step, parts_of(text))))


def resolve(text: str, model: type[Model], more: Callable[[], Collection[str]] = tuple) -> Path:
    """Return a path as it leads on from a model.

    What lies behind a property, a method or a JSON field shows only when it is read.

    Args:
        text: the path.
        model: where it begins.
        more: gives the names of other attributes that the products have, such as a queryset's annotations; asked
            only for a name that the model lacks.

    Raises:
        PathError: one of its parts does not exist, or cannot be called without arguments.
    """
    steps: list[Step] = []
    at: type | None = model
    for number, part in enumerate(parts_of(text)):
        step = _relation(at, part) if at is not None and issubclass(at, Model) else None
        if step is None:
            step = Step(part, field=None if at is None else _field(at, part))
            if at is not None and not (number == 0 and not _has(at, part) and part in more()):
                _check_attribute(text, at, part, step)
        steps.append(step)
        at = step.model or _type_of(step.field)
    return Path(text, tuple(steps))


def attribute_of(value: Any, attribute: str) -> Any:
    """Return what an attribute of one value is, of a method what it returns; None where a mapping lacks it.

    Raises:
        PathError: the attribute is a method that changes data, such as delete().
        Exception: whatever reading it raises.
    """
    if isinstance(value, Mapping):
        found = value.get(attribute)
    else:
        try:
            found = getattr(value, attribute)
        except ObjectDoesNotExist:  # the other side of a relation of one to one
            return None
    if not callable(found) or isinstance(found, Manager):
        return found
    if getattr(found, "alters_data", False):
        raise PathError(f"{attribute}() changes data")
    return found()


def are_many(found: Any) -> bool:
    """Whether this is a relation to many rows, a queryset or a list, not one value."""
    return isinstance(found, MANY) or inspect.isgenerator(found)


def flat(found: Any) -> Iterator[Any]:
    """Yield the values of a relation, a queryset or a list one by one, anything else as it is, and no None."""
    if isinstance(found, Manager):
        found = found.all()
    for one in found if are_many(found) else (found,):
        if one is not None:
            yield one


def _relation(model: type[Model], part: str) -> Step | None:
    """The step to other rows that a part of a path names by field, by the name in queries, or by accessor."""
    try:
        field: Any = model._meta.get_field(part)
    except FieldDoesNotExist:
        reverse = [one for one in model._meta.related_objects if one.get_accessor_name() == part]
        if not reverse:
            return None
        field = reverse[0]
    if not field.is_relation:
        return None
    if isinstance(field, ForeignObjectRel):
        accessor = field.get_accessor_name()
        if accessor is None:
            return None
        one = field.one_to_one
        return Step(accessor, field.name if one else "", accessor, field.related_model, field)
    if field.related_model is None:  # a generic foreign key, whose rows are of many models
        return Step(part, "", part, None, field)
    one = field.many_to_one or field.one_to_one
    return Step(part, part if one else "", part, field.related_model, field)


def _field(owner: type, part: str) -> "Field[Any, Any] | None":
    if not issubclass(owner, Model):
        return None
    try:
        found = owner._meta.get_field(part)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def _type_of(field: object) -> type | None:
    """What the next part is an attribute of, as far as it is known."""
    if isinstance(field, FileField):
        return FieldFile
    if isinstance(field, Field) and not isinstance(field, JSONField):
        kind = field.get_internal_type()
        return str if kind in ("CharField", "TextField", "SlugField", "EmailField", "URLField") else None
    return None


def _has(owner: type, part: str) -> bool:
    return _field(owner, part) is not None or inspect.getattr_static(owner, part, None) is not None


def _check_attribute(text: str, owner: type, part: str, step: Step) -> None:
    if step.field is not None:
        return
    found = inspect.getattr_static(owner, part, None)
    if found is None:
        raise PathError(f'"{text}" ends at {owner.__name__}, which has no "{part}". {_instead(owner, part)}')
    if getattr(found, "alters_data", False):
        raise PathError(f'"{text}" would call {owner.__name__}.{part}(), which changes data.')
    if inspect.isfunction(found) and (needed := _needed(found)):
        raise PathError(
            f'"{text}" calls {owner.__name__}.{part}() without arguments, and it needs {", ".join(needed)}.'
        )


def _needed(function: Callable[..., Any]) -> list[str]:
    """The arguments that a method cannot be called without, beside its object."""
    own = list(inspect.signature(function).parameters.values())[1:]
    free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [one.name for one in own if one.default is one.empty and one.kind not in free]


def _instead(owner: type, part: str) -> str:
    names = list(names_of(owner))
    near = get_close_matches(part, names, n=3)
    said = f"Did you mean {' or '.join(near)}? " if near else ""
    more = ", ..." if len(names) > SHOWN else ""
    return f"{said}It has {', '.join(names[:SHOWN])}{more}."


def names_of(owner: type) -> Iterable[str]:
    """Return the names that a path may go on with: fields and relations of a model, then properties and methods of its own."""
    names: dict[str, None] = {}
    if issubclass(owner, Model):
        for field in owner._meta.get_fields(include_hidden=False):
            reverse = isinstance(field, ForeignObjectRel)
            name = field.get_accessor_name() if isinstance(field, ForeignObjectRel) else field.name
            if name and not (reverse and name.endswith("+")):
                names[name] = None
    own = (cls for cls in owner.__mro__ if cls not in Model.__mro__) if issubclass(owner, Model) else [owner]
    for cls in own:
        for name, found in vars(cls).items():
            if not name.startswith("_") and (inspect.isfunction(found) or isinstance(found, property)):
                names.setdefault(name)
    return names
