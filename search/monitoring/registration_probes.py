"""Probes of what the host has registered: that it says what a product is, and says it so that it can be read. Only system checks ask them."""

import inspect
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError
from django.urls import NoReverseMatch, reverse

from ..conf import get_settings
from ..exceptions import HostError, NoIndexRegistered
from ..facets import MAX_FACET_NAME, SIGN
from ..indexing.documents import document_of, made_card
from ..registry import ProductIndex, describe_failure, get_index, load_products, read_keys, refused
from ..text import one_line
from .probes import Finding, State, combine

TRIED = 24  # products whose cards are looked at
MEANS = {"url": "no result can be opened", "image": "it is shown without the picture that its document has"}


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


def probe_single_registration() -> Finding:
    """E041: one index is registered, or one and another that derives from it."""
    name, held = "One index", type(get_index())
    found = [
        _error(
            name,
            f"{_called(other)} is registered, too, and is not used: {_called(held)} is the shop's index.",
            "Register one of the two, or derive the second from the first, so that it takes its place.",
            "fashion_search.E041",
        )
        for other in refused
    ]
    return combine(name, found, "One index is registered.")


def probe_related() -> Finding:
    """E042: ProductIndex.related names models that there are, and how their products are found."""
    name, index = "Related models", get_index()
    troubles = {label: _related_trouble(label, keys) for label, keys in index.related.items()}
    remedy = 'For example {"catalogue.ProductImage": "product_id"}, or a function from the instance to primary keys.'
    found = [
        _error(name, f'{type(index).__name__}.related["{label}"]: {trouble}', remedy, "fashion_search.E042")
        for label, trouble in troubles.items()
        if trouble
    ]
    return combine(name, found, "Saving a related model marks its products.")


def probe_middleware() -> Finding:
    """W043: what the plugin needs of MIDDLEWARE is there, before what would keep requests from it."""
    name, used = "Middleware", list(settings.MIDDLEWARE)
    found = []
    probes, common = f"{__package__}.views.Probes", "django.middleware.common.CommonMiddleware"
    place = used.index(probes) if probes in used else len(used)
    if "*" not in settings.ALLOWED_HOSTS and _answers_probes() and place > _place(used, common):
        sentence = (
            f"/health/live and /health/ready are among the URLs, and {probes} is not in MIDDLEWARE before"
            f" {common.rpartition('.')[2]}: a probe by IP address is refused with 400, and the shop counts as down."
        )
        found.append(
            _warning(name, sentence, f'Add "{probes}" among the first of MIDDLEWARE.', "fashion_search.W043")
        )
    session = "django.contrib.sessions.middleware.SessionMiddleware"
    conf = get_settings()
    if conf.insight and not conf.insight_cookie and session not in used:
        sentence = f"The search log tells visits apart by the cookie of sessions, and {session} is not in MIDDLEWARE."
        remedy = "Add it, name another cookie in FASHION_SEARCH['INSIGHT_COOKIE'], or set FASHION_SEARCH['INSIGHT'] to False."
        found.append(_warning(name, sentence, remedy, "fashion_search.W043"))
    return combine(name, found, "What is needed of MIDDLEWARE is there.")


def probe_cards() -> Finding:
    """W044: the cards of the first products lead somewhere, and show a picture where the product has one."""
    name, index = "Cards", get_index()
    lacking: dict[str, list[str]] = {"url": [], "image": []}
    try:
        keys = next(read_keys(None, TRIED), [])
        products = load_products(keys)
    except DatabaseError:  # away, or not migrated yet, which others report
        return Finding(name, State.OK, "No product can be read.")
    except Exception as error:  # noqa: BLE001 - the host's code
        sentence = f"No product can be read: {describe_failure('get_queryset', error)}."
        return _warning(name, sentence, "Correct get_queryset().", "fashion_search.W044")
    for key in (key for key in keys if key in products):
        product = products[key]
        card = made_card(index, product)[0]
        if card is None:
            continue  # verify and the dashboard name it with its reason
        if not card["url"]:
            lacking["url"].append(key)
        if not card["image"] and _has_pictures(index, product):
            lacking["image"].append(key)
    found = [
        _warning(
            name,
            f"{len(of)} of {len(keys)} products tried have a card without `{field}`: {MEANS[field]}. The first is product {of[0]}.",
            f"Give `{field}` in card(), or map it in `fields`.",
            "fashion_search.W044",
        )
        for field, of in lacking.items()
        if of
    ]
    return combine(name, found, "Cards have an address, and a picture where there is one.")


def _has_pictures(index: ProductIndex, product: Any) -> bool:
    try:
        return bool(document_of(index, product)[0].pictures)
    except HostError:  # its product is parked with the reason
        return False


def _answers_probes() -> bool:
    if not getattr(settings, "ROOT_URLCONF", ""):
        return False
    try:
        reverse("fashion_search_watching:live")
    except NoReverseMatch:
        return False
    return True


def _place(used: list[str], middleware: str) -> int:
    return used.index(middleware) if middleware in used else len(used) - 1


def _related_trouble(label: str, keys: object) -> str:
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return "there is no such model; each save of any model ends with an error."
    if callable(keys):
        return ""
    if not isinstance(keys, str):
        return f"a value of the type {type(keys).__name__} names no products."
    if inspect.getattr_static(model, keys, None) is None:
        return f'{model.__name__} has no "{keys}"; each save of one ends with an error.'
    return ""


def _called(index: type[ProductIndex]) -> str:
    return f"{index.__module__}.{index.__qualname__}"


def _is_default(index: ProductIndex, method: str) -> bool:
    return getattr(type(index), method) is getattr(ProductIndex, method)


def _error(name: str, sentence: str, remedy: str, check_id: str) -> Finding:
    return Finding(name, State.BROKEN, sentence, remedy, check_id=check_id)


def _warning(name: str, sentence: str, remedy: str, check_id: str) -> Finding:
    return Finding(name, State.ATTENTION, sentence, remedy, check_id=check_id)


def _is_facet_name(name: object) -> bool:
    if not isinstance(name, str) or not name or len(name) > MAX_FACET_NAME:
        return False
    return SIGN not in name and one_line(name) == name
