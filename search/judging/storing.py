"""Keep evaluations, and tell what changed since the one before."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..models import Evaluation, IndexVersion
from .figures import Figures
from .running import DEPTH, Answered


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed since an earlier evaluation of the same queries."""

    before: Evaluation
    better: tuple[str, ...]
    worse: tuple[str, ...]


def keep(
    version: IndexVersion,
    source: str,
    digest: str,
    figures: dict[str, Figures],
    answered: Sequence[Answered],
    *,
    stated: str = "",
) -> tuple[Evaluation, Comparison | None]:
    """Store an evaluation; return it with a comparison to the last one of the same file, if there is one.

    Args:
        version: that was searched.
        source: name of the file of queries.
        digest: SHA-256 of the file.
        figures: by kind.
        answered: every query with its answer.
        stated: settings that were tried, as JSON.
    """
    before = Evaluation.objects.filter(digest=digest).first()
    queries = {item.query.text: sum(item.hits) / min(DEPTH, item.relevant) for item in answered}
    made = Evaluation.objects.create(
        version=version,
        measured=f"version {version.pk} ({version.artifact_name}, {version.fingerprint[:8]})"
        + (f" with {stated}" if stated else ""),
        source=source,
        digest=digest,
        figures={name: group.to_json() for name, group in figures.items()},
        queries=queries,
    )
    if before is None:
        return made, None
    shared = [text for text in queries if text in before.queries]
    return made, Comparison(
        before,
        tuple(text for text in shared if queries[text] > before.queries[text]),
        tuple(text for text in shared if queries[text] < before.queries[text]),
    )
