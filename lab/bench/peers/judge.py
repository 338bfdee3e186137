"""How right answers are, by kind of query, and how long they took; the same figures as of `evaluate_search`."""

from collections.abc import Sequence

from search.evaluation.judged_queries import JudgedQuery
from search.evaluation.run import ALL, DEPTH, Answered, figures_of

Figures = dict[str, dict[str, float]]  # kind, or "all" -> name -> figure
EVERY = ALL


def judge(
    queries: Sequence[JudgedQuery],
    right: Sequence[frozenset[str]],
    answers: Sequence[Sequence[str]],
    milliseconds: Sequence[float],
) -> Figures:
    """Return the figures of an engine's answers.

    Args:
        queries: that were asked.
        right: keys of each one's right answers; a query without one is not judged.
        answers: keys, best first, per query.
        milliseconds: per query.
    """
    answered = [
        Answered(
            query=query,
            relevant=len(keys),
            hits=tuple(key.lower() in keys for key in answer[:DEPTH]),
            skus=tuple(answer[:DEPTH]),
            total=len(answer),
            milliseconds=took,
        )
        for query, keys, answer, took in zip(queries, right, answers, milliseconds, strict=True)
        if keys
    ]
    return {kind: group.to_json() for kind, group in figures_of(answered).items()}
