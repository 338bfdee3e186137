"""What a product has, and where a model of the host has it: in a field of its own, or in a table that it is related to.

A place is found by names and kinds of fields alone, so that this needs no rows and no database. `manage.py fashion_search_init`
shows what was found before anything is written, and tries it on products.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import ForeignObjectRel, Model

TEXT = (models.CharField, models.TextField, models.JSONField)
NUMBER = (models.DecimalField, models.IntegerField, models.FloatField)
HOPS = 2  # relations that a path passes at most
FARTHER = 0.8  # what a relation leaves of a place's likelihood
LEAST = 0.3  # less likely places are no places
NOWHERE = (
    "auth",
    "contenttypes",
    "admin",
    "sessions",
    "sites",
    "fashion_search",
)  # apps that say nothing of products
BEST, GOOD, FAIR = 1.0, 0.8, 0.5  # how likely a field of such a name is it
NAMES = tomllib.loads((Path(__file__).parent / "names.toml").read_text())
ABOUT = frozenset(NAMES["models"]["about"])


@dataclass(frozen=True, slots=True)
class Role:
    """Something that a product has."""

    name: str
    says: str  # what it is called in a sentence
    weight: float  # how much a model looks like a product for having it
    kinds: tuple[type[Any], ...]  # of fields
    is_thing: bool = (
        False  # where a relation leads to it, the relation says what it is; of others the field does
    )
    hops: int = HOPS

    @property
    def words(self) -> dict[str, float]:
        """Names of fields, and how likely a field of this name is it."""
        given = NAMES["roles"][self.name]
        ranks = (("fair", FAIR), ("good", GOOD), ("best", BEST))
        return {word: likely for rank, likely in ranks for word in given.get(rank, ())}

    @property
    def things(self) -> frozenset[str]:
        """Words in the names of relations and tables that lead to it."""
        return frozenset(self.words if self.is_thing else NAMES["roles"][self.name].get("things", ()))

    @property
    def unlike(self) -> frozenset[str]:
        """Words beside which a field is something else."""
        return frozenset(NAMES["roles"][self.name].get("unlike", ()))


ROLES = (
    Role("name", "a name", 3, TEXT, hops=0),
    Role("pictures", "pictures", 3, (models.FileField,)),
    Role("price", "a price", 3, NUMBER),
    Role("category", "a category", 2, TEXT, is_thing=True),
    Role("sku", "an article number", 1, (models.CharField, models.TextField, models.IntegerField)),
    Role("brand", "a brand", 1, TEXT, is_thing=True),
    Role("colour", "a colour", 1, TEXT, is_thing=True),
    Role("gender", "for whom it is", 0.5, TEXT, is_thing=True),
    Role("size", "sizes", 0.5, TEXT, is_thing=True),
    Role("description", "a description", 1, TEXT, hops=0),
    Role("in_stock", "stock", 0.5, (models.BooleanField, models.IntegerField)),
    Role("created", "when it was added", 0.5, (models.DateField,), hops=0),
    Role("currency", "a currency", 0, (models.CharField,)),
)
BY_NAME = {role.name: role for role in ROLES}


@dataclass(frozen=True, slots=True)
class Way:
    """A place of the host where a product has something."""

    path: str  # names of attributes, with "__" between them
    field: Any  # the last one's field
    likelihood: float  # from 0 to 1
    relations: tuple[Any, ...] = ()  # that the path passes

    @property
    def is_many(self) -> bool:
        """Whether a product may have several of it."""
        return any(relation.one_to_many or relation.many_to_many for relation in self.relations)

    @property
    def target(self) -> type[Model] | None:
        """The table that the first relation leads to; None for a field of the product's own."""
        return self.relations[0].related_model if self.relations else None


def find_ways(model: type[Model]) -> dict[str, list[Way]]:
    """Return for each role where the model may have it, the most likely first; roles that it has nowhere are left out."""
    found: dict[str, list[Way]] = {}
    for relations in _relations(model, HOPS):
        for field in (relations[-1].related_model if relations else model)._meta.concrete_fields:
            for role in ROLES:
                likelihood = _likelihood(role, field, relations)
                if likelihood >= LEAST:
                    path = "__".join([*map(accessor, relations), field.name])
                    found.setdefault(role.name, []).append(Way(path, field, likelihood, relations))
    for name, ways in found.items():
        found[name] = _in_one_language(sorted(ways, key=lambda way: -way.likelihood))
    return found


def accessor(relation: Any) -> str:
    """Return the name of the attribute that leads along a relation."""
    return str(relation.get_accessor_name() if isinstance(relation, ForeignObjectRel) else relation.name)


def tokens(name: str) -> list[str]:
    """Cut a name of a field or model into its words, in small letters."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def display_field(model: type[Model]) -> Any | None:
    """Return the field whose text people know a row of the model by; None where it has none."""
    for name in ("name", "title", "label", "value", "option", "caption", "code", "slug"):
        fields = [field for field in model._meta.concrete_fields if isinstance(field, TEXT)]
        for field in fields:
            if field.name == name:
                return field
        if translated := [field for field in fields if language_of(field.name)[0] == name]:
            return _own_language(translated)
    return None


def tree_of(model: type[Model]) -> str:
    """Return how a row of the model leads to those above it: "get_ancestors", the name of a relation to itself, or ""."""
    if callable(getattr(model, "get_ancestors", None)):
        return "get_ancestors"
    for field in model._meta.concrete_fields:
        if field.is_relation and field.related_model is model:
            return str(field.name)
    return ""


def _relations(model: type[Model], hops: int) -> Iterator[tuple[Any, ...]]:
    waiting: list[tuple[Any, ...]] = [()]
    while waiting:
        relations = waiting.pop(0)
        yield relations
        if len(relations) == hops:
            continue
        here = relations[-1].related_model if relations else model
        passed = {model, *(one.related_model for one in relations)}
        waiting += [(*relations, one) for one in here._meta.get_fields() if _is_worth(one, passed)]


def _is_worth(relation: Any, passed: Iterable[type[Model]]) -> bool:
    """Whether something about a product may lie behind a relation."""
    target: Any = relation.related_model
    if not relation.is_relation or not isinstance(target, type) or target in passed:
        return False  # a generic relation leads to no model
    options: Any = target._meta  # type: ignore[attr-defined]
    if options.auto_created or getattr(relation, "hidden", False):
        return False
    if getattr(
        relation if isinstance(relation, ForeignObjectRel) else relation.remote_field, "parent_link", False
    ):
        return False  # to the other half of the same row
    if options.app_config is None or options.app_label in NOWHERE or options.swappable == "AUTH_USER_MODEL":
        return False
    called = tokens(target.__name__)
    if called[-1] in NAMES["models"]["product"]:
        return False  # what other products have is theirs
    return not ABOUT & set(called)


def _likelihood(role: Role, field: Any, relations: tuple[Any, ...]) -> float:
    """Return how likely a field behind these relations is what the role asks for."""
    if len(relations) > role.hops or not isinstance(field, role.kinds) or (field.primary_key and relations):
        return 0.0
    share = FARTHER ** len(relations)
    if role.is_thing and relations:
        return share * _thing_likelihood(role, field, relations[-1])
    words = set(tokens(field.name))
    likely = role.words.get(field.name) or role.words.get(language_of(field.name)[0], 0.0)
    if not likely and not relations:  # "main_category": the last word says what it is
        likely = 0.6 * role.words.get(tokens(field.name)[-1], 0.0)
    if not likely and isinstance(field, models.ImageField):
        likely = 0.6
    if isinstance(field, models.FileField) and not isinstance(field, models.ImageField):
        likely *= 0.5
    if words & role.unlike and not words & {"incl", "excl"}:
        likely *= 0.3
    if relations and role.things:
        passed = {
            word for one in relations for word in tokens(accessor(one)) + tokens(one.related_model.__name__)
        }
        likely *= 1.0 if passed & role.things else 0.5
    return share * likely


def _thing_likelihood(role: Role, field: Any, relation: Any) -> float:
    """Return how likely a field of a related table is the name of what the role asks for."""
    named = {*tokens(accessor(relation)), *tokens(relation.related_model.__name__), accessor(relation)}
    if field == display_field(relation.related_model) and (led := named & role.things):
        return max(role.words[word] for word in led)
    return role.words.get(field.name, 0.0) if field.name in NAMES["roles"][role.name]["best"] else 0.0


def language_of(name: str) -> tuple[str, str]:
    """Cut "name_de" and "name_pt_br" into the name and the language; the language is "" where the name ends in none."""
    codes = {code.lower().replace("-", "_") for code, _ in settings.LANGUAGES}
    for code in sorted(codes, key=len, reverse=True):
        if name.endswith(f"_{code}"):
            return name.removesuffix(f"_{code}"), code
    return name, ""


def _own_language(fields: list[Any]) -> Any:
    wanted = settings.LANGUAGE_CODE.lower().replace("-", "_")
    ranks = {wanted: 0, wanted.partition("_")[0]: 1, "en": 2}
    return min(fields, key=lambda field: ranks.get(language_of(field.name)[1], 3))


def _in_one_language(ways: list[Way]) -> list[Way]:
    """Of the columns of several languages, put the shop's before the others where they are equally likely."""
    if not ways or not any(language_of(way.field.name)[1] for way in ways):
        return ways
    best = [way for way in ways if way.likelihood == ways[0].likelihood]
    if any(not language_of(way.field.name)[1] for way in best):
        first = next(way for way in best if not language_of(way.field.name)[1])
    else:
        field = _own_language([way.field for way in best])
        first = next(way for way in best if way.field is field)
    return [first, *(way for way in ways if way is not first)]


def has_field(model: type[Model], name: str) -> bool:
    """Return whether a model has a field of this name."""
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
