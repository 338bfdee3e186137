"""Make the map of a version: pictures' embeddings to positions on a plane, by principal components and t-SNE."""

import os
from array import array
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np
from django.db import connection
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from ..conf import get_settings
from ..exceptions import MapError
from ..models import EntryImage, IndexVersion
from ..vectors import from_bytes
from .jobs import Report

SEED = 1
COMPONENTS = 50  # given to t-SNE; they hold 99.7 % of the default artifact's 256 dimensions
PERPLEXITY = 30.0  # about how many neighbours a product is placed by
FEWEST = 12  # products that t-SNE makes sense for; fewer lie by their two principal components
ALIKE = 1e-6  # of embeddings that differ by less all are one place, which t-SNE cannot scale
THREADS = 2
# Above this many products interpolation is quicker than Barnes-Hut trees; two cores take 52 s for 11,179 products with
# trees and 68 s without, 269 s and 166 s for 41,408. Of few products interpolation makes minutes.
TREES_BELOW = 20_000
EARLY, LATE = 250, 500  # iterations while clusters form, and after that
EVERY = 25  # iterations between two reports
CHUNK = 5000  # pictures per read
FIRST_CHUNK = 20_000  # primary keys per read
READ_SHARE = 0.05  # of the time, about; the rest is t-SNE
SIDE = 65_535  # steps of a packed position; two bytes

Positions = NDArray[np.float32]  # (n, 2)


def make_map(version: IndexVersion, report: Report) -> dict[str, Any]:
    """Return the fields of a version's map; each product lies where its first picture belongs.

    Raises:
        MapError: there are no pictures, or the library for t-SNE is not installed.
    """
    available = first_pictures(version.pk)
    if not len(available):
        raise MapError(gettext_noop("No product has a picture with an embedding yet: build the index first."))
    limit = get_settings().map_products
    drawn = available
    if len(available) > limit:
        drawn = np.sort(available[Random(SEED).sample(range(len(available)), limit)])
    parts = []
    for start in range(0, len(drawn), CHUNK):
        report(gettext_noop("reading pictures' embeddings"), READ_SHARE * start / len(drawn))
        parts.append(read_embeddings(drawn[start : start + CHUNK].tolist(), version.dimension))
    entries = np.concatenate([entries for entries, _ in parts])
    embeddings = np.concatenate([embeddings for _, embeddings in parts])
    if not len(entries):
        raise MapError(gettext_noop("All products were deleted while they were read."))
    report(gettext_noop("finding neighbours"), READ_SHARE)
    positions = project(
        embeddings,
        lambda share: report(gettext_noop("laying products out"), READ_SHARE + (1 - READ_SHARE) * share),
    )
    packed_entries, packed_positions = pack(entries, positions)
    return {
        "entries": packed_entries,
        "positions": packed_positions,
        "mapped": len(entries),
        "available": len(available),
        "seed": SEED,
        "parameters": {
            "method": "t-SNE",
            "components": COMPONENTS,
            "perplexity": round(perplexity_of(len(entries)), 1),
        },
    }


def first_pictures(version_id: int) -> NDArray[np.int64]:
    """Return the primary keys of the first picture of every entry that has one with an embedding, by entry, shape (n,).

    They are read some thousands at a time.
    """
    pictures = EntryImage.objects.in_version(version_id).filter(embedding__isnull=False)
    first = pictures.order_by("entry_id", "position").distinct("entry_id").values_list("entry_id", "pk")
    found, after = array("q"), 0
    while part := list(first.filter(entry_id__gt=after)[:FIRST_CHUNK]):
        found.extend(pk for _, pk in part)
        after = part[-1][0]
    return np.array(found, np.int64)


def read_embeddings(pictures: Sequence[int], dimension: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the entries of pictures, shape (n,), and the pictures' embeddings, shape (n, dimension), by picture."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_id, halfvec_send(embedding) FROM fashion_search_entryimage"
            " WHERE id = ANY(%s) AND embedding IS NOT NULL ORDER BY id",
            [list(pictures)],
        )
        rows = cursor.fetchall()
    values = [from_bytes(packed) for _, packed in rows]
    embeddings = np.array(values, dtype=np.float32).reshape(len(rows), dimension)
    return np.array([entry for entry, _ in rows], dtype=np.int64), embeddings


def project(embeddings: NDArray[np.float32], report: Callable[[float], None]) -> Positions:
    """Return positions of embeddings on a plane, shape (n, 2); equal embeddings and seed give equal positions.

    Args:
        embeddings: of unit length, shape (n, dimension).
        report: takes how much is done, from 0 to 1.

    Raises:
        MapError: the library for t-SNE is not installed, or no finite positions were found.
    """
    reduced = principal_components(embeddings.astype(np.float64), min(COMPONENTS, embeddings.shape[1]))
    if len(reduced) < FEWEST or np.ptp(reduced, axis=0).max() < ALIKE:
        return _plane(reduced)
    tsne = _library().TSNE(
        perplexity=perplexity_of(len(reduced)),
        early_exaggeration_iter=EARLY,
        n_iter=LATE,
        negative_gradient_method="bh" if len(reduced) < TREES_BELOW else "fft",
        n_jobs=min(THREADS, os.cpu_count() or 1),
        random_state=SEED,
        callbacks=_Progress(report),
        callbacks_every_iters=EVERY,
    )
    positions = np.asarray(tsne.fit(reduced))
    if not np.isfinite(positions).all():
        raise MapError("t-SNE did not converge: some positions are not finite. The map that was there stays.")
    return _plane(positions)


def perplexity_of(count: int) -> float:
    """Return the perplexity for a number of products: t-SNE looks at three times as many neighbours."""
    return min(PERPLEXITY, (count - 1) / 3)


def principal_components(embeddings: NDArray[np.float64], components: int) -> NDArray[np.float64]:
    """Return the embeddings in the directions in which they differ most, shape (n, components)."""
    centred = embeddings - embeddings.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    chosen = directions[:, ::-1][:, :components]
    # The sign of a direction is arbitrary: the largest part of each is made positive.
    signs = np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    found: NDArray[np.float64] = centred @ (chosen * signs)
    return found


def _plane(positions: NDArray[np.float64]) -> Positions:
    return positions[:, :2].astype(np.float32)


def _library() -> Any:
    # Imported when a map is made: it takes 3 s and 100 MB, which web processes and most tasks have no use for.
    try:
        import openTSNE
    except ImportError as error:
        raise MapError(
            'The map needs the package openTSNE: pip install "fashion-search[map]", then restart the workers.'
        ) from error
    return openTSNE


class _Progress:
    """Counts iterations over both phases, of which t-SNE reports each from the beginning."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._done = 0

    def __call__(self, iteration: int, error: float, positions: NDArray[np.float64]) -> None:
        self._done += EVERY
        self._report(min(1.0, self._done / (EARLY + LATE)))


def pack(entries: NDArray[np.int64], positions: NDArray[np.float32]) -> tuple[bytes, bytes]:
    """Return entries and positions, shapes (n,) and (n, 2), as bytes, little-endian on every machine."""
    lowest, highest = positions.min(axis=0), positions.max(axis=0)
    length = float((highest - lowest).max()) or 1.0
    middle = (lowest + highest) / 2
    steps = np.rint(((positions - middle) / length + 0.5) * SIDE).clip(0, SIDE)
    return entries.astype("<i8").tobytes(), steps.astype("<u2").tobytes()


def unpack(entries: bytes, positions: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return entries, shape (n,), and positions in steps from 0 to SIDE, shape (n, 2)."""
    return (
        np.frombuffer(entries, dtype="<i8").astype(np.int64),
        np.frombuffer(positions, dtype="<u2").reshape(-1, 2).astype(np.int64),
    )
