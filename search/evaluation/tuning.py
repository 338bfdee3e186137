"""Tune the weights of the ranking on judged queries: one weight after the other, kept where it helps the queries tuned on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256

from ..conf import Weights, get_settings, other_settings
from .judged_queries import JudgedQuery
from .run import ALL, Ask, Figures, answer_all, ask_here, figures_of

FACTORS = (0.5, 0.75, 1.35, 2.0)  # that a weight is tried with
AT_LEAST = 0.0005  # nDCG@10 that a change must bring, or it is chance
HELD_BACK = 3  # one query in so many is not tuned on
# How well something fits, and shares, cannot be more than whole.
SHARES = frozenset(("title", "keyword", "description", "mentioned", "covered", "enough_covered"))

Judged = Sequence[tuple[JudgedQuery, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Tuned:
    """The weights that were found, and what they change."""

    weights: Weights
    tuned: tuple[Figures, Figures]  # before and after, over the queries that it was tuned on
    held_back: tuple[Figures, Figures] | None  # over the others; None where there are too few queries
    settled: bool  # whether the last round changed nothing, so that more of them would not either

    @property
    def changed(self) -> dict[str, float]:
        """The weights that differ from the defaults."""
        default = asdict(Weights())
        return {name: value for name, value in asdict(self.weights).items() if value != default[name]}

    @property
    def holds(self) -> bool:
        """Whether there are queries that were not tuned on, and they are answered no worse."""
        return self.held_back is not None and self.held_back[1].ndcg >= self.held_back[0].ndcg


def split(judged: Judged) -> tuple[Judged, Judged]:
    """Return the queries to tune on and those held back, the same ones every time; kind by kind."""
    ordered = sorted(judged, key=lambda pair: (pair[0].kind, sha256(pair[0].text.encode()).hexdigest()))
    held_back = ordered[HELD_BACK - 1 :: HELD_BACK]
    return [pair for pair in ordered if pair not in held_back], held_back


def tries_of(weights: Weights, name: str) -> list[Weights]:
    """Return the weights with one of them changed by every factor; a share stays one."""
    values = [round(getattr(weights, name) * factor, 3) for factor in FACTORS]
    return [replace(weights, **{name: value}) for value in values if name not in SHARES or value <= 1]


def count_tries() -> int:
    """How many tries a round makes at most."""
    return len(fields(Weights)) * len(FACTORS)


def tune(
    judged: Judged,
    *,
    rounds: int,
    ask: Ask = ask_here,
    report: Callable[[float], None] = lambda _best: None,
) -> Tuned:
    """Return the weights with which the queries are answered best, starting from those that are set.

    Args:
        judged: queries with their right answers; those without any are left out.
        rounds: how often every weight is tried.
        ask: how a query is asked.
        report: is called after each try with the best nDCG@10 so far.

    Raises:
        ValueError: no query has a right answer.
    """
    on, held_back = split([pair for pair in judged if pair[1]])
    start = get_settings().weights
    weights, before = start, measure(on, start, ask)[ALL]
    best = before
    settled = False
    for _ in range(rounds):
        former = weights
        for weight in fields(Weights):
            for candidate in tries_of(weights, weight.name):
                found = measure(on, candidate, ask)[ALL]
                if found.ndcg >= best.ndcg + AT_LEAST:
                    weights, best = candidate, found
                report(best.ndcg)
        settled = weights == former
        if settled:
            break
    others = None
    if held_back:
        others = (measure(held_back, start, ask)[ALL], measure(held_back, weights, ask)[ALL])
    return Tuned(weights, (before, best), others, settled)


def measure(judged: Judged, weights: Weights, ask: Ask = ask_here) -> Mapping[str, Figures]:
    """Return the figures of the queries under some weights.

    Raises:
        ValueError: there is no query.
    """
    with other_settings({"WEIGHTS": asdict(weights)}):
        return figures_of(
            list(answer_all([query for query, _ in judged], [right for _, right in judged], ask))
        )
