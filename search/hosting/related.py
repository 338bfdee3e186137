"""Which rows of other tables change what is known of a product, so that saving one has its products indexed again."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from .roles import Way, accessor, tree_of

LONGEST = 60  # characters of relations that stand on the line of their table
LEVELS = 4  # of a tree by parents whose rows mark the products below them


def relations_of(ways: Iterable[Way], model: type[Model], variants: str = "") -> dict[str, str]:
    """Return the lines of `ProductIndex.related`: label of a model -> Python that names its products.

    Args:
        ways: those that the mapping reads.
        model: the products'.
        variants: the attribute that leads from a product to variants in the same table; "" where there are none.
    """
    lookups: dict[type[Model], dict[str, None]] = {}
    single: dict[type[Model], str] = {}  # tables whose rows name their one product
    through = {variants: _lookup_of(model, variants)} if variants else {}
    for way in ways:
        for number in range(1, len(way.relations) + 1):
            passed = way.relations[:number]
            owner, path = passed[-1].related_model, "__".join(one.name for one in passed)
            lookups.setdefault(owner, {})[path] = None
            if variants:
                lookups[owner][f"{through[variants]}__{path}"] = None
            if number == 1 and passed[0].one_to_many and not variants:
                single[owner] = passed[0].field.attname
    found: dict[str, str] = {}
    for owner, paths in lookups.items():
        label = owner._meta.label
        if owner in single and len(paths) == 1:
            found[label] = f'"{single[owner]}"'
        else:
            found[label] = _function(owner, list(paths))
    if variants:
        parent = model._meta.get_field(through[variants]).field.attname  # type: ignore[union-attr]
        found[model._meta.label] = f'"{parent}"'
    return found


def needs_function(related: Iterable[str]) -> bool:
    """Return whether some of the lines call `products_of`."""
    return any("products_of(" in line for line in related)


def products_of(model: type[Model]) -> str:
    """Return the function that these lines call, as Python."""
    name = model.__name__
    return (
        "def products_of(row, *relations):\n"
        '    """Primary keys of the products that a row belongs to by one of these relations."""\n'
        "    either = reduce(or_, (Q(**{relation: row}) for relation in relations))\n"
        f'    return {name}._base_manager.filter(either).values_list("pk", flat=True).distinct()'
    )


IMPORTS = ("from functools import reduce", "from operator import or_", "from django.db.models import Q")


def _function(owner: type[Model], paths: list[str]) -> str:
    above = tree_of(owner)
    if above == "get_ancestors" and callable(getattr(owner, "get_descendants", None)):
        inside = ", ".join(f'"{path}__in"' for path in paths)
        return f"lambda row: products_of([row, *row.get_descendants()], {inside})"
    if above and above != "get_ancestors":
        paths = [f"{path}{f'__{above}' * level}" for path in paths for level in range(LEVELS)]
    quoted = ", ".join(f'"{path}"' for path in paths)
    if len(quoted) > LONGEST:
        return f"lambda row: products_of(\n            row, {quoted}\n        )"
    return f"lambda row: products_of(row, {quoted})"


def _lookup_of(model: type[Model], attribute: str) -> str:
    """Return the name in queries of the relation that an attribute leads along."""
    found: Any = next(
        one for one in model._meta.get_fields() if one.is_relation and accessor(one) == attribute
    )
    return str(found.name)
