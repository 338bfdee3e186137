"""Conditions and scores of entries as SQL: full text, arrays, distances between embeddings."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import BooleanField, Case, Expression, F, FloatField, Func, Q, TextField, Value, When
from django.db.models.functions import Cast
from pgvector.django import HalfVectorField, MaxInnerProduct

from ..facets import token_of
from ..vectors import EmbeddingLiteral

# The parts of an entry's texts by their weights: name, keywords, description; and what it counts to hold the typed words there.
NAME = "A"
PARTS = (NAME, "B", "CD")
PLACES = (1.0, 0.9, 0.8)
IN_PART = 0.85  # the last of several typed words, in the name


class Conditions(Protocol):
    """What filters say."""

    @property
    def facets(self) -> Mapping[str, tuple[str, ...]]:
        """Chosen values by facet."""

    @property
    def price_min(self) -> Decimal | None:
        """Lowest price."""

    @property
    def price_max(self) -> Decimal | None:
        """Highest price."""

    @property
    def in_stock(self) -> bool:
        """Only what is in stock."""


class Term(Protocol):
    """One thing that is looked for in entries."""

    @property
    def values(self) -> Mapping[str, float]:
        """Facet tokens and how well each fits."""

    @property
    def phrases(self) -> Sequence[str]:
        """Phrases of which an entry's texts hold any; none where only values count."""

    @property
    def near(self) -> Sequence[str]:
        """Phrases that fit less well."""

    @property
    def near_share(self) -> float:
        """How well those fit, as a share."""

    @property
    def literal(self) -> Sequence[str]:
        """The typed words in each spelling, where others are taken for them as well; empty where none are."""

    @property
    def own(self) -> Sequence[str]:
        """Facet tokens whose values are called so."""

    @property
    def called(self) -> Sequence[str]:
        """Phrases that the title of an entry may have which fits, if it has any of `roots`, where there are some."""

    @property
    def roots(self) -> Sequence[str]:
        """Facet tokens of the topmost categories that it may lie in."""

    @property
    def name_fit(self) -> float:
        """How well that fits."""

    @property
    def fits(self) -> tuple[float, float, float]:
        """How well a phrase fits in the title, in the keywords, in the description."""

    @property
    def importance(self) -> float:
        """What a perfect fit adds to an entry's coverage."""

    @property
    def needed(self) -> float:
        """A lesser fit counts as missing."""


class Negated(Protocol):
    """What an entry may not have."""

    @property
    def values(self) -> Sequence[str]:
        """Facet tokens of which it may have none."""

    @property
    def phrase(self) -> str:
        """Words that its texts may not hold together; "" where they may hold any."""

    @property
    def told(self) -> Sequence[str]:
        """Facet tokens of which one says that only the name counts of the texts."""

    @property
    def unless(self) -> Sequence[str]:
        """Phrases with which the texts may hold the words."""


def holds(term: Term, config: str, *, best: bool) -> Q:
    """Return whether an entry holds a term; with `best`, only by what fits it best."""
    condition = Q()
    if term.literal and best:
        literal = Q(facets__overlap=list(term.own)) | Q(document=any_phrase(term.literal, config))
        return literal & holds(term, config, best=False)
    # Postgres looks at alternatives in their order: facets are at hand, a document has to be fetched.
    least = max(term.values.values(), default=0.0) if best else term.needed
    tokens = [token for token, fit in term.values.items() if fit >= least]
    if tokens:
        condition |= Q(facets__overlap=tokens)
    if term.called and term.name_fit >= term.needed:
        condition |= is_called(term, config)
    if term.phrases and not (best and tokens) and max(term.fits) >= term.needed:
        condition |= Q(document=any_phrase(term.phrases, config))
    if term.near and not best and term.near_share * max(term.fits) >= term.needed:
        condition |= Q(document=any_phrase(term.near, config))
    return condition if condition else Q(pk__in=())


def fit_of(term: Term, config: str) -> Expression:
    """Return how well an entry fits a term: the best of its values, else where in its texts a phrase stands."""
    by_fit: dict[float, list[str]] = {}
    for token, fit in term.values.items():
        by_fit.setdefault(fit, []).append(token)
    cases = [
        (fit, When(facets__overlap=tokens, then=Value(fit, output_field=FloatField())))
        for fit, tokens in by_fit.items()
    ]
    if term.called:
        called = is_called(term, config)
        cases.append((term.name_fit, When(called, then=Value(term.name_fit, output_field=FloatField()))))
    for phrases, share in ((term.phrases, 1.0), (term.near, term.near_share)):
        if phrases:
            for fit, part in zip(term.fits, PARTS, strict=True):
                stands = stands_in(phrases, part, config)
                cases.append((share * fit, When(stands, then=Value(share * fit, output_field=FloatField()))))
    cases.sort(key=lambda case: -case[0])
    return Case(*(case for _, case in cases), default=Value(0.0), output_field=FloatField())


def place_of(term: Term, config: str) -> Expression:
    """Return how near to the name of an entry the typed words of a term stand, from 0 for nowhere to 1."""
    if not term.literal:
        return Value(0.0, output_field=FloatField())
    cases = [
        (place, When(stands_in(term.literal, part, config), then=Value(place)))
        for part, place in zip(PARTS, PLACES, strict=True)
    ]
    if term.own:
        cases.append((1.0, When(facets__overlap=list(term.own), then=Value(1.0))))
    if term.called:
        cases.append((IN_PART, When(is_called(term, config), then=Value(IN_PART))))
    cases.sort(key=lambda case: -case[0])
    return Case(*(case for _, case in cases), default=Value(0.0), output_field=FloatField())


def is_called(term: Term, config: str) -> Q:
    """Return whether an entry has one of the phrases in its title that a term is called; of the right topmost category, if it names a kind."""
    kind = Q(facets__overlap=list(term.roots)) if term.roots else Q()
    return kind & Q(stands_in(term.called, NAME, config))


def stands_in(phrases: Sequence[str], part: str, config: str) -> Expression:
    """Return whether any of the phrases stands in a part of an entry's texts."""
    return _Matches(F("document"), any_phrase(phrases, config, part))


def any_phrase(phrases: Sequence[str], config: str, part: str = "") -> SearchQuery:
    """Return the full text query for texts that hold any of the phrases, in any inflection of their words.

    It is one call of to_tsquery, which reads what stands in quotes as phraseto_tsquery does, and is computed once per statement.

    Args:
        phrases: what is looked for.
        config: text search configuration.
        part: weights of the words that count, such as "CD"; all by default.
    """
    quoted = (phrase.replace("\\", "\\\\").replace("'", "''") for phrase in phrases)
    typed = " | ".join(f"'{phrase}':{part}" if part else f"'{phrase}'" for phrase in quoted)
    return SearchQuery(typed, config=config, search_type="raw")


def excludes(terms: Sequence[str], config: str, prefix: str = "") -> Q:
    """Return whether an entry's texts hold none of the terms; `prefix` leads from the queried table to the entry."""
    condition = Q()
    for term in terms:
        condition &= ~Q(**{f"{prefix}document": any_phrase([term], config)})
    return condition


def lacks(negated: Sequence[Negated], config: str, prefix: str = "") -> Q:
    """Return whether an entry has nothing of what is negated; `prefix` leads from the queried table to the entry."""
    condition = Q()
    for one in negated:
        if one.values:
            condition &= ~Q(**{f"{prefix}facets__overlap": list(one.values)})
        if not one.phrase:
            continue
        query = SearchQuery(one.phrase, config=config, search_type="plain")
        holds_it = Q(**{f"{prefix}document": query})
        if one.told:
            name = _InName(F(f"{prefix}document"))
            holds_it &= Q(_Matches(name, query)) | ~Q(**{f"{prefix}facets__overlap": list(one.told)})
        if one.unless:
            holds_it &= ~Q(**{f"{prefix}document": any_phrase(one.unless, config)})
        condition &= ~holds_it
    return condition


def meets(filters: Conditions, prefix: str = "") -> Q:
    """Return whether an entry meets the filters; `prefix` leads from the queried table to the entry."""
    condition = Q()
    for name, values in filters.facets.items():
        tokens = [token_of(name, value) for value in values]
        if tokens:
            lookup = "contains" if len(tokens) == 1 else "overlap"
            condition &= Q(**{f"{prefix}facets__{lookup}": tokens})
    condition &= priced(filters.price_min, filters.price_max, prefix)
    if filters.in_stock:
        condition &= Q(**{f"{prefix}in_stock": True})
    return condition


def priced(lowest: Decimal | None, highest: Decimal | None, prefix: str = "") -> Q:
    """Return whether an entry's price is in a range, whose ends belong to it; None leaves an end open."""
    condition = Q()
    if lowest is not None:
        condition &= Q(**{f"{prefix}price__gte": lowest})
    if highest is not None:
        condition &= Q(**{f"{prefix}price__lte": highest})
    return condition


def concerns(keys: Sequence[str], tokens: Sequence[str]) -> Q:
    """Return whether an entry is one of these products or has any of these facet tokens."""
    condition = Q(product_key__in=list(keys))
    return condition | Q(facets__overlap=list(tokens)) if tokens else condition


def distance(column: str, embedding: EmbeddingLiteral, dimension: int, exact: bool) -> Expression:
    """Return the negative inner product of a column and an embedding.

    Args:
        column: of embeddings.
        embedding: what they are compared with.
        dimension: of both.
        exact: whether every row is compared; else through the version's HNSW index.
    """
    # The HNSW indexes are over the cast expression; the bare column reaches no index, so it is scanned exactly.
    vector = Cast(Value(embedding), HalfVectorField(dimensions=dimension))
    target = F(column) if exact else Cast(column, HalfVectorField(dimensions=dimension))
    return MaxInnerProduct(target, vector, output_field=FloatField())


class IsAnyOf(Func):
    """Whether a value is an element of an array: one parameter, however many elements."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class Unnest(Func):
    """One row per element of an array."""

    function = "unnest"
    output_field = TextField()
    set_returning = True


class _Matches(Func):
    """Whether a document matches a query."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = BooleanField()


class _InName(Func):
    """The words of a document that stand in the name."""

    template = "ts_filter(%(expressions)s, '{a}')"
    output_field = SearchVectorField()
