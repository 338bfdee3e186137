"""Filters that keep 50, 5, 0.5 and 0.05 % of 100,000 products: full pages, overlap with the exact answer, time.

Run as `python -m bench.filters [PRODUCTS]`, with the time of searches by stage; exits with 1 where a limit is missed.
"""

import gc
import sys
import time
from collections.abc import Sequence

import numpy as np

from .large_shop import PRODUCTS, SHARES, fill, share_filter
from .latency import measure_stages, report_stages
from .setting import Setting

PAGE = 24
OVERLAP = 0.98  # share of the exact answer's page that the page must hold
P95_MS = 60.0
REPEATS = 2  # of each query in the timing
QUERIES = (
    "red shirt", "blue jeans women", "black dress", "striped t-shirt men", "white sneakers", "green jacket",
    "brown leather bag", "navy trousers", "yellow top", "grey hoodie", "pink skirt", "floral dress",
    "sandals", "watch", "cap", "checked shirt for men", "something warm", "party dress", "purple", "shirt under 1500",
    "blak shoes", "sweater", "boots women", "scarf", "shorts men",
)  # fmt: skip


def main() -> int:
    """Fill a shop, measure and print; return 1 where a limit is missed."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else PRODUCTS
    with Setting():
        fill(number, encoded=True)
        report_stages(f"{number} drawn products", measure_stages(QUERIES * REPEATS))
        return report()


def report() -> int:
    """Measure every share and print a table; return 1 where a limit is missed."""
    print(f"{'products kept':>16} {'full pages':>12} {'overlap':>10} {'p50':>9} {'p95':>9}   exact p50")
    missed = 0
    for share in (1, *SHARES):
        full, overlap, times, exact = measure(share)
        p50, p95 = np.percentile(times, (50, 95))
        met = full == len(QUERIES) and overlap >= OVERLAP and (share == 1 or p95 < P95_MS)
        print(
            f"{100 / share:14.2f} % {full:>5} of {len(QUERIES):3} {overlap:10.4f} {p50:6.1f} ms {p95:6.1f} ms"
            f"   {np.median(exact):.0f} ms{'' if met else '   MISSED'}",
            flush=True,
        )
        missed += not met
    return 1 if missed else 0


def measure(share: int) -> tuple[int, float, Sequence[float], Sequence[float]]:
    """Return how many pages are full, the mean overlap with exact pages, and milliseconds of both.

    Exact means: every product that the filter leaves is compared with the query, by its words and by its embeddings.
    """
    from search.conf import other_settings
    from search.searching import Filters, Trial, search

    filters = Filters(facets={"usage": (share_filter(share),)} if share > 1 else {})

    def ask(text: str) -> tuple[list[str], int, float]:
        began = time.perf_counter()
        answer = search(text, filters=filters, page_size=PAGE, trial=Trial())
        return (
            [result.card.sku for result in answer.results],
            answer.total,
            1000 * (time.perf_counter() - began),
        )

    for text in QUERIES:  # encodes each query and loads what a process loads once
        ask(text)
    gc.freeze()  # as the web process does
    asked = [[ask(text) for text in QUERIES] for _ in range(REPEATS)]
    everything = {"EXACT_BELOW": 10**9, "RESULTS": 10**6, "CANDIDATES": 10**6, "SEARCH_TIMEOUT_MS": 600_000}
    with other_settings(everything):
        exact = [ask(text) for text in QUERIES]
    full, overlaps = 0, []
    for (skus, *_), (right, total, _) in zip(asked[0], exact, strict=True):
        full += len(skus) == min(PAGE, total)
        overlaps.append(len(set(skus) & set(right)) / len(right) if right else float(not skus))
    return (
        full,
        sum(overlaps) / len(overlaps),
        [took for run in asked for *_, took in run],
        [took for *_, took in exact],
    )


if __name__ == "__main__":
    sys.exit(main())
