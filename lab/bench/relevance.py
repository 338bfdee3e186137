"""P@10 and nDCG@10 by kind of query, beside other engines on the same products and queries.

`make bench` runs it; `python -m lab.bench.relevance` alone imports and indexes the catalogue of FASHION_DATA first, and exits
with 1 where this search misses a target.
"""

import os
import sys
from pathlib import Path

from lab.servers import Servers
from shop.local.machine import LocalError

Figures = dict[str, dict[str, dict[str, float]]]  # engine -> kind -> figure
OURS = "This search"
ENGINES = (
    "ours",
    "postgres",
    "haystack_whoosh",
    "watson",
)  # of `lab.bench.peers`: those whose packages are in .venv
EVERY = "all"  # kinds together
AT_LEAST = {"precision": ("P@10", 0.9), "ndcg": ("nDCG@10", 0.9)}  # over all kinds
AT_LEAST_OF_A_KIND = 0.75


def main() -> int:
    """Import, index, measure and print."""
    data = Path(os.environ["FASHION_DATA"]) / "fashion"
    with Servers() as servers:
        servers.import_catalogue(data)
        servers.index()
        figures = measure(data / "shopper_queries.jsonl")
    report(figures)
    return 0 if all(met for *_, met in rows(figures)) else 1


def measure(queries: Path) -> Figures:
    """Return the figures of every engine on the products of the shop in the database, by `lab.bench.peers`.

    Raises:
        LocalError: an engine could not be filled or asked.
    """
    import django

    django.setup()
    from lab.bench.peers.catalogue import LISTED
    from lab.bench.peers.run import judged_engines
    from search.evaluation.judged_queries import read_queries

    found = judged_engines(ENGINES, read_queries(queries))
    for name, outcome in found.items():
        if "failed" in outcome:
            raise LocalError(
                f"The relevance of {LISTED[name].title} could not be measured: {outcome['failed']}"
            )
    return {LISTED[name].title: outcome["relevance"] for name, outcome in found.items()}


def rows(figures: Figures) -> list[tuple[str, str, str, bool]]:
    """Return our own figures beside their targets: name, value, target, whether it is met."""
    ours = figures[OURS]
    found = []
    for name, (title, least) in AT_LEAST.items():
        value = ours[EVERY][name]
        found.append((f"{title}, all queries", f"{value:.3f}", f"at least {least}", value >= least))
        worst, kind = min((of[name], kind) for kind, of in ours.items() if kind != EVERY)
        target = f"at least {AT_LEAST_OF_A_KIND}"
        found.append((f"{title}, lowest: {kind}", f"{worst:.3f}", target, worst >= AT_LEAST_OF_A_KIND))
    nothing = ours[EVERY]["nothing"]
    return [*found, ("queries without results", f"{nothing:.0f}", "none", not nothing)]


def report(figures: Figures) -> None:
    """Print one table for P@10, one for nDCG@10, and how many queries find nothing."""
    kinds = list(next(iter(figures.values())))
    for title, name in (("P@10", "precision"), ("nDCG@10", "ndcg")):
        print(f"\n{title:28}" + "".join(f"{kind:>13}" for kind in kinds))
        for engine, by_kind in figures.items():
            print(f"{engine:28}" + "".join(f"{by_kind[kind][name]:13.3f}" for kind in kinds))
    print()
    for engine, by_kind in figures.items():
        every = by_kind[EVERY]
        print(
            f"{engine:28}{every['nothing']:5.0f} of {every['queries']:.0f} queries find nothing,"
            f" p50 {every['p50_ms']:.1f} ms, p95 {every['p95_ms']:.1f} ms"
        )


if __name__ == "__main__":
    sys.exit(main())
