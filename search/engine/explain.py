"""Why results stand where they stand: what each has of the query, how near it is, and what rules made of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..encoders.cache import encoders_for
from ..exceptions import ArtifactError
from ..text import split
from .answers import Explanation, PartFit, ResultExplained
from .ranking import Asked, Ranked
from .scoring import Scored

UNKNOWN = "[UNK]"  # what a tokenizer makes of what it has no piece for
NAMED, FULL, CLOSE, PINNED, LISTED = "named", "full", "close", "pinned", "listed"


def explain(asked: Asked, ranked: Ranked, order: Sequence[str], shown: Iterable[str]) -> Explanation:
    """Explain some of the results.

    Args:
        asked: the query.
        ranked: what was found, before filters.
        order: product keys of all results by relevance.
        shown: product keys of those to explain, in their order.
    """
    positions = {key: position for position, key in enumerate(order, start=1)}
    scores = {candidate.product_key: score for candidate, score in ranked.items}
    scored = {item.row.product_key: item for item in ranked.explained.values()}
    ranks = {
        "coverage": _ranks(scored, lambda item: item.coverage),
        "image": _ranks(scored, lambda item: item.row.image),
        "text": _ranks(scored, lambda item: item.row.text),
    }
    rules: dict[str, list[str]] = {}
    for fired in ranked.fired:
        rules.setdefault(fired.product_key, []).append(fired.sentence)
    results = []
    for key in shown:
        position, score = positions[key], scores[key]
        item = scored.get(key)
        fired_for = tuple(rules.get(key, ()))
        if item is None:
            match = PINNED if key in ranked.pinned else LISTED
            results.append(ResultExplained(position, key, match, score, rules=fired_for))
            continue
        results.append(
            ResultExplained(
                position,
                key,
                NAMED if item.named else FULL if item.full else CLOSE,
                score,
                parts_of_result(asked, item),
                item.coverage,
                ranks["coverage"].get(key),
                item.row.image,
                ranks["image"].get(key),
                item.row.text,
                ranks["text"].get(key),
                fired_for,
            )
        )
    return Explanation(
        version=str(asked.version),
        artifact=asked.version.fingerprint[:8],
        encoded=asked.understood.encoded if asked.embedding is not None else "",
        in_pieces=words_in_pieces(asked),
        image_noise=asked.words.image_noise,
        text_noise=asked.words.text_noise,
        units=asked.understood.units,
        conflicts=tuple(conflict.sentence for conflict in ranked.conflicts),
        rules=tuple(dict.fromkeys(fired.sentence for fired in ranked.fired)),
        results=tuple(results),
    )


def parts_of_result(asked: Asked, item: Scored) -> tuple[PartFit, ...]:
    """Return how well a result has each thing that is asked for, in the order of the query."""
    return tuple(
        PartFit(unit.text, next(iter(unit.facets), ""), fit, fit < term.needed, term.importance)
        for unit, term, fit in zip(asked.understood.units, asked.terms, item.row.fits, strict=True)
    )


def words_in_pieces(asked: Asked) -> dict[str, tuple[str, ...]]:
    """Return the words that the text encoder has not learned as one, or not at all; empty where it was not asked."""
    if asked.embedding is None:
        return {}
    try:
        encoders = encoders_for(asked.version)
    except ArtifactError:
        return {}
    pieces = {word.text: tuple(encoders.words(word.text)) for word in split(asked.understood.encoded)}
    return {word: tokens for word, tokens in pieces.items() if len(tokens) > 1 or UNKNOWN in tokens}


def _ranks(scored: Mapping[str, Scored], of: Callable[[Scored], float | None]) -> dict[str, int]:
    values = {key: value for key, item in scored.items() if (value := of(item)) is not None}
    first: dict[float, int] = {}
    for place, value in enumerate(sorted(values.values(), reverse=True), start=1):
        first.setdefault(value, place)
    return {key: first[value] for key, value in values.items()}
