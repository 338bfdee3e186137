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
from .roles import Way, accessor, display_field, language_of, tokens, tree_of

FACETS = ("category", "brand", "colour", "gender", "size")
KEYWORDS = ("category", "colour", "gender")  # what is said of a product beside its name and brand
CENTS = ("cents", "minor", "pence")
TITLES = ("get_title", "get_name")  # methods that give a name where the field may be blank
NO_PRODUCTS = ("thumbnail", "icon", "logo", "swatch", "banner")  # words of pictures that show no product
LOOKED_AT = 50  # rows whose JSON is looked at for its languages


@dataclass(frozen=True, slots=True)
class Line:
    """One line of `fields`."""

    name: str
    parts: tuple[str, ...]  # as Python: paths in quotation marks, and names of functions
    why: str = ""  # a comment; "" where the path says it all

    @property
    def source(self) -> str:
        """What stands behind the name."""
        return self.parts[0] if len(self.parts) == 1 else f"({', '.join(self.parts)})"


@dataclass(slots=True)
class Lines:
    """All that has to be said about the products of one model."""

    candidate: Candidate
    variants: (
        str  # the attribute that leads from a product to variants in the same table; "" where there are none
    )
    fields: list[Line] = field(default_factory=list)
    facets: list[str] = field(default_factory=list)
    trees: dict[str, str] = field(default_factory=dict)
    ahead: list[str] = field(default_factory=list)  # relations that functions of the file read
    imports: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)  # what paths cannot say
    ways: list[Way] = field(default_factory=list)  # that are read
    lacking: list[str] = field(default_factory=list)  # sentences: what was not found, and what that means

    def add(self, name: str, parts: Sequence[str], why: str = "", ways: Sequence[Way] = ()) -> None:
        """Add a line of `fields` that reads these places."""
        self.fields.append(Line(name, tuple(parts), why))
        self.ways += ways

    def add_path(
        self, name: str, way: Way, why: str = "", *, of_variants: bool = False, end: str = ""
    ) -> None:
        """Add a line of `fields` that reads one place, and the same of variants where they lie in the same table."""
        path = f"{way.path}{end}"
        parts = [path, *([f"{self.variants}__{path}"] if of_variants and self.variants else [])]
        others = [one.path for one in self.candidate.ways.get(name, ()) if one is not way][:3]
        self.add(name, _quoted(parts), why or (f"or {', '.join(others)}" if others else ""), [way])


def write_lines(candidate: Candidate) -> Lines:
    """Return the lines for a model as it was found; what was not found is said and left out."""
    lines = Lines(candidate, _variants_of(candidate))
    _say_name(lines)
    if way := candidate.best("sku"):
        lines.add_path("sku", way, of_variants=True)
    else:
        lines.lacking.append("No field looks like an article number; the primary key stands in its place.")
    if way := candidate.best("description"):
        lines.add("description", _texts(candidate, "description", way)[:1], ways=[way])
    _say_price(lines)
    _say_pictures(lines)
    for name in FACETS:
        if way := candidate.best(name):
            _say_facet(lines, name, way)
    if words := [part for one in lines.fields if one.name in KEYWORDS for part in one.parts]:
        lines.add("keywords", words, "words that name it beside its name and brand")
    if way := candidate.best("in_stock"):
        lines.add_path("in_stock", way, "true, or a number above 0", of_variants=True)
    if way := candidate.best("created"):
        lines.add_path("created", way)
    else:
        lines.lacking.append("No field says when a product was added; sorting by the newest has no order.")
    if way := candidate.best("currency"):
        lines.add_path("currency", way)
    _say_address(lines)
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


def _say_name(lines: Lines) -> None:
    way = lines.candidate.best("name")
    if way is None:
        lines.add("name", ["str"], "no field looks like a name, so its text in the admin is taken")
        lines.lacking.append("No field looks like a name; what str() gives is taken.")
        return
    texts = _texts(lines.candidate, "name", way)
    titles = (name for name in TITLES if callable(getattr(lines.candidate.model, name, None)))
    if len(texts) == 1 and (title := next(titles, "")):
        lines.add("name", _quoted([title]), f"or {way.path}", [way])
    elif len(texts) == 1 and not isinstance(way.field, models.JSONField):
        lines.add_path("name", way)
    else:
        lines.add("name", texts, "the first language that it has" if len(texts) > 1 else "", [way])


def _say_price(lines: Lines) -> None:
    way = lines.candidate.best("price")
    if way is None:
        lines.lacking.append("Nothing looks like a price; shoppers can neither filter nor sort by it.")
        return
    if set(CENTS) & set(tokens(way.field.name)):
        _say_cents(lines, way)
        return
    why = "the lowest of several" if way.is_many or lines.variants else ""
    if isinstance(way.field, models.IntegerField):
        why = "whole units; of hundredths give a function: lambda product: Decimal(product.price) / 100"
    # A field of django-money gives an object, which has the amount.
    lines.add_path(
        "price",
        way,
        why,
        of_variants=True,
        end="__amount" if type(way.field).__name__ == "MoneyField" else "",
    )


def _say_cents(lines: Lines, way: Way) -> None:
    *passed, last = map(str, way.path.split("__"))
    found, loops = "product", []
    for name, relation in zip(passed, way.relations, strict=True):
        many = relation.one_to_many or relation.many_to_many
        loops.append(
            f"for {name} in {found}.{name}.all()" if many else f"for {name} in filter(None, [{found}.{name}])"
        )
        found = name
    amount = f"{found}.{last}"
    body = f"[Decimal({amount}) / 100 {' '.join(loops)} if {amount} is not None]"
    if not loops:
        body = f"None if {amount} is None else Decimal({amount}) / 100"
    lines.imports.append("from decimal import Decimal")
    lines.functions.append(
        f'def price_of(product):\n    """Its price, which the shop keeps in hundredths."""\n    return {body}'
    )
    lines.add("price", ["price_of"], "the shop keeps hundredths", [way])
    lines.ahead += ["__".join(passed)] if passed else []


def _say_pictures(lines: Lines) -> None:
    ways = lines.candidate.ways.get("pictures", ())
    if not ways:
        lines.lacking.append(
            "Nothing looks like pictures of products: search by words works, similar products and photos do not."
        )
        return
    own = [
        way
        for way in ways
        if not way.relations
        and isinstance(way.field, models.ImageField)
        and not set(tokens(way.path)) & set(NO_PRODUCTS)
    ]
    chosen = [*own, *[way for way in ways if way.relations][:1]] or [ways[0]]
    if len(chosen) == 1:
        lines.add_path("pictures", chosen[0], "the first is shown in lists")
    else:
        lines.add("pictures", _quoted([way.path for way in chosen]), "the first is shown in lists", chosen)


def _say_facet(lines: Lines, name: str, way: Way) -> None:
    lines.facets.append(name)
    above = tree_of(way.relations[-1].related_model) if way.relations else ""
    if isinstance(way.field, models.JSONField):
        (text, *_) = _texts(lines.candidate, name, way)  # in one language: two would be two values
        if above:
            _say_branch(lines, name, way, above, text.strip('"').rpartition("__")[2])
        else:
            lines.add(name, [text], ways=[way])
        return
    if above:
        lines.trees[name] = above
    lines.add_path(name, way, "with those above it" if above else "", of_variants=name in ("size", "colour"))


def _say_branch(lines: Lines, name: str, way: Way, above: str, language: str) -> None:
    """A tree whose names are texts by language, which a path cannot say."""
    *passed, last = way.path.split("__")
    if len(passed) > 1:
        lines.lacking.append(f"{way.path} lies in a tree behind several relations: say {name} by a function.")
        lines.facets.remove(name)
        return
    first = f"next(iter(product.{passed[0]}.all()), None)" if way.is_many else f"product.{passed[0]}"
    walk = (
        "    line = []\n    while found and found not in line:\n        line.insert(0, found)\n"
        f"        found = found.{above}\n"
    )
    if above == "get_ancestors":
        walk = "    line = [*found.get_ancestors(), found] if found else []\n"
    lines.functions.append(
        f'def {name}_of(product):\n    """The names of its {name} and of those above it, the root first."""\n    found = {first}\n{walk}'
        f'    return [(one.{last} or {{}}).get("{language}") for one in line]'
    )
    lines.add(name, [f"{name}_of"], "with those above it", [way])
    lines.ahead.append(passed[0] if above == "get_ancestors" else f"{passed[0]}__{above}")


def _say_address(lines: Lines) -> None:
    model = lines.candidate.model
    if callable(getattr(model, "get_absolute_url", None)):
        lines.add("url", _quoted(["get_absolute_url"]))
        return
    lines.lacking.append(
        f'{model.__name__} has no get_absolute_url(), so results lead nowhere. Define it, or give "url" a function:'
        ' lambda product: reverse("NAME", args=[product.pk]).'
    )


def _variants_of(candidate: Candidate) -> str:
    parents = [name for name in SHOWN["parents"] if f"{name}__isnull=True" in candidate.shown]
    if not parents:
        return ""
    relation: Any = candidate.model._meta.get_field(parents[0]).remote_field
    return "" if relation.hidden else accessor(relation)


def _texts(candidate: Candidate, name: str, way: Way) -> list[str]:
    """Return the path of a text as Python, or those of all languages that it has, the shop's own first."""
    if isinstance(way.field, models.JSONField):
        keys = languages_in(way.field.model, way.field.name)
        return _quoted([f"{way.path}__{key}" for key in keys] or [way.path])
    plain, language = language_of(way.field.name)
    alike = [
        one
        for one in candidate.ways[name]
        if one is not way and language_of(one.path)[0] == plain and language_of(one.path)[1]
    ]
    return _quoted([way.path, *(one.path for one in alike if language)])


def _quoted(paths: Sequence[str]) -> list[str]:
    return [f'"{path}"' for path in paths]


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
