"""Probes of what the host has registered: that it says what a product is, and says it so that it can be read. Only system checks ask them."""

from ..exceptions import NoIndexRegistered
from ..facets import MAX_FACET_NAME, SIGN
from ..registry import ProductIndex, describe_failure, get_index
from ..text import one_line
from .probes import Finding, State, combine


def probe_registration() -> Finding:
    """E007, E009: the host has said what a product is, and its facets are names."""
    name = "Registration"
    try:
        facets: object = get_index().facets
    except NoIndexRegistered as error:
        return _error(name, str(error), "See search.registry.register.", "fashion_search.E007")
    wrong = ""
    if not isinstance(facets, tuple | list):
        wrong = f"is of the type {type(facets).__name__}"
    elif unfit := [facet for facet in facets if not _is_facet_name(facet)]:
        wrong = f"names {', '.join(map(repr, unfit))}"
    elif len(set(facets)) < len(facets):
        wrong = "names a facet twice"
    if wrong:
        remedy = 'Give a tuple of names of up to 100 characters without "=" and white space around them: ("category", "brand").'
        return _error(name, f"ProductIndex.facets {wrong}.", remedy, "fashion_search.E009")
    return Finding(name, State.OK, "The host has said what a product is.")


def probe_mapping() -> Finding:
    """E040: each path of ProductIndex.fields leads somewhere; an index without any defines document() and card()."""
    name, index = "Fields by paths", get_index()
    said = type(index).__name__
    own = [method for method in ("document", "card") if _is_default(index, method)]
    if not index.fields:
        if not own:
            return Finding(name, State.OK, "document() and card() say what a product is.")
        sentence = (
            f"{said} has no `fields`, and does not define {' and '.join(f'{method}()' for method in own)}."
        )
        return _error(name, sentence, "Give one or the other (docs/plugin.md).", "fashion_search.E040")
    try:
        faults = index.mapped.faults()
    except Exception as error:  # noqa: BLE001 - the host's code
        sentence = f"{said}.fields cannot be compared with {index.model.__name__}: {describe_failure('get_queryset', error)}."
        return _error(name, sentence, "Correct get_queryset().", "fashion_search.E040")
    remedy = "Correct the path; docs/plugin.md has the rules."
    found = [
        _error(name, f'{said}.fields["{fault.name}"]: {fault.sentence}', remedy, "fashion_search.E040")
        for fault in faults
    ]
    return combine(name, found, "Every path leads somewhere.")


def _is_default(index: ProductIndex, method: str) -> bool:
    return getattr(type(index), method) is getattr(ProductIndex, method)


def _error(name: str, sentence: str, remedy: str, check_id: str) -> Finding:
    return Finding(name, State.BROKEN, sentence, remedy, check_id=check_id)


def _is_facet_name(name: object) -> bool:
    if not isinstance(name, str) or not name or len(name) > MAX_FACET_NAME:
        return False
    return SIGN not in name and one_line(name) == name
