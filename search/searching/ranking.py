"""The ranked products of a query: candidates of every leg, fused."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DatabaseError

from ..conf import get_settings
from ..fusion import fuse
from ..models import IndexVersion
from ..querysets import EmbeddingLiteral
from ..retrieval.candidates import Candidate, Space
from ..retrieval.cleaning import Query
from ..retrieval.encoding import embed_query
from ..retrieval.filters import Filters
from ..retrieval.keyword import keyword_leg
from ..retrieval.nearest import image_leg, leaves_few, text_leg
from . import reasons

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query against one version; without an embedding it is answered by keyword only."""

    version: IndexVersion
    query: Query
    embedding: EmbeddingLiteral | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """Every candidate of a query under some filters, best first."""

    items: Sequence[tuple[Candidate, float]]
    complete: bool

    @property
    def entry_ids(self) -> list[int]:
        """Primary keys of the candidates' entries, best first."""
        return [candidate.entry_id for candidate, _ in self.items]


def ask(version: IndexVersion, query: Query) -> tuple[Asked, str]:
    """Encode the query for the version; return it with the reason why it is degraded, or ""."""
    if version.state != IndexVersion.State.ACTIVE:
        return Asked(version, query, None), reasons.BUILDING
    if not query.has_words:
        return Asked(version, query, None), ""
    try:
        return Asked(version, query, embed_query(version, query.wanted)), ""
    except Exception:
        # Whatever the runtime throws, the shop still answers; the log holds the traceback.
        logger.exception("The query could not be encoded with the artifact of %s", version)
        return Asked(version, query, None), reasons.NO_ENCODER


def rank(asked: Asked, filters: Filters) -> Ranked:
    """Run every leg under the filters and fuse what they find; exact SKU and exact name come first.

    Raises:
        DatabaseError: a leg failed or ran out of time.
    """
    settings = get_settings()
    space = Space.of(asked.version, filters, asked.query)
    keyword = keyword_leg(space, asked.query)
    legs = [(settings.keyword_weight, keyword)]
    if asked.embedding is not None:
        exact, floor = leaves_few(space), settings.min_similarity
        legs.append((settings.image_weight, image_leg(space, asked.embedding, floor=floor, exact=exact)))
        legs.append((settings.text_weight, text_leg(space, asked.embedding, floor=floor, exact=exact)))
    items = fuse([(weight, leg.candidates) for weight, leg in legs], k=settings.fuse_k, first=keyword.exact)
    return Ranked(items, all(leg.complete for _, leg in legs))


def is_semantic_failure(asked: Asked, error: DatabaseError) -> bool:
    """Whether the query may still be answered by keyword after this error; it is logged here."""
    if asked.embedding is None:
        return False
    logger.error("The search by embeddings in %s failed", asked.version, exc_info=error)
    return True
