"""The lines of a host's `search_index.py`: for each thing that a product has, what says where it is, and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError, models, transaction
from django.db.models import Model

from ..session import pinned, writer_of
from .candidates import SHOWN, Candidate
from .roles import Way, accessor, display_field, tokens, tree_of

FACETS = ("category", "brand", "colour", "gender", "size")
KEYWORDS = ("category", "colour", "gender")  # what is said of a product beside its name and brand
CENTS = ("cents", "minor", "pence")
UNSHOWN_PICTURES = ("thumbnail", "icon", "logo", "swatch", "banner")  # words of pictures that show no product
LOOKED_AT = 50  # rows whose JSON is looked at for its languages


@dataclass(frozen=True, slots=True)
class Line:
    """One line of `fields`."""

    name: str
    source: str  # as Python
    why: str = ""  # a comment; "" where the path says it all


@dataclass(slots=True)
class Lines:
    """All that has to be said about the products of one model."""

    fields: list[Line] = field(default_factory=list)
    facets: list[str] = field(default_factory=list)
    trees: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)  # filters -> what they say
    ahead: list[str] = field(default_factory=list)  # relations that functions of the file read
    imports: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)  # what paths cannot say
    lacking: list[str] = field(default_factory=list)  # sentences: what was not found, and what that means

    def add(self, name: str, source: str, why: str = "") -> None:
        """Add a line of `fields`."""
        self.fields.append(Line(name, source, why))


def write_lines(candidate: Candidate) -> Lines:
    """Return the lines for a model as it was found; what was not found is said and left out."""
    lines, variants = Lines(shown=dict(candidate.shown)), _variants_of(candidate)
    _say_name(lines, candidate)
    for name in ("sku", "description"):
        if way := candidate.best(name):
            lines.add(
                name, _paths(_texts(way), variants if name == "sku" else "", way), _others(candidate, name)
            )
        elif name == "sku":
            lines.lacking.append(
                "No field looks like an article number; the primary key stands in its place."
            )
    _say_price(lines, candidate, variants)
    _say_pictures(lines, candidate)
    for name in FACETS:
        if way := candidate.best(name):
            _say_facet(lines, candidate, name, way, variants)
    if words := [one.source for one in lines.fields if one.name in KEYWORDS and one.source.startswith('"')]:
        lines.add(
            "keywords",
            f"({', '.join(words)}{',' if len(words) == 1 else ''})",
            "words that name it beside its name and brand",
        )
    if way := candidate.best("in_stock"):
        lines.add("in_stock", _paths([way.path], variants, way), "true, or a number above 0")
    if way := candidate.best("created"):
        lines.add("created", f'"{way.path}"')
    else:
        lines.lacking.append("No field says when a product was added; sorting by newest shows no order.")
    if way := candidate.best("currency"):
        lines.add("currency", f'"{way.path}"')
    _say_address(lines, candidate)
    return lines


@pinned()
def languages_in(model: type[Model], name: str) -> list[str]:
    """Return the keys of the texts in a JSON field, the shop's own language first; none where it holds something else."""
    alias = writer_of(model) or "default"
    try:
        with transaction.atomic(using=alias):
            found = list(
                model._base_manager.using(alias).order_by("pk").values_list(name, flat=True)[:LOOKED_AT]
            )
    except DatabaseError:
        found = []
    keys = dict.fromkeys(key for value in found if isinstance(value, dict) for key in value)
    codes = {code.lower() for code, _ in settings.LANGUAGES}
    known = [key for key in keys if key.lower().replace("_", "-") in codes and key.isidentifier()]
    if not found:
        known = [settings.LANGUAGE_CODE.partition("-")[0]]
    wanted = settings.LANGUAGE_CODE.lower()
    return sorted(
        known, key=lambda key: (key.lower() != wanted, key.lower() != wanted.partition("-")[0], key != "en")
    )


def _say_name(lines: Lines, candidate: Candidate) -> None:
    way = candidate.best("name")
    if way is None:
        lines.add("name", "str", "no field looks like a name, so its text in the admin is taken")
        lines.lacking.append("No field looks like a name; what str() gives is taken.")
        return
    title = next(
        (name for name in ("get_title", "get_name") if callable(getattr(candidate.model, name, None))), ""
    )
    texts = [title] if title and not isinstance(way.field, models.JSONField) else _texts(way)
    why = "the first language that it has" if len(texts) > 1 else _others(candidate, "name")
    lines.add("name", _tuple(texts), why)


def _say_price(lines: Lines, candidate: Candidate, variants: str) -> None:
    way = candidate.best("price")
    if way is None:
        lines.lacking.append("Nothing looks like a price; shoppers can neither filter nor sort by it.")
        return
    money = "__amount" if type(way.field).__name__ == "MoneyField" else ""
    if set(CENTS) & set(tokens(way.field.name)):
        _say_cents(lines, way)
        return
    why = "the lowest, where there are several" if way.is_many or variants else _others(candidate, "price")
    if isinstance(way.field, models.IntegerField):
        why = "whole units; where it holds cents: lambda product: Decimal(product.price) / 100"
    lines.add("price", _paths([f"{way.path}{money}"], variants, way), why)


def _say_cents(lines: Lines, way: Way) -> None:
    lines.imports.append("from decimal import Decimal")
    *passed, last = way.path.split("__")
    walked = ["product"]
    loops = []
    for name, relation in zip(passed, way.relations, strict=True):
        many = relation.one_to_many or relation.many_to_many
        loops.append(
            f"for {name} in " + (f"{walked[-1]}.{name}.all()" if many else f"[{walked[-1]}.{name}] if {name}")
        )
        walked.append(name)
    amount = f"{walked[-1]}.{last}"
    body = f"[Decimal({amount}) / 100 {' '.join([*loops, f'if {amount} is not None'])}]"
    if not loops:
        body = f"None if {amount} is None else Decimal({amount}) / 100"
    lines.functions.append(
        f'def price_of(product):\n    """Its price, which the shop keeps in hundredths."""\n    return {body}'
    )
    lines.add("price", "price_of", "the shop keeps hundredths")
    if passed:
        lines.ahead.append("__".join(passed))


def _say_pictures(lines: Lines, candidate: Candidate) -> None:
    best = candidate.best("pictures")
    if best is None:
        lines.lacking.append(
            "Nothing looks like pictures of products: search by words works, search with a photo and similar items do not."
        )
        return
    own = [
        way.path
        for way in candidate.ways["pictures"]
        if not way.relations
        and isinstance(way.field, models.ImageField)
        and not set(tokens(way.path)) & set(UNSHOWN_PICTURES)
    ]
    related = [way.path for way in candidate.ways["pictures"] if way.relations][:1]
    lines.add("pictures", _tuple([*own, *related] or [best.path]), "the first is shown in lists")


def _say_facet(lines: Lines, candidate: Candidate, name: str, way: Way, variants: str) -> None:
    lines.facets.append(name)
    above = tree_of(way.relations[-1].related_model) if way.relations else ""
    texts = _texts(way)[:1]  # values of two languages would be two values
    if above and isinstance(way.field, models.JSONField):
        _say_branch(lines, name, way, above, texts[0].rpartition("__")[2])
        return
    why = _others(candidate, name)
    if above:
        lines.trees[name] = above
        why = "with those above it"
    lines.add(name, _paths(texts, variants if name in ("size", "colour") else "", way), why)


def _say_branch(lines: Lines, name: str, way: Way, above: str, language: str) -> None:
    """A tree whose names are texts by language, which a path cannot say."""
    *passed, last = way.path.split("__")
    if len(passed) > 1:
        lines.lacking.append(f"{way.path} lies in a tree behind several relations: write {name} by hand.")
        lines.facets.remove(name)
        return
    first = f"next(iter(product.{passed[0]}.all()), None)" if way.is_many else f"product.{passed[0]}"
    if above == "get_ancestors":
        walk = "    line = [*found.get_ancestors(), found] if found else []\n"
    else:
        walk = f"    line = []\n    while found and found not in line:\n        line.insert(0, found)\n        found = found.{above}\n"
    lines.functions.append(
        f'def {name}_of(product):\n    """The names of its {name} and of those above it, the root first."""\n    found = {first}\n{walk}'
        f'    return [one.{last}.get("{language}") for one in line]'
    )
    lines.add(name, f"{name}_of", "with those above it")
    lines.ahead.append("__".join([*passed, *([above] if above != "get_ancestors" else [])]))


def _say_address(lines: Lines, candidate: Candidate) -> None:
    if callable(getattr(candidate.model, "get_absolute_url", None)):
        lines.add("url", '"get_absolute_url"')
        return
    lines.lacking.append(
        f'{candidate.model.__name__} has no get_absolute_url(), so results lead nowhere. Define it, or give "url" a function:'
        ' lambda product: reverse("NAME", args=[product.pk]).'
    )


def _variants_of(candidate: Candidate) -> str:
    """Return the attribute that leads from a product to variants in the same table; "" where there are none."""
    parents = [name for name in SHOWN["parents"] if f"{name}__isnull=True" in candidate.shown]
    if not parents:
        return ""
    relation = candidate.model._meta.get_field(parents[0]).remote_field
    return "" if relation.hidden else accessor(relation)


def _texts(way: Way) -> list[str]:
    """Return the path of a text, and one for each language where it has several."""
    if not isinstance(way.field, models.JSONField):
        return [way.path]
    keys = languages_in(way.field.model, way.field.name)
    return [f"{way.path}__{key}" for key in keys] or [way.path]


def _paths(paths: Sequence[str], variants: str, way: Way) -> str:
    """Return paths as Python; where variants lie in the same table, theirs, too."""
    return _tuple([*paths, *([f"{variants}__{paths[0]}"] if variants and paths else [])])


def _tuple(paths: Sequence[str]) -> str:
    quoted = [f'"{path}"' for path in paths]
    return quoted[0] if len(quoted) == 1 else f"({', '.join(quoted)})"


def _others(candidate: Candidate, name: str) -> str:
    """Return where else it may be, as a comment."""
    others = [way.path for way in candidate.ways.get(name, ())[1:4]]
    return f"or {', '.join(others)}" if others else ""


def unused_facets(candidate: Candidate, used: Sequence[str]) -> list[str]:
    """Return paths to what else shoppers might filter by: relations to small tables with a name, and fields of choices."""
    found = []
    text = " ".join(used)
    for one in candidate.model._meta.get_fields():
        if one.auto_created or re.search(rf"\b{one.name}\b|\b{one.name}__", text):
            continue
        if (
            one.is_relation
            and isinstance(one.related_model, type)
            and one.related_model is not candidate.model
        ):
            shown: Any = display_field(one.related_model)
            if shown is not None and one.related_model._meta.app_label not in ("auth", "contenttypes"):
                found.append(f"{one.name}__{shown.name}")
        elif getattr(one, "choices", None) and one.name not in SHOWN["states"]:
            found.append(f"get_{one.name}_display")
    return found
