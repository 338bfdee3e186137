"""The values of Oscar's product attributes as texts, by the code of their attribute, of a product and of its children together."""

from collections.abc import Iterable
from typing import Any

# Types of attributes that name nothing by which a product is looked for.
UNREAD = frozenset(("richtext", "file", "image"))


def effective_values(product: Any, children: Iterable[Any]) -> dict[str, tuple[str, ...]]:
    """Return the values of a product by code; with children, what each of these has, by itself or from the product.

    A child's value takes the place of its parent's, as Oscar shows it.

    Args:
        product: stand-alone, or a parent.
        children: of the parent, as many as are to count.
    """
    own = texts_of_values(product)
    sets = [own | texts_of_values(child) for child in children] or [own]
    codes = dict.fromkeys(code for one in sets for code in one)
    return {code: tuple(dict.fromkeys(text for one in sets for text in one.get(code, ()))) for code in codes}


def texts_of_values(product: Any) -> dict[str, tuple[str, ...]]:
    """Return the values that are a product's own, by code."""
    found = ((value.attribute.code, _texts(value)) for value in product.attribute_values.all())
    return {code: texts for code, texts in found if texts}


def _texts(value: Any) -> tuple[str, ...]:
    """The texts of one value. A switch that is on is known by its attribute's name: "Waterproof"."""
    kind = value.attribute.type
    if kind in UNREAD:
        return ()
    if kind == "multi_option":
        return _cleaned(option.option for option in value.value_multi_option.all())
    if kind == "option":
        return _cleaned([value.value_option.option]) if value.value_option else ()
    if kind == "boolean":
        return _cleaned([value.attribute.name]) if value.value_boolean else ()
    if kind == "float":
        return () if value.value_float is None else (f"{value.value_float:g}",)
    return () if value.value is None else _cleaned([str(value.value)])


def _cleaned(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for one in texts if (text := " ".join(one.split())))
