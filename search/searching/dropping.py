"""The steps of a search that can drop a product, each with a sentence that has its numbers."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from ..conf import get_settings
from ..merchandising.rules import say
from ..querysets import EntryQuerySet
from ..retrieval.filters import Filters
from .explaining import Explained
from .explanations import Explanation
from .ranking import Asked, Ranked
from .scoring import Scored
from .steps import Steps


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a search, asked about one product."""

    name: str
    passed: bool | None  # False where the step drops the product, None where it only tells something
    sentence: str


def conditions_of(one: EntryQuerySet, explained: Explained, filters: Filters) -> Iterator[Step]:
    """Ask each condition about one entry: filters, the price in the query, and excluded words."""
    for name in filters.selected:
        values = filters.facets[name]
        there = one.matching(Filters(facets={name: values})).exists()
        yield Step("Filter", there, f"The filter asks for {name} {' or '.join(values)}.")
    if filters.has_price:
        prices = Filters(price_min=filters.price_min, price_max=filters.price_max)
        sentence = f"The filter asks for a price {_range(filters.price_min, filters.price_max)}."
        yield Step("Filter", one.matching(prices).exists(), sentence)
    if filters.in_stock:
        there = one.matching(Filters(in_stock=True)).exists()
        yield Step("Filter", there, "The filter asks for what is in stock.")
    asked = explained.asked
    if asked is None:
        return
    price = asked.understood.price
    if price and not filters.has_price:
        prices = Filters(price_min=price.lowest, price_max=price.highest)
        sentence = f"The query asks for a price {_range(price.lowest, price.highest)} (“{price.text}”)."
        yield Step("Price", one.matching(prices).exists(), sentence)
    for term in asked.query.excluded:
        free = one.excluding([term], get_settings().text_config).exists()
        yield Step("Excluded word", free, f"The query excludes “{term}”.")


def hidden_by(key: str, tokens: Collection[str], explained: Explained) -> Iterator[Step]:
    """Name the rules that hide a product here."""
    now = timezone.now()
    for rule in explained.asked.rules if explained.asked else ():
        if rule.action == "hide" and rule.concerns(key, tokens):
            yield Step("Rule", False, f"Rule {rule.id}: {say(rule, now)}.")


def ranking_of(
    item: Scored, explanation: Explanation, asked: Asked, ranked: Ranked, *, meets: bool
) -> Iterator[Step]:
    """Tell what the ranking made of an entry: whether it has enough, was looked at, and stays within the limits.

    Args:
        item: the entry as it is scored.
        explanation: of its score.
        asked: the query.
        ranked: the ranking.
        meets: whether the entry meets all conditions; one that does not need not be among the candidates.
    """
    steps = ranked.steps
    if steps is None:
        return
    match = _match(item, explanation, asked, steps)
    yield match
    if not (match.passed and meets):
        return
    pk = item.row.entry_id
    if all(candidate.row.entry_id != pk for candidate in steps.scored):
        yield Step("Candidates", False, _unseen(item, asked, steps))
        return
    kept = [candidate.row.entry_id for candidate in steps.kept]
    if pk not in kept:  # measured anew, a score may differ from what the search had seen
        return
    place, limit = kept.index(pk) + 1, get_settings().results
    shown = list(ranked.explained)
    if pk not in shown:
        sentence = f"It is at rank {place} of {len(kept)} by score; a search has {limit} results at most."
        yield Step("Limit", False, sentence)
        return
    yield Step("Rank", True, f"It is at rank {place} of {len(kept)} by score.")
    if shown.index(pk) + 1 > place:
        variants = get_settings().variants
        yield Step(
            "Variants",
            True,
            f"It moves from rank {place} to {shown.index(pk) + 1}: a page shows {variants} variants of one style.",
        )


def _match(item: Scored, explanation: Explanation, asked: Asked, steps: Steps) -> Step:
    if item.named:
        return Step("Match", True, "Its SKU or name is the query.")
    if item.full:
        return Step("Match", True, "It has all that was asked for.")
    lacking = [term for term in explanation.terms if term.missing]
    lacks = "The query names nothing that products hold."
    if lacking:
        each = (f"“{term.text}” (fits {term.fit:.2f}, {term.needed:.2f} needed)" for term in lacking)
        lacks = f"It lacks {', '.join(each)}."
    settings, full = get_settings(), sum(candidate.full for candidate in steps.scored)
    if not steps.few:
        many = f"{full}" if steps.closest else f"At least {settings.enough}"
        sentence = f"{lacks} {many} products have all that was asked for, so that the closest are not shown."
        return Step("Match", False, sentence)
    enough = settings.weights.enough_covered
    held = f"it has {item.held:.2f} of what was asked for, {enough:.2f} needed"
    similar = "; ".join(
        f"its {what} is similar by {_number(value)}, nonsense by {noise:.3f}"
        for what, value, noise in (
            ("picture", item.row.image, asked.words.image_noise),
            ("text", item.row.text, asked.words.text_noise),
        )
    )
    close = item.is_close(asked.words, settings.weights)
    verdict = "It is close enough" if close else "It is not close enough"
    return Step("Match", close, f"{lacks} {verdict}: {held}; {similar}.")


def _unseen(item: Scored, asked: Asked, steps: Steps) -> str:
    """Why an entry that would do was no candidate."""
    settings = get_settings()
    if item.full:
        return (
            f"More than {settings.results} products have all that was asked for; those that fit best were looked"
            " at, and it is none of them."
        )
    reasons = ["the query has no embedding"] if asked.embedding is None else _too_far(item)
    if not item.held:
        reasons.append("it has no part of the query")
    elif steps.named:
        reasons.append("what has a part of the query is not looked for where a product is named so")
    else:
        reasons.append("enough others that have as much of the query, or more, were found before it")
    return f"It was not looked at: {'; '.join(reasons)}."


def _too_far(item: Scored) -> list[str]:
    settings = get_settings()
    return [
        f"its {what} has no embedding"
        if value is None
        else f"its {what} is similar by {value:.3f}, below the floor of {settings.min_similarity:.3f}"
        if value < settings.min_similarity
        else f"its {what} is similar by {value:.3f}, and {settings.candidates} others are nearer"
        for what, value in (("picture", item.row.image), ("text", item.row.text))
    ]


def _range(lowest: Decimal | None, highest: Decimal | None) -> str:
    if lowest is None:
        return f"up to {highest:f}"
    return f"from {lowest:f}" if highest is None else f"from {lowest:f} to {highest:f}"


def _number(similarity: float | None) -> str:
    return "nothing, for lack of an embedding" if similarity is None else f"{similarity:.3f}"
