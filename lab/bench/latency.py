"""How long searches take inside Django, stage by stage."""

import gc
from collections.abc import Sequence

import numpy as np

WARM_UP = 20  # searches that load encoders, connections and caches, and are not counted
ROUNDS = 5  # times that every text is asked, so that one search in a hundred is more than one or two
SHARES = (50, 95, 99)  # percentiles
WHOLE = "whole search"

Stages = dict[str, list[float]]  # stage -> its percentiles, in milliseconds


def measure_stages(texts: Sequence[str], *, rounds: int = ROUNDS) -> Stages:
    """Ask every text `rounds` times, with facets, as the search page does; return percentiles of each stage and the whole.

    No embedding of a query is kept from one round to the next, so that each search encodes its query.
    """
    from search.retrieval.encoding import _embed
    from search.searching import Trial, search

    for text in texts[:WARM_UP]:
        search(text, trial=Trial())
    gc.freeze()  # as a web process does that serves for long
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        _embed.cache_clear()
        for text in texts:
            answer = search(text, trial=Trial())
            for name, milliseconds in (*answer.stages.items(), (WHOLE, answer.took_ms)):
                taken.setdefault(name, []).append(milliseconds)
    gc.unfreeze()
    return {name: percentiles(times) for name, times in taken.items()}


def percentiles(times: Sequence[float]) -> list[float]:
    """Return the percentiles of SHARES."""
    return [float(found) for found in np.percentile(times, SHARES)]


def report_stages(title: str, stages: Stages) -> None:
    """Print a table, the whole last."""
    print(f"\n{title:34}" + "".join(f"{'p' + str(share):>10}" for share in SHARES))
    for name in sorted(stages, key=lambda name: (name == WHOLE, -stages[name][0])):
        print(f"{name:34}" + "".join(f"{found:7.1f} ms" for found in stages[name]))
