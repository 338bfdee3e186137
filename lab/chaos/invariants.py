"""What must hold once a fault is over: of the index and its products, and of what the shop answers."""

import random
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from lab.traffic import ask

SHOWN = 5  # complaints of one kind; the others are counted
PAGES = ("/search/?q=red+shirt", "/search/?q=women")
SEARCHES = ("red shirt", "women", "black bag")
NEAREST = 12
SAMPLES = 5  # products whose similar ones are compared with the exact scan
MIN_OVERLAP = 0.95
MOST_DELETED = 40  # that are looked for, each by five requests
_TIE = 1e-3  # half floats and their order of summing
_COLUMNS = ("sku", "name", "price")


class Deleted(NamedTuple):
    """A product that is gone."""

    sku: str
    name: str


@dataclass(frozen=True, slots=True)
class Expected:
    """By default nothing was deleted and nothing failed."""

    deleted: tuple[Deleted, ...] = ()
    failed: frozenset[str] = frozenset()  # keys of products that have an error, parked or not
    parked: frozenset[str] = frozenset()  # keys of products that are put aside
    prices: dict[int, Decimal] = field(default_factory=dict)  # of saves that were accepted, by primary key


NOTHING = Expected()


@dataclass(slots=True)
class State:
    """What does not hold, what is lost, what is there twice."""

    wrong: list[str] = field(default_factory=list)
    lost: int = 0  # products and pictures whose entry or row is missing or says something else
    doubled: int = 0  # rows of pictures that no product has, or has once


def broken(port: int, expected: Expected = NOTHING) -> State:
    """Return what does not hold; nothing once all is well.

    - Every published product has one entry in the active version, with its price, SKU and name; nothing else has one.
    - Every picture of a published product has one row there, with an embedding of unit length made from the file as it is by the version's own artifact, or a reason why not.
    - Saves that were accepted are in the catalogue, and so in the index.
    - Nothing waits, and what failed or was put aside is what the fault names.
    - Searches by page and API are answered whole, with the products that the exact scan gives: at least 95 % of them.
    - Deleted products are not found.

    Args:
        port: of the shop.
        expected: what the fault leaves behind.
    """
    from django.db import DatabaseError, connection

    try:
        state = _broken_index(expected)
    except DatabaseError as error:
        connection.close()
        return State([f"the database: {(str(error).strip() or 'no answer').splitlines()[0]}"])
    except OSError as error:
        return State([f"the files: {error}"])
    if state.wrong:
        return state  # so that nobody is asked again and again before all is in the index
    try:
        state.wrong = [*unserved(port), *far_from_exact(port), *still_found(port, expected.deleted)]
    except OSError as error:
        state.wrong = [f"the shop: {error}"]
    return state


def _broken_index(expected: Expected) -> State:
    from django.db import close_old_connections

    from search.indexing.failures import list_failures
    from search.indexing.status import measure_outbox
    from search.models import StaleProduct
    from search.monitoring.verify import verify

    close_old_connections()
    waiting = measure_outbox().waiting
    parked = frozenset(StaleProduct.objects.filter(parked=True).values_list("product_key", flat=True))
    failures = {failure.product_key: failure.reason for failure in list_failures()}
    wrong = [f"{check.name}: {check.detail}" for check in verify().checks if not check.passed]
    wrong += [f"{waiting} products wait"] if waiting else []
    wrong += [f"product {key} is put aside" for key in sorted(parked - expected.parked)][:SHOWN]
    wrong += [f"product {key} is not put aside" for key in sorted(expected.parked - parked)][:SHOWN]
    unexpected = sorted(failures.keys() - expected.failed)
    wrong += [f"product {key} failed: {failures[key]}" for key in unexpected][:SHOWN]
    wrong += [f"product {key} has no reason" for key in sorted(expected.failed - failures.keys())][:SHOWN]
    if waiting:
        return State(wrong)  # what waits may differ from its product
    lost = [*disagreements(expected.parked), *wrong_prices(expected.prices)]
    lost_pictures, doubled = picture_disagreements()
    lost += lost_pictures
    wrong += [*lost[:SHOWN], *doubled[:SHOWN]]
    wrong += [f"{len(lost)} are lost"] if lost else []
    wrong += [f"{len(doubled)} are there twice"] if doubled else []
    return State(wrong, len(lost), len(doubled))


# The index and its products, past all hashes that the index keeps of them


def disagreements(aside: Container[str] = ()) -> list[str]:
    """Return each entry of the active version that says something else than its product, and each product without one.

    Args:
        aside: keys of products that were put aside, whose entries may say what was indexed last.
    """
    from search.models import IndexEntry, IndexVersion
    from shop.models import Product

    entries = IndexEntry.objects.filter(version=IndexVersion.objects.active())
    said = {key: values for key, *values in entries.values_list("product_key", *_COLUMNS)}
    products = Product.objects.published().order_by("pk")
    wanted = {
        str(key): [sku.lower(), name, price]
        for key, sku, name, price in products.values_list("pk", *_COLUMNS)
    }
    wrong = [f"product {key} has no entry" for key in wanted if key not in said]
    wrong += [f"entry {key} has no published product" for key in said if key not in wanted]
    for key in wanted.keys() & said.keys():
        if key in aside:
            continue
        for column, is_, should in zip(_COLUMNS, said[key], wanted[key], strict=True):
            if is_ != should:
                wrong.append(f"the {column} of product {key} is {should}, its entry says {is_}")
    return wrong


def picture_disagreements() -> tuple[list[str], list[str]]:
    """Return what is wrong with rows of pictures: those lost or of another file, and those too many."""
    from search.models import EntryImage, IndexVersion
    from shop.models import ProductImage

    rows = EntryImage.objects.filter(version=IndexVersion.objects.active())
    embedded = set(rows.exclude(embedding=None).values_list("pk", flat=True))
    held: dict[tuple[str, str], list[tuple[str, bool, str]]] = {}
    for pk, key, name, picture_hash, error in rows.values_list(
        "pk", "entry__product_key", "name", "picture_hash", "error"
    ):
        held.setdefault((key, name), []).append((picture_hash, pk not in embedded, error))
    pictures = ProductImage.objects.filter(product__published=True).order_by("pk")
    wanted = Counter((str(key), name) for key, name in pictures.values_list("product_id", "image"))
    lost, doubled = [], []
    for (key, name), number in wanted.items():
        found = held.get((key, name), [])
        lost += [f"picture {name} of product {key} has no row"] if not found else []
        doubled += [f"picture {name} of product {key} has {len(found)} rows"] if len(found) > number else []
        for picture_hash, is_empty, error in found:
            if error:
                continue
            if is_empty:
                lost.append(f"picture {name} of product {key} has neither embedding nor reason")
            elif picture_hash != _hash_of(name):
                lost.append(f"picture {name} of product {key} was embedded from another file")
    doubled += [
        f"product {key} has no picture {name}, but a row" for key, name in held.keys() - wanted.keys()
    ]
    return lost, doubled


def wrong_prices(prices: dict[int, Any]) -> list[str]:
    """Return the accepted prices that the catalogue does not have."""
    from shop.models import Product

    kept = dict(Product.objects.filter(pk__in=prices).values_list("pk", "price"))
    return [
        f"price {price} of product {key} was accepted and is {kept.get(key)}"
        for key, price in prices.items()
        if kept.get(key) != price
    ]


def _hash_of(name: str) -> str:
    from django.core.files.storage import default_storage

    # Past the storage itself, which an order may make fail.
    return sha256(Path(default_storage.path(name)).read_bytes()).hexdigest()


# What the shop answers


def unserved(port: int) -> list[str]:
    """Return which searches, by page and API, are not answered whole.

    Raises:
        OSError: nobody answers.
    """
    wrong = []
    for path in PAGES:
        status = ask(port, path).status
        wrong += [f"{path} was answered {status}"] if status != 200 else []
    for text in SEARCHES:
        answer = ask(port, f"/api/v1/search/?q={quote(text)}")
        if answer.status != 200:
            wrong.append(f"a search for {text!r} was answered {answer.status}")
        elif answer.json()["degraded"]:
            wrong.append(f"a search for {text!r}: {answer.json()['degraded']}")
        elif not answer.json()["results"]:
            wrong.append(f"a search for {text!r} found nothing")
    return wrong


def far_from_exact(port: int) -> list[str]:
    """Return a complaint where the similar products that the API gives are not those of an exact scan.

    Raises:
        OSError: nobody answers.
    """
    from search.models import EntryImage, IndexVersion

    rows = list(
        EntryImage.objects.filter(version=IndexVersion.objects.active())
        .exclude(embedding=None)
        .order_by("entry_id", "position")
        .values_list("entry__sku", "embedding")
    )
    if not rows:
        return ["no picture is embedded"]
    embeddings = np.array([embedding for *_, embedding in rows], dtype=np.float64)
    skus = np.array([sku for sku, _ in rows])
    wrong, found, wanted = [], 0, 0
    for sku in random.Random(1).sample(sorted(set(skus)), min(SAMPLES, len(set(skus)))):
        answer = ask(port, f"/api/v1/products/{quote(sku)}/similar/?limit={NEAREST}")
        if answer.status != 200 or answer.json()["degraded"]:
            wrong.append(f"products similar to {sku} were answered {answer.status}, or not by embeddings")
            continue
        scores = _scores(embeddings, skus, sku)
        enough = sorted(scores.values(), reverse=True)[:NEAREST]
        given = [scores.get(result["sku"].lower(), -2.0) for result in answer.json()["results"]]
        found += sum(score >= enough[-1] - _TIE for score in given[: len(enough)])
        wanted += len(enough)
    if not wanted and not wrong:
        wrong.append("no product has another one that it could be compared with")
    if found < MIN_OVERLAP * wanted:
        wrong.append(f"of {wanted} nearest products of exact scans the API gave {found}")
    return wrong


def _scores(embeddings: Any, skus: Any, sku: str) -> dict[str, float]:
    own = embeddings[skus == sku][:4]  # as many pictures of a product are compared
    best = (embeddings @ own.T).max(axis=1)
    scores: dict[str, float] = {}
    for other, score in zip(skus, best, strict=True):
        if other != sku:
            scores[other] = max(score, scores.get(other, -2.0))
    return scores


def still_found(port: int, deleted: Sequence[Deleted]) -> list[str]:
    """Return the deleted products that are found: by SKU, by name, by their own address, or as the newest.

    Raises:
        OSError: nobody answers.
    """
    wrong = []
    sought = deleted[:MOST_DELETED]
    for product in sought:
        sku = quote(product.sku)
        for path in (f"/api/v1/products/{sku}/", f"/api/v1/products/{sku}/similar/"):
            status = ask(port, path).status
            wrong += [f"{product.sku} was deleted; {path} was answered {status}"] if status != 404 else []
        for text in (product.sku, product.name):
            wrong += _among(port, f"/api/v1/search/?q={quote(text)}", sought)
    if sought:
        for page in (1, 2, 3):
            wrong += _among(port, f"/api/v1/search/?sort=newest&page={page}", sought)
    return list(dict.fromkeys(wrong))


def _among(port: int, path: str, deleted: Sequence[Deleted]) -> list[str]:
    answer = ask(port, path)
    if answer.status == 404 and "page=" in path:
        return []  # there are not so many pages
    if answer.status != 200:
        return [f"{path} was answered {answer.status}"]
    found = {result["sku"] for result in answer.json()["results"]}
    return [
        f"{product.sku} was deleted and is found by {path}" for product in deleted if product.sku in found
    ]
