"""What a query's terms say of entries, as SQL: whether an entry holds a term, how well it fits, where the typed words stand.

It is written as text, because the ORM takes longer to put such a condition together than Postgres to answer it; `Holding` leads
it into querysets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from django.db.models import BooleanField, Expression, F, Field, FloatField

# The parts of an entry's texts by their weights: name, keywords, description; and what it counts to hold the typed words there.
NAME = "A"
PARTS = (NAME, "B", "CD")
PLACES = (1.0, 0.9, 0.8)
IN_PART = 0.85  # the last of several typed words, in the name
COMMON = 0.2  # share of the entries from which what they hold is common
ENTRY = "{entry}"  # stands for the name that the table of entries has in a statement


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

    @property
    def share(self) -> float:
        """The share of the entries that hold it, from 0 to 1, at a guess."""


class Sql(NamedTuple):
    """A piece of a statement and its parameters; ENTRY in it stands for the table of entries."""

    text: str
    params: tuple[Any, ...] = ()

    def of(self, entry: str) -> str:
        """Return the text with the name that the table of entries has in a statement."""
        return self.text.replace(ENTRY, entry)


NOTHING = Sql("false")


def any_of(parts: Iterable[Sql]) -> Sql:
    """Return whether any of some conditions holds; Postgres looks at them in their order."""
    return _joined(" OR ", parts) or NOTHING


def all_of(parts: Iterable[Sql]) -> Sql:
    """Return whether all of some conditions hold."""
    return _joined(" AND ", parts) or Sql("true")


def _joined(word: str, parts: Iterable[Sql]) -> Sql | None:
    every = list(parts)
    if len(every) < 2:
        return every[0] if every else None
    text = word.join(part.text for part in every)
    return Sql(f"({text})", tuple(param for part in every for param in part.params))


def has_any(tokens: Sequence[str]) -> Sql:
    """Return whether an entry has any of some facet tokens."""
    return Sql("{entry}.facets && %s::text[]", (list(tokens),))


def hold_all(terms: Sequence[Term], config: str, *, best: bool = False) -> Sql:
    """Return whether an entry holds every term; with `best`, each only by what fits it best.

    Which of them Postgres looks up is decided here, because it decides badly:

    - What many entries hold is only compared, where something rarer is looked up: a hundred thousand of them take longer to look up
      than two thousand to compare, which is as many as are read.
    - "This value or that word" together with "that colour" it looks up only where the colour stands with both; else it reads every
      entry of the colour. So what is asked of facets alone is said again beside each word that may stand in for a value.
    """
    rarest = min((term.share for term in terms), default=0.0)
    common = [term.share > max(rarest, COMMON) for term in terms]
    alone = {
        number: has_any(tokens)
        for number, term in enumerate(terms)
        if not common[number] and (tokens := _only_tokens(term, best))
    }
    parts = []
    for number, term in enumerate(terms):
        beside = [one for other, one in alone.items() if other != number]
        held = holds(term, config, best=best, beside=[] if common[number] else beside)
        parts.append(_unindexed(held) if common[number] else held)
    return all_of(parts)


def holds_alone(term: Term, config: str) -> Sql:
    """Return whether an entry holds a term, where only some of those that do are read: what is common is met soon without an index."""
    held = holds(term, config)
    return _unindexed(held) if term.share > COMMON else held


def _unindexed(condition: Sql) -> Sql:
    """The same condition, which no index is asked for."""
    return Sql(f"({condition.text}) IS TRUE", condition.params)


def holds(term: Term, config: str, *, best: bool = False, beside: Sequence[Sql] = ()) -> Sql:
    """Return whether an entry holds a term; with `best`, only by what fits it best.

    Args:
        term: what is looked for.
        config: text search configuration.
        best: whether what fits less well counts as well.
        beside: what is asked of the entry's facets besides.
    """
    if term.literal and best:
        words = stands_in(term.literal, config)
        literal = any_of([has_any(term.own), all_of([*beside, words])]) if term.own else words
        return all_of([literal, holds(term, config, beside=beside)])
    # Facets are at hand, a document has to be fetched.
    tokens, texts = _tokens(term, best), []
    if term.called and term.name_fit >= term.needed:
        texts.append(is_called(term, config, beside=beside))
    if term.phrases and not (best and tokens) and max(term.fits) >= term.needed:
        texts.append(all_of([*beside, stands_in(term.phrases, config)]))
    if term.near and not best and term.near_share * max(term.fits) >= term.needed:
        texts.append(all_of([*beside, stands_in(term.near, config)]))
    return any_of([*([has_any(tokens)] if tokens else []), *texts])


def _tokens(term: Term, best: bool) -> list[str]:
    """The facet tokens by which an entry holds a term."""
    least = max(term.values.values(), default=0.0) if best else term.needed
    return [token for token, fit in term.values.items() if fit >= least]


def _only_tokens(term: Term, best: bool) -> list[str]:
    """The facet tokens of which an entry needs one to hold a term, where it cannot hold it otherwise."""
    by_words = term.literal if best else term.phrases or term.near
    is_called = term.called and term.name_fit >= term.needed
    return [] if by_words or is_called else _tokens(term, best)


def fit_of(term: Term, config: str) -> Sql:
    """Return how well an entry fits a term: the best of its values, else where in its texts a phrase stands."""
    by_fit: dict[float, list[str]] = {}
    for token, fit in term.values.items():
        by_fit.setdefault(fit, []).append(token)
    cases = [_Case(fit, has_any(tokens)) for fit, tokens in by_fit.items()]
    if term.called:
        cases.append(_Case(term.name_fit, is_called(term, config)))
    for phrases, share in ((term.phrases, 1.0), (term.near, term.near_share)):
        if phrases:
            cases += _by_part(phrases, config, [share * fit for fit in term.fits])
    return _highest(cases)


def place_of(term: Term, config: str) -> Sql:
    """Return how near to the name of an entry the typed words of a term stand, from 0 for nowhere to 1."""
    if not term.literal:
        return Sql("0::float8")
    cases = [_Case(1.0, has_any(term.own))] if term.own else []
    cases += _by_part(term.literal, config, PLACES)
    if term.called:
        cases.append(_Case(IN_PART, is_called(term, config)))
    return _highest(cases)


class _Case(NamedTuple):
    """A number and the condition that gives it, which cannot hold where `only_if`, quicker to look at than several of them, does not."""

    number: float
    condition: Sql
    only_if: Sql | None = None


def _by_part(phrases: Sequence[str], config: str, numbers: Sequence[float]) -> list[_Case]:
    anywhere = stands_in(phrases, config)
    pairs = zip(numbers, PARTS, strict=True)
    return [_Case(number, stands_in(phrases, config, part), anywhere) for number, part in pairs]


def _highest(cases: Iterable[_Case]) -> Sql:
    """Return the highest number whose condition holds; 0 where none does."""
    text, params = _case(sorted(cases, key=lambda case: -case.number))
    return Sql(f"({text})::float8", params)


def _case(ordered: Sequence[_Case]) -> Sql:
    if not ordered:
        return Sql("0")
    place = next((number for number, case in enumerate(ordered) if case.only_if), len(ordered))
    parts = [
        Sql(f"WHEN {case.condition.text} THEN %s", (*case.condition.params, case.number))
        for case in ordered[:place]
    ]
    otherwise = Sql("0")
    if place < len(ordered):
        only_if, rest = ordered[place].only_if, ordered[place:]
        assert only_if is not None
        found = _case([case._replace(only_if=None) for case in rest])
        parts.append(Sql(f"WHEN {only_if.text} THEN {found.text}", only_if.params + found.params))
        otherwise = _case([case for case in rest if case.only_if != only_if])
    text = " ".join(part.text for part in parts)
    params = tuple(param for part in parts for param in part.params)
    return Sql(f"CASE {text} ELSE {otherwise.text} END", params + otherwise.params)


def is_called(term: Term, config: str, *, beside: Sequence[Sql] = ()) -> Sql:
    """Return whether an entry has one of the phrases in its title that a term is called; of the right topmost category, if it names a kind.

    Args:
        term: what is looked for.
        config: text search configuration.
        beside: what is asked of the entry's facets besides.
    """
    title = stands_in(term.called, config, NAME)
    # Half of the catalogue may lie in a topmost category, and the words are rarer.
    kind = [_unindexed(has_any(term.roots))] if term.roots else []
    return all_of([*kind, *beside, title])


def stands_in(phrases: Sequence[str], config: str, part: str = "") -> Sql:
    """Return whether any of the phrases stands in an entry's texts, or in a part of them such as "CD"."""
    return Sql("{entry}.document @@ to_tsquery(%s::regconfig, %s)", (config, any_phrase_text(phrases, part)))


def any_phrase_text(phrases: Sequence[str], part: str = "") -> str:
    """Return what to_tsquery reads as any of the phrases, in any inflection of their words.

    What stands in quotes it reads as phraseto_tsquery does.

    Args:
        phrases: what is looked for.
        part: weights of the words that count, such as "CD"; all by default.
    """
    quoted = (phrase.replace("\\", "\\\\").replace("'", "''") for phrase in phrases)
    return " | ".join(f"'{phrase}':{part}" if part else f"'{phrase}'" for phrase in quoted)


class OfEntry(Expression):
    """A piece of SQL as an expression of a queryset of entries."""

    def __init__(self, sql: Sql, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.sql = sql
        self.entry: Any = F("pk")  # which the table's name in the statement is read from

    def get_source_expressions(self) -> list[Any]:
        """Return what the expression is made of."""
        return [self.entry]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        """Set it."""
        (self.entry,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL with the table's name in it."""
        column, _ = compiler.compile(self.entry)
        return f"({self.sql.of(column.rpartition('.')[0])})", self.sql.params


class Holding(OfEntry):
    """A condition on entries, for `filter`."""

    conditional = True

    def __init__(self, sql: Sql) -> None:
        super().__init__(sql, BooleanField())


class Fit(OfEntry):
    """A number of entries, for `alias`."""

    def __init__(self, sql: Sql) -> None:
        super().__init__(sql, FloatField())
