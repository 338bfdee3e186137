"""Make the map of a version: read pictures' embeddings, project them, pack the positions."""

from random import Random
from typing import Any

import numpy as np

from ..computing import Report
from ..conf import get_settings
from ..exceptions import MapError
from ..models import IndexVersion
from ..querysets_health import first_pictures, read_embeddings
from .packing import pack
from .projecting import COMPONENTS, SEED, perplexity_of, project

CHUNK = 5000  # pictures per read
READ_SHARE = 0.05  # of the time, about; the rest is t-SNE


def make_map(version: IndexVersion, report: Report) -> dict[str, Any]:
    """Return the fields of a version's map; each product lies where its first picture belongs.

    Raises:
        MapError: there are no pictures, or the library for t-SNE is not installed.
    """
    available = first_pictures(version.pk)
    if not available:
        raise MapError("No product has a picture with an embedding yet: build the index first.")
    limit = get_settings().map_products
    drawn = sorted(Random(SEED).sample(available, limit)) if len(available) > limit else available
    parts = []
    for start in range(0, len(drawn), CHUNK):
        report("reading pictures' embeddings", READ_SHARE * start / len(drawn))
        parts.append(read_embeddings(drawn[start : start + CHUNK], version.dimension))
    entries = np.concatenate([entries for entries, _ in parts])
    embeddings = np.concatenate([embeddings for _, embeddings in parts])
    if not len(entries):
        raise MapError("All products were deleted while they were read.")
    report("finding neighbours", READ_SHARE)
    positions = project(
        embeddings,
        lambda share: report("laying products out", READ_SHARE + (1 - READ_SHARE) * share),
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
