"""Why results stand where they stand: what each has of the query, how near it is, and what rules made of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..encoders.cache import encoders_for
from ..exceptions import ArtifactError
from ..sentences import lazily as _
from ..sentences import said
from ..text import split
from .answers import Explanation, LooksLike, PartFit, ResultExplained
from .ranking import Ranked, RankingQuery
from .scored import ScoredEntry

UNKNOWN = "[UNK]"  # what a tokenizer makes of what it has no piece for
NAMED, FULL, CLOSE, PINNED, LISTED = "named", "full", "close", "pinned", "listed"


def explain(
    query: RankingQuery, ranked: Ranked, order: Sequence[str], shown: Iterable[ScoredEntry]
) -> Explanation:
    """Explain some of the results.

    Args:
        query: the query.
        ranked: what was found, before filters.
        order: product keys of all results by relevance.
        shown: those to explain, in their order.
    """
    positions = {key: position for position, key in enumerate(order, start=1)}
    compared = {item.row.product_key: item for item in (ranked.trace.shown if ranked.trace else ())}
    ranks = {
        "coverage": _ranks(compared, lambda item: item.coverage),
        "image": _ranks(compared, lambda item: item.row.image),
        "text": _ranks(compared, lambda item: item.row.text),
    }
    rules: dict[str, list[str]] = {}
    for fired in ranked.fired:
        rules.setdefault(fired.product_key, []).append(fired.sentence)
    results = []
    for item in shown:
        key = item.row.product_key
        position, fired_for = positions[key], tuple(rules.get(key, ()))
        if not item.compared:
            match = PINNED if key in ranked.pinned else LISTED
            results.append(ResultExplained(position, key, match, item.score, rules=fired_for))
            continue
        results.append(
            ResultExplained(
                position,
                key,
                NAMED if item.named else FULL if item.full and all(item.first) else CLOSE,
                item.score,
                parts_of_result(query, item),
                item.coverage,
                ranks["coverage"].get(key),
                item.row.image,
                ranks["image"].get(key),
                item.row.text,
                ranks["text"].get(key),
                fired_for,
                tuple(one.value for one, has in zip(query.first, item.first, strict=True) if has),
                item.literal,
                item.shown if query.shown else None,
            )
        )
    return Explanation(
        version=str(query.version),
        artifact=query.version.fingerprint[:8],
        encoded=query.understood.encoded if query.embedding is not None else "",
        in_pieces=words_in_pieces(query),
        image_noise=query.words.image_noise,
        text_noise=query.words.text_noise,
        units=query.understood.units,
        conflicts=tuple(conflict.sentence for conflict in ranked.conflicts),
        rules=tuple(dict.fromkeys(fired.sentence for fired in ranked.fired)),
        results=tuple(results),
        first=tuple(sentences_of(query.looks)),
    )


def sentences_of(looks: Iterable[LooksLike]) -> Iterator[str]:
    """Say which values come first for a photo, and why."""
    for one in looks:
        if not one.first:
            sentence = _("The photo shows %(facet)s %(value)s, %(sure)s sure; the order does not go by it.")
        elif one.chosen:
            sentence = _("Products with %(facet)s %(value)s come first: the shopper chose it.")
        else:
            sentence = _("Products with %(facet)s %(value)s come first: the photo shows it, %(sure)s sure.")
        yield said(sentence, facet=one.facet, value=one.value, sure=f"{one.confidence:.0%}")


def parts_of_result(query: RankingQuery, item: ScoredEntry) -> tuple[PartFit, ...]:
    """Return how well a result has each thing that is asked for, in the order of the query."""
    return tuple(
        PartFit(unit.text, next(iter(unit.facets), ""), fit, fit < term.needed, term.importance)
        for unit, term, fit in zip(query.understood.units, query.terms, item.row.fits, strict=True)
    )


def words_in_pieces(query: RankingQuery) -> dict[str, tuple[str, ...]]:
    """Return the words that the text encoder has not learned as one, or not at all; empty where it was not used."""
    if query.embedding is None:
        return {}
    try:
        encoders = encoders_for(query.version)
    except ArtifactError:
        return {}
    pieces = {word.text: tuple(encoders.words(word.text)) for word in split(query.understood.encoded)}
    return {word: tokens for word, tokens in pieces.items() if len(tokens) > 1 or UNKNOWN in tokens}


def _ranks(scored: Mapping[str, ScoredEntry], of: Callable[[ScoredEntry], float | None]) -> dict[str, int]:
    values = {key: value for key, item in scored.items() if (value := of(item)) is not None}
    first: dict[float, int] = {}
    for place, value in enumerate(sorted(values.values(), reverse=True), start=1):
        first.setdefault(value, place)
    return {key: first[value] for key, value in values.items()}
