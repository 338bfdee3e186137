"""What the shop answers once a fault is over: whole searches, the nearest products, and nothing of what was deleted."""

import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from .expected import Deleted
from .shopper import ask

PAGES = ("/search/?q=red+shirt", "/search/?q=women")
SEARCHES = ("red shirt", "women", "black bag")
NEAREST = 12
SAMPLES = 5  # products whose similar ones are compared with the exact scan
MIN_OVERLAP = 0.95
MOST_DELETED = 40  # that are looked for, each by five requests
_TIE = 1e-3  # half floats and their order of summing


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
