"""What the ranking itself made of a product that is none of the results, or stands further down than its score."""

from collections.abc import Iterator

from ..conf import get_settings
from .explaining import parts_of_result
from .ranking import Asked, Ranked
from .scoring import Scored
from .steps import Steps


def stopped_by_rank(asked: Asked, ranked: Ranked, item: Scored) -> Iterator[str]:
    """Say why an entry that meets all conditions is no result: what it lacks, or which limit it is beyond.

    Args:
        asked: the query.
        ranked: the ranking.
        item: the entry, scored for the query.
    """
    settings, steps = get_settings(), ranked.steps
    if steps is None:
        yield f"The query states a price only: the newest {settings.results} products are listed (RESULTS)."
        return
    if not (item.full or item.named):
        lacking = [part.text for part in parts_of_result(asked, item) if part.lacking]
        if lacking:
            yield f"It lacks {', '.join(f'“{text}”' for text in lacking)}."
        if not steps.few:
            yield _enough(steps)
            return
        if not item.is_close(asked.words, settings.weights):
            yield _not_close(asked, item)
            return
    if all(candidate.row.entry_id != item.row.entry_id for candidate in steps.scored):
        yield _unseen(asked, item, steps)
        return
    kept = [candidate.row.entry_id for candidate in steps.kept]
    if item.row.entry_id in kept and item.row.entry_id not in ranked.explained:
        place = kept.index(item.row.entry_id) + 1
        yield f"By score it is number {place} of {len(kept)}; {settings.results} are shown at most (RESULTS)."


def moved_by_variants(ranked: Ranked, item: Scored) -> Iterator[str]:
    """Say that other variants of its style have moved a result down."""
    if ranked.steps is None:
        return
    kept = [candidate.row.entry_id for candidate in ranked.steps.kept]
    shown = list(ranked.explained)
    if item.row.entry_id in kept and item.row.entry_id in shown:
        before, after = kept.index(item.row.entry_id) + 1, shown.index(item.row.entry_id) + 1
        if after > before:
            yield (
                f"By score it is number {before}; of one style a page shows {get_settings().variants} at first"
                f" (VARIANTS), which makes it number {after} before rules and filters."
            )


def _enough(steps: Steps) -> str:
    enough = get_settings().enough
    full = sum(candidate.full for candidate in steps.scored)
    have = (
        f"{full} products have" if steps.closest else f"At least {enough} products have, without the filters,"
    )
    return f"{have} all that is asked for; the closest are added only below {enough} (ENOUGH)."


def _not_close(asked: Asked, item: Scored) -> str:
    weights = get_settings().weights
    return (
        f"It has {item.held:.0%} of what is asked for, less than {weights.enough_covered:.0%}, and is"
        f" no nearer to it than nonsense is to anything: picture {_said(item.row.image)} (nonsense"
        f" {asked.words.image_noise:.2f}), text {_said(item.row.text)} (nonsense {asked.words.text_noise:.2f})."
    )


def _unseen(asked: Asked, item: Scored, steps: Steps) -> str:
    """Why an entry that would do was no candidate."""
    settings = get_settings()
    if item.full:
        return f"It has all that is asked for, but more than {settings.results} products have (RESULTS)."
    reasons = []
    for what, similarity in (("picture", item.row.image), ("text", item.row.text)):
        if asked.embedding is None or similarity is None:
            continue
        if similarity < settings.min_similarity:
            floor = f"is below {settings.min_similarity:.2f} (MIN_SIMILARITY)"
            reasons.append(f"its {what}'s similarity {similarity:.2f} {floor}")
        else:
            reasons.append(f"{settings.candidates} others are nearer by their {what}s (CANDIDATES)")
    if steps.named:
        reasons.append("parts of a query are not looked for where a product is named so")
    elif item.held:
        reasons.append("enough others that have as much of the query were found before it (CANDIDATES)")
    return f"It is as close as others, but was not compared: {'; '.join(reasons)}."


def _said(similarity: float | None) -> str:
    return "none" if similarity is None else f"{similarity:.2f}"
